//! An IPFS node of the owner's, reached by its RPC: it gets and pins what this node holds, and lets go of what this node lets go.

use std::{collections::BTreeSet, time::Duration};

use anyhow::Result;
use futures::{StreamExt, stream};
use protocol::Digest;
use reqwest::{Body, Client as Http, RequestBuilder, Url};
use serde_json::Value;
use swarm::{Cid, Client, Holding, Scope, cid_of};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep},
};

use super::{
    patience::Patience,
    source::{self, Source, below, body, shown, unreached},
    words,
};
use crate::cars;

/// Pins that this node set are told by their name, so that others are left alone.
const PIN_NAME: &str = "neuron";
/// For a question.
const ASK_TIME: Duration = Duration::from_secs(30);
/// For a whole file.
const PUT_TIME: Duration = Duration::from_secs(3600);
/// Files that are known to be pinned; those beyond are asked about again.
const PINNED_MAX: usize = 16 * 1024;
/// For one file; afterwards it is put there when it is used again.
const ATTEMPTS_MAX: u32 = 12;
/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// See the module.
pub struct Kubo {
    http: Http,
    base: Url,
}

impl Kubo {
    /// By its address.
    ///
    /// # Errors
    /// When that is none.
    pub fn new(address: &str, http: &Http) -> Result<Self> {
        Ok(Self { http: http.clone(), base: source::base("kubo", address)? })
    }

    /// For blocks that are asked of it.
    pub fn source(&self) -> Source {
        Source::rpc(self.base.clone(), &self.http)
    }

    /// Follows what comes and goes here, one file after the other. What fails is said, and tried again after a pause that grows.
    pub async fn hold(self, client: Client, mut holdings: Receiver<Holding>) {
        let (mut pinned, mut patience) = (BTreeSet::new(), Patience::default());
        loop {
            let holding = match holdings.recv().await {
                Ok(holding) => holding,
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!("{missed} files came or went too fast to be put into the IPFS node; they are when they are used again");
                    continue;
                }
                Err(RecvError::Closed) => return,
            };
            for attempt in 1..=ATTEMPTS_MAX {
                let Err(reason) = self.follow(&client, holding, &mut pinned).await else {
                    patience.served();
                    break;
                };
                let pause = patience.failed(Instant::now().into_std()).unwrap_or(ASK_TIME);
                let address = shown(&self.base);
                tracing::warn!(
                    attempt,
                    "the IPFS node {address} does not take what this node holds, next attempt in {} s: {reason}; start it (`ipfs daemon`), or \
                     correct `kubo` in [node]",
                    pause.as_secs()
                );
                sleep(pause).await;
            }
        }
    }

    async fn follow(&self, client: &Client, holding: Holding, pinned: &mut BTreeSet<Digest>) -> Result<(), String> {
        match holding {
            Holding::Whole { digest, .. } if pinned.contains(&digest) => Ok(()),
            Holding::Whole { digest, length } => {
                let cid = cid_of(digest, length);
                // What went again before its turn came is nobody's any more.
                if client.block_length(&cid).is_some() && self.pin_of(&cid).await?.is_none() {
                    self.put(client, cid).await?;
                    tracing::info!(%cid, length, "put into the IPFS node");
                }
                if pinned.len() < PINNED_MAX {
                    pinned.insert(digest);
                }
                Ok(())
            }
            Holding::Gone { digest } => {
                pinned.remove(&digest);
                for cid in [cid_of(digest, 0), cid_of(digest, u64::MAX >> 16)] {
                    if self.pin_of(&cid).await?.as_deref() == Some(PIN_NAME) {
                        self.ask(self.post(&format!("pin/rm?arg={cid}"))).await?;
                    }
                }
                Ok(())
            }
        }
    }

    /// The name of the pin of a file, empty for one without a name; none if it is not pinned as a whole.
    async fn pin_of(&self, cid: &Cid) -> Result<Option<String>, String> {
        let answer = self.ask(self.post(&format!("pin/ls?arg={cid}&type=recursive&names=true"))).await;
        match answer {
            Ok(answer) => {
                let answer: Value = serde_json::from_slice(&answer).map_err(|error| format!("its answer is no JSON: {error}"))?;
                let pin = &answer["Keys"][cid.to_string()];
                Ok(pin.is_object().then(|| pin["Name"].as_str().unwrap_or_default().to_owned()))
            }
            Err(reason) if reason.contains("not pinned") => Ok(None),
            Err(reason) => Err(reason),
        }
    }

    /// Sends a file as a CAR, and pins it once it is there.
    async fn put(&self, client: &Client, cid: Cid) -> Result<(), String> {
        let walking = client.clone();
        let walk = tokio::task::spawn_blocking(move || walking.walk(cid, &[], Scope::All, false)).await;
        // It was forgotten meanwhile, which is told next.
        let Ok(Ok(walk)) = walk else { return Ok(()) };
        let boundary = hex::encode(rand::random::<[u8; 16]>());
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file.car\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        let text = |text: String| stream::iter([Ok(axum::body::Bytes::from(text))]);
        let form = text(head).chain(cars::stream(walk, ())).chain(text(tail));
        let request = self.post("dag/import?pin-roots=false").header("content-type", format!("multipart/form-data; boundary={boundary}"));
        self.ask(request.timeout(PUT_TIME).body(Body::wrap_stream(form))).await?;
        self.ask(self.post(&format!("pin/add?arg={cid}&name={PIN_NAME}")).timeout(PUT_TIME)).await.map(drop)
    }

    fn post(&self, call: &str) -> RequestBuilder {
        self.http.post(below(&self.base, &format!("api/v0/{call}"))).timeout(ASK_TIME)
    }

    /// The answer's bytes, or in words why there are none.
    async fn ask(&self, request: RequestBuilder) -> Result<Vec<u8>, String> {
        let mut response = request.send().await.map_err(|error| unreached(&error))?;
        let status = response.status();
        let answer = body(&mut response, ANSWER_BYTES_MAX).await?;
        if status.is_success() {
            return Ok(answer);
        }
        let message = serde_json::from_slice::<Value>(&answer).ok().and_then(|answer| answer["Message"].as_str().map(str::to_owned));
        Err(format!("it answers {status}: {}", words(message.unwrap_or_else(|| words(&answer)).as_bytes())))
    }
}
