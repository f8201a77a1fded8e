//! Bounties with a hidden set: what a sponsor, validators and winners do with them.

use alloy::primitives::U256;
use chain::convert::{self, address, digest};
use chain::{ChainError, Receipt};
use protocol::bounty::{Bounty, BountyStatus, Findings};
use protocol::chain::ChainEvent;
use protocol::eip712::SignedFinding;
use protocol::ids::{BountyNumber, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::{Micronats, Wei};
use protocol::rules::WEI_PER_GWEI;

use crate::bindings::INetwork as Abi;
use crate::calls::{self, Offer};
use crate::errors::unreadable;
use crate::lots::events_of;
use crate::network::Network;

/// Findings in one transaction; rounds and positions that are paid in one.
const FINDINGS_A_CALL: usize = 512;
const PAYMENTS_A_CALL: usize = 64;

impl Network {
    /// Locks amount and bond of an offer, with leave for the token where it is needed. Returns the bounty's number.
    pub async fn fund(&self, offer: &Offer) -> Result<BountyNumber, ChainError> {
        let due = offer.amount.saturating_add(offer.bond);
        let receipt = token::spend(&self.contract, &self.neuron(), due, &calls::fund(offer)).await?;
        let funded = events_of(&[receipt]).find_map(|event| match event {
            ChainEvent::Funded { bounty, .. } => Some(bounty),
            _ => None,
        });
        funded.ok_or_else(|| unreadable("fund", "no event tells the bounty's number"))
    }

    /// The sponsor, between the term and the middle of the last window: names the file with the hidden set.
    pub async fn unseal(&self, bounty: BountyNumber, file: Digest) -> Result<Receipt, ChainError> {
        self.contract.send(&calls::unseal(bounty, file)).await
    }

    /// Brings findings for one result in a window, each with the position that signed. Returns whether they decided.
    pub async fn find(
        &self,
        bounty: BountyNumber,
        window: u64,
        findings: &Findings,
        signed: &[(PositionNumber, SignedFinding)],
    ) -> Result<bool, ChainError> {
        let lots = signed.chunks(FINDINGS_A_CALL).map(|lot| calls::find(bounty, window, findings, lot));
        let receipts = self.send_lots(lots.collect(), |_| false).await?;
        Ok(events_of(&receipts).any(|event| matches!(event, ChainEvent::Resolved { .. })))
    }

    /// Anybody: pays what mature rounds of the term have earned.
    pub async fn pay_rounds(&self, bounty: BountyNumber, findings: &Findings, rounds: &[RoundNumber]) -> Result<Vec<Receipt>, ChainError> {
        let lots = rounds.chunks(PAYMENTS_A_CALL).map(|lot| calls::pay_rounds(bounty, findings, lot));
        self.send_lots(lots.collect(), |_| false).await
    }

    /// Anybody, after the window of the decision: pays those whose findings were counted.
    pub async fn pay_finders(&self, bounty: BountyNumber, positions: &[PositionNumber]) -> Result<Vec<Receipt>, ChainError> {
        let lots = positions.chunks(PAYMENTS_A_CALL).map(|lot| calls::pay_finders(bounty, lot));
        self.send_lots(lots.collect(), |_| false).await
    }

    /// Anybody, once all is over: what was not earned goes back to the sponsor. Without a decision `findings` are not looked at.
    pub async fn settle_bounty(&self, bounty: BountyNumber, findings: &Findings) -> Result<Receipt, ChainError> {
        self.contract.send(&calls::settle_bounty(bounty, findings)).await
    }

    /// Anybody: shows that `position` signed two results in one window, that of the findings.
    pub async fn slash_findings(
        &self,
        position: PositionNumber,
        one: &SignedFinding,
        other: &SignedFinding,
    ) -> Result<Receipt, ChainError> {
        self.contract.send(&calls::slash_findings(position, one, other)).await
    }

    /// A bounty as it stands.
    pub async fn bounty(&self, number: BountyNumber) -> Result<Bounty, ChainError> {
        let found = self.contract.read(&Abi::bountyCall { number: U256::from(number.0) }).await?;
        let status = match found.status {
            1 => BountyStatus::Locked,
            2 => BountyStatus::Measured,
            3 => BountyStatus::Failed,
            _ => return Err(unreadable("bounty", "its status is none that the contract has")),
        };
        let round = |number: alloy::primitives::Uint<40, 1>| RoundNumber(number.to());
        Ok(Bounty {
            sponsor: address(found.sponsor),
            group: GroupId(found.group.into()),
            root: digest(found.root),
            count: found.count,
            target: Micronats(found.target),
            amount: Wei(found.amount.to()),
            bond: Wei(found.bond.to()),
            first: round(found.first),
            last: round(found.last),
            windows: found.windows.to(),
            file: digest(found.file),
            unsealed_at_s: found.unsealedAt.to(),
            status,
            result: digest(found.result),
            window: found.window.into(),
            stake: gweis(found.stake),
            paid: gweis(found.paid),
            left: Wei(found.left.to()),
            settled: found.settled,
        })
    }

    /// Number of bounties ever funded, in all groups.
    pub async fn bounties(&self) -> Result<u64, ChainError> {
        convert::number("bounties", self.contract.read(&Abi::bountiesCall {}).await?)
    }
}

fn gweis(amount: u64) -> Wei {
    Wei(amount.into()).mul_div(WEI_PER_GWEI, 1)
}
