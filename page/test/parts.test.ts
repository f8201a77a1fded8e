import assert from "node:assert/strict";
import { test } from "node:test";
import { summaryOf, linesOf } from "../src/parts/diff";
import { linksOf, parse } from "../src/parts/route";
import { siteOf, wrongUrl } from "../src/parts/sites";
import { csvCell, csvOf } from "../src/parts/table";
import { brief, lasting, nrn, percent, until } from "../src/parts/words";
import { amountOf } from "../src/views/amount";

const NETWORK = "0x28847a39102e846f35e8840ce230d959528060a6";

test("amounts are told to as many places as are asked, and never as nothing", () => {
  for (const [wei, decimals, said] of [
    [0n, 6, "0"],
    [1n, 6, "<0.000001"],
    [-1n, 6, "−<0.000001"],
    [10n ** 18n, 6, "1"],
    [1_234_567n * 10n ** 18n + 5n * 10n ** 17n, 2, "1 234 567.5"],
    [10n ** 18n + 1n, 6, "1"],
    [10n ** 18n + 1n, 18, "1.000000000000000001"],
  ] as const) {
    assert.equal(nrn(wei, decimals), said);
  }
});

test("amounts that are typed are taken to the wei, and nothing else is", () => {
  for (const [text, wei] of [
    ["1", 10n ** 18n],
    [" 1 000.5 ", 1_000_500_000_000_000_000_000n],
    ["0.000000000000000001", 1n],
    ["0", null],
    ["-1", null],
    ["1e3", null],
    ["1,5", null],
    ["0.0000000000000000001", null],
    ["", null],
    ["0x10", null],
  ] as const) {
    assert.equal(amountOf(text), wei, text);
  }
});

test("times are told in their two largest units", () => {
  for (const [seconds, said] of [
    [0, "0 s"],
    [59, "59 s"],
    [60, "1 min"],
    [3_661, "1 h 1 min"],
    [90_000, "1 d 1 h"],
    [86_405, "1 d"],
  ] as const) {
    assert.equal(lasting(seconds), said);
  }
  assert.deepEqual([until(10, 5), until(5, 10), until(5, 5)], ["in 5 s", "5 s ago", "now"]);
  assert.deepEqual([percent(1n, 3n), percent(0n, 0n), brief("0x1234567890abcdef")], ["33.3 %", "–", "0x1234…cdef"]);
});

test("every address of a view leads back to it, and no other leads anywhere", () => {
  const key = { chainId: 31_337, network: NETWORK } as const;
  const links = linksOf(key);
  for (const [link, view] of [
    [links.network, { view: "network" }],
    [links.leaders, { view: "leaders" }],
    [links.person(NETWORK), { view: "person", account: NETWORK }],
    [links.group(3), { view: "group", group: 3, tab: "rounds" }],
    [links.group(3, "stake"), { view: "group", group: 3, tab: "stake" }],
    [links.round(3, 4), { view: "round", group: 3, round: 4 }],
    [links.delta(3, 5), { view: "delta", group: 3, delta: 5 }],
  ] as const) {
    assert.deepEqual(parse(link), { ...view, ...key });
  }
  for (const hash of [
    "#/n/1/0x12",
    "#/n/x/" + NETWORK,
    `${links.network}/g/x`,
    `${links.network}/g/1/evil`,
    `${links.network}/a/0x1`,
    "#/javascript:alert(1)",
  ]) {
    assert.equal(parse(hash).view, "lost", hash);
  }
  assert.deepEqual([parse("").view, parse("#/").view, parse("#/settings").view], ["home", "home", "settings"]);
});

test("only nodes that nobody on the way can listen to are asked", () => {
  for (const [url, isRight] of [
    ["https://node.example", true],
    ["http://127.0.0.1:8545", true],
    ["http://localhost:8545", true],
    ["http://node.example", false],
    ["http://localhost.example", false],
    ["javascript:alert(1)", false],
    ["data:text/html,x", false],
    ["", false],
  ] as const) {
    assert.equal(wrongUrl(url) === null, isRight, url);
  }
});

test("networks beside the page are taken only if they are whole", () => {
  const whole = { name: "n", rpc: "https://node.example", chainId: 1, network: NETWORK, since: 7, gateway: "https://files.example" };
  assert.deepEqual(siteOf(whole), whole);
  assert.equal(siteOf({ ...whole, gateway: "ftp://files.example" })?.gateway, undefined);
  assert.equal(siteOf({ ...whole, since: -1 })?.since, 0);
  assert.equal(siteOf({ ...whole, name: "x".repeat(100) })?.name.length, 60);
  for (const broken of [
    null,
    1,
    [],
    {},
    { ...whole, rpc: "http://node.example" },
    { ...whole, network: "0x1" },
    { ...whole, chainId: "1" },
    { ...whole, chainId: 0 },
  ]) {
    assert.equal(siteOf(broken), null, JSON.stringify(broken));
  }
});

test("no cell of a CSV is a formula, and none breaks its line", () => {
  for (const [value, cell] of [
    ["plain", "plain"],
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@x", "'@x"],
    ['say "a, b"', '"say ""a, b"""'],
    ["two\nlines", '"two\nlines"'],
    [-1, "-1"],
    [5n, "5"],
    [true, "true"],
  ] as const) {
    assert.equal(csvCell(value), cell);
  }
  const columns = [{ name: "a,b", cell: (row: number) => row, plain: (row: number) => row }];
  assert.equal(csvOf(columns, [1, 2]), '"a,b"\r\n1\r\n2\r\n');
});

test("a patch is read line by line: within a hunk a line is what its first character says", () => {
  const text =
    "Subject: More sevens\n\n--- a/x.csv\n+++ b/x.csv\n@@ -1,2 +1,3 @@ here\n 1\n--- a\n++++ b\n+3\n--- /dev/null\n+++ b/y.csv\n@@ -0,0 +1 @@\n+1\n";
  const kinds = linesOf(text).map(({ kind }) => kind);
  assert.deepEqual(kinds, ["kept", "kept", "head", "head", "place", "kept", "gone", "add", "add", "head", "head", "place", "add", "kept"]);
  assert.deepEqual(summaryOf(text), { title: "More sevens", added: 3, removed: 1, files: ["x.csv", "y.csv"] });
  assert.equal(summaryOf("nothing of a patch").files.length, 0);
});
