// What test/round/round.json holds: a round of a devnet, as record.ts wrote it down.

import type { Claim } from "../check";

export interface Recorded {
  group: number;
  round: number;
  manifest: string;
  patches: string[];
  head: string;
  checkpoint: string;
  seed: string;
  commits: number;
  revealStart: number;
  /** Hash of the claim that was decided: of file, base, loss and root. */
  decided: string;
  /** Those whose files are beside this one. */
  claims: Said[];
  blocks: { number: number; timestamp: number; hash: string }[];
}

export interface Said {
  trainer: string;
  file: string;
  base: number;
  loss: number;
  lossRoot: string;
}

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

/** A claim of the round as the page knows it from the chain. */
export const claimOf = ({ manifest, patches, head, checkpoint, seed, group, round, commits }: Recorded, { file, base, loss, lossRoot }: Said): Claim => ({
  manifest: bytes(manifest),
  patches: patches.map(bytes),
  head: bytes(head),
  checkpoint: bytes(checkpoint),
  round: { seed: bytes(seed), group: BigInt(group), number: BigInt(round), commits: BigInt(commits) },
  file: bytes(file),
  base,
  loss,
  lossRoot: bytes(lossRoot),
});
