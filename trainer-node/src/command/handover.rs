//! What a command is given: the folder of its run, and its environment.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io::{self, BufWriter},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use trainer_node::settings::Command;

use super::{Order, marked};

/// Variables of this program that are passed on.
const PASSED: [&str; 11] =
    ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"];
/// And what the names of others begin with.
const PASSED_BEGINNINGS: [&str; 8] = ["LC_", "CUDA_", "NVIDIA_", "NCCL_", "ROCR_", "HIP_", "OMP_", "MKL_"];
/// Folders of runs that stay, for what their commands wrote to standard error.
const KEPT: usize = 8;

/// The folder of one run.
pub struct Handover {
    folder: PathBuf,
    base: PathBuf,
    manifest: PathBuf,
    set: PathBuf,
    output: PathBuf,
    log: PathBuf,
    shards: Option<PathBuf>,
    seed: u64,
    device: String,
}

impl Handover {
    /// Ends what earlier runs left behind, makes the folder of this one, and writes base, manifest and set.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn write(order: &Order<'_>) -> Result<Self> {
        let cannot =
            || format!("cannot write into {}, where the command of [training] gets its files: make room there", order.folder.display());
        fs::create_dir_all(order.folder).with_context(cannot)?;
        let runs = order.folder.canonicalize().with_context(cannot)?;
        marked::end_below(&runs);
        let folder = new_folder(&runs, order.round).with_context(cannot)?;
        let place = |name| folder.join(name);
        let device = order.command.device.clone().unwrap_or_else(|| order.device.clone());
        let handover = Self {
            base: place("base.safetensors"),
            manifest: place("manifest.json"),
            set: place("set"),
            output: place("output.safetensors"),
            log: place("standard-error.log"),
            shards: order.shards.as_deref().map(Path::canonicalize).transpose().with_context(cannot)?,
            seed: order.seed,
            device,
            folder,
        };
        order.start.write(BufWriter::new(File::create(&handover.base).with_context(cannot)?)).with_context(cannot)?;
        fs::write(&handover.manifest, order.start.manifest().to_bytes()).with_context(cannot)?;
        (order.write_set)(&handover.set).with_context(cannot)?;
        Ok(handover)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the command is to write its checkpoint.
    pub fn output(&self) -> &Path {
        &self.output
    }

    /// Where its standard error goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// All variables of the command: some of this program's, the owner's, and what the run is.
    pub fn environment(&self, command: &Command, time_s: u64) -> Vec<(OsString, OsString)> {
        let is_passed = |name: &OsString| {
            let name = name.to_string_lossy();
            PASSED.contains(&name.as_ref()) || PASSED_BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        };
        let passed = env::vars_os().filter(|(name, _)| is_passed(name));
        let chosen = command.environment.iter().map(|(name, value)| (name.into(), value.into()));
        let own: [(&str, OsString); 7] = [
            ("NEURON_BASE", self.base.clone().into()),
            ("NEURON_MANIFEST", self.manifest.clone().into()),
            ("NEURON_SET", self.set.clone().into()),
            (marked::OUTPUT, self.output.clone().into()),
            ("NEURON_SECONDS", time_s.to_string().into()),
            ("NEURON_DEVICE", self.device.clone().into()),
            ("NEURON_SEED", self.seed.to_string().into()),
        ];
        let shards = self.shards.iter().map(|shards| ("NEURON_SHARDS".into(), shards.into()));
        passed.chain(chosen).chain(shards).chain(own.map(|(name, value)| (name.into(), value))).collect()
    }

    /// Removes what is of no use after the run; its standard error stays.
    pub fn clear(&self) {
        for file in [&self.base, &self.manifest, &self.output] {
            told(file, fs::remove_file(file));
        }
        told(&self.set, fs::remove_dir_all(&self.set));
    }
}

fn told(path: &Path, removed: io::Result<()>) {
    if let Err(error) = removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }) {
        tracing::warn!("cannot remove {}: {error}", path.display());
    }
}

/// The folder of the next run of a round, `ROUND.NUMBER`; the oldest ones are removed.
fn new_folder(runs: &Path, round: u64) -> io::Result<PathBuf> {
    let number_of =
        |name: &str| name.split_once('.').and_then(|(round, number)| Some((round.parse::<u64>().ok()?, number.parse::<u64>().ok()?)));
    let mut all: Vec<(u64, u64)> = fs::read_dir(runs)?.flatten().filter_map(|entry| number_of(entry.file_name().to_str()?)).collect();
    all.sort_unstable();
    let next = all.iter().filter(|run| run.0 == round).map(|run| run.1).max().map_or(1, |last| last.saturating_add(1));
    let surplus = (all.len() + 1).saturating_sub(KEPT);
    for (round, number) in all.into_iter().take(surplus) {
        let old = runs.join(format!("{round}.{number}"));
        told(&old, fs::remove_dir_all(&old));
    }
    let folder = runs.join(format!("{round}.{next}"));
    fs::create_dir(&folder)?;
    Ok(folder)
}

/// What NEURON_DEVICE says where nobody has chosen: `cuda` if a driver for it is here, else `cpu`.
pub fn device_here() -> &'static str {
    let has_driver = ["/dev/nvidiactl", "/dev/kfd"].iter().any(|path| Path::new(path).exists());
    if has_driver { "cuda" } else { "cpu" }
}
