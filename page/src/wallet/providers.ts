// The wallets that are in this browser: they announce themselves (EIP-6963), or stand where older ones stand (EIP-1193).

import { Signal } from "../parts/signal";

export interface Provider {
  request(asked: { method: string; params?: unknown }): Promise<unknown>;
  on?(event: string, heard: (value: never) => void): void;
}

export interface Wallet {
  id: string;
  name: string;
  icon: string | null;
  provider: Provider;
}

interface Announced {
  info: { uuid: string; name: string; icon: string; rdns: string };
  provider: Provider;
}

export const wallets = new Signal<Wallet[]>([]);

const isProvider = (value: unknown): value is Provider =>
  typeof value === "object" && value !== null && typeof (value as Provider).request === "function";

export function findWallets(): void {
  addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = ((event as CustomEvent<Announced>).detail ?? {}) as Partial<Announced>;
    if (!info || !isProvider(provider)) return;
    const id = String(info.rdns || info.uuid);
    const icon = typeof info.icon === "string" && info.icon.startsWith("data:image/") ? info.icon : null;
    const wallet: Wallet = { id, name: String(info.name).slice(0, 40), icon, provider };
    wallets.change((all) => [...all.filter((one) => one.id !== id && one.provider !== provider), wallet]);
  });
  dispatchEvent(new Event("eip6963:requestProvider"));
  const { ethereum } = globalThis as { ethereum?: unknown };
  if (!isProvider(ethereum)) return;
  const known = wallets.value.some((one) => one.provider === ethereum);
  if (!known) wallets.change((all) => [...all, { id: "injected", name: "This browser's wallet", icon: null, provider: ethereum }]);
}
