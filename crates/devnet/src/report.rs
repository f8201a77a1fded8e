//! The report of a run: JSON for programs, a table for people.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use anyhow::{Context, Result};
use node::words;
use protocol::{Wei, bounty::Findings};
use serde::Serialize;

use crate::{
    chart,
    heldout::HeldOut,
    screen::{nats, nrn},
};

/// Everything that a run brought; amounts in wei as decimal strings.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Length of a round.
    pub length_s: u64,
    pub rounds: Vec<RoundReport>,
    pub periods: Vec<PeriodReport>,
    pub genesis_supply_wei: Wei,
    pub minted_wei: Wei,
    pub burned_wei: Wei,
    pub supply_wei: Wei,
    /// What the contract holds, and what that is for.
    pub held: Held,
    /// Of the chain's coin, for the gas of calls that keep the group going.
    pub purse: PurseReport,
    pub bounties: Vec<BountyReport>,
    pub slashes: Vec<SlashReport>,
    /// Names of validators that were put to sleep for their absence.
    pub dozed: Vec<String>,
    pub taken: Vec<TakenReport>,
    pub balances: BTreeMap<String, Wei>,
    /// Stake by the name of the validator that signs with it.
    pub stakes: BTreeMap<String, Wei>,
    pub final_checkpoint_cid: String,
    /// The final checkpoint on examples that are in no set.
    #[serde(flatten)]
    pub heldout: HeldOut,
    /// Training loss and fresh loss of the rounds before the set grew, in words.
    pub progress: Option<String>,
    /// Root of the training set as each node told it.
    pub dataset_roots: BTreeMap<String, String>,
}

/// What the share rule was given when a round opened.
#[derive(Clone, Debug, Serialize)]
pub struct Opening {
    pub supply_wei: Wei,
    pub awake_wei: Wei,
    pub total_wei: Wei,
}

/// One round.
#[derive(Clone, Debug, Serialize)]
pub struct RoundReport {
    pub number: u64,
    /// `won`, `struck`, `lost`, `void` (revealed and undecided) or `empty` (nothing revealed).
    pub outcome: &'static str,
    /// Trainers that opened their seals and claimed nothing.
    pub conceded: u64,
    /// Stake whose presence was recorded because the round stayed undecided.
    pub attended_wei: Wei,
    /// The winner on examples that are in no set.
    #[serde(flatten)]
    pub heldout: HeldOut,
    pub winner: Option<String>,
    /// Training loss: mean NLL on the examples drawn, with the price for weights.
    pub base_micronats: Option<u32>,
    pub loss_micronats: Option<u32>,
    /// Mean NLL on examples that were added after the round.
    pub fresh_base_micronats: Option<u32>,
    pub fresh_loss_micronats: Option<u32>,
    pub checkpoint_cid: Option<String>,
    pub opened: Opening,
    /// Issued to the winner.
    pub reward_wei: Wei,
    /// Paid to validators.
    pub validators_wei: Wei,
    pub burned_wei: Wei,
    pub verdicts: u64,
    /// Seconds from the opening commit to the decision.
    pub wall_s: Option<u64>,
}

/// The contract's NRN at the end of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Held {
    /// Stake from the next epoch on.
    pub stake_wei: Wei,
    /// Pay that is not stake yet.
    pub earned_wei: Wei,
    pub exiting_wei: Wei,
    pub bonds_wei: Wei,
    /// What is left of bounties.
    pub bounties_wei: Wei,
}

impl Held {
    /// All of it.
    pub fn parts(&self) -> [Wei; 5] {
        [self.stake_wei, self.earned_wei, self.exiting_wei, self.bonds_wei, self.bounties_wei]
    }
}

/// A bounty with a hidden set.
#[derive(Clone, Debug, Serialize)]
pub struct BountyReport {
    pub number: u64,
    pub sponsor: String,
    /// Amount and bond.
    pub locked_wei: Wei,
    /// Hidden losses in micronats, of the base and of each measured winner; nothing if nothing was decided.
    pub findings: Option<Findings>,
    /// To trainers, by name; what would have been a struck round's is burned.
    pub winners_wei: BTreeMap<String, Wei>,
    /// To those who measured.
    pub validators_wei: Wei,
    /// To the sponsor.
    pub returned_wei: Wei,
    pub burned_wei: Wei,
}

/// What the purse did.
#[derive(Clone, Debug, Serialize)]
pub struct PurseReport {
    pub paid_back_wei: Wei,
    pub calls: u64,
    pub left_wei: Wei,
}

/// A validator that signed twice.
#[derive(Clone, Debug, Serialize)]
pub struct SlashReport {
    pub validator: String,
    pub lost_wei: Wei,
    /// Of that, to whoever showed it; the rest is burned.
    pub reward_wei: Wei,
}

/// A delta that a measure took back.
#[derive(Clone, Debug, Serialize)]
pub struct TakenReport {
    pub delta: u64,
    pub author: String,
    pub bond_wei: Wei,
    pub burned_wei: Wei,
    /// The running checkpoint when it was applied: on its rows, and on the set before.
    pub fresh_micronats: Option<u32>,
    pub known_micronats: Option<u32>,
}

/// One period in which something was proposed.
#[derive(Clone, Debug, Serialize)]
pub struct PeriodReport {
    pub number: u64,
    /// 0 if the set was kept.
    pub applied_delta: u64,
    pub dataset_root: String,
    /// Issued to the author, once the delta stood.
    pub reward_wei: Wei,
}

impl Report {
    /// Writes the JSON.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        std::fs::write(path, text).with_context(|| format!("cannot write the report to {}", path.display()))
    }

    /// Balances and stakes, the curve, the checkpoint.
    pub fn picture(&self) -> String {
        let mut text = String::from("\n  account            balance NRN        stake NRN\n");
        let names = self.balances.keys().chain(self.stakes.keys()).collect::<std::collections::BTreeSet<_>>();
        for name in names {
            let amount = |amounts: &BTreeMap<String, Wei>| amounts.get(name).map_or_else(|| "–".to_owned(), |amount| nrn(*amount));
            let _ = writeln!(text, "  {name:<13} {:>16} {:>16}", amount(&self.balances), amount(&self.stakes));
        }
        let _ = writeln!(
            text,
            "\n  supply {} NRN = {} sold + {} minted − {} burned\n",
            nrn(self.supply_wei),
            nrn(self.genesis_supply_wei),
            nrn(self.minted_wei),
            nrn(self.burned_wei)
        );
        text.push_str(&self.reckoning());
        let won: Vec<&RoundReport> = self.rounds.iter().filter(|round| round.outcome == "won").collect();
        let first = won.first().and_then(|round| round.base_micronats);
        let losses: Vec<u32> = first.into_iter().chain(won.iter().filter_map(|round| round.loss_micronats)).collect();
        text.push_str(&chart::curve(&losses));
        if let (Some(first), Some(last)) = (losses.first(), losses.last()) {
            let _ = writeln!(text, "  training loss {} → {} nats over {} won rounds", nats(*first), nats(*last), won.len());
        }
        if let Some(fresh) = &self.progress {
            let _ = writeln!(text, "  {fresh}");
        }
        let _ = writeln!(text, "\n  checkpoint {}", self.final_checkpoint_cid);
        if self.heldout != HeldOut::default() {
            let _ = writeln!(text, "  {}", self.heldout);
        }
        text
    }

    /// What the contract holds, what the purse paid, who lost what.
    fn reckoning(&self) -> String {
        let (held, purse, mut text) = (&self.held, &self.purse, String::new());
        let all = held.parts().into_iter().sum();
        let _ = writeln!(
            text,
            "  the contract holds {} NRN = {} stake + {} earned + {} leaving + {} bonds{}",
            nrn(all),
            nrn(held.stake_wei),
            nrn(held.earned_wei),
            nrn(held.exiting_wei),
            nrn(held.bonds_wei),
            if held.bounties_wei.is_zero() { String::new() } else { format!(" + {} bounties", nrn(held.bounties_wei)) }
        );
        let (paid, left) = (purse.paid_back_wei.to_nrn(), purse.left_wei.to_nrn());
        let _ = writeln!(text, "  the purse paid {paid} of the chain's coin back for the gas of {} calls, {left} are left", purse.calls);
        for bounty in &self.bounties {
            let (number, found) = (bounty.number, bounty.findings.as_ref().map_or("undecided".to_owned(), words::of_findings));
            let (winners, validators): (Wei, _) = (bounty.winners_wei.values().copied().sum(), nrn(bounty.validators_wei));
            let (back, sponsor) = (nrn(bounty.returned_wei), &bounty.sponsor);
            let _ = writeln!(text, "  bounty {number}: {found}");
            let _ = writeln!(text, "  of it {} NRN went to winners, {validators} to validators, {back} back to {sponsor}", nrn(winners));
        }
        for slash in &self.slashes {
            let (who, lost, reward) = (&slash.validator, nrn(slash.lost_wei), nrn(slash.reward_wei));
            let _ = writeln!(text, "  {who} lost {lost} NRN of its stake for signing twice, {reward} to who showed it");
        }
        for name in &self.dozed {
            let _ = writeln!(text, "  {name} was put to sleep for its absence");
        }
        for taken in &self.taken {
            let (delta, author, burned) = (taken.delta, &taken.author, nrn(taken.burned_wei));
            let _ = writeln!(text, "  delta {delta} of {author} was taken back: its bond of {burned} NRN is burned");
        }
        text.push('\n');
        text
    }
}
