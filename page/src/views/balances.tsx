// What an account has in its pocket: NRN, and the chain's coin for gas.

import { useEffect, useState } from "preact/hooks";
import type { Abi } from "viem";
import { neuronAbi } from "../chain/generated";
import type { Address, Contracts } from "../fold/state";
import { Fact, Nrn } from "../parts/bits";
import { useHere } from "../parts/context";
import { useSignal } from "../parts/signal";
import { nrn } from "../parts/words";
import { clientOf } from "../wallet/send";

interface Held {
  neuron: bigint;
  coin: bigint;
}

export function Balances({ account, contracts }: { account: Address; contracts: Contracts }) {
  const { site, client } = useHere();
  const { progress } = useSignal(client.standing);
  const [held, setHeld] = useState<Held | null>(null);
  const block = progress?.head ?? 0;
  useEffect(() => {
    let gone = false;
    const chain = clientOf(site);
    const neuron = chain.readContract({ address: contracts.neuron, abi: neuronAbi as Abi, functionName: "balanceOf", args: [account] });
    Promise.all([neuron, chain.getBalance({ address: account })]).then(
      ([nrnHeld, coin]) => !gone && setHeld({ neuron: nrnHeld as bigint, coin }),
      // The banner says what is wrong with the chain's node.
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [account, contracts.neuron, site, block]);
  return (
    <dl class="facts">
      <Fact name="Balance">{held ? <Nrn of={held.neuron} /> : "–"}</Fact>
      <Fact name="For gas">{held ? `${nrn(held.coin)} of the chain's coin` : "–"}</Fact>
    </dl>
  );
}
