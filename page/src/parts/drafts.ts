// Changes of training sets that a visitor has begun, as long as the page is open.

import type { Group } from "../fold/state";
import { type Draft, EMPTY } from "../set/draft";
import { useHere } from "./context";
import { Signal, useSignal } from "./signal";

const drafts = new Signal<ReadonlyMap<string, Draft>>(new Map());

/** The visitor's changes of a group's set, and a way to make others. */
export function useDraft(group: Group): [Draft, (by: (draft: Draft) => Draft) => void] {
  const { site } = useHere();
  const key = `${site.chainId}/${site.network}/${group.number}`;
  const draft = useSignal(drafts).get(key) ?? EMPTY;
  return [draft, (by) => drafts.change((all) => new Map([...all, [key, by(all.get(key) ?? EMPTY)]]))];
}
