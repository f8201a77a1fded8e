//! Training in the exact depth: a checkpoint is a file named by its digest, and trainer, exams, evaluator and probes are the real ones.

use std::collections::BTreeMap;
use std::sync::{Arc, atomic::AtomicBool};

use evaluator::{Checkpoint, Measurement, Rule, Sgd, draw};
use node::claims::{Bar, found};
use protocol::{Address, Digest, GroupId, Micronats, RoundNumber, keccak256, trainer::Measured};
use training::{Device, Plan, Trainer};

use crate::{
    curve::Run,
    exam::Exam,
    forgery::Forgery,
    lesson::{Lesson, lesson},
    random::Random,
};

/// Rounds of training after which a file that nobody has used is forgotten.
const LIVE_ROUNDS: u64 = 8;
/// Exams, and losses of files in them, that are remembered.
const EXAMS_KEPT: usize = 64;
const LOSSES_KEPT: usize = 256;
/// Whoever learns by heart goes so often through what he knows, in steps that are so many times as long.
const PASSES: usize = 60;
const LONGER: f32 = 5.0;

/// Files, and what exams find about them.
#[derive(Debug, Clone)]
pub struct Exact {
    lesson: &'static Lesson,
    seed: u64,
    group: GroupId,
    files: BTreeMap<Digest, File>,
    /// The newest round in which somebody trained.
    round: u64,
    drawn: BTreeMap<(RoundNumber, Digest), Arc<Vec<u32>>>,
    losses: BTreeMap<(RoundNumber, Digest, Digest), Arc<Measurement>>,
    /// Kept as the chain keeps its history: at the end all claims are looked at again, when most files are forgotten.
    found: BTreeMap<(Exam, Digest), Measured>,
}

#[derive(Debug, Clone)]
struct File {
    bytes: Vec<u8>,
    used: u64,
}

impl Exact {
    /// The files of a seed, and the digest of the first one.
    ///
    /// # Errors
    /// When what is to be learnt cannot be read.
    pub fn begin(seed: u64, group: GroupId) -> Result<(Self, Digest), String> {
        let lesson = lesson()?;
        let (files, drawn, losses, found) = Default::default();
        let mut exact = Self { lesson, seed, group, files, round: 0, drawn, losses, found };
        let first = Checkpoint::initial(&lesson.manifest, keccak256(&seed.to_be_bytes()));
        let first = exact.keep(first.to_bytes());
        Ok((exact, first))
    }

    /// Trains from a checkpoint, as many steps as there is time for; none if there is no such one.
    pub fn train(&mut self, base: Digest, run: Run) -> Option<Digest> {
        let start = self.start(base, run)?;
        let Lesson { examples, settings, steps, compute, .. } = self.lesson;
        let seed = Random::new(self.seed, "training", run.number()).draw();
        let plan = Plan { settings: settings.clone(), seed, steps: *steps };
        let mut trainer = Trainer::new(&start, examples, &plan, Device::Cpu, *compute).ok()?;
        let done = f64::from(*steps) * run.effort;
        trainer.run((done as u32).min(*steps), &AtomicBool::new(false), |_| ()).ok()?;
        Some(self.keep(trainer.checkpoint().ok()?.to_bytes()))
    }

    /// Learns the examples of an exam by heart, from a checkpoint; none if there is no such one.
    pub fn memorise(&mut self, base: Digest, known: Exam, run: Run) -> Option<Digest> {
        let (start, drawn) = (self.start(base, run)?, self.drawn(known));
        let Lesson { examples, settings, compute, .. } = self.lesson;
        let mut training = evaluator::Exact::new(*compute, &start)?;
        let rule = Rule::Sgd(Sgd { learning_rate: LONGER * settings.learning_rate, weight_decay: 0.0, clip: None });
        for _ in 0..PASSES {
            drawn.chunks(settings.batch as usize).try_for_each(|batch| training.step(examples, batch, &rule).map(drop)).ok()?;
        }
        Some(self.keep(training.checkpoint().ok()?.to_bytes()))
    }

    /// A checkpoint between two: that part of the way to the other. None if one of them is none.
    pub fn mix(&mut self, base: Digest, other: Digest, part: f64) -> Option<Digest> {
        let (base, other) = (self.checkpoint(base)?, self.checkpoint(other)?);
        let between = |(one, other): (&f32, &f32)| one + (other - one) * part as f32;
        let pairs = base.tensors().iter().zip(other.tensors());
        let tensors = pairs.map(|(one, other)| one.iter().zip(other).map(between).collect()).collect();
        Some(self.keep(Checkpoint::clamped(&self.lesson.manifest, tensors).ok()?.to_bytes()))
    }

    /// A file that is made of a checkpoint; none if there is no such one.
    pub fn forge(&mut self, base: Digest, forgery: Forgery) -> Option<Digest> {
        let bytes = self.checkpoint(base)?.to_bytes();
        Some(self.keep(forgery.of(&self.lesson.manifest, bytes)))
    }

    /// What an exam finds about a file and its base; none if one of them is no checkpoint.
    pub fn measure(&mut self, exam: Exam, file: Digest) -> Option<Measured> {
        if let Some(found) = self.found.get(&(exam, file)) {
            return Some(*found);
        }
        let (base, new) = (self.losses(exam, exam.base)?, self.losses(exam, file)?);
        let Lesson { manifest, examples, .. } = self.lesson;
        let bar = Bar { certainty: manifest.certainty(), examples: examples.len(), commits: exam.commits };
        let found = found(&base, &new, bar);
        self.found.insert((exam, file), found);
        Some(found)
    }

    /// The loss of the base of an exam in it.
    pub fn loss(&mut self, exam: Exam) -> Option<Micronats> {
        Some(Micronats(self.losses(exam, exam.base)?.mean))
    }

    /// What shows that a signer ran a checkpoint on an exam; none if it is no checkpoint.
    pub fn probe(&mut self, exam: Exam, file: Digest, signer: Address) -> Option<Digest> {
        let (checkpoint, drawn) = (self.checkpoint(file)?, self.drawn(exam));
        let Lesson { examples, compute, .. } = self.lesson;
        compute.probe(&checkpoint, examples, &drawn, exam.seed.0, signer.0).ok().map(Digest)
    }

    fn losses(&mut self, exam: Exam, file: Digest) -> Option<Arc<Measurement>> {
        let key = (exam.round, exam.seed, file);
        if let Some(losses) = self.losses.get(&key) {
            return Some(losses.clone());
        }
        let (checkpoint, drawn) = (self.checkpoint(file)?, self.drawn(exam));
        let losses = Arc::new(self.lesson.compute.evaluate(&checkpoint, &self.lesson.examples, &drawn).ok()?);
        bounded(&mut self.losses, LOSSES_KEPT).insert(key, losses.clone());
        Some(losses)
    }

    fn drawn(&mut self, exam: Exam) -> Arc<Vec<u32>> {
        let Lesson { manifest, examples, .. } = self.lesson;
        let draw = || draw(exam.seed.0, self.group.0, exam.round.0, examples.len() as u32, manifest.eval_max());
        bounded(&mut self.drawn, EXAMS_KEPT).entry((exam.round, exam.seed)).or_insert_with(|| Arc::new(draw())).clone()
    }

    /// A start of training, in the round of which files grow old.
    fn start(&mut self, base: Digest, run: Run) -> Option<Checkpoint> {
        self.round = self.round.max(run.round);
        self.checkpoint(base)
    }

    fn checkpoint(&mut self, file: Digest) -> Option<Checkpoint> {
        let file = self.files.get_mut(&file)?;
        file.used = self.round;
        Checkpoint::from_bytes(&self.lesson.manifest, &file.bytes).ok()
    }

    fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let (digest, round) = (swarm::digest_of(&bytes), self.round);
        self.files.insert(digest, File { bytes, used: round });
        self.files.retain(|_, file| file.used + LIVE_ROUNDS >= round);
        digest
    }
}

/// Room for one more; what is of the oldest round goes.
fn bounded<K: Ord, V>(map: &mut BTreeMap<K, V>, most: usize) -> &mut BTreeMap<K, V> {
    while map.len() >= most {
        map.pop_first();
    }
    map
}

#[cfg(test)]
mod tests {
    use evaluator::checkpoint_len;

    use super::*;

    const GROUP: GroupId = GroupId(1);

    fn begin() -> (Exact, Digest) {
        Exact::begin(5, GROUP).expect("the digits")
    }

    fn run(round: u64) -> Run {
        Run { node: 0, round, attempt: 1, effort: 1.0 }
    }

    fn exam(round: u64, base: Digest) -> Exam {
        Exam { round: RoundNumber(round), base, seed: Digest(keccak256(&round.to_be_bytes())), commits: 2 }
    }

    #[test]
    fn files_are_named_by_their_bytes_and_measured_by_the_evaluator_on_the_examples_that_are_drawn() {
        let (mut exact, first) = begin();
        let file = exact.train(first, run(1)).expect("a file");
        let (bytes, lesson) = (exact.files[&file].bytes.clone(), exact.lesson);
        assert_eq!(swarm::digest_of(&bytes), file);
        let measured = exact.measure(exam(1, first), file).expect("losses");
        let drawn = draw(exam(1, first).seed.0, GROUP.0, 1, lesson.examples.len() as u32, lesson.manifest.eval_max());
        let checkpoint = Checkpoint::from_bytes(&lesson.manifest, &bytes).expect("a checkpoint");
        let wanted = evaluator::evaluate(&checkpoint, &lesson.examples, &drawn).expect("losses");
        assert_eq!((measured.loss.0, Some(measured.base)), (wanted.mean, exact.loss(exam(1, first))));
        assert!(measured.is_certain && measured.loss < measured.base, "{measured:?}");
        assert_eq!(exact.measure(exam(1, first), Digest([9; 32])), None);
        let probe = |exact: &mut Exact, signer| exact.probe(exam(1, first), file, Address([signer; 20])).expect("a probe");
        assert_ne!(probe(&mut exact, 1), probe(&mut exact, 2));
    }

    #[test]
    fn the_same_run_gives_the_same_file_and_one_without_time_gives_its_base() {
        let ((mut one, first), (mut other, _)) = (begin(), begin());
        assert_eq!(one.train(first, run(1)), other.train(first, run(1)));
        assert_ne!(one.train(first, run(2)), one.train(first, Run { attempt: 2, ..run(2) }));
        assert_eq!(one.train(first, Run { effort: 0.0, ..run(3) }), Some(first));
        assert_eq!((one.mix(first, first, 0.5), one.train(Digest([9; 32]), run(3))), (Some(first), None));
    }

    #[test]
    fn what_nobody_uses_any_more_is_forgotten_and_what_was_found_about_it_is_not() {
        let (mut exact, first) = begin();
        let (mut base, mut found) = (first, Vec::new());
        for round in 1..40 {
            let file = exact.train(base, run(round)).expect("a file");
            found.push((exam(round, base), file, exact.measure(exam(round, base), file)));
            base = file;
        }
        assert!(exact.files.len() as u64 <= LIVE_ROUNDS + 2 && !exact.files.contains_key(&first), "{}", exact.files.len());
        assert!(found.iter().all(|(exam, file, found)| found.is_some() && exact.measure(*exam, *file) == *found));
    }

    #[test]
    fn of_forged_files_only_the_huge_is_a_checkpoint_and_it_is_a_bad_one() {
        let (mut exact, first) = begin();
        for forgery in [Forgery::Padded, Forgery::Spaced, Forgery::NotFinite, Forgery::TooGreat, Forgery::Huge, Forgery::Larger] {
            let file = exact.forge(first, forgery).expect("a file");
            let length = exact.files[&file].bytes.len() as u64;
            assert_eq!(length != checkpoint_len(&exact.lesson.manifest), forgery.has_another_length(), "{forgery:?}");
            assert_ne!(file, first, "{forgery:?}");
            let measured = exact.measure(exam(1, first), file);
            let is_bad = measured.map(|measured| measured.loss.0 > 4 * measured.base.0 && !measured.is_certain);
            assert_eq!(is_bad, (forgery == Forgery::Huge).then_some(true), "{forgery:?}: {measured:?}");
        }
    }

    #[test]
    fn what_is_learnt_by_heart_is_known_there_and_nowhere_else() {
        let (mut exact, first) = begin();
        let known = exam(1, first);
        let file = exact.memorise(first, known, run(1)).expect("a file");
        let (there, elsewhere) = (exact.measure(known, file).expect("losses"), exact.measure(exam(2, first), file).expect("losses"));
        assert!(2 * there.loss.0 < elsewhere.loss.0, "{there:?} {elsewhere:?}");
    }
}
