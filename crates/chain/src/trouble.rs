//! A chain that does not answer: said once, seen while it lasts, waited for without end.

use std::collections::BTreeMap;
use std::time::Instant;

use tokio::sync::watch;

use crate::error::ChainError;
use crate::failure::Failure;
use crate::pause;

/// One thing that is tried until it succeeds. Dropping it ends the trouble, and says so if it was said before.
pub struct Trouble {
    what: &'static str,
    troubles: watch::Sender<BTreeMap<&'static str, String>>,
    since: Instant,
    failures: u32,
    said: Vec<Failure>,
}

impl Trouble {
    pub(crate) fn new(what: &'static str, troubles: watch::Sender<BTreeMap<&'static str, String>>) -> Self {
        Self { what, troubles, since: Instant::now(), failures: 0, said: Vec::new() }
    }

    /// Trouble of a program that has no connection yet.
    pub fn alone(what: &'static str) -> Self {
        Self::new(what, watch::Sender::default())
    }

    /// Notes the error, which is said if none of its kind was, and waits before the next attempt.
    pub async fn wait(&mut self, error: &ChainError) {
        self.failures = self.failures.saturating_add(1);
        if !self.said.contains(&error.failure()) {
            self.said.push(error.failure());
            tracing::warn!("{} fails: {error}; {}", self.what, awaited(error.failure()));
        }
        self.troubles.send_if_modified(|troubles| troubles.insert(self.what, error.to_string()) != Some(error.to_string()));
        tokio::time::sleep(pause::after(self.failures)).await;
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        if !self.said.is_empty() {
            self.troubles.send_if_modified(|troubles| troubles.remove(self.what).is_some());
            tracing::warn!(after_s = self.since.elapsed().as_secs(), "{} works again", self.what);
        }
    }
}

/// What is waited for.
fn awaited(failure: Failure) -> &'static str {
    use Failure as F;
    match failure {
        F::TryAgain | F::Overloaded | F::NonceTaken | F::FeeTooLow | F::PoolFull | F::Held => "trying on",
        F::Slower => "going on more slowly",
        F::AskAnother | F::Refused => "waiting for another answer; a second endpoint in `rpc` would help",
        F::Narrow => "asking for less",
        F::WaitForHead => "waiting for the endpoint to see that block",
        F::Forgotten => "an endpoint that keeps old states would help",
    }
}
