//! The paths below `/v1`, and who answers them.

use std::{
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use evaluator::Checkpoint;
use protocol::GroupId;
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use super::{
    asked::{Asked, Refused},
    chat,
    told::{Kind, Told},
};
use crate::cli::speech::{Finish, Speaker};

/// Texts that are computed at once: each uses all threads, further ones wait.
const AT_ONCE: usize = 1;
/// Pieces of text that wait for a slow reader.
const PIECES: usize = 64;

/// Who answers: the newest checkpoint of a group.
pub struct Desk {
    name: String,
    speaker: RwLock<Arc<Speaker>>,
    places: Arc<Semaphore>,
}

impl Desk {
    /// Of a group.
    pub fn new(group: GroupId, speaker: Speaker) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        Arc::new(Self { name: format!("neuron-group-{group}"), speaker: RwLock::new(Arc::new(speaker)), places })
    }

    /// What the model is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Lets another checkpoint of the group answer from now on.
    pub fn take(&self, checkpoint: Arc<Checkpoint>) {
        let speaker = Arc::new(self.speaker().with(checkpoint));
        *self.speaker.write().unwrap_or_else(PoisonError::into_inner) = speaker;
    }

    fn speaker(&self) -> Arc<Speaker> {
        self.speaker.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The paths.
pub fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/v1/models", get(models))
        .route("/v1/models/{name}", get(model))
        .route("/v1/completions", post(completions))
        .route("/v1/chat/completions", post(chat_completions))
        .fallback(nothing)
        .with_state(desk)
}

async fn models(State(desk): State<Arc<Desk>>) -> Response {
    json(StatusCode::OK, &Told::list(&desk.name))
}

async fn model(State(desk): State<Arc<Desk>>) -> Response {
    json(StatusCode::OK, &Told::model(&desk.name))
}

async fn nothing() -> Response {
    refuse(&Refused::new(StatusCode::NOT_FOUND, "there are /v1/models, /v1/completions and /v1/chat/completions here", None))
}

async fn completions(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let speaker = desk.speaker();
    match Asked::completion(&body, |text| speaker.read(text)) {
        Ok(asked) => answer(&desk, speaker, asked, Kind::Text).await,
        Err(refused) => refuse(&refused),
    }
}

async fn chat_completions(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let speaker = desk.speaker();
    match Asked::chat(&body, |messages| chat::prompt(&speaker, messages)) {
        Ok(asked) => answer(&desk, speaker, asked, Kind::Chat).await,
        Err(refused) => refuse(&refused),
    }
}

/// Computes on a thread of its own, and sends what there is: the answer begins at once, so that a long text is never too late.
async fn answer(desk: &Arc<Desk>, speaker: Arc<Speaker>, asked: Asked, kind: Kind) -> Response {
    let told = Told::new(&desk.name, kind, now_s());
    let content = if asked.is_streamed { "text/event-stream" } else { "application/json" };
    let (pieces, taken) = mpsc::channel(PIECES);
    let places = desk.places.clone();
    tokio::spawn(async move {
        // The semaphore is never closed.
        let Ok(place) = places.acquire_owned().await else { return };
        tokio::task::spawn_blocking(move || {
            speak(&speaker, &asked, &told, &pieces);
            drop(place);
        });
    });
    let stream = futures::stream::unfold(taken, |mut taken: mpsc::Receiver<Bytes>| async move {
        let piece = taken.recv().await?;
        Some((Ok::<Bytes, Infallible>(piece), taken))
    });
    ([(header::CONTENT_TYPE, content), (header::CACHE_CONTROL, "no-store")], Body::from_stream(stream)).into_response()
}

/// Says all texts that were asked for, in the form that was asked for. Ends when nobody listens any more.
fn speak(speaker: &Speaker, asked: &Asked, told: &Told, pieces: &mpsc::Sender<Bytes>) {
    let send = |text: String| pieces.blocking_send(Bytes::from(text)).is_ok();
    let event = |value: &Value| send(format!("data: {value}\n\n"));
    let (mut choices, mut made) = (Vec::new(), 0);
    for (index, (prompt, manner)) in asked.texts().enumerate() {
        let before = if asked.is_echoed { speaker.words().decode(prompt) } else { String::new() };
        let mut text = before.clone();
        if asked.is_streamed && !event(&told.first(index, &before)) {
            return;
        }
        let said = speaker.go_on(prompt, &manner, |piece| {
            text.push_str(piece);
            if asked.is_streamed { piece.is_empty() || event(&told.piece(index, piece)) } else { !pieces.is_closed() }
        });
        // What a prompt may hold was checked before.
        let Ok((finish, count)) = said else { return };
        made += count;
        match finish {
            Finish::Unheard => return,
            _ if asked.is_streamed && !event(&told.last(index, finish)) => return,
            _ => choices.push(told.choice(index, &text, finish)),
        }
    }
    let usage = Told::usage(asked.prompt_tokens(), made);
    if !asked.is_streamed {
        send(format!("{}\n", told.whole(choices, usage)));
        return;
    }
    let is_told = !asked.wants_usage || event(&told.counted(usage));
    if is_told {
        send("data: [DONE]\n\n".to_owned());
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn refuse(refused: &Refused) -> Response {
    json(refused.status, &refused.told())
}

fn json(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{value}\n")).into_response()
}
