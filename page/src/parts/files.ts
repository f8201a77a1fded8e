// Files of the network, found by their digest: in this browser, at a gateway, or where the visitor has them.

import { sha256 } from "viem";
import type { Hex } from "../fold/state";
import { BLOCK_BYTES } from "../chain/messages";

const NAME = "neuron-files";
const STORE = "files";
const KEPT_MAX = 64;
const PATIENCE_MS = 20_000;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database refused"));
  });

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return (await asked(request)).transaction(STORE, mode).objectStore(STORE);
}

/** Keeps a file for later visits; where there is no room it is not kept. */
export async function keepFile(digest: Hex, bytes: Uint8Array): Promise<void> {
  try {
    const files = await store("readwrite");
    if ((await asked(files.count())) >= KEPT_MAX) await asked(files.clear());
    await asked(files.put(bytes, digest));
  } catch {
    // It is shown this time, and asked for again the next.
  }
}

async function keptFile(digest: Hex): Promise<Uint8Array | null> {
  try {
    const bytes: unknown = await asked((await store("readonly")).get(digest));
    return bytes instanceof Uint8Array && sha256(bytes) === digest ? bytes : null;
  } catch {
    return null;
  }
}

/** The CID of a file of one block. */
export function cidOf(digest: Hex): string {
  const bytes = [0x01, 0x55, 0x12, 0x20, ...(digest.slice(2).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))];
  let [text, bits, held] = ["b", 0, 0];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(held >> (bits - 5)) & 31];
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(held << (5 - bits)) & 31] : text;
}

/** The block behind a digest, from wherever it is; nothing where nobody has it. Its bytes are what the digest says. */
export async function fileOf(digest: Hex, gateway: string | undefined): Promise<Uint8Array | null> {
  const kept = await keptFile(digest);
  if (kept || !gateway) return kept;
  try {
    const url = new URL(`ipfs/${cidOf(digest)}?format=raw`, gateway.endsWith("/") ? gateway : `${gateway}/`);
    const answer = await fetch(url, { headers: { accept: "application/vnd.ipld.raw" }, signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) return null;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length > BLOCK_BYTES || sha256(bytes) !== digest) return null;
    await keepFile(digest, bytes);
    return bytes;
  } catch {
    return null;
  }
}

export async function forgetFiles(): Promise<void> {
  await asked(indexedDB.deleteDatabase(NAME));
}
