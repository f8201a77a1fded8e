//! What to offer for gas: EIP-1559 where blocks have a base fee, a plain gas price elsewhere.

use alloy::network::TransactionBuilder;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::{BlockNumberOrTag, TransactionRequest};

use protocol::rules::WEI_PER_GWEI;

use crate::ceiling::Ceiling;
use crate::error::ChainError;
use crate::header::Header;
use crate::reader::Reader;

/// Offered to the block's maker where the RPC has no opinion.
const TIP_WEI_DEFAULT: u128 = WEI_PER_GWEI;
/// Blocks of the chain's past whose base fees tell what is usual.
const PAST_BLOCKS: u64 = 128;

/// Wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fees {
    Dynamic { most: u128, tip: u128 },
    Plain { price: u128 },
}

impl Fees {
    /// What a signed transaction pays.
    pub(crate) fn of(price: Option<u128>, most: u128, tip: Option<u128>) -> Self {
        match tip {
            Some(tip) => Self::Dynamic { most, tip },
            None => Self::Plain { price: price.unwrap_or(most) },
        }
    }

    /// What a block like `latest` takes now, and the tip in it.
    pub(crate) async fn price(reader: &Reader, latest: &Header) -> Result<Price, ChainError> {
        Ok(match latest.base_fee().filter(|_| !reader.settings().legacy_gas) {
            Some(base) => {
                let tip = reader
                    .try_ask("eth_maxPriorityFeePerGas", |provider| async move { provider.get_max_priority_fee_per_gas().await })
                    .await;
                Price::Dynamic { base, tip: tip.unwrap_or(TIP_WEI_DEFAULT) }
            }
            None => {
                let price = reader.ask("eth_gasPrice", |provider| async move { provider.get_gas_price().await }).await?;
                Price::plain(price, latest.base_fee())
            }
        })
    }

    /// An offer for a price, within the ceiling if the price is.
    pub(crate) fn at(price: Price, what: &'static str, ceiling: Option<Ceiling>) -> Result<Self, ChainError> {
        let limit = ceiling.map(|ceiling| ceiling.limit);
        let fees = match price {
            Price::Dynamic { base, tip } => Self::dynamic(base, tip, limit),
            Price::Plain { .. } => Self::plain(price.whole(), limit),
        };
        fees.within(what, ceiling)
    }

    /// Twice the base fee lasts through five full blocks in a row. The limit shortens the reserve for rising base fees
    /// before it forbids sending.
    fn dynamic(base: u128, tip: u128, limit: Option<u128>) -> Self {
        let needed = base.saturating_add(tip);
        let comfortable = base.saturating_add(needed);
        let most = limit.map_or(comfortable, |limit| comfortable.min(limit).max(needed));
        Self::Dynamic { most, tip }
    }

    /// An eighth more than today's price, for the next block may ask for more; all of it is paid.
    fn plain(price: u128, limit: Option<u128>) -> Self {
        let comfortable = price.saturating_add(price / 8);
        Self::Plain { price: limit.map_or(comfortable, |limit| comfortable.min(limit).max(price)) }
    }

    /// A fourth more: nodes take a replacement from a tenth more on.
    pub(crate) fn raised(self) -> Self {
        let more = |wei: u128| wei.saturating_add(wei / 4).saturating_add(1);
        match self {
            Self::Dynamic { most, tip } => Self::Dynamic { most: more(most), tip: more(tip) },
            Self::Plain { price } => Self::Plain { price: more(price) },
        }
    }

    /// The better of two offers, so that a replacement follows a market that moved faster.
    pub(crate) fn at_least(self, other: Self) -> Self {
        match (self, other) {
            (Self::Dynamic { most, tip }, Self::Dynamic { most: other_most, tip: other_tip }) => {
                Self::Dynamic { most: most.max(other_most), tip: tip.max(other_tip) }
            }
            (Self::Plain { price }, Self::Plain { price: other }) => Self::Plain { price: price.max(other) },
            (own, _) => own,
        }
    }

    pub(crate) fn within(self, what: &'static str, ceiling: Option<Ceiling>) -> Result<Self, ChainError> {
        match ceiling {
            Some(ceiling) if self.most() > ceiling.limit => Err(ChainError::FeeTooHigh { what, wanted: self.most(), ceiling }),
            _ => Ok(self),
        }
    }

    pub(crate) fn apply(self, request: &mut TransactionRequest) {
        match self {
            Self::Dynamic { most, tip } => {
                request.set_max_fee_per_gas(most);
                request.set_max_priority_fee_per_gas(tip);
            }
            Self::Plain { price } => request.set_gas_price(price),
        }
    }

    /// What it pays at most.
    pub(crate) fn most(self) -> u128 {
        match self {
            Self::Dynamic { most, .. } => most,
            Self::Plain { price } => price,
        }
    }
}

/// What gas costs, wei per unit: the part that all have to pay, and the part on top of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Price {
    Dynamic { base: u128, tip: u128 },
    Plain { base: u128, tip: u128 },
}

impl Price {
    /// A gas price as endpoints name it. Where blocks have a base fee too it holds a tip: what is usual is learned from
    /// base fees, those of past blocks among them, and would seem far below it otherwise.
    fn plain(price: u128, base_fee: Option<u128>) -> Self {
        let base = base_fee.map_or(price, |base| base.min(price));
        Self::Plain { base, tip: price - base }
    }

    pub(crate) fn base(self) -> u128 {
        match self {
            Self::Dynamic { base, .. } | Self::Plain { base, .. } => base,
        }
    }

    pub(crate) fn tip(self) -> u128 {
        match self {
            Self::Dynamic { tip, .. } | Self::Plain { tip, .. } => tip,
        }
    }

    pub(crate) fn whole(self) -> u128 {
        self.base().saturating_add(self.tip())
    }
}

/// Base fees of the last blocks, where the endpoint tells them.
pub(crate) async fn past(reader: &Reader) -> Vec<u128> {
    let history = |provider: RootProvider| async move { provider.get_fee_history(PAST_BLOCKS, BlockNumberOrTag::Latest, &[]).await };
    let history = reader.try_once("eth_feeHistory", history).await;
    history.map(|history| history.base_fee_per_gas.into_iter().filter(|fee| *fee > 0).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceiling::Because;

    fn ceiling(limit: Option<u128>) -> Option<Ceiling> {
        limit.map(|limit| Ceiling { limit, because: Because::Setting })
    }

    #[test]
    fn an_offer_has_room_for_rising_fees_up_to_the_limit() {
        for (base, tip, limit, most) in [
            (100, 5, None, Some(205)),
            (100, 5, Some(300), Some(205)),
            (100, 5, Some(150), Some(150)),
            (100, 5, Some(105), Some(105)),
            (100, 5, Some(104), None),
        ] {
            let offer = Fees::at(Price::Dynamic { base, tip }, "pay", ceiling(limit)).ok();
            assert_eq!(offer, most.map(|most| Fees::Dynamic { most, tip }), "at a limit of {limit:?}");
        }
    }

    #[test]
    fn a_plain_offer_has_less_room_for_it_is_paid_in_full() {
        for (price, limit, offered) in [(80, None, Some(90)), (80, Some(85), Some(85)), (80, Some(80), Some(80)), (80, Some(79), None)] {
            let offer = Fees::at(Price::plain(price, Some(price / 2)), "pay", ceiling(limit)).ok();
            assert_eq!(offer, offered.map(|price| Fees::Plain { price }), "at a limit of {limit:?}");
        }
    }

    #[test]
    fn a_plain_price_above_a_base_fee_holds_a_tip() {
        for (price, base_fee, base, tip) in [(1_000_000_007, Some(7), 7, 1_000_000_000), (80, None, 80, 0), (80, Some(90), 80, 0)] {
            assert_eq!(Price::plain(price, base_fee), Price::Plain { base, tip }, "{base_fee:?}");
        }
    }

    #[test]
    fn a_raised_offer_is_more_than_a_tenth_higher_in_both_parts() {
        for (most, tip) in [(0, 0), (1, 0), (9, 1), (205, 5), (1_000_000_007, 1_000_000)] {
            let Fees::Dynamic { most: more, tip: more_tip } = (Fees::Dynamic { most, tip }).raised() else { panic!() };
            assert!(more * 10 > most * 11 && more_tip * 10 > tip * 11, "{most}, {tip}");
        }
    }

    #[test]
    fn a_replacement_follows_the_market() {
        let own = Fees::Dynamic { most: 10, tip: 4 };
        assert_eq!(own.at_least(Fees::Dynamic { most: 20, tip: 1 }), Fees::Dynamic { most: 20, tip: 4 });
        assert_eq!(Fees::Plain { price: 3 }.at_least(Fees::Plain { price: 7 }), Fees::Plain { price: 7 });
    }
}
