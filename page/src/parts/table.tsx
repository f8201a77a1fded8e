// A table that scrolls by itself where it is wide, and can be taken away as CSV.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Nothing } from "./bits";

export interface Column<T> {
  name: string;
  cell: (row: T) => ComponentChildren;
  /** What stands in the CSV. */
  plain: (row: T) => string | number | bigint | boolean;
  right?: boolean;
  /** Sentences, which take several lines. */
  wraps?: boolean;
}

const FIRST = 25;

/** A cell that spreadsheets take as text, whatever it begins with. */
export function csvCell(value: string | number | bigint | boolean): string {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csvOf = <T,>(columns: readonly Column<T>[], rows: readonly T[]): string =>
  [columns.map(({ name }) => csvCell(name)), ...rows.map((row) => columns.map(({ plain }) => csvCell(plain(row))))]
    .map((line) => `${line.join(",")}\r\n`)
    .join("");

export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: name.endsWith(".csv") ? "text/csv" : "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}

interface Props<T> {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  file: string;
  empty: string;
  keyOf: (row: T) => string | number;
  /** There may be very many rows: they are turned page by page. */
  paged?: boolean;
}

export function Table<T>({ caption, columns, rows, file, empty, keyOf, paged = false }: Props<T>) {
  const [all, setAll] = useState(false);
  const [turned, setTurned] = useState(0);
  if (rows.length === 0) return <Nothing>{empty}</Nothing>;
  const from = paged ? Math.min(turned, Math.floor((rows.length - 1) / FIRST) * FIRST) : 0;
  const shown = all ? rows : rows.slice(from, from + FIRST);
  return (
    <div class="table">
      <div class="table-scroll" tabIndex={0} role="region" aria-label={caption}>
        <table>
          <caption class="hidden">{caption}</caption>
          <thead>
            <tr>
              {columns.map(({ name, right }) => (
                <th key={name} scope="col" class={right ? "right" : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr key={keyOf(row)}>
                {columns.map(({ name, cell, right, wraps }) => (
                  <td key={name} class={right ? "right" : wraps ? "wraps" : undefined}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="table-foot">
        {rows.length > FIRST && paged && <Turn from={from} count={rows.length} turn={setTurned} />}
        {rows.length > FIRST && !paged && (
          <button type="button" class="link" onClick={() => setAll(!all)}>
            {all ? `The first ${FIRST}` : `All ${rows.length}`}
          </button>
        )}
        <button type="button" class="link" onClick={() => save(`${file}.csv`, csvOf(columns, rows))}>
          CSV
        </button>
      </div>
    </div>
  );
}

/** Ways to the rows before and behind. */
function Turn({ from, count, turn }: { from: number; count: number; turn: (from: number) => void }) {
  const last = Math.min(count, from + FIRST);
  return (
    <>
      <button type="button" class="link" disabled={from === 0} onClick={() => turn(from - FIRST)}>
        Before
      </button>
      <span class="quiet">
        {from + 1} to {last} of {count}
      </span>
      <button type="button" class="link" disabled={last === count} onClick={() => turn(from + FIRST)}>
        Next
      </button>
    </>
  );
}
