// Hidden sets of rows, as the network reads them (PROTOCOL 18): the root that is put on chain, and which examples are public already.

import { joined } from "../../wasm/door";
import { sha256 } from "../../wasm/cid";
import { merkleRoot } from "./root";
import { rowsOf, split } from "./summary";

const HEADER = /^neuron hidden 1 ([0-9a-f]{64})$/;
const SALT = "neuron/hidden/1";
/** Fewest examples that measure anything. */
export const HIDDEN_MIN = 30;
/** Of so many examples one may be public. */
const KNOWN_PART = 16;

export interface Hidden {
  seed: Uint8Array;
  rows: string[];
}

/** Reads a file that `neuron bounty seal` wrote; a sentence where it is none. */
export function hiddenIn(text: string, most: number): Hidden | string {
  const end = text.indexOf("\n");
  const digits = HEADER.exec(text.slice(0, Math.max(0, end)))?.[1];
  if (!digits) return "That file is no hidden set: `neuron bounty seal` writes one.";
  const rows = rowsOf(text.slice(end + 1));
  if (rows.length < HIDDEN_MIN || rows.length > most)
    return `A hidden set of this group has ${HIDDEN_MIN} to ${most} examples, this one has ${rows.length}.`;
  return { seed: Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)), rows };
}

/** The bits of each feature, divided and rounded once, and the label; each four bytes, the greatest first. */
function bytesOf(row: string, divisor: number): Uint8Array {
  const values = row.split(",").map(Number);
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, at) => {
    if (at === values.length - 1) view.setUint32(4 * at, value);
    // A zero has no sign.
    else view.setFloat32(4 * at, Math.fround(value + 0) / Math.fround(divisor));
  });
  return new Uint8Array(view.buffer);
}

function eight(place: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(place));
  return new Uint8Array(view.buffer);
}

/** The root that a sponsor puts on chain: a salted leaf for each example. */
export async function hiddenRoot({ seed, rows }: Hidden, divisor: number): Promise<Uint8Array> {
  const name = new TextEncoder().encode(SALT);
  const leaves = rows.map(async (row, place) => {
    const salt = await sha256(joined(name, seed, eight(place)));
    return sha256(joined(Uint8Array.of(0), salt, bytesOf(row, divisor)));
  });
  return merkleRoot(await Promise.all(leaves));
}

const featuresOf = (row: string): string => split(row).features.split(",").map(Number).join();

/** Places, from 1, of the examples whose features stand in one of the sets that everybody knows. */
export function publicOnes({ rows }: Hidden, known: Iterable<string>): number[] {
  const features = new Set([...known].map(featuresOf));
  return rows.flatMap((row, at) => (features.has(featuresOf(row)) ? [at + 1] : []));
}

/** Whether what is left measures anything. */
export const isEnough = (count: number, dropped: number): boolean => count - dropped >= HIDDEN_MIN && dropped <= Math.floor(count / KNOWN_PART);

/** Micronats of a guess among so many classes. */
export const guessLoss = (outputs: number): number => Math.round(Math.log(outputs) * 1e6);
