//! What a node shows of itself below `/metrics`, `/status`, `/health` and `/ready`.

use axum::{
    Router,
    extract::State,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::vitals::{self, Vitals};

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
        .route("/health", get(health))
        .route("/ready", get(ready))
        .with_state(vitals)
}

async fn metrics(State(vitals): State<Vitals>) -> Response {
    let text = vitals::text(&vitals.state().await);
    ([fresh(), (header::CONTENT_TYPE, METRICS_TYPE)], text).into_response()
}

async fn status(State(vitals): State<Vitals>) -> Response {
    match serde_json::to_string_pretty(&vitals.state().await) {
        Ok(text) => ([fresh(), (header::CONTENT_TYPE, JSON_TYPE)], format!("{text}\n")).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("the state cannot be written: {error}\n")).into_response(),
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
