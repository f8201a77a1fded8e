// Which patches make a training set.

import { concat, keccak256 } from "viem";
import { type Group, type Hex, NOTHING, type State } from "./state";

export const headAfter = (head: Hex, patch: Hex): Hex => keccak256(concat([head, patch]));

/** Patches that lead from the empty set to the head of a group's birth. */
function ofBirth(state: State, group: Group): { head: Hex; patches: Hex[] } | null {
  if (group.parent === 0) {
    const patches = [...group.birth.dataset];
    return { head: patches.reduce<Hex>(headAfter, NOTHING), patches };
  }
  const parent = state.groups.get(group.parent);
  const head = group.bornAt;
  const patches = parent && patchesTo(state, parent, head);
  return patches ? { head, patches } : null;
}

/** Digests of the patches that lead to a head, the oldest first; nothing if none of the group's do. */
export function patchesTo(state: State, group: Group, head: Hex): Hex[] | null {
  const birth = ofBirth(state, group);
  if (!birth) return null;
  const before = new Map([...group.deltas.values()].map((delta) => [headAfter(delta.parent, delta.digest), delta] as const));
  const later: Hex[] = [];
  let at = head;
  while (at !== birth.head) {
    const delta = before.get(at);
    if (!delta || later.length > before.size) return null;
    later.unshift(delta.digest);
    at = delta.parent;
  }
  return [...birth.patches, ...later];
}
