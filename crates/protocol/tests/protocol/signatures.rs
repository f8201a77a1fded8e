//! Signatures that are none, or are a twin of one, name nobody.

use k256::ecdsa::{RecoveryId, VerifyingKey};
use k256::elliptic_curve::ops::Neg as _;
use protocol::eip712::{Signature, SignatureError, address_of, recover, sign};
use protocol::{Address, Digest};

use crate::world::*;

/// The same signature with the other s and the other parity, in 65 bytes: valid mathematics, refused by contracts.
fn twin(signature: Signature) -> Vec<u8> {
    let mut s = signature.vs;
    let odd = s[0] >> 7;
    s[0] &= 0x7f;
    let pair = k256::ecdsa::Signature::from_scalars(signature.r, s).unwrap();
    let (_, s) = pair.split_scalars();
    [&signature.r[..], &s.neg().to_bytes(), &[28 - odd]].concat()
}

#[test]
fn all_forms_of_a_signature_name_its_signer() {
    for number in 1..=20 {
        let hash = digest(&format!("message {number}"));
        let signature = sign(hash, &key(number)).unwrap();
        assert_eq!(recover(hash, &signature), Ok(account(number)));
        assert_eq!(Signature::from_bytes(&signature.to_bytes()), Ok(signature));
        let mut s = signature.vs;
        let odd = s[0] >> 7;
        s[0] &= 0x7f;
        for parity in [odd, 27 + odd] {
            assert_eq!(Signature::from_bytes(&[&signature.r[..], &s, &[parity]].concat()), Ok(signature));
        }
        assert_eq!(serde_json::from_str::<Signature>(&serde_json::to_string(&signature).unwrap()).unwrap(), signature);
        assert_ne!(recover(digest("another message"), &signature), Ok(account(number)));
    }
}

/// A signature of the library's, for whoever it names.
fn named_by_the_library(hash: Digest, r: [u8; 32], s: [u8; 32], odd: bool) -> Result<Address, SignatureError> {
    let pair = k256::ecdsa::Signature::from_scalars(r, s).unwrap();
    let key = VerifyingKey::recover_from_prehash(&hash.0, &pair, RecoveryId::new(odd, false));
    key.map(|key| address_of(&key)).map_err(|_| SignatureError::Unrecoverable)
}

#[test]
fn any_two_numbers_name_whom_the_library_says_or_nobody() {
    let mut nobody = 0;
    for number in 0..100 {
        let [hash, r, s] = ["hash", "r", "s"].map(|name| digest(&format!("{name} {number}")));
        let (odd, mut low) = (s.0[0] >> 7 == 1, s.0);
        low[0] &= 0x3f;
        let signature = Signature::from_bytes(&[&r.0[..], &low, &[u8::from(odd)]].concat()).unwrap();
        let named = recover(hash, &signature);
        assert_eq!(named, named_by_the_library(hash, r.0, low, odd), "{number}");
        nobody += usize::from(named.is_err());
    }
    assert!((20..80).contains(&nobody), "half of all numbers are the x of no point: {nobody}");
}

#[test]
fn the_other_s_is_refused() {
    for number in 1..=20 {
        let signature = sign(digest(&format!("message {number}")), &key(number)).unwrap();
        assert_eq!(Signature::from_bytes(&twin(signature)), Err(SignatureError::HighS));
    }
}

#[test]
fn bytes_that_are_no_signature_name_nobody() {
    for bytes in [vec![], vec![0; 63], vec![0; 66], [vec![0; 64], vec![26]].concat()] {
        assert_eq!(Signature::from_bytes(&bytes), Err(SignatureError::Form));
    }
    let nothing = Signature { r: [0; 32], vs: [0; 32] };
    assert_eq!(recover(Digest::ZERO, &nothing), Err(SignatureError::Unrecoverable));
    let beyond = Signature { r: [0xff; 32], vs: [0xff; 32] };
    assert_eq!(recover(Digest::ZERO, &beyond), Err(SignatureError::Unrecoverable));
    assert!(serde_json::from_str::<Signature>("\"0x12\"").is_err());
}
