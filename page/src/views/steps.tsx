// The patches of a set by name, and the button behind which a set is read.

import type { Step } from "../fold/lineage";
import type { Group } from "../fold/state";
import { useHere } from "../parts/context";
import type { Read } from "../parts/reading";

/** What people call a patch who look at a group. */
export const stepName = ({ kind, number, group }: Step, at: number): string => `${kind} ${number}${group === at ? "" : ` of group ${group}`}`;

export function StepLink({ step, group }: { step: Step; group: Group }) {
  const { links } = useHere();
  const name = stepName(step, group.number);
  return step.kind === "delta" ? <a href={links.delta(step.group, step.number)}>{name}</a> : <>{name}</>;
}

/** Starts the reading, and says what comes of it. */
export function ReadButton({ read: { progress, start }, children }: { read: Read; children: string }) {
  const busy = progress.at === "busy";
  return (
    <>
      <button type="button" class="button" disabled={busy} onClick={() => void start()}>
        {busy ? progress.said : children}
      </button>
      {progress.at === "failed" && (
        <p class="wrong" role="alert">
          {progress.why}
        </p>
      )}
    </>
  );
}
