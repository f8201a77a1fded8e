// Requests and responses of any length come through in both directions, and whoever breaks the rules is cut off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Misdeed } from "../door";
import { BLOCK, type Handlers, Line, LOG, type Wire } from "../log/line";

/** Two ends of one wire. */
const wires = (): [Wire, Wire] => {
  const made = (): Wire => ({ send: () => {}, drained: async () => {}, onpiece: null, onclose: null, close: () => {} });
  const [one, other] = [made(), made()];
  for (const [here, there] of [[one, other], [other, one]] as const) {
    here.send = (piece) => queueMicrotask(() => there.onpiece?.(piece));
    here.close = () => queueMicrotask(() => there.onclose?.());
  }
  return [one, other];
};

const echo: Handlers = { [LOG]: async (request) => request, [BLOCK]: async (request) => request.slice().reverse() };

const filled = (length: number) => new Uint8Array(length).map((_, place) => place % 251);

test("messages of any length come back whole, many at once and from both sides", async () => {
  const [one, other] = wires();
  const [here, there] = [new Line(one, echo), new Line(other, echo)];
  const asked = [0, 1, 16 * 1024, 16 * 1024 + 1, 600_000].map(filled);
  const all = await Promise.all([...asked.map((bytes) => here.ask(LOG, bytes)), ...asked.map((bytes) => there.ask(BLOCK, bytes))]);
  asked.forEach((bytes, place) => assert.equal(Buffer.compare(all[place] ?? filled(9), bytes), 0));
  asked.forEach((bytes, place) => assert.equal(Buffer.compare(all[asked.length + place] ?? filled(9), bytes.slice().reverse()), 0));
});

test("an error of the other side is told, a misdeed cuts the line, and what waits learns of it", async () => {
  const [one, other] = wires();
  const failing: Handlers = {
    [LOG]: async () => {
      throw new Error("no");
    },
    [BLOCK]: async () => {
      throw new Misdeed("no");
    },
  };
  const here = new Line(one, echo);
  new Line(other, failing);
  let closed = 0;
  here.onclose = () => (closed += 1);
  await assert.rejects(here.ask(LOG, filled(3)), /could not answer/);
  assert.equal(closed, 0);
  await assert.rejects(here.ask(BLOCK, filled(3)), /could not answer/);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(closed, 1);
  await assert.rejects(here.ask(LOG, filled(3)), /closed: connect again/);
});

test("pieces of another size, and messages without end, cut the line", async () => {
  const head = (flags: number) => Uint8Array.of(0, 0, 0, 1, flags);
  const endless = () => Array.from({ length: 300 }, () => Uint8Array.of(...head(0), ...filled(16 * 1024)));
  for (const pieces of [[new Uint8Array(4)], [Uint8Array.of(...head(2), ...filled(16 * 1024 + 1))], endless()]) {
    const [one, other] = wires();
    const here = new Line(one, echo);
    let closed = 0;
    here.onclose = () => (closed += 1);
    pieces.forEach((piece) => other.send(Uint8Array.from(piece)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(closed, 1, `${pieces.length} pieces`);
  }
});
