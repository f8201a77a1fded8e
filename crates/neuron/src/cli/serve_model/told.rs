//! What is answered, in the shape that OpenAI's interface fixed.

use serde_json::{Value, json};

use crate::cli::speech::Finish;

/// Which path is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `/v1/completions`.
    Text,
    /// `/v1/chat/completions`.
    Chat,
}

/// What all parts of one answer share.
pub struct Told {
    kind: Kind,
    id: String,
    model: String,
    created_s: u64,
}

impl Told {
    /// An answer of a model, begun at a time in seconds since 1970.
    pub fn new(model: &str, kind: Kind, created_s: u64) -> Self {
        let prefix = if kind == Kind::Chat { "chatcmpl" } else { "cmpl" };
        Self { kind, id: format!("{prefix}-{:032x}", rand::random::<u128>()), model: model.to_owned(), created_s }
    }

    /// All models there are: one.
    pub fn list(name: &str) -> Value {
        json!({ "object": "list", "data": [Self::model(name)] })
    }

    /// That one.
    pub fn model(name: &str) -> Value {
        json!({ "id": name, "object": "model", "created": 0, "owned_by": "its training group" })
    }

    /// Tokens of all prompts, and of all texts that were made.
    pub fn usage(prompt: usize, made: usize) -> Value {
        json!({ "prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made })
    }

    /// One of the texts, whole.
    pub fn choice(&self, index: usize, text: &str, finish: Finish) -> Value {
        match self.kind {
            Kind::Text => json!({ "index": index, "text": text, "logprobs": null, "finish_reason": word(finish) }),
            Kind::Chat => {
                let message = json!({ "role": "assistant", "content": text, "refusal": null });
                json!({ "index": index, "message": message, "logprobs": null, "finish_reason": word(finish) })
            }
        }
    }

    /// All of an answer in one piece.
    pub fn whole(&self, choices: Vec<Value>, usage: Value) -> Value {
        let object = if self.kind == Kind::Chat { "chat.completion" } else { "text_completion" };
        self.part(object, choices, usage)
    }

    /// The beginning of one text of a stream: who speaks, or what was to be repeated.
    pub fn first(&self, index: usize, before: &str) -> Value {
        self.delta(index, &json!({ "role": "assistant", "content": before }), before, None)
    }

    /// A piece of it.
    pub fn piece(&self, index: usize, piece: &str) -> Value {
        self.delta(index, &json!({ "content": piece }), piece, None)
    }

    /// Its end.
    pub fn last(&self, index: usize, finish: Finish) -> Value {
        self.delta(index, &json!({}), "", Some(finish))
    }

    /// The end of a stream whose reader wants to know how long it was.
    pub fn counted(&self, usage: Value) -> Value {
        self.part(self.chunk(), Vec::new(), usage)
    }

    fn delta(&self, index: usize, delta: &Value, text: &str, finish: Option<Finish>) -> Value {
        let finish = finish.map(word);
        let choice = match self.kind {
            Kind::Text => json!({ "index": index, "text": text, "logprobs": null, "finish_reason": finish }),
            Kind::Chat => json!({ "index": index, "delta": delta, "logprobs": null, "finish_reason": finish }),
        };
        self.part(self.chunk(), vec![choice], Value::Null)
    }

    fn chunk(&self) -> &'static str {
        if self.kind == Kind::Chat { "chat.completion.chunk" } else { "text_completion" }
    }

    fn part(&self, object: &str, choices: Vec<Value>, usage: Value) -> Value {
        json!({ "id": self.id, "object": object, "created": self.created_s, "model": self.model, "choices": choices, "usage": usage })
    }
}

fn word(finish: Finish) -> &'static str {
    if finish == Finish::Length { "length" } else { "stop" }
}
