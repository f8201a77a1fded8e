//! Groups of which this and that is heard, and what is shown of them.

use protocol::{
    chain::PositionView,
    eip712::{Signature, SignedVerdict, Verdict},
    ids::{DeltaNumber, PeriodNumber},
};

use super::*;

const ACCOUNT: Address = Address([5; 20]);
const OTHER: Address = Address([6; 20]);
const NODE: NodeId = NodeId([7; 32]);
const STRANGER: NodeId = NodeId([8; 32]);
const GROUP: GroupId = GroupId(1);

/// Rounds of 100 s from second 1000 on: 60, 20, 20.
fn view(is_awake: bool) -> Heard {
    let position = PositionView {
        number: PositionNumber(3),
        signer: ACCOUNT,
        live: Wei::nrn(9),
        earned: Wei::nrn(2),
        awake: is_awake,
        ..PositionView::default()
    };
    Heard::Group(GroupView {
        id: GROUP,
        name: Digest::ZERO,
        genesis_s: 1_000,
        times: Times { train_s: 60, reveal_s: 20, judge_s: 20 },
        improve: 6,
        least: Micronats(1),
        manifest: Digest::ZERO,
        checkpoint: Digest([1; 32]),
        head: Digest([2; 32]),
        admitted: true,
        parent: GroupId(0),
        voids: 0,
        opened: None,
        counted: 0,
        newest: Vec::new(),
        recent: Vec::new(),
        applied: DeltaNumber(0),
        period_s: 600,
        period_next_s: 600,
        period_number: PeriodNumber(0),
        period_end_s: 1_600,
        extended_s: 0,
        maturity_s: 60,
        min_deposit: Wei::ZERO,
        least_deposit: Wei::ZERO,
        epoch_s: 600,
        exit_s: 900,
        positions: vec![position],
    })
}

fn block(time_s: u64) -> Block {
    Block { number: time_s, time_s, hash: Digest::ZERO }
}

fn event(event: ChainEvent) -> Heard {
    Heard::Event { block: block(0), event }
}

fn opened(round: u64) -> Heard {
    let (group, round, zero) = (GROUP, RoundNumber(round), Wei::ZERO);
    let (checkpoint, head) = (Digest::ZERO, Digest::ZERO);
    event(ChainEvent::Opened {
        group,
        round,
        checkpoint,
        head,
        reward: zero,
        deposit: zero,
        awake: zero,
        total: zero,
        supply: zero,
        voids: 0,
    })
}

fn revealed(round: u64, trainer: Address, loss: u32) -> Heard {
    let (base, loss_root) = (Micronats(100), Digest::ZERO);
    let (round, file) = (RoundNumber(round), Digest([loss as u8; 32]));
    event(ChainEvent::Revealed(RevealedClaim { group: GROUP, round, trainer, number: 1, file, base, loss: Micronats(loss), loss_root }))
}

fn decided(round: u64, winner: Address, loss: u8) -> Heard {
    let (round, file) = (RoundNumber(round), Digest([loss; 32]));
    event(ChainEvent::Decided { group: GROUP, round, outcome: Outcome::Won, claim: Digest::ZERO, winner, file, checkpoint: file })
}

fn struck(round: u64) -> Heard {
    let (round, zero) = (RoundNumber(round), Wei::ZERO);
    event(ChainEvent::Struck { group: GROUP, round, checkpoint: Digest::ZERO, issued: zero, burned: zero })
}

fn collected(winner: Address) -> Heard {
    let (group, round, zero) = (GROUP, RoundNumber(0), Wei::ZERO);
    event(ChainEvent::Collected { group, round, winner, to: winner, asked: zero, issued: Wei::nrn(40), deposit: zero })
}

fn compounded(position: u64) -> Heard {
    event(ChainEvent::Compounded { group: GROUP, position: PositionNumber(position), amount: Wei::nrn(300) })
}

fn verdict(author: NodeId, round: u64) -> Heard {
    verdict_for(author, round, Digest::ZERO)
}

fn verdict_for(author: NodeId, round: u64, claim: Digest) -> Heard {
    let message = Verdict { group: GROUP, round: RoundNumber(round), claim, probe: Digest::ZERO };
    Heard::Log { author, body: Body::Verdict(SignedVerdict { message, signature: Signature { r: [0; 32], vs: [0; 32] } }) }
}

fn told(story: impl IntoIterator<Item = Heard>) -> Group {
    told_to(Some(ACCOUNT), story)
}

fn told_to(account: Option<Address>, heard: impl IntoIterator<Item = Heard>) -> Group {
    let (mut story, at) = (Story::new(GROUP, Own { account, node: NODE }), Instant::now());
    heard.into_iter().for_each(|heard| story.hear(&heard, Waiting { heard: 2, answers: 1 }, at));
    story.state(Some(1_300), 1_290, at + std::time::Duration::from_secs(4))
}

/// The running round is 2, and history is over.
fn live(is_awake: bool) -> Vec<Heard> {
    vec![view(is_awake), Heard::Block(block(1_265)), Heard::Live]
}

#[test]
fn before_anything_is_heard_nothing_is_known() {
    assert_eq!(told([]), Group { group: GROUP, ..Group::default() });
}

#[test]
fn round_phase_and_lag_are_told_by_the_newest_block() {
    let group = told(live(true));
    assert_eq!((group.round, group.phase, group.left_s), (Some(RoundNumber(2)), Some(Phase::Reveal), Some(11)));
    assert_eq!((group.block, group.lag_blocks, group.lag_s, group.quiet_s), (Some(1_265), Some(35), Some(25), Some(4)));
    assert_eq!((group.heard_waiting, group.answers_waiting, group.is_paid), (Some(2), Some(1), Some(true)));
    assert_eq!((group.commits, group.claims, group.best), (Some(0), Some(0), None));
}

#[test]
fn the_best_claim_of_the_running_round_leads_and_the_last_decision_stays() {
    let rounds = [opened(1), revealed(1, OTHER, 50), decided(1, OTHER, 50), opened(2), revealed(2, ACCOUNT, 40), revealed(2, OTHER, 30)];
    let group = told(rounds.into_iter().chain(live(true)));
    let best = group.best.expect("a claim");
    assert_eq!((group.claims, best.trainer, best.loss, group.own_loss), (Some(2), OTHER, Micronats(30), Some(Micronats(40))));
    let last = group.last.expect("a decision");
    assert_eq!((last.round, last.winner, last.loss), (RoundNumber(1), Some(OTHER), Some(Micronats(50))));
    assert_eq!(group.rounds_won, Some(0));
}

#[test]
fn pay_is_what_was_collected_compounded_and_earned_and_is_told_after_history() {
    let paid = || [collected(ACCOUNT), collected(OTHER), compounded(3), compounded(4), decided(1, ACCOUNT, 9)];
    let group = told(paid().into_iter().chain(live(true)));
    assert_eq!((group.pay, group.stake, group.rounds_won), (Some(Wei::nrn(342)), Some(Wei::nrn(9)), Some(1)));
    let early = told(paid().into_iter().chain([view(true), Heard::Block(block(1_265))]));
    assert_eq!((early.pay, early.rounds_won, early.claims), (None, None, None));
    let nobody = told_to(None, paid().into_iter().chain(live(true)));
    assert_eq!((nobody.pay, nobody.stake, nobody.rounds_won), (None, None, None));
    let again = told(paid().into_iter().chain([Heard::Restart]).chain(paid()).chain(live(true)));
    assert_eq!(again.pay, group.pay, "what is told anew counts once");
}

#[test]
fn losses_of_winners_make_a_curve_of_which_the_newest_stay_and_struck_rounds_fall() {
    let won = |round: u64, loss: u8| [opened(round), revealed(round, OTHER, loss.into()), decided(round, OTHER, loss)];
    let curve = |heard: Vec<Heard>| told(heard).curve.into_iter().map(|point| (point.round.0, point.loss.0)).collect::<Vec<_>>();
    let few: Vec<Heard> = [won(0, 50), won(1, 40), won(2, 30)].concat();
    assert_eq!(curve(few.clone()), [(0, 50), (1, 40), (2, 30)]);
    assert_eq!(curve([few.clone(), vec![struck(1)]].concat()), [(0, 50), (2, 30)]);
    assert_eq!(curve([few, vec![Heard::Restart], won(0, 50).to_vec()].concat()), [(0, 50)]);
    assert_eq!(curve(vec![opened(0), decided(0, OTHER, 50)]), [], "a loss that was not heard is not known");
    let many = curve((0..CURVE_MAX as u64 + 5).flat_map(|round| won(round, 9)).collect());
    assert_eq!((many.len(), many[0].0), (CURVE_MAX, 5));
}

#[test]
fn leaders_stand_by_loss_with_the_nodes_whose_last_verdicts_name_them() {
    let name = |loss: u32| claim_hash(Digest([loss as u8; 32]), Micronats(100), Micronats(loss), Digest::ZERO);
    let claims = [revealed(2, OTHER, 50), revealed(2, ACCOUNT, 30), revealed(2, OTHER, 40), revealed(2, ACCOUNT, 40)];
    let third = NodeId([9; 32]);
    let verdicts = [
        verdict_for(NODE, 2, name(30)),
        verdict_for(STRANGER, 2, name(50)),
        verdict_for(STRANGER, 2, name(30)),
        verdict_for(third, 2, name(40)),
        verdict_for(third, 2, name(40)),
        verdict_for(third, 1, name(30)),
    ];
    let group = told(live(true).into_iter().chain(claims).chain(verdicts));
    let leaders: Vec<_> = group.leaders.iter().map(|claim| (claim.trainer, claim.loss.0, claim.verdicts)).collect();
    assert_eq!(leaders, [(ACCOUNT, 30, 2), (OTHER, 40, 1), (ACCOUNT, 40, 1), (OTHER, 50, 0)]);
    assert_eq!((group.claims, group.phase_s), (Some(4), Some(20)));
    let many = told(live(true).into_iter().chain((0..50).rev().map(|loss| revealed(2, OTHER, loss))));
    assert_eq!((many.leaders.len(), many.leaders[0].loss, many.claims), (LEADERS_MAX, Micronats(0), Some(50)));
}

#[test]
fn verdicts_count_in_their_time_only() {
    let verdicts = [verdict(NODE, 2), verdict(STRANGER, 2), verdict(STRANGER, 1), verdict(STRANGER, 0), verdict(STRANGER, u64::MAX)];
    let group = told(live(true).into_iter().chain(verdicts));
    assert_eq!((group.verdicts_seen, group.verdicts_sent), (3, 1));
}

#[test]
fn a_verdict_is_missed_where_others_decided_while_the_node_was_there_and_awake() {
    let judged = |position| {
        let (group, round, claim, stake, amount) = (GROUP, RoundNumber(2), Digest::ZERO, Wei::ZERO, Wei::ZERO);
        event(ChainEvent::Judged { group, round, claim, stake, amount, positions: vec![PositionNumber(position)] })
    };
    let next = || [Heard::Block(block(1_300)), Heard::Block(block(1_400))];
    for (what, is_awake, before, after, missed) in [
        ("missed", true, vec![], vec![opened(2), decided(2, OTHER, 1)], 1),
        ("told in the log", true, vec![], vec![opened(2), verdict(NODE, 2), decided(2, OTHER, 1)], 0),
        ("counted on chain", true, vec![], vec![opened(2), judged(3), decided(2, OTHER, 1)], 0),
        ("of another", true, vec![], vec![opened(2), judged(4), verdict(STRANGER, 2), decided(2, OTHER, 1)], 1),
        ("asleep", false, vec![], vec![opened(2), decided(2, OTHER, 1)], 0),
        ("not decided", true, vec![], vec![opened(2)], 0),
        ("begun before the node", true, vec![opened(2)], vec![decided(2, OTHER, 1)], 0),
    ] {
        let group = told(before.into_iter().chain(live(is_awake)).chain(after).chain(next()));
        assert_eq!(group.verdicts_missed, missed, "{what}");
    }
}

#[test]
fn of_however_many_rounds_few_are_remembered() {
    let mut story = Story::new(GROUP, Own { account: None, node: NODE });
    (0..100).for_each(|round| story.hear(&opened(round), Waiting::default(), Instant::now()));
    assert_eq!(story.rounds.keys().map(|round| round.0).collect::<Vec<_>>(), [96, 97, 98, 99]);
}
