//! A small server that answers as Web3Signer does in its mode `eth1`.

use std::sync::{Arc, Mutex};

use k256::ecdsa::SigningKey;
use protocol::eip712::sign;
use protocol::ids::{Digest, keccak256};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with the answer that would be right: status and body.
pub type Twist = fn(u32, &str) -> (u16, String);

pub fn honest(_: u32, body: &str) -> (u16, String) {
    (200, body.to_owned())
}

/// Serves the keys that it is given; ends with the test's runtime.
pub struct Signer {
    pub url: String,
    /// Paths that were asked for.
    pub asked: Arc<Mutex<Vec<String>>>,
}

impl Signer {
    pub async fn start(keys: Vec<SigningKey>, twist: Twist) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://user:secret@{}/behind/a/proxy/", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (keys, log) = (Arc::new(keys), asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, keys.clone(), log.clone(), twist));
            }
        });
        Self { url, asked }
    }
}

async fn serve(mut stream: TcpStream, keys: Arc<Vec<SigningKey>>, asked: Arc<Mutex<Vec<String>>>, twist: Twist) -> Option<()> {
    let mut bytes = Vec::new();
    loop {
        let (head, body) = request(&mut stream, &mut bytes).await?;
        let path = head.split(' ').nth(1)?.strip_prefix("/behind/a/proxy")?.to_owned();
        assert!(head.to_lowercase().contains("authorization: basic dxnlcjpzzwnyzxq="), "{head}");
        let count = asked.lock().ok().map(|mut asked| (asked.push(path.clone()), asked.len()).1)?;
        let (status, body) = twist(u32::try_from(count).ok()?, &answer(&keys, &path, &body)?);
        let answer = format!("HTTP/1.1 {status} told\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}

/// As Web3Signer in its mode `eth1`: public keys without their first byte; a signature over the hash of the data, with v 27 or 28.
fn answer(keys: &[SigningKey], path: &str, body: &str) -> Option<String> {
    let name = |key: &SigningKey| format!("0x{}", hex::encode(&key.verifying_key().to_encoded_point(false).as_bytes()[1..]));
    if path == "/api/v1/eth1/publicKeys" {
        return Some(json!(keys.iter().map(name).collect::<Vec<_>>()).to_string());
    }
    let key = keys.iter().find(|key| path == format!("/api/v1/eth1/sign/{}", name(key)))?;
    let body: Value = serde_json::from_str(body).ok()?;
    let data = hex::decode(body["data"].as_str()?.strip_prefix("0x")?).ok()?;
    let signature = sign(Digest(keccak256(&data)), key).ok()?;
    let (mut s, odd) = (signature.vs, signature.vs[0] >> 7);
    s[0] &= 0x7f;
    Some(format!("0x{}{}{:02x}", hex::encode(signature.r), hex::encode(s), 27 + odd))
}

async fn request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<(String, String)> {
    loop {
        let text = String::from_utf8_lossy(bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(|text| text.trim().parse::<usize>()));
            let length = length.transpose().ok()?.unwrap_or(0);
            if body.len() >= length {
                bytes.drain(..head.len() + 4 + length);
                return Some((head.to_owned(), body[..length].to_owned()));
            }
        }
        (stream.read_buf(bytes).await.ok()? > 0).then_some(())?;
    }
}
