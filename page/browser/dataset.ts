// The training set by the page: propose a patch, vote, be paid back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, confirmed, type Stage, visit } from "./stage";

export const HOSTILE_PATCH = `Subject: <img src=x onerror="window.hostile=1"><svg onload="window.hostile=1">
From: nobody

--- /dev/null
+++ b/<script>window.hostile=1</script>.csv
@@ -0,0 +1,2 @@
+<script>window.hostile=1</script>
+<svg xmlns="http://www.w3.org/2000/svg" onload="window.hostile=1"><script>window.hostile=1</script></svg>
`;

export function dataset(on: () => Stage): void {
  test("a patch is proposed, and its owner's stake votes for it and against it again", async () => {
    const stage = on();
    const { page, context, complaints, go } = await visit(stage, { who: "guest", at: `${stage.root}/g/1/data` });
    await opened(page);
    await page
      .getByLabel("Patch file")
      .setInputFiles({ name: "<img src=x onerror=window.hostile=1>.patch", mimeType: "text/plain", buffer: Buffer.from(HOSTILE_PATCH) });
    await page.getByText("2 lines more, 0 fewer").waitFor();
    await page.getByRole("button", { name: "Propose", exact: true }).click();
    await confirmed(page, /Propose a delta/);
    const number = await page.locator("main .cards .card strong").first().textContent();
    await page.locator("main .cards .card").first().click();
    await page.getByRole("button", { name: "For this delta" }).click();
    await confirmed(page, /Vote for delta/);
    await page.getByText(/: voted for delta \d+/).waitFor();
    await page.getByRole("button", { name: "Keep the set" }).click();
    await confirmed(page, "Vote to keep the set");
    await page.getByText(": voted to keep the set").waitFor();
    assert.match(number ?? "", /Delta \d+/);
    await go(`${stage.root}/a/${addressOf(stage, "guest")}`);
    await page.getByText("proposed a delta and put its bond down").first().waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a file that is no patch, or too long, is refused in a sentence", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { who: "guest", at: `${stage.root}/g/1/data` });
    const choose = (text: string) =>
      page.getByLabel("Patch file").setInputFiles({ name: "file.patch", mimeType: "text/plain", buffer: Buffer.from(text) });
    await choose("no patch");
    await page.getByText("That file is no patch").waitFor();
    await choose("x".repeat(262_145));
    await page.getByText("The page takes patches up to 256 KiB").waitFor();
    await context.close();
  });
}

/** Waits for the beginning of a period, turning the one before if nobody else does. */
export async function opened(page: import("playwright-core").Page): Promise<void> {
  const turn = page.getByRole("button", { name: "Turn the period" });
  for (let attempt = 0; attempt < 40; attempt += 1) {
    const text = await page.locator(".facts").last().innerText();
    const left = /Proposals close\s+in (\d+) s/.exec(text)?.[1];
    if (left && Number(left) > 12) return;
    if (await turn.isEnabled().catch(() => false)) await turn.click().catch(() => undefined);
    await page.waitForTimeout(1_000);
  }
  assert.fail("no period began");
}
