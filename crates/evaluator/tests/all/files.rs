//! Files of weights: narrow ones, shared ones that are widened where they are needed, and what both refuse.

use std::sync::Arc;

use evaluator::{
    AdamW, Checkpoint, CheckpointError, Compute, Dtype, Exact, Isa, Manifest, Rule, SharedBytes, average, checkpoint_len, evaluate, probe,
    weight_price,
};
use proptest::prelude::*;

use crate::exact::trained;
use crate::golden::{Family, GPT, HALVES, MLP, every};
use crate::gpt;

/// A manifest with another last key: narrow files.
fn half(manifest: &Manifest) -> Manifest {
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    let text = format!("{},\"dtype\":\"bf16\"}}", text.strip_suffix('}').unwrap());
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// The same manifest with wide files.
fn wide(manifest: &Manifest) -> Manifest {
    let text = String::from_utf8(manifest.to_bytes()).unwrap();
    Manifest::from_bytes(text.replace(",\"dtype\":\"bf16\"", "").as_bytes()).unwrap()
}

/// Bytes that begin somewhere in others, as a file within a mapped one.
struct Within(Vec<u8>, usize);

impl AsRef<[u8]> for Within {
    fn as_ref(&self) -> &[u8] {
        &self.0[self.1..]
    }
}

/// A file at an address that no value is aligned to.
fn shared(bytes: &[u8], skip: usize) -> SharedBytes {
    Arc::new(Within([&vec![0xff; skip], bytes].concat(), skip))
}

fn bits(tensors: &[Vec<f32>]) -> Vec<u32> {
    tensors.iter().flatten().map(|value| value.to_bits()).collect()
}

#[test]
fn a_shared_file_at_any_address_is_the_checkpoint_that_a_copy_of_it_is() {
    for family in every() {
        let (manifest, examples) = (family.manifest(), family.examples());
        let drawn: Vec<u32> = (0..examples.len() as u32).rev().collect();
        let copy = family.checkpoint(family.new);
        for skip in 0..4 {
            let kept = Checkpoint::from_shared(&manifest, shared(family.new, skip)).unwrap();
            assert_eq!(kept, copy);
            assert_eq!(copy, kept.clone());
            assert_ne!(kept, family.checkpoint(family.base));
            assert_eq!(kept.to_bytes(), family.new);
            let mut written = Vec::new();
            kept.write(&mut written).unwrap();
            assert_eq!(written, family.new);
            assert_eq!(average(&[&kept, &copy]).unwrap(), copy);
            for compute in Isa::available().flat_map(|isa| [1, 3].map(|threads| Compute::new(isa, threads).unwrap())) {
                let [found, expected] = [&kept, &copy].map(|checkpoint| compute.evaluate(checkpoint, &examples, &drawn).unwrap());
                assert_eq!(found, expected, "{compute:?} at {skip}");
            }
            let of = |checkpoint| probe(checkpoint, &examples, &drawn, [3; 32], [1; 20]).unwrap();
            assert_eq!(of(&kept), of(&copy));
            assert_eq!(bits(&kept.to_tensors()), bits(copy.tensors()));
            assert_eq!(bits(kept.tensors()), bits(copy.tensors()));
        }
    }
}

#[test]
fn a_checkpoint_is_written_as_its_bytes_and_a_writer_that_refuses_is_heard() {
    for family in every() {
        let checkpoint = family.checkpoint(family.base);
        let same = Checkpoint::from_tensors(&family.manifest(), checkpoint.to_tensors()).unwrap();
        let mut written = Vec::new();
        same.write(&mut written).unwrap();
        assert_eq!(written, family.base);
        let mut short = vec![0; family.base.len() - 1];
        assert_eq!(same.write(&mut short[..]).unwrap_err().kind(), std::io::ErrorKind::WriteZero);
    }
}

#[test]
fn narrow_files_compute_as_wide_ones_of_the_same_values() {
    for family in HALVES {
        let (examples, manifest) = (family.examples(), wide(&family.manifest()));
        let drawn: Vec<u32> = (0..examples.len() as u32).collect();
        for file in [family.base, family.new] {
            let narrow = family.checkpoint(file);
            let same = Checkpoint::from_tensors(&manifest, narrow.to_tensors()).unwrap();
            assert_eq!(evaluate(&narrow, &examples, &drawn).unwrap(), evaluate(&same, &examples, &drawn).unwrap());
            assert_eq!(weight_price(&narrow, 7), weight_price(&same, 7));
        }
    }
}

#[test]
fn the_price_of_narrow_weights_is_that_of_their_values() {
    let text = String::from_utf8(MLP.manifest().to_bytes()).unwrap();
    let wide = Manifest::from_bytes(format!("{},\"weight_price\":1000000}}", text.strip_suffix('}').unwrap()).as_bytes()).unwrap();
    let narrow = half(&wide);
    let checkpoint = Checkpoint::from_tensors(&narrow, MLP.checkpoint(MLP.base).to_tensors()).unwrap();
    let same = Checkpoint::from_tensors(&wide, checkpoint.to_tensors()).unwrap();
    let kept = Checkpoint::from_bytes(&narrow, &checkpoint.to_bytes()).unwrap();
    assert!(weight_price(&same, 3) > 0);
    assert_eq!([&checkpoint, &kept].map(|checkpoint| weight_price(checkpoint, 3)), [weight_price(&same, 3); 2]);
}

#[test]
fn training_keeps_wide_weights_and_rounds_once_when_a_file_is_made() {
    for family in HALVES {
        let (examples, narrow) = (family.examples(), family.manifest());
        let batch: Vec<u32> = (0..examples.len() as u32).collect();
        let base = family.checkpoint(family.base);
        let same = Checkpoint::from_tensors(&wide(&narrow), base.to_tensors()).unwrap();
        let [mut run, mut other] = [&base, &same].map(|base| Exact::new(Compute::detect(), base).unwrap());
        // Steps of a thousandth of the last bit: rounded after each, none would be seen.
        let rule = Rule::AdamW(AdamW { learning_rate: 1e-5, weight_decay: 0.0, ..AdamW::default() });
        for _ in 0..8 {
            let losses = [&mut run, &mut other].map(|run| run.step(&examples, &batch, &rule).unwrap());
            assert_eq!(losses[0].to_bits(), losses[1].to_bits());
        }
        assert_eq!(bits(&run.snapshot().tensors), bits(&other.snapshot().tensors));
        let (file, exact) = (run.checkpoint().unwrap(), other.checkpoint().unwrap());
        let rounded: Vec<u32> = exact.tensors().iter().flatten().map(|value| Dtype::Bf16.rounded(*value).to_bits()).collect();
        assert_eq!(bits(file.tensors()), rounded);
        assert_ne!(bits(exact.tensors()), rounded);
        assert_eq!(Checkpoint::from_bytes(&narrow, &file.to_bytes()).unwrap(), file);
    }
}

#[test]
fn a_narrow_run_has_the_same_bits_on_every_instruction_set_and_any_threads() {
    for family in HALVES {
        let run = |compute| trained(&family.manifest(), &family.examples(), compute);
        let expected = run(Compute::new(Isa::Portable, 1).unwrap());
        for compute in Isa::available().flat_map(|isa| [1, 3].map(|threads| Compute::new(isa, threads).unwrap())) {
            assert!(run(compute) == expected, "{compute:?}");
        }
    }
}

#[test]
fn weights_are_clamped_then_rounded_and_refused_before_either() {
    let manifest = half(&MLP.manifest());
    let most = manifest.weight_max();
    let with = |value: f32| {
        let mut tensors = MLP.checkpoint(MLP.base).to_tensors();
        tensors[0][0] = value;
        tensors
    };
    let (above, name) = (f32::from_bits(most.to_bits() + 1), "layers.0.weight".to_owned());
    assert_eq!(Dtype::Bf16.rounded(above), most, "rounded first, it would be taken");
    assert_eq!(Checkpoint::from_tensors(&manifest, with(above)), Err(CheckpointError::TooLarge(name.clone())));
    for value in [above, f32::MAX] {
        for value in [value, -value] {
            let clamped = Checkpoint::clamped(&manifest, with(value)).unwrap();
            assert_eq!(clamped.tensors()[0][0], most.copysign(value));
            assert!(Checkpoint::from_bytes(&manifest, &clamped.to_bytes()).is_ok());
        }
    }
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert_eq!(Checkpoint::clamped(&manifest, with(value)), Err(CheckpointError::NotFinite(name.clone())));
    }
    // The greatest value below it that is not narrow.
    let below = f32::from_bits(most.to_bits() - 1);
    assert_eq!(Checkpoint::from_tensors(&manifest, with(below)).unwrap().tensors()[0][0], most);
    assert_eq!(Checkpoint::from_tensors(&manifest, with(-0.0)).unwrap().tensors()[0][0].to_bits(), 1 << 31);
}

#[test]
fn a_frozen_tensor_of_a_shared_narrow_file_is_compared_bit_for_bit() {
    let text = String::from_utf8(half(&MLP.manifest()).to_bytes()).unwrap();
    let text = format!("{},\"frozen\":[\"layers.0.*\"]}}", text.strip_suffix('}').unwrap());
    let manifest = Manifest::from_bytes(text.as_bytes()).unwrap();
    let of = |place: usize, value: f32| {
        let mut tensors = MLP.checkpoint(MLP.base).to_tensors();
        tensors[place][1] = value;
        let file = Checkpoint::from_tensors(&manifest, tensors).unwrap().to_bytes();
        Checkpoint::from_shared(&manifest, shared(&file, 1)).unwrap()
    };
    let base = of(0, 0.0);
    let frozen = |name: &str| Err(CheckpointError::Frozen(name.to_owned()));
    assert_eq!(of(0, -0.0).keeps_frozen(&base), frozen("layers.0.weight"));
    assert_eq!(of(0, 0.0).keeps_frozen(&base), Ok(()));
    assert_eq!(of(1, 1.5).keeps_frozen(&of(1, 1.25)), frozen("layers.0.bias"));
    assert_eq!(of(2, 1.5).keeps_frozen(&of(2, 1.25)), Ok(()));
    // Two values that are one in a narrow file.
    assert_eq!(of(0, 1.0).keeps_frozen(&of(0, 1.001)), Ok(()));
}

#[test]
fn an_average_of_narrow_files_is_rounded_once_more() {
    let [family, _] = HALVES;
    let (base, new) = (family.checkpoint(family.base), family.checkpoint(family.new));
    let found = average(&[&base, &new, &new]).unwrap();
    let values = |checkpoint: &Checkpoint| checkpoint.to_tensors().concat();
    for (found, (base, new)) in values(&found).into_iter().zip(values(&base).into_iter().zip(values(&new))) {
        let mean = ((f64::from(base) + f64::from(new) + f64::from(new)) / 3.0) as f32;
        assert_eq!(found, Dtype::Bf16.rounded(mean));
    }
}

/// Reads the base of a family after a change, copied and shared: both say the same.
fn read(family: &Family, change: impl FnOnce(&mut Vec<u8>)) -> Result<Checkpoint, CheckpointError> {
    let mut bytes = family.base.to_vec();
    change(&mut bytes);
    let result = Checkpoint::from_bytes(&family.manifest(), &bytes);
    assert_eq!(result, Checkpoint::from_shared(&family.manifest(), shared(&bytes, 1)));
    result
}

fn header_len(family: &Family) -> usize {
    8 + u64::from_le_bytes(family.base[..8].try_into().unwrap()) as usize
}

#[test]
fn files_of_another_length_or_header_are_refused_copied_or_shared() {
    for family in every() {
        let expected = family.base.len() as u64;
        for length in [0, 1, 7, header_len(&family), family.base.len() - 2, family.base.len() - 1] {
            assert_eq!(read(&family, |bytes| bytes.truncate(length)), Err(CheckpointError::Length { found: length as u64, expected }));
        }
        for more in [1, 2, 4] {
            let found = expected + more as u64;
            assert_eq!(read(&family, |bytes| bytes.resize(bytes.len() + more, 0)), Err(CheckpointError::Length { found, expected }));
        }
        for at in (0..header_len(&family)).step_by(3) {
            assert_eq!(read(&family, |bytes| bytes[at] ^= 1), Err(CheckpointError::Header), "byte {at}");
        }
    }
    for family in HALVES {
        for other in ["\"F32\" ", "\"F16\" ", "\"U16\" ", "\"BF61\""] {
            let changed = String::from_utf8_lossy(&family.base[8..header_len(&family)]).replacen("\"BF16\"", other, 1);
            let result = read(&family, |bytes| bytes[8..8 + changed.len()].copy_from_slice(changed.as_bytes()));
            assert_eq!(result, Err(CheckpointError::Header), "{other}");
        }
    }
    // A wide file in a narrow group, and the other way round.
    let [narrow, _] = HALVES;
    for (manifest, file) in [(narrow.manifest(), GPT.base), (GPT.manifest(), narrow.base)] {
        let expected = Err(CheckpointError::Length { found: file.len() as u64, expected: checkpoint_len(&manifest) });
        assert_eq!(Checkpoint::from_bytes(&manifest, file), expected);
        assert_eq!(Checkpoint::from_shared(&manifest, shared(file, 0)), expected);
    }
}

#[test]
fn narrow_values_that_are_not_finite_or_too_large_are_refused() {
    let [family, _] = HALVES;
    let name = || "lm_head.weight".to_owned();
    let with = |bits: u16| {
        read(&family, |bytes| {
            let at = bytes.len() - 2;
            bytes[at..].copy_from_slice(&bits.to_le_bytes());
        })
    };
    for bits in [0x7f80, 0xff80, 0x7f81, 0xffff, 0x7fc0] {
        assert_eq!(with(bits), Err(CheckpointError::NotFinite(name())), "{bits:04x}");
    }
    for bits in [0x4001, 0xc001, 0x7f7f] {
        assert_eq!(with(bits), Err(CheckpointError::TooLarge(name())), "{bits:04x}");
    }
    for bits in [0x4000, 0xc000, 0x8000, 0x0001, 0x0000] {
        let value = *with(bits).unwrap().tensors().last().unwrap().last().unwrap();
        assert_eq!(value.to_bits(), u32::from(bits) << 16);
    }
}

#[test]
fn a_text_goes_on_alike_from_a_copied_and_a_shared_file() {
    for family in every().filter(|family| family.manifest().data().suffix() == ".txt") {
        let shared = Checkpoint::from_shared(&family.manifest(), shared(family.new, 1)).unwrap();
        let [found, expected] = [&shared, &family.checkpoint(family.new)]
            .map(|checkpoint| -> Vec<u32> { Compute::detect().generate(checkpoint, "and ", 0.9, [4; 32]).unwrap().take(30).collect() });
        assert_eq!(found, expected);
    }
}

#[test]
fn first_weights_of_a_narrow_group_are_the_wide_ones_rounded() {
    let manifest = gpt::manifest(
        crate::reference_gpt::Sizes { layers: 2, heads: 2, width: 20, context: 8, vocabulary: 29, bias: true, tied: true },
        8,
        4,
    );
    let (wide, narrow) = (Checkpoint::initial(&manifest, [8; 32]), Checkpoint::initial(&half(&manifest), [8; 32]));
    let rounded: Vec<u32> = wide.tensors().iter().flatten().map(|value| Dtype::Bf16.rounded(*value).to_bits()).collect();
    assert_eq!(bits(narrow.tensors()), rounded);
}

proptest! {
    #[test]
    fn narrow_values_of_any_bits_are_taken_or_refused_for_their_reason(words in proptest::collection::vec(any::<u16>(), 1..40)) {
        for family in HALVES {
            let at = header_len(&family);
            let result = read(&family, |bytes| {
                words.iter().enumerate().for_each(|(index, word)| bytes[at + 2 * index..][..2].copy_from_slice(&word.to_le_bytes()));
            });
            let values = || words.iter().map(|word| f32::from_bits(u32::from(*word) << 16));
            match result {
                Ok(_) => prop_assert!(values().all(|value| value.abs() <= 2.0)),
                Err(CheckpointError::NotFinite(_)) => prop_assert!(values().any(|value| !value.is_finite())),
                Err(CheckpointError::TooLarge(_)) => prop_assert!(values().any(|value| value.abs() > 2.0)),
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
    }

    #[test]
    fn no_bytes_of_a_narrow_or_a_shared_file_panic(bytes: Vec<u8>, at: usize, value: u8, length: usize) {
        for family in every() {
            let count = family.base.len();
            let _ = Checkpoint::from_shared(&family.manifest(), Arc::new(bytes.clone()));
            prop_assert!(read(&family, |bytes| bytes.truncate(length % count)).is_err());
            if let Ok(checkpoint) = read(&family, |bytes| bytes[at % count] = value) {
                prop_assert_eq!(checkpoint.to_bytes()[at % count], value);
            }
        }
    }
}
