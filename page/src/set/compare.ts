// What a patch makes of a set: the examples that come, those that stand there already or nearly do, and what the rules say to it.

import { Refused } from "../../wasm/door";
import { type Near, nearOf } from "./near";
import { type Added, addedLines } from "./origins";
import type { Tree } from "./patch";
import type { Reading } from "./reading";
import { examplesOf, Repeats, type Summary, summaryBetween } from "./summary";

/** An example that comes. */
export interface Coming extends Added {
  /** It stands in the set already. */
  isTwice: boolean;
  /** It stands there with another label. */
  isContradicted: boolean;
  near: Near | null;
}

export interface Comparison {
  tree: Tree;
  examples: number;
  summary: Summary;
  coming: Coming[];
}

/** Between the set that was read and another one. */
export function compared(reading: Reading, tree: Tree, examples: number): Comparison {
  const { shape } = reading;
  const summary = summaryBetween(reading.tree, tree, shape);
  const added = addedLines(reading.tree, tree).filter(({ path }) => path.endsWith(shape.suffix));
  if (!shape.isRows)
    return { tree, examples, summary, coming: added.map((line) => ({ ...line, isTwice: false, isContradicted: false, near: null })) };
  const all = examplesOf(tree, shape);
  const repeats = new Repeats(all);
  const near = new Map(nearOf(added.map(({ text }) => text), all).map((one) => [one.row, one])); // prettier-ignore
  const coming = added.map((line) => ({
    ...line,
    isTwice: repeats.isTwice(line.text),
    isContradicted: repeats.isContradicted(line.text),
    near: near.get(line.text) ?? null,
  }));
  return { tree, examples, summary, coming };
}

/** A patch on the set that was read; a sentence where the rules refuse it. */
export async function compare(reading: Reading, bytes: Uint8Array): Promise<Comparison | string> {
  try {
    const { tree, examples } = await reading.tried(bytes);
    return compared(reading, tree, examples);
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}
