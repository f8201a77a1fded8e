//! A poisoned delta: proposed, voted in, trained on, seen, and taken back by a measure of the group's awake stake.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use deltas::Tree;
use evaluator::{Data, Manifest};
use node::measures::{Book, Tally};
use protocol::{
    DeltaNumber, Digest, RoundNumber,
    chain::GroupView,
    keccak256,
    log::{AssentBody, Body, MeasureBody},
    measures::{Act, Measure},
};

use crate::{heldout::HeldOut, votes::Votes};

/// Of so many lines one stays as it is.
const HONEST_EACH: usize = 3;
/// Seconds before the end of the trial at which members act at the latest.
const LATEST_S: u64 = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// The set with most labels moved to the next class, or most lines of text written backwards.
///
/// # Errors
/// When a row does not end with a label.
pub fn poisoned(set: &Tree, manifest: &Manifest) -> Result<Tree> {
    let mut tree = set.clone();
    for (path, text) in set.iter().filter(|(path, _)| path.ends_with(manifest.data().suffix())) {
        let mut poisoned = String::with_capacity(text.len());
        for (number, line) in text.lines().enumerate() {
            match manifest.data() {
                _ if number % HONEST_EACH == 0 => poisoned.push_str(line),
                Data::Csv { .. } => {
                    poisoned.push_str(&mislabelled(line, manifest.outputs()).with_context(|| format!("row {}", number + 1))?)
                }
                Data::Text { .. } => poisoned.extend(line.chars().rev()),
                Data::Tokens { .. } => bail!("a list of shards cannot be poisoned line by line: play a group of rows or text"),
            }
            poisoned.push('\n');
        }
        tree.insert(path, &poisoned)?;
    }
    Ok(tree)
}

fn mislabelled(row: &str, classes: u32) -> Result<String> {
    let (features, label) = row.rsplit_once(',').context("there is no label")?;
    let label: u32 = label.parse().context("the label is no number")?;
    Ok(format!("{features},{}", (label + 1) % classes))
}

impl Votes {
    /// From the turn that applied the delta to the head without it.
    ///
    /// # Errors
    /// When the measure is not carried in time.
    pub async fn take_back(&self, delta: DeltaNumber, patch: Digest) -> Result<()> {
        let founder = self.hands.of(&self.cast.founder)?;
        let view = founder.view(self.group).await?;
        if view.applied != delta {
            bail!("delta {delta} was not voted in");
        }
        self.see(&view).await?;
        let measure = self.assent(&view, delta, patch).await?;
        let tally = self.gather(&measure).await?;
        let (sum, needed) = (tally.sum.to_nrn(), tally.majority.needed.to_nrn());
        self.teller.tell("measure", format!("assents of {sum} NRN, it takes more than {needed}"));
        founder.enact(&measure, &tally.assents()).await?;
        let view = founder.view(self.group).await?;
        if view.applied != DeltaNumber(0) {
            bail!("delta {delta} is still on trial");
        }
        Ok(())
    }

    /// Waits until a winner is much worse on examples that are in no set than those before the delta, or time is running out.
    async fn see(&self, view: &GroupView) -> Result<()> {
        let chain = self.hands.of(&self.cast.founder)?.chain();
        let before = self.teller.seen().heldout;
        let (last, usual) = before.last_key_value().map_or((RoundNumber(0), HeldOut::default()), |(round, score)| (*round, *score));
        while chain.latest().await?.time_s + LATEST_S < view.period_end_s {
            let seen = self.teller.seen().heldout;
            if let Some((_, score)) = seen.range(last..).find(|(_, score)| score.is_alarming(&usual)) {
                self.teller.tell("members", format!("{score}; before: {usual}: they take the delta back"));
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.teller.tell("members", "the trial is nearly over and the fresh loss is alarming: they take the delta back");
        Ok(())
    }

    /// Proposes the measure in the log; every validator signs it.
    async fn assent(&self, view: &GroupView, delta: DeltaNumber, patch: Digest) -> Result<Measure> {
        let network = self.hands.of(&self.cast.founder)?;
        let nonce = Digest(keccak256(format!("take back {delta}").as_bytes()));
        // Nothing can be taken back later anyway.
        let measure = Measure::new(&Act::Rollback { group: self.group, delta, patch }, nonce, view.period_end_s);
        let reason = "the model has become worse on examples that are in no set".to_owned();
        let log = &self.member.client;
        log.append(self.group, Body::Measure(MeasureBody { measure: measure.clone(), reason })).await?;
        for signer in &self.cast.signers {
            let position = view.position_of(signer.address()).with_context(|| format!("{} has no position", signer.name))?.number;
            let signature = signer.account.sign(measure.clone(), &network.domain()).await?.signature;
            let body = AssentBody { measure: measure.clone(), group: self.group, position, signature };
            log.append(self.group, Body::Assent(body)).await?;
            self.teller.tell("measure", format!("{} signs: take delta {delta} out of the set", signer.name));
        }
        Ok(measure)
    }

    /// Reads the log until the assents carry the measure.
    async fn gather(&self, measure: &Measure) -> Result<Tally> {
        let network = self.hands.of(&self.cast.founder)?;
        let (mut book, mut cursor, domain) = (Book::default(), 0, network.domain());
        while network.chain().latest().await?.time_s < measure.expiry_s {
            for entry in self.member.client.log(self.group, cursor).await? {
                cursor = entry.number + 1;
                if let Ok(body) = Body::from_bytes(entry.envelope.kind(), entry.envelope.body()) {
                    book.note(&body, &domain);
                }
            }
            if let Some(entry) = book.get(measure.name()) {
                let tally = entry.tally(network).await?;
                if tally.is_carried() {
                    return Ok(tally);
                }
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        bail!("the assents in the log do not carry the measure")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_three_lines_are_wrong_and_nothing_else_changes() {
        let csv = r#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":1},"loss":"cross_entropy","eval_max":1,"weight_max":1}"#;
        let gpt = r#"{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":1,"context":1,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":1},"loss":"cross_entropy","eval_max":1,"weight_max":1}"#;
        for (manifest, path, text, wanted) in [
            (csv, "examples.csv", "1,2,0\n3,4,9\n5,6,4\n7,8,5\n", "1,2,0\n3,4,0\n5,6,5\n7,8,5\n"),
            (gpt, "a/play.txt", "To be,\nor not\n\nto be\n", "To be,\nton ro\n\nto be\n"),
        ] {
            let manifest = Manifest::from_bytes(manifest.as_bytes()).expect("a manifest");
            let mut tree = Tree::default();
            tree.insert(path, text).expect("a set");
            tree.insert("README.md", text).expect("what holds no examples");
            let poisoned = poisoned(&tree, &manifest).expect("poisoned");
            assert_eq!((poisoned.get(path), poisoned.get("README.md")), (Some(wanted), Some(text)));
        }
    }
}
