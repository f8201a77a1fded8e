//! Texts before which an answer ends; what might begin one is held back.

/// Looks for them in a text that comes in pieces.
pub struct Stops<'a> {
    marks: &'a [String],
    held: String,
}

impl<'a> Stops<'a> {
    /// Of these; an empty one is passed over.
    pub fn new(marks: &'a [String]) -> Self {
        Self { marks, held: String::new() }
    }

    /// What of the text so far can be told, and whether it ended.
    pub fn pass(&mut self, piece: &str) -> (String, bool) {
        self.held.push_str(piece);
        let marks = self.marks.iter().filter(|mark| !mark.is_empty());
        if let Some(end) = marks.filter_map(|mark| self.held.find(mark.as_str())).min() {
            self.held.truncate(end);
            return (std::mem::take(&mut self.held), true);
        }
        let rest = self.held.split_off(self.held.len() - self.begun());
        (std::mem::replace(&mut self.held, rest), false)
    }

    /// What was held back and led to nothing.
    pub fn rest(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Bytes at the end that may begin a mark.
    fn begun(&self) -> usize {
        let longest =
            |mark: &String| (1..mark.len()).rev().find(|length| mark.is_char_boundary(*length) && self.held.ends_with(&mark[..*length]));
        self.marks.iter().filter_map(longest).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_before_the_first_mark_however_it_is_cut() {
        for (marks, text, wanted, is_over) in [
            (&["\nUser:"][..], "Yes.\nUser: what", "Yes.", true),
            (&["END", "."], "one. END", "one", true),
            (&["abc"], "ababab", "ababab", false),
            (&["", "é\u{20ac}"], "caf\u{e9}\u{e9}\u{20ac}", "caf\u{e9}", true),
            (&[], "all of it", "all of it", false),
        ] {
            let marks: Vec<String> = marks.iter().map(ToString::to_string).collect();
            for size in 1..=text.chars().count() {
                let letters: Vec<char> = text.chars().collect();
                let (mut stops, mut told, mut ended) = (Stops::new(&marks), String::new(), false);
                for piece in letters.chunks(size) {
                    if ended {
                        break;
                    }
                    let (part, is_over) = stops.pass(&piece.iter().collect::<String>());
                    told.push_str(&part);
                    ended = is_over;
                }
                told.push_str(&if ended { String::new() } else { stops.rest() });
                assert_eq!((told.as_str(), ended), (wanted, is_over), "{text} by {size}");
            }
        }
    }
}
