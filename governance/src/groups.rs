//! Groups: made, counted, and seen as of one block.

use std::slice;

use alloy::primitives::U256;
use chain::convert::{self, digest, to_eth};
use chain::{ChainError, Failure, Receipt};
use futures::{StreamExt, TryStreamExt, stream};
use protocol::chain::{Birth, ChainEvent, GroupView, PositionView, Times};
use protocol::eip712::Signature;
use protocol::ids::{Address, DeltaNumber, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use protocol::money::{Micronats, Wei};
use protocol::rules::{ABSENCES, NEWEST};
use token::StakeTerms;

use crate::bindings::{IGroups, INetwork as Abi};
use crate::calls;
use crate::errors::unreadable;
use crate::lots::events_of;
use crate::network::Network;
use crate::snapshot::Snapshot;
use crate::words;

/// Positions of a group that are read at the same time.
const READS_LIMIT: usize = 8;

impl Network {
    /// Makes a group; returns its number.
    pub async fn create(&self, birth: &Birth) -> Result<GroupId, ChainError> {
        created(&self.contract.send(&calls::create(birth)?).await?)
    }

    /// Makes a child of `parent` with another model or clock; it inherits the training set, so `birth.dataset` is empty.
    pub async fn fork(&self, parent: GroupId, birth: &Birth) -> Result<GroupId, ChainError> {
        let call = Abi::forkCall { parent: U256::from(parent.0), birth: words::birth(birth)? };
        created(&self.contract.send(&call).await?)
    }

    /// Owner: the stake of a position that counts now goes to the position of `signer` in `child`, a fork of `group`, and
    /// counts there from the next epoch on. A new signer gives its `Consent` for `child` unless it is the caller.
    pub async fn move_stake(
        &self,
        group: GroupId,
        position: PositionNumber,
        child: GroupId,
        signer: Address,
        consent: Option<&Signature>,
    ) -> Result<PositionNumber, ChainError> {
        let call = Abi::moveCall {
            group: U256::from(group.0),
            position: U256::from(position.0),
            child: U256::from(child.0),
            signer: to_eth(signer),
            consent: consent.map(|signature| signature.to_bytes().to_vec()).unwrap_or_default().into(),
        };
        let receipt = self.contract.send(&call).await?;
        let moved = events_of(&[receipt]).find_map(|event| match event {
            ChainEvent::Moved { child_position, .. } => Some(child_position),
            _ => None,
        });
        moved.ok_or_else(|| unreadable("move", "no event tells the position"))
    }

    /// Number of groups ever made; they are numbered from 1.
    pub async fn groups(&self) -> Result<u64, ChainError> {
        convert::number("groups", self.contract.read(&Abi::groupsCall {}).await?)
    }

    /// The group with all its positions as of the latest confirmed block.
    pub async fn view(&self, group: GroupId) -> Result<GroupView, ChainError> {
        self.view_at(group, self.chain().confirmed_number().await?).await
    }

    /// As [`Network::view`], as of the end of block `block`: in one call for every 200 positions, or, of an endpoint that runs no
    /// programs, in one for each.
    pub async fn view_at(&self, id: GroupId, block: u64) -> Result<GroupView, ChainError> {
        match self.snapshot_at(id, block).await {
            Err(
                ChainError::BadAnswer { .. }
                | ChainError::Reverted(_)
                | ChainError::Rpc { means: Failure::Refused | Failure::AskAnother, .. },
            ) => self.slow_view_at(id, block).await,
            other => other,
        }
    }

    async fn snapshot_at(&self, id: GroupId, block: u64) -> Result<GroupView, ChainError> {
        let read = |first| Snapshot::read(self.chain(), self.address(), id, first, block);
        let mut snapshot = read(1).await?;
        while snapshot.made > snapshot.positions.len() as u64 {
            let more = read(snapshot.positions.len() as u64 + 1).await?.positions;
            if more.is_empty() {
                return Err(unreadable("position", "fewer positions are told than were made"));
            }
            snapshot.positions.extend(more);
        }
        let least_deposit = convert::amount("leastDeposit", snapshot.least_deposit)?;
        let positions = snapshot.positions.iter().map(token::Position::view).collect();
        Ok(group_view(id, self.terms(), &snapshot.group, least_deposit, positions))
    }

    /// One call after the other.
    pub async fn slow_view_at(&self, id: GroupId, block: u64) -> Result<GroupView, ChainError> {
        let group = self.contract.read_at(&Abi::groupCall { number: U256::from(id.0) }, block).await?;
        let (least_deposit, positions) = (self.least_deposit_at(id, block).await?, self.positions_at(id, block).await?);
        Ok(group_view(id, self.terms(), &group, least_deposit, positions))
    }

    async fn positions_at(&self, group: GroupId, block: u64) -> Result<Vec<PositionView>, ChainError> {
        let stake = &self.stake();
        let made = stake.positions_at(group, block).await?;
        let reads = stream::iter((1..=made).map(PositionNumber));
        let reads = reads.map(|number| async move { Ok(stake.position_at(group, number, block).await?.view()) });
        reads.buffered(READS_LIMIT).try_collect().await
    }

    async fn least_deposit_at(&self, group: GroupId, block: u64) -> Result<Wei, ChainError> {
        let call = Abi::leastDepositCall { group: U256::from(group.0) };
        convert::amount("leastDeposit", self.contract.read_at(&call, block).await?)
    }
}

/// A group as plain values: what `group`, `leastDeposit` and `position` of the contract answer as of one block.
pub fn group_view(id: GroupId, terms: &StakeTerms, group: &IGroups::Group, least_deposit: Wei, positions: Vec<PositionView>) -> GroupView {
    GroupView {
        id,
        name: digest(group.name),
        genesis_s: terms.genesis_s,
        times: Times { train_s: group.train.into(), reveal_s: group.reveal.into(), judge_s: group.judge.into() },
        improve: group.improve,
        least: Micronats(group.least),
        manifest: digest(group.manifest),
        checkpoint: digest(group.checkpoint),
        head: digest(group.head),
        admitted: group.admitted,
        parent: GroupId(group.parent.into()),
        voids: group.voids.into(),
        opened: group.opened.to::<u64>().checked_sub(1).map(RoundNumber),
        counted: group.counted.into(),
        newest: newest([group.newest, group.second], group.counted),
        recent: recent(group.recent, group.counted),
        applied: DeltaNumber(group.applied.into()),
        period_s: group.period.into(),
        period_next_s: group.periodNext.into(),
        period_number: PeriodNumber(group.periodNumber.into()),
        period_end_s: group.periodEnd.to(),
        extended_s: group.extended.into(),
        maturity_s: terms.maturity_s,
        min_deposit: terms.min_deposit,
        least_deposit,
        epoch_s: terms.epoch_s,
        exit_s: terms.exit_s,
        positions,
    }
}

fn created(receipt: &Receipt) -> Result<GroupId, ChainError> {
    let created = events_of(slice::from_ref(receipt)).find_map(|event| match event {
        ChainEvent::Created { group, .. } => Some(group),
        _ => None,
    });
    created.ok_or_else(|| unreadable("create", "no event tells the group's number"))
}

/// The last two of as many counted rounds, the latest first.
fn newest(numbers: [u32; NEWEST], counted: u32) -> Vec<RoundNumber> {
    numbers.into_iter().take(counted as usize).map(|number| RoundNumber(number.into())).collect()
}

/// The numbers of the counted rounds before those, 32 bits each, the latest lowest.
fn recent(packed: U256, counted: u32) -> Vec<RoundNumber> {
    let number = |place: usize| (packed >> (32 * place)) & U256::from(u32::MAX);
    let before = (counted as usize).saturating_sub(NEWEST);
    (0..ABSENCES.min(before)).map(|place| RoundNumber(number(place).to())).collect()
}
