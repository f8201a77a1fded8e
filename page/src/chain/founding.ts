// The numbers with which a group is founded, and whether they go with a network, before anything is sent.

import type { Terms } from "../fold/state";

export interface Numbers {
  train: number;
  reveal: number;
  judge: number;
  period: number;
  improve: number;
  least: number;
}

export type NumberName = keyof Numbers;

/** Those of a public network: an hour's round, a week's period. */
export const USUAL: Numbers = { train: 2_400, reveal: 300, judge: 900, period: 604_800, improve: 10, least: 1_000 };

const LARGEST = 2 ** 32 - 1;
const IMPROVE_MAX = 20;
/** Patches that a set may be born with. */
export const DATASET_MAX = 64;

/** What was typed, as numbers; a sentence where one of them is none. */
export function numbersIn(typed: Record<NumberName, string>): Numbers | string {
  const numbers = { ...USUAL };
  for (const name of Object.keys(USUAL) as NumberName[]) {
    const plain = typed[name].replaceAll(/\s/g, "");
    if (!/^\d{1,10}$/.test(plain) || Number(plain) > LARGEST) return `“${typed[name]}” is no whole number from 0 to ${LARGEST}.`;
    numbers[name] = Number(plain);
  }
  return numbers;
}

/** Why a network with these terms takes no group with such numbers. */
export function wrongNumbers({ train, reveal, judge, period, improve }: Numbers, terms: Terms): string | null {
  const length = train + reveal + judge;
  if ([train, reveal, judge, period].includes(0)) return "No phase and no period may be 0 s long.";
  if (terms.epoch % length !== 0) return `A round of ${length} s does not divide an epoch of this network, ${terms.epoch} s.`;
  if (length > terms.maturity) return `A round of ${length} s is longer than the maturity of this network, ${terms.maturity} s: shorten it.`;
  if (2 * period > terms.exit)
    return `Two periods of ${period} s do not go into an exit of this network, ${terms.exit} s: take ${Math.floor(terms.exit / 2)} s or less.`;
  if (improve < 1 || improve > IMPROVE_MAX) return `The improvement is from 1 to ${IMPROVE_MAX}.`;
  return null;
}
