//! Runs on sets of shards, of which only a part is here.

use std::sync::Arc;

use evaluator::{Checkpoint, Cid, Compute, Examples, Manifest, MeasureError, Shard, evaluate};
use sha2::{Digest, Sha256};
use training::{Device, Plan, Settings, TrainError, Trainer};

use crate::sets::{ENGINES, base, gpt, plan, trainer};

/// The small transformer, on tokens instead of text.
fn manifest() -> Manifest {
    let text = String::from_utf8(gpt(true, true).to_bytes()).unwrap();
    let tokenizer = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let text = text.replace(r#"{"format":"text","tokenizer":"bytes""#, &format!(r#"{{"format":"tokens","tokenizer":"{tokenizer}""#));
    Manifest::from_bytes(text.as_bytes()).unwrap()
}

/// Sixteen shards of 48 tokens, five windows each, of which none is held.
fn set() -> (Examples, Vec<Vec<u8>>) {
    let shard = |number: u16| (0..48_u16).flat_map(|place| (place * place % 7 + number * 3).to_le_bytes()).collect::<Vec<u8>>();
    let shards: Vec<Vec<u8>> = (0..16).map(shard).collect();
    let line = |bytes: &Vec<u8>| {
        let sha256: [u8; 32] = Sha256::digest(bytes).into();
        format!("{}\n", Shard { cid: Cid::new(true, sha256), tokens: 48, sha256 })
    };
    let list: String = shards.iter().map(line).collect();
    (Examples::parse(&manifest(), [("set.tokens", list)]).unwrap(), shards)
}

/// Three shards of the set, held.
fn part(seed: u8) -> Examples {
    let (examples, shards) = set();
    let part = examples.part([seed; 32], 3);
    for (place, shard) in part.shards().iter().enumerate() {
        let found = examples.shards().iter().position(|other| other == shard).unwrap();
        part.hold(place, Arc::new(shards[found].clone())).unwrap();
    }
    part
}

fn recipe(engine: training::EngineChoice) -> Plan {
    plan(Settings { engine, learning_rate: 0.01, batch: 4, ..Settings::default() }, 3, 20)
}

fn resume<'a>(saved: &[u8], start: &Checkpoint, examples: &'a Examples, plan: &Plan) -> Result<Trainer<'a>, TrainError> {
    Trainer::resume(saved, start, examples, plan, Device::Cpu, Compute::detect())
}

#[test]
fn a_run_learns_a_part_of_a_set_and_is_resumed_on_that_part_alone() {
    let (start, examples) = (base(&manifest()), part(1));
    assert_eq!((examples.len(), examples.whole_len()), (15, 80));
    let all: Vec<u32> = (0..15).collect();
    let loss = |checkpoint: &Checkpoint| evaluate(checkpoint, &examples, &all).unwrap().mean;
    for engine in ENGINES {
        let plan = recipe(*engine);
        let mut run = trainer(&start, &examples, &plan).unwrap();
        assert_eq!(run.targets_per_step(), 4 * 19);
        (0..10).for_each(|_| _ = run.step().unwrap());
        let saved = run.save().unwrap();
        (0..10).for_each(|_| _ = run.step().unwrap());
        assert!(loss(&run.checkpoint().unwrap()) < loss(&start), "{engine:?}");
        let mut again = resume(&saved, &start, &examples, &plan).unwrap();
        (0..10).for_each(|_| _ = again.step().unwrap());
        if run.is_exact() {
            assert_eq!(again.checkpoint().unwrap(), run.checkpoint().unwrap());
        }
        let other = part(2);
        assert_ne!(other, examples);
        assert!(matches!(resume(&saved, &start, &other, &plan), Err(TrainError::OtherRun)));
    }
}

#[test]
fn a_step_on_a_shard_that_is_not_here_names_it_and_can_be_made_once_it_is() {
    let (start, (examples, shards)) = (base(&manifest()), set());
    for engine in ENGINES {
        (0..16).for_each(|place| examples.let_go(place));
        let plan = recipe(*engine);
        let mut run = trainer(&start, &examples, &plan).unwrap();
        let Err(TrainError::Measure(MeasureError::NotHeld { shard, cid })) = run.step() else { panic!("a step on nothing") };
        assert_eq!(examples.shards()[shard].cid, cid);
        shards.iter().enumerate().for_each(|(place, bytes)| examples.hold(place, Arc::new(bytes.clone())).unwrap());
        assert!(run.step().is_ok());
    }
}
