//! Stake: NRN bonded in positions of a group.

use alloy::primitives::{Bytes, U256};
use chain::convert::{self, to_eth, to_u256};
use chain::{ChainError, Connection, Contract, Receipt};
use protocol::chain::ChainEvent;
use protocol::eip712::Signature;
use protocol::ids::{Address, GroupId, PositionNumber};
use protocol::money::Wei;
use serde::{Deserialize, Serialize};

use crate::bindings::IStake as Abi;
use crate::errors::explain;
use crate::events::stake_event;
use crate::neuron::Neuron;
use crate::permit::Permit;
use crate::position::Position;
use crate::spending::{spend, spend_permitted};

/// Positions that are looked at in one call.
const POSITIONS_READ: usize = 1_024;

/// What was fixed at deployment; all times in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StakeTerms {
    pub epoch_s: u64,
    pub exit_s: u64,
    pub maturity_s: u64,
    /// Start of epoch 0 and of round 0 of every group.
    pub genesis_s: u64,
    pub min_deposit: Wei,
}

/// Sums over a group's positions, this epoch and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub bonded: Wei,
    pub bonded_next: Wei,
    pub awake: Wei,
    pub awake_next: Wei,
}

/// What is bonded in all groups together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllBonded {
    /// Counts in this epoch.
    pub live: Wei,
    /// Counts from the next one.
    pub next: Wei,
}

/// The stake module of the contract at one address.
#[derive(Clone)]
pub struct Stake {
    contract: Contract,
}

impl Stake {
    pub fn new(chain: &Connection, address: Address) -> Self {
        Self { contract: Contract::new(chain, address, explain) }
    }

    pub async fn neuron(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::neuronCall {}).await?))
    }

    pub async fn emission(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::emissionCall {}).await?))
    }

    pub async fn purse(&self) -> Result<Address, ChainError> {
        Ok(convert::address(self.contract.read(&Abi::purseCall {}).await?))
    }

    pub async fn terms(&self) -> Result<StakeTerms, ChainError> {
        let contract = &self.contract;
        Ok(StakeTerms {
            epoch_s: convert::number("epochLength", contract.read(&Abi::epochLengthCall {}).await?)?,
            exit_s: convert::number("exitTime", contract.read(&Abi::exitTimeCall {}).await?)?,
            maturity_s: convert::number("maturity", contract.read(&Abi::maturityCall {}).await?)?,
            genesis_s: convert::number("genesis", contract.read(&Abi::genesisCall {}).await?)?,
            min_deposit: convert::amount("minDeposit", contract.read(&Abi::minDepositCall {}).await?)?,
        })
    }

    /// Number of the running epoch.
    pub async fn epoch(&self) -> Result<u64, ChainError> {
        convert::number("epoch", self.contract.read(&Abi::epochCall {}).await?)
    }

    /// Bonds whole gweis of the caller's NRN for `signer`, in one transaction. The first bond for a signer other than the
    /// caller needs the signer's `Consent`. Returns the position's number.
    pub async fn bond(
        &self,
        group: GroupId,
        signer: Address,
        amount: Wei,
        consent: Option<&Signature>,
    ) -> Result<PositionNumber, ChainError> {
        let neuron = Neuron::new(self.contract.chain(), self.neuron().await?);
        let call = bond_call(group, signer, amount, consent);
        bonded_in(&spend(&self.contract, &neuron, amount, &call).await?)
    }

    /// As [`Stake::bond`], with the caller's permit for the amount. That somebody brought it to the chain before does no harm.
    pub async fn bond_permitted(
        &self,
        group: GroupId,
        signer: Address,
        consent: Option<&Signature>,
        permit: &Permit,
    ) -> Result<PositionNumber, ChainError> {
        let call = bond_call(group, signer, permit.amount, consent);
        bonded_in(&spend_permitted(&self.contract, permit, &call).await?)
    }

    /// Owner or signer: makes what the position has earned part of its stake.
    pub async fn compound(&self, group: GroupId, position: PositionNumber) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.send(&Abi::compoundCall { group, position }).await
    }

    /// Owner: `signer`, a key new to this group, signs from the next epoch on. It gives its `Consent` unless it is the caller.
    pub async fn rotate(
        &self,
        group: GroupId,
        position: PositionNumber,
        signer: Address,
        consent: Option<&Signature>,
    ) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        let call = Abi::rotateCall { group, position, signer: to_eth(signer), consent: bytes_of(consent) };
        self.contract.send(&call).await
    }

    /// Owner or signer: from the next epoch on the position signs and draws on the issue.
    pub async fn wake(&self, group: GroupId, position: PositionNumber) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.send(&Abi::wakeCall { group, position }).await
    }

    /// Owner or signer: the opposite of [`Stake::wake`].
    pub async fn rest(&self, group: GroupId, position: PositionNumber) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.send(&Abi::restCall { group, position }).await
    }

    /// Owner: takes `amount` out from the next epoch on.
    pub async fn unbond(&self, group: GroupId, position: PositionNumber, amount: Wei) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.send(&Abi::unbondCall { group, position, amount: to_u256(amount) }).await
    }

    /// Owner: pays what has left to `to`.
    pub async fn withdraw(&self, group: GroupId, position: PositionNumber, to: Address) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.send(&Abi::withdrawCall { group, position, to: to_eth(to) }).await
    }

    /// Owner: offers the position to `to`, which owns it once it accepts; `None` takes the offer back.
    pub async fn offer(&self, group: GroupId, position: PositionNumber, to: Option<Address>) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.send(&Abi::offerCall { group, position, to: to_eth(to.unwrap_or(Address::ZERO)) }).await
    }

    /// To whom the position was offered: becomes its owner.
    pub async fn accept(&self, group: GroupId, position: PositionNumber) -> Result<Receipt, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.send(&Abi::acceptCall { group, position }).await
    }

    pub async fn position(&self, group: GroupId, number: PositionNumber) -> Result<Position, ChainError> {
        let call = Abi::positionCall { group: U256::from(group.0), number: U256::from(number.0) };
        Position::read(number, &self.contract.read(&call).await?)
    }

    /// As [`Stake::position`], as of the end of block `block`.
    pub async fn position_at(&self, group: GroupId, number: PositionNumber, block: u64) -> Result<Position, ChainError> {
        let call = Abi::positionCall { group: U256::from(group.0), number: U256::from(number.0) };
        Position::read(number, &self.contract.read_at(&call, block).await?)
    }

    /// Number of positions ever made in `group`; they are numbered from 1.
    pub async fn positions(&self, group: GroupId) -> Result<u64, ChainError> {
        convert::number("positions", self.contract.read(&Abi::positionsCall { group: U256::from(group.0) }).await?)
    }

    /// As [`Stake::positions`], as of the end of block `block`.
    pub async fn positions_at(&self, group: GroupId, block: u64) -> Result<u64, ChainError> {
        let call = Abi::positionsCall { group: U256::from(group.0) };
        convert::number("positions", self.contract.read_at(&call, block).await?)
    }

    /// The position that `signer` signs for now or from the next epoch on.
    pub async fn position_of(&self, group: GroupId, signer: Address) -> Result<Option<PositionNumber>, ChainError> {
        let call = Abi::positionOfCall { group: U256::from(group.0), signer: to_eth(signer) };
        let number = convert::number("positionOf", self.contract.read(&call).await?)?;
        Ok((number != 0).then_some(PositionNumber(number)))
    }

    /// All positions of `owner`.
    pub async fn positions_of(&self, group: GroupId, owner: Address) -> Result<Vec<PositionNumber>, ChainError> {
        let made = self.positions(group).await?;
        let mut found = Vec::new();
        for first in (1..=made).step_by(POSITIONS_READ) {
            let (first, count) = (U256::from(first), U256::from(POSITIONS_READ));
            let call = Abi::positionsOfCall { group: U256::from(group.0), owner: to_eth(owner), first, count };
            for number in self.contract.read(&call).await? {
                found.push(PositionNumber(convert::number("positionsOf", number)?));
            }
        }
        Ok(found)
    }

    /// Whether [`Stake::wake`] would succeed for owner or signer.
    pub async fn may_wake(&self, group: GroupId, position: PositionNumber) -> Result<bool, ChainError> {
        let (group, position) = (U256::from(group.0), U256::from(position.0));
        self.contract.read(&Abi::mayWakeCall { group, position }).await
    }

    pub async fn totals(&self, group: GroupId) -> Result<Totals, ChainError> {
        let totals = self.contract.read(&Abi::stakeCall { group: U256::from(group.0) }).await?;
        let amount = |amount| convert::amount("stake", amount);
        Ok(Totals {
            bonded: amount(totals.bonded)?,
            bonded_next: amount(totals.bondedNext)?,
            awake: amount(totals.awake)?,
            awake_next: amount(totals.awakeNext)?,
        })
    }

    /// Awake stake of all admitted groups, this epoch.
    pub async fn admitted_awake(&self) -> Result<Wei, ChainError> {
        convert::amount("admittedAwake", self.contract.read(&Abi::admittedAwakeCall {}).await?)
    }

    /// Bonded stake of all groups, exits left out.
    pub async fn all_bonded(&self) -> Result<AllBonded, ChainError> {
        let all = self.contract.read(&Abi::allBondedCall {}).await?;
        Ok(AllBonded { live: convert::amount("allBonded", all.live)?, next: convert::amount("allBonded", all.next)? })
    }
}

/// What [`Stake::bond`] sends.
pub fn bond_call(group: GroupId, signer: Address, amount: Wei, consent: Option<&Signature>) -> Abi::bondCall {
    Abi::bondCall { group: U256::from(group.0), signer: to_eth(signer), amount: to_u256(amount), consent: bytes_of(consent) }
}

/// A signature as the contracts take it; empty for none.
fn bytes_of(consent: Option<&Signature>) -> Bytes {
    consent.map(|signature| signature.to_bytes().to_vec()).unwrap_or_default().into()
}

fn bonded_in(receipt: &Receipt) -> Result<PositionNumber, ChainError> {
    let bonded = receipt.logs.iter().find_map(|log| match stake_event(log) {
        Some(ChainEvent::Bonded { position, .. }) => Some(position),
        _ => None,
    });
    bonded.ok_or_else(|| ChainError::BadAnswer { what: "bond", reason: "no event tells the position".to_owned() })
}
