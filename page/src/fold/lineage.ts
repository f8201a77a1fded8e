// Which patches make a training set.

import { concat, keccak256 } from "viem";
import { type Address, type Group, type Hex, NOTHING, type State } from "./state";

export const headAfter = (head: Hex, patch: Hex): Hex => keccak256(concat([head, patch]));

/** One patch of those that lead to a set: one of those with which a group was made, counted from 1, or a delta. */
export interface Step {
  group: number;
  kind: "birth" | "delta";
  number: number;
  /** Who proposed it, or made the group. */
  author: Address;
  digest: Hex;
}

/** What led to the set that a group began with. */
function ofBirth(state: State, group: Group): { head: Hex; steps: Step[] } | null {
  const { number, creator: author } = group;
  if (group.parent === 0) {
    const steps = group.birth.dataset.map((digest, at): Step => ({ group: number, kind: "birth", number: at + 1, author, digest }));
    return { head: group.birth.dataset.reduce<Hex>(headAfter, NOTHING), steps };
  }
  const parent = state.groups.get(group.parent);
  const head = group.bornAt;
  const steps = parent && stepsTo(state, parent, head);
  return steps ? { head, steps } : null;
}

/** The patches that lead to a head, the oldest first; nothing if none of the group's do. */
export function stepsTo(state: State, group: Group, head: Hex): Step[] | null {
  const birth = ofBirth(state, group);
  if (!birth) return null;
  const applied = [...group.deltas.values()].filter((delta) => delta.standsAt > 0);
  const before = new Map(applied.map((delta) => [headAfter(delta.parent, delta.digest), delta] as const));
  const later: Step[] = [];
  let at = head;
  while (at !== birth.head) {
    const delta = before.get(at);
    if (!delta || later.length > before.size) return null;
    later.unshift({ group: group.number, kind: "delta", number: delta.number, author: delta.author, digest: delta.digest });
    at = delta.parent;
  }
  return [...birth.steps, ...later];
}

/** Digests of those patches. */
export const patchesTo = (state: State, group: Group, head: Hex): Hex[] | null => stepsTo(state, group, head)?.map(({ digest }) => digest) ?? null;
