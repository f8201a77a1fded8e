// Words of events, as what they are.

import type { Event } from "./log";
import type { Address, Delta, Group, Hex, Moment, Receipt, ReceiptKind, Round, Seat, State } from "./state";

export const numberIn = (event: Event, name: string): number => Number(event.args[name] as bigint | number);
export const amountIn = (event: Event, name: string): bigint => BigInt(event.args[name] as bigint | number);
export const hexIn = (event: Event, name: string): Hex => event.args[name] as Hex;
export const accountIn = (event: Event, name: string): Address => (event.args[name] as Address).toLowerCase() as Address;

export const momentOf = ({ log }: Event): Moment => ({ block: log.block, time: log.time, transaction: log.transaction });

/** A log that does not fit what came before it. */
export class Misfit extends Error {}

function found<T>(value: T | undefined, event: Event, what: string): T {
  if (value === undefined) throw new Misfit(`${event.name} in block ${event.log.block} speaks of a ${what} that is not there`);
  return value;
}

export const groupOf = (state: State, event: Event): Group => found(state.groups.get(numberIn(event, "group")), event, "group");

export const roundOf = (state: State, event: Event): Round => found(groupOf(state, event).rounds.get(numberIn(event, "round")), event, "round");

export const seatOf = (state: State, event: Event, position = numberIn(event, "position")): Seat =>
  found(groupOf(state, event).seats.get(position), event, "position");

export const deltaOf = (state: State, event: Event): Delta => found(groupOf(state, event).deltas.get(numberIn(event, "delta")), event, "delta");

type Told = Partial<Pick<Receipt, "got" | "gave" | "lost">> & Pick<Receipt, "about">;

/** Notes what an account got or paid. */
export function note(state: State, event: Event, what: ReceiptKind, account: Address, told: Told): void {
  const group = "group" in event.args ? numberIn(event, "group") : 0;
  state.receipts.push({ account, group, what, got: 0n, gave: 0n, lost: 0n, at: momentOf(event), ...told });
}
