// A patch, line by line: what it adds is green, what it removes is red. It is text, whatever it says.

import { useState } from "preact/hooks";

type Kind = "add" | "gone" | "place" | "head" | "kept";

export interface DiffLine {
  kind: Kind;
  text: string;
}

export interface Summary {
  title: string | null;
  added: number;
  removed: number;
  files: string[];
}

const HEADERS = /^(diff |index |--- |\+\+\+ |new file|deleted file|rename |copy |similarity|dissimilarity|old mode|new mode)/;
const SHOWN = 400;

/** Lines of a patch, each with what it is. Within a hunk a line is what its first character says, whatever follows. */
export function linesOf(text: string): DiffLine[] {
  let [left, right] = [0, 0];
  return text.split("\n").map((line): DiffLine => {
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (left + right === 0 && hunk) {
      [left, right] = [Number(hunk[1] ?? 1), Number(hunk[2] ?? 1)];
      return { kind: "place", text: line };
    }
    if (left + right > 0) {
      if (line.startsWith("+")) return ((right -= 1), { kind: "add", text: line });
      if (line.startsWith("-")) return ((left -= 1), { kind: "gone", text: line });
      if (!line.startsWith("\\")) [left, right] = [left - 1, right - 1];
      return { kind: "kept", text: line };
    }
    return { kind: HEADERS.test(line) ? "head" : "kept", text: line };
  });
}

export function summaryOf(text: string): Summary {
  const lines = linesOf(text);
  const preamble = lines
    .slice(
      0,
      lines.findIndex(({ kind }) => kind === "head"),
    )
    .map((line) => line.text);
  const subject =
    preamble.find((line) => /^(Subject|Title):/i.test(line)) ??
    preamble.find((line) => line.trim() !== "" && !/^(From|Date|Author|Parent|Neuron)\b/i.test(line));
  const files = lines
    .filter(({ kind, text: line }) => kind === "head" && line.startsWith("+++ "))
    .map(
      ({ text: line }) =>
        line
          .slice(4)
          .replace(/^[^/]+\//, "")
          .split("\t")[0] ?? "",
    );
  return {
    title: subject?.replace(/^(Subject|Title):\s*(\[PATCH\]\s*)?/i, "").slice(0, 200) ?? null,
    added: lines.filter(({ kind }) => kind === "add").length,
    removed: lines.filter(({ kind }) => kind === "gone").length,
    files,
  };
}

export function Diff({ text }: { text: string }) {
  const [all, setAll] = useState(false);
  const lines = linesOf(text);
  const shown = all ? lines : lines.slice(0, SHOWN);
  return (
    <div class="diff" role="region" aria-label="The patch" tabIndex={0}>
      <pre>
        {shown.map(({ kind, text: line }, at) => (
          <span key={at} class={`diff-${kind}`}>
            {line}
            {"\n"}
          </span>
        ))}
      </pre>
      {lines.length > SHOWN && (
        <button type="button" class="link" onClick={() => setAll(!all)}>
          {all ? `The first ${SHOWN} lines` : `All ${lines.length} lines`}
        </button>
      )}
    </div>
  );
}
