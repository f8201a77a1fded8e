// What strangers write is text, and nothing of it ever runs.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HOSTILE_PATCH } from "./dataset";
import { HOSTILE_NAME, type Stage, visit } from "./stage";

const quiet = async (page: import("playwright-core").Page) => {
  await page.waitForTimeout(300);
  assert.equal(await page.evaluate("window.hostile"), undefined, "something of it ran");
};

export function hostile(on: () => Stage): void {
  test("names of networks and wallets, and icons, are shown and never run", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { who: "guest", habits: { name: `<img src=x onerror="window.hostile=1">` }, at: "#/" });
    await page.getByText(HOSTILE_NAME).first().waitFor();
    await quiet(page);
    assert.equal(await page.locator("img[src='x']").count(), 0);
    await context.close();
  });

  test("titles, names of files and rows of patches are shown and never run", async () => {
    const stage = on();
    const { page, context, go } = await visit(stage, { at: `${stage.root}/g/1/data` });
    const last = page.locator("tbody tr").first().getByRole("link").first();
    const number = await last.textContent();
    await go(`${stage.root}/g/1/d/${number}`);
    await page.getByLabel("Patch file").setInputFiles({ name: "other.patch", mimeType: "text/plain", buffer: Buffer.from(`${HOSTILE_PATCH} `) });
    await page.getByText("That is another file").waitFor();
    await page.getByLabel("Patch file").setInputFiles({ name: "it.patch", mimeType: "text/plain", buffer: Buffer.from(HOSTILE_PATCH) });
    await page.getByRole("heading", { name: /<img src=x onerror/ }).waitFor();
    await page.getByText("+<script>window.hostile=1</script>").waitFor();
    await quiet(page);
    assert.equal(await page.locator("main script, main svg[onload], main img").count(), 0);
    await context.close();
  });

  test("no script but the page's own can be started", async () => {
    const { page, context } = await visit(on(), { at: "#/" });
    const run = (what: string) =>
      page.evaluate(what).then(
        () => "ran",
        () => "refused",
      );
    assert.equal(await run(`new Worker(URL.createObjectURL(new Blob(["1"])))`), "refused");
    assert.equal(await run(`document.body.insertAdjacentHTML("beforeend", "<b>x</b>")`), "refused");
    await run(`{ const script = document.createElement("script"); script.text = "window.hostile = 1"; document.body.append(script); }`);
    await quiet(page);
    await context.close();
  });
}
