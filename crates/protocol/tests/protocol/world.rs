//! A group with three positions, its blocks and its events.

use k256::ecdsa::SigningKey;
use protocol::bounty::{Findings, Step};
use protocol::chain::{Block, ChainEvent, GroupView, Outcome, PositionView, RevealedClaim, Times};
use protocol::eip712::{Domain, Finding, SignedVerdict, Typed as _, Verdict, address_of, sign};
use protocol::log::FindingBody;
use protocol::pace::Tempo;
use protocol::trainer;
use protocol::{Address, BountyNumber, DeltaNumber, Digest, GroupId, Micronats, PeriodNumber, PositionNumber, RoundNumber, Wei, keccak256};

pub const GROUP: GroupId = GroupId(1);
pub const GENESIS_S: u64 = 1_000;
pub const MATURITY_S: u64 = 100;
pub const EXIT_S: u64 = 400;
pub const REWARD: Wei = Wei::nrn(1000);
/// 20 s TRAIN, 10 s REVEAL, 10 s JUDGE.
pub const TIMES: Times = Times { train_s: 20, reveal_s: 10, judge_s: 10 };
pub const DOMAIN: Domain = Domain { chain_id: 31337, network: Address([9; 20]) };

pub fn digest(name: &str) -> Digest {
    Digest(keccak256(name.as_bytes()))
}

pub fn key(number: u8) -> SigningKey {
    SigningKey::from_slice(&[number; 32]).unwrap()
}

pub fn account(number: u8) -> Address {
    address_of(key(number).verifying_key())
}

pub fn position(number: u8, stake: u64) -> PositionView {
    let (owner, signer) = (account(100 + number), account(number));
    let live = Wei::nrn(stake);
    let number = PositionNumber(number.into());
    PositionView { number, owner, signer, signer_next: signer, live, next: live, awake: true, awake_next: true, ..PositionView::default() }
}

/// Seconds before the end of a phase in which its trainer sends nothing.
pub const TRAINER_EDGE_S: u64 = 2;

/// The trainer with account 1.
pub fn trainer_config() -> trainer::Config {
    trainer::Config {
        group: GROUP,
        account: account(1),
        tempo: Tempo { edge_s: Some(TRAINER_EDGE_S), ..Tempo::default() },
        commit_s: 4,
        unpaid: false,
        rounds: None,
        secret: [7; 32],
    }
}

/// What that trainer wrote down of a file with that name.
pub fn remembered(round: RoundNumber, file: &str) -> trainer::Remembered {
    trainer::Remembered { round, file: digest(file), salt: digest("salt") }
}

/// Positions 1 to 3 with 100 NRN each.
pub fn group() -> GroupView {
    GroupView {
        id: GROUP,
        name: digest("group"),
        genesis_s: GENESIS_S,
        times: TIMES,
        improve: 10,
        least: Micronats(0),
        manifest: digest("manifest"),
        checkpoint: digest("checkpoint"),
        head: digest("head"),
        admitted: true,
        parent: GroupId(0),
        voids: 0,
        opened: None,
        counted: 0,
        newest: Vec::new(),
        recent: Vec::new(),
        applied: DeltaNumber(0),
        period_s: 604_800,
        period_next_s: 604_800,
        period_number: PeriodNumber(0),
        period_end_s: 1_000_000,
        extended_s: 0,
        maturity_s: MATURITY_S,
        min_deposit: Wei::nrn(1),
        least_deposit: Wei::nrn(160),
        epoch_s: 40,
        exit_s: EXIT_S,
        positions: (1..=3).map(|number| position(number, 100)).collect(),
    }
}

pub fn block(time_s: u64) -> Block {
    Block { number: time_s, time_s, hash: digest(&format!("block {time_s}")) }
}

/// The block `second` seconds into a round.
pub fn at(round: RoundNumber, second: u64) -> Block {
    block(TIMES.round_start_s(GENESIS_S, round) + second)
}

pub fn opened_event(round: RoundNumber, checkpoint: Digest) -> ChainEvent {
    let (awake, total, supply) = (Wei::nrn(300), Wei::nrn(300), Wei::nrn(3000));
    ChainEvent::Opened {
        group: GROUP,
        round,
        checkpoint,
        head: digest("head"),
        reward: REWARD,
        deposit: Wei::nrn(200),
        awake,
        total,
        supply,
        voids: 0,
    }
}

/// `claim` was decided by `winner` and `file`, which is the group's checkpoint now.
pub fn decided_event(round: RoundNumber, outcome: Outcome, claim: Digest, winner: Address, file: Digest) -> ChainEvent {
    ChainEvent::Decided { group: GROUP, round, outcome, claim, winner, file, checkpoint: file }
}

/// Verdicts of these positions, of 100 NRN each, were counted.
pub fn judged_event(round: RoundNumber, claim: Digest, positions: &[u64]) -> ChainEvent {
    let positions: Vec<_> = positions.iter().map(|number| PositionNumber(*number)).collect();
    let stake = Wei::nrn(100 * positions.len() as u64);
    ChainEvent::Judged { group: GROUP, round, claim, stake, amount: Wei(stake.0 / 2), positions }
}

pub fn conceded_event(round: RoundNumber, trainer: u8, rival: u8, order: u64) -> ChainEvent {
    let (trainer, rival, file) = (account(trainer), account(rival), digest("file"));
    ChainEvent::Conceded { group: GROUP, round, trainer, number: 2, file, rival, order }
}

pub fn settled_event(round: RoundNumber, trainer: u8) -> ChainEvent {
    let (refunded, burned, charged) = (Wei::nrn(1), Wei::ZERO, Wei::ZERO);
    ChainEvent::Settled { group: GROUP, round, trainer: account(trainer), refunded, burned, charged }
}

pub fn struck_event(round: RoundNumber) -> ChainEvent {
    ChainEvent::Struck { group: GROUP, round, checkpoint: digest("checkpoint"), issued: Wei::ZERO, burned: Wei::ZERO }
}

pub fn claim(round: RoundNumber, trainer: u8, base: Micronats, loss: Micronats, file: &str) -> RevealedClaim {
    let (number, loss_root) = (trainer.into(), digest("root"));
    RevealedClaim { group: GROUP, round, trainer: account(trainer), number, file: digest(file), base, loss, loss_root }
}

pub fn verdict(signer: u8, round: RoundNumber, claim: Digest) -> SignedVerdict {
    let message = Verdict { group: GROUP, round, claim, probe: digest(&format!("probe {signer}")) };
    SignedVerdict { message, signature: sign(message.digest(&DOMAIN), &key(signer)).unwrap() }
}

/// Bounty 7 has one winner, in the round 3.
pub fn findings() -> Findings {
    let step = Step { round: RoundNumber(3), won: 1, loss: Micronats(600_000), better: true };
    Findings { failed: false, base: Micronats(700_000), steps: vec![step] }
}

pub fn finding(signer: u8, window: u64, findings: Findings) -> FindingBody {
    let probe = if findings.failed { Digest::ZERO } else { digest(&format!("probe {signer}")) };
    let message = Finding { bounty: BountyNumber(7), window, result: findings.hash(), probe };
    FindingBody { message, signature: sign(message.digest(&DOMAIN), &key(signer)).unwrap(), findings }
}
