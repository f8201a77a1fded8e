//! Why a page gets no answer.

use protocol::log::{BodyError, CompareError, EnvelopeError, FactsError, LogError};

/// What was wrong, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A message that is not kept.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A body that cannot be written.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// Ranges of a peer that cannot be used.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A question before a log was opened.
    #[error("no log is open: open one first")]
    Closed,
    /// No such message.
    #[error("that message is not in the log: compare first")]
    Unknown,
    /// Bytes that are no question; holds what they should be.
    #[error("the page asked in another form than this module reads, {0}: load the page anew")]
    Form(&'static str),
}

impl Refusal {
    /// Whether whoever sent the bytes could have known that they are wrong, whatever he knows of chain and time: a misdeed.
    pub fn is_misdeed(&self) -> bool {
        match self {
            Self::Log(error) => error.is_misdeed(),
            Self::Compare(_) => true,
            _ => false,
        }
    }
}

impl From<EnvelopeError> for Refusal {
    fn from(error: EnvelopeError) -> Self {
        LogError::from(error).into()
    }
}

impl From<FactsError> for Refusal {
    fn from(error: FactsError) -> Self {
        LogError::from(error).into()
    }
}
