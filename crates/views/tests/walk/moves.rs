//! What happens on a walk: moves, most of which make sense, and many of which are refused.

pub mod bounties;
mod members;
mod rounds;

use std::collections::BTreeMap;

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::SolCall;
use protocol::chain::Phase;
use protocol::ids::{self, BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use views::{DeltaStatus, Position, Status};

use crate::asked::{Emission, IDataset, IGroups, INetwork, IRounds, Neuron, Sale, b256, u256};
use crate::compare::word;
use crate::measures::Pending;
use crate::once_in;
use crate::signing::{self, Choice, Consent, Verdict};
use crate::world::{EPOCH_S, MATURITY_S, PERIOD_S, PRICE, SALE_S, WALLET, World, eth, nrn};

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move {
    Tick,
    Edge,
    Epoch,
    PeriodEnd,
    FortyDays,
    Bond,
    BondForWallet,
    Wake,
    Rest,
    Rotate,
    Unbond,
    Withdraw,
    Compound,
    Offer,
    Accept,
    ToChild,
    Several,
    Create,
    Fork,
    Commit,
    Reveal,
    Concede,
    Judge,
    JudgeLate,
    Attend,
    Settle,
    Collect,
    PlayRound,
    LetVoid,
    PlayMany,
    Propose,
    Fill,
    Apply,
    Cast,
    Turn,
    Refund,
    Admit,
    Revoke,
    SetPeriod,
    SetLeast,
    RollBack,
    Strike,
    Slash,
    Doze,
    SlashDouble,
    Transfer,
    Burn,
    Drain,
}

/// Names and how likely each is.
pub const MOVES: [(&str, u32, Move); 48] = [
    ("tick", 6, Move::Tick),
    ("edge", 8, Move::Edge),
    ("epoch", 4, Move::Epoch),
    ("period end", 3, Move::PeriodEnd),
    ("forty days", 1, Move::FortyDays),
    ("bond", 8, Move::Bond),
    ("bond for wallet", 2, Move::BondForWallet),
    ("wake", 8, Move::Wake),
    ("rest", 2, Move::Rest),
    ("rotate", 3, Move::Rotate),
    ("unbond", 4, Move::Unbond),
    ("withdraw", 3, Move::Withdraw),
    ("compound", 4, Move::Compound),
    ("offer", 2, Move::Offer),
    ("accept", 3, Move::Accept),
    ("move", 4, Move::ToChild),
    ("several", 3, Move::Several),
    ("create", 1, Move::Create),
    ("fork", 2, Move::Fork),
    ("commit", 6, Move::Commit),
    ("reveal", 6, Move::Reveal),
    ("concede", 3, Move::Concede),
    ("judge", 6, Move::Judge),
    ("judge late", 8, Move::JudgeLate),
    ("attend", 6, Move::Attend),
    ("settle", 6, Move::Settle),
    ("collect", 6, Move::Collect),
    ("play round", 20, Move::PlayRound),
    ("let void", 6, Move::LetVoid),
    ("play many", 2, Move::PlayMany),
    ("propose", 6, Move::Propose),
    ("fill", 2, Move::Fill),
    ("apply", 4, Move::Apply),
    ("cast", 10, Move::Cast),
    ("turn", 4, Move::Turn),
    ("refund", 4, Move::Refund),
    ("admit", 4, Move::Admit),
    ("revoke", 1, Move::Revoke),
    ("set period", 2, Move::SetPeriod),
    ("set least", 2, Move::SetLeast),
    ("roll back", 5, Move::RollBack),
    ("strike", 4, Move::Strike),
    ("slash", 5, Move::Slash),
    ("doze", 6, Move::Doze),
    ("slash double", 6, Move::SlashDouble),
    ("transfer", 2, Move::Transfer),
    ("burn", 1, Move::Burn),
    ("drain", 3, Move::Drain),
];

/// A transaction that may be refused.
pub struct Call {
    pub from: Address,
    pub to: ids::Address,
    pub value: U256,
    pub data: Vec<u8>,
}

/// What a trainer keeps to itself until it reveals.
#[derive(Clone, Copy)]
struct Secret {
    file: B256,
    salt: B256,
    base: u32,
    loss: u32,
}

pub struct Walker {
    pub world: World,
    pub random: StdRng,
    pub pending: Vec<Pending>,
    pub nonce: u64,
    secrets: BTreeMap<(GroupId, RoundNumber, Address), Secret>,
    counts: BTreeMap<&'static str, [usize; 2]>,
}

impl Walker {
    pub fn new(world: World, random: StdRng) -> Self {
        Self { world, random, pending: Vec::new(), nonce: 0, secrets: BTreeMap::new(), counts: BTreeMap::new() }
    }

    /// Of each move: how often it was tried, and how often it was not refused.
    pub fn counts(&self) -> BTreeMap<&'static str, [usize; 2]> {
        self.counts.clone()
    }

    pub async fn step(&mut self) {
        let (name, _, next) = *MOVES.choose_weighted(&mut self.random, |(_, weight, _)| *weight).expect("a move");
        if let Some(done) = self.play(next).await {
            let [tried, succeeded] = self.counts.entry(name).or_default();
            (*tried, *succeeded) = (*tried + 1, *succeeded + usize::from(done));
        }
    }

    /// Everybody buys NRN, the sale is closed, a group is born, and some have stake in it.
    pub async fn sell(&mut self) {
        for from in self.actors() {
            self.buy(from, 1_000).await;
        }
        self.world.pass(self.world.now_s + SALE_S).await;
        let sale = self.world.at.sale;
        let data = Sale::closeCall {}.abi_encode();
        assert!(self.run(Call { from: WALLET, to: sale, value: U256::ZERO, data }).await, "the sale closes");
        for from in self.actors() {
            let claim = Call { from, to: sale, value: U256::ZERO, data: Sale::claimCall {}.abi_encode() };
            assert!(self.run(claim).await, "NRN are claimed");
            let data = Neuron::approveCall { spender: eth(self.world.at.network), value: U256::MAX }.abi_encode();
            let approve = Call { from, to: self.world.at.neuron, value: U256::ZERO, data };
            assert!(self.run(approve).await, "the network may take NRN");
        }
        for next in [Move::Create, Move::Bond, Move::Bond, Move::Bond, Move::Bond, Move::Bond, Move::Bond] {
            self.play(next).await;
        }
        self.world.pass(self.world.now_s + EPOCH_S).await;
        for next in [Move::Admit, Move::Wake, Move::Wake, Move::Wake, Move::Wake, Move::Epoch] {
            self.play(next).await;
        }
    }

    /// Some buy NRN, and are paid back.
    pub async fn sell_too_little(&mut self) {
        let actors = self.actors();
        for from in &actors[..3] {
            self.buy(*from, 10).await;
            self.buy(*from, 7).await;
        }
        self.world.pass(self.world.now_s + SALE_S).await;
        for from in &actors[1..] {
            let data = Sale::refundCall {}.abi_encode();
            self.run(Call { from: *from, to: self.world.at.sale, value: U256::ZERO, data }).await;
        }
    }

    async fn buy(&mut self, from: Address, whole: u64) {
        let value = U256::from(PRICE) * U256::from(whole);
        let call = Call { from, to: self.world.at.sale, value, data: Sale::buyCall {}.abi_encode() };
        assert!(self.run(call).await, "NRN are bought");
    }

    pub async fn run(&mut self, call: Call) -> bool {
        self.world.send(call.from, eth(call.to), call.value, call.data).await
    }

    /// Whether the move was not refused; `None` where it would make no sense.
    async fn play(&mut self, next: Move) -> Option<bool> {
        match next {
            Move::Tick | Move::Edge | Move::Epoch | Move::PeriodEnd | Move::FortyDays => self.let_pass(next).await,
            Move::PlayRound | Move::LetVoid => {
                let id = self.group()?;
                self.play_round(id, next == Move::PlayRound).await
            }
            Move::PlayMany => self.play_many().await,
            Move::Fill => self.fill().await,
            Move::Apply => self.apply().await,
            Move::Drain => self.drain().await,
            Move::Strike => {
                let id = self.group()?;
                self.play_round(id, true).await;
                self.enact(next).await
            }
            Move::Admit | Move::Revoke | Move::SetPeriod | Move::SetLeast | Move::RollBack | Move::Slash => self.enact(next).await,
            _ => {
                self.wait_for(next).await;
                let call = self.stake_move(next).or_else(|| self.round_move(next)).or_else(|| self.member_move(next))?;
                Some(self.run(call).await)
            }
        }
    }

    async fn let_pass(&mut self, next: Move) -> Option<bool> {
        let now_s = self.world.now_s;
        let off: i64 = self.random.random_range(-1..=1);
        let until_s = match next {
            Move::Tick => now_s + self.random.random_range(1..6),
            Move::Edge => {
                let id = self.group()?;
                self.world.views.phase(id, now_s)?.until_s
            }
            Move::Epoch => now_s + EPOCH_S - (now_s - self.world.views.terms().genesis_s) % EPOCH_S,
            Move::PeriodEnd => {
                let id = self.group()?;
                self.world.views.group(id)?.period_end_s
            }
            _ => now_s + 40 * 86_400,
        };
        // A transaction comes a second after the block that time makes.
        self.world.pass(until_s.saturating_add_signed(off - 1)).await;
        Some(true)
    }

    /// Mostly lets time pass until the move can succeed, if that is soon.
    async fn wait_for(&mut self, next: Move) -> Option<()> {
        let (id, now_s) = (self.group()?, self.world.now_s);
        let clock = self.world.views.phase(id, now_s + 1)?;
        let until_s = match next {
            Move::Reveal | Move::Concede if clock.phase == Phase::Train => clock.until_s,
            Move::JudgeLate | Move::Attend if self.world.views.round(id, clock.round).reveals != 0 => self.end_of_round(id)?,
            Move::Withdraw => {
                let exits = self.positions(id).into_iter().map(|(_, shown)| shown.exit_at_s);
                exits.filter(|at_s| *at_s > now_s).min()?
            }
            _ => return None,
        };
        if !once_in(&mut self.random, 3) {
            self.world.pass(until_s).await;
        }
        Some(())
    }

    pub fn actors(&self) -> Vec<Address> {
        self.world.actors.iter().map(|key| key.address()).chain([WALLET]).collect()
    }

    pub fn actor(&mut self) -> Address {
        *self.actors().choose(&mut self.random).expect("an actor")
    }

    /// A group, mostly one of the first two.
    pub fn group(&mut self) -> Option<GroupId> {
        let last = self.world.views.groups();
        let most = if once_in(&mut self.random, 3) { last } else { last.min(2) };
        (most > 0).then(|| GroupId(self.random.random_range(1..=most)))
    }

    pub fn positions(&self, group: GroupId) -> Vec<(PositionNumber, Position)> {
        let numbers = (1..=self.world.views.positions(group)).map(PositionNumber);
        numbers.filter_map(|number| Some((number, self.world.views.position(group, number, self.world.now_s)?))).collect()
    }

    fn position(&mut self, group: GroupId) -> Option<(PositionNumber, Position)> {
        self.positions(group).choose(&mut self.random).cloned()
    }

    /// The positions in the order of their numbers, or in another one; some are left out, some come twice.
    fn some_positions(&mut self, group: GroupId) -> Vec<(PositionNumber, Position)> {
        let part = self.random.random_range(3..=10);
        let mut some = self.positions(group);
        some.retain(|_| self.random.random_range(0..10) < part);
        if once_in(&mut self.random, 3) {
            some.reverse();
            some.extend(some.first().cloned());
        }
        some
    }

    fn to_network(&self, from: Address, call: impl SolCall) -> Call {
        Call { from, to: self.world.at.network, value: U256::ZERO, data: call.abi_encode() }
    }

    fn whole(&mut self, most: u64) -> U256 {
        nrn(self.random.random_range(1..=most))
    }

    fn stake_move(&mut self, next: Move) -> Option<Call> {
        match next {
            Move::Bond => return self.bond(),
            Move::BondForWallet => {
                let (from, group) = (self.actor(), u(self.group()?.0));
                let amount = self.whole(50);
                return Some(self.to_network(from, INetwork::bondCall { group, signer: WALLET, amount, consent: Bytes::new() }));
            }
            Move::Accept => return self.accept(),
            Move::ToChild => return self.move_stake(),
            Move::Compound | Move::Wake | Move::Rest | Move::Rotate | Move::Unbond | Move::Withdraw | Move::Offer | Move::Several => {}
            _ => return None,
        }
        let id = self.group()?;
        let (number, shown) = self.fitting(id, next)?;
        let owner = eth(shown.owner);
        let data = match next {
            Move::Several => {
                let calls = (0..2).filter_map(|_| self.one_of_several(id, number, &shown)).collect();
                INetwork::multicallCall { calls }.abi_encode()
            }
            _ => self.of_position(next, id, number, &shown)?,
        };
        let from = if once_in(&mut self.random, 20) { self.actor() } else { owner };
        Some(Call { from, to: self.world.at.network, value: U256::ZERO, data })
    }

    /// A position for which the move mostly makes sense.
    fn fitting(&mut self, id: GroupId, next: Move) -> Option<(PositionNumber, Position)> {
        let now_s = self.world.now_s;
        let fits = |shown: &Position| match next {
            Move::Compound => !shown.earned.is_zero(),
            Move::Withdraw => !shown.exiting.is_zero() && shown.exit_at_s <= now_s,
            Move::Wake => !shown.awake && !shown.awake_next,
            Move::Rest => shown.awake_next,
            _ => true,
        };
        let fitting: Vec<_> = self.positions(id).into_iter().filter(|(_, shown)| fits(shown)).collect();
        let any = self.position(id);
        fitting.choose(&mut self.random).cloned().or(any)
    }

    fn one_of_several(&mut self, id: GroupId, number: PositionNumber, shown: &Position) -> Option<Bytes> {
        let all = [Move::Compound, Move::Unbond, Move::Rotate, Move::Offer, Move::Withdraw, Move::Rest, Move::Unbond];
        let next = *all.choose(&mut self.random)?;
        self.of_position(next, id, number, shown).map(Bytes::from)
    }

    fn of_position(&mut self, next: Move, id: GroupId, number: PositionNumber, shown: &Position) -> Option<Vec<u8>> {
        let (group, position) = (u(id.0), u(number.0));
        Some(match next {
            Move::Compound => INetwork::compoundCall { group, position }.abi_encode(),
            Move::Wake => INetwork::wakeCall { group, position }.abi_encode(),
            Move::Rest => INetwork::restCall { group, position }.abi_encode(),
            Move::Unbond => {
                let all = once_in(&mut self.random, 5);
                let amount = if all { u256(shown.next) } else { self.whole(60) };
                INetwork::unbondCall { group, position, amount }.abi_encode()
            }
            Move::Withdraw => INetwork::withdrawCall { group, position, to: self.actor() }.abi_encode(),
            Move::Offer => INetwork::offerCall { group, position, to: self.actor() }.abi_encode(),
            _ => {
                let signer = self.fresh_key();
                let consent = self.consent(id, eth(shown.owner), signer);
                INetwork::rotateCall { group, position, signer, consent }.abi_encode()
            }
        })
    }

    fn fresh_key(&mut self) -> Address {
        self.world.hot.choose(&mut self.random).expect("a key").address()
    }

    fn consent(&self, group: GroupId, owner: Address, signer: Address) -> Bytes {
        let key = self.world.key_of(signer);
        key.map(|key| signing::long(key, self.world.domain, &Consent { group: u(group.0), owner })).unwrap_or_default()
    }

    fn bond(&mut self) -> Option<Call> {
        let id = self.group()?;
        let (from, amount) = (self.actor(), self.whole(300));
        let own = self.positions(id).into_iter().find(|(_, shown)| eth(shown.owner) == from);
        let again = own.filter(|_| once_in(&mut self.random, 2));
        let signer = again.map_or_else(|| self.fresh_key(), |(_, shown)| eth(shown.signer_next));
        let consent = self.consent(id, from, signer);
        Some(self.to_network(from, INetwork::bondCall { group: u(id.0), signer, amount, consent }))
    }

    fn accept(&mut self) -> Option<Call> {
        let id = self.group()?;
        let offered = self.positions(id).into_iter().find(|(_, shown)| !shown.offered.is_zero());
        let (number, shown) = offered?;
        Some(self.to_network(eth(shown.offered), INetwork::acceptCall { group: u(id.0), position: u(number.0) }))
    }

    fn move_stake(&mut self) -> Option<Call> {
        let children: Vec<_> = (1..=self.world.views.groups())
            .map(GroupId)
            .filter_map(|child| Some((child, self.world.views.group(child)?.parent)))
            .filter(|(_, parent)| parent.0 != 0)
            .collect();
        let (child, parent) = *children.choose(&mut self.random)?;
        let (number, shown) = self.position(parent)?;
        let owner = eth(shown.owner);
        let known = (shown.heir_group == child).then_some(shown.heir);
        let known = known.and_then(|heir| self.world.views.position(child, heir, self.world.now_s));
        let signer = known.map_or_else(|| self.fresh_key(), |heir| eth(heir.signer_next));
        let consent = self.consent(child, owner, signer);
        let (group, position) = (u(parent.0), u(number.0));
        Some(self.to_network(owner, INetwork::moveCall { group, position, child: u(child.0), signer, consent }))
    }
}

/// Every fourth position never judges a round that is played.
fn is_absent(number: PositionNumber) -> bool {
    number.0.is_multiple_of(4)
}

pub fn u(number: u64) -> U256 {
    U256::from(number)
}
