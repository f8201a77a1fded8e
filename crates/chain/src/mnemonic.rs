//! Keys from words: the seed of a mnemonic (BIP-39), and a key out of its tree (BIP-32, paths by BIP-44).

use bip39::{Language, Mnemonic};
use hmac::{Hmac, KeyInit as _, Mac as _};
use k256::ecdsa::SigningKey;
use k256::elliptic_curve::PrimeField as _;
use k256::{NonZeroScalar, Scalar};
use sha2::Sha512;
use zeroize::Zeroizing;

use crate::account::Account;

/// Where wallets put the first account of Ethereum.
pub const FIRST_ACCOUNT: &str = "m/44'/60'/0'/0/0";
/// Most steps of a path.
const STEPS_LIMIT: usize = 16;
/// Added to the number of a step with an apostrophe.
const HARDENED: u32 = 1 << 31;

/// Words or a path that give no key. No text repeats a word.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    #[error("a mnemonic has 12, 15, 18, 21 or 24 words, and this one {0}; give all of them in one line")]
    Count(usize),
    #[error("word {0} of the mnemonic is not in the English list of BIP-39; correct its spelling")]
    Word(usize),
    #[error("the words of the mnemonic do not fit each other; one of them is wrong, or two have changed places")]
    Checksum,
    #[error("`{0}` is no path of a key; write it like {FIRST_ACCOUNT}")]
    Path(String),
    /// Seen by nobody so far.
    #[error("there is no key at this path; take the next number in it")]
    NoKey,
}

/// The account at `path` below the seed of English words and a passphrase, which is empty for most.
///
/// # Errors
/// [`MnemonicError`].
pub fn account(words: &str, passphrase: &str, path: &str) -> Result<Account, MnemonicError> {
    let steps = steps(path)?;
    let words = Zeroizing::new(words.to_lowercase());
    let mnemonic = Mnemonic::parse_in(Language::English, words.as_str()).map_err(refusal)?;
    let seed = Zeroizing::new(mnemonic.to_seed(passphrase));
    let key = key(&*seed, &steps).ok_or(MnemonicError::NoKey)?;
    Account::from_bytes(&Zeroizing::new(key.to_bytes().into())).map_err(|_| MnemonicError::NoKey)
}

fn refusal(error: bip39::Error) -> MnemonicError {
    match error {
        bip39::Error::BadWordCount(count) => MnemonicError::Count(count),
        bip39::Error::UnknownWord(index) => MnemonicError::Word(index + 1),
        _ => MnemonicError::Checksum,
    }
}

/// The numbers of `m/44'/60'/0'/0/0`; `h` stands for the apostrophe too.
fn steps(path: &str) -> Result<Vec<u32>, MnemonicError> {
    let bad = || MnemonicError::Path(path.chars().take(80).collect());
    let below = path.strip_prefix("m/").ok_or_else(bad)?;
    let steps: Option<Vec<u32>> = below.split('/').take(STEPS_LIMIT + 1).map(step).collect();
    steps.filter(|steps| steps.len() <= STEPS_LIMIT).ok_or_else(bad)
}

fn step(text: &str) -> Option<u32> {
    let (digits, offset) = match text.strip_suffix(['\'', 'h', 'H']) {
        Some(digits) => (digits, HARDENED),
        None => (text, 0),
    };
    let number: u32 = digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())??;
    (number < HARDENED).then_some(number | offset)
}

/// The key at the end of a path, by the names of BIP-32: `CKDpriv` from step to step.
fn key(seed: &[u8], steps: &[u32]) -> Option<SigningKey> {
    let (secret, mut chain_code) = hashed(b"Bitcoin seed", &[seed])?;
    let mut key = SigningKey::from_bytes(&(*secret).into()).ok()?;
    for step in steps {
        let private = Zeroizing::new(<[u8; 32]>::from(key.to_bytes()));
        let public = key.verifying_key().to_encoded_point(true);
        let parent = if *step < HARDENED { [&[][..], public.as_bytes()] } else { [&[0][..], &private[..]] };
        let (tweak, next) = hashed(&*chain_code, &[parent[0], parent[1], &step.to_be_bytes()])?;
        let tweak = Option::<Scalar>::from(Scalar::from_repr((*tweak).into()))?;
        let sum = Option::<NonZeroScalar>::from(NonZeroScalar::new(tweak + **key.as_nonzero_scalar()))?;
        (key, chain_code) = (SigningKey::from(sum), next);
    }
    Some(key)
}

type Half = Zeroizing<[u8; 32]>;

/// The two halves of HMAC-SHA512.
fn hashed(key: &[u8], parts: &[&[u8]]) -> Option<(Half, Half)> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    let all = Zeroizing::new(<[u8; 64]>::from(mac.finalize().into_bytes()));
    let (mut left, mut right) = (Half::default(), Half::default());
    left.copy_from_slice(&all[..32]);
    right.copy_from_slice(&all[32..]);
    Some((left, right))
}
