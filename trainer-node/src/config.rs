//! Settings of a trainer: where it is, and how it trains.

use std::path::Path;

use anyhow::{Context, Result};
use node::{NodeConfig, config};
use serde::Deserialize;
use training::Settings;

/// A file like `configs/trainer.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    pub node: NodeConfig,
    pub training: Settings,
    /// Whether to race in a group that is not admitted, whose rounds pay nothing.
    pub unpaid: bool,
    /// Once the group has had this many rounds no further one is begun; the node goes on serving and collecting.
    pub rounds: Option<u64>,
}

/// Reads and checks a file; its relative paths count from its folder.
pub fn load(path: &Path) -> Result<TrainerConfig> {
    let mut config: TrainerConfig = config::read(path)?;
    config.training.check().with_context(|| format!("[training] in {}", path.display()))?;
    config.node = config.node.relative_to(path.parent().unwrap_or(Path::new(".")));
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::load;

    #[test]
    fn the_example_loads_and_an_unknown_key_is_named() {
        load(concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/trainer.toml").as_ref()).expect("the example");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("bad.toml");
        std::fs::write(&path, "[node]\ngruop = 1\n").expect("written");
        let error = format!("{:#}", load(&path).expect_err("an unknown key"));
        assert!(error.contains("gruop"), "{error}");
    }
}
