// Groups: their birth, and what measures change of them.

import type { Event } from "./log";
import { accountIn, amountIn, groupOf, hexIn, momentOf, numberIn } from "./read";
import { epochAt, sumsIn } from "./rules";
import { type Address, type Birth, type Group, type Hex, type State, sums } from "./state";

interface WordsOfBirth {
  manifest: Hex;
  checkpoint: Hex;
  dataset: readonly Hex[];
  train: number;
  reveal: number;
  judge: number;
  period: number;
  improve: number;
  least: number;
}

interface WordsOfTerms {
  epochLength: bigint;
  exitTime: bigint;
  maturity: bigint;
  minDeposit: bigint;
  genesis: bigint;
}

export function begun(state: State, event: Event): void {
  const terms = event.args.terms as WordsOfTerms;
  state.terms = {
    epoch: Number(terms.epochLength),
    exit: Number(terms.exitTime),
    maturity: Number(terms.maturity),
    genesis: Number(terms.genesis),
    minDeposit: BigInt(terms.minDeposit),
  };
}

export function created(state: State, event: Event): void {
  const words = event.args.birth as WordsOfBirth;
  const { least, ...birth } = words;
  const group: Group = {
    number: numberIn(event, "group"),
    creator: accountIn(event, "creator") as Address,
    parent: numberIn(event, "parent"),
    name: hexIn(event, "name"),
    birth: birth satisfies Birth,
    created: momentOf(event),
    checkpoint: words.checkpoint,
    head: hexIn(event, "head"),
    bornAt: hexIn(event, "head"),
    least,
    admitted: false,
    period: words.period,
    periodNext: words.period,
    periodNumber: 1,
    periodEnd: numberIn(event, "periodEnd"),
    extended: 0,
    applied: 0,
    sums: sums(),
    seats: new Map(),
    keys: new Map(),
    rounds: new Map(),
    deltas: new Map(),
    open: [],
    keep: new Map(),
    ballots: new Map(),
  };
  state.groups.set(group.number, group);
}

/** A group's awake stake joins those that draw on the issue, or leaves them. */
export function setAdmitted(state: State, event: Event, admitted: boolean): void {
  const group = groupOf(state, event);
  const epoch = epochAt(state.terms, event.log.time);
  group.admitted = admitted;
  const of = sumsIn(group.sums, epoch);
  const sign = admitted ? 1n : -1n;
  state.all = sumsIn(state.all, epoch);
  state.all = { ...state.all, awake: state.all.awake + sign * of.awake, awakeNext: state.all.awakeNext + sign * of.awakeNext };
}

export function leastSet(state: State, event: Event): void {
  groupOf(state, event).least = Number(amountIn(event, "least"));
}

export function periodSet(state: State, event: Event): void {
  groupOf(state, event).periodNext = numberIn(event, "period");
}
