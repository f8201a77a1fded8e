// Predictions on the visitor's own machine: the model is fetched once, and nothing that is drawn or typed leaves the page.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Classify } from "./classify";
import { type Manifest, manifestOf } from "./model";
import { Prose } from "./prose";
import { type Port, Remote } from "./remote";

/** Where a view gets what it computes with. */
export interface Sources {
  /** The bytes of `evaluator.wasm`. */
  module(): Promise<ArrayBuffer>;
  /** A worker that runs `worker.ts`. */
  worker(): Port;
  /** The manifest of a group and its newest checkpoint. */
  model(): Promise<{ manifest: Uint8Array; checkpoint: Uint8Array }>;
}

type Stage = { at: "idle" } | { at: "loading" } | { at: "ready"; manifest: Manifest; remote: Remote } | { at: "failed"; why: string };

export function Predict({ sources }: { sources: Sources }) {
  const [stage, setStage] = useState<Stage>({ at: "idle" });
  const remote = useRef<Remote | null>(null);
  useEffect(() => () => remote.current?.close(), []);
  const load = async () => {
    setStage({ at: "loading" });
    try {
      const [module, { manifest, checkpoint }] = await Promise.all([sources.module(), sources.model()]);
      remote.current?.close();
      const opened = new Remote(sources.worker());
      remote.current = opened;
      await opened.open(module);
      await opened.setManifest(manifest);
      await opened.setCheckpoint(checkpoint);
      setStage({ at: "ready", manifest: manifestOf(manifest), remote: opened });
    } catch (error) {
      setStage({ at: "failed", why: error instanceof Error ? error.message : String(error) });
    }
  };
  const place = useRef<HTMLDivElement>(null);
  // The button that had the focus is gone: whoever uses keys goes on from here.
  useLayoutEffect(() => void (stage.at === "ready" && place.current?.focus()), [stage.at]);
  if (stage.at === "ready") {
    const View = stage.manifest.model.family === "mlp" ? Classify : Prose;
    return (
      <div ref={place} class="predict" tabIndex={-1}>
        <View manifest={stage.manifest} remote={stage.remote} />
      </div>
    );
  }
  return (
    <div>
      <p>The newest checkpoint runs in this page, to the same bits as on every node. It costs nothing, and nothing that you draw or type leaves your machine.</p>
      {stage.at === "failed" && <p role="alert">{stage.why}</p>}
      <button type="button" disabled={stage.at === "loading"} onClick={() => void load()}>
        {stage.at === "loading" ? "Fetching the model…" : "Fetch the model and try it"}
      </button>
    </div>
  );
}
