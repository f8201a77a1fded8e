//! A round from its seals to what becomes of the deposits.

use std::cmp::Reverse;

use protocol::{
    Wei,
    rules::{self, Commit, Settlement, Standing},
};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::{
    exam::Exam,
    seal::{Seal, Status},
    trainer::{Craft, FALSE_LOSS, Feeds, Trainer},
};

/// How a round ended; claims by their place in the order in which they are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Won(usize),
    Lost,
    Void,
}

/// REVEAL: the draw measures what was sealed; what passes is revealed; who climbs a ladder sees the others first; all else is conceded
/// if there is a claim to concede to.
pub fn reveal(seals: &mut [Seal], trainers: &[Trainer], exam: &Exam<'_>, chance: &mut ChaCha8Rng) {
    let commits = seals.len() as u64;
    measure(seals, exam, chance);
    for seal in seals.iter_mut().filter(|seal| !is_ladder(&trainers[seal.trainer])) {
        if seal.is_false || exam.passes(seal.measured, commits) {
            seal.status = Status::Revealed;
        }
    }
    for (place, _) in trainers.iter().enumerate().filter(|(_, trainer)| is_ladder(trainer)) {
        climb(seals, place, exam);
    }
    if seals.iter().any(Seal::is_revealed) {
        let closed = seals.iter_mut().filter(|seal| !seal.is_revealed());
        closed.zip(1..).for_each(|(seal, order)| seal.status = Status::Conceded(order));
    }
}

/// Seals of a trainer stand one behind the other, and share their luck.
fn measure(seals: &mut [Seal], exam: &Exam<'_>, chance: &mut ChaCha8Rng) {
    for seals in seals.chunk_by_mut(|one, other| one.trainer == other.trainer) {
        let luck = StandardNormal.sample(chance);
        seals.iter_mut().for_each(|seal| seal.measured = exam.measure(seal.file, luck, chance));
    }
}

fn is_ladder(trainer: &Trainer) -> bool {
    matches!(trainer.craft, Craft::Leader { feeds: Feeds::Ladder, .. })
}

/// Reveals the least of a trainer's files that ranks before all claims that stand, else the best that passes.
fn climb(seals: &mut [Seal], trainer: usize, exam: &Exam<'_>) {
    let commits = seals.len() as u64;
    let standing = order(seals, exam).first().map(|place| rank(seals, *place, exam));
    let of_trainer = (0..seals.len()).filter(|place| seals[*place].trainer == trainer);
    let passing: Vec<_> = of_trainer.filter(|place| exam.passes(seals[*place].measured, commits)).collect();
    let wins = |place: &&usize| standing.is_none_or(|standing| rank(seals, **place, exam) < standing);
    let least = passing.iter().filter(wins).max_by_key(|place| rank(seals, **place, exam));
    let best = passing.iter().min_by_key(|place| rank(seals, **place, exam));
    if let Some(place) = least.or(best).copied() {
        seals[place].status = Status::Revealed;
    }
}

/// The order in which a claim is judged, least first.
fn rank(seals: &[Seal], place: usize, exam: &Exam<'_>) -> (u32, u64) {
    let seal = &seals[place];
    let claimed = if seal.is_false { exam.part(FALSE_LOSS) } else { exam.loss(seal.measured) };
    rules::rank_key(exam.base(), claimed, place as u64 + 1)
}

/// Places of the revealed claims, in the order in which they are judged.
pub fn order(seals: &[Seal], exam: &Exam<'_>) -> Vec<usize> {
    let mut claims: Vec<_> = (0..seals.len()).filter(|place| seals[*place].is_revealed()).collect();
    claims.sort_unstable_by_key(|place| rank(seals, *place, exam));
    claims
}

/// The best gain that anybody but `trainer` showed, nats.
pub fn best_of_others(seals: &[Seal], trainer: usize) -> f64 {
    let shown = seals.iter().filter(|seal| seal.is_revealed() && !seal.is_false && seal.trainer != trainer);
    shown.map(|seal| seal.measured.gain).fold(0.0, f64::max)
}

/// What becomes of each deposit. `claims` as [`order`] gives them; a concession loses `conceding` times what it does by the rule; a
/// decision that was struck counts as none.
pub fn settle(seals: &[Seal], claims: &[usize], decision: Decision, deposit: Wei, conceding: u64) -> Vec<Settlement> {
    let standing = |place| match (decision, claims.iter().position(|claim| *claim == place)) {
        (Decision::Void, _) | (_, None) => Standing::Open,
        (Decision::Lost, _) => Standing::Lost,
        (Decision::Won(won), Some(rank)) => match rank.cmp(&won) {
            std::cmp::Ordering::Less => Standing::Ahead,
            std::cmp::Ordering::Equal => Standing::First,
            std::cmp::Ordering::Greater => Standing::Behind,
        },
    };
    let commit = |(place, seal): (usize, &Seal)| match seal.status {
        Status::Sealed => Commit::Unopened { is_shown: !claims.is_empty() },
        Status::Conceded(order) => Commit::Conceded { order: order.saturating_mul(conceding) },
        Status::Revealed => Commit::Revealed(standing(place)),
    };
    seals.iter().enumerate().map(|seal| rules::settle(deposit, commit(seal))).collect()
}

/// The option with the most stake in `tallies`; of equals the earlier one, none if nobody signed.
pub fn heaviest(tallies: &[Wei]) -> Option<usize> {
    let signed = (0..tallies.len()).filter(|option| !tallies[*option].is_zero());
    signed.min_by_key(|option| (Reverse(tallies[*option]), *option))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::exam::File;
    use crate::terms::Terms;

    fn revealed(trainer: usize) -> Seal {
        Seal { status: Status::Revealed, ..Seal::new(trainer, File::default()) }
    }

    #[test]
    fn deposits_of_a_won_round_come_back_as_the_protocol_says() {
        let conceded = |order| Seal { status: Status::Conceded(order), ..Seal::new(3, File::default()) };
        let seals = [revealed(0), revealed(1), revealed(2), conceded(1), conceded(2), Seal::new(4, File::default())];
        let settled = settle(&seals, &[1, 0, 2], Decision::Won(1), Wei(1600), 1);
        let back: Vec<_> = settled.iter().map(|settled| settled.refunded.0 + settled.kept.0).collect();
        assert_eq!(back, [1600, 0, 1500, 1500, 1400, 0]);
        let dearer = settle(&seals, &[1, 0, 2], Decision::Won(1), Wei(1600), 4);
        assert_eq!([dearer[3].refunded, dearer[4].refunded], [Wei(1200), Wei(800)]);
    }

    /// Places of what is revealed where a rival gains so many nats and a ladder has rungs of 0.01, 0.05 and 0.2.
    fn revealed_beside(rival: f64) -> Vec<usize> {
        let (terms, mut chance) = (Terms::default(), ChaCha8Rng::seed_from_u64(1));
        let leader = Craft::Leader { feeds: Feeds::Ladder, every: 1 };
        let trainers = [Craft::Honest, leader].map(|craft| Trainer::new(craft, 1.0, 0.0));
        let mut seals = [(0, rival), (1, 0.01), (1, 0.05), (1, 0.2)].map(|(trainer, gain)| Seal::new(trainer, File::trained(gain)));
        reveal(&mut seals, &trainers, &Exam::new(&terms, 2.0), &mut chance);
        (0..seals.len()).filter(|place| seals[*place].is_revealed()).collect()
    }

    #[test]
    fn a_ladder_reveals_the_least_rung_that_wins() {
        assert_eq!([0.0, 0.02, 0.1].map(revealed_beside), [vec![1], vec![0, 2], vec![0, 3]]);
    }

    #[test]
    fn a_void_round_takes_a_sixteenth_and_a_lost_one_all() {
        let seals = [revealed(0), revealed(1)];
        let back = |decision| settle(&seals, &[0, 1], decision, Wei(16), 1)[0].refunded;
        assert_eq!((back(Decision::Void), back(Decision::Lost)), (Wei(15), Wei::ZERO));
    }
}
