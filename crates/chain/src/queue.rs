//! What waits to be sent: the most urgent first, among equals in the order in which it came.

use std::time::Instant;

use crate::errand::Urgency;

/// See the module.
pub(crate) struct Queue<T> {
    /// In the order in which they came.
    waiting: Vec<Waiting<T>>,
}

struct Waiting<T> {
    urgency: Urgency,
    /// Not before; what was put off lets others go ahead.
    from: Instant,
    item: T,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { waiting: Vec::new() }
    }
}

impl<T> Queue<T> {
    pub(crate) fn push(&mut self, urgency: Urgency, from: Instant, item: T) {
        self.waiting.push(Waiting { urgency, from, item });
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// When the first one can go, if any waits.
    pub(crate) fn ready_at(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.from).min()
    }

    /// What goes now.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<T> {
        let ready = self.waiting.iter().enumerate().filter(|(_, waiting)| waiting.from <= now);
        let (place, _) = ready.min_by_key(|(_, waiting)| waiting.urgency)?;
        Some(self.waiting.remove(place).item)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use Urgency as U;

    #[test]
    fn reveals_go_before_settles_and_settles_before_what_has_time() {
        let now = Instant::now();
        for (came, goes) in [
            (vec![(U::Leisure, "collect"), (U::Settle, "settle"), (U::Phase, "reveal")], "reveal settle collect"),
            (vec![(U::Phase, "commit"), (U::Phase, "reveal")], "commit reveal"),
            (vec![(U::Settle, "one"), (U::Asked, "bond"), (U::Settle, "two"), (U::Phase, "judge")], "judge bond one two"),
            (vec![], ""),
        ] {
            let mut queue = Queue::default();
            came.into_iter().for_each(|(urgency, name)| queue.push(urgency, now, name));
            let went: Vec<_> = std::iter::from_fn(|| queue.pop(now)).collect();
            assert_eq!(went.join(" "), goes);
        }
    }

    #[test]
    fn what_was_put_off_lets_others_go_ahead() {
        let (now, later) = (Instant::now(), Instant::now() + Duration::from_secs(60));
        let mut queue = Queue::default();
        queue.push(U::Phase, later, "reveal");
        queue.push(U::Leisure, now, "collect");
        assert_eq!((queue.pop(now), queue.pop(now), queue.len()), (Some("collect"), None, 1));
        assert_eq!((queue.ready_at(), queue.pop(later)), (Some(later), Some("reveal")));
    }
}
