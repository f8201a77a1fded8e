//! How spans reach a collector: by the HTTP client that everything else uses, on the runtime of the program.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::{Client, redirect::Policy};
use tokio::runtime::Handle;

/// A collector answers within this, or spans are lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// Of an answer so much is read, bytes.
const ANSWER_MAX: usize = 64 * 1024;

/// See the module.
#[derive(Clone, Debug)]
pub struct Post {
    client: Client,
    /// What asks has a thread of its own, which is none of the runtime's.
    runtime: Handle,
    endpoint: Arc<str>,
    /// Whether it was said that nobody answers.
    is_said: Arc<AtomicBool>,
}

impl Post {
    /// To a collector, from within a runtime.
    ///
    /// # Errors
    /// Where there is none, or no HTTP.
    pub fn new(endpoint: &str) -> Result<Self> {
        let runtime = Handle::try_current().context("spans are sent from within a runtime")?;
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none()).build().context("no HTTP here")?;
        Ok(Self { client, runtime, endpoint: endpoint.into(), is_said: Arc::default() })
    }

    /// Says once that nobody takes spans, and once that somebody does again.
    fn note(&self, outcome: &Result<Response<Bytes>>) {
        let trouble = match outcome {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(format!("{error:#}")),
        };
        let was_said = self.is_said.swap(trouble.is_some(), Ordering::Relaxed);
        let endpoint = &self.endpoint;
        match trouble {
            Some(trouble) if !was_said => {
                tracing::warn!(%endpoint, "spans are lost: start a collector there, or leave `endpoint` of [trace] out: {trouble}");
            }
            None if was_said => tracing::info!(%endpoint, "spans are taken again"),
            _ => {}
        }
    }
}

async fn send(client: Client, request: Request<Bytes>) -> Result<Response<Bytes>> {
    let mut answer = client.execute(request.try_into()?).await?;
    let (status, mut body) = (answer.status(), Vec::new());
    while let Some(part) = answer.chunk().await?.filter(|_| body.len() < ANSWER_MAX) {
        body.extend_from_slice(&part);
    }
    let mut whole = Response::new(Bytes::from(body));
    *whole.status_mut() = status;
    Ok(whole)
}

#[async_trait]
impl HttpClient for Post {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let outcome = self.runtime.spawn(send(self.client.clone(), request)).await?;
        self.note(&outcome);
        Ok(outcome?)
    }
}
