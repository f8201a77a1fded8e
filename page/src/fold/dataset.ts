// Deltas, who voted for what, and periods; and measures.

import type { Event } from "./log";
import { accountIn, amountIn, deltaOf, groupOf, hexIn, Misfit, momentOf, note, numberIn } from "./read";
import { epochAt, numbersOf } from "./rules";
import { type Ballot, type Delta, type Group, type Measure, type State, MEASURES } from "./state";

export function proposed(state: State, event: Event): void {
  const group = groupOf(state, event);
  const number = numberIn(event, "delta");
  // Who took another's place is in the list already.
  if (!group.open.includes(number)) group.open.push(number);
  const delta: Delta = {
    number,
    digest: hexIn(event, "digest"),
    parent: hexIn(event, "parent"),
    author: accountIn(event, "author"),
    bond: amountIn(event, "bond"),
    atRisk: amountIn(event, "atRisk"),
    period: numberIn(event, "period"),
    votes: 0n,
    reward: 0n,
    standsAt: 0,
    state: "open",
    stood: false,
    at: momentOf(event),
  };
  group.deltas.set(number, delta);
  note(state, event, "proposed", delta.author, { about: { delta: number }, gave: delta.bond });
}

/** Comes before the log of the proposal that takes the place. */
export function displaced(state: State, event: Event): void {
  const group = groupOf(state, event);
  const delta = deltaOf(state, event);
  delta.state = "dropped";
  group.open = group.open.map((number) => (number === delta.number ? numberIn(event, "by") : number));
}

function addVotes(group: Group, period: number, ballot: Ballot, sign: bigint): void {
  if (ballot.delta === 0) {
    group.keep.set(period, (group.keep.get(period) ?? 0n) + sign * ballot.weight);
    return;
  }
  const delta = group.deltas.get(ballot.delta);
  if (!delta) throw new Misfit(`a vote is for delta ${ballot.delta}, which was not proposed`);
  delta.votes += sign * ballot.weight;
}

export function cast(state: State, event: Event): void {
  const group = groupOf(state, event);
  const period = numberIn(event, "period");
  const ballots = group.ballots.get(period) ?? new Map<number, Ballot>();
  group.ballots.set(period, ballots);
  for (const counted of event.args.counted as Record<keyof Ballot, bigint | boolean>[]) {
    const ballot: Ballot = {
      position: Number(counted.position),
      delta: Number(counted.delta),
      weight: BigInt(counted.weight),
      seq: BigInt(counted.seq),
      byOwner: Boolean(counted.byOwner),
    };
    const replaced = ballots.get(ballot.position);
    if (replaced) addVotes(group, period, replaced, -1n);
    addVotes(group, period, ballot, 1n);
    ballots.set(ballot.position, ballot);
  }
}

export function extended(state: State, event: Event): void {
  const group = groupOf(state, event);
  const end = numberIn(event, "periodEnd");
  group.extended += end - group.periodEnd;
  group.periodEnd = end;
}

export function charged(state: State, event: Event): void {
  const delta = deltaOf(state, event);
  const lost = amountIn(event, "burned");
  delta.bond -= lost;
  note(state, event, "charged", delta.author, { about: { delta: delta.number }, lost });
}

export function turned(state: State, event: Event): void {
  const group = groupOf(state, event);
  const before = group.deltas.get(group.applied);
  if (before?.state === "applied") before.stood = true;
  for (const number of group.open.splice(0)) {
    const delta = group.deltas.get(number);
    if (delta) delta.state = "dropped";
  }
  const end = numberIn(event, "periodEnd");
  const applied = group.deltas.get(numberIn(event, "applied"));
  if (applied) Object.assign(applied, { state: "applied", reward: amountIn(event, "reward"), standsAt: end } satisfies Partial<Delta>);
  Object.assign(group, {
    head: hexIn(event, "head"),
    applied: applied?.number ?? 0,
    period: numberIn(event, "length"),
    extended: 0,
    periodNumber: numberIn(event, "period") + 1,
    periodEnd: end,
  } satisfies Partial<Group>);
}

export function refunded(state: State, event: Event): void {
  const delta = deltaOf(state, event);
  delta.stood ||= delta.standsAt > 0;
  delta.state = "refunded";
  const got = amountIn(event, "bond") + amountIn(event, "issued");
  note(state, event, "refunded", delta.author, { about: { delta: delta.number }, got });
}

export function taken(state: State, event: Event): void {
  const group = groupOf(state, event);
  const delta = deltaOf(state, event);
  delta.state = "taken";
  group.head = hexIn(event, "head");
  group.applied = 0;
  note(state, event, "taken", delta.author, { about: { delta: delta.number }, lost: amountIn(event, "burned") });
}

export function assented(state: State, event: Event): void {
  const name = hexIn(event, "measure");
  const numbers = numbersOf(hexIn(event, "voters"));
  const voters = numbers.flatMap((group, at) => (at % 2 === 0 ? [{ group, position: numbers[at + 1] ?? 0 }] : []));
  const known = state.measures.get(name);
  const epoch = epochAt(state.terms, event.log.time);
  const measure: Measure = {
    name,
    kind: MEASURES[numberIn(event, "kind")] ?? "period",
    args: hexIn(event, "args"),
    nonce: amountIn(event, "nonce"),
    expiry: numberIn(event, "expiry"),
    weight: amountIn(event, "weight"),
    needed: amountIn(event, "needed"),
    epoch,
    ripeAt: known?.ripeAt ?? 0,
    enacted: known?.enacted ?? false,
    at: momentOf(event),
    voters: [...(known?.epoch === epoch ? known.voters : []), ...voters],
  };
  state.measures.set(name, measure);
}

export function shown(state: State, event: Event): void {
  const measure = state.measures.get(hexIn(event, "measure"));
  if (measure) measure.ripeAt = numberIn(event, "ripeAt");
}

export function enacted(state: State, event: Event): void {
  const measure = state.measures.get(hexIn(event, "measure"));
  if (measure) measure.enacted = true;
}
