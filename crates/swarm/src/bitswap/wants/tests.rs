//! Who is asked for what, step by step.

use super::super::suppliers::{ASKED_MAX, WINDOW_BLOCKS_CAREFUL};
use super::*;

fn digest(number: u8) -> Digest {
    Digest([number; 32])
}

/// What is sent, as "peer verb digest".
fn sent(wants: &mut Wants, peers: &[PeerId]) -> Vec<String> {
    let name = |peer: &PeerId| peers.iter().position(|known| known == peer).unwrap();
    let mut lines = Vec::new();
    for (peer, entries) in wants.take_outgoing() {
        for entry in entries {
            lines.push(format!("{} {:?} {}", name(&peer), entry.want, entry.cid.hash().digest()[0]));
        }
    }
    lines.sort();
    lines
}

fn setup(count: usize) -> (Wants, Vec<PeerId>, Instant) {
    let peers: Vec<PeerId> = (0..count).map(|_| PeerId::random()).collect();
    let mut wants = Wants::default();
    for &peer in &peers {
        wants.connected(peer);
    }
    (wants, peers, Instant::now())
}

#[test]
fn everybody_is_asked_who_has_and_one_is_asked_for_the_block() {
    let (mut wants, peers, now) = setup(2);
    assert!(wants.want(digest(1), Codec::Raw, 1, &[], now));
    assert_eq!(sent(&mut wants, &peers), ["0 Have 1", "1 Have 1"]);
    wants.have(peers[1], digest(1), now);
    wants.have(peers[0], digest(1), now);
    assert_eq!(sent(&mut wants, &peers), ["1 Block 1"]);
    assert_eq!(wants.block(peers[1], digest(1), now), Arrival::Wanted);
    assert_eq!(sent(&mut wants, &peers), ["0 Cancel 1"]);
    assert_eq!(wants.block(peers[1], digest(1), now), Arrival::Late);
    assert!(wants.open.is_empty());
}

#[test]
fn later_blocks_of_a_session_go_straight_to_peers_that_delivered_spread_by_load() {
    let (mut wants, peers, now) = setup(2);
    wants.want(digest(1), Codec::DagPb, 1, &[], now);
    wants.have(peers[0], digest(1), now);
    wants.have(peers[1], digest(1), now);
    wants.block(peers[0], digest(1), now);
    wants.take_outgoing();
    for number in 2..6 {
        wants.want(digest(number), Codec::Raw, 1, &[], now);
    }
    let lines = sent(&mut wants, &peers);
    assert_eq!(lines.iter().filter(|line| line.starts_with("0 Block")).count(), 2);
    assert_eq!(lines.iter().filter(|line| line.starts_with("1 Block")).count(), 2);
}

#[test]
fn a_careful_window_holds_wants_back_until_a_block_comes() {
    let (mut wants, peers, now) = setup(1);
    for number in 1..=6 {
        wants.want(digest(number), Codec::Raw, 1, &[], now);
        wants.have(peers[0], digest(number), now);
    }
    let asked = |lines: Vec<String>| lines.iter().filter(|line| line.contains("Block")).count();
    assert_eq!(asked(sent(&mut wants, &peers)), WINDOW_BLOCKS_CAREFUL);
    wants.block(peers[0], digest(1), now);
    assert_eq!(sent(&mut wants, &peers), ["0 Block 5"]);
    wants.set_window(peers[0], WINDOW_BLOCKS);
    wants.tick(now);
    assert_eq!(sent(&mut wants, &peers), ["0 Block 6"]);
}

#[test]
fn a_refusal_goes_to_the_next_holder_and_then_to_everybody_again() {
    let (mut wants, peers, now) = setup(2);
    wants.want(digest(1), Codec::Raw, 1, &[], now);
    wants.have(peers[0], digest(1), now);
    wants.have(peers[1], digest(1), now);
    wants.take_outgoing();
    wants.dont_have(peers[0], digest(1), now);
    assert_eq!(sent(&mut wants, &peers), ["1 Block 1"]);
    wants.dont_have(peers[1], digest(1), now);
    assert!(sent(&mut wants, &peers).is_empty(), "not at once again");
    wants.tick(now + ASK_AGAIN);
    assert_eq!(sent(&mut wants, &peers), ["0 Have 1", "1 Have 1"]);
}

#[test]
fn a_silent_peer_loses_its_turn_and_is_trusted_with_one_block_at_a_time() {
    let (mut wants, peers, now) = setup(1);
    wants.want(digest(1), Codec::Raw, 1, &[], now);
    wants.have(peers[0], digest(1), now);
    wants.take_outgoing();
    wants.tick(now + FAILOVER - Duration::from_millis(1));
    assert!(sent(&mut wants, &peers).is_empty());
    wants.tick(now + FAILOVER);
    assert_eq!(sent(&mut wants, &peers)[0], "0 Cancel 1");
    assert!(wants.peers[&peers[0]].failures > 0);
}

#[test]
fn what_is_late_is_asked_of_a_second_one_and_the_last_blocks_sooner() {
    for (blocks, late) in [(1, LATE_AT_LAST), (6, LATE)] {
        let (mut wants, peers, now) = setup(2);
        for number in 1..=blocks {
            wants.want(digest(number), Codec::Raw, 1, &peers[..1], now);
        }
        wants.have(peers[1], digest(1), now);
        if blocks > 1 {
            // What is left over fills the second one, too, so that blocks wait.
            (1..=WINDOW_BLOCKS_CAREFUL).for_each(|_| _ = wants.peers.get_mut(&peers[1]).map(|known| known.ask(now)));
        }
        wants.take_outgoing();
        wants.tick(now + late - Duration::from_millis(1));
        assert!(!sent(&mut wants, &peers).contains(&"1 Block 1".into()), "{blocks}");
        (1..=WINDOW_BLOCKS_CAREFUL).for_each(|_| _ = wants.peers.get_mut(&peers[1]).map(Supplier::release));
        wants.hurry(now + late);
        assert!(sent(&mut wants, &peers).contains(&"1 Block 1".into()), "{blocks}");
        assert_eq!(wants.block(peers[1], digest(1), now + late), Arrival::Wanted);
        assert!(sent(&mut wants, &peers).contains(&"0 Cancel 1".into()), "the first one need not send it");
        assert_eq!(wants.block(peers[0], digest(1), now + late), Arrival::Late);
    }
}

#[test]
fn who_drips_is_asked_for_one_block_at_a_time() {
    let (mut wants, peers, mut now) = setup(1);
    for number in 1..=6 {
        wants.want(digest(number), Codec::Raw, 1, &peers, now);
    }
    for number in 1..=4 {
        now += Duration::from_secs(9);
        wants.block(peers[0], digest(number), now);
    }
    assert_eq!(wants.peers[&peers[0]].owes, 1);
}

#[test]
fn whoever_is_said_to_hold_a_file_is_asked_first_and_all_others_whether_they_do() {
    let (mut wants, peers, now) = setup(3);
    wants.want(digest(1), Codec::DagPb, 1, &[peers[2], PeerId::random()], now);
    assert_eq!(sent(&mut wants, &peers), ["0 Have 1", "1 Have 1", "2 Block 1"]);
    wants.dont_have(peers[2], digest(1), now);
    wants.have(peers[1], digest(1), now);
    assert_eq!(sent(&mut wants, &peers), ["1 Block 1"]);
}

#[test]
fn the_fortieth_peer_is_reached_by_turns() {
    let (mut wants, peers, now) = setup(45);
    wants.want(digest(1), Codec::Raw, 1, &[], now);
    let mut told: BTreeSet<PeerId> = wants.take_outgoing().into_keys().collect();
    assert_eq!(told.len(), BROADCAST_PEERS_MAX);
    wants.tick(now + ASK_AGAIN);
    told.extend(wants.take_outgoing().into_keys());
    assert_eq!(told, peers.into_iter().collect());
}

#[test]
fn a_slow_peer_that_delivers_keeps_its_turn() {
    let (mut wants, peers, now) = setup(1);
    for number in 1..=2 {
        wants.want(digest(number), Codec::Raw, 1, &[], now);
        wants.have(peers[0], digest(number), now);
    }
    wants.take_outgoing();
    wants.block(peers[0], digest(1), now + FAILOVER / 2);
    wants.tick(now + FAILOVER);
    assert!(sent(&mut wants, &peers).is_empty());
    wants.tick(now + FAILOVER + FAILOVER / 2);
    assert!(sent(&mut wants, &peers).contains(&"0 Cancel 2".into()));
}

#[test]
fn bytes_that_nobody_asked_for_are_wrong_and_the_peer_loses_its_turn() {
    let (mut wants, peers, now) = setup(2);
    wants.want(digest(1), Codec::Raw, 1, &[], now);
    wants.have(peers[0], digest(1), now);
    wants.have(peers[1], digest(1), now);
    wants.take_outgoing();
    assert_eq!(wants.block(peers[0], digest(9), now), Arrival::Wrong);
    assert!(sent(&mut wants, &peers).contains(&"1 Block 1".into()));
}

#[test]
fn a_lost_peer_gives_its_wants_back_and_a_new_one_is_asked() {
    let (mut wants, mut peers, now) = setup(1);
    wants.want(digest(1), Codec::Raw, 1, &[], now);
    wants.have(peers[0], digest(1), now);
    wants.disconnected(peers[0], now);
    wants.take_outgoing();
    peers.push(PeerId::random());
    wants.connected(peers[1]);
    assert_eq!(sent(&mut wants, &peers), ["1 Have 1"]);
    wants.cancel(digest(1));
    assert_eq!(sent(&mut wants, &peers), ["1 Cancel 1"]);
}

#[test]
fn wants_and_memory_of_them_are_bounded() {
    let (mut wants, peers, now) = setup(1);
    let number = |number: usize| Digest(crate::cids::block_digest(&number.to_be_bytes()).0);
    for index in 0..WANTS_MAX {
        assert!(wants.want(number(index), Codec::Raw, index as u64, &[], now));
    }
    assert!(!wants.want(number(WANTS_MAX), Codec::Raw, 0, &[], now));
    assert!(wants.sessions.len() <= SESSIONS_MAX);
    wants.cancel(number(0));
    assert!(wants.want(number(WANTS_MAX), Codec::Raw, 0, &[], now));
    assert!(wants.peers[&peers[0]].remembered() <= ASKED_MAX);
}
