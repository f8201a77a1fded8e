// In Chromium: one browser keeps a group and gives it to another one that no server and no node serves; what is kept is there at the next visit.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { cidOf, RAW } from "../cid";
import { file, fromHex, json } from "./files";
import type { Peers } from "./peers";
import type { Recorded } from "./recorded";

const ROUND = "page/wasm/test/round/";
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const EXECUTABLE = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

declare const peers: Peers;

const served = new Map<string, { type: string; body: Uint8Array | string }>();
const server = createServer((request, response) => {
  const found = served.get(request.url ?? "");
  if (found === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { "content-type": found.type, "content-security-policy": POLICY }).end(found.body);
});
let browser: Browser;
let address = "";

before(async () => {
  const made = await build({ entryPoints: { peers: join(process.cwd(), "test/peers.ts") }, outdir: "/", bundle: true, write: false, format: "esm", target: "es2022" });
  for (const { path, contents } of made.outputFiles) served.set(path, { type: "text/javascript", body: contents });
  served.set("/", { type: "text/html; charset=utf-8", body: '<!doctype html><html lang="en"><title>Peers</title><script type="module" src="peers.js"></script></html>' });
  for (const name of ["evaluator", "log"]) served.set(`/${name}.wasm`, { type: "application/wasm", body: file(`page/wasm/${name}.wasm`) });
  served.set("/round.json", { type: "application/json", body: file(`${ROUND}round.json`) });
  const { manifest, patches, checkpoint, claims } = json<Recorded>(`${ROUND}round.json`);
  for (const digest of [manifest, ...patches, checkpoint, ...claims.map((claim) => claim.file)]) {
    served.set(`/ipfs/${cidOf(RAW, fromHex(digest))}`, { type: "application/octet-stream", body: file(`${ROUND}${digest}`) });
  }
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  // Names of this machine for its own addresses need multicast, which a test machine may lack.
  browser = await chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox", "--disable-features=WebRtcHideLocalIpsWithMdns"] });
});

after(async () => {
  await browser?.close();
  server.close();
});

/** A page of a visitor; each context is a browser of its own. */
const visited = async (context: BrowserContext): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(address);
  await page.waitForFunction(() => "peers" in globalThis);
  return page;
};

const meet = async (one: Page, other: Page): Promise<void> => {
  const invitation = await one.evaluate(() => peers.invite());
  const answer = await other.evaluate((text) => peers.join(text), invitation);
  await Promise.all([one.evaluate((text) => peers.meet(text), answer), other.evaluate(() => peers.meet())]);
};

test("a browser with no node in reach gets log, set and checkpoint from another one, and still has them when it is alone", async () => {
  const [first, second] = [await browser.newContext(), await browser.newContext()];
  const one = await visited(first);
  assert.equal(await one.evaluate(() => peers.open()), 0);
  await one.evaluate(() => peers.write(300, "from the first"));
  assert.match(await one.evaluate(() => peers.claim("server")), /^true: from /);

  await second.route("**/ipfs/**", (route) => route.abort());
  const other = await visited(second);
  await other.evaluate(() => peers.open());
  await assert.rejects(other.evaluate(() => peers.claim("server")), /nobody that was asked has the block/);
  await meet(one, other);
  assert.deepEqual(await other.evaluate(() => peers.turn()), [{ got: 300, put: 0, areEqual: true }]);
  assert.match(await other.evaluate(() => peers.claim("peers")), /^true: from /);

  // Both ways at once, and what one writes while nobody is there goes out later.
  await one.close();
  await other.evaluate(() => peers.write(2, "written alone"));
  await other.close();
  const again = await visited(second);
  assert.equal(await again.evaluate(() => peers.open()), 302, "what was kept is there at the next visit");
  assert.match(await again.evaluate(() => peers.claim("here")), /^true: from /);
  const back = await visited(first);
  assert.equal(await back.evaluate(() => peers.open()), 300);
  await meet(back, again);
  assert.deepEqual(await again.evaluate(() => peers.turn()), [{ got: 0, put: 2, areEqual: true }]);
  assert.equal(await back.evaluate(() => peers.count()), 302);
  assert.equal(await back.evaluate(() => peers.pulse()), await again.evaluate(() => peers.pulse()));
  await Promise.all([first.close(), second.close()]);
});

test("what is kept is bounded, true to its name, and cleared when the visitor says so", async () => {
  const context = await browser.newContext();
  const page = await visited(context);
  await page.evaluate(() => peers.open());
  await page.evaluate(() => peers.write(3, "words"));
  await page.evaluate(() => peers.claim("server"));
  assert.ok((await page.evaluate(() => peers.blockBytes())) > 200_000);
  assert.equal(await page.evaluate(() => peers.liesAreKept()), false);
  assert.deepEqual(await page.evaluate(() => peers.evicted()), [true, false, true]);
  await page.evaluate(() => peers.clear());
  assert.equal(await page.evaluate(() => peers.blockBytes()), 0);
  assert.equal(await page.evaluate(() => peers.open()), 0);
  await context.close();
});

test("a browser without room says so in a sentence", async () => {
  const context = await browser.newContext();
  const page = await visited(context);
  await page.evaluate(() => peers.open());
  // As a browser does whose disk is full.
  await page.evaluate(() => {
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("full", "QuotaExceededError");
    };
  });
  await assert.rejects(page.evaluate(() => peers.claim("server")), /no room left for what the page keeps/);
  await assert.rejects(page.evaluate(() => peers.write(1, "words")), /no room left for what the page keeps/);
  await context.close();
});

test("a text that is no invitation is refused with what to do", async () => {
  const context = await browser.newContext();
  const page = await visited(context);
  for (const text of ["", "hello", btoa("{}"), btoa('{"type":"answer","sdp":""}')]) {
    await assert.rejects(page.evaluate((given) => peers.join(given), text), /that is no invitation: copy the whole text/);
  }
  await context.close();
});
