// A claim measured again in the page: everything that it rests on is fetched by digest, and the losses are computed here.

import { keccak256, toHex } from "viem";
import { hexOf } from "./cid";
import { Refused } from "./door";
import type { Measured, Round } from "./evaluator";
import { type Files, Misfit } from "./tree";

const MANIFEST_MAX = 4_096;
const PATCH_MAX = 64 * 1024 * 1024;

/** What is asked of the evaluator; it may be in a worker. */
export interface Measuring {
  setManifest(bytes: Uint8Array): unknown;
  checkpointLength(): number | Promise<number>;
  setCheckpoint(bytes: Uint8Array, slot: "base" | "new"): unknown;
  applyPatch(bytes: Uint8Array): number | Promise<number>;
  replay(round: Round): { drawn: number[]; measured: Measured } | Promise<{ drawn: number[]; measured: Measured }>;
}

/** What the chain says of a claim and of its round. */
export interface Claim {
  manifest: Uint8Array;
  /** Digests of the patches that lead to the head, the oldest first. */
  patches: Uint8Array[];
  /** The head of the round. */
  head: Uint8Array;
  /** The checkpoint that the round starts from. */
  checkpoint: Uint8Array;
  round: Round;
  file: Uint8Array;
  base: number;
  loss: number;
  lossRoot: Uint8Array;
}

/** What was found. */
export interface Finding {
  isTrue: boolean;
  /** In words. */
  why: string;
  measured?: Measured;
  /** Examples that were drawn. */
  drawn?: number;
}

/** What is being done, for a visitor who waits. */
export type Step = "manifest" | "patches" | "base" | "file" | "measuring";

const nats = (micronats: number) => (micronats / 1e6).toFixed(6);

/** Whether these patches, in this order, make the head. */
export const leadTo = (patches: readonly Uint8Array[], head: Uint8Array): boolean => {
  const folded = patches.reduce((before, patch) => keccak256(Uint8Array.of(...before, ...patch), "bytes"), new Uint8Array(32));
  return toHex(folded) === toHex(head);
};

/** Where a claim differs from what was measured, or that it may be luck; nothing if it is true. */
export const difference = ({ base, loss, lossRoot }: Claim, measured: Measured): string | undefined => {
  const parts: [string, string, string][] = [
    ["base", nats(base), nats(measured.base)],
    ["loss", nats(loss), nats(measured.loss)],
    ["loss root", hexOf(lossRoot), measured.lossRoot],
  ];
  const differs = parts.filter(([, says, is]) => says !== is).map(([part, says, is]) => `it says ${part} ${says}, measured was ${is}`);
  if (differs.length > 0) return differs.join("; ");
  return measured.isCertain ? undefined : `from ${nats(measured.base)} to ${nats(measured.loss)} nats may be luck`;
};

/** Measures a claim. Files that nobody gives reject; whether they were available in the round is not for a page to say. */
export const check = async (claim: Claim, files: Files, evaluator: Measuring, now: (step: Step) => void = () => {}): Promise<Finding> => {
  if (!leadTo(claim.patches, claim.head)) throw new Error("these patches do not lead to the head of the round: wait until the chain is read to its end");
  now("manifest");
  await evaluator.setManifest(await files.upTo(claim.manifest, MANIFEST_MAX));
  now("patches");
  for (const [place, digest] of claim.patches.entries()) await apply(evaluator, await files.upTo(digest, PATCH_MAX), place === 0);
  now("base");
  const length = await evaluator.checkpointLength();
  await evaluator.setCheckpoint(await files.ofLength(claim.checkpoint, length), "base");
  now("file");
  try {
    await evaluator.setCheckpoint(await files.ofLength(claim.file, length), "new");
  } catch (error) {
    // A file that no client takes. One that is missing, or a gateway or a browser that fails, says nothing about the claim.
    if (error instanceof Misfit || error instanceof Refused) return { isTrue: false, why: error.message };
    throw error;
  }
  now("measuring");
  const { drawn, measured } = await evaluator.replay(claim.round);
  const why = difference(claim, measured);
  return { isTrue: why === undefined, why: why ?? `from ${nats(measured.base)} to ${nats(measured.loss)} nats, to the last bit as it says`, measured, drawn: drawn.length };
};

/** One that does not apply changes nothing, for everybody alike; the first must apply. */
const apply = async (evaluator: Measuring, patch: Uint8Array, isFirst: boolean): Promise<void> => {
  try {
    await evaluator.applyPatch(patch);
  } catch (error) {
    if (isFirst) throw error;
  }
};
