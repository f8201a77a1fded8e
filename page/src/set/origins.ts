// From which patch each line of a set comes, and which lines a patch brings, as `neuron delta blame` and `search` tell it.

import { lineChanges, linesOf } from "./changes";
import { sorted, type Tree } from "./patch";

/** A file that moved keeps its lines' origins if at least this share of its bytes, in percent, is that of the file that went. */
const ALIKE = 50;

const encoder = new TextEncoder();
const lengthOf = (text: string): number => encoder.encode(text).length;

/** Paths that only one of both sets has, or whose texts differ, in their order. */
export const differing = (before: Tree, after: Tree): string[] => {
  const all = new Map([...before, ...after]);
  return sorted(all).filter((path) => before.get(path) !== after.get(path));
};

/** A line that a patch brings. */
export interface Added {
  path: string;
  /** In the file after the patch, from 1. */
  line: number;
  /** Without its newline. */
  text: string;
}

/** All lines that stand in the set after and were not in the file before. */
export function addedLines(before: Tree, after: Tree): Added[] {
  const added: Added[] = [];
  for (const path of differing(before, after)) {
    const text = after.get(path);
    if (text === undefined) continue;
    const lines = linesOf(text);
    for (const change of lineChanges(linesOf(before.get(path) ?? ""), lines))
      for (let at = change.new[0]; at < change.new[1]; at += 1) added.push({ path, line: at + 1, text: (lines[at] ?? "").replace(/\n$/, "") });
  }
  return added;
}

/** Share of the bytes of the larger text that stand in lines of both, in percent. */
function alike(old: string, now: string): number {
  const counts = new Map<string, number>();
  for (const line of linesOf(old)) counts.set(line, (counts.get(line) ?? 0) + 1);
  let shared = 0;
  for (const line of linesOf(now)) {
    const count = counts.get(line) ?? 0;
    if (count === 0) continue;
    counts.set(line, count - 1);
    shared += lengthOf(line);
  }
  const most = Math.max(lengthOf(old), lengthOf(now));
  return most === 0 ? 0 : Math.floor((shared * 100) / most);
}

/** The file that went and is most like this new one, if it is half of it. */
function moved(gone: readonly string[], before: Tree, text: string): string | null {
  let best: { path: string; share: number } | null = null;
  for (const path of gone) {
    const share = alike(before.get(path) ?? "", text);
    if (share >= ALIKE && (!best || share > best.share)) best = { path, share };
  }
  return best?.path ?? null;
}

/** The patch from which each line of each file comes, by its place in the list of patches. */
export class Origins {
  private readonly files = new Map<string, readonly number[]>();

  /** Learns the next patch. */
  note(before: Tree, after: Tree, place: number): void {
    const touched = differing(before, after);
    const gone = touched.filter((path) => !after.has(path));
    const files = touched.flatMap((path): [string, number[]][] => {
      const text = after.get(path);
      if (text === undefined) return [];
      const source = before.has(path) ? path : moved(gone, before, text);
      const origins = source === null ? [] : this.of(source);
      return [[path, carried(source === null ? "" : (before.get(source) ?? ""), text, origins, place)]];
    });
    for (const path of gone) this.files.delete(path);
    for (const [path, origins] of files) this.files.set(path, origins);
  }

  of(path: string): readonly number[] {
    return this.files.get(path) ?? [];
  }
}

/** Origins of the new lines: those of the old ones that stay, and this patch for all others. */
function carried(old: string, now: string, origins: readonly number[], place: number): number[] {
  const made: number[] = [];
  let done = 0;
  for (const change of lineChanges(linesOf(old), linesOf(now))) {
    for (; done < change.old[0]; done += 1) made.push(origins[done] ?? place);
    for (let at = change.new[0]; at < change.new[1]; at += 1) made.push(place);
    done = change.old[1];
  }
  for (; done < origins.length; done += 1) made.push(origins[done] ?? place);
  return made;
}
