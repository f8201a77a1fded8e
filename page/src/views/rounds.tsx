// Rounds of a group: loss over time, who won, and what it paid.

import { clockAt } from "../fold/rules";
import { type Claim, type Round, ZERO } from "../fold/state";
import { Account, Nrn, Tag, Time } from "../parts/bits";
import { Chart } from "../parts/chart";
import { useHere, useNow } from "../parts/context";
import { Table } from "../parts/table";
import { dated, nats, nrn } from "../parts/words";
import type { Inside } from "./group";

export const winnerOf = (round: Round): Claim | undefined =>
  round.claims.find((claim) => claim.trainer === round.winner && claim.file === round.file);

/** What became of a round, in a word. */
export function outcomeOf(round: Round, running: number): "won" | "lost" | "struck" | "void" | "empty" | "running" {
  if (round.outcome !== "open") return round.outcome;
  if (round.number >= running) return "running";
  return round.claims.some((claim) => claim.state === "revealed") ? "void" : "empty";
}

const KINDS = { won: "good", lost: "bad", struck: "bad", void: "plain", empty: "plain", running: "busy" } as const;

export function Outcome({ round, running }: { round: Round; running: number }) {
  const outcome = outcomeOf(round, running);
  return <Tag kind={KINDS[outcome]}>{outcome}</Tag>;
}

export function RoundsTab({ answer, group }: Inside) {
  const { links } = useHere();
  const now = useNow();
  const running = clockAt(answer.terms, group.birth, now).round;
  const all = [...group.rounds.values()].sort((one, other) => one.number - other.number);
  const won = all.flatMap((round) => {
    const claim = round.outcome === "won" ? winnerOf(round) : undefined;
    return claim ? [{ round: round.number, base: claim.base / 1e6, loss: claim.loss / 1e6 }] : [];
  });
  const rows = [...all].reverse();
  return (
    <>
      <section>
        <h2>Loss over rounds</h2>
        {won.length === 0 ? (
          <p class="nothing">No round was won yet.</p>
        ) : (
          <Chart
            label="Training loss of each winner, and of the checkpoint that it began from, in nats"
            unit="nats"
            x={won.map((one) => one.round)}
            lines={[
              { name: "winner", color: "accent", points: true, values: won.map((one) => one.loss) },
              { name: "before", color: "quiet", dashed: true, values: won.map((one) => one.base) },
            ]}
          />
        )}
      </section>
      <section>
        <h2>Rounds</h2>
        <Table
          caption="Rounds, the newest first"
          file={`group-${group.number}-rounds`}
          empty="Nobody has committed in this group yet."
          rows={rows}
          keyOf={(row) => row.number}
          columns={[
            { name: "Round", cell: (row) => <a href={links.round(group.number, row.number)}>{row.number}</a>, plain: (row) => row.number },
            { name: "Outcome", cell: (row) => <Outcome round={row} running={running} />, plain: (row) => outcomeOf(row, running) },
            {
              name: "Winner",
              cell: (row) => (row.winner === ZERO ? <span class="quiet">–</span> : <Account of={row.winner} />),
              plain: (row) => (row.winner === ZERO ? "" : row.winner),
            },
            { name: "Before", right: true, cell: (row) => lossCell(winnerOf(row)?.base), plain: (row) => lossCell(winnerOf(row)?.base) },
            { name: "Loss", right: true, cell: (row) => lossCell(winnerOf(row)?.loss), plain: (row) => lossCell(winnerOf(row)?.loss) },
            {
              name: "Claims",
              right: true,
              cell: (row) => `${row.claims.filter((claim) => claim.state === "revealed").length} of ${row.claims.length}`,
              plain: (row) => row.claims.length,
            },
            { name: "To win", right: true, cell: (row) => <Nrn of={row.reward} />, plain: (row) => nrn(row.reward, 18) },
            { name: "To validators", right: true, cell: (row) => <Nrn of={row.paid} />, plain: (row) => nrn(row.paid, 18) },
            { name: "Opened", cell: (row) => <Time at={row.opened.time} />, plain: (row) => dated(row.opened.time) },
          ]}
        />
      </section>
    </>
  );
}

const lossCell = (micronats: number | undefined): string => (micronats === undefined ? "–" : nats(micronats));
