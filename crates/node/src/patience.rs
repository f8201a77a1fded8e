//! What a node does at its start while no endpoint answers: it says so once, and waits.

use anyhow::Result;
use chain::{ChainError, Trouble};
use governance::GovernanceError;

/// Does what needs the chain until it is done; what waiting does not cure ends it.
///
/// # Errors
/// Another chain, no contract, a refusal, or what has nothing to do with the chain.
pub async fn patient<T>(what: &'static str, attempt: impl AsyncFn() -> Result<T>) -> Result<T> {
    let mut trouble = Trouble::alone(what);
    loop {
        let done = attempt().await;
        let Some(silence) = done.as_ref().err().and_then(passing) else { return done };
        trouble.wait(silence).await;
    }
}

/// The chain's silence, if that is what went wrong.
fn passing(error: &anyhow::Error) -> Option<&ChainError> {
    let inner = error.downcast_ref::<GovernanceError>().and_then(|error| match error {
        GovernanceError::Chain(inner) => Some(inner),
        _ => None,
    });
    inner.or_else(|| error.downcast_ref::<ChainError>()).filter(|error| error.is_silence())
}
