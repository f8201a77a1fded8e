//! How a page asks: it writes bytes where [`page_input`] says, calls, and reads the answer where [`page_output`] says.
//!
//! A call returns 0, and its answer is what was asked for; or 1, and the answer is a sentence that says what was wrong.

#![allow(unsafe_code, reason = "names by which a page finds the functions; nothing in them is unsafe")]

use std::cell::RefCell;

use crate::refusal::Refusal;
use crate::round::Round;
use crate::session::{Session, Slot};

/// Answers of a call.
const DONE: u32 = 0;
const REFUSED: u32 = 1;
/// Bytes of a seed, and of the address of a signer.
const SEED_BYTES: usize = 32;
const SIGNER_BYTES: usize = 20;

/// A module has one thread, and so one of these.
#[derive(Default)]
struct Room {
    session: Session,
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

/// Question: a manifest. No answer.
#[unsafe(no_mangle)]
pub extern "C" fn page_manifest() -> u32 {
    answer(|session, input| session.set_manifest(input).map(|()| Vec::new()))
}

/// Question: a checkpoint file. No answer.
#[unsafe(no_mangle)]
pub extern "C" fn page_checkpoint(slot: u32) -> u32 {
    answer(|session, input| session.set_checkpoint(slot_of(slot), input).map(|()| Vec::new()))
}

/// No question. Answer: the length of every checkpoint file of the manifest, in decimal.
#[unsafe(no_mangle)]
pub extern "C" fn page_checkpoint_len() -> u32 {
    answer(|session, _| session.checkpoint_len().map(|length| length.to_string().into_bytes()))
}

/// Question: JSON, pairs of path and text. Answer: the number of examples, in decimal.
#[unsafe(no_mangle)]
pub extern "C" fn page_examples() -> u32 {
    answer(|session, input| session.set_examples(input).map(|count| count.to_string().into_bytes()))
}

/// Question: the next patch of the training set. Answer: the number of examples, in decimal.
#[unsafe(no_mangle)]
pub extern "C" fn page_patch() -> u32 {
    answer(|session, input| session.apply_patch(input).map(|count| count.to_string().into_bytes()))
}

/// No question. Answer: the root of the set that the patches made.
#[unsafe(no_mangle)]
pub extern "C" fn page_root() -> u32 {
    answer(|session, _| Ok(session.root().to_vec()))
}

/// Question: a line of features, or a text. Answer: log-probabilities, binary32 little-endian.
#[unsafe(no_mangle)]
pub extern "C" fn page_predict(slot: u32) -> u32 {
    answer(|session, input| {
        let row = session.predict(slot_of(slot), text(input)?)?;
        Ok(row.into_iter().flat_map(f32::to_le_bytes).collect())
    })
}

/// Question: a seed of 32 bytes, then a text. No answer; [`page_next`] goes on.
#[unsafe(no_mangle)]
pub extern "C" fn page_write(slot: u32, temperature: f32) -> u32 {
    answer(|session, input| {
        let (seed, prompt) = input.split_first_chunk::<SEED_BYTES>().ok_or(Refusal::Form("a seed and a text"))?;
        session.write_text(slot_of(slot), text(prompt)?, temperature, *seed).map(|()| Vec::new())
    })
}

/// No question. Answer: the next token, in decimal.
#[unsafe(no_mangle)]
pub extern "C" fn page_next() -> u32 {
    answer(|session, _| session.next_token().map(|token| token.to_string().into_bytes()))
}

/// Question: a round ([`Round::from_bytes`]). Answer: one side, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn page_measure(slot: u32) -> u32 {
    answer(|session, input| json(&session.measure(slot_of(slot), &Round::from_bytes(input)?)?))
}

/// Question: a round. Answer: both sides, and what a claim about them must say, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn page_replay() -> u32 {
    answer(|session, input| json(&session.replay(&Round::from_bytes(input)?)?))
}

/// Question: the address of a signer, then a round. Answer: the probe.
#[unsafe(no_mangle)]
pub extern "C" fn page_probe(slot: u32) -> u32 {
    answer(|session, input| {
        let (signer, round) = input.split_first_chunk::<SIGNER_BYTES>().ok_or(Refusal::Form("a signer and a round"))?;
        session.probe(slot_of(slot), &Round::from_bytes(round)?, *signer).map(|probe| probe.to_vec())
    })
}

/// Takes the question, whose memory is given back, and leaves the answer.
fn answer(work: impl FnOnce(&mut Session, &[u8]) -> Result<Vec<u8>, Refusal>) -> u32 {
    ROOM.with_borrow_mut(|room| {
        let input = std::mem::take(&mut room.input);
        let (code, output) = match work(&mut room.session, &input) {
            Ok(output) => (DONE, output),
            Err(refusal) => (REFUSED, refusal.to_string().into_bytes()),
        };
        room.output = output;
        code
    })
}

fn slot_of(number: u32) -> Slot {
    if number == 0 { Slot::Base } else { Slot::New }
}

fn text(bytes: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(bytes).map_err(|_| Refusal::Form("a text in UTF-8"))
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(value).map_err(|_| Refusal::Form("numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &[u8] = br#"{"version":1,"model":{"family":"mlp","inputs":2,"hidden":[],"outputs":3,"activation":"relu"},"data":{"format":"csv","divisor":4},"loss":"cross_entropy","eval_max":8,"weight_max":16}"#;

    /// As a page asks, but for the pointer.
    fn ask(question: &[u8], call: impl FnOnce() -> u32) -> Result<Vec<u8>, String> {
        assert!(!page_input(question.len()).is_null());
        ROOM.with_borrow_mut(|room| room.input.copy_from_slice(question));
        let code = call();
        let output = ROOM.with_borrow(|room| room.output.clone());
        assert_eq!((page_output_len(), code <= REFUSED), (output.len(), true));
        if code == DONE { Ok(output) } else { Err(String::from_utf8(output).unwrap()) }
    }

    #[test]
    fn a_page_is_answered_or_told_what_is_wrong() {
        let missing = ask(b"1,2", || page_predict(0)).unwrap_err();
        assert_eq!(missing, "the base is missing: load it first");
        assert!(ask(b"{}", || page_manifest()).is_err());
        ask(MANIFEST, || page_manifest()).unwrap();
        let checkpoint = evaluator::Checkpoint::initial(&evaluator::Manifest::from_bytes(MANIFEST).unwrap(), [1; 32]);
        ask(&checkpoint.to_bytes(), || page_checkpoint(0)).unwrap();
        let row = ask(b"1,2", || page_predict(0)).unwrap();
        let expected: Vec<u8> = evaluator::predict(&checkpoint, "1,2").unwrap().into_iter().flat_map(f32::to_le_bytes).collect();
        assert_eq!(row, expected);
        assert!(ask(b"\xff", || page_predict(0)).unwrap_err().contains("UTF-8"));
        assert!(ask(b"1,2", || page_predict(1)).unwrap_err().starts_with("the new checkpoint is missing"));
        assert!(ask(&[[0; 32].as_slice(), b"1,2"].concat(), || page_write(0, 1.0)).unwrap_err().contains("reads features"));
        assert!(ask(b"", || page_next()).unwrap_err().contains("beginning of a text"));
        assert!(ask(&[0; 55], || page_replay()).unwrap_err().contains("a seed and three numbers"));
        assert_eq!(ask(br#"[["a.csv","1,2,0\n3,4,1\n"]]"#, || page_examples()).unwrap(), b"2");
        assert!(ask(b"[]", || page_examples()).unwrap_err().contains("no example"));
    }
}
