//! What a jury asks for: hidden sets held and measured, findings signed by the shell, transactions about bounties.

use chain::ChainError;
use governance::Network;
use node::logging;
use protocol::jury::{Effect, Input};

use crate::work::Bench;

/// Everything that one effect needs.
pub struct Juror {
    pub network: Network,
    pub bench: Bench,
}

impl Juror {
    /// Does it; the answer for the machine, if it waits for one.
    pub async fn act(self, effect: Effect) -> Option<Input> {
        let network = &self.network;
        Some(match effect {
            Effect::Fetch { bounty, file } => Input::Fetched { bounty, result: self.bench.fetch_hidden(file).await },
            Effect::Announce { round, file } => {
                self.bench.announce(round, file).await;
                return None;
            }
            Effect::Measure(task) => {
                let (bounty, window) = (task.bounty, task.window);
                let result = self.bench.findings(task).await.map_err(|error| logging::told(&error));
                match &result {
                    Ok((findings, _)) => tracing::info!(%bounty, window, ?findings, "hidden set measured"),
                    Err(error) => tracing::warn!(%bounty, window, "hidden set not measured: {error}"),
                }
                Input::Measured { bounty, window, result }
            }
            // The shell signs: there is one signing log.
            Effect::Sign { message, .. } => Input::Refused { bounty: message.bounty, window: message.window },
            Effect::Post { window, findings, signed, bounty } => {
                sent("findings posted", network.find(bounty, window, &findings, &signed).await)
            }
            Effect::Reward { bounty, findings, rounds } => sent("won rounds paid", network.pay_rounds(bounty, &findings, &rounds).await),
            Effect::PayFinders { bounty, positions } => sent("finders paid", network.pay_finders(bounty, &positions).await),
            Effect::Settle { bounty, findings } => sent("bounty settled", network.settle_bounty(bounty, &findings).await),
            Effect::Slash { position, one, other, .. } => {
                sent("a position that signed two results was slashed", network.slash_findings(position, &one, &other).await)
            }
        })
    }
}

fn sent<T>(done: &str, result: Result<T, ChainError>) -> Input {
    match &result {
        Ok(_) => tracing::info!("{done}"),
        Err(error) => tracing::warn!("not done ({done}): {error}"),
    }
    Input::Sent(result.map(drop).map_err(|error| error.to_string()))
}
