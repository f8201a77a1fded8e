// The indexer in a worker: reads the chain, keeps a copy, answers views.

import { discover } from "../chain/discover";
import { type Block, Rpc } from "../chain/rpc";
import { Misfit } from "../fold/read";
import { answer, type Query } from "./answers";
import { Indexer } from "./indexer";
import type { FromWorker, Site, ToWorker } from "./protocol";
import { DatabaseStore, MemoryStore, type Store } from "./store";

const POLL_MS = { least: 1_500, most: 6_000 };
const AGAIN_MS = 3_000;
const TOLD_EVERY_MS = 250;

const tell = (message: FromWorker) => postMessage(message);
const queries = new Map<number, Query>();
let indexer: Indexer | null = null;
let wake: (() => void) | null = null;

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });

function answerOne(id: number, query: Query): void {
  if (indexer) tell({ say: "answer", id, answer: answer(indexer.state, query) });
}

const answerAll = () => queries.forEach((query, id) => answerOne(id, query));

const sentence = (error: unknown): string => {
  if (error instanceof Misfit)
    return `The chain's log does not fit together: ${error.message}. Clear this network's copy in Settings and read it again.`;
  return error instanceof Error ? error.message : String(error);
};

async function storeFor(site: Site): Promise<Store> {
  try {
    return await DatabaseStore.open(`${site.chainId}-${site.network.toLowerCase()}`);
  } catch {
    tell({ say: "notice", notice: "The browser does not let the page store anything: it reads the chain again on every visit." });
    return new MemoryStore();
  }
}

/** Asks until the contracts are found, or are known to be none. */
async function find(rpc: Rpc, site: Site): Promise<Indexer | null> {
  for (;;) {
    try {
      const { contracts, checks, chainId } = await discover(rpc, site.network);
      tell({ say: "found", contracts, checks, chainId });
      tell({ say: "trouble", trouble: null });
      if (!contracts || chainId !== site.chainId) return null;
      return new Indexer(rpc, await storeFor(site), contracts, site.since);
    } catch (error) {
      tell({ say: "trouble", trouble: sentence(error) });
      await pause(AGAIN_MS);
    }
  }
}

/** A third of the time from block to block, so that nobody is asked for nothing. */
function pace(before: Block | null, head: Block): number {
  const apart = before && head.number > before.number ? ((head.time - before.time) * 1_000) / (head.number - before.number) : 0;
  return Math.min(POLL_MS.most, Math.max(POLL_MS.least, apart / 3));
}

async function follow(found: Indexer, site: Site): Promise<void> {
  let [told, wasLive, waits] = [0, false, POLL_MS.least];
  let before: Block | null = null;
  for (;;) {
    try {
      const { changed, live, head } = await found.step();
      if (found.storeTrouble) tell({ say: "notice", notice: found.storeTrouble });
      tell({ say: "trouble", trouble: null });
      const [reached, offset] = [found.reached?.block ?? site.since, head.time - Date.now() / 1000];
      tell({ say: "progress", progress: { reached, head: head.number, since: site.since, live, logs: found.state.logs, offset, time: head.time } });
      const due = live ? changed || !wasLive : Date.now() - told > TOLD_EVERY_MS;
      if (due) {
        answerAll();
        told = Date.now();
      }
      wasLive = live;
      if (before?.number !== head.number) [waits, before] = [pace(before, head), head];
      if (live) await pause(waits);
    } catch (error) {
      tell({ say: "trouble", trouble: sentence(error) });
      await pause(AGAIN_MS);
    }
  }
}

async function open(site: Site): Promise<void> {
  const found = await find(new Rpc(site.rpc), site);
  if (!found) return;
  await found.load();
  indexer = found;
  if (found.state.logs > 0) answerAll();
  await follow(found, site);
}

onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.say) {
    case "open":
      open(data.site).catch((error: unknown) => tell({ say: "trouble", trouble: sentence(error) }));
      break;
    case "ask":
      queries.set(data.id, data.query);
      answerOne(data.id, data.query);
      break;
    case "drop":
      queries.delete(data.id);
      break;
    case "hurry":
      wake?.();
      break;
  }
};
