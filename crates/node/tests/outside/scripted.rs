//! A gateway that does what a test says, and counts what it is asked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use node::http::Room;
use swarm::{Cid, Client};

/// How it answers for a block.
#[derive(Clone, Copy)]
pub enum Manner {
    Honest,
    /// The bytes, after a tenth of a second.
    Slow,
    /// The bytes, but for one bit.
    Lying,
    /// 404 for everything.
    Empty,
    /// 500 with words that would clear a screen.
    Broken,
    /// To an address on this machine.
    Redirecting,
    /// More bytes than a block has.
    Endless,
}

pub struct Scripted {
    _room: Room,
    pub address: String,
    asked: Arc<AtomicUsize>,
}

impl Scripted {
    /// Over the blocks of `client`.
    pub async fn start(client: &Client, manner: Manner) -> Self {
        let (client, asked) = (client.clone(), Arc::new(AtomicUsize::new(0)));
        let counted = asked.clone();
        let answer = move |Path(cid): Path<String>| {
            counted.fetch_add(1, Ordering::Relaxed);
            answer(client.clone(), manner, cid)
        };
        let routes = Router::new().route("/base/ipfs/{cid}", get(answer));
        let room = Room::open("127.0.0.1:0".parse().unwrap(), &[], routes).await.unwrap();
        let address = format!("http://{}/base/", room.address());
        Self { _room: room, address, asked }
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn answer(client: Client, manner: Manner, cid: String) -> Response {
    let cid: Cid = cid.parse().unwrap();
    let block = client.block(&cid).await.unwrap();
    match (manner, block) {
        (Manner::Broken, _) => (StatusCode::INTERNAL_SERVER_ERROR, "\u{1b}[2Jbroken").into_response(),
        (Manner::Redirecting, _) => (StatusCode::FOUND, [(header::LOCATION, "http://127.0.0.1:1/")]).into_response(),
        (Manner::Endless, _) => {
            let parts = futures::stream::repeat_with(|| Ok::<_, std::convert::Infallible>(vec![0_u8; 65_536]));
            Body::from_stream(parts).into_response()
        }
        (Manner::Empty, _) | (_, None) => StatusCode::NOT_FOUND.into_response(),
        (Manner::Lying, Some(mut block)) => {
            block[0] ^= 1;
            block.into_response()
        }
        (Manner::Honest | Manner::Slow, Some(block)) => {
            let wait_ms = if matches!(manner, Manner::Slow) { 100 } else { 5 };
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            block.into_response()
        }
    }
}
