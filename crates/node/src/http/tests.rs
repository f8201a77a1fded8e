//! The room under strangers: silent, slow, many, long, late.

use std::{convert::Infallible, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    routing::{get, post},
};
use futures::stream;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::*;

const QUICK: Limits = Limits {
    connections: 3,
    answers: 2,
    head: Duration::from_millis(400),
    answer: Duration::from_millis(800),
    slow: Duration::from_millis(400),
};
const SOON: Duration = Duration::from_secs(10);

fn routes() -> Router {
    let endless = || async { Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[0; 65_536])))) };
    let late = || async { sleep(SOON).await };
    let slow = || async {
        let parts = stream::unfold(0, |part| async move {
            sleep(Duration::from_millis(300)).await;
            (part < 5).then(|| (Ok::<_, Infallible>(Bytes::from_static(b"part ")), part + 1))
        });
        Body::from_stream(parts)
    };
    let taken = |body: String| async move { body.len().to_string() };
    Router::new()
        .route("/hello", get(|| async { "hello" }))
        .route("/endless", get(endless))
        .route("/late", get(late))
        .route("/slow", get(slow))
        .route("/taken", post(taken))
}

async fn room(limits: Limits) -> Room {
    Room::within(limits, "127.0.0.1:0".parse().expect("an address"), &[], routes()).await.expect("a free port")
}

async fn line(room: &Room) -> TcpStream {
    TcpStream::connect(room.address()).await.expect("connected")
}

/// All that comes until the other side closes, or some seconds are over.
async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is reset has ended too.
    _ = timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("it is closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn asked(room: &Room, request: &str) -> String {
    let mut stream = line(room).await;
    stream.write_all(request.as_bytes()).await.expect("sent");
    rest(&mut stream).await
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_rightly_is_answered_and_the_rest_refused_in_words() {
    let room = room(QUICK).await;
    let posted = |length: usize, sent: usize| {
        format!("POST /taken HTTP/1.1\r\nHost: [::1]:1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(sent))
    };
    let long = format!("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: {}\r\n\r\n", "x".repeat(HEAD_BYTES_MAX));
    let chunked = format!(
        "POST /taken HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{}\r\n0\r\n\r\n",
        BODY_BYTES_MAX + 1,
        "x".repeat(BODY_BYTES_MAX + 1)
    );
    for (request, status, words) in [
        (request("/hello"), "200", "hello"),
        (request("/nothing"), "404", ""),
        (request("/hello").replace("localhost", "evil.example"), "421", "`hosts` of [http]"),
        (posted(3, 3), "200", "3"),
        (posted(BODY_BYTES_MAX + 1, 0), "413", "send less"),
        (chunked, "413", ""),
        (long, "431", "send fewer"),
        (posted(9, 3), "408", "send it again"),
        (request("/late"), "408", "send it again"),
        ("nonsense\r\n\r\n".to_owned(), "400", ""),
    ] {
        let answer = asked(&room, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(words), "{:?}: {answer}", request.get(..40));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_silent_or_drips_a_request_is_let_go_in_time() {
    let room = room(QUICK).await;
    let start = Instant::now();
    let (mut silent, mut dripping, mut done) = (line(&room).await, line(&room).await, line(&room).await);
    done.write_all(b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n").await.expect("sent");
    let drip = async {
        for byte in b"GET /hello HTTP/1.1\r\nHost: localhost\r\n".iter().cycle() {
            if dripping.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    let (kept, said, ()) = tokio::join!(rest(&mut done), rest(&mut silent), async { timeout(SOON, drip).await.expect("it is let go") });
    assert!(kept.ends_with("hello") && said.is_empty(), "{kept} {said}");
    let took = start.elapsed();
    assert!((QUICK.head..SOON / 2).contains(&took), "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_nothing_of_an_answer_is_let_go_and_whoever_does_is_not() {
    let room = room(Limits { head: SOON, ..QUICK }).await;
    let mut stuck = line(&room).await;
    stuck.write_all(request("/endless").as_bytes()).await.expect("sent");
    let mut reading = line(&room).await;
    reading.write_all(request("/endless").as_bytes()).await.expect("sent");
    let (start, mut bytes, mut taken) = (Instant::now(), vec![0; 65_536], 0);
    while start.elapsed() < 5 * QUICK.slow {
        taken += reading.read(&mut bytes).await.expect("it goes on");
        sleep(Duration::from_millis(10)).await;
    }
    assert!(taken > SLOW_BYTES, "{taken}");
    // Both places were taken; the one of the stuck reader is free again.
    assert!(asked(&room, &request("/hello")).await.ends_with("hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_answers_and_connections_than_there_are_places() {
    let room = room(Limits { slow: SOON, head: SOON, answer: SOON, ..QUICK }).await;
    let mut busy = Vec::new();
    for _ in 0..QUICK.answers {
        let mut stream = line(&room).await;
        stream.write_all(request("/endless").as_bytes()).await.expect("sent");
        stream.read_exact(&mut [0; 12]).await.expect("it begins");
        busy.push(stream);
    }
    let refused = asked(&room, &request("/hello")).await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after: 1"), "{refused}");
    let _held = line(&room).await;
    let mut waiting = line(&room).await;
    waiting.write_all(request("/nothing").as_bytes()).await.expect("sent");
    let early = timeout(Duration::from_millis(300), waiting.read(&mut [0; 1])).await;
    assert!(early.is_err(), "a fourth connection waits");
    drop(busy.pop());
    assert!(rest(&mut waiting).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_that_closes_lets_answers_end_and_takes_no_new_ones() {
    let room = room(Limits { head: SOON, answer: SOON, ..QUICK }).await;
    let (address, mut stream, _idle) = (room.address(), line(&room).await, line(&room).await);
    stream.write_all(request("/slow").as_bytes()).await.expect("sent");
    stream.read_exact(&mut [0; 12]).await.expect("it begins");
    let start = Instant::now();
    let (answer, ()) = tokio::join!(rest(&mut stream), room.close());
    assert_eq!(answer.matches("part ").count(), 5);
    assert!(start.elapsed() < LEAVE, "an idle connection does not hold it up: {:?}", start.elapsed());
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named_and_no_settings_open_no_room() {
    let taken = room(QUICK).await;
    let again = Room::open(taken.address(), &[], routes()).await.err().expect("in use");
    assert!(format!("{again:#}").contains("[http]"), "{again:#}");
    assert!(open(&HttpConfig::default(), routes()).await.expect("nothing to do").is_none());
    for (text, is_good) in [
        ("", true),
        ("listen = '127.0.0.1:9464'", true),
        ("listen = '[::1]:0'\nhosts = ['a.example']", true),
        ("listen = 'localhost'", false),
        ("port = 1", false),
    ] {
        assert_eq!(toml::from_str::<HttpConfig>(text).is_ok(), is_good, "{text}");
    }
}
