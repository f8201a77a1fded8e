//! A running node, asked over HTTP.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use node::vitals::state::{Events, State, VERSION};
use reqwest::{Client, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use super::super::units::plain;
use super::state::Seen;

/// A node answers within this, or not at all.
const PATIENCE: Duration = Duration::from_secs(5);
/// No state is longer, bytes.
const ANSWER_MAX: usize = 8 << 20;

/// See the module.
pub struct Source {
    client: Client,
    room: Url,
    started_s: u64,
    after: u64,
}

impl Source {
    /// At an address like `127.0.0.1:9464`.
    pub fn new(address: &str) -> Result<Self> {
        let shown = plain(address);
        let room = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let room = Url::parse(&room).with_context(|| format!("{shown} is no address: write one like 127.0.0.1:9464"))?;
        ensure!(matches!(room.scheme(), "http" | "https") && room.has_host(), "{shown} is no address: write one like 127.0.0.1:9464");
        // The node is on this machine or beside it: no proxy stands between.
        let client = Client::builder().timeout(PATIENCE).no_proxy().build().context("no HTTP here")?;
        Ok(Self { client, room, started_s: 0, after: 0 })
    }

    /// Where its state is.
    pub fn status(&self) -> String {
        self.path("/status").to_string()
    }

    fn path(&self, path: &str) -> Url {
        let mut url = self.room.clone();
        url.set_path(path);
        url
    }

    /// What the node is now, and what its log said since the last time.
    pub async fn look(&mut self) -> Result<Seen> {
        let answer = self.ask(self.path("/status")).await?;
        let state: State = read(answer).await?;
        ensure!(state.version == VERSION, "the node speaks version {} of /status, and this program knows {VERSION}", state.version);
        if state.started_s != self.started_s {
            (self.started_s, self.after) = (state.started_s, 0);
        }
        let mut newer = self.path("/events");
        newer.set_query(Some(&format!("after={}", self.after)));
        let answer = self.ask(newer).await?;
        // A node of an older version has none.
        let told = if answer.status() == StatusCode::NOT_FOUND { Events::default() } else { read(answer).await? };
        let events = if told.started_s == self.started_s { told.events } else { Vec::new() };
        self.after = events.last().map_or(self.after, |line| line.number);
        Ok(Seen { state, events })
    }

    async fn ask(&self, url: Url) -> Result<Response> {
        let room = plain(self.room.as_str());
        let advice = "start one with `listen` in [http] of its settings, or name its address with --node";
        self.client.get(url).send().await.with_context(|| format!("no node answers at {room}: {advice}"))
    }
}

async fn read<T: DeserializeOwned>(mut answer: Response) -> Result<T> {
    let (status, path) = (answer.status(), plain(answer.url().path()));
    if !status.is_success() {
        bail!("{path} answers {status}: is a node there? --node names the address of its HTTP room");
    }
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.with_context(|| format!("the answer of {path} breaks off"))? {
        body.extend_from_slice(&part);
        ensure!(body.len() <= ANSWER_MAX, "the answer of {path} is longer than {ANSWER_MAX} bytes: that is no node");
    }
    match serde_json::from_slice(&body) {
        Ok(read) => Ok(read),
        Err(error) => bail!("{path} answers what is no state of a node: {}", plain(&error.to_string())),
    }
}
