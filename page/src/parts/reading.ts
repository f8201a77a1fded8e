// The training set that a view looks at, read once and kept as long as nobody asks for another one.

import { useState } from "preact/hooks";
import { Remote } from "../../wasm/remote";
import type { Step } from "../fold/lineage";
import type { Group, Hex } from "../fold/state";
import { Reading } from "../set/reading";
import { bytesOf, computing, filesAt, MANIFEST_BYTES, PATCH_BYTES } from "./computing";
import { useAnswer, useHere } from "./context";
import { keptFile } from "./files";

interface Held {
  key: string;
  reading: Reading;
  remote: Remote;
}

let held: Held | null = null;

function hold(next: Held): void {
  if (held && held.remote !== next.remote) held.remote.close();
  held = next;
}

async function read(gateway: string, manifest: Hex, steps: readonly Step[], told: (done: number) => void): Promise<Omit<Held, "key">> {
  const files = filesAt(gateway);
  const patch = async ({ digest }: Step) => (await keptFile(digest)) ?? files.upTo(bytesOf(digest), PATCH_BYTES);
  const [module, words] = await Promise.all([computing.module(), files.upTo(bytesOf(manifest), MANIFEST_BYTES)]);
  const remote = new Remote(computing.worker());
  try {
    await remote.open(module);
    return { remote, reading: await Reading.of(remote, { manifest: words, patch }, steps, told) };
  } catch (error) {
    remote.close();
    throw error;
  }
}

export type Progress = { at: "idle" } | { at: "busy"; said: string } | { at: "failed"; why: string };

export interface Read {
  /** Nothing before it was read. */
  reading: Reading | null;
  progress: Progress;
  start: () => Promise<void>;
}

/** The set of a group at a head. */
export function useReading(group: Group, head: Hex): Read {
  const { site } = useHere();
  const answer = useAnswer<"steps">({ kind: "steps", group: group.number, head });
  const [progress, setProgress] = useState<Progress>({ at: "idle" });
  const key = `${site.chainId}/${site.network}/${group.number}/${head}`;
  const start = async () => {
    setProgress({ at: "busy", said: "Fetching the patches…" });
    try {
      const steps = answer?.steps;
      if (!site.gateway || !steps) throw new Error("The patches of this set are not all known: wait until the chain is read to its end.");
      const told = (done: number) => setProgress({ at: "busy", said: `Read ${done} of ${steps.length} patches…` });
      hold({ key, ...(await read(site.gateway, group.birth.manifest, steps, told)) });
      setProgress({ at: "idle" });
    } catch (error) {
      setProgress({ at: "failed", why: error instanceof Error ? error.message : String(error) });
    }
  };
  return { reading: held?.key === key ? held.reading : null, progress, start };
}
