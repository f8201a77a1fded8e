// The last of the flows: what was unbonded at the beginning has left by now.

import { test } from "node:test";
import { addressOf, confirmed, type Stage, visit } from "./stage";

export function withdrawal(on: () => Stage): void {
  test("what was unbonded is withdrawn once its exit is over", { timeout: 200_000 }, async () => {
    const stage = on();
    const { page, context } = await visit(stage, { who: "guest", at: `${stage.root}/a/${addressOf(stage, "guest")}` });
    await page.getByRole("button", { name: "Withdraw" }).click({ timeout: 180_000 });
    await confirmed(page, /Withdraw from position/);
    await page.getByText("withdrew what had left").first().waitFor();
    await page.getByText("Leaving").waitFor({ state: "detached" });
    await context.close();
  });
}
