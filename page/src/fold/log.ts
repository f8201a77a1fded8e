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

/** An event, and how its words are read where all of them have one length. */
interface Known {
  abi: AbiEvent;
  words: readonly Word[] | null;
}

interface Word {
  name: string;
  indexed: boolean;
  read: (word: string) => unknown;
}

/** Readers of 64 hexadecimal digits; other types are left to the general decoder. */
function readerOf(type: string): Word["read"] | null {
  if (/^uint\d+$/.test(type)) return (word) => BigInt(`0x${word}`);
  if (type === "address") return (word) => `0x${word.slice(24)}`;
  if (type === "bytes32") return (word) => `0x${word}`;
  if (type === "bool") return (word) => word.endsWith("1");
  return null;
}

function wordsOf(abi: AbiEvent): Word[] | null {
  const words = abi.inputs.map(({ name = "", type, indexed = false }) => ({ name, indexed, read: readerOf(type) }));
  return words.every((word): word is Word => word.read !== null) ? words : null;
}

const tableOf = (abi: readonly { type: string }[]): Map<string, Known> => {
  const events = abi.filter((entry) => entry.type === "event") as AbiEvent[];
  return new Map(events.map((event) => [toEventSelector(event), { abi: event, words: wordsOf(event) }]));
};

/** The arguments of a log; nothing where its words are not as many as they should be. */
function readWords(words: readonly Word[], { topics, data }: Log): Record<string, unknown> | null {
  const args: Record<string, unknown> = {};
  let [topic, at] = [1, 2];
  for (const { name, indexed, read } of words) {
    const word = indexed ? topics[topic]?.slice(2) : data.slice(at, at + 64);
    if (word?.length !== 64) return null;
    args[name] = read(word);
    if (indexed) topic += 1;
    else at += 64;
  }
  return topic === topics.length && at === data.length ? args : null;
}

const TABLES: Record<keyof Contracts, Map<string, Known>> = {
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
  const known = of && TABLES[of].get(log.topics[0] ?? "");
  if (!of || !known) return null;
  const { abi, words } = known;
  const args = (words && readWords(words, log)) ?? generally(abi, log);
  return { of, name: abi.name, args, log };
}

function generally(abi: AbiEvent, { topics, data }: Log): Record<string, unknown> {
  const decoded = decodeEventLog({ abi: [abi], data, topics: topics as [Hex, ...Hex[]] });
  return decoded.args as unknown as Record<string, unknown>;
}
