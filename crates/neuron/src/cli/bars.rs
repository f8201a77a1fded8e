//! Bars for long work: on a terminal how much is done, how fast, and what time is left; in a pipe nothing.

use std::{
    io::{IsTerminal as _, stderr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use swarm::Progress;
use tokio::sync::watch;

use super::units::{size, span};

/// Work that is done sooner has no bar.
const SOON: Duration = Duration::from_millis(400);

/// In what work is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Bytes,
    /// By its name, of many.
    Each(&'static str),
}

/// Of one piece of work; dropped, it is gone from the terminal.
pub struct Bar {
    bar: ProgressBar,
    unit: Unit,
    begun: Mutex<Begun>,
}

/// When work was looked at first; what was done before took no time here.
#[derive(Clone, Copy, Debug)]
struct Begun {
    at: Instant,
    done: u64,
    total: u64,
}

impl Bar {
    /// On standard error, if that is a terminal.
    pub fn new(what: &str, unit: Unit) -> Self {
        Self::at(target(stderr().is_terminal()), what, unit)
    }

    fn at(target: ProgressDrawTarget, what: &str, unit: Unit) -> Self {
        let bar = ProgressBar::with_draw_target(Some(1), target).with_prefix(what.to_owned());
        // The template is a constant: it is right everywhere.
        if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:24} {msg}") {
            bar.set_style(style.progress_chars("█▓░"));
        }
        Self { bar, unit, begun: Mutex::new(Begun { at: Instant::now(), done: 0, total: u64::MAX }) }
    }

    /// So much is done, of so much; 0 as long as that is not known. Another sum is other work, which begins now.
    pub fn pass(&self, done: u64, total: u64) {
        let begun = self.begun(done, total);
        if total > 0 && done >= total {
            return self.bar.finish_and_clear();
        }
        let elapsed = begun.at.elapsed();
        if elapsed < SOON {
            return;
        }
        self.bar.set_length(total.max(1));
        self.bar.set_position(if total == 0 { 0 } else { done.min(total) });
        self.bar.set_message(words(self.unit, begun.done, (done, total), elapsed));
    }

    fn begun(&self, done: u64, total: u64) -> Begun {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if begun.total != total || done < begun.done {
            *begun = Begun { at: Instant::now(), done, total };
            self.bar.reset();
        }
        *begun
    }

    /// Follows a fetch to its end.
    pub async fn follow(self, mut watched: watch::Receiver<Progress>) {
        while watched.changed().await.is_ok() {
            let Progress { done_bytes, total_bytes } = *watched.borrow_and_update();
            self.pass(done_bytes, total_bytes);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn target(is_terminal: bool) -> ProgressDrawTarget {
    if is_terminal { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

/// Beside a bar: how much is done, how much in a second, and what time is left at that rate; `before` was done when it began.
fn words(unit: Unit, before: u64, (done, total): (u64, u64), elapsed: Duration) -> String {
    let amount = |number: u64| match unit {
        Unit::Bytes => size(number),
        Unit::Each(_) => number.to_string(),
    };
    let name = match unit {
        Unit::Bytes => String::new(),
        Unit::Each(name) => format!(" {name}"),
    };
    let of = if total == 0 { String::new() } else { format!(" of {}", amount(total)) };
    let told = format!("{}{of}{name}", amount(done));
    let (fresh, elapsed_ms) = (u128::from(done.saturating_sub(before)), elapsed.as_millis().max(1));
    if fresh == 0 {
        return told;
    }
    let rate = u64::try_from(fresh.saturating_mul(1_000) / elapsed_ms).unwrap_or(u64::MAX);
    let left = u128::from(total.saturating_sub(done)).saturating_mul(elapsed_ms) / fresh / 1_000;
    let left = if total == 0 { String::new() } else { format!(", {} left", span(u64::try_from(left).unwrap_or(u64::MAX))) };
    format!("{told}, {}/s{left}", amount(rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_a_bar_stand_amount_rate_and_time_left() {
        let blocks = Unit::Each("blocks");
        for (unit, before, done, total, elapsed_ms, wanted) in [
            (Unit::Bytes, 0, 0, 0, 1_000, "0 bytes"),
            (Unit::Bytes, 0, 0, 2_048, 1_000, "0 bytes of 2.0 KiB"),
            (Unit::Bytes, 0, 1_024, 3_072, 1_000, "1.0 KiB of 3.0 KiB, 1.0 KiB/s, 2 s left"),
            (Unit::Bytes, 1_024, 2_048, 3_072, 2_000, "2.0 KiB of 3.0 KiB, 512 bytes/s, 2 s left"),
            (Unit::Bytes, 0, 2_048, 0, 2_000, "2.0 KiB, 1.0 KiB/s"),
            (blocks, 0, 500, 1_000, 5_000, "500 of 1000 blocks, 100/s, 5 s left"),
            (blocks, 0, 1_000, 1_000, 5_000, "1000 of 1000 blocks, 200/s, 0 s left"),
            (blocks, 0, 1_200, 1_000, 5_000, "1200 of 1000 blocks, 240/s, 0 s left"),
            (blocks, 0, 1, 7_201, 1_000, "1 of 7201 blocks, 1/s, 2 h 0 min left"),
            (blocks, 5, 3, 10, 0, "3 of 10 blocks"),
            (blocks, 0, u64::MAX, u64::MAX, 0, "18446744073709551615 of 18446744073709551615 blocks, 18446744073709551615/s, 0 s left"),
        ] {
            assert_eq!(words(unit, before, (done, total), Duration::from_millis(elapsed_ms)), wanted);
        }
    }

    #[test]
    fn where_nobody_looks_nothing_is_drawn() {
        let hidden = Bar::at(target(false), "fetching", Unit::Bytes);
        [(1, 2), (2, 2), (0, 9), (9, 9)].into_iter().for_each(|(done, total)| hidden.pass(done, total));
        assert!(hidden.bar.is_hidden());
    }

    #[test]
    fn other_work_begins_with_what_is_done_of_it() {
        let bar = Bar::at(target(false), "fetching", Unit::Bytes);
        for (done, total, wanted) in [(3, 10, 3), (7, 10, 3), (10, 10, 3), (0, 20, 0), (5, 20, 0), (0, 0, 0), (4, 9, 4), (2, 9, 2)] {
            assert_eq!(bar.begun(done, total).done, wanted, "{done} of {total}");
        }
    }
}
