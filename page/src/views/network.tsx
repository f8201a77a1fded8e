// A network: its groups, what was issued, and the sale.

import { useState } from "preact/hooks";
import type { GroupRow, NetworkAnswer } from "../index/answers";
import { clockAt, epochAt, growth, sumsIn } from "../fold/rules";
import { Account, Fact, Nrn, Tag, Time } from "../parts/bits";
import { Chart } from "../parts/chart";
import { useAnswer, useHere, useNow } from "../parts/context";
import { Table } from "../parts/table";
import { dated, lasting, nats, nrn } from "../parts/words";
import { Search } from "./home";
import { SaleBox } from "./sale";
import { Waiting } from "./waiting";

export function NetworkView() {
  const answer = useAnswer<"network">({ kind: "network" });
  const { site } = useHere();
  if (!answer) return <Waiting />;
  return (
    <main id="main">
      <h1>{site.name}</h1>
      <Numbers answer={answer} />
      <Groups answer={answer} />
      <Issue answer={answer} />
      <SaleBox sale={answer.sale} contracts={answer.contracts} />
      {answer.bounties.length > 0 && <Bounties answer={answer} />}
    </main>
  );
}

function Numbers({ answer }: { answer: NetworkAnswer }) {
  const now = useNow();
  const epoch = epochAt(answer.terms, now);
  const all = sumsIn(answer.all, epoch);
  const left = answer.terms.genesis + (epoch + 1) * answer.terms.epoch - now;
  return (
    <dl class="facts">
      <Fact name="In existence">
        <Nrn of={answer.supply} decimals={2} />
      </Fact>
      <Fact name="At stake">
        <Nrn of={all.bonded} decimals={2} />
      </Fact>
      <Fact name="Epoch">
        {epoch} <span class="quiet">the next in {lasting(left)}</span>
      </Fact>
      <Fact name="Groups">{answer.groups.length}</Fact>
    </dl>
  );
}

function Groups({ answer }: { answer: NetworkAnswer }) {
  const { links } = useHere();
  const now = useNow();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const matches = ({ number, group }: GroupRow) =>
    `group ${number} ${group.creator} ${group.admitted ? "admitted" : ""}`.toLowerCase().includes(wanted);
  const clock = (row: GroupRow) => clockAt(answer.terms, row.group.birth, now);
  return (
    <section>
      <div class="heading">
        <h2>Groups</h2>
        <Search value={search} changed={setSearch} label="Search groups" />
      </div>
      <Table
        caption="Groups"
        file="groups"
        empty="Nobody has founded a group yet."
        rows={answer.groups.filter(matches)}
        keyOf={(row) => row.number}
        columns={[
          { name: "Group", cell: (row) => <a href={links.group(row.number)}>Group {row.number}</a>, plain: (row) => row.number },
          {
            name: "Issue",
            cell: (row) => (row.group.admitted ? <Tag kind="good">paid</Tag> : <Tag kind="plain">unpaid</Tag>),
            plain: (row) => row.group.admitted,
          },
          { name: "Now", cell: (row) => `round ${clock(row).round}, ${clock(row).phase}`, plain: (row) => clock(row).round },
          { name: "Rounds won", right: true, cell: (row) => `${row.won} of ${row.rounds}`, plain: (row) => row.won },
          {
            name: "Loss",
            right: true,
            cell: (row) => (row.loss === null ? "–" : nats(row.loss)),
            plain: (row) => (row.loss === null ? "" : nats(row.loss)),
          },
          { name: "Open deltas", right: true, cell: (row) => row.open, plain: (row) => row.open },
          { name: "Founder", cell: (row) => <Account of={row.group.creator} />, plain: (row) => row.group.creator },
          { name: "Since", cell: (row) => <Time at={row.group.created.time} />, plain: (row) => dated(row.group.created.time) },
        ]}
      />
      <p>
        <a href={links.found}>Found a group</a>
      </p>
    </section>
  );
}

/** What was issued, beside what the schedule allowed up to then and allows now. */
function Issue({ answer }: { answer: NetworkAnswer }) {
  const now = useNow();
  const { emission, supply } = answer;
  if (emission.start === 0) return null;
  const whole = (wei: bigint) => Number(wei / 1_000_000_000n) / 1e9;
  const minute = Math.floor(now / 10) * 10;
  const allowedNow = emission.issued + emission.allowance + growth(supply, emission.start, emission.accrued, Math.max(minute, emission.accrued));
  const points = [...emission.points, { time: Math.max(minute, emission.accrued), issued: emission.issued, allowed: allowedNow }];
  const rows = [...points].reverse();
  return (
    <section>
      <h2>Issue against schedule</h2>
      <p class="quiet">
        {nrn(emission.issued)} NRN were issued since <Time at={emission.start} />; the schedule allowed {nrn(allowedNow)}. No key can issue more.
      </p>
      {points.length > 1 && (
        <Chart
          label="NRN issued, and the most that the schedule allowed"
          unit="NRN"
          time
          x={points.map((point) => point.time)}
          lines={[
            { name: "issued", color: "accent", values: points.map((point) => whole(point.issued)) },
            { name: "allowed", color: "quiet", dashed: true, values: points.map((point) => whole(point.allowed)) },
          ]}
        />
      )}
      <details>
        <summary>As a table</summary>
        <Table
          caption="Issue"
          file="issue"
          empty="Nothing was issued yet."
          rows={rows}
          keyOf={(row) => `${row.time}-${row.issued}`}
          columns={[
            { name: "Time", cell: (row) => <Time at={row.time} />, plain: (row) => dated(row.time) },
            { name: "Issued", right: true, cell: (row) => <Nrn of={row.issued} />, plain: (row) => nrn(row.issued, 18) },
            { name: "Allowed", right: true, cell: (row) => <Nrn of={row.allowed} />, plain: (row) => nrn(row.allowed, 18) },
          ]}
        />
      </details>
    </section>
  );
}

function Bounties({ answer }: { answer: NetworkAnswer }) {
  const { links } = useHere();
  return (
    <section>
      <h2>Bounties</h2>
      <Table
        caption="Bounties"
        file="bounties"
        empty="There is no bounty."
        rows={answer.bounties}
        keyOf={(row) => row.number}
        columns={[
          { name: "Bounty", cell: (row) => row.number, plain: (row) => row.number },
          { name: "Group", cell: (row) => <a href={links.group(row.group)}>Group {row.group}</a>, plain: (row) => row.group },
          { name: "Sponsor", cell: (row) => <Account of={row.sponsor} />, plain: (row) => row.sponsor },
          { name: "Amount", right: true, cell: (row) => <Nrn of={row.amount} />, plain: (row) => nrn(row.amount, 18) },
          { name: "Rounds", cell: (row) => `${row.first} to ${row.last}`, plain: (row) => `${row.first}-${row.last}` },
          {
            name: "State",
            cell: (row) => (row.settled ? "settled" : row.resolved ? "measured" : row.unsealed ? "unsealed" : "hidden"),
            plain: (row) => (row.settled ? "settled" : "running"),
          },
        ]}
      />
    </section>
  );
}
