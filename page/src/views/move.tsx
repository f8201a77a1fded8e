// Stake that goes to a fork of its group without an exit.

import { useState } from "preact/hooks";
import type { PersonAnswer } from "../index/answers";
import type { Seat } from "../fold/state";
import { useHere } from "../parts/context";
import { isAddress } from "../parts/route";
import { Act } from "../wallet/act";
import { onNetwork } from "../wallet/send";
import { Field } from "./home";

interface Props {
  group: number;
  seat: Seat;
  groups: PersonAnswer["groups"];
}

export function MoveStake({ group, seat, groups }: Props) {
  const { site } = useHere();
  const children = groups.filter(({ parent }) => parent === group);
  const [child, setChild] = useState("");
  const [signer, setSigner] = useState("");
  const [consent, setConsent] = useState("");
  if (children.length === 0) return null;
  const to = child === "" ? children[0]?.number : Number(child);
  const build = () => {
    const [key, words] = [signer.trim() || seat.owner, consent.trim() || "0x"];
    if (!isAddress(key)) throw new Error("The signer is an address: 0x and 40 hexadecimal digits.");
    if (!/^0x([0-9a-fA-F]{2})*$/.test(words)) throw new Error("The consent is what the signer's wallet signed: 0x and hexadecimal digits.");
    return onNetwork(site, "move", [BigInt(group), BigInt(seat.number), BigInt(to ?? 0), key, words]);
  };
  return (
    <details>
      <summary>Move it to a fork</summary>
      <p class="quiet">
        All of its stake goes to the fork at once and counts there from the next epoch on, without an exit. It still answers for what this position
        has signed.
      </p>
      <div class="form">
        <label class="field">
          <span>To which fork</span>
          <select value={String(to)} onChange={(event) => setChild(event.currentTarget.value)}>
            {children.map(({ number }) => (
              <option key={number} value={String(number)}>
                Group {number}
              </option>
            ))}
          </select>
        </label>
        <Field
          name="Who signs there"
          value={signer}
          changed={(event) => setSigner(event.currentTarget.value)}
          placeholder="the owner"
          hint="another key consents below the stake of the fork"
          wide
        />
        {signer.trim() !== "" && (
          <Field name="Consent for the fork" value={consent} changed={(event) => setConsent(event.currentTarget.value)} placeholder="0x…" wide />
        )}
        <div class="form-foot">
          <Act label={`Move position ${seat.number} to group ${to}`} build={build} quiet>
            Move
          </Act>
        </div>
      </div>
    </details>
  );
}
