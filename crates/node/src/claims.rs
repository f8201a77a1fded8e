//! What a claim says, and what is so.

use evaluator::Measurement;
use protocol::{Digest, Micronats, chain::RevealedClaim, trainer::Measured};

/// The losses of a base and of a file on the same examples, as a claim tells them.
pub fn found(base: &Measurement, new: &Measurement) -> Measured {
    let loss_root = Digest(evaluator::loss_root(&base.losses, &new.losses));
    Measured { base: Micronats(base.mean), loss: Micronats(new.mean), loss_root }
}

/// Where a claim differs from what was found, losses in micronats; nowhere if it is right.
pub fn difference(claim: &RevealedClaim, found: Measured) -> Option<String> {
    let parts = [
        ("base", claim.base.0.to_string(), found.base.0.to_string()),
        ("loss", claim.loss.0.to_string(), found.loss.0.to_string()),
        ("loss root", claim.loss_root.to_string(), found.loss_root.to_string()),
    ];
    let differs = parts.into_iter().filter(|(_, says, is)| says != is);
    let places: Vec<_> = differs.map(|(part, says, is)| format!("it says {part} {says}, measured was {is}")).collect();
    (!places.is_empty()).then(|| places.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Address, GroupId, RoundNumber};

    const BASE: [u32; 3] = [1_000_000, 2_000_000, 3_000_001];
    const NEW: [u32; 3] = [900_000, 2_100_000, 2_000_002];

    fn measured(base: [u32; 3], new: [u32; 3]) -> Measured {
        let side = |losses: [u32; 3]| Measurement { mean: evaluator::mean(&losses), price: 0, losses: losses.to_vec() };
        found(&side(base), &side(new))
    }

    fn claim() -> RevealedClaim {
        let Measured { base, loss, loss_root } = measured(BASE, NEW);
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
}
