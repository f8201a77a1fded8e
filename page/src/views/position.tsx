// Positions of an account: what they count for, and what their owner and signer can do with them.

import { useState } from "preact/hooks";
import type { PersonAnswer } from "../index/answers";
import type { Held } from "../fold/people";
import { epochAt, epochStart, standIn } from "../fold/rules";
import type { Seat } from "../fold/state";
import { Fact, Nrn, Tag, Until } from "../parts/bits";
import { useHere, useMined, useNow } from "../parts/context";
import { isAddress } from "../parts/route";
import { useSignal } from "../parts/signal";
import { nrn } from "../parts/words";
import { Act } from "../wallet/act";
import { onNetwork } from "../wallet/send";
import { connected } from "../wallet/wallet";
import { amountOf } from "./amount";
import { Field } from "./home";
import { MoveStake } from "./move";

export function Positions({ answer, mine }: { answer: PersonAnswer; mine: boolean }) {
  const { positions, offered } = answer.belongings;
  if (positions.length + offered.length === 0) return null;
  return (
    <section>
      <h2>Positions</h2>
      <ul class="plain stack">
        {positions.map((held) => (
          <PositionCard key={`${held.group}-${held.seat.number}`} held={held} answer={answer} mine={mine} />
        ))}
        {offered.map((held) => (
          <Offered key={`o${held.group}-${held.seat.number}`} held={held} mine={mine} />
        ))}
      </ul>
    </section>
  );
}

function Offered({ held: { group, seat }, mine }: { held: Held; mine: boolean }) {
  const { site } = useHere();
  return (
    <li class="panel">
      <p>
        Position {seat.number} of group {group} with <Nrn of={seat.now.stake} /> is offered to this account.
      </p>
      {mine && (
        <Act label={`Accept position ${seat.number}`} build={() => onNetwork(site, "accept", [BigInt(group), BigInt(seat.number)])}>
          Accept it
        </Act>
      )}
    </li>
  );
}

function PositionCard({ held: { group, seat, owns, signs }, answer, mine }: { held: Held; answer: PersonAnswer; mine: boolean }) {
  const { links } = useHere();
  const [now, mined] = [useNow(), useMined()];
  const epoch = epochAt(answer.terms, now);
  const live = standIn(seat, epoch);
  const next = epochStart(answer.terms, epoch + 1);
  return (
    <li class="panel">
      <p class="panel-head">
        <strong>
          Position {seat.number} of <a href={links.group(group, "stake")}>group {group}</a>
        </strong>
        <Tag kind={live.awake ? "good" : "plain"}>{live.awake ? "awake" : "asleep"}</Tag>
        {live.awake !== seat.now.awake && (
          <Tag kind="busy">
            {seat.now.awake ? "wakes" : "rests"} <Until at={next} now={now} />
          </Tag>
        )}
        <span class="quiet">{owns && signs ? "owner and signer" : owns ? "owner" : "signer"}</span>
      </p>
      <dl class="facts">
        <Fact name="Counts now">
          <Nrn of={live.stake} />
        </Fact>
        <Fact name="From the next epoch on">
          <Nrn of={seat.now.stake} />
        </Fact>
        <Fact name="Earned, not yet stake">
          <Nrn of={seat.earned - seat.compounded} />
        </Fact>
        <Fact name="Earned in all">
          <Nrn of={seat.earned} />
        </Fact>
        {[seat.exiting, seat.exitingLater].map(
          (exit, at) =>
            exit.amount > 0n && (
              <Fact key={at} name="Leaving">
                <Nrn of={exit.amount} /> <Until at={exit.at} now={now} />
              </Fact>
            ),
        )}
      </dl>
      {mine && (
        <PositionActs
          groups={answer.groups}
          group={group}
          held={{ group, seat, owns, signs }}
          ripe={seat.exiting.amount > 0n && seat.exiting.at <= mined}
        />
      )}
    </li>
  );
}

interface ActsProps {
  group: number;
  groups: PersonAnswer["groups"];
  held: Held;
  ripe: boolean;
}

function PositionActs({ group, groups, held: { seat, owns }, ripe }: ActsProps) {
  const { site } = useHere();
  const is = useSignal(connected);
  const ids = [BigInt(group), BigInt(seat.number)];
  return (
    <>
      <p class="acts">
        {seat.now.awake ? (
          <Act label={`Rest position ${seat.number}`} build={() => onNetwork(site, "rest", ids)} quiet>
            Rest
          </Act>
        ) : (
          <Act label={`Wake position ${seat.number}`} build={() => onNetwork(site, "wake", ids)}>
            Wake
          </Act>
        )}
        {seat.earned > seat.compounded && (
          <Act label={`Make pay of position ${seat.number} stake`} build={() => onNetwork(site, "compound", ids)} quiet>
            Make {nrn(seat.earned - seat.compounded)} NRN stake
          </Act>
        )}
        {owns && ripe && is && (
          <Act label={`Withdraw from position ${seat.number}`} build={() => onNetwork(site, "withdraw", [...ids, is.account])}>
            Withdraw
          </Act>
        )}
      </p>
      {owns && <OwnerActs group={group} seat={seat} />}
      {owns && seat.now.stake > 0n && <MoveStake group={group} seat={seat} groups={groups} />}
    </>
  );
}

/** What only the owner can do. */
function OwnerActs({ group, seat }: { group: number; seat: Seat }) {
  const { site } = useHere();
  const [amount, setAmount] = useState("");
  const [to, setTo] = useState("");
  const [signer, setSigner] = useState("");
  const [consent, setConsent] = useState("");
  const ids = [BigInt(group), BigInt(seat.number)];
  const wei = amountOf(amount);
  const [heir, key, words] = [to.trim(), signer.trim(), consent.trim()];
  const canRotate = isAddress(key) && /^0x([0-9a-fA-F]{2})+$/.test(words);
  return (
    <details>
      <summary>Take out, hand over, name another signer</summary>
      <div class="form">
        <Field
          name="NRN to take out"
          value={amount}
          changed={(event) => setAmount(event.currentTarget.value)}
          placeholder={nrn(seat.now.stake, 9).replaceAll(" ", "")}
        />
        <div class="form-foot">
          <Act
            label={`Unbond ${amount || "NRN"} of position ${seat.number}`}
            build={() => onNetwork(site, "unbond", [...ids, wei ?? 0n])}
            disabled={!wei}
            done={() => setAmount("")}
            quiet
          >
            Unbond
          </Act>
        </div>
        <Field
          name="Offer it to"
          value={to}
          changed={(event) => setTo(event.currentTarget.value)}
          placeholder="0x…"
          hint="another account, which owns it once it accepts"
          wide
        />
        <div class="form-foot">
          <Act
            label={`Offer position ${seat.number}`}
            build={() => onNetwork(site, "offer", [...ids, heir])}
            disabled={!isAddress(heir)}
            done={() => setTo("")}
            quiet
          >
            Offer
          </Act>
        </div>
        <Field
          name="Another signer"
          value={signer}
          changed={(event) => setSigner(event.currentTarget.value)}
          placeholder="0x…"
          hint="it signs from the next epoch on; the old key never again"
          wide
        />
        <Field
          name="Its consent"
          value={consent}
          changed={(event) => setConsent(event.currentTarget.value)}
          placeholder="0x…"
          hint="which its own wallet signs below the stake of the group"
          wide
        />
        <div class="form-foot">
          <Act
            label={`Rotate position ${seat.number}`}
            build={() => onNetwork(site, "rotate", [...ids, key, words])}
            disabled={!canRotate}
            done={() => setSigner("")}
            quiet
          >
            Rotate
          </Act>
        </div>
      </div>
    </details>
  );
}
