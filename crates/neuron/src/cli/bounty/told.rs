//! Bounties in words: where one stands, what was found, who was paid, and what comes next and when.

use std::collections::{BTreeMap, btree_map::Entry};

use anyhow::Result;
use governance::Network;
use node::network_file::moment;
use protocol::{
    BountyNumber, GroupId, RoundNumber, Wei,
    bounty::{Bounty, BountyStatus, Calendar, Term, WINDOWS},
    chain::{ChainEvent, GroupView},
};

use serde_json::{Value, json};

use super::events::{bounty_of, found, of_payment};

/// A third of the stake fetches a set in this part of an epoch, or in so many seconds.
const ROOM_PART: u64 = 8;
const ROOM_S: u64 = 3_600;

/// A bounty and what its dates are counted by.
pub struct Dated {
    pub number: BountyNumber,
    pub bounty: Bounty,
    calendar: Calendar,
    maturity_s: u64,
}

/// Where a bounty stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Its term runs.
    Sealed,
    Closed,
    /// Not opened, and it is too late for that.
    Late,
    Opened,
    Undecided,
    Measured,
    Failed,
    /// Everything was paid.
    Over,
}

/// The bounties of the network, or of one group.
pub async fn all(network: &Network, group: Option<GroupId>) -> Result<Vec<Dated>> {
    let (mut all, mut views) = (Vec::new(), BTreeMap::new());
    for number in (1..=network.bounties().await?).map(BountyNumber) {
        let bounty = network.bounty(number).await?;
        if group.is_some_and(|group| group != bounty.group) {
            continue;
        }
        let view = match views.entry(bounty.group) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(network.view(bounty.group).await?),
        };
        all.push(Dated::new(number, bounty, view));
    }
    Ok(all)
}

impl Dated {
    fn new(number: BountyNumber, bounty: Bounty, view: &GroupView) -> Self {
        Self { number, bounty, calendar: view.into(), maturity_s: view.maturity_s }
    }

    /// A bounty as it stands now.
    pub async fn read(network: &Network, number: BountyNumber) -> Result<Self> {
        let bounty = network.bounty(number).await?;
        Ok(Self::new(number, bounty, &network.view(bounty.group).await?))
    }

    /// From then on the set can be opened.
    pub fn end_s(&self) -> u64 {
        self.bounty.term().end_s(self.calendar)
    }

    /// From then on it cannot.
    pub fn late_s(&self) -> u64 {
        self.bounty.term().middle_s(WINDOWS - 1, self.calendar)
    }

    /// First second of a window.
    pub fn window_s(&self, window: u64) -> u64 {
        self.bounty.term().window_start_s(window, self.calendar)
    }

    /// Before then more than a third of awake stake must hold an opened set.
    pub fn held_until_s(&self) -> u64 {
        self.bounty.term().middle_s(self.measured_in(), self.calendar)
    }

    /// The window in which an opened set is measured first.
    fn measured_in(&self) -> u64 {
        self.bounty.term().measured_in(self.bounty.unsealed_at_s, self.calendar).unwrap_or(WINDOWS - 1)
    }

    /// The middle of a window, if a set that is opened now should rather wait for it: too few might hold it by then, and the next
    /// window is as good. Of the last one there is no next.
    pub fn better_from_s(&self, now_s: u64) -> Option<u64> {
        let window = self.bounty.term().measured_in(now_s, self.calendar).filter(|window| window + 1 < WINDOWS)?;
        let middle_s = self.bounty.term().middle_s(window, self.calendar);
        let room_s = (self.calendar.epoch_s / ROOM_PART).min(ROOM_S);
        (now_s.saturating_add(room_s) > middle_s).then_some(middle_s)
    }

    /// From then on a won round can be paid.
    pub fn mature_s(&self, round: RoundNumber) -> u64 {
        Term { first: round, last: round, windows: 0 }.end_s(self.calendar).saturating_add(self.maturity_s)
    }

    /// From then on the rest can go back to the sponsor.
    pub fn settled_from_s(&self) -> u64 {
        self.mature_s(self.bounty.last).max(self.window_s(WINDOWS))
    }

    fn state(&self, now_s: u64) -> State {
        match (self.bounty.status, self.bounty.file.is_zero()) {
            _ if self.bounty.settled && self.bounty.left.is_zero() => State::Over,
            (BountyStatus::Measured, _) => State::Measured,
            (BountyStatus::Failed, _) => State::Failed,
            _ if now_s >= self.window_s(WINDOWS) => State::Undecided,
            (BountyStatus::Locked, false) => State::Opened,
            _ if now_s >= self.late_s() => State::Late,
            _ if now_s >= self.end_s() => State::Closed,
            _ => State::Sealed,
        }
    }

    /// In one line.
    pub fn brief(&self, now_s: u64) -> String {
        let Bounty { group, amount, target, first, last, .. } = self.bounty;
        let (number, amount, state) = (self.number, amount.to_nrn(), self.state(now_s).words());
        format!("bounty {number}  group {group}, {amount} NRN for {target} nats, rounds {first} to {last}: {state}")
    }

    /// What somebody can do, and when.
    pub fn next(&self, now_s: u64) -> String {
        let (number, settled_from) = (self.number, moment(self.settled_from_s()));
        match self.state(now_s) {
            State::Sealed | State::Closed => format!(
                "the sponsor opens it from {} on and before {}, or loses everything: `neuron bounty open {number} --hidden FILE`",
                moment(self.end_s()),
                moment(self.late_s())
            ),
            State::Late => format!(
                "validators can say until {} that the sponsor has failed; from {settled_from} on `neuron bounty settle {number}`",
                moment(self.window_s(WINDOWS))
            ),
            State::Opened => format!(
                "validators measure it from {} on; if they have not decided by {}, {}",
                moment(self.window_s(self.measured_in())),
                moment(self.window_s(WINDOWS)),
                self.undecided()
            ),
            State::Undecided => self.undecided(),
            State::Measured | State::Failed => format!(
                "`neuron bounty settle {number}` pays won rounds that are mature, validators from {} on, and the sponsor from \
                 {settled_from} on",
                moment(self.window_s(self.bounty.window + 1))
            ),
            State::Over => "nothing is left to do".to_owned(),
        }
    }

    /// What becomes of it without a decision.
    fn undecided(&self) -> String {
        let (back, burned) = self.bounty.prize().undecided(!self.bounty.file.is_zero());
        let (number, from) = (self.number, moment(self.settled_from_s()));
        format!("from {from} on `neuron bounty settle {number}` sends {} NRN back and burns {}", back.to_nrn(), burned.to_nrn())
    }

    /// Everything about it, after the events of its group.
    pub fn lines(&self, events: &[ChainEvent], now_s: u64) -> Vec<String> {
        let Bounty { group, sponsor, amount, bond, left, count, root, target, .. } = self.bounty;
        let mut lines = vec![
            format!("bounty {} of group {group}: {}", self.number, self.state(now_s).words()),
            format!("  sponsor   {sponsor}"),
            format!("  locked    {} NRN and a bond of {}; {} NRN are left", amount.to_nrn(), bond.to_nrn(), left.to_nrn()),
            format!("  target    {target} nats lower earn all of three quarters"),
            format!("  hidden    {count} examples, root {root}"),
        ];
        if !self.bounty.file.is_zero() {
            lines.push(format!("  opened    {}, {}", moment(self.bounty.unsealed_at_s), self.bounty.file));
        }
        lines.extend(of_term(&self.bounty.term(), self.calendar).iter().map(|line| format!("  {line}")));
        lines.extend(self.of_findings(events).iter().map(|line| format!("  found     {line}")));
        let of_this = |event: &&ChainEvent| bounty_of(event) == Some(self.number);
        lines.extend(events.iter().filter(of_this).filter_map(of_payment).map(|line| format!("  paid      {line}")));
        lines.push(format!("  next      {}", self.next(now_s)));
        lines
    }

    /// For programs.
    pub fn data(&self, now_s: u64) -> Value {
        let bounty = &self.bounty;
        json!({
            "bounty": self.number, "group": bounty.group, "state": self.state(now_s).words(), "sponsor": bounty.sponsor,
            "amount_wei": bounty.amount, "bond_wei": bounty.bond, "left_wei": bounty.left, "target_micronats": bounty.target,
            "first_round": bounty.first, "last_round": bounty.last, "root": bounty.root, "file": bounty.file, "settled": bounty.settled,
            "next": self.next(now_s),
        })
    }

    fn of_findings(&self, events: &[ChainEvent]) -> Vec<String> {
        let Some(findings) = found(events, self.number) else {
            let nothing = self.bounty.settled.then(|| "nothing: too little stake agreed in any window".to_owned());
            return nothing.into_iter().chain(self.gathered(events)).collect();
        };
        let by = format!("by {} NRN in window {}", self.bounty.stake.to_nrn(), self.bounty.window + 1);
        if findings.failed {
            let why = match self.bounty.file.is_zero() {
                true => "the set was not opened in time",
                false => "the set was not held in time, is not what was sealed, or measures nothing",
            };
            return vec![format!("the sponsor has failed, {by}: {why}")];
        }
        let mut lines = vec![format!("hidden loss {} nats before the term, {by}", findings.base)];
        let earned = self.bounty.prize().payments(findings).rounds;
        lines.extend(findings.steps.iter().zip(earned).map(|(step, earned)| {
            let better = if step.better { "better" } else { "not better" };
            let (round, loss, won, earned) = (step.round, step.loss, step.won, earned.to_nrn());
            format!("round {round}: hidden loss {loss} nats, {better}; {earned} NRN for each of {won} won since the one before")
        }));
        let has_risen = findings.steps.last().is_some_and(|last| last.loss > findings.base);
        lines.extend(has_risen.then(|| "hidden loss rose while training loss fell: the group is memorising, propose new data".to_owned()));
        lines
    }

    /// Stake behind each result, while none is decided.
    fn gathered(&self, events: &[ChainEvent]) -> Vec<String> {
        let mut stakes = BTreeMap::new();
        for event in events {
            if let ChainEvent::Found { bounty, window, result, stake, .. } = event
                && *bounty == self.number
            {
                let sum: &mut Wei = stakes.entry((*window, *result)).or_default();
                *sum = sum.saturating_add(*stake);
            }
        }
        let line = |((window, result), stake): ((u64, _), Wei)| format!("{} NRN in window {} for {result}", stake.to_nrn(), window + 1);
        stakes.into_iter().map(line).collect()
    }
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Sealed => "its term runs",
            Self::Closed => "its term is over, it waits to be opened",
            Self::Late => "it was not opened in time",
            Self::Opened => "opened, to be measured",
            Self::Undecided => "undecided",
            Self::Measured => "measured",
            Self::Failed => "the sponsor has failed",
            Self::Over => "over",
        }
    }
}

/// Rounds and dates of a term.
pub fn of_term(term: &Term, calendar: Calendar) -> [String; 3] {
    let start = Term { last: RoundNumber(term.first.0.saturating_sub(1)), ..*term };
    let window = |window| moment(term.window_start_s(window, calendar));
    [
        format!("term      rounds {} to {}, {} to {}", term.first, term.last, moment(start.end_s(calendar)), moment(term.end_s(calendar))),
        format!("windows   from {}, {} and {}, over on {}", window(0), window(1), window(2), window(WINDOWS)),
        format!("to open   from {} on and before {}", moment(term.end_s(calendar)), moment(term.middle_s(WINDOWS - 1, calendar))),
    ]
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use protocol::{
        Address, Digest, Micronats, PositionNumber,
        bounty::{Findings, Step},
    };

    pub const GROUP: GroupId = GroupId(1);
    pub const NUMBER: BountyNumber = BountyNumber(3);
    const SECOND: u64 = 1_000;

    fn findings() -> Findings {
        let step = |round, won, loss, better| Step { round: RoundNumber(round), won, loss: Micronats(loss), better };
        let steps = vec![step(10, 1, 250_000, true), step(11, 1, 260_000, false), step(13, 1, 200_000, true)];
        Findings { failed: false, base: Micronats(300_000), steps }
    }

    pub fn resolved() -> ChainEvent {
        let findings = findings();
        ChainEvent::Resolved { group: GROUP, bounty: NUMBER, window: 1, result: findings.hash(), findings }
    }

    /// Rounds 10 to 13 of 60 s from second 1000 on, epochs of 120 s: the term ends at 1840, windows begin at 1840, 1960, 2080.
    pub fn dated(window: u64, is_opened: bool) -> Dated {
        let is_decided = window > 0;
        let bounty = Bounty {
            sponsor: Address([2; 20]),
            group: GROUP,
            root: Digest([1; 32]),
            count: 300,
            target: Micronats(50_000),
            amount: Wei::nrn(80),
            bond: Wei::nrn(10),
            first: RoundNumber(10),
            last: RoundNumber(13),
            windows: 7,
            file: if is_opened { Digest([4; 32]) } else { Digest::ZERO },
            unsealed_at_s: if is_opened { SECOND + 850 } else { 0 },
            status: if is_decided { BountyStatus::Measured } else { BountyStatus::Locked },
            result: if is_decided { findings().hash() } else { Digest::ZERO },
            window,
            left: Wei::nrn(90),
            ..Bounty::default()
        };
        let calendar = Calendar { genesis_s: SECOND, length_s: 60, epoch_s: 120 };
        Dated { number: NUMBER, bounty, calendar, maturity_s: 120 }
    }

    #[test]
    fn who_would_open_just_before_the_middle_of_a_window_waits_for_it_but_not_in_the_last() {
        for (now_s, better_from_s) in [
            (1_840, None),
            (1_885, None),
            (1_886, Some(1_900)),
            (1_899, Some(1_900)),
            (1_900, None),
            (2_010, Some(2_020)),
            (2_020, None),
            (2_139, None),
            (2_140, None),
        ] {
            assert_eq!(dated(0, false).better_from_s(now_s), better_from_s, "{now_s}");
        }
    }

    #[test]
    fn a_bounty_says_at_every_time_where_it_stands_and_what_comes_next() {
        let (locked, opened, measured) = (dated(0, false), dated(0, true), dated(1, true));
        let failed = Dated { bounty: Bounty { status: BountyStatus::Failed, ..measured.bounty }, ..dated(1, true) };
        let over = Dated { bounty: Bounty { settled: true, left: Wei::ZERO, ..opened.bounty }, ..dated(0, true) };
        for (dated, now_s, state, next) in [
            (&locked, 1_839, State::Sealed, "opens it from 1970-01-01T00:30:40Z on and before 1970-01-01T00:35:40Z"),
            (&locked, 1_840, State::Closed, "`neuron bounty open 3 --hidden FILE`"),
            (&locked, 2_140, State::Late, "can say until 1970-01-01T00:36:40Z that the sponsor has failed"),
            (&locked, 2_200, State::Undecided, "from 1970-01-01T00:36:40Z on `neuron bounty settle 3` sends 0 NRN back and burns 90"),
            (&opened, 1_851, State::Opened, "measure it from 1970-01-01T00:30:40Z on"),
            (&opened, 2_200, State::Undecided, "sends 85 NRN back and burns 5"),
            (&measured, 1_999, State::Measured, "validators from 1970-01-01T00:34:40Z on, and the sponsor from 1970-01-01T00:36:40Z on"),
            (&failed, 1_999, State::Failed, "`neuron bounty settle 3`"),
            (&over, 3_000, State::Over, "nothing is left to do"),
        ] {
            assert_eq!(dated.state(now_s), state);
            assert!(dated.next(now_s).contains(next), "{state:?}: {}", dated.next(now_s));
        }
    }

    #[test]
    fn a_measured_bounty_tells_term_losses_payments_and_what_is_left() {
        let stake = Wei::nrn(7);
        let returned = ChainEvent::Returned { group: GROUP, bounty: NUMBER, amount: Wei::nrn(10), burned: Wei::ZERO };
        let other = ChainEvent::Returned { group: GROUP, bounty: BountyNumber(4), amount: Wei::nrn(11), burned: Wei::ZERO };
        let mut dated = dated(1, true);
        dated.bounty.stake = stake;
        let told = dated.lines(&[resolved(), returned, other], 2_200);
        let wanted = [
            "bounty 3 of group 1: measured",
            "  sponsor   0x0202020202020202020202020202020202020202",
            "  locked    80 NRN and a bond of 10; 90 NRN are left",
            "  target    0.050000 nats lower earn all of three quarters",
            &format!("  hidden    300 examples, root {}", Digest([1; 32])),
            &format!("  opened    1970-01-01T00:30:50Z, {}", Digest([4; 32])),
            "  term      rounds 10 to 13, 1970-01-01T00:26:40Z to 1970-01-01T00:30:40Z",
            "  windows   from 1970-01-01T00:30:40Z, 1970-01-01T00:32:40Z and 1970-01-01T00:34:40Z, over on 1970-01-01T00:36:40Z",
            "  to open   from 1970-01-01T00:30:40Z on and before 1970-01-01T00:35:40Z",
            "  found     hidden loss 0.300000 nats before the term, by 7 NRN in window 2",
            "  found     round 10: hidden loss 0.250000 nats, better; 63.333333333333333333 NRN for each of 1 won since the one before",
            "  found     round 11: hidden loss 0.260000 nats, not better; 3.333333333333333333 NRN for each of 1 won since the one before",
            "  found     round 13: hidden loss 0.200000 nats, better; 3.333333333333333333 NRN for each of 1 won since the one before",
            "  paid      sponsor: 10 NRN back, 0 NRN burned",
            &format!("  next      {}", dated.next(2_200)),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn stake_behind_results_is_told_until_one_is_decided() {
        let counted = |window, byte, nrn| {
            let (result, positions) = (Digest([byte; 32]), vec![PositionNumber(1)]);
            ChainEvent::Found { group: GROUP, bounty: NUMBER, window, result, stake: Wei::nrn(nrn), positions }
        };
        let told = dated(0, true).of_findings(&[counted(0, 5, 2), counted(0, 6, 1), counted(0, 5, 3)]);
        assert_eq!(told, [(5, 5), (1, 6)].map(|(nrn, byte)| format!("{nrn} NRN in window 1 for {}", Digest([byte; 32]))));
    }
}
