// What a group was founded with.

import { epochAt, matureAt, roundEnd } from "../fold/rules";
import { Account, Digest, Fact, Time } from "../parts/bits";
import { useHere, useNow } from "../parts/context";
import { lasting } from "../parts/words";
import type { Inside } from "./group";

export function AboutTab({ answer, group }: Inside) {
  const { links } = useHere();
  const now = useNow();
  const { birth } = group;
  const { terms } = answer;
  const maturity = matureAt(terms, birth, 0) - roundEnd(terms, birth, 0);
  return (
    <section>
      <h2>What it was founded with</h2>
      <dl class="facts facts-list">
        <Fact name="Founder">
          <Account of={group.creator} />
        </Fact>
        <Fact name="Founded">
          <Time at={group.created.time} />
        </Fact>
        {group.parent > 0 && (
          <Fact name="Forked from">
            <a href={links.group(group.parent)}>Group {group.parent}</a>
          </Fact>
        )}
        <Fact name="Model (manifest)">
          <Digest of={birth.manifest} label="manifest" />
        </Fact>
        <Fact name="First checkpoint">
          <Digest of={birth.checkpoint} label="first checkpoint" />
        </Fact>
        <Fact name="Checkpoint now">
          <Digest of={group.checkpoint} label="checkpoint" />
        </Fact>
        <Fact name="Training set now">
          <Digest of={group.head} label="head" />
        </Fact>
        <Fact name="Patches of its first set">{birth.dataset.length || "those of its parent"}</Fact>
        <Fact name="A round">
          {lasting(birth.train)} training, {lasting(birth.reveal)} revealing, {lasting(birth.judge)} judging
        </Fact>
        <Fact name="A period of the set">
          {lasting(group.period)}
          {group.periodNext !== group.period && `, the next ones ${lasting(group.periodNext)}`}
        </Fact>
        <Fact name="A winner is better by">
          1/{2 ** birth.improve} of the loss before, and {(group.least / 1e6).toFixed(6)} nats
        </Fact>
        <Fact name="Pay matures">{lasting(maturity)} after the round</Fact>
        <Fact name="An epoch">
          {lasting(terms.epoch)}; it is epoch {epochAt(terms, now)}
        </Fact>
        <Fact name="To leave takes">{lasting(terms.exit)}</Fact>
        <Fact name="Name for measures">
          <Digest of={group.name} label="name" />
        </Fact>
      </dl>
    </section>
  );
}
