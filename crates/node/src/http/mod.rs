//! The one HTTP room of a node: a door on this machine behind which each part of it has its own paths.
//!
//! What is served is given as an [`axum::Router`]. What every part can rely on stands here: so many connections and
//! answers at once, requests of so many bytes, so much time for each, and an end that lets answers finish. The room is on
//! the loopback interface unless the settings say otherwise, and answers to the names in the settings only, so that no
//! page in a browser reaches it under a name of its own.

mod guard;
mod line;

pub mod gateway;
pub mod page;
pub mod watching;

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result};
use axum::{Router, extract::DefaultBodyLimit, middleware};
use serde::{Deserialize, Serialize};
use swarm::Client;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};

use crate::Vitals;
use guard::Guard;
use line::Lines;

/// Connections at once; further ones wait unaccepted.
pub const CONNECTIONS_MAX: usize = 64;
/// Answers at once; whoever asks beyond that is told to come again.
pub const ANSWERS_MAX: usize = 32;
/// Bytes of a request's line and headers.
pub const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Bytes of a request's body.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// Time for a whole head to come, and between two requests of a connection.
pub const HEAD_TIME: Duration = Duration::from_secs(10);
/// Time until an answer begins, the request's body included.
pub const ANSWER_TIME: Duration = Duration::from_secs(30);
/// Of an answer its reader must take at least [`SLOW_BYTES`] in this time.
pub const SLOW_TIME: Duration = Duration::from_secs(30);
/// See [`SLOW_TIME`].
pub const SLOW_BYTES: usize = 64 * 1024;
/// At the end of the node answers have this time.
const LEAVE: Duration = Duration::from_secs(3);

/// The part `[http]` of a program's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Where to listen, like `127.0.0.1:9464`; left out: nowhere.
    pub listen: Option<SocketAddr>,
    /// Names beside `localhost` and addresses in digits under which others reach the room, as those of a proxy in front.
    pub hosts: Vec<String>,
}

/// What times and numbers a room has; [`Limits::default`] are those above.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    connections: usize,
    answers: usize,
    head: Duration,
    answer: Duration,
    slow: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: CONNECTIONS_MAX, answers: ANSWERS_MAX, head: HEAD_TIME, answer: ANSWER_TIME, slow: SLOW_TIME }
    }
}

/// A running room. Dropped, it takes no new requests; [`Room::close`] also waits for the answers under way.
pub struct Room {
    address: SocketAddr,
    ends: Option<oneshot::Sender<()>>,
    task: JoinHandle<std::io::Result<()>>,
}

/// What every node serves: a gateway, and its own state.
pub fn served(client: &Client, vitals: &Vitals) -> Router {
    gateway::routes(client.clone()).merge(watching::routes(vitals.clone()))
}

/// Opens the room of a node, if its settings ask for one.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn open(config: &HttpConfig, routes: Router) -> Result<Option<Room>> {
    let Some(address) = config.listen else { return Ok(None) };
    Room::open(address, &config.hosts, routes).await.map(Some)
}

/// Closes a room, if there is one.
pub async fn close(room: Option<Room>) {
    if let Some(room) = room {
        room.close().await;
    }
}

impl Room {
    /// Listens, and serves these paths until it is closed.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn open(address: SocketAddr, hosts: &[String], routes: Router) -> Result<Self> {
        Self::within(Limits::default(), address, hosts, routes).await
    }

    async fn within(limits: Limits, address: SocketAddr, hosts: &[String], routes: Router) -> Result<Self> {
        let advice = "choose another `listen` in [http], or stop the program that uses it";
        let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on http://{address}: {advice}"))?;
        let address = listener.local_addr().context("the system does not say where it listens")?;
        let guard = Guard::new(limits, hosts);
        let routes = routes
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .layer(middleware::from_fn_with_state(guard, guard::guarded))
            .into_make_service_with_connect_info::<line::Traffic>();
        let (ends, ended) = oneshot::channel();
        let serving = axum::serve(Lines::new(listener, limits), routes).with_graceful_shutdown(async {
            // A room that is dropped ends as one that is closed.
            _ = ended.await;
        });
        tracing::info!("serving http://{address}");
        Ok(Self { address, ends: Some(ends), task: tokio::spawn(async move { serving.await }) })
    }

    /// Where it listens; port 0 of the settings is a real port here.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new requests, and waits three seconds at most until the answers under way have ended.
    pub async fn close(mut self) {
        if let Some(ends) = self.ends.take() {
            // Its task may have ended before.
            _ = ends.send(());
        }
        if timeout(LEAVE, &mut self.task).await.is_err() {
            tracing::debug!("answers were cut off at the end");
        }
    }
}

#[cfg(test)]
mod tests;
