// A node of the chain, asked over HTTP. What goes wrong is said in a sentence.

import type { Log } from "../fold/log";
import type { Hex } from "../fold/state";

const PATIENCE_MS = 20_000;
const BATCH = 40;

/** What a node refused or could not answer, as a sentence for a person. */
export class RpcTrouble extends Error {
  constructor(
    message: string,
    readonly isTooMuch = false,
  ) {
    super(message);
  }
}

export interface Block {
  number: number;
  hash: Hex;
  time: number;
}

interface Reply {
  id?: number;
  result?: unknown;
  error?: { code?: number; message?: string };
}

interface RawLog {
  address: Hex;
  topics: Hex[];
  data: Hex;
  blockNumber: Hex;
  logIndex: Hex;
  transactionHash: Hex;
  blockTimestamp?: Hex;
}

interface RawBlock {
  number: Hex;
  hash: Hex;
  timestamp: Hex;
}

export interface Filter {
  address: Hex[];
  topics?: (Hex | null)[];
}

/** What a reader of logs needs of a chain. */
export interface Chain {
  head(): Promise<Block>;
  block(number: number): Promise<Block | null>;
  logs(filters: readonly Filter[], from: number, to: number): Promise<Log[]>;
}

const hexOf = (number: number): Hex => `0x${number.toString(16)}`;
const blockOf = (raw: RawBlock): Block => ({ number: Number(raw.number), hash: raw.hash, time: Number(raw.timestamp) });

/** Providers say in many ways that a range was too long. */
const TOO_MUCH = /range|limit|too (many|large|big|much)|exceed|more than|timeout|timed out|response size|10000|10,000/i;

export class Rpc implements Chain {
  constructor(
    readonly url: string,
    private readonly ask: typeof fetch = (...all) => fetch(...all),
  ) {}

  async call<T>(method: string, params: readonly unknown[]): Promise<T> {
    const reply = (await this.post({ jsonrpc: "2.0", id: 1, method, params })) as Reply;
    return resultOf<T>(reply);
  }

  /** Several questions at once. */
  async calls<T>(asked: readonly { method: string; params: readonly unknown[] }[]): Promise<T[]> {
    const results: T[] = [];
    for (let at = 0; at < asked.length; at += BATCH) {
      const part = asked.slice(at, at + BATCH).map((one, id) => ({ jsonrpc: "2.0", id, ...one }));
      const replies = await this.post(part);
      if (!Array.isArray(replies)) {
        for (const { method, params } of part) results.push(await this.call<T>(method, params));
        continue;
      }
      const sorted = (replies as Reply[]).sort((one, other) => (one.id ?? 0) - (other.id ?? 0));
      results.push(...sorted.map((reply) => resultOf<T>(reply)));
    }
    return results;
  }

  private async post(body: unknown): Promise<unknown> {
    const where = placeOf(this.url);
    let answer: Response;
    try {
      const [headers, signal] = [{ "content-type": "application/json" }, AbortSignal.timeout(PATIENCE_MS)];
      answer = await this.ask(this.url, { method: "POST", headers, body: JSON.stringify(body), signal });
    } catch (error) {
      const late = error instanceof DOMException && error.name === "TimeoutError";
      const why = late ? `did not answer within ${PATIENCE_MS / 1000} seconds` : "cannot be reached";
      throw new RpcTrouble(`The chain's node at ${where} ${why}. The page tries again; choose another node in Settings if this lasts.`, late);
    }
    if (answer.status === 429) throw new RpcTrouble(`The chain's node at ${where} asks for fewer questions. The page waits and tries again.`);
    const text = await answer.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new RpcTrouble(
        `The chain's node at ${where} answered ${answer.status} and no JSON. Check its address in Settings.`,
        answer.status === 413,
      );
    }
  }

  async head(): Promise<Block> {
    return blockOf(await this.call<RawBlock>("eth_getBlockByNumber", ["latest", false]));
  }

  async block(number: number): Promise<Block | null> {
    const raw = await this.call<RawBlock | null>("eth_getBlockByNumber", [hexOf(number), false]);
    return raw && blockOf(raw);
  }

  async logs(filters: readonly Filter[], from: number, to: number): Promise<Log[]> {
    const [fromBlock, toBlock] = [hexOf(from), hexOf(to)];
    const asked = filters.map((filter) => ({ method: "eth_getLogs", params: [{ ...filter, fromBlock, toBlock }] }));
    const raw = (await this.calls<RawLog[]>(asked)).flat();
    const times = await this.timesOf(raw);
    const logs = raw.map((log) => ({
      address: log.address,
      topics: log.topics,
      data: log.data,
      block: Number(log.blockNumber),
      index: Number(log.logIndex),
      time: log.blockTimestamp === undefined ? (times.get(log.blockNumber) ?? 0) : Number(log.blockTimestamp),
      transaction: log.transactionHash,
    }));
    return logs.sort((one, other) => one.block - other.block || one.index - other.index);
  }

  /** Times of the blocks of logs that do not tell it themselves. */
  private async timesOf(logs: readonly RawLog[]): Promise<Map<Hex, number>> {
    const blocks = [...new Set(logs.filter((log) => log.blockTimestamp === undefined).map((log) => log.blockNumber))];
    const asked = blocks.map((block) => ({ method: "eth_getBlockByNumber", params: [block, false] }));
    const found = await this.calls<RawBlock | null>(asked);
    return new Map(blocks.map((block, at) => [block, Number(found[at]?.timestamp ?? 0)]));
  }
}

function resultOf<T>(reply: Reply): T {
  if (reply.error) {
    const said = String(reply.error.message ?? "an error without a message").slice(0, 200);
    throw new RpcTrouble(`The chain's node refused: ${said}`, reply.error.code === -32005 || TOO_MUCH.test(said));
  }
  if (reply.result === undefined) throw new RpcTrouble("The chain's node answered something that is no answer. Check its address in Settings.");
  return reply.result as T;
}

function placeOf(url: string): string {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
