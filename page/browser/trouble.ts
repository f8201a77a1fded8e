// What goes wrong ends in a sentence, and the page goes on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, type Stage, visit } from "./stage";

export function trouble(on: () => Stage): void {
  test("a wallet on another chain is brought to this one, which is added first where it is unknown", async () => {
    const stage = on();
    const { page, context, wallet } = await visit(stage, { who: "guest", habits: { chainId: 1, knows: false }, at: `${stage.root}/g/1` });
    const button = page.getByRole("button", { name: `Switch to chain ${stage.net.chainId}` });
    await button.click();
    await button.waitFor({ state: "detached" });
    assert.ok(wallet?.asked.includes("wallet_addEthereumChain"));
    await context.close();
  });

  test("a signature that is refused is said, and nothing was sent", async () => {
    const stage = on();
    const { page, context, wallet } = await visit(stage, { who: "guest", habits: { refuses: true }, at: `${stage.root}/g/1/stake` });
    await page.getByLabel("Amount in NRN").fill("1");
    await page.getByRole("button", { name: "Bond", exact: true }).click();
    await page.getByText("You refused it in your wallet: nothing was sent.").waitFor();
    assert.equal(await page.locator(".toast").count(), 0);
    assert.ok(!wallet?.asked.includes("eth_sendTransaction"));
    await context.close();
  });

  test("a node that cannot be reached is said, and the page goes on when it is back", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: `${stage.root}/g/1` });
    await context.route(`${stage.net.rpc}/**`, (route) => route.abort());
    await page
      .getByRole("alert")
      .getByText(/cannot be reached/)
      .waitFor();
    await page.getByText("Loss over rounds").waitFor();
    await context.unroute(`${stage.net.rpc}/**`);
    await page.getByRole("alert").waitFor({ state: "detached" });
    await context.close();
  });

  test("a node that answers nonsense, or asks for patience, is said", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: `${stage.root}/g/1` });
    await context.route(`${stage.net.rpc}/**`, (route) => route.fulfill({ status: 200, body: "<html>" }));
    await page
      .getByRole("alert")
      .getByText(/answered 200 and no JSON/)
      .waitFor();
    await context.unroute(`${stage.net.rpc}/**`);
    await context.route(`${stage.net.rpc}/**`, (route) => route.fulfill({ status: 429, body: "" }));
    await page
      .getByRole("alert")
      .getByText(/asks for fewer questions/)
      .waitFor();
    await context.close();
  });

  test("a browser without room is said, and the page shows all the same", async () => {
    const stage = on();
    const { page, context, go } = await visit(stage, { at: "#/" });
    const session = await context.newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(stage.served.url).origin, quotaSize: 1 });
    await go(`${stage.root}/g/1`);
    await page.getByText("Loss over rounds").waitFor();
    await page
      .getByRole("alert")
      .getByText(/storage is full|does not let the page store/)
      .waitFor();
    await context.close();
  });

  test("a network is looked at part by part before it is added, and what is wrong is said", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: "#/" });
    const add = async (network: string, rpc: string) => {
      await page.getByLabel("Address of the network").fill(network);
      await page.getByLabel("Node of its chain (JSON-RPC)").fill(rpc);
      await page.getByRole("button", { name: "Check and add" }).click();
    };
    for (const [network, rpc, said] of [
      ["0x12", stage.net.rpc, "0x and 40 hexadecimal digits"],
      [stage.net.network, "http://node.example", "Beyond this machine only https:// is asked"],
      [stage.net.network, "nonsense", "That is no web address"],
      [stage.net.network, "http://127.0.0.1:9", "cannot be reached"],
      [`0x${"11".repeat(20)}`, stage.net.rpc, "There is no contract at"],
    ] as const) {
      await add(network, rpc);
      await page.getByText(said).waitFor();
    }
    await context.close();
  });

  test("the wallet that was connected is taken up again by the next visit", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { who: "guest" });
    await page.reload();
    await page.locator(".wallet summary", { hasText: "0x" }).waitFor();
    await page.locator(".wallet summary").click();
    await page.getByRole("button", { name: /Forget/ }).click();
    await connect(page);
    await context.close();
  });

  test("without a wallet the page says how to get one", async () => {
    const { page, context } = await visit(on());
    await page.getByText("Connect wallet").click();
    await page.getByText("No wallet is in this browser").waitFor();
    await context.close();
  });
}
