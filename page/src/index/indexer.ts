// Reads the logs of a network's contracts from a chain that may change its mind, and folds them.

import type { Block, Chain, Filter } from "../chain/rpc";
import { RpcTrouble } from "../chain/rpc";
import { apply } from "../fold/fold";
import { type Contracts, empty, type Hex, type State, ZERO } from "../fold/state";
import type { Log } from "../fold/log";
import { type Anchor, MemoryStore, type Store } from "./store";

const FIRST_STRETCH = 2_000;
const LONGEST_STRETCH = 50_000;
/** Heads that are remembered, to find where a chain parted from what was read. */
const ANCHORS = 256;
const TRANSFER: Hex = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
const NOBODY: Hex = `0x${ZERO.slice(2).padStart(64, "0")}`;

/** Of the token only what is minted and burned. */
export function filtersOf({ network, neuron, emission, sale, purse }: Contracts): Filter[] {
  return [
    { address: [network, emission, sale, purse] },
    { address: [neuron], topics: [TRANSFER, NOBODY] },
    { address: [neuron], topics: [TRANSFER, null, NOBODY] },
  ];
}

export interface Step {
  /** Whether the state is another one. */
  changed: boolean;
  /** Whether the newest block is reached. */
  live: boolean;
  head: Block;
}

export class Indexer {
  state: State;
  reached: Anchor | null = null;
  /** Said when logs cannot be kept. */
  storeTrouble: string | null = null;
  private anchors: Anchor[] = [];
  /** The log that was folded last. Copies of two tabs overlap: no log is folded twice. */
  private newest = { block: -1, index: -1 };
  private stretch = FIRST_STRETCH;

  constructor(
    private readonly chain: Chain,
    private store: Store,
    private readonly contracts: Contracts,
    private readonly since: number,
  ) {
    this.state = empty(contracts);
  }

  /** Folds what was kept. */
  async load(): Promise<void> {
    const { batches, reached } = await this.store.read();
    this.state = empty(this.contracts);
    this.newest = { block: -1, index: -1 };
    for (const { logs } of batches) this.fold(logs);
    this.reached = reached;
    this.anchors = [...batches.map((batch) => batch.to), ...(reached ? [reached] : [])];
  }

  private fold(logs: readonly Log[]): void {
    for (const log of logs) {
      const { block, index } = this.newest;
      if (log.block < block || (log.block === block && log.index <= index)) continue;
      apply(this.state, log);
      this.newest = { block: log.block, index: log.index };
    }
  }

  /** Reads one stretch of blocks further. */
  async step(): Promise<Step> {
    const head = await this.chain.head();
    const turnedBack = await this.turnBack(head);
    const from = this.reached ? this.reached.block + 1 : this.since;
    if (from > head.number) return { changed: turnedBack, live: true, head };
    const to = await this.end(from, head);
    const logs = await this.read(from, to.number);
    if (logs === null) return { changed: turnedBack, live: false, head };
    this.fold(logs);
    await this.keep(logs, { block: to.number, hash: to.hash });
    return { changed: turnedBack || logs.length > 0, live: to.number === head.number, head };
  }

  private async end(from: number, head: Block): Promise<Block> {
    const last = from + this.stretch - 1;
    if (last >= head.number) return head;
    return (await this.chain.block(last)) ?? head;
  }

  private async read(from: number, to: number) {
    try {
      const logs = await this.chain.logs(filtersOf(this.contracts), from, to);
      this.stretch = Math.min(LONGEST_STRETCH, this.stretch * 2);
      return logs;
    } catch (error) {
      if (!(error instanceof RpcTrouble) || !error.isTooMuch || to === from) throw error;
      this.stretch = Math.max(1, Math.floor((to - from + 1) / 2));
      return null;
    }
  }

  private async keep(logs: Parameters<Store["add"]>[0], reached: Anchor): Promise<void> {
    this.reached = reached;
    this.anchors = [...this.anchors.slice(-ANCHORS), reached];
    try {
      await this.store.add(logs, reached);
    } catch (error) {
      await this.giveUpStore(error);
    }
  }

  /** From now on nothing is kept for the next visit; this one goes on. */
  private async giveUpStore(error: unknown): Promise<void> {
    const full = error instanceof DOMException && error.name === "QuotaExceededError";
    const why = full ? "The browser's storage is full" : "The browser does not let the page store anything";
    this.storeTrouble = `${why}: the page works, but reads the chain again on the next visit. Make room in Settings.`;
    const fresh = new MemoryStore();
    const kept = await this.store.read().catch(() => ({ batches: [], reached: null }));
    for (const batch of kept.batches) await fresh.add(batch.logs, batch.to);
    this.store = fresh;
  }

  /** If the chain has other blocks now than those that were read, goes back to the newest one in common. */
  private async turnBack(head: Block): Promise<boolean> {
    if (!this.reached || (await this.stands(this.reached, head))) return false;
    const known = this.anchors.slice().reverse();
    let common: Anchor | null = null;
    for (const anchor of known) {
      if (!(await this.stands(anchor, head))) continue;
      common = anchor;
      break;
    }
    await this.store.cut(common);
    await this.load();
    this.reached = common;
    this.anchors = this.anchors.filter((anchor) => common !== null && anchor.block <= common.block);
    return true;
  }

  private async stands(anchor: Anchor, head: Block): Promise<boolean> {
    if (anchor.block > head.number) return false;
    if (anchor.block === head.number) return anchor.hash === head.hash;
    return (await this.chain.block(anchor.block))?.hash === anchor.hash;
  }
}
