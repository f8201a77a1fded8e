// The views alone, for the test in a browser: what they compute with lies beside the page.

import { render } from "preact";
import type { Claim } from "../check";
import { Confirm } from "../confirm";
import { Keep, type Kept } from "../keep";
import { Keeper } from "../log/keeper";
import { Store } from "../log/store";
import { Predict, type Sources } from "../predict";
import { Files } from "../tree";
import { claimOf, type Recorded } from "./recorded";

const bytes = async (name: string) => (await fetch(name)).arrayBuffer();

/** The model is named behind the `#`. */
const model = location.hash.slice(1);

const sources: Sources = {
  module: () => bytes("evaluator.wasm"),
  worker: () => new Worker("worker.js", { type: "module" }),
  model: async () => {
    const [manifest, checkpoint] = await Promise.all([bytes(`${model}/manifest`), bytes(`${model}/checkpoint`)]);
    return { manifest: new Uint8Array(manifest), checkpoint: new Uint8Array(checkpoint) };
  },
};

/** The recorded round, for the test of claims: its files are beside the page by their digest. */
const files = new Files(async (cid) => {
  const answer = await fetch(`ipfs/${cid}`);
  return answer.ok ? new Uint8Array(await answer.arrayBuffer()) : undefined;
});

const claim = async (): Promise<Claim> => {
  const recorded = (await (await fetch("round.json")).json()) as Recorded;
  const [said] = recorded.claims;
  if (said === undefined) throw new Error("no claim was recorded");
  return claimOf(recorded, model === "lie" ? { ...said, loss: said.loss - 1 } : said);
};

const place = document.getElementById("page");
const keep = async (): Promise<Kept> => {
  const store = await Store.open();
  const keeper = await Keeper.open(await bytes("log.wasm"), store, { chainId: 1, network: `0x${"03".repeat(20)}`, group: 1 });
  return { keeper, store };
};

const view = () => {
  if (model === "keep") return <Keep open={keep} />;
  if (model === "claim" || model === "lie") return <Confirm claim={claim} files={files} sources={sources} />;
  return <Predict sources={sources} />;
};

if (place) render(view(), place);
