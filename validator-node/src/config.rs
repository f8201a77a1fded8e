//! Settings of a validator.

use std::path::Path;

use anyhow::Result;
use node::{NodeConfig, config, http::HttpConfig, logging::LogConfig, machine::EvaluatorConfig, traces::TraceConfig};
use serde::{Deserialize, Serialize};

/// A file like `configs/validator.toml`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValidatorConfig {
    pub node: NodeConfig,
    pub http: HttpConfig,
    pub log: LogConfig,
    pub trace: TraceConfig,
    /// Where losses are computed.
    pub evaluator: EvaluatorConfig,
    /// Seconds from one validator's attempt to post to the next one's, beside those until it is seen; without it a block, as measured.
    pub step_s: Option<u64>,
    /// Pay is made stake once it is this part of the stake, 64 for one 64th; 0: never.
    pub compound_part: u64,
    /// Whether it waits a round before it signs where chain or log show verdicts of its account that its signing log lacks.
    pub doppelganger_check: bool,
}

impl Default for ValidatorConfig {
    fn default() -> Self {
        Self {
            node: NodeConfig::default(),
            http: HttpConfig::default(),
            log: LogConfig::default(),
            trace: TraceConfig::default(),
            evaluator: EvaluatorConfig::default(),
            step_s: None,
            compound_part: 64,
            doppelganger_check: true,
        }
    }
}

/// Reads a file; its relative paths count from its folder.
pub fn load(path: &Path) -> Result<ValidatorConfig> {
    let mut config: ValidatorConfig = config::read(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    (config.node, config.log) = (config.node.relative_to(folder), config.log.relative_to(folder));
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::{ValidatorConfig, load};

    #[test]
    fn the_example_loads_and_a_missing_file_is_named() {
        let example = load(concat!(env!("CARGO_MANIFEST_DIR"), "/../configs/validator.toml").as_ref()).expect("the example");
        assert_eq!(example.evaluator, ValidatorConfig::default().evaluator);
        let error = format!("{:#}", load("/nowhere/config.toml".as_ref()).expect_err("missing"));
        assert!(error.contains("/nowhere/config.toml"), "{error}");
    }
}
