//! Blocks: when they come, what they say, who sees them, and what nodes are told of them.

use std::sync::Arc;

use protocol::{Digest, chain::GroupView, keccak256, machine::Heard};

use super::{Happening, World, vices::Met};
use crate::{chain::SimError, plan::MAX_DEPTH, told::short};

/// Of a thousand, by how much the time between two blocks differs from the mean at most.
const JITTER: u64 = 200;
/// Milliseconds until an endpoint shows a new block.
const HEAD_MS: (u64, u64) = (20, 300);
/// Milliseconds after which a node asks again for a block that its endpoint does not have.
const MISSING_MS: u64 = 2000;
/// Of a thousand transactions of a lost branch, how many the pool keeps back for a while.
const KEPT_BACK: u64 = 300;

/// Blocks after which the books are compared at the latest, far fewer than the chain remembers.
const BOOKS_PAUSE: u64 = 64;

impl World {
    pub(crate) fn mine(&mut self) -> Result<(), SimError> {
        let mut random = self.random("block", self.ledger.tip());
        let spread_ms = self.plan.block_ms * JITTER / 1000;
        self.schedule.after(random.within(self.plan.block_ms - spread_ms, self.plan.block_ms + spread_ms), Happening::Mine);
        if !self.weather.halt {
            let parent_s = self.ledger.block(self.ledger.tip()).time_s;
            let now_s = self.ledger.second(self.now_ms()) + self.weather.ahead_s;
            self.add_block(if self.weather.repeats { parent_s } else { now_s });
        }
        Ok(())
    }

    fn add_block(&mut self, time_s: u64) {
        self.let_draw(time_s);
        let (block, events) = self.ledger.mine(time_s, self.weather.fees);
        for event in &events {
            let text = short(event);
            self.trace.note(self.schedule.now_ms(), "chain", &format!("{} {text}", block.number));
        }
        self.check_books();
        for node in 0..self.nodes.len() {
            let mut random = self.random("head", block.number << 8 | node as u64);
            let wait_ms = random.within(HEAD_MS.0, HEAD_MS.1) + self.weather.nodes[node].late_ms;
            if self.nodes[node].process.is_some() {
                self.schedule.after(wait_ms, Happening::Head { node, number: block.number });
            }
        }
    }

    /// Blocks that may still be taken back are not for the books, and they are never led back.
    fn check_books(&mut self) {
        let settled = self.ledger.tip().saturating_sub(MAX_DEPTH);
        // Where groups are many, all of them are compared now and then.
        let pause = (self.plan.groups as u64).min(BOOKS_PAUSE);
        if settled < self.booked + pause {
            return;
        }
        self.booked = settled;
        if let Err(error) = self.books.check(&mut self.ledger.chain, settled) {
            self.checks.fail(format!("block {settled}: {error}"));
        }
    }

    /// Others come in the place of the last blocks, and one more.
    pub(crate) fn reorganise(&mut self, depth: u64) -> Result<(), SimError> {
        let (seconds, lost) = self.ledger.take_back(depth)?;
        let mut random = self.random_of("branch", 0);
        for id in lost {
            if random.chance(KEPT_BACK) {
                self.ledger.chain.hold(id);
                self.schedule.after(random.within(1, depth + 1) * self.plan.block_ms, Happening::Release(id));
            }
        }
        let now_s = self.ledger.second(self.now_ms());
        seconds.into_iter().chain([now_s]).for_each(|time_s| self.add_block(time_s));
        Ok(())
    }

    /// The newest block that nodes act on when their endpoint shows this one.
    pub(crate) fn confirmed(&self, number: u64) -> u64 {
        (number + 1).saturating_sub(self.plan.confirmations)
    }

    /// A node's endpoint shows a block, or an older one if it lags.
    pub(crate) fn show_head(&mut self, node: usize, number: u64) -> Result<(), SimError> {
        if self.weather.nodes[node].is_silent {
            return Ok(());
        }
        self.nodes[node].usage.calls += 1;
        if self.random_of("null", node).chance(self.weather.nodes[node].nulls) {
            self.schedule.after(MISSING_MS, Happening::Head { node, number });
            return Ok(());
        }
        let shown = number.min(self.ledger.tip()).saturating_sub(self.weather.nodes[node].lags_blocks);
        self.tell_results(node, shown);
        self.tell_to(node, self.confirmed(shown))
    }

    /// Tells a node all blocks up to that one; if what it was told before is gone, all of history anew.
    fn tell_to(&mut self, node: usize, confirmed: u64) -> Result<(), SimError> {
        let Some(process) = &self.nodes[node].process else { return Ok(()) };
        if process.told.back().is_some_and(|last| !self.ledger.holds(last)) {
            self.begin_anew(node, confirmed)?;
        }
        // One request brings the events of all of them.
        self.nodes[node].usage.calls += 1;
        while let Some(number) = self.next_to_tell(node, confirmed) {
            self.tell(node, number)?;
        }
        Ok(())
    }

    fn begin_anew(&mut self, node: usize, confirmed: u64) -> Result<(), SimError> {
        self.note(node, "begins history anew");
        let (view, tip) = (self.view_of(node, confirmed)?, self.ledger.block(confirmed));
        self.nodes[node].generation += 1;
        let own = &mut self.nodes[node];
        let Some(process) = &mut own.process else { return Ok(()) };
        [Heard::Restart, Heard::Group(view.as_ref().clone())].iter().for_each(|heard| own.replica.hear(heard));
        let effects = process.restart(view.as_ref().clone(), tip);
        self.act(node, effects);
        Ok(())
    }

    /// Of history the blocks in which nothing happened are left out, but for the last ones.
    fn next_to_tell(&mut self, node: usize, confirmed: u64) -> Option<u64> {
        let process = self.nodes[node].process.as_mut()?;
        let is_told = |number: &u64| {
            process.teller.is_live() || number + self.plan.recent_blocks > confirmed || !self.ledger.events(*number).is_empty()
        };
        (process.next..=confirmed).find(is_told)
    }

    fn tell(&mut self, node: usize, number: u64) -> Result<(), SimError> {
        let own = &mut self.nodes[node];
        let Some(process) = &mut own.process else { return Ok(()) };
        let block = self.ledger.block(number);
        let events: Vec<_> = self.ledger.events(number).iter().filter(|event| process.teller.concerns(event)).cloned().collect();
        let mut heard: Vec<Heard> = Vec::new();
        for moment_s in process.teller.moments_before(block) {
            let Some(decisive) = self.ledger.chain.first_block_since(moment_s) else { continue };
            let before = decisive.number.checked_sub(1).map(|before| self.ledger.block(before));
            let quiet = before.into_iter().chain([decisive]);
            heard.extend(quiet.filter_map(|quiet| process.teller.tell_between(quiet, block)));
        }
        own.usage.event_bytes += self.ledger.event_bytes(number);
        let wants_view = process.teller.wants_view(block, &events);
        own.usage.calls += u64::from(wants_view);
        let shown = number.saturating_sub(self.weather.nodes[node].older_blocks);
        let view = if wants_view { Some(self.ledger.view(own.group, shown)?.as_ref().clone()) } else { None };
        let was_live = process.teller.is_live();
        heard.extend(process.teller.tell(block, events, view));
        process.note(block);
        if self.deceived == Some(node) {
            heard.iter_mut().for_each(deceive);
        }
        heard.into_iter().for_each(|heard| self.hear(node, heard));
        if !was_live {
            self.read_log(node);
        }
        Ok(())
    }

    /// The group at a block as a node's endpoint shows it.
    pub(crate) fn view_of(&mut self, node: usize, number: u64) -> Result<Arc<GroupView>, SimError> {
        self.ledger.view(self.nodes[node].group, number.saturating_sub(self.weather.nodes[node].older_blocks))
    }

    pub(crate) fn hear(&mut self, node: usize, heard: Heard) {
        let is_own = matches!(heard, Heard::Log { author, .. } if author == self.nodes[node].replica.author());
        if !is_own {
            self.meet(node, Met::Heard(&heard));
        }
        self.nodes[node].replica.hear(&heard);
        if let Heard::Block(_) = heard {
            self.look_at(node);
        }
        if let Some(process) = &mut self.nodes[node].process {
            let effects = process.machine.hear(heard);
            self.act(node, effects);
        }
    }
}

/// An endpoint that tells the hashes of other blocks.
fn deceive(heard: &mut Heard) {
    if let Heard::Block(block) | Heard::Event { block, .. } = heard {
        block.hash = Digest(keccak256(&block.hash.0));
    }
}
