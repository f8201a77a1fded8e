// A button that does something with the visitor's wallet, and says beside itself what comes of it.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useHere } from "../parts/context";
import { useSignal } from "../parts/signal";
import type { Hex } from "../fold/state";
import { type Call, send, type Stage } from "./send";
import { sentenceOf } from "./trouble";
import { connected } from "./wallet";

const STAGES: Record<Stage, string> = {
  checking: "Trying it out…",
  signing: "Waiting for a signature in your wallet…",
  sending: "Waiting for your wallet…",
};

interface Props {
  /** What stands in the list of what was sent. */
  label: string;
  build: (told: (stage: Stage) => void) => Promise<Call> | Call;
  children: ComponentChildren;
  quiet?: boolean;
  disabled?: boolean;
  done?: (hash: Hex) => void;
}

/** Builds a transaction, simulates it, and sends it by the wallet. */
export function Act({ label, build, children, quiet = false, disabled = false, done }: Props) {
  const { site, client } = useHere();
  const attempt = async (told: (stage: Stage) => void) => {
    const hash = await send(site, label, await build(told), told);
    client.hurry();
    done?.(hash);
  };
  return (
    <Attempt attempt={attempt} quiet={quiet} disabled={disabled}>
      {children}
    </Attempt>
  );
}

interface AttemptProps {
  attempt: (told: (stage: Stage) => void) => Promise<void>;
  children: ComponentChildren;
  quiet?: boolean;
  disabled?: boolean;
}

/** A button for anything that asks the wallet. */
export function Attempt({ attempt, children, quiet = false, disabled = false }: AttemptProps) {
  const [stage, setStage] = useState<Stage | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const is = useSignal(connected);
  const run = async () => {
    setWrong(null);
    setStage("checking");
    try {
      await attempt(setStage);
    } catch (error) {
      setWrong(sentenceOf(error));
    } finally {
      setStage(null);
    }
  };
  const idle = stage === null;
  return (
    <span class="act">
      <button
        type="button"
        class={quiet ? "button quiet-button" : "button"}
        disabled={!idle || disabled || !is}
        onClick={run}
        title={is ? undefined : "Connect a wallet first"}
      >
        {idle ? children : STAGES[stage]}
      </button>
      {wrong && (
        <span class="wrong" role="alert">
          {wrong}
        </span>
      )}
    </span>
  );
}
