// The visitor's wallet: which account is connected, and on which chain.

import { type Address, getAddress, serializeTypedData, type TypedDataDefinition, toHex } from "viem";
import type { Signable } from "../chain/messages";
import type { Hex } from "../fold/state";
import { Signal } from "../parts/signal";
import type { KnownSite } from "../parts/sites";
import { readJson, writeJson } from "../parts/storage";
import { type Provider, type Wallet, wallets } from "./providers";

export interface Connected {
  wallet: Wallet;
  account: Address;
  chainId: number;
}

const KEY = "neuron-wallet";
const UNKNOWN_CHAIN = 4902;

export const connected = new Signal<Connected | null>(null);

const accountsOf = async (provider: Provider, method: string): Promise<Address[]> => {
  const answer = await provider.request({ method });
  return Array.isArray(answer) ? answer.map((one) => getAddress(String(one))) : [];
};

const chainOf = async (provider: Provider): Promise<number> => Number(await provider.request({ method: "eth_chainId" }));

const followed = new WeakSet<Provider>();

/** Follows the wallet when the visitor changes account or chain there. */
function follow(wallet: Wallet): void {
  const { provider } = wallet;
  if (followed.has(provider) || !provider.on) return;
  followed.add(provider);
  provider.on("accountsChanged", (accounts: readonly string[]) => {
    const [first] = accounts;
    connected.change((now) => (now?.wallet.id !== wallet.id ? now : first ? { ...now, account: getAddress(first) } : null));
  });
  provider.on("chainChanged", (chain: string) => {
    connected.change((now) => (now?.wallet.id === wallet.id ? { ...now, chainId: Number(chain) } : now));
  });
}

async function take(wallet: Wallet, method: "eth_requestAccounts" | "eth_accounts"): Promise<Connected | null> {
  const [account] = await accountsOf(wallet.provider, method);
  if (!account) return null;
  const now = { wallet, account, chainId: await chainOf(wallet.provider) };
  follow(wallet);
  connected.set(now);
  writeJson(KEY, wallet.id);
  return now;
}

/** Asks the wallet for an account. */
export async function connect(wallet: Wallet): Promise<Connected> {
  const now = await take(wallet, "eth_requestAccounts");
  if (!now) throw new Error("The wallet names no account: unlock it, and choose one.");
  return now;
}

export function disconnect(): void {
  connected.set(null);
  writeJson(KEY, null);
}

/** Takes up the wallet of the last visit, if it still lets this page. */
export function reconnect(): void {
  const id = readJson(KEY);
  if (typeof id !== "string") return;
  const attempt = () => {
    const wallet = wallets.value.find((one) => one.id === id);
    if (wallet && !connected.value) take(wallet, "eth_accounts").catch(() => undefined);
  };
  attempt();
  wallets.listen(attempt);
}

const hasCode = (error: unknown, code: number): boolean =>
  JSON.stringify([
    (error as { code?: unknown })?.code,
    (error as { data?: { originalError?: { code?: unknown } } })?.data?.originalError?.code,
  ]).includes(String(code));

/** Brings the wallet to the network's chain; one that the wallet does not know is added. */
export async function toChain(site: KnownSite): Promise<Connected> {
  const now = connected.value;
  if (!now) throw new Error("No wallet is connected: connect one first.");
  if ((await chainOf(now.wallet.provider)) === site.chainId) return now;
  const { provider } = now.wallet;
  const chainId = toHex(site.chainId);
  try {
    await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  } catch (error) {
    if (!hasCode(error, UNKNOWN_CHAIN)) throw error;
    const nativeCurrency = { name: "Coin", symbol: "COIN", decimals: 18 };
    await provider.request({ method: "wallet_addEthereumChain", params: [{ chainId, chainName: site.name, rpcUrls: [site.rpc], nativeCurrency }] });
    if ((await chainOf(provider)) !== site.chainId) await provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
  }
  const chain = await chainOf(provider);
  if (chain !== site.chainId)
    throw new Error(`The wallet is on chain ${chain}, and this network on chain ${site.chainId}: switch it there, and try again.`);
  const moved = { ...now, chainId: chain };
  connected.set(moved);
  return moved;
}

/** Wallets want the domain's type spelled out. */
const EIP712Domain = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

/** A signature of a message, which costs nothing. */
export async function signed(site: KnownSite, { types, ...rest }: Signable): Promise<Hex> {
  const { wallet, account } = await toChain(site);
  const text = serializeTypedData({ ...rest, types: { EIP712Domain, ...types } } as unknown as TypedDataDefinition);
  return (await wallet.provider.request({ method: "eth_signTypedData_v4", params: [account, text] })) as Hex;
}
