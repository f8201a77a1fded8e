//! Whatever comes, in whatever order, twice, late or lost and brought again: all nodes keep the same.

use std::sync::LazyLock;

use protocol::eip712::{Choice, SignedChoice};

use super::*;

/// What three accounts with stake, two without and five nodes may say; nodes bind themselves to several accounts.
static SAID: LazyLock<Vec<Envelope>> = LazyLock::new(|| {
    let mut said = Vec::new();
    for signer in 1..=5 {
        for number in 0..3_u64 {
            let author = 10 + (u64::from(signer) + number) as u8 % 5;
            said.push(say(author, number, &Body::Verdict(verdict(signer, RoundNumber(5 + number), digest("claim"))), vec![]));
            let another = digest(&number.to_string());
            said.push(say(author, 40 + number, &Body::Verdict(verdict(signer, RoundNumber(7), another)), parents(&said)));
            said.push(choice(author, signer, number));
        }
    }
    for author in 10..15 {
        for seq in 0..4_u64 {
            said.push(binding(author, 10 + seq, 1 + ((u64::from(author) * 3 + seq) % 5) as u8));
            let (round, file) = (RoundNumber(5 + seq), digest(&(seq % 2).to_string()));
            said.push(say(author, 20 + seq, &Body::Have { round, file }, parents(&said)));
            said.push(say(author, 30 + seq, &Body::Announcement { addresses: vec![seq.to_string()] }, vec![]));
            said.push(note(author, 30 + seq / 3, &seq.to_string(), parents(&said)));
        }
    }
    said
});

fn parents(said: &[Envelope]) -> Vec<Digest> {
    said.iter().rev().step_by(4).take(3).map(Envelope::id).collect()
}

fn choice(author: u8, signer: u8, seq: u64) -> Envelope {
    let message = Choice { group: GROUP, period: PeriodNumber(3 + seq % 2), delta: DeltaNumber(seq), patch: digest("patch"), seq };
    let signature = sign(message.digest(&DOMAIN), &key(signer)).unwrap();
    say(author, seq, &Body::Choice(SignedChoice { message, signature }), vec![])
}

/// What is kept after that order, and after all was brought again until nothing changes; on the way the chain becomes known.
fn kept(order: &[usize], stands_after: usize) -> (Vec<Digest>, Vec<Digest>, Vec<Digest>) {
    let mut log = log_of(None);
    for (at, message) in order.iter().enumerate() {
        if at == stands_after {
            log.stand(Standing { domain: DOMAIN, known: Some(known()) });
        }
        let _ = take(&mut log, &SAID[message % SAID.len()]);
    }
    log.stand(Standing { domain: DOMAIN, known: Some(known()) });
    let mut summary = None;
    while summary.replace(log.summary()) != Some(log.summary()) {
        SAID.iter().for_each(|message| _ = take(&mut log, message));
    }
    check_whole(&log);
    (log.ids().collect(), log.heads().collect(), log.missing().collect())
}

/// What is indexed agrees with itself.
fn check_whole(log: &Log<Envelope>) {
    assert_eq!(log.since(0).count(), log.len());
    let named: std::collections::BTreeSet<Digest> = log.since(0).flat_map(|kept| kept.place.parents().to_vec()).collect();
    assert!(log.heads().all(|head| log.contains(&head) && !named.contains(&head)));
    assert_eq!(log.heads().count(), log.ids().filter(|id| !named.contains(id)).count());
    assert_eq!(log.missing().collect::<Vec<_>>(), named.into_iter().filter(|id| !log.contains(id)).collect::<Vec<_>>());
    assert!(log.since(0).all(|kept| kept.place.id() == kept.id && log.get(&kept.id) == Some(kept.place)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_order_duplication_and_loss_with_repetition_later_end_in_one_state(
        order in prop::collection::vec(any::<usize>(), 0..300),
        stands_after in 0..300_usize,
    ) {
        let straight: Vec<usize> = (0..SAID.len()).collect();
        prop_assert_eq!(kept(&order, stands_after), kept(&straight, 0));
    }
}
