import assert from "node:assert/strict";
import { test } from "node:test";
import fixture from "./fixtures/devnet.json";
import { type Abi, decodeEventLog } from "viem";
import { emissionAbi, networkAbi, neuronAbi, purseAbi, saleAbi } from "../src/chain/generated";
import { apply } from "../src/fold/fold";
import { eventOf, type Log } from "../src/fold/log";
import { headAfter, patchesTo } from "../src/fold/lineage";
import { belongings, leaders } from "../src/fold/people";
import { allowanceAt, epochAt, standIn, sumsIn } from "../src/fold/rules";
import { type Contracts, empty, type Group, type Hex, NOTHING, type Outcome, type State } from "../src/fold/state";

const OUTCOMES: readonly Outcome[] = ["open", "won", "lost", "struck"];
const STATES = ["none", "open", "applied", "dropped", "taken", "refunded"];

const contracts = fixture.contracts as Contracts;
const logs = fixture.logs as Log[];
const now = fixture.head.time;

function folded(of: readonly Log[] = logs): State {
  const state = empty(contracts);
  for (const log of of) apply(state, log);
  return state;
}

const groupIn = (state: State, number: number): Group => {
  const group = state.groups.get(number);
  assert.ok(group, `group ${number}`);
  return group;
};

test("supply, schedule and stake of all are what the contracts answer", () => {
  const state = folded();
  const { answers } = fixture;
  assert.equal(state.supply, BigInt(answers.supply));
  assert.equal(allowanceAt(state, now), BigInt(answers.allowance));
  const all = sumsIn(state.all, epochAt(state.terms, now));
  assert.equal(all.awake, BigInt(answers.admittedAwake));
  assert.deepEqual([all.bonded, all.bondedNext], answers.allBonded.map(BigInt));
});

test("groups are what the contract answers", () => {
  const state = folded();
  assert.equal(state.groups.size, fixture.answers.groups.length);
  for (const { number, group: answer, stake, keep, open } of fixture.answers.groups) {
    const group = groupIn(state, Number(number));
    const { birth } = group;
    const seen = {
      manifest: birth.manifest,
      checkpoint: group.checkpoint,
      head: group.head,
      name: group.name,
      train: birth.train,
      reveal: birth.reveal,
      judge: birth.judge,
      improve: birth.improve,
      period: group.period,
      least: group.least,
      admitted: group.admitted,
      periodNumber: group.periodNumber,
      periodEnd: group.periodEnd,
      periodNext: group.periodNext,
      extended: group.extended,
      proposals: group.deltas.size,
      applied: group.applied,
      parent: group.parent,
    };
    for (const [name, value] of Object.entries(seen)) assert.equal(value, answer[name as keyof typeof answer], name);
    const { epoch: _, ...sums } = sumsIn(group.sums, epochAt(state.terms, now));
    assert.deepEqual(sums, Object.fromEntries(Object.entries(stake).map(([name, amount]) => [name, BigInt(amount)])));
    assert.equal(group.keep.get(group.periodNumber) ?? 0n, BigInt(keep));
    assert.deepEqual(group.open, open.map(Number));
  }
});

test("rounds are what the contract answers", () => {
  const state = folded();
  for (const { number, rounds } of fixture.answers.groups) {
    const group = groupIn(state, Number(number));
    assert.equal(group.rounds.size, rounds.length);
    for (const { number: round, shown, decision } of rounds) {
      const seen = group.rounds.get(Number(round));
      assert.ok(seen, `round ${round}`);
      assert.equal(seen.outcome, OUTCOMES[shown.outcome], `outcome of round ${round}`);
      assert.equal(seen.winner, shown.winner.toLowerCase());
      assert.deepEqual([seen.reward, seen.deposit, seen.awake].map(String), [shown.reward, shown.deposit, shown.awake]);
      assert.deepEqual([seen.judged, seen.paid].map(String), [shown.judged, shown.paid], `verdicts of round ${round}`);
      assert.equal(seen.claims.length, shown.commits);
      assert.equal(seen.claims.filter((claim) => claim.state === "revealed").length, shown.reveals);
      assert.equal(seen.claims.filter((claim) => claim.state === "conceded").length, shown.conceded);
      assert.equal(seen.collected, shown.collected);
      assert.deepEqual([seen.decided, seen.file], decision);
    }
  }
});

test("positions are what the contract answers, their pay to the wei", () => {
  const state = folded();
  for (const { number, positions } of fixture.answers.groups) {
    const group = groupIn(state, Number(number));
    assert.equal(group.seats.size, positions.length);
    positions.forEach((answer, at) => {
      const seat = group.seats.get(at + 1);
      assert.ok(seat);
      const live = standIn(seat, epochAt(state.terms, now));
      assert.equal(seat.owner, answer.owner.toLowerCase());
      assert.equal(live.signer, answer.signer.toLowerCase());
      assert.equal(seat.now.signer, answer.signerNext.toLowerCase());
      assert.deepEqual([live.stake, seat.now.stake].map(String), [answer.live, answer.next]);
      assert.deepEqual([live.awake, seat.now.awake], [answer.awake, answer.awakeNext]);
      assert.equal(String(seat.earned - seat.compounded), answer.earned);
      assert.deepEqual([seat.exiting.amount, seat.exitingLater.amount].map(String), [answer.exiting, answer.exitingLater]);
    });
  }
});

test("deltas are what the contract answers", () => {
  const state = folded();
  for (const { number, deltas } of fixture.answers.groups) {
    deltas.forEach((answer, at) => {
      const delta = groupIn(state, Number(number)).deltas.get(at + 1);
      assert.ok(delta);
      assert.equal(delta.state, STATES[answer.status]);
      assert.equal(delta.author, answer.author.toLowerCase());
      assert.deepEqual([delta.digest, delta.parent], [answer.digest, answer.parent]);
      assert.deepEqual([delta.bond, delta.votes, delta.reward].map(String), [answer.bond, answer.votes, answer.reward]);
      assert.equal(delta.standsAt, answer.standsAt);
    });
  }
});

test("a fold of the first half and then of the rest is the fold of all", () => {
  const half = Math.floor(logs.length / 2);
  const state = folded(logs.slice(0, half));
  for (const log of logs.slice(half)) apply(state, log);
  assert.deepEqual(state, folded());
});

test("logs of strangers' contracts change nothing", () => {
  const state = folded();
  const stranger = { ...(logs.at(-1) as Log), address: "0x00000000000000000000000000000000000000ff" as const };
  assert.equal(apply(state, stranger), false);
  assert.deepEqual(state, folded());
});

test("points count wins, verdicts and deltas that stood, and no money", () => {
  const state = folded();
  const all = leaders(state);
  const group = groupIn(state, 1);
  const won = [...group.rounds.values()].filter((round) => round.outcome === "won").length;
  const stood = [...group.deltas.values()].filter((delta) => delta.stood).length;
  const sum = (pick: (deeds: (typeof all)[number]) => number) => all.reduce((total, deeds) => total + pick(deeds), 0);
  assert.equal(
    sum((deeds) => deeds.wins),
    won,
  );
  assert.equal(
    sum((deeds) => deeds.stood),
    stood,
  );
  assert.ok(won > 0 && stood > 0 && sum((deeds) => deeds.verified) >= won);
  for (const deeds of all) assert.equal(deeds.points, deeds.wins * 10 + deeds.stood * 20 + deeds.verified + deeds.caught * 25);
  assert.ok(all[0]?.badges.includes("First win") || all[0]?.badges.includes("First verdict"));
});

test("what waits for an account is what the contracts owe it", () => {
  const state = folded();
  const group = groupIn(state, 1);
  for (const round of group.rounds.values()) {
    const due = belongings(state, round.winner).wins.some((win) => win.round === round.number);
    assert.equal(due, round.outcome === "won" && !round.collected, `round ${round.number}`);
  }
  for (const seat of group.seats.values()) {
    assert.deepEqual(
      belongings(state, seat.owner).positions.map((held) => held.seat.number),
      [seat.number],
    );
  }
});

test("the patches of every round's set are known, and lead to its head", () => {
  const state = folded();
  const group = groupIn(state, 1);
  const lengths = new Set<number>();
  for (const round of group.rounds.values()) {
    const patches = patchesTo(state, group, round.head);
    assert.ok(patches, `round ${round.number}`);
    assert.equal(patches.reduce<Hex>(headAfter, NOTHING), round.head);
    lengths.add(patches.length);
  }
  assert.ok(lengths.size > 1, "the set changed in between");
  assert.equal(patchesTo(state, group, `0x${"11".repeat(32)}`), null);
});

test("words of events are read as the general decoder reads them", () => {
  for (const log of logs) {
    const event = eventOf(contracts, log);
    if (!event) continue;
    const abi = [networkAbi, neuronAbi, emissionAbi, saleAbi, purseAbi].flat() as Abi;
    const decoded = decodeEventLog({ abi, data: log.data, topics: log.topics as [Hex, ...Hex[]] });
    const bare = (_: string, one: unknown) => (typeof one === "bigint" || typeof one === "number" ? String(one) : one);
    const plain = (args: object | undefined = {}) => JSON.stringify(Object.entries(args).sort(), bare);
    assert.equal(plain(event.args).toLowerCase(), plain(decoded.args).toLowerCase(), event.name);
  }
});

test("a hundred thousand logs are folded within twenty seconds", () => {
  const state = empty(contracts);
  const begun = performance.now();
  let folded = 0;
  // A chain that begins anew again and again: each group is born over the one before it.
  while (folded < 100_000) {
    for (const log of logs) apply(state, log);
    folded += logs.length;
  }
  assert.equal(state.logs, folded);
  const seconds = (performance.now() - begun) / 1_000;
  assert.ok(seconds < 20, `${seconds} s`);
});
