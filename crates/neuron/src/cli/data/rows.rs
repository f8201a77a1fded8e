//! Records of other formats as rows of integers with a label, or why they are none.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
};

use serde_json::Value;

/// A value's greatest magnitude, as groups read it.
const MAX: f64 = 16_777_216.0;
/// How far a value may be from a whole number.
const ROUNDED: f64 = 1e-6;
/// Columns of one range at most.
const MAX_COLUMNS: u32 = 100_000;

/// A record: names of columns and their values, in the order of the file.
pub type Record = Vec<(String, Value)>;

/// Which columns become what.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Columns of features; without them all but the label's, in the order of the file. A list in a column is all of its values.
    pub features: Option<Vec<String>>,
    pub label: String,
    /// What words of labels mean; without them labels are numbers.
    pub labels: Option<BTreeMap<String, u32>>,
    /// Each feature is multiplied by this.
    pub times: f64,
    /// Features of a row, if that is known.
    pub width: Option<usize>,
}

/// Why a record is no row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dropped {
    Unreadable,
    NoColumn(String),
    Empty(String),
    NoNumber(String),
    NotWhole(String),
    TooLarge(String),
    Width { found: usize, wanted: usize },
    NoLabel(String),
    NoImage,
    Long(u64),
    InTheSet,
    Twice,
}

impl fmt::Display for Dropped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => write!(out, "cannot be read as the file's format asks"),
            Self::NoColumn(name) => write!(out, "no column {}", patches::shown(name)),
            Self::Empty(name) => write!(out, "nothing in column {}", patches::shown(name)),
            Self::NoNumber(name) => write!(out, "no number in column {}", patches::shown(name)),
            Self::NotWhole(name) => {
                write!(out, "no whole number in column {}: --times makes whole numbers of fractions", patches::shown(name))
            }
            Self::TooLarge(name) => write!(out, "a number beyond ±2^24 in column {}", patches::shown(name)),
            Self::Width { found, wanted } => {
                write!(out, "{found} features, and rows of the set have {wanted}: choose them with --features")
            }
            Self::NoLabel(label) => write!(out, "the label {} is not among --labels", patches::shown(label)),
            Self::NoImage => write!(out, "no PNG, JPEG, GIF, WebP, BMP or TIFF"),
            Self::Long(most) => write!(out, "an image of more than {most} bytes"),
            Self::InTheSet => write!(out, "stands in the set already"),
            Self::Twice => write!(out, "stands in the source twice"),
        }
    }
}

impl Map {
    /// The row of a record.
    ///
    /// # Errors
    /// With what keeps it from being one.
    pub fn row(&self, record: &Record) -> Result<String, Dropped> {
        let label = record.iter().find(|(name, _)| *name == self.label).ok_or_else(|| Dropped::NoColumn(self.label.clone()))?;
        let label = self.label_of(&label.1)?;
        let mut features = Vec::new();
        match &self.features {
            Some(names) => {
                for wanted in names {
                    let (name, value) = record.iter().find(|(name, _)| name == wanted).ok_or_else(|| Dropped::NoColumn(wanted.clone()))?;
                    self.add(name, value, &mut features)?;
                }
            }
            None => {
                for (name, value) in record.iter().filter(|(name, _)| *name != self.label) {
                    self.add(name, value, &mut features)?;
                }
            }
        }
        match self.width.filter(|wanted| *wanted != features.len()) {
            Some(wanted) => Err(Dropped::Width { found: features.len(), wanted }),
            None => Ok(features.iter().map(|feature| format!("{feature},")).collect::<String>() + &label.to_string()),
        }
    }

    fn add(&self, name: &str, value: &Value, features: &mut Vec<i64>) -> Result<(), Dropped> {
        match value {
            Value::Array(values) => values.iter().try_for_each(|value| self.add(name, value, features)),
            value => {
                features.push(whole(name, number(name, value)? * self.times)?);
                Ok(())
            }
        }
    }

    fn label_of(&self, value: &Value) -> Result<i64, Dropped> {
        let Some(labels) = &self.labels else { return whole(&self.label, number(&self.label, value)?) };
        let word = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        labels.get(word.trim()).map(|number| i64::from(*number)).ok_or(Dropped::NoLabel(word))
    }
}

fn number(name: &str, value: &Value) -> Result<f64, Dropped> {
    let found = match value {
        Value::Null => return Err(Dropped::Empty(name.to_owned())),
        Value::String(text) if text.trim().is_empty() => return Err(Dropped::Empty(name.to_owned())),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(flag) => Some(f64::from(u8::from(*flag))),
        value => value.as_f64(),
    };
    found.filter(|number: &f64| number.is_finite()).ok_or_else(|| Dropped::NoNumber(name.to_owned()))
}

#[expect(clippy::cast_possible_truncation, reason = "it is whole, and small")]
fn whole(name: &str, number: f64) -> Result<i64, Dropped> {
    let rounded = number.round();
    match () {
        () if rounded.abs() > MAX => Err(Dropped::TooLarge(name.to_owned())),
        () if (number - rounded).abs() > ROUNDED => Err(Dropped::NotWhole(name.to_owned())),
        () => Ok(rounded as i64),
    }
}

/// Names of columns, `pixel0..pixel63` for all between two that end in numbers.
///
/// # Errors
/// For a range that is none.
pub fn columns(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for part in text.split(',').map(str::trim) {
        match part.split_once("..") {
            None if part.is_empty() => return Err("a name of a column is empty".to_owned()),
            None => names.push(part.to_owned()),
            Some((first, last)) => names.extend(
                range(first, last)
                    .ok_or_else(|| format!("{} is no range of columns: write it like pixel0..pixel63", patches::shown(part)))?,
            ),
        }
    }
    Ok(names)
}

fn range(first: &str, last: &str) -> Option<Vec<String>> {
    let split = |name: &str| {
        let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (stem, number) = name.split_at_checked(name.len() - digits)?;
        Some((stem.to_owned(), number.parse::<u32>().ok()?))
    };
    let ((stem, from), (other, to)) = (split(first)?, split(last)?);
    (stem == other && from <= to && to - from < MAX_COLUMNS).then(|| (from..=to).map(|number| format!("{stem}{number}")).collect())
}

/// What words of labels mean: `cat=0,dog=1`.
///
/// # Errors
/// For a pair that is none, or a word twice.
pub fn labels(text: &str) -> Result<BTreeMap<String, u32>, String> {
    let mut labels = BTreeMap::new();
    for pair in text.split(',') {
        let split = pair.rsplit_once('=').and_then(|(word, number)| Some((word.trim().to_owned(), number.trim().parse().ok()?)));
        let (word, number) = split.ok_or_else(|| format!("{} names no label: write it like cat=0,dog=1", patches::shown(pair)))?;
        if labels.insert(word.clone(), number).is_some() {
            return Err(format!("{} stands there twice", patches::shown(&word)));
        }
    }
    Ok(labels)
}

/// Rows that were taken, and how many records were dropped for what, with the first of them.
#[derive(Debug, Default)]
pub struct Taken {
    pub rows: Vec<String>,
    pub dropped: BTreeMap<Dropped, (usize, usize)>,
}

impl Taken {
    /// Takes a row that stands neither in the set nor among those taken before; `number` counts records from 1.
    pub fn take(&mut self, number: usize, row: Result<String, Dropped>, set: &HashSet<&str>, seen: &mut HashSet<String>) {
        let row = row.and_then(|row| match (set.contains(row.as_str()), seen.contains(&row)) {
            (true, _) => Err(Dropped::InTheSet),
            (_, true) => Err(Dropped::Twice),
            _ => Ok(row),
        });
        match row {
            Ok(row) => {
                seen.insert(row.clone());
                self.rows.push(row);
            }
            Err(why) => self.dropped.entry(why).or_insert((0, number)).0 += 1,
        }
    }

    /// What was dropped, a line for each reason.
    pub fn lines(&self) -> Vec<String> {
        let line = |(why, (count, first)): (&Dropped, &(usize, usize))| format!("dropped {count}, the first is number {first}: {why}");
        self.dropped.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map() -> Map {
        Map { features: None, label: "y".into(), labels: None, times: 1.0, width: Some(2) }
    }

    fn record(value: Value) -> Record {
        // In the order of the alphabet, as these maps are.
        value.as_object().expect("an object").iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    #[test]
    fn a_record_becomes_a_row_or_says_why_not() {
        let words = labels("cat=0, dog = 1").expect("labels");
        let named = Map { features: Some(vec!["b".into(), "a".into()]), ..map() };
        let scaled = Map { times: 255.0, ..map() };
        let worded = Map { labels: Some(words), ..map() };
        for (map, value, wanted) in [
            (&map(), json!({ "a": 1, "b": "2.0", "y": 3 }), Ok("1,2,3")),
            (&map(), json!({ "a": [1, -2], "y": "3" }), Ok("1,-2,3")),
            (&named, json!({ "a": 1, "b": 2, "c": 9, "y": 3 }), Ok("2,1,3")),
            (&scaled, json!({ "a": 0.2, "b": true, "y": 3 }), Ok("51,255,3")),
            (&worded, json!({ "a": 1, "b": 2, "y": "dog" }), Ok("1,2,1")),
            (&worded, json!({ "a": 1, "b": 2, "y": "cow" }), Err(Dropped::NoLabel("cow".into()))),
            (&map(), json!({ "a": 1, "b": 2 }), Err(Dropped::NoColumn("y".into()))),
            (&named, json!({ "a": 1, "y": 2 }), Err(Dropped::NoColumn("b".into()))),
            (&map(), json!({ "a": 1, "y": 2 }), Err(Dropped::Width { found: 1, wanted: 2 })),
            (&map(), json!({ "a": null, "b": 1, "y": 2 }), Err(Dropped::Empty("a".into()))),
            (&map(), json!({ "a": " ", "b": 1, "y": 2 }), Err(Dropped::Empty("a".into()))),
            (&map(), json!({ "a": "x", "b": 1, "y": 2 }), Err(Dropped::NoNumber("a".into()))),
            (&map(), json!({ "a": "NaN", "b": 1, "y": 2 }), Err(Dropped::NoNumber("a".into()))),
            (&map(), json!({ "a": 0.5, "b": 1, "y": 2 }), Err(Dropped::NotWhole("a".into()))),
            (&map(), json!({ "a": 16_777_217, "b": 1, "y": 2 }), Err(Dropped::TooLarge("a".into()))),
        ] {
            assert_eq!(map.row(&record(value.clone())), wanted.map(str::to_owned), "{value}");
        }
    }

    #[test]
    fn columns_are_named_one_by_one_or_as_a_range() {
        for (text, wanted) in [
            ("a, b", Some(vec!["a", "b"])),
            ("p9..p11,x", Some(vec!["p9", "p10", "p11", "x"])),
            ("0..1", Some(vec!["0", "1"])),
            ("p1..q2", None),
            ("p2..p1", None),
            ("a..b", None),
            ("a,,b", None),
            ("p0..p4000000000", None),
        ] {
            assert_eq!(columns(text).ok(), wanted.map(|names| names.into_iter().map(str::to_owned).collect()), "{text}");
        }
        assert!(labels("cat").is_err() && labels("cat=x").is_err() && labels("a=1,a=2").is_err());
    }

    #[test]
    fn what_is_there_already_or_comes_twice_is_dropped_and_counted() {
        let (mut taken, set, mut seen) = (Taken::default(), HashSet::from(["1,2,0"]), HashSet::new());
        for (number, row) in (1..).zip(["1,2,0", "1,2,1", "1,2,1", "1,2,1", "3,4,1"]) {
            taken.take(number, Ok(row.to_owned()), &set, &mut seen);
        }
        taken.take(6, Err(Dropped::Unreadable), &set, &mut seen);
        assert_eq!(taken.rows, ["1,2,1", "3,4,1"]);
        let wanted = [
            "dropped 1, the first is number 6: cannot be read as the file's format asks",
            "dropped 1, the first is number 1: stands in the set already",
            "dropped 2, the first is number 3: stands in the source twice",
        ];
        assert_eq!(taken.lines(), wanted);
    }
}
