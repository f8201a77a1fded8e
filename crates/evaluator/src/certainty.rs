//! Whether an improvement is one beyond luck: of many useless changes, the best looks like progress on the examples that were drawn.
//!
//! In integers from end to end (PROTOCOL 12, Certainty), so that no two clients differ in a verdict over a rounding.

use ruint::aliases::U256;

/// Fewest drawn examples from which a spread is judged.
pub(crate) const DRAWN_MIN: u64 = 30;
/// Greatest difference of one example that counts, micronats: no single one decides.
const DIFFERENCE_MAX: i64 = 1 << 24;
/// ⌈2·10⁶ · ln m⌉ for m = 1 to 32.
const LOGARITHMS: [u64; 32] = [
    0, 1_386_295, 2_197_225, 2_772_589, 3_218_876, 3_583_519, 3_891_821, 4_158_884, 4_394_450, 4_605_171, 4_795_791, 4_969_814, 5_129_899,
    5_278_115, 5_416_101, 5_545_178, 5_666_427, 5_780_744, 5_888_878, 5_991_465, 6_089_045, 6_182_085, 6_270_989, 6_356_108, 6_437_752,
    6_516_194, 6_591_674, 6_664_410, 6_734_592, 6_802_395, 6_867_975, 6_931_472,
];

/// What an improvement is judged by, besides losses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Price of the base's weights, micronats.
    pub base_price: u32,
    /// Price of the new weights, micronats.
    pub new_price: u32,
    /// Examples of the whole set, drawn or not; none = the drawn ones stand for endlessly many.
    pub examples: Option<u32>,
    /// Commits of the round, or files that were measured, at least 1: among so many somebody may have been lucky.
    pub commits: u64,
    /// Standard errors that the improvement of a single claim must exceed, hundredths.
    pub certainty: u32,
}

/// What certainty needs of the differences between losses of drawn examples, base less new, micronats: their number, sum and sum of squares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Differences {
    /// Examples drawn, n.
    pub drawn: u64,
    /// Σ of base − loss, micronats.
    pub sum: i128,
    /// Σ of (base − loss)², micronats².
    pub squares: u128,
}

impl Differences {
    /// Of `base` and `new`, losses of the drawn examples in micronats, in the order drawn; the shorter side counts.
    pub fn of(base: &[u32], new: &[u32]) -> Self {
        let differences = base.iter().zip(new).map(|(base, new)| i64::from(*base) - i64::from(*new));
        let clipped = differences.map(|difference| difference.clamp(-DIFFERENCE_MAX, DIFFERENCE_MAX));
        clipped.fold(Self::default(), |sums, difference| Self {
            drawn: sums.drawn + 1,
            sum: sums.sum + i128::from(difference),
            squares: sums.squares + u128::from(difference.unsigned_abs().pow(2)),
        })
    }

    /// The rule of [`is_certain`], from the sums alone. Sums that no differences have, `sum`² above `drawn` · `squares`, count as
    /// those without a spread.
    pub fn are_certain(self, terms: Terms) -> bool {
        let Self { drawn, sum, squares } = self;
        let gain = sum + i128::from(drawn) * (i128::from(terms.base_price) - i128::from(terms.new_price));
        if drawn < DRAWN_MIN || gain <= 0 {
            return false;
        }
        // drawn · (drawn − 1) times the variance.
        let spread = (u128::from(drawn) * squares).saturating_sub(sum.unsigned_abs().pow(2));
        let (whole, left) = terms.examples.map_or((1, 1), |examples| (examples.into(), u64::from(examples).saturating_sub(drawn)));
        // With 2³² examples and the greatest of all other numbers both sides stay below 2²¹⁶.
        let product = |factors: [u128; 4]| factors.into_iter().fold(U256::ONE, |product, factor| product * U256::from(factor));
        let (gain, scale) = (gain.unsigned_abs(), 1_000_000 * u128::from(drawn - 1));
        product([gain, gain, scale, whole]) >= product([spread, threshold(terms), left.into(), 1])
    }
}

/// Whether new weights are better by more than luck of the draw. `base` and `new` are losses of the drawn examples in micronats, in the
/// order drawn; the shorter side counts. Fewer than thirty drawn examples let nothing be certain.
///
/// The mean of the differences, price included, must be at least z standard errors, with z² = certainty² + 2 ln commits: of m claims
/// whose differences are noise, the best exceeds z with a probability of at most m · exp(−z²/2) = exp(−certainty²/2) (union bound over
/// Chernoff's bound of a normal tail). The standard error is that of a sample drawn without replacement from a finite population
/// (Cochran, Sampling Techniques, 1977, theorem 2.2): examples that were all drawn leave nothing to luck; of an endless one nothing is
/// taken off. Integers alone, exact.
///
/// ```
/// use evaluator::{Terms, is_certain};
///
/// // Forty examples of a thousand: better by a hundredth of a nat on average, by a tenth more or less on each.
/// let base = [500_000; 40];
/// let new: Vec<u32> = (0..40).map(|index| if index % 2 == 0 { 390_000 } else { 590_000 }).collect();
/// let terms = |commits| Terms { base_price: 0, new_price: 0, examples: Some(1_000), commits, certainty: 200 };
/// assert!(!is_certain(&base, &new, terms(1)));
/// // The same gain on each of them is no luck, however many tried.
/// let steady: Vec<u32> = base.iter().map(|loss| loss - 10_000).collect();
/// assert!(is_certain(&base, &steady, terms(1_000)));
/// ```
pub fn is_certain(base: &[u32], new: &[u32], terms: Terms) -> bool {
    Differences::of(base, new).are_certain(terms)
}

/// z² in millionths.
fn threshold(terms: Terms) -> u128 {
    100 * u128::from(terms.certainty).pow(2) + u128::from(logarithm(terms.commits))
}

/// At least 2·10⁶ · ln m, for m at least 1, by little more: ⌈m / 2⌉ and a ln 2 until the table knows it.
fn logarithm(commits: u64) -> u64 {
    let (mut rest, mut halvings) = (commits.max(1), 0);
    while rest > LOGARITHMS.len() as u64 {
        rest = rest.div_ceil(2);
        halvings += 1;
    }
    LOGARITHMS[rest as usize - 1] + halvings * LOGARITHMS[1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithm_is_never_below_the_true_one_nor_far_above() {
        for commits in (1..=1 << 20).chain((20..64).flat_map(|power| [(1 << power) - 1, 1 << power, (1 << power) + 1])) {
            let (found, wanted) = (logarithm(commits) as f64, 2e6 * (commits as f64).ln());
            let most = if commits <= 32 { 1.0 } else { 2e6 / 16.0 };
            assert!((0.0..most).contains(&(found - wanted)), "{commits}: {found}, not {wanted}");
        }
    }

    #[test]
    fn logarithms_grow() {
        assert!((0..1 << 20).map(logarithm).is_sorted());
        assert_eq!(logarithm(u64::MAX), LOGARITHMS[31] + 59 * LOGARITHMS[1]);
    }
}
