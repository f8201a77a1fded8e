// What the page computes itself, from files that a node's gateway gives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { dashboard } from "./devnet";
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

  test("a group is kept, and another browser that no gateway serves gets its files by an invitation", async () => {
    const stage = on();
    const kept = async (visited: Awaited<ReturnType<typeof visit>>) => {
      await visited.page.getByRole("button", { name: "Keep this group here" }).click();
      return visited.page.getByRole("status").filter({ hasText: "kept here" });
    };
    const [one, other] = [await visit(stage, { at: `${stage.root}/g/1/keep` }), await visit(stage, { at: `${stage.root}/g/1/keep` })];
    const held = await kept(one);
    await held.getByText(/ 0\.[1-9] MB of files/).waitFor({ timeout: 60_000 });
    await other.context.route("**/ipfs/**", (route) => route.abort());
    const lacking = await kept(other);
    await lacking.getByText(/ 0\.0 MB of files/).waitFor();
    await one.page.getByRole("button", { name: "Make an invitation" }).click();
    await other.page.getByLabel("The invitation that it made").fill(await one.page.getByLabel("Send this invitation").inputValue());
    await other.page.getByRole("button", { name: "Answer it" }).click();
    await one.page.getByLabel("Its answer").fill(await other.page.getByLabel("Send this answer back").inputValue());
    await one.page.getByRole("button", { name: "Connect" }).click();
    await lacking.getByText(/ 0\.[1-9] MB of files are kept here; 1 other browser/).waitFor({ timeout: 60_000 });
    assert.deepEqual(one.complaints, []);
    await Promise.all([one.context.close(), other.context.close()]);
  });

  test("a patch is fetched from the gateway and shown in colours", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: `${stage.root}/g/1/d/1` });
    await page.getByText("Its digest is the one on chain.").waitFor();
    assert.ok((await page.locator(".diff-add").count()) > 10);
    await context.close();
  });

  test("a gateway that cannot be reached is said", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: `${stage.root}/g/1/try` });
    await context.route(`${stage.gateway.url}/**`, (route) => route.abort());
    await page.getByRole("button", { name: "Fetch the model and try it" }).click();
    await page
      .getByRole("alert")
      .getByText(/The gateway at .* cannot be reached/)
      .waitFor();
    await context.close();
  });

  test("the page comes from the program itself, with the network of its file", async () => {
    const stage = on();
    const program = await dashboard(stage.net);
    const { page, context, complaints } = await visit(stage, { at: "#/" });
    await page.goto(`${program.url}${stage.root}/g/1`);
    await page.getByText("Loss over rounds").waitFor();
    await page.getByRole("link", { name: "Try it" }).click();
    await page.getByText("The page fetches files from an IPFS gateway").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
    await program.close();
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
