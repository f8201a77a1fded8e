// Patches read and carried out in the page. Whether one may be is for the rules in WebAssembly to say: this repeats what they did, so that
// its files can be seen, and both must come to the same root.

import { lineChanges, linesOf } from "./changes";

/** Texts by path. */
export type Tree = ReadonlyMap<string, string>;

type Act = "create" | "delete" | "modify" | "plain" | "rename" | "copy";

interface Hunk {
  /** Place of its first old line, from 0. */
  old: number;
  lines: { mark: string; text: string }[];
}

export interface Change {
  path: string;
  act: Act;
  /** Of a rename or a copy. */
  from: string;
  hunks: Hunk[];
}

/** A patch is not what the page reads, or does not fit the set. */
export class Unfit extends Error {
  override name = "Unfit";
}

const NO_NEWLINE = "\\ No newline at end of file";
const startsDiff = (line: string) => line.startsWith("diff -") || line.startsWith("--- ");
const ESCAPES: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "\\": 92 };

/** A name as git writes it, in quotation marks where it has unusual letters. */
function unquoted(name: string): string {
  if (!name.startsWith('"')) return name;
  const bytes: number[] = [];
  for (const [part] of name.slice(1, -1).matchAll(/\\[0-7]{3}|\\.|[^\\]+/gu)) {
    if (!part.startsWith("\\")) bytes.push(...new TextEncoder().encode(part));
    else bytes.push(/^\\[0-7]{3}$/.test(part) ? Number.parseInt(part.slice(1), 8) : (ESCAPES[part.slice(1)] ?? 0));
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

const belowFolder = (name: string): string => name.slice(name.indexOf("/") + 1);

/** A name after `---` or `+++`; nothing for /dev/null. */
function nameOf(text: string): string | null {
  const name = text.split("\t")[0] ?? "";
  return name === "/dev/null" ? null : belowFolder(unquoted(name));
}

class Reader {
  private at = 0;

  constructor(private readonly lines: readonly string[]) {}

  get line(): string | undefined {
    return this.lines[this.at];
  }

  next(): string {
    const line = this.lines[this.at];
    if (line === undefined) throw new Unfit("the patch ends too early");
    this.at += 1;
    return line;
  }

  starts(...words: string[]): boolean {
    return words.some((word) => this.line?.startsWith(word));
  }
}

/** All changes of a patch, in its order. */
export function changesOf(text: string): Change[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const reader = new Reader(lines);
  while (reader.line !== undefined && !startsDiff(reader.line)) reader.next();
  const changes: Change[] = [];
  while (reader.line !== undefined && reader.line !== "-- ") changes.push(...changeOf(reader));
  return changes;
}

interface Header {
  act: Act | null;
  from: string;
  to: string | null;
}

/** What git says before the names of a file. */
function headerOf(reader: Reader): Header {
  const header: Header = { act: null, from: "", to: null };
  const known = ["new file mode ", "deleted file mode ", "old mode ", "new mode ", "rename ", "copy ", "index ", "similarity ", "dissimilarity "];
  while (reader.starts(...known)) {
    const line = reader.next();
    if (line.startsWith("new file ")) header.act = "create";
    if (line.startsWith("deleted file ")) header.act = "delete";
    const moved = /^(rename|copy) (from|to) (.*)$/s.exec(line);
    if (!moved) continue;
    header.act = moved[1] as Act;
    if (moved[2] === "from") header.from = unquoted(moved[3] ?? "");
    else header.to = unquoted(moved[3] ?? "");
  }
  return header;
}

function changeOf(reader: Reader): Change[] {
  const names = reader.starts("diff --git ") ? reader.next().slice("diff --git ".length) : null;
  if (names === null && reader.starts("diff -")) reader.next();
  const header = names === null ? null : headerOf(reader);
  const isPair = reader.starts("--- ");
  const old = isPair ? nameOf(reader.next().slice(4)) : null;
  const now = isPair ? nameOf(reader.next().slice(4)) : null;
  const hunks: Hunk[] = [];
  while (reader.starts("@@ ")) hunks.push(hunkOf(reader));
  if (names === null && !isPair) return [];
  const path = header?.to ?? now ?? old ?? unquotedHalf(names ?? "");
  const plain: Act = old === null ? "create" : now === null ? "delete" : "plain";
  const act = header ? (header.act ?? "modify") : plain;
  return act === "modify" && hunks.length === 0 ? [] : [{ path, act, from: header?.from ?? "", hunks }];
}

/** The name in a line that says it twice. */
const unquotedHalf = (names: string): string => belowFolder(unquoted(names.slice(Math.ceil(names.length / 2))));

function hunkOf(reader: Reader): Hunk {
  const ranges = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(reader.next());
  if (!ranges) throw new Unfit("the patch has a hunk that the page cannot read");
  let [old, now] = [Number(ranges[2] ?? 1), Number(ranges[3] ?? 1)];
  const hunk: Hunk = { old: old === 0 ? Number(ranges[1]) : Number(ranges[1]) - 1, lines: [] };
  while (old > 0 || now > 0) {
    const line = reader.next() || " ";
    const mark = line[0] as string;
    const cut = reader.line === NO_NEWLINE;
    if (cut) reader.next();
    hunk.lines.push({ mark, text: `${line.slice(1)}${cut ? "" : "\n"}` });
    if (mark !== "+") old -= 1;
    if (mark !== "-") now -= 1;
  }
  return hunk;
}

/** The text after the hunks of a change. */
function patched(path: string, text: string, hunks: readonly Hunk[]): string {
  const old = linesOf(text);
  const made: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    while (at < hunk.old) made.push(old[at++] ?? "");
    for (const { mark, text: line } of hunk.lines) {
      if (mark !== "+" && old[at++] !== line) throw new Unfit(`${path} differs at line ${at}: the patch was made for another set`);
      if (mark !== "-") made.push(line);
    }
  }
  while (at < old.length) made.push(old[at++] as string);
  return made.join("");
}

/** The set after a patch. */
export function carriedOut(tree: Tree, changes: readonly Change[]): Tree {
  const texts = changes.map(({ path, act, from, hunks }) => {
    const source = act === "rename" || act === "copy" ? tree.get(from) : (tree.get(path) ?? (act === "create" || act === "plain" ? "" : undefined));
    if (source === undefined) throw new Unfit(`${path} is not in the set: the patch was made for another one`);
    const text = patched(path, source, hunks);
    return act === "delete" || (act === "plain" && text === "") ? null : text;
  });
  const after = new Map(tree);
  for (const { act, from } of changes) if (act === "rename") after.delete(from);
  changes.forEach(({ path }, at) => {
    const text = texts[at];
    if (text === null || text === undefined) after.delete(path);
    else after.set(path, text);
  });
  return after;
}

/** Kept lines around a change. */
const CONTEXT = 3;
const TITLE_MAX = 200;

const marked = (mark: string, lines: readonly string[]): string =>
  lines.map((line) => `${mark}${line}${line.endsWith("\n") ? "" : `\n${NO_NEWLINE}\n`}`).join("");

const range = ([from, to]: [number, number]): string => (to === from ? `${from},0` : to - from === 1 ? `${from + 1}` : `${from + 1},${to - from}`);

/** Hunks that turn one text into the other. */
function hunksBetween(before: string, after: string): string {
  const [old, now] = [linesOf(before), linesOf(after)];
  const groups: ReturnType<typeof lineChanges>[] = [];
  for (const change of lineChanges(old, now)) {
    const group = groups.at(-1);
    const last = group?.at(-1);
    if (group && last && change.old[0] - last.old[1] <= 2 * CONTEXT) group.push(change);
    else groups.push([change]);
  }
  return groups.map((group) => hunkText(old, now, group)).join("");
}

function hunkText(old: readonly string[], now: readonly string[], changes: ReturnType<typeof lineChanges>): string {
  const [first, last] = [changes[0], changes.at(-1)];
  if (!first || !last) return "";
  const above = Math.min(first.old[0], CONTEXT);
  const below = Math.min(old.length - last.old[1], CONTEXT);
  const [from, to] = [first.old[0] - above, last.old[1] + below];
  let text = `@@ -${range([from, to])} +${range([first.new[0] - above, last.new[1] + below])} @@\n`;
  let at = from;
  for (const change of changes) {
    text += marked(" ", old.slice(at, change.old[0])) + marked("-", old.slice(...change.old)) + marked("+", now.slice(...change.new));
    at = change.old[1];
  }
  return text + marked(" ", old.slice(at, to));
}

function fileBetween(path: string, before: string | undefined, after: string | undefined): string {
  const tab = path.includes(" ") ? "\t" : "";
  const header = `diff --git a/${path} b/${path}\n`;
  if (before !== undefined && after !== undefined) return `${header}--- a/${path}${tab}\n+++ b/${path}${tab}\n${hunksBetween(before, after)}`;
  const lines = linesOf(before ?? after ?? "");
  const word = before === undefined ? "new" : "deleted";
  if (lines.length === 0) return `${header}${word} file mode 100644\n`;
  const [old, now] = before === undefined ? ["/dev/null", `b/${path}${tab}`] : [`a/${path}${tab}`, "/dev/null"];
  const place = before === undefined ? `@@ -0,0 +1,${lines.length} @@` : `@@ -1,${lines.length} +0,0 @@`;
  return `${header}${word} file mode 100644\n--- ${old}\n+++ ${now}\n${place}\n${marked(before === undefined ? "+" : "-", lines)}`;
}

/** The patch from one set to another in the strict form, by an author; nothing where both are the same. */
export function patchBetween(before: Tree, after: Tree, author: string, title: string): string | null {
  const gone = sorted(before).filter((path) => !after.has(path));
  const there = sorted(after).filter((path) => before.get(path) !== after.get(path));
  if (gone.length + there.length === 0) return null;
  const subject = [...title.replaceAll(/\p{Cc}/gu, " ")].slice(0, TITLE_MAX).join("");
  const files = [...gone, ...there].map((path) => fileBetween(path, before.get(path), after.get(path)));
  return `Subject: ${subject}\n\nNeuron-Author: ${author.toLowerCase()}\n\n${files.join("")}`;
}

const encoder = new TextEncoder();

/** Paths in the order of their bytes. */
export function sorted(tree: Tree): string[] {
  const keys = [...tree.keys()].map((path) => ({ path, bytes: encoder.encode(path) }));
  const order = (one: Uint8Array, other: Uint8Array) => {
    const at = one.findIndex((byte, place) => byte !== other[place]);
    return at < 0 ? one.length - other.length : (one[at] ?? 0) - (other[at] ?? -1);
  };
  return keys.sort((one, other) => order(one.bytes, other.bytes)).map(({ path }) => path);
}
