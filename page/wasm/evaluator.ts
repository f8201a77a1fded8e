// The evaluator in the page: what was loaded stays inside the module; questions and answers are bytes.

import { Door, type DoorExports, joined } from "./door";

/** Which of two checkpoints: the one that a round starts from, or the one that claims to be better. */
export type Slot = "base" | "new";

/** Whose examples are drawn, and among how many claims. */
export interface Round {
  /** Hash of the first block of REVEAL, 32 bytes. */
  seed: Uint8Array;
  group: bigint;
  number: bigint;
  /** Commits of the round. */
  commits: bigint;
}

/** Micronats that one checkpoint loses. */
export interface Side {
  /** Of all drawn examples, the price of its weights included. */
  mean: number;
  price: number;
  /** Of each drawn example, in the order drawn. */
  losses: number[];
}

/** What was measured of a file beside its base. */
export interface Measured {
  base: number;
  loss: number;
  lossRoot: string;
  isCertain: boolean;
}

/** A round measured again. */
export interface Replay {
  drawn: number[];
  base: Side;
  new: Side;
  measured: Measured;
}

/** How a text goes on. */
export interface Writing {
  slot?: Slot;
  /** Below 1 the likely tokens are drawn more often; at 0 always the likeliest one. */
  temperature: number;
  /** 32 bytes; the same give the same text. */
  seed: Uint8Array;
}

interface Exports extends DoorExports {
  page_manifest(): number;
  page_checkpoint(slot: number): number;
  page_checkpoint_len(): number;
  page_examples(): number;
  page_patch(): number;
  page_root(): number;
  page_predict(slot: number): number;
  page_write(slot: number, temperature: number): number;
  page_next(): number;
  page_measure(slot: number): number;
  page_replay(): number;
  page_probe(slot: number): number;
}

const NOTHING = new Uint8Array();
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const number = (slot: Slot) => (slot === "base" ? 0 : 1);

/** Eight bytes, the greatest first. */
const bytesOf = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
};

const roundOf = ({ seed, group, number, commits }: Round) => joined(seed, bytesOf(group), bytesOf(number), bytesOf(commits));

/** One instance of the module. Loading is asynchronous, every answer is not: long ones belong into a worker. */
export class Evaluator {
  private readonly exports: Exports;

  private constructor(private readonly door: Door<Exports>) {
    this.exports = door.exports;
  }

  /** From the bytes of `evaluator.wasm`. It asks nothing of its surroundings. */
  static async load(module: BufferSource): Promise<Evaluator> {
    return new Evaluator(await Door.open<Exports>(module));
  }

  /** The manifest of a group in its canonical bytes; forgets what belonged to the one before. */
  setManifest(bytes: Uint8Array): void {
    this.ask(bytes, () => this.exports.page_manifest());
  }

  /** Bytes of every checkpoint file of that group. */
  checkpointLength(): number {
    return Number(decoder.decode(this.ask(NOTHING, () => this.exports.page_checkpoint_len())));
  }

  /** A checkpoint file of that group. */
  setCheckpoint(bytes: Uint8Array, slot: Slot = "base"): void {
    this.ask(bytes, () => this.exports.page_checkpoint(number(slot)));
  }

  /** The training set, as paths and texts; how many examples it has. */
  setExamples(files: Iterable<readonly [string, string]>): number {
    return Number(decoder.decode(this.ask(encoder.encode(JSON.stringify([...files])), () => this.exports.page_examples())));
  }

  /** The next patch of the training set, the first one on nothing; how many examples there are then. What is refused changes nothing. */
  applyPatch(bytes: Uint8Array): number {
    return Number(decoder.decode(this.ask(bytes, () => this.exports.page_patch())));
  }

  /** The root of the set that the patches made. */
  root(): Uint8Array {
    return this.ask(NOTHING, () => this.exports.page_root());
  }

  /** The logarithm of the probability of each class for a line of features, or of each token after a text. */
  predict(line: string, slot: Slot = "base"): Float32Array {
    const row = this.ask(encoder.encode(line), () => this.exports.page_predict(number(slot)));
    const view = new DataView(row.buffer);
    return Float32Array.from({ length: row.length / 4 }, (_, place) => view.getFloat32(4 * place, true));
  }

  /** Tokens that follow a text, without end; each costs a pass over the whole context. */
  *write(prompt: string, { slot = "base", temperature, seed }: Writing): Generator<number, never> {
    this.ask(joined(seed, encoder.encode(prompt)), () => this.exports.page_write(number(slot), temperature));
    for (;;) yield Number(decoder.decode(this.ask(NOTHING, () => this.exports.page_next())));
  }

  /** What one checkpoint loses on the examples of a round. */
  measure(round: Round, slot: Slot = "base"): Side {
    return this.json(roundOf(round), () => this.exports.page_measure(number(slot)));
  }

  /** Both checkpoints on the examples of a round, and what a claim about them must say. */
  replay(round: Round): Replay {
    return this.json(roundOf(round), () => this.exports.page_replay());
  }

  /** What a validator with this address must have signed as the probe of a checkpoint. */
  probe(round: Round, signer: Uint8Array, slot: Slot = "base"): Uint8Array {
    return this.ask(joined(signer, roundOf(round)), () => this.exports.page_probe(number(slot)));
  }

  private json<T>(question: Uint8Array, call: () => number): T {
    return JSON.parse(decoder.decode(this.ask(question, call))) as T;
  }

  private ask(question: Uint8Array, call: () => number): Uint8Array<ArrayBuffer> {
    return this.door.ask(question, call);
  }
}
