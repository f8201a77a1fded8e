//! Calls of the network as its contract takes them, built from plain values; what they do stands at the methods of
//! [`Network`](crate::Network) of the same names, which send them.

use alloy::primitives::{B256, U256};
use chain::ChainError;
use chain::convert::{to_b256, to_eth, to_u256};
use protocol::bounty::Findings;
use protocol::chain::{Birth, RevealedClaim};
use protocol::eip712::{Signature, SignedChoice, SignedFinding, SignedVerdict};
use protocol::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::measures::Measure;
use protocol::money::{Micronats, Wei};
use serde::{Deserialize, Serialize};

use crate::bindings::{IMeasures, INetwork as Abi};
use crate::words;

pub fn create(birth: &Birth) -> Result<Abi::createCall, ChainError> {
    Ok(Abi::createCall { birth: words::birth(birth)? })
}

pub fn commit(group: GroupId, round: RoundNumber, seal: Digest, max_deposit: Wei) -> Abi::commitCall {
    let (group, round) = (U256::from(group.0), U256::from(round.0));
    Abi::commitCall { group, round, seal: to_b256(seal), maxDeposit: to_u256(max_deposit) }
}

pub fn reveal(claim: &RevealedClaim, salt: Digest) -> Abi::revealCall {
    Abi::revealCall {
        group: U256::from(claim.group.0),
        salt: to_b256(salt),
        file: to_b256(claim.file),
        base: claim.base.0,
        loss: claim.loss.0,
        lossRoot: to_b256(claim.loss_root),
    }
}

pub fn concede(group: GroupId, salt: Digest, file: Digest, rival: Address) -> Abi::concedeCall {
    Abi::concedeCall { group: U256::from(group.0), salt: to_b256(salt), file: to_b256(file), rival: to_eth(rival) }
}

/// Verdicts in order of position are counted with the least gas.
pub fn judge(group: GroupId, round: RoundNumber, claim: Digest, verdicts: &[(PositionNumber, SignedVerdict)]) -> Abi::judgeCall {
    Abi::judgeCall {
        group: U256::from(group.0),
        round: U256::from(round.0),
        claim: to_b256(claim),
        verdicts: verdicts.iter().map(|(position, verdict)| words::verdict(*position, verdict)).collect(),
    }
}

/// As for [`judge`], in order of position.
pub fn attend(group: GroupId, round: RoundNumber, verdicts: &[(PositionNumber, SignedVerdict)]) -> Abi::attendCall {
    Abi::attendCall {
        group: U256::from(group.0),
        round: U256::from(round.0),
        attendances: verdicts.iter().map(|(position, verdict)| words::attendance(*position, verdict)).collect(),
    }
}

pub fn settle(group: GroupId, round: RoundNumber, trainers: &[Address]) -> Abi::settleCall {
    let trainers = trainers.iter().copied().map(to_eth).collect();
    Abi::settleCall { group: U256::from(group.0), round: U256::from(round.0), trainers }
}

pub fn collect(group: GroupId, rounds: &[RoundNumber], to: Address) -> Abi::collectCall {
    let rounds = rounds.iter().map(|round| U256::from(round.0)).collect();
    Abi::collectCall { group: U256::from(group.0), rounds, to: to_eth(to) }
}

pub fn slash_double(position: PositionNumber, one: &SignedVerdict, other: &SignedVerdict) -> Abi::slashDoubleCall {
    Abi::slashDoubleCall {
        group: U256::from(one.message.group.0),
        round: U256::from(one.message.round.0),
        one: words::attendance(position, one),
        other: words::attendance(position, other),
    }
}

pub fn propose(group: GroupId, parent: Digest, patch: Digest, bond: Wei) -> Abi::proposeCall {
    Abi::proposeCall { group: U256::from(group.0), parent: to_b256(parent), digest: to_b256(patch), amount: to_u256(bond) }
}

pub fn cast(group: GroupId, choices: &[(PositionNumber, SignedChoice)]) -> Abi::castCall {
    let choices = choices.iter().map(|(position, choice)| words::choice(*position, choice)).collect();
    Abi::castCall { group: U256::from(group.0), choices }
}

pub fn refund(group: GroupId, deltas: &[DeltaNumber]) -> Abi::refundCall {
    Abi::refundCall { group: U256::from(group.0), deltas: deltas.iter().map(|delta| U256::from(delta.0)).collect() }
}

pub fn enact(measure: &Measure, assents: &[(GroupId, PositionNumber, Signature)]) -> Abi::enactCall {
    let assents = assents.iter().map(|(group, position, signature)| IMeasures::Assent {
        group: U256::from(group.0),
        position: U256::from(position.0),
        signature: signature.to_bytes().into(),
    });
    Abi::enactCall {
        kind: measure.kind,
        args: measure.args.clone().into(),
        nonce: B256::from(measure.nonce.0).into(),
        expiry: U256::from(measure.expiry_s),
        assents: assents.collect(),
    }
}

/// What a sponsor offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub group: GroupId,
    /// Of the salted examples, `count` of them.
    pub root: Digest,
    pub count: u32,
    /// Micronats that earn all of the three quarters.
    pub target: Micronats,
    pub amount: Wei,
    pub bond: Wei,
    pub term_s: u64,
}

pub fn fund(offer: &Offer) -> Abi::fundCall {
    Abi::fundCall {
        group: U256::from(offer.group.0),
        root: to_b256(offer.root),
        count: U256::from(offer.count),
        target: U256::from(offer.target.0),
        amount: to_u256(offer.amount),
        bond: to_u256(offer.bond),
        term: U256::from(offer.term_s),
    }
}

pub fn unseal(bounty: BountyNumber, file: Digest) -> Abi::unsealCall {
    Abi::unsealCall { bounty: U256::from(bounty.0), file: to_b256(file) }
}

pub fn find(bounty: BountyNumber, window: u64, findings: &Findings, signed: &[(PositionNumber, SignedFinding)]) -> Abi::findCall {
    Abi::findCall {
        bounty: U256::from(bounty.0),
        window: U256::from(window),
        result: words::findings(findings),
        findings: signed.iter().map(|(position, finding)| words::finding(*position, finding)).collect(),
    }
}

pub fn pay_rounds(bounty: BountyNumber, findings: &Findings, rounds: &[RoundNumber]) -> Abi::payRoundsCall {
    let rounds = rounds.iter().map(|round| U256::from(round.0)).collect();
    Abi::payRoundsCall { bounty: U256::from(bounty.0), result: words::findings(findings), rounds }
}

pub fn pay_finders(bounty: BountyNumber, positions: &[PositionNumber]) -> Abi::payFindersCall {
    let positions = positions.iter().map(|position| U256::from(position.0)).collect();
    Abi::payFindersCall { bounty: U256::from(bounty.0), positions }
}

pub fn settle_bounty(bounty: BountyNumber, findings: &Findings) -> Abi::settleBountyCall {
    Abi::settleBountyCall { bounty: U256::from(bounty.0), result: words::findings(findings) }
}

pub fn slash_findings(position: PositionNumber, one: &SignedFinding, other: &SignedFinding) -> Abi::slashFindingsCall {
    Abi::slashFindingsCall {
        bounty: U256::from(one.message.bounty.0),
        window: U256::from(one.message.window),
        oneResult: to_b256(one.message.result),
        one: words::finding(position, one),
        otherResult: to_b256(other.message.result),
        other: words::finding(position, other),
    }
}
