//! Python tools, each in a virtual environment of its own under the target folder, installed from a lock file with digests.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::tools;

/// The oldest Python that the lock files were made for.
const LEAST: (u32, u32) = (3, 11);

/// A virtual environment: the name of its folder, and the lock file in `xtask/` that says what is in it.
pub struct Environment {
    name: &'static str,
    lock: &'static str,
}

/// Trail of Bits' static analyser, with its conformance check and its generator of properties.
pub const SLITHER: Environment = Environment { name: "slither-0.11.6", lock: "slither-requirements.txt" };

/// A symbolic executor of Foundry's tests.
pub const HALMOS: Environment = Environment { name: "halmos-0.3.3", lock: "halmos-requirements.txt" };

/// PyTorch, to compare with.
pub const TORCH: Environment = Environment { name: "torch-2.15.0", lock: "torch-requirements.txt" };

/// PyTorch, transformers and the package of GGUF, with what builds llama.cpp.
const ECOSYSTEM: Environment = Environment { name: "ecosystem-transformers-5.24.0", lock: "ecosystem-requirements.txt" };
/// llama.cpp with its door for Python, from source.
const LLAMA: &str = "llama-requirements.txt";
/// Only what computes on processors, without what reads pictures; little is optimised, for that is most of the time.
const LLAMA_BUILD: [(&str, &str); 2] = [
    (
        "CMAKE_ARGS",
        "-DLLAVA_BUILD=OFF -DGGML_OPENMP=OFF -DGGML_LLAMAFILE=OFF -DGGML_CPU_REPACK=OFF -DGGML_CCACHE=OFF \
         -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCMAKE_C_FLAGS_RELEASE=-O2",
    ),
    ("CMAKE_BUILD_PARALLEL_LEVEL", "2"),
];

/// scikit-learn, whose sets are raced on and whose classifiers are compared with.
pub const SKLEARN: Environment = Environment { name: "sklearn-1.9.1", lock: "sklearn-requirements.txt" };

/// The interpreter of [`ECOSYSTEM`], with llama.cpp in it, which takes some minutes to build once.
///
/// # Errors
/// When Python or a compiler is missing, or a package cannot be had.
pub fn ecosystem() -> Result<PathBuf> {
    let programs = programs(&ECOSYSTEM)?;
    let (python, lock) = (programs.join("python"), tools::root().join("xtask").join(LLAMA));
    let (wanted, done) = (fs::read(&lock)?, programs.join("llama.txt"));
    if fs::read(&done).is_ok_and(|held| held == wanted) {
        return Ok(python);
    }
    eprintln!("building llama.cpp …");
    let mut command = Command::new(&python);
    command.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-build-isolation",
        "--require-hashes",
    ]);
    command.env("PATH", path_with(&python)?).envs(LLAMA_BUILD);
    tools::run_with(command.arg("--requirement").arg(&lock)).context("llama.cpp could not be built: it needs a compiler of C++17")?;
    fs::write(&done, wanted)?;
    Ok(python)
}

/// The environment's folder of programs; makes the environment when it is missing or older than its lock file.
///
/// # Errors
/// When Python is missing or too old, or a package cannot be had.
pub fn programs(environment: &Environment) -> Result<PathBuf> {
    let Environment { name, lock } = environment;
    let lock = tools::root().join("xtask").join(lock);
    let wanted = fs::read(&lock).with_context(|| format!("{} is missing", lock.display()))?;
    let folder = tools::target_dir()?.join("tools").join(name);
    let (programs, done) = (folder.join("bin"), folder.join("installed.txt"));
    if fs::read(&done).is_ok_and(|held| held == wanted) {
        return Ok(programs);
    }
    let python = interpreter()?;
    eprintln!("installing {name} into {} …", folder.display());
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    create(&python, &folder)?;
    install(&programs.join("python"), &lock)?;
    fs::write(&done, wanted)?;
    Ok(programs)
}

fn create(python: &str, folder: &Path) -> Result<()> {
    tools::run_with(Command::new(python).args(["-m", "venv"]).arg(folder))
        .context("Python cannot make a virtual environment: install its venv module (Debian and Ubuntu: python3-venv)")
}

fn install(python: &Path, lock: &Path) -> Result<()> {
    let mut command = Command::new(python);
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--requirement"]);
    tools::run_with(command.arg(lock)).context("the packages could not be installed: is PyPI, or your mirror of it, within reach?")
}

/// The first Python on PATH that is new enough.
fn interpreter() -> Result<String> {
    let mut seen = Vec::new();
    for name in ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"] {
        match version(name) {
            Some(version) if version >= LEAST => return Ok(name.to_owned()),
            Some((major, minor)) => seen.push(format!("{name} is {major}.{minor}")),
            None => {}
        }
    }
    let (major, minor) = LEAST;
    let seen = if seen.is_empty() { "there is none on PATH".to_owned() } else { seen.join(", ") };
    bail!("this task needs Python {major}.{minor} or newer with pip and venv ({seen}): install it and run again");
}

fn version(name: &str) -> Option<(u32, u32)> {
    let output = Command::new(name).args(["-c", "import sys; print(sys.version_info[0], sys.version_info[1])"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let (major, minor) = text.trim().split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// PATH with the folder of `program` before the others, for tools that look for it there.
///
/// # Errors
/// When the folder's name cannot stand in PATH.
pub fn path_with(program: &Path) -> Result<std::ffi::OsString> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = program.parent().filter(|folder| !folder.as_os_str().is_empty()).map(Path::to_owned);
    ensure!(first.as_ref().is_none_or(|folder| folder.is_absolute()), "{} is no absolute path", program.display());
    std::env::join_paths(first.into_iter().chain(std::env::split_paths(&path))).context("PATH cannot be made")
}
