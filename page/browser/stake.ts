// Stake by the page: bond with a permit, wake, leave.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, confirmed, type Stage, visit } from "./stage";

export function stake(on: () => Stage): void {
  test("NRN is bonded with a permit in one transaction, which survives a reload, and the position wakes", async () => {
    const stage = on();
    const { page, context, wallet, complaints, go } = await visit(stage, { who: "guest", at: `${stage.root}/g/1/stake` });
    await page.getByLabel("Amount in NRN").fill("100");
    await page.getByRole("button", { name: "Bond", exact: true }).click();
    await page.locator(".toast", { hasText: "Bond 100 in group 1" }).waitFor();
    await page.reload();
    await confirmed(page, "Bond 100 in group 1");
    assert.deepEqual(
      wallet?.asked.filter((method) => method.startsWith("eth_sign") || method.startsWith("eth_send")),
      ["eth_signTypedData_v4", "eth_sendTransaction"],
    );
    await go(`${stage.root}/a/${addressOf(stage, "guest")}`);
    await page
      .getByText(/Position \d+ of group 1/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Wake" }).first().click();
    await confirmed(page, /Wake position/);
    await page
      .locator(".panel")
      .getByText(/wakes in|^awake$/)
      .first()
      .waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("stake is unbonded, more than there is is refused before anything is sent, and the position rests", async () => {
    const stage = on();
    const { page, context, wallet } = await visit(stage, { who: "guest", at: `${stage.root}/a/${addressOf(stage, "guest")}` });
    await page.getByText("Take out, hand over, name another signer").first().click();
    await page.getByLabel("NRN to take out").fill("1000000");
    await page.getByRole("button", { name: "Unbond" }).click();
    await page.getByText(/The position has \d+ NRN that can leave/).waitFor();
    assert.ok(!wallet?.asked.includes("eth_sendTransaction"));
    await page.getByLabel("NRN to take out").fill("40");
    await page.getByRole("button", { name: "Unbond" }).click();
    await confirmed(page, /Unbond 40/);
    await page.getByText("Leaving").first().waitFor();
    await page.getByRole("button", { name: "Rest", exact: true }).click();
    await confirmed(page, /Rest position/);
    await page.getByRole("button", { name: "Wake", exact: true }).waitFor();
    await context.close();
  });

  test("another signer consents by its own wallet, and the owner rotates to it", async () => {
    const stage = on();
    const signer = await visit(stage, { who: "author-1", at: `${stage.root}/g/1/stake` });
    await signer.page.getByText("Consent to sign for somebody's stake").click();
    await signer.page.getByLabel("Owner").fill(addressOf(stage, "guest"));
    await signer.page.getByRole("button", { name: "Sign a consent" }).click();
    const consent = await signer.page.getByLabel("The consent", { exact: true }).inputValue();
    const { page, context } = await visit(stage, { who: "guest", at: `${stage.root}/a/${addressOf(stage, "guest")}` });
    await page.getByText("Take out, hand over, name another signer").first().click();
    await page.getByLabel("Another signer").fill(addressOf(stage, "author-1"));
    await page.getByLabel("Its consent").fill(consent.replace(/..$/, "00"));
    await page.getByRole("button", { name: "Rotate" }).click();
    // Of a devnet that was tried before, the key is known.
    await page.getByText(/has not consented|once signed, for position/).waitFor();
    const known = await page.getByText("once signed, for position").isVisible();
    await page.getByLabel("Its consent").fill(consent);
    await page.getByRole("button", { name: "Rotate" }).click();
    if (!known) {
      await confirmed(page, /Rotate position/);
      await signer.page.goto(`${stage.served.url}${stage.root}/a/${addressOf(stage, "author-1")}`);
      await signer.page.locator(".panel").getByText("signer", { exact: true }).waitFor();
    }
    await context.close();
    await signer.context.close();
  });

  test("a measure is proposed by one owner, assented to by the other, and takes effect", async () => {
    const stage = on();
    const at = `${stage.root}/g/1/decisions`;
    const first = await visit(stage, { who: "owner-1", at });
    await first.page.getByLabel(/^What/).selectOption("least");
    const label = await first.page.getByText(/^Micronats, now \d+$/).innerText();
    const lower = Number(label.replace(/\D/g, "")) - 100;
    await first.page.getByLabel(/^Micronats/).fill(String(lower));
    await first.page.getByRole("button", { name: "Sign and bring it" }).click();
    const card = (page: typeof first.page) => page.locator(".panel", { hasText: "Lower the least improvement" }).first();
    await card(first.page).getByText("gathering").waitFor();
    const second = await visit(stage, { who: "owner-2", at });
    await card(second.page)
      .getByRole("button", { name: /Assent for position/ })
      .click();
    // Signatures count within one epoch: where the first one's is over, both sign again.
    await second.page.locator(".toast", { hasText: "Assent" }).first().waitFor();
    await card(second.page)
      .getByText(/in effect|Signed by positions/)
      .first()
      .waitFor();
    await confirmed(second.page, "Assent");
    if (!(await card(second.page).getByText("in effect").isVisible())) {
      await card(first.page)
        .getByRole("button", { name: /Assent for position/ })
        .click();
      await card(second.page)
        .getByRole("button", { name: /Assent for position/ })
        .click({ timeout: 8_000 })
        .catch(() => undefined);
    }
    await card(second.page).getByText("in effect").waitFor();
    await second.page.goto(`${stage.served.url}${stage.root}/g/1/about`);
    await second.page.getByText(`${(lower / 1e6).toFixed(6)} nats`).waitFor();
    await first.context.close();
    await second.context.close();
  });
}
