//! Hidden sets of bounties in the coarse depth: a file that is an exam of its own, and what jurors find by the real rules.

use std::collections::BTreeMap;

use evaluator::{Hurdle, draw_winners, is_garbage, judge, mean, uniform_loss};
use protocol::{Address, Digest, Micronats, RoundNumber, bounty::Findings, jury::Task};

use crate::{
    curve::{CERTAINTY, DRAWN, OUTPUTS},
    depth::Training,
};

/// Examples of a hidden set.
pub const EXAMPLES: u32 = DRAWN as u32;

/// Hidden sets by the names of their files, and the roots that their examples have.
#[derive(Debug, Clone, Default)]
pub struct HiddenSets(BTreeMap<Digest, Digest>);

impl HiddenSets {
    /// A file of [`EXAMPLES`] examples with that root exists.
    pub fn seal(&mut self, file: Digest, root: Digest) {
        self.0.insert(file, root);
    }

    /// Whether that is what was sealed.
    fn is_sealed(&self, task: &Task) -> bool {
        self.0.get(&task.file) == Some(&task.root) && task.count == EXAMPLES
    }
}

/// The winners of a term that are measured: their places among all won rounds, and their files.
fn places(task: &Task) -> Vec<(u32, Digest)> {
    let standing: Vec<(u32, Digest)> = (0..).zip(&task.won).filter(|(_, won)| won.stands).map(|(place, won)| (place, won.file)).collect();
    let drawn = draw_winners(task.seed.0, task.bounty.0, standing.len() as u32);
    drawn.into_iter().filter_map(|place| standing.get(place as usize).copied()).collect()
}

/// Files without which nothing can be found.
pub fn needs(task: &Task) -> Vec<Digest> {
    std::iter::once(task.file).chain(task.base).chain(places(task).into_iter().map(|(_, file)| file)).collect()
}

/// What a signer finds, with its probe; as the product's validators do, but for examples that were no secret: there are none.
///
/// # Errors
/// When one of the files is no checkpoint.
pub fn find(training: &mut Training, sets: &HiddenSets, task: &Task, signer: Address) -> Result<(Findings, Digest), String> {
    let rounds: Vec<RoundNumber> = task.won.iter().map(|won| won.round).collect();
    let failed = (Findings::failed(&rounds), Digest::ZERO);
    if !sets.is_sealed(task) {
        return Ok(failed);
    }
    let Some(base) = task.base else { return Ok((Findings::measured(Micronats(0), &rounds, &[]), Digest::ZERO)) };
    let places = places(task);
    let mut losses = |file| training.hidden(task.file, file).ok_or_else(|| format!("{file} is no checkpoint"));
    let of_base = losses(base)?;
    let winners = places.iter().map(|(_, file)| losses(*file)).collect::<Result<Vec<_>, _>>()?;
    let judged = judge(&of_base, &winners, Hurdle { least: task.least.0, certainty: Some(CERTAINTY) });
    if is_garbage(&judged, OUTPUTS) {
        return Ok(failed);
    }
    let measured: Vec<_> =
        places.iter().zip(&judged).map(|((place, _), judged)| (*place, Micronats(judged.loss), judged.is_better)).collect();
    let last = places.last().map_or(base, |(_, file)| *file);
    Ok((Findings::measured(Micronats(mean(&of_base)), &rounds, &measured), training.hidden_probe(task.seed, last, signer)))
}

/// Whether a checkpoint knows more of a hidden set than a guess.
pub fn is_learnable(training: &mut Training, file: Digest, checkpoint: Digest) -> bool {
    training.hidden(file, checkpoint).is_some_and(|losses| mean(&losses) < uniform_loss(OUTPUTS))
}
