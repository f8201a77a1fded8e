// Where logs are kept: in the browser's database, or in memory where there is none.

import type { Log } from "../fold/log";
import type { Hex } from "../fold/state";

/** A block that was the chain's when it was looked at. */
export interface Anchor {
  block: number;
  hash: Hex;
}

/** Logs of a stretch of blocks that ends with an anchor. */
export interface Batch {
  to: Anchor;
  logs: Log[];
}

export interface Kept {
  batches: Batch[];
  reached: Anchor | null;
}

export interface Store {
  read(): Promise<Kept>;
  /** Adds a batch that ends at `reached`; one without logs only moves the mark. */
  add(logs: readonly Log[], reached: Anchor): Promise<void>;
  /** Forgets what lies after a block. */
  cut(to: Anchor | null): Promise<void>;
}

export class MemoryStore implements Store {
  private kept: Kept = { batches: [], reached: null };

  async read(): Promise<Kept> {
    return { batches: [...this.kept.batches], reached: this.kept.reached };
  }

  async add(logs: readonly Log[], reached: Anchor): Promise<void> {
    if (logs.length > 0) this.kept.batches.push({ to: reached, logs: [...logs] });
    this.kept.reached = reached;
  }

  async cut(to: Anchor | null): Promise<void> {
    this.kept.batches = this.kept.batches.filter((batch) => to !== null && batch.to.block <= to.block);
    this.kept.reached = to;
  }
}

const VERSION = 1;
const BATCHES = "batches";
const MARKS = "marks";
export const PREFIX = "neuron-logs-";

const asked = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the browser's database refused"));
  });

const done = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error("the browser's database refused"));
  });

export class DatabaseStore implements Store {
  private constructor(private readonly database: IDBDatabase) {}

  static async open(name: string): Promise<DatabaseStore> {
    const request = indexedDB.open(PREFIX + name, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(BATCHES, { keyPath: "to.block" });
      request.result.createObjectStore(MARKS);
    };
    const database = await asked(request);
    // Another tab clears it: give way.
    database.onversionchange = () => database.close();
    return new DatabaseStore(database);
  }

  async read(): Promise<Kept> {
    const transaction = this.database.transaction([BATCHES, MARKS], "readonly");
    const batches = asked<Batch[]>(transaction.objectStore(BATCHES).getAll());
    const reached = asked<Anchor | undefined>(transaction.objectStore(MARKS).get("reached"));
    return { batches: await batches, reached: (await reached) ?? null };
  }

  async add(logs: readonly Log[], reached: Anchor): Promise<void> {
    const transaction = this.database.transaction([BATCHES, MARKS], "readwrite");
    if (logs.length > 0) transaction.objectStore(BATCHES).put({ to: reached, logs: [...logs] } satisfies Batch);
    transaction.objectStore(MARKS).put(reached, "reached");
    await done(transaction);
  }

  async cut(to: Anchor | null): Promise<void> {
    const transaction = this.database.transaction([BATCHES, MARKS], "readwrite");
    const range = to === null ? undefined : IDBKeyRange.lowerBound(to.block, true);
    if (range) transaction.objectStore(BATCHES).delete(range);
    else transaction.objectStore(BATCHES).clear();
    if (to) transaction.objectStore(MARKS).put(to, "reached");
    else transaction.objectStore(MARKS).delete("reached");
    await done(transaction);
  }
}
