//! The newest lines of the log, kept for whoever watches the node.

use std::{
    collections::VecDeque,
    fmt::{self, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

use crate::system;

/// Lines that are kept.
pub const LINES_MAX: usize = 200;
/// Bytes of a line; what is longer is cut.
const BYTES_MAX: usize = 1_000;

/// A line of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1 on, since the start of the program.
    pub number: u64,
    /// Second since 1970.
    pub at_s: u64,
    /// `ERROR`, `WARN`, `INFO`, `DEBUG` or `TRACE`.
    pub level: String,
    /// What happened, then its fields; strangers may have written parts of it.
    pub text: String,
}

/// As the log of a program is one for all of it, so are these.
static KEPT: Mutex<Kept> = Mutex::new(Kept::new());

struct Kept {
    written: u64,
    lines: VecDeque<Line>,
}

impl Kept {
    const fn new() -> Self {
        Self { written: 0, lines: VecDeque::new() }
    }

    fn keep(&mut self, level: &str, text: String) {
        self.written += 1;
        while self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { number: self.written, at_s: system::now_s(), level: level.to_owned(), text });
    }

    fn after(&self, number: u64) -> Vec<Line> {
        self.lines.iter().filter(|line| line.number > number).cloned().collect()
    }
}

fn kept() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Those lines that came after the one with this number, the oldest first.
pub fn after(number: u64) -> Vec<Line> {
    kept().after(number)
}

/// Keeps what is logged.
pub struct Recent;

impl<S: Subscriber> Layer<S> for Recent {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut words = Words::default();
        event.record(&mut words);
        let text = words.whole();
        kept().keep(event.metadata().level().as_str(), text);
    }
}

/// What an event says, then its fields.
#[derive(Default)]
struct Words {
    message: String,
    fields: String,
}

impl Words {
    fn whole(mut self) -> String {
        self.message.push_str(&self.fields);
        let end = (0..=BYTES_MAX.min(self.message.len())).rev().find(|end| self.message.is_char_boundary(*end));
        if self.message.len() > BYTES_MAX {
            self.message.truncate(end.unwrap_or_default());
            self.message.push('…');
        }
        self.message
    }
}

impl Visit for Words {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn of_many_lines_the_newest_are_kept_under_their_numbers() {
        let mut kept = Kept::new();
        (0..LINES_MAX + 3).for_each(|number| kept.keep("INFO", number.to_string()));
        let all = kept.after(0);
        assert_eq!((all.len(), all[0].number, all[0].text.as_str()), (LINES_MAX, 4, "3"));
        let newest = LINES_MAX as u64 + 3;
        for (after, count) in [(newest, 0), (newest - 1, 1), (u64::MAX, 0), (newest - 5, 5)] {
            assert_eq!(kept.after(after).len(), count, "after {after}");
        }
    }

    #[test]
    fn what_is_logged_is_kept_with_its_fields_and_cut_where_it_is_long() {
        let long = "é".repeat(BYTES_MAX);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(Recent), || {
            tracing::warn!(round = 7, who = "me", "a line to be found");
            tracing::info!("long to be found {long}");
        });
        let lines = after(0);
        let found = |words: &str| lines.iter().find(|line| line.text.contains(words)).cloned().expect(words);
        let (short, long) = (found("a line to be found"), found("long to be found"));
        assert_eq!((short.level.as_str(), short.text.as_str()), ("WARN", "a line to be found round=7 who=me"));
        assert!(long.text.len() <= BYTES_MAX + '…'.len_utf8() && long.text.ends_with('…'), "{}", long.text.len());
        assert!(short.at_s > 0 && short.number < long.number);
    }
}
