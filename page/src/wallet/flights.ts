// What was sent, until the chain has decided about it. It is remembered over reloads.

import { Rpc } from "../chain/rpc";
import type { Hex } from "../fold/state";
import { Signal } from "../parts/signal";
import { isSame, type KnownSite } from "../parts/sites";
import { readJson, writeJson } from "../parts/storage";

export type FlightState = "signed" | "sent" | "mined" | "confirmed" | "failed" | "replaced";

export interface Flight {
  hash: Hex;
  label: string;
  chainId: number;
  network: Hex;
  from: Hex;
  nonce: number | null;
  state: FlightState;
  at: number;
  block: number | null;
}

const KEY = "neuron-flights";
const KEPT = 30;
/** Blocks on top of a transaction, itself included, from which on it counts as confirmed. */
export const CONFIRMATIONS = 3;
const POLL_MS = 1_200;

const STATES: readonly FlightState[] = ["signed", "sent", "mined", "confirmed", "failed", "replaced"];

const flightOf = (raw: unknown): Flight[] => {
  const one = raw as Partial<Flight> | null;
  const fits =
    typeof one?.hash === "string" && typeof one.label === "string" && typeof one.from === "string" && STATES.includes(one.state as FlightState);
  return fits ? [one as Flight] : [];
};

const kept = readJson(KEY);
export const flights = new Signal<Flight[]>(Array.isArray(kept) ? kept.flatMap(flightOf) : []);
flights.listen((all) => writeJson(KEY, all));

export const isOver = ({ state }: Flight): boolean => state === "confirmed" || state === "failed" || state === "replaced";

export function addFlight(flight: Flight): void {
  flights.change((all) => [flight, ...all.filter((one) => one.hash !== flight.hash)].slice(0, KEPT));
}

export const dismiss = (hash: Hex): void => flights.change((all) => all.filter((one) => one.hash !== hash));

const update = (hash: Hex, by: Partial<Flight>): void => flights.change((all) => all.map((one) => (one.hash === hash ? { ...one, ...by } : one)));

interface RawReceipt {
  status: Hex;
  blockNumber: Hex;
}

interface RawTransaction {
  nonce: Hex;
}

/** Looks once at one flight. */
export async function look(rpc: Rpc, flight: Flight): Promise<Partial<Flight> | null> {
  const receipt = await rpc.call<RawReceipt | null>("eth_getTransactionReceipt", [flight.hash]);
  if (receipt) {
    if (Number(receipt.status) === 0) return { state: "failed", block: Number(receipt.blockNumber) };
    const head = Number(await rpc.call<Hex>("eth_blockNumber", []));
    const block = Number(receipt.blockNumber);
    const state = head - block + 1 >= CONFIRMATIONS ? "confirmed" : "mined";
    return state === flight.state ? null : { state, block };
  }
  const seen = await rpc.call<RawTransaction | null>("eth_getTransactionByHash", [flight.hash]);
  // A reorganisation can take a mined transaction out again.
  if (seen) return { nonce: Number(seen.nonce), state: "sent", block: null };
  if (flight.nonce === null) return null;
  const used = Number(await rpc.call<Hex>("eth_getTransactionCount", [flight.from, "latest"]));
  const again = await rpc.call<RawReceipt | null>("eth_getTransactionReceipt", [flight.hash]);
  return used > flight.nonce && !again ? { state: "replaced" } : null;
}

/** Follows the flights of one network until it is told to stop. */
export function followFlights(site: KnownSite, moved: () => void): () => void {
  const rpc = new Rpc(site.rpc);
  let stopped = false;
  const round = async () => {
    for (const flight of flights.value.filter((one) => isSame(one, site) && !isOver(one))) {
      const news = await look(rpc, flight).catch(() => null);
      if (stopped || !news) continue;
      update(flight.hash, news);
      if (news.state !== flight.state) moved();
    }
    if (!stopped) setTimeout(round, POLL_MS);
  };
  void round();
  return () => {
    stopped = true;
  };
}
