//! What is drawn of a node, what keys do, and recordings.

use node::{
    logging::recent::Line,
    vitals::state::{Best, Chain, Claim, Group, Last, Machine, Peers, Point, State, Trouble, VERSION},
};
use proptest::prelude::*;
use protocol::{
    Address, GroupId, Micronats, RoundNumber, Wei,
    chain::{Outcome, Phase},
};
use ratatui::{Terminal, backend::TestBackend};

use super::{
    draw::draw,
    reel::{self, Recorder},
    state::{Action, Key, LINES_MAX, Seen, Top},
};
use crate::cli::names::Names;

const WIDE: &str = include_str!("tests/wide.txt");
const NARROW: &str = include_str!("tests/narrow.txt");

/// A group of which everything is known.
fn group(number: u64) -> Group {
    let (first, second) = (Address([0xab; 20]), Address([0xcd; 20]));
    let claim = |trainer, loss, verdicts| Claim { trainer, loss: Micronats(loss), verdicts };
    let losses = [900_000, 850_000, 700_000, 720_000, 690_000].into_iter().enumerate();
    Group {
        group: GroupId(number),
        is_live: true,
        is_paid: Some(true),
        round: Some(RoundNumber(8)),
        phase: Some(Phase::Reveal),
        left_s: Some(75),
        phase_s: Some(300),
        block: Some(100),
        lag_s: Some(12),
        commits: Some(3),
        claims: Some(2),
        best: Some(Best { trainer: first, base: Micronats(690_000), loss: Micronats(612_345) }),
        leaders: vec![claim(first, 612_345, 3), claim(second, 650_000, 1)],
        own_loss: Some(Micronats(650_000)),
        last: Some(Last { round: RoundNumber(7), outcome: Outcome::Won, winner: Some(second), loss: Some(Micronats(690_000)) }),
        curve: losses.map(|(round, loss)| Point { round: RoundNumber(round as u64 + 3), loss: Micronats(loss) }).collect(),
        verdicts_sent: 6,
        verdicts_missed: 1,
        rounds_won: Some(2),
        pay: Wei::from_nrn("1.5").ok(),
        stake: Some(Wei::nrn(200)),
        is_awake: Some(true),
        ..Group::default()
    }
}

fn line(number: u64, text: &str) -> Line {
    Line { number, at_s: 951_868_799 + number, level: "INFO".into(), text: text.into() }
}

/// A node whose trouble and log strangers had a hand in.
fn seen(groups: &[u64]) -> Seen {
    let state = State {
        version: VERSION,
        program: "trainer-node".into(),
        build: "1.2.3".into(),
        account: Some(Address([0xcd; 20])),
        started_s: 1_000,
        now_s: 4_725,
        groups: groups.iter().copied().map(group).collect(),
        chain: Chain { block: Some(106), coin: Wei::from_nrn("0.25").ok(), coin_rounds: Some(80), ..Chain::default() },
        peers: Peers { connected: Some(3), sent_bytes: 2_048, received_bytes: 5 << 20 },
        machine: Machine { disk_free_bytes: Some(7 << 30), resident_bytes: Some(200 << 20), ..Machine::default() },
        degraded: vec![Trouble { reason: "following the chain".into(), detail: "evil\u{1b}[2Jwords".into() }],
        ..State::default()
    };
    Seen { state, events: vec![line(1, "round begins round=8"), line(2, "a claim \u{202e}of a stranger")] }
}

fn live(groups: &[u64]) -> Top {
    let mut top = Top::live("127.0.0.1:9464");
    top.see(seen(groups));
    top
}

/// The screen as text, each row without what is blank at its end.
fn picture(top: &Top, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a terminal");
    terminal.draw(|frame| draw(frame, top)).expect("drawn");
    let buffer = terminal.backend().buffer();
    let row = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned() + "\n";
    (0..height).map(row).collect()
}

#[test]
fn a_node_is_drawn_as_in_the_kept_pictures() {
    for (what, top, width, height, wanted) in [("wide", live(&[4]), 80, 24, WIDE), ("narrow", live(&[4, 9]), 40, 12, NARROW)] {
        let found = picture(&top, width, height);
        assert_eq!(found, wanted, "{what}:\n{found}");
    }
}

#[test]
fn accounts_and_groups_are_drawn_with_the_names_of_the_network_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, account) = (folder.path().join("network.toml"), Address([0xab; 20]));
    std::fs::write(&path, format!("[names]\nfirst-of-all = \"{account}\"\ndigits = 4\n")).expect("written");
    let mut top = Top::live("127.0.0.1:9464").with(Names::of(&path));
    let mut seen = seen(&[4]);
    seen.events.push(line(3, &format!("won winner={account}")));
    top.see(seen);
    for (width, height, wanted) in [
        (80, 24, &["group 4 (digits), round 8", "0.612345  first-of-all", "winner=first-of-all (0xABaB…ABaB)"][..]),
        (40, 14, &["group 4 (digits), round 8", "leads 0.612345  first-of-all"]),
    ] {
        let found = picture(&top, width, height);
        assert!(wanted.iter().all(|words| found.contains(words)), "{found}");
    }
}

#[test]
fn for_how_many_rounds_coin_lasts_is_told_where_somebody_has_to_look_after_it() {
    for (rounds, wanted) in [(1, "coin 0.25, 1 round "), (999, "coin 0.25, 999 rounds"), (1_000, "coin 0.25   "), (33_199, "coin 0.25   ")]
    {
        let mut seen = seen(&[4]);
        seen.state.chain.coin_rounds = Some(rounds);
        let mut top = Top::live("x");
        top.see(seen);
        let found = picture(&top, 80, 24);
        assert!(found.contains(wanted), "{rounds}: {found}");
    }
}

#[test]
fn what_strangers_wrote_is_drawn_escaped() {
    for (width, height) in [(160, 40), (80, 24), (60, 30)] {
        let found = picture(&live(&[4]), width, height);
        assert!(found.contains("evil\\u{1b}[2J") && !found.contains(['\u{1b}', '\u{202e}']), "{found}");
    }
}

#[test]
fn a_tab_shows_the_next_group_and_a_node_that_serves_fewer_still_shows_one() {
    let mut top = live(&[4, 9]);
    for (key, wanted) in [(Key::NextGroup, 9), (Key::NextGroup, 4), (Key::LastGroup, 9), (Key::Play, 9), (Key::First, 9)] {
        assert_eq!(top.press(key), Action::GoOn);
        assert_eq!(top.group().map(|group| group.group), Some(GroupId(wanted)), "{key:?}");
    }
    top.see(seen(&[4]));
    assert_eq!(top.group().map(|group| group.group), Some(GroupId(4)));
    top.see(seen(&[]));
    assert!(top.group().is_none());
    assert_eq!((top.press(Key::NextGroup), top.press(Key::Quit)), (Action::GoOn, Action::Quit));
}

#[test]
fn what_was_seen_last_stays_while_a_node_is_silent() {
    let mut top = live(&[4]);
    top.miss("no node answers".into());
    let silent = picture(&top, 80, 24);
    assert!(silent.contains("no node answers") && silent.contains("round 8"), "{silent}");
    top.see(seen(&[4]));
    assert!(!picture(&top, 80, 24).contains("no node answers"));
    (0..LINES_MAX as u64).for_each(|_| top.see(seen(&[4])));
    assert_eq!(top.newest(usize::MAX).count(), LINES_MAX);
}

/// Moments whose rounds are their numbers.
fn moments(count: u64) -> Vec<Seen> {
    let moment = |number: u64| {
        let mut seen = seen(&[4]);
        seen.state.groups[0].round = Some(RoundNumber(number));
        seen.state.now_s += number;
        seen.events = vec![line(number, &format!("line {number}"))];
        seen
    };
    (1..=count).map(moment).collect()
}

#[test]
fn a_recording_is_walked_by_keys_and_plays_to_its_end() {
    let mut top = Top::replay("node.jsonl", moments(40));
    let round = |top: &Top| top.group().and_then(|group| group.round).map(|round| round.0);
    for (key, wanted) in [
        (Key::Back, 1),
        (Key::Forward, 2),
        (Key::LeapForward, 6),
        (Key::LeapBack, 2),
        (Key::Last, 40),
        (Key::Forward, 40),
        (Key::LeapBack, 36),
        (Key::First, 1),
    ] {
        top.press(key);
        assert_eq!(round(&top), Some(wanted), "{key:?}");
        assert_eq!(top.newest(usize::MAX).map(|line| line.number).max(), Some(wanted), "its log goes as far");
    }
    top.tick();
    assert_eq!(round(&top), Some(1), "it stands until it is told to play");
    top.press(Key::Play);
    (0..60).for_each(|_| top.tick());
    assert_eq!((round(&top), top.reel().map(|reel| reel.is_playing())), (Some(40), Some(false)));
    top.press(Key::Play);
    assert_eq!(round(&top), Some(1), "at its end it begins anew");
    let shown = picture(&top, 80, 24);
    assert!(shown.contains("▶ 1 of 40") && shown.contains("Home End"), "{shown}");
}

#[test]
fn what_is_recorded_is_read_again_and_a_bad_line_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("node.jsonl");
    for part in moments(3).chunks(2) {
        let mut recorder = Recorder::open(&path).expect("opened");
        part.iter().for_each(|seen| recorder.write(seen).expect("written"));
    }
    assert_eq!(reel::read(&path).expect("a recording"), moments(3));
    let text = std::fs::read_to_string(&path).expect("text");
    assert!(text.lines().all(|line| line.contains("\"date\":\"1970-01-01T01:")), "{text}");
    let newer = text.replacen("\"version\":1", "\"version\":2", 1);
    for (bad, named) in [
        (format!("{text}{{\"version\":1}}\n"), "line 4"),
        (format!("{text}\n\nx\u{1b}[2J\n"), "line 6"),
        (text.get(..text.len() - 9).unwrap_or_default().to_owned(), "line 3"),
        (newer, "line 1 of"),
        (String::new(), "is empty"),
        ("\n \n".to_owned(), "is empty"),
    ] {
        std::fs::write(&path, &bad).expect("written");
        let error = format!("{:#}", reel::read(&path).expect_err(named));
        assert!(error.contains(named) && !error.contains('\u{1b}'), "{named}: {error}");
    }
    let missing = format!("{:#}", reel::read(&folder.path().join("none")).expect_err("none"));
    assert!(missing.contains("--record"), "{missing}");
}

proptest! {
    #[test]
    fn no_size_of_a_terminal_breaks_it(
        width in 1u16..200, height in 1u16..70, groups in 0u64..4, known in any::<bool>(), count in 0u64..4, is_silent in any::<bool>()
    ) {
        let mut seen = seen(&(0..groups).collect::<Vec<_>>());
        if !known {
            seen.state.groups.iter_mut().for_each(|group| *group = Group::default());
        }
        let mut top = if count > 0 { Top::replay("x", vec![seen; count as usize]) } else { Top::live("x") };
        if is_silent {
            top.miss("silent".into());
        }
        prop_assert_eq!(picture(&top, width, height).lines().count(), usize::from(height));
    }
}
