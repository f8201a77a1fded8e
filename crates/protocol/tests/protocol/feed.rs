//! What a node is told of a chain, and which sets its events lead to.

use crate::world::*;
use protocol::chain::{Birth, ChainEvent, Outcome};
use protocol::feed::Teller;
use protocol::lineage::{Lineage, UnknownHead};
use protocol::rules::next_head;
use protocol::{Address, DeltaNumber, Digest, GroupId, Micronats, RoundNumber, Wei};

const ROUND: RoundNumber = RoundNumber(3);

#[test]
fn the_view_is_read_anew_after_events_that_change_it() {
    let mut teller = Teller::new(group(), at(ROUND, 0));
    teller.tell(at(ROUND, 0), Vec::new(), Some(group()));
    let (delta, author, head) = (DeltaNumber(1), account(2), digest("new head"));
    for (event, expected) in [
        (ChainEvent::LeastSet { group: GROUP, least: Micronats(1) }, true),
        (decided_event(ROUND, Outcome::Lost, Digest::ZERO, Address::ZERO, Digest::ZERO), true),
        (struck_event(ROUND), true),
        (ChainEvent::Taken { group: GROUP, delta, author, head, burned: Wei::ZERO }, true),
        (opened_event(ROUND, digest("checkpoint")), false),
        (settled_event(ROUND, 1), false),
    ] {
        assert_eq!(teller.wants_view(at(ROUND, 1), std::slice::from_ref(&event)), expected, "{event:?}");
    }
}

#[test]
fn a_group_is_born_with_the_patches_of_its_first_set() {
    let dataset = vec![digest("first"), digest("second")];
    let heads: Vec<Digest> = dataset
        .iter()
        .scan(Digest::ZERO, |head, patch| {
            *head = next_head(*head, *patch);
            Some(*head)
        })
        .collect();
    let (manifest, checkpoint) = (digest("manifest"), digest("checkpoint"));
    let birth = Birth { manifest, checkpoint, dataset: dataset.clone(), times: TIMES, period_s: 1, improve: 10, least: Micronats(0) };
    let (creator, parent, name, period_end_s) = (account(1), GroupId(0), digest("name"), 1);
    let mut lineage = Lineage::default();
    assert_eq!(lineage.patches(heads[1]), Err(UnknownHead(heads[1])));
    lineage.note(&ChainEvent::Created { group: GROUP, creator, parent, name, head: heads[1], period_end_s, birth });
    assert_eq!(lineage.patches(heads[1]), Ok(dataset));
}
