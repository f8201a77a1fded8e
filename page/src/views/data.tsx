// The training set: deltas that were proposed, how votes stand, and a way to propose one.

import { useState } from "preact/hooks";
import { BLOCK_BYTES } from "../chain/messages";
import { epochAt, lastQuarter, sumsIn } from "../fold/rules";
import type { Delta } from "../fold/state";
import { Account, Bar, Digest, Fact, Nrn, Tag, Time } from "../parts/bits";
import { useHere, useMined, useNow } from "../parts/context";
import { Diff, summaryOf } from "../parts/diff";
import { Table } from "../parts/table";
import { dated, lasting, nrn, percent } from "../parts/words";
import { Act } from "../wallet/act";
import { onNetwork } from "../wallet/send";
import type { Inside } from "./group";
import { ProposeIt } from "./propose";

const KINDS = { open: "busy", applied: "good", dropped: "plain", taken: "bad", refunded: "plain" } as const;

export function DeltaTag({ delta, now }: { delta: Delta; now: number }) {
  const trial = delta.state === "applied" && now < delta.standsAt;
  const stood = delta.stood || (delta.state === "applied" && !trial);
  const word = trial ? "on trial" : stood && delta.state !== "taken" ? "stands" : delta.state === "refunded" ? "not taken" : delta.state;
  return <Tag kind={stood && delta.state === "refunded" ? "good" : KINDS[delta.state]}>{word}</Tag>;
}

export function DataTab({ answer, group }: Inside) {
  const { links, site } = useHere();
  const now = useNow();
  const sums = sumsIn(group.sums, epochAt(answer.terms, now));
  const keep = group.keep.get(group.periodNumber) ?? 0n;
  const open = group.open.flatMap((number) => group.deltas.get(number) ?? []).sort((one, other) => (one.votes < other.votes ? 1 : -1));
  const rows = [...group.deltas.values()].reverse();
  const over = useMined() >= group.periodEnd;
  return (
    <>
      <section>
        <h2>What is voted on</h2>
        <dl class="facts">
          <Fact name="Proposals close">{now < lastQuarter(group) ? `in ${lasting(lastQuarter(group) - now)}` : "closed for this period"}</Fact>
          <Fact name="Votes close">{now >= group.periodEnd ? "over" : `in ${lasting(group.periodEnd - now)}`}</Fact>
          <Fact name="For keeping the set as it is">
            <Nrn of={keep} decimals={2} />
          </Fact>
          <Fact name="The set is at">
            <Digest of={group.head} label="head" />
          </Fact>
        </dl>
        {open.length === 0 ? (
          <p class="nothing">No delta is open in this period.</p>
        ) : (
          <ul class="cards wide">
            {open.map((delta) => (
              <li key={delta.number}>
                <a class="card" href={links.delta(group.number, delta.number)}>
                  <strong>Delta {delta.number}</strong>
                  <Bar
                    part={delta.votes}
                    whole={sums.bonded}
                    mark={0.1}
                    label={`${percent(delta.votes, sums.bonded)} of the stake; a tenth is needed`}
                  />
                  <span class="quiet">
                    {percent(delta.votes, sums.bonded)} of the stake, bond {nrn(delta.bond)} NRN
                  </span>
                </a>
              </li>
            ))}
          </ul>
        )}
        {over && (
          <p class="acts">
            <Act label={`Turn period ${group.periodNumber}`} build={() => onNetwork(site, "turn", [BigInt(group.number)])}>
              Turn the period
            </Act>
            <span class="quiet">Anybody may: the delta with the most votes is applied, all others are dropped.</span>
          </p>
        )}
      </section>
      <section>
        <h2>Deltas</h2>
        <Table
          caption="Deltas, the newest first"
          file={`group-${group.number}-deltas`}
          empty="Nobody has proposed a change of the training set yet."
          rows={rows}
          keyOf={(row) => row.number}
          columns={[
            { name: "Delta", cell: (row) => <a href={links.delta(group.number, row.number)}>{row.number}</a>, plain: (row) => row.number },
            { name: "State", cell: (row) => <DeltaTag delta={row} now={now} />, plain: (row) => row.state },
            { name: "Author", cell: (row) => <Account of={row.author} />, plain: (row) => row.author },
            { name: "Votes", right: true, cell: (row) => <Nrn of={row.votes} decimals={2} />, plain: (row) => nrn(row.votes, 18) },
            { name: "Bond", right: true, cell: (row) => <Nrn of={row.bond} />, plain: (row) => nrn(row.bond, 18) },
            { name: "Reward", right: true, cell: (row) => <Nrn of={row.reward} />, plain: (row) => nrn(row.reward, 18) },
            { name: "Patch", cell: (row) => <Digest of={row.digest} label="patch" />, plain: (row) => row.digest },
            { name: "Proposed", cell: (row) => <Time at={row.at.time} />, plain: (row) => dated(row.at.time) },
          ]}
        />
      </section>
      <Propose answer={answer} group={group} />
    </>
  );
}

interface Chosen {
  name: string;
  bytes: Uint8Array;
  text: string;
}

/** Proposes a patch file. */
function Propose({ answer, group }: Inside) {
  const { links } = useHere();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const choose = async (file: File | undefined) => {
    setChosen(null);
    setWrong(null);
    if (!file) return;
    if (file.size > BLOCK_BYTES)
      return setWrong(`The page takes patches up to ${BLOCK_BYTES / 1024} KiB: propose a longer one with \`neuron delta propose\`.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      if (summaryOf(text).files.length === 0)
        return setWrong("That file is no patch: it has no line that begins with +++. Make one with `git diff` or `neuron delta new`.");
      setChosen({ name: file.name, bytes, text });
    } catch {
      setWrong("That file is no text in UTF-8.");
    }
    return undefined;
  };
  return (
    <section>
      <h2>Propose a change</h2>
      <p class="quiet">
        A delta is an ordinary patch file against the set as it is now. Its bond comes back if it is not taken, and with a reward once it has stood
        for a period; it is lost if a majority takes the delta back. The page puts the patch's digest on chain; voters must be able to fetch the file
        too: <code>neuron ipfs add FILE</code> publishes it. Under <a href={links.group(group.number, "set")}>Examples</a> rows are changed one by
        one.
      </p>
      <div class="form">
        <label class="field field-wide">
          <span>Patch file</span>
          <input type="file" accept=".patch,.diff,text/plain" onChange={(event) => void choose(event.currentTarget.files?.[0])} />
        </label>
        <ProposeIt answer={answer} group={group} bytes={chosen?.bytes ?? null} done={() => setChosen(null)} />
        {wrong && (
          <p class="wrong" role="alert">
            {wrong}
          </p>
        )}
      </div>
      {chosen && <Preview chosen={chosen} />}
    </section>
  );
}

function Preview({ chosen }: { chosen: Chosen }) {
  const { added, removed, files } = summaryOf(chosen.text);
  return (
    <>
      <p>
        <strong>{chosen.name}</strong>: {added} lines more, {removed} fewer, in {files.length === 1 ? files[0] : `${files.length} files`}.
      </p>
      <Diff text={chosen.text} />
    </>
  );
}
