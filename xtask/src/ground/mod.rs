//! Where mutants are tested, each kind of source in a copy of its own, and how a run of tests ended.

mod contracts;
mod crates;

use std::{collections::BTreeSet, path::Path};

use anyhow::{Context, Result};

/// Tests that run together.
#[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
pub enum Suite {
    Contracts(contracts::Suite),
    /// Packages of the workspace, those first that are quicker.
    Crates(Vec<String>),
}

/// How a run of tests ended.
pub enum End {
    Killed(String),
    Survived,
    /// It does not compile, which proves nothing about the tests.
    Broken(String),
}

/// The copies that the suites need.
pub struct Ground {
    contracts: Option<contracts::Ground>,
    crates: Option<crates::Ground>,
}

impl Suite {
    /// Contracts of tests that a regular expression names, empty for all, under a profile of foundry.toml.
    pub fn of_contracts(profile: &str, tests: &str) -> Self {
        Self::Contracts(contracts::Suite { profile: profile.to_owned(), tests: tests.to_owned() })
    }
}

impl Ground {
    /// Copies what the suites need; all tests must pass there without a mutation.
    ///
    /// # Errors
    /// When they do not.
    pub fn prepare(suites: &BTreeSet<Suite>) -> Result<Self> {
        let of_contracts = suites.iter().filter_map(|suite| if let Suite::Contracts(suite) = suite { Some(suite.clone()) } else { None });
        let of_crates = suites.iter().filter_map(|suite| if let Suite::Crates(packages) = suite { Some(packages) } else { None });
        let (of_contracts, of_crates): (BTreeSet<_>, BTreeSet<_>) = (of_contracts.collect(), of_crates.flatten().cloned().collect());
        let contracts = (!of_contracts.is_empty()).then(|| contracts::Ground::prepare(&of_contracts)).transpose()?;
        let crates = (!of_crates.is_empty()).then(|| crates::Ground::prepare(&of_crates)).transpose()?;
        Ok(Self { contracts, crates })
    }

    /// The copy in which that suite runs.
    ///
    /// # Errors
    /// When the ground was prepared without such suites.
    pub fn root(&self, suite: &Suite) -> Result<&Path> {
        Ok(match suite {
            Suite::Contracts(_) => self.contracts()?.root(),
            Suite::Crates(_) => self.crates()?.root(),
        })
    }

    /// Runs a suite with other content in one file, which is then as it was.
    ///
    /// # Errors
    /// When a file cannot be written or a tool does not start.
    pub fn test(&self, suite: &Suite, file: &str, content: &str) -> Result<End> {
        match suite {
            Suite::Contracts(suite) => self.contracts()?.test(suite, file, content),
            Suite::Crates(packages) => self.crates()?.test(packages, file, content),
        }
    }

    fn contracts(&self) -> Result<&contracts::Ground> {
        self.contracts.as_ref().context("no copy of the contracts was prepared")
    }

    fn crates(&self) -> Result<&crates::Ground> {
        self.crates.as_ref().context("no copy of the crates was prepared")
    }
}
