// The term of a bounty, as the contract fixes it, before anything is sent.

import type { Group, Terms } from "../fold/state";

const WINDOWS = 3;

/** Rounds that count, and when the set has to be opened. */
export interface Term {
  first: number;
  last: number;
  /** From when on it may be opened. */
  opens: number;
  /** When all is over. */
  over: number;
}

/** What a term of so many seconds comes to at a time. */
export function termAt(seconds: number, { birth }: Pick<Group, "birth">, terms: Terms, now: number): Term {
  const length = birth.train + birth.reveal + birth.judge;
  const first = Math.floor((now - terms.genesis) / length) + 1;
  const last = first + Math.ceil(seconds / length) - 1;
  const windows = Math.ceil(((last + 1) * length) / terms.epoch);
  const opens = terms.genesis + (last + 1) * length;
  return { first, last, opens, over: terms.genesis + (windows + WINDOWS) * terms.epoch + terms.maturity };
}

/** Why a group takes no such term. */
export function wrongTerm(seconds: number, group: Pick<Group, "birth" | "period">, terms: Terms, now: number): string | null {
  if (seconds < group.period) return `The term lasts a period of the group at least, ${group.period} s.`;
  const late = termAt(seconds, group, terms, now).over - now - terms.exit;
  return late > 0 ? `The term, three windows and the maturity must end within an exit, ${terms.exit} s: take ${late} s less.` : null;
}
