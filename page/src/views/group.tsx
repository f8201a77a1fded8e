// A group: its clock, and a tab for each thing that happens in it.

import type { GroupAnswer } from "../index/answers";
import { clockAt, epochAt, type Phase, sumsIn } from "../fold/rules";
import type { Group } from "../fold/state";
import { Fact, Nrn, Tag } from "../parts/bits";
import { useAnswer, useHere, useNow } from "../parts/context";
import { GROUP_TABS, type GroupTab } from "../parts/route";
import { lasting } from "../parts/words";
import { AboutTab } from "./about";
import { DataTab } from "./data";
import { DecisionsTab } from "./decisions";
import { KeepTab } from "./keep";
import { RoundsTab } from "./rounds";
import { SetTab } from "./set";
import { StakeTab } from "./stake";
import { TryTab } from "./try";
import { Missing, Waiting } from "./waiting";

export interface Inside {
  answer: GroupAnswer;
  group: Group;
}

export function GroupView({ number, tab, file }: { number: number; tab: GroupTab; file?: string }) {
  const answer = useAnswer<"group">({ kind: "group", group: number });
  const { links } = useHere();
  if (!answer) return <Waiting />;
  const { group } = answer;
  if (!group) return <Missing what={`There is no group ${number} in this network.`} />;
  const inside = { answer, group };
  return (
    <main id="main">
      <div class="heading">
        <h1>
          Group {number} {group.admitted ? <Tag kind="good">paid by the issue</Tag> : <Tag kind="plain">not paid</Tag>}
        </h1>
      </div>
      <Clock {...inside} />
      <nav class="tabs" aria-label="Parts of the group">
        {GROUP_TABS.map((one) => (
          <a key={one} href={links.group(number, one)} aria-current={one === tab ? "page" : undefined}>
            {TABS[one]}
            {one === "data" && group.open.length > 0 && <span class="count">{group.open.length}</span>}
          </a>
        ))}
      </nav>
      {tab === "rounds" && <RoundsTab {...inside} />}
      {tab === "data" && <DataTab {...inside} />}
      {tab === "set" && <SetTab {...inside} file={file} />}
      {tab === "stake" && <StakeTab {...inside} />}
      {tab === "decisions" && <DecisionsTab {...inside} />}
      {tab === "try" && <TryTab {...inside} />}
      {tab === "keep" && <KeepTab {...inside} />}
      {tab === "about" && <AboutTab {...inside} />}
    </main>
  );
}

const TABS: Record<GroupTab, string> = {
  rounds: "Rounds",
  data: "Training set",
  set: "Examples",
  stake: "Stake",
  decisions: "Decisions",
  try: "Try it",
  keep: "Keep it",
  about: "About",
};

const SAID: Record<Phase, string> = {
  TRAIN: "trainers train and seal checkpoints",
  REVEAL: "trainers reveal what they claim",
  JUDGE: "validators compute the losses again",
};

/** Round, phase and time left, as a strip of three parts. */
function Clock({ answer, group }: Inside) {
  const now = useNow();
  const { train, reveal, judge } = group.birth;
  const clock = clockAt(answer.terms, group.birth, now);
  const length = train + reveal + judge;
  const phases: [Phase, number][] = [
    ["TRAIN", train],
    ["REVEAL", reveal],
    ["JUDGE", judge],
  ];
  const gone = now - (answer.terms.genesis + clock.round * length);
  const open = group.rounds.get(clock.round);
  const sums = sumsIn(group.sums, epochAt(answer.terms, now));
  return (
    <section class="clock" aria-label="The clock">
      <div class="clock-now">
        <span class="clock-phase">{clock.phase}</span>
        <span class="clock-left">{lasting(clock.until - now)} left</span>
        <span class="quiet">
          round {clock.round}: {SAID[clock.phase]}
        </span>
      </div>
      <svg class="clock-strip" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
        {phases.map(([name, seconds], at) => {
          const before = phases.slice(0, at).reduce((sum, [, one]) => sum + one, 0);
          return (
            <rect
              key={name}
              class={name === clock.phase ? "strip-now" : "strip"}
              x={(before / length) * 1000 + 2}
              width={(seconds / length) * 1000 - 4}
              height="10"
              rx="3"
            />
          );
        })}
        <rect class="strip-hand" x={Math.min(996, (gone / length) * 1000)} width="4" height="10" />
      </svg>
      <dl class="facts">
        <Fact name="This round">
          {open ? `${open.claims.length} sealed, ${open.claims.filter((claim) => claim.state === "revealed").length} revealed` : "not opened yet"}
        </Fact>
        <Fact name="To win">{open ? <Nrn of={open.reward} /> : "–"}</Fact>
        <Fact name="Awake stake">
          <Nrn of={sums.awake} decimals={2} />
        </Fact>
        <Fact name={`Period ${group.periodNumber} of the set`}>
          {group.periodEnd > now ? `${lasting(group.periodEnd - now)} left` : "over: anybody may turn it"}
        </Fact>
      </dl>
    </section>
  );
}
