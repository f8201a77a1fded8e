// Reads the newest decided round of a devnet in which a claim won, and all files that it rests on.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createPublicClient, http, type Abi, parseEventLogs } from "viem";
import { Files, gateway, NotFound } from "../tree";
import { seedOf } from "../seed";
import { fromHex } from "./files";
import type { Recorded } from "./recorded";

const bare = (hex: string) => hex.replace(/^0x/, "");
const MOST = 64 * 1024 * 1024;

export const record = async (rpc: string, network: `0x${string}`, from: string, folder: string): Promise<void> => {
  const client = createPublicClient({ transport: http(rpc) });
  const { abi } = JSON.parse(readFileSync(new URL("../../../governance/abi/INetwork.json", import.meta.url), "utf8")) as { abi: Abi };
  const logs = parseEventLogs({ abi, logs: await client.getLogs({ address: network, fromBlock: 0n, toBlock: "latest" }) }) as unknown as { eventName: string; args: Record<string, any> }[];
  const of = (name: string) => logs.filter((log) => log.eventName === name).map((log) => log.args);
  const [birth] = of("Created");
  const decided = of("Decided").filter((one) => BigInt(one["file"]) !== 0n).at(-1);
  if (birth === undefined || decided === undefined) throw new Error("no round of this devnet was won yet: wait for one");
  const round = Number(decided["round"]);
  const opened = of("Opened").find((one) => Number(one["round"]) === round);
  const proposed = new Map(of("Proposed").map((one) => [one["delta"], one["digest"]]));
  const patches: string[] = [...birth["birth"].dataset];
  let head: string = birth["head"];
  for (const turn of of("Turned")) {
    if (head === opened?.["head"]) break;
    if (turn["applied"] !== 0n) patches.push(proposed.get(turn["applied"]));
    head = turn["head"];
  }
  const { train, reveal, judge } = birth["birth"];
  const genesis = Number(await client.readContract({ abi, address: network, functionName: "genesis" }));
  const revealStart = genesis + round * (train + reveal + judge) + train;
  const blocks: Recorded["blocks"] = [];
  const at = async (blockNumber: bigint) => {
    const { number, timestamp, hash } = await client.getBlock({ blockNumber });
    blocks.push({ number: Number(number), timestamp: Number(timestamp), hash });
    return { number, timestamp, hash };
  };
  const seed = await seedOf(at, await at(await client.getBlockNumber()), BigInt(revealStart));
  if (seed === undefined || opened === undefined) throw new Error("the round is not on this chain: read another one");
  const claims = of("Revealed").filter((one) => Number(one["round"]) === round);
  const recorded: Recorded = {
    group: Number(decided["group"]),
    round,
    manifest: bare(birth["birth"].manifest),
    patches: patches.map(bare),
    head: bare(opened["head"]),
    checkpoint: bare(opened["checkpoint"]),
    seed: bare(seed.hash),
    commits: of("Committed").filter((one) => Number(one["round"]) === round).length,
    revealStart,
    decided: bare(decided["claim"]),
    claims: claims.map(({ trainer, file, base, loss, lossRoot }) => ({ trainer, file: bare(file), base, loss, lossRoot: bare(lossRoot) })),
    blocks: blocks.sort((one, other) => one.number - other.number),
  };
  const files = new Files(gateway(from));
  const keep = async (digest: string) => writeFileSync(`${folder}${digest}`, await files.upTo(fromHex(digest), MOST));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const digest of [recorded.manifest, ...recorded.patches, recorded.checkpoint]) await keep(digest);
  const held: Recorded["claims"] = [];
  for (const claim of recorded.claims) {
    try {
      await keep(claim.file);
      held.push(claim);
    } catch (error) {
      // An archive keeps the files of winners alone.
      if (!(error instanceof NotFound)) throw error;
    }
  }
  writeFileSync(`${folder}round.json`, `${JSON.stringify({ ...recorded, claims: held }, null, 1)}\n`);
};
