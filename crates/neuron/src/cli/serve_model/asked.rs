//! What is asked, read from the shape that OpenAI's interface fixed. What would change the answer and is not done here is refused by name;
//! what would not is passed over.

use anyhow::Result;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::chat::Message;
use crate::cli::speech::Manner;

/// Prompts of one request, and texts of one prompt.
const TEXTS_MAX: usize = 16;
/// Tokens of a text, unless it is said.
const TOKENS: usize = 256;
/// Tokens of a text at most.
const TOKENS_MAX: usize = 16_384;
/// Texts to stop at.
const STOPS_MAX: usize = 16;
/// The greatest temperature.
const TEMPERATURE_MAX: f32 = 2.0;

/// A request that can be answered.
#[derive(Debug)]
pub struct Asked {
    prompts: Vec<Vec<u32>>,
    /// Texts of each prompt.
    count: usize,
    manner: Manner,
    /// Whether pieces are sent as they come.
    pub is_streamed: bool,
    /// Whether the prompt stands before the text.
    pub is_echoed: bool,
    /// Whether a stream ends with how long it was.
    pub wants_usage: bool,
}

/// Why a request is not answered.
#[derive(Debug)]
pub struct Refused {
    /// Of HTTP.
    pub status: StatusCode,
    message: String,
    param: Option<&'static str>,
}

/// What both paths have in common. Numbers are read by hand, so that a refusal names the field.
#[derive(Deserialize)]
struct Settings {
    #[serde(flatten)]
    fields: Map<String, Value>,
}

/// The prompt of a completion: a text, some, or their tokens.
#[derive(Deserialize)]
#[serde(untagged)]
enum Prompt {
    Text(String),
    Tokens(Vec<u32>),
    Texts(Vec<String>),
    TokenLists(Vec<Vec<u32>>),
}

/// One or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl Refused {
    /// With what to do instead, and the field that is wrong.
    pub fn new(status: StatusCode, message: impl Into<String>, param: Option<&'static str>) -> Self {
        Self { status, message: message.into(), param }
    }

    fn bad(param: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message, Some(param))
    }

    /// As it is answered.
    pub fn told(&self) -> Value {
        json!({ "error": { "message": self.message, "type": "invalid_request_error", "param": self.param, "code": null } })
    }
}

impl Asked {
    /// Reads the body of `/v1/completions`; `read` makes tokens of a text.
    pub fn completion(body: &[u8], read: impl Fn(&str) -> Result<Vec<u32>>) -> Result<Self, Refused> {
        let settings = Settings::read(body)?;
        let prompt = settings.take::<Prompt>("prompt", "a text, a list of texts, or their tokens")?;
        let prompt = prompt.ok_or_else(|| Refused::bad("prompt", "there is no `prompt`: give the beginning of a text"))?;
        let tokens = |text: &String| read(text).map_err(|error| Refused::bad("prompt", format!("{error:#}")));
        let prompts = match prompt {
            Prompt::Text(text) => vec![tokens(&text)?],
            Prompt::Tokens(tokens) => vec![tokens],
            Prompt::Texts(texts) => texts.iter().map(tokens).collect::<Result<_, _>>()?,
            Prompt::TokenLists(lists) => lists,
        };
        settings.refuse(&["suffix", "best_of"])?;
        let is_echoed = settings.flag("echo")?;
        Self::of(&settings, (prompts, Vec::new()), is_echoed)
    }

    /// Reads the body of `/v1/chat/completions`; `read` makes tokens of what was said, and says before which texts an answer ends.
    pub fn chat(body: &[u8], read: impl Fn(&[Message]) -> Result<(Vec<u32>, Vec<String>)>) -> Result<Self, Refused> {
        let settings = Settings::read(body)?;
        let messages = settings.take::<Vec<Message>>("messages", "a list of {\"role\": …, \"content\": …}")?.unwrap_or_default();
        let (prompt, stops) = read(&messages).map_err(|error| Refused::bad("messages", format!("{error:#}")))?;
        settings.refuse(&["tools", "functions"])?;
        Self::of(&settings, (vec![prompt], stops), false)
    }

    fn of(settings: &Settings, (prompts, mut stops): (Vec<Vec<u32>>, Vec<String>), is_echoed: bool) -> Result<Self, Refused> {
        settings.refuse(&["logprobs", "top_logprobs", "logit_bias", "presence_penalty", "frequency_penalty"])?;
        settings.only_text()?;
        let count = settings.number("n", 1, TEXTS_MAX)?.unwrap_or(1);
        if prompts.is_empty() || prompts.iter().any(Vec::is_empty) || prompts.len() * count > TEXTS_MAX {
            return Err(Refused::bad("prompt", format!("1 to {TEXTS_MAX} texts can be asked for at once, none of them behind nothing")));
        }
        let most = match settings.number("max_completion_tokens", 1, TOKENS_MAX)? {
            None => settings.number("max_tokens", 1, TOKENS_MAX)?.unwrap_or(TOKENS),
            Some(most) => most,
        };
        stops.extend(settings.stops()?);
        let temperature = settings.real("temperature", 0.0, TEMPERATURE_MAX)?.unwrap_or(1.0);
        let top_p = settings.real("top_p", f32::MIN_POSITIVE, 1.0)?.unwrap_or(1.0);
        let seed = settings.take::<i64>("seed", "a whole number")?.map_or_else(rand::random, i64::cast_unsigned);
        let manner = Manner { temperature, top_p, seed, most, stops };
        let wants_usage =
            settings.fields.get("stream_options").and_then(|options| options.get("include_usage")) == Some(&Value::Bool(true));
        Ok(Self { prompts, count, manner, is_streamed: settings.flag("stream")?, is_echoed, wants_usage })
    }

    /// Each text: the prompt, and how it goes on. The first one of a prompt has the seed that was given, the next one that after it.
    pub fn texts(&self) -> impl Iterator<Item = (&[u32], Manner)> {
        let manner = |number: usize| Manner { seed: self.manner.seed.wrapping_add(number as u64), ..self.manner.clone() };
        self.prompts.iter().flat_map(move |prompt| (0..self.count).map(move |number| (prompt.as_slice(), manner(number))))
    }

    /// Tokens of all prompts.
    pub fn prompt_tokens(&self) -> usize {
        self.prompts.iter().map(Vec::len).sum()
    }
}

impl Settings {
    fn read(body: &[u8]) -> Result<Self, Refused> {
        let advice = |error| Refused::new(StatusCode::BAD_REQUEST, format!("the body is no JSON object ({error})"), None);
        serde_json::from_slice(body).map_err(advice)
    }

    /// A field; null is as good as none.
    fn field(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn take<'a, T: Deserialize<'a>>(&'a self, name: &'static str, wanted: &str) -> Result<Option<T>, Refused> {
        let read = |value| T::deserialize(value).map_err(|_| Refused::bad(name, format!("`{name}` must be {wanted}")));
        self.field(name).map(read).transpose()
    }

    fn flag(&self, name: &'static str) -> Result<bool, Refused> {
        Ok(self.take::<bool>(name, "true or false")?.unwrap_or_default())
    }

    fn number(&self, name: &'static str, least: usize, most: usize) -> Result<Option<usize>, Refused> {
        let wanted = format!("a whole number from {least} to {most}");
        let number = self.take::<usize>(name, &wanted)?;
        let fits = number.is_none_or(|number| (least..=most).contains(&number));
        if fits { Ok(number) } else { Err(Refused::bad(name, format!("`{name}` must be {wanted}"))) }
    }

    fn real(&self, name: &'static str, least: f32, most: f32) -> Result<Option<f32>, Refused> {
        let wanted = if least > 0.0 { format!("more than 0 and at most {most}") } else { format!("a number from {least} to {most}") };
        let number = self.take::<f32>(name, &wanted)?;
        let fits = number.is_none_or(|number| (least..=most).contains(&number));
        if fits { Ok(number) } else { Err(Refused::bad(name, format!("`{name}` must be {wanted}"))) }
    }

    fn stops(&self) -> Result<Vec<String>, Refused> {
        let stops = match self.take::<OneOrMany<String>>("stop", "a text or a list of texts")? {
            None => Vec::new(),
            Some(OneOrMany::One(stop)) => vec![stop],
            Some(OneOrMany::Many(stops)) => stops,
        };
        if stops.len() <= STOPS_MAX { Ok(stops) } else { Err(Refused::bad("stop", format!("at most {STOPS_MAX} texts to stop at"))) }
    }

    /// What a field must not ask for: anything but nothing.
    fn refuse(&self, names: &[&'static str]) -> Result<(), Refused> {
        let asks = |value: &Value| match value {
            Value::Bool(flag) => *flag,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::Array(list) => !list.is_empty(),
            Value::Object(map) => !map.is_empty(),
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
        };
        let is_one = |name: &&&str| **name == "best_of" && self.field(name).and_then(Value::as_u64) == Some(1);
        match names.iter().find(|name| self.field(name).is_some_and(asks) && !is_one(name)) {
            Some(name) => Err(Refused::bad(name, format!("`{name}` is not done here: leave it out"))),
            None => Ok(()),
        }
    }

    fn only_text(&self) -> Result<(), Refused> {
        let form = self.field("response_format").and_then(|format| format.get("type"));
        match form.is_none_or(|form| form == "text") {
            true => Ok(()),
            false => Err(Refused::bad("response_format", "only text is answered here: leave `response_format` out")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes are tokens.
    fn read(text: &str) -> Result<Vec<u32>> {
        anyhow::ensure!(!text.is_empty(), "the text is empty");
        Ok(text.bytes().map(u32::from).collect())
    }

    fn completion(json: &str) -> Result<Asked, Refused> {
        Asked::completion(json.as_bytes(), read)
    }

    #[test]
    fn a_request_is_read_as_clients_write_it() {
        let plain = completion(r#"{"model":"gpt-3.5-turbo-instruct","prompt":"ab","user":"somebody","stop":null}"#).expect("plain");
        let texts: Vec<_> = plain.texts().collect();
        assert_eq!(
            (texts.len(), texts[0].0, texts[0].1.most, texts[0].1.temperature, texts[0].1.top_p),
            (1, &[97, 98][..], TOKENS, 1.0, 1.0)
        );
        let full = completion(
            r#"{"prompt":["a","bc"],"n":2,"max_tokens":5,"temperature":0,"top_p":0.5,"seed":-1,"stop":["x","y"],"stream":true,"echo":true,
                "stream_options":{"include_usage":true},"presence_penalty":0,"logit_bias":{},"best_of":1,"logprobs":null}"#,
        )
        .expect("full");
        let texts: Vec<_> = full.texts().collect();
        let seeds: Vec<u64> = texts.iter().map(|(_, manner)| manner.seed).collect();
        assert_eq!(seeds, [u64::MAX, 0, u64::MAX, 0], "the texts of a prompt differ");
        assert_eq!((texts[3].0, &texts[0].1.stops, full.prompt_tokens()), (&[98, 99][..], &vec!["x".to_owned(), "y".to_owned()], 3));
        assert!(full.is_streamed && full.is_echoed && full.wants_usage);
        for (prompt, wanted) in [("[1,2]", vec![vec![1, 2]]), ("[[1],[2,3]]", vec![vec![1], vec![2, 3]])] {
            let asked = completion(&format!(r#"{{"prompt":{prompt}}}"#)).expect(prompt);
            assert_eq!(asked.texts().map(|(prompt, _)| prompt.to_vec()).collect::<Vec<_>>(), wanted);
        }
    }

    #[test]
    fn what_would_change_the_answer_and_is_not_done_is_refused_by_name() {
        for (json, field, words) in [
            ("[]", None, "no JSON object"),
            ("{}", Some("prompt"), "give the beginning"),
            (r#"{"prompt":""}"#, Some("prompt"), "empty"),
            (r#"{"prompt":[]}"#, Some("prompt"), "1 to 16"),
            (r#"{"prompt":[[]]}"#, Some("prompt"), "behind nothing"),
            (r#"{"prompt":{"a":1}}"#, Some("prompt"), "must be"),
            (r#"{"prompt":["a","b"],"n":9}"#, Some("prompt"), "1 to 16"),
            (r#"{"prompt":"a","n":0}"#, Some("n"), "1 to 16"),
            (r#"{"prompt":"a","max_tokens":-1}"#, Some("max_tokens"), "16384"),
            (r#"{"prompt":"a","max_completion_tokens":99999}"#, Some("max_completion_tokens"), "16384"),
            (r#"{"prompt":"a","temperature":2.5}"#, Some("temperature"), "0 to 2"),
            (r#"{"prompt":"a","top_p":0}"#, Some("top_p"), "more than 0"),
            (r#"{"prompt":"a","seed":"x"}"#, Some("seed"), "whole number"),
            (r#"{"prompt":"a","stream":"yes"}"#, Some("stream"), "true or false"),
            (r#"{"prompt":"a","stop":5}"#, Some("stop"), "list of texts"),
            (r#"{"prompt":"a","logprobs":5}"#, Some("logprobs"), "leave it out"),
            (r#"{"prompt":"a","logit_bias":{"5":-100}}"#, Some("logit_bias"), "leave it out"),
            (r#"{"prompt":"a","frequency_penalty":0.5}"#, Some("frequency_penalty"), "leave it out"),
            (r#"{"prompt":"a","suffix":"z"}"#, Some("suffix"), "leave it out"),
            (r#"{"prompt":"a","best_of":3}"#, Some("best_of"), "leave it out"),
            (r#"{"prompt":"a","response_format":{"type":"json_object"}}"#, Some("response_format"), "only text"),
        ] {
            let refused = completion(json).expect_err(json);
            assert_eq!((refused.param, refused.status), (field, StatusCode::BAD_REQUEST), "{json}");
            assert!(refused.message.contains(words), "{json}: {}", refused.message);
        }
        let chat = |json: &str| Asked::chat(json.as_bytes(), |_| Ok((vec![1], vec!["\nUser:".into()])));
        let tools = chat(r#"{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function"}]}"#).expect_err("tools");
        assert_eq!(tools.param, Some("tools"));
        let stops = chat(r#"{"messages":[{"role":"user","content":"a"}],"stop":"."}"#).expect("a stop");
        assert_eq!(stops.texts().next().expect("one").1.stops, ["\nUser:", "."]);
        assert_eq!(chat(r#"{"messages":[{"role":"tool","content":"a"}]}"#).expect_err("a tool").param, Some("messages"));
    }
}
