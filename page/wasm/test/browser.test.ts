// In Chromium, under a strict content security policy: a digit is drawn, a text goes on, and what fails is said.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";
import { cidOf, RAW } from "../cid";
import { file, fromHex, json } from "./files";
import type { Recorded } from "./recorded";

const ROUND = "page/wasm/test/round/";
const GOLDEN = "crates/evaluator/tests/golden/";
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; connect-src 'self'";
const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

const served = new Map<string, { type: string; body: Uint8Array | string }>();
const server = createServer((request, response) => {
  const found = served.get(request.url ?? "");
  if (found === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-type": found.type, "content-security-policy": POLICY }).end(found.body);
});
let browser: Browser;
let address = "";

before(async () => {
  const here = process.cwd();
  const entryPoints = { page: join(here, "test/stage.tsx"), worker: join(here, "worker.ts"), style: join(here, "test/stage.css") };
  const made = await build({ entryPoints, outdir: "/", bundle: true, write: false, format: "esm", target: "es2022", jsx: "automatic", jsxImportSource: "preact" });
  for (const { path, contents } of made.outputFiles) served.set(path, { type: path.endsWith(".css") ? "text/css" : "text/javascript", body: contents });
  const page = '<!doctype html><html lang="en"><title>Predict</title><link rel="stylesheet" href="style.css"><main id="page"></main><script type="module" src="page.js"></script></html>';
  served.set("/", { type: "text/html; charset=utf-8", body: page });
  served.set("/evaluator.wasm", { type: "application/wasm", body: file("page/wasm/evaluator.wasm") });
  const { manifest, claims } = json<Recorded>(`${ROUND}round.json`);
  const models = { digits: [`${ROUND}${manifest}`, `${ROUND}${claims[0]?.file}`], text: [`${GOLDEN}gpt/manifest.json`, `${GOLDEN}gpt/new.safetensors`] };
  for (const [name, [sizes = "", weights = ""]] of Object.entries(models)) {
    served.set(`/${name}/manifest`, { type: "application/octet-stream", body: file(sizes) });
    served.set(`/${name}/checkpoint`, { type: "application/octet-stream", body: file(weights) });
  }
  served.set("/log.wasm", { type: "application/wasm", body: file("page/wasm/log.wasm") });
  served.set("/round.json", { type: "application/json", body: file(`${ROUND}round.json`) });
  const { patches, checkpoint } = json<Recorded>(`${ROUND}round.json`);
  for (const digest of [manifest, ...patches, checkpoint, ...claims.map((claim) => claim.file)]) {
    served.set(`/ipfs/${cidOf(RAW, fromHex(digest))}`, { type: "application/octet-stream", body: file(`${ROUND}${digest}`) });
  }
  served.set("/broken/manifest", { type: "application/octet-stream", body: file(`${ROUND}${manifest}`) });
  served.set("/broken/checkpoint", { type: "application/octet-stream", body: "nothing" });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox", "--disable-features=WebRtcHideLocalIpsWithMdns"] });
});

after(async () => {
  await browser?.close();
  server.close();
});

/** Opens a model; nothing may break the policy or be thrown. */
const opened = async (model: string, width = 900): Promise<{ page: Page; wrong: string[] }> => {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => message.type() === "error" && !message.text().includes("favicon") && wrong.push(message.text()));
  await page.route("**/favicon.ico", (route) => route.fulfill({ status: 204 }));
  await page.goto(`${address}/#${model}`);
  await page.getByRole("button", { name: /Fetch the model|Measure it in this page|Keep this group here/ }).click();
  return { page, wrong };
};

/** Nothing serious for people who see, hear or move otherwise. */
const accessible = async (page: Page): Promise<void> => {
  // Through the debugger, which no policy stops.
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
  const { violations } = await page.evaluate(() => (globalThis as any).axe.run());
  const serious = violations.filter((one: { impact: string }) => ["serious", "critical"].includes(one.impact));
  assert.deepEqual(serious.map((one: { id: string }) => one.id), []);
};

test("a digit that is drawn with a pointer is read", async () => {
  const { page, wrong } = await opened("digits");
  const frame = page.getByRole("application");
  const box = await frame.boundingBox();
  assert.ok(box);
  const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(0.3, 0.12));
  await page.mouse.down();
  for (const [x, y] of [[0.7, 0.12], [0.58, 0.5], [0.45, 0.9]] as const) await page.mouse.move(...at(x, y), { steps: 6 });
  await page.mouse.up();
  await page.getByText("It is a 7").waitFor();
  assert.equal(await page.locator(".chance").count(), 10);
  await accessible(page);
  if (process.env["SHOTS"]) await page.screenshot({ path: join(process.env["SHOTS"], "digit.png") });
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Draw in the frame").waitFor();
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a digit is drawn with keys alone", async () => {
  const { page, wrong } = await opened("digits");
  await page.getByRole("application").waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("role")), "application");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  for (let row = 0; row < 8; row += 1) {
    await page.keyboard.press(" ");
    await page.keyboard.press("ArrowDown");
  }
  if (process.env["SHOTS"]) await page.screenshot({ path: join(process.env["SHOTS"], "keys.png") });
  await page.getByText("It is a 1").waitFor({ timeout: 5_000 });
  assert.match((await page.getByRole("application").getAttribute("aria-label")) ?? "", /column 4, row 8/);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a text goes on token by token, stops when it is told to, and says which character it does not know", async () => {
  const { page, wrong } = await opened("text");
  const prompt = page.getByLabel("The text begins");
  await prompt.fill("a");
  await page.getByRole("button", { name: "Go on" }).click();
  const prose = page.getByLabel("The text", { exact: true });
  await page.waitForFunction(() => (document.querySelector(".predict-prose")?.textContent ?? "").length > 40);
  assert.match((await prose.textContent()) ?? "", /^a[\n a-yé]+$/);
  assert.equal(await page.locator(".chance").count(), 13);
  await accessible(page);
  if (process.env["SHOTS"]) await page.screenshot({ path: join(process.env["SHOTS"], "text.png") });
  await page.getByRole("button", { name: "Go on" }).waitFor();
  await prompt.fill("aXb");
  await page.getByRole("button", { name: "Go on" }).click();
  assert.match((await page.getByRole("alert").textContent()) ?? "", /'X' is not among the characters/);
  assert.deepEqual(wrong, []);
  await page.close();
});

test("a claim is confirmed, a lie about the same file is not", async () => {
  for (const [what, verdict] of [["claim", /^The claim is true: from .* nats, .*, on 1024 examples\.$/], ["lie", /^The claim is false: it says loss/]] as const) {
    const { page, wrong } = await opened(what);
    await page.getByText("The claim is").waitFor();
    assert.match((await page.getByRole("status").textContent()) ?? "", verdict);
    await accessible(page);
    assert.deepEqual(wrong, []);
    await page.close();
  }
});

test("one browser gives a group to another by an invitation and its answer", async () => {
  const contexts = [await browser.newContext(), await browser.newContext()] as const;
  const [one, other] = await Promise.all(
    contexts.map(async (context) => {
      const page = await context.newPage();
      await page.goto(`${address}/#keep`);
      await page.getByRole("button", { name: "Keep this group here" }).click();
      await page.getByText("0 messages and 0.0 MB").waitFor();
      return page;
    }),
  );
  assert.ok(one && other);
  await one.getByRole("button", { name: "Make an invitation" }).click();
  const invitation = await one.getByLabel("Send this invitation").inputValue();
  await other.getByLabel("The invitation that it made").fill("hello");
  await other.getByRole("button", { name: "Answer it" }).click();
  assert.match((await other.getByRole("alert").textContent()) ?? "", /that is no invitation/);
  await other.getByLabel("The invitation that it made").fill(invitation);
  await other.getByRole("button", { name: "Answer it" }).click();
  const answer = await other.getByLabel("Send this answer back").inputValue();
  await accessible(one);
  await one.getByLabel("Its answer").fill(answer);
  if (process.env["SHOTS"]) await one.screenshot({ path: join(process.env["SHOTS"], "keep.png") });
  await one.getByRole("button", { name: "Connect" }).click();
  for (const page of [one, other]) await page.getByText("1 other browser is connected").waitFor();
  await other.getByRole("button", { name: "Clear all" }).click();
  await other.getByRole("button", { name: "Keep this group here" }).waitFor();
  await one.getByText("0 other browsers are connected").waitFor();
  await Promise.all(contexts.map((context) => context.close()));
});

test("a checkpoint that is none, or that nobody has, ends in a sentence, and nothing is wider than a telephone", async () => {
  const { page } = await opened("broken", 360);
  assert.match((await page.getByRole("alert").textContent()) ?? "", /has 7 bytes, the manifest implies exactly/);
  await page.close();
  for (const model of ["digits", "text", "keep"]) {
    const { page } = await opened(model, 360);
    await page.locator(".predict-pair").waitFor();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 360), model);
    if (process.env["SHOTS"]) await page.screenshot({ path: join(process.env["SHOTS"], `${model}-360.png`) });
    await page.close();
  }
});
