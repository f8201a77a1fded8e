//! Recordings: an object a line, each what a node was and said at a moment.

use std::{
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::Path,
};

use anyhow::{Context as _, Result, anyhow, ensure};
use node::{
    logging::recent::Line,
    network_file::moment,
    vitals::state::{State, VERSION},
};
use serde::{Deserialize, Serialize};

use super::super::units::plain;
use super::state::Seen;

/// The largest recording that is read, bytes: some hours.
const BYTES_MAX: u64 = 256 << 20;

/// A line of a recording.
#[derive(Serialize, Deserialize)]
struct Moment {
    version: u32,
    date: String,
    state: State,
    events: Vec<Line>,
}

/// Reads all of one.
pub fn read(path: &Path) -> Result<Vec<Seen>> {
    let shown = path.display();
    let meta = fs::metadata(path).with_context(|| format!("cannot read {shown}: name a file that `neuron top --record` wrote"))?;
    ensure!(meta.len() <= BYTES_MAX, "{shown} is longer than {BYTES_MAX} bytes: take some of its lines out into a file of their own");
    let text = fs::read_to_string(path).with_context(|| format!("{shown} is no recording: it is not UTF-8 text"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let moments = lines.map(|(number, line)| moment_in(line).with_context(|| format!("line {} of {shown}", number + 1)));
    let moments: Vec<Seen> = moments.collect::<Result<_>>()?;
    ensure!(!moments.is_empty(), "{shown} is empty: record something with `neuron top --record {shown}`");
    Ok(moments)
}

fn moment_in(line: &str) -> Result<Seen> {
    let read = serde_json::from_str::<Moment>(line);
    let Moment { version, state, events, .. } =
        read.map_err(|error| anyhow!("it is no moment of a recording, take it out: {}", plain(&error.to_string())))?;
    ensure!(version == VERSION, "it has version {version}, and this program knows {VERSION}: replay it with the program that recorded it");
    Ok(Seen { state, events })
}

/// Writes one.
pub struct Recorder {
    file: File,
    path: String,
}

impl Recorder {
    /// Goes on at the end of a file, which is made if it is not there.
    pub fn open(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write {shown}: choose another place for the recording"))?;
        Ok(Self { file, path: shown })
    }

    /// Writes a moment, whole.
    pub fn write(&mut self, seen: &Seen) -> Result<()> {
        let Seen { state, events } = seen.clone();
        let moment = Moment { version: VERSION, date: moment(state.now_s), state, events };
        let line = format!("{}\n", serde_json::to_string(&moment)?);
        self.file.write_all(line.as_bytes()).with_context(|| format!("cannot write the recording {}: make room on its disk", self.path))
    }
}
