//! What was looked at, how it is, and what mends it.

use anyhow::{Error, Result, anyhow};
use node::logging;
use serde_json::{Value, json};

use super::{
    context::Context,
    ending::{Sort as _, WRONG},
};

/// How one thing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    Fine(String),
    /// What is wrong, and what mends it.
    Wrong {
        what: String,
        mend: String,
    },
    /// Nothing can be said.
    Unknown(String),
}

/// One line of a report.
pub struct Check {
    pub name: &'static str,
    pub finding: Finding,
}

impl Finding {
    pub fn wrong(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Wrong { what: what.into(), mend: mend.into() }
    }

    /// It could not even be looked at.
    pub fn failed(error: &Error, mend: &str) -> Self {
        Self::wrong(logging::told(error), mend)
    }

    pub fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong { .. })
    }
}

impl Check {
    /// For people: one line, and behind an arrow what mends it.
    pub fn lines(&self) -> Vec<String> {
        let name = self.name;
        match &self.finding {
            Finding::Fine(text) => vec![format!("ok     {name:<12}  {text}")],
            Finding::Unknown(text) => vec![format!("-      {name:<12}  {text}")],
            Finding::Wrong { what, mend } => vec![format!("WRONG  {name:<12}  {what}"), format!("       {:<12}  → {mend}", "")],
        }
    }

    fn data(&self) -> Value {
        let (state, text, mend) = match &self.finding {
            Finding::Fine(text) => ("ok", text, None),
            Finding::Unknown(text) => ("unknown", text, None),
            Finding::Wrong { what, mend } => ("wrong", what, Some(mend)),
        };
        json!({ "name": self.name, "state": state, "text": text, "mend": mend })
    }
}

impl Context {
    /// Tells all checks.
    ///
    /// # Errors
    /// When something is wrong.
    pub fn report(&self, checks: &[Check]) -> Result<()> {
        let listed: Vec<Value> = checks.iter().map(Check::data).collect();
        let wrong = checks.iter().filter(|check| check.finding.is_wrong()).count();
        let lines: Vec<String> = checks.iter().flat_map(Check::lines).collect();
        self.answer(&lines, &json!({ "wrong": wrong, "checks": listed }))?;
        match wrong {
            0 => Ok(()),
            1 => Err(anyhow!("one thing is wrong: the line behind → mends it")).sort(WRONG),
            _ => Err(anyhow!("{wrong} things are wrong: the lines behind → mend them")).sort(WRONG),
        }
    }
}
