//! Logs of groups.

use std::{fs, path::Path};

use protocol::{
    GroupId,
    log::{Body, Kind},
};
use swarm::{Config, start};

use crate::{copied, files, golden};

const GROUP: GroupId = GroupId(1);
const LOG: &str = "logs/1.log";

/// The notes of the log in a folder; else why it cannot be read.
async fn notes(folder: &Path) -> Result<Vec<String>, String> {
    let (client, _events) = start(Config::new("test", folder.into(), [7; 32])).await.map_err(|error| error.to_string())?;
    client.subscribe(GROUP).await.map_err(|error| error.to_string())?;
    let entries = client.log(GROUP, 0).await.map_err(|error| error.to_string())?;
    client.shutdown().await;
    let notes = entries.iter().filter(|entry| entry.envelope.kind() == Kind::Note);
    let bodies = notes.map(|entry| Body::from_bytes(Kind::Note, entry.envelope.body()).expect("a note"));
    Ok(bodies.filter_map(|body| if let Body::Note(text) = body { Some(text) } else { None }).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_there_from_logs_of_each_older_program_and_a_log_of_a_newer_one_is_refused_and_left() {
    for name in ["kept-1", "data-1"] {
        let folder = copied(name);
        assert_eq!(notes(folder.path()).await.expect(name), ["one", "two", "größer als drei"], "{name}");
        let header = fs::read(folder.path().join(LOG)).expect("a log");
        assert!(header.starts_with(b"NRNLOG\0\x02"), "{name} is of this version now");
        let is_kept = files(&folder.path().join("logs")).len() == files(&golden(name).join("logs")).len();
        assert!(is_kept, "{name}: nothing is left over of the way there");
    }
    let newer = copied("data-2");
    let error = notes(newer.path()).await.expect_err("newer");
    assert!(error.contains("this is no log file of version 1 or 2"), "{error}");
    assert_eq!(fs::read(newer.path().join(LOG)).expect("a log"), fs::read(golden("data-2").join(LOG)).expect("a log"));
}
