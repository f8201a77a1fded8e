//! The committed files, which a second implementation made: every format and number must come out again.

use evaluator::{Checkpoint, Examples, Manifest, checkpoint_len, draw, evaluate, loss_root, predict, probe};
use serde::Deserialize;

pub const MANIFEST: &[u8] = include_bytes!("../golden/manifest.json");
pub const BASE: &[u8] = include_bytes!("../golden/base.safetensors");
pub const NEW: &[u8] = include_bytes!("../golden/new.safetensors");
pub const FILES: [(&str, &str); 2] = [("b.csv", include_str!("../golden/b.csv")), ("a.csv", include_str!("../golden/a.csv"))];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    version: u32,
    seed: String,
    group: u64,
    round: u64,
    signer: String,
    drawn: Vec<u32>,
    base: Vec<u32>,
    new: Vec<u32>,
    base_mean: u32,
    new_mean: u32,
    loss_root: String,
    probe: String,
    first_log_probabilities: Vec<String>,
}

pub fn manifest() -> Manifest {
    Manifest::from_bytes(MANIFEST).unwrap()
}

pub fn examples() -> Examples {
    Examples::parse(&manifest(), FILES).unwrap()
}

pub fn checkpoint(bytes: &[u8]) -> Checkpoint {
    Checkpoint::from_bytes(&manifest(), bytes).unwrap()
}

fn golden() -> Golden {
    let golden: Golden = serde_json::from_str(include_str!("../golden/measurement.json")).unwrap();
    assert_eq!(golden.version, 1);
    golden
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode_to_array(hex).unwrap()
}

#[test]
fn a_manifest_keeps_its_bytes() {
    assert_eq!(manifest().to_bytes(), MANIFEST);
}

#[test]
fn a_checkpoint_keeps_its_bytes_and_has_the_length_implied() {
    for file in [BASE, NEW] {
        assert_eq!(checkpoint(file).to_bytes(), file);
        assert_eq!(checkpoint_len(&manifest()), file.len() as u64);
    }
}

#[test]
fn first_weights_follow_from_a_seed() {
    let seed = std::array::from_fn(|index| index as u8);
    assert_eq!(Checkpoint::initial(&manifest(), seed).to_bytes(), BASE);
    assert_eq!(Checkpoint::initial(&manifest(), [7; 32]).to_bytes(), NEW);
}

#[test]
fn any_safetensors_reader_opens_a_checkpoint() {
    let file = safetensors::SafeTensors::deserialize(BASE).unwrap();
    let checkpoint = checkpoint(BASE);
    assert_eq!(file.len(), checkpoint.tensors().len());
    for (spec, values) in manifest().tensors().iter().zip(checkpoint.tensors()) {
        let tensor = file.tensor(&spec.name).unwrap();
        let shape: Vec<usize> = spec.shape.iter().map(|side| *side as usize).collect();
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!((tensor.dtype(), tensor.shape(), tensor.data()), (safetensors::Dtype::F32, &shape[..], &data[..]));
    }
}

#[test]
fn a_claim_is_measured_as_by_the_second_implementation() {
    let (golden, examples) = (golden(), examples());
    let (manifest, seed) = (manifest(), bytes(&golden.seed));
    let drawn = draw(seed, golden.group, golden.round, examples.len() as u32, manifest.eval_max());
    assert_eq!(drawn, golden.drawn);
    let base = evaluate(&checkpoint(BASE), &examples, &drawn).unwrap();
    let new = evaluate(&checkpoint(NEW), &examples, &drawn).unwrap();
    assert_eq!((&base.losses, base.mean), (&golden.base, golden.base_mean));
    assert_eq!((&new.losses, new.mean), (&golden.new, golden.new_mean));
    assert_eq!(loss_root(&base.losses, &new.losses), bytes(&golden.loss_root));
    let probe = probe(&checkpoint(NEW), &examples, &drawn, seed, bytes(&golden.signer)).unwrap();
    assert_eq!(probe, bytes(&golden.probe));
}

#[test]
fn a_prediction_is_the_row_that_a_loss_is_read_from() {
    let golden = golden();
    let lines: Vec<&str> = FILES[1].1.lines().chain(FILES[0].1.lines()).collect();
    let (features, _) = lines[golden.drawn[0] as usize].rsplit_once(',').unwrap();
    let row = predict(&checkpoint(NEW), features).unwrap();
    let bits: Vec<String> = row.iter().map(|value| format!("{:08x}", value.to_bits())).collect();
    assert_eq!(bits, golden.first_log_probabilities);
}
