//! A training run on disk, so that a restart in the middle of a round goes on where it stood. Losing it costs time alone.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use evaluator::{Checkpoint, Compute, Examples};
use training::{Device, Plan, Settings, TrainError, Trainer};

pub const NAME: &str = "run.state";
/// First line; then the plan as JSON and a newline, then the run as `training` saves it.
const HEADER: &str = "neuron run of a trainer 1\n";

/// The file of one trainer.
#[derive(Clone)]
pub struct State {
    path: PathBuf,
}

/// What a run is made of, but for its plan.
#[derive(Clone, Copy)]
pub struct Parts<'a> {
    pub start: &'a Checkpoint,
    pub examples: &'a Examples,
    pub settings: &'a Settings,
    pub seed: u64,
    pub device: Device,
    pub compute: Compute,
}

impl State {
    pub fn at(data: &Path) -> Self {
        Self { path: data.join(NAME) }
    }

    /// Puts a run in the place of the one before; a failure is only told.
    pub fn save(&self, trainer: &Trainer<'_>, plan: &Plan) {
        if let Err(error) = self.try_save(trainer, plan) {
            tracing::warn!("cannot save the run to {}: {error:#}", self.path.display());
        }
    }

    fn try_save(&self, trainer: &Trainer<'_>, plan: &Plan) -> anyhow::Result<()> {
        let (saved, scratch) = (trainer.save()?, self.path.with_extension("new"));
        let mut file = File::create(&scratch)?;
        for part in [HEADER.as_bytes(), &serde_json::to_vec(plan)?, b"\n", &saved] {
            file.write_all(part)?;
        }
        Ok(fs::rename(&scratch, &self.path)?)
    }

    /// The saved run and its plan, if it is one of these parts.
    pub fn resume<'a>(&self, parts: Parts<'a>) -> Option<(Trainer<'a>, Plan)> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!("cannot read {}: {error}", self.path.display());
                return None;
            }
        };
        let Some((plan, saved)) = split(&bytes) else {
            tracing::warn!("{} is damaged: training begins anew", self.path.display());
            return None;
        };
        if (&plan.settings, plan.seed) != (parts.settings, parts.seed) {
            return None;
        }
        match Trainer::resume(saved, parts.start, parts.examples, &plan, parts.device, parts.compute) {
            Ok(trainer) => Some((trainer, plan)),
            Err(TrainError::OtherRun) => None,
            Err(error) => {
                tracing::warn!("{} is of no use: {error}", self.path.display());
                None
            }
        }
    }
}

fn split(bytes: &[u8]) -> Option<(Plan, &[u8])> {
    let rest = bytes.strip_prefix(HEADER.as_bytes())?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    Some((serde_json::from_slice(&rest[..end]).ok()?, &rest[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tiny::{ROWS, examples, start};

    const SEED: u64 = 7;

    fn settings() -> Settings {
        Settings { batch: 2, steps: Some(20), ..Settings::default() }
    }

    fn parts<'a>(start: &'a Checkpoint, examples: &'a Examples, settings: &'a Settings, seed: u64) -> Parts<'a> {
        Parts { start, examples, settings, seed, device: Device::Cpu, compute: Compute::detect() }
    }

    fn steps(trainer: &mut Trainer<'_>, count: u32) -> Vec<u8> {
        (0..count).for_each(|_| assert!(trainer.step().expect("a step").is_finite()));
        trainer.checkpoint().expect("finite").to_bytes()
    }

    #[test]
    fn a_restart_goes_on_with_its_own_run_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (state, path) = (State::at(folder.path()), folder.path().join(NAME));
        let (start, other_start) = (start(1), start(2));
        let (set, other_set, settings) = (examples(ROWS), examples(&ROWS.replace("1,2", "1,3")), settings());
        let own = parts(&start, &set, &settings, SEED);
        assert!(state.resume(own).is_none(), "nothing was saved");
        let plan = Plan { settings: settings.clone(), seed: SEED, steps: 20 };
        let mut trainer = Trainer::new(&start, &set, &plan, own.device, own.compute).expect("a run");
        steps(&mut trainer, 11);
        state.save(&trainer, &plan);
        let whole = steps(&mut trainer, 9);
        let (mut again, same) = State::at(folder.path()).resume(own).expect("its own run");
        assert_eq!((again.steps_done(), &same), (11, &plan));
        assert_eq!(steps(&mut again, 9), whole, "the same way to the last bit");
        let slower = Settings { learning_rate: 0.001, ..settings.clone() };
        for (name, other) in [
            ("start", parts(&other_start, &set, &settings, SEED)),
            ("set", parts(&start, &other_set, &settings, SEED)),
            ("settings", parts(&start, &set, &slower, SEED)),
            ("seed", parts(&start, &set, &settings, SEED + 1)),
        ] {
            assert!(state.resume(other).is_none(), "another {name}");
        }
        let saved = fs::read(&path).expect("the file");
        for damaged in [Vec::new(), b"hello".to_vec(), saved[..saved.len() - 1].to_vec(), [&saved[..], b"x"].concat(), flipped(&saved)] {
            fs::write(&path, &damaged).expect("written");
            assert!(state.resume(own).is_none(), "{} of {} bytes", damaged.len(), saved.len());
            assert_eq!(fs::read(&path).expect("still there"), damaged, "looking at it changes nothing");
        }
        state.save(&trainer, &plan);
        assert_eq!(state.resume(own).map(|(trainer, _)| trainer.steps_done()), Some(20), "a damaged file is replaced");
    }

    /// One bit of a weight.
    fn flipped(saved: &[u8]) -> Vec<u8> {
        let mut bytes = saved.to_vec();
        let place = bytes.len() - 60;
        bytes[place] ^= 1;
        bytes
    }
}
