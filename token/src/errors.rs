//! What the refusals of these contracts mean for the one who called.

use alloy::sol_types::SolInterface;
use protocol::money::Wei;

use crate::bindings::Emission::EmissionErrors;
use crate::bindings::IStake::IStakeErrors;
use crate::bindings::Neuron::NeuronErrors;
use crate::bindings::Purse::PurseErrors;
use crate::bindings::Sale::SaleErrors;

/// Name and advice for the bytes of a refusal; `None` if it is none of these contracts' errors.
pub fn explain(data: &[u8]) -> Option<(String, String)> {
    if let Ok(error) = NeuronErrors::abi_decode(data) {
        return Some(explain_neuron(&error));
    }
    let name = name_of(data.first_chunk::<4>().copied()?)?;
    Some((name.to_owned(), advice(name).to_owned()))
}

fn name_of(selector: [u8; 4]) -> Option<&'static str> {
    IStakeErrors::name_by_selector(selector)
        .or_else(|| SaleErrors::name_by_selector(selector))
        .or_else(|| EmissionErrors::name_by_selector(selector))
        .or_else(|| PurseErrors::name_by_selector(selector))
        .or_else(|| NeuronErrors::name_by_selector(selector))
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
        NeuronErrors::ERC2612ExpiredSignature(late) => {
            format!("the permit was good until second {}; sign one with a later deadline", late.deadline)
        }
        _ => advice(name).to_owned(),
    };
    (name.to_owned(), advice)
}

fn advice(name: &str) -> &'static str {
    of_stake(name).or_else(|| of_sale(name)).unwrap_or_else(|| of_all(name))
}

fn of_stake(name: &str) -> Option<&'static str> {
    Some(match name {
        "NoSuchPosition" => "look the number up in the group's list of positions",
        "NotOwner" => "only the account that bonded this position may do that",
        "NotOwnerOrSigner" => "only the position's owner or its signer may do that",
        "NoConsent" => "the signer must sign `Consent` for this group and owner, or bond by itself",
        "SignerUsed" => "this key signs, or signed once, for a position of this group; take a new one",
        "ZeroAmount" => "give an amount above 0",
        "NotWholeGwei" => "stakes have at most nine digits after the point; round the amount",
        "StakeTooSmall" => "a position needs 1/1024 of the group's stake to wake; bond more",
        "AlreadyAwake" => "it is awake, or was in this epoch; if it rests, wake it in the next one",
        "NotAwake" => "nothing to do: it rests, or will from the next epoch on",
        "NotEnoughStake" => "the position has less than that; look it up",
        "NothingToCompound" => "it has earned nothing since its last change",
        "NothingToWithdraw" => "unbond first",
        "ExitNotOver" => "wait until the exit has passed; the position tells when",
        "MovedElsewhere" => "stake moved from here to another position still answers for this one; move there, or after an exit",
        _ => return None,
    })
}

fn of_sale(name: &str) -> Option<&'static str> {
    Some(match name {
        "BadTerms" => "no time, price or least deposit may be 0, and an exit holds at most 31 epochs",
        "SaleOver" => "the deadline has passed; close the sale, then claim",
        "SaleRunning" => "wait for the deadline",
        "AlreadyClosed" => "claim what you bought",
        "NotClosed" => "close the sale first; anybody can, after the deadline",
        "BelowMinimum" => "the sale missed its minimum; take your coins back",
        "MinimumReached" => "the sale reached its minimum; close it and claim",
        "NothingBought" => "nothing is due to this account, or the payment buys less than one wei",
        "SoldOut" | "SupplyTooLarge" => "buy less; there is not that much left",
        "AlreadyOpen" => "the schedule has begun already",
        "FailedCall" => "the account takes no coins; call from one that does",
        "InsufficientBalance" => "the contract has not that many coins; ask again later",
        "ReentrancyGuardReentrantCall" => "a contract called back while it was paid; call from a plain account",
        _ => return None,
    })
}

fn of_all(name: &str) -> &'static str {
    match name {
        "NotSale" | "NotNetwork" | "NotEmission" => "only the project's own contracts may do that",
        "ERC20InvalidReceiver" | "ERC20InvalidSender" | "ERC20InvalidSpender" | "ERC20InvalidApprover" => {
            "the zero address owns nothing; give another one"
        }
        "ERC2612InvalidSigner" | "InvalidAccountNonce" => "the permit is not the owner's next one; sign it again",
        "ECDSAInvalidSignature" | "ECDSAInvalidSignatureLength" | "ECDSAInvalidSignatureS" => "this is no signature; sign again",
        "SafeERC20FailedOperation" => "the token refused; check balance and allowance",
        name if name.starts_with("SafeCast") => "the number is too large; give a smaller one",
        "InvalidShortString" | "StringTooLong" => "this cannot happen to a caller; report it",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_tells_what_to_do() {
        let selectors = IStakeErrors::selectors()
            .chain(SaleErrors::selectors())
            .chain(EmissionErrors::selectors())
            .chain(PurseErrors::selectors())
            .chain(NeuronErrors::selectors());
        for selector in selectors {
            let name = name_of(selector).expect("it has a name");
            let told_elsewhere = ["ERC20InsufficientBalance", "ERC20InsufficientAllowance", "ERC2612ExpiredSignature"].contains(&name);
            assert!(told_elsewhere || !advice(name).is_empty(), "{name}");
        }
    }
}
