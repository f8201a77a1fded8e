//! Tokens one after the other as pieces of text: a character comes when it is whole.

use super::Words;

/// Tokens of the longest character, one for each of its bytes.
const LONGEST: usize = 4;

/// What was said and not told yet. Tokens are read together with those just before them, because some tokenizers write a token otherwise
/// at the beginning of a text.
pub struct Said<'a> {
    words: &'a Words,
    /// The last ones that were told, then those that wait.
    tokens: Vec<u32>,
    /// How many of them were told.
    told: usize,
}

impl<'a> Said<'a> {
    /// Nothing yet.
    pub fn new(words: &'a Words) -> Self {
        Self { words, tokens: Vec::new(), told: 0 }
    }

    /// The text of what waits and one more token, unless it is the beginning of a character.
    pub fn hear(&mut self, token: u32) -> Option<String> {
        self.tokens.push(token);
        let piece = self.waiting();
        let is_whole = self.tokens.len() - self.told >= LONGEST || !piece.ends_with(char::REPLACEMENT_CHARACTER);
        is_whole.then(|| {
            self.tokens.drain(..self.told);
            self.told = self.tokens.len();
            piece
        })
    }

    /// What waits still, at the end.
    pub fn rest(&mut self) -> String {
        let piece = if self.tokens.len() > self.told { self.waiting() } else { String::new() };
        self.told = self.tokens.len();
        piece
    }

    fn waiting(&self) -> String {
        let (before, all) = (self.words.decode(&self.tokens[..self.told]), self.words.decode(&self.tokens));
        all.strip_prefix(before.as_str()).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use evaluator::Tokenizer;

    use super::*;

    #[test]
    fn characters_come_whole_and_bytes_that_are_none_are_replaced() {
        let words = Words::Own(Tokenizer::Bytes);
        for (bytes, wanted, rest) in [
            ("a\u{e9}\u{20ac}\u{1f600}b".as_bytes(), vec!["a", "\u{e9}", "\u{20ac}", "\u{1f600}", "b"], ""),
            (&[0xc3, b'a'], vec!["\u{fffd}a"], ""),
            (&[0xff, 0xff, 0xff, 0xff, b'a'], vec!["\u{fffd}\u{fffd}\u{fffd}\u{fffd}", "a"], ""),
            (&[b'a', 0xe2, 0x82], vec!["a"], "\u{fffd}"),
        ] {
            let mut said = Said::new(&words);
            let parts: Vec<String> = bytes.iter().filter_map(|byte| said.hear(u32::from(*byte))).collect();
            assert_eq!((parts, said.rest().as_str()), (wanted.into_iter().map(str::to_owned).collect(), rest));
        }
    }
}
