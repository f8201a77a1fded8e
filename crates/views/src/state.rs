//! All that the fold keeps; the files beside this one turn it by events and answer from it.

use std::collections::{BTreeMap, BTreeSet};

use protocol::bounty::Bounty;
use protocol::chain::Birth;
use protocol::ids::{Address, BountyNumber, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use protocol::money::Wei;

use crate::log::{Contracts, Moment};
use crate::receipt::Receipt;
use crate::seat::{Key, Seat, Sums};
use crate::shown::{Assent, Ballot, Claim, Delta, Group, Measure, Proposal, Round, SaleTerms};
use crate::terms::Terms;

/// What the contracts of one network would answer, from their logs alone.
///
/// Views are named as in the contracts. Those that depend on time take the second of the question, which is not before the
/// last log; where a contract would refuse to answer, they are `None`.
///
/// ```
/// use protocol::ids::{Address, Digest, keccak256};
/// use protocol::money::Wei;
/// use views::{Contracts, Log, Views};
///
/// let [neuron, emission, sale, purse, network] = [1, 2, 3, 4, 5].map(|byte| Address([byte; 20]));
/// let mut views = Views::new(Contracts { neuron, emission, sale, purse, network });
///
/// // Seven wei are minted for an account.
/// let word = |account: Address| Digest(std::array::from_fn(|byte| if byte < 12 { 0 } else { account.0[byte - 12] }));
/// let account = Address([9; 20]);
/// let transfer = Digest(keccak256(b"Transfer(address,address,uint256)"));
/// let mut data = vec![0; 32];
/// data[31] = 7;
/// let topics = vec![transfer, word(Address::ZERO), word(account)];
/// assert!(views.apply(&Log { address: neuron, topics, data, block: 1, time_s: 1_000 })?);
///
/// assert_eq!((views.supply(), views.balance(account)), (Wei(7), Wei(7)));
/// assert_eq!(views.positions(protocol::GroupId(1)), 0);
/// # Ok::<(), views::ViewsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Views {
    pub(crate) contracts: Contracts,
    pub(crate) last: Moment,
    pub(crate) modules: (Address, Address, Address),
    pub(crate) terms: Terms,
    pub(crate) neuron: NeuronState,
    pub(crate) emission: EmissionState,
    pub(crate) sale: SaleState,
    pub(crate) purse: PurseState,
    pub(crate) groups: BTreeMap<GroupId, GroupState>,
    /// Of all groups; awake of the admitted ones only.
    pub(crate) all: Sums,
    /// A slash whose last log is still to come.
    pub(crate) slashing: Option<Slashing>,
    /// Files that won in admitted groups.
    pub(crate) won: BTreeSet<Digest>,
    pub(crate) measures: BTreeMap<Digest, MeasureState>,
    pub(crate) bounties: BTreeMap<BountyNumber, BountyState>,
}

impl Views {
    /// Before the first log of these contracts.
    pub fn new(contracts: Contracts) -> Self {
        Self {
            contracts,
            last: Moment::default(),
            modules: Default::default(),
            terms: Terms::default(),
            neuron: NeuronState::default(),
            emission: EmissionState::default(),
            sale: SaleState::default(),
            purse: PurseState::default(),
            groups: BTreeMap::new(),
            all: Sums::default(),
            slashing: None,
            won: BTreeSet::new(),
            measures: BTreeMap::new(),
            bounties: BTreeMap::new(),
        }
    }
}

/// NRN: who has how much.
#[derive(Debug, Clone, Default)]
pub(crate) struct NeuronState {
    pub supply: Wei,
    pub balances: BTreeMap<Address, Wei>,
}

/// The schedule. `accrued_s`: second up to which `allowance` is counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct EmissionState {
    pub start_s: u64,
    pub accrued_s: u64,
    pub allowance: Wei,
}

/// The sale.
#[derive(Debug, Clone, Default)]
pub(crate) struct SaleState {
    pub terms: SaleTerms,
    pub sold: Wei,
    pub closed: bool,
    pub bought: BTreeMap<Address, Wei>,
    pub paid: BTreeMap<Address, Wei>,
}

/// The purse, in wei of the chain's coin.
#[derive(Debug, Clone, Default)]
pub(crate) struct PurseState {
    pub tip: Wei,
    pub received: Wei,
    pub given: Wei,
    pub given_to: BTreeMap<Address, Wei>,
}

/// All that is kept of a group.
#[derive(Debug, Clone)]
pub(crate) struct GroupState {
    pub creator: Address,
    pub birth: Birth,
    pub shown: Group,
    pub seats: BTreeMap<PositionNumber, Seat>,
    pub keys: BTreeMap<Address, Key>,
    pub sums: Sums,
    pub rounds: BTreeMap<RoundNumber, RoundState>,
    /// Files that won while the group was not admitted.
    pub won: BTreeSet<Digest>,
    pub deltas: BTreeMap<DeltaNumber, DeltaState>,
    pub open: Vec<DeltaNumber>,
    pub keep: BTreeMap<PeriodNumber, Wei>,
    pub ballots: BTreeMap<PeriodNumber, BTreeMap<PositionNumber, Ballot>>,
    /// Of rounds, but for verdicts and presence.
    pub receipts: BTreeMap<RoundNumber, Vec<Receipt>>,
}

/// All that is kept of a round.
#[derive(Debug, Clone, Default)]
pub(crate) struct RoundState {
    pub shown: Round,
    /// The claim that was decided and the winner's file, both 0 if there is none.
    pub decided: (Digest, Digest),
    pub claims: BTreeMap<Address, Claim>,
    pub leads: BTreeMap<Digest, Lead>,
    /// Whose presence `attend` showed, with what stake.
    pub attended: BTreeMap<PositionNumber, (Wei, Moment)>,
    /// Pay that the schedule did not allow.
    pub cuts: BTreeMap<PositionNumber, Wei>,
}

/// The earliest commit behind a claim, and verdicts for it; weight and pay of those before a decision.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lead {
    pub trainer: Address,
    pub number: u64,
    pub weight: Wei,
    pub paid: Wei,
    pub verdicts: BTreeMap<PositionNumber, Verdict>,
}

/// A counted verdict. `noted`: what it earned, once that no longer hangs on the position's stake.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    pub stake: Wei,
    pub noted: Option<Wei>,
    pub at: Moment,
}

/// All that is kept of a delta.
#[derive(Debug, Clone)]
pub(crate) struct DeltaState {
    pub shown: Delta,
    pub receipts: Vec<Receipt>,
}

/// All that is kept of a bounty.
#[derive(Debug, Clone)]
pub(crate) struct BountyState {
    pub shown: Bounty,
    /// Findings by window and result.
    pub gathered: BTreeMap<(u64, Digest), Gathering>,
    /// Rounds that were paid.
    pub paid: BTreeSet<RoundNumber>,
    pub receipts: Vec<Receipt>,
}

/// Findings of one result in one window: the stake of all, and of each that was not paid for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gathering {
    pub stake: Wei,
    pub finders: BTreeMap<PositionNumber, Wei>,
}

/// All that is kept of a measure.
#[derive(Debug, Clone)]
pub(crate) struct MeasureState {
    pub shown: Measure,
    pub proposal: Proposal,
    pub assents: Vec<Assent>,
}

/// A slash on its way through those to whom stake moved.
#[derive(Debug, Clone)]
pub(crate) struct Slashing {
    pub basis_points: u128,
    pub by_measure: bool,
    /// Whom it hit last, and what the next one still has to give for it.
    pub last: Option<(GroupId, PositionNumber)>,
    pub due: Wei,
}
