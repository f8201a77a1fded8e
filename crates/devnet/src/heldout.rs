//! How well a checkpoint does on examples that are in no set: right classes, or the loss of text.

use std::{fmt, path::Path, sync::Arc};

use anyhow::Result;
use evaluator::{Checkpoint, Data, Examples};
use node::{
    Member, folder,
    member::{self, accuracy, blocking},
    shards,
};
use serde::Serialize;

use crate::screen::{nats, percent};

/// Points of accuracy that members do not lose without acting.
const ALARMING_POINTS: f64 = 0.05;
/// Part of a loss by which it may not grow without their acting: a twentieth.
const ALARMING_PART: u32 = 20;

/// What was measured; nothing where there is nothing to measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct HeldOut {
    /// Share of right predictions of classes.
    #[serde(rename = "heldout_accuracy")]
    pub accuracy: Option<f64>,
    /// Mean loss of a token of text.
    #[serde(rename = "heldout_micronats")]
    pub micronats: Option<u32>,
    /// The same loss in bits for each byte of the text.
    #[serde(rename = "heldout_bits_per_byte")]
    pub bits_per_byte: Option<f64>,
}

impl HeldOut {
    /// Measures a checkpoint on the examples of a file.
    ///
    /// # Errors
    /// When the file cannot be read as examples of the group's manifest, or a shard that it names is not here.
    pub async fn measure(member: &Member, checkpoint: Arc<Checkpoint>, path: &Path) -> Result<Self> {
        let text = folder::text(path)?;
        let examples = Examples::parse(&member.manifest, [(format!("heldout{}", member.manifest.data().suffix()), &text)])?;
        if matches!(member.manifest.data(), Data::Tokens { .. }) {
            return Ok(Self { micronats: Some(loss(member, checkpoint, &examples).await?), ..Self::default() });
        }
        let Data::Text { tokenizer, .. } = member.manifest.data() else {
            let accuracy = blocking(move || accuracy(&checkpoint, &text)).await?;
            return Ok(Self { accuracy: Some(accuracy), ..Self::default() });
        };
        let tokens = tokenizer.encode(&text).map_or(0, |tokens| tokens.len());
        let micronats = loss(member, checkpoint, &examples).await?;
        let bits_per_token = f64::from(micronats) / 1e6 / std::f64::consts::LN_2;
        let bits_per_byte = Some(bits_per_token * tokens as f64 / text.len() as f64);
        Ok(Self { micronats: Some(micronats), bits_per_byte, accuracy: None })
    }

    /// Whether it is so much worse than what was usual that something must have been done to the set.
    pub fn is_alarming(&self, usual: &Self) -> bool {
        let fewer = self.accuracy.zip(usual.accuracy).is_some_and(|(now, usual)| now < usual - ALARMING_POINTS);
        fewer || self.micronats.zip(usual.micronats).is_some_and(|(now, usual)| now > usual + usual / ALARMING_PART)
    }
}

impl fmt::Display for HeldOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.accuracy, self.micronats, self.bits_per_byte) {
            (Some(share), ..) => write!(formatter, "{} right on rows that were never in the set", percent(share)),
            (_, Some(loss), Some(bits)) => {
                write!(formatter, "{} nats a token, {bits:.3} bits a byte, on text that was never in the set", nats(loss))
            }
            (_, Some(loss), None) => write!(formatter, "{} nats a token, on shards that were never in the set", nats(loss)),
            _ => write!(formatter, "not measured"),
        }
    }
}

/// Mean loss in micronats on a set, without a price: on all of it, or on as many examples as a round takes, always the same.
///
/// # Errors
/// When examples and checkpoint do not belong together, or a shard of theirs cannot be had.
pub async fn loss(member: &Member, checkpoint: Arc<Checkpoint>, examples: &Examples) -> Result<u32> {
    let drawn = evaluator::draw([0; 32], 0, 0, examples.len() as u32, member.manifest.eval_max());
    shards::hold(member, examples, &drawn).await?;
    let examples = examples.clone();
    blocking(move || Ok(member::loss(&checkpoint, &examples, &drawn)?.0)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_right_classes_and_a_greater_loss_alarm_and_better_ones_do_not() {
        let right = |share| HeldOut { accuracy: Some(share), ..HeldOut::default() };
        let text = |micronats| HeldOut { micronats: Some(micronats), bits_per_byte: Some(2.0), accuracy: None };
        for (now, usual, alarming) in [
            (right(0.80), right(0.90), true),
            (right(0.86), right(0.90), false),
            (right(0.99), right(0.90), false),
            (text(2_200_000), text(2_000_000), true),
            (text(2_100_000), text(2_000_000), false),
            (text(1_000_000), text(2_000_000), false),
            (text(9_000_000), HeldOut::default(), false),
        ] {
            assert_eq!(now.is_alarming(&usual), alarming, "{now} after {usual}");
        }
    }
}
