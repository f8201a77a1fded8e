//! The log of a group: signed messages that every node replicates, no matter in which order they come.

mod body;
mod envelope;
mod set;

pub use body::{AssentBody, Binding, Body, BodyError, FindingBody, MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_TEXT, MeasureBody};
pub use envelope::{Draft, Envelope, EnvelopeError, Kind, MAX_BODY, MAX_ENVELOPE, MAX_PARENTS, MAX_TOPIC, VERSION};
pub use set::{Inserted, Log, LogError, MAX_AUTHOR_BYTES, MAX_MISSING, MAX_PER_TOPIC, MAX_STRANGERS_BYTES, MAX_TOPICS, MAX_TWINS};
