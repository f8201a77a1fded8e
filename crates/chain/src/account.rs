//! A key that pays for transactions and signs messages.

use std::sync::Arc;

use alloy::primitives::B256;
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use protocol::eip712::{Domain, Signature, Signed, Typed};
use protocol::ids::{Address, keccak256};
use zeroize::Zeroizing;

use crate::convert;
use crate::error::ChainError;
use crate::remote::RemoteSigner;

/// A secp256k1 key, in memory or at a remote signer. Its `Debug` shows the address only; a key in memory is wiped when the
/// last clone goes.
#[derive(Clone)]
pub struct Account {
    address: Address,
    key: Key,
}

#[derive(Clone)]
enum Key {
    Here(PrivateKeySigner),
    Elsewhere(Arc<RemoteSigner>),
}

impl Account {
    /// A new key from the system's entropy.
    pub fn random() -> Self {
        PrivateKeySigner::random().into()
    }

    /// The key written as 64 hex digits, with or without `0x`.
    pub fn from_hex(secret: &str) -> Result<Self, ChainError> {
        let signer: Result<PrivateKeySigner, _> = secret.trim().parse();
        signer.map(Self::from).map_err(|_| ChainError::Signing(BAD_HEX.to_owned()))
    }

    /// The key with this secret scalar, big-endian; zero and values above the curve's order are refused.
    pub fn from_bytes(secret: &[u8; 32]) -> Result<Self, ChainError> {
        let signer = PrivateKeySigner::from_bytes(&B256::from(*secret));
        signer.map(Self::from).map_err(|error| ChainError::Signing(error.to_string()))
    }

    /// The key of `address` that the remote signer at `url` keeps: Web3Signer in its mode `eth1`.
    ///
    /// # Errors
    /// [`ChainError::Remote`] when it does not answer or has no such key.
    pub async fn remote(url: &str, address: Address) -> Result<Self, ChainError> {
        let signer = RemoteSigner::connect(url, address).await?;
        Ok(Self { address, key: Key::Elsewhere(Arc::new(signer)) })
    }

    /// The secret scalar, big-endian. Whoever has it owns what the account owns.
    ///
    /// # Errors
    /// [`ChainError::NoSecret`] if a remote signer keeps it.
    pub fn to_bytes(&self) -> Result<Zeroizing<[u8; 32]>, ChainError> {
        match &self.key {
            Key::Here(signer) => Ok(Zeroizing::new(signer.to_bytes().0)),
            Key::Elsewhere(_) => Err(ChainError::NoSecret(self.address)),
        }
    }

    pub fn address(&self) -> Address {
        self.address
    }

    /// Signs the hash of these bytes, at once if the key is in memory.
    ///
    /// # Errors
    /// [`ChainError::Remote`] when the remote signer fails.
    pub async fn sign_hashed(&self, bytes: &[u8]) -> Result<Signature, ChainError> {
        match &self.key {
            Key::Here(signer) => {
                let signed = signer.sign_hash_sync(&B256::from(keccak256(bytes)));
                let signed = signed.map_err(|error| ChainError::Signing(error.to_string()))?;
                Signature::from_bytes(&signed.as_erc2098()).map_err(|error| ChainError::Signing(error.to_string()))
            }
            Key::Elsewhere(signer) => Ok(signer.sign(bytes).await?),
        }
    }

    /// Signs a typed message for one network (EIP-712).
    ///
    /// # Errors
    /// As [`Account::sign_hashed`].
    pub async fn sign<T: Typed>(&self, message: T, domain: &Domain) -> Result<Signed<T>, ChainError> {
        let signature = self.sign_hashed(&message.encoded(domain)).await?;
        Ok(Signed { message, signature })
    }
}

impl From<PrivateKeySigner> for Account {
    fn from(signer: PrivateKeySigner) -> Self {
        Self { address: convert::address(signer.address()), key: Key::Here(signer) }
    }
}

const BAD_HEX: &str = "the secret key must be 64 hex digits";

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({})", self.address())
    }
}
