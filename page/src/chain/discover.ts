// From the address of a network to all of its contracts, each of which must point at the others.

import { decodeFunctionResult, encodeFunctionData, type Abi } from "viem";
import type { Address, Contracts, Hex } from "../fold/state";
import { emissionAbi, networkAbi, purseAbi, saleAbi } from "./generated";
import { type Rpc, RpcTrouble } from "./rpc";

/** One thing that was looked at, and what is wrong with it. */
export interface Check {
  what: string;
  wrong: string | null;
}

export interface Found {
  contracts: Contracts | null;
  chainId: number;
  checks: Check[];
}

async function view<T>(rpc: Rpc, abi: Abi, to: Address, functionName: string): Promise<T> {
  const data = encodeFunctionData({ abi, functionName });
  const answer = await rpc.call<Hex>("eth_call", [{ to, data }, "latest"]);
  return decodeFunctionResult({ abi, functionName, data: answer }) as T;
}

const same = (one: Address, other: Address) => one.toLowerCase() === other.toLowerCase();

/** Looks at a network part by part. */
export async function discover(rpc: Rpc, network: Address): Promise<Found> {
  const chainId = Number(await rpc.call<Hex>("eth_chainId", []));
  const code = await rpc.call<Hex>("eth_getCode", [network, "latest"]);
  const checks: Check[] = [{ what: "code at the address", wrong: code === "0x" ? `There is no contract at ${network} on chain ${chainId}.` : null }];
  if (code === "0x") return { contracts: null, chainId, checks };
  try {
    const contracts = await wired(rpc, network, checks);
    return { contracts: checks.every((check) => check.wrong === null) ? contracts : null, chainId, checks };
  } catch (error) {
    if (error instanceof RpcTrouble && !/revert|execution/i.test(error.message)) throw error;
    checks.push({ what: "answers of a network", wrong: `The contract at ${network} does not answer as a Neuron network does.` });
    return { contracts: null, chainId, checks };
  }
}

async function wired(rpc: Rpc, network: Address, checks: Check[]): Promise<Contracts> {
  const [neuron, emission, purse] = await Promise.all(
    (["neuron", "emission", "purse"] as const).map((name) => view<Address>(rpc, networkAbi as Abi, network, name)),
  );
  if (!neuron || !emission || !purse) throw new RpcTrouble("execution stopped");
  const sale = await view<Address>(rpc, emissionAbi as Abi, emission, "sale");
  const points: [string, Abi, Address, string, Address][] = [
    ["the schedule serves this network", emissionAbi as Abi, emission, "network", network],
    ["the schedule mints this token", emissionAbi as Abi, emission, "neuron", neuron],
    ["the purse pays for this network", purseAbi as Abi, purse, "network", network],
    ["the sale sells this token", saleAbi as Abi, sale, "neuron", neuron],
    ["the sale opens this schedule", saleAbi as Abi, sale, "emission", emission],
    ["the sale fills this purse", saleAbi as Abi, sale, "purse", purse],
  ];
  for (const [what, abi, at, name, expected] of points) {
    const answer = await view<Address>(rpc, abi, at, name);
    checks.push({ what, wrong: same(answer, expected) ? null : `${at} names ${answer} instead of ${expected}.` });
  }
  return { network, neuron, emission, sale, purse };
}
