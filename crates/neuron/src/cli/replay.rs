//! `neuron replay`: what became of a past round, computed anew from the chain and the files of peers alone.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use evaluator::{Checkpoint, Measurement};
use node::{
    Exam, Member,
    claims::{self, Bar},
    machine::{self, Place},
    member::{blocking, measure},
    output,
};
use protocol::{
    Digest, GroupId, Micronats, RoundNumber,
    chain::{Outcome, RevealedClaim},
};
use serde_json::{Value, json};
use swarm::FetchError;

use super::{
    context::{Context, history},
    past::Past,
    rerun::{self, Again},
};

#[derive(Args)]
pub struct Options {
    /// Number of the round.
    #[arg(long)]
    round: u64,
    /// Number of the group.
    #[arg(long, default_value_t = 1)]
    group: u64,
    /// Number of one claim; all by default.
    #[arg(long)]
    claim: Option<u64>,
    /// Show both losses of each example, too.
    #[arg(long)]
    examples: bool,
    /// Where to compute: cpu, cuda or cuda:N; the bits are the same.
    #[arg(long, default_value_t)]
    device: Place,
    /// Train the files of right claims anew, too, as the notes of their trainers say.
    #[arg(long)]
    training: bool,
}

/// What was found about a claim.
enum Word {
    Right,
    Wrong(String),
    /// It could not be found out here and now.
    Unknown(String),
}

/// The examples of a round and the losses of its base on them.
struct Court {
    member: Member,
    exam: Exam,
    /// File of the base.
    before: Digest,
    base: Measurement,
    bar: Bar,
}

pub async fn run(context: &Context, options: Options) -> Result<()> {
    let (group, round, place) = (GroupId(options.group), RoundNumber(options.round), options.device);
    let choice = blocking(move || machine::choose(place)).await?;
    let site = context.site().await?;
    let (view, events) = (site.network.view(group).await?, history(&site, group).await?);
    let past = Past::read(&site, &view, &events, round).await?;
    let is_asked = |claim: &&RevealedClaim| options.claim.is_none_or(|number| number == claim.number);
    let asked: Vec<_> = past.claims.iter().filter(is_asked).copied().collect();
    ensure!(options.claim.is_none() || !asked.is_empty(), "no claim with that number was revealed in round {round}");
    let visit = context.visit(&site, group).await?;
    let court = Court::open(&visit.member, &past).await?;
    context.say(&format!("round {round} of group {group}"))?;
    context.say(&format!("  base      {}, {} nats", past.base, Micronats(court.base.mean)))?;
    context.say(&format!("  device    {choice}"))?;
    let (drawn, count, block) = (court.exam.drawn.len(), court.exam.set.examples.len(), past.seed);
    context.say(&format!("  examples  {drawn} of {count}, drawn by block {} ({})", block.number, block.hash))?;
    let log = if options.training { visit.read_log().await? } else { Vec::new() };
    let (mut words, mut untrue, mut listed) = (Vec::new(), Vec::new(), Vec::new());
    for claim in asked {
        let (word, new) = court.hear(&claim).await?;
        tell(&claim, &word).iter().try_for_each(|line| context.say(line))?;
        let new = new.filter(|_| options.examples);
        if let Some(new) = new.as_ref().filter(|_| !context.json) {
            table(&court, new)?;
        }
        let mut trained = None;
        if options.training && matches!(word, Word::Right) {
            let note = rerun::note_of(&claim, &log, site.network.domain());
            let again = rerun::again(&court.member, &court.exam, (&past, place), note).await;
            context.say(&format!("  training  {again}"))?;
            untrue.extend((again == Again::Other).then_some(claim.number));
            trained = Some(again.to_string());
        }
        listed.push(data(&court, (&claim, &word), new.as_ref(), trained));
        words.push((claim, word));
    }
    visit.client.shutdown().await;
    let decision = conclude(&past, &words);
    if let Ok(decision) = &decision {
        context.say(&format!("  decision  {decision}"))?;
    }
    context.sum(&json!({
        "group": group, "round": round, "base": past.base, "base_micronats": court.base.mean, "examples": count, "drawn": drawn,
        "device": choice.to_string(), "seed_block": block.number, "seed": block.hash, "claims": listed, "decision": decision.as_ref().ok(),
    }))?;
    decision?;
    ensure!(untrue.is_empty(), "claims whose files were not trained as their trainers say: {untrue:?}");
    Ok(())
}

impl Court {
    async fn open(member: &Member, past: &Past) -> Result<Self> {
        let exam = member.exam(past.head, past.seed.hash, past.round).await.context("the training set of the round cannot be had")?;
        let base = member.checkpoint(past.base).await.context("the base of the round cannot be had")?;
        let bar = Bar::of(member, &exam, past.commits);
        Ok(Self { member: member.clone(), before: past.base, base: measure(base, exam.clone()).await?, exam, bar })
    }

    /// The losses of its file, too, if it has one that can be measured.
    async fn hear(&self, claim: &RevealedClaim) -> Result<(Word, Option<Measurement>)> {
        let bytes = match self.member.fetch(claim.file).await {
            Ok(bytes) => bytes,
            Err(error @ (FetchError::NotThatFile { .. } | FetchError::TooLong { .. })) => {
                return Ok((Word::Wrong(error.to_string()), None));
            }
            Err(error) => return Ok((Word::Unknown(error.to_string()), None)),
        };
        let checkpoint = match Checkpoint::from_bytes(&self.member.manifest, &bytes) {
            Ok(checkpoint) => Arc::new(checkpoint),
            Err(error) => return Ok((Word::Wrong(error.to_string()), None)),
        };
        if let Some(reason) = self.member.refusal(&checkpoint, self.before).await? {
            return Ok((Word::Wrong(reason), None));
        }
        let new = measure(checkpoint, self.exam.clone()).await?;
        let difference = claims::difference(claim, claims::found(&self.base, &new, self.bar));
        Ok((difference.map_or(Word::Right, Word::Wrong), Some(new)))
    }
}

fn tell(claim: &RevealedClaim, word: &Word) -> [String; 2] {
    let word = match word {
        Word::Right => format!("right: {} → {} nats", claim.base, claim.loss),
        Word::Wrong(reason) => format!("wrong: {reason}"),
        Word::Unknown(reason) => format!("cannot be checked here: {reason}"),
    };
    [format!("  claim {}   {word}", claim.number), format!("            {} by {}", claim.file, claim.trainer)]
}

/// The same for programs, with the losses of each example if they were asked for.
fn data(court: &Court, (claim, word): (&RevealedClaim, &Word), new: Option<&Measurement>, trained: Option<String>) -> Value {
    let (found, reason) = match word {
        Word::Right => ("right", None),
        Word::Wrong(reason) => ("wrong", Some(reason)),
        Word::Unknown(reason) => ("unknown", Some(reason)),
    };
    let losses = new.into_iter().flat_map(|new| court.exam.drawn.iter().zip(court.base.losses.iter().zip(&new.losses)));
    let examples: Vec<Value> =
        losses.map(|(number, (base, new))| json!({ "example": number, "base_micronats": base, "new_micronats": new })).collect();
    json!({
        "claim": claim.number, "trainer": claim.trainer, "file": claim.file, "base_micronats": claim.base, "loss_micronats": claim.loss,
        "found": found, "reason": reason, "training": trained, "examples": examples,
    })
}

fn table(court: &Court, new: &Measurement) -> Result<()> {
    let losses = court.exam.drawn.iter().zip(court.base.losses.iter().zip(&new.losses));
    let lines = losses.map(|(number, (base, new))| format!("{number:>20} {base:>12} {new:>12}\n"));
    let head = format!("{:>20} {:>12} {:>12}  micronats\n", "example", "base", "new");
    output::show([head].into_iter().chain(lines).collect::<String>().as_bytes())
}

/// Whether the decision follows from what was found; a better claim that is right may have lost because its file was not
/// there in time, which nobody can recompute.
///
/// # Errors
/// When the winner is not found right.
fn conclude(past: &Past, words: &[(RevealedClaim, Word)]) -> Result<String> {
    let right = words.iter().find(|(_, word)| matches!(word, Word::Right)).map(|(claim, _)| claim.number);
    let late = |number| format!("though claim {number} is right: perhaps its file was not there in time");
    let name = match past.decided {
        None => return Ok("none: there are no verdicts of two thirds".to_owned()),
        Some((Outcome::Lost, _)) => {
            return Ok(format!("lost, {}", right.map_or_else(|| "and no claim is right".to_owned(), late)));
        }
        Some((_, name)) => name,
    };
    let winner = past.claim(name).context("the claim that won was never revealed")?.number;
    match words.iter().find(|(claim, _)| claim.number == winner).map(|(_, word)| word) {
        None => Ok(format!("claim {winner} won, which was not asked about")),
        Some(Word::Wrong(_)) => bail!("claim {winner} won round {} and is wrong", past.round),
        Some(Word::Unknown(_)) => bail!("claim {winner} won round {} and cannot be checked here", past.round),
        Some(Word::Right) => Ok(match right.filter(|first| *first != winner) {
            Some(first) => format!("claim {winner} won, {}", late(first)),
            None => format!("claim {winner} won, and it is the first that is right"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Address, chain::Block, rules::claim_hash};

    fn claim(number: u64, loss: u32) -> RevealedClaim {
        let (group, round, trainer) = (GroupId(1), RoundNumber(7), Address([number as u8; 20]));
        let (file, loss_root) = (Digest([number as u8; 32]), Digest([9; 32]));
        RevealedClaim { group, round, trainer, number, file, base: Micronats(2_000_000), loss: Micronats(loss), loss_root }
    }

    fn past(outcome: Option<(Outcome, Option<RevealedClaim>)>, claims: &[RevealedClaim]) -> Past {
        let name = |claim: RevealedClaim| claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        let decided = outcome.map(|(outcome, winner)| (outcome, winner.map_or(Digest::ZERO, name)));
        let seed = Block { number: 1, time_s: 1, hash: Digest::ZERO };
        Past { round: RoundNumber(7), base: Digest::ZERO, head: Digest::ZERO, seed, commits: 1, claims: claims.to_vec(), decided }
    }

    #[test]
    fn the_winner_must_be_right_and_the_decision_is_compared_with_what_was_found() {
        let (best, second) = (claim(2, 1_000_000), claim(1, 1_900_000));
        let (right, wrong, unknown) = (|| Word::Right, || Word::Wrong("it says loss 1".into()), || Word::Unknown("nobody has it".into()));
        let won = |claim| Some((Outcome::Won, Some(claim)));
        for (decided, first, then, expected) in [
            (won(best), right(), right(), Ok("claim 2 won, and it is the first that is right")),
            (won(second), wrong(), right(), Ok("claim 1 won, and it is the first that is right")),
            (won(second), unknown(), right(), Ok("claim 1 won, and it is the first that is right")),
            (won(second), right(), right(), Ok("claim 1 won, though claim 2 is right")),
            (Some((Outcome::Struck, Some(best))), right(), wrong(), Ok("claim 2 won, and it is the first that is right")),
            (won(best), wrong(), right(), Err("claim 2 won round 7 and is wrong")),
            (won(second), right(), wrong(), Err("claim 1 won round 7 and is wrong")),
            (won(best), unknown(), right(), Err("claim 2 won round 7 and cannot be checked here")),
            (won(claim(3, 1)), right(), right(), Err("the claim that won was never revealed")),
            (Some((Outcome::Lost, None)), wrong(), wrong(), Ok("lost, and no claim is right")),
            (Some((Outcome::Lost, None)), wrong(), right(), Ok("lost, though claim 1 is right")),
            (None, right(), right(), Ok("none: ")),
        ] {
            let words = [(best, first), (second, then)];
            let found = conclude(&past(decided, &[best, second]), &words).map_err(|error| error.to_string());
            match (&found, expected) {
                (Ok(found), Ok(expected)) => assert!(found.starts_with(expected), "{found}, not {expected}"),
                (Err(found), Err(expected)) => assert_eq!(found, expected),
                _ => panic!("{found:?}, not {expected:?}"),
            }
        }
        let other = [(second, right())];
        assert_eq!(conclude(&past(won(best), &[best, second]), &other).expect("not asked"), "claim 2 won, which was not asked about");
    }
}
