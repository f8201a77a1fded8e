//! A signer that keeps a key elsewhere and is asked over HTTP, as Web3Signer answers in its mode `eth1`.

use std::time::Duration;

use alloy::transports::http::reqwest::{self, Client, RequestBuilder, StatusCode, Url, header::HeaderMap};
use k256::ecdsa::VerifyingKey;
use protocol::eip712::{Signature, address_of, recover};
use protocol::ids::{Address, Digest, keccak256};
use serde_json::json;

use crate::endpoint::parse_url;
use crate::error::{RemoteError, one_line, reason_of_request};
use crate::server::http_client;

/// Time until an answer must have come.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How often one request is tried, and the pause between two tries.
const ATTEMPTS_LIMIT: usize = 3;
const PAUSE: Duration = Duration::from_millis(500);
/// Longest answer that is read, bytes: the keys of some thousand accounts.
const ANSWER_BYTES_LIMIT: usize = 1 << 20;
/// Accounts that are named to the user.
const SHOWN_LIMIT: usize = 3;

/// One key of a remote signer.
pub(crate) struct RemoteSigner {
    client: Client,
    url: Url,
    /// Scheme, host and port only.
    shown_url: String,
    account: Address,
    /// The public key as the signer writes it, by which it knows the key.
    identifier: String,
}

impl RemoteSigner {
    /// Finds the key of `account` at the signer, so that a wrong address or account is found out at once.
    pub(crate) async fn connect(url: &str, account: Address) -> Result<Self, RemoteError> {
        // A name and password may stand before the last @.
        let host = url.rsplit('@').next().unwrap_or_default();
        let (url, shown_url) = parse_url(url).map_err(|_| RemoteError::Url(host.chars().take(40).collect()))?;
        let client = http_client(&url, &shown_url, HeaderMap::default(), TIMEOUT).map_err(|_| RemoteError::Url(shown_url.clone()))?;
        let mut signer = Self { client, url, shown_url, account, identifier: String::new() };
        signer.identifier = signer.find().await?;
        Ok(signer)
    }

    async fn find(&self) -> Result<String, RemoteError> {
        let keys = self.ask(|| self.client.get(self.at(&["publicKeys"]))).await?;
        let keys: Vec<String> = serde_json::from_str(&keys).map_err(|_| self.unreadable("a list of keys"))?;
        let accounts: Vec<_> = keys.iter().filter_map(|key| account_of(key)).collect();
        let own = keys.iter().find(|key| account_of(key) == Some(self.account));
        own.cloned().ok_or_else(|| RemoteError::NoKey { url: self.shown_url.clone(), account: self.account, holds: told(&accounts) })
    }

    /// Signs the hash of `bytes`, which the signer computes itself.
    pub(crate) async fn sign(&self, bytes: &[u8]) -> Result<Signature, RemoteError> {
        let body = json!({ "data": format!("0x{}", hex::encode(bytes)) }).to_string();
        let request = || {
            let post = self.client.post(self.at(&["sign", &self.identifier]));
            post.header("content-type", "application/json").body(body.clone())
        };
        let answer = self.ask(request).await?;
        let digits = answer.trim().trim_matches('"').trim_start_matches("0x");
        let signature = hex::decode(digits).ok().and_then(|bytes| Signature::from_bytes(&bytes).ok());
        let signature = signature.ok_or_else(|| self.unreadable("a signature"))?;
        match recover(Digest(keccak256(bytes)), &signature) {
            Ok(signer) if signer == self.account => Ok(signature),
            _ => Err(RemoteError::Wrong { url: self.shown_url.clone(), account: self.account }),
        }
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["api", "v1", "eth1"]).extend(path);
        }
        url
    }

    /// The text of the answer; a silence is tried again.
    async fn ask(&self, request: impl Fn() -> RequestBuilder) -> Result<String, RemoteError> {
        let mut answer = self.ask_once(request()).await;
        for _ in 1..ATTEMPTS_LIMIT {
            if !answer.as_ref().is_err_and(RemoteError::is_passing) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            answer = self.ask_once(request()).await;
        }
        answer
    }

    async fn ask_once(&self, request: RequestBuilder) -> Result<String, RemoteError> {
        let mut answer = request.send().await.map_err(|error| self.silent(&error))?;
        let mut bytes = Vec::new();
        while let Some(more) = answer.chunk().await.map_err(|error| self.silent(&error))? {
            bytes.extend_from_slice(&more);
            if bytes.len() > ANSWER_BYTES_LIMIT {
                return Err(self.unreadable("something long"));
            }
        }
        let (url, text) = (self.shown_url.clone(), String::from_utf8_lossy(&bytes).into_owned());
        let status = answer.status();
        if status.is_success() {
            return Ok(text);
        }
        let line = one_line(text.lines().next().unwrap_or_default());
        let reason = format!("{status}: {line}").trim_end_matches([':', ' ']).to_owned();
        let passes = status.is_server_error() && status != StatusCode::INTERNAL_SERVER_ERROR || status == StatusCode::TOO_MANY_REQUESTS;
        Err(if passes { RemoteError::Unreachable { url, reason } } else { RemoteError::Refused { url, reason } })
    }

    fn silent(&self, error: &reqwest::Error) -> RemoteError {
        RemoteError::Unreachable { url: self.shown_url.clone(), reason: reason_of_request(error) }
    }

    fn unreadable(&self, what: &'static str) -> RemoteError {
        RemoteError::Answer { url: self.shown_url.clone(), what }
    }
}

/// The account of a public key in hexadecimal, with or without the byte that says that it is not compressed.
fn account_of(key: &str) -> Option<Address> {
    let bytes = hex::decode(key.trim_start_matches("0x")).ok()?;
    let point = if bytes.len() == 64 { [&[4], &bytes[..]].concat() } else { bytes };
    Some(address_of(&VerifyingKey::from_sec1_bytes(&point).ok()?))
}

fn told(accounts: &[Address]) -> String {
    let shown: Vec<_> = accounts.iter().take(SHOWN_LIMIT).map(Address::to_string).collect();
    match accounts.len() {
        0 => "and none of any other account".to_owned(),
        count if count > SHOWN_LIMIT => format!("but those of {} and {} others", shown.join(", "), count - SHOWN_LIMIT),
        _ => format!("but that of {}", shown.join(", ")),
    }
}
