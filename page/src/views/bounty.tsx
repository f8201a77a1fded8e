// A bounty for lower loss on a hidden set of rows, which never leaves this machine: its root and its limits are looked at here.

import { useState } from "preact/hooks";
import { hexOf } from "../../wasm/cid";
import { termAt, wrongTerm } from "../chain/bounty";
import type { Group, Hex } from "../fold/state";
import { Digest, Fact } from "../parts/bits";
import { useHere, useMined } from "../parts/context";
import { dated, nrn } from "../parts/words";
import { guessLoss, type Hidden, hiddenIn, hiddenRoot, isEnough, publicOnes } from "../set/hidden";
import type { Reading } from "../set/reading";
import { examplesOf } from "../set/summary";
import { Act } from "../wallet/act";
import { onNetwork, type Stage, withPermit } from "../wallet/send";
import { amountOf } from "./amount";
import { openedOf } from "./find";
import type { Inside } from "./group";
import { Field } from "./home";
import { meanOf, modelOf } from "./surprise";

interface Sealed {
  hidden: Hidden;
  root: Hex;
  /** Places of examples that are public already. */
  known: number[];
  /** What the running model loses on them, in micronats. */
  loss: number;
  /** What a guess loses. */
  guess: number;
}

/** Looks at a hidden set as `neuron bounty fund` does; what is wrong with it is thrown as a sentence. */
async function looked(file: File, group: Group, reading: Reading, gateway: string | undefined): Promise<Sealed> {
  const { data, model, eval_max: most } = reading.manifest;
  if (data.format !== "csv" || model.family !== "mlp")
    throw new Error("The page reads hidden sets of rows: fund one of text with `neuron bounty fund`.");
  const hidden = hiddenIn(await file.text(), most);
  if (typeof hidden === "string") throw new Error(hidden);
  // The rules read each row, and refuse what is none of this group.
  const losses = await reading.losses(await modelOf(gateway, group.checkpoint), hidden.rows);
  const { patches } = await openedOf(group, reading, gateway);
  const known = publicOnes(hidden, [...examplesOf(reading.tree, reading.shape), ...patches.flatMap(({ lines }) => lines.map(({ text }) => text))]);
  if (!isEnough(hidden.rows.length, known.length))
    throw new Error(
      `${known.length} of ${hidden.rows.length} examples are public already (number ${known.slice(0, 10).join(", ")}): with more than a sixteenth, or less than 30 left, the bounty fails. Take them out and seal anew.`,
    );
  const root: Hex = `0x${hexOf(await hiddenRoot(hidden, data.divisor))}`;
  return { hidden, root, known, loss: meanOf(losses) ?? 0, guess: guessLoss(model.outputs) };
}

/** Micronats of what was typed as nats. */
function micronatsOf(text: string): number | null {
  const plain = text.trim();
  const micronats = /^\d{1,4}(\.\d{1,6})?$/.test(plain) ? Math.round(Number(plain) * 1e6) : 0;
  return micronats > 0 && micronats < 2 ** 32 ? micronats : null;
}

export function FundBounty(props: Inside & { reading: Reading }) {
  return (
    <section>
      <details>
        <summary>Fund a bounty for lower loss on examples that only you have</summary>
        <Form {...props} />
      </details>
    </section>
  );
}

function Form({ answer, group, reading }: Inside & { reading: Reading }) {
  const { site } = useHere();
  const [sealed, setSealed] = useState<Sealed | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const choose = async (file: File | undefined) => {
    setSealed(null);
    setWrong(null);
    if (!file) return;
    await looked(file, group, reading, site.gateway).then(setSealed, (error: Error) => setWrong(error.message));
  };
  return (
    <>
      <p class="quiet">
        Three quarters of the amount pay for lower loss on the hidden examples, an eighth each goes to validators and to won rounds. When the term is
        over you must open the set and serve it until validators have it: <code>neuron bounty open NUMBER --hidden FILE</code> does, and a page
        cannot. Who loses the file, or opens it late, loses amount and bond.
      </p>
      <div class="form">
        <label class="field field-wide">
          <span>Hidden set, as `neuron bounty seal` writes it</span>
          <input type="file" onChange={(event) => void choose(event.currentTarget.files?.[0])} />
        </label>
        {wrong && (
          <p class="wrong" role="alert">
            {wrong}
          </p>
        )}
      </div>
      {sealed && <Offer answer={answer} group={group} sealed={sealed} done={() => setSealed(null)} />}
    </>
  );
}

const EIGHTH = 8n;

function Offer({ answer, group, sealed, done }: Inside & { sealed: Sealed; done: () => void }) {
  const { site } = useHere();
  const now = useMined();
  const [amount, setAmount] = useState("");
  const [target, setTarget] = useState("0.05");
  const [term, setTerm] = useState(String(group.period));
  const wei = amountOf(amount);
  const micronats = micronatsOf(target);
  const seconds = /^\d{1,9}$/.test(term.trim()) ? Number(term) : 0;
  const least = answer.terms.minDeposit;
  const bond = wei === null ? 0n : wei / EIGHTH > least ? wei / EIGHTH : least;
  const dates = termAt(seconds, group, answer.terms, now);
  const wrong =
    wrongTerm(seconds, group, answer.terms, now) ??
    (micronats === null ? "The target is in nats, like 0.05, with six digits after the point at most." : null) ??
    (wei !== null && wei < least ? `A bounty is at least ${nrn(least, 18)} NRN.` : null);
  const build = (told: (stage: Stage) => void) => {
    if (wei === null || micronats === null) throw new Error("Say how much NRN, like 100 or 0.5.");
    const args = [BigInt(group.number), sealed.root, BigInt(sealed.hidden.rows.length), BigInt(micronats), wei, bond, BigInt(seconds)];
    return withPermit(site, answer.contracts, wei + bond, onNetwork(site, "fund", args), told);
  };
  return (
    <>
      <dl class="facts">
        <Fact name="Examples">{sealed.hidden.rows.length}</Fact>
        <Fact name="Of these public already">{sealed.known.length}</Fact>
        <Fact name="The running model loses">{(sealed.loss / 1e6).toFixed(6)} nats</Fact>
        <Fact name="Root">
          <Digest of={sealed.root} label="root" />
        </Fact>
      </dl>
      {sealed.loss >= sealed.guess && (
        <p class="wrong" role="alert">
          A guess has {(sealed.guess / 1e6).toFixed(6)} nats: if no winner of the term does better, amount and bond are lost.
        </p>
      )}
      <div class="form">
        <Field name="Amount in NRN" value={amount} changed={(event) => setAmount(event.currentTarget.value)} placeholder="100" />
        <Field
          name="Target in nats"
          value={target}
          changed={(event) => setTarget(event.currentTarget.value)}
          hint="by so much the loss has to fall for all of the three quarters"
        />
        <Field
          name="Seconds of the term"
          value={term}
          changed={(event) => setTerm(event.currentTarget.value)}
          hint="how long rounds count, from the next one on"
        />
        <div class="form-foot">
          <Act label={`Fund a bounty in group ${group.number}`} build={build} disabled={wei === null || wrong !== null} done={done}>
            Fund it
          </Act>
        </div>
        {wrong && (
          <p class="wrong" role="alert">
            {wrong}
          </p>
        )}
      </div>
      {!wrong && (
        <p>
          With a bond of {nrn(bond, 9)} NRN. Rounds {dates.first} to {dates.last} count; open it from {dated(dates.opens)} on. Put that into your
          calendar.
        </p>
      )}
    </>
  );
}
