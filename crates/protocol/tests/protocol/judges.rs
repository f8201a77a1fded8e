//! Several validators and wardens, and machines that start anew at any moment: what holds whatever is lost, late or false.

use proptest::prelude::*;
use protocol::eip712::{SignedVerdict, Typed as _, Verdict, sign};
use protocol::{Digest, RoundNumber};

use crate::court::*;
use crate::nodes::*;
use crate::world::*;

impl Story {
    /// What others than the honest say, in the middle of JUDGE, and in the next TRAIN what does not count.
    pub fn vices(&mut self) {
        let (round, time_s) = (self.court.round(), self.court.now.time_s);
        let middle_s = ROUND_TIMES.round_end_s(GENESIS_S, RoundNumber(round)) - ROUND_TIMES.judge_s / 2;
        let while_ms = self.plot.spacing_ms.max(1_000);
        let is_now = |at_s: u64| time_s >= at_s && (time_s - at_s) * 1_000 < while_ms;
        if is_now(ROUND_TIMES.round_start_s(GENESIS_S, RoundNumber(round)) + 30) && round > 0 {
            self.say_what_does_not_count(round - 1);
        }
        let is_said = self.log.iter().any(|(_, word)| matches!(word, Word::Verdict(verdict) if verdict.message.probe == digest("lazy") && verdict.message.round.0 == round));
        if !is_now(middle_s) || is_said || self.court.trials[&round].claims.is_empty() {
            return;
        }
        let truth = self.court.truth(round);
        let other = self.court.trials[&round].claims.iter().map(|claimed| claimed.hash).find(|hash| *hash != truth).unwrap_or(Digest::ZERO);
        for (place, vice) in (self.plot.honest() + 1..).zip(self.plot.vices.clone()) {
            let claims: &[Digest] = match vice {
                0 => &[],
                1 => &[truth, other],
                _ => &[truth],
            };
            claims.iter().for_each(|claim| self.say(place.into(), round, *claim));
        }
        // Whoever has little to lose signs what all do, with the keys of now.
        for position in [ROTATING, NEWCOMER] {
            self.say(name_of(position, Court::epoch_of(round)), round, truth);
        }
    }

    fn say(&mut self, name: u64, round: u64, claim: Digest) {
        let message = Verdict { group: GROUP, round: RoundNumber(round), claim, probe: digest("lazy") };
        let verdict = SignedVerdict { message, signature: sign(message.digest(&DOMAIN), &key_of(name)).unwrap() };
        self.wrong.insert((round, verdict.signer(&DOMAIN).unwrap()));
        self.write(&Word::Verdict(verdict));
    }

    /// Keys that sign only since then, positions that were asleep, strangers, and alarms of nobody.
    fn say_what_does_not_count(&mut self, past: u64) {
        let claim = self.court.trials[&past].decided.unwrap_or(Digest::ZERO);
        for name in [name_of(ROTATING, Court::epoch_of(past) + 1), 777] {
            self.say(name, past, claim);
        }
        if Court::epoch_of(past) == 0 {
            self.say(NEWCOMER.into(), past, claim);
        }
        let strange = Verdict { group: GROUP, round: RoundNumber(u64::MAX), claim, probe: claim };
        self.write(&Word::Alarm(signed_by(778, strange)));
    }

    /// Honest positions whose verdict was told, and not counted.
    fn left_out(&self, round: u64) -> Vec<u8> {
        let trial = &self.court.trials[&round];
        let told = self.told.iter().filter(|verdict| verdict.message.round.0 == round);
        let position =
            |verdict: &SignedVerdict| self.nodes.iter().find(|node| verdict.signer(&DOMAIN) == Ok(node.address())).unwrap().signer;
        let left = told.map(|verdict| (verdict.message.claim, position(verdict))).filter(|counted| !trial.counted.contains(counted));
        left.map(|(_, position)| position).collect()
    }

    /// Bytes that the machines of a node hold, as they write themselves.
    fn held(&self) -> usize {
        self.nodes.iter().map(|node| format!("{:?}{:?}", node.validator, node.warden).len()).max().unwrap_or(0)
    }
}

fn plots() -> impl Strategy<Value = Plot> {
    let spacing_ms = prop::sample::select(vec![250, 1_000, 2_000, 5_000, 12_000, 30_000]);
    (any::<u64>(), 4..8_u8, prop::collection::vec(0..3_u8, 0..3), spacing_ms).prop_map(|(seed, judges, mut vices, spacing_ms)| {
        vices.truncate(usize::from((judges - 1) / 3));
        let rounds = if spacing_ms > 2_000 { 4 } else { 2 };
        Plot { seed, judges, vices, spacing_ms, rounds, is_rough: true }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 12, ..ProptestConfig::with_cases(8) })]

    #[test]
    fn honest_validators_decide_what_is_true_and_show_what_is_wrong_whatever_is_lost(plot in plots()) {
        let story = Story::new(plot.clone()).play();
        let shown: Vec<u64> = (0..plot.rounds - 1).filter(|round| !story.court.trials[round].claims.is_empty()).collect();
        for round in &shown {
            let trial = &story.court.trials[round];
            if trial.is_stalled {
                prop_assert!(trial.counts, "nobody has shown who judged round {round}");
            } else {
                prop_assert_eq!(trial.decided, Some(story.court.truth(*round)), "round {}", round);
                prop_assert_eq!(story.left_out(*round), [0; 0], "verdicts of round {} were not brought", round);
            }
        }
        for (position, vice) in (plot.honest() + 1..).zip(&plot.vices) {
            let is_slashed = |round: &u64| story.court.trials[round].slashed.contains(&position);
            prop_assert!(*vice != 1 || shown.is_empty() || shown.iter().any(is_slashed), "{position} signed two claims");
            let is_told = |round: &u64| story.alarms.contains(&(*round, signer_of(position, 0)));
            prop_assert!(*vice != 2 || shown.iter().all(is_told), "{position} did not run the model");
        }
    }
}

#[test]
fn machines_hold_no_more_after_thirty_rounds_than_after_ten() {
    let held = |rounds| {
        let plot = Plot { seed: 1, judges: 5, vices: vec![1], spacing_ms: 30_000, rounds, is_rough: false };
        Story::new(plot).play().held()
    };
    let (ten, thirty) = (held(10), held(30));
    assert!(thirty * 10 < ten * 11, "{ten} bytes, then {thirty}");
}
