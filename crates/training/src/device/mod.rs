//! Devices: their names, which of them this program was built for, and which are here.

#[cfg(feature = "cuda")]
mod cuda;
#[cfg(feature = "wgpu")]
pub(crate) mod wgpu;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where to train. Any name is read by any program, since settings are looked at by others than the one that trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Device {
    /// An NVIDIA GPU, else another GPU, else the processor: the first that is here and that this program was built for.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The NVIDIA GPU of this number: by the engine burn where this program has it for that, else by exact.
    Cuda(usize),
    /// The GPU of this number that Vulkan, Metal or DirectX names.
    Wgpu(usize),
}

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// No such name.
    #[error("{0:?} is no device: give auto, cpu, cuda, cuda:N, wgpu or wgpu:N; burn was built for {built}", built = built())]
    Unknown(String),
    /// Left out of this program; of CUDA that is burn alone.
    #[error("the engine burn was built for {built}, not for {0}: build it with --features {0}", built = built())]
    NotBuilt(&'static str),
    /// Built, but not found here.
    #[error("{device} cannot be used here ({reason}): give another device, or auto")]
    Missing {
        /// Device asked for.
        device: Device,
        /// What was not found.
        reason: String,
    },
}

/// Name of the device that is always here.
const PROCESSOR: &str = "processor";

/// NVIDIA GPUs by number, or why there are none.
fn cuda_names() -> Result<Vec<String>, String> {
    #[cfg(feature = "cuda")]
    return cuda::names();
    #[cfg(not(feature = "cuda"))]
    Ok(Vec::new())
}

/// Adapters by number, and whether the first is hardware.
fn wgpu_names() -> (Vec<String>, bool) {
    #[cfg(feature = "wgpu")]
    let found = wgpu::adapters().into_iter().map(|adapter| (adapter.name, adapter.hardware));
    #[cfg(not(feature = "wgpu"))]
    let found = std::iter::empty::<(String, bool)>();
    let (names, hardware): (Vec<_>, Vec<_>) = found.unzip();
    (names, hardware.first() == Some(&true))
}

/// Devices that burn was built for.
fn built() -> String {
    let all = [("cpu", true), ("cuda", cfg!(feature = "cuda")), ("wgpu", cfg!(feature = "wgpu"))];
    let names: Vec<&str> = all.iter().filter(|(_, built)| *built).map(|(name, _)| *name).collect();
    names.join(", ")
}

impl Device {
    /// The device that is meant here, and its name.
    pub(crate) fn resolve(self) -> Result<(Self, String), DeviceError> {
        let name = |found: Result<Vec<String>, String>, number: usize| {
            let missing = |reason| DeviceError::Missing { device: self, reason };
            let mut names = found.map_err(missing)?;
            if number < names.len() { Ok(names.swap_remove(number)) } else { Err(missing(format!("those here: {names:?}"))) }
        };
        match self.of_burn()? {
            Self::Auto => {
                let cuda = Self::Cuda(0).resolve();
                let hardware = || wgpu_names().1.then(|| Self::Wgpu(0).resolve().ok()).flatten();
                Ok(cuda.ok().or_else(hardware).unwrap_or((Self::Cpu, PROCESSOR.to_owned())))
            }
            Self::Cpu => Ok((self, PROCESSOR.to_owned())),
            Self::Cuda(number) => Ok((self, name(cuda_names(), number)?)),
            Self::Wgpu(number) => Ok((self, name(Ok(wgpu_names().0), number)?)),
        }
    }

    /// Refuses a device that nothing of this program was built for; whether it is here is another question. The engine exact is on NVIDIA's
    /// GPUs whatever burn was built for.
    ///
    /// # Errors
    /// `NotBuilt`.
    pub fn check(self) -> Result<Self, DeviceError> {
        if matches!(self, Self::Cuda(_)) { Ok(self) } else { self.of_burn() }
    }

    /// Refuses a device that burn was not built for.
    fn of_burn(self) -> Result<Self, DeviceError> {
        match self {
            Self::Cuda(_) if !cfg!(feature = "cuda") => Err(DeviceError::NotBuilt("cuda")),
            Self::Wgpu(_) if !cfg!(feature = "wgpu") => Err(DeviceError::NotBuilt("wgpu")),
            _ => Ok(self),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Cpu => formatter.write_str("cpu"),
            Self::Cuda(number) => write!(formatter, "cuda:{number}"),
            Self::Wgpu(number) => write!(formatter, "wgpu:{number}"),
        }
    }
}

impl FromStr for Device {
    type Err = DeviceError;

    fn from_str(text: &str) -> Result<Self, DeviceError> {
        let (name, number) = text.split_once(':').unwrap_or((text, "0"));
        Ok(match (name, number.parse()) {
            _ if text == "auto" => Self::Auto,
            _ if text == "cpu" => Self::Cpu,
            ("cuda", Ok(number)) => Self::Cuda(number),
            ("wgpu", Ok(number)) => Self::Wgpu(number),
            _ => return Err(DeviceError::Unknown(text.to_owned())),
        })
    }
}

impl TryFrom<String> for Device {
    type Error = DeviceError;

    fn try_from(text: String) -> Result<Self, DeviceError> {
        text.parse()
    }
}

impl From<Device> for String {
    fn from(device: Device) -> Self {
        device.to_string()
    }
}
