// What every view of a network has at hand.

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { Answer, Query } from "../index/answers";
import type { Client } from "../index/client";
import type { Links } from "./route";
import { Signal, useSignal } from "./signal";
import type { KnownSite } from "./sites";

export interface Here {
  site: KnownSite;
  client: Client;
  links: Links;
}

export const HereContext = createContext<Here | null>(null);

export function useHere(): Here {
  const here = useContext(HereContext);
  if (!here) throw new Error("a view of a network stands outside of one");
  return here;
}

/** The indexer's answer, up to date; nothing until the first one. */
export function useAnswer<K extends Query["kind"]>(query: Extract<Query, { kind: K }>): Extract<Answer, { kind: K }> | null {
  const { client } = useHere();
  const key = JSON.stringify(query);
  const [held, setHeld] = useState<{ key: string; answer: Answer } | null>(null);
  useEffect(() => client.watch(JSON.parse(key) as Query, (answer) => setHeld({ key, answer })), [client, key]);
  return held?.key === key ? (held.answer as Extract<Answer, { kind: K }>) : null;
}

/** The time of the newest block: what is due by it can be done, since contracts go by blocks. */
export function useMined(): number {
  const { client } = useHere();
  return useSignal(client.standing).progress?.time ?? 0;
}

const tick = new Signal(Math.floor(Date.now() / 1000));
let ticks = false;

/** The clock runs from its first reader on. */
function startTicking(): void {
  if (ticks) return;
  ticks = true;
  setInterval(() => tick.set(Math.floor(Date.now() / 1000)), 250);
}

/** Seconds since 1970 by the chain's clock, as far as it is known. */
export function useNow(): number {
  const { client } = useHere();
  const { progress } = useSignal(client.standing);
  useEffect(startTicking, []);
  const wall = useSignal(tick);
  if (!progress) return wall;
  // A chain whose clock follows this machine's runs on between blocks; another one stands still until the next block.
  const near = Math.abs(progress.offset) < 30;
  return near ? Math.max(progress.time, wall) : Math.floor(Math.max(progress.time, wall + progress.offset));
}
