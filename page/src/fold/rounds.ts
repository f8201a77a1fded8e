// Rounds: commits, claims, verdicts, presence, deposits.

import type { Event } from "./log";
import { accountIn, amountIn, groupOf, hexIn, Misfit, momentOf, note, numberIn, roundOf, seatOf } from "./read";
import { earnedFor, epochOfRound, numbersOf, standIn } from "./rules";
import { type Address, type Claim, type Hex, type Outcome, type Round, type State, NOTHING, ZERO } from "./state";
import { encodeAbiParameters, keccak256 } from "viem";

const OUTCOMES: readonly Outcome[] = ["open", "won", "lost", "struck"];

export const claimName = (file: Hex, base: number, loss: number, root: Hex): Hex =>
  keccak256(encodeAbiParameters([{ type: "bytes32" }, { type: "uint32" }, { type: "uint32" }, { type: "bytes32" }], [file, base, loss, root]));

function claimOf(round: Round, trainer: Address, event: Event): Claim {
  const claim = round.claims.find((one) => one.trainer === trainer);
  if (!claim) throw new Misfit(`${event.name} in block ${event.log.block} speaks of a commit that was not made`);
  return claim;
}

export function opened(state: State, event: Event): void {
  const number = numberIn(event, "round");
  groupOf(state, event).rounds.set(number, {
    number,
    checkpoint: hexIn(event, "checkpoint"),
    head: hexIn(event, "head"),
    reward: amountIn(event, "reward"),
    deposit: amountIn(event, "deposit"),
    awake: amountIn(event, "awake"),
    opened: momentOf(event),
    claims: [],
    verdicts: [],
    attended: [],
    outcome: "open",
    winner: ZERO,
    decided: NOTHING,
    file: NOTHING,
    judged: 0n,
    paid: 0n,
    counted: false,
    collected: false,
    weights: new Map(),
  });
}

export function committed(state: State, event: Event): void {
  const round = roundOf(state, event);
  const trainer = accountIn(event, "trainer");
  round.claims.push({
    trainer,
    number: numberIn(event, "number"),
    state: "sealed",
    name: hexIn(event, "seal"),
    file: NOTHING,
    base: 0,
    loss: 0,
    lossRoot: NOTHING,
    concession: 0,
    settled: false,
    at: momentOf(event),
  });
  note(state, event, "committed", trainer, { about: { round: round.number }, gave: round.deposit });
}

export function revealed(state: State, event: Event): void {
  const claim = claimOf(roundOf(state, event), accountIn(event, "trainer"), event);
  const [file, base, loss] = [hexIn(event, "file"), numberIn(event, "base"), numberIn(event, "loss")];
  const lossRoot = hexIn(event, "lossRoot");
  const name = claimName(file, base, loss, lossRoot);
  Object.assign(claim, { state: "revealed", name, file, base, loss, lossRoot, at: momentOf(event) } satisfies Partial<Claim>);
}

export function conceded(state: State, event: Event): void {
  const claim = claimOf(roundOf(state, event), accountIn(event, "trainer"), event);
  const concession = numberIn(event, "order");
  Object.assign(claim, { state: "conceded", file: hexIn(event, "file"), concession, at: momentOf(event) } satisfies Partial<Claim>);
}

/** Comes before the log of the verdicts that decided. */
export function decided(state: State, event: Event): void {
  const group = groupOf(state, event);
  const round = roundOf(state, event);
  round.outcome = OUTCOMES[numberIn(event, "outcome")] ?? "open";
  round.decided = hexIn(event, "claim");
  round.file = hexIn(event, "file");
  round.winner = accountIn(event, "winner");
  round.counted = true;
  const lead = round.weights.get(round.decided);
  [round.judged, round.paid] = [lead?.stake ?? 0n, lead?.amount ?? 0n];
  group.checkpoint = hexIn(event, "checkpoint");
  for (const verdict of round.verdicts) {
    if (verdict.claim === round.decided) earn(state, event, verdict.position);
  }
}

export function judged(state: State, event: Event): void {
  const round = roundOf(state, event);
  const claim = hexIn(event, "claim");
  const [stake, amount] = [amountIn(event, "stake"), amountIn(event, "amount")];
  if (round.outcome === "open") {
    const lead = round.weights.get(claim) ?? { stake: 0n, amount: 0n };
    round.weights.set(claim, { stake: lead.stake + stake, amount: lead.amount + amount });
  } else {
    round.judged += stake;
    round.paid += amount;
  }
  for (const position of numbersOf(hexIn(event, "positions"))) {
    round.verdicts.push({ position, claim, at: momentOf(event) });
    if (round.outcome !== "open" && round.decided === claim) earn(state, event, position);
  }
}

/** What a verdict for the decided claim earns its position. */
function earn(state: State, event: Event, position: number): void {
  const group = groupOf(state, event);
  const round = roundOf(state, event);
  const seat = seatOf(state, event, position);
  const { stake } = standIn(seat, epochOfRound(state.terms, group.birth, round.number));
  const got = earnedFor(round.reward, round.awake, stake);
  seat.earned += got;
  note(state, event, "judged", seat.owner, { about: { round: round.number }, got });
}

export function attended(state: State, event: Event): void {
  const round = roundOf(state, event);
  round.attended.push(...numbersOf(hexIn(event, "positions")));
  if (round.outcome === "open") round.judged += amountIn(event, "stake");
  round.counted ||= Boolean(event.args.counts);
}

export function payCut(state: State, event: Event): void {
  const cut = amountIn(event, "asked") - amountIn(event, "given");
  seatOf(state, event).earned -= cut;
}

export function settled(state: State, event: Event): void {
  const round = roundOf(state, event);
  const trainer = accountIn(event, "trainer");
  claimOf(round, trainer, event).settled = true;
  const lost = amountIn(event, "burned") + amountIn(event, "charged");
  note(state, event, "settled", trainer, { about: { round: round.number }, got: amountIn(event, "refunded"), lost });
}

export function collected(state: State, event: Event): void {
  const round = roundOf(state, event);
  const winner = accountIn(event, "winner");
  round.collected = true;
  claimOf(round, winner, event).settled = true;
  note(state, event, "won", winner, { about: { round: round.number }, got: amountIn(event, "issued") + amountIn(event, "deposit") });
}

export function struck(state: State, event: Event): void {
  const round = roundOf(state, event);
  groupOf(state, event).checkpoint = hexIn(event, "checkpoint");
  round.outcome = "struck";
  round.paid -= amountIn(event, "issued");
  if (round.winner !== ZERO) note(state, event, "struck", round.winner, { about: { round: round.number }, lost: amountIn(event, "burned") });
}

export function doubleSigned(state: State, event: Event): void {
  const reporter = accountIn(event, "reporter");
  const position = numberIn(event, "position");
  note(state, event, "reported", reporter, { about: { position }, got: amountIn(event, "reward") });
}

export function dozed(state: State, event: Event): void {
  seatOf(state, event).sleepsUntil = numberIn(event, "until");
}
