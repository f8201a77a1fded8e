// NRN, the schedule of its issue, and the sale.

import type { Event } from "./log";
import { accountIn, amountIn, note, numberIn } from "./read";
import { allowanceAt } from "./rules";
import { ZERO, type State } from "./state";

export function onNeuron(state: State, event: Event): void {
  if (event.name !== "Transfer") return;
  const amount = amountIn(event, "value");
  if (accountIn(event, "from") === ZERO) state.supply += amount;
  if (accountIn(event, "to") === ZERO) state.supply -= amount;
}

export function onEmission(state: State, event: Event): void {
  const { emission } = state;
  const time = event.log.time;
  if (event.name === "ScheduleOpened") {
    emission.start = emission.accrued = numberIn(event, "start");
    emission.points.push({ time: emission.start, issued: 0n, allowed: 0n });
  }
  if (event.name === "Issued") {
    const issued = amountIn(event, "issued");
    // The log is written before the mint: the supply is the one that the schedule went by.
    emission.allowance = allowanceAt(state, time) - issued;
    emission.accrued = time;
    emission.issued += issued;
    emission.asked += amountIn(event, "asked");
    emission.points.push({ time, issued: emission.issued, allowed: emission.issued + emission.allowance });
  }
}

export function onSale(state: State, event: Event): void {
  const { sale } = state;
  if (event.name === "Begun") {
    Object.assign(sale, { price: amountIn(event, "price"), deadline: numberIn(event, "deadline"), minimum: amountIn(event, "minimum") });
  }
  if (event.name === "Closed") sale.closed = true;
  if (event.name === "Bought" || event.name === "Claimed" || event.name === "Refunded") onBuyer(state, event);
}

function onBuyer(state: State, event: Event): void {
  const { sale } = state;
  const buyer = accountIn(event, "buyer");
  const before = sale.bought.get(buyer) ?? 0n;
  if (event.name === "Bought") {
    const amount = amountIn(event, "amount");
    sale.sold += amount;
    sale.bought.set(buyer, before + amount);
    note(state, event, "bought", buyer, { about: null, gave: amountIn(event, "paid"), got: amount });
    return;
  }
  sale.bought.delete(buyer);
  if (event.name === "Claimed") note(state, event, "claimed", buyer, { about: null, got: amountIn(event, "amount") });
  if (event.name === "Refunded") {
    sale.sold -= before;
    note(state, event, "saleRefunded", buyer, { about: null, got: amountIn(event, "paid") });
  }
}
