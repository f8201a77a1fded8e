//! One log of a visitor: messages come in, are compared with others', are written, and told.

use ed25519_dalek::SigningKey;
use protocol::eip712::Domain;
use protocol::log::{Body, Comparison, Envelope, Facts, Log, Ranges, Standing};
use protocol::{Digest, GroupId, NodeId};

use crate::refusal::Refusal;
use crate::told::{Changed, Lacking, Message, Opening, Stand};

/// Heads in a pulse at most.
const HEADS_MAX: usize = 16;

/// A log whose messages are held whole: the log's own limits bound them.
pub struct Desk {
    log: Log<Envelope>,
    domain: Domain,
    key: SigningKey,
    comparison: Comparison,
}

impl Desk {
    /// An empty log, of which nothing is known from the chain yet.
    pub fn open(opening: &Opening) -> Self {
        let domain = Domain { chain_id: opening.chain_id, network: opening.network };
        let key = SigningKey::from_bytes(&opening.secret.0);
        let own = NodeId(key.verifying_key().to_bytes());
        let log = Log::new(GroupId(opening.group), own, Standing::unknown(domain));
        Self { log, domain, key, comparison: Comparison::default() }
    }

    /// Takes a message, from a peer or from where the page keeps them, at `now_ms` of the page's clock.
    ///
    /// # Errors
    /// When its bytes are no message of this group that its author signed, or it has no room.
    pub fn take(&mut self, bytes: &[u8], now_ms: u64) -> Result<Changed, Refusal> {
        let envelope = Envelope::from_bytes(bytes)?;
        let facts = Facts::read(&envelope, self.log.group(), &self.domain)?;
        let inserted = self.log.insert(&facts, envelope, now_ms)?;
        let dropped = inserted.dropped.into_iter().map(|(id, _)| id).collect();
        Ok(Changed { id: Some(inserted.id), fresh: inserted.fresh, dropped })
    }

    /// Writes a message of the visitor's own; returns its bytes.
    ///
    /// # Errors
    /// When the JSON is no body, or it has no room.
    pub fn write(&mut self, json: &[u8], now_ms: u64) -> Result<Vec<u8>, Refusal> {
        let body: Body = serde_json::from_slice(json).map_err(|_| Refusal::Form("the body of a message"))?;
        let draft = self.log.draft(body.kind(), body.topic(), body.to_bytes()?, now_ms);
        let envelope = Envelope::sign(draft, &self.key)?;
        let facts = Facts::read(&envelope, self.log.group(), &self.domain)?;
        let bytes = envelope.bytes().to_vec();
        self.log.write(&facts, envelope, now_ms)?;
        Ok(bytes)
    }

    /// Gives room anew by what the chain says now.
    pub fn stand(&mut self, stand: Stand) -> Changed {
        let moved = self.log.stand(Standing { domain: self.domain, known: Some(stand.into()) });
        Changed { dropped: moved.dropped.into_iter().map(|(id, _)| id).collect(), ..Changed::default() }
    }

    /// The bytes of a message.
    ///
    /// # Errors
    /// When it is not here.
    pub fn message(&self, id: &Digest) -> Result<&[u8], Refusal> {
        self.log.get(id).map(Envelope::bytes).ok_or(Refusal::Unknown)
    }

    /// The log in short, as nodes tell one another: u64be messages ‖ fingerprint ‖ heads.
    pub fn pulse(&self) -> Vec<u8> {
        let summary = self.log.summary();
        let heads = self.log.heads().take(HEADS_MAX).flat_map(|head| head.0);
        summary.count.to_be_bytes().into_iter().chain(summary.fingerprint).chain(heads).collect()
    }

    /// What is answered to a peer's ranges.
    ///
    /// # Errors
    /// When they are malformed.
    pub fn answer(&self, ranges: &[u8]) -> Result<Vec<u8>, Refusal> {
        Ok(self.log.answer(&Ranges::from_bytes(ranges)?).to_bytes())
    }

    /// Begins to compare with another peer.
    pub fn compare(&mut self) {
        self.comparison = Comparison::default();
    }

    /// The next ranges to ask about; nothing when the comparison is over.
    pub fn question(&mut self) -> Option<Vec<u8>> {
        self.comparison.question(&self.log).map(|ranges| ranges.to_bytes())
    }

    /// Takes the peer's answer to the last question.
    ///
    /// # Errors
    /// When it is malformed or leads no further.
    pub fn hear(&mut self, ranges: &[u8]) -> Result<Lacking, Refusal> {
        let difference = self.comparison.hear(&self.log, &Ranges::from_bytes(ranges)?)?;
        Ok(Lacking { here: difference.here, there: difference.there })
    }

    /// Messages in the order of arrival from that place on, `most` at most.
    pub fn since(&self, arrival: u64, most: usize) -> Vec<Message> {
        let told = self.log.since(arrival).map(|kept| Message {
            id: kept.id,
            author: kept.author,
            account: kept.account,
            seq: kept.seq,
            arrival: kept.arrival,
            // It was read when it was taken.
            body: serde_json::from_slice(kept.place.body()).unwrap_or_default(),
        });
        told.take(most).collect()
    }
}
