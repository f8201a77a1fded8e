// Images of the page for the README, made where they are looked at: small, and of a network whose name says nothing.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { serve } from "./serve";
import { type Stage, visit } from "./stage";

const TOGETHER_BYTES = 200_000;
const WIDTH = 960;
/** Room above the heading that an image begins with. */
const ABOVE = 24;

/** Where they are written; nowhere unless this names a folder. */
const FOLDER = process.env.NEURON_IMAGES;

interface Image {
  name: string;
  at: string;
  dark: boolean;
  /** The heading that it begins with; the top of the page if there is none. */
  from?: string;
  height: number;
  /** Brings the view into its state. */
  pose: (page: Page) => Promise<void>;
}

const IMAGES: Image[] = [
  { name: "rounds", at: "", dark: false, height: 750, pose: (page) => page.getByText("Loss over rounds").first().waitFor() },
  { name: "delta", at: "/d/1", dark: false, from: "What it makes of the set", height: 660, pose: measured },
  { name: "drawing", at: "/try", dark: true, from: "Try its model", height: 390, pose: drawn },
];

async function taken(page: Page, { from, height }: Image): Promise<Buffer> {
  const box = from ? await page.getByRole("heading", { name: from }).boundingBox() : null;
  const scrolled = (await page.evaluate("scrollY")) as number;
  const top = box ? box.y + scrolled - ABOVE : 0;
  return page.screenshot({ animations: "disabled", fullPage: true, clip: { x: 0, y: top, width: WIDTH, height } });
}

async function measured(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Compare it with the set" }).click();
  await page.getByRole("button", { name: "Measure the running model on them" }).click();
  await page.getByText(/is the running model's mean loss/).waitFor();
}

async function drawn(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Fetch the model and try it" }).click();
  const frame = page.getByRole("application");
  await frame.waitFor();
  await page.getByRole("heading", { name: "Try its model" }).evaluate((place) => place.scrollIntoView());
  const box = await frame.boundingBox();
  assert.ok(box);
  const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const;
  await page.mouse.move(...at(0.3, 0.14));
  await page.mouse.down();
  await page.mouse.move(...at(0.7, 0.14), { steps: 6 });
  await page.mouse.move(...at(0.45, 0.88), { steps: 6 });
  await page.mouse.up();
  await page.getByText(/It is a \d/).waitFor();
}

export function images(on: () => Stage): void {
  test("the images of the README are small and show what they should", async () => {
    const stage = on();
    const site = { name: "devnet", rpc: stage.net.rpc, chainId: stage.net.chainId, network: stage.net.network, since: 0, gateway: stage.gateway.url };
    const served = await serve(`${process.cwd()}/dist`, [site]);
    let bytes = 0;
    for (const image of IMAGES) {
      const { name, at, dark, pose } = image;
      const { page, context } = await visit({ ...stage, served }, { at: `${stage.root}/g/1${at}`, dark, width: WIDTH });
      await pose(page);
      await page.mouse.move(0, 0);
      const shot = await taken(page, image);
      bytes += shot.length;
      if (FOLDER) {
        mkdirSync(FOLDER, { recursive: true });
        writeFileSync(`${FOLDER}/page-${name}.png`, shot);
      }
      await context.close();
    }
    served.close();
    assert.ok(bytes > 0 && bytes <= TOGETHER_BYTES, `${bytes} bytes`);
  });
}
