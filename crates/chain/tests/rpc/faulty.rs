//! A JSON-RPC server that hands requests on to a real one and fails on purpose.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use alloy::primitives::Bytes;
use alloy::transports::http::reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is answered by the server behind.
    Pass,
    /// "Too many requests", without asking the server behind.
    Busy,
    /// The server behind acts, and the connection closes without an answer.
    LoseAnswer,
    /// The connection closes, and the server behind hears nothing.
    Close,
    /// The true answer, so much later.
    Late(Duration),
    /// This HTTP status, and a page of HTML.
    Page(u16),
    /// This error instead of an answer.
    Error(&'static str),
    /// The same, with this code.
    Code(i64, &'static str),
    /// A revert with these bytes.
    Reverted(Bytes),
    /// This answer instead of the true one.
    Instead(Value),
    /// The true answer, its result changed.
    Changed(fn(&mut Value)),
}

const PAGE: &str = "<!DOCTYPE html>\n<html><body><h1>Just a moment…</h1></body></html>";

type Script = dyn FnMut(&str, &Value) -> Fault + Send;

/// Serves in tasks of the test's runtime; ends with it.
pub struct Faulty {
    pub url: String,
}

impl Faulty {
    /// `script` decides by method and parameters.
    pub async fn before(target: &str, script: impl FnMut(&str, &Value) -> Fault + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let script: Arc<Mutex<Box<Script>>> = Arc::new(Mutex::new(Box::new(script)));
        let target = target.to_owned();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, target.clone(), script.clone()));
            }
        });
        Self { url }
    }
}

async fn serve(mut stream: TcpStream, target: String, script: Arc<Mutex<Box<Script>>>) -> Option<()> {
    let client = Client::builder().no_proxy().build().ok()?;
    loop {
        let request: Value = serde_json::from_slice(&read_request(&mut stream).await?).ok()?;
        let fault = (script.lock().ok()?)(request["method"].as_str()?, &request["params"]);
        let answer = |body: Value| json!({ "jsonrpc": "2.0", "id": request["id"] }).merged(body);
        let (status, body) = match fault {
            Fault::Pass => (200, forward(&client, &target, &request).await?),
            Fault::Busy => (429, Vec::new()),
            Fault::Close => return None,
            Fault::Late(pause) => {
                tokio::time::sleep(pause).await;
                (200, forward(&client, &target, &request).await?)
            }
            Fault::Page(status) => (status, PAGE.into()),
            Fault::Code(code, message) => (200, answer(json!({ "error": { "code": code, "message": message } }))),
            Fault::LoseAnswer => {
                forward(&client, &target, &request).await?;
                return None;
            }
            Fault::Error(message) => (200, answer(json!({ "error": { "code": -32000, "message": message } }))),
            Fault::Reverted(data) => {
                let error = json!({ "code": 3, "message": "execution reverted", "data": data });
                (200, answer(json!({ "error": error })))
            }
            Fault::Instead(result) => (200, answer(json!({ "result": result }))),
            Fault::Changed(change) => {
                let mut true_one: Value = serde_json::from_slice(&forward(&client, &target, &request).await?).ok()?;
                change(&mut true_one["result"]);
                (200, true_one.to_string().into_bytes())
            }
        };
        let head = format!("HTTP/1.1 {status} told\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        // In one piece: of two the second would wait for the other side's acknowledgement, 40 ms.
        stream.write_all(&[head.as_bytes(), &body].concat()).await.ok()?;
    }
}

trait Merged {
    fn merged(self, other: Value) -> Vec<u8>;
}

impl Merged for Value {
    fn merged(mut self, other: Value) -> Vec<u8> {
        for (name, value) in other.as_object().into_iter().flatten() {
            self[name] = value.clone();
        }
        self.to_string().into_bytes()
    }
}

async fn forward(client: &Client, target: &str, request: &Value) -> Option<Vec<u8>> {
    let answer = client.post(target).header("content-type", "application/json").body(request.to_string());
    Some(answer.send().await.ok()?.bytes().await.ok()?.to_vec())
}

async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let body_start = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(stream, &mut bytes).await?;
    };
    let head = String::from_utf8_lossy(&bytes[..body_start]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")).map(str::trim)?;
    let length: usize = length.parse().ok()?;
    while bytes.len() < body_start + length {
        read_more(stream, &mut bytes).await?;
    }
    Some(bytes.split_off(body_start))
}

async fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    let read = stream.read_buf(bytes).await.ok()?;
    (read > 0).then_some(())
}
