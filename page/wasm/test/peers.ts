// What the test of peers drives in a page: a browser that keeps a group, and meets another one.

import { check } from "../check";
import { cidOf, RAW, sha256 } from "../cid";
import { Evaluator } from "../evaluator";
import { invite, join, type Invitation } from "../log/direct";
import { Keeper } from "../log/keeper";
import type { Wire } from "../log/line";
import { Store } from "../log/store";
import { Files, type GetBlock } from "../tree";
import { claimOf, type Recorded } from "./recorded";

const bytes = async (name: string) => (await fetch(name)).arrayBuffer();
const where = { chainId: 1, network: `0x${"03".repeat(20)}`, group: 1 };

const http: GetBlock = async (cid) => {
  const answer = await fetch(`ipfs/${cid}`).catch(() => undefined);
  return answer?.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
};

let [store, keeper, invitation, joining]: [Store?, Keeper?, Invitation?, Promise<Wire>?] = [];

const there = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("the test forgot a step");
  return value;
};

const peers = {
  async open(): Promise<number> {
    store = await Store.open();
    keeper = await Keeper.open(await bytes("log.wasm"), store, where);
    return peers.count();
  },
  count: (): number => there(keeper).peer.log.since(0, 100_000).length,
  pulse: (): string => there(keeper).peer.log.pulse().slice(0, 24).join(),
  async write(count: number, word: string): Promise<void> {
    for (let number = 0; number < count; number += 1) await there(keeper).peer.write({ note: `${word} ${number}` });
  },
  async invite(): Promise<string> {
    invitation = await invite();
    return invitation.text;
  },
  async join(text: string): Promise<string> {
    const joined = await join(text);
    joining = joined.wire;
    return joined.text;
  },
  /** The side that invited: with the answer. The other one: without. */
  async meet(answer?: string): Promise<void> {
    there(keeper).connect(await (answer === undefined ? there(joining) : there(invitation).answered(answer)));
  },
  turn: () => there(keeper).turn(),
  /** Whether the recorded claim is true, by files from peers, from a server, or from here alone. */
  async claim(from: "peers" | "server" | "here"): Promise<string> {
    const recorded = JSON.parse(new TextDecoder().decode(await bytes("round.json"))) as Recorded;
    const [said] = recorded.claims;
    const blocks = from === "here" ? there(store).held : there(keeper).blocks(from === "server" ? http : undefined);
    const { isTrue, why } = await check(claimOf(recorded, there(said)), new Files(blocks), await Evaluator.load(await bytes("evaluator.wasm")));
    return `${isTrue}: ${why}`;
  },
  blockBytes: () => there(store).blockBytes(),
  clear: () => there(store).clear(),
  /** What is left of three blocks where there is room for two, the first of which was used last. */
  async evicted(): Promise<boolean[]> {
    const small = await Store.open("small", 700);
    const made = await Promise.all([1, 2, 3].map(async (value) => named(new Uint8Array(300).fill(value))));
    const kept = small.kept(async (cid) => made.find((one) => one.cid === cid)?.bytes);
    const [first, second, third] = made.map(({ cid }) => cid);
    for (const cid of [first, second, first, third]) {
      await kept(there(cid));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return Promise.all([first, second, third].map(async (cid) => (await small.held(there(cid))) !== undefined));
  },
  /** Whether bytes that are not what their name says are kept. */
  async liesAreKept(): Promise<boolean> {
    const { cid } = await named(new Uint8Array(9));
    await there(store).kept(async () => new Uint8Array(8))(cid);
    return (await there(store).held(cid)) !== undefined;
  },
};

const named = async (bytes: Uint8Array) => ({ bytes, cid: cidOf(RAW, await sha256(bytes)) });

export type Peers = typeof peers;
(globalThis as unknown as { peers: Peers }).peers = peers;
