// Which view the address names. Everything stands behind the `#`, so that any host of files serves the page.

import type { Address } from "../fold/state";
import { Signal } from "./signal";

export interface NetworkKey {
  chainId: number;
  network: Address;
}

export const GROUP_TABS = ["rounds", "data", "set", "stake", "decisions", "try", "keep", "about"] as const;
export type GroupTab = (typeof GROUP_TABS)[number];

export type Route =
  | { view: "home" }
  | { view: "settings" }
  | { view: "lost" }
  | ({ view: "network" } & NetworkKey)
  | ({ view: "leaders" } & NetworkKey)
  | ({ view: "found" } & NetworkKey)
  | ({ view: "group"; group: number; tab: GroupTab; file?: string } & NetworkKey)
  | ({ view: "round"; group: number; round: number } & NetworkKey)
  | ({ view: "delta"; group: number; delta: number } & NetworkKey)
  | ({ view: "person"; account: Address } & NetworkKey);

const ACCOUNT = /^0x[0-9a-fA-F]{40}$/;
const NUMBER = /^\d{1,15}$/;

export const isAddress = (text: string): text is Address => ACCOUNT.test(text);

export function parse(hash: string): Route {
  const parts = hash
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "");
  if (parts.length === 0) return { view: "home" };
  if (parts[0] === "settings" && parts.length === 1) return { view: "settings" };
  const [n, chain = "", network = "", ...rest] = parts;
  if (n !== "n" || !NUMBER.test(chain) || !isAddress(network)) return { view: "lost" };
  return within({ chainId: Number(chain), network: network.toLowerCase() as Address }, rest);
}

function within(key: NetworkKey, [what, name = "", tab, number = ""]: string[]): Route {
  if (what === undefined) return { view: "network", ...key };
  if (what === "people" && name === "") return { view: "leaders", ...key };
  if (what === "found" && name === "") return { view: "found", ...key };
  if (what === "a" && isAddress(name)) return { view: "person", account: name.toLowerCase() as Address, ...key };
  if (what !== "g" || !NUMBER.test(name)) return { view: "lost" };
  const group = Number(name);
  if (tab === "r" && NUMBER.test(number)) return { view: "round", group, round: Number(number), ...key };
  if (tab === "d" && NUMBER.test(number)) return { view: "delta", group, delta: Number(number), ...key };
  if (tab === undefined) return { view: "group", group, tab: "rounds", ...key };
  const file = tab === "set" && number !== "" ? decoded(number) : null;
  if (file !== null) return { view: "group", group, tab: "set", file, ...key };
  const known = GROUP_TABS.find((one) => one === tab);
  return known ? { view: "group", group, tab: known, ...key } : { view: "lost" };
}

/** A path as it stands in an address; nothing where it is none. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Addresses of views of one network. */
export function linksOf({ chainId, network }: NetworkKey) {
  const root = `#/n/${chainId}/${network.toLowerCase()}`;
  return {
    network: root,
    leaders: `${root}/people`,
    found: `${root}/found`,
    person: (account: string) => `${root}/a/${account.toLowerCase()}`,
    group: (group: number, tab?: GroupTab) => `${root}/g/${group}${tab && tab !== "rounds" ? `/${tab}` : ""}`,
    file: (group: number, path: string) => `${root}/g/${group}/set/${encodeURIComponent(path)}`,
    round: (group: number, round: number) => `${root}/g/${group}/r/${round}`,
    delta: (group: number, delta: number) => `${root}/g/${group}/d/${delta}`,
  };
}

export type Links = ReturnType<typeof linksOf>;

export const route = new Signal<Route>(parse(globalThis.location?.hash ?? ""));

export function followAddress(): void {
  addEventListener("hashchange", () => {
    route.set(parse(location.hash));
    scrollTo(0, 0);
  });
}
