//! `neuron serve-model`: what programs for language models ask, asked of a group's model.

use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use node::config::GroupFile;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
};

use crate::{groups::micro_group, small::Small};

const PROMPT: &str = "To be";

/// A running `neuron serve-model`.
pub struct Answering {
    base: String,
    http: Client,
    _process: Child,
}

impl Answering {
    pub async fn start(small: &Small, group: &str) -> Result<Self> {
        let mut command = small.command("network.toml", &["serve-model", "--group", group, "--listen", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().context("a pipe")?).lines();
        let line = lines.next_line().await?.context("it ended at once")?;
        let base = line.split_whitespace().find(|word| word.starts_with("http://")).with_context(|| line.clone())?.to_owned();
        Ok(Self { base, http: Client::builder().no_proxy().build()?, _process: process })
    }

    /// The status and the whole body of an answer.
    pub async fn raw(&self, path: &str, body: &Value) -> Result<(StatusCode, String)> {
        let answer = self.http.post(format!("{}/{path}", self.base)).body(body.to_string()).send().await?;
        Ok((answer.status(), answer.text().await?))
    }

    pub async fn ask(&self, path: &str, body: &Value) -> Result<Value> {
        let (status, text) = self.raw(path, body).await?;
        ensure!(status == StatusCode::OK, "{status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }

    /// All events of a stream, which must end as streams do.
    pub async fn stream(&self, path: &str, body: &Value) -> Result<Vec<Value>> {
        let (status, text) = self.raw(path, body).await?;
        ensure!(status == StatusCode::OK, "{status}: {text}");
        let events: Vec<&str> = text.split_terminator("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
        let (last, events) = events.split_last().context("no event")?;
        ensure!(*last == "[DONE]", "{text}");
        Ok(events.iter().map(|event| serde_json::from_str(event)).collect::<Result<_, _>>()?)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_for_language_models_talk_to_the_model_of_a_group() -> Result<()> {
    let small = Small::start("answering").await?;
    let plays = GroupFile::read(&micro_group(&small.folder, "plays", "")?)?;
    let group = small.group_of(&plays, None).await?.to_string();
    let answering = Answering::start(&small, &group).await?;
    let wanted = small.neuron(&["predict", "--group", &group, "--prompt", PROMPT, "--tokens", "30", "--temperature", "0"]).await?;
    let wanted = wanted.trim_end_matches('\n').strip_prefix(PROMPT).context("the prompt")?;

    let asked = json!({ "model": "any", "prompt": PROMPT, "max_tokens": 30, "temperature": 0 });
    let answer = answering.ask("completions", &asked).await?;
    ensure!(answer["choices"][0]["text"] == wanted && answer["choices"][0]["finish_reason"] == "length", "{answer} is not {wanted:?}");
    let usage = json!({ "prompt_tokens": 5, "completion_tokens": 30, "total_tokens": 35 });
    ensure!(answer["object"] == "text_completion" && answer["usage"] == usage, "{answer}");
    check_stream(&answering, &asked, wanted).await?;
    check_seeds(&answering).await?;
    check_chat(&answering).await?;
    check_refusals(&answering).await
}

/// The same text in pieces, each with the same name.
async fn check_stream(answering: &Answering, asked: &Value, wanted: &str) -> Result<()> {
    let mut asked = asked.clone();
    (asked["stream"], asked["stream_options"]) = (json!(true), json!({ "include_usage": true }));
    let events = answering.stream("completions", &asked).await?;
    let text: String = events.iter().filter_map(|event| event["choices"][0]["text"].as_str()).collect();
    ensure!(text == wanted && events.len() > 10, "{text:?} is not {wanted:?}");
    ensure!(events.iter().all(|event| event["id"] == events[0]["id"]), "{events:?}");
    ensure!(events[events.len() - 1]["usage"]["completion_tokens"] == 30, "{events:?}");
    Ok(())
}

/// Equal seeds give equal texts, the texts of one prompt differ, and an end is kept.
async fn check_seeds(answering: &Answering) -> Result<()> {
    let asked = json!({ "prompt": PROMPT, "max_tokens": 40, "n": 2, "seed": 5, "temperature": 1.5, "top_p": 0.9 });
    let texts = |answer: &Value| [0, 1].map(|index| answer["choices"][index]["text"].as_str().unwrap_or_default().to_owned());
    let (first, second) = (texts(&answering.ask("completions", &asked).await?), texts(&answering.ask("completions", &asked).await?));
    ensure!(first == second && first[0] != first[1], "{first:?} {second:?}");
    let stop = first[0].chars().nth(10).context("a letter")?.to_string();
    let stopped = json!({ "prompt": PROMPT, "max_tokens": 40, "seed": 5, "temperature": 1.5, "top_p": 0.9, "stop": stop, "echo": true });
    let answer = answering.ask("completions", &stopped).await?;
    let wanted = format!("{PROMPT}{}", first[0].split(&stop).next().unwrap_or_default());
    ensure!(answer["choices"][0]["text"] == wanted.as_str() && answer["choices"][0]["finish_reason"] == "stop", "{answer} {wanted}");
    Ok(())
}

async fn check_chat(answering: &Answering) -> Result<()> {
    let asked = json!({ "messages": [{ "role": "user", "content": "Who" }], "max_completion_tokens": 8, "temperature": 0 });
    let answer = answering.ask("chat/completions", &asked).await?;
    let content = answer["choices"][0]["message"]["content"].as_str().context("a text")?.to_owned();
    ensure!(answer["object"] == "chat.completion" && answer["choices"][0]["message"]["role"] == "assistant", "{answer}");
    let mut asked = asked.clone();
    asked["stream"] = json!(true);
    let events = answering.stream("chat/completions", &asked).await?;
    let pieces: String = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    ensure!(pieces == content && events[0]["choices"][0]["delta"]["role"] == "assistant", "{pieces:?} is not {content:?}");
    Ok(())
}

/// Errors have the shape that clients read, and no page in a browser reaches it under a name of its own.
async fn check_refusals(answering: &Answering) -> Result<()> {
    for (path, body, status, field) in [
        ("completions", json!({ "prompt": PROMPT, "logprobs": 3 }), StatusCode::BAD_REQUEST, json!("logprobs")),
        ("chat/completions", json!({ "messages": [] }), StatusCode::BAD_REQUEST, json!("messages")),
        ("embeddings", json!({}), StatusCode::NOT_FOUND, Value::Null),
    ] {
        let (found, text) = answering.raw(path, &body).await?;
        let error: Value = serde_json::from_str(&text)?;
        ensure!(found == status && error["error"]["param"] == field && error["error"]["message"].is_string(), "{path}: {found} {text}");
    }
    let models = answering.http.get(format!("{}/models", answering.base)).send().await?.text().await?;
    let models: Value = serde_json::from_str(&models)?;
    ensure!(models["data"][0]["object"] == "model", "{models}");
    let foreign = answering.http.get(format!("{}/models", answering.base)).header("host", "evil.example").send().await?;
    ensure!(foreign.status() == StatusCode::MISDIRECTED_REQUEST, "{}", foreign.status());
    Ok(())
}
