// Numbers that contracts and page agree on.

import type { Group, Hex, Round, Seat, Stand, State, Sums, Terms, Times } from "./state";

const ERA = 126_230_400;
const LAST_ERA = 64;
const GWEI = 1_000_000_000n;

export type Phase = "TRAIN" | "REVEAL" | "JUDGE";

export interface Clock {
  round: number;
  phase: Phase;
  began: number;
  until: number;
}

export const lengthOf = (times: Times): number => times.train + times.reveal + times.judge;

export const epochAt = (terms: Terms, time: number): number => Math.max(0, Math.floor((time - terms.genesis) / terms.epoch));

export const epochStart = (terms: Terms, epoch: number): number => terms.genesis + epoch * terms.epoch;

export const roundStart = (terms: Terms, times: Times, round: number): number => terms.genesis + round * lengthOf(times);

export const roundEnd = (terms: Terms, times: Times, round: number): number => roundStart(terms, times, round + 1);

/** When a round's pay can be collected. */
export const matureAt = (terms: Terms, times: Times, round: number): number => roundEnd(terms, times, round) + terms.maturity;

/** Rounds need nobody to open or close them. */
export function clockAt(terms: Terms, times: Times, time: number): Clock {
  const round = Math.max(0, Math.floor((time - terms.genesis) / lengthOf(times)));
  const began = roundStart(terms, times, round);
  const [reveal, judge, end] = [began + times.train, began + times.train + times.reveal, began + lengthOf(times)];
  if (time < reveal) return { round, phase: "TRAIN", began, until: reveal };
  if (time < judge) return { round, phase: "REVEAL", began: reveal, until: judge };
  return { round, phase: "JUDGE", began: judge, until: end };
}

export const eraAt = (time: number, start: number): number => (start === 0 ? 0 : Math.floor(Math.max(0, time - start) / ERA));

/** By how much the schedule's allowance grows between two instants. */
export function growth(supply: bigint, start: number, from: number, to: number): bigint {
  let grown = 0n;
  if (start === 0 || from < start) return grown;
  while (from < to && eraAt(from, start) < LAST_ERA) {
    const era = eraAt(from, start);
    const edge = Math.min(to, start + (era + 1) * ERA);
    grown += ((supply * 13n * BigInt(edge - from)) / (3600n * 1_000_000n)) >> BigInt(era);
    from = edge;
  }
  return grown;
}

/** What a verdict of that stake earns in a decided round: whole gweis. */
export function earnedFor(reward: bigint, awake: bigint, stake: bigint): bigint {
  const whole = awake / GWEI;
  return whole === 0n ? 0n : (((reward / 5n / GWEI) * (stake / GWEI)) / whole) * GWEI;
}

/** Claims are judged in this order, the least first. */
export const rankOf = (base: number, loss: number): number => Math.floor(loss / Math.max(1, Math.floor(base / 8192)));

/** Proposals close with the last quarter of a period. */
export const lastQuarter = (group: Group): number => group.periodEnd - group.extended - Math.floor(group.period / 4);

/** What counts of a position in an epoch. */
export const standIn = (seat: Seat, epoch: number): Stand => (seat.turnsAt > epoch ? seat.before : seat.now);

/** Sums as they are in an epoch. */
export function sumsIn(sums: Sums, epoch: number): Sums {
  return sums.epoch === epoch ? sums : { ...sums, epoch, bonded: sums.bondedNext, awake: sums.awakeNext };
}

export const epochOfRound = (terms: Terms, times: Times, round: number): number => Math.floor((round * lengthOf(times)) / terms.epoch);

/** The revealed claims of a round in the order in which validators look at them. */
export const ranked = (round: Round) =>
  round.claims
    .filter((claim) => claim.state === "revealed")
    .sort((one, other) => rankOf(one.base, one.loss) - rankOf(other.base, other.loss) || one.number - other.number);

/** NRN that could be issued at an instant. */
export const allowanceAt = (state: State, time: number): bigint =>
  state.emission.allowance + growth(state.supply, state.emission.start, state.emission.accrued, time);

/** Numbers of four big-endian bytes each. */
export function numbersOf(bytes: Hex): number[] {
  const numbers: number[] = [];
  for (let at = 2; at + 8 <= bytes.length; at += 8) numbers.push(Number.parseInt(bytes.slice(at, at + 8), 16));
  return numbers;
}
