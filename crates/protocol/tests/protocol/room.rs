//! A validator whose disk is full: its claims wait, and none is false for that.

use protocol::Digest;

use crate::story::{Story, hash};

const NONE_IS_TRUE: Digest = Digest::ZERO;

struct Case {
    what: &'static str,
    /// Whether others than this one announced the file.
    others_have: bool,
    /// When there is room, a second of the round.
    room_from: Option<u64>,
    /// What is signed in the end.
    signed: Option<Digest>,
}

fn check(case: &Case) {
    let mut story = Story::new(1);
    (story.full, story.served, story.truths) = (vec!["a"], vec!["a"], vec![hash(1, 1_700_000, "a")]);
    story.second(20);
    story.reveal(1, 1_700_000, "a");
    if case.others_have {
        story.others_have("a");
    }
    for second in 21..40 {
        if case.room_from == Some(second) {
            story.full.clear();
        }
        story.second(second);
    }
    assert_eq!(story.signed().map(|(claim, _)| claim), case.signed, "{}", case.what);
}

#[test]
fn a_claim_whose_file_finds_no_room_waits_and_is_not_false_for_that() {
    let truth = Some(hash(1, 1_700_000, "a"));
    let case = |what, others_have, room_from, signed| Case { what, others_have, room_from, signed };
    [
        case("others hold it", true, None, None),
        case("nobody else holds it, perhaps for want of this one", false, None, None),
        case("room comes in time", true, Some(36), truth),
        case("room comes, and it is not held by enough", false, Some(36), Some(NONE_IS_TRUE)),
        case("room comes before it matters", true, Some(22), truth),
    ]
    .iter()
    .for_each(check);
}
