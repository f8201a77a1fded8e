//! What the refusals of these contracts mean for the one who called.

use alloy::sol_types::SolInterface;
use protocol::money::Wei;

use crate::bindings::Emission::EmissionErrors;
use crate::bindings::IStake::IStakeErrors;
use crate::bindings::Neuron::NeuronErrors;
use crate::bindings::Sale::SaleErrors;

/// Name and advice for the bytes of a refusal; `None` if it is none of these contracts' errors.
pub fn explain(data: &[u8]) -> Option<(String, String)> {
    if let Ok(error) = NeuronErrors::abi_decode(data) {
        return Some(explain_neuron(&error));
    }
    let selector = data.first_chunk::<4>().copied()?;
    let name = IStakeErrors::name_by_selector(selector)
        .or_else(|| SaleErrors::name_by_selector(selector))
        .or_else(|| EmissionErrors::name_by_selector(selector))?;
    Some((name.to_owned(), advice(name).to_owned()))
}

fn explain_neuron(error: &NeuronErrors) -> (String, String) {
    let name = NeuronErrors::name_by_selector(error.selector()).unwrap_or("unknown");
    let nrn = |amount| chain::convert::wei(amount).unwrap_or(Wei(u128::MAX)).to_nrn();
    let advice = match error {
        NeuronErrors::ERC20InsufficientBalance(short) => {
            format!("this needs {} NRN and the account has {}", nrn(short.needed), nrn(short.balance))
        }
        NeuronErrors::ERC20InsufficientAllowance(short) => {
            format!("approve {} NRN for {} first", nrn(short.needed), short.spender)
        }
        _ => String::new(),
    };
    (name.to_owned(), advice)
}

fn advice(name: &str) -> &'static str {
    match name {
        "NoSuchPosition" => "look the number up in the group's list of positions",
        "NotOwner" => "only the account that bonded this position may do that",
        "NotOwnerOrSigner" => "only the position's owner or its signer may do that",
        "NoConsent" => "the signer must sign `Consent` for this group and owner, or bond by itself",
        "ZeroAmount" => "give an amount above 0",
        "StakeTooSmall" => "a position needs 1/1024 of the group's stake to wake; bond more",
        "AlreadyAwake" => "nothing to do: it is awake, or will be from the next epoch on",
        "NotAwake" => "nothing to do: it rests, or will from the next epoch on",
        "NotEnoughStake" => "the position has less than that; look it up",
        "NothingToWithdraw" => "unbond first",
        "ExitNotOver" => "wait until the exit has passed; the position tells when",
        "SaleOver" => "the deadline has passed; close the sale, then claim",
        "SaleRunning" => "wait for the deadline",
        "AlreadyClosed" => "claim what you bought",
        "NotClosed" => "close the sale first; anybody can, after the deadline",
        "BelowMinimum" => "the sale missed its minimum; take your coins back",
        "MinimumReached" => "the sale reached its minimum; close it and claim",
        "NothingBought" => "nothing is due to this account, or the payment buys less than one wei",
        "SoldOut" => "buy less; there is not that much left",
        "NotSale" | "NotNetwork" => "only the project's own contracts may do that",
        _ => "",
    }
}
