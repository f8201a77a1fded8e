// One way for every transaction: the wallet's chain, a simulation, the wallet's signature, and a flight that is followed.

import { type Abi, createPublicClient, encodeFunctionData, http, type PublicClient, toHex } from "viem";
import { networkAbi, neuronAbi } from "../chain/generated";
import { permitOf, type Place } from "../chain/messages";
import type { Address, Contracts, Hex } from "../fold/state";
import type { KnownSite } from "../parts/sites";
import { addFlight } from "./flights";
import { signed, toChain } from "./wallet";

export interface Call {
  to: Address;
  abi: Abi;
  functionName: string;
  args: readonly unknown[];
  value?: bigint;
}

/** What the visitor is told while it goes on. */
export type Stage = "checking" | "signing" | "sending";

export const placeOf = ({ chainId, network }: KnownSite): Place => ({ chainId, network });

const clients = new Map<string, PublicClient>();

export function clientOf({ rpc }: KnownSite): PublicClient {
  const known = clients.get(rpc);
  if (known) return known;
  const made = createPublicClient({ transport: http(rpc, { retryCount: 1 }) });
  clients.set(rpc, made);
  return made;
}

const GAS_MARGIN = { over: 5n, under: 4n };

/** Simulates, asks the wallet, and follows what comes of it. Returns the transaction's hash. */
export async function send(site: KnownSite, label: string, call: Call, told: (stage: Stage) => void): Promise<Hex> {
  const { wallet, account } = await toChain(site);
  told("checking");
  const client = clientOf(site);
  const { to, abi, functionName, args, value } = call;
  await client.simulateContract({ account, address: to, abi, functionName, args, ...(value === undefined ? {} : { value }) });
  const data = encodeFunctionData({ abi, functionName, args });
  const gas = await client.estimateGas({ account, to, data, ...(value === undefined ? {} : { value }) });
  told("sending");
  const transaction = {
    from: account,
    to,
    data,
    gas: toHex((gas * GAS_MARGIN.over) / GAS_MARGIN.under),
    ...(value === undefined ? {} : { value: toHex(value) }),
  };
  const hash = (await wallet.provider.request({ method: "eth_sendTransaction", params: [transaction] })) as Hex;
  const seen = await client.getTransaction({ hash }).catch(() => null);
  const nonce = seen ? Number(seen.nonce) : null;
  addFlight({
    hash,
    label,
    chainId: site.chainId,
    network: site.network,
    from: account,
    nonce,
    state: seen ? "sent" : "signed",
    at: Math.floor(Date.now() / 1000),
    block: null,
  });
  return hash;
}

export const onNetwork = ({ network }: { network: Address }, functionName: string, args: readonly unknown[]): Call => ({
  to: network,
  abi: networkAbi as Abi,
  functionName,
  args,
});

const PERMIT_LASTS_S = 3_600;

/** A call that takes NRN: with a permit before it in one transaction, unless the network may take enough already. */
export async function withPermit(site: KnownSite, contracts: Contracts, amount: bigint, call: Call, told: (stage: Stage) => void): Promise<Call> {
  const { account } = await toChain(site);
  const client = clientOf(site);
  const read = (functionName: string, args: readonly unknown[]) =>
    client.readContract({ address: contracts.neuron, abi: neuronAbi as Abi, functionName, args }) as Promise<bigint>;
  const allowed = await read("allowance", [account, contracts.network]);
  if (allowed >= amount) return call;
  const [nonce, block] = await Promise.all([read("nonces", [account]), client.getBlock()]);
  const deadline = block.timestamp + BigInt(PERMIT_LASTS_S);
  told("signing");
  const signature = await signed(site, permitOf(placeOf(site), contracts.neuron, account, amount, nonce, deadline));
  const [r, s, v] = [signature.slice(0, 66) as Hex, `0x${signature.slice(66, 130)}` as Hex, Number.parseInt(signature.slice(130, 132), 16)];
  const abi = networkAbi as Abi;
  const allow = encodeFunctionData({ abi, functionName: "allow", args: [amount, deadline, v < 27 ? v + 27 : v, r, s] });
  const act = encodeFunctionData({ abi, functionName: call.functionName, args: call.args });
  return onNetwork(contracts, "multicall", [[allow, act]]);
}
