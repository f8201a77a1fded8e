//! Fills the log under its own name and under many that it makes up, doubles numbers, forges signatures, sends what is no letter:
//! "junk messages of one author", "many new authors". Eight of its keys fill all that strangers share, with numbers of the future.

use protocol::{
    RoundNumber,
    eip712::Signed,
    log::{Body, MAX_AHEAD_MS, MAX_BODY},
    machine::Heard,
};

use crate::world::{
    hands::Hands,
    vices::{Adversary, Met},
};

/// Letters with each block under one key that it keeps, and under new ones.
const LETTERS: u64 = 9;
const AUTHORS: u64 = 2;
/// Keys that it keeps for the largest messages there are, and as many of them with each block.
const LARGE_KEYS: u64 = 8;
const LARGE: u64 = 48;

#[derive(Default)]
pub(super) struct Flooder {
    sent: u64,
    large: u64,
}

impl Flooder {
    fn flood(&mut self, own: &mut Hands<'_>) {
        for _ in 0..LETTERS {
            // Every number twice, and a third time.
            self.sent += 1;
            own.say_as([7; 32], self.sent / 3, &Body::Note(format!("flood {}", self.sent)));
        }
        for author in 0..AUTHORS {
            let mut random = own.random(&format!("author {author}"));
            own.say_as(random.bytes(), 1, &Body::Have { round: RoundNumber(0), file: protocol::Digest(random.bytes()) });
        }
        for _ in 0..LARGE {
            self.large += 1;
            let (key, seq) = ([20 + (self.large % LARGE_KEYS) as u8; 32], own.now_ms() + MAX_AHEAD_MS / 2 + self.large);
            own.fill_as(key, seq, MAX_BODY);
        }
        own.send_junk(format!("junk {}", self.sent).as_bytes());
    }
}

impl Adversary for Flooder {
    fn meet(&mut self, own: &mut Hands<'_>, met: Met<'_>) {
        match met {
            Met::Heard(Heard::Block(_)) if !own.is_the_end() => self.flood(own),
            // The verdicts of others again, and with another claim under the old signature.
            Met::Heard(Heard::Log { body: Body::Verdict(verdict), .. }) if !own.is_the_end() => {
                let mut forged = verdict.message;
                forged.claim.0[0] ^= 1;
                own.say(Body::Verdict(*verdict));
                own.say(Body::Verdict(Signed { message: forged, signature: verdict.signature }));
            }
            _ => {}
        }
    }
}
