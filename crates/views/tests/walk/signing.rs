//! What signers and owners sign.

use alloy::primitives::{B256, Bytes, U256, keccak256};
use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::{SolStruct, sol};

sol! {
    struct Consent { uint256 group; address owner; }
    struct Verdict { uint256 group; uint256 round; bytes32 claim; bytes32 probe; }
    struct Measured { uint256 bounty; uint256 window; bytes32 result; bytes32 probe; }
    struct Choice { uint256 group; uint256 period; uint256 delta; bytes32 patch; uint256 seq; }
    struct Period { uint256 group; uint256 present; uint256 period; uint256 nonce; uint256 expiry; }
    struct Rollback { uint256 group; uint256 delta; bytes32 patch; uint256 nonce; uint256 expiry; }
    struct Admit { uint256 group; bytes32 name; uint256 nonce; uint256 expiry; }
    struct Revoke { uint256 group; bytes32 name; uint256 nonce; uint256 expiry; }
    struct Strike { uint256 group; uint256 round; bytes32 claim; bool restore; uint256 nonce; uint256 expiry; }
    struct Least { uint256 group; uint256 present; uint256 least; uint256 nonce; uint256 expiry; }
    struct Slash { uint256 group; uint256 position; address signer; uint256 basisPoints; uint256 nonce; uint256 expiry; }
}

/// 65 bytes r, s, v of the message's digest under a domain separator.
pub fn long(key: &PrivateKeySigner, domain: B256, message: &impl SolStruct) -> Bytes {
    of_hash(key, domain, message.eip712_hash_struct())
}

/// As [`long`], for a struct hash.
pub fn of_hash(key: &PrivateKeySigner, domain: B256, hash: B256) -> Bytes {
    signature(key, domain, hash).as_bytes().to_vec().into()
}

/// r and vs (ERC-2098).
pub fn short(key: &PrivateKeySigner, domain: B256, message: &impl SolStruct) -> (B256, B256) {
    let signature = signature(key, domain, message.eip712_hash_struct());
    let vs: U256 = signature.s() | (U256::from(u8::from(signature.v())) << 255);
    (signature.r().into(), vs.into())
}

fn signature(key: &PrivateKeySigner, domain: B256, hash: B256) -> alloy::primitives::Signature {
    let digest = keccak256([&[0x19, 0x01], &domain[..], &hash[..]].concat());
    key.sign_hash_sync(&digest).expect("a key signs")
}
