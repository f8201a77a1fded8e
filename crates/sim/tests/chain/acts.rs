//! What happens beside won rounds: absence, double signatures, measures, deltas, bounties; the books are right after each.

use governance::Offer as BountyOffer;
use protocol::bounty::Findings;
use protocol::chain::{ChainEvent, Phase};
use protocol::eip712::{Choice, Signed, Typed, sign};
use protocol::ids::{BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::measures::{Act, Measure};
use protocol::money::{Micronats, Wei};
use sim::chain::{Books, Call, Place};

use crate::hand::{GROUP, Hand, SALT};

/// A hand whose every block is compared with the books.
struct Story {
    hand: Hand,
    books: Books,
}

impl Story {
    fn new() -> Self {
        let hand = Hand::new(1);
        let books = Books::new(&hand.chain);
        Self { hand, books }
    }

    fn check(&mut self) {
        let head = self.hand.chain.head().block.number;
        self.books.check(&mut self.hand.chain, head).unwrap_or_else(|error| panic!("{error}"));
    }

    fn must(&mut self, call: Call) -> Vec<ChainEvent> {
        self.hand.must(self.hand.trainers[0], call);
        self.check();
        self.hand.chain.head().events.clone()
    }

    fn wait(&mut self, seconds: u64) {
        self.hand.chain.mine(self.hand.now_s() + seconds);
        self.check();
    }

    /// The claim that was decided last.
    fn decided(&self) -> Digest {
        let head = self.hand.chain.head().block.number;
        let events = (0..=head).rev().flat_map(|number| self.hand.chain.events(number));
        let decided = events.into_iter().find_map(|event| match event {
            ChainEvent::Decided { claim, .. } => Some(*claim),
            _ => None,
        });
        decided.expect("a decided round")
    }

    /// All stake cancels what was decided.
    fn strike(&mut self, round: RoundNumber, claim: Digest) {
        let act = Act::Strike { group: GROUP, round, claim, restore: true };
        let measure = Measure::new(&act, Digest([9; 32]), self.hand.now_s() + 600);
        let digest = measure.digest(&self.hand.chain.domain());
        let numbered = (1..).map(PositionNumber).zip(&self.hand.validators);
        let assents = numbered.map(|(number, key)| (GROUP, number, sign(digest, key).expect("signed"))).collect();
        let events = self.must(Call::Enact { measure, assents });
        assert!(events.iter().any(|event| matches!(event, ChainEvent::Struck { .. })), "{events:?}");
    }

    fn view(&mut self) -> std::sync::Arc<protocol::chain::GroupView> {
        let head = self.hand.chain.head().block.number;
        self.hand.chain.view(GROUP, head).expect("the group")
    }
}

#[test]
fn who_signs_two_claims_is_slashed_and_the_books_know_it() {
    let mut story = Story::new();
    let round = story.hand.play();
    story.check();
    let (mut one, mut other) = (story.hand.verdicts(round, Digest([1; 32])), story.hand.verdicts(round, Digest([2; 32])));
    let (position, one, other) = (PositionNumber(4), one.remove(3).1, other.remove(3).1);
    let events = story.must(Call::SlashDouble { position, one, other });
    assert!(events.iter().any(|event| matches!(event, ChainEvent::DoubleSigned { position: PositionNumber(4), .. })), "{events:?}");
    let refused = story.hand.does(story.hand.trainers[0], Call::SlashDouble { position, one, other }).expect_err("once");
    assert!(refused.contains("OutOfTime"), "{refused}");
    story.hand.play();
    story.check();
}

#[test]
fn a_struck_round_pays_its_validators_and_not_its_winner() {
    let mut story = Story::new();
    let round = story.hand.play();
    let claim = story.decided();
    story.strike(round, claim);
    story.wait(1_200);
    let call = Call::Collect { group: GROUP, rounds: vec![round], to: story.hand.trainers[0] };
    assert!(story.hand.does(story.hand.trainers[0], call).expect_err("struck").contains("NotWinner"));
    assert!(!story.view().positions[0].earned.is_zero());
}

#[test]
fn a_lost_round_that_is_struck_gives_deposits_back_and_validators_their_pay() {
    let mut story = Story::new();
    let (round, nothing) = (story.hand.reach(Phase::Train), Digest([0; 32]));
    story.hand.commit(0, round, Digest([9; 32]));
    story.hand.next();
    story.hand.reach(Phase::Reveal);
    let claim = story.hand.claim(0, 1, round, Digest([9; 32]));
    story.must(Call::Reveal { claim, salt: SALT });
    story.hand.reach(Phase::Judge);
    let verdicts = story.hand.verdicts(round, nothing);
    story.must(Call::Judge { group: GROUP, round, claim: nothing, verdicts });
    story.strike(round, nothing);
    story.hand.reach(Phase::Train);
    let events = story.must(Call::Settle { group: GROUP, round, trainers: vec![story.hand.trainers[0]] });
    assert!(matches!(events[..], [ChainEvent::Settled { charged: Wei(0), refunded, .. }] if !refunded.is_zero()), "{events:?}");
    story.hand.must(story.hand.validator(0), Call::Compound(Place(GROUP, PositionNumber(1))));
    story.check();
}

#[test]
fn whoever_is_absent_from_eight_counted_rounds_is_put_to_sleep() {
    let mut story = Story::new();
    story.hand.validators.truncate(3);
    for _ in 0..9 {
        story.hand.play();
        story.check();
    }
    let view = story.view();
    assert_eq!(story.hand.chain.now().absent(&view).expect("read"), []);
    story.hand.play();
    let view = story.view();
    assert_eq!(story.hand.chain.now().absent(&view).expect("read"), [PositionNumber(4)]);
    story.must(Call::Doze(Place(GROUP, PositionNumber(4))));
    assert!(!story.view().positions[3].awake_next);
}

#[test]
fn a_delta_is_proposed_voted_for_applied_and_paid() {
    let mut story = Story::new();
    story.wait(1_200);
    story.must(Call::Turn(GROUP));
    let (view, patch) = (story.view(), Digest([6; 32]));
    let bond = story.hand.chain.now().least_bond(GROUP).expect("a bond");
    story.must(Call::Propose { group: GROUP, parent: view.head, patch, bond });
    let message = Choice { group: GROUP, period: view.period_number, delta: DeltaNumber(1), patch, seq: 1 };
    let domain = story.hand.chain.domain();
    let signed = |key| Signed { message, signature: sign(message.digest(&domain), key).expect("signed") };
    let choices = (1..).map(PositionNumber).zip(story.hand.validators.iter().map(signed)).collect();
    story.must(Call::Cast { group: GROUP, choices });
    story.wait(1_200);
    story.must(Call::Turn(GROUP));
    assert_eq!(story.view().applied, DeltaNumber(1));
    story.wait(1_200);
    story.must(Call::Turn(GROUP));
    let events = story.must(Call::Refund { group: GROUP, deltas: vec![DeltaNumber(1)] });
    assert!(events.iter().any(|event| matches!(event, ChainEvent::Refunded { issued, .. } if !issued.is_zero())), "{events:?}");
}

#[test]
fn a_bounty_that_nobody_opens_is_lost_and_the_books_know_it() {
    let mut story = Story::new();
    let (amount, bond) = (Wei::nrn(100), Wei::nrn(13));
    let offer = BountyOffer { group: GROUP, root: Digest([5; 32]), count: 100, target: Micronats(1_000), amount, bond, term_s: 1_200 };
    story.must(Call::Fund(offer));
    story.hand.play();
    story.wait(6 * 1_800);
    let findings = Findings { failed: false, base: Micronats(0), steps: Vec::new() };
    let events = story.must(Call::SettleBounty { bounty: BountyNumber(1), findings });
    let returned = events.iter().find_map(|event| match event {
        ChainEvent::Returned { amount, burned, .. } => Some((*amount, *burned)),
        _ => None,
    });
    assert_eq!(returned, Some((Wei(0), amount.saturating_add(bond))));
}

#[test]
fn a_void_round_is_attended_and_its_deposits_come_back() {
    let mut story = Story::new();
    let round = story.hand.reach(Phase::Train);
    story.hand.commit(0, round, Digest([9; 32]));
    story.hand.next();
    story.hand.reach(Phase::Reveal);
    let claim = story.hand.claim(0, 1, round, Digest([9; 32]));
    story.must(Call::Reveal { claim, salt: SALT });
    story.hand.reach(Phase::Judge);
    story.hand.reach(Phase::Train);
    let verdicts = story.hand.verdicts(round, Digest([0; 32]));
    story.must(Call::Attend { group: GROUP, round, verdicts });
    assert_eq!((story.view().newest.clone(), story.view().id), (vec![round], GroupId(1)));
    story.must(Call::Settle { group: GROUP, round, trainers: vec![story.hand.trainers[0]] });
}
