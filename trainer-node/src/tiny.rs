//! A model and a training set for tests.

use evaluator::{Checkpoint, Examples, Manifest};

const MANIFEST: &str = r#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[3],"outputs":2,"activation":"relu"},"data":{"format":"csv","divisor":16},"loss":"cross_entropy","eval_max":64,"weight_max":16}"#;
pub const ROWS: &str = "1,2,0\n3,4,1\n5,6,0\n7,8,1\n9,10,0\n";

pub fn start(seed: u8) -> Checkpoint {
    Checkpoint::initial(&Manifest::from_bytes(MANIFEST.as_bytes()).expect("a manifest"), [seed; 32])
}

pub fn examples(rows: &str) -> Examples {
    Examples::parse(start(1).manifest(), [("rows.csv", rows)]).expect("rows")
}
