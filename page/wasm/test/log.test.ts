// The log in the page: it takes and writes the bytes of every other client, and two of them come together over the messages of nodes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../cid";
import { joined, Misdeed, Refused } from "../door";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "../log/exchange";
import { GroupLog, idBytes } from "../log/group";
import { type Ask, Peer } from "../log/peer";
import { file, fromHex, text, toHex } from "./files";

const GOLDEN = "crates/protocol/tests/golden/";
const NETWORK = `0x${"03".repeat(20)}`;
const NOW = 1_700_000_000_000;

const opened = (secret: number, group = 1): Promise<GroupLog> =>
  GroupLog.open(file("page/wasm/log.wasm"), { chainId: 1, network: NETWORK, group, secret: `0x${secret.toString(16).padStart(64, "0")}` }, () => NOW);

const peer = async (secret: number): Promise<Peer> => new Peer(await opened(secret), 1n);

const envelope = () => fromHex(text(`${GOLDEN}envelope-1.hex`).trim());

test("the golden envelope is taken, has the id that everybody gives it, and comes back to the byte", async () => {
  const log = await opened(1);
  const bytes = envelope();
  const { id, fresh } = log.take(bytes);
  assert.equal(id, `0x${toHex(await sha256(bytes))}`);
  assert.equal(fresh, true);
  assert.equal(log.take(bytes).fresh, false);
  assert.equal(toHex(log.message(idBytes(id ?? "")) ?? new Uint8Array()), toHex(bytes));
  assert.deepEqual(log.since(0).map(({ body }) => body), [{ note: "hello" }]);
  assert.equal(log.message(new Uint8Array(32)), undefined);
});

test("an envelope with one other bit anywhere, cut short, or of another group is refused", async () => {
  const [log, bytes] = [await opened(1), envelope()];
  for (let place = 0; place < bytes.length; place += 1) {
    const other = bytes.map((byte, at) => (at === place ? byte ^ 1 : byte));
    assert.throws(() => log.take(other), Refused, `byte ${place}`);
  }
  assert.throws(() => log.take(bytes.slice(0, -1)), Misdeed);
  assert.throws(() => log.take(joined(bytes, Uint8Array.of(0))), Misdeed);
  const elsewhere = await opened(1, 2);
  assert.throws(() => elsewhere.take(bytes), Misdeed);
  assert.equal(log.since(0).length, 0);
});

test("bodies are written as the golden file has them", async () => {
  const log = await opened(1);
  const bodies = text(`${GOLDEN}bodies-1.jsonl`).trimEnd().split("\n");
  const written = bodies.filter((line) => /^\{"(have|announcement|note|dataset|training|verdict)"/.test(line));
  assert.equal(written.length, 6);
  for (const line of written) assert.ok(new TextDecoder().decode(log.write(line)).includes(line), line);
  assert.deepEqual(log.since(0).map(({ body }) => body), written.map((line) => JSON.parse(line)));
  assert.throws(() => log.write({ rumour: "no such kind" }), Refused);
  assert.throws(() => log.write({ note: "x".repeat(4_097) }), Refused);
});

test("messages between peers have the golden bytes", () => {
  const lines = text("crates/swarm/golden/log-sync-2.hex").trim().split("\n");
  const [requests, responses] = [lines.slice(0, 4), lines.slice(4)];
  assert.deepEqual(requests.map((line) => decodeRequest(fromHex(line)).ask), ["tell", "compare", "get", "put"]);
  assert.deepEqual(responses.map((line) => decodeResponse(fromHex(line)).is), ["absent", "tell", "compare", "get", "put"]);
  for (const line of requests) assert.equal(toHex(encodeRequest(decodeRequest(fromHex(line)))), line);
  for (const line of responses) assert.equal(toHex(encodeResponse(decodeResponse(fromHex(line)))), line);
  const put = decodeRequest(fromHex(requests[3] ?? ""));
  assert.deepEqual(put.ask === "put" && put.envelopes.map((one) => new TextDecoder().decode(one)), ["one", ""]);
});

test("messages that no peer writes are a misdeed", () => {
  const number = "0000000000000007";
  const requests = ["", "02", `0101${number}`, `0200${number}`, `0205${number}`, "020100", `0201${number}00`, `0203${number}00`, `0204${number}000000`, `0204${number}0000000200`];
  for (const bytes of requests) assert.throws(() => decodeRequest(fromHex(bytes)), Misdeed, bytes);
  for (const bytes of ["", "02", "0101", "020000", "020100", "02030000", "0204000000", "020400000003ff"]) {
    assert.throws(() => decodeResponse(fromHex(bytes)), Misdeed, bytes);
  }
  const ids = "00".repeat(32 * 513);
  assert.throws(() => decodeRequest(fromHex(`0203${number}${ids}`)), Misdeed);
});

test("ranges of the golden file are answered, and anything else is a misdeed", async () => {
  const log = await opened(1);
  for (const line of text(`${GOLDEN}log-ranges-1.hex`).trim().split("\n")) {
    const ranges = fromHex(line);
    assert.equal(log.answer(ranges)[0], 1);
    assert.throws(() => log.answer(ranges.slice(0, -1)), Misdeed);
    assert.throws(() => log.answer(joined(ranges, Uint8Array.of(0))), Misdeed);
  }
});

/** Counts what is asked of a peer. */
const asking = (peer: Peer): { ask: Ask; bytes: () => number; count: () => number } => {
  let [bytes, count] = [0, 0];
  const ask: Ask = async (request) => {
    const response = await peer.serve(request);
    bytes += request.length + response.length;
    count += 1;
    return response;
  };
  return { ask, bytes: () => bytes, count: () => count };
};

const notes = (peer: Peer, count: number, length = 10) => {
  for (let number = 0; number < count; number += 1) peer.log.write({ note: `${number} `.padEnd(length, ".") });
};

const ids = (peer: Peer) => peer.log.since(0, 10_000).map(({ id }) => id).sort();

test("two logs come together, and what both had does not travel", async () => {
  const [one, other, third] = [await peer(1), await peer(2), await peer(3)];
  notes(third, 900);
  await one.turn(asking(third).ask);
  await other.turn(asking(third).ask);
  assert.deepEqual(ids(one), ids(other));
  notes(one, 12);
  notes(other, 8);
  const { ask, bytes, count } = asking(other);
  assert.deepEqual(await one.turn(ask), { got: 8, put: 12, areEqual: true });
  assert.equal(ids(one).length, 920);
  assert.deepEqual(ids(one), ids(other));
  assert.ok(bytes() < 40_000 && count() < 10, `${bytes()} bytes in ${count()} requests`);
  assert.deepEqual(await one.turn(ask), { got: 0, put: 0, areEqual: true });
});

test("more than fits into one message comes in several", async () => {
  const [one, other] = [await peer(1), await peer(2)];
  notes(one, 200, 4_000);
  notes(other, 150, 4_000);
  const { ask, count } = asking(other);
  const turn = await one.turn(ask);
  assert.deepEqual(turn, { got: 150, put: 200, areEqual: true });
  assert.ok(count() > 4, `${count()}`);
});

test("a third peer gets from the second what only the first has written", async () => {
  const [first, second, third] = [await peer(1), await peer(2), await peer(3)];
  notes(first, 5);
  await second.turn(asking(first).ask);
  await third.turn(asking(second).ask);
  assert.deepEqual(ids(third), ids(first));
});

test("whoever gives other bytes, leads nowhere or keeps no such log is noticed, and nothing wrong is kept", async () => {
  const liar = await peer(2);
  notes(liar, 3);
  const instead = (kind: string, made: (bytes: Uint8Array) => Uint8Array): Ask => async (request) => {
    const response = await liar.serve(request);
    return decodeResponse(response).is === kind ? made(response) : response;
  };
  const flipped = (bytes: Uint8Array) => bytes.map((byte, place) => (place === bytes.length - 1 ? byte ^ 1 : byte));
  const cases: [string, Ask, typeof Refused, number?][] = [
    // Those before the wrong one were signed by their author, whoever brings them.
    ["another envelope", instead("get", flipped), Misdeed, 2],
    ["ranges cut short", instead("compare", (bytes) => bytes.slice(0, -1)), Misdeed],
    ["no ranges", instead("compare", () => fromHex("020201000000")), Misdeed],
    ["another answer", instead("compare", () => encodeResponse({ is: "put", kept: 0 })), Misdeed],
    ["no log", async () => encodeResponse({ is: "absent" }), Refused],
  ];
  for (const [what, ask, error, kept = 0] of cases) {
    const honest = await peer(1);
    await assert.rejects(honest.turn(ask), error, what);
    assert.equal(ids(honest).length, kept, what);
  }
  assert.equal(toHex(await liar.serve(encodeRequest({ ask: "tell", group: 9n, pulse: new Uint8Array(24) }))), "0200");
  await assert.rejects(liar.serve(fromHex("02")), Misdeed);
});

test("what has no room any more falls when the chain is heard", async () => {
  const one = await peer(1);
  const file = `0x${"11".repeat(32)}`;
  one.log.write({ have: { round: 1, file } });
  one.log.write({ note: "words" });
  const stand = { accounts: [], round: 900, oldest: 890, period: 3, timeS: NOW / 1_000, bounties: {} };
  const { dropped } = one.log.stand(stand);
  const left = one.log.since(0);
  assert.equal(dropped.length + left.length, 2);
  assert.ok(left.some(({ body, account }) => body["note"] === "words" && account === null));
});
