//! The transaction pool: what is offered to it, and what it answers.

use alloy::consensus::SignableTransaction;
use alloy::eips::Encodable2718;
use alloy::network::NetworkTransactionBuilder;
use alloy::primitives::{Bytes, Signature};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy::transports::TransportError;
use protocol::ids::Digest;

use crate::account::Account;
use crate::convert;
use crate::error::ChainError;
use crate::fees::Fees;
use crate::reader::Reader;

/// A signed transaction.
pub(crate) struct Offer {
    pub(crate) hash: Digest,
    pub(crate) raw: Bytes,
}

impl Offer {
    pub(crate) async fn sign(mut request: TransactionRequest, fees: Fees, account: &Account) -> Result<Self, ChainError> {
        fees.apply(&mut request);
        let unsigned = request.build_unsigned().map_err(|error| ChainError::Signing(error.to_string()))?;
        let signature = account.sign_hashed(&unsigned.encoded_for_signing()).await?;
        let signed = unsigned.into_envelope(Signature::from_erc2098(&signature.to_bytes()));
        Ok(Self { hash: convert::digest(*signed.tx_hash()), raw: signed.encoded_2718().into() })
    }
}

/// What the pool says to a signed transaction.
pub(crate) enum Submitted {
    Accepted,
    NonceTaken(String),
    FeeTooLow(String),
    CannotPay(String),
    Refused(TransportError),
}

/// Offers the same bytes until the pool has answered. An answer that never came counts as accepted: the bytes may have
/// arrived, so their nonce is spent, and the flight offers them again.
pub(crate) async fn submit(reader: &Reader, offer: &Offer) -> Submitted {
    let send = || async { reader.provider().send_raw_transaction(&offer.raw).await.map(drop) };
    match reader.try_ask(send).await {
        Ok(()) => Submitted::Accepted,
        Err(failure) => match classify(failure) {
            Submitted::NonceTaken(_) if is_known(reader, offer).await => Submitted::Accepted,
            other => other,
        },
    }
}

/// A first attempt whose answer was lost may have been mined before the second.
async fn is_known(reader: &Reader, offer: &Offer) -> bool {
    let hash = [convert::to_b256(offer.hash)];
    // Only whether it is there: chains differ in what they tell of a transaction.
    let get = || reader.provider().raw_request::<_, Option<serde_json::Value>>("eth_getTransactionByHash".into(), hash);
    reader.try_ask(get).await.is_ok_and(|transaction| transaction.is_some())
}

/// There is no standard for these errors; the words are those of geth, Nethermind, Besu, Erigon, reth, anvil and RSKj.
fn classify(failure: TransportError) -> Submitted {
    let Some(payload) = failure.as_error_resp() else {
        return if failure.is_transport_error() { Submitted::Accepted } else { Submitted::Refused(failure) };
    };
    let text = payload.message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if says(&["already known", "already imported", "known transaction", "alreadyknown", "already exists"]) {
        return Submitted::Accepted;
    }
    if says(&["nonce too low", "nonce is too low", "nonce_too_low", "oldnonce", "replacement", "could not replace"]) {
        return Submitted::NonceTaken(text);
    }
    if says(&["underpriced", "less than block base fee", "fee too low", "feetoolow", "gas price too low"]) {
        return Submitted::FeeTooLow(text);
    }
    if is_poor(&text) { Submitted::CannotPay(text) } else { Submitted::Refused(failure) }
}

/// An estimate stops at what a block holds.
pub(crate) fn is_too_large(text: &str) -> bool {
    ["gas required exceeds", "exceeds block gas limit", "exceeds the block gas limit", "out of gas"]
        .iter()
        .any(|words| text.contains(words))
}

pub(crate) fn is_poor(text: &str) -> bool {
    text.contains("insufficient") || text.contains("exceeds balance") || text.contains("not enough funds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_many_clients_are_understood() {
        for (message, expected) in [
            ("already known", "accepted"),
            ("AlreadyKnown", "accepted"),
            ("Known transaction", "accepted"),
            ("transaction already imported", "accepted"),
            ("nonce too low: next nonce 5, tx nonce 4", "nonce"),
            ("Nonce too low", "nonce"),
            ("OldNonce, Current nonce: 5, nonce of rejected tx: 4", "nonce"),
            ("replacement transaction underpriced", "nonce"),
            ("could not replace existing tx", "nonce"),
            ("Transaction nonce is too low. Try incrementing the nonce.", "nonce"),
            ("transaction underpriced: gas tip cap 0, minimum needed 1", "fee"),
            ("max fee per gas less than block base fee: address 0x00, maxFeePerGas: 1", "fee"),
            ("FeeTooLow, MaxFeePerGas too low", "fee"),
            ("insufficient funds for gas * price + value", "poor"),
            ("InsufficientFunds, Balance is zero", "poor"),
            ("upfront cost exceeds account balance: sender balance not enough funds", "poor"),
            ("exceeds block gas limit", "refused"),
            ("invalid sender", "refused"),
        ] {
            assert_eq!(kind(message), expected, "{message}");
        }
    }

    fn kind(message: &'static str) -> &'static str {
        let payload = serde_json::from_value(serde_json::json!({ "code": -32000, "message": message }));
        match classify(TransportError::ErrorResp(payload.expect("an error"))) {
            Submitted::Accepted => "accepted",
            Submitted::NonceTaken(_) => "nonce",
            Submitted::FeeTooLow(_) => "fee",
            Submitted::CannotPay(_) => "poor",
            Submitted::Refused(_) => "refused",
        }
    }
}
