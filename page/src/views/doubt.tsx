// Nobody has to be trusted: a claim of a round, measured again in the page.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Claim as Checked } from "../../wasm/check";
import { Confirm } from "../../wasm/confirm";
import { type Block, seedOf } from "../../wasm/seed";
import { ranked, roundStart } from "../fold/rules";
import type { Group, Hex, Round, Terms } from "../fold/state";
import { useHere } from "../parts/context";
import { bytesOf, computing, filesAt } from "../parts/computing";
import { brief, nats } from "../parts/words";
import { clientOf } from "../wallet/send";
import { NoGateway } from "./try";

interface Props {
  group: Group;
  round: Round;
  terms: Terms;
}

export function Doubt({ group, round, terms }: Props) {
  const { site } = useHere();
  const claims = ranked(round);
  const [picked, setPicked] = useState<Hex | null>(null);
  if (round.outcome === "open" || claims.length === 0) return null;
  const winner = claims.find((claim) => claim.file === round.file) ?? claims[0];
  const chosen = claims.find((claim) => claim.file === picked) ?? winner;
  return (
    <section class="computing">
      <h2>Compute it again</h2>
      {claims.length > 1 && (
        <label class="field doubt-claim">
          <span>Which claim</span>
          <select value={chosen?.file} onChange={(event) => setPicked(event.currentTarget.value as Hex)}>
            {claims.map((claim) => (
              <option key={claim.number} value={claim.file}>
                {brief(claim.trainer)}: {nats(claim.base)} to {nats(claim.loss)}
              </option>
            ))}
          </select>
        </label>
      )}
      {site.gateway && chosen ? (
        <Measured key={chosen.file} group={group} round={round} terms={terms} file={chosen.file} gateway={site.gateway} />
      ) : (
        <NoGateway />
      )}
      <p class="quiet">
        On a machine of your own, to the last bit:{" "}
        <code>
          neuron replay --group {group.number} --round {round.number}
        </code>
      </p>
    </section>
  );
}

function Measured({ group, round, terms, file, gateway }: Props & { file: Hex; gateway: string }) {
  const { site, client } = useHere();
  const files = useMemo(() => filesAt(gateway), [gateway]);
  const [patches, setPatches] = useState<Hex[] | null>(null);
  useEffect(
    () =>
      client.watch({ kind: "patches", group: group.number, head: round.head }, (answer) => answer.kind === "patches" && setPatches(answer.patches)),
    [client, group.number, round.head],
  );
  const claim = async (): Promise<Checked> => {
    const said = round.claims.find((one) => one.file === file && one.state === "revealed");
    if (!said || !patches) throw new Error("the patches of this set are not all known: wait until the chain is read to its end");
    const reveal = BigInt(roundStart(terms, group.birth, round.number) + group.birth.train);
    const seed = await seedOf((number) => blockOf(number), await blockOf(), reveal);
    if (!seed) throw new Error("the chain has no block of this round's REVEAL yet");
    return {
      manifest: bytesOf(group.birth.manifest),
      patches: patches.map(bytesOf),
      head: bytesOf(round.head),
      checkpoint: bytesOf(round.checkpoint),
      round: { seed: bytesOf(seed.hash as Hex), group: BigInt(group.number), number: BigInt(round.number), commits: BigInt(round.claims.length) },
      file: bytesOf(said.file),
      base: said.base,
      loss: said.loss,
      lossRoot: bytesOf(said.lossRoot),
    };
  };
  const blockOf = async (blockNumber?: bigint): Promise<Block> => {
    const chain = clientOf(site);
    const { number, timestamp, hash } = await (blockNumber === undefined ? chain.getBlock() : chain.getBlock({ blockNumber }));
    return { number, timestamp, hash };
  };
  return <Confirm claim={claim} files={files} sources={computing} />;
}
