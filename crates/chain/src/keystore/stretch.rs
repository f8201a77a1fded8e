//! What makes keys out of passwords, and how much of it a file may ask for.

use pbkdf2::pbkdf2_hmac;
use serde_json::{Value, json};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::member::{bytes, member, number, text};
use super::refusal::Refusal;

/// Most memory that scrypt may take, bytes: 128 · n · r.
const MEMORY_LIMIT: u128 = 1 << 30;
/// Most work of scrypt, n · r · p: twice that of one pass over the most memory, some seconds.
const WORK_LIMIT: u128 = 1 << 24;
/// Most rounds of PBKDF2, some seconds.
const ROUNDS_LIMIT: u64 = 10_000_000;
/// Bytes that are used of what comes out. Both kinds give the same first ones, however many are asked for.
pub(super) const KEY_BYTES: usize = 32;

/// A way from a password to a key.
pub(super) struct Stretch {
    kind: Kind,
    salt: Vec<u8>,
}

enum Kind {
    Scrypt(scrypt::Params),
    Pbkdf2 { rounds: u32 },
}

impl Stretch {
    /// Scrypt with n = 2^`log_n`, r = 8, p = 1.
    pub(super) fn scrypt(log_n: u8, salt: &[u8]) -> Result<Self, Refusal> {
        let parameters = scrypt::Params::new(log_n, 8, 1).map_err(Refusal::malformed)?;
        Ok(Self { kind: Kind::Scrypt(parameters), salt: salt.to_vec() })
    }

    /// As the `crypto` of a file names it, within the limits.
    pub(super) fn of(crypto: &Value) -> Result<Self, Refusal> {
        let parameters = member(crypto, "kdfparams");
        if number(parameters, "dklen")? < KEY_BYTES as u64 {
            return Err(Refusal::Malformed(format!("its `dklen` is below {KEY_BYTES}")));
        }
        let kind = match text(crypto, "kdf")?.as_str() {
            "scrypt" => scrypt_of(parameters)?,
            "pbkdf2" => pbkdf2_of(parameters)?,
            other => return Err(Refusal::Unsupported(format!("makes its key by {other:?}, and only scrypt and pbkdf2 are read"))),
        };
        Ok(Self { kind, salt: bytes(parameters, "salt")? })
    }

    /// The key; takes a fraction of a second on purpose.
    pub(super) fn key(&self, password: &[u8]) -> Result<Zeroizing<[u8; KEY_BYTES]>, Refusal> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        match &self.kind {
            Kind::Scrypt(parameters) => {
                scrypt::scrypt(password, &self.salt, parameters, &mut *key).map_err(Refusal::malformed)?;
            }
            Kind::Pbkdf2 { rounds } => pbkdf2_hmac::<Sha256>(password, &self.salt, *rounds, &mut *key),
        }
        Ok(key)
    }

    /// Name and parameters as a file holds them.
    pub(super) fn to_json(&self) -> (&'static str, Value) {
        let salt = hex::encode(&self.salt);
        match &self.kind {
            Kind::Scrypt(cost) => {
                ("scrypt", json!({ "dklen": KEY_BYTES, "n": 1_u64 << cost.log_n(), "p": cost.p(), "r": cost.r(), "salt": salt }))
            }
            Kind::Pbkdf2 { rounds } => ("pbkdf2", json!({ "c": rounds, "dklen": KEY_BYTES, "prf": "hmac-sha256", "salt": salt })),
        }
    }
}

fn scrypt_of(parameters: &Value) -> Result<Kind, Refusal> {
    let [n, r, p] = [number(parameters, "n")?, number(parameters, "r")?, number(parameters, "p")?];
    if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
        return Err(Refusal::malformed("scrypt needs a power of two as n, and r and p above 0"));
    }
    let memory = 128_u128.saturating_mul(n.into()).saturating_mul(r.into());
    if memory > MEMORY_LIMIT {
        return Err(Refusal::Costly { asked: format!("{} of memory (scrypt, n = {n}, r = {r})", size(memory)), limit: size(MEMORY_LIMIT) });
    }
    let work = u128::from(n * r).saturating_mul(p.into());
    if work > WORK_LIMIT {
        return Err(Refusal::Costly { asked: format!("n · r · p = {work} in scrypt (p = {p})"), limit: WORK_LIMIT.to_string() });
    }
    // Within the limits each of them fits.
    let parameters = scrypt::Params::new(n.ilog2() as u8, r as u32, p as u32);
    parameters.map(Kind::Scrypt).map_err(Refusal::malformed)
}

fn pbkdf2_of(parameters: &Value) -> Result<Kind, Refusal> {
    let function = text(parameters, "prf")?;
    if function != "hmac-sha256" {
        return Err(Refusal::Unsupported(format!("makes its key by {function:?}, and only hmac-sha256 is read")));
    }
    match number(parameters, "c")? {
        0 => Err(Refusal::malformed("pbkdf2 needs at least one round")),
        rounds if rounds > ROUNDS_LIMIT => {
            Err(Refusal::Costly { asked: format!("{rounds} rounds of pbkdf2"), limit: ROUNDS_LIMIT.to_string() })
        }
        rounds => Ok(Kind::Pbkdf2 { rounds: rounds as u32 }),
    }
}

fn size(bytes: u128) -> String {
    match bytes >> 30 {
        0 => format!("{} MiB", bytes >> 20),
        whole => format!("{whole} GiB"),
    }
}
