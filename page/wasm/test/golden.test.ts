// The module gives what second implementations of the evaluator committed, bit for bit, for every family.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Evaluator, Round } from "../evaluator";
import { Refused } from "../door";
import { evaluator, file, fromHex, json, text, toHex } from "./files";

interface Golden {
  seed: string;
  group: number;
  round: number;
  signer: string;
  drawn: number[];
  base: number[];
  new: number[];
  base_mean: number;
  new_mean: number;
  loss_root: string;
  probe: string;
  first_log_probabilities: string[];
}

interface Priced {
  manifest: string;
  base_price: number;
  base_mean: number;
  new_price: number;
  new_mean: number;
}

const GOLDEN = "crates/evaluator/tests/golden/";
const FAMILIES = { mlp: { folder: GOLDEN, suffix: "csv" }, gpt: { folder: `${GOLDEN}gpt/`, suffix: "txt" } } as const;
type Family = keyof typeof FAMILIES;
const NAMES = Object.keys(FAMILIES) as Family[];

const measurement = (family: Family) => json<Golden>(`${FAMILIES[family].folder}measurement.json`);

const load = async (family: Family, manifest?: Uint8Array): Promise<Evaluator> => {
  const { folder, suffix } = FAMILIES[family];
  const module = await evaluator();
  module.setManifest(manifest ?? file(`${folder}manifest.json`));
  module.setCheckpoint(file(`${folder}base.safetensors`));
  module.setCheckpoint(file(`${folder}new.safetensors`), "new");
  module.setExamples(["b", "a"].map((name) => [`${name}.${suffix}`, text(`${folder}${name}.${suffix}`)]));
  return module;
};

const roundOf = ({ seed, group, round }: Golden): Round => ({ seed: fromHex(seed), group: BigInt(group), number: BigInt(round), commits: 1n });

const bits = (row: Float32Array) => {
  const view = new DataView(new ArrayBuffer(4));
  return [...row].map((value) => {
    view.setFloat32(0, value);
    return view.getUint32(0).toString(16).padStart(8, "0");
  });
};

for (const family of NAMES) {
  test(`a round of ${family} is measured as by the second implementation`, async () => {
    const [module, golden] = [await load(family), measurement(family)];
    const replay = module.replay(roundOf(golden));
    assert.deepEqual(replay.drawn, golden.drawn);
    assert.deepEqual(replay.base.losses, golden.base);
    assert.deepEqual(replay.new.losses, golden.new);
    const { base, loss, lossRoot } = replay.measured;
    assert.deepEqual([base, loss, lossRoot], [golden.base_mean, golden.new_mean, golden.loss_root]);
    assert.deepEqual(module.measure(roundOf(golden), "new"), replay.new);
    assert.equal(toHex(module.probe(roundOf(golden), fromHex(golden.signer), "new")), golden.probe);
  });

  test(`the weights of ${family} cost what the second implementation says`, async () => {
    const golden = measurement(family);
    for (const priced of json<Record<Family, Priced[]>>(`${GOLDEN}price.json`)[family]) {
      const module = await load(family, new TextEncoder().encode(priced.manifest));
      const { base, new: better } = module.replay(roundOf(golden));
      const found = [base.price, base.mean, better.price, better.mean];
      assert.deepEqual(found, [priced.base_price, priced.base_mean, priced.new_price, priced.new_mean]);
    }
  });
}

test("a prediction of features is the row that a loss is read from", async () => {
  const [module, golden] = [await load("mlp"), measurement("mlp")];
  const lines = ["a.csv", "b.csv"].flatMap((name) => text(`${GOLDEN}${name}`).trimEnd().split("\n"));
  const line = lines[golden.drawn[0] ?? -1] ?? "";
  assert.deepEqual(bits(module.predict(line.slice(0, line.lastIndexOf(",")), "new")), golden.first_log_probabilities);
});

test("a prediction after a text is the row that a loss is read from", async () => {
  const [module, golden] = [await load("gpt"), measurement("gpt")];
  const { model, data } = json<{ model: { context: number }; data: { stride: number } }>(`${GOLDEN}gpt/manifest.json`);
  const characters = [...["a.txt", "b.txt"].map((name) => text(`${GOLDEN}gpt/${name}`)).join("")];
  const start = (golden.drawn[0] ?? -1) * data.stride;
  const seen = characters.slice(start, start + model.context).join("");
  assert.deepEqual(bits(module.predict(seen, "new")), golden.first_log_probabilities);
});

test("every family that has golden files is among these", () => {
  const models = new Set(NAMES.map((name) => json<{ model: { family: string } }>(`${FAMILIES[name].folder}manifest.json`).model.family));
  const folders = readdirSync(join(process.cwd(), "../..", GOLDEN), { withFileTypes: true, recursive: true });
  const manifests = folders.filter((entry) => entry.name === "manifest.json").length;
  assert.equal(models.size, manifests);
});

test("what is wrong is said in a sentence, and the module goes on", async () => {
  const module = await evaluator();
  assert.throws(() => module.predict("1"), new Refused("the base is missing: load it first"));
  assert.throws(() => module.setManifest(new TextEncoder().encode("{}")), Refused);
  module.setManifest(file(`${GOLDEN}manifest.json`));
  assert.throws(() => module.setCheckpoint(file(`${GOLDEN}gpt/base.safetensors`)), /the manifest implies exactly/);
  module.setCheckpoint(file(`${GOLDEN}base.safetensors`));
  assert.throws(() => module.predict("1,2,3,4"), /5 values are needed/);
  assert.throws(() => module.predict("1,2,3,4,05"), /no integer in plain decimal/);
  assert.throws(() => module.write("1,2,3,4,5", { temperature: 1, seed: new Uint8Array(32) }).next(), /reads features, not text/);
  assert.throws(() => module.measure({ seed: new Uint8Array(31), group: 1n, number: 1n, commits: 1n }), /load the page anew/);
  assert.equal(module.predict("1,2,3,4,5").length, 17);
});
