//! A network with a group, two validators and a trainer, on a chain whose time is moved by hand.

use chain::dev::{Anvil, AnvilSettings};
use chain::{Account, ChainError, Connection, Followed, Follower, Settings};
use futures::FutureExt as _;
use governance::{Enactment, Network, Terms, deploy};
use protocol::chain::{Birth, Block, ChainEvent, GroupView, Phase, RevealedClaim, Times};
use protocol::eip712::{Choice, Consent, Signature, Signed, SignedChoice, SignedVerdict, Typed, Verdict};
use protocol::ids::{Address, DeltaNumber, Digest, GroupId, PeriodNumber, PositionNumber, RoundNumber};
use protocol::measures::{Act, MAX_WAIT_EPOCHS, Measure};
use protocol::money::{Micronats, Wei};
use protocol::rules;
use token::SaleTerms;

pub const EPOCH_S: u64 = 600;
pub const EXIT_S: u64 = 6 * EPOCH_S;
pub const MATURITY_S: u64 = 100;
pub const PERIOD_S: u64 = 300;
pub const TIMES: Times = Times { train_s: 30, reveal_s: 20, judge_s: 10 };
pub const GROUP: GroupId = GroupId(1);
/// Wei of coin for one NRN.
pub const PRICE: Wei = Wei(1_000_000_000);
/// 0.01 NRN.
pub const MIN_DEPOSIT: Wei = Wei(10_000_000_000_000_000);
/// Of the purse, for a unit of gas.
pub const TIP: Wei = Wei(1_000_000_000);
pub const SALT: Digest = Digest([0x5a; 32]);
pub const FILE: Digest = Digest([0xf1; 32]);

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

pub async fn connect(anvil: &Anvil) -> Connection {
    Connection::connect(Settings { poll_ms: 20, ..anvil.settings() }).await.expect("the chain answers")
}

pub fn terms(deadline_s: u64) -> Terms {
    let sale = SaleTerms { price: PRICE, deadline_s, minimum: nrn(100) };
    Terms { sale, epoch_s: EPOCH_S, exit_s: EXIT_S, maturity_s: MATURITY_S, min_deposit: MIN_DEPOSIT, tip: TIP }
}

pub fn birth() -> Birth {
    Birth {
        manifest: Digest([1; 32]),
        checkpoint: Digest([2; 32]),
        dataset: vec![Digest([3; 32]), Digest([4; 32])],
        times: TIMES,
        period_s: PERIOD_S,
        improve: 10,
        least: Micronats(1_000),
    }
}

impl World {
    /// Seven contracts, wired and checked; the sale runs for 1000 s.
    pub async fn deployed() -> Self {
        let anvil = anvil().await;
        let chain = connect(&anvil).await;
        let deadline_s = chain.latest().await.expect("a block").time_s + 1_000;
        let founder = chain.with_account(account(FOUNDER));
        let addresses = deploy(&founder, &terms(deadline_s), |_| {}).await.expect("eight contracts");
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
            world.bond(GROUP, owner, signer, nrn(amount)).await;
        }
        world.anvil.advance(EPOCH_S).await.expect("time passes");
        let admitted = world.enact(&Act::Admit { group: GROUP, name: world.view().await.name }).await.expect("assents");
        assert!(admitted.done, "{admitted:?}");
        world
    }

    /// Makes a position and wakes it.
    pub async fn bond(&self, group: GroupId, owner: usize, signer: usize, amount: Wei) -> PositionNumber {
        let stake = self.network(owner).stake();
        let consent = self.consent(group, owner, signer);
        let position = stake.bond(group, account(signer).address(), amount, Some(&consent)).await.expect("a position");
        stake.wake(group, position).await.expect("awake");
        position
    }

    pub fn consent(&self, group: GroupId, owner: usize, signer: usize) -> Signature {
        self.sign(signer, Consent { group, owner: account(owner).address() }).signature
    }

    /// Brings the assents of both signers to `act`.
    pub async fn enact(&self, act: &Act) -> Result<Enactment, ChainError> {
        let measure = self.measure(act).await;
        self.network(FOUNDER).enact(&measure, &self.assents(&measure)).await
    }

    /// A measure that waits for as long as one can.
    pub async fn measure(&self, act: &Act) -> Measure {
        Measure::new(act, Digest([9; 32]), self.now_s().await + MAX_WAIT_EPOCHS * EPOCH_S)
    }

    /// Those of both signers, in no order.
    pub fn assents(&self, measure: &Measure) -> Vec<(GroupId, PositionNumber, Signature)> {
        let numbered = [(SIGNERS[1], 2), (SIGNERS[0], 1)].into_iter();
        numbered.map(|(signer, number)| (GROUP, PositionNumber(number), self.sign(signer, measure.clone()).signature)).collect()
    }

    /// A round in which that account sealed `file`; time stands in TRAIN.
    pub async fn sealed(&self, trainer: usize, file: Digest) -> RoundNumber {
        let round = self.to_phase(Phase::Train).await;
        let (network, seal) = (self.network(trainer), rules::seal(GROUP, round, file, account(trainer).address(), SALT));
        let due = network.deposit_due(GROUP).await.expect("a deposit");
        network.commit(GROUP, round, seal, due).await.expect("sealed");
        round
    }

    /// A round in which the trainer sealed and opened a claim on `file`; time stands in JUDGE.
    pub async fn revealed(&self, file: Digest) -> RevealedClaim {
        let round = self.sealed(TRAINER, file).await;
        assert_eq!(self.to_phase(Phase::Reveal).await, round);
        let claim = self.reveal(TRAINER, round, file, 1).await;
        assert_eq!(self.to_phase(Phase::Judge).await, round);
        claim
    }

    /// The claim on what that account sealed with the `number`-th commit of the round.
    pub async fn reveal(&self, trainer: usize, round: RoundNumber, file: Digest, number: u64) -> RevealedClaim {
        let (base, loss, loss_root) = (Micronats(2_000_000), Micronats(1_900_000), Digest([7; 32]));
        let trainer_address = account(trainer).address();
        let claim = RevealedClaim { group: GROUP, round, trainer: trainer_address, number, file, base, loss, loss_root };
        self.network(trainer).reveal(&claim, SALT).await.expect("opened");
        claim
    }

    /// A round that `file` wins by the verdicts of both signers; time stands in its JUDGE.
    pub async fn won(&self, file: Digest) -> RevealedClaim {
        let claim = self.revealed(file).await;
        let (hash, verdicts) = (claim_hash(&claim), self.verdicts(claim.round, claim_hash(&claim)));
        assert!(self.network(FOUNDER).judge(GROUP, claim.round, hash, &verdicts).await.expect("counted"), "decided");
        claim
    }

    /// Both signers' verdicts.
    pub fn verdicts(&self, round: RoundNumber, claim: Digest) -> Vec<(PositionNumber, SignedVerdict)> {
        let verdict = Verdict { group: GROUP, round, claim, probe: Digest([8; 32]) };
        SIGNERS.into_iter().zip(1..).map(|(signer, position)| (PositionNumber(position), self.sign(signer, verdict))).collect()
    }

    /// Time stands at the start of a period.
    pub async fn new_period(&self) -> PeriodNumber {
        let view = self.view().await;
        if self.now_s().await < view.period_end_s {
            self.anvil.advance(view.period_end_s - self.now_s().await).await.expect("time passes");
        }
        self.network(FOUNDER).turn(GROUP).await.expect("turned");
        self.view().await.period_number
    }

    /// The signers' choices.
    pub fn choices(&self, period: PeriodNumber, (delta, patch): (DeltaNumber, Digest), seq: u64) -> Vec<(PositionNumber, SignedChoice)> {
        let choice = Choice { group: GROUP, period, delta, patch, seq };
        SIGNERS.into_iter().zip(1..).map(|(signer, position)| (PositionNumber(position), self.sign(signer, choice))).collect()
    }

    /// A delta of `author` that the signers' votes put on trial.
    pub async fn on_trial(&self, author: usize, patch: Digest) -> DeltaNumber {
        let period = self.new_period().await;
        let network = self.network(author);
        let bond = network.bond_due(GROUP).await.expect("a bond");
        let number = network.propose(GROUP, self.view().await.head, patch, bond).await.expect("proposed");
        network.cast(GROUP, &self.choices(period, (number, patch), 1)).await.expect("counted");
        self.new_period().await;
        number
    }

    /// To the next epoch, in which what changed counts.
    pub async fn next_epoch(&self) {
        let (terms, now_s) = (*self.network(FOUNDER).terms(), self.now_s().await);
        self.anvil.advance(terms.epoch_s - (now_s - terms.genesis_s) % terms.epoch_s).await.expect("time passes");
    }

    pub fn network(&self, index: usize) -> &Network {
        &self.networks[index]
    }

    pub fn sign<T: Typed>(&self, index: usize, message: T) -> Signed<T> {
        account(index).sign(message, &self.network(index).domain()).now_or_never().expect("at once").expect("a signature")
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
                match network.event(log) {
                    Some(event) => events.push((block, event)),
                    // Its terms are read from the contract.
                    None => assert_eq!(chain::convert::address(log.address()), network.purse().address(), "unread: {log:?}"),
                }
            }
            if block.number == tip {
                return events;
            }
        }
    }
}

pub fn claim_hash(claim: &RevealedClaim) -> Digest {
    rules::claim_hash(claim.file, claim.base, claim.loss, claim.loss_root)
}

/// The text of a refusal.
pub fn refusal<T: std::fmt::Debug>(result: Result<T, chain::ChainError>) -> String {
    result.expect_err("it must be refused").to_string()
}
