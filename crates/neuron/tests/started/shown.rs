//! Command lines that a page of Markdown shows: in blocks, where each must be whole, and in sentences, which may name a part.

/// A command line of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Shown {
    /// Where it stands, or the paragraph in which it stands.
    pub line: usize,
    /// Program and arguments.
    pub words: Vec<String>,
    pub is_whole: bool,
}

impl Shown {
    /// As a person would type it.
    pub fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// All command lines of a page that begin with these words.
pub fn commands(page: &str, program: &[&str]) -> Vec<Shown> {
    let (mut found, mut paragraph, mut start, mut is_block) = (Vec::new(), String::new(), 0, false);
    for (index, line) in page.lines().enumerate() {
        let is_fence = line.trim_start().starts_with("```");
        if is_fence || is_block || line.trim().is_empty() {
            found.extend(spans(&paragraph).flat_map(|text| parts(text, start, false)));
            paragraph.clear();
        }
        match (is_fence, is_block) {
            (true, _) => is_block = !is_block,
            (false, true) => found.extend(parts(line, index + 1, true)),
            (false, false) => {
                start = if paragraph.is_empty() { index + 1 } else { start };
                paragraph.push_str(line);
                paragraph.push(' ');
            }
        }
    }
    found.extend(spans(&paragraph).flat_map(|text| parts(text, start, false)));
    found.retain(|shown| shown.words.len() >= program.len() && shown.words.iter().zip(program).all(|(word, wanted)| word == wanted));
    found
}

/// What stands between backticks.
fn spans(paragraph: &str) -> impl Iterator<Item = &str> {
    paragraph.split('`').skip(1).step_by(2)
}

/// The commands of one line, each until a pipe, a redirection or the next command.
fn parts(line: &str, number: usize, is_whole: bool) -> Vec<Shown> {
    let words = words(line);
    let commands = words.split(|word| ["&&", "|", ";"].contains(&word.as_str()));
    let command = |words: &[String]| -> Vec<String> {
        let words = words.iter().skip_while(|word| ["$", "sudo"].contains(&word.as_str()));
        words.take_while(|word| *word != ">").cloned().collect()
    };
    commands.map(|words| Shown { line: number, words: command(words), is_whole }).filter(|shown| !shown.words.is_empty()).collect()
}

/// Words as a shell splits them, until a remark.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ' | '\t') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

#[test]
fn command_lines_are_found_in_blocks_and_sentences() {
    let page =
        "Say `neuron a --b` or\n`other`.\n\n```\n$ neuron c \"d e\" 'f'  # remark\nsudo x && neuron g > h\nneuronal\n```\nand `neuron\ni`";
    let found: Vec<(usize, String, bool)> =
        commands(page, &["neuron"]).into_iter().map(|shown| (shown.line, shown.text(), shown.is_whole)).collect();
    let wanted = [(1, "neuron a --b", false), (5, "neuron c d e f", true), (6, "neuron g", true), (9, "neuron i", false)];
    assert_eq!(found, wanted.map(|(line, text, is_whole)| (line, text.to_owned(), is_whole)));
}
