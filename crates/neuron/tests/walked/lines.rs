//! Command lines of a page, as they are typed.

use clap::{Parser as _, error::ErrorKind};
use neuron::cli::Arguments;

use crate::shown;

/// What a line of a block begins with if it is a command.
const PROGRAMS: [&str; 11] = ["neuron", "trainer-node", "validator-node", "cargo", "sudo", "docker", "cp", "tar", "rsync", "curl", "ipfs"];

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: usize,
    pub text: String,
}

/// All command lines of a page in their order: those of blocks, and those between backticks that are whole.
pub fn lines(page: &str) -> Vec<Line> {
    let mut found = block_lines(page);
    for shown in shown::commands(page, &["neuron"]).into_iter().filter(|shown| !shown.is_whole && is_whole(&shown.words)) {
        let line = Line { number: shown.line, text: shown.text() };
        if !found.iter().any(|other| other.text == line.text) {
            found.push(line);
        }
    }
    found.sort_by_key(|line| line.number);
    found
}

fn block_lines(page: &str) -> Vec<Line> {
    let (mut found, mut is_block) = (Vec::new(), false);
    for (index, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            is_block = !is_block;
        } else if is_block && line.split(' ').next().is_some_and(|first| PROGRAMS.contains(&first)) {
            let text = line.split(" #").next().unwrap_or(line).trim_end();
            found.push(Line { number: index + 1, text: text.to_owned() });
        }
    }
    found
}

/// Whether the program would do something with it.
fn is_whole(words: &[String]) -> bool {
    words.len() > 1 && Arguments::try_parse_from(words).map_or_else(|error| error.kind() == ErrorKind::DisplayHelp, |_| true)
}

#[test]
fn lines_of_blocks_and_whole_ones_in_sentences_are_found_in_their_order() {
    let page = "Say `neuron why 7` or `neuron why`, not `neuron stake`.\n\n```\nneuron --key K key new   # new\nkey = 1\ncurl 'http://x/#y'\n```\n\
                And `neuron why 7`, `neuron --help`.";
    let found: Vec<(usize, String)> = lines(page).into_iter().map(|line| (line.number, line.text)).collect();
    let wanted = [(1, "neuron why 7"), (4, "neuron --key K key new"), (6, "curl 'http://x/#y'"), (8, "neuron --help")];
    assert_eq!(found, wanted.map(|(number, text)| (number, text.to_owned())));
}
