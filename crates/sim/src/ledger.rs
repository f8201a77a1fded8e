//! The one chain as nodes see it: blocks by number, views, and what became of transactions.

use std::collections::BTreeMap;
use std::sync::Arc;

use governance::Terms;
use protocol::{
    Address, Digest, PositionNumber, Wei,
    chain::{Birth, Block, ChainEvent, GroupView},
    eip712::{Domain, address_of},
    ids::GroupId,
    keccak256,
};
use token::SaleTerms;

use crate::{
    chain::{BLOCKS_KEPT, Beginning, Call, Chain, Conditions, Founding, Offer, Seat, SimError, TransactionId},
    node::{Node, Role, account_key},
    plan::Plan,
    random::Random,
};

/// Timestamp of the first block.
const START_S: u64 = 1_800_000_000;
/// Wei for a unit of gas in calm weather, and the tip of every transaction.
const BASE_FEE: u64 = 1_000_000_000;
const TIP: u128 = 1_000_000_000;
/// Gas that every transaction may use.
const GAS: u64 = 6_000_000;
/// Epochs of an exit.
const EXIT_EPOCHS: u64 = 14;
/// NRN of a trainer beside what it earns, and stake for one part of a validator's.
const PURSE: Wei = Wei::nrn(100_000);
const STAKE: Wei = Wei::nrn(2_000);
const IDLE_STAKE: Wei = Wei::nrn(1);
/// Groups whose validators admit all of them together.
const FEW: usize = 8;
/// NRN of each further account of an adversary.
const ALIAS: Wei = Wei::nrn(1_000);

/// See the module.
pub struct Ledger {
    pub chain: Chain,
    results: BTreeMap<TransactionId, (u64, Result<(), String>)>,
    /// Bytes of the events of the last blocks.
    bytes: BTreeMap<u64, u64>,
    /// Second at which virtual time begins.
    start_s: u64,
    base_fee: u64,
}

impl Ledger {
    /// Contracts deployed, stake awake, the group admitted, deposits allowed.
    ///
    /// # Errors
    /// When the contracts do not take the plan's terms.
    pub fn new(plan: &Plan, nodes: &[Node], first_file: Digest) -> Result<Self, SimError> {
        let mut chain = Chain::begin(&beginning(plan, nodes, first_file))?;
        let aliases = nodes.iter().flat_map(|node| &node.aliases).map(|key| address_of(key.verifying_key()));
        for account in nodes.iter().filter(|node| node.has_purse()).map(|node| node.account).chain(aliases) {
            chain.submit(account, &Call::Approve(Wei(u128::MAX)), Offer::default());
        }
        let start_s = chain.head().block.time_s;
        chain.mine(start_s);
        Ok(Self { chain, results: BTreeMap::new(), bytes: BTreeMap::new(), start_s, base_fee: BASE_FEE })
    }

    pub fn domain(&self) -> Domain {
        self.chain.domain()
    }

    pub fn genesis_s(&self) -> u64 {
        self.chain.terms().genesis_s
    }

    /// The second of a virtual millisecond.
    pub fn second(&self, now_ms: u64) -> u64 {
        self.start_s + now_ms / 1000
    }

    /// The virtual millisecond at which a second begins.
    pub fn millisecond(&self, second: u64) -> u64 {
        second.saturating_sub(self.start_s) * 1000
    }

    /// Number of the newest block.
    pub fn tip(&self) -> u64 {
        self.chain.head().block.number
    }

    /// A block, or the newest if there is none of that number.
    pub fn block(&self, number: u64) -> Block {
        self.chain.told(number).unwrap_or(self.chain.head().block)
    }

    pub fn events(&self, number: u64) -> &[ChainEvent] {
        self.chain.events(number)
    }

    /// Bytes of the events of a block, if it is one of the last.
    pub fn event_bytes(&self, number: u64) -> u64 {
        self.bytes.get(&number).copied().unwrap_or(0)
    }

    /// All events there are, with their blocks.
    pub fn history(&self) -> impl Iterator<Item = (Block, &ChainEvent)> {
        let eventful = (0..=self.tip()).filter(|number| !self.events(*number).is_empty());
        let told = eventful.filter_map(|number| Some((self.chain.told(number)?, self.events(number))));
        told.flat_map(|(block, events)| events.iter().map(move |event| (block, event)))
    }

    /// Whether a block is part of the chain as it is.
    pub fn holds(&self, block: &Block) -> bool {
        self.chain.told(block.number) == Some(*block)
    }

    /// A group at a block; of one that is too old as of the oldest that can be read.
    ///
    /// # Errors
    /// When the contracts do not answer.
    pub fn view(&mut self, group: GroupId, number: u64) -> Result<Arc<GroupView>, SimError> {
        let oldest = (self.tip() + 1).saturating_sub(BLOCKS_KEPT as u64);
        self.chain.view(group, number.max(oldest))
    }

    /// Whom the contracts would put to rest.
    ///
    /// # Errors
    /// When the contracts do not answer.
    pub fn absent(&mut self, group: GroupId) -> Result<Vec<PositionNumber>, SimError> {
        let view = self.view(group, self.tip())?;
        Ok(self.chain.now().absent(&view)?)
    }

    /// The next block, at that second or at its parent's if that is later.
    pub fn mine(&mut self, time_s: u64, dearer: u64) -> (Block, Vec<ChainEvent>) {
        self.base_fee = BASE_FEE * dearer.max(1);
        self.chain.set_conditions(Conditions { base_fee: self.base_fee, ..Conditions::default() });
        let mined = self.chain.mine(time_s);
        for receipt in &mined.receipts {
            let result = receipt.result.clone().map_err(|revert| revert.to_string());
            self.results.insert(receipt.id, (receipt.block, result));
        }
        let told = (mined.block, mined.events.clone());
        let bytes = mined.logs.iter().map(|log| (32 * log.topics().len() + log.data().data.len()) as u64).sum();
        self.bytes.insert(told.0.number, bytes);
        let oldest = told.0.number.saturating_sub(BLOCKS_KEPT as u64);
        self.results.retain(|_, (block, _)| *block >= oldest);
        self.bytes = self.bytes.split_off(&oldest);
        told
    }

    /// Takes the last blocks back; tells their seconds, and the transactions that wait again.
    ///
    /// # Errors
    /// When the chain does not remember that much.
    pub fn take_back(&mut self, depth: u64) -> Result<(Vec<u64>, Vec<TransactionId>), SimError> {
        let left = self.tip().saturating_sub(depth);
        let seconds = (left + 1..=self.tip()).map(|number| self.block(number).time_s).collect();
        self.chain.reorganise(depth)?;
        let lost: Vec<_> = self.results.iter().filter(|(_, (block, _))| *block > left).map(|(id, _)| *id).collect();
        lost.iter().for_each(|id| drop(self.results.remove(id)));
        Ok((seconds, lost))
    }

    /// What became of a transaction in a block up to that number.
    pub fn result(&self, id: TransactionId, number: u64) -> Option<&Result<(), String>> {
        self.results.get(&id).filter(|(block, _)| *block <= number).map(|(_, result)| result)
    }

    /// What a transaction is offered for now.
    pub fn offer(&self) -> Offer {
        Offer { gas: GAS, fee: Wei(2 * u128::from(self.base_fee) + TIP), tip: Wei(TIP) }
    }
}

fn beginning(plan: &Plan, nodes: &[Node], first_file: Digest) -> Beginning {
    let mut groups: Vec<Founding> = plan.ids().map(|group| founding(plan, nodes, group, first_file)).collect();
    groups.extend(founders(plan, &groups));
    let purse = |node: &Node| if node.has_purse() { PURSE } else { Wei::ZERO };
    let actors = nodes.iter().filter(|node| node.role != Role::Stranger || node.has_purse());
    let aliases = nodes.iter().flat_map(|node| &node.aliases).map(|key| (address_of(key.verifying_key()), ALIAS));
    let owners = groups.iter().flat_map(|group| &group.seats).map(|seat| (seat.owner, Wei::ZERO));
    let accounts = actors.map(|node| (node.account, purse(node))).chain(aliases).chain(owners).collect();
    let length_s = plan.times.length_s();
    let epoch_s = plan.epoch_rounds * length_s;
    let terms = Terms {
        sale: SaleTerms { price: Wei(1_000_000_000), deadline_s: START_S + 600, minimum: Wei::nrn(100) },
        epoch_s,
        exit_s: EXIT_EPOCHS * epoch_s,
        maturity_s: plan.maturity_rounds * length_s,
        min_deposit: Wei(10_000_000_000_000_000),
        tip: Wei(TIP),
    };
    Beginning { seed: Digest(keccak256(&plan.seed.to_be_bytes())), chain_id: 31_337, time_s: START_S, terms, accounts, groups }
}

fn founding(plan: &Plan, nodes: &[Node], group: GroupId, checkpoint: Digest) -> Founding {
    let staked = plan.nodes_of(group).map(|number| (&nodes[number], plan.stake_of(number))).filter(|(_, parts)| *parts > 0);
    let amount = |parts: u64| Wei(STAKE.0 * u128::from(parts));
    let seats =
        staked.map(|(node, parts)| Seat { owner: owner(node.account), signer: node.key.clone(), amount: amount(parts), wakes: true });
    let birth = birth(plan, group, checkpoint);
    Founding { birth, seats: seats.chain(idle_seats(plan, group)).collect(), admitted: true }
}

fn birth(plan: &Plan, group: GroupId, checkpoint: Digest) -> Birth {
    Birth {
        manifest: Digest(keccak256(b"manifest")),
        checkpoint,
        dataset: vec![Digest(keccak256(b"dataset"))],
        times: plan.times_of(group),
        period_s: plan.period_rounds * plan.times.length_s(),
        improve: plan.improve,
        least: plan.least,
    }
}

/// Where groups are many, one position of a group without nodes has most of all stake: it admits them without the others.
fn founders(plan: &Plan, groups: &[Founding]) -> Option<Founding> {
    let all: Wei = groups.iter().flat_map(|group| &group.seats).map(|seat| seat.amount).sum();
    let group = GroupId(groups.len() as u64 + 1);
    let signer = account_key(&mut Random::new(plan.seed, "founder", 0));
    let seat = Seat { owner: owner(address_of(signer.verifying_key())), signer, amount: Wei(2 * all.0), wakes: true };
    let birth = birth(plan, GroupId(1), Digest(keccak256(&group.0.to_be_bytes())));
    (groups.len() > FEW).then_some(Founding { birth, seats: vec![seat], admitted: false })
}

/// Positions that nobody runs, each of the least stake that there may be.
fn idle_seats(plan: &Plan, group: GroupId) -> impl Iterator<Item = Seat> {
    (0..plan.idle as u64).map(move |number| {
        let signer = account_key(&mut Random::new(plan.seed, "idle", group.0 << 32 | number));
        Seat { owner: owner(address_of(signer.verifying_key())), signer, amount: IDLE_STAKE, wakes: false }
    })
}

/// Stake is owned by another account than the one that signs.
pub(crate) fn owner(signer: Address) -> Address {
    let hash = keccak256(&signer.0);
    Address(std::array::from_fn(|byte| hash[byte]))
}
