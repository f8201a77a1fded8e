//! One line per state transition, on standard error or in files; `RUST_LOG` says how much.

mod objects;
pub mod recent;
mod rotation;

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Mutex,
};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt::MakeWriter, layer::SubscriberExt as _, util::SubscriberInitExt};

use crate::{
    output,
    traces::{self, TraceConfig},
};
use objects::Objects;
use recent::Recent;
use rotation::Rotation;

/// What is shown without `RUST_LOG`: our own news, and of the libraries only trouble.
const DEFAULT: &str = "info,libp2p=warn,libp2p_swarm=warn,alloy=warn,hyper=warn,hickory=error,netlink=off";
/// A file of the log that is smaller would be turned at every other line.
const BYTES_LEAST: u64 = 64 * 1024;
/// More are an archive, which is another program's work.
const FILES_MOST: usize = 1_000;

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line, for programs.
    Json,
}

/// The part `[log]` of a program's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// The file to write to instead of standard error; a relative path counts from this file's folder.
    pub path: Option<PathBuf>,
    /// Bytes after which it is put aside and begun anew.
    pub bytes: u64,
    /// Files that are kept, that one included; the oldest falls.
    pub files: usize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, path: None, bytes: 16 << 20, files: 5 }
    }
}

impl LogConfig {
    /// Makes a relative path count from `folder`, the folder of the file that held it.
    #[must_use]
    pub fn relative_to(self, folder: &Path) -> Self {
        Self { path: self.path.map(|path| folder.join(path)), ..self }
    }
}

/// Starts logging on standard error; a second call changes nothing.
pub fn start() {
    let on_terminal = std::io::stderr().is_terminal();
    // Whoever began before goes on.
    _ = subscriber(LogFormat::Text, on_terminal, std::io::stderr, None).try_init();
}

/// Starts logging as the settings say; where it began before, that goes on.
///
/// # Errors
/// A number with which no log can be kept, a file that cannot be written, or an address of a collector that is none.
pub fn start_as(config: &LogConfig, trace: &TraceConfig) -> Result<()> {
    ensure!(config.bytes >= BYTES_LEAST, "`bytes` of [log] is too small: give it at least {BYTES_LEAST}, or leave it out for 16 MiB");
    ensure!((1..=FILES_MOST).contains(&config.files), "`files` of [log] must be 1 to {FILES_MOST}");
    let spans = traces::layer(trace)?;
    // Whoever began before goes on.
    _ = match &config.path {
        None => subscriber(config.format, std::io::stderr().is_terminal(), std::io::stderr, spans).try_init(),
        Some(path) => {
            let rotation = Rotation::open(path, config.bytes, config.files);
            let rotation = rotation.with_context(|| format!("cannot write the log {}: correct `path` of [log]", path.display()))?;
            subscriber(config.format, false, Mutex::new(rotation), spans).try_init()
        }
    };
    Ok(())
}

/// What takes spans.
type Spans = Box<dyn Layer<Registry> + Send + Sync>;

fn subscriber<W>(format: LogFormat, is_coloured: bool, writer: W, spans: Option<Spans>) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_target(false);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(is_coloured).boxed(),
        LogFormat::Json => lines.with_ansi(false).event_format(Objects).boxed(),
    };
    let layers: Vec<_> = [lines.and_then(Recent).with_filter(filter).boxed()].into_iter().chain(spans).collect();
    Box::new(Registry::default().with(layers))
}

/// An error with its causes, but for those that it names already.
pub fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        told if told.contains(&cause) => told.to_owned(),
        told => format!("{told}: {cause}"),
    })
}

/// Ends a program: an error is told once, with its causes.
pub fn exit(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::remark(&format!("error: {}", told(&error)));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    use super::*;

    /// What is written of one event.
    fn line(format: LogFormat) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("node.log");
        let rotation = Rotation::open(&path, BYTES_LEAST, 2).expect("opened");
        tracing::subscriber::with_default(subscriber(format, false, Mutex::new(rotation), None), || {
            tracing::warn!(round = 7, "said \"so\"");
        });
        std::fs::read_to_string(&path).expect("text")
    }

    #[test]
    fn a_line_is_for_people_or_an_object_for_programs() {
        let text = line(LogFormat::Text);
        assert!(text.ends_with("WARN said \"so\" round=7\n") && text.lines().count() == 1, "{text}");
        let json: serde_json::Value = serde_json::from_str(&line(LogFormat::Json)).expect("an object");
        assert!(json["level"] == "WARN" && json["message"] == "said \"so\"" && json["round"] == 7, "{json}");
        assert!(json["timestamp"].is_string(), "{json}");
    }

    #[test]
    fn settings_of_the_log_are_read_and_those_that_no_log_can_keep_are_named() {
        let read = |text: &str| toml::from_str::<LogConfig>(text);
        assert_eq!(read("").expect("the defaults"), LogConfig::default());
        let full = read("format = 'json'\npath = 'a.log'\nbytes = 65536\nfiles = 1").expect("all of it").relative_to(Path::new("/x"));
        assert_eq!(full, LogConfig { format: LogFormat::Json, path: Some("/x/a.log".into()), bytes: 65_536, files: 1 });
        for text in ["format = 'xml'", "file = 'a.log'", "bytes = -1"] {
            assert!(read(text).is_err(), "{text}");
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = Some(folder.path().to_owned());
        for (config, named) in [
            (LogConfig { bytes: BYTES_LEAST - 1, ..LogConfig::default() }, "`bytes`"),
            (LogConfig { files: 0, ..LogConfig::default() }, "`files`"),
            (LogConfig { files: FILES_MOST + 1, ..LogConfig::default() }, "`files`"),
            (LogConfig { path, ..LogConfig::default() }, "`path`"),
        ] {
            let error = format!("{:#}", start_as(&config, &TraceConfig::default()).expect_err(named));
            assert!(error.contains(named) && error.contains("[log]"), "{error}");
        }
    }

    #[test]
    fn nothing_is_said_twice() {
        for (error, wanted) in [
            (anyhow!("no space left").context("cannot write: no space left; free some"), "cannot write: no space left; free some"),
            (anyhow!("no space left").context("cannot write").context("round 3"), "round 3: cannot write: no space left"),
            (anyhow!("refused: X").context("refused: X"), "refused: X"),
        ] {
            assert_eq!(told(&error), wanted);
        }
    }
}
