//! The settings that `neuron init` writes: what was answered, and remarks on what is most often added.

use super::{DATA, answers::Answers, unit::numbers};
use crate::cli::program::Program;
use node::Groups;
use std::path::Path;

/// Where the key is, as settings name it.
pub enum KeyLines {
    /// None is needed.
    None,
    File {
        keystore: String,
        password_file: String,
    },
    Remote {
        url: String,
        account: String,
    },
}

/// The whole file.
pub fn settings(program: Program, answers: &Answers, key: &KeyLines) -> String {
    let mut lines = head(program, answers);
    lines.extend(["".into(), "[node]".into()]);
    if program != Program::Seed {
        lines.push(entry("network", &text(&shown(&answers.network)), ""));
        lines.push(entry("group", &group(&answers.groups), "or [1, 4], or \"all I have stake in\""));
    }
    lines.push(entry("data", &text(DATA), "it has to last: what was signed and sent, files, log"));
    lines.extend(key_lines(key));
    lines.extend(reached(answers));
    lines.extend(tail(program));
    lines.extend(["".into(), "[http]".into()]);
    lines.push(match answers.http.0 {
        Some(address) => entry("listen", &text(&address.to_string()), "of this machine alone, unless a proxy is in front"),
        None => entry("# listen", &text("127.0.0.1:9464"), "left out: nothing is served"),
    });
    lines.join("\n") + "\n"
}

fn head(program: Program, answers: &Answers) -> Vec<String> {
    let word = program.word();
    let mut lines = vec![
        format!("# Settings of a {word}. What they come to: neuron config show --origin --of {word} {word}.toml"),
        "# Relative paths count from this file's folder. What is left out has its default.".into(),
    ];
    match program {
        Program::Trainer => lines.extend([
            String::new(),
            entry("# strategy", &text("solo"), "\"merge\": start from the best average of the last round's checkpoints"),
            entry("# device", &text("auto"), "auto, cpu, cuda, cuda:N, wgpu, wgpu:N"),
            entry("# pay_to", &text("0x…"), "who gets what is won; left out: this account"),
        ]),
        Program::Validator => {}
        Program::Seed => lines.push(format!("# Network file and groups ({}) are named where it is started.", numbers(answers))),
    }
    lines
}

fn key_lines(key: &KeyLines) -> Vec<String> {
    match key {
        KeyLines::None => Vec::new(),
        KeyLines::File { keystore, password_file } => vec![
            entry("keystore", &text(keystore), "the hot key: without it and its password it is lost"),
            entry("password_file", &text(password_file), "for a start without anybody at a terminal"),
        ],
        KeyLines::Remote { url, account } => {
            vec![entry("signer", &text(url), "holds the key"), entry("account", &text(account), "of this account")]
        }
    }
}

fn reached(answers: &Answers) -> Vec<String> {
    let port = answers.port;
    let listen = format!("[\"/ip4/0.0.0.0/tcp/{port}\", \"/ip4/0.0.0.0/udp/{port}/quic-v1\"]");
    vec![
        entry("listen", &listen, "forward this port if a router is in front"),
        entry("# external", &format!("[\"/dns4/node.example/tcp/{port}\"]"), "a name or a router's address that leads here"),
    ]
}

fn tail(program: Program) -> Vec<String> {
    let store = entry("# store_bytes", "68719476736", "bytes that all files may have together");
    match program {
        Program::Seed => vec![store],
        Program::Trainer | Program::Validator => {
            vec![store, entry("# nrn_price", &text("0.0002"), "coins of the chain for one NRN: no call pays more for gas than it brings")]
        }
    }
}

fn group(groups: &Groups) -> String {
    match groups {
        Groups::Staked => text(node::groups::STAKED),
        Groups::These(numbers) if numbers.len() == 1 => numbers.iter().map(ToString::to_string).collect(),
        Groups::These(numbers) => format!("[{}]", numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

fn entry(key: &str, value: &str, remark: &str) -> String {
    let said = format!("{key} = {value}");
    if remark.is_empty() { said } else { format!("{said:<40}  # {remark}") }
}

fn text(value: &str) -> String {
    toml_edit::Value::from(value).to_string()
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
