//! Where this program computes exactly: on the processor, or on a GPU as long as that can. Chosen once, and said in the log.

use std::{env, fmt, str::FromStr, sync::OnceLock};

use anyhow::{Context, Error, Result, bail};
use cuda::Machine;
use evaluator::{Compute, Isa};
use serde::{Deserialize, Serialize};

/// Forces an instruction set: `portable`, `avx2`, `avx512` or `neon`. Losses are the same with each.
pub const ISA: &str = "NEURON_ISA";

/// What was chosen for all that this program measures.
static CHOSEN: OnceLock<Machine> = OnceLock::new();

/// The part `[evaluator]` of a program's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EvaluatorConfig {
    /// Where losses are computed.
    pub device: Place,
}

/// Where to compute: `cpu`, `cuda`, or `cuda:1` for a GPU of that number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// The processor.
    #[default]
    Processor,
    /// The NVIDIA GPU of this number, and the processor where it cannot.
    Gpu(u32),
}

/// What a place came to.
pub struct Choice {
    pub machine: Machine,
    /// Why it is not the GPU that was asked for, in one sentence.
    pub reason: Option<String>,
}

/// How the processor measures: the fastest way, or the one that `NEURON_ISA` forces.
///
/// # Errors
/// When the variable names nothing that the processor has.
pub fn compute() -> Result<Compute> {
    let fastest = Compute::detect();
    let Some(forced) = env::var_os(ISA) else { return Ok(fastest) };
    let isa: Isa = forced.to_string_lossy().parse().context(ISA)?;
    Compute::new(isa, fastest.threads()).context(ISA)
}

/// What was chosen, else the processor.
///
/// # Errors
/// As [`compute`].
pub fn machine() -> Result<Machine> {
    CHOSEN.get().copied().map_or_else(|| Ok(Machine::processor(compute()?)), Ok)
}

/// Looks for the machine of a place. The first look at a GPU compiles its kernels and compares some bits: seconds.
///
/// # Errors
/// As [`compute`].
pub fn look_for(place: Place) -> Result<Choice> {
    let processor = || Ok::<_, Error>(Machine::processor(compute()?));
    let Place::Gpu(number) = place else { return Ok(Choice { machine: processor()?, reason: None }) };
    match Machine::gpu(compute()?, number) {
        Ok(machine) => Ok(Choice { machine, reason: None }),
        Err(reason) => Ok(Choice { machine: processor()?, reason: Some(reason.to_string()) }),
    }
}

/// Chooses for all that is measured from now on, and says in the log what and why. Once: a second choice changes nothing.
///
/// # Errors
/// As [`compute`].
pub fn choose(place: Place) -> Result<Choice> {
    let choice = look_for(place)?;
    match &choice.reason {
        None => tracing::info!(%place, device = %choice.machine, "losses are computed there"),
        Some(reason) => tracing::warn!(%place, device = %choice.machine, "losses are computed by the processor: {reason}"),
    }
    CHOSEN.get_or_init(|| choice.machine);
    Ok(choice)
}

/// Says that the processor did what a GPU could not.
pub fn tell_left(reason: &cuda::Error) {
    tracing::warn!("the processor goes on: {reason}");
}

impl fmt::Display for Choice {
    /// The machine, and why it is no other.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            None => write!(out, "{}", self.machine),
            Some(reason) => write!(out, "{}: {reason}", self.machine),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Processor => out.write_str("cpu"),
            Self::Gpu(number) => write!(out, "cuda:{number}"),
        }
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (name, number) = text.split_once(':').unwrap_or((text, "0"));
        match (name, number.parse()) {
            _ if text == "cpu" => Ok(Self::Processor),
            ("cuda", Ok(number)) => Ok(Self::Gpu(number)),
            _ => bail!("{text:?} is no device that computes exactly: give cpu, cuda or cuda:N"),
        }
    }
}

impl TryFrom<String> for Place {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_name_and_what_is_none_is_named() {
        for (text, place) in [("cpu", Place::Processor), ("cuda", Place::Gpu(0)), ("cuda:3", Place::Gpu(3))] {
            assert_eq!(text.parse::<Place>().expect(text), place);
            assert_eq!(place.to_string().parse::<Place>().expect(text), place);
        }
        for text in ["", "gpu", "cuda:", "cuda:-1", "cpu:0", "auto", "wgpu"] {
            let error = text.parse::<Place>().expect_err(text).to_string();
            assert!(error.contains(&format!("{text:?} is no device")), "{error}");
        }
        let config: EvaluatorConfig = toml::from_str("device = \"cuda\"").expect("a part");
        assert_eq!(config.device, Place::Gpu(0));
        assert!(toml::from_str::<EvaluatorConfig>("device = \"tpu\"").expect_err("no device").to_string().contains("tpu"));
    }

    #[test]
    fn a_gpu_that_is_not_here_is_the_processor_with_a_sentence() {
        // Where there are GPUs, there are fewer.
        let choice = look_for(Place::Gpu(u32::MAX)).expect("a choice");
        let told = choice.to_string();
        assert!(choice.machine.device().is_none() && told.starts_with("processor ("), "{told}");
        assert!(choice.reason.is_some() && told.ends_with("or compute on the processor"), "{told}");
        let own = look_for(Place::Processor).expect("a choice");
        assert!(own.reason.is_none() && own.machine.device().is_none());
    }
}
