// The corner of the page where a wallet is connected, and the list of what was sent.

import { useRef, useState } from "preact/hooks";
import { brief } from "../parts/words";
import { useSignal } from "../parts/signal";
import type { KnownSite } from "../parts/sites";
import { linksOf } from "../parts/route";
import { dismiss, type Flight, flights, type FlightState } from "./flights";
import { type Wallet, wallets } from "./providers";
import { sentenceOf } from "./trouble";
import { connect, connected, disconnect, toChain } from "./wallet";

export function WalletCorner({ site }: { site: KnownSite | null }) {
  const is = useSignal(connected);
  const known = useSignal(wallets);
  const [wrong, setWrong] = useState<string | null>(null);
  const menu = useRef<HTMLDetailsElement>(null);
  const attempt = (what: () => Promise<unknown>) => {
    setWrong(null);
    what().then(
      () => menu.current?.removeAttribute("open"),
      (error: unknown) => setWrong(sentenceOf(error)),
    );
  };
  const elsewhere = is && site && is.chainId !== site.chainId;
  return (
    <div class="wallet">
      {elsewhere && (
        <button type="button" class="button" onClick={() => attempt(() => toChain(site))}>
          Switch to chain {site.chainId}
        </button>
      )}
      <details class="menu" ref={menu}>
        <summary class={is ? "button quiet-button" : "button"}>{is ? brief(is.account) : "Connect wallet"}</summary>
        <div class="menu-box">
          {is ? (
            <Mine site={site} close={() => menu.current?.removeAttribute("open")} />
          ) : (
            <Choice all={known} chosen={(wallet) => attempt(() => connect(wallet))} />
          )}
        </div>
      </details>
      {wrong && (
        <span class="wrong wallet-wrong" role="alert">
          {wrong}
        </span>
      )}
    </div>
  );
}

function Choice({ all, chosen }: { all: readonly Wallet[]; chosen: (wallet: Wallet) => void }) {
  if (all.length === 0) return <p>No wallet is in this browser. Install one that follows EIP-6963 and reload; to look around, none is needed.</p>;
  return (
    <ul class="plain">
      {all.map((wallet) => (
        <li key={wallet.id}>
          <button type="button" class="menu-item" onClick={() => chosen(wallet)}>
            {wallet.icon && <img src={wallet.icon} alt="" width="20" height="20" />}
            {wallet.name}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Mine({ site, close }: { site: KnownSite | null; close: () => void }) {
  const is = useSignal(connected);
  if (!is) return null;
  return (
    <ul class="plain">
      {site && (
        <li>
          <a class="menu-item" href={linksOf(site).person(is.account)} onClick={close}>
            What is mine here
          </a>
        </li>
      )}
      <li>
        <button type="button" class="menu-item" onClick={() => (close(), disconnect())}>
          Forget {is.wallet.name}
        </button>
      </li>
    </ul>
  );
}

const SAID: Record<FlightState, string> = {
  signed: "signed, on its way to the chain",
  sent: "sent, waiting to be mined",
  mined: "mined",
  confirmed: "confirmed",
  failed: "failed on the chain: nothing changed but the gas that it cost",
  replaced: "replaced or dropped: another transaction of the account took its place",
};

export function Toasts() {
  const all = useSignal(flights);
  if (all.length === 0) return null;
  return (
    <aside class="toasts" aria-label="What was sent" aria-live="polite">
      {all.slice(0, 4).map((flight) => (
        <Toast key={flight.hash} flight={flight} />
      ))}
    </aside>
  );
}

function Toast({ flight }: { flight: Flight }) {
  return (
    <div class={`toast toast-${flight.state}`} data-state={flight.state}>
      <strong>{flight.label}</strong>
      <span>{SAID[flight.state]}</span>
      <span class="quiet mono">{brief(flight.hash)}</span>
      <button type="button" class="toast-close" aria-label={`Close: ${flight.label}`} onClick={() => dismiss(flight.hash)}>
        ×
      </button>
    </div>
  );
}
