//! The contracts' code in revm: transactions that change what the chain holds, and calls that only read it.

use std::convert::Infallible;

use alloy::primitives::{Bytes, U256};
use alloy::sol_types::SolCall;
use chain::convert::{to_b256, to_eth};
use chain::{ChainError, Revert, name_of};
use governance::Addresses;
use protocol::chain::Block;
use protocol::ids::Address;
use revm::context::result::{EVMError, ExecutionResult, InvalidTransaction};
use revm::context::{BlockEnv, ContextTr, TxEnv};
use revm::handler::{MainnetContext, MainnetEvm, SystemCallEvm};
use revm::primitives::hardfork::SpecId;
use revm::primitives::{Log, TxKind};
use revm::{Context, ExecuteCommitEvm, ExecuteEvm, MainBuilder};
use token::StakeTerms;

use super::known::{Known, Time};
use super::pool::Transaction;
use super::state::State;

/// That of `evm_version` in foundry.toml.
const RULES: SpecId = SpecId::CANCUN;
/// Who gets what transactions pay beyond the base fee.
pub(super) const PROPOSER: Address = Address([0xb1; 20]);

/// What a transaction did.
pub(super) struct Done {
    pub gas_used: u64,
    pub result: Result<(), Revert>,
    pub logs: Vec<Log>,
}

/// The contracts of one network, and everything that can be asked of them.
pub struct Engine {
    evm: MainnetEvm<MainnetContext<State>>,
    pub(super) at: Addresses,
    pub(super) terms: StakeTerms,
    /// Second in which the schedule began, 0 before.
    pub(super) start_s: u64,
    known: Known,
    chain_id: u64,
}

impl Engine {
    pub(super) fn new(chain_id: u64, at: Addresses, terms: StakeTerms) -> Self {
        let context: MainnetContext<State> = Context::new(State::default(), RULES);
        let evm = context.modify_cfg_chained(|cfg| cfg.chain_id = chain_id).build_mainnet();
        Self { evm, at, terms, start_s: 0, known: Known::default(), chain_id }
    }

    pub(super) fn state(&mut self) -> &mut State {
        self.evm.ctx.db_mut()
    }

    /// Second of the block that is looked at.
    pub(super) fn now_s(&self) -> u64 {
        self.evm.ctx.block.timestamp.saturating_to()
    }

    pub(super) fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// What follows happens in that block.
    pub(super) fn enter(&mut self, block: &Block, base_fee: u64, gas_limit: u64) {
        self.evm.set_block(BlockEnv {
            number: U256::from(block.number),
            beneficiary: to_eth(PROPOSER),
            timestamp: U256::from(block.time_s),
            gas_limit,
            basefee: base_fee,
            prevrandao: Some(to_b256(block.hash)),
            ..BlockEnv::default()
        });
    }

    /// Does a transaction; `None` if no block can hold it: its account cannot pay, or it asks for more gas than there is.
    pub(super) fn run(&mut self, transaction: &Transaction) -> Option<Done> {
        let result = self.evm.transact_commit(self.environment(transaction)).map_err(invalid).ok()?;
        Some(done(transaction, result))
    }

    /// What [`Engine::run`] would do.
    pub(super) fn attempt(&mut self, transaction: &Transaction) -> Result<Done, ChainError> {
        let cannot = |reason: String| ChainError::CannotPay { account: transaction.from, what: transaction.payload.what, reason };
        let outcome = self.evm.transact(self.environment(transaction)).map_err(|error| cannot(invalid(error)))?;
        Ok(done(transaction, outcome.result))
    }

    /// Asks a contract.
    ///
    /// # Errors
    /// [`ChainError::Reverted`] with the refusal; [`ChainError::BadAnswer`] for what is no answer of it.
    pub fn read<C: SolCall>(&mut self, to: Address, call: &C) -> Result<C::Return, ChainError> {
        let answer = self.ask::<C>(to_eth(to), call.abi_encode().into())?;
        C::abi_decode_returns(&answer).map_err(|error| unreadable::<C>(error.to_string()))
    }

    /// As [`Engine::read`], of the network, for an answer that depends on that much of the time.
    pub(super) fn read_known<C: SolCall>(&mut self, call: &C, time: Time) -> Result<C::Return, ChainError> {
        let (to, question) = (to_eth(self.at.network), Bytes::from(call.abi_encode()));
        if let Some(known) = self.known.find(to, &question, time, self.evm.ctx.db()) {
            return C::abi_decode_returns(&known).map_err(|error| unreadable::<C>(error.to_string()));
        }
        self.state().note_reads();
        let asked = self.ask::<C>(to, question.clone());
        let read = self.state().noted();
        let answer = asked?;
        self.known.keep(to, question, time, read, answer.clone());
        C::abi_decode_returns(&answer).map_err(|error| unreadable::<C>(error.to_string()))
    }

    fn ask<C: SolCall>(&mut self, to: alloy::primitives::Address, question: Bytes) -> Result<Bytes, ChainError> {
        let asked = self.evm.system_call(to, question).map_err(|error| unreadable::<C>(invalid(error)))?;
        answer(name_of::<C>(), asked.result)
    }

    fn environment(&self, transaction: &Transaction) -> TxEnv {
        let (payload, offer) = (&transaction.payload, &transaction.offer);
        TxEnv {
            // With a fee and a tip (EIP-1559).
            tx_type: 2,
            caller: to_eth(transaction.from),
            gas_limit: offer.gas,
            gas_price: offer.fee.0,
            gas_priority_fee: Some(offer.tip.0.min(offer.fee.0)),
            kind: payload.to.map_or(TxKind::Create, |to| TxKind::Call(to_eth(to))),
            value: U256::from(payload.value.0),
            data: payload.data.clone(),
            nonce: transaction.nonce,
            chain_id: Some(self.chain_id),
            ..TxEnv::default()
        }
    }
}

fn done(transaction: &Transaction, result: ExecutionResult) -> Done {
    let gas_used = result.tx_gas_used();
    let refused = |data: &[u8]| Revert::explained(transaction.payload.what, data, governance::explain, Some(transaction.hash));
    match result {
        ExecutionResult::Success { logs, .. } => Done { gas_used, result: Ok(()), logs },
        ExecutionResult::Revert { output, .. } => Done { gas_used, result: Err(refused(&output)), logs: Vec::new() },
        ExecutionResult::Halt { .. } => Done { gas_used, result: Err(refused(&[])), logs: Vec::new() },
    }
}

fn answer(what: &'static str, result: ExecutionResult) -> Result<Bytes, ChainError> {
    let refused = |data: &[u8]| Revert::explained(what, data, governance::explain, None).into();
    match result {
        ExecutionResult::Success { output, .. } => Ok(output.into_data()),
        ExecutionResult::Revert { output, .. } => Err(refused(&output)),
        ExecutionResult::Halt { .. } => Err(refused(&[])),
    }
}

fn unreadable<C: SolCall>(reason: String) -> ChainError {
    ChainError::BadAnswer { what: name_of::<C>(), reason }
}

fn invalid(error: EVMError<Infallible, InvalidTransaction>) -> String {
    error.to_string()
}
