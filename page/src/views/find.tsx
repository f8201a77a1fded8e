// A form that searches what patches brought: by text, label, author and delta, over the set's past and what is voted on.

import { useEffect, useState } from "preact/hooks";
import type { Step } from "../fold/lineage";
import type { Delta, Group } from "../fold/state";
import { Account, Tag } from "../parts/bits";
import { useHere } from "../parts/context";
import { Example } from "../parts/examples";
import { fileOf } from "../parts/files";
import { isAddress } from "../parts/route";
import { Table } from "../parts/table";
import { addedLines } from "../set/origins";
import type { Reading } from "../set/reading";
import { type Brought, type Found, isAsked, searched } from "../set/search";
import { Field } from "./home";
import { stepName, StepLink } from "./steps";

const stepOf = (group: Group, delta: Delta): Step => ({
  group: group.number,
  kind: "delta",
  number: delta.number,
  author: delta.author,
  digest: delta.digest,
});

/** What open deltas would bring, and of which of them that is not known. */
export interface Opened {
  patches: Brought[];
  unknown: number[];
}

export async function openedOf(group: Group, reading: Reading, gateway: string | undefined): Promise<Opened> {
  const opened: Opened = { patches: [], unknown: [] };
  for (const number of group.open) {
    const delta = group.deltas.get(number);
    if (!delta) continue;
    try {
      const bytes = await fileOf(delta.digest, gateway);
      if (!bytes || delta.parent !== group.head) throw new Error("not in reach, or for another set");
      const { tree } = await reading.tried(bytes);
      opened.patches.push({ step: stepOf(group, delta), lines: addedLines(reading.tree, tree), isOpen: true });
    } catch {
      opened.unknown.push(number);
    }
  }
  return opened;
}

interface Draft {
  text: string;
  label: string;
  author: string;
  delta: string;
}

const EMPTY: Draft = { text: "", label: "", author: "", delta: "" };

/** Why the form cannot be used as it is. */
function wrongOf({ author, delta }: Draft): string | null {
  if (author.trim() !== "" && !isAddress(author.trim())) return "An author is 0x and 40 hexadecimal digits.";
  if (!/^\d{0,15}$/.test(delta.trim())) return "A delta is a number.";
  return null;
}

export function SearchRows({ group, reading }: { group: Group; reading: Reading }) {
  const { site } = useHere();
  const [draft, setDraft] = useState(EMPTY);
  const [opened, setOpened] = useState<Opened | null>(null);
  const numbers = group.open.join();
  useEffect(() => {
    let gone = false;
    void openedOf(group, reading, site.gateway).then((found) => !gone && setOpened(found));
    return () => {
      gone = true;
    };
  }, [reading, numbers, site.gateway]);
  const set = (name: keyof Draft) => (event: { currentTarget: HTMLInputElement }) => setDraft({ ...draft, [name]: event.currentTarget.value });
  const wrong = wrongOf(draft);
  const delta = draft.delta.trim();
  const wanted = { text: draft.text, label: draft.label.trim(), author: draft.author.trim(), delta: delta === "" ? null : Number(delta) };
  const past = reading.steps.map((step, at): Brought => ({ step, lines: reading.brought[at] ?? [], isOpen: false }));
  const found = wrong || !isAsked(wanted) ? null : searched(wanted, [...past, ...(opened?.patches ?? [])], group.number);
  return (
    <section>
      <h2>Search</h2>
      <p class="quiet">
        Over all lines that patches brought, whether or not they still stand in the set
        {opened && opened.patches.length > 0 && `, and over ${opened.patches.length} open deltas`}.
        {opened && opened.unknown.length > 0 && ` Not over delta ${opened.unknown.join(", ")}: its patch is not in reach, or does not apply.`}
      </p>
      <div class="form">
        <Field name="Text in the line" value={draft.text} changed={set("text")} />
        <Field name="Label" value={draft.label} changed={set("label")} />
        <Field name="Delta" value={draft.delta} changed={set("delta")} />
        <Field name="Author" value={draft.author} changed={set("author")} placeholder="0x…" wide />
        {wrong && (
          <p class="wrong" role="alert">
            {wrong}
          </p>
        )}
      </div>
      {found && <Results group={group} reading={reading} found={found} />}
    </section>
  );
}

function Results({ group, reading, found }: { group: Group; reading: Reading; found: Found[] }) {
  const { isRows } = reading.shape;
  return (
    <>
      <p role="status" class="found">
        {found.length === 1 ? "One line was" : `${found.length} lines were`} found.
      </p>
      <Table
        caption="Lines that were found"
        file={`group-${group.number}-search`}
        empty="No patch brought such a line."
        paged
        rows={found}
        keyOf={(row) => `${row.step.group}/${row.step.kind}/${row.step.number}/${row.path}/${row.line}`}
        columns={[
          {
            name: "Brought by",
            cell: (row) => (
              <>
                <StepLink step={row.step} group={group} /> {row.isOpen && <Tag kind="busy">open</Tag>}
              </>
            ),
            plain: (row) => `${stepName(row.step, group.number)}${row.isOpen ? ", open" : ""}`,
          },
          { name: "File", cell: (row) => `${row.path}:${row.line}`, plain: (row) => `${row.path}:${row.line}` },
          { name: isRows ? "Example" : "Text", cell: (row) => <Example row={row.text} isRows={isRows} />, plain: (row) => row.text },
          { name: "Author", cell: (row) => <Account of={row.step.author} />, plain: (row) => row.step.author },
        ]}
      />
    </>
  );
}
