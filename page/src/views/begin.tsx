// What a group begins with: model, checkpoint and training set, those of another group or from files.

import { useEffect, useState } from "preact/hooks";
import { hexOf } from "../../wasm/cid";
import { Remote } from "../../wasm/remote";
import { digestOf } from "../../wasm/tree";
import { DATASET_MAX } from "../chain/founding";
import type { Group, Hex } from "../fold/state";
import { Digest, Fact } from "../parts/bits";
import { computing } from "../parts/computing";
import { useAnswer } from "../parts/context";

/** Digests with which a group is born, and the group whose numbers it may take over. */
export interface Beginning {
  manifest: Hex;
  checkpoint: Hex;
  dataset: readonly Hex[];
  like: Group | null;
}

interface Props {
  set: (beginning: Beginning | null) => void;
}

/** The model and the set of a group as they are now; a fork has its parent's set and names no patch. */
export function FromGroup({ set, number, isFork }: Props & { number: number; isFork: boolean }) {
  const answer = useAnswer<"group">({ kind: "group", group: number });
  const group = answer?.group ?? null;
  const steps = useAnswer<"steps">({ kind: "steps", group: number, head: group?.head ?? "0x" })?.steps ?? null;
  const isLong = !isFork && (steps?.length ?? 0) > DATASET_MAX;
  const key = `${group?.checkpoint}/${group?.head}/${steps?.length}`;
  useEffect(() => {
    const isKnown = group !== null && (isFork || steps !== null) && !isLong;
    const dataset = isFork ? [] : (steps ?? []).map(({ digest }) => digest);
    set(isKnown ? { manifest: group.birth.manifest, checkpoint: group.checkpoint, dataset, like: group } : null);
  }, [key, number, isFork]);
  if (isLong)
    return (
      <p class="wrong" role="alert">
        {steps?.length} patches led to its set, and a group begins with {DATASET_MAX} at most: fork it, or begin with files.
      </p>
    );
  if (!group) return null;
  return (
    <dl class="facts">
      <Fact name="Model (manifest)">
        <Digest of={group.birth.manifest} label="manifest" />
      </Fact>
      <Fact name="Checkpoint now">
        <Digest of={group.checkpoint} label="checkpoint" />
      </Fact>
      <Fact name="Training set">{isFork ? "its parent's as it is now" : `${steps?.length ?? "…"} patches`}</Fact>
    </dl>
  );
}

interface Chosen {
  manifest: File | null;
  checkpoint: File | null;
  patches: File[];
}

const bytesIn = async (file: File): Promise<Uint8Array> => new Uint8Array(await file.arrayBuffer());

/** Names the file of which the rules say something. */
async function ofFile<T>(file: File, work: () => Promise<T>): Promise<T> {
  return work().catch((error: Error) => {
    throw new Error(`${file.name}: ${error.message}`);
  });
}

/** Lets the rules of the network look at all files, and names them by their digests. */
async function looked({ manifest, checkpoint, patches }: Chosen): Promise<Beginning & { examples: number }> {
  if (!manifest || !checkpoint || patches.length === 0) throw new Error("A group takes a manifest, a checkpoint and at least one patch.");
  if (patches.length > DATASET_MAX) throw new Error(`A group begins with ${DATASET_MAX} patches at most: the rest can be deltas.`);
  const remote = new Remote(computing.worker());
  const named = async (bytes: Uint8Array): Promise<Hex> => `0x${hexOf(await digestOf(bytes))}`;
  try {
    await remote.open(await computing.module());
    const [words, weights] = [await bytesIn(manifest), await bytesIn(checkpoint)];
    await ofFile(manifest, () => remote.setManifest(words));
    await ofFile(checkpoint, () => remote.setCheckpoint(weights));
    const dataset: Hex[] = [];
    let examples = 0;
    for (const file of patches) {
      const bytes = await bytesIn(file);
      examples = await ofFile(file, () => remote.applyPatch(bytes));
      dataset.push(await named(bytes));
    }
    return { manifest: await named(words), checkpoint: await named(weights), dataset, like: null, examples };
  } finally {
    remote.close();
  }
}

export function FromFiles({ set }: Props) {
  const [chosen, setChosen] = useState<Chosen>({ manifest: null, checkpoint: null, patches: [] });
  const [said, setSaid] = useState<{ isWrong: boolean; text: string } | null>(null);
  const isWhole = chosen.manifest && chosen.checkpoint && chosen.patches.length > 0;
  useEffect(() => {
    let gone = false;
    set(null);
    setSaid(null);
    if (!isWhole) return undefined;
    looked(chosen).then(
      (found) => {
        if (gone) return;
        set(found);
        setSaid({ isWrong: false, text: `The rules take them: the set has ${found.examples} examples.` });
      },
      (error: Error) => !gone && setSaid({ isWrong: true, text: error.message }),
    );
    return () => {
      gone = true;
    };
  }, [chosen]);
  const one = (event: { currentTarget: HTMLInputElement }) => event.currentTarget.files?.[0] ?? null;
  const many = (event: { currentTarget: HTMLInputElement }) => {
    const patches = [...(event.currentTarget.files ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    setChosen({ ...chosen, patches });
  };
  const input = (name: string, change: (event: { currentTarget: HTMLInputElement }) => void, isMany = false) => (
    <label class="field field-wide">
      <span>{name}</span>
      <input type="file" multiple={isMany} onChange={change} />
    </label>
  );
  return (
    <div class="form">
      {input("Manifest, as the network writes it", (event) => setChosen({ ...chosen, manifest: one(event) }))}
      {input("First checkpoint", (event) => setChosen({ ...chosen, checkpoint: one(event) }))}
      {input("Patches of the first set, in the order of their names", many, true)}
      {said && (
        <p class={said.isWrong ? "wrong" : "field-wide"} role={said.isWrong ? "alert" : "status"}>
          {said.text}
        </p>
      )}
      <p class="quiet field-wide">
        The page sends their digests alone: <code>neuron ipfs add FILE</code> gives their bytes to the network, and nobody can train before that.
      </p>
    </div>
  );
}
