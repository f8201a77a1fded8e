//! A folder with a network file, in which the command runs without a terminal.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use node::config::NetworkFile;
use tempfile::TempDir;

pub struct Desk(TempDir);

impl Desk {
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        desk.write("network.toml", &toml::to_string(&NetworkFile::default()).expect("TOML"));
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Files that stand for the programs.
    pub fn programs(&self) -> PathBuf {
        let folder = self.path("bin");
        fs::create_dir_all(&folder).expect("a folder");
        for name in ["trainer-node", "validator-node", "neuron"] {
            let path = folder.join(name);
            fs::write(&path, "#!/bin/sh\n").expect("written");
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("executable");
        }
        folder
    }

    pub fn command(&self) -> Command {
        neuron(self.0.path())
    }

    pub fn told(&self, arguments: &[&str]) -> String {
        let (is_done, text) = ended(self.command().args(arguments));
        assert!(is_done, "{arguments:?}: {text}");
        text
    }

    pub fn refused(&self, arguments: &[&str]) -> String {
        let (is_done, text) = ended(self.command().args(arguments));
        assert!(!is_done && !text.contains("panicked"), "{arguments:?}: {text}");
        text
    }
}

/// The command in a folder, with no password in a variable and nobody to ask.
pub fn neuron(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_neuron"));
    command.current_dir(folder).env_remove("NEURON_PASSWORD").env("USER", "neuron").stdin(Stdio::null());
    command
}

fn ended(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    (status.success(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}
