//! Whether a round pays: what it brings at the user's price of NRN, what its gas costs now, and for how many rounds the coin lasts.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use chain::ChainError;
use governance::Network;
use protocol::{
    ids::{GroupId, RoundNumber},
    money::{WEI_PER_NRN, Wei},
};

use crate::config::NodeConfig;
pub use crate::vitals::Call;

/// Nobody waits longer for the chain to tell what a round costs.
const PATIENCE: Duration = Duration::from_secs(3);

/// See the module. Clones share what was said and seen.
#[derive(Clone, Debug)]
pub struct Upkeep {
    /// Wei of the chain's coin for one NRN.
    nrn_price: Option<Wei>,
    least_profit: Option<Wei>,
    coin_rounds: u64,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Of the last round that was looked at.
    reward: Option<Wei>,
    is_low: bool,
    is_idle: bool,
}

impl Upkeep {
    /// What the settings say.
    ///
    /// # Errors
    /// When an amount is none, or a profit is wanted and no price named.
    pub fn of(config: &NodeConfig) -> Result<Self> {
        let amount = |name: &str, text: &Option<String>| {
            let read = text.as_ref().map(|text| Wei::from_nrn(text).with_context(|| format!("`{name} = {text:?}` in [node]")));
            read.transpose()
        };
        let (nrn_price, least_profit) = (amount("nrn_price", &config.nrn_price)?, amount("least_profit", &config.least_profit)?);
        ensure!(
            least_profit.is_none() || nrn_price.is_some(),
            "`least_profit` in [node] needs a price to count with: set `nrn_price` to the coins that one NRN is worth to you"
        );
        Ok(Self { nrn_price, least_profit, coin_rounds: config.coin_rounds, seen: Arc::default() })
    }

    /// Whether some rounds are not to be played.
    pub fn is_choosy(&self) -> bool {
        self.least_profit.is_some()
    }

    /// NRN in wei of the chain's coin, if a price is named.
    pub fn worth(&self, nrn: Wei) -> Option<Wei> {
        Some(nrn.mul_div(self.nrn_price?.0, WEI_PER_NRN))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is at stake in a round with such a deposit: it, and the reward that was seen last; none if no price is named.
    pub fn of_round(&self, deposit: Wei) -> Option<Wei> {
        let reward = self.seen().reward?;
        self.worth(deposit.saturating_add(reward))
    }

    /// Says once when the coin of the account does not last long, and fails, with the reason, if a round like `last` brings too
    /// little. `part` is what the account can get of such a reward. What the chain does not tell forbids nothing.
    ///
    /// # Errors
    /// With the figures.
    pub async fn check(
        &self,
        network: &Network,
        group: GroupId,
        last: Option<RoundNumber>,
        calls: &[Call],
        part: impl Fn(Wei) -> Wei,
    ) -> Result<(), String> {
        match tokio::time::timeout(PATIENCE, self.look(network, group, last, calls)).await {
            Ok(Ok((cost, coin, reward))) => {
                self.tell_low(coin, cost);
                self.judge(reward.map(part), cost)
            }
            _ => Ok(()),
        }
    }

    async fn look(
        &self,
        network: &Network,
        group: GroupId,
        last: Option<RoundNumber>,
        calls: &[Call],
    ) -> Result<(Wei, Wei, Option<Wei>), ChainError> {
        let chain = network.chain();
        let gas: u64 = calls.iter().map(|(what, usual)| chain.gas_of(what).unwrap_or(*usual)).sum();
        let cost = Wei(chain.gas_price().await?.0.saturating_mul(gas.into()));
        let coin = chain.coin(chain.own_address()?).await?;
        let reward = match last.filter(|_| self.nrn_price.is_some()) {
            Some(last) => network.round(group, last).await?.map(|round| round.reward),
            None => None,
        };
        let mut seen = self.seen();
        seen.reward = reward.or(seen.reward);
        Ok((cost, coin, seen.reward))
    }

    /// Whether so much NRN, if it is known, is enough for so much gas.
    fn judge(&self, reward: Option<Wei>, cost: Wei) -> Result<(), String> {
        let brings = reward.and_then(|reward| self.worth(reward));
        let is_idle = match (brings, self.least_profit) {
            (Some(brings), Some(least)) => brings < cost.saturating_add(least),
            _ => false,
        };
        let was_idle = std::mem::replace(&mut self.seen().is_idle, is_idle);
        if was_idle && !is_idle {
            tracing::info!("rounds pay again");
        }
        let (Some(brings), Some(least), true) = (brings, self.least_profit, is_idle) else { return Ok(()) };
        let text = [brings, cost, least].map(Wei::to_nrn);
        let reason =
            format!("a round brings {} of the chain's coin at most, its gas costs {}, and least_profit is {}", text[0], text[1], text[2]);
        if !was_idle {
            tracing::warn!("{reason}: not playing until that changes");
        }
        Err(reason)
    }

    /// Once per state.
    fn tell_low(&self, coin: Wei, cost: Wei) {
        let rounds = coin.0 / cost.0.max(1);
        let is_low = rounds < u128::from(self.coin_rounds);
        if is_low && !std::mem::replace(&mut self.seen().is_low, is_low) {
            tracing::warn!("the account has {} of the chain's coin: gas for {rounds} rounds; send it some", coin.to_nrn());
        } else if !is_low {
            self.seen().is_low = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upkeep(price: Option<&str>, least: Option<&str>) -> Result<Upkeep> {
        let config = NodeConfig { nrn_price: price.map(str::to_owned), least_profit: least.map(str::to_owned), ..NodeConfig::default() };
        Upkeep::of(&config)
    }

    #[test]
    fn a_round_is_played_if_it_brings_enough_above_its_gas() {
        let coin = |text: &str| Wei::from_nrn(text).expect("an amount");
        for (price, least, reward, cost, plays) in [
            (None, None, Some("1"), "9", true),
            (Some("0.5"), None, Some("1"), "9", true),
            (Some("0.5"), Some("0"), Some("4"), "2", true),
            (Some("0.5"), Some("0"), Some("4"), "2.000001", false),
            (Some("0.5"), Some("1"), Some("4"), "1.000001", false),
            (Some("0.5"), Some("1"), None, "9", true),
        ] {
            let judged = upkeep(price, least).expect("settings").judge(reward.map(coin), coin(cost));
            assert_eq!(judged.is_ok(), plays, "{price:?} {least:?} {reward:?} {cost}");
        }
    }

    #[test]
    fn what_is_no_amount_is_named_and_a_profit_needs_a_price() {
        for (price, least, named) in
            [(Some("x"), None, "nrn_price"), (Some("1"), Some("-1"), "least_profit"), (None, Some("1"), "nrn_price")]
        {
            let error = format!("{:#}", upkeep(price, least).expect_err("refused"));
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn what_a_round_is_worth_is_known_once_a_reward_was_seen() {
        let upkeep = upkeep(Some("0.5"), None).expect("settings");
        assert_eq!((upkeep.worth(Wei(WEI_PER_NRN)), upkeep.of_round(Wei(WEI_PER_NRN))), (Some(Wei(WEI_PER_NRN / 2)), None));
        upkeep.seen.lock().expect("no panic").reward = Some(Wei(3 * WEI_PER_NRN));
        assert_eq!(upkeep.of_round(Wei(WEI_PER_NRN)), Some(Wei(2 * WEI_PER_NRN)));
    }

    #[test]
    fn a_low_coin_is_told_once_until_it_is_enough_again() {
        let upkeep = upkeep(None, None).expect("settings");
        let is_low = |coin: u128| {
            upkeep.tell_low(Wei(coin), Wei(10));
            upkeep.seen.lock().expect("no panic").is_low
        };
        assert_eq!([200, 199, 5, 200].map(is_low), [false, true, true, false]);
    }
}
