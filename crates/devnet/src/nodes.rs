//! The nodes of a devnet: their settings, and their programs.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use node::config::{self, GroupFile, NetworkFile, NodeConfig};
use protocol::GroupId;

use crate::{
    actors::key_file,
    options::{Host, Options},
    processes::Process,
    setup::NETWORK,
};

/// Name of a node's settings in its folder.
const CONFIG: &str = "config.toml";

/// Writes the settings of all nodes and starts them.
pub fn start(options: &Options, file: &GroupFile, dir: &Path, group: GroupId) -> Result<(Vec<Process>, Vec<Process>)> {
    let run = |name: String, place: usize, program: &str| {
        let host = options.hosts.get(place).cloned().unwrap_or_default();
        listen(dir, &name, &host)?;
        Process::start_by(&host.enter, &name, program, &dir.join(&name))
    };
    let trainer = |number: usize| {
        let name = format!("trainer-{number}");
        provide(options, dir, &name, number - 1)?;
        let own = options.trainer_files.get(number - 1).map(|path| own(path)).transpose()?.unwrap_or_default();
        let is_asked = !own.is_empty();
        write_trainer(dir, &name, file, group, options.rounds(), own)?;
        let mut process = run(name, number - 1, "trainer-node")?;
        process.is_asked = is_asked;
        Ok(process)
    };
    let validator = |number| {
        let (name, place) = (format!("validator-{number}"), options.trainers + number - 1);
        provide(options, dir, &name, place)?;
        let mut config = toml::Table::new();
        config.insert("node".into(), toml::Value::try_from(node_config(dir, &name, group))?);
        write_config(dir, &name, &config)?;
        run(name, place, "validator-node")
    };
    let trainers = (1..=options.trainers).map(trainer).collect::<Result<_>>()?;
    Ok((trainers, (1..=options.validators).map(validator).collect::<Result<_>>()?))
}

/// A network file of its own for a node with a provider of its own.
fn provide(options: &Options, dir: &Path, name: &str, place: usize) -> Result<()> {
    let Some(provider) = options.providers.get(place) else { return Ok(()) };
    let file = NetworkFile { rpc: provider.as_str().into(), ..config::read(&dir.join(NETWORK))? };
    fs::create_dir_all(dir.join(name))?;
    Ok(fs::write(dir.join(name).join(NETWORK), toml::to_string(&file)?)?)
}

/// Adds to a node's settings where it listens on a host of its own.
fn listen(dir: &Path, name: &str, host: &Host) -> Result<()> {
    if host.listen.is_empty() {
        return Ok(());
    }
    let mut config: toml::Table = config::read(&dir.join(name).join(CONFIG))?;
    let node = config.get_mut("node").and_then(toml::Value::as_table_mut).context("a node has settings")?;
    node.insert("listen".into(), toml::Value::try_from(&host.listen)?);
    write_config(dir, name, &config)
}

/// Writes what a trainer is told; what it has of its own takes the place of what the group's file says.
fn write_trainer(dir: &Path, name: &str, file: &GroupFile, group: GroupId, rounds: u64, own: toml::Table) -> Result<()> {
    let mut config = toml::Table::new();
    config.insert("rounds".into(), toml::Value::try_from(rounds)?);
    config.insert("training".into(), toml::Value::Table(file.training.clone()));
    config.extend(own);
    config.insert("node".into(), toml::Value::try_from(node_config(dir, name, group))?);
    write_config(dir, name, &config)
}

/// A trainer's own settings, whose folder of a command counts from their file.
fn own(path: &Path) -> Result<toml::Table> {
    let mut config: toml::Table = config::read(path)?;
    ensure!(!config.contains_key("node"), "{} has a part [node], which the devnet writes itself: take it out", path.display());
    let folder = std::path::absolute(path)?.parent().map(Path::to_owned).unwrap_or_default();
    let training = config.get_mut("training").and_then(toml::Value::as_table_mut);
    if let Some(training) = training.filter(|training| training.get("engine").and_then(toml::Value::as_str) == Some("command")) {
        let below = training.get("folder").and_then(toml::Value::as_str).unwrap_or_default();
        let folder = toml::Value::try_from(folder.join(below))?;
        training.insert("folder".into(), folder);
    }
    Ok(config)
}

/// Lets a trainer go on for ever.
pub fn lift_limit(dir: &Path, name: &str) -> Result<()> {
    let mut config: toml::Table = config::read(&dir.join(name).join(CONFIG))?;
    config.remove("rounds");
    write_config(dir, name, &config)
}

fn node_config(dir: &Path, name: &str, group: GroupId) -> NodeConfig {
    let own = dir.join(name).join(NETWORK);
    NodeConfig {
        network: if own.exists() { own } else { dir.join(NETWORK) },
        group: group.0.into(),
        data: dir.join(name).join("data"),
        keystore: key_file(&dir.join("keys"), name),
        password_file: Some(dir.join("keys/password")),
        ..NodeConfig::default()
    }
}

fn write_config(dir: &Path, name: &str, config: &toml::Table) -> Result<()> {
    let folder = dir.join(name);
    fs::create_dir_all(&folder)?;
    let path = folder.join(CONFIG);
    fs::write(&path, toml::to_string(config)?).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trainers_own_file_has_no_node_and_its_folder_counts_from_the_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("own.toml");
        let read = |text: &str| {
            fs::write(&path, text).expect("written");
            own(&path)
        };
        let refused = read("[node]\nport = 1").expect_err("a node").to_string();
        assert!(refused.contains("[node]") && refused.contains("take it out"), "{refused}");
        for (text, wanted) in [
            ("[training]\nengine = \"command\"\ncommand = [\"x\"]", Some(folder.path().to_owned())),
            ("[training]\nengine = \"command\"\nfolder = \"below\"", Some(folder.path().join("below"))),
            ("[training]\nengine = \"command\"\nfolder = \"/else\"", Some("/else".into())),
            ("[training]\nbatch = 3", None),
            ("rounds = 2", None),
        ] {
            let config = read(text).unwrap_or_else(|error| panic!("{text}: {error:#}"));
            let found = config.get("training").and_then(|training| training.get("folder")?.as_str().map(Into::into));
            assert_eq!(found, wanted, "{text}");
        }
    }
}
