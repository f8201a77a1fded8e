// The seed of a round: the hash of the first block at or after the start of REVEAL.

export interface Block {
  number: bigint;
  /** Seconds since 1970. */
  timestamp: bigint;
  hash: string;
}

/** Finds it by halving, as `at` gives blocks by their number; nothing while no block is so late. */
export const seedOf = async (at: (number: bigint) => Promise<Block>, newest: Block, revealStart: bigint): Promise<Block | undefined> => {
  if (newest.timestamp < revealStart) return undefined;
  let [early, late] = [-1n, newest];
  while (late.number - early > 1n) {
    const middle = await at((early + late.number) / 2n);
    if (middle.timestamp < revealStart) early = middle.number;
    else late = middle;
  }
  return late;
};
