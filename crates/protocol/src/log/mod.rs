//! The log of a group: signed messages that every node replicates, no matter in which order they come (PROTOCOL 14).
//!
//! ```
//! use ed25519_dalek::SigningKey;
//! use protocol::eip712::Domain;
//! use protocol::log::{Body, Envelope, Facts, Log, Standing};
//! use protocol::{Address, GroupId, NodeId};
//!
//! let key = SigningKey::from_bytes(&[7; 32]);
//! let author = NodeId(key.verifying_key().to_bytes());
//! let (group, domain) = (GroupId(1), Domain { chain_id: 1, network: Address([3; 20]) });
//! // Nothing is known of the chain yet: who has room in a log is told later, by `Log::stand`.
//! let mut one = Log::new(group, author, Standing::unknown(domain));
//! let mut other = Log::new(group, NodeId([9; 32]), Standing::unknown(domain));
//!
//! // A body goes into an envelope, on top of what the author has seen, and the envelope is signed.
//! let (body, now_ms) = (Body::Note("here I am".into()), 1_000);
//! let envelope = Envelope::sign(one.draft(body.kind(), body.topic(), body.to_bytes()?, now_ms), &key)?;
//! one.write(&Facts::read(&envelope, group, &domain)?, "in memory", now_ms)?;
//!
//! // Its bytes are all that travels; whoever gets them checks them, twice the same is no news. A log knows what its messages are about
//! // and where they are, and does not hold them.
//! let envelope = Envelope::from_bytes(envelope.bytes())?;
//! let facts = Facts::read(&envelope, group, &domain)?;
//! assert!(other.insert(&facts, "on disk", now_ms)?.fresh);
//! assert!(!other.insert(&facts, "on disk", now_ms)?.fresh);
//! assert_eq!(one.summary(), other.summary());
//! let newest = other.register(&author, "note").ok_or("the message is there")?;
//! assert_eq!((newest.id, *newest.place), (envelope.id(), "on disk"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod body;
mod candidate;
mod compare;
mod envelope;
mod facts;
mod ids;
mod index;
mod names;
mod past;
mod places;
mod ranges;
mod reading;
mod ring;
mod rooms;
mod set;
mod standing;

pub use body::{
    AssentBody, Binding, Body, BodyError, FindingBody, MAX_ADDRESS_BYTES, MAX_ADDRESSES, MAX_RUN_STARTS, MAX_TEXT, MeasureBody,
};
pub use body::{TrainingBody, TrainingPlan};
pub use compare::{Comparison, Difference, MAX_HERE, MAX_QUESTIONS, Summary};
pub use envelope::{Draft, Envelope, EnvelopeError, Kind, MAX_BODY, MAX_ENVELOPE, MAX_PARENTS, MAX_TOPIC, SIGNED_PREFIX, VERSION};
pub use facts::{Facts, FactsError};
pub use past::History;
pub use ranges::{CompareError, MAX_LISTED, MAX_RANGES, MAX_RANGES_BYTES, Ranges};
pub use reading::{Kept, MAX_MISSING};
pub use ring::{RING_AUTHOR_BYTES, RING_BYTES};
pub use rooms::{
    MAX_ALARMS, MAX_ASSENTS, MAX_CHOICES, MAX_CLAIMS_A_ROUND, MAX_DATASETS, MAX_HAVES, MAX_MEASURES, MAX_NODES, MAX_RESULTS, MAX_TRAININGS,
};
pub use set::{Inserted, Log, LogError, MAX_AHEAD_MS, MAX_TWINS, MAX_UNSURE_ACCOUNTS, MAX_UNSURE_MESSAGES, Moved};
pub use standing::{Known, Standing};
