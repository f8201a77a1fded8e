// Bounties: what a sponsor pays for improvement on examples that nobody else has.

import type { Event } from "./log";
import { accountIn, amountIn, Misfit, momentOf, note, numberIn } from "./read";
import type { Bounty, State } from "./state";

const bountyOf = (state: State, event: Event): Bounty => {
  const bounty = state.bounties.get(numberIn(event, "bounty"));
  if (!bounty) throw new Misfit(`${event.name} in block ${event.log.block} speaks of a bounty that is not there`);
  return bounty;
};

export function funded(state: State, event: Event): void {
  const bounty: Bounty = {
    number: numberIn(event, "bounty"),
    group: numberIn(event, "group"),
    sponsor: accountIn(event, "sponsor"),
    count: numberIn(event, "count"),
    target: numberIn(event, "target"),
    amount: amountIn(event, "amount"),
    bond: amountIn(event, "bond"),
    first: numberIn(event, "first"),
    last: numberIn(event, "last"),
    unsealed: false,
    resolved: false,
    settled: false,
    at: momentOf(event),
  };
  state.bounties.set(bounty.number, bounty);
  note(state, event, "funded", bounty.sponsor, { about: { bounty: bounty.number }, gave: bounty.amount + bounty.bond });
}

export function unsealed(state: State, event: Event): void {
  bountyOf(state, event).unsealed = true;
}

export function resolved(state: State, event: Event): void {
  bountyOf(state, event).resolved = true;
}

export function bountyPaid(state: State, event: Event): void {
  const { number } = bountyOf(state, event);
  const amount = amountIn(event, "amount");
  const told = event.args.burned ? { lost: amount } : { got: amount };
  note(state, event, "prized", accountIn(event, "winner"), { about: { bounty: number }, ...told });
}

export function finderPaid(state: State, event: Event): void {
  const { number } = bountyOf(state, event);
  note(state, event, "found", accountIn(event, "owner"), { about: { bounty: number }, got: amountIn(event, "amount") });
}

export function bountySettled(state: State, event: Event): void {
  const bounty = bountyOf(state, event);
  bounty.settled = true;
  const [got, lost] = [amountIn(event, "returned"), amountIn(event, "burned")];
  note(state, event, "returned", bounty.sponsor, { about: { bounty: bounty.number }, got, lost });
}
