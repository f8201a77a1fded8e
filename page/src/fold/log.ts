// Logs as a chain has them, and events as the contracts mean them.

import { decodeEventLog, toEventSelector, type AbiEvent } from "viem";
import { emissionAbi, networkAbi, neuronAbi, purseAbi, saleAbi } from "../chain/generated";
import type { Address, Contracts, Hex } from "./state";

/** A log, with the time of its block. */
export interface Log {
  address: Address;
  topics: Hex[];
  data: Hex;
  block: number;
  index: number;
  time: number;
  transaction: Hex;
}

export interface Event {
  of: keyof Contracts;
  name: string;
  args: Record<string, unknown>;
  log: Log;
}

const tableOf = (abi: readonly { type: string }[]): Map<string, AbiEvent> => {
  const events = abi.filter((entry) => entry.type === "event") as AbiEvent[];
  return new Map(events.map((event) => [toEventSelector(event), event]));
};

const TABLES: Record<keyof Contracts, Map<string, AbiEvent>> = {
  network: tableOf(networkAbi),
  neuron: tableOf(neuronAbi),
  emission: tableOf(emissionAbi),
  sale: tableOf(saleAbi),
  purse: tableOf(purseAbi),
};

/** The event behind a log; nothing if it is none of the network's. */
export function eventOf(contracts: Contracts, log: Log): Event | null {
  const address = log.address.toLowerCase();
  const of = (Object.keys(contracts) as (keyof Contracts)[]).find((name) => contracts[name].toLowerCase() === address);
  const abi = of && TABLES[of].get(log.topics[0] ?? "");
  if (!of || !abi) return null;
  const decoded = decodeEventLog({ abi: [abi], data: log.data, topics: log.topics as [Hex, ...Hex[]] });
  return { of, name: abi.name, args: decoded.args as unknown as Record<string, unknown>, log };
}
