//! The page, as it was built into this program: `page/dist`, and beside it the networks that it begins with.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use protocol::keccak256;
use serde::Serialize;

/// A file of the page: its name, its type, its bytes.
type File = (&'static str, &'static str, &'static [u8]);

/// What `cargo xtask web` builds. `index.html` stands for the bare address, too.
const FILES: [File; 8] = [
    ("index.html", "text/html; charset=utf-8", include_bytes!("../../../../page/dist/index.html")),
    ("page.js", "text/javascript; charset=utf-8", include_bytes!("../../../../page/dist/page.js")),
    ("worker.js", "text/javascript; charset=utf-8", include_bytes!("../../../../page/dist/worker.js")),
    ("evaluator.js", "text/javascript; charset=utf-8", include_bytes!("../../../../page/dist/evaluator.js")),
    ("evaluator.wasm", "application/wasm", include_bytes!("../../../../page/dist/evaluator.wasm")),
    ("log.wasm", "application/wasm", include_bytes!("../../../../page/dist/log.wasm")),
    ("style.css", "text/css; charset=utf-8", include_bytes!("../../../../page/dist/style.css")),
    ("icon.svg", "image/svg+xml", include_bytes!("../../../../page/dist/icon.svg")),
];

/// What no page may do with this one, beside what it says of itself: frame it, or guess at types.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-cache"),
];

/// A network that the page begins with: `networks.json` is a list of these.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownNetwork {
    /// A name for people.
    pub name: String,
    /// The JSON-RPC endpoint that browsers ask. Whoever reaches the page reads it.
    pub rpc: String,
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the contract `Network`.
    pub network: String,
    /// The block of its deployment.
    pub since: u64,
    /// An IPFS gateway that browsers ask for files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
}

/// The paths of the page.
///
/// # Errors
/// When the networks cannot be written as JSON.
pub fn routes(networks: &[ShownNetwork]) -> serde_json::Result<Router> {
    let networks: Arc<str> = serde_json::to_string(networks)?.into();
    let named = |Path(name): Path<String>, headers: HeaderMap| async move { answer(&name, &headers) };
    let list = |State(networks): State<Arc<str>>| async move {
        (HEADERS, [(header::CONTENT_TYPE, "application/json")], networks.to_string()).into_response()
    };
    Ok(Router::new()
        .route("/", get(|headers: HeaderMap| async move { answer("index.html", &headers) }))
        .route("/networks.json", get(list))
        .route("/{name}", get(named))
        .with_state(networks))
}

fn answer(name: &str, asked: &HeaderMap) -> Response {
    let Some((_, kind, bytes)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return (StatusCode::NOT_FOUND, HEADERS, "there is no such file: the page is at /\n").into_response();
    };
    let tag = format!("\"{}\"", hex::encode(keccak256(bytes)));
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let mut response = match known == Some(tag.as_str()) {
        true => (StatusCode::NOT_MODIFIED, HEADERS).into_response(),
        false => (HEADERS, [(header::CONTENT_TYPE, *kind)], *bytes).into_response(),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;
    use crate::http::Room;

    fn one() -> ShownNetwork {
        let (name, rpc) = ("<b>mine</b>".to_owned(), "http://127.0.0.1:8545".to_owned());
        ShownNetwork { name, rpc, chain_id: 31_337, network: "0x01".to_owned(), since: 7, gateway: None }
    }

    async fn room() -> Room {
        let routes = routes(&[one()]).expect("written");
        Room::open("127.0.0.1:0".parse().expect("an address"), &[], routes).await.expect("a free port")
    }

    #[test]
    fn every_file_that_was_built_is_served_and_no_other() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../page/dist");
        let built = fs::read_dir(folder).expect("built").map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        let served: BTreeSet<String> = FILES.iter().map(|(name, ..)| (*name).to_owned()).collect();
        assert_eq!(built.collect::<BTreeSet<_>>(), served);
    }

    #[test]
    fn the_page_names_nothing_but_its_own_files_and_lets_no_other_script_run() {
        let index = String::from_utf8(FILES[0].2.to_vec()).expect("text");
        for wanted in ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "require-trusted-types-for 'script'"] {
            assert!(index.contains(wanted), "{wanted}");
        }
        for unwanted in ["unsafe-inline", "'unsafe-eval'", "//cdn", "src=\"http", "href=\"http", "<script>"] {
            assert!(!index.contains(unwanted), "{unwanted}");
        }
    }

    #[tokio::test]
    async fn files_come_with_their_types_and_once_only() {
        let room = room().await;
        let (address, client) = (room.address(), reqwest::Client::new());
        for (path, kind, words) in [
            ("", "text/html; charset=utf-8", "<title>Neuron</title>"),
            ("page.js", "text/javascript; charset=utf-8", "networks.json"),
            ("style.css", "text/css; charset=utf-8", "--accent"),
            (
                "networks.json",
                "application/json",
                r#"[{"name":"<b>mine</b>","rpc":"http://127.0.0.1:8545","chainId":31337,"network":"0x01","since":7}]"#,
            ),
        ] {
            let url = format!("http://{address}/{path}");
            let answer = client.get(&url).send().await.expect("answered");
            assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].as_bytes()), (200, kind.as_bytes()), "{path}");
            assert_eq!(answer.headers()["content-security-policy"], "frame-ancestors 'none'", "{path}");
            let tag = answer.headers().get("etag").cloned();
            assert!(answer.text().await.expect("text").contains(words), "{path}");
            if let Some(tag) = tag {
                let again = client.get(&url).header("if-none-match", tag).send().await.expect("answered");
                assert_eq!(again.status().as_u16(), 304, "{path}");
            }
        }
        for path in ["nothing.js", "..%2fCargo.toml", "dist/page.js"] {
            let answer = client.get(format!("http://{address}/{path}")).send().await.expect("answered");
            assert_eq!(answer.status().as_u16(), 404, "{path}");
        }
        room.close().await;
    }
}
