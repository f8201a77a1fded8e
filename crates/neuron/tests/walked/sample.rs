//! What the README shows of a devnet, against what one prints: the same words; numbers, addresses and digests may be others.

use anyhow::{Context as _, Result, ensure};

/// With these words the sample is introduced.
const BEFORE: &str = "What the first one shows (shortened):";

/// Every line of the sample is one of the output.
pub fn check(readme: &str, told: &str) -> Result<()> {
    let told: Vec<String> = told.lines().map(shape).collect();
    let missing: Vec<&str> = sample(readme)?.lines().filter(|line| !shape(line).is_empty() && !told.contains(&shape(line))).collect();
    ensure!(missing.is_empty(), "the devnet prints no such lines:\n{}\nbut\n{}", missing.join("\n"), told.join("\n"));
    Ok(())
}

fn sample(readme: &str) -> Result<&str> {
    let (_, rest) = readme.split_once(BEFORE).context("no sample")?;
    rest.split("```").nth(1).context("a block")
}

/// A line without what differs from run to run: numbers, where a point of the plot stands, and blanks.
fn shape(line: &str) -> String {
    let line = line.split('●').next().unwrap_or(line);
    let words = line.split_whitespace().filter(|word| *word != "…").map(word);
    words.collect::<Vec<_>>().join(" ")
}

fn word(word: &str) -> String {
    let is_name = word.starts_with("12D3Koo") || word.starts_with("bafk") || word.starts_with("0x") || word.starts_with('/');
    if is_name {
        let end = if word.ends_with([',', ';', ':']) { &word[word.len() - 1..] } else { "" };
        return format!("NAME{end}");
    }
    let mut shape = String::new();
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        if !letter.is_ascii_digit() {
            shape.push(letter);
            continue;
        }
        let is_part = |next: &char| next.is_ascii_digit();
        while letters.next_if(is_part).is_some() || (letters.peek() == Some(&'.') && is_decimal(&letters)) {
            if letters.peek() == Some(&'.') {
                letters.next();
            }
        }
        shape.push('#');
    }
    shape
}

/// Whether a point has digits behind it.
fn is_decimal(letters: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let mut after = letters.clone();
    after.next();
    after.next().is_some_and(|next| next.is_ascii_digit())
}

#[test]
fn the_shape_of_a_readme_sample_keeps_words_and_loses_numbers() {
    for (line, wanted) in [
        ("      chain  http://127.0.0.1:42919 (chain id 31337)", "chain http://#:# (chain id #)"),
        ("    round 3  trainer-2 claims training loss 0.3727 → 0.2490 nats", "round # trainer-# claims training loss # → # nats"),
        ("  contracts  Network at 0x79f8, found", "contracts Network at NAME, found"),
        ("  supply 891000.234530 NRN = 891000 sold.", "supply # NRN = # sold."),
        ("    2.3087 ┤   ●", "# ┤"),
        ("    0.1653 ┤               ●   ●   ●", "# ┤"),
        ("      …", ""),
    ] {
        assert_eq!(shape(line), wanted);
    }
}

#[test]
fn a_readme_sample_with_other_words_is_noticed() {
    let readme = |line: &str| format!("{BEFORE}\n\n```\n{line}\n```\n");
    let told = "    round 5  won by trainer-1\n";
    assert!(check(&readme("   round 3  won by trainer-2"), told).is_ok());
    for wrong in ["round 3  won by owner-2", "round  won by trainer-2", "round 3  won by trainer-2 at last"] {
        assert!(check(&readme(wrong), told).is_err(), "{wrong}");
    }
}
