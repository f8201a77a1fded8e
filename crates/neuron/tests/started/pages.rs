//! No page shows a command that does not exist: each command line is given to the parser of the program that it names.

use std::{fs, path::Path};

use clap::{
    Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use neuron::cli::Arguments;

use crate::shown::{Shown, commands};

const PAGES: [&str; 4] = ["README.md", "docs/OPERATING.md", "CONTRIBUTING.md", "docs/ARCHITECTURE.md"];
/// First lines of files begin like commands.
const FORMATS: [&str; 8] = ["signing log", "data", "commits", "run of", "flights", "chronicle", "pins", "tree"];
/// What stands for something that a person has to fill in, as each kind of it.
const SAMPLES: [&str; 4] = ["1", "0x4a62316623ad457F02cDC5D997deD67a383EC569", "1,4", "127.0.0.1:1"];

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What is wrong with a command line.
fn complaint<P: Parser>(shown: &Shown) -> Option<String> {
    let mut words = shown.words.clone();
    words.retain(|word| word != "…");
    loop {
        let Err(error) = P::try_parse_from(&words) else { return None };
        let is_part = matches!(
            error.kind(),
            ErrorKind::MissingRequiredArgument | ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
        );
        if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) || (is_part && !shown.is_whole) {
            return None;
        }
        match filled_in::<P>(&words, error.get(ContextKind::InvalidValue)) {
            Some(better) => words = better,
            None => return Some(error.to_string()),
        }
    }
}

/// The same with something real instead of a placeholder, in capitals or with dots, that the parser does not take.
fn filled_in<P: Parser>(words: &[String], wrong: Option<&ContextValue>) -> Option<Vec<String>> {
    let Some(ContextValue::String(wrong)) = wrong else { return None };
    let is_placeholder = wrong.contains('…') || wrong.chars().all(|letter| letter.is_ascii_uppercase());
    let place = words.iter().position(|word| word == wrong).filter(|_| is_placeholder)?;
    let with = |sample: &&str| {
        let mut better = words.to_vec();
        better[place] = sample.to_string();
        better
    };
    let is_taken = |better: &Vec<String>| match P::try_parse_from(better) {
        Ok(_) => true,
        Err(error) => error.get(ContextKind::InvalidValue).is_none_or(|still| !better[place].eq(&still.to_string())),
    };
    SAMPLES.iter().map(with).find(is_taken)
}

fn complaints<P: Parser>(name: &str, page: &str, program: &str) -> (usize, Vec<String>) {
    let is_format = |shown: &Shown| FORMATS.iter().any(|format| shown.text().starts_with(&format!("neuron {format} ")));
    let mut shown = commands(page, &[program]);
    shown.retain(|shown| !is_format(shown));
    let told = |shown: &Shown| complaint::<P>(shown).map(|why| format!("{name}:{}: {}\n{why}", shown.line, shown.text()));
    (shown.len(), shown.iter().filter_map(told).collect())
}

#[test]
fn readme_and_other_pages_show_only_commands_that_exist() {
    let (mut count, mut wrong) = (0, Vec::new());
    for name in PAGES {
        let page = page(name);
        for (found, complaints) in [
            complaints::<Arguments>(name, &page, "neuron"),
            complaints::<trainer_node::Arguments>(name, &page, "trainer-node"),
            complaints::<validator_node::Arguments>(name, &page, "validator-node"),
        ] {
            count += found;
            wrong.extend(complaints);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 70, "only {count} command lines were found");
}

#[test]
fn a_command_that_does_not_exist_is_noticed() {
    for (page, wanted) in [
        ("```\nneuron delta colour\n```", "colour"),
        ("`neuron stake bond 100 --colour`", "--colour"),
        ("```\nneuron stake bond\n```", "required"),
        ("```\nneuron tx speed-up nonce\n```", "nonce"),
        ("```\nneuron\n```", "Usage"),
    ] {
        let (_, wrong) = complaints::<Arguments>("page", page, "neuron");
        assert!(wrong.len() == 1 && wrong[0].contains(wanted), "{page}: {wrong:?}");
    }
    for page in ["`neuron stake bond`", "`neuron stake`", "```\nneuron tx speed-up NONCE\n```", "```\nneuron --help\n```"] {
        assert_eq!(complaints::<Arguments>("page", page, "neuron"), (1, Vec::new()), "{page}");
    }
}
