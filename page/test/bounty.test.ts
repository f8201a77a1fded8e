// Hidden sets against a second implementation, and terms as the contract fixes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { toHex } from "viem";
import golden from "../../crates/evaluator/tests/golden/hidden/cases.json";
import { termAt, wrongTerm } from "../src/chain/bounty";
import { guessLoss, hiddenIn, hiddenRoot, isEnough, publicOnes } from "../src/set/hidden";
import { rowsOf } from "../src/set/summary";

test("a hidden set of rows has the root and the secrets of the second implementation", async () => {
  let count = 0;
  for (const set of golden.sets) {
    const { data, eval_max: most } = JSON.parse(set.manifest) as { data: { format: string; divisor: number }; eval_max: number };
    if (data.format !== "csv") continue;
    const hidden = hiddenIn(`neuron hidden 1 ${set.seed}\n${set.body}`, most);
    assert.ok(typeof hidden === "object", String(hidden));
    assert.equal(toHex(await hiddenRoot(hidden, data.divisor)), `0x${set.root}`);
    const known = publicOnes(hidden, set.known.flatMap(rowsOf));
    const kept = hidden.rows.flatMap((_, at) => (known.includes(at + 1) ? [] : [at]));
    assert.deepEqual([hidden.rows.length, kept, isEnough(set.count, known.length)], [set.count, set.kept, set.enough]);
    count += 1;
  }
  assert.ok(count > 3);
  for (const [outputs, loss] of golden.uniform as [number, number][]) assert.equal(guessLoss(outputs), loss, `${outputs} classes`);
});

test("what is no hidden set of the group is refused in a sentence", () => {
  const seed = "5e".repeat(32);
  const rows = "1,2,0\n".repeat(30);
  assert.equal(typeof hiddenIn(`neuron hidden 1 ${seed}\n${rows}`, 30), "object");
  for (const [text, most, wanted] of [
    [rows, 64, /no hidden set/],
    [`neuron hidden 1 ${seed.toUpperCase()}\n${rows}`, 64, /no hidden set/],
    [`neuron hidden 1 ${seed}`, 64, /no hidden set/],
    [`neuron hidden 1 ${seed}\n${rows.slice(6)}`, 64, /30 to 64 examples, this one has 29/],
    [`neuron hidden 1 ${seed}\n${rows}`, 29, /30 to 29 examples, this one has 30/],
  ] as const)
    assert.match(String(hiddenIn(text, most)), wanted);
});

test("a term begins with the next round, and must end within an exit", () => {
  const terms = { epoch: 32, exit: 256, maturity: 32, genesis: 1_000, minDeposit: 0n };
  const birth = { manifest: "0x", checkpoint: "0x", dataset: [], train: 5, reveal: 5, judge: 6, period: 32, improve: 10 } as const;
  const group = { birth, period: 32 };
  assert.deepEqual(termAt(33, group, terms, 1_020), { first: 2, last: 4, opens: 1_080, over: 1_000 + (3 + 3) * 32 + 32 });
  assert.match(String(wrongTerm(31, group, terms, 1_020)), /at least, 32 s/);
  assert.equal(wrongTerm(32, group, terms, 1_020), null);
  assert.match(String(wrongTerm(256, group, terms, 1_020)), /must end within an exit, 256 s: take \d+ s less/);
});
