//! One machine for the runs of several groups: one trains at a time, in the order in which they ask.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a run trains while another one waits.
const TURN: Duration = Duration::from_secs(1);

/// Runs that are under way take turns of a second: each has an equal share until the first of their rounds ends its TRAIN, and what
/// that one leaves goes to the others. Clones share it.
#[derive(Clone, Default)]
pub struct Turns(Arc<Queue>);

#[derive(Default)]
struct Queue {
    places: Mutex<Places>,
    called: Condvar,
}

/// As in a queue with numbers.
#[derive(Default)]
struct Places {
    /// The number that is drawn next.
    next: u64,
    /// The number whose turn it is.
    called: u64,
    /// Runs that are under way.
    runs: u32,
}

impl Turns {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run begins, and waits for its first turn.
    pub fn begin(&self) -> Turn {
        self.places().runs += 1;
        let mut turn = Turn { turns: self.clone(), since: Instant::now() };
        turn.wait();
        turn
    }
}

/// A run's turn; dropped, the run is over.
pub struct Turn {
    turns: Turns,
    since: Instant,
}

impl Turn {
    /// This run's part of a time in which all that are under way now go on.
    pub fn share(&self, time: Duration) -> Duration {
        time / self.turns.places().runs.max(1)
    }

    /// Lets others have their turns, if this one's time is over and any wait.
    pub fn pass(&mut self) {
        let places = self.turns.places();
        let is_wanted = places.next > places.called + 1;
        drop(places);
        if is_wanted && self.since.elapsed() >= TURN {
            self.end();
            self.wait();
        }
    }

    fn wait(&mut self) {
        let mut places = self.turns.places();
        let own = places.next;
        places.next += 1;
        while places.called != own {
            places = self.turns.0.called.wait(places).unwrap_or_else(PoisonError::into_inner);
        }
        drop(places);
        self.since = Instant::now();
    }

    fn end(&self) {
        self.turns.places().called += 1;
        self.turns.0.called.notify_all();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.places().runs -= 1;
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn one_trains_at_a_time_and_who_waits_has_the_next_turn() {
        let (turns, at_work) = (Turns::default(), AtomicU32::new(0));
        let order = Mutex::new(Vec::new());
        let until = Instant::now() + TURN * 5;
        thread::scope(|scope| {
            for run in 0..2 {
                let (turns, at_work, order) = (turns.clone(), &at_work, &order);
                scope.spawn(move || {
                    let mut turn = turns.begin();
                    while Instant::now() < until {
                        assert_eq!(at_work.fetch_add(1, Ordering::SeqCst), 0, "two at a time");
                        thread::sleep(Duration::from_millis(10));
                        at_work.fetch_sub(1, Ordering::SeqCst);
                        order.lock().expect("whole").push(run);
                        turn.pass();
                    }
                });
            }
        });
        let order = order.into_inner().expect("whole");
        let changes = order.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!((3..=6).contains(&changes), "turns of a second: {changes}");
    }

    #[test]
    fn alone_a_run_has_all_the_time_and_among_two_half_of_it() {
        let (turns, second) = (Turns::default(), Duration::from_secs(1));
        let first = turns.begin();
        assert_eq!(first.share(second), second);
        let other = thread::spawn({
            let turns = turns.clone();
            move || turns.begin().share(second)
        });
        while turns.places().runs < 2 {
            thread::yield_now();
        }
        assert_eq!(first.share(second), second / 2);
        drop(first);
        assert_eq!(other.join().expect("its turn"), second, "what is left");
    }
}
