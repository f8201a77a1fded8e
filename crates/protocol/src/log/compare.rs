//! How two logs find out in which messages they differ: ranges of ids are compared by fingerprints, and split where they differ.
//!
//! One side asks, with a [`Comparison`]; the other answers and remembers nothing.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::ids::Ids;
use super::ranges::{CompareError, MAX_LISTED, MAX_RANGES, Range, Ranges, Said};
use crate::ids::Digest;

/// Questions of one comparison at most: more than two logs of a million messages need that have nothing in common.
pub const MAX_QUESTIONS: usize = 4096;
/// Messages named in one [`Difference`] at most that are here and not there; the next comparison names others.
pub const MAX_HERE: usize = 8192;

/// Ranges that differ are split into so many parts of equal size.
const PARTS: u64 = 16;
/// Where no more ids than this are in a range that differs, they are listed.
const FEW: u64 = 32;
/// As many are listed for whoever has few there.
const LISTED: u64 = 256;
/// Ranges asked about in one question; the rest of its room is for what is skipped between them.
const ASKED: usize = MAX_RANGES / 2 - 1;
/// How often a range may be split: with these parts even the largest log is at its ids long before.
const MAX_SPLITS: u8 = 20;
/// Ranges that wait to be asked about; what is beyond is found by the next comparison.
const MAX_WAITING: usize = 65_536;

/// A set of ids in short: equal summaries mean equal sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Summary {
    /// First 16 bytes of sha256(sum of the ids mod 2^256 ‖ u64be(count)).
    pub fingerprint: [u8; 16],
    /// How many ids.
    pub count: u64,
}

/// In what two logs differ, as far as one answer tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Messages that are here and not there, [`MAX_HERE`] at most.
    pub here: Vec<Digest>,
    /// Messages that are there and not here.
    pub there: Vec<Digest>,
}

/// The asking side of one comparison with one partner: [`Comparison::question`], the partner's answer, [`Comparison::hear`], and so on
/// until no question is left. Messages may come and go in between.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Ascending.
    waiting: VecDeque<Span>,
    /// What the last question was about, ascending.
    asked: VecDeque<Span>,
    questions: usize,
}

/// A range in which the two differ, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: Digest,
    until: Option<Digest>,
    /// How often it was split.
    splits: u8,
}

/// Whether the first end comes before the second one; none is the end of all ids.
fn is_before(one: Option<Digest>, other: Option<Digest>) -> bool {
    order(one, other) == Ordering::Less
}

fn order(one: Option<Digest>, other: Option<Digest>) -> Ordering {
    (one.is_none(), one).cmp(&(other.is_none(), other))
}

/// The least id with few bytes behind `last` that is no greater than `next`.
fn between(last: &Digest, next: &Digest) -> Digest {
    let equal = last.0.iter().zip(&next.0).take_while(|(one, other)| one == other).count();
    Digest(std::array::from_fn(|byte| if byte <= equal { next.0[byte] } else { 0 }))
}

impl Ids {
    /// Of all in short.
    pub(crate) fn summary(&self) -> Summary {
        Summary { fingerprint: self.total().fingerprint(), count: self.total().count }
    }

    /// What is said to a question, as far as one answer holds it: at least about its first range.
    pub(crate) fn answer(&self, question: &Ranges) -> Ranges {
        let mut answer = Ranges { start: question.start, ranges: Vec::new() };
        let mut from = Some(question.start);
        for range in &question.ranges {
            let Some(start) = from.filter(|_| answer.ranges.len() + PARTS as usize <= MAX_RANGES) else { break };
            let total = self.total_in(&start, range.until.as_ref());
            let few = match &range.said {
                Said::Short(fingerprint) if *fingerprint != total.fingerprint() => FEW,
                Said::List => LISTED,
                Said::Skip | Said::Short(_) | Said::Ids(_) => {
                    answer.push(range.until, Said::Skip);
                    from = range.until;
                    continue;
                }
            };
            if total.count > few {
                self.split(start, range.until, &mut answer);
            } else if answer.listed() + total.count as usize <= MAX_LISTED {
                answer.push(range.until, Said::Ids(self.range(&start, range.until).collect()));
            } else {
                break;
            }
            from = range.until;
        }
        answer
    }

    /// A range in parts of equal size, in short.
    fn split(&self, from: Digest, until: Option<Digest>, answer: &mut Ranges) {
        let (first, count) = (self.rank(&from), self.total_in(&from, until.as_ref()).count);
        let mut start = from;
        for part in 1..=PARTS {
            let place = first + count * part / PARTS;
            let inner = self.nth(place.saturating_sub(1)).zip(self.nth(place)).map(|(last, next)| between(&last, &next));
            let end = if part == PARTS { until } else { inner };
            answer.push(end, Said::Short(self.total_in(&start, end.as_ref()).fingerprint()));
            start = end.unwrap_or(start);
        }
    }
}

impl Default for Comparison {
    fn default() -> Self {
        let all = Span { from: Digest::ZERO, until: None, splits: 0 };
        Self { waiting: VecDeque::from([all]), asked: VecDeque::new(), questions: 0 }
    }
}

impl Comparison {
    /// What is to be asked next; nothing if the comparison is over.
    pub(crate) fn ask(&mut self, ids: &Ids) -> Option<Ranges> {
        self.give_up_question();
        let most = self.waiting.len().min(ASKED);
        self.asked = self.waiting.drain(..most).collect();
        self.questions += usize::from(!self.asked.is_empty());
        let mut question = Ranges { start: self.asked.front()?.from, ranges: Vec::new() };
        let mut end = Some(question.start);
        for span in &self.asked {
            if end != Some(span.from) {
                question.push(Some(span.from), Said::Skip);
            }
            let total = ids.total_in(&span.from, span.until.as_ref());
            let said = if total.count <= FEW { Said::List } else { Said::Short(total.fingerprint()) };
            question.push(span.until, said);
            end = span.until;
        }
        Some(question)
    }

    /// A question that was not answered is asked again.
    fn give_up_question(&mut self) {
        while let Some(span) = self.asked.pop_back() {
            self.waiting.push_front(span);
        }
    }

    /// Takes the answer to the last question.
    pub(crate) fn learn(&mut self, ids: &Ids, answer: &Ranges) -> Result<Difference, CompareError> {
        let start = self.asked.front().map(|span| span.from);
        if start != Some(answer.start) || answer.ranges.is_empty() {
            return Err(CompareError::NoProgress);
        }
        let (mut difference, mut finer) = (Difference::default(), VecDeque::new());
        let mut from = Some(answer.start);
        for range in &answer.ranges {
            let begin = from.ok_or(CompareError::NoProgress)?;
            let span = self.span_at(begin);
            self.take(ids, begin, range, span, &mut difference, &mut finer)?;
            from = range.until;
        }
        self.cut(from);
        self.give_up_question();
        while let Some(span) = finer.pop_back() {
            self.waiting.push_front(span);
        }
        self.waiting.truncate(MAX_WAITING);
        let is_endless = self.questions >= MAX_QUESTIONS && !self.waiting.is_empty();
        if is_endless { Err(CompareError::Endless) } else { Ok(difference) }
    }

    /// What was asked about that place.
    fn span_at(&mut self, place: Digest) -> Option<Span> {
        while self.asked.front().is_some_and(|span| span.until.is_some_and(|until| until <= place)) {
            self.asked.pop_front();
        }
        self.asked.front().filter(|span| span.from <= place).copied()
    }

    fn take(
        &self,
        ids: &Ids,
        from: Digest,
        range: &Range,
        span: Option<Span>,
        difference: &mut Difference,
        finer: &mut VecDeque<Span>,
    ) -> Result<(), CompareError> {
        if range.said == Said::Skip {
            return Ok(());
        }
        let span = span.filter(|span| !is_before(span.until, range.until)).ok_or(CompareError::NoProgress)?;
        match &range.said {
            Said::Ids(theirs) => compare(ids, from, range.until, theirs, difference),
            Said::Short(fingerprint) => {
                let is_finer = from > span.from || is_before(range.until, span.until);
                if !is_finer || span.splits >= MAX_SPLITS {
                    return Err(CompareError::NoProgress);
                }
                if ids.total_in(&from, range.until.as_ref()).fingerprint() != *fingerprint {
                    finer.push_back(Span { from, until: range.until, splits: span.splits + 1 });
                }
            }
            Said::Skip | Said::List => return Err(CompareError::NoProgress),
        }
        Ok(())
    }

    /// What was asked about beyond that place was not answered.
    fn cut(&mut self, from: Option<Digest>) {
        let Some(from) = from else { return self.asked.clear() };
        while self.asked.front().is_some_and(|span| span.until.is_some_and(|until| until <= from)) {
            self.asked.pop_front();
        }
        if let Some(span) = self.asked.front_mut() {
            span.from = span.from.max(from);
        }
    }
}

/// What one list has and the other one lacks.
fn compare(ids: &Ids, from: Digest, until: Option<Digest>, theirs: &[Digest], difference: &mut Difference) {
    difference.there.extend(theirs.iter().filter(|id| ids.get(id).is_none()));
    let lacking = ids.range(&from, until).filter(|id| theirs.binary_search(id).is_err());
    difference.here.extend(lacking.take(MAX_HERE.saturating_sub(difference.here.len())));
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    fn id(number: u64) -> Digest {
        Digest(Sha256::digest(number.to_be_bytes()).into())
    }

    #[test]
    fn two_logs_of_a_million_that_differ_in_ten_are_equal_after_less_than_64_kib() {
        let mut one = Ids::default();
        (0..1_000_000).for_each(|number| assert!(one.insert(id(number), 0)));
        let mut other = one.clone();
        let lacked: Vec<Digest> = (0..10).map(|number| id(number * 99_991 + 7)).collect();
        lacked[..5].iter().for_each(|id| _ = one.remove(id));
        lacked[5..].iter().for_each(|id| _ = other.remove(id));
        let (mut comparison, mut bytes, mut questions) = (Comparison::default(), 0, 0);
        let mut found = Difference::default();
        while let Some(question) = comparison.ask(&one) {
            let answer = other.answer(&question);
            bytes += question.to_bytes().len() + answer.to_bytes().len();
            questions += 1;
            let difference = comparison.learn(&one, &answer).expect("an honest answer");
            found.here.extend(difference.here);
            found.there.extend(difference.there);
        }
        // The ids that are asked for, and ten small messages.
        bytes += 32 * 10 + 400 * 10;
        assert!(bytes < 64 * 1024 && questions <= 6, "{bytes} bytes, {questions} questions");
        let sorted = |mut ids: Vec<Digest>| {
            ids.sort_unstable();
            ids
        };
        assert_eq!(found.there, sorted(lacked[..5].to_vec()));
        assert_eq!(found.here, sorted(lacked[5..].to_vec()));
        found.there.iter().for_each(|id| assert!(one.insert(*id, 0)));
        found.here.iter().for_each(|id| assert!(other.insert(*id, 0)));
        assert_eq!(one.summary(), other.summary());
    }

    #[test]
    fn ids_that_begin_alike_are_found_summed_and_removed() {
        let alike = |number: u8| Digest(std::array::from_fn(|byte| if byte == 31 { number } else { 7 }));
        let mut ids = Ids::default();
        assert!((0..=255).all(|number| ids.insert(alike(number), number.into())));
        assert!(!ids.insert(alike(9), 0));
        assert_eq!((ids.get(&alike(200)), ids.rank(&alike(200)), ids.nth(200)), (Some(200), 200, Some(alike(200))));
        let (from, until) = (alike(20), alike(120));
        assert_eq!(ids.range(&from, Some(until)).collect::<Vec<_>>(), (20..120).map(alike).collect::<Vec<_>>());
        assert_eq!(ids.total_in(&from, Some(&until)).count, 100);
        assert!((0..=255).all(|number| ids.remove(&alike(number)) == Some(number.into())));
        assert_eq!((ids.summary(), ids.iter().count()), (Ids::default().summary(), 0));
    }
}
