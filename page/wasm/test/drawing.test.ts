// What is drawn becomes the features that the training set would have of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Drawing, empty, features, fitted, isEmpty, type Point, stroke, turned } from "../drawing";
import { evaluator, file, json } from "./files";
import type { Recorded } from "./recorded";

const lines = (...points: Point[]): Drawing =>
  points.slice(1).reduce((drawing, point, place) => stroke(drawing, points[place] ?? point, point), empty(8));

test("an empty frame has no feature, a full square the greatest", () => {
  assert.ok(isEmpty(empty(8)));
  assert.deepEqual(new Set(features(empty(8), 16)), new Set([0]));
  const one = turned(empty(8), 3, 5);
  assert.deepEqual([...features(one, 16).entries()].filter(([, value]) => value > 0), [[5 * 8 + 3, 16]]);
  assert.ok(isEmpty(turned(one, 3, 5)), "turned twice it is as before");
});

test("a line covers what lies within the pen, and nothing else", () => {
  const row = features(lines({ x: 0.1, y: 0.5 }, { x: 0.9, y: 0.5 }), 16);
  const rows = Array.from({ length: 8 }, (_, at) => row.slice(8 * at, 8 * at + 8).reduce((sum, value) => sum + value, 0));
  assert.deepEqual(rows.map((sum) => sum > 0), [false, false, false, true, true, false, false, false]);
  assert.equal(rows[3], rows[4]);
});

test("small or large, high or low: a drawing fills the frame in its own proportions", () => {
  const shape = (size: number, x: number, y: number) => lines({ x, y }, { x: x + size, y }, { x: x + size, y: y + size / 2 });
  const box = (drawing: Drawing) => {
    const places = [...drawing.dots.keys()].filter((place) => drawing.dots[place] === 1);
    const [columns, rows] = [places.map((place) => place % 32), places.map((place) => Math.floor(place / 32))];
    return [Math.min(...columns), Math.max(...columns), Math.max(...rows) - Math.min(...rows)] as const;
  };
  for (const [size, x, y] of [[0.3, 0.1, 0.1], [0.3, 0.6, 0.7], [0.7, 0.15, 0.2]] as const) {
    const [left, right, height] = box(fitted(shape(size, x, y)));
    assert.deepEqual([left, right], [0, 31], `${size} at ${x}, ${y}`);
    assert.ok(height > 14 && height < 24, `${height}`);
  }
  assert.deepEqual(fitted(empty(8)), empty(8));
});

test("the features of a drawing are a line that a model of digits reads", async () => {
  const { manifest, checkpoint, claims } = json<Recorded>("page/wasm/test/round/round.json");
  const module = await evaluator();
  module.setManifest(file(`page/wasm/test/round/${manifest}`));
  module.setCheckpoint(file(`page/wasm/test/round/${claims[0]?.file ?? checkpoint}`));
  const read = (...points: Point[]) => {
    const row = module.predict(features(fitted(lines(...points)), 16).join(","));
    return row.indexOf(Math.max(...row));
  };
  assert.equal(read({ x: 0.5, y: 0.1 }, { x: 0.5, y: 0.9 }), 1, "an upright line");
  const circle = Array.from({ length: 25 }, (_, step) => ({ x: 0.5 + 0.16 * Math.sin(step / 4), y: 0.5 + 0.3 * Math.cos(step / 4) }));
  assert.equal(read(...circle), 0, "an upright ring");
  assert.equal(read({ x: 0.3, y: 0.1 }, { x: 0.7, y: 0.1 }, { x: 0.45, y: 0.9 }), 7, "a stroke and a leg");
});
