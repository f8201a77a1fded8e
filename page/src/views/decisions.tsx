// Measures: what a majority of stake may decide, who has signed, and a way to sign and to propose one.

import { useState } from "preact/hooks";
import { toHex } from "viem";
import { argsOf, assentOf, kindNumber, type Motion, motionOf, wordsOf } from "../chain/messages";
import { epochAt, epochStart, standIn } from "../fold/rules";
import type { Group, Hex, Measure, MeasureKind, Seat, Terms } from "../fold/state";
import { Bar, Digest, Nrn, Tag, Until } from "../parts/bits";
import { useHere, useNow } from "../parts/context";
import { useSignal } from "../parts/signal";
import { dated, lasting, percent } from "../parts/words";
import { Act } from "../wallet/act";
import { onNetwork, placeOf, type Stage } from "../wallet/send";
import { connected, signed } from "../wallet/wallet";
import { votersOf } from "./delta";
import type { Inside } from "./group";
import { Field } from "./home";

const EXPIRY_EPOCHS = 4;

const WHAT: Record<MeasureKind, string> = {
  period: "Change the length of periods",
  rollback: "Take a delta back",
  admit: "Let the group draw on the issue",
  revoke: "Stop its drawing on the issue",
  strike: "Cancel a round",
  slash: "Slash a position",
  least: "Lower the least improvement",
};

const NEEDS: Record<MeasureKind, string> = {
  period: "half of the group's stake",
  rollback: "half of the group's awake stake, and no less than voted for the delta",
  admit: "half of all stake, and a tenth of the supply",
  revoke: "half of all stake, and a tenth of the supply",
  strike: "half of all stake, and a tenth of the supply",
  slash: "half of all stake, and a tenth of the supply, twice",
  least: "half of the group's stake",
};

const wordText = (value: Hex | bigint) => (typeof value === "bigint" ? String(value) : <Digest of={value} label="word" />);

export function DecisionsTab({ answer, group }: Inside) {
  return (
    <>
      <section>
        <h2>Measures</h2>
        <p class="quiet">A majority of stake may decide seven things, and nothing else. Signatures are counted within one epoch.</p>
        {answer.measures.length === 0 && <p class="nothing">Nothing was proposed in this group yet.</p>}
        <ul class="plain stack">
          {answer.measures.map((measure) => (
            <MeasureCard key={measure.name} measure={measure} group={group} terms={answer.terms} />
          ))}
        </ul>
      </section>
      <NewMeasure answer={answer} group={group} />
    </>
  );
}

function MeasureCard({ measure, group, terms }: { measure: Measure; group: Group; terms: Terms }) {
  const now = useNow();
  const epoch = epochAt(terms, now);
  const weight = measure.epoch === epoch || measure.enacted ? measure.weight : 0n;
  const ripe = measure.kind === "slash" && measure.ripeAt > epoch;
  const runs = !measure.enacted && measure.expiry > now;
  return (
    <li class="panel">
      <p class="panel-head">
        <strong>{WHAT[measure.kind]}</strong>
        {measure.enacted ? (
          <Tag kind="good">in effect</Tag>
        ) : runs ? (
          <Tag kind="busy">{ripe ? `shown, ripe in epoch ${measure.ripeAt}` : "gathering"}</Tag>
        ) : (
          <Tag kind="plain">expired</Tag>
        )}
      </p>
      <p class="quiet words">
        {wordsOf(measure.kind, measure.args).map(([name, value]) => (
          <span key={name}>
            {name} {wordText(value)}
          </span>
        ))}
      </p>
      <p>
        <Nrn of={weight} decimals={2} /> signed in this epoch; more than <Nrn of={measure.needed} decimals={2} /> are needed.{" "}
        <Bar part={weight} whole={measure.needed * 2n} mark={0.5} label={`${percent(weight, measure.needed)} of what is needed`} />
      </p>
      <p class="quiet">
        Signed by positions {measure.voters.map((voter) => `${voter.position} of group ${voter.group}`).join(", ") || "of nobody"}; expires{" "}
        <Until at={measure.expiry} now={now} />.
      </p>
      {runs && <Assents motion={motionOf(measure)} group={group} terms={terms} done={measure.epoch === epoch ? measure.voters : []} />}
    </li>
  );
}

/** Signs a measure for each position of the visitor's in this group, and brings that to the chain. */
function Assents({ motion, group, terms, done }: { motion: Motion; group: Group; terms: Terms; done: Measure["voters"] }) {
  const is = useSignal(connected);
  const now = useNow();
  if (!is) return null;
  const epoch = epochAt(terms, now);
  const mine = votersOf(group, is.account, epoch).filter((seat) => standIn(seat, epoch).stake > 0n);
  const left = mine.filter((seat) => !done.some((voter) => voter.group === group.number && voter.position === seat.number));
  if (left.length === 0) return null;
  return (
    <p class="acts">
      {left.map((seat) => (
        <Assent key={seat.number} seat={seat} motion={motion} group={group} />
      ))}
    </p>
  );
}

const bring = (site: Parameters<typeof placeOf>[0], motion: Motion, group: Group, seat: Seat) => async (told: (stage: Stage) => void) => {
  told("signing");
  const signature = await signed(site, assentOf(placeOf(site), motion));
  const assents = [{ group: BigInt(group.number), position: BigInt(seat.number), signature }];
  return onNetwork(site, "enact", [kindNumber(motion.kind), argsOf(motion), motion.nonce, BigInt(motion.expiry), assents]);
};

function Assent({ seat, motion, group }: { seat: Seat; motion: Motion; group: Group }) {
  const { site } = useHere();
  return (
    <Act label={`Assent: ${WHAT[motion.kind]}`} build={bring(site, motion, group, seat)}>
      Assent for position {seat.number}
    </Act>
  );
}

const OFFERED: readonly MeasureKind[] = ["period", "least", "rollback", "admit", "revoke"];

/** What a new measure says; a sentence where it cannot be. */
function wordsFor(kind: MeasureKind, group: Group, number: string): Motion["words"] | string {
  const of = BigInt(group.number);
  const value = /^\d{1,12}$/.test(number.trim()) ? BigInt(number.trim()) : null;
  switch (kind) {
    case "admit":
    case "revoke":
      return { group: of, name: group.name };
    case "rollback": {
      const delta = group.deltas.get(group.applied);
      return delta ? { group: of, delta: BigInt(delta.number), patch: delta.digest } : "No delta is on trial: there is nothing to take back.";
    }
    case "period":
      return value ? { group: of, present: BigInt(group.periodNext), period: value } : "Say the new length in seconds.";
    case "least":
      return value !== null ? { group: of, present: BigInt(group.least), least: value } : "Say the new least improvement in micronats.";
    default:
      return "Propose that with `neuron measure propose`.";
  }
}

const ASKED: Partial<Record<MeasureKind, (group: Group) => string>> = {
  period: (group) => `Length in seconds, now ${group.periodNext} (${lasting(group.periodNext)})`,
  least: (group) => `Micronats, now ${group.least}`,
};

function NewMeasure({ answer, group }: Inside) {
  const { site } = useHere();
  const is = useSignal(connected);
  const now = useNow();
  const possible = OFFERED.filter((kind) =>
    kind === "admit" ? !group.admitted : kind === "revoke" ? group.admitted : kind === "rollback" ? group.applied > 0 : true,
  );
  const [picked, setPicked] = useState<MeasureKind>("period");
  const kind = possible.includes(picked) ? picked : "period";
  const [number, setNumber] = useState("");
  const epoch = epochAt(answer.terms, now);
  const mine = is ? votersOf(group, is.account, epoch).filter((seat) => standIn(seat, epoch).stake > 0n) : [];
  const expiry = epochStart(answer.terms, epoch + EXPIRY_EPOCHS);
  const [seat] = mine;
  const build = (told: (stage: Stage) => void) => {
    const words = wordsFor(kind, group, number);
    if (typeof words === "string") throw new Error(words);
    if (!seat) throw new Error("Only positions with stake in the group can sign.");
    const nonce = BigInt(toHex(crypto.getRandomValues(new Uint8Array(32))));
    return bring(site, { kind, words, nonce, expiry }, group, seat)(told);
  };
  const asked = ASKED[kind];
  return (
    <section>
      <h2>Propose a measure</h2>
      {!seat ? (
        <p class="nothing">Connect the wallet of an owner or signer of stake in this group to propose one.</p>
      ) : (
        <div class="form">
          <label class="field">
            <span>What</span>
            <select value={kind} onChange={(event) => setPicked(event.currentTarget.value as MeasureKind)}>
              {possible.map((one) => (
                <option key={one} value={one}>
                  {WHAT[one]}
                </option>
              ))}
            </select>
            <small class="quiet">takes {NEEDS[kind]}</small>
          </label>
          {asked && <Field name={asked(group)} value={number} changed={(event) => setNumber(event.currentTarget.value)} />}
          <p class="quiet field-wide">
            Expires {dated(expiry)}, after four epochs. Striking a round and slashing are proposed with the command: `neuron measure propose`.
          </p>
          <div class="form-foot">
            <Act label={`Propose: ${WHAT[kind]}`} build={build}>
              Sign and bring it
            </Act>
          </div>
        </div>
      )}
    </section>
  );
}
