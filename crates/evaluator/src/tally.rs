//! Whether a set can be read, kept up file by file: what a delta leaves as it is, is not read again.

use std::collections::BTreeMap;

use crate::examples::{self, DataError, Examples, Part};
use crate::manifest::Manifest;

/// The sizes of the files of a set that hold examples. A set can be read exactly where each file is taken and [`Tally::check`] is content.
///
/// ```
/// use evaluator::{Examples, Manifest, Tally};
///
/// let manifest = Manifest::from_bytes(
///     br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#,
/// )?;
/// let mut tally = Tally::default();
/// assert!(tally.check(&manifest).is_err(), "no example");
/// tally.put(&manifest, "a.csv", "1,2,0\n3,4,1\n")?;
/// tally.put(&manifest, "README.md", "not read")?;
/// assert_eq!(tally.check(&manifest), Ok(2));
/// assert!(tally.put(&manifest, "a.csv", "1,2,9\n").is_err(), "no such class");
/// tally.remove("a.csv");
/// assert!(tally.check(&manifest).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    files: BTreeMap<String, Part>,
}

impl Tally {
    /// Of all files of a set.
    ///
    /// # Errors
    /// [`DataError`] with the first file of which some line or character is no example.
    pub fn of<'a>(manifest: &Manifest, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, DataError> {
        let mut tally = Self::default();
        files.into_iter().try_for_each(|(path, text)| tally.put(manifest, path, text))?;
        Ok(tally)
    }

    /// Reads a file that is new or changed; one without examples by its name counts for nothing.
    ///
    /// # Errors
    /// [`DataError`] with what is wrong in it; then the tally is as before.
    pub fn put(&mut self, manifest: &Manifest, path: &str, text: &str) -> Result<(), DataError> {
        if path.ends_with(manifest.data().suffix()) {
            let part = examples::part(manifest, path, text)?;
            self.files.insert(path.to_owned(), part);
        }
        Ok(())
    }

    /// A file has gone.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Number of examples of the set.
    ///
    /// # Errors
    /// [`DataError`] if there is none, or more than [`Examples::parse`] takes.
    pub fn check(&self, manifest: &Manifest) -> Result<usize, DataError> {
        Examples::count(manifest, self.files.values().copied())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROWS: &[u8] = br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#;

    proptest! {
        #[test]
        fn a_set_can_be_read_exactly_where_its_tally_says_so_after_any_changes(
            changes in prop::collection::vec(("[ab]\\.(csv|md)", prop::option::of("(1,2,[0-3]\n){0,3}x?")), 0..8),
        ) {
            let manifest = Manifest::from_bytes(ROWS).expect("a manifest");
            let (mut files, mut tally) = (BTreeMap::new(), Tally::default());
            for (path, text) in &changes {
                let mut next = files.clone();
                let taken = match text {
                    Some(text) => {
                        next.insert(path.clone(), text.clone());
                        tally.put(&manifest, path, text)
                    }
                    None => {
                        next.remove(path);
                        tally.remove(path);
                        Ok(())
                    }
                };
                let whole = Examples::parse(&manifest, &next).map(|examples| examples.len());
                prop_assert_eq!(taken.and_then(|()| tally.check(&manifest)), whole);
                let is_taken = Tally::of(&manifest, next.iter().map(|(path, text)| (path.as_str(), text.as_str()))).is_ok();
                if is_taken {
                    files = next;
                }
            }
        }
    }
}
