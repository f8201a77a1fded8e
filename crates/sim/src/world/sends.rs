//! Transactions: asked for, tried, offered, kept back, mined, and answered late or never.

use protocol::{
    Address, RoundNumber,
    trainer::{Failed, Transaction},
};

use super::{Happening, World, vices::Met};
use crate::{
    chain::{Call, Offer, SimError, TransactionId},
    disk::DiskError,
    node::Asked,
};

/// Milliseconds that an endpoint takes for an answer.
const ANSWER_MS: (u64, u64) = (10, 250);
/// How often an endpoint is asked that gives no answer, and how long that takes each time.
const TRIES: u32 = 4;
const TRY_MS: u64 = 20_000;
/// Milliseconds after which a refused request is made again.
const REFUSED_MS: u64 = 2000;
/// Milliseconds after which a transaction is offered again, is offered for more, and is given up.
const OFFER_MS: u64 = 10_000;
const RAISE_MS: u64 = 60_000;
pub(crate) const GIVE_UP_MS: u64 = 600_000;

/// A transaction that was asked for.
#[derive(Debug)]
pub(crate) struct Request {
    node: usize,
    generation: u64,
    from: Address,
    call: Call,
    asked: Asked,
    tries: u32,
}

impl World {
    /// Asks for a transaction; its result is told when it is known, if ever.
    ///
    /// # Errors
    /// When the process is killed before.
    pub(crate) fn ask(&mut self, node: usize, call: Call, asked: Asked) -> Result<(), DiskError> {
        self.ask_from(node, self.nodes[node].account, call, asked)
    }

    /// The same from any account.
    ///
    /// # Errors
    /// As of [`World::ask`].
    pub(crate) fn ask_from(&mut self, node: usize, from: Address, call: Call, asked: Asked) -> Result<(), DiskError> {
        self.nodes[node].life.step()?;
        let time_ms = self.now_ms() + self.endpoint_ms(node);
        self.ask_at(time_ms, node, from, call, asked);
        Ok(())
    }

    /// Asks for a transaction at that millisecond.
    pub(crate) fn ask_at(&mut self, time_ms: u64, node: usize, from: Address, call: Call, asked: Asked) {
        let request = Request { node, generation: self.nodes[node].generation, from, call, asked, tries: 0 };
        self.schedule.at(time_ms, Happening::Request(Box::new(request)));
    }

    /// Milliseconds until a node's endpoint answers.
    pub(crate) fn endpoint_ms(&self, node: usize) -> u64 {
        self.random_of("endpoint", node).within(ANSWER_MS.0, ANSWER_MS.1) + self.weather.nodes[node].late_ms
    }

    /// Why an endpoint gives no answer now, and after how long that is known.
    pub(crate) fn endpoint_fails(&self, node: usize) -> Option<(u64, &'static str)> {
        let weather = &self.weather.nodes[node];
        let refuses = self.random_of("refusal", node).chance(weather.refuses);
        if weather.is_silent {
            return Some((TRY_MS, "the endpoint does not answer"));
        }
        refuses.then_some((REFUSED_MS, "the endpoint takes no more requests"))
    }

    pub(crate) fn request(&mut self, request: Request) -> Result<(), SimError> {
        let Request { node, generation, .. } = request;
        self.nodes[node].usage.calls += 1;
        if !self.is_current(node, generation) {
            return Ok(());
        }
        if let Some((wait_ms, reason)) = self.endpoint_fails(node) {
            if request.tries >= TRIES {
                self.tell_result(node, &request.asked, &Err(Failed::Passing(reason.to_owned())));
            } else {
                self.schedule.after(wait_ms, Happening::Request(Box::new(Request { tries: request.tries + 1, ..request })));
            }
            return Ok(());
        }
        let (from, offer) = (request.from, self.ledger.offer());
        if let Err(refusal) = self.ledger.chain.attempt(from, &request.call, offer) {
            if let (Asked::Trainer(what, rounds), true) = (&request.asked, true)
                && rounds.len() > 1
            {
                self.ask_one_by_one(&request, *what, rounds);
                return Ok(());
            }
            self.tell_result(node, &request.asked, &Err(Failed::Refused(refusal.to_string())));
            return Ok(());
        }
        self.nodes[node].usage.calls += 1;
        let id = self.ledger.chain.submit(from, &request.call, offer);
        self.keep_back(node, id);
        self.meet_all(Met::Waiting { from, call: &request.call });
        self.wait_for(request, id);
        Ok(())
    }

    /// None of many coinbases keeps the others back.
    fn ask_one_by_one(&mut self, request: &Request, what: Transaction, rounds: &[RoundNumber]) {
        let Call::Collect { group, to, .. } = request.call else { return };
        for round in rounds {
            let call = Call::Collect { group, rounds: vec![*round], to };
            let one = Request { call, asked: Asked::Trainer(what, vec![*round]), ..*request };
            self.schedule.after(1, Happening::Request(Box::new(one)));
        }
    }

    /// What a pool forgets is offered again; what it delays waits, and so does what follows a nonce that nobody used.
    fn keep_back(&mut self, node: usize, id: TransactionId) {
        if self.weather.nodes[node].miscounts {
            self.ledger.chain.hold(id);
            self.stuck.insert(id);
            self.schedule.after(GIVE_UP_MS, Happening::Forget(id));
            return;
        }
        let mut random = self.random("pool", id.0);
        let forgets = random.chance(self.weather.pool_drops);
        let wait_ms = self.weather.pool_delays * self.plan.block_ms + u64::from(forgets) * OFFER_MS;
        if wait_ms > 0 {
            self.ledger.chain.hold(id);
            self.schedule.after(wait_ms, Happening::Release(id));
        }
    }

    fn wait_for(&mut self, request: Request, id: TransactionId) {
        let Request { node, generation, asked, .. } = request;
        let is_deaf = self.random("deaf", id.0).chance(self.weather.nodes[node].loses_answers);
        let text = format!("sends {:?}{}", asked, if is_deaf { ", and hears nothing of it" } else { "" });
        self.note(node, &text);
        if let Some(process) = &mut self.nodes[node].process {
            process.pending.insert(id, (asked, is_deaf));
        }
        self.schedule.after(RAISE_MS, Happening::Raise { node, generation, id });
        self.schedule.after(GIVE_UP_MS, Happening::GiveUp { node, generation, id });
    }

    /// The next transaction of the account fills the gap.
    pub(crate) fn forget(&mut self, id: TransactionId) {
        self.stuck.remove(&id);
        // A reorganisation puts back what was mined; this never was.
        let _ = self.ledger.chain.drop_waiting(id);
    }

    /// What waits for long is offered for more, which fills no gap.
    pub(crate) fn raise(&mut self, node: usize, id: TransactionId) {
        if self.stuck.contains(&id) {
            return;
        }
        let now = self.ledger.offer();
        let offer = Offer { tip: protocol::Wei(now.tip.0 * 2), fee: protocol::Wei(now.fee.0 * 2), ..now };
        let Some(process) = &mut self.nodes[node].process else { return };
        let Ok(new) = self.ledger.chain.replace(id, offer) else { return };
        if let Some(pending) = process.pending.remove(&id) {
            process.pending.insert(new, pending);
            let generation = self.nodes[node].generation;
            self.schedule.after(GIVE_UP_MS - RAISE_MS, Happening::GiveUp { node, generation, id: new });
        }
    }

    /// Results in blocks up to that one.
    pub(crate) fn tell_results(&mut self, node: usize, shown: u64) {
        let mut nulls = self.random_of("receipts", node);
        let missing = self.weather.nodes[node].nulls;
        let own = &mut self.nodes[node];
        let Some(process) = &mut own.process else { return };
        own.usage.calls += process.pending.len() as u64;
        let known = |(id, (_, is_deaf)): (&TransactionId, &(Asked, bool))| {
            (!is_deaf && !nulls.chance(missing)).then(|| self.ledger.result(*id, shown).cloned().map(|result| (*id, result))).flatten()
        };
        let results: Vec<_> = process.pending.iter().filter_map(known).collect();
        for (id, result) in results {
            let pending = self.nodes[node].process.as_mut().and_then(|process| process.pending.remove(&id));
            if let Some((asked, _)) = pending {
                self.tell_result(node, &asked, &result.map_err(Failed::Refused));
            }
        }
    }

    pub(crate) fn give_up(&mut self, node: usize, id: TransactionId) {
        let pending = self.nodes[node].process.as_mut().and_then(|process| process.pending.remove(&id));
        if let Some((asked, _)) = pending {
            self.tell_result(node, &asked, &Err(Failed::Passing("not mined in ten minutes".to_owned())));
        }
    }

    fn tell_result(&mut self, node: usize, asked: &Asked, result: &Result<(), Failed>) {
        if let Err(failed) = result {
            self.note(node, &format!("fails with {asked:?}: {}", failed.clone().reason()));
        }
        asked.answers(result).into_iter().for_each(|answer| self.answer(node, answer));
    }
}
