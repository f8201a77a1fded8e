//! The network on hosts of their own: minutes in which little is computed, so it runs beside other steps.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command},
    time::Instant,
};

use anyhow::{Result, ensure};

use crate::tools;

/// The whole workspace is named so that no library is built anew with fewer features.
const TEST: [&str; 8] = ["test", "--workspace", "--locked", "--test", "hosts", "--", "--ignored", "--nocapture"];

/// Builds all programs and runs the test.
///
/// # Errors
/// When something does not build, or the test fails.
pub fn run() -> Result<()> {
    tools::install_npm()?;
    tools::run(tools::cargo(), &["build", "--workspace", "--locked"])?;
    tools::run(tools::cargo(), &TEST)
}

/// The test while it runs beside others, by the programs as the step before has built them. Left alone it ends by itself and
/// removes its hosts.
pub struct Beside {
    child: Child,
    told: PathBuf,
    start: Instant,
}

impl Beside {
    /// Starts the test; what it says is kept until the end.
    ///
    /// # Errors
    /// When its output cannot be kept, or cargo does not start.
    pub fn start() -> Result<Self> {
        tools::install_npm()?;
        let told = tools::target_dir()?.join("hosts.txt");
        let file = File::create(&told)?;
        let mut cargo = Command::new(tools::cargo());
        let child = tools::prepared(&mut cargo, &tools::root()).args(TEST).stdout(file.try_clone()?).stderr(file).spawn()?;
        Ok(Self { child, told, start: Instant::now() })
    }

    /// Waits for its end, and tells what it has said and how long it took.
    ///
    /// # Errors
    /// When it failed.
    pub fn end(mut self) -> Result<()> {
        let status = self.child.wait()?;
        eprint!("{}", fs::read_to_string(&self.told)?);
        eprintln!("all together it took {:.0} s", self.start.elapsed().as_secs_f32());
        ensure!(
            status.success(),
            "the network on hosts of their own ended with {status}; what it said stands above and in {}",
            self.told.display()
        );
        Ok(())
    }
}
