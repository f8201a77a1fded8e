//! A network with a group, two validators and a trainer, on a chain whose time is moved by hand.

use chain::dev::{Anvil, AnvilSettings};
use chain::{Account, Chain, Followed, Follower, Settings};
use governance::{Network, Terms, deploy};
use protocol::chain::{Birth, Block, ChainEvent, GroupView, Phase, Times};
use protocol::eip712::{Assent, Consent, Measure, Signed, Typed};
use protocol::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;
use token::SaleTerms;

pub const EPOCH_S: u64 = 600;
pub const MATURITY_S: u64 = 100;
pub const PERIOD_S: u64 = 300;
pub const TIMES: Times = Times { train_s: 30, reveal_s: 20, judge_s: 10 };
pub const GROUP: GroupId = GroupId(1);
/// Wei of coin for one NRN.
pub const PRICE: Wei = Wei(1_000_000_000);
/// 0.01 NRN.
pub const MIN_DEPOSIT: Wei = Wei(10_000_000_000_000_000);

/// The dev accounts by what they do here.
pub const FOUNDER: usize = 0;
pub const TRAINER: usize = 1;
pub const OWNERS: [usize; 2] = [2, 3];
pub const SIGNERS: [usize; 2] = [4, 5];

pub struct World {
    pub anvil: Anvil,
    /// As seen by the dev accounts.
    networks: Vec<Network>,
}

pub fn nrn(whole: u128) -> Wei {
    Wei(whole * 1_000_000_000_000_000_000)
}

pub fn account(index: usize) -> Account {
    Anvil::account(index).expect("a dev account")
}

pub async fn anvil() -> Anvil {
    Anvil::start(&AnvilSettings { block_time_ms: 0, ..AnvilSettings::default() }).await.expect("anvil starts")
}

pub async fn connect(anvil: &Anvil) -> Chain {
    Chain::connect(Settings { poll_ms: 20, ..anvil.settings() }).await.expect("the chain answers")
}

pub fn terms(deadline_s: u64) -> Terms {
    let sale = SaleTerms { price: PRICE, deadline_s, minimum: nrn(100) };
    Terms { sale, epoch_s: EPOCH_S, exit_s: 2 * PERIOD_S, maturity_s: MATURITY_S, min_deposit: MIN_DEPOSIT }
}

pub fn birth() -> Birth {
    Birth {
        manifest: Digest([1; 32]),
        checkpoint: Digest([2; 32]),
        dataset: vec![Digest([3; 32]), Digest([4; 32])],
        times: TIMES,
        period_s: PERIOD_S,
        improve: 10,
    }
}

impl World {
    /// Five contracts, wired and checked; the sale runs for 1000 s.
    pub async fn deployed() -> Self {
        let anvil = anvil().await;
        let chain = connect(&anvil).await;
        let deadline_s = chain.latest().await.expect("a block").time_s + 1_000;
        let founder = chain.with_account(account(FOUNDER));
        let addresses = deploy(&founder, &terms(deadline_s)).await.expect("five contracts");
        let network = Network::open(&chain, addresses.network).await.expect("a network");
        assert_eq!(network.addresses(), &addresses);
        let networks = (0..10).map(|index| network.through(&chain.with_account(account(index)))).collect();
        Self { anvil, networks }
    }

    /// The sale is over, and trainer and owners have 1000 NRN each.
    pub async fn sold() -> Self {
        let world = Self::deployed().await;
        for index in [TRAINER, OWNERS[0], OWNERS[1]] {
            let cost = token::cost_of(nrn(1_000), PRICE);
            world.network(index).sale().buy(cost).await.expect("bought");
        }
        world.anvil.advance(1_000).await.expect("time passes");
        world.network(FOUNDER).sale().close().await.expect("closed");
        for index in [TRAINER, OWNERS[0], OWNERS[1]] {
            world.network(index).sale().claim().await.expect("claimed");
        }
        world
    }

    /// One admitted group; the owners' stakes of 400 and 300 NRN are awake.
    pub async fn admitted() -> Self {
        let world = Self::sold().await;
        assert_eq!(world.network(FOUNDER).create(&birth()).await.expect("a group"), GROUP);
        for ((owner, signer), amount) in OWNERS.into_iter().zip(SIGNERS).zip([400, 300]) {
            let network = world.network(owner);
            let consent = Consent { group: GROUP, owner: account(owner).address() };
            let signature = account(signer).sign(consent, &network.domain()).expect("a signature").signature;
            let stake = network.stake();
            let bonded = stake.bond(GROUP, account(signer).address(), nrn(amount), Some(&signature)).await;
            stake.wake(GROUP, bonded.expect("a position")).await.expect("awake");
        }
        world.anvil.advance(EPOCH_S).await.expect("time passes");
        let admission = Measure::admit(GROUP, Digest([9; 32]), u64::MAX);
        let assents = SIGNERS
            .into_iter()
            .zip(1..)
            .map(|(signer, position)| (GROUP, PositionNumber(position), world.sign(signer, Assent { measure: admission.hash() })));
        // The order is put right by the caller of the contract.
        let mut assents: Vec<_> = assents.collect();
        assents.reverse();
        world.network(FOUNDER).enact(&admission, &assents).await.expect("admitted");
        world
    }

    pub fn network(&self, index: usize) -> &Network {
        &self.networks[index]
    }

    pub fn sign<T: Typed>(&self, index: usize, message: T) -> Signed<T> {
        account(index).sign(message, &self.network(index).domain()).expect("a signature")
    }

    pub async fn view(&self) -> GroupView {
        self.network(FOUNDER).view(GROUP).await.expect("the group")
    }

    pub async fn now_s(&self) -> u64 {
        self.network(FOUNDER).chain().latest().await.expect("a block").time_s
    }

    pub async fn balance(&self, of: Address) -> Wei {
        self.network(FOUNDER).neuron().balance(of).await.expect("a balance")
    }

    /// Moves time to the first second of the next phase of that name; returns the round.
    pub async fn to_phase(&self, phase: Phase) -> RoundNumber {
        let view = self.view().await;
        loop {
            let clock = view.clock(self.now_s().await);
            if clock.phase == phase && self.now_s().await < clock.phase_end_s - 5 {
                return clock.round;
            }
            let wait_s = clock.phase_end_s - self.now_s().await;
            self.anvil.advance(wait_s).await.expect("time passes");
        }
    }

    /// All events since the birth of the chain, as a node reads them.
    pub async fn events(&self) -> Vec<(Block, ChainEvent)> {
        let network = self.network(FOUNDER);
        let tip = network.chain().latest().await.expect("a block").number;
        let mut follower = Follower::new(network.chain(), &network.followed(), 0);
        let mut events = Vec::new();
        loop {
            let Ok(Followed::Block { block, logs }) = follower.next().await else { panic!("no block") };
            for log in &logs {
                events.push((block, network.event(log).unwrap_or_else(|| panic!("unread: {log:?}"))));
            }
            if block.number == tip {
                return events;
            }
        }
    }
}

/// The text of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, chain::ChainError>) -> String {
    result.expect_err("it must be refused").to_string()
}
