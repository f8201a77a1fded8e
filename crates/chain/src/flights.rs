//! The flights of one account on one chain as they stand on disk: what was signed is written and synced before it is offered, so that
//! the next start knows what the last one may have left in the pool.
//!
//! Version 1: a line `neuron flights 1 chain CHAIN account ADDRESS`, then a line of JSON for each transaction that was signed
//! (`{"offer":{…}}`, see [`Noted`]), and one for each nonce that needs no watching any more (`{"over":NONCE}`). What follows the last
//! whole line is a torn write and is cut off. Opening the file writes it anew without what is over.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use alloy::consensus::{Transaction as _, TxEnvelope};
use alloy::eips::Decodable2718;
use alloy::primitives::Bytes;
use alloy::rpc::types::TransactionRequest;
use protocol::ids::{Address, Digest};
use serde::{Deserialize, Serialize};

use crate::convert;
use crate::errand::{Errand, Urgency};
use crate::error::ChainError;
use crate::fees::Fees;

/// Lines after which the file is written anew.
const LINES_LIMIT: usize = 4_096;
/// Commands that somebody starts together go one after the other; what holds the file for longer is a node, or stuck.
const PATIENCE: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Largest file that is read, bytes.
const BYTES_LIMIT: u64 = 64 << 20;

/// One signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Noted {
    pub nonce: u64,
    /// What it does, like `reveal`; `cancel` if it only takes the nonce.
    pub what: String,
    /// Of what, like `group 1, round 7`.
    pub about: String,
    pub urgency: Urgency,
    /// First second of the chain at which it is worth nothing any more.
    pub until_s: Option<u64>,
    /// Wei per gas that it pays at most, in digits.
    pub fee_wei: String,
    /// The signed bytes, as they are offered (EIP-2718).
    pub raw: Bytes,
    pub hash: Digest,
}

/// What [`Noted::what`] says of an empty transfer to oneself.
pub(crate) const CANCEL: &str = "cancel";

impl Noted {
    /// What it asks for, without fees; none if the bytes are no transaction with that nonce and hash.
    pub(crate) fn request(&self, account: Address) -> Option<(TransactionRequest, Fees)> {
        let signed = TxEnvelope::decode_2718(&mut self.raw.as_ref()).ok()?;
        if convert::digest(*signed.tx_hash()) != self.hash || signed.nonce() != self.nonce {
            return None;
        }
        let request = TransactionRequest {
            from: Some(convert::to_eth(account)),
            to: Some(signed.kind()),
            gas: Some(signed.gas_limit()),
            value: Some(signed.value()),
            input: signed.input().clone().into(),
            nonce: Some(self.nonce),
            chain_id: signed.chain_id(),
            ..TransactionRequest::default()
        };
        Some((request, Fees::of(signed.gas_price(), signed.max_fee_per_gas(), signed.max_priority_fee_per_gas())))
    }

    pub fn is_cancel(&self) -> bool {
        self.what == CANCEL
    }

    pub(crate) fn errand(&self) -> Errand {
        Errand { urgency: self.urgency, until_s: self.until_s, worth: None, about: self.about.clone() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Offer(Noted),
    Over(u64),
}

/// See the module.
#[derive(Debug)]
pub struct Flights {
    path: PathBuf,
    header: String,
    file: File,
    lines: usize,
    live: BTreeMap<u64, Vec<Noted>>,
    /// Whether it was said that the disk fails.
    is_troubled: bool,
    _lock: File,
}

impl Flights {
    /// Opens or begins the file of the account in a folder, which is made if needed.
    ///
    /// # Errors
    /// When another program has it open, or it cannot be read or written, is another account's, or of a later version.
    pub fn open(folder: &Path, chain_id: u64, account: Address) -> Result<Self, ChainError> {
        let (path, header) = (path_of(folder, chain_id, account), header(chain_id, account));
        let wrong = |error: std::io::Error| unusable(&path, &error.to_string());
        fs::create_dir_all(folder).map_err(wrong)?;
        let lock = lock(&path, account)?;
        let live = read(&path, &header)?;
        let file = rewritten(&path, &header, &live).map_err(wrong)?;
        let lines = live.values().map(Vec::len).sum();
        Ok(Self { path, header, file, lines, live, is_troubled: false, _lock: lock })
    }

    /// What the file says, whoever has it open; nothing if there is none.
    ///
    /// # Errors
    /// When it cannot be read, is another account's, or of a later version.
    pub fn peek(folder: &Path, chain_id: u64, account: Address) -> Result<BTreeMap<u64, Vec<Noted>>, ChainError> {
        read(&path_of(folder, chain_id, account), &header(chain_id, account))
    }

    /// Whether a program sends for the account with this folder now.
    pub fn is_in_use(folder: &Path, chain_id: u64, account: Address) -> bool {
        let lock = File::open(path_of(folder, chain_id, account).with_extension("lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    /// What must be watched, by nonce, each time the latest offer last.
    pub fn live(&self) -> &BTreeMap<u64, Vec<Noted>> {
        &self.live
    }

    /// To be called before it is offered. A disk that fails is named once and stops nothing: what is at stake weighs more than what
    /// the next start knows of it.
    pub(crate) fn note(&mut self, noted: Noted) {
        self.write(&Line::Offer(noted.clone()));
        self.live.entry(noted.nonce).or_default().push(noted);
    }

    /// The nonce needs no watching any more.
    pub(crate) fn over(&mut self, nonce: u64) {
        if self.live.remove(&nonce).is_some() {
            self.write(&Line::Over(nonce));
        }
    }

    fn write(&mut self, line: &Line) {
        let written = self.try_write(line);
        match written {
            Ok(()) => self.is_troubled = false,
            Err(error) if !std::mem::replace(&mut self.is_troubled, true) => {
                tracing::error!(
                    "what is sent cannot be noted in {} ({error}): free space there; a restart will not know of it",
                    self.path.display()
                );
            }
            Err(_) => {}
        }
    }

    fn try_write(&mut self, line: &Line) -> std::io::Result<()> {
        if self.lines >= LINES_LIMIT.max(2 * self.live.len()) {
            self.file = rewritten(&self.path, &self.header, &self.live)?;
            self.lines = self.live.values().map(Vec::len).sum();
        }
        // After half a line that could not be finished the next one begins anew.
        let start = if self.is_troubled { "\n" } else { "" };
        self.lines += 1;
        self.file.write_all(format!("{start}{}\n", serde_json::to_string(line)?).as_bytes())?;
        self.file.sync_data()
    }
}

/// Where the flights of an account are, in a folder.
fn path_of(folder: &Path, chain_id: u64, account: Address) -> PathBuf {
    folder.join(format!("{chain_id}-{account}.flights"))
}

fn header(chain_id: u64, account: Address) -> String {
    format!("neuron flights 1 chain {chain_id} account {account}")
}

fn unusable(path: &Path, reason: &str) -> ChainError {
    ChainError::Flights { path: path.to_owned(), reason: reason.to_owned() }
}

/// Held while the program runs. The number of the process that has it stands in the file.
fn lock(path: &Path, account: Address) -> Result<File, ChainError> {
    let path = path.with_extension("lock");
    let wrong = |error: std::io::Error| unusable(&path, &error.to_string());
    let mut lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(wrong)?;
    let give_up_at = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(fs::TryLockError::WouldBlock) if Instant::now() < give_up_at => thread::sleep(LOOK_AGAIN),
            Err(fs::TryLockError::WouldBlock) => {
                let process = fs::read_to_string(&path).unwrap_or_default();
                return Err(ChainError::InUse { account, process });
            }
            Err(fs::TryLockError::Error(error)) => return Err(wrong(error)),
        }
    }
    lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())).map_err(wrong)?;
    Ok(lock)
}

fn read(path: &Path, header: &str) -> Result<BTreeMap<u64, Vec<Noted>>, ChainError> {
    let bytes = match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(unusable(path, &error.to_string())),
        Ok(meta) if meta.len() > BYTES_LIMIT => return Err(unusable(path, "it is too large; move it away")),
        Ok(_) => fs::read(path).map_err(|error| unusable(path, &error.to_string()))?,
    };
    parse(&bytes, header).map_err(|reason| unusable(path, reason))
}

fn parse(bytes: &[u8], header: &str) -> Result<BTreeMap<u64, Vec<Noted>>, &'static str> {
    let text = String::from_utf8_lossy(bytes);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lines = whole.lines();
    match lines.next() {
        None => return Ok(BTreeMap::new()),
        Some(first) if first == header => {}
        Some(first) if first.starts_with("neuron flights 1 ") => return Err("it is another account's or another chain's; move it away"),
        Some(_) => return Err("it is of a later version or no file of flights; move it away, or use the program that wrote it"),
    }
    let mut live: BTreeMap<u64, Vec<Noted>> = BTreeMap::new();
    for line in lines.filter(|line| !line.is_empty()) {
        match serde_json::from_str(line) {
            Ok(Line::Offer(noted)) if noted.request(Address::ZERO).is_some() => live.entry(noted.nonce).or_default().push(noted),
            Ok(Line::Over(nonce)) => drop(live.remove(&nonce)),
            // What it was is found out from the pool.
            Ok(Line::Offer(_)) | Err(_) => tracing::warn!("a line of the flights on disk is damaged and passed over"),
        }
    }
    Ok(live)
}

/// Writes the file anew, whole or not at all, and opens it for more.
fn rewritten(path: &Path, header: &str, live: &BTreeMap<u64, Vec<Noted>>) -> std::io::Result<File> {
    let new = path.with_extension("new");
    let mut text = format!("{header}\n");
    for noted in live.values().flatten() {
        text.push_str(&serde_json::to_string(&Line::Offer(noted.clone()))?);
        text.push('\n');
    }
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    if let Some(folder) = path.parent().filter(|_| cfg!(unix)) {
        File::open(folder)?.sync_all()?;
    }
    OpenOptions::new().append(true).open(path)
}

#[cfg(test)]
mod tests;
