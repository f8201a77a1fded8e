// The page: a head, the view that the address names, and what was sent.

import { render } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Client } from "./index/client";
import { HereContext } from "./parts/context";
import { followAddress, linksOf, type NetworkKey, type Route, route } from "./parts/route";
import { useSignal } from "./parts/signal";
import { isSame, type KnownSite, looked, readGiven, sites } from "./parts/sites";
import { applyTheme } from "./parts/theme";
import { DeltaView } from "./views/delta";
import { FoundView } from "./views/found";
import { GroupView } from "./views/group";
import { AddNetwork, Home } from "./views/home";
import { LeadersView } from "./views/leaders";
import { NetworkView } from "./views/network";
import { PersonView } from "./views/person";
import { RoundView } from "./views/round";
import { SettingsView } from "./views/settings";
import { Missing, Waiting } from "./views/waiting";
import { Toasts, WalletCorner } from "./wallet/corner";
import { followFlights } from "./wallet/flights";
import { findWallets } from "./wallet/providers";
import { reconnect } from "./wallet/wallet";

function Page() {
  const at = useSignal(route);
  const all = useSignal(sites);
  const key = "network" in at ? at : null;
  const site = key ? (all.find((one) => isSame(one, key)) ?? null) : null;
  useEffect(() => {
    document.title = titleOf(at, site);
  }, [at, site]);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <Head site={site} at={at} />
      {key ? <Networked at={key} site={site} /> : <Plain at={at} />}
      <Toasts />
    </>
  );
}

function skip(event: Event): void {
  event.preventDefault();
  const main = document.getElementById("main");
  main?.setAttribute("tabindex", "-1");
  main?.focus();
}

function titleOf(at: Route, site: KnownSite | null): string {
  const names: Partial<Record<Route["view"], string>> = { settings: "Settings", leaders: "People", found: "Found a group", person: "A person" };
  const what =
    at.view === "group"
      ? `Group ${at.group}`
      : at.view === "round"
        ? `Round ${at.round}`
        : at.view === "delta"
          ? `Delta ${at.delta}`
          : names[at.view];
  return [what, site?.name, "Neuron"].filter(Boolean).join(" · ");
}

function Head({ site, at }: { site: KnownSite | null; at: Route }) {
  const links = site && linksOf(site);
  return (
    <header class="head">
      <a class="brand" href="#/">
        <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
          <path d="M9 9l7 7M9 23l7-7M16 16h8" />
          <circle cx="9" cy="9" r="3" />
          <circle cx="9" cy="23" r="3" />
          <circle cx="16" cy="16" r="3" />
          <circle cx="24" cy="16" r="3" />
        </svg>
        Neuron
      </a>
      <nav aria-label="Main">
        {site && links && (
          <>
            <a href={links.network} aria-current={at.view === "network" ? "page" : undefined}>
              {site.name}
            </a>
            <a href={links.leaders} aria-current={at.view === "leaders" ? "page" : undefined}>
              People
            </a>
          </>
        )}
        <a href="#/settings" aria-current={at.view === "settings" ? "page" : undefined}>
          Settings
        </a>
      </nav>
      <WalletCorner site={site} />
    </header>
  );
}

function Plain({ at }: { at: Route }) {
  if (at.view === "home") return <Home />;
  if (at.view === "settings") return <SettingsView />;
  return <Missing what="This address leads nowhere. Begin at the networks." />;
}

type Inner = Extract<Route, NetworkKey>;

function Networked({ at, site }: { at: Inner; site: KnownSite | null }) {
  const done = useSignal(looked);
  if (site) return <Within key={`${site.chainId}/${site.network}/${site.rpc}`} at={at} site={site} />;
  if (!done) return <main id="main" aria-busy="true" />;
  return (
    <main id="main">
      <h1>A network that is not known here</h1>
      <p class="lead">It is on chain {at.chainId}. Name a node of that chain that you trust, or your own: everything shown comes from it.</p>
      <AddNetwork wanted={at} />
    </main>
  );
}

/** A network with its reader, which lives as long as the visitor stays in it. */
function Within({ at, site }: { at: Inner; site: KnownSite }) {
  const [client, setClient] = useState<Client | null>(null);
  useEffect(() => {
    const made = new Client(site);
    setClient(made);
    const stop = followFlights(site, () => made.hurry());
    return () => {
      stop();
      made.close();
    };
  }, []);
  const here = useMemo(() => client && { site, client, links: linksOf(site) }, [client, site]);
  if (!here) return <main id="main" aria-busy="true" />;
  return (
    <HereContext.Provider value={here}>
      <Banner client={here.client} site={site} />
      <View at={at} />
    </HereContext.Provider>
  );
}

/** What is wrong, and what it means. */
function Banner({ client, site }: { client: Client; site: KnownSite }) {
  const { trouble, notice, chainId, progress } = useSignal(client.standing);
  const elsewhere =
    chainId !== null && chainId !== site.chainId
      ? `The node at ${new URL(site.rpc).host} is of chain ${chainId}, and this network is on chain ${site.chainId}. Choose another node in Settings.`
      : null;
  const said = elsewhere ?? trouble ?? notice;
  return (
    <>
      {said && (
        <p class={trouble || elsewhere ? "banner banner-bad" : "banner"} role="alert">
          {said}
        </p>
      )}
      {progress && !progress.live && (
        <progress
          class="thin"
          max={Math.max(1, progress.head - progress.since)}
          value={progress.reached - progress.since}
          aria-label="How much of the chain is read"
        />
      )}
    </>
  );
}

function View({ at }: { at: Inner }) {
  switch (at.view) {
    case "network":
      return <NetworkView />;
    case "found":
      return <FoundView />;
    case "leaders":
      return <LeadersView />;
    case "group":
      return <GroupView key={at.group} number={at.group} tab={at.tab} file={at.file} />;
    case "round":
      return <RoundView key={`${at.group}/${at.round}`} number={at.group} round={at.round} />;
    case "delta":
      return <DeltaView key={`${at.group}/${at.delta}`} number={at.group} delta={at.delta} />;
    case "person":
      return <PersonView key={at.account} account={at.account} />;
    default:
      return <Waiting />;
  }
}

applyTheme();
followAddress();
findWallets();
reconnect();
void readGiven();
const place = document.getElementById("page");
if (place) render(<Page />, place);
