//! A collector that counts what it gets, and one that is not there.

use std::{
    sync::mpsc,
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, http::HeaderMap, routing::post};
use opentelemetry_http::{HttpClient as _, Request};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span as Sent,
};
use prost::Message as _;
use protocol::{
    chain::Phase,
    ids::{GroupId, RoundNumber},
};
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::*;
use crate::logging::recent;

const SOON: Duration = Duration::from_secs(10);

/// A collector's address, and what it gets.
async fn collector() -> (String, mpsc::Receiver<(HeaderMap, Bytes)>) {
    let (tell, told) = mpsc::sync_channel(64);
    let take = move |headers: HeaderMap, body: Bytes| async move {
        // The test may have ended.
        _ = tell.send((headers, body));
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let routes = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (format!("http://{address}"), told)
}

/// A field of a span; numbers of 64 bits stand as text.
fn field(span: &Sent, key: &str) -> Option<String> {
    let value = |pair: &KeyValue| match pair.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        _ => None,
    };
    span.attributes.iter().find(|pair| pair.key == key).and_then(value)
}

/// Spans of group 7 that are made with a sender in place.
async fn spans_through(sender: &SdkTracerProvider) {
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(taken(sender)));
    let mut running = Running::new(GroupId(7));
    running.pass(Some((RoundNumber(3), Phase::Train)));
    let fetch = tracing::trace_span!(target: TARGET, parent: round_of(GroupId(7)), "fetch", group = 7u64, file = "0xab");
    async { tracing::trace!("what is said within is not sent") }.instrument(fetch).await;
    drop(tracing::trace_span!("somebody else's"));
    running.pass(Some((RoundNumber(3), Phase::Train)));
    running.pass(Some((RoundNumber(3), Phase::Reveal)));
    drop(running);
    assert_eq!(round_of(GroupId(7)), None, "a group that is followed no longer is in no round");
    drop(guard);
}

async fn flushed(sender: SdkTracerProvider) -> bool {
    tokio::task::spawn_blocking(move || sender.force_flush().is_ok()).await.expect("flushed")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_rounds_phases_and_what_is_done_in_them() {
    let (endpoint, told) = collector().await;
    let sender = sender(&endpoint).expect("a sender");
    spans_through(&sender).await;
    assert!(flushed(sender).await);
    let (headers, body) = told.recv_timeout(SOON).expect("a request");
    assert_eq!(headers.get("content-type").expect("a type"), "application/x-protobuf");
    let request = ExportTraceServiceRequest::decode(body).expect("OTLP");
    let resource = request.resource_spans.first().and_then(|some| some.resource.clone()).expect("whose they are");
    assert!(resource.attributes.iter().any(|pair| pair.key == "service.name"));
    let scopes = request.resource_spans.into_iter().flat_map(|some| some.scope_spans);
    let mut spans: Vec<Sent> = scopes.flat_map(|scope| scope.spans).collect();
    spans.sort_by_key(|span| span.name.clone());
    assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), ["fetch", "phase", "phase", "round"]);
    let round = spans.pop().expect("the round");
    assert_eq!((field(&round, "group").as_deref(), field(&round, "round").as_deref()), (Some("7"), Some("3")));
    for span in &spans {
        assert!(span.parent_span_id == round.span_id && span.trace_id == round.trace_id, "{} belongs to its round", span.name);
        assert!(
            field(span, "group").as_deref() == Some("7") && span.events.is_empty() && span.end_time_unix_nano >= span.start_time_unix_nano
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_not_there_holds_nothing_up_and_is_said_once() {
    let endpoint = "http://127.0.0.1:9";
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(recent::Recent));
    let post = Post::new(endpoint).expect("from here");
    for _ in 0..2 {
        let request = Request::post(format!("{endpoint}/v1/traces")).body(Bytes::new()).expect("a request");
        post.send_bytes(request).await.expect_err("nobody is there");
    }
    drop(guard);
    let said = recent::after(0).into_iter().filter(|line| line.text.contains("spans are lost") && line.text.contains(endpoint)).count();
    assert_eq!(said, 1);
    let (sender, start) = (sender(endpoint).expect("a sender"), Instant::now());
    for _ in 0..1_000 {
        spans_through(&sender).await;
    }
    assert!(start.elapsed() < SOON / 2, "{:?}", start.elapsed());
    // Whatever comes of it, it ends.
    flushed(sender).await;
}

#[test]
fn without_settings_there_is_nothing_and_an_address_that_is_none_is_named() {
    assert!(layer::<tracing_subscriber::Registry>(&TraceConfig::default()).expect("nothing to do").is_none());
    for (endpoint, wanted) in [
        ("http://127.0.0.1:4318", Some("http://127.0.0.1:4318/v1/traces")),
        ("http://127.0.0.1:4318/", Some("http://127.0.0.1:4318/v1/traces")),
        ("https://collector.example/below", Some("https://collector.example/below/v1/traces")),
        ("http://127.0.0.1:4318/v1/traces", Some("http://127.0.0.1:4318/v1/traces")),
        ("127.0.0.1:4318", None),
        ("ftp://127.0.0.1", None),
        ("", None),
    ] {
        let found = traces_of(endpoint);
        assert_eq!(found.as_deref().ok(), wanted, "{endpoint}");
        assert!(found.err().is_none_or(|error| format!("{error:#}").contains("[trace]")), "{endpoint}");
    }
}
