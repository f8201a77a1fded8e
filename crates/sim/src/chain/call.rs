//! Everything that nodes and people ask contracts for.

use alloy::primitives::U256;
use alloy::sol_types::SolCall;
use chain::convert::{to_eth, to_u256};
use chain::name_of;
use governance::bindings::INetwork as Abi;
use governance::{Addresses, Offer as BountyOffer, calls};
use protocol::bounty::Findings;
use protocol::chain::RevealedClaim;
use protocol::eip712::{Signature, SignedChoice, SignedFinding, SignedVerdict};
use protocol::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::measures::Measure;
use protocol::money::Wei;
use token::bindings::{IStake, Neuron, Sale};

use super::pool::Payload;

/// A position of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub GroupId, pub PositionNumber);

/// One call of a contract in one transaction, named as the contract's function; whoever brings lists keeps them to the lots
/// that a block holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Pays that many wei of the chain's coin for NRN.
    Buy(Wei),
    Close,
    Claim,

    /// Lets the network take up to that much of the caller's NRN.
    Approve(Wei),
    Transfer {
        to: Address,
        amount: Wei,
    },

    Bond {
        group: GroupId,
        signer: Address,
        amount: Wei,
        consent: Option<Signature>,
    },
    Compound(Place),
    Wake(Place),
    Rest(Place),
    Doze(Place),
    Unbond {
        place: Place,
        amount: Wei,
    },
    Withdraw {
        place: Place,
        to: Address,
    },

    Commit {
        group: GroupId,
        round: RoundNumber,
        seal: Digest,
        max_deposit: Wei,
    },
    /// Of the claim group, file, losses and root matter.
    Reveal {
        claim: RevealedClaim,
        salt: Digest,
    },
    Concede {
        group: GroupId,
        salt: Digest,
        file: Digest,
        rival: Address,
    },
    Judge {
        group: GroupId,
        round: RoundNumber,
        claim: Digest,
        verdicts: Vec<(PositionNumber, SignedVerdict)>,
    },
    Attend {
        group: GroupId,
        round: RoundNumber,
        verdicts: Vec<(PositionNumber, SignedVerdict)>,
    },
    Settle {
        group: GroupId,
        round: RoundNumber,
        trainers: Vec<Address>,
    },
    Collect {
        group: GroupId,
        rounds: Vec<RoundNumber>,
        to: Address,
    },
    SlashDouble {
        position: PositionNumber,
        one: SignedVerdict,
        other: SignedVerdict,
    },

    Propose {
        group: GroupId,
        parent: Digest,
        patch: Digest,
        bond: Wei,
    },
    Cast {
        group: GroupId,
        choices: Vec<(PositionNumber, SignedChoice)>,
    },
    Turn(GroupId),
    Refund {
        group: GroupId,
        deltas: Vec<DeltaNumber>,
    },
    Enact {
        measure: Measure,
        assents: Vec<(GroupId, PositionNumber, Signature)>,
    },

    Fund(BountyOffer),
    Unseal {
        bounty: BountyNumber,
        file: Digest,
    },
    Find {
        bounty: BountyNumber,
        window: u64,
        findings: Findings,
        signed: Vec<(PositionNumber, SignedFinding)>,
    },
    PayRounds {
        bounty: BountyNumber,
        findings: Findings,
        rounds: Vec<RoundNumber>,
    },
    PayFinders {
        bounty: BountyNumber,
        positions: Vec<PositionNumber>,
    },
    SettleBounty {
        bounty: BountyNumber,
        findings: Findings,
    },
    SlashFindings {
        position: PositionNumber,
        one: SignedFinding,
        other: SignedFinding,
    },
}

impl Call {
    /// What is sent to a network whose contracts stand there.
    pub(super) fn payload(&self, at: &Addresses) -> Payload {
        let (sale, token, to) = (at.sale, at.neuron, at.network);
        match self {
            Self::Buy(coins) => Payload { value: *coins, ..payload(sale, &Sale::buyCall {}) },
            Self::Close => payload(sale, &Sale::closeCall {}),
            Self::Claim => payload(sale, &Sale::claimCall {}),
            Self::Approve(amount) => payload(token, &Neuron::approveCall { spender: to_eth(to), value: to_u256(*amount) }),
            Self::Transfer { to, amount } => payload(token, &Neuron::transferCall { to: to_eth(*to), value: to_u256(*amount) }),
            Self::Bond { group, signer, amount, consent } => payload(to, &token::bond_call(*group, *signer, *amount, consent.as_ref())),
            Self::Compound(place) => payload(to, &IStake::compoundCall { group: place.group(), position: place.position() }),
            Self::Wake(place) => payload(to, &IStake::wakeCall { group: place.group(), position: place.position() }),
            Self::Rest(place) => payload(to, &IStake::restCall { group: place.group(), position: place.position() }),
            Self::Doze(place) => payload(to, &Abi::dozeCall { group: place.group(), position: place.position() }),
            Self::Unbond { place, amount } => payload(to, &unbond(*place, *amount)),
            Self::Withdraw { place, to: receiver } => payload(to, &withdraw(*place, *receiver)),
            Self::Commit { group, round, seal, max_deposit } => payload(to, &calls::commit(*group, *round, *seal, *max_deposit)),
            Self::Reveal { claim, salt } => payload(to, &calls::reveal(claim, *salt)),
            Self::Concede { group, salt, file, rival } => payload(to, &calls::concede(*group, *salt, *file, *rival)),
            Self::Judge { group, round, claim, verdicts } => payload(to, &calls::judge(*group, *round, *claim, verdicts)),
            Self::Attend { group, round, verdicts } => payload(to, &calls::attend(*group, *round, verdicts)),
            Self::Settle { group, round, trainers } => payload(to, &calls::settle(*group, *round, trainers)),
            Self::Collect { group, rounds, to: receiver } => payload(to, &calls::collect(*group, rounds, *receiver)),
            Self::SlashDouble { position, one, other } => payload(to, &calls::slash_double(*position, one, other)),
            Self::Propose { group, parent, patch, bond } => payload(to, &calls::propose(*group, *parent, *patch, *bond)),
            Self::Cast { group, choices } => payload(to, &calls::cast(*group, choices)),
            Self::Turn(group) => payload(to, &Abi::turnCall { group: U256::from(group.0) }),
            Self::Refund { group, deltas } => payload(to, &calls::refund(*group, deltas)),
            Self::Enact { measure, assents } => payload(to, &calls::enact(measure, assents)),
            Self::Fund(offer) => payload(to, &calls::fund(offer)),
            Self::Unseal { bounty, file } => payload(to, &calls::unseal(*bounty, *file)),
            Self::Find { bounty, window, findings, signed } => payload(to, &calls::find(*bounty, *window, findings, signed)),
            Self::PayRounds { bounty, findings, rounds } => payload(to, &calls::pay_rounds(*bounty, findings, rounds)),
            Self::PayFinders { bounty, positions } => payload(to, &calls::pay_finders(*bounty, positions)),
            Self::SettleBounty { bounty, findings } => payload(to, &calls::settle_bounty(*bounty, findings)),
            Self::SlashFindings { position, one, other } => payload(to, &calls::slash_findings(*position, one, other)),
        }
    }
}

impl Place {
    fn group(&self) -> U256 {
        U256::from(self.0.0)
    }

    fn position(&self) -> U256 {
        U256::from(self.1.0)
    }
}

fn unbond(place: Place, amount: Wei) -> IStake::unbondCall {
    IStake::unbondCall { group: place.group(), position: place.position(), amount: to_u256(amount) }
}

fn withdraw(place: Place, to: Address) -> IStake::withdrawCall {
    IStake::withdrawCall { group: place.group(), position: place.position(), to: to_eth(to) }
}

pub(super) fn payload<C: SolCall>(to: Address, call: &C) -> Payload {
    Payload { what: name_of::<C>(), to: Some(to), data: call.abi_encode().into(), value: Wei::ZERO }
}
