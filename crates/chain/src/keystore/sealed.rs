//! One key, encrypted: the Web3 secret storage format, version 3, without the disk.

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit as _, StreamCipher as _};
use protocol::ids::{Address, keccak256};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::member::{bytes, member, number, text};
use super::refusal::Refusal;
use super::stretch::{KEY_BYTES, Stretch};
use crate::account::Account;

const CIPHER: &str = "aes-128-ctr";
const BLOCK_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;
/// Longest secret that is decrypted: one with zeros in front.
const CIPHERTEXT_BYTES_LIMIT: usize = 64;
/// What some editors and programs put before a text.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Bytes that chance gives to one file: salt, initial counter, id.
pub(super) type Chance = ([u8; 32], [u8; BLOCK_BYTES], [u8; 16]);

/// A key file's content.
pub(super) struct Sealed {
    stretch: Stretch,
    /// As it stands there, of whatever length.
    counter: Vec<u8>,
    ciphertext: Vec<u8>,
    mac: Vec<u8>,
    /// The address that it names.
    pub(super) address: Option<Address>,
}

impl Sealed {
    pub(super) fn parse(file: &[u8]) -> Result<Self, Refusal> {
        let file = std::str::from_utf8(file).map_err(|_| Refusal::malformed("it is not UTF-8 text"))?;
        let file: Value = serde_json::from_str(file.trim_start_matches(BYTE_ORDER_MARK)).map_err(Refusal::malformed)?;
        let version = number(&file, "version")?;
        if version != 3 {
            return Err(Refusal::Unsupported(format!("is of version {version}, and only version 3 is read")));
        }
        let crypto = member(&file, "crypto");
        let cipher = text(crypto, "cipher")?;
        if cipher != CIPHER {
            return Err(Refusal::Unsupported(format!("is encrypted by {cipher:?}, and only {CIPHER} is read")));
        }
        let counter = bytes(member(crypto, "cipherparams"), "iv")?;
        let address = address_of(&file)?;
        if counter.len() > BLOCK_BYTES && address.is_none() {
            let length = counter.len();
            return Err(Refusal::Unsupported(format!(
                "has an `iv` of {length} bytes instead of {BLOCK_BYTES}, and no address that tells which count"
            )));
        }
        let ciphertext = bytes(crypto, "ciphertext")?;
        if ciphertext.is_empty() || ciphertext.len() > CIPHERTEXT_BYTES_LIMIT {
            return Err(Refusal::Malformed(format!("its `ciphertext` has {} bytes", ciphertext.len())));
        }
        Ok(Self { stretch: Stretch::of(crypto)?, counter, ciphertext, mac: bytes(crypto, "mac")?, address })
    }

    /// The key, which must be that of the address, where one is named.
    pub(super) fn open(&self, password: &str) -> Result<Account, Refusal> {
        let key = self.key(password)?;
        let mut found = None;
        for counter in counters(&self.counter) {
            let Ok(account) = self.decrypted(&key, counter) else { continue };
            match self.address {
                Some(named) if named != account.address() => _ = found.get_or_insert(account.address()),
                _ => return Ok(account),
            }
        }
        match (self.address, found) {
            (Some(named), Some(found)) => Err(Refusal::Foreign { named, found }),
            _ => Err(Refusal::malformed("its secret is no key of 32 bytes")),
        }
    }

    /// Programs normalise a password before they take its bytes, or do not.
    fn key(&self, password: &str) -> Result<Zeroizing<[u8; KEY_BYTES]>, Refusal> {
        for form in forms(password) {
            let key = self.stretch.key(form.as_bytes())?;
            if mac(&key, &self.ciphertext)[..] == self.mac {
                return Ok(key);
            }
        }
        Err(Refusal::WrongPassword)
    }

    fn decrypted(&self, key: &[u8; KEY_BYTES], counter: [u8; BLOCK_BYTES]) -> Result<Account, Refusal> {
        let mut plain = Zeroizing::new(self.ciphertext.clone());
        cipher(key, counter)?.apply_keystream(&mut plain);
        let (extra, secret) = plain.split_at(plain.len().saturating_sub(SECRET_BYTES));
        if extra.iter().any(|byte| *byte != 0) {
            return Err(Refusal::malformed("its secret is longer than 32 bytes"));
        }
        let mut whole = Zeroizing::new([0; SECRET_BYTES]);
        whole[SECRET_BYTES - secret.len()..].copy_from_slice(secret);
        Account::from_bytes(&whole).map_err(Refusal::malformed)
    }
}

/// The file of a new encryption by scrypt with n = 2^`log_n`.
pub(super) fn seal(secret: &[u8; SECRET_BYTES], address: Address, password: &str, log_n: u8, chance: Chance) -> Result<String, Refusal> {
    let (salt, counter, id) = chance;
    let stretch = Stretch::scrypt(log_n, &salt)?;
    let key = stretch.key(password.as_bytes())?;
    let mut ciphertext = secret.to_vec();
    cipher(&key, counter)?.apply_keystream(&mut ciphertext);
    let (kdf, kdfparams) = stretch.to_json();
    let file = json!({
        "address": hex::encode(address.0),
        "crypto": {
            "cipher": CIPHER,
            "cipherparams": { "iv": hex::encode(counter) },
            "ciphertext": hex::encode(&ciphertext),
            "kdf": kdf,
            "kdfparams": kdfparams,
            "mac": hex::encode(mac(&key, &ciphertext)),
        },
        "id": uuid(id),
        "version": 3,
    });
    Ok(format!("{file:#}\n"))
}

/// The address that a file names, in any case, with or without `0x`.
fn address_of(file: &Value) -> Result<Option<Address>, Refusal> {
    let text = member(file, "address").as_str().unwrap_or_default().to_ascii_lowercase();
    if text.is_empty() {
        return Ok(None);
    }
    let address = format!("0x{}", text.trim_start_matches("0x")).parse();
    address.map(Some).map_err(|_| Refusal::malformed("its `address` is none"))
}

fn cipher(key: &[u8; KEY_BYTES], counter: [u8; BLOCK_BYTES]) -> Result<Ctr128BE<Aes128>, Refusal> {
    Ctr128BE::new_from_slices(&key[..BLOCK_BYTES], &counter).map_err(Refusal::malformed)
}

fn mac(key: &[u8; KEY_BYTES], ciphertext: &[u8]) -> [u8; 32] {
    keccak256(&Zeroizing::new([&key[BLOCK_BYTES..], ciphertext].concat()))
}

/// The counters that an `iv` can mean, the likeliest first. A short one is a number without its zeros in front, or has lost
/// those behind; of a long one the first bytes count, or the last.
fn counters(iv: &[u8]) -> Vec<[u8; BLOCK_BYTES]> {
    let (mut front, mut back) = ([0; BLOCK_BYTES], [0; BLOCK_BYTES]);
    let length = iv.len().min(BLOCK_BYTES);
    front[..length].copy_from_slice(&iv[..length]);
    back[BLOCK_BYTES - length..].copy_from_slice(&iv[iv.len() - length..]);
    if iv.len() > BLOCK_BYTES { vec![front, back] } else { vec![back, front] }
}

/// The ways to write one password in Unicode; bytes that are typed alike are not alike everywhere.
fn forms(password: &str) -> Vec<Zeroizing<String>> {
    let mut forms = vec![Zeroizing::new(password.to_owned())];
    for form in [password.nfkc().collect::<String>(), password.nfc().collect(), password.nfd().collect()].map(Zeroizing::new) {
        if !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms
}

/// A random UUID (RFC 9562, version 4).
fn uuid(mut id: [u8; 16]) -> String {
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    let digits = hex::encode(id);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_form_stays_as_it_is() {
        let account = Account::from_bytes(&[7; 32]).expect("a key");
        let chance = ([1; 32], [2; 16], [3; 16]);
        let written = seal(&[7; 32], account.address(), "correct horse", 4, chance).expect("sealed");
        assert_eq!(written, include_str!("../../tests/keystores/neuron.json"));
    }
}
