import assert from "node:assert/strict";
import { test } from "node:test";
import { hashTypedData } from "viem";
import assents from "../../crates/protocol/vectors/assent.json";
import choices from "../../crates/protocol/vectors/choice.json";
import claims from "../../crates/protocol/vectors/claim.json";
import clocks from "../../crates/protocol/vectors/clock.json";
import consents from "../../crates/protocol/vectors/consent.json";
import earns from "../../crates/protocol/vectors/earn.json";
import emissions from "../../crates/protocol/vectors/emission.json";
import ranks from "../../crates/protocol/vectors/rank.json";
import { emissionAbi, networkAbi, neuronAbi, saleAbi } from "../src/chain/generated";
import { argsOf, assentOf, choiceOf, consentOf, digestOf, motionOf, type Signable } from "../src/chain/messages";
import { numbersIn, USUAL, wrongNumbers } from "../src/chain/founding";
import { knows, refusal } from "../src/chain/refusals";
import { clockAt, earnedFor, growth, rankOf } from "../src/fold/rules";
import { claimName } from "../src/fold/rounds";
import { type Address, type Hex, MEASURES } from "../src/fold/state";

const PHASES = ["TRAIN", "REVEAL", "JUDGE"];
const placeOf = (one: { chainId: string; network: string }) => ({ chainId: Number(one.chainId), network: one.network as Address });
const hash = (signable: Signable) => hashTypedData(signable as Parameters<typeof hashTypedData>[0]);
/** Where numbers are larger than the page's they are larger than any chain's. */
const fits = (...numbers: string[]) => numbers.every((number) => BigInt(number) <= BigInt(Number.MAX_SAFE_INTEGER));

test("claims have the names that the contracts give them", () => {
  for (const { base, loss, file, lossRoot, claim } of claims.cases) {
    assert.equal(claimName(file as Hex, Number(base), Number(loss), lossRoot as Hex), claim);
  }
});

test("round and phase follow from the time", () => {
  for (const { genesis, train, reveal, judge, now, round, phase, phaseEnd } of clocks.cases) {
    if (!fits(genesis, train, reveal, judge, now)) continue;
    const times = { train: Number(train), reveal: Number(reveal), judge: Number(judge) };
    const clock = clockAt({ genesis: Number(genesis), epoch: 1, exit: 0, maturity: 0, minDeposit: 0n }, times, Number(now));
    assert.deepEqual([clock.round, clock.phase, clock.until], [Number(round), PHASES[Number(phase)], Number(phaseEnd)]);
  }
});

test("the schedule grows as the contract counts it", () => {
  for (const { supply, start, from, to, growth: wanted } of emissions.cases) {
    if (!fits(start, from, to)) continue;
    assert.equal(growth(BigInt(supply), Number(start), Number(from), Number(to)), BigInt(wanted), `${supply} from ${from} to ${to}`);
  }
});

test("verdicts earn what the contract gives them", () => {
  for (const { reward, awake, stake, earned } of earns.cases) {
    assert.equal(earnedFor(BigInt(reward), BigInt(awake), BigInt(stake)), BigInt(earned));
  }
});

test("claims are looked at in the order of the contract", () => {
  for (const one of ranks.cases) {
    const [a, b] = [rankOf(Number(one.aBase), Number(one.aLoss)), rankOf(Number(one.bBase), Number(one.bLoss))];
    assert.equal(a < b || (a === b && BigInt(one.aNumber) < BigInt(one.bNumber)), one.aFirst);
  }
});

test("votes, consents and assents are signed as the contracts read them", () => {
  for (const one of choices.cases) {
    if (!fits(one.chainId, one.group, one.period, one.delta)) continue;
    const signable = choiceOf(placeOf(one), Number(one.group), Number(one.period), Number(one.delta), one.patch as Hex, BigInt(one.seq));
    assert.equal(hash(signable), one.digest);
  }
  for (const one of consents.cases) {
    if (!fits(one.chainId, one.group)) continue;
    assert.equal(hash(consentOf(placeOf(one), Number(one.group), one.owner as Address)), one.digest);
  }
  for (const one of assents.cases) {
    if (!fits(one.chainId, one.expiry)) continue;
    const kind = MEASURES[Number(one.kind)];
    assert.ok(kind);
    const motion = motionOf({ kind, args: one.args as Hex, nonce: BigInt(one.nonce), expiry: Number(one.expiry) });
    assert.equal(argsOf(motion), one.args);
    assert.equal(hash(assentOf(placeOf(one), motion)), one.digest, `kind ${one.kind}`);
  }
});

test("every error of the contracts has a sentence", () => {
  const errors = [networkAbi, neuronAbi, emissionAbi, saleAbi].flatMap((abi) => abi.filter((entry) => entry.type === "error"));
  for (const error of errors) {
    if (/^(SafeCast|AddressEmptyCode|FailedCall|ECDSA|InvalidShortString|StringTooLong|Strings|ReentrancyGuard|SafeERC20)/.test(error.name)) continue;
    assert.ok(knows(error.name), `${error.name} has no sentence`);
    const zero = error.inputs.map(({ type }) => (type === "address" || type.startsWith("bytes") ? "0x00000000000000000000" : 1n));
    assert.match(refusal(error.name, zero), /^[A-Z0-9].*\.$/, error.name);
  }
});

test("an error that nobody foresaw is told by its name", () => {
  assert.match(refusal("toString"), /“toString”/);
});

test("the digest of a short file is that of its one block", () => {
  assert.equal(digestOf(new Uint8Array()), "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert.throws(() => digestOf(new Uint8Array(262_145)), RangeError);
});

test("numbers of a group that do not go with the network are refused with what to write instead", () => {
  const terms = (epoch: number, exit: number, maturity: number) => ({ epoch, exit, maturity, genesis: 0, minDeposit: 0n });
  for (const [change, network, wanted] of [
    [{}, terms(86_400, 28 * 86_400, 604_800), null],
    [{}, terms(3_600, 100_800, 3_600), /Two periods of 604800 s do not go into an exit of this network, 100800 s: take 50400 s/],
    [{}, terms(3_601, 28 * 86_400, 3_600), /does not divide an epoch of this network, 3601 s/],
    [{}, terms(3_600, 28 * 86_400, 3_599), /longer than the maturity of this network, 3599 s/],
    [{ judge: 0 }, terms(86_400, 28 * 86_400, 604_800), /0 s long/],
    [{ period: 0 }, terms(86_400, 28 * 86_400, 604_800), /0 s long/],
    [{ period: 50_400 }, terms(3_600, 100_800, 3_600), null],
    [{ period: 50_401 }, terms(3_600, 100_800, 3_600), /take 50400 s/],
    [{ improve: 0 }, terms(86_400, 28 * 86_400, 604_800), /from 1 to 20/],
    [{ improve: 21 }, terms(86_400, 28 * 86_400, 604_800), /from 1 to 20/],
  ] as const) {
    const said = wrongNumbers({ ...USUAL, ...change }, network);
    if (wanted === null) assert.equal(said, null);
    else assert.match(String(said), wanted);
  }
  const typed = { train: "2 400", reveal: "300", judge: "900", period: "604800", improve: "10", least: "1000" };
  assert.deepEqual(numbersIn(typed), USUAL);
  for (const bad of ["", "-1", "1.5", "4294967296", "x"]) assert.match(String(numbersIn({ ...typed, least: bad })), /no whole number/);
});
