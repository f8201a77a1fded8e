//! A small network whose rounds are played by hand.

use governance::Terms;
use k256::ecdsa::SigningKey;
use protocol::chain::{Birth, Phase, RevealedClaim, Times};
use protocol::eip712::{Signed, SignedVerdict, Typed, Verdict, address_of, sign};
use protocol::ids::{Address, Digest, GroupId, PositionNumber, RoundNumber, keccak256};
use protocol::money::{Micronats, Wei};
use protocol::rules;
use sim::chain::{Beginning, Call, Chain, Founding, Offer, Seat, TransactionId};
use token::SaleTerms;

pub const GROUP: GroupId = GroupId(1);
pub const SALT: Digest = Digest([0x5a; 32]);
pub const BASE: Micronats = Micronats(2_000_000);
pub const LOSS: Micronats = Micronats(1_900_000);
pub const ROOT: Digest = Digest([7; 32]);

/// One admitted group, each of the trainers with 10,000 NRN and each of the validators with a position of 200,000, owned by an
/// account of its own.
pub fn beginning(seed: u64, trainers: &[Address], validators: &[SigningKey]) -> Beginning {
    let time_s = 1_800_000_000;
    let sale = SaleTerms { price: Wei(1_000_000_000), deadline_s: time_s + 600, minimum: Wei::nrn(100) };
    let (epoch_s, exit_s, maturity_s) = (1_800, 28 * 1_800, 600);
    let terms = Terms { sale, epoch_s, exit_s, maturity_s, min_deposit: Wei(10_000_000_000_000_000), tip: Wei(1_000_000_000) };
    let seats = (1..).zip(validators.iter().cloned());
    let seats: Vec<_> =
        seats.map(|(owner, signer)| Seat { owner: Address([owner; 20]), signer, amount: Wei::nrn(200_000), wakes: true }).collect();
    let signers = validators.iter().map(|key| (address_of(key.verifying_key()), Wei(0)));
    let owners = seats.iter().map(|seat| (seat.owner, Wei(0)));
    let accounts = trainers.iter().map(|trainer| (*trainer, Wei::nrn(10_000))).chain(owners).chain(signers).collect();
    let birth = Birth {
        manifest: Digest([1; 32]),
        checkpoint: Digest([2; 32]),
        dataset: vec![Digest([3; 32])],
        times: Times { train_s: 60, reveal_s: 30, judge_s: 30 },
        period_s: 1_200,
        improve: 10,
        least: Micronats(1_000),
    };
    let groups = vec![Founding { birth, seats, admitted: true }];
    Beginning { seed: Digest(keccak256(&seed.to_be_bytes())), chain_id: 31_337, time_s, terms, accounts, groups }
}

pub struct Hand {
    pub chain: Chain,
    pub trainers: Vec<Address>,
    pub validators: Vec<SigningKey>,
}

impl Hand {
    pub fn new(seed: u64) -> Self {
        let key = |number: u8| SigningKey::from_slice(&[number; 32]).expect("a key");
        let trainers: Vec<_> = [101, 102].map(|number| address_of(key(number).verifying_key())).into();
        let validators: Vec<_> = (1..=4).map(key).collect();
        let chain = Chain::begin(&beginning(seed, &trainers, &validators)).unwrap_or_else(|error| panic!("{error}"));
        let mut hand = Self { chain, trainers, validators };
        for trainer in hand.trainers.clone() {
            hand.submit(trainer, Call::Approve(Wei::nrn(10_000)));
        }
        hand.next();
        hand
    }

    pub fn submit(&mut self, from: Address, call: Call) -> TransactionId {
        self.chain.submit(from, &call, Offer::default())
    }

    /// A block a second later.
    pub fn next(&mut self) {
        let time_s = self.now_s() + 1;
        self.chain.mine(time_s);
    }

    pub fn now_s(&self) -> u64 {
        self.chain.head().block.time_s
    }

    /// Submits and mines; what came of it.
    pub fn does(&mut self, from: Address, call: Call) -> Result<(), String> {
        let id = self.submit(from, call);
        self.next();
        let receipt = self.chain.receipt(id).expect("mined");
        receipt.result.clone().map_err(|revert| revert.to_string())
    }

    pub fn must(&mut self, from: Address, call: Call) {
        self.does(from, call).unwrap_or_else(|refusal| panic!("{refusal}"));
    }

    /// Goes on to the next phase of that name, if this is another; the round.
    pub fn reach(&mut self, phase: Phase) -> RoundNumber {
        let head = self.chain.head().block.number;
        let view = self.chain.view(GROUP, head).expect("the group");
        let mut clock = view.clock(self.now_s());
        while clock.phase != phase {
            self.chain.mine(clock.phase_end_s);
            clock = view.clock(self.now_s());
        }
        clock.round
    }

    pub fn commit(&mut self, trainer: usize, round: RoundNumber, file: Digest) -> TransactionId {
        let from = self.trainers[trainer];
        let seal = rules::seal(GROUP, round, file, from, SALT);
        let max_deposit = rules::highest_deposit(self.chain.now().least_deposit(GROUP).expect("a deposit"));
        self.submit(from, Call::Commit { group: GROUP, round, seal, max_deposit })
    }

    pub fn claim(&self, trainer: usize, number: u64, round: RoundNumber, file: Digest) -> RevealedClaim {
        RevealedClaim { group: GROUP, round, trainer: self.trainers[trainer], number, file, base: BASE, loss: LOSS, loss_root: ROOT }
    }

    /// Everybody's verdicts.
    pub fn verdicts(&self, round: RoundNumber, claim: Digest) -> Vec<(PositionNumber, SignedVerdict)> {
        let message = Verdict { group: GROUP, round, claim, probe: Digest([8; 32]) };
        let signed = |key| Signed { message, signature: sign(message.digest(&self.chain.domain()), key).expect("signed") };
        (1..).map(PositionNumber).zip(self.validators.iter().map(signed)).collect()
    }

    pub fn validator(&self, index: usize) -> Address {
        address_of(self.validators[index].verifying_key())
    }

    /// A round that the first trainer wins, the second concedes, and all validators judge; both deposits are settled.
    pub fn play(&mut self) -> RoundNumber {
        let round = self.reach(Phase::Train);
        let file = |trainer: u8| Digest(keccak256(&[&round.0.to_be_bytes()[..], &[trainer]].concat()));
        self.commit(0, round, file(0));
        self.commit(1, round, file(1));
        self.next();
        self.reach(Phase::Reveal);
        let claim = self.claim(0, 1, round, file(0));
        self.submit(self.trainers[0], Call::Reveal { claim, salt: SALT });
        self.next();
        self.submit(self.trainers[1], Call::Concede { group: GROUP, salt: SALT, file: file(1), rival: self.trainers[0] });
        self.next();
        self.reach(Phase::Judge);
        let name = rules::claim_hash(claim.file, claim.base, claim.loss, claim.loss_root);
        let verdicts = self.verdicts(round, name);
        self.submit(self.validator(0), Call::Judge { group: GROUP, round, claim: name, verdicts });
        self.next();
        self.reach(Phase::Train);
        self.submit(self.trainers[0], Call::Settle { group: GROUP, round, trainers: self.trainers.clone() });
        self.next();
        round
    }
}
