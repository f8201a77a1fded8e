// What all browser tests stand on: a devnet, a server of the built page, Chromium, and visits by people with wallets.

import { existsSync } from "node:fs";
import { type Browser, chromium, type BrowserContext, type Page } from "playwright-core";
import { accountOf } from "./keys";
import { type Devnet, devnet, gateway, type Program } from "./devnet";
import { serve, type Served } from "./serve";
import { giveWallet, type Habits, type TestWallet } from "./wallet";

const CHROMIUMS = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const PATIENCE_MS = 25_000;
/** Browsers that meet directly name their addresses by multicast, which a test machine may lack. */
const HOST_CANDIDATES = "--disable-features=WebRtcHideLocalIpsWithMdns";

export interface Stage {
  net: Devnet;
  gateway: Program;
  served: Served;
  browser: Browser;
  /** The address of the network's views. */
  root: string;
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** What the browser complained about. */
  complaints: string[];
  wallet: TestWallet | null;
  go: (path: string) => Promise<void>;
}

export interface Visitor {
  /** The name of a devnet's key. */
  who?: string;
  habits?: Habits;
  width?: number;
  dark?: boolean;
  at?: string;
}

export const HOSTILE_NAME = `devnet <img src=x onerror="window.hostile=1">`;

export async function raise(): Promise<Stage> {
  const executablePath = CHROMIUMS.find((path) => path !== "" && existsSync(path));
  if (!executablePath) throw new Error("no Chromium is here: install the package `chromium`, or set CHROMIUM to one");
  const net = await devnet();
  const files = await gateway(net);
  const site = { name: HOSTILE_NAME, rpc: net.rpc, chainId: net.chainId, network: net.network, since: 0, gateway: files.url };
  const served = await serve(`${process.cwd()}/dist`, [site]);
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", HOST_CANDIDATES] });
  return { net, gateway: files, served, browser, root: `#/n/${net.chainId}/${net.network.toLowerCase()}` };
}

export async function lower(stage: Stage): Promise<void> {
  await stage.browser.close();
  stage.served.close();
  await stage.gateway.close();
  await stage.net.close();
}

/** Opens the page as somebody. */
export async function visit({ net, served, browser, root }: Stage, { who, habits, width = 1200, dark = false, at }: Visitor = {}): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: dark ? "dark" : "light" });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (said) => {
    if (said.type() === "error" && !/Failed to load resource|ERR_/.test(said.text())) complaints.push(said.text());
  });
  const wallet = who ? await giveWallet(page, accountOf(net.folder, who), net.rpc, net.chainId, habits) : null;
  const go = async (path: string) => {
    await page.goto(`${served.url}${path}`);
    await page.waitForSelector("main:not([aria-busy]) h1, main:not([aria-busy]) h2");
  };
  await go(at ?? root);
  if (who) await connect(page);
  return { page, context, complaints, wallet, go };
}

export async function connect(page: Page): Promise<void> {
  await page.getByText("Connect wallet").click();
  await page.locator(".menu-item").first().click();
  await page.getByText("Connect wallet").waitFor({ state: "detached" });
}

export const addressOf = (stage: Stage, who: string): string => accountOf(stage.net.folder, who).address.toLowerCase();

/** Waits until what was sent under this label is deep in the chain. */
export async function confirmed(page: Page, label: string | RegExp): Promise<void> {
  const toast = page.locator(".toast[data-state='confirmed']", { hasText: label }).first();
  await toast.waitFor().catch(async (error: Error) => {
    const said = await page.locator(".wrong, .banner, .toast").allInnerTexts();
    throw new Error(`${error.message}\nThe page says: ${said.join(" | ")}`);
  });
}
