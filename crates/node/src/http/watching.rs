//! What a node shows of itself below `/metrics`, `/status`, `/events`, `/health` and `/ready`.

use axum::{
    Router,
    extract::State,
    http::{HeaderName, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use crate::{
    logging::recent,
    vitals::{self, Vitals, state::Events},
};

/// The text format of Prometheus.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON_TYPE: &str = "application/json";

/// Whoever asks wants what is now.
fn fresh() -> (HeaderName, &'static str) {
    (header::CACHE_CONTROL, "no-store")
}

/// The paths of a node's state.
pub fn routes(vitals: Vitals) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/status", get(status))
        .route("/events", get(events))
        .route("/health", get(health))
        .route("/ready", get(ready))
        .with_state(vitals)
}

async fn metrics(State(vitals): State<Vitals>) -> Response {
    let text = vitals::text(&vitals.state().await);
    ([fresh(), (header::CONTENT_TYPE, METRICS_TYPE)], text).into_response()
}

async fn status(State(vitals): State<Vitals>) -> Response {
    json(&vitals.state().await)
}

/// The newest lines of the log; with `?after=NUMBER` those that came after that one.
async fn events(State(vitals): State<Vitals>, uri: Uri) -> Response {
    let Some(after) = after(uri.query().unwrap_or_default()) else {
        return (StatusCode::BAD_REQUEST, "ask for /events, or for /events?after=NUMBER with the number of the last line that you have\n")
            .into_response();
    };
    json(&Events { version: vitals::state::VERSION, started_s: vitals.started_s(), events: recent::after(after) })
}

/// What a query asks for, if it is one that is understood.
fn after(query: &str) -> Option<u64> {
    if query.is_empty() {
        return Some(0);
    }
    query.strip_prefix("after=")?.parse().ok()
}

fn json(value: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(value) {
        Ok(text) => ([fresh(), (header::CONTENT_TYPE, JSON_TYPE)], format!("{text}\n")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the answer cannot be written: {error}\n")).into_response(),
    }
}

async fn health(State(vitals): State<Vitals>) -> Response {
    match vitals.health().await {
        Ok(()) => ([fresh()], "well\n").into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, [fresh()], format!("{reason}\n")).into_response(),
    }
}

async fn ready(State(vitals): State<Vitals>) -> Response {
    let reasons = vitals.state().await.not_ready;
    if reasons.is_empty() {
        return ([fresh()], "ready\n").into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, [fresh()], format!("{}\n", reasons.join("\n"))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_asked_for_by_number_and_nothing_else_is_understood() {
        for (query, wanted) in [("", Some(0)), ("after=0", Some(0)), ("after=17", Some(17))] {
            assert_eq!(after(query), wanted, "{query}");
        }
        for query in ["after", "after=", "after=-1", "after=x", "before=1", "after=1&more=2", "after=99999999999999999999"] {
            assert_eq!(after(query), None, "{query}");
        }
    }
}
