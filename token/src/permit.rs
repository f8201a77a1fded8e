//! Leave to take NRN that is signed instead of sent (ERC-2612).

use chain::ChainError;
use chain::convert::{self, to_b256, to_eth, to_u256};
use protocol::eip712::Signature;
use protocol::ids::{Address, Digest, keccak256};
use protocol::money::Wei;

use alloy::primitives::U256;
use alloy::sol_types::SolValue;

use crate::bindings::Neuron as Abi;
use crate::neuron::Neuron;

/// A signed leave: `owner` lets `spender` take `amount` until `deadline_s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    pub owner: Address,
    pub spender: Address,
    pub amount: Wei,
    pub deadline_s: u64,
    pub signature: Signature,
}

impl Permit {
    /// The signature as `v`, `r`, `s`.
    pub fn parts(&self) -> (u8, [u8; 32], [u8; 32]) {
        let mut s = self.signature.vs;
        let odd = s[0] >> 7;
        s[0] &= 0x7f;
        (27 + odd, self.signature.r, s)
    }
}

impl Neuron {
    /// Signs a permit with the connection's account, for the nonce that the token expects next.
    pub async fn sign_permit(&self, spender: Address, amount: Wei, deadline_s: u64) -> Result<Permit, ChainError> {
        let account = self.contract.chain().account()?;
        let owner = account.address();
        let nonce = self.contract.read(&Abi::noncesCall { owner: to_eth(owner) }).await?;
        let separator = self.contract.read(&Abi::DOMAIN_SEPARATORCall {}).await?;
        let kind = keccak256(b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        let fields = (to_b256(Digest(kind)), to_eth(owner), to_eth(spender), to_u256(amount), nonce, U256::from(deadline_s));
        let message = keccak256(&fields.abi_encode());
        let signature = account.sign_hashed(&[&b"\x19\x01"[..], separator.as_slice(), &message].concat()).await?;
        Ok(Permit { owner, spender, amount, deadline_s, signature })
    }

    /// Brings a permit to the chain; anybody can.
    pub async fn permit(&self, permit: &Permit) -> Result<chain::Receipt, ChainError> {
        let (v, r, s) = permit.parts();
        let call = Abi::permitCall {
            owner: to_eth(permit.owner),
            spender: to_eth(permit.spender),
            value: to_u256(permit.amount),
            deadline: U256::from(permit.deadline_s),
            v,
            r: r.into(),
            s: s.into(),
        };
        self.contract.send(&call).await
    }

    /// Permits of `owner` that were used: the nonce of the next one.
    pub async fn permits(&self, owner: Address) -> Result<u64, ChainError> {
        convert::number("nonces", self.contract.read(&Abi::noncesCall { owner: to_eth(owner) }).await?)
    }
}
