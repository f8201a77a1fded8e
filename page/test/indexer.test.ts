import assert from "node:assert/strict";
import { test } from "node:test";
import fixture from "./fixtures/devnet.json";
import { type Block, type Chain, RpcTrouble } from "../src/chain/rpc";
import { apply } from "../src/fold/fold";
import type { Log } from "../src/fold/log";
import { type Contracts, empty, type Hex, type State } from "../src/fold/state";
import { Indexer } from "../src/index/indexer";
import { MemoryStore, type Store } from "../src/index/store";

const contracts = fixture.contracts as Contracts;
const logs = fixture.logs as Log[];
const HEAD = fixture.head.number;

const folded = (of: readonly Log[]): State => {
  const state = empty(contracts);
  for (const log of of) apply(state, log);
  return state;
};

/** A chain that can be cut at a block and grow differently from there. */
class Played implements Chain {
  asked: [number, number][] = [];
  constructor(
    public height: number,
    public forkedAt = Infinity,
    public longest = Infinity,
    public has = logs,
  ) {}

  private blockAt(number: number): Block {
    const branch = number > this.forkedAt ? "b" : "a";
    return { number, hash: `0x${branch}${number.toString(16).padStart(63, "0")}` as Hex, time: number };
  }

  async head(): Promise<Block> {
    return this.blockAt(this.height);
  }

  async block(number: number): Promise<Block | null> {
    return number > this.height ? null : this.blockAt(number);
  }

  async logs(_: unknown, from: number, to: number): Promise<Log[]> {
    this.asked.push([from, to]);
    if (to - from + 1 > this.longest) throw new RpcTrouble("The chain's node refused: range too large", true);
    return this.has.filter((log) => log.block >= from && log.block <= to);
  }
}

async function live(indexer: Indexer): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) if ((await indexer.step()).live) return;
  assert.fail("never live");
}

test("reads all to the newest block, and keeps it for the next visit", async () => {
  const [chain, store] = [new Played(HEAD), new MemoryStore()];
  const indexer = new Indexer(chain, store, contracts, 0);
  await live(indexer);
  assert.deepEqual(indexer.state, folded(logs));
  const again = new Indexer(chain, store, contracts, 0);
  chain.asked = [];
  await again.load();
  await live(again);
  assert.deepEqual(again.state, folded(logs));
  assert.deepEqual(chain.asked, [], "nothing is read twice");
});

test("two tabs that keep one copy do not count anything twice", async () => {
  const store = new MemoryStore();
  const chain = new Played(100);
  const [one, other] = [new Indexer(chain, store, contracts, 0), new Indexer(chain, store, contracts, 0)];
  for (chain.height = 100; chain.height < HEAD; chain.height += 7) {
    await live(one);
    if (chain.height % 2 === 0) await live(other);
  }
  chain.height = HEAD;
  await live(other);
  await live(one);
  const later = new Indexer(chain, store, contracts, 0);
  await later.load();
  await live(later);
  for (const { state } of [one, other, later]) assert.deepEqual(state, folded(logs));
});

test("a node that gives few blocks at once is asked for fewer", async () => {
  const chain = new Played(HEAD, Infinity, 7);
  const indexer = new Indexer(chain, new MemoryStore(), contracts, 0);
  await live(indexer);
  assert.deepEqual(indexer.state, folded(logs));
});

test("a chain that changes its mind is followed from the newest block in common", async () => {
  const [first, cut] = [Math.floor(HEAD / 2), Math.floor(HEAD / 3)];
  const store = new MemoryStore();
  const chain = new Played(cut);
  const indexer = new Indexer(chain, store, contracts, 0);
  await live(indexer);
  for (chain.height = cut; chain.height < first; chain.height += 1) await live(indexer);
  const kept = logs.filter((log) => log.block <= cut + 2);
  chain.forkedAt = cut + 2;
  chain.has = kept;
  chain.height = first + 5;
  const { changed } = await indexer.step();
  assert.ok(changed);
  await live(indexer);
  assert.deepEqual(indexer.state, folded(kept));
  assert.ok(
    chain.asked.every(([from], at) => at === 0 || from > 0),
    "not from the beginning",
  );
});

test("a chain that lost everything is read from the beginning", async () => {
  const chain = new Played(HEAD);
  const indexer = new Indexer(chain, new MemoryStore(), contracts, 0);
  await live(indexer);
  [chain.forkedAt, chain.has] = [-1, []];
  await indexer.step();
  await live(indexer);
  assert.deepEqual(indexer.state, empty(contracts));
});

test("a full store is said, and the visit goes on", async () => {
  const full: Store = {
    read: async () => ({ batches: [], reached: null }),
    add: async () => {
      throw new DOMException("no room", "QuotaExceededError");
    },
    cut: async () => {},
  };
  const indexer = new Indexer(new Played(HEAD), full, contracts, 0);
  await live(indexer);
  assert.match(indexer.storeTrouble ?? "", /storage is full.*Settings/);
  assert.deepEqual(indexer.state, folded(logs));
});

test("trouble of the chain leaves what was read as it was", async () => {
  const chain = new Played(HEAD, Infinity, 7);
  const indexer = new Indexer(chain, new MemoryStore(), contracts, 0);
  await live(indexer);
  chain.head = async () => {
    throw new RpcTrouble("The chain's node cannot be reached.");
  };
  await assert.rejects(indexer.step(), /cannot be reached/);
  assert.deepEqual(indexer.state, folded(logs));
});
