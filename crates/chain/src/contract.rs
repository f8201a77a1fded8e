//! One contract on the chain: calls that read, calls that send, and what its refusals mean.

use alloy::network::TransactionBuilder;
use alloy::primitives::Bytes;
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::{BlockId, TransactionRequest};
use alloy::sol_types::SolCall;
use alloy::transports::TransportResult;
use futures::FutureExt;
use futures::future::BoxFuture;
use protocol::ids::Address;
use protocol::money::Wei;

use crate::connection::Connection;
use crate::convert;
use crate::error::{ChainError, Failed};
use crate::revert::{Explain, Revert};
use crate::transaction::{Receipt, Transaction};

/// A contract's address, with the connection and the meaning of its errors.
#[derive(Clone)]
pub struct Contract {
    chain: Connection,
    address: Address,
    explain: Explain,
}

impl Contract {
    pub fn new(chain: &Connection, address: Address, explain: Explain) -> Self {
        Self { chain: chain.clone(), address, explain }
    }

    pub fn address(&self) -> Address {
        self.address
    }

    pub fn chain(&self) -> &Connection {
        &self.chain
    }

    /// Reads at the latest block.
    pub async fn read<C: SolCall>(&self, call: &C) -> Result<C::Return, ChainError> {
        self.decode::<C>(self.chain.try_ask("eth_call", self.request(call, BlockId::latest())).await)
    }

    /// Reads as of the end of block `number`, from two servers where there are two. Servers keep at least the last 128 blocks.
    pub async fn read_at<C: SolCall>(&self, call: &C, number: u64) -> Result<C::Return, ChainError> {
        self.decode::<C>(self.chain.try_agreed("eth_call", self.request(call, BlockId::number(number))).await)
    }

    fn request<C: SolCall>(&self, call: &C, block: BlockId) -> impl Fn(RootProvider) -> BoxFuture<'static, TransportResult<Bytes>> {
        let request = TransactionRequest::default().with_to(convert::to_eth(self.address)).with_call(call);
        move |provider| {
            let request = request.clone();
            async move { provider.call(request).block(block).await }.boxed()
        }
    }

    fn decode<C: SolCall>(&self, answer: Result<Bytes, Failed>) -> Result<C::Return, ChainError> {
        let answer = answer.map_err(|failed| self.refusal::<C>(failed))?;
        C::abi_decode_returns(&answer).map_err(|error| self.unreadable::<C>(&answer, &error))
    }

    /// Sends the call from the connection's account and waits until it is mined.
    pub async fn send<C: SolCall>(&self, call: &C) -> Result<Receipt, ChainError> {
        self.send_with(call, Wei(0)).await
    }

    /// As [`Contract::send`], paying `value` wei of the chain's coin.
    pub async fn send_with<C: SolCall>(&self, call: &C, value: Wei) -> Result<Receipt, ChainError> {
        self.send_data(name_of::<C>(), call.abi_encode().into(), value).await
    }

    /// Sends data that hold a call, or several; `what` is what they are for.
    pub async fn send_data(&self, what: &'static str, data: Bytes, value: Wei) -> Result<Receipt, ChainError> {
        self.chain.send(Transaction { what, to: Some(self.address), data, value, explain: self.explain }).await
    }

    fn refusal<C: SolCall>(&self, failed: Failed) -> ChainError {
        match failed.revert_data() {
            Some(data) => Revert::explained(name_of::<C>(), &data, self.explain, None).into(),
            None => failed.of(name_of::<C>()),
        }
    }

    fn unreadable<C: SolCall>(&self, answer: &[u8], error: &alloy::sol_types::Error) -> ChainError {
        if answer.is_empty() {
            return ChainError::NoContract(self.address);
        }
        ChainError::BadAnswer { what: name_of::<C>(), reason: error.to_string() }
    }
}

/// `commit` out of `commit(uint256,bytes32)`.
pub fn name_of<C: SolCall>() -> &'static str {
    C::SIGNATURE.split('(').next().unwrap_or(C::SIGNATURE)
}
