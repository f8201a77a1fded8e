//! Sets of shards: what is not held is asked for by its name, and a part of a set shares the price of the whole.

use std::sync::Arc;

use cuda::{Error, Evaluator, Settings, Training};
use evaluator::{AdamW, Checkpoint, Compute, Exact, Examples, Manifest, MeasureError, Rule, evaluate};

use crate::shim::Shim;

const MANIFEST: &str = include_str!("../../../evaluator/tests/golden/tokens/manifest.json");
const FILES: [(&str, &str); 2] = [
    ("a.tokens", include_str!("../../../evaluator/tests/golden/tokens/a.tokens")),
    ("b.tokens", include_str!("../../../evaluator/tests/golden/tokens/b.tokens")),
];
/// In the order of the set.
const SHARDS: [&[u8]; 3] = [
    include_bytes!("../../../evaluator/tests/golden/tokens/three.shard"),
    include_bytes!("../../../evaluator/tests/golden/tokens/one.shard"),
    include_bytes!("../../../evaluator/tests/golden/tokens/two.shard"),
];

/// The committed set, of which no shard is held yet, with a price for weights.
fn set() -> (Manifest, Examples) {
    let text = MANIFEST.trim_end().replace(r#""weight_max":2}"#, r#""weight_max":2,"weight_price":900000}"#);
    let manifest = Manifest::from_bytes(text.as_bytes()).unwrap();
    let examples = Examples::parse(&manifest, FILES).unwrap();
    assert!(manifest.weight_price().is_some() && examples.shards().len() == SHARDS.len());
    (manifest, examples)
}

#[test]
fn a_shard_that_is_not_held_is_named_and_measured_once_it_is() {
    let ((manifest, examples), shim) = (set(), Shim::default());
    let checkpoint = Checkpoint::initial(&manifest, [5; 32]);
    let evaluator = Evaluator::new(&shim, &checkpoint, Settings::default()).unwrap();
    let mut training = Training::new(&shim, &checkpoint, Settings::default()).unwrap();
    let (last, beyond) = (examples.len() as u32 - 1, examples.len() as u32);
    let refused = Error::Measure(MeasureError::NotHeld { shard: 2, cid: examples.shards()[2].cid });
    assert_eq!(evaluator.evaluate(&examples, &[last]), Err(refused.clone()));
    assert_eq!(training.backward(&examples, &[last]), Err(refused));
    assert_eq!(evaluator.evaluate(&examples, &[beyond]), Err(Error::Measure(MeasureError::NoSuchExample(beyond))));
    examples.hold(2, Arc::new(SHARDS[2].to_vec())).unwrap();
    assert_eq!(evaluator.evaluate(&examples, &[last]), Ok(evaluate(&checkpoint, &examples, &[last]).unwrap()));
}

#[test]
fn a_part_of_a_set_shares_the_price_of_the_whole() {
    let ((manifest, whole), shim) = (set(), Shim::default());
    SHARDS.iter().enumerate().for_each(|(place, bytes)| whole.hold(place, Arc::new(bytes.to_vec())).unwrap());
    let (part, checkpoint) = (whole.part([1; 32], 1), Checkpoint::initial(&manifest, [5; 32]));
    assert!(part.len() < whole.len(), "a part");
    let evaluator = Evaluator::new(&shim, &checkpoint, Settings::default()).unwrap();
    assert_eq!(evaluator.evaluate(&part, &[0]), Ok(evaluate(&checkpoint, &part, &[0]).unwrap()));
    let mut exact = Exact::new(Compute::detect(), &checkpoint).unwrap();
    let mut training = Training::new(&shim, &checkpoint, Settings::default()).unwrap();
    let rule = Rule::AdamW(AdamW::default());
    assert_eq!(training.step(&part, &[0], &rule), Ok(exact.step(&part, &[0], &rule).unwrap()));
    assert!(training.snapshot().unwrap() == exact.snapshot(), "the bits of the evaluator");
}
