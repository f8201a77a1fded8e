//! What all that is sent from one account shares: the key, the nonces, the flights on disk, and what gas usually costs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use alloy::network::TransactionBuilder;
use alloy::rpc::types::TransactionRequest;

use crate::account::Account;
use crate::ceiling::{Ceiling, Limits, Market};
use crate::convert;
use crate::errand::Errand;
use crate::error::ChainError;
use crate::fees::{self, Fees, Price};
use crate::flights::{Flights, Noted};
use crate::header::Header;
use crate::nonces::Nonces;
use crate::pool::Offer;
use crate::reader::Reader;
use crate::settings::Settings;

/// Gas of an empty transfer, where the chain does not tell.
const TRANSFER_GAS: u64 = 21_000;

/// See the module. Clones share it.
#[derive(Clone)]
pub(crate) struct Book {
    shared: Arc<Shared>,
}

struct Shared {
    reader: Reader,
    account: Account,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    nonces: Nonces,
    /// None if nothing is kept on disk.
    flights: Option<Flights>,
    market: Market,
    /// A transaction that cannot wait, and what it pays: those before it pay as much.
    urgent: Option<(u64, Fees)>,
    /// Whether the pool takes only one transaction of this account at a time.
    is_single: bool,
    was_stranger_told: bool,
    /// Gas that calls used last, by name.
    gas: BTreeMap<&'static str, u64>,
}

impl Book {
    pub(crate) fn new(reader: Reader, account: Account, flights: Option<Flights>) -> Self {
        let state = Mutex::new(State { flights, ..State::default() });
        Self { shared: Arc::new(Shared { reader, account, state }) }
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.shared.reader
    }

    pub(crate) fn account(&self) -> &Account {
        &self.shared.account
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn nonces<T>(&self, act: impl FnOnce(&mut Nonces) -> T) -> T {
        act(&mut self.state().nonces)
    }

    /// What the last program left, by nonce; it counts as given away by this one.
    pub(crate) fn left(&self) -> Vec<Vec<Noted>> {
        let mut state = self.state();
        let left: Vec<_> = state.flights.iter().flat_map(|flights| flights.live().values().cloned()).collect();
        left.iter().filter_map(|offers| offers.last()).for_each(|noted| state.nonces.take(noted.nonce));
        left
    }

    /// Signs, and writes it to disk before anybody can offer it.
    pub(crate) async fn sign(&self, what: &str, errand: &Errand, request: &TransactionRequest, fees: Fees) -> Result<Offer, ChainError> {
        let offer = Offer::sign(request.clone(), fees, self.account()).await?;
        let Errand { urgency, until_s, about, .. } = errand.clone();
        let (what, nonce, fee_wei) = (what.to_owned(), request.nonce.unwrap_or_default(), fees.most().to_string());
        let noted = Noted { nonce, what, about, urgency, until_s, fee_wei, raw: offer.raw.clone(), hash: offer.hash };
        let mut state = self.state();
        state.nonces.take(nonce);
        if let Some(flights) = &mut state.flights {
            flights.note(noted);
        }
        Ok(offer)
    }

    /// Whether what is sent stands on disk.
    pub(crate) fn is_kept(&self) -> bool {
        self.state().flights.is_some()
    }

    /// The nonce is used, deep in the chain.
    pub(crate) fn spent(&self, nonce: u64) {
        let mut state = self.state();
        state.nonces.spent(nonce);
        state.over(nonce);
    }

    /// Nobody offers it any more, and no pool has it.
    pub(crate) fn dropped(&self, nonce: u64) {
        let mut state = self.state();
        state.nonces.drop(nonce);
        state.over(nonce);
    }

    /// Says once that somebody else sends from this account.
    pub(crate) fn tell_stranger(&self, nonce: u64) {
        if !std::mem::replace(&mut self.state().was_stranger_told, true) {
            let account = self.account().address();
            tracing::warn!(
                "nonce {nonce} of {account} was used by a transaction that is not of this program: another one sends from that account; going \
                 on after it, but give every program an account of its own"
            );
        }
    }

    pub(crate) fn set_single(&self) {
        if !std::mem::replace(&mut self.state().is_single, true) {
            tracing::warn!("the pool takes one transaction of {} at a time: sending one after the other", self.account().address());
        }
    }

    pub(crate) fn is_single(&self) -> bool {
        self.state().is_single
    }

    /// Notes what a call has used.
    pub(crate) fn measured(&self, what: &'static str, gas: u64) {
        self.state().gas.insert(what, gas);
    }

    /// Gas that such a call used last.
    pub(crate) fn gas_of(&self, what: &str) -> Option<u64> {
        self.state().gas.get(what).copied()
    }

    /// Notes an offer that cannot wait.
    pub(crate) fn hurry(&self, nonce: u64, fees: Fees) {
        self.state().urgent = Some((nonce, fees));
    }

    /// What those after this nonce pay, if that is more and they cannot wait.
    pub(crate) fn hurried(&self, nonce: u64, fees: Fees) -> Option<Fees> {
        let (_, urgent) = self.state().urgent.filter(|(urgent, _)| *urgent > nonce)?;
        // A little less is no less: all offers have room for dearer blocks.
        Some(fees.at_least(urgent)).filter(|better| better.most() > fees.most().saturating_add(fees.most() / 4))
    }

    /// What gas costs after the block `latest`; what is usual is learned from it.
    pub(crate) async fn price(&self, latest: &Header) -> Result<Price, ChainError> {
        let price = Fees::price(self.reader(), latest).await?;
        let is_first = self.state().market.median().is_none();
        // Prices without a base fee are not compared with base fees.
        let past = if is_first && latest.base_fee().is_some() { fees::past(self.reader()).await } else { Vec::new() };
        let market = &mut self.state().market;
        past.into_iter().chain([price.base()]).for_each(|fee| market.see(fee));
        Ok(price)
    }

    /// The most that an errand may pay where such a tip is usual.
    pub(crate) fn ceiling(&self, errand: &Errand, gas: u64, price: Price) -> Option<Ceiling> {
        let &Settings { max_fee_gwei, max_fee_times, .. } = self.reader().settings();
        Ceiling::of(Limits { max_fee_gwei, max_fee_times }, errand, gas, self.state().market.median(), price.tip())
    }

    /// An empty transfer to oneself: it takes a nonce and does nothing.
    pub(crate) async fn empty(&self, nonce: u64) -> TransactionRequest {
        let own = convert::to_eth(self.account().address());
        let request = TransactionRequest::default().with_from(own).with_to(own).with_chain_id(self.reader().chain_id());
        let estimate = |provider: alloy::providers::RootProvider| {
            let request = request.clone();
            async move { alloy::providers::Provider::estimate_gas(&provider, request).await }
        };
        let gas = self.reader().try_once("eth_estimateGas", estimate).await.unwrap_or(TRANSFER_GAS);
        request.with_nonce(nonce).with_gas_limit(gas.saturating_add(gas / 4))
    }
}

impl State {
    fn over(&mut self, nonce: u64) {
        if let Some(flights) = &mut self.flights {
            flights.over(nonce);
        }
    }
}
