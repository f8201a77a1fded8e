//! Rows that come and are nearly another row of the set: the same but for few features.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

/// Parts of a row that are looked up whole: rows that differ in fewer features share one of them.
const PARTS: usize = 4;
/// Of so many features one may differ, and not more than the parts allow.
const EACH: usize = 8;
/// Rows with one part in common that are compared at most: what more share tells nothing.
const MAX_COMPARED: usize = 256;

/// A row that comes, and the one that it is nearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Near<'a> {
    pub row: &'a str,
    pub of: &'a str,
    /// Features that differ.
    pub differing: usize,
}

/// Of each row that comes the nearest other row of the set, if it differs in at least one feature and in at most one of eight, three all
/// together. Labels, behind the last comma, do not count.
///
/// ```
/// let set = ["0,0,0,0,5,0,0,0,1", "9,9,9,9,9,9,9,9,1", "0,0,0,0,0,0,0,0,1"];
/// let near = patches::near(&set[..1], set.iter().copied());
/// assert_eq!(near.iter().map(|near| (near.of, near.differing)).collect::<Vec<_>>(), [(set[2], 1)]);
/// ```
pub fn near<'a>(coming: &[&'a str], set: impl Iterator<Item = &'a str>) -> Vec<Near<'a>> {
    let mut wanted: HashMap<u64, Vec<usize>> = HashMap::new();
    for (place, row) in coming.iter().enumerate() {
        keys(row).for_each(|key| wanted.entry(key).or_default().push(place));
    }
    wanted.retain(|_, places| places.len() <= MAX_COMPARED);
    let mut best: Vec<Option<Near<'a>>> = vec![None; coming.len()];
    let mut compared = vec![0_usize; coming.len()];
    for of in set {
        for place in keys(of).filter_map(|key| wanted.get(&key)).flatten() {
            let (Some(row), Some(best), Some(count)) = (coming.get(*place), best.get_mut(*place), compared.get_mut(*place)) else {
                continue;
            };
            *count += 1;
            if *count > MAX_COMPARED * PARTS {
                continue;
            }
            let most = best.map_or(usize::MAX, |near| near.differing - 1);
            if let Some(differing) = differing(row, of).filter(|differing| *differing <= most) {
                *best = Some(Near { row, of, differing });
            }
        }
    }
    best.into_iter().flatten().collect()
}

/// Hashes of the parts of a row that has enough features.
fn keys(row: &str) -> impl Iterator<Item = u64> {
    let features: Vec<&str> = row.split(',').collect();
    let count = features.len().saturating_sub(1);
    let size = count.div_ceil(PARTS).max(1);
    let parts = if count < EACH { 0 } else { PARTS };
    let keys: Vec<u64> = features.get(..count).unwrap_or_default().chunks(size).take(parts).zip(0_u8..).map(|part| key(&part)).collect();
    keys.into_iter()
}

fn key(part: &(&[&str], u8)) -> u64 {
    let mut hasher = DefaultHasher::new();
    part.hash(&mut hasher);
    hasher.finish()
}

/// How many features differ, if some do and few enough.
fn differing(row: &str, of: &str) -> Option<usize> {
    let (row, of): (Vec<&str>, Vec<&str>) = (row.split(',').collect(), of.split(',').collect());
    let count = row.len().checked_sub(1).filter(|_| row.len() == of.len())?;
    let differing = row.iter().zip(&of).take(count).filter(|(one, other)| one != other).count();
    (1..=(count / EACH).min(PARTS - 1)).contains(&differing).then_some(differing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(changed: &[(usize, u32)], label: u32) -> String {
        let mut features: Vec<u32> = (0..24).collect();
        changed.iter().for_each(|(place, value)| features[*place] = *value);
        features.iter().map(|feature| format!("{feature},")).collect::<String>() + &label.to_string()
    }

    #[test]
    fn a_row_is_near_another_one_that_differs_in_few_features_and_in_some() {
        for (changed, wanted) in [
            (&[][..], None),
            (&[(0, 99)], Some(1)),
            (&[(0, 99), (23, 99)], Some(2)),
            (&[(0, 99), (8, 99), (23, 99)], Some(3)),
            (&[(0, 99), (8, 99), (13, 99), (23, 99)], None),
        ] {
            let (coming, other) = (row(changed, 1), row(&[], 2));
            let found = near(&[&coming], [other.as_str(), coming.as_str(), "1,2", ""].into_iter());
            assert_eq!(found.first().map(|near| near.differing), wanted, "{changed:?}");
        }
        assert!(near(&["1,2,3"], ["1,3,3"].into_iter()).is_empty(), "too few features");
    }

    #[test]
    fn the_nearest_row_is_named() {
        let (coming, far, close) = (row(&[], 1), row(&[(1, 50), (2, 50)], 1), row(&[(5, 50)], 1));
        let found = near(&[&coming], [far.as_str(), close.as_str(), far.as_str()].into_iter());
        assert_eq!(found, [Near { row: &coming, of: &close, differing: 1 }]);
    }
}
