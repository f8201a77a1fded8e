//! A trustless IPFS gateway over what this node holds: blocks and CARs, which their reader checks. It fetches for nobody.
//!
//! `GET` and `HEAD` of `/ipfs/<CID>[/<names>]`, as the specification of trustless gateways has it (PROTOCOL 15, Gateway).

mod request;

use std::{io, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures::stream;
use protocol::keccak256;
use swarm::{Cid, Client, Scope, WalkError};
use tokio::sync::Semaphore;

use crate::cars;
use request::{Ask, CAR, Format, RAW, Refusal};

/// CARs that are written at once; each has a thread.
pub const CARS_MAX: usize = 8;
/// A block never changes.
const FOR_EVER: &str = "public, max-age=29030400, immutable";
/// The path that was asked for, for caches.
const X_IPFS_PATH: HeaderName = HeaderName::from_static("x-ipfs-path");
/// CIDs on the way.
const X_IPFS_ROOTS: HeaderName = HeaderName::from_static("x-ipfs-roots");
const SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");

/// What requests share.
#[derive(Clone)]
struct Gateway {
    client: Client,
    cars: Arc<Semaphore>,
}

/// The paths of the gateway.
pub fn routes(client: Client) -> Router {
    let names = get(|| async {
        (StatusCode::NOT_IMPLEMENTED, "names are not resolved here: ask for /ipfs/ and the CID that the name stands for\n")
    });
    let content = get(answer).options(preflight);
    let gateway = Gateway { client, cars: Arc::new(Semaphore::new(CARS_MAX)) };
    Router::new().route("/ipns/{*name}", names).route("/ipfs/{*content}", content).with_state(gateway)
}

/// Any page may read what is public; it is told so before it sends headers of its own.
async fn preflight() -> impl IntoResponse {
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "Accept, Cache-Control, If-None-Match"),
    ];
    (StatusCode::NO_CONTENT, allowed)
}

async fn answer(State(gateway): State<Gateway>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let answered = gateway.answer(&method, uri.path(), uri.query().unwrap_or_default(), &headers).await;
    let mut response = answered.unwrap_or_else(|Refusal(status, text)| {
        (status, [(header::CACHE_CONTROL, "no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], text + "\n").into_response()
    });
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

impl Gateway {
    async fn answer(&self, method: &Method, path: &str, query: &str, headers: &HeaderMap) -> Result<Response, Refusal> {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        if text(SERVICE_WORKER) == Some("script") {
            return Err(Refusal(StatusCode::BAD_REQUEST, "no script of a page is served here".to_owned()));
        }
        let content = path.strip_prefix("/ipfs/").unwrap_or_default();
        let ask = Ask::read(content, query, text(header::ACCEPT))?;
        let Some(length) = self.client.block_length(&ask.cid) else {
            let is_for_held = text(header::CACHE_CONTROL).is_some_and(|value| value.contains("only-if-cached"));
            let status = if is_for_held { StatusCode::PRECONDITION_FAILED } else { StatusCode::NOT_FOUND };
            return Err(Refusal(status, "it is not held here, and this node fetches for nobody: ask another gateway".to_owned()));
        };
        let head = head(&ask, path, query);
        if text(header::IF_NONE_MATCH).is_some_and(|known| is_known(known, &tag(&ask))) {
            return Ok((StatusCode::NOT_MODIFIED, head).into_response());
        }
        let body = match ask.format {
            Format::Raw => self.block(&ask.cid, method, length).await?,
            Format::Car { scope, repeats } => self.car(&ask, scope, repeats, method).await?,
        };
        Ok((head, body).into_response())
    }

    /// A block, whose length is known without reading it.
    async fn block(&self, cid: &Cid, method: &Method, length: u64) -> Result<Response, Refusal> {
        let body = match method == Method::HEAD {
            true => Body::empty(),
            false => {
                let read = self.client.block(cid).await.map_err(|error| broken(&error))?;
                Body::from(read.ok_or_else(|| not_held(&"a block that was damaged on disk"))?)
            }
        };
        Ok(([(header::CONTENT_LENGTH, length)], body).into_response())
    }

    /// A CAR, as it is written: a block that is missing cuts it off.
    async fn car(&self, ask: &Ask, scope: Scope, repeats: bool, method: &Method) -> Result<Response, Refusal> {
        let busy = |_| Refusal(StatusCode::SERVICE_UNAVAILABLE, "too many CARs are being written: ask again soon".to_owned());
        let place = self.cars.clone().try_acquire_owned().map_err(busy)?;
        let (client, cid, names) = (self.client.clone(), ask.cid, ask.names.clone());
        let walk = tokio::task::spawn_blocking(move || client.walk(cid, &names, scope, repeats));
        let walk = walk.await.map_err(|error| broken(&error))?.map_err(|error| refusal(&error))?;
        if method == Method::HEAD {
            // Of a length that nobody says, for nobody knows it before the end.
            return Ok(Body::from_stream(stream::empty::<io::Result<Bytes>>()).into_response());
        }
        Ok(Body::from_stream(cars::stream(walk, place)).into_response())
    }
}

/// The status of an answer that ends before it begins.
fn refusal(error: &WalkError) -> Refusal {
    match error {
        WalkError::Missing(_) | WalkError::NoSuchName(_) => not_held(error),
        WalkError::Sharded(_) => Refusal(StatusCode::NOT_IMPLEMENTED, error.to_string()),
        WalkError::Unreadable { .. } | WalkError::Outside { .. } | WalkError::TooMuch(_) => {
            Refusal(StatusCode::BAD_REQUEST, error.to_string())
        }
        WalkError::Store(_) => broken(error),
    }
}

fn not_held(what: &impl ToString) -> Refusal {
    Refusal(StatusCode::NOT_FOUND, what.to_string())
}

/// What is wrong here is for this node's owner, not for strangers.
fn broken(error: &impl std::fmt::Display) -> Refusal {
    tracing::warn!("the gateway cannot answer: {error}");
    Refusal(StatusCode::INTERNAL_SERVER_ERROR, "this node has a fault: ask another gateway".to_owned())
}

/// Headers of every good answer.
fn head(ask: &Ask, path: &str, query: &str) -> HeaderMap {
    let (kind, end) = match ask.format {
        Format::Raw => (RAW.to_owned(), "bin"),
        Format::Car { repeats, .. } => (format!("{CAR}; version=1; order=dfs; dups={}", if repeats { 'y' } else { 'n' }), "car"),
    };
    let mut values = vec![
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.{end}\"", ask.cid)),
        (header::ETAG, tag(ask)),
        (X_IPFS_PATH, path.to_owned()),
    ];
    if ask.names.is_empty() {
        values.push((X_IPFS_ROOTS, ask.cid.to_string()));
    }
    if ask.is_negotiated {
        values.push((header::CONTENT_LOCATION, location(ask, path, query)));
    }
    let fixed = [
        (header::CACHE_CONTROL, FOR_EVER),
        (header::VARY, "Accept"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::ACCEPT_RANGES, "none"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Content-Location, ETag, X-Ipfs-Path, X-Ipfs-Roots"),
    ];
    let values = values.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)));
    values.chain(fixed.map(|(name, value)| (name, HeaderValue::from_static(value)))).collect()
}

/// The address that names the format in itself.
fn location(ask: &Ask, path: &str, query: &str) -> String {
    let format = if ask.format == Format::Raw { "raw" } else { "car" };
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("format="));
    let format = format!("format={format}");
    format!("{path}?{}", std::iter::once(format.as_str()).chain(others).collect::<Vec<_>>().join("&"))
}

/// Of a block its CID, for it never changes; of a CAR also what was asked for, and weakly, for another release may write it otherwise.
fn tag(ask: &Ask) -> String {
    match ask.format {
        Format::Raw => format!("\"{}.raw\"", ask.cid),
        Format::Car { .. } => {
            let asked = keccak256(format!("{:?} {:?}", ask.names, ask.format).as_bytes());
            format!("W/\"{}.car.{}\"", ask.cid, hex::encode(&asked[..8]))
        }
    }
}

/// Whether a list of tags has this one, in whichever strength.
fn is_known(list: &str, tag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    list.split(',').any(|known| known.trim() == "*" || bare(known) == bare(tag))
}
