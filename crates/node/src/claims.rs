//! What a claim says, and what is so.

use evaluator::{Measurement, Terms, is_certain};
use protocol::{Digest, Micronats, chain::RevealedClaim, trainer::Measured};

use crate::{Exam, Member};

/// How sure an improvement must be (PROTOCOL 12).
#[derive(Debug, Clone, Copy)]
pub struct Bar {
    /// Hundredths of a standard error; none = any improvement counts.
    pub certainty: Option<u32>,
    /// Examples of the whole set.
    pub examples: usize,
    /// Commits of the round.
    pub commits: u64,
}

impl Bar {
    /// The bar of a round with so many commits.
    pub fn of(member: &Member, exam: &Exam, commits: u64) -> Self {
        Self { certainty: member.manifest.certainty(), examples: exam.set.examples.len(), commits }
    }
}

/// The losses of a base and of a file on the same examples, as a claim tells them, and whether that is beyond luck.
pub fn found(base: &Measurement, new: &Measurement, bar: Bar) -> Measured {
    let is_certain = bar.certainty.is_none_or(|certainty| {
        let (base_price, new_price, examples) = (base.price, new.price, Some(bar.examples as u32));
        is_certain(&base.losses, &new.losses, Terms { base_price, new_price, examples, commits: bar.commits, certainty })
    });
    let loss_root = Digest(evaluator::loss_root(&base.losses, &new.losses));
    Measured { base: Micronats(base.mean), loss: Micronats(new.mean), loss_root, is_certain }
}

/// Where a claim differs from what was found, losses in micronats, or that it may be luck; nothing if it is true.
pub fn difference(claim: &RevealedClaim, found: Measured) -> Option<String> {
    let parts = [
        ("base", claim.base.0.to_string(), found.base.0.to_string()),
        ("loss", claim.loss.0.to_string(), found.loss.0.to_string()),
        ("loss root", claim.loss_root.to_string(), found.loss_root.to_string()),
    ];
    let differs = parts.into_iter().filter(|(_, says, is)| says != is);
    let places: Vec<_> = differs.map(|(part, says, is)| format!("it says {part} {says}, measured was {is}")).collect();
    match places.is_empty() {
        false => Some(places.join("; ")),
        true => (!found.is_certain).then(|| format!("from {} to {} nats may be luck", found.base, found.loss)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Address, GroupId, RoundNumber};

    const ANY: Bar = Bar { certainty: None, examples: 3, commits: 1 };
    const BASE: [u32; 3] = [1_000_000, 2_000_000, 3_000_001];
    const NEW: [u32; 3] = [900_000, 2_100_000, 2_000_002];

    fn measured(base: [u32; 3], new: [u32; 3]) -> Measured {
        found(&side(&base), &side(&new), ANY)
    }

    fn side(losses: &[u32]) -> Measurement {
        Measurement { mean: evaluator::mean(losses), price: 0, losses: losses.to_vec() }
    }

    fn claim() -> RevealedClaim {
        let Measured { base, loss, loss_root, .. } = measured(BASE, NEW);
        let (group, round, trainer, file) = (GroupId(1), RoundNumber(1), Address([1; 20]), Digest([2; 32]));
        RevealedClaim { group, round, trainer, number: 1, file, base, loss, loss_root }
    }

    #[test]
    fn one_micronat_or_one_bit_of_the_root_makes_a_claim_false() {
        let is = measured(BASE, NEW);
        assert_eq!(difference(&claim(), is), None);
        let wrong = |claim: RevealedClaim| difference(&claim, is).expect("another claim");
        assert_eq!(wrong(RevealedClaim { base: Micronats(2_000_001), ..claim() }), "it says base 2000001, measured was 2000000");
        assert_eq!(wrong(RevealedClaim { loss: Micronats(1_666_666), ..claim() }), "it says loss 1666666, measured was 1666667");
        let mut loss_root = is.loss_root;
        loss_root.0[31] ^= 1;
        let places = wrong(RevealedClaim { loss: Micronats(1), loss_root, ..claim() });
        assert!(
            places.contains("loss 1,") && places.contains(&format!("loss root {loss_root}, measured was {}", is.loss_root)),
            "{places}"
        );
    }

    #[test]
    fn one_example_that_is_shaded_changes_the_root_even_where_the_means_stay() {
        let shaded = [NEW[0] + 1, NEW[1] - 1, NEW[2]];
        let place = difference(&claim(), measured(BASE, shaded)).expect("another root");
        assert!(place.starts_with("it says loss root") && !place.contains(';'), "{place}");
    }

    /// A hundred differences of 1000 and −800 in turn: 100 on average, with a standard error of 90.
    #[test]
    fn what_is_equal_to_the_last_bit_and_may_be_luck_is_false() {
        let (base, new): (Vec<u32>, Vec<u32>) = (0..100).map(|place| (1_000_000, if place % 2 == 0 { 999_000 } else { 1_000_800 })).unzip();
        let (base, new) = (side(&base), side(&new));
        let judged = |certainty, commits| {
            let is = found(&base, &new, Bar { certainty, examples: 10_000, commits });
            let claim = RevealedClaim { base: is.base, loss: is.loss, loss_root: is.loss_root, ..claim() };
            difference(&claim, is)
        };
        assert_eq!(judged(None, 1), None);
        assert_eq!(judged(Some(100), 1), None);
        let luck = Some("from 1.000000 to 0.999900 nats may be luck".to_owned());
        assert_eq!(judged(Some(200), 1), luck);
        assert_eq!(judged(Some(100), 50), luck, "fifty commits raise the bar");
    }
}
