// What a delta makes of the set that it was proposed for: counts, and the examples that come.

import { useEffect, useState } from "preact/hooks";
import type { Delta, Group } from "../fold/state";
import { Fact, Tag } from "../parts/bits";
import { useHere } from "../parts/context";
import { Example } from "../parts/examples";
import { useReading } from "../parts/reading";
import { type Column, Table } from "../parts/table";
import { type Coming, type Comparison, compare } from "../set/compare";
import type { Reading } from "../set/reading";
import { ReadButton } from "./steps";
import { Measure, meanOf } from "./surprise";

interface Props {
  group: Group;
  delta: Delta;
  /** Its patch. */
  bytes: Uint8Array;
}

export function Compare({ group, delta, bytes }: Props) {
  const { site } = useHere();
  const read = useReading(group, delta.parent);
  const { reading } = read;
  if (!site.gateway) return null;
  return (
    <section>
      <h2>What it makes of the set</h2>
      {reading ? (
        <Tried reading={reading} delta={delta} bytes={bytes} group={group} />
      ) : (
        <>
          <p class="quiet">The page reads the set for which it was proposed, and carries the patch out on it by the rules of the network.</p>
          <ReadButton read={read}>Compare it with the set</ReadButton>
        </>
      )}
    </section>
  );
}

function Tried({ reading, bytes, ...about }: Props & { reading: Reading }) {
  const [found, setFound] = useState<Comparison | string | null>(null);
  useEffect(() => {
    let gone = false;
    compare(reading, bytes)
      .catch((error: Error) => error.message)
      .then((result) => !gone && setFound(result));
    return () => {
      gone = true;
    };
  }, [reading, bytes]);
  if (found === null) return <p role="status">Carrying it out…</p>;
  if (typeof found === "string")
    return (
      <p class="wrong" role="alert">
        It does not apply, so it would change nothing: {found}
      </p>
    );
  return (
    <>
      <Counts found={found} />
      <Surprise reading={reading} found={found} {...about} />
    </>
  );
}

/** The examples that come, the most surprising first once the running model was measured on them. */
function Surprise({ reading, found, group, delta }: Omit<Props, "bytes"> & { reading: Reading; found: Comparison }) {
  const [losses, setLosses] = useState<ReadonlyMap<Coming, number> | null>(null);
  const { coming } = found;
  const work = async (model: Uint8Array) => {
    const measured = await reading.losses(
      model,
      coming.map(({ text }) => text),
    );
    return new Map(coming.flatMap((row, at): [Coming, number][] => (measured[at] === undefined ? [] : [[row, measured[at]]])));
  };
  const lossOf = (row: Coming) => losses?.get(row) ?? -1;
  const rows = losses ? coming.toSorted((one, other) => lossOf(other) - lossOf(one)) : coming;
  const mean = losses && meanOf([...losses.values()]);
  const told = (row: Coming) => (losses?.has(row) ? (lossOf(row) / 1e6).toFixed(6) : "–");
  const more = losses ? [{ name: "Loss in nats", right: true, cell: told, plain: told }] : [];
  return (
    <>
      {reading.shape.isRows && coming.length > 0 && (
        <Measure group={group} work={work} done={setLosses}>
          {delta.state === "open" ? "Measure how they surprise the model" : "Measure the running model on them"}
        </Measure>
      )}
      {mean !== null && losses && (
        <p role="status">
          <strong>{(mean / 1e6).toFixed(6)} nats</strong> is the running model's mean loss on {losses.size} of the examples that come.
        </p>
      )}
      <ComingRows reading={reading} rows={rows} file={`group-${group.number}-delta-${delta.number}-examples`} more={more} />
    </>
  );
}

/** How many examples come, go and change, and how many of them stand there already. */
export function Counts({ found: { summary, coming } }: { found: Comparison }) {
  const { rows } = summary;
  if (!rows)
    return (
      <p>
        {summary.linesAdded} lines come and {summary.linesRemoved} go, in {summary.files.length} files.
      </p>
    );
  const near = coming.filter((one) => one.near).length;
  return (
    <>
      <dl class="facts">
        <Fact name="Examples">
          {rows.before} → {rows.after}
        </Fact>
        <Fact name="Added">{rows.added}</Fact>
        <Fact name="Removed">{rows.removed}</Fact>
        <Fact name="Changed">{rows.changed}</Fact>
        <Fact name="In the set twice">{rows.duplicates}</Fact>
        <Fact name="With another label">{rows.contradictions}</Fact>
        <Fact name="Nearly another row">{near}</Fact>
      </dl>
      {rows.labels.length > 0 && (
        <p class="words">
          {rows.labels.slice(0, 12).map(([label, before, after]) => (
            <span key={label}>
              label <strong>{label.slice(0, 40)}</strong>: {before} → {after}
            </span>
          ))}
        </p>
      )}
    </>
  );
}

function Standing({ of }: { of: Coming }) {
  return (
    <>
      {of.isTwice && <Tag kind="bad">twice in the set</Tag>} {of.isContradicted && <Tag kind="bad">another label too</Tag>}{" "}
      {of.near && <Tag kind="plain">{of.near.differing} features from another row</Tag>}
      {standingOf(of) === "" && <span class="quiet">no</span>}
    </>
  );
}

const standingOf = (of: Coming): string =>
  [of.isTwice && "twice", of.isContradicted && "another label", of.near && `near ${of.near.differing}`].filter(Boolean).join("; ");

interface RowsProps {
  reading: Reading;
  rows: readonly Coming[];
  file: string;
  more: Column<Coming>[];
}

function ComingRows({ reading, rows, file, more }: RowsProps) {
  const { isRows } = reading.shape;
  return (
    <Table
      caption="Examples that come"
      file={file}
      empty="No example comes."
      paged
      rows={rows}
      keyOf={(row) => `${row.path}/${row.line}`}
      columns={[
        { name: isRows ? "Example" : "Text", cell: (row) => <Example row={row.text} isRows={isRows} />, plain: (row) => row.text },
        ...more,
        { name: "Place", cell: (row) => `${row.path}:${row.line}`, plain: (row) => `${row.path}:${row.line}` },
        { name: "Stands already", cell: (row) => <Standing of={row} />, plain: standingOf },
      ]}
    />
  );
}
