//! The whole life of a network on geth, whose time nobody moves: nothing here depends on anvil.

use std::time::{Duration, Instant};

use chain::geth::{Geth, GethSettings, find_or_skip};
use chain::{Account, Connection, Settings};
use futures::FutureExt as _;
use futures::future::try_join_all;
use governance::{Network, Terms, audit, deploy};
use protocol::chain::{Birth, Outcome, Phase, RevealedClaim, Times};
use protocol::eip712::{Choice, Consent, Typed, Verdict};
use protocol::ids::{DeltaNumber, Digest, PositionNumber, RoundNumber};
use protocol::measures::{Act, Measure};
use protocol::money::{Micronats, Wei};
use protocol::rules;
use token::SaleTerms;

use crate::support::{FILE, GROUP, MIN_DEPOSIT, PRICE, SALT, TIP, birth, claim_hash, nrn};

/// As short as a block a second allows, with some room for a busy machine.
const TIMES: Times = Times { train_s: 6, reveal_s: 5, judge_s: 5 };
const EPOCH_S: u64 = 16;
const PERIOD_S: u64 = 20;
const SALE_S: u64 = 16;
/// Seconds of a phase that must be left for a transaction to be mined in it.
const MARGIN_S: u64 = 3;

/// The network as two accounts see it: one trains, the other one owns and signs.
struct Life {
    trainer: Network,
    owner: Network,
    started: Instant,
}

impl Life {
    fn tell(&self, what: &str) {
        println!("{:>5.1} s  {what}", self.started.elapsed().as_secs_f32());
    }

    async fn now_s(&self) -> u64 {
        self.owner.chain().latest().await.expect("a block").time_s
    }

    async fn until(&self, time_s: u64) {
        while self.now_s().await < time_s {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn until_phase(&self, phase: Phase) -> RoundNumber {
        loop {
            let (clock, now_s) = (self.owner.view(GROUP).await.expect("the group").clock(self.now_s().await), self.now_s().await);
            if clock.phase == phase && now_s + MARGIN_S < clock.phase_end_s {
                return clock.round;
            }
            self.until(clock.phase_end_s).await;
        }
    }

    async fn next_epoch(&self) {
        let genesis_s = self.owner.terms().genesis_s;
        self.until(genesis_s + ((self.now_s().await - genesis_s) / EPOCH_S + 1) * EPOCH_S).await;
    }

    fn sign<T: Typed>(&self, message: T) -> protocol::eip712::Signed<T> {
        let account = self.owner.chain().account().expect("an account");
        account.sign(message, &self.owner.domain()).now_or_never().expect("at once").expect("a signature")
    }

    async fn sale(&self) {
        let deadline_s = self.owner.sale().terms().await.expect("terms").deadline_s;
        let cost = token::cost_of(nrn(1_000), PRICE);
        let (trainer, owner) = (self.trainer.sale(), self.owner.sale());
        try_join_all([trainer.buy(cost), owner.buy(cost)]).await.expect("bought");
        self.until(deadline_s).await;
        owner.close().await.expect("closed");
        try_join_all([trainer.claim(), owner.claim()]).await.expect("claimed");
    }

    /// The group with its one position, awake and admitted.
    async fn group(&self) {
        let about = Birth { times: TIMES, period_s: PERIOD_S, ..birth() };
        assert_eq!(self.owner.create(&about).await.expect("a group"), GROUP);
        let (stake, own) = (self.owner.stake(), self.owner.chain().own_address().expect("an account"));
        let consent = self.sign(Consent { group: GROUP, owner: own }).signature;
        let position = stake.bond(GROUP, own, nrn(700), Some(&consent)).await.expect("bonded");
        assert_eq!(position, PositionNumber(1));
        stake.wake(GROUP, position).await.expect("awake");
        self.next_epoch().await;
        let name = self.owner.view(GROUP).await.expect("the group").name;
        self.enact(&Act::Admit { group: GROUP, name }).await;
    }

    async fn enact(&self, act: &Act) {
        let measure = Measure::new(act, Digest([9; 32]), self.now_s().await + 4 * EPOCH_S);
        let assent = self.sign(measure.clone()).signature;
        let enacted = self.owner.enact(&measure, &[(GROUP, PositionNumber(1), assent)]).await.expect("counted");
        assert!(enacted.done, "{enacted:?}");
    }

    /// Returns the round that the trainer's file won.
    async fn round(&self) -> RoundNumber {
        let trainer = self.trainer.chain().own_address().expect("an account");
        let due = self.trainer.deposit_due(GROUP).await.expect("a deposit");
        let round = self.until_phase(Phase::Train).await;
        self.trainer.commit(GROUP, round, rules::seal(GROUP, round, FILE, trainer, SALT), due).await.expect("sealed");
        assert_eq!(self.until_phase(Phase::Reveal).await, round);
        let (base, loss) = (Micronats(2_000_000), Micronats(1_900_000));
        let claim = RevealedClaim { group: GROUP, round, trainer, number: 1, file: FILE, base, loss, loss_root: Digest([7; 32]) };
        self.trainer.reveal(&claim, SALT).await.expect("opened");
        assert_eq!(self.until_phase(Phase::Judge).await, round);
        let verdict = self.sign(Verdict { group: GROUP, round, claim: claim_hash(&claim), probe: Digest([8; 32]) });
        self.owner.judge(GROUP, round, claim_hash(&claim), &[(PositionNumber(1), verdict)]).await.expect("decided");
        let decided = self.owner.round(GROUP, round).await.expect("an answer").expect("a round");
        assert_eq!((decided.outcome, decided.winner), (Outcome::Won, trainer));
        round
    }

    /// A delta is proposed, chosen, applied, and taken back.
    async fn delta(&self) {
        let view = self.owner.view(GROUP).await.expect("the group");
        self.until(view.period_end_s).await;
        self.owner.turn(GROUP).await.expect("turned");
        let before = self.owner.view(GROUP).await.expect("the group");
        let bond = self.trainer.bond_due(GROUP).await.expect("a bond");
        let patch = Digest([0xd1; 32]);
        let delta = self.trainer.propose(GROUP, before.head, patch, bond).await.expect("proposed");
        let choice = self.sign(Choice { group: GROUP, period: before.period_number, delta, patch, seq: 1 });
        self.owner.cast(GROUP, &[(PositionNumber(1), choice)]).await.expect("counted");
        self.until(before.period_end_s).await;
        self.owner.turn(GROUP).await.expect("turned");
        assert_eq!(self.owner.view(GROUP).await.expect("the group").applied, delta);
        self.enact(&Act::Rollback { group: GROUP, delta, patch }).await;
        let after = self.owner.view(GROUP).await.expect("the group");
        assert_eq!((after.head, after.applied), (before.head, DeltaNumber(0)));
    }
}

async fn connect(geth: &Geth, account: Account) -> Connection {
    Connection::connect(Settings { poll_ms: 50, ..geth.settings() }).await.expect("geth answers").with_account(account)
}

#[tokio::test]
async fn a_network_lives_on_geth_from_its_deployment_to_a_delta_taken_back() {
    let Some(program) = find_or_skip(env!("CARGO_TARGET_TMPDIR")).await else { return };
    let folder = tempfile::tempdir().expect("a folder");
    // As much as a block of Rootstock holds, the smallest of the chains that are to run this.
    let settings = GethSettings { block_gas: 6_800_000, ..GethSettings::default() };
    let geth = Geth::start(&program, folder.path(), &settings).await.expect("geth starts");
    let started = Instant::now();
    let founder = connect(&geth, geth.funded(nrn(100)).await.expect("coins")).await;
    let deadline_s = founder.latest().await.expect("a block").time_s + SALE_S;
    let sale = SaleTerms { price: PRICE, deadline_s, minimum: nrn(100) };
    let terms = Terms { sale, epoch_s: EPOCH_S, exit_s: 2 * PERIOD_S, maturity_s: EPOCH_S, min_deposit: MIN_DEPOSIT, tip: TIP };
    let addresses = deploy(&founder, &terms, |_| {}).await.expect("eight contracts");
    assert_eq!(audit(&founder, addresses.network).await.expect("in order"), (addresses, terms));

    let owner = Network::open(&founder, addresses.network).await.expect("a network");
    let trainer = connect(&geth, geth.funded(nrn(100)).await.expect("coins")).await;
    let life = Life { trainer: owner.through(&trainer), owner, started };
    life.tell("eight contracts stand");
    life.sale().await;
    life.tell("the sale is over");
    life.group().await;
    life.tell("the group is admitted");
    let round = life.round().await;
    life.tell("a round is won");
    life.delta().await;
    life.tell("a delta was applied and taken back");
    let won = life.owner.round(GROUP, round).await.expect("an answer").expect("a round");
    life.until(life.owner.terms().genesis_s + (round.0 + 1) * TIMES.length_s() + EPOCH_S).await;
    let winner = life.trainer.chain().own_address().expect("an account");
    life.owner.settle(GROUP, round, &[winner]).await.expect("settled");
    let issued = life.trainer.collect(GROUP, &[round], winner).await.expect("collected");
    assert!(issued > Wei(0) && issued <= won.reward);
    life.tell("the winner has collected");
}
