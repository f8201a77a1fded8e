// The sale that makes the first NRN: buy, close, claim, or take the coins back.

import { useState } from "preact/hooks";
import type { Abi } from "viem";
import { saleAbi } from "../chain/generated";
import type { Address, Contracts, Sale } from "../fold/state";
import { useAnswer, useMined } from "../parts/context";
import { useSignal } from "../parts/signal";
import { Nrn, Time } from "../parts/bits";
import { nrn } from "../parts/words";
import { Act } from "../wallet/act";
import type { Call } from "../wallet/send";
import { connected } from "../wallet/wallet";
import { Field } from "./home";
import { amountOf } from "./amount";

interface Props {
  sale: Omit<Sale, "bought">;
  contracts: Contracts;
}

export function SaleBox({ sale, contracts }: Props) {
  const mined = useMined();
  const is = useSignal(connected);
  const [coins, setCoins] = useState("");
  const call = (functionName: string, value?: bigint): Call => ({
    to: contracts.sale,
    abi: saleAbi as Abi,
    functionName,
    args: [],
    ...(value === undefined ? {} : { value }),
  });
  const runs = mined < sale.deadline;
  const value = amountOf(coins);
  return (
    <section>
      <h2>The sale</h2>
      <p>
        <Nrn of={sale.sold} decimals={2} /> sold at {nrn(sale.price, 18)} of the chain's coin each;{" "}
        {sale.closed ? (
          "closed, and nothing else will ever be sold."
        ) : runs ? (
          <>
            it runs until <Time at={sale.deadline} />.
          </>
        ) : (
          "it is over and waits to be closed."
        )}
      </p>
      {runs && (
        <div class="form">
          <Field
            name="Coins to spend"
            value={coins}
            changed={(event) => setCoins(event.currentTarget.value)}
            placeholder="0.1"
            hint={value && sale.price > 0n ? `buys ${nrn((value * 10n ** 18n) / sale.price)} NRN` : ""}
          />
          <div class="form-foot">
            <Act label="Buy NRN in the sale" build={() => call("buy", value ?? 0n)} disabled={!value}>
              Buy
            </Act>
          </div>
        </div>
      )}
      {!runs && !sale.closed && (
        <p class="acts">
          <Act label="Close the sale" build={() => call("close")}>
            Close it
          </Act>
          <Act label="Take my coins back" build={() => call("refund")} quiet>
            Take my coins back
          </Act>
        </p>
      )}
      {sale.closed && is && <ClaimBought call={() => call("claim")} account={is.account} />}
    </section>
  );
}

function ClaimBought({ call, account }: { call: () => Call; account: Address }) {
  const answer = useAnswer<"person">({ kind: "person", account });
  const bought = answer?.belongings.bought ?? 0n;
  if (bought === 0n) return null;
  return (
    <p class="acts">
      <Act label="Claim what I bought" build={call}>
        Claim {nrn(bought)} NRN
      </Act>
    </p>
  );
}
