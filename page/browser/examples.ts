// The training set in the page: where each row comes from, as the program tells it too.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { opened } from "./dataset";
import { checked, told } from "./devnet";
import { addressOf, confirmed, type Stage, visit } from "./stage";
import { findings } from "./views";

interface Line {
  delta: number | null;
  author: string;
  line: number;
  file?: string;
  text: string;
}

/** Cells of a table's CSV, without its head; rows of examples are in quotation marks. */
async function csvOf(page: Page, caption: string): Promise<string[][]> {
  const table = page.locator(".table", { has: page.getByRole("region", { name: caption }) });
  const [saved] = await Promise.all([page.waitForEvent("download"), table.getByRole("button", { name: "CSV" }).click()]);
  const lines = readFileSync(await saved.path(), "utf8")
    .trimEnd()
    .split("\r\n")
    .slice(1);
  return lines.map((line) => [...line.matchAll(/"([^"]*)"|([^,]+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? ""));
}

/** What `neuron delta show` looks at. */
interface Looked {
  examples_added: number;
  examples_removed: number;
  examples_changed: number;
  duplicates: number;
  contradictions: number;
  near: number;
  surprise: { file: string; line: number; text: string; loss_micronats: number }[];
}

/** What the program sees in delta 1. */
function lookedAt({ net }: Stage): Looked {
  const [looked] = told<{ details: Looked[] }>(net, "delta", "show", "1").details;
  assert.ok(looked && looked.surprise.length > 10);
  return looked;
}

const meanOf = (surprise: Looked["surprise"]): number =>
  Math.floor(surprise.reduce((sum, { loss_micronats: loss }) => sum + loss, 0) / surprise.length);

/** Page and program look one after the other: where a round is won between them they look again. */
async function ofOneModel(page: Page, look: () => Promise<void>): Promise<void> {
  for (let left = 3; ; left -= 1) {
    try {
      return await look();
    } catch (error) {
      if (left === 0) throw error;
      await page.waitForTimeout(3_000);
    }
  }
}

const nameOf = ({ delta }: Line): string => (delta === null ? "birth 1" : `delta ${delta}`);

export async function readSet(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Read the training set" }).click();
  await page.getByRole("region", { name: "Files of the set" }).waitFor();
}

export function examples(on: () => Stage): void {
  test("each row of a file is shown as a picture with the patch that brought it, as the program tells it", async () => {
    const stage = on();
    const { page, context, complaints } = await visit(stage, { at: `${stage.root}/g/1/set` });
    await readSet(page);
    const link = page.getByRole("region", { name: "Files of the set" }).getByRole("link").first();
    const path = await link.innerText();
    await link.click();
    await page.getByRole("img", { name: /^picture of 8 by 8 points, label \d$/ }).first().waitFor(); // prettier-ignore
    const grey =
      "[...document.querySelector('.picture').getContext('2d').getImageData(0, 0, 8, 8).data].filter((one) => one > 0 && one < 255).length";
    assert.ok(((await page.evaluate(grey)) as number) > 10, "a picture has greys");
    assert.deepEqual(await findings(page), []);
    const said = told<{ lines: Line[] }>(stage.net, "delta", "blame", path);
    const wanted = said.lines.map((line) => [String(line.line), line.text, nameOf(line), line.author.toLowerCase()]);
    assert.deepEqual(await csvOf(page, "Lines of the file"), wanted);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText(`26 to 50 of ${wanted.length}`).waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("rows are found by text, label, author and delta, as the program finds them", async () => {
    const stage = on();
    const { page, context, complaints } = await visit(stage, { at: `${stage.root}/g/1/set` });
    await readSet(page);
    const [delta] = told<{ patches: Line[] }>(stage.net, "delta", "log").patches;
    for (const [options, fields] of [
      [["0,0,5,13"], { "Text in the line": "0,0,5,13" }],
      [["--label", "7"], { Label: "7" }],
      [["--delta", String(delta?.delta), "--label", "3"], { Delta: String(delta?.delta), Label: "3" }],
      [["--author", String(delta?.author)], { Author: String(delta?.author) }],
    ] as [string[], Record<string, string>][]) {
      for (const name of ["Text in the line", "Label", "Delta", "Author"]) await page.getByLabel(name, { exact: true }).fill(fields[name] ?? "");
      await page.getByText(/lines were found|One line was found/).waitFor();
      const found = (await csvOf(page, "Lines that were found")).filter(([by]) => !by?.endsWith(", open"));
      const wanted = told<{ found: Line[] }>(stage.net, "delta", "search", ...options).found;
      assert.ok(wanted.length > 0, options.join(" "));
      assert.deepEqual(
        found,
        wanted.map((line) => [nameOf(line), `${line.file}:${line.line}`, line.text, line.author.toLowerCase()]),
        options.join(" "),
      );
    }
    await page.getByLabel("Author", { exact: true }).fill("nobody");
    await page.getByText("An author is 0x and 40 hexadecimal digits.").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("a delta is compared with the set that it was proposed for, as the program compares it", async () => {
    const stage = on();
    const { page, context, complaints } = await visit(stage, { at: `${stage.root}/g/1/d/1` });
    await page.getByRole("button", { name: "Compare it with the set" }).click();
    await page.getByRole("region", { name: "Examples that come" }).waitFor();
    const said = lookedAt(stage);
    for (const [name, count] of [
      ["Added", said.examples_added],
      ["Removed", said.examples_removed],
      ["Changed", said.examples_changed],
      ["In the set twice", said.duplicates],
      ["With another label", said.contradictions],
      ["Nearly another row", said.near],
    ] as const)
      assert.equal(
        await page
          .locator(".fact", { has: page.getByText(name, { exact: true }) })
          .locator("dd")
          .innerText(),
        String(count),
        name,
      );
    await ofOneModel(page, async () => {
      await page.getByRole("button", { name: "Measure the running model on them" }).click();
      const mean = await page.getByText(/^[\d.]+ nats is the running model's mean loss/).innerText();
      const { surprise } = lookedAt(stage);
      assert.equal(Number.parseFloat(mean), meanOf(surprise) / 1e6);
      const rows = (await csvOf(page, "Examples that come")).map(([text, loss, place]) => `${loss} ${place} ${text}`);
      const wanted = surprise.map(({ file, line, text, loss_micronats: loss }) => `${(loss / 1e6).toFixed(6)} ${file}:${line} ${text}`);
      assert.deepEqual(rows, wanted);
    });
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("the running model is measured on what each patch brought", async () => {
    const stage = on();
    const { page, context, complaints } = await visit(stage, { at: `${stage.root}/g/1/set` });
    await readSet(page);
    await ofOneModel(page, async () => {
      await page.getByRole("button", { name: "Measure the running model" }).click();
      await page.getByRole("region", { name: /^Loss of the running model/ }).waitFor();
      const { surprise } = lookedAt(stage);
      const rows = await csvOf(page, "Loss of the running model");
      const wanted = ["delta 1", String(surprise.length), (meanOf(surprise) / 1e6).toFixed(6)];
      assert.deepEqual(
        rows.find(([by]) => by === "delta 1"),
        wanted,
      );
    });
    assert.deepEqual(complaints, []);
    await context.close();
  });

  test("rows are changed, removed, drawn and added in the page, and the patch that comes of it is one that the program takes", async () => {
    const stage = on();
    const { page, context, complaints } = await visit(stage, { who: "guest", at: `${stage.root}/g/1/set` });
    await readSet(page);
    await page.getByRole("region", { name: "Files of the set" }).getByRole("link").first().click();
    await page.getByRole("button", { name: "Change its rows" }).click();
    await page.getByRole("button", { name: "Change line 2", exact: true }).click();
    const row = page.getByRole("textbox", { name: "Line 2", exact: true });
    const before = await row.inputValue();
    await row.fill(before.replace(/\d$/, "x"));
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await page
      .getByRole("alert")
      .getByText(/The rules refuse it: .*line 2/)
      .waitFor();
    assert.ok(await page.getByRole("button", { name: "Propose", exact: true }).isDisabled());
    await page.getByRole("button", { name: "Change line 2", exact: true }).click();
    await row.fill(before.replace(/\d$/, (label) => String((Number(label) + 1) % 10)));
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await page.getByRole("button", { name: "Remove line 3", exact: true }).click();
    await page.getByLabel("Rows, one a line").fill(`${before}\n`);
    await page.getByRole("button", { name: "Add them" }).click();
    await drawOne(page);
    await expectFact(page, "In the set twice", "0");
    await expectFact(page, "With another label", "1");
    await expectFact(page, "Changed", "1");
    await expectFact(page, "Added", "1");
    assert.deepEqual(await findings(page), []);
    await page.getByLabel("Title", { exact: true }).fill("A row by hand");
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save the patch" }).click()]);
    const patch = readFileSync(await saved.path(), "utf8");
    assert.match(patch, new RegExp(`^Subject: A row by hand\n\nNeuron-Author: ${addressOf(stage, "guest")}\n`));
    const said = checked(stage.net, await saved.path());
    assert.match(said, /1 added, 0 removed, 1 changed/);
    await page.getByRole("link", { name: /^Training set/ }).click();
    await opened(page);
    await page.getByRole("link", { name: "Examples", exact: true }).first().click();
    // Where the set has moved on meanwhile, it is read again, and the changes are carried onto it.
    const again = page.getByRole("button", { name: "Read the training set" });
    if (await again.isVisible()) await again.click();
    await page.getByRole("button", { name: "Propose", exact: true }).click();
    await confirmed(page, /Propose a delta/);
    await page.getByRole("region", { name: "Your changes" }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: /^Training set/ }).click();
    await page.locator("main .cards .card").last().click();
    await page.getByRole("heading", { name: "A row by hand" }).waitFor();
    await page.getByText("Its digest is the one on chain.").waitFor();
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

/** Draws a stroke as a three and adds it. */
async function drawOne(page: Page): Promise<void> {
  await page.getByText("Draw one", { exact: true }).click();
  const frame = page.getByRole("application");
  await frame.scrollIntoViewIfNeeded();
  const box = await frame.boundingBox();
  assert.ok(box);
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 5);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 3, box.y + (4 * box.height) / 5, { steps: 5 });
  await page.mouse.up();
  await page.getByLabel("What it is").fill("3");
  await page.getByRole("button", { name: "Add the drawing" }).click();
}

async function expectFact(page: Page, name: string, value: string): Promise<void> {
  const fact = page.locator(".fact", { has: page.getByText(name, { exact: true }) }).locator("dd");
  await fact.getByText(value, { exact: true }).waitFor();
}
