//! Settings of a trainer: where it is, and how it trains.

use std::path::Path;

use anyhow::{Context, Result};
use node::{NodeConfig, config, http::HttpConfig, logging::LogConfig, traces::TraceConfig};
use protocol::Address;
use serde::{Deserialize, Serialize};
use training::{Device, StrategyName};

use crate::settings::Training;

/// A file like `configs/trainer.toml`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    pub node: NodeConfig,
    pub http: HttpConfig,
    pub log: LogConfig,
    pub trace: TraceConfig,
    /// How to train.
    pub training: Training,
    /// What a round's training starts from.
    pub strategy: StrategyName,
    /// Where to train.
    pub device: Device,
    /// Who gets what is won; the node's own account if left out.
    pub pay_to: Option<Address>,
    /// Whether to race in a group that is not admitted, whose rounds pay nothing.
    pub unpaid: bool,
    /// Once the group has had this many rounds no further one is begun; the node goes on serving and collecting.
    pub rounds: Option<u64>,
}

/// Reads and checks a file; its relative paths count from its folder.
pub fn load(path: &Path) -> Result<TrainerConfig> {
    let mut config: TrainerConfig = config::read(path)?;
    config.training.check().with_context(|| format!("[training] in {}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    (config.node, config.log) = (config.node.relative_to(folder), config.log.relative_to(folder));
    config.training = config.training.relative_to(folder);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use training::Settings;

    const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/trainer.toml");

    #[test]
    fn the_example_names_every_key_of_training_and_the_defaults() {
        load(EXAMPLE.as_ref()).expect("the example");
        let example = std::fs::read_to_string(EXAMPLE).expect("text");
        let is_key = |line: &str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
        let lines = example.lines().map(|line| line.strip_prefix("# ").filter(|line| is_key(line)).unwrap_or(line));
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("whole.toml");
        std::fs::write(&path, lines.collect::<Vec<_>>().join("\n")).expect("written");
        let config = load(&path).expect("with all its comments read");
        assert_eq!(config.training, Training::Steps(Settings { clip: Some(1.0), steps: Some(400), ..Settings::default() }));
        let default = TrainerConfig::default();
        assert_eq!((config.strategy, config.device, config.unpaid), (default.strategy, default.device, default.unpaid));
        assert!(config.pay_to.is_some() && default.pay_to.is_none());
        assert_eq!((config.node.listen, config.node.edge_s, default.node.edge_s), (default.node.listen, Some(2), None));
        let keys = serde_json::to_value(Settings::default()).expect("keys");
        let missing = keys.as_object().expect("a table").keys().find(|key| !example.contains(&format!("\n# {key} = ")));
        assert_eq!(missing, None);
    }

    #[test]
    fn the_example_of_a_command_names_every_key_and_its_paths_count_from_its_folder() {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/trainer-command.toml");
        let text = std::fs::read_to_string(example).expect("text");
        let config = load(example.as_ref()).expect("the example");
        let command = config.training.command().expect("a command");
        assert_eq!((command.folder(), command.grace_s), (Path::new(example).parent().expect("a folder"), crate::settings::GRACE_S));
        let keys = serde_json::to_value(command).expect("keys");
        let has = |key: &String| text.contains(&format!("\n{key} = ")) || text.contains(&format!("\n# {key} = "));
        assert_eq!(keys.as_object().expect("a table").keys().find(|key| !has(key)), None);
        let whole = text.replace("\n# folder", "\nfolder").replace("\n# grace_s", "\ngrace_s").replace("\n# device", "\ndevice");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("whole.toml");
        std::fs::write(&path, whole.replace("\n# environment", "\nenvironment")).expect("written");
        let command = load(&path).expect("with all its comments read").training.command().cloned().expect("a command");
        assert_eq!(command.folder(), folder.path().join("my-training"));
        assert!(command.device.is_some() && command.environment.len() == 1);
    }

    #[test]
    fn an_unknown_key_and_a_device_that_is_none_are_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("bad.toml");
        for (text, named) in [
            ("[node]\ngruop = 1\n", "gruop"),
            ("device = \"tpu\"\n", "tpu"),
            ("pay_to = \"0x12\"\n", "pay_to"),
            ("[training]\nbatch = 0\n", "batch"),
        ] {
            std::fs::write(&path, text).expect("written");
            let error = format!("{:#}", load(&path).expect_err(text));
            assert!(error.contains(named), "{error}");
        }
    }
}
