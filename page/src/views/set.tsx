// The training set itself: its files, where each row comes from, and a search over all that was ever added.

import { useMemo, useState } from "preact/hooks";
import type { Step } from "../fold/lineage";
import type { Group } from "../fold/state";
import { Account, Fact } from "../parts/bits";
import { useHere } from "../parts/context";
import { useDraft } from "../parts/drafts";
import { Example } from "../parts/examples";
import { type Read, useReading } from "../parts/reading";
import { Table } from "../parts/table";
import { isEmpty } from "../set/draft";
import { sorted } from "../set/patch";
import type { Reading } from "../set/reading";
import { rowsOf } from "../set/summary";
import { FundBounty } from "./bounty";
import { AddRows, EditedRow } from "./edit";
import { SearchRows } from "./find";
import type { Inside } from "./group";
import { Field } from "./home";
import { Proposal } from "./proposal";
import { LossByPatch } from "./surprise";
import { ReadButton, stepName, StepLink } from "./steps";
import { NoGateway } from "./try";

export function SetTab({ answer, group, file }: Inside & { file?: string | undefined }) {
  const { site } = useHere();
  const read = useReading(group, group.head);
  if (!site.gateway) return <NoGateway />;
  const { reading } = read;
  if (!reading) return <Unread read={read} />;
  const inside = { answer, group, reading };
  return file === undefined ? <Whole {...inside} /> : <OneFile key={file} {...inside} path={file} />;
}

function Unread({ read }: { read: Read }) {
  return (
    <section>
      <h2>Examples</h2>
      <p class="quiet">The page fetches every patch that led to the set of now and carries each out by the rules of the network.</p>
      <ReadButton read={read}>Read the training set</ReadButton>
    </section>
  );
}

interface Within extends Inside {
  reading: Reading;
}

function Whole({ answer, group, reading }: Within) {
  const [draft, change] = useDraft(group);
  const { links } = useHere();
  const files = sorted(reading.tree).map((path) => ({ path, rows: rowsOf(reading.tree.get(path) ?? "").length }));
  return (
    <>
      <section>
        <h2>Examples</h2>
        <dl class="facts">
          <Fact name="Examples">{reading.examples}</Fact>
          <Fact name="Files">{files.length}</Fact>
          <Fact name="Patches that led here">{reading.steps.length}</Fact>
        </dl>
        <Table
          caption="Files of the set"
          file={`group-${group.number}-files`}
          empty="The set has no file."
          rows={files}
          keyOf={(row) => row.path}
          columns={[
            { name: "File", cell: (row) => <a href={links.file(group.number, row.path)}>{row.path}</a>, plain: (row) => row.path },
            { name: "Lines", right: true, cell: (row) => row.rows, plain: (row) => row.rows },
          ]}
        />
        <NewFile group={group} reading={reading} />
      </section>
      <Proposal answer={answer} group={group} reading={reading} draft={draft} change={change} />
      <SearchRows group={group} reading={reading} />
      <LossByPatch group={group} reading={reading} />
      <FundBounty answer={answer} group={group} reading={reading} />
    </>
  );
}

interface BlamedRow {
  line: number;
  text: string;
  step: Step;
}

/** Each line of a file with the patch that brought it. */
export function blameOf(reading: Reading, path: string): BlamedRow[] {
  const origins = reading.origins.of(path);
  return rowsOf(reading.tree.get(path) ?? "").flatMap((text, at) => {
    const step = reading.steps[origins[at] ?? -1];
    return step ? [{ line: at + 1, text, step }] : [];
  });
}

/** The way to a file that is not there yet. */
function NewFile({ group, reading }: { group: Group; reading: Reading }) {
  const { links } = useHere();
  const [path, setPath] = useState("");
  const name = path.trim();
  const { suffix } = reading.shape;
  return (
    <details>
      <summary>Begin a new file</summary>
      <div class="form">
        <Field name="Its name" value={path} changed={(event) => setPath(event.currentTarget.value)} placeholder={`more${suffix}`} wide />
        <div class="form-foot">
          {name.endsWith(suffix) ? <a href={links.file(group.number, name)}>Add rows to it</a> : <span class="quiet">It ends in {suffix}.</span>}
        </div>
      </div>
    </details>
  );
}

function OneFile({ answer, group, reading, path }: Within & { path: string }) {
  const { links } = useHere();
  const [draft, change] = useDraft(group);
  const isThere = reading.tree.has(path);
  const [edits, setEdits] = useState(!isEmpty(draft) || !isThere);
  const rows = useMemo(() => blameOf(reading, path), [reading, path]);
  const { isRows } = reading.shape;
  const editing = { draft, change };
  const row = ({ line, text }: BlamedRow) =>
    edits ? <EditedRow {...editing} path={path} line={line} text={text} isRows={isRows} /> : <Example row={text} isRows={isRows} />;
  return (
    <>
      <section>
        <p class="crumbs">
          <a href={links.group(group.number, "set")}>Examples</a>
        </p>
        <h2 class="mono">{path}</h2>
        {isThere && !edits && (
          <p class="acts">
            <button type="button" class="button quiet-button" onClick={() => setEdits(true)}>
              Change its rows
            </button>
          </p>
        )}
        <Table
          caption="Lines of the file, each with the patch that brought it"
          file={`group-${group.number}-blame`}
          empty={isThere ? "The file is empty." : "The set of now has no such file."}
          paged
          rows={rows}
          keyOf={({ line }) => line}
          columns={[
            { name: "Line", right: true, cell: ({ line }) => line, plain: ({ line }) => line },
            { name: isRows ? "Example" : "Text", cell: row, plain: ({ text }) => text },
            { name: "Brought by", cell: ({ step }) => <StepLink step={step} group={group} />, plain: ({ step }) => stepName(step, group.number) },
            { name: "Author", cell: ({ step }) => <Account of={step.author} />, plain: ({ step }) => step.author },
          ]}
        />
        {edits && <AddRows {...editing} path={path} reading={reading} />}
      </section>
      <Proposal answer={answer} group={group} reading={reading} {...editing} />
    </>
  );
}
