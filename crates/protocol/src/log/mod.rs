//! The log of a group: signed messages that every node replicates, no matter in which order they come (PROTOCOL 14).
//!
//! ```
//! use ed25519_dalek::SigningKey;
//! use protocol::log::{Body, Envelope, Log};
//! use protocol::{GroupId, NodeId};
//!
//! let key = SigningKey::from_bytes(&[7; 32]);
//! let author = NodeId(key.verifying_key().to_bytes());
//! let (mut one, mut other) = (Log::new(GroupId(1)), Log::new(GroupId(1)));
//!
//! // A body goes into an envelope, on top of what the author has seen, and the envelope is signed.
//! let body = Body::Note("here I am".into());
//! let draft = one.draft(&author, body.kind(), body.topic(), body.to_bytes()?);
//! let envelope = Envelope::sign(draft, &key)?;
//! one.insert_envelope(envelope.clone())?;
//!
//! // Its bytes are all that travels; whoever gets them checks them, twice the same is no news.
//! assert!(other.insert(envelope.bytes())?.fresh);
//! assert!(!other.insert(envelope.bytes())?.fresh);
//! assert!(one.ids().eq(other.ids()));
//! let newest = other.register(&author, "note").ok_or("the message is there")?;
//! assert_eq!(Body::from_bytes(newest.kind(), newest.body())?, body);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod envelope;
mod set;

pub use body::{AssentBody, Binding, Body, BodyError, FindingBody, MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_TEXT, MeasureBody};
pub use envelope::{Draft, Envelope, EnvelopeError, Kind, MAX_BODY, MAX_ENVELOPE, MAX_PARENTS, MAX_TOPIC, SIGNED_PREFIX, VERSION};
pub use set::{Inserted, Log, LogError, MAX_AUTHOR_BYTES, MAX_MISSING, MAX_PER_TOPIC, MAX_STRANGERS_BYTES, MAX_TOPICS, MAX_TWINS};
