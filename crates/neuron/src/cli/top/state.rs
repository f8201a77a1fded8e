//! What is shown, and what keys do to it, apart from any terminal.

use std::collections::VecDeque;

use node::{
    logging::recent::Line,
    vitals::state::{Group, State},
};

use crate::cli::names::Names;

/// Lines of a log that are kept.
pub const LINES_MAX: usize = 200;
/// Of a recording, so many steps lead from one end to the other.
const LEAPS: usize = 10;

/// A node at a moment, and what its log said since the moment before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    pub state: State,
    pub events: Vec<Line>,
}

/// What somebody presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Quit,
    NextGroup,
    LastGroup,
    Back,
    Forward,
    LeapBack,
    LeapForward,
    First,
    Last,
    Play,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    GoOn,
    Quit,
}

/// A recording, and how far it is played.
#[derive(Debug)]
pub struct Reel {
    moments: Vec<Seen>,
    at: usize,
    is_playing: bool,
}

impl Reel {
    /// The moment that is shown, from 1 on.
    pub fn place(&self) -> usize {
        self.at.saturating_add(1)
    }

    /// How many there are.
    pub fn length(&self) -> usize {
        self.moments.len()
    }

    pub fn is_playing(&self) -> bool {
        self.is_playing
    }

    fn last(&self) -> usize {
        self.moments.len().saturating_sub(1)
    }

    fn leap(&self) -> usize {
        (self.moments.len() / LEAPS).max(1)
    }

    fn go(&mut self, at: usize) {
        self.at = at.min(self.last());
    }

    fn press(&mut self, key: Key) {
        let leap = self.leap();
        match key {
            Key::Back => self.go(self.at.saturating_sub(1)),
            Key::Forward => self.go(self.at.saturating_add(1)),
            Key::LeapBack => self.go(self.at.saturating_sub(leap)),
            Key::LeapForward => self.go(self.at.saturating_add(leap)),
            Key::First => self.go(0),
            Key::Last => self.go(usize::MAX),
            Key::Play if self.is_playing => self.is_playing = false,
            // At its end it begins anew.
            Key::Play => (self.is_playing, self.at) = (true, if self.at == self.last() { 0 } else { self.at }),
            Key::Quit | Key::NextGroup | Key::LastGroup => {}
        }
    }

    fn lines(&self) -> VecDeque<Line> {
        let mut lines = VecDeque::new();
        for line in self.moments.iter().take(self.place()).rev().flat_map(|seen| seen.events.iter().rev()).take(LINES_MAX) {
            lines.push_front(line.clone());
        }
        lines
    }
}

/// See the module.
#[derive(Debug)]
pub struct Top {
    from: String,
    state: Option<Box<State>>,
    lines: VecDeque<Line>,
    trouble: Option<String>,
    group: usize,
    reel: Option<Reel>,
    names: Names,
}

impl Top {
    /// Of a node at an address.
    pub fn live(from: &str) -> Self {
        Self { from: from.to_owned(), state: None, lines: VecDeque::new(), trouble: None, group: 0, reel: None, names: Names::default() }
    }

    /// Of a recording.
    pub fn replay(from: &str, moments: Vec<Seen>) -> Self {
        let mut top = Self { reel: Some(Reel { moments, at: 0, is_playing: false }), ..Self::live(from) };
        top.rewound();
        top
    }

    /// With names of accounts and groups.
    pub fn with(self, names: Names) -> Self {
        Self { names, ..self }
    }

    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Takes what a node says now.
    pub fn see(&mut self, seen: Seen) {
        self.state = Some(Box::new(seen.state));
        self.trouble = None;
        self.lines.extend(seen.events);
        let excess = self.lines.len().saturating_sub(LINES_MAX);
        self.lines.drain(..excess);
        self.hold_group();
    }

    /// Takes why it says nothing; what it said last stays.
    pub fn miss(&mut self, why: String) {
        self.trouble = Some(why);
    }

    /// A moment has passed.
    pub fn tick(&mut self) {
        let Some(reel) = self.reel.as_mut().filter(|reel| reel.is_playing) else { return };
        reel.press(Key::Forward);
        reel.is_playing = reel.at < reel.last();
        self.rewound();
    }

    /// Does what a key asks for.
    pub fn press(&mut self, key: Key) -> Action {
        let groups = self.groups().len().max(1);
        match key {
            Key::Quit => return Action::Quit,
            Key::NextGroup => self.group = (self.group + 1) % groups,
            Key::LastGroup => self.group = (self.group + groups - 1) % groups,
            key => {
                if let Some(reel) = &mut self.reel {
                    reel.press(key);
                    self.rewound();
                }
            }
        }
        Action::GoOn
    }

    /// Shows the moment at which the recording stands.
    fn rewound(&mut self) {
        let Some(reel) = &self.reel else { return };
        self.state = reel.moments.get(reel.at).map(|seen| Box::new(seen.state.clone()));
        self.lines = reel.lines();
        self.hold_group();
    }

    /// A node that was started anew may serve fewer groups.
    fn hold_group(&mut self) {
        self.group = self.group.min(self.groups().len().saturating_sub(1));
    }

    /// Where it comes from.
    pub fn from(&self) -> &str {
        &self.from
    }

    pub fn state(&self) -> Option<&State> {
        self.state.as_deref()
    }

    pub fn groups(&self) -> &[Group] {
        self.state.as_ref().map_or(&[], |state| &state.groups)
    }

    /// Which of the groups is shown.
    pub fn chosen(&self) -> usize {
        self.group
    }

    pub fn group(&self) -> Option<&Group> {
        self.groups().get(self.group)
    }

    /// The newest lines of its log, the oldest first.
    pub fn newest(&self, count: usize) -> impl Iterator<Item = &Line> {
        self.lines.iter().skip(self.lines.len().saturating_sub(count))
    }

    /// Why nothing new is seen.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    pub fn reel(&self) -> Option<&Reel> {
        self.reel.as_ref()
    }
}
