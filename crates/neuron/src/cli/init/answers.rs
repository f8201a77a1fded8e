//! What `neuron init` has to know: asked for at a terminal, given by flags, or as usual.

use std::{
    fmt::Display,
    io::{BufRead, Write},
    net::SocketAddr,
    path::{Path, PathBuf, absolute},
    str::FromStr,
};

use anyhow::{Context, Result, bail, ensure};
use node::Groups;

use crate::cli::program::Program;

/// Where to open the HTTP room, or nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room(pub Option<SocketAddr>);

const NO_ROOM: &str = "none";

impl FromStr for Room {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            NO_ROOM => Ok(Self(None)),
            _ => text.parse().map(|address| Self(Some(address))).with_context(|| format!("write it like 127.0.0.1:9464, or {NO_ROOM}")),
        }
    }
}

impl Display for Room {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(address) => address.fmt(out),
            None => out.write_str(NO_ROOM),
        }
    }
}

/// What flags say.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub network: Option<PathBuf>,
    pub group: Option<Groups>,
    pub folder: Option<PathBuf>,
    pub port: Option<u16>,
    pub http: Option<Room>,
}

/// All five answers; paths are absolute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    pub network: PathBuf,
    pub groups: Groups,
    pub folder: PathBuf,
    /// 0: free ports, others at each start.
    pub port: u16,
    pub http: Room,
}

/// What is usual for a program; so that all three have room on one machine.
struct Usual {
    port: u16,
    http: &'static str,
}

fn usual(program: Program) -> Usual {
    match program {
        Program::Seed => Usual { port: 4400, http: "127.0.0.1:9463" },
        Program::Trainer => Usual { port: 4401, http: "127.0.0.1:9464" },
        Program::Validator => Usual { port: 4402, http: "127.0.0.1:9465" },
    }
}

/// Somebody who is asked, if anybody is there.
pub struct Desk<'a> {
    pub person: Option<(&'a mut dyn BufRead, &'a mut dyn Write)>,
}

impl Desk<'_> {
    /// What a flag says, else what the person says, else what is usual.
    fn ask<T: FromStr<Err: Display>>(&mut self, given: Option<T>, question: &str, usual: &str) -> Result<T> {
        if let Some(given) = given {
            return Ok(given);
        }
        let read = |text: &str| text.parse::<T>().map_err(|error| format!("{error:#}"));
        let Some((input, output)) = &mut self.person else {
            return read(usual).map_err(anyhow::Error::msg);
        };
        loop {
            write!(output, "{question} [{usual}]: ")?;
            output.flush()?;
            let mut line = String::new();
            ensure!(input.read_line(&mut line)? > 0, "nothing was answered, and nothing was written: begin anew, or say --yes");
            let line = line.trim();
            match read(if line.is_empty() { usual } else { line }) {
                Ok(answer) => return Ok(answer),
                Err(error) => writeln!(output, "  {}", error.escape_debug())?,
            }
        }
    }
}

impl Answers {
    /// Asks whatever flags leave open.
    pub fn ask(program: Program, given: Given, desk: &mut Desk<'_>) -> Result<Self> {
        let Usual { port, http } = usual(program);
        let answers = Self {
            network: desk.ask(given.network.map(Text), "Network file", "network.toml")?.place()?,
            groups: desk.ask(given.group, "Group, or several like 1,4", "1")?,
            folder: desk.ask(given.folder.map(Text), "Folder of settings, key and data", program.word())?.place()?,
            port: desk.ask(given.port, "Port for other nodes, TCP and UDP; 0 for any", &port.to_string())?,
            http: desk.ask(given.http, "Address of its HTTP room, or none", http)?,
        };
        if program == Program::Seed && answers.groups == Groups::Staked {
            bail!("a seed has no stake: name the groups by their numbers");
        }
        for path in [&answers.network, &answers.folder] {
            ensure!(
                is_plain(path),
                "{} cannot stand in a unit of systemd: name a path in UTF-8 without control characters",
                path.display()
            );
        }
        Ok(answers)
    }
}

/// Whether a path can be written into files of lines.
pub fn is_plain(path: &Path) -> bool {
    path.to_str().is_some_and(|text| !text.chars().any(char::is_control))
}

/// A path as it was typed.
struct Text(PathBuf);

impl Text {
    fn place(&self) -> Result<PathBuf> {
        absolute(&self.0).with_context(|| format!("{} is no path", self.0.display()))
    }
}

impl FromStr for Text {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(program: Program, typed: &str, given: Given) -> (Result<Answers>, String) {
        let (mut input, mut output) = (typed.as_bytes(), Vec::<u8>::new());
        let answers = Answers::ask(program, given, &mut Desk { person: Some((&mut input, &mut output)) });
        (answers, String::from_utf8(output).expect("text"))
    }

    #[test]
    fn an_empty_line_takes_what_is_usual_and_nonsense_is_asked_again() {
        let (usual, told) = asked(Program::Trainer, "\n\n\n\n\n", Given::default());
        let usual = usual.expect("answers");
        assert_eq!(told.matches('?').count() + told.matches("]: ").count(), 5, "five questions: {told}");
        let nobody = Answers::ask(Program::Trainer, Given::default(), &mut Desk { person: None }).expect("as usual");
        assert_eq!(usual, nobody);
        assert!(usual.folder.is_absolute() && usual.folder.ends_with("trainer") && usual.network.ends_with("network.toml"));
        let (answers, told) = asked(Program::Validator, "/n.toml\nx\n1,4\n/v\n70000\n0\nhere\nnone\n", Given::default());
        let answers = answers.expect("answers");
        assert_eq!((answers.port, answers.http, answers.groups.clone()), (0, Room(None), "1,4".parse().expect("groups")));
        for wanted in ["names no groups", "number too large", "write it like 127.0.0.1:9464, or none"] {
            assert!(told.contains(wanted), "{wanted} in {told}");
        }
    }

    #[test]
    fn what_flags_say_is_not_asked() {
        let given = Given {
            network: Some("/n.toml".into()),
            group: Some(Groups::Staked),
            folder: Some("/v".into()),
            port: Some(7),
            http: Some(Room(None)),
        };
        let (answers, told) = asked(Program::Validator, "", given.clone());
        assert_eq!((answers.expect("answers").port, told.as_str()), (7, ""));
        let refusal = asked(Program::Seed, "", given.clone()).0.expect_err("no stake").to_string();
        assert!(refusal.contains("by their numbers"), "{refusal}");
        let refusal = asked(Program::Trainer, "", Given { folder: Some("/a\nb".into()), ..given }).0.expect_err("a line").to_string();
        assert!(refusal.contains("control characters"), "{refusal}");
        let refusal = asked(Program::Trainer, "", Given::default()).0.expect_err("nobody answers").to_string();
        assert!(refusal.contains("nothing was written"), "{refusal}");
    }
}
