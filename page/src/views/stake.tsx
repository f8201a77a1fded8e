// Stake of a group: positions, their presence, and what an owner can do with them.

import { useState } from "preact/hooks";
import { consentOf } from "../chain/messages";
import { epochAt, epochStart, standIn, sumsIn } from "../fold/rules";
import { type Address, type Group, type Hex, type Seat, ZERO } from "../fold/state";
import { Account, Fact, Nrn, Tag } from "../parts/bits";
import { useHere, useNow } from "../parts/context";
import { isAddress } from "../parts/route";
import { useSignal } from "../parts/signal";
import { Table } from "../parts/table";
import { lasting, nrn, percent } from "../parts/words";
import { Act, Attempt } from "../wallet/act";
import { onNetwork, placeOf, type Stage, withPermit } from "../wallet/send";
import { connected, signed } from "../wallet/wallet";
import { amountOf } from "./amount";
import type { Inside } from "./group";
import { Field } from "./home";

const RECENT = 10;

/** In how many of the newest decided rounds a position was present. */
function presence(group: Group, seat: Seat): { present: number; of: number } {
  const counted = [...group.rounds.values()]
    .filter((round) => round.counted)
    .sort((one, other) => other.number - one.number)
    .slice(0, RECENT);
  const was = counted.filter(
    (round) =>
      round.attended.includes(seat.number) || round.verdicts.some((verdict) => verdict.position === seat.number && verdict.claim === round.decided),
  );
  return { present: was.length, of: counted.length };
}

export function StakeTab({ answer, group }: Inside) {
  const now = useNow();
  const epoch = epochAt(answer.terms, now);
  const sums = sumsIn(group.sums, epoch);
  const rows = [...group.seats.values()];
  const live = (seat: Seat) => standIn(seat, epoch);
  const rest = (seat: Seat) => seat.sleepsUntil > epoch;
  return (
    <>
      <section>
        <dl class="facts">
          <Fact name="Bonded">
            <Nrn of={sums.bonded} decimals={2} />
          </Fact>
          <Fact name="Awake">
            <Nrn of={sums.awake} decimals={2} /> <span class="quiet">{percent(sums.awake, sums.bonded)}</span>
          </Fact>
          <Fact name="From the next epoch on">
            <Nrn of={sums.bondedNext} decimals={2} /> <span class="quiet">in {lasting(epochStart(answer.terms, epoch + 1) - now)}</span>
          </Fact>
        </dl>
        <Table
          caption="Positions"
          file={`group-${group.number}-positions`}
          empty="Nobody has bonded stake in this group yet."
          rows={rows}
          keyOf={(row) => row.number}
          columns={[
            { name: "Position", cell: (row) => row.number, plain: (row) => row.number },
            { name: "Owner", cell: (row) => <Account of={row.owner} />, plain: (row) => row.owner },
            { name: "Signer", cell: (row) => <Account of={row.now.signer} />, plain: (row) => row.now.signer },
            { name: "Stake", right: true, cell: (row) => <Nrn of={live(row).stake} decimals={4} />, plain: (row) => nrn(live(row).stake, 18) },
            {
              name: "Part",
              right: true,
              cell: (row) => percent(live(row).stake, sums.bonded),
              plain: (row) => percent(live(row).stake, sums.bonded),
            },
            {
              name: "State",
              cell: (row) => <State seat={row} awake={live(row).awake} dozing={rest(row)} />,
              plain: (row) => (live(row).awake ? "awake" : "asleep"),
            },
            { name: "Present", right: true, cell: (row) => presenceWords(presence(group, row)), plain: (row) => presence(group, row).present },
            { name: "Earned", right: true, cell: (row) => <Nrn of={row.earned} />, plain: (row) => nrn(row.earned, 18) },
          ]}
        />
      </section>
      <Bond answer={answer} group={group} />
      <Consent group={group} />
    </>
  );
}

const presenceWords = ({ present, of }: { present: number; of: number }): string => (of === 0 ? "–" : `${present} of ${of}`);

function State({ seat, awake, dozing }: { seat: Seat; awake: boolean; dozing: boolean }) {
  if (seat.slashed > 0n) return <Tag kind="bad">{awake ? "awake, was slashed" : "asleep, was slashed"}</Tag>;
  if (awake) return <Tag kind="good">{seat.now.awake ? "awake" : "awake, goes to rest"}</Tag>;
  if (seat.now.awake) return <Tag kind="busy">wakes next epoch</Tag>;
  return <Tag kind="plain">{dozing ? `asleep until epoch ${seat.sleepsUntil}` : "asleep"}</Tag>;
}

/** Bonds NRN, with a permit in the same transaction. */
function Bond({ answer, group }: Inside) {
  const { site } = useHere();
  const is = useSignal(connected);
  const [amount, setAmount] = useState("");
  const [signer, setSigner] = useState("");
  const [consent, setConsent] = useState("");
  const wei = amountOf(amount);
  const build = async (told: (stage: Stage) => void) => {
    const account = is?.account ?? ZERO;
    const key = signer.trim() === "" ? account : signer.trim();
    if (!isAddress(key)) throw new Error("The signer is an address: 0x and 40 hexadecimal digits.");
    if (!wei) throw new Error("Say how much NRN, like 100 or 0.5.");
    const bytes = (consent.trim() || "0x") as Hex;
    if (!/^0x([0-9a-fA-F]{2})*$/.test(bytes)) throw new Error("The consent is what the signer's wallet signed: 0x and hexadecimal digits.");
    const call = onNetwork(site, "bond", [BigInt(group.number), key, wei, bytes]);
    return withPermit(site, answer.contracts, wei, call, told);
  };
  return (
    <section>
      <h2>Bond</h2>
      <p class="quiet">
        Stake counts from the next epoch on, once its position is awake. It is paid for true verdicts, loses 5.5 % if its key signs two verdicts in
        one round, and takes {lasting(answer.terms.exit)} to leave.
      </p>
      <div class="form">
        <Field name="Amount in NRN" value={amount} changed={(event) => setAmount(event.currentTarget.value)} placeholder="100" />
        <Field
          name="Signer"
          value={signer}
          changed={(event) => setSigner(event.currentTarget.value)}
          placeholder="this account"
          hint="the key on your validator; it can never withdraw"
          wide
        />
        {signer.trim() !== "" && (
          <Field
            name="The signer's consent"
            value={consent}
            changed={(event) => setConsent(event.currentTarget.value)}
            placeholder="0x…"
            hint="signed below, by the signer's own wallet"
            wide
          />
        )}
        <div class="form-foot">
          <Act label={`Bond ${amount || "NRN"} in group ${group.number}`} build={build} disabled={!wei} done={() => setAmount("")}>
            Bond
          </Act>
        </div>
      </div>
    </section>
  );
}

/** A signer to be lets an owner name it. */
function Consent({ group }: { group: Group }) {
  const { site } = useHere();
  const [owner, setOwner] = useState("");
  const [words, setWords] = useState<Hex | null>(null);
  const attempt = async (told: (stage: Stage) => void) => {
    const address = owner.trim();
    if (!isAddress(address)) throw new Error("The owner is an address: 0x and 40 hexadecimal digits.");
    told("signing");
    setWords(await signed(site, consentOf(placeOf(site), group.number, address as Address)));
  };
  return (
    <section>
      <details>
        <summary>Consent to sign for somebody's stake</summary>
        <div class="form">
          <Field name="Owner" value={owner} changed={(event) => setOwner(event.currentTarget.value)} placeholder="0x…" wide />
          <div class="form-foot">
            <Attempt attempt={attempt} quiet>
              Sign a consent
            </Attempt>
          </div>
          {words && <textarea class="mono" readOnly aria-label="The consent" value={words} rows={3} />}
        </div>
      </details>
    </section>
  );
}
