//! Calls that take the caller's NRN: the leave for it goes ahead of them, in the same transaction.

use alloy::primitives::{Bytes, U256};
use alloy::sol_types::SolCall;
use chain::convert::to_u256;
use chain::{ChainError, Contract, Receipt, name_of};
use protocol::money::Wei;

use crate::bindings::IMulticall::multicallCall;
use crate::bindings::IStake::allowCall;
use crate::neuron::Neuron;
use crate::permit::Permit;

/// Seconds of the chain for which a permit is good that is signed to be used at once.
const PERMIT_S: u64 = 3_600;

/// Sends a call of the network's `contract` that takes up to `amount` of the caller's NRN. Where the contract has no leave
/// for so much, the account signs a permit (ERC-2612), which goes ahead of the call in the same transaction.
pub async fn spend<C: SolCall>(contract: &Contract, neuron: &Neuron, amount: Wei, call: &C) -> Result<Receipt, ChainError> {
    let chain = contract.chain();
    if neuron.allowance(chain.own_address()?, contract.address()).await? >= amount {
        return contract.send(call).await;
    }
    let deadline_s = chain.latest().await?.time_s.saturating_add(PERMIT_S);
    let permit = neuron.sign_permit(contract.address(), amount, deadline_s).await?;
    spend_permitted(contract, &permit, call).await
}

/// As [`spend`], with the caller's `permit`. That somebody brought it to the chain before does no harm.
pub async fn spend_permitted<C: SolCall>(contract: &Contract, permit: &Permit, call: &C) -> Result<Receipt, ChainError> {
    let (v, r, s) = permit.parts();
    let (amount, deadline) = (to_u256(permit.amount), U256::from(permit.deadline_s));
    let allow = allowCall { amount, deadline, v, r: r.into(), s: s.into() };
    let calls: Vec<Bytes> = vec![allow.abi_encode().into(), call.abi_encode().into()];
    contract.send_data(name_of::<C>(), multicallCall { calls }.abi_encode().into(), Wei(0)).await
}
