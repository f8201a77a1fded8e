// The bond of a patch, and the button that proposes it.

import { useEffect, useState } from "preact/hooks";
import { networkAbi } from "../chain/generated";
import { digestOf } from "../chain/messages";
import type { Group } from "../fold/state";
import { useHere } from "../parts/context";
import { keepFile } from "../parts/files";
import type { KnownSite } from "../parts/sites";
import { nrn } from "../parts/words";
import { Act } from "../wallet/act";
import { clientOf, onNetwork, type Stage, withPermit } from "../wallet/send";
import { amountOf } from "./amount";
import type { Inside } from "./group";
import { Field } from "./home";

const least = async (site: KnownSite, group: Group): Promise<bigint> =>
  (await clientOf(site).readContract({ address: site.network, abi: networkAbi, functionName: "leastBond", args: [BigInt(group.number)] })) as bigint;

interface Props extends Inside {
  /** The patch; nothing while there is none. */
  bytes: Uint8Array | null;
  done: () => void;
}

/** Puts the digest of a patch on chain, with a bond. */
export function ProposeIt({ answer, group, bytes, done }: Props) {
  const { site } = useHere();
  const [bond, setBond] = useState("");
  useEffect(() => {
    if (!bytes || bond !== "") return;
    void least(site, group)
      .catch(() => 0n)
      .then((needed) => setBond((known) => known || nrn(needed || 1n, 18).replaceAll(" ", "")));
  }, [bytes]);
  const build = async (told: (stage: Stage) => void) => {
    if (!bytes) throw new Error("Choose a patch file first.");
    const [amount, needed] = [amountOf(bond), await least(site, group)];
    if (!amount || amount < needed) throw new Error(`A proposal takes a bond of at least ${nrn(needed, 18)} NRN.`);
    const digest = digestOf(bytes);
    await keepFile(digest, bytes);
    return withPermit(site, answer.contracts, amount, onNetwork(site, "propose", [BigInt(group.number), group.head, digest, amount]), told);
  };
  return (
    <>
      <Field name="Bond in NRN" value={bond} changed={(event) => setBond(event.currentTarget.value)} placeholder="0.01" />
      <div class="form-foot">
        <Act label={`Propose a delta in group ${group.number}`} build={build} disabled={!bytes} done={done}>
          Propose
        </Act>
      </div>
    </>
  );
}
