// What the page computes with, and where it gets files from.

import type { Hex } from "../fold/state";
import { gateway, Files } from "../../wasm/tree";
import type { Port } from "../../wasm/remote";
import { startWorker } from "./workers";

/** Longest manifest. */
export const MANIFEST_BYTES = 4_096;
/** Longer checkpoints are for machines with more room than a page has. */
export const CHECKPOINT_BYTES = 512 * 1024 * 1024;

/** Longest patch. */
export const PATCH_BYTES = 64 * 1024 * 1024;

export const bytesOf = (hex: Hex): Uint8Array => Uint8Array.from(hex.slice(2).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** Files from a gateway; one that cannot be reached is said in a sentence. */
export function filesAt(url: string): Files {
  const get = gateway(url);
  return new Files((cid) =>
    get(cid).catch((error: unknown) => {
      if (error instanceof TypeError) throw new Error(`The gateway at ${url} cannot be reached: try again later, or name another one in Settings.`);
      throw error;
    }),
  );
}

/** A module from beside the page. */
async function loaded(name: string): Promise<ArrayBuffer> {
  const answer = await fetch(new URL(name, import.meta.url)).catch(() => null);
  if (!answer?.ok) throw new Error("a part of this page does not come from where the page came from: load the page anew");
  return answer.arrayBuffer();
}

/** The rules of a group's log. */
export const logModule = (): Promise<ArrayBuffer> => loaded("log.wasm");

/** The module and its worker; neither is loaded before it is asked for. */
export const computing = {
  module: () => loaded("evaluator.wasm"),
  worker: (): Port => startWorker("evaluator.js") as unknown as Port,
};
