//! The connection to one chain: a reader, and with an account also a sender.

use std::ops::Deref;

use alloy::primitives::Bytes;
use protocol::ids::Address;
use protocol::money::Wei;

use crate::account::Account;
use crate::error::ChainError;
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
        Ok(Self { reader: Reader::connect(settings).await?, sender: None })
    }

    /// As [`Reader::connect_to_any`].
    pub async fn connect_to_any(settings: Settings) -> Result<Self, ChainError> {
        Ok(Self { reader: Reader::connect_to_any(settings).await?, sender: None })
    }

    /// The same connection with a task that sends for `account`. Make one per account and clone it: two tasks for one
    /// account compete for nonces. Call it inside a tokio runtime.
    pub fn with_account(&self, account: Account) -> Self {
        Self { reader: self.reader.clone(), sender: Some(Sender::start(self.reader.clone(), account)) }
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
        self.sender.as_ref().ok_or(ChainError::NoAccount)?.send(transaction).await
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
