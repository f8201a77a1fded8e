// Pay by the page: a winner whose node stands still settles and collects by hand.

import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { addressOf, confirmed, type Stage, visit } from "./stage";

/** The trainers of this devnet alone: their command lines name its folder. */
function trainersOf(folder: string): number[] {
  const lines = execFileSync("ps", ["-eo", "pid=,args="]).toString().split("\n");
  return lines.filter((line) => line.includes("trainer-node") && line.includes(`${folder}/`)).map((line) => Number.parseInt(line, 10));
}

const signal = (folder: string, name: "SIGSTOP" | "SIGCONT") => trainersOf(folder).forEach((pid) => process.kill(pid, name));

export function pay(on: () => Stage): void {
  test("a winner settles its deposit and collects its reward", { timeout: 150_000 }, async () => {
    const stage = on();
    const { page, context, complaints } = await visit(stage, { who: "trainer-1", at: `${stage.root}/a/${addressOf(stage, "trainer-1")}` });
    await page
      .getByText(/^Won round/)
      .first()
      .waitFor({ timeout: 90_000 });
    signal(stage.net.folder, "SIGSTOP");
    try {
      const settle = page.getByRole("button", { name: "Settle", exact: true }).first();
      await settle.click();
      await confirmed(page, /Settle round/);
      await page
        .getByRole("button", { name: /^Collect/ })
        .first()
        .click();
      await confirmed(page, /^Collect/);
      await page.getByText("won the round and collected it").first().waitFor();
    } finally {
      signal(stage.net.folder, "SIGCONT");
    }
    await context.close();
    if (complaints.length > 0) throw new Error(complaints.join("\n"));
  });
}
