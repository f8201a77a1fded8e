// The training set itself: its files, where each row comes from, and a search over all that was ever added.

import { useMemo } from "preact/hooks";
import type { Step } from "../fold/lineage";
import type { Group } from "../fold/state";
import { Account, Fact, Nothing } from "../parts/bits";
import { useHere } from "../parts/context";
import { Example } from "../parts/examples";
import { type Read, useReading } from "../parts/reading";
import { Table } from "../parts/table";
import { sorted } from "../set/patch";
import type { Reading } from "../set/reading";
import { rowsOf } from "../set/summary";
import { SearchRows } from "./find";
import type { Inside } from "./group";
import { ReadButton, stepName, StepLink } from "./steps";
import { NoGateway } from "./try";

export function SetTab({ group, file }: Inside & { file?: string | undefined }) {
  const { site } = useHere();
  const read = useReading(group, group.head);
  if (!site.gateway) return <NoGateway />;
  const { reading } = read;
  if (!reading) return <Unread read={read} />;
  return file === undefined ? <Whole group={group} reading={reading} /> : <OneFile group={group} reading={reading} path={file} />;
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

function Whole({ group, reading }: { group: Group; reading: Reading }) {
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
      </section>
      <SearchRows group={group} reading={reading} />
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

function OneFile({ group, reading, path }: { group: Group; reading: Reading; path: string }) {
  const { links } = useHere();
  const rows = useMemo(() => blameOf(reading, path), [reading, path]);
  const { isRows } = reading.shape;
  return (
    <section key={path}>
      <p class="crumbs">
        <a href={links.group(group.number, "set")}>Examples</a>
      </p>
      <h2 class="mono">{path}</h2>
      {!reading.tree.has(path) ? (
        <Nothing>The set of now has no such file.</Nothing>
      ) : (
        <Table
          caption="Lines of the file, each with the patch that brought it"
          file={`group-${group.number}-blame`}
          empty="The file is empty."
          paged
          rows={rows}
          keyOf={(row) => row.line}
          columns={[
            { name: "Line", right: true, cell: (row) => row.line, plain: (row) => row.line },
            { name: isRows ? "Example" : "Text", cell: (row) => <Example row={row.text} isRows={isRows} />, plain: (row) => row.text },
            { name: "Brought by", cell: (row) => <StepLink step={row.step} group={group} />, plain: (row) => stepName(row.step, group.number) },
            { name: "Author", cell: (row) => <Account of={row.step.author} />, plain: (row) => row.step.author },
          ]}
        />
      )}
    </section>
  );
}
