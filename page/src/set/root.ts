// The root that names a set: a hash tree (RFC 6962) over its files, in the order of their paths.

import { joined } from "../../wasm/door";
import { sha256 } from "../../wasm/cid";
import { sorted, type Tree } from "./patch";

const encoder = new TextEncoder();
const LEAF_VERSION = 1;

/** Digests of texts, as long as somebody holds them: what a patch leaves as it is, is not hashed again. */
export class Roots {
  private digests = new Map<string, Uint8Array>();

  async of(tree: Tree): Promise<Uint8Array> {
    const kept = new Map<string, Uint8Array>();
    const leaves: Uint8Array[] = [];
    for (const path of sorted(tree)) {
      const text = tree.get(path) ?? "";
      const digest = this.digests.get(text) ?? (await sha256(encoder.encode(text)));
      kept.set(text, digest);
      const name = encoder.encode(path);
      leaves.push(await sha256(joined(Uint8Array.of(0, LEAF_VERSION, name.length >> 8, name.length & 255), name, digest)));
    }
    this.digests = kept;
    return merkleRoot(leaves);
  }
}

/** The root over leaves that were hashed. */
export const merkleRoot = (leaves: readonly Uint8Array[]): Promise<Uint8Array> => (leaves.length === 0 ? sha256(new Uint8Array()) : rootOf(leaves));

/** As many leaves as the largest power of two below their number stand on the left. */
async function rootOf(leaves: readonly Uint8Array[]): Promise<Uint8Array> {
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  const [left, right] = await Promise.all([rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half))]);
  return sha256(joined(Uint8Array.of(1), left, right));
}
