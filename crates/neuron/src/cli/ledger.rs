//! All that the contracts of a network ever told, folded: what is there now, and who had stake when a round began.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use chain::{ChainError, Chronicle, Followed, Follower, Log, Past, convert};
use governance::network_event;
use node::Site;
use protocol::{
    Address, GroupId, PositionNumber, RoundNumber, Wei,
    chain::{Block, ChainEvent},
};
use views::{Contracts, Views};

/// A block and what the contracts wrote in it.
type Record = (Block, Vec<Log>);

/// The network as of the last confirmed block.
pub struct Ledger {
    pub views: Views,
    /// Second of the newest block.
    pub now_s: u64,
    rounds: BTreeMap<(GroupId, RoundNumber), Vec<Seat>>,
}

/// A position in the epoch of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    pub position: PositionNumber,
    pub owner: Address,
    pub signer: Address,
    pub stake: Wei,
    pub awake: bool,
}

impl Ledger {
    /// Reads what happened since it was read last; what is known stands beside the network file.
    ///
    /// # Errors
    /// When the chain does not answer, or does not tell all.
    pub async fn read(site: &Site) -> Result<Self> {
        let now_s = site.network.chain().latest().await?.time_s;
        let records = match kept(site).await {
            Err(ChainError::Disk { .. }) => follow(site, None).await?,
            other => other?,
        };
        let mut fold = Fold { ledger: Self { views: Views::new(contracts(site)), now_s, rounds: BTreeMap::new() }, due: BTreeMap::new() };
        for (block, log) in records.iter().flat_map(|(block, logs)| logs.iter().map(move |log| (block, log))) {
            fold.take(site, *block, log).context("what the chain tells is not whole: set `deployed_block` of the network file right")?;
        }
        Ok(fold.end())
    }

    /// The rounds of a group in which somebody committed.
    pub fn rounds(&self, group: GroupId) -> impl DoubleEndedIterator<Item = RoundNumber> {
        let all = (group, RoundNumber(0))..=(group, RoundNumber(u64::MAX));
        self.rounds.range(all).map(|((_, round), _)| *round)
    }

    /// The positions of a round's group as they counted in the epoch of the round.
    pub fn seats(&self, group: GroupId, round: RoundNumber) -> &[Seat] {
        self.rounds.get(&(group, round)).map(Vec::as_slice).unwrap_or_default()
    }

    /// All groups.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        (1..=self.views.groups()).map(GroupId)
    }

    /// The positions of a group that an account owns or signs for, now or from the next epoch on.
    pub fn positions_of(&self, group: GroupId, account: Address) -> Vec<(PositionNumber, views::Position)> {
        let numbers = (1..=self.views.positions(group)).map(PositionNumber);
        let all = numbers.filter_map(|number| Some((number, self.views.position(group, number, self.now_s)?)));
        all.filter(|(_, position)| [position.owner, position.signer, position.signer_next].contains(&account)).collect()
    }
}

/// The fold, and the rounds whose epoch is not over, by the second at which it is.
struct Fold {
    ledger: Ledger,
    due: BTreeMap<u64, Vec<(GroupId, RoundNumber)>>,
}

impl Fold {
    fn take(&mut self, site: &Site, block: Block, log: &Log) -> Result<()> {
        while let Some(entry) = self.due.first_entry().filter(|entry| *entry.key() <= block.time_s) {
            let rounds = entry.remove();
            self.ledger.seat(&rounds);
        }
        self.ledger.views.apply(&plain(log, block))?;
        if convert::address(log.address()) == site.network.address()
            && let Some(ChainEvent::Opened { group, round, .. }) = network_event(log)
        {
            let (terms, times) = (*self.ledger.views.terms(), self.ledger.views.group(group).map(|group| group.times));
            let epoch = times.map(|times| terms.epoch_of(&times, round)).unwrap_or_default();
            self.due.entry(terms.epoch_start_s(epoch.saturating_add(1))).or_default().push((group, round));
        }
        Ok(())
    }

    fn end(mut self) -> Ledger {
        for rounds in std::mem::take(&mut self.due).into_values() {
            self.ledger.seat(&rounds);
        }
        self.ledger
    }
}

impl Ledger {
    /// Notes how the positions stand for rounds of whose epoch no change is to come.
    fn seat(&mut self, rounds: &[(GroupId, RoundNumber)]) {
        for (group, round) in rounds.iter().copied() {
            let terms = self.views.terms();
            let times = self.views.group(group).map(|group| group.times);
            let epoch_s = times.map(|times| terms.epoch_start_s(terms.epoch_of(&times, round))).unwrap_or_default();
            let numbers = (1..=self.views.positions(group)).map(PositionNumber);
            let seat = |position| {
                let shown = self.views.position(group, position, epoch_s)?;
                Some(Seat { position, owner: shown.owner, signer: shown.signer, stake: shown.live, awake: shown.awake })
            };
            let seats = numbers.filter_map(seat).collect();
            self.rounds.insert((group, round), seats);
        }
    }
}

fn contracts(site: &Site) -> Contracts {
    let of = site.network.addresses();
    Contracts { neuron: of.neuron, emission: of.emission, sale: of.sale, purse: of.purse, network: of.network }
}

fn plain(log: &Log, block: Block) -> views::Log {
    let topics = log.topics().iter().copied().map(convert::digest).collect();
    let data = log.data().data.to_vec();
    views::Log { address: convert::address(log.address()), topics, data, block: block.number, time_s: block.time_s }
}

/// From the file and what has happened since, which is added to it.
async fn kept(site: &Site) -> Result<Vec<Record>, ChainError> {
    let path = site.chronicles.join("contracts.chronicle");
    let title = format!("{} {} contracts", site.network.chain().chain_id(), site.network.address());
    let chronicle = Chronicle::open(&path, &title)?;
    let records = Past::open(&path)?.records().collect();
    follow(site, Some((chronicle, records))).await
}

async fn follow(site: &Site, kept: Option<(Chronicle, Vec<Record>)>) -> Result<Vec<Record>, ChainError> {
    let Contracts { neuron, emission, sale, purse, network } = contracts(site);
    let chain = site.network.chain();
    let (mut chronicle, mut records) = kept.unzip();
    let known = chronicle.iter().flat_map(Chronicle::known).collect::<Vec<_>>();
    let mut follower = Follower::new(chain, &[neuron, emission, sale, purse, network], site.file.deployed_block).after(known);
    let records = records.get_or_insert_default();
    let tip = chain.confirmed_number().await?;
    if let Some(from) = follower.rewind().await? {
        go_back(&mut chronicle, records, from)?;
    }
    while follower.place() <= tip {
        match follower.next().await? {
            Followed::Block { block, logs } => {
                if let Some(chronicle) = &mut chronicle {
                    chronicle.append(block, &logs)?;
                }
                records.push((block, logs));
            }
            Followed::Reorganised { from } => go_back(&mut chronicle, records, from)?,
        }
    }
    Ok(std::mem::take(records))
}

fn go_back(chronicle: &mut Option<Chronicle>, records: &mut Vec<Record>, from: u64) -> Result<(), ChainError> {
    records.retain(|(block, _)| block.number < from);
    chronicle.as_mut().map_or(Ok(()), |chronicle| chronicle.rewind(from))
}
