//! Transactions that wait: what is known of them, and what a person can do about one.

use std::collections::BTreeMap;

use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::TransactionRequest;
use protocol::ids::{Address, Digest};
use serde_json::Value;

use crate::account::Account;
use crate::book::Book;
use crate::convert;
use crate::errand::Errand;
use crate::error::ChainError;
use crate::failure::OFFER;
use crate::fees::Fees;
use crate::flights::{CANCEL, Flights, Noted};
use crate::pool::{Submitted, submit};
use crate::reader::Reader;

/// How often more is offered until the pool takes it.
const OFFERS_LIMIT: usize = 16;

/// A nonce whose transaction is not deep in the chain, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub nonce: u64,
    /// What was offered for it, the latest last; empty if it is in the pool and not known here.
    pub offers: Vec<Noted>,
    pub place: Where,
}

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// In that block; so many stand from it on, its own included.
    Mined { block: u64, depth: u64 },
    /// In the endpoint's pool.
    Pool,
    /// In no pool that is known: whoever sent it offers it again.
    Nowhere,
    /// Another one with its nonce is mined.
    Replaced,
}

impl Reader {
    /// What waits of an account: what stands in its flights, and what else the pool counts.
    ///
    /// # Errors
    /// When the chain does not answer.
    pub async fn waiting(&self, of: Address, flights: &BTreeMap<u64, Vec<Noted>>) -> Result<Vec<Waiting>, ChainError> {
        let (mined, pending) = (self.mined_nonce(of).await?, self.next_nonce(of).await?);
        let mut waiting = Vec::new();
        for (nonce, offers) in flights {
            let place = self.place(offers, *nonce < mined).await?;
            waiting.push(Waiting { nonce: *nonce, offers: offers.clone(), place });
        }
        let unknown = (mined..pending).filter(|nonce| !flights.contains_key(nonce));
        waiting.extend(unknown.map(|nonce| Waiting { nonce, offers: Vec::new(), place: Where::Pool }));
        waiting.sort_by_key(|waiting| waiting.nonce);
        Ok(waiting)
    }

    /// The mined one of these, or the last.
    async fn place(&self, offers: &[Noted], is_used: bool) -> Result<Where, ChainError> {
        let mut place = if is_used { Where::Replaced } else { Where::Nowhere };
        for offer in offers.iter().rev() {
            let hash = [convert::to_b256(offer.hash)];
            let get = |provider: RootProvider| async move {
                provider.raw_request::<_, Option<Value>>("eth_getTransactionByHash".into(), hash).await
            };
            let Some(found) = self.ask("eth_getTransactionByHash", get).await? else { continue };
            let block = found["blockNumber"].as_str().and_then(|digits| u64::from_str_radix(digits.trim_start_matches("0x"), 16).ok());
            match block {
                Some(block) => {
                    let depth = (self.latest_number().await? + 1).saturating_sub(block);
                    return Ok(Where::Mined { block, depth });
                }
                None if !is_used => place = Where::Pool,
                None => {}
            }
        }
        Ok(place)
    }

    /// Offers the same for more. Returns its hash and the most that it pays, wei per gas.
    ///
    /// # Errors
    /// When nothing with that nonce is known here or it is mined, when `max_fee_gwei` forbids more, or the pool refuses.
    pub async fn speed_up(&self, account: Account, flights: Flights, nonce: u64) -> Result<(Digest, u128), ChainError> {
        self.must_be_open(account.address(), nonce).await?;
        let known = flights.live().get(&nonce).and_then(|offers| offers.last()).cloned();
        let Some(noted) = known else {
            return Err(ChainError::NotThere(format!(
                "no transaction with nonce {nonce} was sent from here: `neuron tx list` shows those that were"
            )));
        };
        let Some((request, fees)) = noted.request(account.address()) else {
            return Err(ChainError::NotThere("its bytes are damaged".into()));
        };
        let book = Book::new(self.clone(), account, Some(flights));
        outbid(&book, &noted.what, noted.errand(), request, Some(fees)).await
    }

    /// Offers an empty transfer in the place of whatever has that nonce. Returns its hash and the most that it pays, wei per gas.
    ///
    /// # Errors
    /// When nothing with that nonce waits, when `max_fee_gwei` forbids more, or the pool refuses.
    pub async fn take_back(&self, account: Account, flights: Flights, nonce: u64) -> Result<(Digest, u128), ChainError> {
        self.must_be_open(account.address(), nonce).await?;
        let known = flights.live().get(&nonce).and_then(|offers| offers.last()).cloned();
        if known.is_none() && nonce >= self.next_nonce(account.address()).await? {
            return Err(ChainError::NotThere(format!("no transaction with nonce {nonce} waits: `neuron tx list` shows those that do")));
        }
        let before = known.and_then(|noted| noted.request(account.address())).map(|(_, fees)| fees);
        let book = Book::new(self.clone(), account, Some(flights));
        let request = book.empty(nonce).await;
        outbid(&book, CANCEL, Errand::default(), request, before).await
    }

    async fn must_be_open(&self, of: Address, nonce: u64) -> Result<(), ChainError> {
        let mined = self.mined_nonce(of).await?;
        if nonce >= mined {
            return Ok(());
        }
        Err(ChainError::NotThere(format!(
            "nonce {nonce} is used: its transaction is mined, and what is mined stays; the next nonce is {mined}"
        )))
    }
}

/// Offers the request for what gas costs now, and for more than `before`, until the pool takes it.
async fn outbid(
    book: &Book,
    what: &str,
    errand: Errand,
    request: TransactionRequest,
    before: Option<Fees>,
) -> Result<(Digest, u128), ChainError> {
    let price = book.price(&book.reader().latest_header().await?).await?;
    let ceiling = book.ceiling(&Errand::default(), request.gas.unwrap_or_default(), price);
    let now = Fees::at(price, OFFER, ceiling)?;
    let mut fees = before.map_or(now, |before| before.raised().at_least(now));
    let mut reason = String::new();
    for _ in 0..OFFERS_LIMIT {
        let offer = book.sign(what, &errand, &request, fees.within(OFFER, ceiling)?).await?;
        match submit(book.reader(), &offer).await {
            Submitted::Accepted => return Ok((offer.hash, fees.most())),
            Submitted::FeeTooLow(failed) | Submitted::NonceTaken(failed) => (reason, fees) = (failed.reason, fees.raised()),
            Submitted::Later(failed) | Submitted::Failed(failed) => return Err(failed.of(OFFER)),
        }
    }
    Err(ChainError::PoolRefused { what: OFFER, times: OFFERS_LIMIT, reason })
}
