//! A group that plays its rounds: trainers seal, a draw decides what counts, validators sign, and the books are kept by the rules.

use std::cmp::Reverse;

use protocol::{
    Wei,
    rules::{self, Settlement},
};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{
    curve::{BEGUN, Curve},
    day::{Day, Ended},
    exam::Exam,
    gas::Gas,
    members::{Members, ratio},
    people::{Data, People},
    round::{self, Decision},
    seal::{Seal, Status},
    terms::{Pay, Prices, Terms},
    trainer::{Ground, Trainer},
    validator::Manner,
};

/// Weight of a round in what outsiders believe of the share of rounds that are won.
const NEWS: f64 = 1.0 / 168.0;
/// Nobody seals for a deposit of more rewards than these.
const DEAREST: u128 = 10;
/// Basis points that a slash takes, the most that it may.
const SLASH: u128 = 1000;
/// Epochs from an accusation to the end of the notice (docs/PROTOCOL.md, chapter 8).
const NOTICE: u64 = 2;

/// A group in the middle of its rounds; what is public may be changed between epochs.
#[derive(Debug, Clone)]
pub struct Group {
    pub terms: Terms,
    pub prices: Prices,
    pub people: People,
    pub data: Data,
    pub curve: Curve,
    /// Work in its checkpoint.
    pub work: f64,
    pub trainers: Vec<Trainer>,
    pub members: Members,
    pub ended: Ended,
    pub days: Vec<Day>,
    pub issued: Wei,
    /// Stake of other groups whose members come and go as those of this one do.
    pub alike: Wei,
    /// Rounds in which a true claim stood behind the winner's, and those in which it was of the same trainer.
    pub seconds: [u64; 2],
    pub round: u64,
    pub voids: u64,
    gas: Gas,
    chance: ChaCha8Rng,
    /// Epoch of the round that was opened last, whether it was decided, and whether anything was revealed in it.
    last: (u64, bool, bool),
    /// Share of rounds that are won, as outsiders believe.
    wins: f64,
    /// The last winners, newest last.
    winners: Vec<usize>,
    /// Commits of the round that was opened last.
    commits: u64,
    awake: Wei,
    reward: Wei,
}

impl Group {
    /// A group at its first round; the same seed plays the same rounds.
    pub fn new(terms: Terms, trainers: Vec<Trainer>, members: Members, gas: Gas, seed: u64) -> Self {
        let mut group = Self {
            terms,
            trainers,
            members,
            gas,
            chance: ChaCha8Rng::seed_from_u64(seed),
            prices: Prices::default(),
            people: People::default(),
            data: Data::default(),
            curve: Curve::default(),
            work: BEGUN,
            ended: Ended::default(),
            days: Vec::new(),
            issued: Wei::ZERO,
            alike: Wei::ZERO,
            seconds: [0; 2],
            round: 0,
            voids: 0,
            last: (0, true, true),
            wins: 1.0,
            winners: Vec::new(),
            commits: 1,
            awake: Wei::ZERO,
            reward: Wei::ZERO,
        };
        group.weigh();
        group
    }

    /// That of the running round, from 0.
    pub fn epoch(&self) -> u64 {
        self.round / self.terms.rounds_of_epoch()
    }

    /// Of its checkpoint, nats.
    pub fn loss(&self) -> f64 {
        self.curve.loss(self.work)
    }

    /// Plays so many epochs.
    pub fn play(&mut self, epochs: u64) {
        for _ in 0..epochs {
            for _ in 0..self.terms.rounds_of_epoch() {
                self.play_round();
                self.round += 1;
            }
            self.end_epoch();
        }
    }

    /// What counts in this epoch.
    fn weigh(&mut self) {
        self.awake = self.members.awake();
        if !self.alike.is_zero() {
            self.terms.elsewhere = self.alike.mul_div(self.awake.0, self.members.bonded().0);
        }
        self.reward = self.terms.reward(self.awake);
    }

    fn play_round(&mut self) {
        let profits: Vec<_> = self.trainers.iter().map(|trainer| trainer.ledger.profit(&self.prices)).collect();
        let deposit = self.deposit();
        let terms = self.terms.clone();
        let exam = Exam::new(&terms, self.loss());
        let mut seals = self.seal(&exam, deposit);
        if seals.is_empty() {
            self.close(Decision::Void, &[], 0);
        } else {
            self.voids = self.next_voids();
            self.commits = seals.len() as u64;
            round::reveal(&mut seals, &self.trainers, &exam, &mut self.chance);
            self.judge(&seals, &exam, deposit);
        }
        for (trainer, before) in self.trainers.iter_mut().zip(profits).filter(|(trainer, _)| trainer.is_in) {
            trainer.weigh(trainer.ledger.profit(&self.prices) - before);
        }
    }

    /// Voids as the next commit would find them.
    fn next_voids(&self) -> u64 {
        let (epoch, decided, revealed) = self.last;
        rules::next_voids(self.voids, decided, revealed, self.epoch() - epoch)
    }

    /// What a commit costs now.
    pub fn deposit(&self) -> Wei {
        rules::deposit(self.reward, self.terms.min_deposit, self.next_voids())
    }

    /// TRAIN: everybody who is in works; nobody seals where no verdict can come or a deposit is too dear.
    fn seal(&mut self, exam: &Exam<'_>, deposit: Wei) -> Vec<Seal> {
        let ground =
            Ground { round: self.round, curve: self.curve, work: self.work, base: self.loss(), commits: self.commits, exam: *exam };
        let mut seals = Vec::new();
        if self.awake.is_zero() || deposit.0 > self.reward.0.saturating_mul(DEAREST) {
            return seals;
        }
        let count = self.trainers.len().max(1);
        let first = self.chance.random_range(0..count);
        for place in (first..count).chain(0..first) {
            if let Some(trainer) = self.trainers.get_mut(place).filter(|trainer| trainer.is_in) {
                trainer.seal(place, &ground, &mut self.chance, &mut seals);
            }
        }
        seals
    }

    fn judge(&mut self, seals: &[Seal], exam: &Exam<'_>, deposit: Wei) {
        let claims = round::order(seals, exam);
        let is_false = |place: &usize| seals[*place].is_false;
        let first = claims.iter().position(|place| !is_false(place));
        let decision = match claims.is_empty() {
            true => Decision::Void,
            false => self.members.decide(claims.len(), first, claims.iter().position(is_false)),
        };
        let won = match decision {
            Decision::Won(won) => claims.get(won).copied(),
            _ => None,
        };
        let is_struck = won.as_ref().is_some_and(is_false) && self.acts(self.people.strike);
        self.pay_validators(decision, claims.len());
        let counted = if is_struck { Decision::Void } else { decision };
        let settled = round::settle(seals, &claims, counted, deposit, self.terms.trial.conceding);
        self.books(seals, &settled, deposit, won);
        self.see(seals);
        if let Some(place) = won.filter(|_| !is_struck) {
            self.win(seals, place, first.map(|first| &claims[first + 1..]).unwrap_or_default());
        }
        self.ended.falsely += u64::from(won.as_ref().is_some_and(is_false));
        self.ended.struck += u64::from(is_struck);
        self.last = (self.epoch(), decision != Decision::Void, !claims.is_empty());
        self.close(decision, &claims, first.map_or(claims.len(), |first| first + 1) + 1);
    }

    /// Whether a majority of all could act, and does.
    fn acts(&mut self, chance: f64) -> bool {
        let honest = self.members.all.iter().filter(|validator| validator.is_running && validator.manner == Manner::Checks);
        let honest: Wei = honest.map(|validator| validator.stake).sum();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share in millionths")]
        let turnout = (self.people.turnout * 1e6) as u128;
        let assents = honest.saturating_add(self.terms.elsewhere.mul_div(turnout, 1_000_000));
        let bonded = self.members.bonded().saturating_add(self.terms.elsewhere);
        assents > rules::needed_of_all(bonded, self.terms.supply) && self.chance.random_bool(chance)
    }

    fn pay_validators(&mut self, decision: Decision, claims: usize) {
        let option = match decision {
            Decision::Won(won) => won,
            Decision::Lost => claims,
            Decision::Void => return,
        };
        let paid = self.members.pay(option, self.terms.judged_for(self.reward), self.awake);
        if decision != Decision::Lost {
            self.issued = self.issued.saturating_add(paid);
        }
    }

    /// Deposits, and gas of commit, reveal or concession, and settling.
    fn books(&mut self, seals: &[Seal], settled: &[Settlement], deposit: Wei, won: Option<usize>) {
        for (place, (seal, settled)) in seals.iter().zip(settled).enumerate() {
            let back = settled.refunded.saturating_add(settled.kept);
            let gas = &self.gas;
            let commit = if place == 0 { gas.open } else { gas.commit };
            let opened = match seal.status {
                Status::Sealed => 0,
                Status::Revealed => gas.reveal,
                Status::Conceded(_) => gas.concede,
            };
            let closed = if won == Some(place) { gas.collect } else { gas.settle };
            let ledger = &mut self.trainers[seal.trainer].ledger;
            ledger.lose(deposit.saturating_sub(back));
            ledger.spend(self.prices.gas(commit + opened + closed));
        }
    }

    fn see(&mut self, seals: &[Seal]) {
        for (place, trainer) in self.trainers.iter_mut().enumerate() {
            trainer.see(round::best_of_others(seals, place));
        }
    }

    /// The winner's file becomes the base, and R is issued; `behind`: places of the claims after it.
    fn win(&mut self, seals: &[Seal], place: usize, behind: &[usize]) {
        let seal = &seals[place];
        self.work = self.curve.work(self.loss() - seal.file.gain);
        self.ended.worse += u64::from(seal.file.gain < 0.0);
        self.trainers[seal.trainer].won += 1;
        self.winners.push(seal.trainer);
        let reward = self.reward;
        let percent = |part: u8| reward.mul_div(part.into(), 100);
        let second = behind.first().map(|place| seals[*place].trainer);
        self.seconds[0] += u64::from(second.is_some());
        self.seconds[1] += u64::from(second == Some(seal.trainer));
        match (self.terms.trial.pay, second) {
            (Pay::LastFive, _) => {
                let newest = self.winners.len().saturating_sub(5);
                let last = self.winners.split_off(newest);
                last.iter().for_each(|trainer| self.issue(*trainer, Wei(self.reward.0 / 5)));
                self.winners = last;
            }
            (Pay::SecondOfIt(part), Some(second)) => {
                self.issue(second, percent(part));
                self.issue(seal.trainer, reward.saturating_sub(percent(part)));
            }
            (Pay::SecondOnTop(part), Some(second)) => {
                self.issue(second, percent(part));
                self.issue(seal.trainer, reward);
            }
            _ => self.issue(seal.trainer, reward),
        }
    }

    fn issue(&mut self, trainer: usize, amount: Wei) {
        self.trainers[trainer].ledger.earn(amount);
        self.issued = self.issued.saturating_add(amount);
    }

    /// Ends a round with so many models `measured` by who checks.
    fn close(&mut self, decision: Decision, claims: &[usize], measured: usize) {
        let is_decided = decision != Decision::Void;
        self.members.charge(measured, is_decided, &self.prices, &self.gas);
        if claims.is_empty() {
            self.members.idle();
        }
        let is_counted = !claims.is_empty() && (is_decided || self.members.is_shown());
        self.members.end_round(self.epoch(), is_counted);
        self.voids = if is_decided { 0 } else { self.voids };
        let won = matches!(decision, Decision::Won(_));
        self.wins += NEWS * (f64::from(u8::from(won)) - self.wins);
        let ended = &mut self.ended;
        *match decision {
            Decision::Won(_) => &mut ended.won,
            Decision::Lost => &mut ended.lost,
            Decision::Void if claims.is_empty() => &mut ended.empty,
            Decision::Void => &mut ended.void,
        } += 1;
    }

    /// People slash, data come, everybody reconsiders; then the next epoch begins.
    fn end_epoch(&mut self) {
        let slashed = self.slash();
        self.members.remember(slashed);
        self.refresh();
        self.members.review(&self.terms, &self.prices, &self.gas, &mut self.chance);
        self.review_trainers();
        let day = Day {
            ended: std::mem::take(&mut self.ended),
            loss: self.loss(),
            trainers: self.trainers.iter().filter(|trainer| trainer.is_in).count(),
            first: self.first(),
            checks: self.members.share(Manner::Checks),
            copies: self.members.share(Manner::Copies),
            lazy: self.members.share(Manner::Lazy),
            awake: self.awake,
        };
        self.days.push(day);
        self.members.begin(self.epoch());
        self.weigh();
    }

    /// Who won most of the epoch's rounds; of equals the first.
    fn first(&mut self) -> Option<usize> {
        let won = |(place, trainer): (usize, &Trainer)| (trainer.won - trainer.won_before, place);
        let first =
            self.trainers.iter().enumerate().map(won).filter(|(won, _)| *won > 0).min_by_key(|(won, place)| (Reverse(*won), *place));
        self.trainers.iter_mut().for_each(|trainer| trainer.won_before = trainer.won);
        first.map(|(_, place)| place)
    }

    /// Takes stake of those against whom something was shown for long enough; gives what it took for wrong probes.
    fn slash(&mut self) -> Wei {
        let (epoch, mut slashed) = (self.epoch(), Wei::ZERO);
        let seen = self.members.share(Manner::Checks) > 0.0 && self.ended.won + self.ended.lost > 0;
        let falsely = self.ended.falsely > 0;
        for place in 0..self.members.all.len() {
            let validator = &mut self.members.all[place];
            let shows = if validator.manner == Manner::Colludes { falsely } else { seen && !validator.manner.runs_models() };
            if validator.speaks() && shows {
                validator.accused.get_or_insert(epoch);
            }
            if validator.accused.is_some_and(|since| epoch >= since + NOTICE) && self.acts(self.people.slash) {
                let validator = &mut self.members.all[place];
                validator.accused = None;
                let taken = validator.slash(SLASH);
                slashed = slashed.saturating_add(if validator.manner == Manner::Colludes { Wei::ZERO } else { taken });
            }
        }
        slashed
    }

    /// New data may come with each period; then people look at the group again.
    fn refresh(&mut self) {
        if self.round.is_multiple_of(self.terms.rounds_of_period()) && self.chance.random_bool(self.data.chance) {
            let refreshed = |work: f64| self.curve.refreshed(work, self.data.nats);
            self.trainers.iter_mut().filter(|trainer| trainer.own > 0.0).for_each(|trainer| trainer.own = refreshed(trainer.own));
            self.work = refreshed(self.work);
            self.wins = self.wins.max(0.5);
        }
    }

    fn review_trainers(&mut self) {
        let inside = self.trainers.iter().filter(|trainer| trainer.is_in).count();
        #[expect(clippy::cast_precision_loss, reason = "trainers are few")]
        let share = self.wins * self.prices.dollars(self.reward) / (inside + 1) as f64;
        self.trainers.iter_mut().for_each(|trainer| trainer.review(share, &mut self.chance));
    }

    /// Share of awake in all that is bonded.
    pub fn awake_share(&self) -> f64 {
        ratio(self.members.awake(), self.members.bonded())
    }
}
