//! A bounty with a hidden set: half of what is in no set is sealed, opened after the term, measured by the validators, paid, and
//! proposed for the training set, for it is no secret any more.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use deltas::Tree;
use evaluator::{Data, Examples, Hidden, Manifest, shard_tokens};
use governance::{Network, Offer};
use node::{Member, config::GroupFile, folder, shards};
use protocol::{
    BountyNumber, Digest, GroupId, Micronats, Wei,
    bounty::{Calendar, Term},
    keccak256,
};

use crate::{actors::Actor, ground::wait_until};

/// The only bounty of a devnet.
pub const BOUNTY: BountyNumber = BountyNumber(1);
const AMOUNT: Wei = Wei::nrn(1_000);
const BOND: Wei = Wei::nrn(125);
/// Who lowers the hidden loss by a tenth of a nat has earned all.
const TARGET: Micronats = Micronats(100_000);
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Who pays for what is better on examples that only he knows.
#[derive(Clone)]
pub struct Sponsor {
    pub actor: Actor,
    group: GroupId,
    network: Network,
    member: Member,
    /// The file with the hidden set.
    file: Vec<u8>,
    /// Its examples.
    body: String,
}

impl Sponsor {
    /// A sponsor who hides these examples.
    ///
    /// # Errors
    /// When they are no hidden set of the group.
    pub fn new(actor: Actor, network: Network, member: Member, body: String) -> Result<Self> {
        let seed = keccak256(actor.address().to_string().as_bytes());
        let file = Hidden::write(&member.manifest, seed, &body)?;
        Ok(Self { actor, group: member.group, network, member, file, body })
    }

    /// Locks a prize for the next rounds, and opens the set for the second window, so that nobody has to hurry.
    ///
    /// # Errors
    /// When the chain does not do its part.
    pub async fn run(&self) -> Result<()> {
        let hidden = Hidden::read(&self.member.manifest, &self.file)?;
        let (view, root, count) = (self.network.view(self.group).await?, Digest(hidden.root()), hidden.len() as u32);
        let offer = Offer { group: self.group, root, count, target: TARGET, amount: AMOUNT, bond: BOND, term_s: view.period_s };
        let number = self.network.fund(&offer).await?;
        ensure!(number == BOUNTY, "bounty {number} was funded, {BOUNTY} was expected");
        let found = self.network.bounty(number).await?;
        let term = Term { first: found.first, last: found.last, windows: found.windows };
        wait_until(self.network.chain(), term.middle_s(0, Calendar::from(&view))).await?;
        let file = self.member.client.add(self.file.clone()).await?;
        self.network.unseal(number, file).await?;
        Ok(())
    }

    /// Waits until everybody can read the set.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn wait_until_open(&self) -> Result<()> {
        while self.network.bounties().await? == 0 || self.network.bounty(BOUNTY).await?.unsealed_at_s == 0 {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The training set with the hidden examples in it.
    ///
    /// # Errors
    /// When they do not fit into it.
    pub async fn retired(&self, set: &Tree) -> Result<Tree> {
        let (mut tree, manifest) = (set.clone(), &self.member.manifest);
        let text = match manifest.data() {
            Data::Tokens { .. } => shards::add(manifest, Hidden::shard(manifest, &self.file)?, &self.member.client).await?,
            _ => self.body.clone(),
        };
        tree.insert(&format!("hidden-{BOUNTY}{}", manifest.data().suffix()), &text)?;
        Ok(tree)
    }
}

/// Half of the examples that are in no set, for a bounty, as many as are measured at most; the others stay in `dir`, and in their place.
///
/// # Errors
/// When the group has none, or too few.
pub fn hide(file: &mut GroupFile, dir: &Path) -> Result<String> {
    let held_out = file.data.heldout.as_mut().context("--bounty hides examples that are in no set: name some as `heldout` in [data]")?;
    let (mut hidden, rest) = halves(&folder::text(held_out)?, &file.manifest);
    if let (Data::Tokens { stride, .. }, Some(shards)) = (file.manifest.data(), &file.data.shards) {
        let most = (file.manifest.eval_max() - 1) * stride + file.manifest.inputs() + 1;
        hidden = numbers(&file.manifest, &hidden, shards, most as usize)?;
    }
    let path = dir.join(format!("heldout{}", file.manifest.data().suffix()));
    fs::write(&path, rest).with_context(|| format!("cannot write {}", path.display()))?;
    *held_out = path;
    Ok(hidden)
}

/// At most so many of the first tokens of the shards that some lines name, which lie in a folder.
fn numbers(manifest: &Manifest, lines: &str, shards: &Path, most: usize) -> Result<String> {
    let mut tokens = Vec::new();
    for shard in Examples::parse(manifest, [("hidden.tokens", lines)])?.shards() {
        let path = shards.join(shard.cid.to_string());
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        tokens.extend(shard_tokens(manifest, &bytes).take(most.saturating_sub(tokens.len())).map(|token| token.to_string()));
    }
    Ok(tokens.join(" "))
}

/// Every second row, or the first half of a text or of shards; of rows and text as many as a measurement takes.
fn halves(text: &str, manifest: &Manifest) -> (String, String) {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_hidden = |place: usize| match manifest.data() {
        Data::Csv { .. } => place.is_multiple_of(2),
        Data::Text { .. } | Data::Tokens { .. } => place < lines.len() / 2,
    };
    let half =
        |wanted| lines.iter().enumerate().filter(|(place, _)| is_hidden(*place) == wanted).map(|(_, line)| *line).collect::<Vec<_>>();
    let (hidden, rest) = (half(true), half(false));
    let is_measurable = |most: &usize| {
        if matches!(manifest.data(), Data::Tokens { .. }) {
            return true;
        }
        let name = format!("hidden{}", manifest.data().suffix());
        let examples = Examples::parse(manifest, [(name, hidden[..*most].concat())]);
        examples.is_ok_and(|examples| examples.len() <= manifest.eval_max() as usize)
    };
    let counts: Vec<usize> = (1..=hidden.len()).collect();
    (hidden[..counts.partition_point(is_measurable)].concat(), rest.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_what_is_in_no_set_is_hidden_and_no_more_than_a_measurement_takes() {
        let csv = r#"{"version":1,"model":{"family":"mlp","inputs":1,"hidden":[],"outputs":10,"activation":"relu"},"data":{"format":"csv","divisor":1},"loss":"cross_entropy","eval_max":3,"weight_max":1}"#;
        let gpt = r#"{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":1,"context":2,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":2},"loss":"cross_entropy","eval_max":2,"weight_max":1}"#;
        for (manifest, text, hidden, rest) in [
            (csv, "1,2\n3,4\n5,6\n7,8\n9,1\n", "1,2\n5,6\n9,1\n", "3,4\n7,8\n"),
            (csv, "1,1\n2,2\n3,3\n4,4\n5,5\n6,6\n7,7\n8,8\n", "1,1\n3,3\n5,5\n", "2,2\n4,4\n6,6\n8,8\n"),
            (gpt, "ab\ncd\nef\ngh\n", "ab\ncd\n", "ef\ngh\n"),
        ] {
            let manifest = Manifest::from_bytes(manifest.as_bytes()).expect("a manifest");
            assert_eq!(halves(text, &manifest), (hidden.to_owned(), rest.to_owned()));
        }
    }
}
