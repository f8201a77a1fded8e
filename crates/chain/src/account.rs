//! A key that pays for transactions and signs messages.

use alloy::primitives::B256;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use protocol::eip712::{Domain, Signature, Signed, Typed};
use protocol::ids::Address;

use crate::convert;
use crate::error::ChainError;

/// A secp256k1 key in memory. Its `Debug` shows the address only.
#[derive(Clone)]
pub struct Account {
    signer: PrivateKeySigner,
}

impl Account {
    /// A new key from the system's entropy.
    pub fn random() -> Self {
        Self { signer: PrivateKeySigner::random() }
    }

    /// The key written as 64 hex digits, with or without `0x`.
    pub fn from_hex(secret: &str) -> Result<Self, ChainError> {
        let signer = secret.trim().parse().map_err(|_| ChainError::Signing(BAD_HEX.to_owned()))?;
        Ok(Self { signer })
    }

    /// The key with this secret scalar, big-endian; zero and values above the curve's order are refused.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Self, ChainError> {
        let signer = PrivateKeySigner::from_bytes(&B256::from(*secret));
        Ok(Self { signer: signer.map_err(|error| ChainError::Signing(error.to_string()))? })
    }

    /// The secret scalar, big-endian. Whoever has it owns what the account owns.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.signer.to_bytes().0
    }

    pub fn address(&self) -> Address {
        convert::address(self.signer.address())
    }

    /// Signs 32 bytes as they are.
    pub fn sign_digest(&self, digest: &[u8; 32]) -> Result<Signature, ChainError> {
        let signed = self.signer.sign_hash_sync(&B256::from(*digest));
        let signed = signed.map_err(|error| ChainError::Signing(error.to_string()))?;
        Signature::from_bytes(&signed.as_erc2098()).map_err(|error| ChainError::Signing(error.to_string()))
    }

    /// Signs a typed message for one network (EIP-712).
    pub fn sign<T: Typed>(&self, message: T, domain: &Domain) -> Result<Signed<T>, ChainError> {
        let signature = self.sign_digest(&message.digest(domain).0)?;
        Ok(Signed { message, signature })
    }

    pub(crate) fn signer(&self) -> &PrivateKeySigner {
        &self.signer
    }
}

const BAD_HEX: &str = "the secret key must be 64 hex digits";

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.address())
    }
}
