//! Notes: their text, what is refused, and the run again from them.

use std::sync::atomic::AtomicBool;

use evaluator::{Checkpoint, Compute, Examples, Isa, average};
use training::{
    Device, EngineChoice, NOTE_BYTES_MAX, Note, NoteError, Optimizer, Plan, Precision, STARTS_MAX, Settings, TrainError, Trainer, replay,
};

use crate::sets::{base, families, plan};

const GOLDEN: &str = "{\"round\":7,\"file\":\"0x0101010101010101010101010101010101010101010101010101010101010101\",\"starts\":[\"0x0202020202020202020202020202020202020202020202020202020202020202\"],\"head\":\"0x0303030303030303030303030303030303030303030303030303030303030303\",\"plan\":{\"settings\":{\"engine\":\"auto\",\"optimizer\":\"adamw\",\"learning_rate\":0.003,\"weight_decay\":0.1,\"beta_1\":0.9,\"beta_2\":0.999,\"clip\":1.0,\"batch\":16,\"accumulate\":2,\"warmup\":3,\"decay\":\"constant\",\"floor\":0.0,\"steps\":null,\"precision\":\"f32\"},\"seed\":18446744073709551615,\"steps\":40},\"done\":12}";

fn recipe() -> Plan {
    let settings = Settings {
        optimizer: Optimizer::AdamW,
        learning_rate: 0.003,
        weight_decay: 0.1,
        clip: Some(1.0),
        batch: 16,
        accumulate: 2,
        warmup: 3,
        ..Settings::default()
    };
    plan(settings, u64::MAX, 40)
}

fn note() -> Note {
    Note { round: 7, file: [1; 32], starts: vec![[2; 32]], head: [3; 32], plan: recipe(), done: 12 }
}

#[test]
fn a_note_has_this_text() {
    assert_eq!(note().to_text(), GOLDEN);
    assert_eq!(Note::parse(GOLDEN).unwrap(), note());
    let longest = Note { starts: vec![[255; 32]; STARTS_MAX], round: u64::MAX, ..note() };
    assert!(longest.to_text().len() < NOTE_BYTES_MAX / 2, "{}", longest.to_text().len());
}

#[test]
fn numbers_of_a_note_survive_its_text() {
    // Steps through binary32 that meet every exponent and all kinds of digits.
    for bits in (1..f32::INFINITY.to_bits()).step_by(40_009) {
        let value = f32::from_bits(bits);
        let mut note = note();
        (note.plan.settings.learning_rate, note.plan.settings.clip) = (value, Some(value));
        assert_eq!(Note::parse(&note.to_text()).unwrap(), note, "{value:e}");
    }
}

fn refused(text: &str, expected: &str) {
    let error = Note::parse(text).unwrap_err().to_string();
    assert!(error.contains(expected), "{error} should contain {expected}");
}

#[test]
fn hostile_notes_are_refused() {
    let spaces = " ".repeat(NOTE_BYTES_MAX + 1 - GOLDEN.len());
    assert_eq!(Note::parse(&format!("{GOLDEN}{spaces}")), Err(NoteError::TooLong(NOTE_BYTES_MAX + 1)));
    refused("", "EOF");
    refused(&GOLDEN.replace("0x01", "01"), "begins with 0x");
    refused(&GOLDEN[..GOLDEN.len() - 1], "EOF");
    refused(&format!("{GOLDEN}{{}}"), "trailing");
    refused(&GOLDEN.replace("\"done\"", "\"gone\""), "unknown field `gone`");
    refused(&GOLDEN.replace(",\"done\":12", ""), "missing field `done`");
    refused(&GOLDEN.replace("\"done\":12", "\"done\":12,\"done\":12"), "duplicate field `done`");
    refused(&GOLDEN.replace("\"done\":12", "\"done\":-12"), "invalid value");
    refused(&GOLDEN.replace("\"done\":12", "\"done\":41"), "41 of 40 steps");
    refused(&GOLDEN.replace("\"steps\":40", "\"steps\":4294967295"), "steps is 4294967");
    refused(&GOLDEN.replace("\"steps\":40", "\"steps\":0"), "steps is 0");
    refused(&GOLDEN.replace("\"batch\":16", "\"batch\":0"), "batch is 0");
    refused(&GOLDEN.replace("\"accumulate\":2", "\"accumulate\":1000000"), "batch times accumulate is 16000000");
    refused(&GOLDEN.replace("0.003", "-0.003"), "learning_rate is -0.003");
    refused(&GOLDEN.replace("0.003", "1e400"), "out of range");
    refused(&GOLDEN.replace("\"batch\":16", "\"bunch\":16"), "unknown field `bunch`");
    refused(&GOLDEN.replace("0101010101", "01010101zz"), "digest");
    refused(&GOLDEN.replace("0202020202", "02020202"), "digest");
    let start = format!("0x{}", "02".repeat(32));
    let starts = |count: usize| GOLDEN.replace(&format!("[\"{start}\"]"), &format!("{:?}", vec![start.clone(); count]).replace(", ", ","));
    refused(&starts(0), "0 starts, not 1 to 16");
    refused(&starts(17), "17 starts");
    assert_eq!(Note::parse(&starts(16)).unwrap().starts.len(), 16);
}

/// Trains as a trainer would, from the average of two checkpoints, and publishes.
fn published(starts: &[Checkpoint], examples: &Examples) -> (Note, Checkpoint) {
    let start = average(&starts.iter().collect::<Vec<_>>()).unwrap();
    let mut trainer = Trainer::new(&start, examples, &recipe(), Device::Auto, Compute::detect()).unwrap();
    assert!(trainer.is_exact());
    trainer.run(12, &AtomicBool::new(false), |_| ()).unwrap();
    (Note { starts: vec![[2; 32]; starts.len()], ..note() }, trainer.checkpoint().unwrap())
}

#[test]
fn a_replay_gives_the_bits_of_the_run() {
    for (manifest, examples) in families() {
        let starts = [base(&manifest), Checkpoint::initial(&manifest, [6; 32])];
        for starts in [&starts[..1], &starts] {
            let (note, checkpoint) = published(starts, &examples);
            let note = Note::parse(&note.to_text()).unwrap();
            let mut steps = Vec::new();
            let compute = Compute::new(Isa::Portable, 3).unwrap();
            let found = replay(&note, starts, &examples, (Device::Cpu, compute), &AtomicBool::new(false), |progress| {
                steps.push((progress.step, progress.steps))
            })
            .unwrap();
            assert!(found.0 == checkpoint && found.1.starts_with("processor (portable"), "{} starts, {}", starts.len(), found.1);
            assert_eq!(steps, (1..=12).map(|step| (step, 12)).collect::<Vec<_>>());
            let other = Note { plan: Plan { seed: 1, ..note.plan.clone() }, ..note };
            assert!(replay(&other, starts, &examples, (Device::Cpu, compute), &AtomicBool::new(false), |_| ()).unwrap().0 != checkpoint);
        }
    }
}

#[test]
fn a_replay_on_a_gpu_has_the_same_bits_and_says_so_where_there_is_none() {
    let [(manifest, examples), ..] = families();
    let starts = [base(&manifest)];
    let (note, checkpoint) = published(&starts, &examples);
    let gpu = (Device::Cuda(0), Compute::detect());
    let (found, place) = replay(&note, &starts, &examples, gpu, &AtomicBool::new(false), |_| ()).unwrap();
    assert!(found == checkpoint, "on {place}");
    assert_eq!(place.starts_with("processor ("), place.ends_with("compute on the processor"), "{place}");
    let settings = Settings { precision: Precision::Bf16, engine: EngineChoice::Exact, ..recipe().settings };
    let narrow = Trainer::new(&starts[0], &examples, &Plan { settings, ..recipe() }, Device::Cuda(0), Compute::detect());
    assert!(matches!(narrow.err(), Some(TrainError::Precision)));
}

#[test]
fn a_replay_that_cannot_be_is_refused() {
    let [(manifest, examples), ..] = families();
    let start = base(&manifest);
    let run = |note: &Note, starts: &[Checkpoint], stop: bool| {
        replay(note, starts, &examples, (Device::Cpu, Compute::detect()), &AtomicBool::new(stop), |_| ())
    };
    assert!(matches!(run(&note(), &[], false), Err(TrainError::Note(_))));
    assert!(matches!(run(&note(), &[start.clone(), start.clone()], false), Err(TrainError::Note(_))));
    let mut burn = note();
    burn.plan.settings.engine = EngineChoice::Burn;
    assert!(matches!(run(&burn, std::slice::from_ref(&start), false), Err(TrainError::Note(_))));
    assert!(matches!(run(&note(), &[start], true), Err(TrainError::Stopped)));
}
