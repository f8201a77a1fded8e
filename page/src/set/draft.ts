// Changes of a set that a visitor makes row by row, before they are a patch.

import { linesOf } from "./changes";
import type { Tree } from "./patch";

/** A row that is another one, or gone. */
export interface RowChange {
  path: string;
  /** From 1, in the set for which it was made. */
  line: number;
  old: string;
  now: string | null;
}

export interface Draft {
  /** What the author calls it. */
  title: string;
  changes: readonly RowChange[];
  /** Rows that come at the end of a file. */
  added: readonly { path: string; text: string }[];
}

export const EMPTY: Draft = { title: "", changes: [], added: [] };

export const isEmpty = ({ changes, added }: Draft): boolean => changes.length + added.length === 0;

const isAt = (change: RowChange, path: string, line: number) => change.path === path && change.line === line;

export const changeAt = ({ changes }: Draft, path: string, line: number): RowChange | undefined => changes.find((one) => isAt(one, path, line));

/** With one more change; a row that is as it was is none. */
export function withChange(draft: Draft, change: RowChange): Draft {
  const others = draft.changes.filter((one) => !isAt(one, change.path, change.line));
  return { ...draft, changes: change.now === change.old ? others : [...others, change] };
}

export const withRows = (draft: Draft, path: string, rows: readonly string[]): Draft => ({
  ...draft,
  added: [...draft.added, ...rows.map((text) => ({ path, text }))],
});

export const without = (draft: Draft, place: number): Draft => ({ ...draft, added: draft.added.filter((_, at) => at !== place) });

/** Rows that were typed or pasted, one a line. */
export const rowsIn = (text: string): string[] =>
  text
    .split("\n")
    .map((row) => row.replace(/\r$/, ""))
    .filter((row) => row !== "");

/** Where the row of a change stands: at its line, or at the only other place if the set has moved on. */
function placeOf(rows: readonly string[], { line, old }: RowChange): number | null {
  if (rows[line - 1] === old) return line - 1;
  const place = rows.indexOf(old);
  return place >= 0 && rows.indexOf(old, place + 1) < 0 ? place : null;
}

/** The set with all changes, and those whose row is not in it. A file without lines is gone. */
export function drafted(tree: Tree, draft: Draft): { tree: Tree; lost: RowChange[] } {
  const after = new Map(tree);
  const lost: RowChange[] = [];
  for (const path of new Set([...draft.changes, ...draft.added].map((one) => one.path))) {
    const lines = linesOf(tree.get(path) ?? "");
    const rows = lines.map((line) => line.replace(/\n$/, ""));
    const made: (string | null)[] = [...lines];
    for (const change of draft.changes.filter((one) => one.path === path)) {
      const place = placeOf(rows, change);
      if (place === null) lost.push(change);
      else made[place] = change.now === null ? null : `${change.now}\n`;
    }
    const kept = made.flatMap((line) => line ?? []);
    const more = draft.added.filter((one) => one.path === path).map(({ text }) => `${text}\n`);
    const last = kept.at(-1);
    if (last !== undefined && more.length > 0 && !last.endsWith("\n")) kept[kept.length - 1] = `${last}\n`;
    if (kept.length + more.length === 0) after.delete(path);
    else after.set(path, [...kept, ...more].join(""));
  }
  return { tree: after, lost };
}
