// What a page keeps of groups in IndexedDB: messages, blocks of files, and the browser's own node key. Bounded, and cleared on request.

import { cidOf, NODE, RAW, sha256 } from "../cid";
import type { GetBlock } from "../tree";
import type { Shelf } from "./peer";

/** Bytes of blocks kept at most; those that were not used for the longest time fall first. Messages are bounded by their log. */
export const BLOCK_BYTES = 256 * 1024 * 1024;

const VERSION = 1;
const MESSAGES = "messages";
const BLOCKS = "blocks";
const KEYS = "keys";

/** No room, or no right to keep anything: a sentence for the visitor. */
export class NoRoom extends Error {
  override name = "NoRoom";
}

interface Block {
  bytes: Uint8Array<ArrayBuffer>;
  /** When it was asked for last, in milliseconds since 1970. */
  used: number;
}

const sentence = (error: DOMException | null): Error =>
  error?.name === "QuotaExceededError"
    ? new NoRoom("this browser has no room left for what the page keeps: free some of its storage, or clear what is kept here")
    : new NoRoom(`this browser keeps nothing for the page (${error?.message ?? "unknown"}): leave its private mode, or allow storage`);

const done = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(sentence(request.error));
  });

const finished = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(sentence(transaction.error));
  });

const open = (name: string): Promise<IDBDatabase> => {
  const request = indexedDB.open(name, VERSION);
  request.onupgradeneeded = () => {
    request.result.createObjectStore(MESSAGES);
    request.result.createObjectStore(BLOCKS).createIndex("used", "used");
    request.result.createObjectStore(KEYS);
  };
  return done(request);
};

/** Whether these are the bytes that the name stands for. */
const isNamed = async (cid: string, bytes: Uint8Array): Promise<boolean> => {
  const digest = await sha256(bytes);
  return [RAW, NODE].some((codec) => cidOf(codec as typeof RAW | typeof NODE, digest) === cid);
};

export class Store {
  private constructor(
    private readonly database: IDBDatabase,
    private readonly most: number,
  ) {}

  static async open(name = "neuron-peer", most = BLOCK_BYTES): Promise<Store> {
    return new Store(await open(name), most);
  }

  /** The messages of one log; `log` names network and group. */
  shelf(log: string): Shelf & { all(): Promise<Uint8Array[]> } {
    const span = IDBKeyRange.bound([log, ""], [log, "\uffff"]);
    return {
      all: () => done(this.database.transaction(MESSAGES).objectStore(MESSAGES).getAll(span)),
      put: (id, envelope) => this.change(MESSAGES, (store) => store.put(Uint8Array.from(envelope), [log, id])),
      remove: (ids) => this.change(MESSAGES, (store) => ids.forEach((id) => store.delete([log, id]))),
    };
  }

  /** Blocks from here alone. */
  readonly held: GetBlock = async (cid) => {
    const store = this.database.transaction(BLOCKS, "readwrite").objectStore(BLOCKS);
    const block = (await done(store.get(cid))) as Block | undefined;
    if (block !== undefined) store.put({ ...block, used: Date.now() }, cid);
    return block?.bytes;
  };

  /** Blocks from here, and else from there: then they are kept here, if they are what their name says. */
  kept(elsewhere: GetBlock): GetBlock {
    return async (cid) => {
      const here = await this.held(cid);
      if (here !== undefined) return here;
      const bytes = await elsewhere(cid);
      if (bytes !== undefined && (await isNamed(cid, bytes))) await this.keep(cid, Uint8Array.from(bytes));
      return bytes;
    };
  }

  private async keep(cid: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.change(BLOCKS, (store) => store.put({ bytes, used: Date.now() } satisfies Block, cid));
    let over = (await this.blockBytes()) - this.most;
    if (over <= 0) return;
    await this.change(BLOCKS, (store) => {
      const oldest = store.index("used").openCursor();
      oldest.onsuccess = () => {
        const cursor = oldest.result;
        if (cursor === null || over <= 0) return;
        over -= (cursor.value as Block).bytes.length;
        cursor.delete();
        cursor.continue();
      };
    });
  }

  /** Bytes of all blocks that are kept. */
  async blockBytes(): Promise<number> {
    const cursor = this.database.transaction(BLOCKS).objectStore(BLOCKS).openCursor();
    return new Promise((resolve, reject) => {
      let sum = 0;
      cursor.onerror = () => reject(sentence(cursor.error));
      cursor.onsuccess = () => {
        if (cursor.result === null) return resolve(sum);
        sum += (cursor.result.value as Block).bytes.length;
        cursor.result.continue();
      };
    });
  }

  /** The node key of this browser, drawn once. */
  async secret(): Promise<string> {
    const known = (await done(this.database.transaction(KEYS).objectStore(KEYS).get("node"))) as string | undefined;
    if (known !== undefined) return known;
    const drawn = `0x${[...crypto.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    await this.change(KEYS, (store) => store.add(drawn, "node"));
    return drawn;
  }

  /** Forgets everything that is kept here, the key too. */
  async clear(): Promise<void> {
    const stores = [MESSAGES, BLOCKS, KEYS];
    const transaction = this.database.transaction(stores, "readwrite");
    stores.forEach((name) => transaction.objectStore(name).clear());
    await finished(transaction);
  }

  close(): void {
    this.database.close();
  }

  private async change(name: string, work: (store: IDBObjectStore) => unknown): Promise<void> {
    const transaction = this.database.transaction(name, "readwrite");
    const end = finished(transaction);
    try {
      work(transaction.objectStore(name));
    } catch (error) {
      transaction.abort();
      await end.catch(() => {});
      throw error instanceof DOMException ? sentence(error) : error;
    }
    await end;
  }
}
