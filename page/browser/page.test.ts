// The page in a real browser, against a real devnet, with a wallet that signs for real.

import { after, before, describe } from "node:test";
import { hostile } from "./hostile";
import { lower, raise, type Stage } from "./stage";
import { images } from "./images";
import { pay } from "./pay";
import { stake } from "./stake";
import { sale } from "./sale";
import { computing } from "./computing";
import { bounty } from "./bounty";
import { founding } from "./founding";
import { dataset } from "./dataset";
import { examples } from "./examples";
import { trouble } from "./trouble";
import { views } from "./views";
import { withdrawal } from "./withdrawal";

describe("the page", { concurrency: false }, () => {
  let stage: Stage;
  before(async () => {
    stage = await raise();
  });
  after(async () => {
    if (stage) await lower(stage);
  });
  const on = () => stage;
  pay(on);
  stake(on);
  dataset(on);
  hostile(on);
  views(on);
  computing(on);
  examples(on);
  founding(on);
  bounty(on);
  images(on);
  trouble(on);
  sale(on);
  withdrawal(on);
});
