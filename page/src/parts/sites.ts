// The networks that this browser knows: those beside the page, and those that the visitor added.

import type { Address } from "../fold/state";
import type { Site } from "../index/protocol";
import { isAddress } from "./route";
import { Signal } from "./signal";
import { readJson, writeJson } from "./storage";

export interface KnownSite extends Site {
  name: string;
  /** It comes with the page and cannot be removed. */
  given?: boolean;
  /** Where files of the network can be fetched by their digest, if anywhere. */
  gateway?: string;
}

const KEY = "neuron-sites";

/** What is wrong with an address of a node, if anything. */
export function wrongUrl(text: string): string | null {
  if (!URL.canParse(text)) return "That is no web address: it begins with https:// or http://.";
  const { protocol, hostname } = new URL(text);
  if (protocol === "https:") return null;
  if (protocol === "http:" && (hostname === "localhost" || hostname === "127.0.0.1")) return null;
  return "Beyond this machine only https:// is asked, so that nobody on the way can change the answers.";
}

export function siteOf(raw: unknown): KnownSite | null {
  if (typeof raw !== "object" || raw === null) return null;
  const { name, rpc, chainId, network, since, gateway } = raw as Record<string, unknown>;
  if (typeof rpc !== "string" || wrongUrl(rpc) || typeof network !== "string" || !isAddress(network)) return null;
  if (typeof chainId !== "number" || !Number.isSafeInteger(chainId) || chainId < 1) return null;
  const from = typeof since === "number" && Number.isSafeInteger(since) && since >= 0 ? since : 0;
  const files = typeof gateway === "string" && !wrongUrl(gateway) ? { gateway } : {};
  return {
    name: typeof name === "string" && name ? name.slice(0, 60) : "a network",
    rpc,
    chainId,
    network: network.toLowerCase() as Address,
    since: from,
    ...files,
  };
}

const listOf = (raw: unknown): KnownSite[] => (Array.isArray(raw) ? raw.flatMap((one) => siteOf(one) ?? []) : []);

export const isSame = (one: { chainId: number; network: string }, other: { chainId: number; network: string }): boolean =>
  one.chainId === other.chainId && one.network.toLowerCase() === other.network.toLowerCase();

export const sites = new Signal<KnownSite[]>(listOf(readJson(KEY)));
/** Whether the networks beside the page have been looked for. */
export const looked = new Signal(false);

const keep = (): void =>
  writeJson(
    KEY,
    sites.value.filter((site) => !site.given),
  );

export function addSite(site: KnownSite): void {
  sites.change((all) => [...all.filter((one) => !isSame(one, site)), site]);
  keep();
}

export function removeSite(site: KnownSite): void {
  sites.change((all) => all.filter((one) => !isSame(one, site)));
  keep();
}

/** Networks that whoever serves the page names in a file beside it. */
export async function readGiven(): Promise<void> {
  try {
    const answer = await fetch("networks.json", { cache: "no-cache" });
    const given = answer.ok ? listOf(await answer.json()) : [];
    const fresh = given.map((site) => ({ ...site, given: true }));
    sites.change((all) => [...fresh.filter((site) => !all.some((one) => isSame(one, site))), ...all]);
  } catch {
    // A host without that file names none.
  } finally {
    looked.set(true);
  }
}
