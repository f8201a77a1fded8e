//! A devnet that goes on after its rounds, as `cargo xtask devnet --keep --dir devnet` leaves it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::{self, sleep},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use crate::{desk, root};

/// How the README has it started; `cargo xtask devnet` builds and becomes that program.
const SHOWN: &str = "`cargo xtask devnet --keep --dir devnet`";
const OPTIONS: [&str; 3] = ["--keep", "--dir", "devnet"];
/// What it says when stake counts and rounds are paid, and when all is over.
pub const ADMITTED: &str = "admitted by its stake";
pub const KEPT: &str = "The network goes on until Ctrl-C";
const LAST: &str = "A node of your own";
/// Two and a half minutes are usual.
const PATIENCE: Duration = Duration::from_secs(400);

pub struct Kept {
    pub folder: PathBuf,
    process: Mutex<Child>,
    said: Arc<Mutex<String>>,
    complained: Arc<Mutex<String>>,
}

/// All that comes, as it comes.
fn heard(stream: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let said = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&said);
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            heard.lock().unwrap_or_else(PoisonError::into_inner).push_str(&format!("{line}\n"));
        }
    });
    said
}

fn text(said: &Mutex<String>) -> String {
    said.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

impl Kept {
    /// Starts it, and waits until the group is admitted.
    pub fn start(readme: &str) -> Result<Self> {
        ensure!(readme.contains(SHOWN), "the README does not start the devnet by {SHOWN}");
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("walked");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let dir = folder.join(OPTIONS[2]);
        let mut command = Command::new(desk::programs()?.join("devnet"));
        command.args(&OPTIONS[..2]).arg(&dir).current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().context("no devnet: run `cargo build --workspace`")?;
        let said = heard(process.stdout.take().context("its output")?);
        let complained = heard(process.stderr.take().context("its complaints")?);
        let kept = Self { folder, process: Mutex::new(process), said, complained };
        kept.until(ADMITTED)?;
        Ok(kept)
    }

    /// What it has said so far.
    pub fn said(&self) -> String {
        text(&self.said)
    }

    /// Waits until it says these words.
    pub fn until(&self, words: &str) -> Result<()> {
        let start = Instant::now();
        while !self.said().contains(words) {
            let ended = self.process.lock().map_err(|_| anyhow::anyhow!("a walk has panicked"))?.try_wait()?;
            if ended.is_some() || start.elapsed() > PATIENCE {
                bail!("the devnet did not say {words:?} ({ended:?}): {}\nlast: {}", text(&self.complained), self.said());
            }
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// All that it says until it goes on.
    pub fn told(&self) -> Result<String> {
        self.until(LAST)?;
        Ok(self.said())
    }

    /// The commands that it has printed run.
    pub fn next_steps(&self) -> Result<()> {
        let told = self.told()?;
        let (_, steps) = told.split_once(KEPT).context("it goes on")?;
        let steps: Vec<&str> = steps.lines().map(str::trim).filter(|line| line.starts_with("neuron ")).collect();
        ensure!(steps.len() >= 8, "only {} commands: {told}", steps.len());
        for step in steps {
            let (code, said) = desk::shell(&self.folder, step)?;
            ensure!(code == Some(0), "{step}: {said}");
        }
        Ok(())
    }

    /// Ctrl-C ends it well, with everything that it has started.
    pub fn end(&self) -> Result<()> {
        let mut process = self.process.lock().map_err(|_| anyhow::anyhow!("a walk has panicked"))?;
        desk::interrupt(process.id())?;
        let status = process.wait()?;
        ensure!(status.success(), "the devnet ended with {status}");
        Ok(())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner);
        if process.try_wait().is_ok_and(|ended| ended.is_none()) {
            drop(desk::interrupt(process.id()));
            drop(process.wait());
        }
    }
}
