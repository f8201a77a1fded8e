//! The transaction pool: what is offered to it, and what it answers.

use std::sync::atomic::{AtomicBool, Ordering};

use alloy::consensus::SignableTransaction;
use alloy::eips::Encodable2718;
use alloy::network::NetworkTransactionBuilder;
use alloy::primitives::{Bytes, Signature};
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::types::TransactionRequest;
use protocol::ids::Digest;

use crate::account::Account;
use crate::convert;
use crate::error::{ChainError, Failed};
use crate::failure::{Failure, OFFER};
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
    NonceTaken(Failed),
    FeeTooLow(Failed),
    /// It may be taken once others are mined.
    Later(Failed),
    Failed(Failed),
}

/// Offers the same bytes until the pool has answered. An answer that never came counts as accepted: the bytes may have
/// arrived, so their nonce is spent, and the flight offers them again.
pub(crate) async fn submit(reader: &Reader, offer: &Offer) -> Submitted {
    let maybe_arrived = AtomicBool::new(false);
    let send = |provider: RootProvider| {
        let (raw, maybe_arrived) = (&offer.raw, &maybe_arrived);
        async move {
            let sent = provider.send_raw_transaction(raw).await.map(drop);
            let is_lost = sent.as_ref().is_err_and(|cause| matches!(Failure::of(OFFER, cause), Failure::Overloaded));
            maybe_arrived.fetch_or(is_lost, Ordering::Relaxed);
            sent
        }
    };
    let Err(failed) = reader.try_ask(OFFER, send).await else { return Submitted::Accepted };
    use Failure as F;
    match failed.means {
        F::Held => Submitted::Accepted,
        F::NonceTaken if is_known(reader, offer).await => Submitted::Accepted,
        F::NonceTaken => Submitted::NonceTaken(failed),
        F::FeeTooLow => Submitted::FeeTooLow(failed),
        F::PoolFull => Submitted::Later(failed),
        F::Refused => Submitted::Failed(failed),
        F::TryAgain | F::Overloaded | F::Slower | F::AskAnother | F::WaitForHead | F::Narrow | F::Forgotten => {
            if maybe_arrived.into_inner() { Submitted::Accepted } else { Submitted::Failed(failed) }
        }
    }
}

/// A first attempt whose answer was lost may have been mined before the second.
async fn is_known(reader: &Reader, offer: &Offer) -> bool {
    let hash = [convert::to_b256(offer.hash)];
    // Only whether it is there: chains differ in what they tell of a transaction.
    let get = |provider: RootProvider| async move {
        provider.raw_request::<_, Option<serde_json::Value>>("eth_getTransactionByHash".into(), hash).await
    };
    reader.try_ask("eth_getTransactionByHash", get).await.is_ok_and(|transaction| transaction.is_some())
}
