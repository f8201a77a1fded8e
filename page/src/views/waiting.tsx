// While the chain is being read, and when it cannot be.

import { useHere } from "../parts/context";
import { useSignal } from "../parts/signal";

export function Waiting() {
  const { client } = useHere();
  const { progress, checks, contracts } = useSignal(client.standing);
  const wrong = checks.filter((check) => check.wrong !== null);
  if (!contracts && wrong.length > 0) {
    return (
      <main id="main">
        <h1>This is no network</h1>
        <ul class="wrong plain" role="alert">
          {wrong.map((check) => (
            <li key={check.what}>
              {check.what}: {check.wrong}
            </li>
          ))}
        </ul>
      </main>
    );
  }
  const [done, all] = progress ? [progress.reached - progress.since, Math.max(1, progress.head - progress.since)] : [0, 1];
  return (
    <main id="main" aria-busy="true">
      <p class="waiting" role="status">
        Reading the chain{progress ? `: block ${progress.reached.toLocaleString("en")} of ${progress.head.toLocaleString("en")}` : "…"}
      </p>
      <progress max={all} value={done} aria-label="How much of the chain is read" />
    </main>
  );
}

export function Missing({ what }: { what: string }) {
  return (
    <main id="main">
      <h1>Not there</h1>
      <p>{what}</p>
    </main>
  );
}
