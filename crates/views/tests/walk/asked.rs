//! The contracts' functions, and views as they would encode them.
#![allow(clippy::too_many_arguments)]

use alloy::primitives::{B256, U256};
use alloy::sol;
use protocol::chain::{Outcome, Phase};
use protocol::ids::{Digest, RoundNumber};
use protocol::money::Wei;
use views::{Ballot, Bounty, BountyStatus, Claim, Delta, DeltaStatus, Group, Measure, Position, Round, Status, Totals};

use crate::world::eth;

sol!(
    #[sol(all_derives)]
    Neuron,
    "../../token/abi/Neuron.json"
);
sol!(
    #[sol(all_derives)]
    Emission,
    "../../token/abi/Emission.json"
);
sol!(
    #[sol(all_derives)]
    Sale,
    "../../token/abi/Sale.json"
);
sol!(
    #[sol(all_derives)]
    Purse,
    "../../token/abi/Purse.json"
);
sol!(
    #[sol(all_derives)]
    INetwork,
    "../../governance/abi/INetwork.json"
);

pub fn b256(digest: Digest) -> B256 {
    B256::new(digest.0)
}

pub fn u256(amount: Wei) -> U256 {
    U256::from(amount.0)
}

pub fn phase(phase: Phase) -> u8 {
    phase as u8
}

pub fn position(shown: Position) -> IStake::Position {
    IStake::Position {
        owner: eth(shown.owner),
        offered: eth(shown.offered),
        signer: eth(shown.signer),
        signerNext: eth(shown.signer_next),
        live: u256(shown.live),
        next: u256(shown.next),
        awake: shown.awake,
        awakeNext: shown.awake_next,
        wokenAt: U256::from(shown.woken_at),
        sleepsUntil: U256::from(shown.sleeps_until),
        dozed: U256::from(shown.dozed),
        earned: u256(shown.earned),
        exiting: u256(shown.exiting),
        exitAt: U256::from(shown.exit_at_s),
        exitingLater: u256(shown.exiting_later),
        exitAtLater: U256::from(shown.exit_at_later_s),
        forgivenUntil: U256::from(shown.forgiven_until_s),
        slashedIn: U256::from(shown.slashed_in),
        heirGroup: U256::from(shown.heir_group.0),
        heir: U256::from(shown.heir.0),
        moved: u256(shown.moved),
    }
}

pub fn totals(shown: Totals) -> IStake::Totals {
    IStake::Totals {
        bonded: u256(shown.bonded),
        bondedNext: u256(shown.bonded_next),
        awake: u256(shown.awake),
        awakeNext: u256(shown.awake_next),
    }
}

pub fn group(shown: &Group) -> IGroups::Group {
    let short = |number: u64| u32::try_from(number).expect("32 bits");
    let round = |index: usize| shown.recent.get(index).map_or(0, |round| short(round.0));
    IGroups::Group {
        manifest: b256(shown.manifest),
        checkpoint: b256(shown.checkpoint),
        head: b256(shown.head),
        name: b256(shown.name),
        train: short(shown.times.train_s),
        reveal: short(shown.times.reveal_s),
        judge: short(shown.times.judge_s),
        period: short(shown.period_s),
        improve: shown.improve,
        least: shown.least.0,
        admitted: shown.admitted,
        periodNumber: short(shown.period_number.0),
        periodEnd: alloy::primitives::Uint::from(shown.period_end_s),
        periodNext: short(shown.period_next_s),
        extended: short(shown.extended_s),
        voids: short(shown.voids),
        opened: alloy::primitives::Uint::from(shown.opened.map_or(0, |round| round.0 + 1)),
        proposals: short(shown.proposals),
        applied: short(shown.applied.0),
        counted: short(shown.counted),
        newest: round(0),
        second: round(1),
        parent: short(shown.parent.0),
        recent: recent(shown.recent.get(2..).unwrap_or_default()),
    }
}

/// 32 bits each, the latest lowest.
fn recent(rounds: &[RoundNumber]) -> U256 {
    rounds.iter().rev().fold(U256::ZERO, |word, round| (word << 32) | U256::from(round.0))
}

pub fn round(shown: Round) -> IRounds::Round {
    use alloy::primitives::Uint;
    IRounds::Round {
        checkpoint: b256(shown.checkpoint),
        winner: eth(shown.winner),
        reward: Uint::from(shown.reward.0),
        deposit: Uint::from(shown.deposit.0),
        awake: Uint::from(shown.awake.0),
        commits: Uint::from(shown.commits),
        reveals: Uint::from(shown.reveals),
        conceded: u16::try_from(shown.conceded).expect("16 bits"),
        judged: Uint::from(shown.judged.0),
        paid: Uint::from(shown.paid.0),
        charged: Uint::from(shown.charged),
        outcome: match shown.outcome {
            Outcome::None => 0,
            Outcome::Won => 1,
            Outcome::Lost => 2,
            Outcome::Struck => 3,
        },
        collected: shown.collected,
        attended: shown.attended,
    }
}

pub fn claim(shown: Claim) -> IRounds::Claim {
    IRounds::Claim {
        name: b256(shown.name),
        file: b256(shown.file),
        number: alloy::primitives::Uint::from(shown.number),
        base: shown.base.0,
        loss: shown.loss.0,
        concession: u16::try_from(shown.concession).expect("16 bits"),
        status: match shown.status {
            Status::None => 0,
            Status::Sealed => 1,
            Status::Revealed => 2,
            Status::Conceded => 3,
            Status::Settled => 4,
        },
    }
}

pub fn delta(shown: Delta) -> IDataset::Delta {
    use alloy::primitives::Uint;
    IDataset::Delta {
        digest: b256(shown.digest),
        parent: b256(shown.parent),
        author: eth(shown.author),
        bond: Uint::from(shown.bond.0),
        votes: Uint::from(shown.votes.0),
        reward: Uint::from(shown.reward.0),
        period: u32::try_from(shown.period.0).expect("32 bits"),
        standsAt: Uint::from(shown.stands_at_s),
        status: match shown.status {
            DeltaStatus::None => 0,
            DeltaStatus::Open => 1,
            DeltaStatus::Applied => 2,
            DeltaStatus::Dropped => 3,
            DeltaStatus::Taken => 4,
            DeltaStatus::Refunded => 5,
        },
        atRisk: Uint::from(shown.at_risk.0),
    }
}

pub fn ballot(shown: Ballot) -> IDataset::Counted {
    IDataset::Counted {
        position: U256::from(shown.position.0),
        delta: U256::from(shown.delta.0),
        weight: u256(shown.weight),
        seq: U256::from(shown.seq),
        byOwner: shown.by_owner,
    }
}

pub fn measure(shown: Measure) -> IMeasures::Measure {
    IMeasures::Measure {
        weight: u256(shown.weight),
        epoch: U256::from(shown.epoch),
        ripeAt: U256::from(shown.ripe_at),
        enacted: shown.enacted,
    }
}

pub fn bounty(shown: Bounty) -> IBounties::Bounty {
    use alloy::primitives::Uint;
    let gweis = |amount: Wei| u64::try_from(amount.0 / 1_000_000_000).expect("64 bits");
    IBounties::Bounty {
        sponsor: eth(shown.sponsor),
        group: u32::try_from(shown.group.0).expect("32 bits"),
        count: u32::try_from(shown.count).expect("32 bits"),
        target: shown.target.0,
        amount: Uint::from(shown.amount.0),
        bond: Uint::from(shown.bond.0),
        first: Uint::from(shown.first.0),
        last: Uint::from(shown.last.0),
        left: Uint::from(shown.left.0),
        stake: gweis(shown.stake),
        paid: gweis(shown.paid),
        unsealedAt: Uint::from(shown.unsealed_at_s),
        windows: Uint::from(shown.windows),
        window: u8::try_from(shown.window).expect("8 bits"),
        status: match shown.status {
            BountyStatus::Locked => 1,
            BountyStatus::Measured => 2,
            BountyStatus::Failed => 3,
        },
        settled: shown.settled,
        root: b256(shown.root),
        file: b256(shown.file),
        result: b256(shown.result),
    }
}
