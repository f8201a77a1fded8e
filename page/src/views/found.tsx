// A form that founds a group: what it begins with, and its numbers, each explained and looked at before anything is sent.

import { useEffect, useState } from "preact/hooks";
import { type NumberName, type Numbers, numbersIn, USUAL, wrongNumbers } from "../chain/founding";
import type { Terms } from "../fold/state";
import { useAnswer, useHere } from "../parts/context";
import { lasting } from "../parts/words";
import { Act } from "../wallet/act";
import { onNetwork } from "../wallet/send";
import { type Beginning, FromFiles, FromGroup } from "./begin";
import { Field } from "./home";
import { Waiting } from "./waiting";

const EXPLAINED: [NumberName, string, string][] = [
  ["train", "Seconds of TRAIN", "trainers train and seal checkpoints; the longer, the more each round can improve"],
  ["reveal", "Seconds of REVEAL", "trainers show what they sealed; long enough that slow chains and lines make it"],
  ["judge", "Seconds of JUDGE", "validators fetch the files and compute the losses again; long enough for the slowest of them"],
  ["period", "Seconds of a period", "in which changes of the training set are proposed and voted on; one is applied at its end at most"],
  ["improve", "Better by one part in 2 to the", "a winner's loss is lower by that part; 10 asks for 1/1024, a smaller number for more"],
  ["least", "Better by micronats", "and by so much at least; below it nothing is paid. A measure can lower it later, never raise it"],
];

const textOf = (numbers: Numbers): Record<NumberName, string> => ({
  train: String(numbers.train),
  reveal: String(numbers.reveal),
  judge: String(numbers.judge),
  period: String(numbers.period),
  improve: String(numbers.improve),
  least: String(numbers.least),
});

type Way = "copy" | "fork" | "files";

const WAYS: Record<Way, string> = {
  copy: "Like another group: its model and set, a group of its own",
  fork: "A fork: its parent's set, and stake of the parent may move to it",
  files: "With files of mine",
};

export function FoundView() {
  const answer = useAnswer<"network">({ kind: "network" });
  const { links } = useHere();
  if (!answer) return <Waiting />;
  return (
    <main id="main">
      <p class="crumbs">
        <a href={links.network}>Network</a>
      </p>
      <h1>Found a group</h1>
      <p class="lead">
        Anybody may. What stands here is fixed for good, but for the length of its periods and the least improvement. It draws on the issue once the
        stake of the whole network has admitted it.
      </p>
      <Form terms={answer.terms} groups={answer.groups.map(({ number }) => number)} />
    </main>
  );
}

/** What follows from the numbers, in a sentence. */
function inWords({ train, reveal, judge, period, improve, least }: Numbers, terms: Terms): string {
  const length = train + reveal + judge;
  return `A round takes ${lasting(length)}, ${terms.epoch === length ? "as long as an epoch" : `${terms.epoch / length} of them are an epoch`}. A winner is better by 1/${2 ** improve} of the loss before, and by ${(least / 1e6).toFixed(6)} nats. The set can change every ${lasting(period)}.`;
}

interface FormProps {
  terms: Terms;
  groups: number[];
}

function Form({ terms, groups }: FormProps) {
  const [way, setWay] = useState<Way>(groups.length > 0 ? "copy" : "files");
  const [from, setFrom] = useState(groups[0] ?? 0);
  const [beginning, setBeginning] = useState<Beginning | null>(null);
  return (
    <>
      <section>
        <h2>What it begins with</h2>
        <div class="form">
          <label class="field field-wide">
            <span>How</span>
            <select value={way} onChange={(event) => setWay(event.currentTarget.value as Way)}>
              {(Object.keys(WAYS) as Way[]).map((one) => (
                <option key={one} value={one} disabled={one !== "files" && groups.length === 0}>
                  {WAYS[one]}
                </option>
              ))}
            </select>
          </label>
          {way !== "files" && <Which groups={groups} from={from} set={setFrom} />}
        </div>
        {way === "files" ? (
          <FromFiles set={setBeginning} />
        ) : (
          <FromGroup key={`${way}/${from}`} set={setBeginning} number={from} isFork={way === "fork"} />
        )}
      </section>
      <ItsNumbers terms={terms} beginning={beginning} parent={way === "fork" ? from : null} />
    </>
  );
}

function Which({ groups, from, set }: { groups: number[]; from: number; set: (group: number) => void }) {
  return (
    <label class="field">
      <span>Which group</span>
      <select value={String(from)} onChange={(event) => set(Number(event.currentTarget.value))}>
        {groups.map((number) => (
          <option key={number} value={String(number)}>
            Group {number}
          </option>
        ))}
      </select>
    </label>
  );
}

interface NumbersProps {
  terms: Terms;
  beginning: Beginning | null;
  /** The group that is forked, if one is. */
  parent: number | null;
}

function ItsNumbers({ terms, beginning, parent }: NumbersProps) {
  const { links, site } = useHere();
  const [typed, setTyped] = useState(textOf(USUAL));
  const [isDone, setDone] = useState(false);
  const like = beginning?.like ?? null;
  // A group that serves as a model lends its numbers, too.
  useEffect(() => {
    if (like) setTyped(textOf({ ...like.birth, least: like.least }));
  }, [like?.number]);
  const numbers = numbersIn(typed);
  const wrong = typeof numbers === "string" ? numbers : wrongNumbers(numbers, terms);
  const build = () => {
    if (!beginning || typeof numbers === "string") throw new Error("Say first what the group begins with.");
    const { manifest, checkpoint, dataset } = beginning;
    const birth = { manifest, checkpoint, dataset, ...numbers };
    return parent === null ? onNetwork(site, "create", [birth]) : onNetwork(site, "fork", [BigInt(parent), birth]);
  };
  return (
    <section>
      <h2>Its numbers</h2>
      <div class="form">
        {EXPLAINED.map(([name, title, hint]) => (
          <Field
            key={name}
            name={title}
            hint={hint}
            value={typed[name]}
            changed={(event) => setTyped({ ...typed, [name]: event.currentTarget.value })}
          />
        ))}
        <div class="form-foot">
          <Act
            label={parent === null ? "Found a group" : `Fork group ${parent}`}
            build={build}
            disabled={!beginning || wrong !== null}
            done={() => setDone(true)}
          >
            {parent === null ? "Found it" : "Fork it"}
          </Act>
        </div>
      </div>
      {wrong ? (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      ) : (
        typeof numbers !== "string" && <p>{inWords(numbers, terms)}</p>
      )}
      {isDone && (
        <p role="status">
          It is on its way. The newest group stands last among the <a href={links.network}>groups of the network</a>.
        </p>
      )}
    </section>
  );
}
