//! `[training]` of a trainer's file: steps that this program computes itself, or a command that trains in its place.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use node::config;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use training::{Device, Settings};

/// Seconds between SIGTERM and SIGKILL, if the file says nothing else.
pub const GRACE_S: u64 = 30;
/// The most that may be asked for.
const GRACE_S_MAX: u64 = 3_600;
/// What the names of variables that this program sets itself begin with.
const OWN: &str = "NEURON_";
/// Longest name of a device.
const DEVICE_LEN_MAX: usize = 64;

/// How a trainer trains.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Training {
    /// By an engine of this program, step by step.
    Steps(Settings),
    /// By a program of its owner's choice.
    Command(Command),
}

/// A program that trains. Whatever it does, what it wrote is checked and measured as any other file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// Says that this is the meaning of `[training]`.
    engine: Always,
    /// The program and its arguments. A name without `/` is looked for in PATH, a relative path counts from `folder`.
    pub command: Vec<String>,
    /// Where it runs; a relative path counts from the file's folder, which it is if left out.
    #[serde(default)]
    pub folder: PathBuf,
    /// Seconds between SIGTERM, by which it is told to save and end, and SIGKILL; never more than a quarter of the time that it has.
    #[serde(default = "grace_s")]
    pub grace_s: u64,
    /// What it is told as NEURON_DEVICE; without it the trainer's `device`.
    #[serde(default)]
    pub device: Option<String>,
    /// Further variables that it is given.
    #[serde(default, serialize_with = "without_values")]
    pub environment: BTreeMap<String, String>,
}

/// What computes, by its name in the file.
#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Engine {
    Auto,
    Exact,
    Burn,
    Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Always {
    Command,
}

/// What is said of a command where it could not be ended with all that it starts.
pub const NOWHERE_ELSE: &str = "a command trains on Linux and macOS only: leave `engine` of [training] out, or run the trainer there";

fn grace_s() -> u64 {
    GRACE_S
}

/// Tokens of services are among what people put there.
fn without_values<S: Serializer>(environment: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(environment.keys().map(|name| (name, "…")))
}

impl Default for Training {
    fn default() -> Self {
        Self::Steps(Settings::default())
    }
}

impl<'de> Deserialize<'de> for Training {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = toml::Table::deserialize(deserializer)?;
        let wrong = |error: toml::de::Error| D::Error::custom(error.message());
        let engine: Option<Engine> = table.get("engine").cloned().map(toml::Value::try_into).transpose().map_err(wrong)?;
        match engine {
            Some(Engine::Command) => table.try_into().map(Self::Command).map_err(wrong),
            Some(Engine::Auto | Engine::Exact | Engine::Burn) | None => table.try_into().map(Self::Steps).map_err(wrong),
        }
    }
}

/// What of a settings file says how a trainer trains.
#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    training: Training,
    #[serde(default)]
    device: Device,
}

/// The command that a trainer's settings name, if they name one; of other programs' settings nothing.
///
/// # Errors
/// When the file cannot be read, or its `[training]` is wrong.
pub fn command_of(path: &Path) -> Result<Option<Command>> {
    let Part { training, .. } = config::read(path)?;
    training.check().with_context(|| format!("[training] in {}", path.display()))?;
    Ok(training.relative_to(path.parent().unwrap_or(Path::new("."))).command().cloned())
}

/// The device on which the trainer of these settings computes; of settings whose runs a command does none.
///
/// # Errors
/// When the file cannot be read.
pub fn device_of(path: &Path) -> Result<Option<Device>> {
    let Part { training, device } = config::read(path)?;
    Ok(training.command().is_none().then_some(device))
}

impl Training {
    /// Checks all that can be checked without looking at this machine.
    ///
    /// # Errors
    /// The first key that is wrong, and what it may be.
    pub fn check(&self) -> Result<()> {
        match self {
            Self::Steps(settings) => Ok(settings.check()?),
            Self::Command(command) => command.check(),
        }
    }

    /// Makes relative paths count from `folder`, the folder of the file that held them.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Self {
        match self {
            Self::Command(command) => Self::Command(Command { folder: folder.join(&command.folder), ..command }),
            steps => steps,
        }
    }

    /// The command, if one trains.
    pub fn command(&self) -> Option<&Command> {
        if let Self::Command(command) = self { Some(command) } else { None }
    }
}

impl Command {
    fn check(&self) -> Result<()> {
        let is_whole = |text: &String| !text.contains('\0');
        ensure!(
            self.command.first().is_some_and(|program| !program.is_empty()) && self.command.iter().all(is_whole),
            "command names no program: give it and its arguments, for instance [\"python3\", \"train.py\"]"
        );
        ensure!((1..=GRACE_S_MAX).contains(&self.grace_s), "grace_s is {}: give 1 to {GRACE_S_MAX}", self.grace_s);
        let is_letter = |letter: char| letter.is_ascii_alphanumeric() || ":,._-".contains(letter);
        let is_device = |name: &String| (1..=DEVICE_LEN_MAX).contains(&name.len()) && name.chars().all(is_letter);
        ensure!(self.device.iter().all(is_device), "device is no name of one: give for instance \"cpu\" or \"cuda:0\"");
        for (name, value) in &self.environment {
            let is_name = !name.is_empty() && !name.contains(['=', '\0']);
            ensure!(is_name && is_whole(value), "environment holds {name:?}, which is no variable: correct its name or its value");
            ensure!(!name.starts_with(OWN), "environment sets {name}, which this program sets itself: use another name");
        }
        Ok(())
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        if self.folder.as_os_str().is_empty() { Path::new(".") } else { &self.folder }
    }

    /// The whole path of its program on this machine.
    ///
    /// # Errors
    /// When there is no such program, it cannot be executed, or its folder is not there; where commands cannot train.
    pub fn program(&self) -> Result<PathBuf> {
        ensure!(cfg!(unix), NOWHERE_ELSE);
        let (folder, name) = (self.folder(), self.command.first().map_or("", String::as_str));
        ensure!(folder.is_dir(), "{} is no folder, and the command of [training] is to run there: set `folder` right", folder.display());
        if !name.contains('/') {
            let paths = env::var_os("PATH").unwrap_or_default();
            let found = env::split_paths(&paths).map(|path| path.join(name)).find(|path| is_executable(path));
            let found =
                found.with_context(|| format!("{name:?} is in no folder of PATH: install it, or give its whole path as `command`"))?;
            return absolute(&found);
        }
        let path = absolute(&folder.join(name))?;
        if !path.is_file() {
            bail!("there is no program {}: correct `command` of [training]", path.display());
        }
        let mend = "make it so (`chmod +x`), or name what runs it before it";
        ensure!(is_executable(&path), "{} cannot be executed: {mend}", path.display());
        Ok(path)
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Elsewhere the system finds that out when it starts it.
#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Training> {
        let training: Training = toml::from_str(text)?;
        training.check()?;
        Ok(training)
    }

    #[test]
    fn the_engine_says_what_the_table_means_and_what_is_wrong_in_it_is_named() {
        assert_eq!(read("").expect("empty"), Training::default());
        assert!(matches!(read("engine = \"exact\"\nbatch = 3").expect("steps"), Training::Steps(Settings { batch: 3, .. })));
        let training = read("engine = \"command\"\ncommand = [\"python3\", \"train.py\"]").expect("a command");
        let command = training.relative_to(Path::new("there")).command().cloned().expect("one");
        assert_eq!((command.grace_s, command.folder(), &command.device), (GRACE_S, Path::new("there"), &None));
        for (text, named) in [
            ("engine = \"tpu\"", "`command`"),
            ("engine = 3", "string"),
            ("learning_rat = 1.0", "learning_rat"),
            ("batch = 0", "batch"),
            ("clip = inf", "clip"),
            ("command = [\"sh\"]", "command"),
            ("engine = \"command\"", "command"),
            ("engine = \"command\"\ncommand = []", "names no program"),
            ("engine = \"command\"\ncommand = [\"\", \"x\"]", "names no program"),
            ("engine = \"command\"\ncommand = [\"sh\\u0000\"]", "names no program"),
            ("engine = \"command\"\ncommand = [\"sh\"]\nbatch = 3", "batch"),
            ("engine = \"command\"\ncommand = [\"sh\"]\ngrace_s = 0", "grace_s"),
            ("engine = \"command\"\ncommand = [\"sh\"]\ngrace_s = 3601", "3600"),
            ("engine = \"command\"\ncommand = [\"sh\"]\ndevice = \"cuda 0\"", "device"),
            ("engine = \"command\"\ncommand = [\"sh\"]\nenvironment = { NEURON_PASSWORD = \"x\" }", "NEURON_PASSWORD"),
            ("engine = \"command\"\ncommand = [\"sh\"]\nenvironment = { \"A=B\" = \"x\" }", "A=B"),
        ] {
            let error = format!("{:#}", read(text).expect_err(text));
            assert!(error.contains(named), "{text:?}: {error}");
        }
    }

    #[test]
    fn what_is_shown_of_an_environment_are_its_names() {
        let text = "engine = \"command\"\ncommand = [\"sh\"]\nenvironment = { WANDB_API_KEY = \"hidden\" }";
        let shown = serde_json::to_string(&read(text).expect("a command")).expect("shown");
        assert!(shown.contains("\"engine\":\"command\"") && shown.contains("WANDB_API_KEY") && !shown.contains("hidden"), "{shown}");
    }

    #[cfg(unix)]
    #[test]
    fn a_program_is_found_in_path_or_from_its_folder_and_what_hinders_it_is_said() {
        let place = tempfile::tempdir().expect("a temporary folder");
        let (plain, folder) = (place.path().join("train.sh"), place.path().display());
        fs::write(&plain, "#!/bin/sh\n").expect("written");
        let program = |name: &str, folder: &str| {
            let text = format!("engine = \"command\"\ncommand = [{name:?}]\nfolder = {folder:?}");
            read(&text).expect("a command").command().expect("one").program()
        };
        let here = folder.to_string();
        assert!(program("sh", &here).expect("in PATH").is_absolute());
        for (name, folder, reason) in [
            ("no-such-program", here.as_str(), "in no folder of PATH"),
            ("./none.sh", &here, "there is no program"),
            ("./train.sh", &here, "chmod +x"),
            ("sh", "/nowhere/at/all", "is no folder"),
            ("..//", &here, "there is no program"),
        ] {
            let error = format!("{:#}", program(name, folder).expect_err(name));
            assert!(error.contains(reason), "{name}: {error}");
        }
        fs::set_permissions(&plain, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("executable");
        assert_eq!(program("./train.sh", &here).expect("found").file_name(), Some("train.sh".as_ref()));
    }
}
