//! What a command that reads has found: lines for people, and with `--json` the same for programs.

use anyhow::Result;
use node::output;
use serde_json::Value;

use super::{context::Context, names::Names};

impl Context {
    /// Says what was found, in the form that was asked for. Whoever stops reading is told no more.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn answer(&self, lines: &[String], data: &Value) -> Result<()> {
        if self.json {
            return self.sum(data);
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.show(&text)
    }

    /// A line for people, as soon as it is known.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn say(&self, line: &str) -> Result<()> {
        if self.json { Ok(()) } else { self.tell(line) }
    }

    /// The same of a command that acts, which has nothing to say to programs.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn tell(&self, line: &str) -> Result<()> {
        self.show(&format!("{line}\n"))
    }

    fn show(&self, text: &str) -> Result<()> {
        output::show(self.names().shown(text).as_bytes())
    }

    /// What the network file calls accounts and groups. A name that is not shown is complained of once.
    pub fn names(&self) -> &Names {
        self.names.get_or_init(|| {
            let names = Names::of(&self.network);
            names
                .refused()
                .iter()
                .for_each(|told| output::remark(&format!("[names] in {}: {told}; it is not shown", self.network.display())));
            names
        })
    }

    /// All of it for programs, at the end.
    ///
    /// # Errors
    /// When standard output cannot be written.
    pub fn sum(&self, data: &Value) -> Result<()> {
        if self.json { output::show(format!("{}\n", plain(&format!("{data:#}"))).as_bytes()) } else { Ok(()) }
    }
}

/// JSON in ASCII: what strangers wrote stands in its texts, and no terminal is to act upon it.
fn plain(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter.is_ascii() && letter != '\u{7f}' {
            true => text.push(letter),
            false => letter.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_nothing_that_a_terminal_acts_upon_and_means_the_same() {
        let value = serde_json::json!({ "text": "a\u{1b}[2J\u{9b}2J\u{7f}\u{202e}é😀\n" });
        let told = plain(&format!("{value:#}"));
        assert!(told.bytes().all(|byte| byte == b'\n' || (b' '..=b'~').contains(&byte)), "{told}");
        assert_eq!(serde_json::from_str::<Value>(&told).expect("JSON"), value);
    }
}
