//! The connection to one chain: a reader, and with an account also a sender.

use std::ops::Deref;
use std::path::Path;

use alloy::primitives::Bytes;
use protocol::ids::Address;
use protocol::money::Wei;

use crate::account::Account;
use crate::errand::Errand;
use crate::error::ChainError;
use crate::fees::Fees;
use crate::flights::Flights;
use crate::reader::Reader;
use crate::revert::Explain;
use crate::sender::Sender;
use crate::settings::Settings;
use crate::transaction::{Receipt, Transaction};

/// A connection that reads as [`Reader`] does, and with [`Connection::with_account`] may send. Clones share both.
#[derive(Clone)]
pub struct Connection {
    reader: Reader,
    sender: Option<Sender>,
    /// What is sent by this handle is for this.
    errand: Errand,
}

impl Deref for Connection {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Connection {
    /// As [`Reader::connect`].
    pub async fn connect(settings: Settings) -> Result<Self, ChainError> {
        Ok(Self { reader: Reader::connect(settings).await?, sender: None, errand: Errand::default() })
    }

    /// As [`Reader::connect_to_any`].
    pub async fn connect_to_any(settings: Settings) -> Result<Self, ChainError> {
        Ok(Self { reader: Reader::connect_to_any(settings).await?, sender: None, errand: Errand::default() })
    }

    /// The same connection with a task that sends for `account`. Make one per account and clone it: two tasks for one
    /// account compete for nonces. Call it inside a tokio runtime. Nothing of it is kept on disk.
    pub fn with_account(&self, account: Account) -> Self {
        self.sending(account, None)
    }

    /// As [`Connection::with_account`]; what it sends stands in a file of `folder` before it is offered, and what the last run
    /// left there and in the pool is watched, repeated or taken back.
    ///
    /// # Errors
    /// When another program sends for the account with that folder, or the file cannot be used.
    pub fn with_flights(&self, account: Account, folder: &Path) -> Result<Self, ChainError> {
        let flights = Flights::open(folder, self.chain_id(), account.address())?;
        Ok(self.sending(account, Some(flights)))
    }

    fn sending(&self, account: Account, flights: Option<Flights>) -> Self {
        Self { sender: Some(Sender::start(self.reader.clone(), account, flights)), ..self.clone() }
    }

    /// The same connection; what this handle sends is for that errand.
    pub fn on(&self, errand: Errand) -> Self {
        Self { errand, ..self.clone() }
    }

    /// The key that this handle sends with, if it has one.
    pub fn account(&self) -> Result<&Account, ChainError> {
        self.sender.as_ref().map(Sender::account).ok_or(ChainError::NoAccount)
    }

    /// The address that this handle sends from, if it has an account.
    pub fn own_address(&self) -> Result<Address, ChainError> {
        Ok(self.account()?.address())
    }

    /// Sends, and waits until it is mined. A lost answer, a dropped block or a fee
    /// that has become too low is dealt with; a call that would fail is refused before it costs anything.
    pub async fn send(&self, transaction: Transaction) -> Result<Receipt, ChainError> {
        self.sender.as_ref().ok_or(ChainError::NoAccount)?.send(transaction, self.errand.clone()).await
    }

    /// What a unit of gas costs now, tip included, in wei.
    pub async fn gas_price(&self) -> Result<Wei, ChainError> {
        let price = Fees::price(&self.reader, &self.reader.latest_header().await?).await?;
        Ok(Wei(price.whole()))
    }

    /// Gas that such a call of this account used last, if one was mined since the program began.
    pub fn gas_of(&self, what: &str) -> Option<u64> {
        self.sender.as_ref()?.gas_of(what)
    }

    /// Creates a contract out of its code with the constructor's arguments behind it.
    pub async fn deploy(&self, what: &'static str, code: Bytes, explain: Explain) -> Result<Address, ChainError> {
        let transaction = Transaction { what, to: None, data: code, value: Wei(0), explain };
        let receipt = self.send(transaction).await?;
        receipt.contract.ok_or_else(|| ChainError::BadAnswer { what, reason: "no contract was made".to_owned() })
    }

    /// Pays `amount` wei of the chain's coin.
    pub async fn pay(&self, to: Address, amount: Wei) -> Result<Receipt, ChainError> {
        let explain: Explain = |_| None;
        self.send(Transaction { what: "payment", to: Some(to), data: Bytes::new(), value: amount, explain }).await
    }
}
