// What accounts did, in points and badges without money, and what waits for them.

import { matureAt, ranked, roundEnd } from "./rules";
import { type Address, type Delta, type Group, type Round, type Seat, type State, ZERO } from "./state";

export interface Deeds {
  account: Address;
  wins: number;
  streak: number;
  stood: number;
  verified: number;
  caught: number;
  points: number;
  badges: string[];
}

const POINTS = { wins: 10, stood: 20, verified: 1, caught: 25 } as const;

interface Badge {
  name: string;
  earned: (deeds: Deeds) => boolean;
}

const BADGES: readonly Badge[] = [
  { name: "First win", earned: ({ wins }) => wins >= 1 },
  { name: "Ten wins", earned: ({ wins }) => wins >= 10 },
  { name: "Three in a row", earned: ({ streak }) => streak >= 3 },
  { name: "Data that stood", earned: ({ stood }) => stood >= 1 },
  { name: "Ten deltas that stood", earned: ({ stood }) => stood >= 10 },
  { name: "First verdict", earned: ({ verified }) => verified >= 1 },
  { name: "A hundred rounds verified", earned: ({ verified }) => verified >= 100 },
  { name: "Liar caught", earned: ({ caught }) => caught >= 1 },
];

/** Everybody who did something that counts, the most points first. */
export function leaders(state: State): Deeds[] {
  const all = new Map<Address, Deeds>();
  const of = (account: Address): Deeds => {
    const known = all.get(account);
    if (known) return known;
    const fresh: Deeds = { account, wins: 0, streak: 0, stood: 0, verified: 0, caught: 0, points: 0, badges: [] };
    all.set(account, fresh);
    return fresh;
  };
  for (const group of state.groups.values()) countGroup(group, of);
  for (const receipt of state.receipts) if (receipt.what === "reported") of(receipt.account).caught += 1;
  for (const deeds of all.values()) {
    deeds.points = deeds.wins * POINTS.wins + deeds.stood * POINTS.stood + deeds.verified * POINTS.verified + deeds.caught * POINTS.caught;
    deeds.badges = BADGES.filter((badge) => badge.earned(deeds)).map((badge) => badge.name);
  }
  return [...all.values()].sort((one, other) => other.points - one.points || one.account.localeCompare(other.account));
}

function countGroup(group: Group, of: (account: Address) => Deeds): void {
  let row: { winner: Address; length: number } = { winner: ZERO, length: 0 };
  for (const round of [...group.rounds.values()].sort((one, other) => one.number - other.number)) {
    if (round.outcome === "open") continue;
    if (round.outcome === "won") {
      row = { winner: round.winner, length: row.winner === round.winner ? row.length + 1 : 1 };
      const deeds = of(round.winner);
      deeds.wins += 1;
      deeds.streak = Math.max(deeds.streak, row.length);
    } else row = { winner: ZERO, length: 0 };
    for (const owner of verifiers(group, round)) of(owner).verified += 1;
  }
  for (const delta of group.deltas.values()) if (delta.stood && delta.state !== "taken") of(delta.author).stood += 1;
}

const verifiers = (group: Group, round: Round): Address[] => {
  const positions = round.verdicts.filter((verdict) => verdict.claim === round.decided).map((verdict) => verdict.position);
  return [...new Set(positions)].flatMap((position) => group.seats.get(position)?.owner ?? []);
};

/** A win that can be collected from `at` on. */
export interface DueWin {
  group: number;
  round: number;
  reward: bigint;
  at: number;
}

export interface DueDeposit {
  group: number;
  round: number;
  at: number;
}

export interface DueDelta {
  group: number;
  delta: number;
  bond: bigint;
  reward: bigint;
  at: number;
}

export interface Held {
  group: number;
  seat: Seat;
  signs: boolean;
  owns: boolean;
}

/** What belongs to an account, and what it or anybody can bring home for it. */
export interface Belongings {
  account: Address;
  positions: Held[];
  offered: Held[];
  wins: DueWin[];
  deposits: DueDeposit[];
  deltas: DueDelta[];
  authored: { group: number; delta: Delta }[];
  bought: bigint;
}

export function belongings(state: State, account: Address): Belongings {
  const groups = [...state.groups.values()];
  const held = groups.flatMap((group) => heldIn(group, account));
  return {
    account,
    positions: held.filter(({ owns, signs }) => owns || signs),
    offered: held.filter(({ seat }) => seat.offered === account),
    wins: groups.flatMap((group) => winsIn(state, group, account)),
    deposits: groups.flatMap((group) => depositsIn(state, group, account)),
    deltas: groups.flatMap((group) => refundsIn(group, account)),
    authored: groups.flatMap((group) => authoredIn(group, account).map((delta) => ({ group: group.number, delta }))),
    bought: state.sale.bought.get(account) ?? 0n,
  };
}

const heldIn = (group: Group, account: Address): Held[] =>
  [...group.seats.values()]
    .map((seat) => ({ group: group.number, seat, owns: seat.owner === account, signs: seat.now.signer === account }))
    .filter(({ owns, signs, seat }) => owns || signs || seat.offered === account);

const winsIn = (state: State, group: Group, account: Address): DueWin[] =>
  [...group.rounds.values()]
    .filter((round) => round.outcome === "won" && round.winner === account && !round.collected)
    .map(({ number, reward }) => ({ group: group.number, round: number, reward, at: matureAt(state.terms, group.birth, number) }));

/** Deposits that come back at least in part; those of false claims never do. */
const depositsIn = (state: State, group: Group, account: Address): DueDeposit[] =>
  [...group.rounds.values()]
    .filter((round) => round.claims.some((claim) => claim.trainer === account && !claim.settled))
    .map((round) => {
      const waits =
        ahead(round, account) || (round.outcome === "lost" && round.claims.some((claim) => claim.trainer === account && claim.state === "revealed"));
      const end = roundEnd(state.terms, group.birth, round.number);
      return { group: group.number, round: round.number, at: waits ? end + state.terms.maturity : end };
    });

/** Whether validators looked at the claim before the one that won: it was false. */
function ahead(round: Round, account: Address): boolean {
  if (round.outcome !== "won") return false;
  const order = ranked(round);
  const winner = order.findIndex((claim) => claim.trainer === round.winner);
  const own = order.findIndex((claim) => claim.trainer === account);
  return own >= 0 && (own < winner || order[own]?.base !== order[winner]?.base);
}

const authoredIn = (group: Group, account: Address): Delta[] => [...group.deltas.values()].filter((delta) => delta.author === account);

const refundsIn = (group: Group, account: Address): DueDelta[] =>
  authoredIn(group, account)
    .filter((delta) => delta.state === "dropped" || delta.state === "applied")
    .map((delta) => ({
      group: group.number,
      delta: delta.number,
      bond: delta.bond,
      reward: delta.state === "applied" ? delta.reward : 0n,
      at: delta.state === "applied" ? delta.standsAt : 0,
    }));
