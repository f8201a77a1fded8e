// Sets, patches and where rows come from, beside the rules in WebAssembly and what the program counts.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { toHex } from "viem";
import { Evaluator } from "../wasm/evaluator";
import type { Step } from "../src/fold/lineage";
import { pictureOf } from "../src/parts/examples";
import { lineChanges, linesOf } from "../src/set/changes";
import { compare } from "../src/set/compare";
import { changeAt, drafted, EMPTY, isEmpty, rowsIn, withChange, without, withRows } from "../src/set/draft";
import { nearOf } from "../src/set/near";
import { addedLines, Origins } from "../src/set/origins";
import { carriedOut, changesOf, patchBetween, sorted, type Tree } from "../src/set/patch";
import { Reading } from "../src/set/reading";
import { Roots } from "../src/set/root";
import { searched } from "../src/set/search";
import { Repeats, rowsOf, summaryBetween } from "../src/set/summary";

const DATA = "../deltas/tests/data";
const ROUND = "wasm/test/round";
const AUTHOR = "0x1111111111111111111111111111111111111111";
const rules = () => Evaluator.load(readFileSync("wasm/evaluator.wasm"));
const bytes = (text: string) => new TextEncoder().encode(text);
const tree = (...files: [string, string][]): Tree => new Map(files);

function folder(name: string, under = ""): [string, string][] {
  return readdirSync(`${DATA}/${name}/${under}`, { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const path = `${under}${entry.name}`;
    return entry.isDirectory() ? folder(name, `${path}/`) : [[path, readFileSync(`${DATA}/${name}/${path}`, "utf8")]];
  });
}

const step = (number: number): Step => ({ group: 1, kind: "delta", number, author: AUTHOR, digest: "0x" });

const MANIFEST = `{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}`;

/** A set that begins with these files. */
async function read(files: Tree, ...later: string[]): Promise<Reading> {
  const patches = [patchBetween(new Map(), files, AUTHOR, "The first") ?? "", ...later];
  const supply = { manifest: bytes(MANIFEST), patch: async ({ number }: Step) => bytes(patches[number] ?? "") };
  return Reading.of(
    await rules(),
    supply,
    patches.map((_, at) => step(at)),
  );
}

test("patches of git and diff turn the old set into the new one, and roots are the committed ones", async () => {
  const [old, now] = [new Map(folder("old")), new Map(folder("new"))];
  for (const name of ["git-diff.patch", "format-patch.patch", "show-u0.patch", "diff-ruN.patch"]) {
    const made = carriedOut(old, changesOf(readFileSync(`${DATA}/${name}`, "utf8")));
    assert.deepEqual(
      sorted(made).map((path) => [path, made.get(path)]),
      sorted(now).map((path) => [path, now.get(path)]),
      name,
    );
  }
  const roots = readFileSync(`${DATA}/roots-1.txt`, "utf8").trim().split("\n");
  for (const [at, set] of [new Map(), old, now].entries()) assert.equal(toHex(await new Roots().of(set)), `0x${roots[at]}`);
});

test("hunks stand as the program writes them", () => {
  const old = Array.from({ length: 30 }, (_, line) => `${line + 1}\n`).join("");
  for (const [now, wanted] of [
    [old.replace("\n5\n", "\nfive\n"), "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"],
    [`0\n${old}`, "@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n"],
    [`${old}31`, "@@ -28,3 +28,4 @@\n 28\n 29\n 30\n+31\n\\ No newline at end of file\n"],
    [
      old.replace("\n5\n", "\n").replace("\n12\n", "\n").replace("\n20\n", "\n"),
      "@@ -2,14 +2,12 @@\n 2\n 3\n 4\n-5\n 6\n 7\n 8\n 9\n 10\n 11\n-12\n 13\n 14\n 15\n@@ -17,7 +15,6 @@\n 17\n 18\n 19\n-20\n 21\n 22\n 23\n",
    ],
  ] as const) {
    const patch = patchBetween(tree(["a b.txt", old]), tree(["a b.txt", now]), AUTHOR, "A\ntitle") ?? "";
    const head = `Subject: A title\n\nNeuron-Author: ${AUTHOR}\n\ndiff --git a/a b.txt b/a b.txt\n--- a/a b.txt\t\n+++ b/a b.txt\t\n`;
    assert.equal(patch, head + wanted);
  }
  assert.equal(patchBetween(tree(["a.csv", old]), tree(["a.csv", old]), AUTHOR, "Nothing"), null);
});

/** The same numbers each time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A set with some of its rows, or files, changed by chance. */
function changed(set: Tree, below: (most: number) => number): Tree {
  const made = new Map<string, string>();
  const row = () => `${below(5)},${below(5)},${below(3)}\n`;
  for (const [path, text] of set) {
    if (below(8) === 0) continue;
    const whole = (line: string) => line.replace(/\n?$/, "\n");
    const lines = linesOf(text).flatMap((line) => [[line], [line], [line], [row()], [], [line, row()]][below(6)] ?? []);
    made.set(below(8) === 0 ? `moved/${below(9)}${path.replaceAll("/", "-")}` : path, lines.map(whole).join(""));
  }
  made.set(`new-${below(3)}.csv`, `${row()}${row()}`.slice(0, below(2) === 0 ? -1 : undefined));
  return made;
}

test("what the page writes the rules take, and both come to the same set, over a hundred changes made by chance", async () => {
  const below = numbers(7);
  let reading = await read(tree(["digits/a.csv", "1,2,0\n3,4,1\n0,0,2\n1,1,1\n"], ["b.csv", "2,2,2\n"]));
  for (let turn = 0; turn < 100; turn += 1) {
    const next = changed(reading.tree, below);
    const patch = patchBetween(reading.tree, next, AUTHOR, "By chance");
    const { tree: made } = await reading.tried(bytes(patch ?? ""));
    assert.deepEqual(new Map([...made].sort()), new Map([...next].sort()));
    if (turn % 10 === 9) reading = await read(next);
  }
});

test("a patch that the rules refuse changes nothing, and the set is read as nodes read it", async () => {
  const files = tree(["a.csv", "1,2,0\n3,4,1\n"]);
  const more = patchBetween(files, tree(["a.csv", "1,2,0\n0,1,2\n3,4,1\n"]), AUTHOR, "One more") ?? "";
  const reading = await read(files, "no patch at all", more, more);
  assert.deepEqual([reading.examples, reading.tree.get("a.csv")], [3, "1,2,0\n0,1,2\n3,4,1\n"]);
  assert.deepEqual(reading.origins.of("a.csv"), [0, 2, 0]);
  assert.deepEqual(
    reading.brought.map((lines) => lines?.length ?? null),
    [2, null, 1, null],
  );
  await assert.rejects(reading.tried(bytes(more)), /differs at line/);
  await assert.rejects(reading.tried(bytes(more.replace("+0,1,2", "+0,1,7"))));
  assert.equal((await reading.tried(bytes(patchBetween(reading.tree, files, AUTHOR, "Back") ?? ""))).examples, 2);
});

test("a recorded set of a real devnet is read, and its losses are measured again row by row", async () => {
  const said = JSON.parse(readFileSync(`${ROUND}/round.json`, "utf8")) as { manifest: string; patches: string[]; checkpoint: string };
  const file = (digest: string) => Uint8Array.from(readFileSync(`${ROUND}/${digest}`));
  const patch = async ({ number }: Step) => file(said.patches[number] ?? "");
  const steps = said.patches.map((_, at) => step(at));
  const reading = await Reading.of(await rules(), { manifest: file(said.manifest), patch }, steps);
  const rows = [...reading.tree.values()].flatMap(rowsOf);
  assert.equal(reading.examples, rows.length);
  assert.ok(pictureOf(rows[0] ?? "")?.side === 8);
  const evaluator = await rules();
  evaluator.setManifest(file(said.manifest));
  evaluator.setCheckpoint(file(said.checkpoint));
  const losses = await reading.losses(file(said.checkpoint), rows.slice(0, 40));
  for (const [at, loss] of losses.entries()) {
    const cut = rows[at]?.lastIndexOf(",") ?? 0;
    const chance = evaluator.predict(rows[at]?.slice(0, cut) ?? "")[Number(rows[at]?.slice(cut + 1))] ?? 0;
    assert.ok(Math.abs(-chance * 1e6 - loss) < 2, `row ${at}: ${chance} and ${loss}`);
  }
  const fewer = new Map([...reading.tree].map(([path, text]) => [path, linesOf(text).slice(5).join("")]));
  const { examples } = await reading.tried(bytes(patchBetween(reading.tree, fewer, AUTHOR, "Less") ?? ""));
  assert.equal(examples, rows.length - 5 * fewer.size);
});

test("lines are matched by the rarest ones in common, and a line that is everywhere moves nothing", () => {
  for (const [old, now, wanted] of [
    ["a b c", "a B c", [[1, 2, 1, 2]]],
    ["a b", "a b", []],
    ["", "a", [[0, 0, 0, 1]]],
    ["x x x a x", "x a x x x", [[0, 2, 0, 0], [5, 5, 3, 5]]], // prettier-ignore
    ["x a x b x", "x b x a x", [[1, 3, 1, 1], [5, 5, 3, 5]]], // prettier-ignore
  ] as const) {
    const split = (text: string) => (text === "" ? [] : text.split(" "));
    const [before, after] = [split(old), split(now)];
    const changes = lineChanges(before, after);
    let [at, made] = [0, [] as string[]];
    for (const { old: gone, new: come } of changes) {
      made.push(...before.slice(at, gone[0]), ...after.slice(...come));
      at = gone[1];
    }
    made = [...made, ...before.slice(at)];
    assert.deepEqual(made, after, `${old} to ${now}`);
    assert.equal(changes.length, wanted.length, `${old} to ${now}: ${JSON.stringify(changes)}`);
  }
});

test("each line keeps its origin through changes and moves of its file", () => {
  const sets = [
    tree(["a.csv", "1\n2\n"]),
    tree(["a.csv", "1\nnew\n2\n"]),
    tree(["b/a.csv", "1\nnew\n2\nmore\n"]),
    tree(["b/a.csv", "2\nmore\n"], ["c.csv", "1\n"]),
  ];
  const origins = new Origins();
  sets.forEach((set, at) => origins.note(sets[at - 1] ?? new Map(), set, at));
  assert.deepEqual([origins.of("b/a.csv"), origins.of("c.csv"), origins.of("a.csv")], [[0, 2], [3], []]);
  assert.deepEqual(addedLines(sets[0] ?? new Map(), sets[1] ?? new Map()), [{ path: "a.csv", line: 2, text: "new" }]);
});

test("lines are found by their text, label, author and delta", () => {
  const patches = [
    { step: { ...step(1), kind: "birth" as const }, lines: [{ path: "a.csv", line: 1, text: "1,2,3" }], isOpen: false },
    { step: step(2), lines: [{ path: "a.csv", line: 2, text: "3,2,1" }, { path: "b.csv", line: 1, text: "3" }], isOpen: true }, // prettier-ignore
  ];
  const nothing = { text: "", label: "", author: "", delta: null };
  for (const [wanted, found] of [
    [{ text: "2,3" }, ["1,2,3"]],
    [{ text: "2,4" }, []],
    [{ label: "3" }, ["1,2,3", "3"]],
    [{ text: "1", label: "3" }, ["1,2,3"]],
    [{ delta: 2 }, ["3,2,1", "3"]],
    [{ delta: 1 }, []],
    [{ author: AUTHOR.toUpperCase().replace("X", "x") }, ["1,2,3", "3,2,1", "3"]],
  ] as const) {
    assert.deepEqual(
      searched({ ...nothing, ...wanted }, patches, 1).map(({ text }) => text),
      found,
      JSON.stringify(wanted),
    );
  }
});

test("what a change does to the examples is counted, with rows that stand there already", () => {
  const before = tree(["a.csv", "1,1,0\n2,2,1\n"], ["b.txt", "words\n"]);
  const after = tree(["a.csv", "1,1,0\n3,3,1\n1,1,0\n2,1,2\n2,1,1\n"]);
  const shape = { suffix: ".csv", isRows: true };
  assert.deepEqual(summaryBetween(before, after, shape), {
    files: ["a.csv", "b.txt"],
    linesAdded: 4,
    linesRemoved: 2,
    rows: {
      before: 2,
      after: 5,
      added: 3,
      removed: 0,
      changed: 1,
      duplicates: 1,
      contradictions: 2,
      labels: [["0", 1, 2], ["1", 1, 2], ["2", 0, 1]], // prettier-ignore
    },
  });
  assert.equal(summaryBetween(before, after, { suffix: ".txt", isRows: false }).rows, null);
  assert.equal(new Repeats(["1,2", "1,2"]).isTwice("1,2"), true);
});

test("only rows whose features make a square are pictures", () => {
  for (const [row, side] of [
    [`${"0,".repeat(64)}7`, 8],
    [`${"0,".repeat(784)}7`, 28],
    [`${"0,".repeat(65)}7`, null],
    [`${"0,".repeat(4)}7`, null],
    [`x,${"0,".repeat(63)}7`, null],
    ["<svg onload=x>", null],
  ] as const) {
    assert.equal(pictureOf(row)?.side ?? null, side);
  }
  const picture = pictureOf(`16,8,${"0,".repeat(23)}7`);
  assert.deepEqual([picture?.greys.slice(0, 3), picture?.label], [[255, 127, 0], "7"]);
});

test("a row is near another one that differs in few features and in some, and the nearest is named", () => {
  const row = (changes: Record<number, number>, label: number) => [...Array.from({ length: 24 }, (_, at) => changes[at] ?? at), label].join();
  for (const [changes, differing] of [
    [{}, null],
    [{ 0: 99 }, 1],
    [{ 0: 99, 23: 99 }, 2],
    [{ 0: 99, 8: 99, 23: 99 }, 3],
    [{ 0: 99, 8: 99, 13: 99, 23: 99 }, null],
  ] as const) {
    const [coming, other] = [row(changes, 1), row({}, 2)];
    assert.equal(nearOf([coming], [other, coming, "1,2", ""])[0]?.differing ?? null, differing);
  }
  assert.deepEqual(nearOf(["1,2,3"], ["1,3,3"]), []);
  const [coming, far, close] = [row({}, 1), row({ 1: 50, 2: 50 }, 1), row({ 5: 50 }, 1)];
  assert.deepEqual(nearOf([coming], [far, close, far]), [{ row: coming, of: close, differing: 1 }]);
});

test("a patch is compared with the set, and one that does not apply is told in a sentence", async () => {
  const reading = await read(tree(["a.csv", "1,2,0\n3,4,1\n"]));
  const patch = patchBetween(reading.tree, tree(["a.csv", "1,2,0\n3,4,1\n3,4,1\n3,4,2\n"]), AUTHOR, "Twice") ?? "";
  const found = await compare(reading, bytes(patch));
  assert.ok(typeof found === "object");
  assert.deepEqual(
    found.coming.map(({ text, isTwice, isContradicted }) => [text, isTwice, isContradicted]),
    [["3,4,1", true, true], ["3,4,2", false, true]], // prettier-ignore
  );
  assert.match(String(await compare(reading, bytes(patch.replace(" 3,4,1", " 3,4,0")))), /differs at line 2/);
});

test("rows that are changed, removed and added become a set, and what is as it was is no change", () => {
  const set = tree(["a.csv", "1\n2\n3"], ["b.csv", "9\n"]);
  const at = (path: string, line: number, old: string, now: string | null) => ({ path, line, old, now });
  let draft = withChange(EMPTY, at("a.csv", 2, "2", "two"));
  assert.equal(changeAt(draft, "a.csv", 2)?.now, "two");
  draft = withChange(withChange(draft, at("a.csv", 1, "1", null)), at("b.csv", 1, "9", null));
  draft = withRows(draft, "a.csv", rowsIn("4\r\n\n5"));
  assert.deepEqual([...drafted(set, draft).tree], [["a.csv", "two\n3\n4\n5\n"]]);
  assert.deepEqual(drafted(set, withRows(EMPTY, "new.csv", ["1"])).tree.get("new.csv"), "1\n");
  const back = withChange(
    withChange(withChange(without(without(draft, 0), 0), at("a.csv", 2, "2", "2")), at("a.csv", 1, "1", "1")),
    at("b.csv", 1, "9", "9"),
  );
  assert.ok(isEmpty(back));
});

test("changes are carried onto a set that has moved on, and those whose row is gone or stands twice are named", () => {
  const change = { path: "a.csv", line: 2, old: "2", now: "two" };
  for (const [text, wanted, lost] of [
    ["0\n1\n2\n", "0\n1\ntwo\n", 0],
    ["1\n3\n", "1\n3\n", 1],
    ["2\n1\n2\n", "2\n1\n2\n", 1],
  ] as const) {
    const made = drafted(tree(["a.csv", text]), withChange(EMPTY, change));
    assert.deepEqual([made.tree.get("a.csv"), made.lost.length], [wanted, lost]);
  }
});
