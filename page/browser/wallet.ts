// A wallet for tests: an EIP-6963 provider in the page that asks this process, which signs for real with a local key.

import type { Page } from "playwright-core";
import { type Chain, createWalletClient, defineChain, type Hex, http, numberToHex } from "viem";
import type { PrivateKeyAccount } from "viem/accounts";

export interface Habits {
  /** The chain that it is on at first. */
  chainId?: number;
  /** Whether it knows the network's chain; else that must be added. */
  knows?: boolean;
  /** It says no to everything that is to be signed. */
  refuses?: boolean;
  /** What it calls itself. */
  name?: string;
}

export interface TestWallet {
  habits: Habits;
  asked: string[];
}

class Refused extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Puts a wallet into a page before it loads. */
export async function giveWallet(page: Page, account: PrivateKeyAccount, rpc: string, chainId: number, habits: Habits = {}): Promise<TestWallet> {
  const wallet: TestWallet = { habits, asked: [] };
  let [current, known] = [habits.chainId ?? chainId, habits.knows ?? true];
  const chain: Chain = defineChain({
    id: chainId,
    name: "devnet",
    nativeCurrency: { name: "Coin", symbol: "COIN", decimals: 18 },
    rpcUrls: { default: { http: [rpc] } },
  });
  const client = createWalletClient({ account, chain, transport: http(rpc) });
  const signs = () => {
    if (wallet.habits.refuses) throw new Refused(4001, "User rejected the request.");
  };
  const answers: Record<string, (params: any) => Promise<unknown> | unknown> = {
    eth_requestAccounts: () => [account.address],
    eth_accounts: () => [account.address],
    eth_chainId: () => numberToHex(current),
    wallet_switchEthereumChain: ([{ chainId: wanted }]: [{ chainId: Hex }]) => {
      if (Number(wanted) === chainId && !known) throw new Refused(4902, "Unrecognized chain ID.");
      current = Number(wanted);
      return null;
    },
    wallet_addEthereumChain: ([{ chainId: added }]: [{ chainId: Hex }]) => {
      if (Number(added) === chainId) known = true;
      current = Number(added);
      return null;
    },
    eth_signTypedData_v4: ([, text]: [string, string]) => {
      signs();
      const { domain, types, primaryType, message } = JSON.parse(text);
      delete types.EIP712Domain;
      return account.signTypedData({ domain, types, primaryType, message });
    },
    eth_sendTransaction: ([{ to, data, value, gas }]: [{ to: Hex; data: Hex; value?: Hex; gas?: Hex }]) => {
      signs();
      return client.sendTransaction({ to, data, ...(value ? { value: BigInt(value) } : {}), ...(gas ? { gas: BigInt(gas) } : {}) });
    },
  };
  await page.exposeFunction("neuronTestWallet", async (method: string, params: unknown[]) => {
    wallet.asked.push(method);
    try {
      const answer = answers[method];
      if (!answer) throw new Refused(4200, `This wallet has no ${method}.`);
      return { result: await answer(params) };
    } catch (error) {
      return { error: { code: error instanceof Refused ? error.code : -32603, message: (error as Error).message } };
    }
  });
  await page.addInitScript(announce, habits.name ?? "Test wallet");
  return wallet;
}

/** Runs in the page. */
function announce(name: string): void {
  const heard: Record<string, ((value: unknown) => void)[]> = {};
  const tell = (event: string, value: unknown) => (heard[event] ?? []).forEach((one) => one(value));
  const provider = {
    async request({ method, params = [] }: { method: string; params?: unknown[] }) {
      const { result, error } = await (globalThis as any).neuronTestWallet(method, params);
      if (error) throw Object.assign(new Error(error.message), { code: error.code });
      if (method === "wallet_switchEthereumChain" || method === "wallet_addEthereumChain")
        tell("chainChanged", (params[0] as { chainId: string }).chainId);
      return result;
    },
    on(event: string, one: (value: unknown) => void) {
      (heard[event] ??= []).push(one);
    },
  };
  const icon =
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' onload='window.hostile=1'%3E%3Cscript%3Ewindow.hostile=1%3C/script%3E%3C/svg%3E";
  const detail = Object.freeze({ info: { uuid: "00000000-0000-4000-8000-000000000001", name, icon, rdns: "test.wallet" }, provider });
  const say = () => dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  addEventListener("eip6963:requestProvider", say);
  say();
}
