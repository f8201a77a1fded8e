// The networks that this browser knows, and a way to add one.

import { useState } from "preact/hooks";
import { discover } from "../chain/discover";
import { Rpc } from "../chain/rpc";
import { sentenceOf } from "../wallet/trouble";
import { isAddress, linksOf, type NetworkKey } from "../parts/route";
import { useSignal } from "../parts/signal";
import { addSite, type KnownSite, looked, sites, wrongUrl } from "../parts/sites";
import { Nothing } from "../parts/bits";
import { brief } from "../parts/words";

export function Home() {
  const all = useSignal(sites);
  const done = useSignal(looked);
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const shown = all.filter((site) => `${site.name} ${site.network} ${site.chainId}`.toLowerCase().includes(wanted));
  return (
    <main id="main">
      <h1>Networks</h1>
      <p class="lead">Strangers train a model together and are paid for it. Look around with nothing but a browser; act with your own wallet.</p>
      {all.length > 4 && <Search value={search} changed={setSearch} label="Search networks" />}
      {done && all.length === 0 && (
        <Nothing>No network is known here yet. Add one below: its address and a node of its chain are all that is needed.</Nothing>
      )}
      <ul class="cards">
        {shown.map((site) => (
          <li key={`${site.chainId}/${site.network}`}>
            <a class="card" href={linksOf(site).network}>
              <strong>{site.name}</strong>
              <span class="quiet">
                chain {site.chainId} · <span class="mono">{brief(site.network)}</span>
              </span>
              <span class="quiet">{hostOf(site.rpc)}</span>
            </a>
          </li>
        ))}
      </ul>
      <section>
        <h2>Add a network</h2>
        <AddNetwork />
      </section>
    </main>
  );
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);

export function Search({ value, changed, label }: { value: string; changed: (value: string) => void; label: string }) {
  return (
    <input
      class="search"
      type="search"
      placeholder={label}
      aria-label={label}
      value={value}
      onInput={(event) => changed(event.currentTarget.value)}
    />
  );
}

interface Draft {
  name: string;
  rpc: string;
  network: string;
  since: string;
}

/** Why the form cannot be used as it is, or what it says. */
function read({ name, rpc, network, since }: Draft, chainId: number): KnownSite | string {
  if (!isAddress(network.trim())) return "The address of the network is 0x and 40 hexadecimal digits.";
  const wrong = wrongUrl(rpc.trim());
  if (wrong) return wrong;
  if (!/^\d{0,15}$/.test(since.trim())) return "The first block is a whole number.";
  return {
    name: name.trim() || "A network",
    rpc: rpc.trim(),
    chainId,
    network: network.trim().toLowerCase() as KnownSite["network"],
    since: Number(since.trim() || "0"),
  };
}

/** Adds a network after looking at its contracts one by one. */
export function AddNetwork({ wanted }: { wanted?: NetworkKey }) {
  const [draft, setDraft] = useState<Draft>({ name: "", rpc: "", network: wanted?.network ?? "", since: "" });
  const [said, setSaid] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const set = (name: keyof Draft) => (event: { currentTarget: HTMLInputElement }) => setDraft({ ...draft, [name]: event.currentTarget.value });
  const add = async () => {
    const first = read(draft, wanted?.chainId ?? 1);
    if (typeof first === "string") return setSaid([first]);
    setBusy(true);
    setSaid([]);
    try {
      const { contracts, chainId, checks } = await discover(new Rpc(first.rpc), first.network);
      if (wanted && chainId !== wanted.chainId)
        return setSaid([`That node is of chain ${chainId}, and the network is on chain ${wanted.chainId}: name another node.`]);
      if (!contracts) return setSaid(checks.flatMap((check) => (check.wrong ? [`${check.what}: ${check.wrong}`] : [])));
      addSite({ ...first, chainId });
      location.hash = linksOf({ chainId, network: first.network }).network;
    } catch (error) {
      setSaid([sentenceOf(error)]);
    } finally {
      setBusy(false);
    }
    return undefined;
  };
  return (
    <div class="form">
      <Field name="Address of the network" value={draft.network} changed={set("network")} placeholder="0x…" wide />
      <Field name="Node of its chain (JSON-RPC)" value={draft.rpc} changed={set("rpc")} placeholder="https://…" wide />
      <Field name="Name, as you like" value={draft.name} changed={set("name")} />
      <Field name="First block, if you know it" value={draft.since} changed={set("since")} placeholder="0" />
      <div class="form-foot">
        <button type="button" class="button" disabled={busy} onClick={() => void add()}>
          {busy ? "Looking at its contracts…" : "Check and add"}
        </button>
      </div>
      {said.length > 0 && (
        <ul class="wrong plain" role="alert">
          {said.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface FieldProps {
  name: string;
  value: string;
  changed: (event: { currentTarget: HTMLInputElement }) => void;
  placeholder?: string;
  wide?: boolean;
  hint?: string;
}

export function Field({ name, value, changed, placeholder, wide, hint }: FieldProps) {
  return (
    <label class={wide ? "field field-wide" : "field"}>
      <span>{name}</span>
      <input value={value} placeholder={placeholder} onInput={changed} spellcheck={false} autocomplete="off" />
      {hint && <small class="quiet">{hint}</small>}
    </label>
  );
}
