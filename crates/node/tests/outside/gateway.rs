//! The gateway answers as the specification of trustless gateways says.

use std::io::Cursor;

use reqwest::{Client as Http, Method, Response, StatusCode};
use swarm::{CarReader, Cid, cid_of};

use crate::{
    gateway_of,
    support::{bytes, ours},
};

const RAW: &str = "application/vnd.ipld.raw";
const CAR: &str = "application/vnd.ipld.car";
/// The empty block in a CID of its own, by which gateways are probed.
const PROBE: &str = "bafkqaaa";

async fn ask(method: Method, url: &str, headers: &[(&str, &str)]) -> Response {
    let request = Http::new().request(method, url);
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await.unwrap()
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// The blocks of a CAR, each hashed.
fn blocks(car: &[u8]) -> Vec<(Cid, Vec<u8>)> {
    CarReader::new(car).unwrap().map(Result::unwrap).collect()
}

/// A CAR without one of its chunks: three bytes of a length, the CID, a full chunk. The CID stands in the root too, which comes before.
fn without(car: &[u8], leaf: &Cid) -> Vec<u8> {
    let cid = leaf.to_bytes();
    let at = car.windows(cid.len()).rposition(|window| window == cid).unwrap();
    [&car[..at - 3], &car[at + cid.len() + 262_144..]].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_answered_with_its_bytes_and_headers_for_caches() {
    let ours = ours().await;
    let (_room, gateway) = gateway_of(&ours.client).await;
    for length in [0, 1, 262_144] {
        let cid = cid_of(ours.client.add(bytes(length, 0)).await.unwrap(), length as u64);
        let url = format!("{gateway}/ipfs/{cid}?format=raw");
        for method in [Method::GET, Method::HEAD] {
            let response = ask(method.clone(), &url, &[]).await;
            for (name, value) in [
                ("content-type", RAW.to_owned()),
                ("content-length", length.to_string()),
                ("content-disposition", format!("attachment; filename=\"{cid}.bin\"")),
                ("cache-control", "public, max-age=29030400, immutable".to_owned()),
                ("etag", format!("\"{cid}.raw\"")),
                ("x-ipfs-path", format!("/ipfs/{cid}")),
                ("x-ipfs-roots", cid.to_string()),
                ("x-content-type-options", "nosniff".to_owned()),
                ("access-control-allow-origin", "*".to_owned()),
                ("content-location", String::new()),
            ] {
                assert_eq!(header(&response, name), value, "{method} {name}");
            }
            assert_eq!(response.status(), StatusCode::OK);
            let body = response.bytes().await.unwrap();
            assert!(if method == Method::GET { body == bytes(length, 0) } else { body.is_empty() }, "{method} {length}");
        }
        let negotiated = ask(Method::GET, &format!("{gateway}/ipfs/{cid}"), &[("accept", RAW)]).await;
        assert_eq!(header(&negotiated, "content-location"), format!("/ipfs/{cid}?format=raw"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_probe_is_answered_by_every_node() {
    let ours = ours().await;
    let (_room, gateway) = gateway_of(&ours.client).await;
    for (method, query) in [(Method::GET, "?format=raw"), (Method::HEAD, "?format=raw"), (Method::GET, "?format=car")] {
        let response = ask(method, &format!("{gateway}/ipfs/{PROBE}{query}"), &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{query}");
        let body = response.bytes().await.unwrap();
        assert!(body.is_empty() || blocks(&body).is_empty(), "no such block stands in a CAR");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_car_holds_what_its_scope_says_and_ends_early_where_a_block_is_missing() {
    let ours = ours().await;
    let (_room, gateway) = gateway_of(&ours.client).await;
    let file = bytes(1_000_000, 0);
    let digest = ours.client.add(file.clone()).await.unwrap();
    let cid = cid_of(digest, file.len() as u64);
    let url = |query: &str| format!("{gateway}/ipfs/{cid}?format=car{query}");
    for (query, count) in [
        ("", 5),
        ("&dag-scope=all", 5),
        ("&dag-scope=entity", 5),
        ("&dag-scope=block", 1),
        ("&entity-bytes=0:*", 5),
        ("&entity-bytes=262143:262144", 3),
        ("&dag-scope=entity&entity-bytes=-1:*", 2),
        ("&entity-bytes=999999:99999999", 2),
    ] {
        let response = ask(Method::GET, &url(query), &[]).await;
        assert_eq!(header(&response, "content-type"), format!("{CAR}; version=1; order=dfs; dups=n"));
        let found = blocks(&response.bytes().await.unwrap());
        assert_eq!((found.len(), found[0].0), (count, cid), "{query}");
    }
    let whole = ask(Method::GET, &url(""), &[]).await.bytes().await.unwrap();
    assert!(blocks(&whole)[1..].iter().flat_map(|(_, block)| block).eq(&file));
    let twice = ask(Method::GET, &format!("{gateway}/ipfs/{cid}"), &[("accept", &format!("{CAR}; version=1; dups=y"))]).await;
    assert_eq!(header(&twice, "content-type"), format!("{CAR}; version=1; order=dfs; dups=y"));
    assert_eq!(ask(Method::GET, &url("&entity-bytes=1000000:*"), &[]).await.status(), StatusCode::BAD_REQUEST);

    let leaf = blocks(&whole)[2].0;
    let part = crate::support::ours().await;
    part.client.import_car(Cursor::new(without(&whole, &leaf))).unwrap();
    let (_other_room, gateway) = gateway_of(&part.client).await;
    // It can break off before its head has left.
    if let Ok(cut) = Http::new().get(format!("{gateway}/ipfs/{cid}?format=car")).send().await {
        assert_eq!(cut.status(), StatusCode::OK);
        cut.bytes().await.expect_err("nobody takes it for the whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_is_not_sent_again_and_what_is_not_held_is_not_fetched() {
    let (ours, other) = (ours().await, ours().await);
    let (_room, gateway) = gateway_of(&ours.client).await;
    ours.client.dial(other.client.listen_addresses().await.unwrap().remove(0)).await.unwrap();
    let held = cid_of(ours.client.add(bytes(10, 0)).await.unwrap(), 10);
    let elsewhere = cid_of(other.client.add(bytes(10, 1)).await.unwrap(), 10);
    let raw = |cid: Cid| format!("{gateway}/ipfs/{cid}?format=raw");
    let car = |cid: Cid| format!("{gateway}/ipfs/{cid}?format=car");
    let tag = header(&ask(Method::GET, &car(held), &[]).await, "etag");
    let strong = format!("\"{held}.raw\"");
    let list = format!("\"x\", W/{strong}");
    for (method, url, headers, status) in [
        (Method::GET, raw(held), vec![("if-none-match", strong.as_str())], 304),
        (Method::GET, raw(held), vec![("if-none-match", list.as_str())], 304),
        (Method::HEAD, raw(held), vec![("if-none-match", "*")], 304),
        (Method::GET, car(held), vec![("if-none-match", tag.as_str())], 304),
        (Method::GET, car(held) + "&dag-scope=block", vec![("if-none-match", tag.as_str())], 200),
        (Method::GET, raw(held), vec![("if-none-match", "\"x\"")], 200),
        (Method::GET, raw(held), vec![("cache-control", "only-if-cached")], 200),
        (Method::GET, raw(elsewhere), vec![], 404),
        (Method::HEAD, raw(elsewhere), vec![], 404),
        (Method::GET, car(elsewhere), vec![], 404),
        (Method::HEAD, car(elsewhere), vec![("cache-control", "only-if-cached")], 412),
        (Method::GET, format!("{gateway}/ipfs/{held}/name?format=car"), vec![], 404),
        (Method::GET, format!("{gateway}/ipfs/{held}"), vec![], 400),
        (Method::GET, format!("{gateway}/ipfs/{held}"), vec![("accept", "text/html")], 406),
        (Method::GET, raw(held), vec![("service-worker", "script")], 400),
        (Method::POST, raw(held), vec![], 405),
        (Method::OPTIONS, raw(held), vec![], 204),
        (Method::GET, format!("{gateway}/ipns/example.org?format=raw"), vec![], 501),
        (Method::GET, format!("{gateway}/ipfs/"), vec![], 404),
    ] {
        let response = ask(method.clone(), &url, &headers).await;
        assert_eq!(response.status().as_u16(), status, "{method} {url} {headers:?}");
        if status == 304 {
            assert!(!header(&response, "etag").is_empty() && response.bytes().await.unwrap().is_empty());
        }
    }
    assert!(!ours.client.has(swarm::digest_in(&elsewhere).unwrap()).await.unwrap(), "it fetches for nobody");
}
