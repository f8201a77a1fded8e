// Every view: it shows what it should, to everybody, on every screen.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { addressOf, type Stage, visit } from "./stage";

const axe = readFileSync(createRequire(`${process.cwd()}/package.json`).resolve("axe-core/axe.min.js"), "utf8");
const SERIOUS = new Set(["serious", "critical"]);
const FIRST_VIEW_MS = 5_000;

/** Addresses of all views, and what stands in each. */
const viewsOf = (stage: Stage): [string, string | RegExp][] => [
  ["#/", "Networks"],
  [stage.root, "Issue against schedule"],
  [`${stage.root}/g/1`, "Loss over rounds"],
  [`${stage.root}/g/1/data`, "Propose a change"],
  [`${stage.root}/g/1/set`, "Read the training set"],
  [`${stage.root}/g/1/stake`, "Bond"],
  [`${stage.root}/g/1/decisions`, "Let the group draw on the issue"],
  [`${stage.root}/g/1/try`, "Fetch the model and try it"],
  [`${stage.root}/g/1/about`, "What it was founded with"],
  [`${stage.root}/g/1/d/1`, "Votes for it"],
  [`${stage.root}/a/${addressOf(stage, "trainer-1")}`, "won the round and collected it"],
  [`${stage.root}/a/${addressOf(stage, "owner-1")}`, "its verdict was counted and earned its part"],
  [`${stage.root}/people`, "First win"],
  [`${stage.root}/found`, "A round takes"],
  ["#/settings", "Stored in this browser"],
  [`${stage.root}/g/99`, "There is no group 99"],
  ["#/nonsense", "leads nowhere"],
];

interface Finding {
  id: string;
  impact: string;
  nodes: string[];
}

export async function findings(page: Page): Promise<Finding[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  const found = (await page.evaluate(
    `axe.run().then((result) => result.violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map((node) => node.html.slice(0, 160)) })))`,
  )) as Finding[];
  return found.filter(({ impact }) => SERIOUS.has(impact));
}

export function views(on: () => Stage): void {
  for (const [name, how] of [
    ["in the light", { dark: false, width: 1200 }],
    ["in the dark", { dark: true, width: 1200 }],
    ["on 360 pixels", { dark: false, width: 360 }],
  ] as const) {
    test(`every view shows what it should ${name}, and axe finds nothing serious`, async () => {
      const stage = on();
      const { page, complaints, context, go } = await visit(stage, how);
      for (const [at, wanted] of viewsOf(stage)) {
        await go(at);
        await page.getByText(wanted).first().waitFor();
        assert.deepEqual(await findings(page), [], `${at} ${name}`);
        const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
        assert.ok((over as number) <= 0, `${at} ${name} is ${over} pixels too wide`);
      }
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  test("the first view is there soon, and a later visit begins from the copy", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: "#/" });
    const begun = Date.now();
    await page.goto(`${stage.served.url}${stage.root}/g/1`);
    await page.getByText("Loss over rounds").waitFor();
    assert.ok(Date.now() - begun < FIRST_VIEW_MS, `${Date.now() - begun} ms`);
    await page.waitForTimeout(2_000);
    const asked: number[] = [];
    page.on("request", (request) => {
      for (const { method, params } of [JSON.parse(request.postData() ?? "[]")].flat())
        if (method === "eth_getLogs") asked.push(Number(params[0].fromBlock));
    });
    await page.reload();
    await page.getByText("Loss over rounds").waitFor();
    await page.waitForTimeout(2_500);
    assert.ok(asked.length > 0 && asked.every((from) => from > 0), `asked from ${asked}`);
    await context.close();
  });

  test("a round tells its claims, its verdicts and their reasons", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: `${stage.root}/g/1` });
    const row = page.locator("tbody tr", { hasText: "won" }).last();
    await row.getByRole("link").first().click();
    await page.getByText("the first true claim: it won").waitFor();
    await page.getByText("decided so").first().waitFor();
    await page.getByText(/neuron replay --group 1 --round \d+/).waitFor();
    await context.close();
  });

  test("what a plot shows can be taken away as CSV", async () => {
    const stage = on();
    const { page, context } = await visit(stage, { at: `${stage.root}/g/1` });
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).first().click()]);
    const lines = readFileSync(await saved.path(), "utf8").split("\r\n");
    assert.match(lines[0] ?? "", /^Round,Outcome,Winner,Before,Loss,/);
    assert.ok(
      lines.some((line) => /^\d+,won,0x[0-9a-f]{40},\d\.\d{4},\d\.\d{4},/.test(line)),
      lines.slice(0, 5).join("\n"),
    );
    await context.close();
  });

  test("the keyboard alone leads from the head of the page into a round", async () => {
    const stage = on();
    const { page, context } = await visit(stage);
    await page.getByRole("link", { name: "Group 1" }).first().waitFor();
    const press = async (wanted: RegExp) => {
      for (let turn = 0; turn < 60; turn += 1) {
        await page.keyboard.press("Tab");
        const at = (await page.evaluate("document.activeElement.textContent.trim()")) as string;
        if (wanted.test(at)) return page.keyboard.press("Enter");
      }
      return assert.fail(`never came to ${wanted}`);
    };
    await press(/^Group 1$/);
    await page.getByText("Loss over rounds").waitFor();
    await press(/^Training set/);
    await page.getByText("Propose a change").waitFor();
    await press(/^Rounds$/);
    await page.getByText("Loss over rounds").waitFor();
    await press(/^\d+$/);
    await page.getByText("Claims, in the order in which they are judged").waitFor();
    await context.close();
  });

  test("dark and light can be chosen, and last", async () => {
    const { page, context, go } = await visit(on(), { at: "#/settings" });
    await page.getByRole("button", { name: "Dark" }).click();
    await go("#/");
    await page.reload();
    assert.equal(await page.evaluate("document.documentElement.dataset.theme"), "dark");
    await context.close();
  });
}
