//! Locks NRN for what the rounds of a term improve on a hidden set, and opens it: mostly at once, sometimes in a later window, seldom
//! never. What follows is left to the jurors.

use governance::Offer;
use protocol::{
    BountyNumber, Digest, Micronats, Wei,
    bounty::{Calendar, Term, WINDOWS},
    chain::ChainEvent,
};

use crate::{
    hidden::EXAMPLES,
    plan::Plan,
    random::Random,
    world::{hands::Hands, people::Person},
};

/// Part of an epoch between two looks.
const LOOK_PART: u64 = 24;
/// NRN that are locked, and micronats that earn them.
const AMOUNT: (u64, u64) = (20, 2000);
const TARGET: (u64, u64) = (10_000, 600_000);
/// The bond is at least this part of the amount.
const BOND_PART: u128 = 8;
/// Epochs at the end of a run that are kept free for what comes late.
const SPARE_EPOCHS: u64 = 1;
/// Of a thousand sponsors, how many never open their sets, and how many wait for a later window.
const NEVER: u64 = 100;
const LATE: u64 = 250;

/// How far a bounty is.
#[derive(Debug, Clone, Copy)]
enum Stage {
    Idle,
    Sealed(BountyNumber, Term),
    Opened(BountyNumber),
}

/// See the module.
pub(super) struct Sponsor {
    random: Random,
    file: Digest,
    root: Digest,
    stage: Stage,
    /// Number of the next block whose events were not looked at.
    next: u64,
    look_s: u64,
    /// Whether and in which window the set is opened.
    opens_in: Option<u64>,
}

impl Sponsor {
    pub fn new(plan: &Plan, node: usize) -> Self {
        let mut random = Random::new(plan.seed, "sponsor", node as u64);
        let (file, root) = (Digest(random.bytes()), Digest(random.bytes()));
        let opens_in = if random.chance(LATE) { random.below(WINDOWS) } else { 0 };
        let opens_in = (!random.chance(NEVER)).then_some(opens_in);
        Self { random, file, root, stage: Stage::Idle, next: 0, look_s: 0, opens_in }
    }

    fn learn(&mut self, event: &ChainEvent) {
        match (event, self.stage) {
            (ChainEvent::Funded { bounty, root, first, last, windows, .. }, Stage::Idle) if *root == self.root => {
                self.stage = Stage::Sealed(*bounty, Term { first: *first, last: *last, windows: *windows });
            }
            (ChainEvent::Unsealed { bounty, .. }, Stage::Sealed(own, _)) if *bounty == own => self.stage = Stage::Opened(own),
            (ChainEvent::Returned { bounty, .. }, Stage::Sealed(own, _) | Stage::Opened(own)) if *bounty == own => {
                (self.file, self.root) = (Digest(self.random.bytes()), Digest(self.random.bytes()));
                self.stage = Stage::Idle;
            }
            _ => {}
        }
    }

    /// Nothing is begun whose end would not be seen, and of which the running model knows no more than a guess.
    fn fund(&mut self, own: &mut Hands<'_>, now_s: u64) {
        let Some(view) = own.view() else { return };
        let calendar = Calendar::from(view.as_ref());
        let term_s = view.period_s * self.random.within(8, 12) / 8;
        let term = Term::new(view.clock(now_s).round, term_s, calendar);
        let over_s = term.window_start_s(WINDOWS + SPARE_EPOCHS, calendar) + view.maturity_s;
        own.seal_hidden(self.file, self.root);
        if over_s > own.end_s() || !own.is_learnable(self.file, view.checkpoint) {
            return;
        }
        let amount = Wei::nrn(self.random.within(AMOUNT.0, AMOUNT.1));
        let bond = Wei(amount.0.div_ceil(BOND_PART)).max(view.min_deposit);
        let target = Micronats(self.random.within(TARGET.0, TARGET.1) as u32);
        own.fund(Offer { group: view.id, root: self.root, count: EXAMPLES, target, amount, bond, term_s });
    }

    /// From the end of the term on, or from the start of the window in which it wants to.
    fn open(&self, own: &mut Hands<'_>, bounty: BountyNumber, term: Term, now_s: u64) {
        let (Some(view), Some(window)) = (own.view(), self.opens_in) else { return };
        let calendar = Calendar::from(view.as_ref());
        let from_s = if window == 0 { term.end_s(calendar) } else { term.window_start_s(window, calendar) };
        if (from_s..term.middle_s(WINDOWS - 1, calendar)).contains(&now_s) {
            own.unseal(bounty, self.file);
        }
    }
}

impl Person for Sponsor {
    fn look(&mut self, own: &mut Hands<'_>) {
        let now_s = own.now_s();
        if now_s < self.look_s {
            return;
        }
        let Some(epoch_s) = own.view().map(|view| view.epoch_s) else { return };
        self.look_s = now_s + epoch_s / LOOK_PART;
        own.news(&mut self.next).iter().for_each(|event| self.learn(event));
        match self.stage {
            Stage::Idle => self.fund(own, now_s),
            Stage::Sealed(bounty, term) => self.open(own, bounty, term, now_s),
            Stage::Opened(_) => {}
        }
    }
}
