// What views ask of the indexer, and what it answers.

import { type Belongings, belongings, type Deeds, leaders } from "../fold/people";
import { patchesTo, type Step, stepsTo } from "../fold/lineage";
import type { Address, Bounty, Contracts, Emission, Group, Hex, Measure, Receipt, Sale, State, Sums, Terms } from "../fold/state";

export type Query =
  | { kind: "network" }
  | { kind: "group"; group: number }
  | { kind: "person"; account: Address }
  | { kind: "leaders" }
  | { kind: "patches"; group: number; head: Hex }
  | { kind: "steps"; group: number; head: Hex };

/** A group in a list. */
export interface GroupRow {
  number: number;
  group: Pick<Group, "birth" | "admitted" | "periodEnd" | "created" | "creator" | "parent" | "checkpoint" | "sums">;
  rounds: number;
  won: number;
  loss: number | null;
  open: number;
}

export interface NetworkAnswer {
  kind: "network";
  contracts: Contracts;
  terms: Terms;
  supply: bigint;
  emission: Emission;
  sale: Omit<Sale, "bought">;
  all: Sums;
  groups: GroupRow[];
  measures: Measure[];
  bounties: Bounty[];
  logs: number;
}

export interface GroupAnswer {
  kind: "group";
  terms: Terms;
  contracts: Contracts;
  group: Group | null;
  measures: Measure[];
  bounties: Bounty[];
  supply: bigint;
  all: Sums;
}

export interface PersonAnswer {
  kind: "person";
  terms: Terms;
  contracts: Contracts;
  sale: Omit<Sale, "bought">;
  groups: { number: number; period: number; parent: number }[];
  belongings: Belongings;
  receipts: Receipt[];
  deeds: Deeds | null;
}

export interface LeadersAnswer {
  kind: "leaders";
  leaders: Deeds[];
}

/** The patches that lead to a head, the oldest first; nothing while they are not all known. */
export interface PatchesAnswer {
  kind: "patches";
  patches: Hex[] | null;
}

/** The same with who wrote each. */
export interface StepsAnswer {
  kind: "steps";
  steps: Step[] | null;
}

export type Answer = NetworkAnswer | GroupAnswer | PersonAnswer | LeadersAnswer | PatchesAnswer | StepsAnswer;

/** Points of a plot are thinned to this many. */
const POINTS = 600;
const RECEIPTS = 2_000;

function thinned<T>(points: readonly T[]): T[] {
  if (points.length <= POINTS) return [...points];
  const step = (points.length - 1) / (POINTS - 1);
  return Array.from({ length: POINTS }, (_, at) => points[Math.round(at * step)] as T);
}

/** The loss of the newest round that was won. */
function lossOf(group: Group): number | null {
  let newest: { number: number; loss: number } | null = null;
  for (const round of group.rounds.values()) {
    if (round.outcome !== "won" || (newest && newest.number > round.number)) continue;
    const claim = round.claims.find((one) => one.trainer === round.winner && one.file === round.file);
    if (claim) newest = { number: round.number, loss: claim.loss };
  }
  return newest?.loss ?? null;
}

function rowOf(group: Group): GroupRow {
  const { birth, admitted, periodEnd, created, creator, parent, checkpoint, sums } = group;
  let won = 0;
  for (const round of group.rounds.values()) if (round.outcome === "won") won += 1;
  const shown = { birth, admitted, periodEnd, created, creator, parent, checkpoint, sums };
  return { number: group.number, group: shown, rounds: group.rounds.size, won, loss: lossOf(group), open: group.open.length };
}

/** Whether a measure names this group. */
const isAbout = (measure: Measure, group: number): boolean => Number(BigInt(measure.args.slice(0, 66))) === group;

function saleOf({ price, deadline, minimum, sold, closed }: Sale): Omit<Sale, "bought"> {
  return { price, deadline, minimum, sold, closed };
}

export function answer(state: State, query: Query): Answer {
  const { contracts, terms, supply, all } = state;
  const measures = [...state.measures.values()].reverse();
  const bounties = [...state.bounties.values()];
  switch (query.kind) {
    case "network": {
      const emission = { ...state.emission, points: thinned(state.emission.points) };
      const groups = [...state.groups.values()].map(rowOf);
      return { kind: "network", contracts, terms, supply, emission, sale: saleOf(state.sale), all, groups, measures, bounties, logs: state.logs };
    }
    case "group": {
      const group = state.groups.get(query.group) ?? null;
      const about = measures.filter((measure) => isAbout(measure, query.group));
      const paying = bounties.filter((bounty) => bounty.group === query.group);
      return { kind: "group", terms, contracts, group, measures: about, bounties: paying, supply, all };
    }
    case "person": {
      const account = query.account.toLowerCase() as Address;
      const receipts = state.receipts
        .filter((receipt) => receipt.account === account)
        .slice(-RECEIPTS)
        .reverse();
      const deeds = leaders(state).find((one) => one.account === account) ?? null;
      const groups = [...state.groups.values()].map(({ number, periodNumber, parent }) => ({ number, period: periodNumber, parent }));
      return { kind: "person", terms, contracts, sale: saleOf(state.sale), groups, belongings: belongings(state, account), receipts, deeds };
    }
    case "patches": {
      const group = state.groups.get(query.group);
      return { kind: "patches", patches: group ? patchesTo(state, group, query.head) : null };
    }
    case "steps": {
      const group = state.groups.get(query.group);
      return { kind: "steps", steps: group ? stepsTo(state, group, query.head) : null };
    }
    case "leaders":
      return { kind: "leaders", leaders: leaders(state) };
  }
}
