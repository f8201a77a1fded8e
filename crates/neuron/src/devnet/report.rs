//! The report of a run: JSON for programs, a table for people.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use anyhow::{Context, Result};
use protocol::{Wei, chain::Outcome};
use serde::Serialize;

use super::{
    chart,
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
    pub balances: BTreeMap<String, Wei>,
    /// Stake by the name of the validator that signs with it.
    pub stakes: BTreeMap<String, Wei>,
    pub final_checkpoint_cid: String,
    pub heldout_accuracy: Option<f64>,
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
    /// `won`, `lost`, `void` (revealed and undecided) or `empty` (nothing revealed).
    pub outcome: &'static str,
    pub winner: Option<String>,
    pub base_micronats: Option<u32>,
    pub loss_micronats: Option<u32>,
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

/// Name of an outcome; an undecided round with reveals is void.
pub fn outcome_name(outcome: Outcome, reveals: usize) -> &'static str {
    match outcome {
        Outcome::Won => "won",
        Outcome::Lost => "lost",
        Outcome::None if reveals > 0 => "void",
        Outcome::None => "empty",
    }
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
        let won: Vec<&RoundReport> = self.rounds.iter().filter(|round| round.outcome == "won").collect();
        let first = won.first().and_then(|round| round.base_micronats);
        let losses: Vec<u32> = first.into_iter().chain(won.iter().filter_map(|round| round.loss_micronats)).collect();
        text.push_str(&chart::curve(&losses));
        if let (Some(first), Some(last)) = (losses.first(), losses.last()) {
            let _ = writeln!(text, "  {} → {} nats over {} won rounds", nats(*first), nats(*last), won.len());
        }
        let _ = writeln!(text, "\n  checkpoint {}", self.final_checkpoint_cid);
        if let Some(accuracy) = self.heldout_accuracy {
            let _ = writeln!(text, "  {:.1} % right on rows that were never in the set", accuracy * 100.0);
        }
        text
    }
}
