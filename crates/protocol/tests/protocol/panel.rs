//! Which of a validator's machines hears what, and when; and in which order a node is told a chain.

use protocol::pace::Tempo;
use std::collections::BTreeSet;

use crate::world::*;
use protocol::chain::{Block, ChainEvent, GroupView};
use protocol::eip712::{Choice, Node, Typed as _, sign};
use protocol::feed::Teller;
use protocol::log::{Binding, Body};
use protocol::machine::{Heard, Machine};
use protocol::panel::{Config, Effect, Panel};
use protocol::signing_log::SigningLog;
use protocol::{DeltaNumber, Digest, NodeId, PeriodNumber, RoundNumber, Wei, steward, validator, warden};

const ROUND: RoundNumber = RoundNumber(3);

fn panel() -> Panel {
    Panel::new(Config {
        group: GROUP,
        domain: DOMAIN,
        signer: account(1),
        tempo: Tempo { edge_s: Some(2), step_s: Some(1), ..Tempo::default() },
        compound_part: 0,
        verdicts_a_call: 100,
        signed: SigningLog::default(),
        doppelganger_check: true,
    })
}

fn live(view: GroupView) -> (Panel, Vec<Effect>) {
    let mut panel = panel();
    panel.hear(Heard::Group(view));
    panel.hear(Heard::Block(at(ROUND, 0)));
    let effects = panel.hear(Heard::Live);
    (panel, effects)
}

fn event(event: ChainEvent) -> Heard {
    Heard::Event { block: at(ROUND, 1), event }
}

fn proposed() -> ChainEvent {
    let (author, parent, period, bond) = (account(9), digest("head"), PeriodNumber(0), Wei::nrn(1));
    ChainEvent::Proposed { group: GROUP, delta: DeltaNumber(1), author, digest: digest("patch"), parent, period, bond }
}

/// The node with that number says that it speaks for the account with that number.
fn binding(node: u8, of: u8) -> Heard {
    let author = NodeId([node; 32]);
    let signature = sign(Node { node: author }.digest(&DOMAIN), &key(of)).unwrap();
    Heard::Log { author, body: Body::Binding(Binding { account: account(of), signature }) }
}

#[test]
fn what_is_history_is_not_served() {
    let mut panel = panel();
    panel.hear(Heard::Group(group()));
    assert_eq!(panel.hear(event(proposed())), []);
    panel.hear(Heard::Block(at(ROUND, 0)));
    assert!(panel.hear(Heard::Live).contains(&Effect::TellRoot { head: digest("head") }));
    assert!(panel.hear(event(proposed())).contains(&Effect::Hold { delta: DeltaNumber(1), digest: digest("patch") }));
    panel.hear(Heard::Restart);
    panel.hear(Heard::Group(group()));
    assert_eq!(panel.hear(event(proposed())), [], "after a reorganisation all is history again");
}

#[test]
fn votes_are_not_brought_before_all_is_known_that_others_have_brought() {
    let choice = Choice { group: GROUP, period: PeriodNumber(0), delta: DeltaNumber(1), patch: digest("patch"), seq: 1 };
    let signature = sign(choice.digest(&DOMAIN), &key(2)).unwrap();
    let body = Body::Choice(protocol::eip712::Signed { message: choice, signature });
    let view = GroupView { period_s: 400, period_end_s: at(ROUND, 0).time_s + 50, ..group() };
    let casts = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Steward(steward::Effect::Cast(_))));
    let told = |is_live: bool| {
        let mut panel = panel();
        for heard in [Heard::Group(view.clone()), event(proposed()), Heard::Block(at(ROUND, 0))] {
            panel.hear(heard);
        }
        is_live.then(|| panel.hear(Heard::Live));
        panel.hear(Heard::Log { author: NodeId([2; 32]), body: body.clone() });
        (1..40).any(|second| casts(&panel.hear(Heard::Block(at(ROUND, second)))))
    };
    assert!(told(true) && !told(false));
}

#[test]
fn only_the_word_of_nodes_that_speak_for_stake_counts_about_files() {
    let judged = |bound: &[(u8, u8)]| {
        let mut panel = panel();
        panel.hear(Heard::Group(group()));
        panel.hear(Heard::Block(at(ROUND, 0)));
        panel.hear(event(opened_event(ROUND, digest("checkpoint"))));
        panel.hear(Heard::Live);
        [19, 20].into_iter().for_each(|second| drop(panel.hear(Heard::Block(at(ROUND, second)))));
        let claim = claim(ROUND, 9, protocol::Micronats(2_000_000), protocol::Micronats(1_900_000), "file");
        panel.hear(event(ChainEvent::Revealed(claim)));
        let base = validator::BaseFinding { base: claim.base, probe: digest("probe") };
        panel.answer(protocol::panel::Answer::Validator(validator::Input::BaseMeasured { round: ROUND, result: Ok(base) }));
        for (node, of) in bound {
            panel.hear(binding(*node, *of));
            panel.hear(Heard::Log { author: NodeId([*node; 32]), body: Body::Have { round: ROUND, file: claim.file } });
        }
        let held = validator::Input::Fetched { round: ROUND, file: claim.file, result: validator::Fetched::Held };
        panel.answer(protocol::panel::Answer::Validator(held));
        let hash = protocol::rules::claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        let finding = validator::Finding::True { probe: digest("probe") };
        panel.hear(Heard::Block(at(ROUND, 30)));
        let measured = validator::Input::Measured { round: ROUND, claim: hash, finding };
        let effects = panel.answer(protocol::panel::Answer::Validator(measured));
        effects.iter().any(|effect| matches!(effect, Effect::Validator(validator::Effect::Sign(verdict)) if verdict.claim == hash))
    };
    assert!(judged(&[(12, 2), (13, 3)]), "two thirds hold it");
    assert!(!judged(&[(12, 12), (13, 13)]), "nodes of strangers say so");
    assert!(!judged(&[]));
}

#[test]
fn a_validator_is_told_that_its_position_sleeps_and_until_when() {
    let mut view = group();
    (view.positions[0].awake_next, view.positions[0].sleeps_until) = (false, 9);
    let epoch = view.epoch(at(ROUND, 0).time_s);
    assert!(live(view).1.contains(&Effect::Asleep { until: 9, epoch }));
    let (mut panel, effects) = live(group());
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Asleep { .. })));
    let dozed = |number| ChainEvent::Dozed { group: GROUP, position: protocol::PositionNumber(number), until: 7 };
    assert!(panel.hear(event(dozed(1))).contains(&Effect::Asleep { until: 7, epoch }));
    assert_eq!(panel.hear(event(dozed(2))), []);
}

#[test]
fn an_alarm_that_the_log_holds_is_not_raised_again() {
    let wrong = verdict(2, RoundNumber(ROUND.0 - 1), Digest::ZERO);
    let raises = |is_told: bool| {
        let mut panel = panel();
        panel.hear(Heard::Group(group()));
        panel.hear(Heard::Block(at(wrong.message.round, 0)));
        panel.hear(event(opened_event(wrong.message.round, digest("checkpoint"))));
        panel.hear(Heard::Block(at(ROUND, 0)));
        panel.hear(Heard::Live);
        let body = Body::Alarm { verdict: wrong, reason: "another probe".into() };
        Some(body).filter(|_| is_told).into_iter().for_each(|body| drop(panel.hear(Heard::Log { author: NodeId([3; 32]), body })));
        let (round, wrong) = (wrong.message.round, vec![(wrong, "another probe".to_owned())]);
        let mut effects = panel.answer(protocol::panel::Answer::Warden(warden::Input::Replayed { round, wrong }));
        (1..38).for_each(|second| effects.extend(panel.hear(Heard::Block(at(ROUND, second)))));
        effects.iter().any(|effect| matches!(effect, Effect::Warden(warden::Effect::Alarm { .. })))
    };
    assert_eq!([false, true].map(raises), [true, false]);
}

#[test]
fn a_validator_ends_when_it_is_asked_to() {
    let (mut panel, _) = live(group());
    assert!(!panel.is_finished());
    assert_eq!(panel.finish(), []);
    assert!(panel.is_finished());
}

/// What of a chain of one block a second is told until `tip` and some blocks beyond, if before `near` the quiet ones are left out.
fn told(tip: u64, near: u64, last: u64) -> Vec<Heard> {
    let mut teller = Teller::new(group(), block(tip));
    let mut heard = Vec::new();
    for time_s in (GENESIS_S..near).step_by(17).chain(near..=last) {
        for moment_s in teller.moments_before(block(time_s)) {
            let quiet = [block(moment_s - 1), block(moment_s)];
            heard.extend(quiet.into_iter().filter_map(|quiet| teller.tell_between(quiet, block(time_s))));
        }
        let view = teller.wants_view(block(time_s), &[]).then(group);
        heard.extend(teller.tell(block(time_s), Vec::new(), view));
    }
    heard
}

#[test]
fn of_a_long_history_the_blocks_that_draw_examples_are_told_with_those_before_them() {
    let (tip, last) = (at(RoundNumber(5), 33), at(RoundNumber(6), 3));
    let heard = told(tip.time_s, tip.time_s, last.time_s);
    let blocks: Vec<Block> = heard.iter().filter_map(|heard| if let Heard::Block(block) = heard { Some(*block) } else { None }).collect();
    assert!(blocks.windows(2).all(|pair| pair[0].number < pair[1].number), "in order, each once");
    let numbers: BTreeSet<u64> = blocks.iter().map(|block| block.number).collect();
    for second in [at(RoundNumber(4), 20), at(RoundNumber(5), 20)] {
        assert!(numbers.contains(&second.number) && numbers.contains(&(second.number - 1)), "{second:?}");
    }
    let lives: Vec<usize> = heard.iter().enumerate().filter(|(_, heard)| **heard == Heard::Live).map(|(place, _)| place).collect();
    assert_eq!(lives.len(), 1);
    assert_eq!(heard[lives[0] - 1], Heard::Block(tip), "history ends with the block that was the newest");
    let groups = heard.iter().filter(|heard| matches!(heard, Heard::Group(_))).count();
    assert_eq!(groups, 2, "at the end of history, and in the round after it");
}

#[test]
fn blocks_are_not_told_twice_where_none_is_left_out() {
    let (tip, last) = (at(RoundNumber(1), 33), at(RoundNumber(1), 39).time_s);
    let heard = told(tip.time_s, GENESIS_S, last);
    let blocks = heard.iter().filter(|heard| matches!(heard, Heard::Block(_))).count() as u64;
    assert_eq!(blocks, last - GENESIS_S + 1);
    let live = heard.iter().position(|heard| *heard == Heard::Live).unwrap();
    assert_eq!(heard[live - 1], Heard::Block(tip), "not before its end, though all was told until there");
}

#[test]
fn whoever_passes_over_starts_of_reveal_is_told_the_blocks_that_draw_there() {
    let (tip, back) = (at(ROUND, 5), at(RoundNumber(6), 27));
    let mut teller = Teller::new(group(), tip);
    teller.moments_before(tip);
    teller.tell(tip, Vec::new(), Some(group()));
    let starts = [ROUND, RoundNumber(5), RoundNumber(6)].map(|round| at(round, 20).time_s);
    assert_eq!(teller.moments_before(back), starts, "the one that was foreseen, and those that still matter");
    teller.tell(back, Vec::new(), None);
    let next = at(RoundNumber(6), 28);
    assert!(teller.moments_before(next).is_empty(), "nothing lies between");
    teller.tell(next, Vec::new(), None);
    assert!(teller.moments_before(at(RoundNumber(7), 3)).is_empty(), "no start lies between");
}

#[test]
fn what_concerns_other_groups_is_not_told() {
    let teller = Teller::new(group(), at(ROUND, 0));
    assert!(teller.concerns(&proposed()));
    assert!(teller.concerns(&ChainEvent::Issued { to: account(1), asked: Wei::ZERO, issued: Wei::ZERO }), "what concerns all");
    assert!(!teller.concerns(&ChainEvent::Admitted { group: protocol::GroupId(2) }));
    assert!(teller.wants_view(at(ROUND, 0), &[]) && !Teller::new(group(), at(ROUND, 9)).wants_view(at(ROUND, 0), &[]), "not of history");
    let _: Digest = teller.view().head;
}
