// Stake: positions, who signs for them, and sums over them.

import type { Event } from "./log";
import { accountIn, amountIn, groupOf, Misfit, note, numberIn, seatOf } from "./read";
import { epochAt, standIn, sumsIn } from "./rules";
import { type Exit, type Group, type Seat, type State, type Sums, ZERO } from "./state";

const NO_EXIT: Exit = { amount: 0n, at: 0 };

export function seated(state: State, event: Event): void {
  const group = groupOf(state, event);
  const [number, owner, signer] = [numberIn(event, "position"), accountIn(event, "owner"), accountIn(event, "signer")];
  const stand = { signer, stake: 0n, awake: false };
  const [exiting, exitingLater] = [{ ...NO_EXIT }, { ...NO_EXIT }];
  const sums = { earned: 0n, compounded: 0n, slashed: 0n };
  const seat: Seat = {
    number,
    owner,
    offered: ZERO,
    now: { ...stand },
    before: { ...stand, signer: ZERO },
    turnsAt: 0,
    sleepsUntil: 0,
    exiting,
    exitingLater,
    ...sums,
  };
  group.seats.set(number, seat);
  group.keys.set(signer, { position: number, from: epochAt(state.terms, event.log.time), until: 0, judges: Boolean(event.args.judges) });
}

/** From now on changes count from the next epoch on. */
function preserve(seat: Seat, epoch: number): void {
  if (seat.turnsAt === epoch + 1) return;
  seat.before = { ...seat.now };
  seat.turnsAt = epoch + 1;
}

function shift(state: State, group: Group, epoch: number, by: Partial<Omit<Sums, "epoch">>): void {
  const add = (sums: Sums, awake: boolean): Sums => {
    const rolled = sumsIn(sums, epoch);
    return {
      epoch,
      bonded: rolled.bonded + (by.bonded ?? 0n),
      bondedNext: rolled.bondedNext + (by.bondedNext ?? 0n),
      awake: rolled.awake + (awake ? (by.awake ?? 0n) : 0n),
      awakeNext: rolled.awakeNext + (awake ? (by.awakeNext ?? 0n) : 0n),
    };
  };
  group.sums = add(group.sums, true);
  state.all = add(state.all, group.admitted);
}

/** Sets what counts from the next epoch on. */
function change(state: State, group: Group, seat: Seat, epoch: number, stake: bigint, awake: boolean): void {
  if (stake < 0n) throw new Misfit(`position ${seat.number} of group ${group.number} would have less than nothing`);
  preserve(seat, epoch);
  const old = seat.now;
  const part = (is: boolean, of: bigint) => (is ? of : 0n);
  const awakeNext = part(awake, stake) - part(old.awake, old.stake);
  seat.now = { ...old, stake, awake };
  shift(state, group, epoch, { bondedNext: stake - old.stake, awakeNext });
}

function grow(state: State, event: Event, by: bigint, group = groupOf(state, event), seat = seatOf(state, event)): void {
  change(state, group, seat, epochAt(state.terms, event.log.time), seat.now.stake + by, seat.now.awake);
}

export function bonded(state: State, event: Event): void {
  const amount = amountIn(event, "amount");
  grow(state, event, amount);
  const seat = seatOf(state, event);
  note(state, event, "bonded", seat.owner, { about: { position: seat.number }, gave: amount });
}

export function compounded(state: State, event: Event): void {
  const amount = amountIn(event, "amount");
  const seat = seatOf(state, event);
  seat.compounded += amount;
  grow(state, event, amount);
}

export function setAwake(state: State, event: Event, awake: boolean): void {
  const seat = seatOf(state, event);
  change(state, groupOf(state, event), seat, epochAt(state.terms, event.log.time), seat.now.stake, awake);
}

export function rotated(state: State, event: Event): void {
  const group = groupOf(state, event);
  const seat = seatOf(state, event);
  const epoch = epochAt(state.terms, event.log.time);
  const signer = accountIn(event, "signer");
  preserve(seat, epoch);
  const replaced = group.keys.get(seat.now.signer);
  if (replaced) replaced.until = epoch + 1;
  seat.now = { ...seat.now, signer };
  group.keys.set(signer, { position: seat.number, from: epoch + 1, until: 0, judges: Boolean(event.args.judges) });
}

export function offered(state: State, event: Event): void {
  seatOf(state, event).offered = accountIn(event, "to");
}

export function ownerChanged(state: State, event: Event): void {
  const seat = seatOf(state, event);
  seat.owner = accountIn(event, "owner");
  seat.offered = ZERO;
}

export function unbonded(state: State, event: Event): void {
  const seat = seatOf(state, event);
  const [amount, at] = [amountIn(event, "amount"), numberIn(event, "exitAt")];
  grow(state, event, -amount);
  const { exiting, exitingLater } = seat;
  const first = exiting.amount === 0n || (exiting.at === at && exitingLater.amount === 0n);
  const exit = first ? exiting : exitingLater;
  exit.amount += amount;
  exit.at = at;
}

const moveUp = (seat: Seat): void => {
  seat.exiting = seat.exitingLater;
  seat.exitingLater = { ...NO_EXIT };
};

export function withdrawn(state: State, event: Event): void {
  const seat = seatOf(state, event);
  moveUp(seat);
  if (seat.exiting.amount > 0n && event.log.time >= seat.exiting.at) moveUp(seat);
  note(state, event, "withdrawn", seat.owner, { about: { position: seat.number }, got: amountIn(event, "amount") });
}

export function slashed(state: State, event: Event): void {
  const group = groupOf(state, event);
  const seat = seatOf(state, event);
  const epoch = epochAt(state.terms, event.log.time);
  const [live, next] = [amountIn(event, "live"), amountIn(event, "next")];
  const [first, later] = [amountIn(event, "exiting"), amountIn(event, "exitingLater")];
  const { awake } = standIn(seat, epoch);
  seat.exiting.amount -= first;
  seat.exitingLater.amount -= later;
  if (seat.exiting.amount === 0n && seat.exitingLater.amount > 0n) moveUp(seat);
  shift(state, group, epoch, { bonded: -live, bondedNext: -next, awake: awake ? -live : 0n, awakeNext: seat.now.awake ? -next : 0n });
  if (seat.turnsAt > epoch) seat.before = { ...seat.before, stake: seat.before.stake - live };
  seat.now = { ...seat.now, stake: seat.now.stake - next };
  const lost = next + first + later;
  seat.slashed += lost;
  note(state, event, "slashed", seat.owner, { about: { position: seat.number }, lost });
}

export function moved(state: State, event: Event): void {
  const amount = amountIn(event, "amount");
  grow(state, event, -amount);
  const child = state.groups.get(numberIn(event, "child"));
  const heir = child?.seats.get(numberIn(event, "childPosition"));
  if (!child || !heir) throw new Misfit(`stake moved in block ${event.log.block} to a position that is not there`);
  grow(state, event, amount, child, heir);
}
