//! What a running node shows of itself, asked over HTTP as others would.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use node::vitals::METRICS;
use serde_json::Value;

use crate::{bad_input::node, schema, small::Small, stopping::Running};

/// What a node says once its room is open, before the address.
const SERVING: &str = "serving http://";
/// How long a node may take to be ready.
const PATIENCE: Duration = Duration::from_secs(60);

/// Status and body of an answer.
fn get(address: &str, path: &str) -> Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("no head")?;
    let status = head.split(' ').nth(1).context("no status")?.parse()?;
    Ok((status, body.to_owned()))
}

/// Values by name and labels; every line that is none says what follows.
fn values(page: &str) -> BTreeMap<&str, f64> {
    let lines = page.lines().filter(|line| !line.starts_with("# HELP ") && !line.starts_with("# TYPE "));
    lines.map(|line| line.rsplit_once(' ').expect("a value")).map(|(name, value)| (name, value.parse().expect("a number"))).collect()
}

fn until_ready(address: &str) -> Result<()> {
    let start = Instant::now();
    loop {
        let (status, reasons) = get(address, "/ready")?;
        if status == 200 {
            return Ok(());
        }
        ensure!(status == 503 && !reasons.trim().is_empty(), "{status}: {reasons}");
        ensure!(start.elapsed() < PATIENCE, "it is never ready: {reasons}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// Starts a program with an open room; its address.
fn start(small: &Small, program: &str, extra: &str) -> Result<(Running, String)> {
    let config = node(small, &format!("shown-{program}"), &[])?;
    let text = fs::read_to_string(&config)?;
    fs::write(&config, format!("{text}\n[http]\nlisten = \"127.0.0.1:0\"\n{extra}"))?;
    let mut running = Running::start(program, &["--config", &config])?;
    let address = running.told_after(SERVING)?;
    Ok((running, address))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_node_shows_itself_to_programs_and_to_prometheus() -> Result<()> {
    let small = Small::start("shown").await?;
    let group = small.group(None).await?;
    for program in ["validator-node", "trainer-node"] {
        let (running, address) = start(&small, program, "")?;
        until_ready(&address)?;
        ensure!(get(&address, "/health")? == (200, "well\n".to_owned()));
        let (status, text) = get(&address, "/status")?;
        let state = schema::check("/status", &text)?;
        ensure!(status == 200 && state["version"] == 1 && state["program"] == program, "{text}");
        let shown = &state["groups"][0];
        ensure!(shown["group"] == group.0 && shown["is_live"] == true && shown["phase"].is_string(), "{text}");
        ensure!(state["account"] == small.account.address().to_string() && state["not_ready"] == Value::Array(Vec::new()), "{text}");
        let (_, page) = get(&address, "/metrics")?;
        check(&page, &group.to_string())?;
        lines(&address, program)?;
        drop(running);
    }
    Ok(())
}

/// The newest lines of its log, all of them and those after one.
fn lines(address: &str, program: &str) -> Result<()> {
    let asked = |path: &str| -> Result<Value> { Ok(serde_json::from_str(&get(address, path)?.1)?) };
    let told = schema::check("/events", &get(address, "/events")?.1)?;
    let events = told["events"].as_array().context("lines")?;
    let started = format!("{} started", program.trim_end_matches("-node"));
    let line = events.iter().find(|line| line["text"].as_str().is_some_and(|text| text.starts_with(&started)));
    let line = line.with_context(|| format!("no {started:?} in {told}"))?;
    ensure!(line["level"] == "INFO" && told["version"] == 1 && told["started_s"].is_u64(), "{told}");
    let number = line["number"].as_u64().context("a number")?;
    let later = asked(&format!("/events?after={number}"))?;
    let is_later = |line: &Value| line["number"].as_u64() > Some(number);
    ensure!(later["events"].as_array().is_some_and(|lines| lines.iter().all(is_later)), "{later}");
    ensure!(get(address, "/events?before=1")?.0 == 400);
    Ok(())
}

/// What is written is in the table, and what must be known of any node is known.
fn check(page: &str, group: &str) -> Result<()> {
    let (values, known): (_, BTreeSet<&str>) = (values(page), METRICS.iter().map(|metric| metric.name).collect());
    let unknown: Vec<_> = values.keys().filter(|name| !known.contains(name.split('{').next().unwrap_or_default())).collect();
    ensure!(unknown.is_empty(), "{unknown:?}");
    for name in ["neuron_ready", "neuron_peers"] {
        ensure!(values.get(name) == Some(&1.0), "{name}: {page}");
    }
    for name in ["neuron_sent_bytes_total", "neuron_received_bytes_total", "neuron_account_coin", "neuron_account_coin_rounds"] {
        ensure!(values.get(name).is_some_and(|value| *value > 0.0), "{name}: {page}");
    }
    for name in ["neuron_store_limit_bytes", "neuron_disk_free_bytes", "neuron_resident_memory_bytes", "neuron_chain_block"] {
        ensure!(values.get(name).is_some_and(|value| *value > 0.0), "{name}: {page}");
    }
    let of = |name: &str| values.get(format!("{name}{{group=\"{group}\"}}").as_str()).copied();
    ensure!(of("neuron_group_live") == Some(1.0) && of("neuron_lag_blocks") == Some(0.0), "{page}");
    ensure!(of("neuron_pay_nrn_total") == Some(0.0) && of("neuron_stake_nrn").is_none(), "it has no position: {page}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_settings_name_a_file_logs_there_in_objects() -> Result<()> {
    let small = Small::start("logged").await?;
    small.group(None).await?;
    let config = node(&small, "logged", &[])?;
    let text = fs::read_to_string(&config)?;
    fs::write(&config, format!("{text}\n[log]\nformat = \"json\"\npath = \"logs/node.log\"\n"))?;
    let _running = Running::start("validator-node", &["--config", &config])?;
    let path = std::path::Path::new(&config).with_file_name("logs").join("node.log");
    let start = Instant::now();
    let lines = loop {
        let text = fs::read_to_string(&path).unwrap_or_default();
        if text.contains("validator started") && text.ends_with('\n') {
            break text;
        }
        ensure!(start.elapsed() < PATIENCE, "it never said that it started: {text}");
        thread::sleep(Duration::from_millis(100));
    };
    for line in lines.lines() {
        let object: Value = serde_json::from_str(line)?;
        ensure!(object["message"].is_string() && object["level"].is_string(), "{line}");
    }
    Ok(())
}

/// A collector that takes whatever comes, and tells the bodies of all requests.
fn collector() -> Result<(String, mpsc::Receiver<Vec<u8>>)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (address, (tell, told)) = (listener.local_addr()?, mpsc::sync_channel(64));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut request, mut part) = (stream?, Vec::new(), [0; 65_536]);
            stream.set_read_timeout(Some(Duration::from_millis(300)))?;
            while let Ok(length @ 1..) = stream.read(&mut part) {
                request.extend_from_slice(&part[..length]);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
            if tell.send(request).is_err() {
                break;
            }
        }
        std::io::Result::Ok(())
    });
    Ok((format!("http://{address}"), told))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_asked_to_tells_a_collector_of_its_phases() -> Result<()> {
    let small = Small::start("traced").await?;
    small.group(None).await?;
    let (endpoint, told) = collector()?;
    let (running, address) = start(&small, "validator-node", &format!("\n[trace]\nendpoint = \"{endpoint}\"\n"))?;
    until_ready(&address)?;
    // A phase that is not over ends with the node, which sends what is left.
    running.end("-TERM")?;
    let start = Instant::now();
    loop {
        let request = told.recv_timeout(PATIENCE)?;
        let has = |words: &[u8]| request.windows(words.len()).any(|window| window == words);
        ensure!(has(b"POST /v1/traces HTTP/1.1") && has(b"validator-node"), "{}", String::from_utf8_lossy(&request));
        if has(b"phase") && has(b"group") && has(b"round") {
            return Ok(());
        }
        ensure!(start.elapsed() < PATIENCE, "it never tells of a phase");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn top_without_a_terminal_says_what_to_do_instead() -> Result<()> {
    let small = Small::start("drawn").await?;
    small.group(None).await?;
    let (_running, address) = start(&small, "validator-node", "")?;
    let (code, told) = small.ended("network.toml", &["top", "--node", &address]).await?;
    ensure!(code == Some(1) && told.contains(&format!("curl http://{address}/status")), "{code:?}: {told}");
    Ok(())
}
