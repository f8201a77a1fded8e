//! Work in phases on several threads: a phase begins when all tasks of the one before are done.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Calls `work` with the number of each phase and of each task in it; `phases` tells how many tasks each has. Every thread takes
/// the next task that nobody has.
pub(super) fn in_phases(threads: usize, phases: &[usize], work: impl Fn(usize, usize) + Sync) {
    let threads = threads.min(phases.iter().copied().max().unwrap_or(0));
    let queue = Queue { phases, place: Mutex::default(), changed: Condvar::new() };
    let take = || {
        let mut task = queue.next(0);
        while let Some((phase, index)) = task {
            let unwinding = Unwinding(&queue);
            work(phase, index);
            std::mem::forget(unwinding);
            task = queue.next(1);
        }
    };
    thread::scope(|scope| {
        // A thread that cannot start costs time only: the others take its share.
        (1..threads).for_each(|_| drop(thread::Builder::new().spawn_scoped(scope, take)));
        take();
    });
}

/// Tasks that nobody has taken yet.
struct Queue<'a> {
    /// Tasks of each phase.
    phases: &'a [usize],
    /// Where all stand, under one lock: it is taken once a task.
    place: Mutex<Place>,
    /// A phase has ended, or a task has panicked.
    changed: Condvar,
}

/// Where the threads are.
#[derive(Default)]
struct Place {
    phase: usize,
    /// Tasks of the phase that were taken, and that are done.
    taken: usize,
    done: usize,
    /// A task panicked: nobody goes on.
    is_broken: bool,
}

impl Queue<'_> {
    /// Phase and number of the next task for a thread that has `finished` one, or none before its first.
    fn next(&self, finished: usize) -> Option<(usize, usize)> {
        let mut place = self.lock();
        place.done += finished;
        loop {
            let count = *self.phases.get(place.phase)?;
            if place.is_broken {
                return None;
            }
            if place.taken < count {
                place.taken += 1;
                return Some((place.phase, place.taken - 1));
            }
            if place.done == count {
                *place = Place { phase: place.phase + 1, ..Place::default() };
                self.changed.notify_all();
            } else {
                place = self.changed.wait(place).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// A poisoned place is used on: only counts are in it, and `is_broken` tells.
    fn lock(&self) -> MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the others, when a task panics, that nobody waits for its end.
struct Unwinding<'a>(&'a Queue<'a>);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        self.0.lock().is_broken = true;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn every_task_is_done_once_and_no_phase_begins_before_the_last_has_ended() {
        let phases = [3, 0, 17, 1, 40];
        for threads in [1, 2, 5] {
            let done: Vec<AtomicUsize> = phases.iter().map(|_| AtomicUsize::new(0)).collect();
            let times: Vec<Vec<AtomicUsize>> = phases.iter().map(|count| (0..*count).map(|_| AtomicUsize::new(0)).collect()).collect();
            in_phases(threads, &phases, |phase, task| {
                for (before, count) in phases.iter().enumerate().take(phase) {
                    assert_eq!(done[before].load(Ordering::SeqCst), *count);
                }
                times[phase][task].fetch_add(1, Ordering::SeqCst);
                done[phase].fetch_add(1, Ordering::SeqCst);
            });
            assert!(times.iter().flatten().all(|times| times.load(Ordering::SeqCst) == 1));
        }
        in_phases(2, &[], |_, _| panic!("there is no task"));
    }

    #[test]
    fn a_task_that_panics_ends_the_computation() {
        for threads in [1, 3] {
            let run = || in_phases(threads, &[4, 4], |phase, task| assert!((phase, task) != (0, 2), "this task fails"));
            assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
        }
    }
}
