//! What acts and outcomes are called when people read of them.

use std::collections::BTreeMap;

use protocol::{
    Address, Digest, RoundNumber,
    bounty::Findings,
    chain::Outcome,
    measures::{Act, Measure},
};

use crate::{
    network_file::moment,
    progress::{Step, Stretch, stretch},
};

/// What a measure does, as a sentence without its end.
pub fn of_act(act: &Act) -> String {
    match act {
        Act::Period { group, present_s, period_s } => {
            format!("periods of group {group} last {period_s} s from its next turn on, instead of {present_s} s")
        }
        Act::Least { group, present, least } => {
            format!("claims of group {group} have to be better by {least} nats, instead of {present}")
        }
        Act::Rollback { group, delta, .. } => format!("delta {delta} is taken out of the set of group {group}, and its bond is burned"),
        Act::Admit { group, .. } => format!("group {group} draws on the common issue"),
        Act::Revoke { group, .. } => format!("group {group} no longer draws on the common issue"),
        Act::Strike { group, round, restore: false, .. } => format!("the decision of round {round} of group {group} is cancelled"),
        Act::Strike { group, round, restore: true, .. } => {
            format!("the decision of round {round} of group {group} is cancelled and the group returns to the base of that round")
        }
        Act::Slash { group, position, signer, basis_points } => {
            let percent = format!("{}.{:02}", basis_points / 100, basis_points % 100);
            format!("position {position} of group {group}, for which {signer} signs or signed, loses {percent} % of its stake")
        }
    }
}

/// What validators found about a bounty.
pub fn of_findings(findings: &Findings) -> String {
    let best = findings.steps.iter().rfind(|step| step.better).map_or(findings.base, |step| step.loss);
    match (findings.failed, findings.steps.len(), findings.won()) {
        (true, ..) => "✗ the sponsor failed: his set was not opened in time, or measures nothing that he sealed".into(),
        (false, 0, _) => format!("hidden loss {} nats, and no winner to measure", findings.base),
        (false, 1, 1) => format!("hidden loss {} → {best} nats over the only won round", findings.base),
        (false, measured, won) => format!("hidden loss {} → {best} nats over {won} won rounds, {measured} measured", findings.base),
    }
}

/// What is signed for a measure: its EIP-712 type, then name and value of each field.
pub fn of_message(measure: &Measure) -> Vec<(String, String)> {
    let Some(kind) = measure.kind_type() else { return Vec::new() };
    let inner = kind.split_once('(').map_or("", |(_, rest)| rest.trim_end_matches(')'));
    let fields = inner.split(',').filter_map(|field| field.split_once(' '));
    let words = measure.args.as_chunks::<32>().0.iter().copied().chain([measure.nonce.0, number_word(measure.expiry_s)]);
    let shown = fields.zip(words).map(|((of, name), word)| (name.to_owned(), of_word(of, name, word)));
    [("type".to_owned(), kind.to_owned())].into_iter().chain(shown).collect()
}

/// A word of a message, as its type asks.
fn of_word(of: &str, name: &str, word: [u8; 32]) -> String {
    let (high, low) = word.split_at(24);
    let number = low.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    match (of, high.iter().all(|byte| *byte == 0)) {
        ("address", _) => Address(std::array::from_fn(|index| word[12 + index])).to_string(),
        ("bool", true) => (number != 0).to_string(),
        ("uint256", true) if name == "expiry" => format!("{number} ({})", moment(number)),
        ("uint256", true) if name != "nonce" => number.to_string(),
        _ => Digest(word).to_string(),
    }
}

fn number_word(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

/// Training, fresh and hidden loss of won rounds, and in words what that means, if it means something. Hidden loss is told by the
/// lines of `hidden`.
pub fn of_progress(steps: &[Step], hidden: &BTreeMap<RoundNumber, Vec<String>>) -> Vec<String> {
    let line = |step: &Step| {
        let claim = &step.won.claim;
        let fresh = step.fresh.map_or_else(
            || "no fresh examples".to_owned(),
            |fresh| format!("fresh loss {} → {} on {} examples added since", fresh.base, fresh.loss, fresh.examples),
        );
        let training = format!("round {}  training loss {} → {} nats", step.won.round, claim.base, claim.loss);
        let hidden = hidden.get(&step.won.round).into_iter().flatten().cloned();
        [training, fresh].into_iter().chain(hidden).collect::<Vec<String>>().join(", ")
    };
    let mut lines: Vec<String> = steps.iter().map(line).collect();
    lines.extend(stretch(steps).as_ref().map(of_stretch));
    lines
}

/// What became of both losses over some rounds, and what that means.
pub fn of_stretch(stretch: &Stretch) -> String {
    let ((training, to), (fresh, then)) = (stretch.training, stretch.fresh);
    let verdict = if stretch.is_memorising() { ": the group is memorising, propose new data" } else { "" };
    let rounds = if stretch.rounds == 1 { "a round".to_owned() } else { format!("{} rounds on one set", stretch.rounds) };
    format!("{rounds}: training loss {training} → {to}, fresh loss {fresh} → {then} nats{verdict}")
}

/// Name of an outcome; an undecided round with reveals is void.
pub fn of_outcome(outcome: Outcome, reveals: usize) -> &'static str {
    match outcome {
        Outcome::Won => "won",
        Outcome::Lost => "lost",
        Outcome::Struck => "struck",
        Outcome::None if reveals > 0 => "void",
        Outcome::None => "empty",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Won;
    use protocol::{GroupId, Micronats, PositionNumber, chain::RevealedClaim};

    #[test]
    fn a_group_that_memorises_is_told_so_in_words() {
        let nats = |first, last| (Micronats(first), Micronats(last));
        let stretch = |rounds, fresh| of_stretch(&Stretch { rounds, training: nats(300_000, 100_000), fresh });
        assert_eq!(
            stretch(3, nats(350_000, 400_000)),
            "3 rounds on one set: training loss 0.300000 → 0.100000, fresh loss 0.350000 → 0.400000 nats: the group is memorising, propose new data"
        );
        assert_eq!(stretch(1, nats(350_000, 200_000)), "a round: training loss 0.300000 → 0.100000, fresh loss 0.350000 → 0.200000 nats");
    }

    #[test]
    fn a_won_round_shows_training_fresh_and_hidden_loss() {
        let (round, nats) = (RoundNumber(4), Micronats(1_500_000));
        let claim = RevealedClaim {
            group: GroupId(1),
            round,
            trainer: Address::ZERO,
            number: 1,
            file: Digest::ZERO,
            base: nats,
            loss: nats,
            loss_root: Digest::ZERO,
        };
        let step = Step { won: Won { round, base: Digest::ZERO, head: Digest::ZERO, claim }, fresh: None };
        let told = of_progress(&[step], &[(round, vec!["hidden loss 2 → 1 nats in bounty 3".to_owned()])].into());
        assert_eq!(told, ["round 4  training loss 1.500000 → 1.500000 nats, no fresh examples, hidden loss 2 → 1 nats in bounty 3"]);
    }

    #[test]
    fn what_is_signed_is_shown_field_by_field() {
        let signer = Address([0xab; 20]);
        let slash = Act::Slash { group: GroupId(3), position: PositionNumber(7), signer, basis_points: 250 };
        let shown = of_message(&Measure::new(&slash, Digest([9; 32]), 951_868_799));
        let nonce = Digest([9; 32]).to_string();
        let wanted = [
            ("type", "Slash(uint256 group,uint256 position,address signer,uint256 basisPoints,uint256 nonce,uint256 expiry)"),
            ("group", "3"),
            ("position", "7"),
            ("signer", &signer.to_string()),
            ("basisPoints", "250"),
            ("nonce", &nonce),
            ("expiry", "951868799 (2000-02-29T23:59:59Z)"),
        ];
        assert!(shown.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(wanted), "{shown:?}");
        let name = Digest([5; 32]);
        let shown = of_message(&Measure::new(&Act::Admit { group: GroupId(1), name }, Digest::ZERO, 0));
        assert_eq!(shown[2], ("name".to_owned(), name.to_string()));
        let odd = Measure { kind: 9, ..Measure::new(&slash, Digest::ZERO, 0) };
        assert_eq!(of_message(&odd), []);
    }
}
