//! One bitswap 1.2 message: what a peer wants, what it has, and blocks (github.com/ipfs/specs, BITSWAP.md).

use cid::Cid;

use crate::wire::{Fields, Value, WireError, put_bytes, put_number, put_varint, take_varint};

/// The longest message that IPFS nodes accept (boxo: `MessageSizeMax`).
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Entries, presences and blocks beyond these numbers are not read.
pub const ENTRIES_MAX: usize = 4096;
/// Blocks in one message that are read.
pub const BLOCKS_MAX: usize = 1024;

/// What is asked for under a CID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// The block itself.
    Block,
    /// Only whether the peer holds it.
    Have,
    /// No longer either.
    Cancel,
}

/// One line of a want list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The block, by a CID of any codec.
    pub cid: Cid,
    /// What is asked of it.
    pub want: Want,
    /// Whether a peer without the block shall say so.
    pub send_dont_have: bool,
}

/// A message as it travels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// What the sender wants.
    pub entries: Vec<Entry>,
    /// The entries replace all earlier ones.
    pub full: bool,
    /// Whether the sender holds the block of a CID.
    pub presences: Vec<(Cid, bool)>,
    /// Bytes of blocks. Their names are not sent: the receiver hashes.
    pub blocks: Vec<Vec<u8>>,
}

const PRIORITY: u64 = 1;

/// CIDv1, raw, sha2-256, 32 bytes. Receivers that name blocks by codec look for what they asked by digest as well.
const PREFIX_RAW: [u8; 4] = [1, 0x55, 0x12, 0x20];
const PREFIX_DAG_PB: [u8; 4] = [1, 0x70, 0x12, 0x20];

/// The start of a message's bytes, to which blocks are added one by one.
pub struct Encoder {
    body: Vec<u8>,
}

impl Encoder {
    /// With what is wanted and what is told; blocks follow.
    pub fn new(entries: &[Entry], presences: &[(Cid, bool)]) -> Self {
        let mut body = Vec::new();
        if !entries.is_empty() {
            put_bytes(&mut body, 1, &wantlist(entries));
        }
        presences.iter().for_each(|(cid, held)| put_presence(&mut body, cid, *held));
        Self { body }
    }

    /// Adds the block of `length` bytes that was asked for as `cid`: `write` puts just these behind what the buffer holds,
    /// or tells that it cannot, which leaves the message as it was.
    pub fn block(&mut self, cid: &Cid, length: usize, write: impl FnOnce(&mut Vec<u8>) -> bool) -> bool {
        let start = self.body.len();
        let prefix = if cid.codec() == u64::from(PREFIX_DAG_PB[1]) { PREFIX_DAG_PB } else { PREFIX_RAW };
        let mut head = Vec::new();
        put_bytes(&mut head, 1, &prefix);
        put_varint(&mut head, 2 << 3 | 2);
        put_varint(&mut head, length as u64);
        put_varint(&mut self.body, 3 << 3 | 2);
        put_varint(&mut self.body, (head.len() + length) as u64);
        self.body.extend_from_slice(&head);
        let end = self.body.len() + length;
        let is_written = write(&mut self.body) && self.body.len() == end;
        if !is_written {
            self.body.truncate(start);
        }
        is_written
    }

    /// Whether the CID is not held after all.
    pub fn missing(&mut self, cid: &Cid) {
        put_presence(&mut self.body, cid, false);
    }

    /// What goes before the message, and the message.
    pub fn finish(self) -> (Vec<u8>, Vec<u8>) {
        let mut length = Vec::new();
        put_varint(&mut length, self.body.len() as u64);
        (length, self.body)
    }
}

/// A block's presence or absence.
fn put_presence(body: &mut Vec<u8>, cid: &Cid, held: bool) {
    let mut presence = Vec::new();
    put_bytes(&mut presence, 1, &cid.to_bytes());
    put_number(&mut presence, 2, u64::from(!held));
    put_bytes(body, 4, &presence);
}

/// The bytes of a want list.
fn wantlist(entries: &[Entry]) -> Vec<u8> {
    let mut list = Vec::new();
    for entry in entries {
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, 1, &entry.cid.to_bytes());
        put_number(&mut bytes, 2, PRIORITY);
        if entry.want == Want::Cancel {
            put_number(&mut bytes, 3, 1);
        }
        put_number(&mut bytes, 4, u64::from(entry.want == Want::Have));
        put_number(&mut bytes, 5, u64::from(entry.send_dont_have));
        put_bytes(&mut list, 1, &bytes);
    }
    list
}

impl Message {
    /// Reads a message without its length. CIDs that are not CIDs are left out.
    ///
    /// # Errors
    /// [`WireError`], if the bytes are no protobuf.
    pub fn decode(body: &[u8]) -> Result<Self, WireError> {
        let mut message = Self::default();
        for field in Fields(body) {
            match field? {
                (1, list) => message.read_wantlist(list.bytes())?,
                // Blocks as bitswap 1.0 sent them: sha2-256 without a prefix.
                (2, block) => message.add_block(block.bytes()),
                (3, payload) => message.read_payload(payload.bytes())?,
                (4, presence) => message.read_presence(presence.bytes())?,
                _ => {}
            }
        }
        Ok(message)
    }

    fn read_wantlist(&mut self, list: &[u8]) -> Result<(), WireError> {
        for field in Fields(list) {
            match field? {
                (1, entry) if self.entries.len() < ENTRIES_MAX => self.entries.extend(read_entry(entry.bytes())?),
                (2, full) => self.full = full.number() != 0,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_payload(&mut self, payload: &[u8]) -> Result<(), WireError> {
        // An empty block has no field of its own: protobuf leaves empty bytes out.
        let mut block: &[u8] = &[];
        for field in Fields(payload) {
            if let (2, Value::Bytes(found)) = field? {
                block = found;
            }
        }
        self.add_block(block);
        Ok(())
    }

    fn add_block(&mut self, block: &[u8]) {
        if self.blocks.len() < BLOCKS_MAX {
            self.blocks.push(block.to_vec());
        }
    }

    fn read_presence(&mut self, presence: &[u8]) -> Result<(), WireError> {
        let (mut cid, mut held) = (None, true);
        for field in Fields(presence) {
            match field? {
                (1, bytes) => cid = Cid::try_from(bytes.bytes()).ok(),
                (2, kind) => held = kind.number() == 0,
                _ => {}
            }
        }
        if self.presences.len() < ENTRIES_MAX {
            self.presences.extend(cid.map(|cid| (cid, held)));
        }
        Ok(())
    }
}

/// One line of a want list; none if its CID is not one.
fn read_entry(bytes: &[u8]) -> Result<Option<Entry>, WireError> {
    let (mut cid, mut cancel, mut have, mut send_dont_have) = (None, false, false, false);
    for field in Fields(bytes) {
        match field? {
            (1, bytes) => cid = Cid::try_from(bytes.bytes()).ok(),
            (3, value) => cancel = value.number() != 0,
            (4, value) => have = value.number() == 1,
            (5, value) => send_dont_have = value.number() != 0,
            _ => {}
        }
    }
    let want = match (cancel, have) {
        (true, _) => Want::Cancel,
        (false, true) => Want::Have,
        (false, false) => Want::Block,
    };
    Ok(cid.map(|cid| Entry { cid, want, send_dont_have }))
}

/// The length before a message, once all of its bytes are there.
pub fn frame_length(mut prefix: &[u8]) -> Result<usize, WireError> {
    let length = take_varint(&mut prefix)?;
    usize::try_from(length).map_err(|_| WireError::Varint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cids::{Codec, block_cid, block_digest};

    fn cid(text: &[u8], codec: Codec) -> Cid {
        block_cid(block_digest(text), codec)
    }

    fn framed(encoder: Encoder) -> Vec<u8> {
        let (length, body) = encoder.finish();
        [length, body].concat()
    }

    #[test]
    fn a_message_survives_its_encoding() {
        let (one, two) = (cid(b"one", Codec::Raw), cid(b"two", Codec::DagPb));
        let entries = vec![
            Entry { cid: one, want: Want::Block, send_dont_have: true },
            Entry { cid: two, want: Want::Have, send_dont_have: false },
            Entry { cid: two, want: Want::Cancel, send_dont_have: false },
        ];
        let presences = vec![(one, true), (two, false)];
        let mut encoder = Encoder::new(&entries, &presences);
        let write = |bytes: &'static [u8]| {
            move |body: &mut Vec<u8>| {
                body.extend_from_slice(bytes);
                true
            }
        };
        assert!(encoder.block(&one, 3, write(b"one")) && encoder.block(&two, 0, write(b"")));
        assert!(!encoder.block(&one, 4, write(b"one")) && !encoder.block(&one, 3, |_| false), "leaves nothing behind");
        let framed = framed(encoder);
        let mut body = &framed[..];
        assert_eq!(take_varint(&mut body).unwrap(), body.len() as u64);
        assert_eq!(frame_length(&framed), Ok(body.len()));
        let blocks = vec![b"one".to_vec(), Vec::new()];
        assert_eq!(Message::decode(body).unwrap(), Message { entries, full: false, presences, blocks });
    }

    /// Bytes put together by hand from the published .proto file.
    #[test]
    fn a_message_has_the_bytes_of_the_specification() {
        let wanted = cid(b"", Codec::Raw);
        let entry = Entry { cid: wanted, want: Want::Have, send_dont_have: true };
        let framed = framed(Encoder::new(&[entry], &[]));
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let expected = format!("300a2e0a2c0a2401551220{empty}100120012801");
        assert_eq!(hex::encode(framed), expected);
    }

    #[test]
    fn junk_is_an_error_and_unknown_fields_are_not() {
        assert!(Message::decode(&[0x0a, 200, 1]).is_err());
        assert!(Message::decode(&[0x0b]).is_err());
        assert_eq!(Message::decode(&[0x28, 7]).unwrap(), Message::default());
        let unreadable_cid = [0x0a, 6, 0x0a, 4, 0x0a, 2, 9, 9];
        assert_eq!(Message::decode(&unreadable_cid).unwrap(), Message::default());
    }

    #[test]
    fn an_empty_block_may_leave_its_bytes_out() {
        let payload = [0x1a, 6, 0x0a, 4, 1, 0x55, 0x12, 0x20];
        assert_eq!(Message::decode(&payload).unwrap().blocks, [Vec::<u8>::new()]);
    }

    #[test]
    fn numbers_of_parts_are_bounded() {
        let entry = Entry { cid: cid(b"x", Codec::Raw), want: Want::Block, send_dont_have: true };
        let framed = framed(Encoder::new(&vec![entry; ENTRIES_MAX + 5], &[]));
        let mut body = &framed[..];
        take_varint(&mut body).unwrap();
        assert_eq!(Message::decode(body).unwrap().entries.len(), ENTRIES_MAX);
    }
}
