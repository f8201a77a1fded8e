//! The rule that tells improvements from luck, against cases of a second implementation and against what must hold of every case.

use evaluator::{Terms, is_certain};
use proptest::prelude::*;
use serde::Deserialize;

/// Greatest difference that counts, micronats.
const MOST: u32 = 1 << 24;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

/// What the second implementation found; `notices` names a bug that would find the opposite.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    /// Runs of equal pairs: how many, base, new.
    losses: Vec<(usize, u32, u32)>,
    base_price: u32,
    new_price: u32,
    examples: Option<u32>,
    commits: u64,
    certainty: u32,
    certain: bool,
    #[serde(default)]
    notices: String,
}

#[test]
fn every_case_ends_as_in_the_second_implementation_whatever_bug_it_would_notice() {
    let Cases { cases } = serde_json::from_str(include_str!("../golden/certainty/cases.json")).unwrap();
    assert!(cases.iter().filter(|case| !case.notices.is_empty()).count() > 15, "seeded bugs are missing");
    for (number, case) in cases.into_iter().enumerate() {
        let Case { losses, base_price, new_price, examples, commits, certainty, .. } = case;
        let side = |choose: fn(&(usize, u32, u32)) -> u32| -> Vec<u32> {
            losses.iter().flat_map(|run| std::iter::repeat_n(choose(run), run.0)).collect()
        };
        let terms = Terms { base_price, new_price, examples, commits, certainty };
        assert_eq!(is_certain(&side(|run| run.1), &side(|run| run.2), terms), case.certain, "case {number}: {}", case.notices);
    }
}

#[test]
fn numbers_beyond_every_limit_do_not_overflow() {
    let (low, high) = (vec![0; 1 << 20], vec![u32::MAX; 1 << 20]);
    let (mixed, price): (Vec<u32>, _) = ((0..1 << 20).map(|index| if index % 2 == 0 { 0 } else { u32::MAX }).collect(), u32::MAX);
    let terms = Terms { base_price: price, new_price: 0, examples: Some(u32::MAX), commits: u64::MAX, certainty: u32::MAX };
    for examples in [Some(0), Some(1 << 20), Some(u32::MAX), None] {
        assert!(is_certain(&high, &low, Terms { examples, ..terms }));
        assert!(!is_certain(&low, &high, Terms { base_price: 0, new_price: price, examples, ..terms }));
    }
    assert!(!is_certain(&mixed, &low, terms));
    assert!(is_certain(&mixed, &low, Terms { certainty: 1000, ..terms }));
}

/// Losses of base and new around a true gain, as few or as many as a draw may have.
fn sides(drawn: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(u32, u32)>> {
    let noise = prop_oneof![Just(10_u32), Just(1000), Just(100_000)];
    (noise, 0_u32..3000).prop_flat_map(move |(noise, gain)| {
        prop::collection::vec((0..noise, 0..noise).prop_map(move |(base, new)| (base + gain, new)), drawn.clone())
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    (0_u32..200, 0_u32..200, 0_u32..2000, 0_u64..300, 1_u32..=1000).prop_map(|(base_price, new_price, examples, commits, certainty)| {
        Terms { base_price, new_price, examples: Some(examples), commits, certainty }
    })
}

proptest! {
    #[test]
    fn nobody_is_certain_both_ways(pairs in sides(0..400), terms in terms()) {
        let (base, new): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        let back = Terms { base_price: terms.new_price, new_price: terms.base_price, ..terms };
        prop_assert!(!(is_certain(&base, &new, terms) && is_certain(&new, &base, back)));
    }

    #[test]
    fn more_commits_a_higher_certainty_and_a_greater_set_ask_for_more(
        pairs in sides(0..400), terms in terms(), commits in 0_u64..1 << 40, certainty in 0_u32..1000, examples in 0_u32..1 << 20,
    ) {
        let (base, new): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        let harder = Terms {
            commits: terms.commits + commits, certainty: terms.certainty + certainty, examples: terms.examples.map(|whole| whole + examples), ..terms
        };
        for harder in [harder, Terms { examples: None, ..harder }] {
            prop_assert!(is_certain(&base, &new, terms) || !is_certain(&base, &new, harder));
        }
    }

    #[test]
    fn neither_the_unit_nor_the_order_matters(pairs in sides(0..400), terms in terms(), factor in 1_u32..160) {
        let (base, new): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
        let (other_base, other_new): (Vec<u32>, Vec<u32>) = pairs.iter().rev().map(|(base, new)| (base * factor, new * factor)).unzip();
        let other = Terms { base_price: terms.base_price * factor, new_price: terms.new_price * factor, ..terms };
        prop_assert_eq!(is_certain(&base, &new, terms), is_certain(&other_base, &other_new, other));
    }

    #[test]
    fn what_is_above_the_greatest_difference_counts_as_that(pairs in sides(30..60), terms in terms(), above in 0..u32::MAX - MOST) {
        let (mut base, mut new): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        (base[0], new[0], base[1], new[1]) = (MOST, 0, 0, MOST);
        let clipped = is_certain(&base, &new, terms);
        (base[0], new[1]) = (MOST + above, MOST + above);
        prop_assert_eq!(is_certain(&base, &new, terms), clipped);
    }

    #[test]
    fn where_all_are_drawn_every_gain_is_certain(pairs in sides(30..400), terms in terms()) {
        let (base, new): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
        let differences = pairs.iter().map(|(base, new)| i64::from(*base) - i64::from(*new));
        let price = i64::from(terms.base_price) - i64::from(terms.new_price);
        let better = differences.sum::<i64>() + pairs.len() as i64 * price > 0;
        prop_assert_eq!(is_certain(&base, &new, Terms { examples: Some(pairs.len() as u32), ..terms }), better);
    }

    #[test]
    fn fewer_than_thirty_examples_prove_nothing(pairs in sides(0..30), terms in terms()) {
        let (base, new): (Vec<u32>, Vec<u32>) = pairs.into_iter().unzip();
        prop_assert!(!is_certain(&base, &new, terms));
    }
}
