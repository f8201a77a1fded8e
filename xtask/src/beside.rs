//! A test that mostly waits, while others compute.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Child, Command},
    time::Instant,
};

use anyhow::{Result, ensure};

use crate::tools;

/// A command while it runs beside others.
pub struct Beside {
    name: &'static str,
    child: Child,
    told: PathBuf,
    start: Instant,
}

impl Beside {
    /// Starts it; what it says is kept until the end.
    ///
    /// # Errors
    /// When its output cannot be kept, or it does not start.
    pub fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let told = tools::target_dir()?.join(format!("{name}.txt"));
        let file = File::create(&told)?;
        let child = command.stdout(file.try_clone()?).stderr(file).spawn()?;
        Ok(Self { name, child, told, start: Instant::now() })
    }

    /// Waits for its end, and tells what it has said and how long it took.
    ///
    /// # Errors
    /// When it failed.
    pub fn end(mut self) -> Result<()> {
        let status = self.child.wait()?;
        eprint!("{}", fs::read_to_string(&self.told)?);
        eprintln!("all together it took {:.0} s", self.start.elapsed().as_secs_f32());
        ensure!(status.success(), "{} ended with {status}; what it said stands above and in {}", self.name, self.told.display());
        Ok(())
    }
}
