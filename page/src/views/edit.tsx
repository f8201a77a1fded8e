// Rows of a file changed, removed and added in the page.

import { useState } from "preact/hooks";
import { empty, features, fitted, isEmpty as isBlank } from "../../wasm/drawing";
import { sideOf } from "../../wasm/model";
import { Sketch } from "../../wasm/sketch";
import { Example } from "../parts/examples";
import { changeAt, type Draft, rowsIn, withChange, without, withRows } from "../set/draft";
import type { Reading } from "../set/reading";
import { Field } from "./home";

export interface Editing {
  draft: Draft;
  change: (by: (draft: Draft) => Draft) => void;
}

interface RowProps extends Editing {
  path: string;
  line: number;
  text: string;
  isRows: boolean;
}

/** A row as it was, and what becomes of it. */
export function EditedRow({ draft, change, path, line, text, isRows }: RowProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const made = changeAt(draft, path, line);
  const set = (now: string | null) => change((all) => withChange(all, { path, line, old: text, now }));
  if (typed !== null)
    return (
      <span class="edit">
        <input
          class="edit-row"
          value={typed}
          aria-label={`Line ${line}`}
          onInput={(event) => setTyped(event.currentTarget.value)}
          spellcheck={false}
        />
        <button
          type="button"
          class="link"
          onClick={() => {
            set(typed);
            setTyped(null);
          }}
        >
          Keep
        </button>
      </span>
    );
  const link = (word: string, act: () => void) => (
    <button type="button" class="link" aria-label={`${word} line ${line}`} onClick={act}>
      {word}
    </button>
  );
  return (
    <span class="edit">
      {made ? <del>{<Example row={text} isRows={isRows} />}</del> : <Example row={text} isRows={isRows} />}
      {made && made.now !== null && (
        <ins>
          <Example row={made.now} isRows={isRows} />
        </ins>
      )}
      <span class="edit-acts">
        {link("Change", () => setTyped(made?.now ?? text))}
        {made ? link("Undo", () => set(text)) : link("Remove", () => set(null))}
      </span>
    </span>
  );
}

/** Rows that come at the end of a file: typed, pasted or drawn. */
export function AddRows({ draft, change, path, reading }: Editing & { path: string; reading: Reading }) {
  const [text, setText] = useState("");
  const { isRows } = reading.shape;
  const side = sideOf(reading.manifest);
  const add = (rows: readonly string[]) => change((all) => withRows(all, path, rows));
  const rows = rowsIn(text);
  return (
    <>
      <h3>Rows to add</h3>
      <ul class="plain added">
        {draft.added.map(
          (one, place) =>
            one.path === path && (
              <li key={place} class="edit">
                <ins>
                  <Example row={one.text} isRows={isRows} />
                </ins>
                <button
                  type="button"
                  class="link"
                  aria-label={`Take it back, row ${place + 1} of those that come`}
                  onClick={() => change((all) => without(all, place))}
                >
                  Take it back
                </button>
              </li>
            ),
        )}
      </ul>
      <div class="form">
        <label class="field field-wide">
          <span>{isRows ? "Rows, one a line: features and label, joined by commas" : "Lines of text"}</span>
          <textarea rows={3} value={text} onInput={(event) => setText(event.currentTarget.value)} spellcheck={false} />
        </label>
        <div class="form-foot">
          <button
            type="button"
            class="button quiet-button"
            disabled={rows.length === 0}
            onClick={() => {
              add(rows);
              setText("");
            }}
          >
            Add them
          </button>
        </div>
      </div>
      {isRows && side !== undefined && <DrawRow reading={reading} side={side} add={(row) => add([row])} />}
    </>
  );
}

function DrawRow({ reading, side, add }: { reading: Reading; side: number; add: (row: string) => void }) {
  const [drawing, setDrawing] = useState(() => empty(side));
  const [label, setLabel] = useState("");
  const { data } = reading.manifest;
  const most = data.format === "csv" ? data.divisor : 1;
  const row = features(fitted(drawing), most);
  return (
    <details>
      <summary>Draw one</summary>
      <Sketch drawing={drawing} seen={row.map((value) => value / most)} changed={setDrawing} />
      <div class="form">
        <Field name="What it is" value={label} changed={(event) => setLabel(event.currentTarget.value)} hint="its label, a class of the model" />
        <div class="form-foot">
          <button
            type="button"
            class="button quiet-button"
            disabled={isBlank(drawing) || !/^\d+$/.test(label.trim())}
            onClick={() => {
              add(`${row.join(",")},${label.trim()}`);
              setDrawing(empty(side));
            }}
          >
            Add the drawing
          </button>
          <button type="button" class="link" onClick={() => setDrawing(empty(side))}>
            Clear
          </button>
        </div>
      </div>
    </details>
  );
}
