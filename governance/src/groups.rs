//! Groups: made, counted, and seen as of one block.

use alloy::primitives::U256;
use chain::ChainError;
use chain::convert::{self, digest, to_b256};
use futures::{StreamExt, TryStreamExt, stream};
use protocol::chain::{Birth, ChainEvent, GroupView, PositionView, Times};
use protocol::ids::{GroupId, PeriodNumber, PositionNumber};
use protocol::money::Wei;
use protocol::rules;

use crate::bindings::{IGroups, Network as Abi};
use crate::events::network_event;
use crate::network::Network;

/// Positions of a group that are read at the same time.
const READS_LIMIT: usize = 8;

impl Network {
    /// Makes a group; returns its number.
    pub async fn create(&self, birth: &Birth) -> Result<GroupId, ChainError> {
        let receipt = self.contract.send(&Abi::createCall { birth: birth_for_contract(birth)? }).await?;
        let created = receipt.logs.iter().find_map(|log| match network_event(log) {
            Some(ChainEvent::Created { group, .. }) => Some(group),
            _ => None,
        });
        created.ok_or_else(|| unreadable("create", "no event tells the group's number"))
    }

    /// Number of groups ever made; they are numbered from 1.
    pub async fn groups(&self) -> Result<u64, ChainError> {
        convert::number("groups", self.contract.read(&Abi::groupsCall {}).await?)
    }

    /// The group with all its positions as of the latest confirmed block.
    pub async fn view(&self, group: GroupId) -> Result<GroupView, ChainError> {
        self.view_at(group, self.chain().confirmed_number().await?).await
    }

    /// As [`Network::view`], as of the end of block `block`.
    pub async fn view_at(&self, id: GroupId, block: u64) -> Result<GroupView, ChainError> {
        let group = self.contract.read_at(&Abi::groupCall { number: U256::from(id.0) }, block).await?;
        let terms = self.terms();
        Ok(GroupView {
            id,
            genesis_s: terms.genesis_s,
            times: Times { train_s: group.train.into(), reveal_s: group.reveal.into(), judge_s: group.judge.into() },
            improve: group.improve,
            manifest: digest(group.manifest),
            checkpoint: digest(group.checkpoint),
            head: digest(group.head),
            admitted: group.admitted,
            voids: group.voids.into(),
            period_s: group.period.into(),
            period_number: PeriodNumber(group.periodNumber.into()),
            period_end_s: group.periodEnd.to(),
            maturity_s: terms.maturity_s,
            min_deposit: terms.min_deposit,
            positions: self.positions_at(id, block).await?,
        })
    }

    async fn positions_at(&self, group: GroupId, block: u64) -> Result<Vec<PositionView>, ChainError> {
        let stake = &self.stake();
        let made = stake.positions_at(group, block).await?;
        let reads = stream::iter((1..=made).map(PositionNumber));
        let reads = reads.map(|number| async move { Ok(stake.position_at(group, number, block).await?.view()) });
        reads.buffered(READS_LIMIT).try_collect().await
    }

    /// Supply, the group's awake stake, the divisor of the share rule and the era, as the next opening would take them.
    pub(crate) async fn issue_now(&self, group: GroupId) -> Result<(Wei, Wei, Wei, u64), ChainError> {
        let supply = self.neuron().supply().await?;
        let awake = self.stake().totals(group).await?.awake;
        let total = rules::total(self.stake().admitted_awake().await?, supply);
        Ok((supply, awake, total, self.emission().era().await?))
    }
}

fn birth_for_contract(birth: &Birth) -> Result<IGroups::Birth, ChainError> {
    let seconds = |number: u64| u32::try_from(number).map_err(|_| unreadable("create", "a time exceeds 136 years"));
    Ok(IGroups::Birth {
        manifest: to_b256(birth.manifest),
        checkpoint: to_b256(birth.checkpoint),
        dataset: birth.dataset.iter().copied().map(to_b256).collect(),
        train: seconds(birth.times.train_s)?,
        reveal: seconds(birth.times.reveal_s)?,
        judge: seconds(birth.times.judge_s)?,
        period: seconds(birth.period_s)?,
        improve: birth.improve,
    })
}

pub(crate) fn unreadable(what: &'static str, reason: &str) -> ChainError {
    ChainError::BadAnswer { what, reason: reason.to_owned() }
}
