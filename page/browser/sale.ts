// A sale by the page: a network is added by its address, NRN is bought, the sale is closed, what was bought is claimed.

import { test } from "node:test";
import { addressOf, confirmed, type Stage, visit } from "./stage";
import { deploy } from "./devnet";

const SALE_S = 45;

export function sale(on: () => Stage): void {
  test("NRN is bought in a network that was added by its address, and claimed once the sale is closed", { timeout: 120_000 }, async () => {
    const stage = on();
    const network = deploy(stage.net, SALE_S);
    const { page, context } = await visit(stage, { who: "guest", at: "#/" });
    await page.getByLabel("Address of the network").fill(network);
    await page.getByLabel("Node of its chain (JSON-RPC)").fill(stage.net.rpc);
    await page.getByLabel("Name, as you like").fill("second");
    await page.getByRole("button", { name: "Check and add" }).click();
    await page.getByRole("heading", { name: "second" }).waitFor();
    await page.getByText("Nobody has founded a group yet").waitFor();
    await page.getByLabel("Coins to spend").fill("0.5");
    await page.getByText("buys 500 000 NRN").waitFor();
    await page.getByRole("button", { name: "Buy" }).click();
    await confirmed(page, "Buy NRN in the sale");
    await page
      .getByText(/500 000/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Close it" }).click({ timeout: 70_000 });
    await confirmed(page, "Close the sale");
    await page.getByRole("button", { name: "Claim 500 000 NRN" }).click();
    await confirmed(page, "Claim what I bought");
    await page.goto(`${stage.served.url}#/n/${stage.net.chainId}/${network.toLowerCase()}/a/${addressOf(stage, "guest")}`);
    await page.getByText("took what it had bought in the sale").waitFor();
    await page.locator(".fact", { hasText: "Balance" }).getByText("500 000").waitFor();
    await context.close();
  });
}
