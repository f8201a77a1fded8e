// Reads a devnet and what its contracts answer at one block; scripts/record.mjs writes it down.

import { writeFileSync } from "node:fs";
import { type Abi, decodeFunctionResult, encodeFunctionData } from "viem";
import { discover } from "../src/chain/discover";
import { networkAbi, neuronAbi, emissionAbi } from "../src/chain/generated";
import { Rpc } from "../src/chain/rpc";
import type { Address, Hex } from "../src/fold/state";
import { filtersOf } from "../src/index/indexer";

const plain = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);

export async function record(url: string, network: Address, path: string): Promise<void> {
  const rpc = new Rpc(url);
  const { contracts, checks } = await discover(rpc, network);
  if (!contracts) throw new Error(checks.map((check) => check.wrong).join(" "));
  const head = await rpc.head();
  const at = `0x${head.number.toString(16)}` as Hex;
  const ask = async (to: Address, abi: Abi, functionName: string, args: unknown[] = []): Promise<any> => {
    const data = encodeFunctionData({ abi, functionName, args });
    return decodeFunctionResult({ abi, functionName, data: await rpc.call<Hex>("eth_call", [{ to, data }, at]) });
  };
  const of = (functionName: string, ...args: unknown[]) => ask(network, networkAbi as Abi, functionName, args);
  const logs = await rpc.logs(filtersOf(contracts), 0, head.number);
  const groups = [];
  for (let number = 1n; number <= (await of("groups")); number += 1n) groups.push(await groupOf(number, of));
  const supply = await ask(contracts.neuron, neuronAbi as Abi, "totalSupply");
  const allowance = await ask(contracts.emission, emissionAbi as Abi, "allowance");
  const answers = { supply, allowance, admittedAwake: await of("admittedAwake"), allBonded: await of("allBonded"), groups };
  writeFileSync(path, JSON.stringify({ contracts, head, answers, logs }, plain).replaceAll('},{"address"', '},\n{"address"') + "\n");
}

async function groupOf(number: bigint, of: (name: string, ...args: unknown[]) => Promise<any>) {
  const group = await of("group", number);
  const positions = [];
  for (let seat = 1n; seat <= (await of("positions", number)); seat += 1n) positions.push(await of("position", number, seat));
  const deltas = [];
  for (let delta = 1n; delta <= BigInt(group.proposals); delta += 1n) deltas.push(await of("delta", number, delta));
  const rounds = [];
  for (let round = 0n; round < BigInt(group.opened); round += 1n) {
    const [shown, decision] = [await of("round", number, round), await of("decision", number, round)];
    if (shown.commits > 0) rounds.push({ number: round, shown, decision });
  }
  return {
    number,
    group,
    stake: await of("stake", number),
    keep: await of("keepVotes", number),
    open: await of("openDeltas", number),
    positions,
    deltas,
    rounds,
  };
}
