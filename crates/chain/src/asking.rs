//! One question to many servers: tried again, tried elsewhere, and held against a second answer.

use std::future::Future;
use std::time::Duration;

use alloy::network::Ethereum;
use alloy::providers::{Provider, RootProvider};
use alloy::transports::layers::{RateLimitRetryPolicy, RetryPolicy};
use alloy::transports::{RpcError, TransportError, TransportErrorKind};

use crate::error::{ChainError, Failed};
use crate::failure::Failure;
use crate::pause;
use crate::reader::{CHAIN_ID, Reader};
use crate::server::{self, ChainSeen, Server};

/// How often all servers are asked for one thing.
const ROUNDS_LIMIT: u32 = 6;
/// Longest pause between two attempts, whatever the RPC asks for.
const PAUSE_LIMIT: Duration = Duration::from_secs(10);

impl Reader {
    /// One request, tried again, and elsewhere, when that can help.
    pub(crate) async fn ask<T, C, F>(&self, method: &'static str, request: C) -> Result<T, ChainError>
    where
        C: Fn(RootProvider<Ethereum>) -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        self.try_ask(method, request).await.map_err(|failed| failed.of(method))
    }

    /// As [`Reader::ask`], with the failure as it came.
    pub(crate) async fn try_ask<T, C, F>(&self, method: &'static str, request: C) -> Result<T, Failed>
    where
        C: Fn(RootProvider<Ethereum>) -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        self.insist(method, self.servers(), request).await.map(|(answer, _)| answer)
    }

    /// As [`Reader::try_ask`], for what decides over money: what two servers say alike. One alone is believed only while no other
    /// answers.
    pub(crate) async fn try_agreed<T: PartialEq, C, F>(&self, method: &'static str, request: C) -> Result<T, Failed>
    where
        C: Fn(RootProvider<Ethereum>) -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        for round in 1..=ROUNDS_LIMIT {
            let (first, index) = self.insist(method, self.servers(), &request).await?;
            let (mut asked, mut answers) = (vec![index], vec![first]);
            while let Some((next, _)) = server::next(self.servers(), &asked).filter(|(_, server)| !server.is_resting()) {
                asked.push(next);
                let others: Vec<usize> = (0..self.servers().len()).filter(|other| *other != next).collect();
                match self.go_round(method, self.servers(), others, &request).await {
                    Ok((answer, _)) if answers.contains(&answer) => return Ok(answer),
                    Ok((answer, _)) => answers.push(answer),
                    Err(failed) => tracing::debug!(url = failed.url, reason = failed.reason, "no second opinion"),
                }
            }
            match answers.pop() {
                Some(alone) if answers.is_empty() => return Ok(alone),
                _ => tokio::time::sleep(pause::after(round)).await,
            }
        }
        let cause = TransportErrorKind::custom_str("no two endpoints say the same");
        Err(Failed::new(Failure::AskAnother, "all endpoints", cause))
    }

    /// As [`Reader::try_ask`], once.
    pub(crate) async fn try_once<T, C, F>(&self, method: &'static str, request: C) -> Result<T, Failed>
    where
        C: Fn(RootProvider<Ethereum>) -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        self.go_round(method, self.servers(), Vec::new(), &request).await.map(|(answer, _)| answer)
    }

    /// As [`Reader::try_once`], and another one than the best server if there are several: for a second opinion. With the place of
    /// the server that answered.
    pub(crate) async fn try_elsewhere<T, C, F>(&self, method: &'static str, request: C) -> Result<(T, usize), Failed>
    where
        C: Fn(RootProvider<Ethereum>) -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        let best = server::next(self.servers(), &[]).filter(|_| self.servers().len() > 1);
        self.go_round(method, self.servers(), best.into_iter().map(|(index, _)| index).collect(), &request).await
    }

    pub(crate) async fn insist<T, C, F>(&self, method: &'static str, servers: &[Server], request: C) -> Result<(T, usize), Failed>
    where
        C: Fn(RootProvider<Ethereum>) -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        let mut round = 0;
        loop {
            let failed = match self.go_round(method, servers, Vec::with_capacity(servers.len()), &request).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            round += 1;
            if is_final(failed.means) || round >= ROUNDS_LIMIT {
                return Err(failed);
            }
            let hint = RateLimitRetryPolicy::default().backoff_hint(&failed.cause);
            tokio::time::sleep(hint.unwrap_or_else(|| pause::after(round)).min(PAUSE_LIMIT)).await;
        }
    }

    /// Asks each server that was not `asked` once, the best first, until one answers. What one says for good counts only if no
    /// other has an answer.
    async fn go_round<T, C, F>(
        &self,
        method: &'static str,
        servers: &[Server],
        mut asked: Vec<usize>,
        request: &C,
    ) -> Result<(T, usize), Failed>
    where
        C: Fn(RootProvider<Ethereum>) -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        let mut worst: Option<Failed> = None;
        while let Some((index, server)) = server::next(servers, &asked) {
            asked.push(index);
            let failed = match self.ask_server(method, server, request).await {
                Ok(answer) => return Ok((answer, index)),
                Err(failed) => failed,
            };
            if is_of_the_request(failed.means) {
                return Err(failed);
            }
            if worst.as_ref().is_none_or(|worst| !is_final(worst.means)) {
                worst = Some(failed);
            }
        }
        Err(worst.unwrap_or_else(|| nobody(method)))
    }

    async fn ask_server<T, C, F>(&self, method: &'static str, server: &Server, request: &C) -> Result<T, Failed>
    where
        C: Fn(RootProvider<Ethereum>) -> F,
        F: Future<Output = Result<T, TransportError>>,
    {
        server.turn().await;
        let slot = self.slot().await;
        let answer = match self.recognise(method, server).await {
            Ok(()) => request(server.provider.clone()).await,
            Err(cause) => Err(cause),
        };
        drop(slot);
        let answer = answer.map_err(|cause| server.failed(Failure::of(method, &cause), cause));
        server.note(answer.as_ref().err().map(|failed| failed.means));
        answer
    }

    /// A server that was silent at the start may be found to serve another chain.
    async fn recognise(&self, method: &'static str, server: &Server) -> Result<(), TransportError> {
        if method == CHAIN_ID || server.chain_seen() != ChainSeen::NotYet {
            return Ok(());
        }
        let found = server.provider.get_chain_id().await?;
        let is_right = found == self.chain_id();
        server.see_chain(if is_right { ChainSeen::Right } else { ChainSeen::Other });
        if is_right {
            return Ok(());
        }
        tracing::warn!(url = server.shown, found, expected = self.chain_id(), "an endpoint serves another chain and is not asked any more");
        Err(TransportErrorKind::custom_str("it serves another chain"))
    }
}

/// Whether asking the same servers again is of no use.
fn is_final(failure: Failure) -> bool {
    use Failure as F;
    match failure {
        F::Narrow | F::Forgotten | F::Held | F::NonceTaken | F::FeeTooLow | F::PoolFull | F::Refused => true,
        F::TryAgain | F::Overloaded | F::Slower | F::AskAnother | F::WaitForHead => false,
    }
}

/// Whether it is the request that must change, wherever it goes.
fn is_of_the_request(failure: Failure) -> bool {
    use Failure as F;
    match failure {
        F::Narrow | F::Held | F::NonceTaken | F::FeeTooLow | F::PoolFull => true,
        F::TryAgain | F::Overloaded | F::Slower | F::AskAnother | F::WaitForHead | F::Forgotten | F::Refused => false,
    }
}

fn nobody(method: &'static str) -> Failed {
    let cause = RpcError::Transport(TransportErrorKind::Custom(format!("nobody to ask for {method}").into()));
    Failed::new(Failure::TryAgain, "all endpoints", cause)
}
