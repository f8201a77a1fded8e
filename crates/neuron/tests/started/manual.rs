//! Scripts for shells, and pages for `man`.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use clap::CommandFactory as _;
use neuron::cli::Arguments;

use crate::desk::Desk;

#[test]
fn each_shell_gets_a_script_that_it_can_read() {
    let desk = Desk::new();
    for (shell, check) in [("bash", &["-n"][..]), ("zsh", &["-n"]), ("fish", &["--no-execute"]), ("powershell", &[])] {
        let script = desk.told(&["completions", shell]);
        for wanted in ["completions", "init", "--network"] {
            assert!(script.contains(wanted.trim_start_matches('-')), "{wanted} in the script for {shell}");
        }
        let reader = Command::new(shell).args(check).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let Some(mut reader) = reader.ok().filter(|_| !check.is_empty()) else {
            eprintln!("no {shell} here to read its script");
            continue;
        };
        reader.stdin.take().expect("input").write_all(script.as_bytes()).expect("written");
        let read = reader.wait_with_output().expect("an end");
        assert!(read.status.success(), "{shell}: {}", String::from_utf8_lossy(&read.stderr));
    }
    assert!(desk.refused(&["completions", "tcsh"]).contains("possible values"));
}

#[test]
fn every_command_has_a_page() {
    let desk = Desk::new();
    desk.told(&["man", "pages"]);
    let first = desk.told(&["man"]);
    assert!(first.contains(".TH") && first.contains("SYNOPSIS") && desk.read("pages/neuron.1").contains(".TH"), "{first}");
    for command in Arguments::command().get_subcommands() {
        let page = desk.read(&format!("pages/neuron-{}.1", command.get_name()));
        assert!(page.contains(".TH") && page.contains("SYNOPSIS"), "{page}");
    }
    assert!(fs::read_dir(desk.path("pages")).expect("a folder").count() > 40, "pages of commands of commands too");
    desk.write("file", "");
    assert!(desk.refused(&["man", "file"]).contains("name a folder that can be written"));
}

#[test]
fn a_reader_that_goes_early_is_no_error() {
    let desk = Desk::new();
    desk.write("seed.toml", "[node]\n");
    desk.write("password", "right");
    desk.write("again", "other");
    let key = ["--key", "key.json", "--password-file", "password"];
    for (arguments, made) in [
        (&["completions", "bash"][..], None),
        (&["man"], None),
        (&["config", "show", "--of", "seed", "seed.toml"], None),
        (&[&key[..], &["key", "new"]].concat(), Some("key.json")),
        (&[&key[..], &["key", "export", "copy.json", "--new-password-file", "again"]].concat(), Some("copy.json")),
        (&["ipfs", "add", "password", "--config", "seed.toml"], Some("data/blocks/pins")),
        (&["ipfs", "gc", "--config", "seed.toml"], None),
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended = desk.command().args(arguments).stdout(writer).stderr(Stdio::piped()).output().expect("it starts");
        assert!(ended.status.success() && ended.stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
        assert!(made.is_none_or(|made| desk.path(made).exists()), "{arguments:?} did not make {made:?}");
    }
}

#[test]
fn an_error_that_nobody_reads_ends_a_command_as_any_other() {
    let desk = Desk::new();
    for (arguments, code) in [(&["key", "show"][..], 1), (&["--network", "none.toml", "doctor"], 6)] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let ended =
            desk.command().args(arguments).stdout(writer.try_clone().expect("the same")).stderr(writer).status().expect("it starts");
        assert_eq!(ended.code(), Some(code), "{arguments:?}");
    }
}
