// One round: its claims in the order of the judges, the verdicts, and why each was paid or not.

import type { GroupAnswer } from "../index/answers";
import { clockAt, earnedFor, epochOfRound, matureAt, ranked, roundEnd, standIn } from "../fold/rules";
import { type Claim, type Group, NOTHING, type Round, ZERO } from "../fold/state";
import { Account, Bar, Digest, Fact, Nrn, Tag, Time, Until } from "../parts/bits";
import { useAnswer, useHere, useMined, useNow } from "../parts/context";
import { Table } from "../parts/table";
import { nats, nrn, percent } from "../parts/words";
import { Act } from "../wallet/act";
import { onNetwork } from "../wallet/send";
import { Doubt } from "./doubt";
import { Outcome, outcomeOf } from "./rounds";
import { Missing, Waiting } from "./waiting";

export function RoundView({ number, round }: { number: number; round: number }) {
  const answer = useAnswer<"group">({ kind: "group", group: number });
  const { links } = useHere();
  const now = useNow();
  if (!answer) return <Waiting />;
  const { group } = answer;
  const shown = group?.rounds.get(round);
  if (!group || !shown) return <Missing what={`Nobody committed in round ${round} of group ${number}.`} />;
  const running = clockAt(answer.terms, group.birth, now).round;
  return (
    <main id="main">
      <p class="crumbs">
        <a href={links.group(number)}>Group {number}</a>
      </p>
      <h1>
        Round {round} <Outcome round={shown} running={running} />
      </h1>
      <p class="lead">{STORIES[outcomeOf(shown, running)]}</p>
      <Facts answer={answer} group={group} round={shown} />
      <Claims group={group} round={shown} running={running} end={roundEnd(answer.terms, group.birth, round)} />
      <Verdicts answer={answer} group={group} round={shown} />
      <Doubt group={group} round={shown} terms={answer.terms} />
    </main>
  );
}

const STORIES = {
  won: "More than two thirds of the awake stake signed that the winner's claim is true.",
  lost: "More than two thirds of the awake stake signed that no claim was true: the deposits of those who claimed pay the validators.",
  struck: "It was decided, and then cancelled by a majority of all stake.",
  void: "Claims were revealed, but no two thirds of the awake stake agreed about them in time. Nobody is paid.",
  empty: "Nobody revealed a claim.",
  running: "It is still running.",
} as const;

function Facts({ answer, group, round }: { answer: GroupAnswer; group: Group; round: Round }) {
  const now = useNow();
  const [end, mature] = [roundEnd(answer.terms, group.birth, round.number), matureAt(answer.terms, group.birth, round.number)];
  return (
    <dl class="facts">
      <Fact name="To the winner">
        <Nrn of={round.reward} />
      </Fact>
      <Fact name="To the validators">
        <Nrn of={round.paid} />
      </Fact>
      <Fact name="Deposit of a commit">
        <Nrn of={round.deposit} />
      </Fact>
      <Fact name="Verdicts, of the awake stake">
        {percent(round.judged, round.awake)}{" "}
        <Bar
          part={round.judged}
          whole={round.awake}
          mark={2 / 3}
          label={`${percent(round.judged, round.awake)} of the awake stake; two thirds decide`}
        />
      </Fact>
      <Fact name="Began from">
        <Digest of={round.checkpoint} label="base checkpoint" />
      </Fact>
      <Fact name="Ends">
        <Until at={end} now={now} />
      </Fact>
      <Fact name="Mature">
        <Until at={mature} now={now} />
      </Fact>
      {round.outcome === "won" && (
        <Fact name="Pay of the winner">{round.collected ? "collected" : now >= mature ? "can be collected" : "waits until it is mature"}</Fact>
      )}
    </dl>
  );
}

/** Why a claim got what it got. */
function reasonOf(round: Round, claim: Claim, running: number): string {
  const outcome = outcomeOf(round, running);
  if (claim.state === "sealed") {
    if (outcome === "running") return "sealed; it may still be revealed";
    return outcome === "empty" ? "never opened; nobody revealed, so most of the deposit comes back" : "never opened: the deposit is lost";
  }
  if (claim.state === "conceded") return `conceded as number ${claim.concession}: ${Math.max(0, 16 - claim.concession)}/16 of the deposit come back`;
  if (outcome === "running") return "revealed; validators decide";
  if (outcome === "void") return "not decided in time: 15/16 of the deposit come back";
  if (outcome === "struck") return "the round was struck: 15/16 of the deposit come back";
  if (outcome === "lost") return "found false: the deposit pays the validators";
  if (claim.trainer === round.winner && claim.file === round.file) return "the first true claim: it won";
  const order = ranked(round);
  const [own, won] = [order.indexOf(claim), order.findIndex((one) => one.trainer === round.winner)];
  if (own < won || claim.base !== order[won]?.base) return "looked at before the winner, and found false: the deposit is lost";
  return "a smaller improvement, or a later one: 15/16 of the deposit come back";
}

function Claims({ group, round, running, end }: { group: Group; round: Round; running: number; end: number }) {
  const { site } = useHere();
  const order = ranked(round);
  const rest = round.claims.filter((claim) => claim.state !== "revealed");
  const rows = [...order, ...rest];
  const over = useMined() >= end;
  const unsettled = rows.filter((claim) => !claim.settled).map((claim) => claim.trainer);
  const reason = (claim: Claim) => reasonOf(round, claim, running);
  const decided = round.outcome !== "open";
  const stakeFor = ({ name }: Claim) => (decided && name === round.decided ? round.judged : (round.weights.get(name)?.stake ?? 0n));
  return (
    <section>
      <h2>Claims, in the order in which they are judged</h2>
      <Table
        caption="Claims"
        file={`group-${group.number}-round-${round.number}-claims`}
        empty="Nobody has committed."
        rows={rows}
        keyOf={(row) => row.number}
        columns={[
          { name: "Trainer", cell: (row) => <Account of={row.trainer} />, plain: (row) => row.trainer },
          { name: "Before", right: true, cell: (row) => (row.state === "revealed" ? nats(row.base) : "–"), plain: (row) => nats(row.base) },
          { name: "Claimed loss", right: true, cell: (row) => (row.state === "revealed" ? nats(row.loss) : "–"), plain: (row) => nats(row.loss) },
          { name: "File", cell: (row) => (row.file === NOTHING ? "–" : <Digest of={row.file} label="file" />), plain: (row) => row.file },
          { name: "Stake for it", right: true, cell: (row) => percent(stakeFor(row), round.awake), plain: (row) => nrn(stakeFor(row), 18) },
          { name: "What came of it", wraps: true, cell: reason, plain: reason },
          { name: "Deposit", cell: (row) => (row.settled ? "settled" : "held"), plain: (row) => (row.settled ? "settled" : "held") },
        ]}
      />
      {over && unsettled.length > 0 && (
        <p class="acts">
          <Act
            label={`Settle round ${round.number}`}
            build={() => onNetwork(site, "settle", [BigInt(group.number), BigInt(round.number), unsettled])}
            quiet
          >
            Settle the deposits
          </Act>
        </p>
      )}
    </section>
  );
}

function Verdicts({ answer, group, round }: { answer: GroupAnswer; group: Group; round: Round }) {
  const epoch = epochOfRound(answer.terms, group.birth, round.number);
  const rows = round.verdicts.map((verdict) => ({ ...verdict, seat: group.seats.get(verdict.position) }));
  const stake = (row: (typeof rows)[number]) => (row.seat ? standIn(row.seat, epoch).stake : 0n);
  const decided = round.outcome === "won" || round.outcome === "lost";
  const says = (row: (typeof rows)[number]) => {
    if (row.claim === NOTHING) return "no claim is true";
    const claim = round.claims.find((one) => one.name === row.claim);
    return claim ? `the claim of loss ${nats(claim.loss)} is true` : "another claim is true";
  };
  const pay = (row: (typeof rows)[number]) => (decided && row.claim === round.decided ? earnedFor(round.reward, round.awake, stake(row)) : 0n);
  return (
    <section>
      <h2>Verdicts</h2>
      <Table
        caption="Verdicts"
        file={`group-${group.number}-round-${round.number}-verdicts`}
        empty="No verdict was counted."
        rows={rows}
        keyOf={(row) => `${row.position}-${row.claim}`}
        columns={[
          { name: "Position", cell: (row) => row.position, plain: (row) => row.position },
          { name: "Owner", cell: (row) => <Account of={row.seat?.owner ?? ZERO} />, plain: (row) => row.seat?.owner ?? "" },
          { name: "Says", cell: says, plain: says },
          {
            name: "Counts",
            cell: (row) =>
              decided ? (
                row.claim === round.decided ? (
                  <Tag kind="good">decided so</Tag>
                ) : (
                  <Tag kind="plain">outvoted</Tag>
                )
              ) : (
                <Tag kind="busy">counted</Tag>
              ),
            plain: (row) => row.claim === round.decided,
          },
          { name: "Pay", right: true, cell: (row) => <Nrn of={pay(row)} />, plain: (row) => nrn(pay(row), 18) },
          { name: "When", cell: (row) => <Time at={row.at.time} />, plain: (row) => row.at.time },
        ]}
      />
      {round.attended.length > 0 && <p class="quiet">Positions {[...new Set(round.attended)].join(", ")} showed their presence later.</p>}
    </section>
  );
}
