//! Where blocks come from over HTTP: a trustless gateway, or the RPC of an IPFS node.

use std::{fmt, time::Duration};

use anyhow::{Context, Result, ensure};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url, redirect::Policy};
use swarm::{BLOCK_BYTES_MAX, Cid};

use super::{WORDS_BYTES_MAX, words};

/// Until a connection stands.
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// For a whole block.
const BLOCK_TIME: Duration = Duration::from_secs(30);

/// How a gateway says that it has not what was asked for, or did not find it in its time.
const ABSENT: [StatusCode; 5] = [
    StatusCode::NOT_FOUND,
    StatusCode::GONE,
    StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
    StatusCode::GATEWAY_TIMEOUT,
    StatusCode::BAD_GATEWAY,
];

/// What a source said of a block.
pub enum Answer {
    Block(Vec<u8>),
    /// It is well, and has it not.
    Absent,
    /// It is not well; why.
    Trouble(String),
}

/// See the module; shown by its address without what may be secret in it.
pub struct Source {
    http: Client,
    base: Url,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gateway,
    Rpc,
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.kind == Kind::Gateway { "gateway" } else { "IPFS node" };
        write!(out, "the {name} {}", shown(&self.base))
    }
}

/// An address without user, password, path and query.
pub fn shown(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// A client that follows no redirects: a gateway must not send this node to other places, least of all on this machine.
///
/// # Errors
/// When the system has no random numbers or certificates.
pub fn client() -> reqwest::Result<Client> {
    Client::builder().redirect(Policy::none()).connect_timeout(CONNECT_TIME).user_agent("neuron").build()
}

/// An address of [node].
///
/// # Errors
/// When it is none of HTTP.
pub fn base(name: &str, address: &str) -> Result<Url> {
    let example = "one looks like https://gateway.example or http://127.0.0.1:5001";
    let url: Url = address.parse().with_context(|| format!("{address:?} in `{name}` of [node] is no address: {example}"))?;
    ensure!(["http", "https"].contains(&url.scheme()) && url.has_host(), "{address:?} in `{name}` of [node] is none of HTTP: {example}");
    Ok(url)
}

impl Source {
    /// A trustless gateway.
    ///
    /// # Errors
    /// When the address is none.
    pub fn gateway(address: &str, http: &Client) -> Result<Self> {
        Ok(Self { http: http.clone(), base: base("gateways", address)?, kind: Kind::Gateway })
    }

    /// The RPC of an IPFS node.
    pub fn rpc(base: Url, http: &Client) -> Self {
        Self { http: http.clone(), base, kind: Kind::Rpc }
    }

    /// Asks for a block. What comes may be any bytes, but not too many.
    pub async fn block(&self, cid: &Cid) -> Answer {
        let request = match self.kind {
            Kind::Gateway => {
                self.http.get(below(&self.base, &format!("ipfs/{cid}?format=raw"))).header("accept", "application/vnd.ipld.raw")
            }
            Kind::Rpc => self.http.post(below(&self.base, &format!("api/v0/block/get?arg={cid}&offline=true"))),
        };
        self.asked(request).await.unwrap_or_else(Answer::Trouble)
    }

    async fn asked(&self, request: RequestBuilder) -> Result<Answer, String> {
        let mut response = request.timeout(BLOCK_TIME).send().await.map_err(|error| unreached(&error))?;
        let status = response.status();
        if status.is_redirection() {
            let to = response.headers().get("location").map(|to| words(to.as_bytes())).unwrap_or_default();
            return Err(format!("it sends on to {to:?}, which is not followed: name a gateway that answers itself"));
        }
        if status.is_success() {
            return Ok(Answer::Block(body(&mut response, BLOCK_BYTES_MAX).await?));
        }
        // Of a refusal a few words are enough.
        let said = body(&mut response, WORDS_BYTES_MAX).await.map(|bytes| words(&bytes)).unwrap_or_default();
        match (self.kind, status) {
            (Kind::Gateway, status) if ABSENT.contains(&status) => Ok(Answer::Absent),
            (Kind::Rpc, StatusCode::INTERNAL_SERVER_ERROR) if said.contains("not found") => Ok(Answer::Absent),
            _ => Err(format!("it answers {status}: {said:?}")),
        }
    }
}

/// An address below a base, whose own path stays in front.
pub fn below(base: &Url, rest: &str) -> String {
    format!("{}/{rest}", base.as_str().trim_end_matches('/'))
}

/// At most so many bytes of an answer.
pub async fn body(response: &mut Response, limit: usize) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| unreached(&error))? {
        if bytes.len() + part.len() > limit {
            return Err(format!("it sends more than {limit} bytes"));
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Why nothing came, with its causes; the address is named by whoever tells it.
pub fn unreached(error: &reqwest::Error) -> String {
    let mut causes = vec![if error.is_timeout() { "no answer in time".to_owned() } else { "it cannot be reached".to_owned() }];
    let mut inner = std::error::Error::source(error);
    while let Some(cause) = inner {
        causes.push(words(cause.to_string().as_bytes()));
        inner = cause.source();
    }
    causes.dedup();
    causes.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_none_are_refused_and_secrets_are_not_shown() {
        for bad in ["", "gateway.example", "ftp://gateway.example", "https://", "file:///etc/passwd"] {
            let error = format!("{:#}", base("gateways", bad).expect_err(bad));
            assert!(error.contains("`gateways`") && error.contains("https://gateway.example"), "{error}");
        }
        let source = Source::gateway("https://user:secret@gateway.example/key/42?token=1", &Client::new()).expect("an address");
        assert_eq!(source.to_string(), "the gateway https://gateway.example");
    }

    #[test]
    fn what_is_asked_for_stands_behind_the_path_of_the_base() {
        for (address, wanted) in
            [("http://a", "http://a/ipfs/x"), ("http://a/b/", "http://a/b/ipfs/x"), ("http://a/b", "http://a/b/ipfs/x")]
        {
            assert_eq!(below(&base("gateways", address).expect(address), "ipfs/x"), wanted);
        }
    }
}
