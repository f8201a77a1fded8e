//! Which bytes are a manifest, and what follows from it.

use evaluator::{Manifest, ManifestError, Model};

const TEXT: &str = r#"{"version":1,"model":{"family":"mlp","inputs":3,"hidden":[],"outputs":2,"activation":"relu"},"data":{"format":"csv","divisor":1},"loss":"cross_entropy","eval_max":1,"weight_max":1}"#;

/// Replaces a piece of the valid text and reads the result.
fn read(piece: &str, other: &str) -> Result<Manifest, ManifestError> {
    assert!(TEXT.contains(piece), "{piece}");
    Manifest::from_bytes(TEXT.replacen(piece, other, 1).as_bytes())
}

#[test]
fn a_regression_has_one_layer() {
    let manifest = Manifest::from_bytes(TEXT.as_bytes()).unwrap();
    let Model::Mlp(mlp) = manifest.model() else { panic!("{manifest:?}") };
    assert_eq!(mlp.layers(), [(3, 2)]);
    assert_eq!(manifest.parameters(), 8);
    let names: Vec<String> = manifest.tensors().into_iter().map(|spec| format!("{} {:?}", spec.name, spec.shape)).collect();
    assert_eq!(names, ["layers.0.weight [2, 3]", "layers.0.bias [2]"]);
}

#[test]
fn other_bytes_of_the_same_manifest_are_refused() {
    for (piece, other) in [("{\"v", "{ \"v"), (",\"loss\"", ",\n\"loss\""), ("mlp", "m\\u006cp")] {
        let result = read(piece, other);
        assert!(matches!(result, Err(ManifestError::NotCanonical(_))), "{other}: {result:?}");
    }
    let newline = Manifest::from_bytes(format!("{TEXT}\n").as_bytes());
    assert!(matches!(newline, Err(ManifestError::NotCanonical(_))), "{newline:?}");
    let reordered = read(r#""eval_max":1,"weight_max":1"#, r#""weight_max":1,"eval_max":1"#);
    assert!(matches!(reordered, Err(ManifestError::NotCanonical(_))), "{reordered:?}");
}

#[test]
fn unknown_missing_and_doubled_keys_are_refused() {
    let cases = [
        ("\"version\":1,", ""),
        ("\"version\":1,", "\"version\":1,\"version\":1,"),
        ("\"version\":1,", "\"version\":1,\"author\":1,"),
        ("\"inputs\":3,", "\"inputs\":3,\"dropout\":0,"),
        ("\"divisor\":1", "\"divisor\":1,\"header\":true"),
        ("mlp", "transformer"),
        ("relu", "gelu"),
        ("cross_entropy", "accuracy"),
        ("\"eval_max\":1", "\"eval_max\":1.0"),
        ("\"eval_max\":1", "\"eval_max\":-1"),
        ("\"eval_max\":1", "\"eval_max\":4294967296"),
    ];
    for (piece, other) in cases {
        let result = read(piece, other);
        assert!(matches!(result, Err(ManifestError::Unreadable(_))), "{other}: {result:?}");
    }
}

#[test]
fn numbers_outside_their_limits_are_refused_and_named() {
    let cases = [
        ("\"version\":1", "\"version\":2", "version"),
        ("\"inputs\":3", "\"inputs\":0", "inputs"),
        ("\"inputs\":3", "\"inputs\":65537", "inputs"),
        ("\"outputs\":2", "\"outputs\":1", "outputs"),
        ("\"hidden\":[]", "\"hidden\":[4,0]", "hidden"),
        ("\"hidden\":[]", "\"hidden\":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "number of hidden layers"),
        ("\"hidden\":[]", "\"hidden\":[65536,65536]", "number of parameters"),
        ("\"divisor\":1", "\"divisor\":0", "divisor"),
        ("\"divisor\":1", "\"divisor\":16777217", "divisor"),
        ("\"eval_max\":1", "\"eval_max\":0", "eval_max"),
        ("\"eval_max\":1", "\"eval_max\":1048577", "eval_max"),
        ("\"weight_max\":1", "\"weight_max\":0", "weight_max"),
        ("\"weight_max\":1", "\"weight_max\":65537", "weight_max"),
    ];
    for (piece, other, name) in cases {
        match read(piece, other) {
            Err(ManifestError::OutOfRange { field, .. }) => assert_eq!(field, name, "{other}"),
            result => panic!("{other}: {result:?}"),
        }
    }
    let long = Manifest::from_bytes(&[b' '; 4097]);
    assert_eq!(long, Err(ManifestError::TooLong(4097)));
}
