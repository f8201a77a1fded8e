//! One round of a trainer: train, commit, measure, reveal or concede. What it is owed afterwards is another matter.

use super::View;
use super::io::{Effect, Failed, Measured, Transaction};
use super::rivals::Rivals;
use super::sending::{Moment, Sending};
use super::states::{Base, Opened, Own, Place, State, Told};
use crate::chain::{Outcome, Phase, RevealedClaim};
use crate::ids::{Address, Digest, GroupId, RoundNumber};
use crate::rules::{highest_deposit, seal};

/// Trainings of one round at most that begin in it: another one for each change of the base.
pub const MAX_ATTEMPTS: u32 = 4;
/// Trainings at most that begin while the round before is judged.
pub const MAX_EARLY: u32 = 2;
/// Refusals after which a reveal is given up and conceded: an early concession costs little, an unopened seal all.
const MAX_REVEALS: u32 = 2;

/// Everything known of a round.
#[derive(Debug, Clone)]
pub(crate) struct Race {
    pub(super) number: RoundNumber,
    pub(super) state: State,
    sending: Sending,
    /// Files whose salts are on disk: only these were ever committed.
    files: Vec<Own>,
    pub(super) attempts: u32,
    /// Those of them, the first ones, that began before the round.
    early: u32,
    /// What the first commit fixed.
    pub(super) opened: Option<Opened>,
    /// Seals of all that stand on chain: the more, the higher the bar (PROTOCOL 12, Certainty).
    pub(super) commits: u64,
    /// Claims of others.
    pub rivals: Rivals,
    /// One's own, if it stands.
    pub(super) claim: Option<RevealedClaim>,
    pub(super) outcome: Outcome,
    /// The file that won it, and whose it is.
    pub(super) winner: Option<(Digest, Address)>,
    pub(super) trouble: Option<String>,
}

impl Race {
    /// `files` are those of it whose salts are on disk, the newest last.
    pub fn new(number: RoundNumber, files: Vec<Own>) -> Self {
        Self {
            number,
            state: files.last().map_or(State::Idle, |own| State::Remembered(None, *own)),
            sending: Sending::default(),
            files,
            attempts: 0,
            early: 0,
            opened: None,
            commits: 0,
            rivals: Rivals::default(),
            claim: None,
            outcome: Outcome::None,
            winner: None,
            trouble: None,
        }
    }

    /// Takes what the first commit fixed.
    pub fn opened(&mut self, opened: Opened) {
        self.opened = Some(opened);
    }

    /// Somebody's commit, with its place in the round, from 1.
    pub fn sealed(&mut self, place: u64) {
        self.commits = self.commits.max(place);
    }

    /// `file` and `winner` count if the round was won.
    pub fn decided(&mut self, outcome: Outcome, file: Digest, winner: Address) {
        self.outcome = outcome;
        self.winner = (outcome == Outcome::Won).then_some((file, winner));
    }

    /// Takes one thing told. What is late, comes twice or belongs to another attempt changes nothing.
    pub fn told(&mut self, told: Told<'_>) -> Vec<Effect> {
        use State as S;
        let mut effects = Vec::new();
        self.state = match (self.state, told) {
            (S::Over, _) => S::Over,
            // PROTOCOL 6, Commit, Reveal: what stands on chain counts more than what was asked for.
            (state, Told::Committed(stands, account, group)) if !state.is_committed() => {
                effects.extend(self.cancel());
                self.committed(stands, account, group)
            }
            (_, Told::Revealed(claim)) => self.stands(S::Revealed, Some(claim)),
            (_, Told::Conceded) => self.stands(S::Conceded, None),
            // PROTOCOL 15, A trainer in TRAIN: commits only what improves enough.
            (S::Training(base), Told::Trained { attempt, own, is_enough: true, .. }) if attempt == self.attempts => S::Trained(base, own),
            (S::Training(from), Told::Trained { attempt, base, loss, .. }) if attempt == self.attempts => {
                self.give_up(from, format!("trained from {base} to {loss} nats only: no commit"))
            }
            // PROTOCOL 15, A trainer in JUDGE: a run that began before the round was only a try.
            (S::Training(base), Told::TrainFailed { attempt, reason }) if attempt == self.attempts => match self.give_up(base, reason) {
                _ if attempt <= self.early => S::Idle,
                given_up => given_up,
            },
            // PROTOCOL 16, Commits: the salt is on disk before the seal goes out.
            (S::Remembering(base, own), Told::Remembered(Ok(()))) => self.remembered(base, own),
            (S::Remembering(base, _), Told::Remembered(Err(reason))) => self.give_up(base, reason),
            (S::Committing(base, own), Told::Sent { what: what @ Transaction::Commit, result, now_s }) => {
                if self.sent(what, result, now_s).is_ok() { S::Committing(base, own) } else { S::Remembered(base, own) }
            }
            // PROTOCOL 15, In REVEAL: what improves enough and is certain is revealed, what does not is conceded.
            (S::Measuring(own), Told::Measured { result, is_enough, now_s }) => self.measured(own, result, is_enough, now_s),
            (S::Worthy(own, measured, refused), Told::Sent { what: what @ Transaction::Reveal, result, now_s }) => {
                // PROTOCOL 15, In REVEAL: only who judges can refuse.
                let is_refused = self.sent(what, result, now_s).is_err_and(|failed| failed.is_refusal());
                S::Worthy(own, measured, refused + u32::from(is_refused))
            }
            (state @ (S::Useless(_) | S::Worthy(..)), Told::Sent { what: what @ Transaction::Concede, result, now_s }) => {
                let _ = self.sent(what, result, now_s);
                state
            }
            (S::Training(base), Told::Finish) => self.stop(base, &mut effects),
            (_, Told::Now(view)) => self.now(view, &mut effects),
            (state, _) => state,
        };
        effects
    }

    /// What to do now.
    fn now(&mut self, view: &View<'_>, effects: &mut Vec<Effect>) -> State {
        use State as S;
        let place = self.place(view);
        match (self.state, place) {
            (_, Place::After) => {
                effects.extend(self.end(view));
                S::Over
            }
            // PROTOCOL 15, A trainer in JUDGE: what came of another base than the round's is of no use.
            (
                S::Training(base) | S::Trained(base, _) | S::Remembered(Some(base), _) | S::GivenUp(base),
                Place::Ahead(now) | Place::Train(now),
            ) if base != now => {
                effects.extend(self.cancel());
                self.begin(view, place, now, effects)
            }
            (S::Idle, Place::Ahead(base) | Place::Train(base)) => self.begin(view, place, base, effects),
            // PROTOCOL 16, Commits: the salt is on disk before the seal goes out.
            (S::Trained(base, own), Place::Train(_)) => {
                let (round, (file, salt)) = (self.number, own);
                effects.push(Effect::Remember { round, file, salt });
                S::Remembering(base, own)
            }
            (S::Remembered(base, own) | S::Committing(base, own), Place::Train(_)) if self.goes(Transaction::Commit, view) => {
                effects.push(self.commit(own, view));
                S::Committing(base, own)
            }
            // PROTOCOL 15, A trainer in TRAIN: what does not end in time is of no use.
            (S::Training(base), Place::Reveal | Place::Judge) => self.stop(base, effects),
            // PROTOCOL 15, In REVEAL: what is known decides; at the last chance what is not known yet is conceded.
            (S::Sealed(_) | S::Measuring(_) | S::Worthy(..) | S::Useless(_), Place::Reveal) => self.show(view, effects),
            // PROTOCOL 15, A trainer in JUDGE: whose file will the next round start from?
            (state, Place::Judge) => {
                effects.extend(self.foresee(view));
                state
            }
            (state, _) => state,
        }
    }

    /// PROTOCOL 15, In REVEAL: whoever does not open a seal loses the deposit if anybody else opens one.
    fn show(&mut self, view: &View<'_>, effects: &mut Vec<Effect>) -> State {
        use State as S;
        let (state, is_late) = (self.state, self.moment(view).is_last_chance());
        match state {
            S::Sealed(own) | S::Measuring(own) if is_late && self.concedes(own, view, "it could not be measured in time", effects) => {
                S::Useless(own)
            }
            S::Sealed(own) if self.sending.is_ready(None, self.moment(view)) => match self.exam(own, view) {
                Some(measure) => {
                    effects.push(measure);
                    S::Measuring(own)
                }
                None => S::Sealed(own),
            },
            S::Worthy(own, measured, refused) if refused >= MAX_REVEALS || (refused > 0 && is_late) => {
                self.concedes(own, view, "it cannot be revealed", effects);
                S::Worthy(own, measured, refused)
            }
            S::Worthy(own, measured, refused) => {
                if self.goes(Transaction::Reveal, view) {
                    let (round, (file, salt)) = (self.number, own);
                    effects.extend([Effect::Have { round, file }, Effect::Reveal { round, salt, file, measured }]);
                }
                S::Worthy(own, measured, refused)
            }
            S::Useless(own) => {
                self.concedes(own, view, "it does not improve enough", effects);
                S::Useless(own)
            }
            state => state,
        }
    }

    fn place(&self, view: &View<'_>) -> Place {
        let (number, clock, is_wanted) = (self.number, &view.clock, view.is_wanted());
        match clock.phase {
            _ if number < clock.round => Place::After,
            _ if number > clock.round => {
                view.likely.filter(|_| is_wanted).map_or(Place::Aside, |file| Place::Ahead((file, view.group.head)))
            }
            Phase::Train if is_wanted => Place::Train(self.opened.map_or((view.group.checkpoint, view.group.head), |opened| opened.base)),
            Phase::Train => Place::Aside,
            Phase::Reveal => Place::Reveal,
            Phase::Judge => Place::Judge,
        }
    }

    fn moment(&self, view: &View<'_>) -> Moment {
        let (now_s, end_s) = (view.now.time_s, view.clock.phase_end_s);
        Moment { now_s, end_s, beat: view.beat }
    }

    fn goes(&mut self, what: Transaction, view: &View<'_>) -> bool {
        self.sending.goes(what, self.moment(view))
    }

    /// One run at a time. What is made must be committed in time for the next block after it.
    fn begin(&mut self, view: &View<'_>, place: Place, base: Base, effects: &mut Vec<Effect>) -> State {
        let is_ahead = matches!(place, Place::Ahead(_));
        let kept_s = view.beat.edge_s.saturating_add(view.config.commit_s.max(view.beat.spacing_s.saturating_mul(2)));
        let until_s = view.group.times.reveal_start_s(view.group.genesis_s, self.number).saturating_sub(kept_s);
        let is_left = if is_ahead { self.early < MAX_EARLY } else { self.attempts - self.early < MAX_ATTEMPTS };
        if view.now.time_s >= until_s || !is_left || !view.may_begin {
            return State::Idle;
        }
        self.attempts += 1;
        self.early += u32::from(is_ahead);
        let (round, attempt, starts, (base, head)) = (self.number, self.attempts, view.starts.clone(), base);
        effects.push(Effect::Train { round, attempt, base, head, starts, until_s });
        State::Training((base, head))
    }

    /// Ends the training that is under way.
    pub fn cancel(&self) -> Option<Effect> {
        matches!(self.state, State::Training(_)).then_some(Effect::Cancel { round: self.number })
    }

    fn stop(&mut self, base: Base, effects: &mut Vec<Effect>) -> State {
        effects.extend(self.cancel());
        self.give_up(base, "training did not end in time".to_owned())
    }

    fn give_up(&mut self, base: Base, reason: String) -> State {
        self.trouble = Some(reason);
        State::GivenUp(base)
    }

    fn remembered(&mut self, base: Base, own: Own) -> State {
        self.files.push(own);
        State::Remembered(Some(base), own)
    }

    /// The file whose salt went to disk last.
    pub fn newest(&self) -> Option<Own> {
        self.files.last().copied()
    }

    fn commit(&self, (file, salt): Own, view: &View<'_>) -> Effect {
        let seal = seal(view.group.id, self.number, file, view.config.account, salt);
        let max_deposit = self.opened.map_or_else(|| highest_deposit(view.group.least_deposit), |opened| opened.deposit);
        Effect::Commit { round: self.number, seal, max_deposit }
    }

    /// Any of the files that were ever to be committed may be the one that was.
    fn committed(&mut self, stands: Digest, account: Address, group: GroupId) -> State {
        self.sending.done();
        let fits = |(file, salt): &&Own| seal(group, self.number, *file, account, *salt) == stands;
        match self.files.iter().find(fits) {
            Some(own) => State::Sealed(*own),
            None => {
                self.trouble = Some("the file behind the seal is not known here: the deposit may be lost".to_owned());
                State::Lost
            }
        }
    }

    fn stands(&mut self, state: State, claim: Option<RevealedClaim>) -> State {
        self.sending.done();
        self.claim = claim;
        state
    }

    /// Fails only with what was still awaited.
    fn sent(&mut self, what: Transaction, result: Result<(), Failed>, now_s: u64) -> Result<(), Failed> {
        if !self.sending.answered(what, &result, now_s) {
            return Ok(());
        }
        result.inspect_err(|failed| self.trouble = Some(failed.clone().reason()))
    }

    /// Exact losses on the examples that the seed draws.
    fn exam(&self, (file, _): Own, view: &View<'_>) -> Option<Effect> {
        let ((base, head), seed) = (self.opened?.base, view.seed?);
        Some(Effect::Measure { round: self.number, base, file, head, seed, commits: self.commits })
    }

    fn measured(&mut self, own: Own, result: Result<Measured, String>, is_enough: bool, now_s: u64) -> State {
        match result {
            Ok(measured) if is_enough && measured.is_certain => State::Worthy(own, measured, 0),
            Ok(Measured { base, loss, .. }) => {
                self.trouble = Some(match is_enough {
                    false => format!("measured from {base} to {loss} nats only"),
                    true => format!("from {base} to {loss} nats may be luck with {} commits", self.commits),
                });
                State::Useless(own)
            }
            Err(reason) => {
                self.trouble = Some(reason);
                self.sending.failed(None, now_s);
                State::Sealed(own)
            }
        }
    }

    /// Without a rival the seal stays closed: if nobody reveals, that costs no more.
    fn concedes(&mut self, (file, salt): Own, view: &View<'_>, reason: &str, effects: &mut Vec<Effect>) -> bool {
        let Some(rival) = self.rivals.anybody() else { return false };
        let goes = self.goes(Transaction::Concede, view);
        if goes {
            self.trouble.get_or_insert_with(|| format!("conceded: {reason}"));
            effects.push(Effect::Concede { round: self.number, salt, file, rival });
        }
        goes
    }
}
