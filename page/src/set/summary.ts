// What a change does to a set, as `neuron delta show` counts it: examples that come and go, those that stand in the set already, and labels.

import { differing } from "./origins";
import type { Tree } from "./patch";

/** Lines of a text as a reader sees them, without their ends. */
export function rowsOf(text: string): string[] {
  const rows = text.split("\n");
  const last = rows.pop() ?? "";
  const ended = rows.map((row) => row.replace(/\r$/, ""));
  return last === "" ? ended : [...ended, last];
}

/** Features and label: what stands before the last comma and behind it. */
export function split(row: string): { features: string; label: string } {
  const at = row.lastIndexOf(",");
  return at < 0 ? { features: "", label: row } : { features: row.slice(0, at), label: row.slice(at + 1) };
}

/** What a group reads as examples. */
export interface Shape {
  /** Ends of names of files with examples. */
  suffix: string;
  /** Each line is an example with its label behind the last comma; otherwise the text is one stream. */
  isRows: boolean;
}

export interface Summary {
  files: string[];
  linesAdded: number;
  linesRemoved: number;
  /** Where each line is an example. */
  rows: Rows | null;
}

export interface Rows {
  before: number;
  after: number;
  added: number;
  removed: number;
  /** As many as go and come in one file. */
  changed: number;
  /** Of those that come: equal to another one of the set. */
  duplicates: number;
  /** Of those that come: equal to another one but for the label. */
  contradictions: number;
  /** Labels whose number changes, before and after. */
  labels: [label: string, before: number, after: number][];
}

/** All examples of a set, in the order of its files. */
export const examplesOf = (tree: Tree, { suffix }: Shape): string[] =>
  [...tree].filter(([path]) => path.endsWith(suffix)).flatMap(([, text]) => rowsOf(text));

/** Lines that stand more often on the second side, and how many stand there less often. */
function difference(before: string, after: string): { come: string[]; gone: number } {
  const counts = new Map<string, number>();
  for (const row of rowsOf(before)) counts.set(row, (counts.get(row) ?? 0) + 1);
  const come: string[] = [];
  for (const row of rowsOf(after)) {
    const count = counts.get(row) ?? 0;
    if (count > 0) counts.set(row, count - 1);
    else come.push(row);
  }
  return { come, gone: [...counts.values()].reduce((sum, count) => sum + count, 0) };
}

/** Which rows of a set stand there more than once, or with several labels. */
export class Repeats {
  private readonly labels = new Map<string, Map<string, number>>();

  constructor(rows: Iterable<string>) {
    for (const row of rows) {
      const { features, label } = split(row);
      const known = this.labels.get(features) ?? new Map<string, number>();
      known.set(label, (known.get(label) ?? 0) + 1);
      this.labels.set(features, known);
    }
  }

  isTwice(row: string): boolean {
    const { features, label } = split(row);
    return (this.labels.get(features)?.get(label) ?? 0) > 1;
  }

  isContradicted(row: string): boolean {
    return (this.labels.get(split(row).features)?.size ?? 0) > 1;
  }
}

function labelsOf(before: readonly string[], after: readonly string[]): Rows["labels"] {
  const counts = new Map<string, [number, number]>();
  const count = (rows: readonly string[], side: 0 | 1) => {
    for (const row of rows) {
      const { label } = split(row);
      const both = counts.get(label) ?? [0, 0];
      both[side] += 1;
      counts.set(label, both);
    }
  };
  count(before, 0);
  count(after, 1);
  const changed = [...counts].flatMap(([label, [old, now]]): Rows["labels"] => (old === now ? [] : [[label, old, now]]));
  return changed.sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Of the change from one set to another. */
export function summaryBetween(before: Tree, after: Tree, shape: Shape): Summary {
  const summary: Summary = { files: differing(before, after), linesAdded: 0, linesRemoved: 0, rows: null };
  const counted = { added: 0, removed: 0, changed: 0 };
  const coming: string[] = [];
  for (const path of summary.files) {
    const { come, gone } = difference(before.get(path) ?? "", after.get(path) ?? "");
    summary.linesAdded += come.length;
    summary.linesRemoved += gone;
    if (!path.endsWith(shape.suffix)) continue;
    const changed = Math.min(come.length, gone);
    counted.changed += changed;
    counted.added += come.length - changed;
    counted.removed += gone - changed;
    coming.push(...come);
  }
  if (!shape.isRows) return summary;
  const [old, now] = [examplesOf(before, shape), examplesOf(after, shape)];
  const repeats = new Repeats(now);
  const duplicates = coming.filter((row) => repeats.isTwice(row)).length;
  const contradictions = coming.filter((row) => repeats.isContradicted(row)).length;
  summary.rows = { before: old.length, after: now.length, ...counted, duplicates, contradictions, labels: labelsOf(old, now) };
  return summary;
}
