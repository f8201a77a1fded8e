//! Spans of what a node does (rounds, phases, fetches, evaluations, transactions), sent by OTLP over HTTP to a collector if `[trace]` of
//! its settings names one. Without it no span is made.
//!
//! A span is one of `tracing` with the target [`TARGET`] at the level TRACE: so the log shows none unless somebody asks it to, and what
//! the collector gets does not depend on what is logged.

mod post;
mod running;

use std::{sync::OnceLock, time::Duration};

use anyhow::{Context, Result, ensure};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::{Layer, filter::filter_fn, registry::LookupSpan};

use post::Post;

pub use chain::SPANS as TARGET;
pub use running::{Running, round_of};

/// Where collectors take traces, below their address.
const PATH: &str = "v1/traces";
/// At its end a program waits so long for what is left to be sent.
const LEAVE: Duration = Duration::from_secs(1);

/// The part `[trace]` of a program's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceConfig {
    /// Where a collector listens for OTLP over HTTP, like `http://127.0.0.1:4318`; left out: nothing is sent.
    pub endpoint: Option<String>,
}

/// What sends the spans of this process, once it was asked for.
static SENDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// What takes spans to the collector, if the settings name one.
///
/// # Errors
/// When its address is none, or nothing can be sent from here.
pub fn layer<S>(config: &TraceConfig) -> Result<Option<Box<dyn Layer<S> + Send + Sync>>>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync + 'static,
{
    let Some(endpoint) = &config.endpoint else { return Ok(None) };
    let sender = sender(endpoint)?;
    let taken = taken(&sender);
    // A second call changes nothing, as with the log.
    _ = SENDER.set(sender);
    Ok(Some(taken))
}

/// Sends what is left, for a moment at most. It blocks: not for async threads.
pub fn finish() {
    if let Some(sender) = SENDER.get() {
        // Tasks that still run do not end what they began.
        running::end_all();
        // That a collector does not answer was said.
        _ = sender.shutdown_with_timeout(LEAVE);
    }
}

fn sender(endpoint: &str) -> Result<SdkTracerProvider> {
    let url = traces_of(endpoint)?;
    let exporter = SpanExporter::builder().with_http().with_http_client(Post::new(endpoint)?).with_endpoint(url);
    let exporter = exporter.with_protocol(Protocol::HttpBinary).build().context("spans cannot be sent: leave `endpoint` of [trace] out")?;
    let program = std::env::current_exe().ok().and_then(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    let resource = Resource::builder_empty().with_service_name(program.unwrap_or_else(|| "neuron".into())).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Where at a collector's address traces are taken.
fn traces_of(endpoint: &str) -> Result<String> {
    let advice = "`endpoint` of [trace] is no address: write one like http://127.0.0.1:4318";
    let mut url = Url::parse(endpoint).context(advice)?;
    ensure!(matches!(url.scheme(), "http" | "https") && url.has_host(), advice);
    let below = url.path().trim_end_matches('/').to_owned();
    if !below.ends_with(PATH) {
        url.set_path(&format!("{below}/{PATH}"));
    }
    Ok(url.into())
}

fn taken<S>(sender: &SdkTracerProvider) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync + 'static,
{
    let is_ours = |meta: &Metadata<'_>| meta.is_span() && meta.target() == TARGET;
    let spans = tracing_opentelemetry::layer().with_tracer(sender.tracer("neuron"));
    let spans = spans.with_location(false).with_tracked_inactivity(false).with_threads(false).with_target(false).with_level(false);
    spans.with_filter(filter_fn(is_ours)).boxed()
}

#[cfg(test)]
mod tests;
