// A bounty funded in the page, for a hidden set that the program sealed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sealed, told } from "./devnet";
import { readSet } from "./examples";
import { confirmed, type Stage, visit } from "./stage";
import { findings } from "./views";

interface Listed {
  bounties: { root: string; amount_wei: string }[];
}

export function bounty(on: () => Stage): void {
  test("a bounty is funded for a hidden set, whose root is the one that the program sealed", async () => {
    const stage = on();
    const { root, file, known } = sealed(stage.net);
    const { page, context, complaints } = await visit(stage, { who: "guest", at: `${stage.root}/g/1/set` });
    await readSet(page);
    await page.getByText("Fund a bounty for lower loss").click();
    const choose = (name: string, buffer: Buffer) => page.getByLabel(/^Hidden set/).setInputFiles({ name, mimeType: "text/plain", buffer });
    await choose("rows", Buffer.from("1,2,3\n"));
    await page.getByText("That file is no hidden set").waitFor();
    await choose("known", known);
    await page.getByText(/^32 of 32 examples are public already/).waitFor();
    await choose("hidden", file);
    await page.getByTitle(root).waitFor();
    await page.getByLabel("Amount in NRN").fill("1");
    await page.getByLabel(/^Seconds of the term/).fill("1");
    await page.getByText(/The term lasts a period of the group at least, \d+ s/).waitFor();
    const least = /at least, (\d+) s/.exec(await page.getByText("The term lasts a period").innerText())?.[1] ?? "";
    await page.getByLabel(/^Seconds of the term/).fill(least);
    await page.getByText(/^With a bond of 0.125 NRN\. Rounds \d+ to \d+ count/).waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByRole("button", { name: "Fund it" }).click();
    await confirmed(page, "Fund a bounty in group 1");
    const listed = told<Listed>(stage.net, "bounty", "list").bounties.find((one) => one.root === root);
    assert.equal(listed?.amount_wei, String(10n ** 18n));
    assert.deepEqual(complaints, []);
    await context.close();
  });
}
