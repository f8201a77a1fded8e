//! What every request passes: is it meant for this room, is there a place, and does the answer begin in time.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use tokio::{sync::Semaphore, time::timeout};

use super::{BODY_BYTES_MAX, HEAD_BYTES_MAX, Limits, line::Traffic};

/// Shared by all requests.
#[derive(Clone)]
pub struct Guard {
    places: Arc<Semaphore>,
    hosts: Arc<Vec<String>>,
    limits: Limits,
}

impl Guard {
    pub fn new(limits: Limits, hosts: &[String]) -> Self {
        let hosts = hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
        Self { places: Arc::new(Semaphore::new(limits.answers)), hosts: Arc::new(hosts), limits }
    }

    /// A browser sends the name of the page's own address here: a page elsewhere whose name was made to lead to this
    /// machine is told apart by it.
    fn knows(&self, headers: &HeaderMap) -> bool {
        let Some(host) = headers.get(header::HOST) else { return true };
        let host = host.to_str().unwrap_or_default().to_ascii_lowercase();
        let name = name_of(&host);
        name == "localhost" || name.parse::<IpAddr>().is_ok() || self.hosts.iter().any(|known| known == name || *known == host)
    }
}

/// What stands before the port; an IPv6 address without its brackets.
fn name_of(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Lets a request through to its part of the room, or says why not.
pub async fn guarded(State(guard): State<Guard>, ConnectInfo(traffic): ConnectInfo<Traffic>, request: Request, next: Next) -> Response {
    let (answering, is_head) = (traffic.answering(), request.method() == Method::HEAD);
    if let Some(refusal) = refusal(&guard, request.headers()) {
        return refusal.into_response();
    }
    let Ok(place) = guard.places.clone().try_acquire_owned() else {
        let again = [(header::RETRY_AFTER, "1")];
        return (StatusCode::SERVICE_UNAVAILABLE, again, "all places are taken: ask again in a second\n").into_response();
    };
    match timeout(guard.limits.answer, next.run(request)).await {
        Ok(answer) => holding(answer, is_head, (answering, place)),
        Err(_) => (StatusCode::REQUEST_TIMEOUT, "the request took too long: send it again\n").into_response(),
    }
}

fn refusal(guard: &Guard, headers: &HeaderMap) -> Option<(StatusCode, &'static str)> {
    let head: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    let body = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if !guard.knows(headers) {
        let advice = "this name is none of this node's: ask by its address, or name it in `hosts` of [http]\n";
        return Some((StatusCode::MISDIRECTED_REQUEST, advice));
    }
    if head > HEAD_BYTES_MAX {
        return Some((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long: send fewer\n"));
    }
    let is_long = body.is_some_and(|length| length > BODY_BYTES_MAX);
    is_long.then_some((StatusCode::PAYLOAD_TOO_LARGE, "the body is too long: send less\n"))
}

/// The answer, with something that lives as long as its body is being sent.
fn holding(answer: Response, is_head: bool, held: impl Send + 'static) -> Response {
    let (mut head, body) = answer.into_parts();
    if let Some(length) = body.size_hint().exact()
        && !is_head
        && !head.headers.contains_key(header::CONTENT_LENGTH)
        && !matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    {
        head.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let body = body.into_data_stream().map(move |part: Result<Bytes, axum::Error>| {
        _ = &held;
        part
    });
    Response::from_parts(head, Body::from_stream(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_node_are_answered() {
        let guard = Guard::new(Limits::default(), &["Node.example".to_owned(), "other.example:8443".to_owned()]);
        for (host, is_known) in [
            ("localhost", true),
            ("LOCALHOST:9464", true),
            ("127.0.0.1:9464", true),
            ("[::1]:9464", true),
            ("192.0.2.1", true),
            ("node.example", true),
            ("node.example:9464", true),
            ("other.example:8443", true),
            ("other.example:1", false),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example:9464", false),
            ("", false),
            ("[", false),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().expect("a value"))]);
            assert_eq!(guard.knows(&headers), is_known, "{host}");
        }
        assert!(guard.knows(&HeaderMap::new()), "HTTP/1.0 names none");
    }
}
