//! Which examples of a set a model cannot have learnt by heart from another one.
//!
//! The loss on these, beside that on the whole set, tells whether a group learns or memorises.

use std::collections::HashSet;

use crate::draw::draw;
use crate::examples::{EXAMPLES_MAX, Examples};

impl Examples {
    /// Indices, ascending, of the examples that overlap nothing in `before`. Rows overlap if their features are equal, whatever
    /// their labels; windows of text if half a context of them, rounded up, runs anywhere through the tokens of `before`.
    /// Takes some 30 bytes for each token, or the bytes of each row, of `before`. Sets of another manifest overlap nowhere.
    /// Of shards nothing is read: those examples are new whose shard `before` does not name, and the first 2²⁰ of them are told.
    ///
    /// A sponsor's hidden examples must overlap no set that anybody knows; what a delta adds and nothing before it had tells how a model does
    /// on what it cannot have learnt.
    pub fn new_since(&self, before: &Self) -> Vec<u32> {
        if let Some(new) = self.in_new_shards(before) {
            return new.into_iter().flatten().take(EXAMPLES_MAX).collect();
        }
        let all = 0..self.len() as u32;
        match (self.tokens(), before.tokens()) {
            (Some(_), Some(known)) => {
                let length = self.inputs().div_ceil(2);
                let runs: HashSet<&[u16]> = known.windows(length).collect();
                let overlaps = |window: &[u16]| window.windows(length).any(|run| runs.contains(run));
                all.filter(|index| self.text_window(*index as usize).is_some_and(|window| !overlaps(window))).collect()
            }
            _ => {
                let known: HashSet<Vec<u32>> = (0..before.len()).filter_map(|index| before.features(index)).map(bits).collect();
                all.filter(|index| self.features(*index as usize).is_none_or(|features| !known.contains(&bits(features)))).collect()
            }
        }
    }

    /// How many examples are new ([`Examples::new_since`], but of shards all are counted), and at most so many of them, always the same ones.
    pub fn some_new_since(&self, before: &Self, most: u32) -> (usize, Vec<u32>) {
        let drawn = |count: usize| draw([0; 32], 0, 0, count as u32, most);
        let Some(new) = self.in_new_shards(before) else {
            let new = self.new_since(before);
            return (new.len(), drawn(new.len()).into_iter().filter_map(|place| new.get(place as usize).copied()).collect());
        };
        // How many are new up to the end of each.
        let ends = new.iter().scan(0, |sum, range| {
            *sum += range.len();
            Some(*sum)
        });
        let ends: Vec<usize> = ends.collect();
        let count = ends.last().copied().unwrap_or(0);
        let index = |place: u32| {
            let at = ends.partition_point(|end| *end <= place as usize);
            Some(new.get(at)?.end - (ends.get(at)? - place as usize) as u32)
        };
        (count, drawn(count).into_iter().filter_map(index).collect())
    }
}

/// Features as a key; they are quotients of integers, so that no −0 and no NaN is among them.
fn bits(features: &[f32]) -> Vec<u32> {
    features.iter().map(|feature| feature.to_bits()).collect()
}

#[cfg(test)]
mod tests {
    use crate::{Examples, Manifest};

    const ROWS: &str = r#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#;
    const TEXT: &str = r#"{"version":1,"model":{"family":"gpt","layers":1,"heads":1,"width":4,"context":4,"vocabulary":256,"bias":true,"tied":true},"data":{"format":"text","tokenizer":"bytes","stride":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#;

    fn parse(manifest: &str, files: &[(&str, &str)]) -> Examples {
        let manifest = Manifest::from_bytes(manifest.as_bytes()).expect("a manifest");
        Examples::parse(&manifest, files.iter().copied()).expect("examples")
    }

    #[test]
    fn rows_with_known_features_are_not_new_whatever_their_labels() {
        let before = parse(ROWS, &[("a.csv", "1,2,0\n3,4,1\n")]);
        let now = parse(ROWS, &[("a.csv", "1,2,2\n2,1,0\n"), ("b.csv", "3,4,1\n0,0,0\n")]);
        assert_eq!(now.new_since(&before), [1, 3]);
        assert_eq!(now.new_since(&now), Vec::<u32>::new());
    }

    #[test]
    fn text_that_repeats_half_a_context_anywhere_is_not_new() {
        let before = parse(TEXT, &[("a.txt", "abcdefgh")]);
        for (text, expected) in [
            ("abcdefgh", vec![]),
            // Shifted by one token: other windows of the same text.
            ("xabcdefgh", vec![]),
            ("vwxyz", vec![0]),
            ("vwxdeyz12", vec![1]),
            ("va1wb", vec![0]),
        ] {
            assert_eq!(parse(TEXT, &[("a.txt", text)]).new_since(&before), expected, "{text}");
        }
    }

    #[test]
    fn a_run_across_two_windows_or_files_counts() {
        let before = parse(TEXT, &[("a.txt", "1234567"), ("b.txt", "890")]);
        assert_eq!(parse(TEXT, &[("a.txt", "ab78c")]).new_since(&before), Vec::<u32>::new());
    }

    #[test]
    fn rows_and_text_have_nothing_in_common() {
        let (rows, text) = (parse(ROWS, &[("a.csv", "1,2,0\n")]), parse(TEXT, &[("a.txt", "1,2,0")]));
        assert_eq!(rows.new_since(&text), [0]);
        assert_eq!(text.new_since(&rows), [0]);
    }
}
