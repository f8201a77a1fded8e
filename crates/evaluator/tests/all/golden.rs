//! The committed files of each family, which second implementations made: every format and number must come out again.

use std::collections::BTreeMap;

use evaluator::{Checkpoint, Compute, Dtype, Examples, Isa, Manifest, Measurement, checkpoint_len, draw, loss_root, predict};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::exact::trained;
use crate::measurement::priced;

/// The files of one family.
pub struct Family {
    pub manifest: &'static [u8],
    pub base: &'static [u8],
    pub new: &'static [u8],
    pub files: [(&'static str, &'static str); 2],
    measurement: &'static str,
}

pub const MLP: Family = Family {
    manifest: include_bytes!("../golden/manifest.json"),
    base: include_bytes!("../golden/base.safetensors"),
    new: include_bytes!("../golden/new.safetensors"),
    files: [("b.csv", include_str!("../golden/b.csv")), ("a.csv", include_str!("../golden/a.csv"))],
    measurement: include_str!("../golden/measurement.json"),
};

pub const GPT: Family = Family {
    manifest: include_bytes!("../golden/gpt/manifest.json"),
    base: include_bytes!("../golden/gpt/base.safetensors"),
    new: include_bytes!("../golden/gpt/new.safetensors"),
    files: [("b.txt", include_str!("../golden/gpt/b.txt")), ("a.txt", include_str!("../golden/gpt/a.txt"))],
    measurement: include_str!("../golden/gpt/measurement.json"),
};

pub const GPT_TANH: Family = Family {
    manifest: include_bytes!("../golden/gpt-tanh/manifest.json"),
    base: include_bytes!("../golden/gpt-tanh/base.safetensors"),
    new: include_bytes!("../golden/gpt-tanh/new.safetensors"),
    files: [("b.txt", include_str!("../golden/gpt-tanh/b.txt")), ("a.txt", include_str!("../golden/gpt-tanh/a.txt"))],
    measurement: include_str!("../golden/gpt-tanh/measurement.json"),
};

pub const LLAMA: Family = Family {
    manifest: include_bytes!("../golden/llama/manifest.json"),
    base: include_bytes!("../golden/llama/base.safetensors"),
    new: include_bytes!("../golden/llama/new.safetensors"),
    files: [("b.txt", include_str!("../golden/llama/b.txt")), ("a.txt", include_str!("../golden/llama/a.txt"))],
    measurement: include_str!("../golden/llama/measurement.json"),
};

pub const FAMILIES: [Family; 4] = [MLP, GPT, LLAMA, GPT_TANH];

/// Those of which second implementations made files of bfloat16 too.
pub const HALVES: [Family; 2] = [
    Family {
        manifest: include_bytes!("../golden/gpt/bf16/manifest.json"),
        base: include_bytes!("../golden/gpt/bf16/base.safetensors"),
        new: include_bytes!("../golden/gpt/bf16/new.safetensors"),
        measurement: include_str!("../golden/gpt/bf16/measurement.json"),
        ..GPT
    },
    Family {
        manifest: include_bytes!("../golden/llama/bf16/manifest.json"),
        base: include_bytes!("../golden/llama/bf16/base.safetensors"),
        new: include_bytes!("../golden/llama/bf16/new.safetensors"),
        measurement: include_str!("../golden/llama/bf16/measurement.json"),
        ..LLAMA
    },
];

/// All of both.
pub fn every() -> impl Iterator<Item = Family> {
    FAMILIES.into_iter().chain(HALVES)
}

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

impl Family {
    pub fn manifest(&self) -> Manifest {
        Manifest::from_bytes(self.manifest).unwrap()
    }

    pub fn examples(&self) -> Examples {
        Examples::parse(&self.manifest(), self.files).unwrap()
    }

    pub fn checkpoint(&self, bytes: &[u8]) -> Checkpoint {
        Checkpoint::from_bytes(&self.manifest(), bytes).unwrap()
    }

    fn golden(&self) -> Golden {
        let golden: Golden = serde_json::from_str(self.measurement).unwrap();
        assert_eq!(golden.version, 1);
        golden
    }
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    hex::decode_to_array(hex).unwrap()
}

#[test]
fn a_manifest_keeps_its_bytes() {
    for family in every() {
        assert_eq!(family.manifest().to_bytes(), family.manifest);
    }
}

#[test]
fn a_checkpoint_keeps_its_bytes_and_has_the_length_implied() {
    for family in every() {
        for file in [family.base, family.new] {
            assert_eq!(family.checkpoint(file).to_bytes(), file);
            assert_eq!(checkpoint_len(&family.manifest()), file.len() as u64);
        }
    }
}

#[test]
fn first_weights_follow_from_a_seed() {
    let seed = std::array::from_fn(|index| index as u8);
    for family in every() {
        assert_eq!(Checkpoint::initial(&family.manifest(), seed).to_bytes(), family.base);
    }
    assert_eq!(Checkpoint::initial(&MLP.manifest(), [7; 32]).to_bytes(), MLP.new);
}

#[test]
fn any_safetensors_reader_opens_a_checkpoint() {
    for family in every() {
        let is_half = family.manifest().dtype() == Dtype::Bf16;
        let dtype = if is_half { safetensors::Dtype::BF16 } else { safetensors::Dtype::F32 };
        let file = safetensors::SafeTensors::deserialize(family.base).unwrap();
        let checkpoint = family.checkpoint(family.base);
        assert_eq!(file.len(), checkpoint.tensors().len());
        for (spec, values) in family.manifest().tensors().iter().zip(checkpoint.tensors()) {
            let tensor = file.tensor(&spec.name).unwrap();
            let shape: Vec<usize> = spec.shape.iter().map(|side| *side as usize).collect();
            // Of a narrow value the upper half is all there is.
            let skip = if is_half { 2 } else { 0 };
            let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes().into_iter().skip(skip)).collect();
            assert_eq!((tensor.dtype(), tensor.shape(), tensor.data()), (dtype, &shape[..], &data[..]));
        }
    }
}

/// Losses, root and probe of a family as the second implementation has them.
fn check(family: &Family, compute: Compute) {
    let (golden, examples) = (family.golden(), family.examples());
    let (manifest, seed) = (family.manifest(), bytes(&golden.seed));
    let drawn = draw(seed, golden.group, golden.round, examples.len() as u32, manifest.eval_max());
    assert_eq!(drawn, golden.drawn);
    let base = compute.evaluate(&family.checkpoint(family.base), &examples, &drawn).unwrap();
    let new = compute.evaluate(&family.checkpoint(family.new), &examples, &drawn).unwrap();
    assert_eq!((&base.losses, base.mean), (&golden.base, golden.base_mean), "{compute:?}");
    assert_eq!((&new.losses, new.mean), (&golden.new, golden.new_mean), "{compute:?}");
    assert_eq!(loss_root(&base.losses, &new.losses), bytes(&golden.loss_root));
    let probe = compute.probe(&family.checkpoint(family.new), &examples, &drawn, seed, bytes(&golden.signer)).unwrap();
    assert_eq!(probe, bytes(&golden.probe), "{compute:?}");
}

#[test]
fn a_claim_is_measured_as_by_the_second_implementation_on_every_instruction_set() {
    for isa in Isa::available() {
        for threads in [1, 2, 7] {
            every().for_each(|family| check(&family, Compute::new(isa, threads).unwrap()));
        }
    }
}

/// A manifest with a price for weights, and what the files of a family cost and lose under it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Priced {
    manifest: String,
    base_price: u32,
    base_mean: u32,
    new_price: u32,
    new_mean: u32,
}

#[test]
fn weights_cost_what_the_second_implementation_says_and_leave_the_losses_alone() {
    let mut cases: BTreeMap<String, Vec<Priced>> = serde_json::from_str(include_str!("../golden/price.json")).unwrap();
    for (name, family) in [("mlp", MLP), ("gpt", GPT), ("llama", LLAMA)] {
        let golden = family.golden();
        for case in cases.remove(name).unwrap() {
            let manifest = Manifest::from_bytes(case.manifest.as_bytes()).unwrap();
            let examples = Examples::parse(&manifest, family.files).unwrap();
            for compute in Isa::available().flat_map(|isa| [1, 3].map(|threads| Compute::new(isa, threads).unwrap())) {
                let measured =
                    |file| compute.evaluate(&Checkpoint::from_bytes(&manifest, file).unwrap(), &examples, &golden.drawn).unwrap();
                let expected = |losses: &[u32], price, mean| Measurement { losses: losses.to_vec(), price, mean };
                assert_eq!(measured(family.base), expected(&golden.base, case.base_price, case.base_mean), "{compute:?}");
                assert_eq!(measured(family.new), expected(&golden.new, case.new_price, case.new_mean), "{compute:?}");
            }
        }
    }
    assert!(cases.is_empty());
}

/// sha256 of the checkpoint after a short run of each family, without a price for weights and with one.
const RUNS: [[&str; 2]; 4] = [
    [
        "35f2ff4023aa598d9263ee63495e06d3599346df9af3b9f046b4c29c6a3d5b92",
        "22b475876f549011fff2178cf3aa7ef8add572a7e9a11850efd06d9d0afdf1bb",
    ],
    [
        "611f581c131bd28691e507487256fb55baf437b210f966636d5a612697da020b",
        "c57b23fc8011467b6c20dd5e5d6b89ff0bdb30fa5c8b46b8fe8d3ede595ab578",
    ],
    [
        "186e0d9218389f48a8655e33a8a1c4d66d74fca08348b572cbb5c2eabba00086",
        "ae4ce35aa4a49896c888118a1d28037f869d5405649fee273752f7e2b721660d",
    ],
    [
        "689260beba27999f472bc0730a339f25a45a578fe3ea9182bc1a6277f475023f",
        "efbf9e717048575a247ab548a8c0cb56516c24760e80f5f0340b302e8401d315",
    ],
];

#[test]
fn a_short_run_of_training_has_the_committed_digest_on_every_instruction_set() {
    for (family, expected) in FAMILIES.iter().zip(RUNS) {
        let manifests = [family.manifest(), priced(&family.manifest(), 500_000)];
        for compute in Isa::available().flat_map(|isa| [1, 2, 7].map(|threads| Compute::new(isa, threads).unwrap())) {
            let digest = |manifest| hex::encode(Sha256::digest(trained(manifest, &family.examples(), compute)));
            assert_eq!(manifests.each_ref().map(digest), expected, "{compute:?}");
        }
    }
}

fn hex_of(row: &[f32]) -> Vec<String> {
    row.iter().map(|value| format!("{:08x}", value.to_bits())).collect()
}

#[test]
fn a_prediction_is_the_row_that_a_loss_is_read_from() {
    let golden = MLP.golden();
    let lines: Vec<&str> = MLP.files[1].1.lines().chain(MLP.files[0].1.lines()).collect();
    let (features, _) = lines[golden.drawn[0] as usize].rsplit_once(',').unwrap();
    let row = predict(&MLP.checkpoint(MLP.new), features).unwrap();
    assert_eq!(hex_of(&row), golden.first_log_probabilities);

    for family in [GPT, LLAMA, GPT_TANH] {
        let (golden, context) = (family.golden(), family.examples().inputs());
        let text: Vec<char> = family.files[1].1.chars().chain(family.files[0].1.chars()).collect();
        let start = golden.drawn[0] as usize * 7;
        let seen: String = text[start..start + context].iter().collect();
        let row = predict(&family.checkpoint(family.new), &seen).unwrap();
        assert_eq!(hex_of(&row), golden.first_log_probabilities);
    }
}

#[test]
fn an_instruction_set_that_the_processor_lacks_or_nobody_knows_is_refused() {
    for name in ["portable", "avx2", "avx512", "neon", "simd128"] {
        let isa: Isa = name.parse().unwrap();
        assert_eq!(isa.to_string(), name);
        assert_eq!(Compute::new(isa, 1).is_ok(), Isa::available().any(|available| available == isa), "{name}");
    }
    assert!("sse2".parse::<Isa>().unwrap_err().to_string().contains("portable, avx2, avx512, neon or simd128"));
    assert!(Isa::available().any(|isa| isa == Isa::detect()));
    assert_eq!(Compute::new(Isa::Portable, 0).unwrap().threads(), 1);
    assert_eq!(Compute::new(Isa::Portable, 1000).unwrap().threads(), evaluator::THREADS_MAX);
}
