// Groups founded in the page, and stake that goes to one.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { cidOf, RAW } from "../wasm/cid";
import { told } from "./devnet";
import { addressOf, confirmed, type Stage, visit } from "./stage";

interface Shown {
  manifest: string;
  checkpoint: string;
  train_s: number;
  reveal_s: number;
  judge_s: number;
}

/** The newest group of the network, as the program lists it. */
const newest = ({ net }: Stage): number => Math.max(...told<{ groups: { group: number }[] }>(net, "group", "list").groups.map(({ group }) => group));

/** A file of the devnet, from its gateway. */
async function fileOf({ gateway }: Stage, digest: string): Promise<Buffer> {
  const bytes = Uint8Array.from(Buffer.from(digest.slice(2), "hex"));
  const answer = await fetch(`${gateway.url}/ipfs/${cidOf(RAW, bytes)}?format=raw`);
  assert.ok(answer.ok, `the gateway lacks ${digest}`);
  return Buffer.from(await answer.arrayBuffer());
}

const choose = (page: Page, label: RegExp, name: string, buffer: Buffer) =>
  page.getByLabel(label).setInputFiles({ name, mimeType: "application/octet-stream", buffer });

export function founding(on: () => Stage): void {
  test("a group is forked by a form that knows the limits of its numbers, and stake moves to it", { timeout: 120_000 }, async () => {
    const stage = on();
    const { page, context, wallet, complaints, go } = await visit(stage, { who: "guest", at: `${stage.root}/found` });
    await page.getByLabel(/^How/).selectOption("fork");
    await page.getByText("its parent's as it is now").waitFor();
    const train = page.getByLabel(/^Seconds of TRAIN/);
    const usual = await train.inputValue();
    await train.fill("9999");
    await page
      .getByRole("alert")
      .getByText(/does not divide an epoch/)
      .waitFor();
    assert.ok(await page.getByRole("button", { name: "Fork it" }).isDisabled());
    await train.fill(usual);
    await page.getByText(/^A round takes .* an epoch/).waitFor();
    const before = newest(stage);
    await page.getByRole("button", { name: "Fork it" }).click();
    await confirmed(page, "Fork group 1");
    const child = newest(stage);
    assert.equal(child, before + 1);
    assert.ok(wallet?.asked.includes("eth_sendTransaction"));
    await go(`${stage.root}/a/${addressOf(stage, "guest")}`);
    await page.getByText("Move it to a fork").first().click();
    await page
      .getByLabel(/^To which fork/)
      .first()
      .selectOption(String(child));
    await page.getByRole("button", { name: "Move", exact: true }).first().click();
    // Of a devnet that was tried before, what moved then still answers for the position.
    await page
      .getByText(/^Move position|^Stake that moved still answers/)
      .first()
      .waitFor();
    if (!(await page.getByText("Stake that moved still answers").isVisible())) {
      await confirmed(page, new RegExp(`Move position .* to group ${child}`));
      await page.getByText(new RegExp(`^Position 1 of group ${child}$`)).waitFor();
    }
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a group is founded with files that the rules of the network have looked at", { timeout: 120_000 }, async () => {
    const stage = on();
    const { page, context, complaints, go } = await visit(stage, { who: "guest", at: `${stage.root}/found` });
    const { manifest, checkpoint, train_s, reveal_s, judge_s } = told<Shown>(stage.net, "group", "show", "--group", "1");
    const [words, weights] = [await fileOf(stage, manifest), await fileOf(stage, checkpoint)];
    const patches = told<{ patches: { patch: string }[] }>(stage.net, "delta", "log").patches;
    const first = await fileOf(stage, patches.at(-1)?.patch ?? "");
    await page.getByLabel(/^How/).selectOption("files");
    await choose(page, /^Manifest/, "manifest.json", words);
    await choose(page, /^First checkpoint/, "weights", weights.subarray(1));
    await choose(page, /^Patches/, "first.patch", first);
    await page
      .getByRole("alert")
      .getByText(/^weights: /)
      .waitFor();
    assert.ok(await page.getByRole("button", { name: "Found it" }).isDisabled());
    await choose(page, /^First checkpoint/, "weights", weights);
    await page.getByText(/^The rules take them: the set has \d+ examples\.$/).waitFor();
    await numbersOf(page, { TRAIN: train_s, REVEAL: reveal_s, JUDGE: judge_s, "a period": 30 });
    const before = newest(stage);
    await page.getByRole("button", { name: "Found it" }).click();
    await confirmed(page, "Found a group");
    assert.equal(newest(stage), before + 1);
    const made = told<Shown>(stage.net, "group", "show", "--group", String(before + 1));
    assert.deepEqual([made.manifest, made.checkpoint], [manifest, checkpoint]);
    await go(`${stage.root}/g/${before + 1}`);
    await page.getByText("not paid").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

async function numbersOf(page: Page, numbers: Record<string, number>): Promise<void> {
  for (const [name, value] of Object.entries(numbers)) await page.getByLabel(new RegExp(`^Seconds of ${name}`)).fill(String(value));
}
