// Networks, nodes that are asked, what is stored here, and how the page looks.

import { useEffect, useState } from "preact/hooks";
import { PREFIX } from "../index/store";
import { forgetFiles } from "../parts/files";
import { useSignal } from "../parts/signal";
import { addSite, type KnownSite, removeSite, sites, wrongUrl } from "../parts/sites";
import { type Theme, theme } from "../parts/theme";
import { brief } from "../parts/words";
import { flights } from "../wallet/flights";
import { Field } from "./home";

const THEMES: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };

export function SettingsView() {
  const all = useSignal(sites);
  const current = useSignal(theme);
  return (
    <main id="main">
      <h1>Settings</h1>
      <section>
        <h2>Look</h2>
        <div class="choice" role="group" aria-label="Look">
          {(Object.keys(THEMES) as Theme[]).map((one) => (
            <button key={one} type="button" class="button quiet-button" aria-pressed={one === current} onClick={() => theme.set(one)}>
              {THEMES[one]}
            </button>
          ))}
        </div>
      </section>
      <section>
        <h2>Networks</h2>
        {all.length === 0 && <p class="nothing">None is known.</p>}
        <ul class="plain stack">
          {all.map((site) => (
            <SiteCard key={`${site.chainId}/${site.network}`} site={site} />
          ))}
        </ul>
      </section>
      <Stored />
    </main>
  );
}

function SiteCard({ site }: { site: KnownSite }) {
  const [rpc, setRpc] = useState(site.rpc);
  const [gateway, setGateway] = useState(site.gateway ?? "");
  const [said, setSaid] = useState<string | null>(null);
  const save = () => {
    const wrong = wrongUrl(rpc.trim()) ?? (gateway.trim() === "" ? null : wrongUrl(gateway.trim()));
    if (wrong) return setSaid(wrong);
    const { gateway: _, given: __, ...rest } = site;
    addSite({ ...rest, rpc: rpc.trim(), ...(gateway.trim() ? { gateway: gateway.trim() } : {}) });
    setSaid("Kept.");
    return undefined;
  };
  return (
    <li class="panel">
      <p class="panel-head">
        <strong>{site.name}</strong>
        <span class="quiet">
          chain {site.chainId} · <span class="mono">{brief(site.network)}</span>
        </span>
      </p>
      <div class="form">
        <Field name="Node of its chain" value={rpc} changed={(event) => setRpc(event.currentTarget.value)} wide />
        <Field
          name="Gateway for files"
          value={gateway}
          changed={(event) => setGateway(event.currentTarget.value)}
          placeholder="http://127.0.0.1:9464"
          hint="any IPFS gateway, such as a node's own; what it gives is checked by its digest"
          wide
        />
        <div class="form-foot">
          <button type="button" class="button quiet-button" onClick={save}>
            Keep
          </button>
          {!site.given && (
            <button type="button" class="button quiet-button" onClick={() => removeSite(site)}>
              Remove
            </button>
          )}
          {said && <span role="status">{said}</span>}
        </div>
      </div>
    </li>
  );
}

const size = (bytes: number): string => (bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/** Everything that the page keeps in this browser can be thrown away. */
function Stored() {
  const [used, setUsed] = useState<number | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const measure = () =>
    void navigator.storage?.estimate().then(
      ({ usage }) => setUsed(usage ?? null),
      () => setUsed(null),
    );
  useEffect(measure, []);
  const clear = async () => {
    try {
      const databases = (await indexedDB.databases?.()) ?? [];
      const names = databases.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name] : []));
      for (const name of names) indexedDB.deleteDatabase(name);
      await forgetFiles();
      setSaid("Cleared: the page reads the chain again.");
      measure();
    } catch {
      setSaid("The browser did not let the page clear it: clear this site's data in the browser's own settings.");
    }
  };
  return (
    <section>
      <h2>Stored in this browser</h2>
      <p class="quiet">
        Copies of chains' logs, so that the next visit begins at once; patches that were looked at; what was sent. Nothing leaves this browser but
        questions to the nodes above and what your wallet sends.
      </p>
      <p class="acts">
        {used !== null && <span>{size(used)} in use.</span>}
        <button type="button" class="button quiet-button" onClick={() => void clear()}>
          Clear the copies
        </button>
        <button type="button" class="button quiet-button" onClick={() => flights.set([])}>
          Forget what was sent
        </button>
        {said && <span role="status">{said}</span>}
      </p>
    </section>
  );
}
