//! The beginning: contracts deployed, NRN sold by the sale's rules, groups made and admitted, stake awake.

use ::chain::convert::to_eth;
use alloy::primitives::U256;
use governance::{Addresses, Terms, blueprints, calls};
use k256::ecdsa::SigningKey;
use protocol::chain::{Birth, ChainEvent};
use protocol::eip712::{Consent, Typed, address_of, sign};
use protocol::ids::{Address, Digest, GroupId, PositionNumber};
use protocol::measures::{Act, MAX_WAIT_EPOCHS, Measure};
use protocol::money::Wei;
use protocol::rules;
use token::{StakeTerms, cost_of};

use super::call::{Call, Place, payload};
use super::engine::Engine;
use super::pool::{Offer, Payload};
use super::{Chain, Conditions, SimError};

/// Deploys the contracts, makes the groups, brings the assents.
pub const FOUNDER: Address = Address([0xf0; 20]);
/// The chain's own coins that everybody begins with.
pub const COINS: Wei = Wei::nrn(1_000_000_000);
/// Gas for what is large: contracts, long lists.
const GAS: u64 = 30_000_000;
/// And so much in a block that all of one kind fits into one: then it is mined in the order in which it was sent.
const GAS_OF_A_BLOCK: u64 = 1 << 48;

/// What a chain begins with.
#[derive(Clone)]
pub struct Beginning {
    pub seed: Digest,
    pub chain_id: u64,
    /// Timestamp of block 0.
    pub time_s: u64,
    pub terms: Terms,
    /// Accounts with coins for gas, and the NRN that each is left with once all stake is bonded.
    pub accounts: Vec<(Address, Wei)>,
    /// Numbered from 1.
    pub groups: Vec<Founding>,
}

/// A group with its first stake.
#[derive(Clone)]
pub struct Founding {
    pub birth: Birth,
    /// Positions, numbered from 1.
    pub seats: Vec<Seat>,
    pub admitted: bool,
}

/// A position. One that is woken counts from the first epoch after its bond; little stake cannot be.
#[derive(Clone)]
pub struct Seat {
    /// One of the accounts.
    pub owner: Address,
    pub signer: SigningKey,
    pub amount: Wei,
    pub wakes: bool,
}

impl Seat {
    fn signer(&self) -> Address {
        address_of(self.signer.verifying_key())
    }
}

impl Chain {
    /// A chain at the start of the first epoch in which the stake of the beginning is awake, and its groups are admitted.
    ///
    /// # Errors
    /// [`SimError::Beginning`] with the refusal of what the contracts do not take: terms, times, amounts.
    pub fn begin(beginning: &Beginning) -> Result<Self, SimError> {
        let mut chain = deployed(beginning)?;
        chain.sell(beginning)?;
        chain.found(beginning)?;
        let terms = *chain.terms();
        let now_s = chain.head().block.time_s;
        let epoch = now_s.saturating_sub(terms.genesis_s) / terms.epoch_s.max(1);
        chain.mine(terms.genesis_s + (epoch + 1) * terms.epoch_s);
        chain.admit(beginning)?;
        (chain.first, chain.conditions) = (chain.head().block.number, Conditions::default());
        Ok(chain)
    }

    /// Sends what waits in the next block, all of which must succeed.
    fn must(&mut self, time_s: u64) -> Result<(), SimError> {
        self.mine(time_s);
        let failed = self.head().receipts.iter().find_map(|receipt| receipt.result.clone().err());
        match failed {
            Some(revert) => Err(SimError::Beginning(revert.to_string())),
            None if self.waiting() != 0 => Err(SimError::Beginning("a block is too small for it, or an account too poor".to_owned())),
            None => Ok(()),
        }
    }

    fn next_s(&self) -> u64 {
        self.head().block.time_s + 1
    }

    /// Everybody buys what he will have, the sale closes, all is delivered.
    fn sell(&mut self, beginning: &Beginning) -> Result<(), SimError> {
        let price = beginning.terms.sale.price;
        let shares: Vec<_> =
            beginning.accounts.iter().map(|(account, left)| (*account, left.saturating_add(bonded(beginning, *account)))).collect();
        for (buyer, amount) in shares.iter().filter(|(_, amount)| !amount.is_zero()) {
            self.submit(*buyer, &Call::Buy(cost_of(*amount, price)), Offer::default());
        }
        self.must(self.next_s())?;
        self.submit(FOUNDER, &Call::Close, Offer::default());
        self.must(beginning.terms.sale.deadline_s)?;
        let opened = self.head().events.iter().find_map(|event| match event {
            ChainEvent::ScheduleOpened { start_s, .. } => Some(*start_s),
            _ => None,
        });
        self.engine.start_s = opened.unwrap_or_default();
        for (buyer, _) in shares.iter().filter(|(_, amount)| !amount.is_zero()) {
            self.submit(*buyer, &Call::Claim, Offer::default());
        }
        self.must(self.next_s())
    }

    /// Makes the groups; owners bond and wake.
    fn found(&mut self, beginning: &Beginning) -> Result<(), SimError> {
        for group in &beginning.groups {
            let call = calls::create(&group.birth)?;
            self.submit_payload(FOUNDER, payload(self.engine.at.network, &call), Offer::default());
        }
        for (owner, _) in &beginning.accounts {
            let amount = bonded(beginning, *owner);
            if !amount.is_zero() {
                self.submit(*owner, &Call::Approve(amount), Offer::default());
            }
        }
        for (group, founding) in numbered(beginning) {
            for (number, seat) in (1..).zip(&founding.seats) {
                let consent = sign(Consent { group, owner: seat.owner }.digest(&self.domain()), &seat.signer);
                let consent = Some(consent.map_err(|error| SimError::Beginning(error.to_string()))?);
                self.submit(seat.owner, &Call::Bond { group, signer: seat.signer(), amount: seat.amount, consent }, Offer::default());
                if seat.wakes {
                    self.submit(seat.owner, &Call::Wake(Place(group, PositionNumber(number))), Offer::default());
                }
            }
        }
        self.must(self.next_s())
    }

    /// The largest positions assent, as many as it takes.
    fn admit(&mut self, beginning: &Beginning) -> Result<(), SimError> {
        let expiry_s = self.head().block.time_s + MAX_WAIT_EPOCHS * self.terms().epoch_s;
        let bonded = numbered(beginning).flat_map(|(_, founding)| &founding.seats).map(|seat| seat.amount).sum();
        let needed = rules::needed_of_all(bonded, self.engine.supply()?);
        let voters = voters(beginning, needed);
        for (group, _) in numbered(beginning).filter(|(_, founding)| founding.admitted) {
            let name = self.engine.view(group)?.name;
            let measure = Measure::new(&Act::Admit { group, name }, beginning.seed, expiry_s);
            let digest = measure.digest(&self.domain());
            let assent =
                |(group, number, seat): &(GroupId, PositionNumber, &Seat)| Some((*group, *number, sign(digest, &seat.signer).ok()?));
            let assents = voters.iter().filter_map(assent).collect();
            self.submit(FOUNDER, &Call::Enact { measure, assents }, Offer { gas: GAS, ..Offer::default() });
        }
        self.must(self.next_s())
    }
}

fn numbered(beginning: &Beginning) -> impl Iterator<Item = (GroupId, &Founding)> {
    (1..).map(GroupId).zip(&beginning.groups)
}

/// What an owner bonds in all groups.
fn bonded(beginning: &Beginning, owner: Address) -> Wei {
    let seats = beginning.groups.iter().flat_map(|group| &group.seats);
    seats.filter(|seat| seat.owner == owner).map(|seat| seat.amount).sum()
}

/// The largest positions that together have more than `needed`, or all.
fn voters(beginning: &Beginning, needed: Wei) -> Vec<(GroupId, PositionNumber, &Seat)> {
    let of_group = |(group, founding)| -> Vec<(GroupId, PositionNumber, &Seat)> {
        let founding: &Founding = founding;
        (1..).map(PositionNumber).zip(&founding.seats).map(|(number, seat)| (group, number, seat)).collect()
    };
    let mut all: Vec<_> = numbered(beginning).flat_map(of_group).collect();
    all.sort_by_key(|(group, number, seat)| (std::cmp::Reverse(seat.amount), *group, *number));
    let mut sum = Wei::ZERO;
    all.retain(|(_, _, seat)| {
        let is_needed = sum <= needed;
        sum = sum.saturating_add(seat.amount);
        is_needed
    });
    all
}

/// A chain on which the contracts stand.
fn deployed(beginning: &Beginning) -> Result<Chain, SimError> {
    let Beginning { seed, chain_id, time_s, terms, accounts, .. } = beginning;
    let at = Addresses::foretell(FOUNDER, 0);
    let Terms { epoch_s, exit_s, maturity_s, min_deposit, .. } = *terms;
    let stake = StakeTerms { epoch_s, exit_s, maturity_s, genesis_s: time_s + 1, min_deposit };
    let mut engine = Engine::new(*chain_id, at, stake);
    for account in accounts.iter().map(|(account, _)| *account).chain([FOUNDER]) {
        engine.state().endow(to_eth(account), U256::from(COINS.0));
    }
    let mut chain = Chain::new(*seed, engine, *time_s);
    for blueprint in blueprints(&at, terms, 0, *chain_id) {
        let payload = Payload { what: blueprint.name, to: None, data: blueprint.creation(), value: Wei::ZERO };
        chain.submit_payload(FOUNDER, payload, Offer { gas: GAS, ..Offer::default() });
    }
    chain.conditions.gas_limit = GAS_OF_A_BLOCK;
    chain.must(stake.genesis_s)?;
    Ok(chain)
}
