// Turns a state by one log after the other. Logs come in the order of the chain.

import * as bounties from "./bounties";
import * as coins from "./coins";
import * as dataset from "./dataset";
import * as groups from "./groups";
import { type Event, eventOf, type Log } from "./log";
import { momentOf } from "./read";
import * as rounds from "./rounds";
import * as stake from "./stake";
import type { State } from "./state";

type Turn = (state: State, event: Event) => void;

const ON_NETWORK: Record<string, Turn> = {
  Begun: groups.begun,
  Created: groups.created,
  Admitted: (state, event) => groups.setAdmitted(state, event, true),
  Revoked: (state, event) => groups.setAdmitted(state, event, false),
  LeastSet: groups.leastSet,
  PeriodSet: groups.periodSet,
  Opened: rounds.opened,
  Committed: rounds.committed,
  Revealed: rounds.revealed,
  Conceded: rounds.conceded,
  Decided: rounds.decided,
  Judged: rounds.judged,
  Attended: rounds.attended,
  PayCut: rounds.payCut,
  Settled: rounds.settled,
  Collected: rounds.collected,
  Struck: rounds.struck,
  Dozed: rounds.dozed,
  DoubleSigned: rounds.doubleSigned,
  Seated: stake.seated,
  Bonded: stake.bonded,
  Woken: (state, event) => stake.setAwake(state, event, true),
  Rested: (state, event) => stake.setAwake(state, event, false),
  Rotated: stake.rotated,
  Offered: stake.offered,
  OwnerChanged: stake.ownerChanged,
  Unbonded: stake.unbonded,
  Withdrawn: stake.withdrawn,
  Compounded: stake.compounded,
  Slashed: stake.slashed,
  Moved: stake.moved,
  Proposed: dataset.proposed,
  Displaced: dataset.displaced,
  Cast: dataset.cast,
  Extended: dataset.extended,
  Charged: dataset.charged,
  Turned: dataset.turned,
  Refunded: dataset.refunded,
  Taken: dataset.taken,
  Assented: dataset.assented,
  Shown: dataset.shown,
  Enacted: dataset.enacted,
  Funded: bounties.funded,
  Unsealed: bounties.unsealed,
  Resolved: bounties.resolved,
  BountyPaid: bounties.bountyPaid,
  FinderPaid: bounties.finderPaid,
  BountySettled: bounties.bountySettled,
};

/** Applies one log. Returns whether it said anything that the page keeps. */
export function apply(state: State, log: Log): boolean {
  const event = eventOf(state.contracts, log);
  if (!event) return false;
  state.last = momentOf(event);
  state.logs += 1;
  if (event.of === "neuron") coins.onNeuron(state, event);
  if (event.of === "emission") coins.onEmission(state, event);
  if (event.of === "sale") coins.onSale(state, event);
  if (event.of === "network") ON_NETWORK[event.name]?.(state, event);
  return true;
}
