//! Addresses of JSON-RPC servers, as a network file names them: one, or several that stand for one another.

use std::collections::BTreeMap;
use std::fmt;

use alloy::transports::http::reqwest::Url;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ChainError;

/// One server. Only scheme, host and port of it are ever shown: the rest of an address is often a secret, and so are headers.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// http or https.
    pub url: String,
    /// Sent along with each request: for keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Most requests a second; none = no limit but the server's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
}

/// At least one server, the best first: the others are asked where it fails, and for a second opinion.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoints(Vec<Endpoint>);

impl Endpoint {
    /// Scheme, host and port.
    pub fn shown(&self) -> String {
        parse_url(&self.url).map_or_else(|_| "no address".to_owned(), |(_, shown)| shown)
    }
}

impl Endpoints {
    /// # Errors
    /// [`ChainError::NoEndpoint`] if there is none.
    pub fn new(endpoints: Vec<Endpoint>) -> Result<Self, ChainError> {
        if endpoints.is_empty() { Err(ChainError::NoEndpoint) } else { Ok(Self(endpoints)) }
    }

    /// All of them, the best first.
    pub fn all(&self) -> &[Endpoint] {
        &self.0
    }

    /// The address of the first, secrets included.
    pub fn first_url(&self) -> &str {
        self.0.first().map_or("", |first| &first.url)
    }
}

impl From<String> for Endpoints {
    fn from(url: String) -> Self {
        Self(vec![Endpoint { url, ..Endpoint::default() }])
    }
}

impl From<&str> for Endpoints {
    fn from(url: &str) -> Self {
        url.to_owned().into()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl fmt::Debug for Endpoints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

/// Without headers and limits it is written as its address alone.
fn written(endpoint: &Endpoint) -> Written<'_> {
    let is_plain = endpoint.headers.is_empty() && endpoint.requests_per_second.is_none();
    if is_plain { Written::Url(&endpoint.url) } else { Written::Table(endpoint) }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Url(&'a str),
    Table(&'a Endpoint),
}

impl Serialize for Endpoints {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => written(one).serialize(serializer),
            several => several.iter().map(written).collect::<Vec<_>>().serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Endpoints {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMore)
    }
}

struct OneOrMore;

/// An item of a list: an address or a table, but no list.
#[derive(Deserialize)]
#[serde(transparent)]
struct Item(Endpoints);

impl<'de> Visitor<'de> for OneOrMore {
    type Value = Endpoints;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an address, a table like { url = \"https://…\", headers = { key = \"…\" }, requests_per_second = 10 }, or a list of such",
        )
    }

    fn visit_str<E: Error>(self, url: &str) -> Result<Endpoints, E> {
        Ok(url.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Endpoints, A::Error> {
        Endpoint::deserialize(MapAccessDeserializer::new(map)).map(|endpoint| Endpoints(vec![endpoint]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Endpoints, A::Error> {
        let items = Vec::<Item>::deserialize(SeqAccessDeserializer::new(list))?;
        Endpoints::new(items.into_iter().flat_map(|item| item.0.0).collect()).map_err(A::Error::custom)
    }
}

/// The address, and its scheme, host and port for people.
///
/// # Errors
/// [`ChainError::BadUrl`] for what is no address of http or https.
pub(crate) fn parse_url(text: &str) -> Result<(Url, String), ChainError> {
    let bad = || ChainError::BadUrl(text.chars().take(40).collect());
    let url = Url::parse(text).map_err(|_| bad())?;
    let host = url.host_str().ok_or_else(bad)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad());
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let shown = format!("{}://{host}{port}", url.scheme());
    Ok((url, shown))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Endpoints, serde_json::Error> {
        serde_json::from_str(text)
    }

    #[test]
    fn one_address_a_table_and_a_list_are_read_and_written_again() {
        let table = r#"{"url":"https://a.example/v2/secret","headers":{"authorization":"Bearer secret"},"requests_per_second":10}"#;
        for (text, urls) in [
            (r#""http://127.0.0.1:8545""#.to_owned(), vec!["http://127.0.0.1:8545"]),
            (table.to_owned(), vec!["https://a.example/v2/secret"]),
            (format!(r#"[{table},"http://b"]"#), vec!["https://a.example/v2/secret", "http://b"]),
        ] {
            let endpoints = read(&text).expect(&text);
            assert!(endpoints.all().iter().map(|endpoint| endpoint.url.as_str()).eq(urls), "{text}");
            assert_eq!(serde_json::to_string(&endpoints).expect("JSON"), text);
            assert!(!format!("{endpoints:?}").contains("secret"), "{endpoints:?}");
        }
    }

    #[test]
    fn what_names_no_endpoint_is_refused_with_how_to_write_one() {
        for (text, named) in [
            ("[]", "at least one"),
            ("7", "an address, a table"),
            (r#"{"url":"http://a","header":{}}"#, "header"),
            (r#"{"headers":{}}"#, "url"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
