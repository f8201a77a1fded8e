// What differs between two texts, line by line, as the rules of `deltas` match lines: the rarest ones first (histogram).

/** Lines of both sides that stand for one another, as places from 0; ends are not part of them. */
export interface LineChange {
  old: [number, number];
  new: [number, number];
}

/** Lines that occur more often than this tell nothing of where they belong. */
const CHAIN_MAX = 63;

/** Lines with their newlines. */
export function linesOf(text: string): string[] {
  const lines = text.split("\n").map((line) => `${line}\n`);
  const last = (lines.pop() ?? "\n").slice(0, -1);
  return last === "" ? lines : [...lines, last];
}

/** A stretch of both sides that is not matched yet. */
interface Stretch {
  old: [number, number];
  new: [number, number];
}

/** Lines in common, the places at which they begin, and how many they are. */
interface Common {
  old: number;
  new: number;
  length: number;
}

/** Places of each line of a stretch; of one that is too frequent the first ones. */
function placesOf(lines: readonly number[], [from, to]: [number, number]): Map<number, number[]> {
  const places = new Map<number, number[]>();
  for (let at = from; at < to; at += 1) {
    const line = lines[at] as number;
    const known = places.get(line);
    if (!known) places.set(line, [at]);
    else if (known.length <= CHAIN_MAX) known.push(at);
  }
  return places;
}

/** The longest common lines among those with the rarest line; of length 0 where there are none, nothing where all are too frequent. */
class Search {
  private best: Common = { old: 0, new: 0, length: 0 };
  private rarest = CHAIN_MAX + 1;
  private found = false;
  private readonly places: Map<number, number[]>;

  constructor(
    private readonly old: readonly number[],
    private readonly now: readonly number[],
    private readonly within: Stretch,
  ) {
    this.places = placesOf(old, within.old);
  }

  run(): Common | null {
    for (let at = this.within.new[0]; at < this.within.new[1];) {
      const places = this.places.get(this.now[at] as number);
      if (places) this.found = true;
      at = places && places.length <= this.rarest ? this.extend(at, places) : at + 1;
    }
    return !this.found || this.rarest <= CHAIN_MAX ? this.best : null;
  }

  private count(at: number): number {
    return this.places.get(this.old[at] as number)?.length ?? 0;
  }

  /** Tries each place of a line; returns where the search goes on. */
  private extend(at: number, places: readonly number[]): number {
    let next = at + 1;
    let reached = -1;
    for (const place of places) {
      if (reached >= 0 && place - this.within.old[0] <= reached) continue;
      const common = this.around(place, at, places.length);
      reached = common.new + common.length - this.within.new[0];
      next = Math.max(next, common.new + common.length);
      if (this.best.length < common.length || this.rarest > common.rarest) [this.best, this.rarest] = [common, common.rarest];
    }
    return next;
  }

  /** All lines in common around a pair of equal ones. */
  private around(old: number, now: number, count: number): Common & { rarest: number } {
    const { within } = this;
    let [from, start, rarest] = [old, now, count];
    while (from > within.old[0] && start > within.new[0] && this.old[from - 1] === this.now[start - 1]) {
      [from, start] = [from - 1, start - 1];
      rarest = Math.min(rarest, this.count(from));
    }
    let [to, end] = [old + 1, now + 1];
    while (to < within.old[1] && end < within.new[1] && this.old[to] === this.now[end]) {
      rarest = Math.min(rarest, this.count(to));
      [to, end] = [to + 1, end + 1];
    }
    return { old: from, new: start, length: end - start, rarest };
  }
}

/** Marks what has no partner. Lines that are all too frequent have none. */
function match(old: readonly number[], now: readonly number[], whole: Stretch, gone: boolean[], come: boolean[]): void {
  const waiting = [whole];
  for (let stretch = waiting.pop(); stretch; stretch = waiting.pop()) {
    const isEmpty = stretch.old[0] === stretch.old[1] || stretch.new[0] === stretch.new[1];
    const common = isEmpty ? null : new Search(old, now, stretch).run();
    if (!common || common.length === 0) {
      gone.fill(true, ...stretch.old);
      come.fill(true, ...stretch.new);
      continue;
    }
    waiting.push(
      { old: [stretch.old[0], common.old], new: [stretch.new[0], common.new] },
      { old: [common.old + common.length, stretch.old[1]], new: [common.new + common.length, stretch.new[1]] },
    );
  }
}

/** Numbers that stand for lines: equal ones for equal lines. */
function numbered(...sides: (readonly string[])[]): number[][] {
  const known = new Map<string, number>();
  return sides.map((lines) =>
    lines.map((line) => {
      const number = known.get(line) ?? known.size;
      known.set(line, number);
      return number;
    }),
  );
}

/** What differs, from the first change to the last. */
export function lineChanges(before: readonly string[], after: readonly string[]): LineChange[] {
  const [old = [], now = []] = numbered(before, after);
  const least = Math.min(old.length, now.length);
  let head = 0;
  while (head < least && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < least - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const [gone, come] = [old.map(() => false), now.map(() => false)];
  match(old, now, { old: [head, old.length - tail], new: [head, now.length - tail] }, gone, come);
  return runs(gone, come);
}

/** Marks of both sides as changes: what is not marked stands on both. */
function runs(gone: readonly boolean[], come: readonly boolean[]): LineChange[] {
  const changes: LineChange[] = [];
  let [old, now] = [0, 0];
  while (old < gone.length || now < come.length) {
    const [from, start] = [old, now];
    while (gone[old]) old += 1;
    while (come[now]) now += 1;
    if (old > from || now > start) changes.push({ old: [from, old], new: [start, now] });
    else [old, now] = [old + 1, now + 1];
  }
  return changes;
}
