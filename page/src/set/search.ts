// A search over the lines that patches brought, whether or not they still stand in the set, as `neuron delta search` does it.

import type { Step } from "../fold/lineage";
import type { Added } from "./origins";

export interface Wanted {
  /** Stands in the line. */
  text: string;
  /** Stands behind the last comma. */
  label: string;
  /** Who proposed it, 0x and 40 digits. */
  author: string;
  delta: number | null;
}

/** A patch with what it brought. */
export interface Brought {
  step: Step;
  lines: readonly Added[];
  /** It is voted on, and not in the set. */
  isOpen: boolean;
}

export interface Found extends Added {
  step: Step;
  isOpen: boolean;
}

export const isAsked = ({ text, label, author, delta }: Wanted): boolean => text !== "" || label !== "" || author !== "" || delta !== null;

const takes = ({ author, delta }: Wanted, { step }: Brought, group: number): boolean =>
  (delta === null || (step.kind === "delta" && step.group === group && step.number === delta)) &&
  (author === "" || step.author.toLowerCase() === author.toLowerCase());

const holds = ({ text, label }: Wanted, line: string): boolean =>
  line.includes(text) && (label === "" || line.slice(line.lastIndexOf(",") + 1) === label);

/** Everything that is wanted, in the order in which it came. */
export const searched = (wanted: Wanted, patches: readonly Brought[], group: number): Found[] =>
  patches
    .filter((brought) => takes(wanted, brought, group))
    .flatMap(({ step, isOpen, lines }) => lines.filter(({ text }) => holds(wanted, text)).map((line) => ({ ...line, step, isOpen })));
