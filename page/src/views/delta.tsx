// One delta: what it changes, who voted for it, and the visitor's own vote.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { GroupAnswer } from "../index/answers";
import { sha256 } from "viem";
import { choiceOf } from "../chain/messages";
import { epochAt, standIn, sumsIn } from "../fold/rules";
import { type Ballot, type Delta, type Group, NOTHING, type Seat, ZERO } from "../fold/state";
import { Account, Bar, Digest, Fact, Nrn, Time, Until } from "../parts/bits";
import { useAnswer, useHere, useMined, useNow } from "../parts/context";
import { Diff, summaryOf } from "../parts/diff";
import { cidOfFile, fileOf, keepFile } from "../parts/files";
import { useSignal } from "../parts/signal";
import { Table } from "../parts/table";
import { nrn, percent } from "../parts/words";
import { Act } from "../wallet/act";
import { onNetwork, placeOf, type Stage } from "../wallet/send";
import { connected, signed } from "../wallet/wallet";
import { Compare } from "./compare";
import { DeltaTag } from "./data";
import { Missing, Waiting } from "./waiting";

export function DeltaView({ number, delta: wanted }: { number: number; delta: number }) {
  const answer = useAnswer<"group">({ kind: "group", group: number });
  const { links } = useHere();
  const now = useNow();
  if (!answer) return <Waiting />;
  const { group } = answer;
  const delta = group?.deltas.get(wanted);
  if (!group || !delta) return <Missing what={`Group ${number} has no delta ${wanted}.`} />;
  return (
    <main id="main">
      <p class="crumbs">
        <a href={links.group(number)}>Group {number}</a> / <a href={links.group(number, "data")}>Training set</a>
      </p>
      <h1>
        Delta {delta.number} <DeltaTag delta={delta} now={now} />
      </h1>
      <Facts answer={answer} group={group} delta={delta} />
      {group.open.includes(delta.number) && <Vote answer={answer} group={group} delta={delta} />}
      <Refund group={group} delta={delta} />
      <Patch key={delta.digest} delta={delta} group={group} />
      <Ballots group={group} delta={delta} />
    </main>
  );
}

const STORIES: Record<Delta["state"], string> = {
  open: "It is voted on. The delta with the most stake behind it is applied at the end of the period, if a tenth of the stake wants it and more than want to keep the set.",
  applied: "It is in the training set.",
  dropped: "Others were preferred. Its bond waits for its author.",
  taken: "A majority took it out of the set again; its bond is burned.",
  refunded: "Others were preferred, and its bond went back to its author.",
};

function Facts({ answer, group, delta }: { answer: GroupAnswer; group: Group; delta: Delta }) {
  const now = useNow();
  const sums = sumsIn(group.sums, epochAt(answer.terms, now));
  return (
    <>
      <p class="lead">
        {delta.state === "refunded" && delta.stood ? "It stands in the training set; bond and reward went to its author." : STORIES[delta.state]}
      </p>
      <dl class="facts">
        <Fact name="Author">
          <Account of={delta.author} />
        </Fact>
        <Fact name="Bond">
          <Nrn of={delta.bond} />
        </Fact>
        <Fact name="Votes">
          <Nrn of={delta.votes} decimals={2} />
          {delta.state === "open" && (
            <Bar part={delta.votes} whole={sums.bonded} mark={0.1} label={`${percent(delta.votes, sums.bonded)} of the stake; a tenth is needed`} />
          )}
        </Fact>
        <Fact name="Reward">{delta.reward > 0n ? <Nrn of={delta.reward} /> : "–"}</Fact>
        <Fact name="Proposed">
          <Time at={delta.at.time} />
        </Fact>
        {delta.state === "open" && (
          <Fact name="Votes close">
            <Until at={group.periodEnd} now={now} />
          </Fact>
        )}
        {delta.standsAt > 0 && (
          <Fact name={now < delta.standsAt ? "Will stand" : "Stood"}>
            <Until at={delta.standsAt} now={now} />
          </Fact>
        )}
        <Fact name="For the set at">
          <Digest of={delta.parent} label="parent" />
        </Fact>
      </dl>
    </>
  );
}

/** The patch, if it is in reach; a file that the visitor opens is checked against the digest on chain. */
function Patch({ delta, group }: { delta: Delta; group: Group }) {
  const { site } = useHere();
  const [bytes, setBytes] = useState<Uint8Array | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const text = useMemo(() => bytes && new TextDecoder().decode(bytes), [bytes]);
  useEffect(() => {
    let gone = false;
    void fileOf(delta.digest, site.gateway).then((found) => !gone && found && setBytes(found));
    return () => {
      gone = true;
    };
  }, [delta.digest, site.gateway]);
  const open = async (file: File | undefined) => {
    if (!file) return;
    const chosen = new Uint8Array(await file.arrayBuffer());
    if (sha256(chosen) !== delta.digest) return setSaid("That is another file: its digest is not the one on chain.");
    setSaid(null);
    await keepFile(delta.digest, chosen);
    setBytes(chosen);
    return undefined;
  };
  const summary = text === null ? null : summaryOf(text);
  return (
    <>
      <section>
        <h2>{summary?.title ?? "The patch"}</h2>
        {summary && (
          <p>
            <span class="plus">{summary.added} lines more</span>, <span class="minus">{summary.removed} fewer</span>, in{" "}
            {summary.files.length === 1 ? summary.files[0] : `${summary.files.length} files`}. Its digest is the one on chain.
          </p>
        )}
        {text !== null && <Diff text={text} />}
        {text === null && (
          <div class="form">
            <p class="field-wide">
              The patch is not in this browser{site.gateway ? ", nor at the gateway" : ""}. Fetch it with{" "}
              <code>neuron ipfs get {cidOfFile(delta.digest)}</code>, and open it here: the page checks that it is the one on chain.
            </p>
            <label class="field field-wide">
              <span>Patch file</span>
              <input type="file" onChange={(event) => void open(event.currentTarget.files?.[0])} />
            </label>
            {said && (
              <p class="wrong" role="alert">
                {said}
              </p>
            )}
          </div>
        )}
      </section>
      {bytes && <Compare group={group} delta={delta} bytes={bytes} />}
    </>
  );
}

/** Positions for which an account may vote, as owner or as signer. */
export const votersOf = (group: Group, account: string, epoch: number): Seat[] =>
  [...group.seats.values()].filter((seat) => seat.owner === account.toLowerCase() || standIn(seat, epoch).signer === account.toLowerCase());

function Vote({ answer, group, delta }: { answer: GroupAnswer; group: Group; delta: Delta }) {
  const is = useSignal(connected);
  const now = useNow();
  if (!is) return <p class="nothing">Connect the wallet of an owner or signer of stake in this group to vote.</p>;
  const epoch = epochAt(answer.terms, now);
  const mine = votersOf(group, is.account, epoch);
  if (mine.length === 0) return <p class="nothing">This account has no stake in the group, so it has no vote here.</p>;
  return (
    <section>
      <h2>Vote</h2>
      <ul class="plain rows">
        {mine.map((seat) => (
          <Ballotbox key={seat.number} group={group} delta={delta} seat={seat} weight={standIn(seat, epoch).stake} />
        ))}
      </ul>
      <p class="quiet">A vote is a signature. Bringing it to the chain yourself costs gas; validators' nodes bring those that were given to them.</p>
    </section>
  );
}

function Ballotbox({ group, delta, seat, weight }: { group: Group; delta: Delta; seat: Seat; weight: bigint }) {
  const { site } = useHere();
  const ballot = group.ballots.get(group.periodNumber)?.get(seat.number);
  const build = (choice: number) => async (told: (stage: Stage) => void) => {
    const patch = choice === 0 ? NOTHING : delta.digest;
    const now = BigInt(Date.now());
    const seq = ballot && ballot.seq >= now ? ballot.seq + 1n : now;
    told("signing");
    const signature = await signed(site, choiceOf(placeOf(site), group.number, group.periodNumber, choice, patch, seq));
    return onNetwork(site, "cast", [BigInt(group.number), [{ position: BigInt(seat.number), delta: BigInt(choice), patch, seq, signature }]]);
  };
  return (
    <li>
      <span>
        Position {seat.number}, <Nrn of={weight} decimals={2} />: {votedWords(ballot)}
      </span>
      <span class="acts">
        <Act label={`Vote for delta ${delta.number}`} build={build(delta.number)} disabled={ballot?.delta === delta.number}>
          For this delta
        </Act>
        <Act label="Vote to keep the set" build={build(0)} quiet disabled={ballot?.delta === 0}>
          Keep the set
        </Act>
      </span>
    </li>
  );
}

const votedWords = (ballot: Ballot | undefined): string => {
  if (!ballot) return "has not voted in this period";
  return ballot.delta === 0 ? "voted to keep the set" : `voted for delta ${ballot.delta}`;
};

function Refund({ group, delta }: { group: Group; delta: Delta }) {
  const { site } = useHere();
  const now = useMined();
  const due = delta.state === "dropped" || (delta.state === "applied" && now >= delta.standsAt);
  if (!due) return null;
  return (
    <p class="acts">
      <Act label={`Pay back delta ${delta.number}`} build={() => onNetwork(site, "refund", [BigInt(group.number), [BigInt(delta.number)]])}>
        Pay its author back
      </Act>
      <span class="quiet">Anybody may: {nrn(delta.bond + (delta.state === "applied" ? delta.reward : 0n))} NRN go to the author.</span>
    </p>
  );
}

function Ballots({ group, delta }: { group: Group; delta: Delta }) {
  const rows = [...(group.ballots.get(delta.period)?.values() ?? [])].filter((ballot) => ballot.delta === delta.number);
  return (
    <section>
      <h2>Votes for it</h2>
      <Table
        caption="Votes"
        file={`group-${group.number}-delta-${delta.number}-votes`}
        empty="Nobody has voted for it."
        rows={rows}
        keyOf={(row) => row.position}
        columns={[
          { name: "Position", cell: (row) => row.position, plain: (row) => row.position },
          {
            name: "Owner",
            cell: (row) => <Account of={group.seats.get(row.position)?.owner ?? ZERO} />,
            plain: (row) => group.seats.get(row.position)?.owner ?? "",
          },
          { name: "Weight", right: true, cell: (row) => <Nrn of={row.weight} decimals={4} />, plain: (row) => nrn(row.weight, 18) },
          { name: "Signed by", cell: (row) => (row.byOwner ? "the owner" : "the signer"), plain: (row) => (row.byOwner ? "owner" : "signer") },
        ]}
      />
    </section>
  );
}
