// A button behind which a claim is measured again, on the visitor's own machine.

import { useEffect, useRef, useState } from "preact/hooks";
import { check, type Claim, type Finding, type Step } from "./check";
import type { Sources } from "./predict";
import { Remote } from "./remote";
import type { Files } from "./tree";

interface Props {
  /** What the chain says. */
  claim: () => Promise<Claim>;
  files: Files;
  sources: Pick<Sources, "module" | "worker">;
}

type Stage = { at: "idle" } | { at: "busy"; step: string } | { at: "done"; finding: Finding } | { at: "failed"; why: string };

const SAID: Record<Step, string> = {
  manifest: "Fetching what the group trains…",
  patches: "Building the training set…",
  base: "Fetching the checkpoint that the round began with…",
  file: "Fetching the file that was claimed…",
  measuring: "Measuring both…",
};

export function Confirm({ claim, files, sources }: Props) {
  const [stage, setStage] = useState<Stage>({ at: "idle" });
  const remote = useRef<Remote | null>(null);
  useEffect(() => () => remote.current?.close(), []);
  const run = async () => {
    setStage({ at: "busy", step: "Reading the chain…" });
    try {
      const [module, said] = await Promise.all([sources.module(), claim()]);
      remote.current?.close();
      const opened = new Remote(sources.worker());
      remote.current = opened;
      await opened.open(module);
      const finding = await check(said, files, opened, (step) => setStage({ at: "busy", step: SAID[step] }));
      setStage({ at: "done", finding });
    } catch (error) {
      setStage({ at: "failed", why: error instanceof Error ? error.message : String(error) });
    } finally {
      remote.current?.close();
      remote.current = null;
    }
  };
  return (
    <div class="confirm">
      <p role={stage.at === "failed" ? "alert" : "status"} class={`confirm-${stage.at}`}>
        {stage.at === "busy" && stage.step}
        {stage.at === "failed" && `It could not be measured here: ${stage.why}`}
        {stage.at === "done" && <Found {...stage.finding} />}
      </p>
      <button type="button" disabled={stage.at === "busy"} onClick={() => void run()}>
        {stage.at === "idle" ? "Measure it in this page" : "Measure it again"}
      </button>
    </div>
  );
}

function Found({ isTrue, why, drawn }: Finding) {
  return (
    <>
      <strong>{isTrue ? "The claim is true" : "The claim is false"}</strong>: {why}
      {drawn !== undefined && `, on ${drawn} examples`}.
    </>
  );
}
