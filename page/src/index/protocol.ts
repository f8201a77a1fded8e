// What page and worker say to each other.

import type { Check } from "../chain/discover";
import type { Address, Contracts } from "../fold/state";
import type { Answer, Query } from "./answers";

export interface Site {
  rpc: string;
  chainId: number;
  network: Address;
  since: number;
}

export type ToWorker = { say: "open"; site: Site } | { say: "ask"; id: number; query: Query } | { say: "drop"; id: number } | { say: "hurry" };

/** How far the copy is. `offset` is what the chain's clock is ahead of this machine's, in seconds. */
export interface Progress {
  reached: number;
  head: number;
  since: number;
  live: boolean;
  logs: number;
  offset: number;
  time: number;
}

export type FromWorker =
  | { say: "found"; contracts: Contracts | null; checks: Check[]; chainId: number }
  | { say: "progress"; progress: Progress }
  | { say: "trouble"; trouble: string | null }
  | { say: "notice"; notice: string }
  | { say: "answer"; id: number; answer: Answer };
