//! How a page asks: it writes bytes where [`page_input`] says, calls, and reads the answer where [`page_output`] says.
//!
//! A call returns 0, and its answer is what was asked for; or 1, and the answer is a sentence; or 2, if the sentence tells of bytes for
//! which their sender is to be left alone.

#![allow(unsafe_code, reason = "names by which a page finds the functions; nothing in them is unsafe")]

use std::cell::RefCell;

use protocol::Digest;
use serde::{Serialize, de::DeserializeOwned};

use crate::desk::Desk;
use crate::refusal::Refusal;

/// Answers of a call.
const DONE: u32 = 0;
const REFUSED: u32 = 1;
const MISDEED: u32 = 2;

/// A module has one thread, and so one of these.
#[derive(Default)]
struct Room {
    desk: Option<Desk>,
    input: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    static ROOM: RefCell<Room> = RefCell::default();
}

/// Makes room for a question of so many bytes and says where it belongs; until the next call of any of these functions.
#[unsafe(no_mangle)]
pub extern "C" fn page_input(len: usize) -> *mut u8 {
    ROOM.with_borrow_mut(|room| {
        room.input = vec![0; len];
        room.input.as_mut_ptr()
    })
}

/// Where the last answer is.
#[unsafe(no_mangle)]
pub extern "C" fn page_output() -> *const u8 {
    ROOM.with_borrow(|room| room.output.as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn page_output_len() -> usize {
    ROOM.with_borrow(|room| room.output.len())
}

/// Question: [`crate::Opening`] as JSON. No answer. Closes the log before.
#[unsafe(no_mangle)]
pub extern "C" fn log_open() -> u32 {
    ROOM.with_borrow_mut(|room| {
        let opened = read(&std::mem::take(&mut room.input)).map(|opening| room.desk = Some(Desk::open(&opening)));
        leave(room, opened.map(|()| Vec::new()))
    })
}

/// Question: a message. Answer: [`crate::Changed`] as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn log_take(now_ms: f64) -> u32 {
    answer(|desk, input| json(&desk.take(input, now_ms as u64)?))
}

/// Question: a body as JSON. Answer: the message.
#[unsafe(no_mangle)]
pub extern "C" fn log_write(now_ms: f64) -> u32 {
    answer(|desk, input| desk.write(input, now_ms as u64))
}

/// Question: [`crate::Stand`] as JSON. Answer: [`crate::Changed`] as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn log_stand() -> u32 {
    answer(|desk, input| json(&desk.stand(read(input)?)))
}

/// Question: an id. Answer: the message.
#[unsafe(no_mangle)]
pub extern "C" fn log_message() -> u32 {
    answer(|desk, input| {
        let id = input.try_into().map_err(|_| Refusal::Form("an id of 32 bytes"))?;
        desk.message(&Digest(id)).map(<[u8]>::to_vec)
    })
}

/// No question. Answer: the log in short.
#[unsafe(no_mangle)]
pub extern "C" fn log_pulse() -> u32 {
    answer(|desk, _| Ok(desk.pulse()))
}

/// Question: a peer's ranges. Answer: ranges.
#[unsafe(no_mangle)]
pub extern "C" fn log_answer() -> u32 {
    answer(|desk, input| desk.answer(input))
}

/// No question, no answer: a comparison with another peer begins.
#[unsafe(no_mangle)]
pub extern "C" fn log_compare() -> u32 {
    answer(|desk, _| {
        desk.compare();
        Ok(Vec::new())
    })
}

/// No question. Answer: the next ranges to ask about, nothing at the end.
#[unsafe(no_mangle)]
pub extern "C" fn log_question() -> u32 {
    answer(|desk, _| Ok(desk.question().unwrap_or_default()))
}

/// Question: a peer's ranges. Answer: [`crate::Lacking`] as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn log_hear() -> u32 {
    answer(|desk, input| json(&desk.hear(input)?))
}

/// No question. Answer: messages in the order of arrival, a list of [`crate::Message`] as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn log_since(arrival: f64, most: usize) -> u32 {
    answer(|desk, _| json(&desk.since(arrival as u64, most)))
}

/// Takes the question, whose memory is given back, and leaves the answer.
fn answer(work: impl FnOnce(&mut Desk, &[u8]) -> Result<Vec<u8>, Refusal>) -> u32 {
    ROOM.with_borrow_mut(|room| {
        let input = std::mem::take(&mut room.input);
        let answered = room.desk.as_mut().ok_or(Refusal::Closed).and_then(|desk| work(desk, &input));
        leave(room, answered)
    })
}

fn leave(room: &mut Room, answered: Result<Vec<u8>, Refusal>) -> u32 {
    let (code, output) = match answered {
        Ok(output) => (DONE, output),
        Err(refusal) if refusal.is_misdeed() => (MISDEED, refusal.to_string().into_bytes()),
        Err(refusal) => (REFUSED, refusal.to_string().into_bytes()),
    };
    room.output = output;
    code
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|_| Refusal::Form("JSON of another version"))
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(value).map_err(|_| Refusal::Form("names and numbers"))
}
