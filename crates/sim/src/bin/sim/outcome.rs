//! What a seed came to, also when it panics, and as one line of a file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sim::{check::Report, plan::Plan, story};

/// Between the fields of a line, and between failures.
const FIELD: char = '\t';
const FAILURE: &str = " | ";

/// How often each thing happened in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; NAMES.len()]);

const NAMES: [&str; 10] =
    ["won", "lost", "void", "empty", "commits", "reveals", "concessions", "seals unopened", "deltas applied", "bounties decided"];

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub seed: u64,
    pub counts: Counts,
    pub failures: Vec<String>,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, count)| *sum += count);
    }
}

impl From<&Report> for Counts {
    fn from(report: &Report) -> Self {
        let Report { won, lost, void, empty, commits, reveals, concessions, unopened, applied, found, .. } = report;
        Self([*won, *lost, *void, *empty, *commits, *reveals, *concessions, unopened.len() as u64, *applied, *found])
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<String> = NAMES.iter().zip(self.0).map(|(name, count)| format!("{count} {name}")).collect();
        out.write_str(&parts.join(", "))
    }
}

impl Outcome {
    /// Runs a plan; a chain that breaks its own rules and a panic are failures of its seed.
    pub fn of(plan: &Plan) -> Self {
        let result = catch_unwind(AssertUnwindSafe(|| story::run(plan)));
        let (counts, failures) = match result {
            Ok(Ok(report)) => (Counts::from(&report), report.failures),
            Ok(Err(error)) => (Counts::default(), vec![error.to_string()]),
            Err(panic) => (Counts::default(), vec![format!("panics: {}", words(panic.as_ref()))]),
        };
        Self { seed: plan.seed, counts, failures }
    }

    pub fn is_failure(&self) -> bool {
        !self.failures.is_empty()
    }

    /// The failures in one line.
    pub fn told(&self) -> String {
        self.failures.join(FAILURE).replace([FIELD, '\n', '\r'], " ")
    }

    /// Without the end of the line.
    pub fn to_line(&self) -> String {
        let numbers = [self.seed].into_iter().chain(self.counts.0).map(|number| number.to_string());
        let fields: Vec<String> = numbers.chain([self.told()]).collect();
        fields.join(&FIELD.to_string())
    }

    /// What [`Outcome::to_line`] wrote; none if it is anything else.
    pub fn from_line(line: &str) -> Option<Self> {
        let mut fields = line.split(FIELD);
        let seed = fields.next()?.parse().ok()?;
        let mut counts = Counts::default();
        for count in &mut counts.0 {
            *count = fields.next()?.parse().ok()?;
        }
        let failures = fields.next()?.split(FAILURE).filter(|failure| !failure.is_empty()).map(str::to_owned).collect();
        fields.next().is_none().then_some(Self { seed, counts, failures })
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_read_as_it_was_written_and_nothing_else_is() {
        let mut outcome = Outcome { seed: 7, counts: Counts([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), failures: Vec::new() };
        assert_eq!(Outcome::from_line(&outcome.to_line()), Some(outcome.clone()));
        outcome.failures = vec!["one".to_owned(), "two".to_owned()];
        let line = outcome.to_line();
        assert_eq!(Outcome::from_line(&line), Some(outcome));
        for wrong in ["", "7", &line[1..], &format!("{line}\t"), &line.replace('3', "x")] {
            assert_eq!(Outcome::from_line(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn failures_of_several_lines_fit_into_one() {
        let outcome = Outcome { seed: 1, counts: Counts::default(), failures: vec!["a\n\tb".to_owned()] };
        assert_eq!(outcome.told(), "a  b");
        assert!(Outcome::from_line(&outcome.to_line()).is_some_and(|read| read.is_failure()));
    }
}
