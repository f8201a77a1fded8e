// Models at the edges of binary32 come to the bits of the slow reference: where rounding twice would show, and among subnormal numbers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { joined } from "../door";
import { evaluator } from "./files";
import { bitsOf, careless, forward, fromBits, type Layer } from "./reference";

const [INPUTS, HIDDEN, OUTPUTS] = [7, 19, 3];
const WEIGHT_MAX = 16;
const DIVISOR = 64;
/** A feature that binary32 still has exactly. */
const GREATEST = 2 ** 24;
const MANIFEST = `{"version":1,"model":{"family":"mlp","inputs":${INPUTS},"hidden":[${HIDDEN}],"outputs":${OUTPUTS},"activation":"relu"},"data":{"format":"csv","divisor":${DIVISOR}},"loss":"cross_entropy","eval_max":8,"weight_max":${WEIGHT_MAX}}`;

/** Numbers from a linear congruence. */
const numbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return ((seed >>> 11) | (seed << 21)) >>> 0;
};

type Next = () => number;
const sign = (next: Next) => (next() % 2 === 0 ? 1 : -1);

/** Weights and features at their place in a row. */
interface Kind {
  weight: (next: Next, place: number) => number;
  feature: (next: Next, place: number) => number;
}

const KINDS: Record<string, Kind> = {
  everyday: {
    weight: (next) => Math.fround((sign(next) * (next() >>> 8)) / 2 ** 24),
    feature: (next) => sign(next) * (next() % 1024),
  },
  // Of the first product a sum of 1 to 2; each further one is (1 − 2⁻²³)(1 + 2⁻²³) of half its last bit: less by what binary64 cannot hold.
  "half way": {
    weight: (next, place) => (place === 0 ? fromBits(0x3f800000 | (next() >>> 9)) : sign(next) * 2 ** -42 * (1 + 2 ** -23)),
    feature: (next, place) => (place === 0 ? DIVISOR : sign(next) * (GREATEST - 2)),
  },
  subnormal: {
    weight: (next) => fromBits((next() & 0x80ff_ffff) >>> 0),
    feature: (next) => sign(next) * (next() % 1024),
  },
};

const times = <T>(count: number, make: (place: number) => T): T[] => Array.from({ length: count }, (_, place) => make(place));

const layers = (next: Next, weight: Kind["weight"]): Layer[] =>
  [[INPUTS, HIDDEN], [HIDDEN, OUTPUTS]].map(([inputs = 0, outputs = 0]) => ({
    weight: times(outputs, () => times(inputs, (place) => weight(next, place))),
    bias: times(outputs, () => weight(next, 1)),
  }));

/** The file of a model. */
const checkpoint = (model: readonly Layer[]): Uint8Array => {
  let start = 0;
  const entries = model.flatMap(({ weight, bias }, place) =>
    (["weight", "bias"] as const).map((name) => {
      const shape = name === "weight" ? [weight.length, weight[0]?.length ?? 0] : [bias.length];
      const end = start + 4 * shape.reduce((product, side) => product * side);
      const entry = `"layers.${place}.${name}":{"dtype":"F32","shape":[${shape}],"data_offsets":[${start},${end}]}`;
      start = end;
      return entry;
    }),
  );
  const json = `{${entries.join(",")}}`;
  const header = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = new Uint8Array(new BigUint64Array([BigInt(header.length)]).buffer);
  const values = Float32Array.from(model.flatMap(({ weight, bias }) => [...weight.flat(), ...bias]));
  return joined(length, header, new Uint8Array(values.buffer));
};

for (const [kind, { weight, feature }] of Object.entries(KINDS)) {
  test(`models of ${kind} weights come to the bits of the reference`, async () => {
    const module = await evaluator();
    module.setManifest(new TextEncoder().encode(MANIFEST));
    let differences = 0;
    for (let seed = 1; seed <= 150; seed += 1) {
      const next = numbers(seed);
      const model = layers(next, weight);
      const features = times(INPUTS, (place) => feature(next, place) || 0);
      module.setCheckpoint(checkpoint(model));
      const scaled = features.map((feature) => feature / DIVISOR);
      const expected = forward(model, scaled).map(bitsOf);
      assert.deepEqual([...module.predict(features.join(","))].map(bitsOf), expected, `seed ${seed}`);
      const wrong = forward(model, scaled, careless).map(bitsOf);
      differences += Number(wrong.some((bits, place) => bits !== expected[place]));
    }
    // What proves nothing is no test: the careless way must fail where it can.
    if (kind === "half way") assert.ok(differences > 25, `the careless way differs in ${differences} models`);
  });
}
