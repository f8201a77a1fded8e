// Files of the network, found by their digest: in this browser, at a gateway, or where the visitor has them.

import { sha256 } from "viem";
import type { Hex } from "../fold/state";
import { cidOf, RAW } from "../../wasm/cid";
import { BLOCK_BYTES } from "../chain/messages";
import { bytesOf, filesAt } from "./computing";

const NAME = "neuron-files";
const STORE = "files";
const KEPT_MAX = 64;

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

export async function keptFile(digest: Hex): Promise<Uint8Array | null> {
  try {
    const bytes: unknown = await asked((await store("readonly")).get(digest));
    return bytes instanceof Uint8Array && sha256(bytes) === digest ? bytes : null;
  } catch {
    return null;
  }
}

/** Patches that are shown; longer ones are for the command line. */
const SHOWN_BYTES = 4 * 1024 * 1024;

export const cidOfFile = (digest: Hex): string => cidOf(RAW, bytesOf(digest));

/** The file behind a digest, from wherever it is; nothing where nobody has it. Its bytes are what the digest says. */
export async function fileOf(digest: Hex, gateway: string | undefined): Promise<Uint8Array | null> {
  const kept = await keptFile(digest);
  if (kept || !gateway) return kept;
  try {
    const bytes = await filesAt(gateway).upTo(bytesOf(digest), SHOWN_BYTES);
    if (bytes.length <= BLOCK_BYTES) await keepFile(digest, bytes);
    return bytes;
  } catch {
    return null;
  }
}

export async function forgetFiles(): Promise<void> {
  await asked(indexedDB.deleteDatabase(NAME));
}
