//! The handle on one network: its contracts, its domain, its events.

use std::path::{Path, PathBuf};

use alloy::primitives::{B256, U256};
use chain::convert;
use chain::{ChainError, Chronicle, Connection, Contract, Followed, Follower, Log, Past, Record};
use protocol::chain::ChainEvent;
use protocol::eip712::Domain;
use protocol::ids::{Address, GroupId};
use protocol::lineage::Lineage;
use token::{Emission, Neuron, Purse, Sale, Stake, StakeTerms};

use crate::addresses::Addresses;
use crate::bindings::INetwork as Abi;
use crate::errors::{GovernanceError, explain};
use crate::events::network_event;

/// Forks of forks that are followed back.
const ANCESTORS_LIMIT: usize = 256;

/// A network whose wiring has been checked. Calls that send need a [`Connection`] with an account.
#[derive(Clone)]
pub struct Network {
    pub(crate) contract: Contract,
    addresses: Addresses,
    terms: StakeTerms,
}

impl Network {
    /// Finds the other contracts from the address of `Network` and checks that all of them point at one another.
    pub async fn open(chain: &Connection, network: Address) -> Result<Self, GovernanceError> {
        let addresses = Addresses::discover(chain, network).await?;
        let terms = Stake::new(chain, network).terms().await?;
        Ok(Self { contract: Contract::new(chain, network, explain), addresses, terms })
    }

    /// The same network through another connection, as of another account.
    pub fn through(&self, chain: &Connection) -> Self {
        Self { contract: Contract::new(chain, self.address(), explain), ..self.clone() }
    }

    pub fn address(&self) -> Address {
        self.contract.address()
    }

    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    pub fn chain(&self) -> &Connection {
        self.contract.chain()
    }

    /// Times and the least deposit, fixed at deployment.
    pub fn terms(&self) -> &StakeTerms {
        &self.terms
    }

    /// Where signed messages of this network count.
    pub fn domain(&self) -> Domain {
        Domain { chain_id: self.chain().chain_id(), network: self.address() }
    }

    pub fn neuron(&self) -> Neuron {
        Neuron::new(self.chain(), self.addresses.neuron)
    }

    pub fn emission(&self) -> Emission {
        Emission::new(self.chain(), self.addresses.emission)
    }

    pub fn sale(&self) -> Sale {
        Sale::new(self.chain(), self.addresses.sale)
    }

    pub fn purse(&self) -> Purse {
        Purse::new(self.chain(), self.addresses.purse)
    }

    pub fn stake(&self) -> Stake {
        Stake::new(self.chain(), self.address())
    }

    /// The contracts whose logs [`Network::event`] understands: what a [`chain::Follower`] has to follow.
    pub fn followed(&self) -> [Address; 3] {
        [self.address(), self.addresses.emission, self.addresses.purse]
    }

    /// What a log says; `None` if it is not of this network.
    pub fn event(&self, log: &Log) -> Option<ChainEvent> {
        self.addresses.event(log)
    }

    /// Number of the block that deployed the network, found by its time: no event is older.
    pub async fn first_block(&self) -> Result<u64, ChainError> {
        let block = self.chain().first_block_since(self.terms.genesis_s).await?;
        Ok(block.map_or(0, |block| block.number))
    }

    /// Follows the events of `groups` from block `first` on. Those that name no group first (issue, purse, assents to measures) are
    /// left out: no machine of a node needs them, and they are of all groups.
    pub fn follower(&self, groups: &[GroupId], first: u64) -> Follower {
        Follower::new(self.chain(), &[self.address()], first).with_topics(groups.iter().map(|group| topic(*group)))
    }

    /// Whether a log is an event of `group`.
    pub fn is_of(&self, group: GroupId, log: &Log) -> bool {
        convert::address(log.address()) == self.address() && log.topics().get(1) == Some(&topic(group))
    }

    /// The events of `group` that were read before, in a file of `folder`.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn chronicle(&self, group: GroupId, folder: &Path) -> Result<Chronicle, ChainError> {
        let title = format!("{} {} {group}", self.chain().chain_id(), self.address());
        Chronicle::open(&chronicle_path(group, folder), &title)
    }

    /// All confirmed events of `group` from block `first` on, each with the number of its block.
    pub async fn history(&self, group: GroupId, first: u64) -> Result<Vec<(u64, ChainEvent)>, ChainError> {
        let logs = self.chain().logs_with_topic(self.address(), topic(group), first).await?;
        let placed = |log: &Log| Some((log.block_number?, network_event(log)?));
        Ok(logs.iter().filter_map(placed).collect())
    }

    /// As [`Network::history`], from what stands in `folder` and what has happened since, which is added there if it can be.
    pub async fn history_in(&self, group: GroupId, first: u64, folder: &Path) -> Result<Vec<(u64, ChainEvent)>, ChainError> {
        self.history_telling(group, first, folder, |_, _| {}).await
    }

    /// As [`Network::history_in`]; `tell` hears how many blocks have been passed since `first`, and of how many.
    pub async fn history_telling(
        &self,
        group: GroupId,
        first: u64,
        folder: &Path,
        tell: impl Fn(u64, u64),
    ) -> Result<Vec<(u64, ChainEvent)>, ChainError> {
        match self.kept_history(group, first, folder, tell).await {
            Err(ChainError::Disk { .. }) => self.history(group, first).await,
            other => other,
        }
    }

    async fn kept_history(
        &self,
        group: GroupId,
        first: u64,
        folder: &Path,
        tell: impl Fn(u64, u64),
    ) -> Result<Vec<(u64, ChainEvent)>, ChainError> {
        let mut chronicle = self.chronicle(group, folder)?;
        let mut records: Vec<Record> = Past::open(&chronicle_path(group, folder))?.records().collect();
        let mut follower = self.follower(&[group], first).after(chronicle.known());
        let tip = self.chain().confirmed_number().await?;
        if let Some(from) = follower.rewind().await? {
            chronicle.rewind(from)?;
            records.retain(|(block, _)| block.number < from);
        }
        while follower.place() <= tip {
            tell(follower.place().saturating_sub(first), tip.saturating_sub(first));
            match follower.next().await? {
                Followed::Block { block, logs } => {
                    chronicle.append(block, &logs)?;
                    records.push((block, logs));
                }
                Followed::Reorganised { from } => {
                    chronicle.rewind(from)?;
                    records.retain(|(block, _)| block.number < from);
                }
            }
        }
        let events = records.iter().flat_map(|(block, logs)| logs.iter().filter_map(|log| Some((block.number, network_event(log)?))));
        Ok(events.collect())
    }

    /// `group` and the groups that it was forked from, the youngest first.
    pub async fn ancestry(&self, group: GroupId) -> Result<Vec<GroupId>, ChainError> {
        let mut family = Vec::new();
        let mut next = group;
        while next != GroupId::default() && family.len() < ANCESTORS_LIMIT {
            let about = self.contract.read(&Abi::groupCall { number: U256::from(next.0) }).await?;
            family.push(next);
            next = GroupId(about.parent.into());
        }
        Ok(family)
    }

    /// What led to the training sets of `group`, its ancestors' included, as far as the confirmed chain tells from block
    /// `first` on.
    pub async fn lineage(&self, group: GroupId, first: u64) -> Result<Lineage, ChainError> {
        let mut lineage = Lineage::default();
        for member in self.ancestry(group).await? {
            self.history(member, first).await?.iter().for_each(|(_, event)| lineage.note(event));
        }
        Ok(lineage)
    }
}

/// The first indexed field of the events of a group.
fn topic(group: GroupId) -> B256 {
    U256::from(group.0).into()
}

/// Where the events of a group stand in a folder.
pub fn chronicle_path(group: GroupId, folder: &Path) -> PathBuf {
    folder.join(format!("{group}.chronicle"))
}
