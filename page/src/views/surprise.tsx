// What the running model loses on examples, measured in the page.

import { useState } from "preact/hooks";
import type { Group, Hex } from "../fold/state";
import { bytesOf, CHECKPOINT_BYTES, filesAt } from "../parts/computing";
import { useHere } from "../parts/context";
import { Table } from "../parts/table";
import { nats } from "../parts/words";
import { MEASURED_MAX, type Reading } from "../set/reading";
import { stepName, StepLink } from "./steps";

/** The mean of what was measured, down to the micronat; nothing of nothing. */
export const meanOf = (losses: readonly number[]): number | null =>
  losses.length === 0 ? null : Math.floor(losses.reduce((sum, loss) => sum + loss, 0) / losses.length);

const fetched = new Map<Hex, Uint8Array>();

/** The running model's checkpoint; the newest one is held. */
export async function modelOf(gateway: string | undefined, digest: Hex): Promise<Uint8Array> {
  const known = fetched.get(digest);
  if (known) return known;
  if (!gateway) throw new Error("The page has no gateway for files: name one in Settings.");
  const bytes = await filesAt(gateway).upTo(bytesOf(digest), CHECKPOINT_BYTES);
  fetched.clear();
  fetched.set(digest, bytes);
  return bytes;
}

interface Props<T> {
  group: Group;
  /** Measures with the running model. */
  work: (model: Uint8Array) => Promise<T>;
  done: (found: T) => void;
  children: string;
}

/** Fetches the running model and measures with it. */
export function Measure<T>({ group, work, done, children }: Props<T>) {
  const { site } = useHere();
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const run = async () => {
    setBusy(true);
    setWrong(null);
    try {
      done(await work(await modelOf(site.gateway, group.checkpoint)));
    } catch (error) {
      setWrong(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <p class="acts">
      <button type="button" class="button quiet-button" disabled={busy} onClick={() => void run()}>
        {busy ? "Measuring…" : children}
      </button>
      {wrong && (
        <span class="wrong" role="alert">
          {wrong}
        </span>
      )}
    </p>
  );
}

interface Measured {
  place: number;
  rows: number;
  mean: number;
}

/** The model's loss on the rows of the set that each patch brought, as far as they still stand there. */
async function byPatch(reading: Reading, model: Uint8Array): Promise<Measured[]> {
  const rows = reading.steps.map((): string[] => []);
  for (const { text, place } of reading.blamed()) rows[place]?.push(text);
  const found: Measured[] = [];
  for (const [place, brought] of rows.entries()) {
    const losses = await reading.losses(model, brought);
    const mean = meanOf(losses);
    if (mean !== null) found.push({ place, rows: losses.length, mean });
  }
  return found;
}

/** How the running model does on what each patch brought: on what came lately it shows what it learned beyond its examples. */
export function LossByPatch({ group, reading }: { group: Group; reading: Reading }) {
  const [found, setFound] = useState<Measured[] | null>(null);
  if (!reading.shape.isRows) return null;
  return (
    <section>
      <h2>Loss on what each patch brought</h2>
      <p class="quiet">
        The page measures the running model on the rows that each patch brought, as far as they still stand in the set; of many the first{" "}
        {MEASURED_MAX}. Rows that came after its last training are fresh to it.
      </p>
      <Measure group={group} work={(model) => byPatch(reading, model)} done={setFound}>
        Measure the running model
      </Measure>
      {found && (
        <Table
          caption="Loss of the running model on what each patch brought"
          file={`group-${group.number}-fresh`}
          empty="No patch brought a row that still stands."
          rows={found.toReversed()}
          keyOf={({ place }) => place}
          columns={[
            {
              name: "Brought by",
              cell: ({ place }) => reading.steps[place] && <StepLink step={reading.steps[place]} group={group} />,
              plain: ({ place }) => (reading.steps[place] ? stepName(reading.steps[place], group.number) : ""),
            },
            { name: "Examples", right: true, cell: ({ rows }) => rows, plain: ({ rows }) => rows },
            { name: "Loss in nats", right: true, cell: ({ mean }) => nats(mean), plain: ({ mean }) => (mean / 1e6).toFixed(6) },
          ]}
        />
      )}
    </section>
  );
}
