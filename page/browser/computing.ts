// What the page computes itself, from files that a node's gateway gives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Stage, visit } from "./stage";

export function computing(on: () => Stage): void {
  test("the newest checkpoint is fetched, and reads a digit that is drawn", async () => {
    const stage = on();
    const { page, context, complaints } = await visit(stage, { at: `${stage.root}/g/1/try` });
    await page.getByRole("button", { name: "Fetch the model and try it" }).click();
    const frame = page.getByRole("application");
    await frame.waitFor();
    const box = await frame.boundingBox();
    assert.ok(box);
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
    await page.mouse.move(...at(0.3, 0.12));
    await page.mouse.down();
    for (const [x, y] of [
      [0.7, 0.12],
      [0.58, 0.5],
      [0.45, 0.9],
    ] as const)
      await page.mouse.move(...at(x, y), { steps: 6 });
    await page.mouse.up();
    await page.getByText(/It is a \d/).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a claim that won is measured again in the page, and is true", async () => {
    const stage = on();
    const { page, context, complaints } = await visit(stage, { at: `${stage.root}/g/1` });
    await page.locator("tbody tr", { hasText: "won" }).first().getByRole("link").first().click();
    await page.getByRole("button", { name: "Measure it in this page" }).click();
    const said = page.locator(".confirm p");
    await said.getByText(/The claim is|could not be measured/).waitFor({ timeout: 60_000 });
    assert.match(await said.innerText(), /The claim is true/);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a patch is fetched from the gateway and shown in colours", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: `${stage.root}/g/1/d/1` });
    await page.getByText("Its digest is the one on chain.").waitFor();
    assert.ok((await page.locator(".diff-add").count()) > 10);
    await context.close();
  });

  test("where no gateway is named the page says how to name one", async () => {
    const stage = on();
    const { page, context, go } = await visit(stage, { at: "#/settings" });
    await page.getByLabel("Gateway for files").fill("");
    await page.getByRole("button", { name: "Keep" }).click();
    await page.getByText("Kept.").waitFor();
    await go(`${stage.root}/g/1/try`);
    await page.getByText("The page fetches files from an IPFS gateway").waitFor();
    await context.close();
  });
}
