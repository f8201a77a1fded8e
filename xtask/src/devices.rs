//! Training on devices: built for each, and run on those that are here.

use std::{env, fs, path::Path, process::Command};

use anyhow::Result;

use crate::tools;

/// Where Linux lists Vulkan's drivers, and variables that name one.
const DRIVERS: [&str; 3] = ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
const DRIVER_VARIABLES: [&str; 2] = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];

/// Builds the tests of each device; runs them where it is found, and says what is missing where not.
///
/// # Errors
/// When a build or a test fails.
pub fn run() -> Result<()> {
    device("wgpu", vulkan(), "no driver of Vulkan: install one, in software mesa-vulkan-drivers on Debian")?;
    let found = nvidia();
    device("cuda", found, "no NVIDIA GPU that nvidia-smi lists")?;
    compare(found)
}

/// Compares the exact kernels on a GPU with those of the processor, and measures both.
fn compare(found: bool) -> Result<()> {
    if !found {
        println!("the exact kernels are not compared on a GPU: none is here; their tests ran them on the processor");
        return Ok(());
    }
    tools::run(tools::cargo(), &["run", "--release", "--package", "cuda", "--example", "compare", "--locked"])
}

fn device(name: &str, found: bool, missing: &str) -> Result<()> {
    let mut arguments = vec!["test", "--package", "training", "--features", name, "--test", "all", "--locked"];
    if found {
        arguments.push("devices");
    } else {
        println!("{name} is built and not run: {missing}");
        arguments.push("--no-run");
    }
    tools::run_with(Command::new(tools::cargo()).args(arguments).env("NEURON_DEVICE", name))
}

/// Whether this system has Vulkan; Metal and DirectX belong to theirs.
fn vulkan() -> bool {
    let lists = |folder: &&str| fs::read_dir(Path::new(folder)).is_ok_and(|mut files| files.next().is_some());
    cfg!(not(target_os = "linux")) || DRIVERS.iter().any(lists) || DRIVER_VARIABLES.iter().any(|name| env::var_os(name).is_some())
}

fn nvidia() -> bool {
    Command::new("nvidia-smi").arg("--list-gpus").output().is_ok_and(|output| output.status.success() && !output.stdout.is_empty())
}
