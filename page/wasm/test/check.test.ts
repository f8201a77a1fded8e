// A round of a real devnet, recorded: its winner's claim is confirmed from files alone, and any other claim about the same file is not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeAbiParameters, keccak256 } from "viem";
import { check, type Claim, leadTo, type Step } from "../check";
import { cidOf, RAW } from "../cid";
import { Stopped } from "../door";
import type { Slot } from "../evaluator";
import { seedOf } from "../seed";
import { Files, NotFound } from "../tree";
import { evaluator, file, fromHex, json } from "./files";
import { claimOf, type Recorded } from "./recorded";

const ROUND = "page/wasm/test/round/";
const recorded = json<Recorded>(`${ROUND}round.json`);
const digests = [recorded.manifest, ...recorded.patches, recorded.checkpoint, ...recorded.claims.map((claim) => claim.file)];
const held = new Map(digests.map((digest) => [cidOf(RAW, fromHex(digest)), file(`${ROUND}${digest}`)]));
const files = (lacks = "") => new Files(async (cid) => (cid === lacks ? undefined : held.get(cid)));

const claims: Claim[] = recorded.claims.map((said) => claimOf(recorded, said));

const first = (): Claim => {
  const [claim] = claims;
  assert.ok(claim);
  return claim;
};

test("the claim that validators decided for is true here too", async () => {
  for (const claim of claims) {
    const steps: Step[] = [];
    const finding = await check(claim, files(), await evaluator(), (step) => steps.push(step));
    assert.equal(finding.isTrue, true, finding.why);
    assert.deepEqual(steps, ["manifest", "patches", "base", "file", "measuring"]);
    assert.equal(finding.drawn, 1_024);
    assert.match(finding.why, /^from 0\.\d{6} to 0\.\d{6} nats/);
  }
  const types = [{ type: "bytes32" }, { type: "uint32" }, { type: "uint32" }, { type: "bytes32" }] as const;
  const names = recorded.claims.map((claim) => keccak256(encodeAbiParameters(types, [`0x${claim.file}`, claim.base, claim.loss, `0x${claim.lossRoot}`])));
  assert.ok(names.includes(`0x${recorded.decided}`), "the decided claim is among them");
});

test("a claim that is another in one micronat, one bit, its seed or its file is false, and it is said where", async () => {
  const claim = first();
  const flipped = (bytes: Uint8Array) => bytes.map((byte, place) => (place === 31 ? byte ^ 1 : byte));
  const round = (change: object): Claim => ({ ...claim, round: { ...claim.round, ...change } });
  const cases: [string, Claim, RegExp][] = [
    ["base", { ...claim, base: claim.base + 1 }, /^it says base 0\.\d+, measured was 0\.\d+$/],
    ["loss", { ...claim, loss: claim.loss - 1 }, /^it says loss/],
    ["root", { ...claim, lossRoot: flipped(claim.lossRoot) }, /^it says loss root/],
    ["seed", round({ seed: flipped(claim.round.seed) }), /it says loss root/],
    ["round", round({ number: claim.round.number + 1n }), /it says loss root/],
    ["file", { ...claim, file: claim.checkpoint }, /it says loss 0/],
  ];
  for (const [what, changed, why] of cases) {
    const finding = await check(changed, files(), await evaluator());
    assert.equal(finding.isTrue, false, what);
    assert.match(finding.why, why);
  }
});

test("what does not improve by more than luck is false though all numbers agree", async () => {
  const claim = { ...first(), file: first().checkpoint };
  const module = await evaluator();
  await check(claim, files(), module);
  const { measured } = module.replay(claim.round);
  const honest = { ...claim, base: measured.base, loss: measured.loss, lossRoot: fromHex(measured.lossRoot) };
  const finding = await check(honest, files(), module);
  assert.deepEqual([finding.isTrue, /may be luck$/.test(finding.why)], [false, true]);
});

test("a file that is no checkpoint makes its claim false, one that nobody gives leaves it open", async () => {
  const claim = first();
  const other = { ...claim, file: fromHex(recorded.manifest) };
  const finding = await check(other, files(), await evaluator());
  assert.deepEqual([finding.isTrue, /does not fit/.test(finding.why)], [false, true]);
  for (const digest of [claim.file, claim.checkpoint, ...claim.patches]) {
    await assert.rejects(check(claim, files(cidOf(RAW, digest)), await evaluator()), NotFound);
  }
});

test("a gateway that lies, or an evaluator that stops, says nothing about the claim", async () => {
  const claim = first();
  const lying = new Files(async (cid) => (cid === cidOf(RAW, claim.file) ? new Uint8Array(7) : held.get(cid)));
  await assert.rejects(check(claim, lying, await evaluator()), /choose another gateway/);
  const module = await evaluator();
  const stopping = Object.assign(Object.create(module), {
    setCheckpoint(bytes: Uint8Array, slot: Slot) {
      if (slot === "new") throw new Stopped("the evaluator stopped");
      module.setCheckpoint(bytes, slot);
    },
  });
  await assert.rejects(check(claim, files(), stopping), Stopped);
});

test("patches that lead elsewhere are not the set of the round", async () => {
  const claim = first();
  assert.ok(leadTo(claim.patches, claim.head));
  const others = [claim.patches.slice(1), [...claim.patches].reverse(), []];
  for (const patches of others) await assert.rejects(check({ ...claim, patches }, files(), await evaluator()), /do not lead to the head/);
});

test("the seed is the first block at or after the start of REVEAL", async () => {
  const blocks = recorded.blocks.map(({ number, timestamp, hash }) => ({ number: BigInt(number), timestamp: BigInt(timestamp), hash }));
  const newest = blocks.at(-1);
  assert.ok(newest);
  const asked: bigint[] = [];
  const at = async (number: bigint) => {
    asked.push(number);
    const known = blocks.find((block) => block.number === number);
    // Blocks that were not asked for when this was recorded: one a second.
    const [before] = blocks.filter((block) => block.number < number).slice(-1);
    return known ?? { number, timestamp: (before?.timestamp ?? newest.timestamp - (newest.number - number)) + (before ? number - before.number : 0n), hash: "" };
  };
  const seed = await seedOf(at, newest, BigInt(recorded.revealStart));
  assert.equal(seed?.hash, `0x${recorded.seed}`);
  assert.ok(asked.length <= 12, `${asked.length} blocks`);
  assert.equal(await seedOf(at, newest, newest.timestamp + 1n), undefined);
  const early = await seedOf(async (number) => ({ number, timestamp: number, hash: String(number) }), { number: 9n, timestamp: 9n, hash: "9" }, 0n);
  assert.equal(early?.number, 0n);
});
