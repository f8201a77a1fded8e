// Rows that come and are nearly another row of the set: the same but for few features, as `neuron delta show` finds them.

/** Parts of a row that are looked up whole: rows that differ in fewer features share one of them. */
const PARTS = 4;
/** Of so many features one may differ, and not more than the parts allow. */
const EACH = 8;
/** Rows with one part in common that are compared at most: what more share tells nothing. */
const COMPARED_MAX = 256;

/** A row that comes, and the one that it is nearly. */
export interface Near {
  row: string;
  of: string;
  /** Features that differ. */
  differing: number;
}

/** The parts of a row that has enough features. */
function keysOf(row: string): string[] {
  const features = row.split(",").slice(0, -1);
  if (features.length < EACH) return [];
  const size = Math.ceil(features.length / PARTS);
  return Array.from({ length: PARTS }, (_, part) => `${part}:${features.slice(part * size, (part + 1) * size).join()}`);
}

/** How many features differ, if some do and few enough. */
function differing(row: string, of: string): number | null {
  const [one, other] = [row.split(","), of.split(",")];
  if (one.length !== other.length) return null;
  const count = one.length - 1;
  const differ = one.slice(0, count).filter((feature, at) => feature !== other[at]).length;
  return differ >= 1 && differ <= Math.min(Math.floor(count / EACH), PARTS - 1) ? differ : null;
}

/** Of each row that comes the nearest other row of the set, if it differs in a few features and in at least one. */
export function nearOf(coming: readonly string[], set: Iterable<string>): Near[] {
  const wanted = new Map<string, number[]>();
  for (const [place, row] of coming.entries())
    for (const key of keysOf(row)) wanted.set(key, [...(wanted.get(key) ?? []), place].slice(0, COMPARED_MAX + 1));
  const best: (Near | null)[] = coming.map(() => null);
  const compared = coming.map(() => 0);
  for (const of of set) {
    for (const key of wanted.size > 0 ? keysOf(of) : []) {
      const places = wanted.get(key) ?? [];
      if (places.length > COMPARED_MAX) continue;
      for (const place of places) {
        const row = coming[place];
        compared[place] = (compared[place] ?? 0) + 1;
        if (row === undefined || (compared[place] ?? 0) > COMPARED_MAX * PARTS) continue;
        const found = differing(row, of);
        const known = best[place];
        if (found !== null && (!known || found < known.differing)) best[place] = { row, of, differing: found };
      }
    }
  }
  return best.flatMap((near) => near ?? []);
}
