//! What the refusals of these contracts mean for the one who called.

use alloy::sol_types::SolInterface;
use chain::words::{account, nrn, time};

use crate::bindings::Emission::EmissionErrors;
use crate::bindings::IStake::IStakeErrors;
use crate::bindings::Neuron::NeuronErrors;
use crate::bindings::Purse::PurseErrors;
use crate::bindings::Sale::SaleErrors;

/// Name and advice for the bytes of a refusal; `None` if it is none of these contracts' errors.
pub fn explain(data: &[u8]) -> Option<(String, String)> {
    let selector = data.first_chunk::<4>().copied()?;
    let told = |name: Option<&str>, advice: String| Some((name.unwrap_or("unknown").to_owned(), advice));
    if let Ok(error) = IStakeErrors::abi_decode(data) {
        return told(IStakeErrors::name_by_selector(selector), of_stake(&error));
    }
    if let Ok(error) = SaleErrors::abi_decode(data) {
        return told(SaleErrors::name_by_selector(selector), of_sale(&error));
    }
    if let Ok(error) = EmissionErrors::abi_decode(data) {
        return told(EmissionErrors::name_by_selector(selector), of_emission(&error));
    }
    if let Ok(error) = PurseErrors::abi_decode(data) {
        return told(PurseErrors::name_by_selector(selector), of_purse(&error));
    }
    let error = NeuronErrors::abi_decode(data).ok()?;
    told(NeuronErrors::name_by_selector(selector), of_neuron(&error))
}

fn of_stake(error: &IStakeErrors) -> String {
    use IStakeErrors as Error;
    match error {
        // The sale refuses its terms by an error of the same name.
        Error::BadTerms(_) => "no time, price, minimum or least deposit may be 0, an exit lasts at most 29 epochs, and the sale must \
                               end later than now"
            .to_owned(),
        Error::NoSuchPosition(none) => {
            format!("group {} has no position {}; look the number up in its list of positions", none.group, none.position)
        }
        Error::NotOwner(of) => format!("only the position's owner may do that: call as {}", account(of.owner)),
        Error::NotOwnerOrSigner(of) => {
            format!("only the position's owner or its signer may do that: call as {} or {}", account(of.owner), account(of.signer))
        }
        Error::NotOffered(offer) if offer.to.is_zero() => "this position is offered to nobody; its owner must offer it first".to_owned(),
        Error::NotOffered(offer) => format!("this position is offered to {}; accept it as that account", account(offer.to)),
        Error::NoConsent(by) => format!("{} must sign `Consent` for this group and owner, or bond by itself", account(by.signer)),
        Error::SignerUsed(by) => {
            format!("this key signs, or signed once, for position {} of this group; take a new one", by.position)
        }
        Error::SignerCannotJudge(by) => {
            format!("{} is a contract, which can vote and assent but not judge; rotate to a key that signs its consent", account(by.signer))
        }
        Error::StakeTooSmall(stake) => {
            format!("it takes {} NRN in this group to be awake, and the position has {}; bond more", nrn(stake.least), nrn(stake.own))
        }
        Error::AsleepUntil(sleep) => {
            format!("it was put to sleep and may be awake again from epoch {} on; wake it in the epoch before that", sleep.epoch)
        }
        Error::NotEnoughStake(stake) => format!("the position has {} NRN; take out no more than that", nrn(stake.own)),
        Error::ExitNotOver(exit) => format!("it can be withdrawn from {} on; wait until then", time(exit.at)),
        Error::MovedElsewhere(stake) => format!(
            "stake that moved from here to another group answers for this position until {}; move more of it then",
            time(stake.until)
        ),
        Error::NotWholeGwei(stake) => {
            format!("stakes have at most nine digits after the point; round the {} NRN", nrn(stake.amount))
        }
        Error::ZeroAmount(_) => "give an amount above 0".to_owned(),
        Error::AlreadyAwake(_) => "it is awake, or was in this epoch; if it rests, wake it in the next one".to_owned(),
        Error::NotAwake(_) => "nothing to do: it rests or sleeps, or will from the next epoch on".to_owned(),
        Error::NothingToCompound(_) => "it has earned nothing since its last change; wait for a round that pays it".to_owned(),
        Error::NothingToWithdraw(_) => "nothing of it is on its way out; unbond first".to_owned(),
    }
}

fn of_sale(error: &SaleErrors) -> String {
    use SaleErrors as Error;
    match error {
        Error::SaleOver(sale) => format!("the sale ended at {}; close it, then claim", time(sale.since)),
        Error::SaleRunning(sale) => format!("the sale runs until {}; wait until then", time(sale.until)),
        Error::AlreadyClosed(_) => "the sale was closed; claim what you bought".to_owned(),
        Error::NotClosed(_) => "close the sale first; anybody can, after the deadline".to_owned(),
        Error::BelowMinimum(sale) => format!("{} NRN were missing to the minimum; take your coins back", nrn(sale.missing)),
        Error::MinimumReached(sale) => format!(
            "the sale reached its minimum; close it and claim. If nobody closes it, coins come back from {} on",
            time(sale.refundsFrom)
        ),
        Error::NothingBought(_) => "nothing is due to this account, or the payment buys less than one wei".to_owned(),
        Error::SoldOut(sale) => format!("{} NRN are left; buy no more than that", nrn(sale.left)),
        Error::BadTerms(_) => "no price or minimum may be 0, and the sale must end later than now".to_owned(),
        Error::FailedCall(_) => "the account takes no coins, or a call in it failed without a reason; call from a plain account".to_owned(),
        Error::InsufficientBalance(coins) => {
            format!("this needs {} coins and the contract has {}; ask again later", nrn(coins.needed), nrn(coins.balance))
        }
        Error::ReentrancyGuardReentrantCall(_) => "a contract called back while it was paid; call from a plain account".to_owned(),
        Error::SafeERC20FailedOperation(failed) => format!("the token {} refused; check balance and allowance", account(failed.token)),
    }
}

fn of_emission(error: &EmissionErrors) -> String {
    use EmissionErrors as Error;
    match error {
        Error::AlreadyOpen(_) => "the schedule has begun already; nothing is left to do".to_owned(),
        Error::NotNetwork(_) => "only the contract `Network` may do that; call it there".to_owned(),
        Error::NotSale(_) => "only the contract `Sale` may do that; close the sale there".to_owned(),
        Error::SupplyTooLarge(_) => "the schedule cannot count so much NRN; sell less".to_owned(),
        Error::SafeCastOverflowedUintDowncast(number) => {
            format!("the number {} does not fit into {} bits; give a smaller one", number.value, number.bits)
        }
    }
}

fn of_purse(error: &PurseErrors) -> String {
    match error {
        PurseErrors::NotNetwork(_) => "only the contract `Network` may do that; call it there".to_owned(),
    }
}

fn of_neuron(error: &NeuronErrors) -> String {
    use NeuronErrors as Error;
    match error {
        Error::ERC20InsufficientBalance(short) => {
            format!("this needs {} NRN and {} has {}; get the rest first", nrn(short.needed), account(short.sender), nrn(short.balance))
        }
        Error::ERC20InsufficientAllowance(short) => {
            format!("approve {} NRN for {} first, which may take {} now", nrn(short.needed), account(short.spender), nrn(short.allowance))
        }
        Error::ERC2612ExpiredSignature(late) => {
            format!("the permit was good until {}; sign one with a later deadline", time(late.deadline))
        }
        Error::ERC2612InvalidSigner(by) => {
            format!("the permit was signed by {}, not by {}; sign it again as that account", account(by.signer), account(by.owner))
        }
        Error::InvalidAccountNonce(next) => {
            format!("the next permit of {} has number {}; sign it again with that", account(next.account), next.currentNonce)
        }
        Error::ERC20InvalidReceiver(zero) => format!("{} takes no NRN; give another account", account(zero.receiver)),
        Error::ERC20InvalidSender(zero) => format!("{} owns no NRN; give another account", account(zero.sender)),
        Error::ERC20InvalidSpender(zero) => format!("{} can take no NRN; give another account", account(zero.spender)),
        Error::ERC20InvalidApprover(zero) => format!("{} can allow nothing; give another account", account(zero.approver)),
        Error::ECDSAInvalidSignature(_) => "this is no signature; sign again".to_owned(),
        Error::ECDSAInvalidSignatureLength(bad) => format!("a signature of {} bytes is none; sign again", bad.length),
        Error::ECDSAInvalidSignatureS(bad) => format!("the signature's s, {}, is the higher one of two; sign again", bad.s),
        Error::NotEmission(_) => "only the contract `Emission` may do that; NRN are made there alone".to_owned(),
        Error::InvalidShortString(_) => "a text in the contract's code is none; report it".to_owned(),
        Error::StringTooLong(text) => format!("the text `{}` is too long for the contract's code; report it", text.str),
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::{Address, U256};
    use alloy::sol_types::SolError;

    use super::*;
    use crate::bindings::{IStake, Neuron};

    #[test]
    fn a_refusal_tells_its_values_as_people_read_them() {
        let nrn = |whole: u64| U256::from(whole) * U256::from(1_000_000_000_000_000_000_u64);
        let small = IStake::StakeTooSmall { own: nrn(3), least: nrn(5) };
        let expected = "it takes 5 NRN in this group to be awake, and the position has 3; bond more";
        assert_eq!(explain(&small.abi_encode()), Some(("StakeTooSmall".to_owned(), expected.to_owned())));
        let exit = IStake::ExitNotOver { at: U256::from(951_868_799) };
        assert_eq!(explain(&exit.abi_encode()).expect("known").1, "it can be withdrawn from 2000-02-29T23:59:59Z on; wait until then");
        let owner = Address::repeat_byte(0xab);
        let poor = Neuron::ERC20InsufficientBalance { sender: owner, balance: nrn(1), needed: nrn(2) };
        let expected = format!("this needs 2 NRN and {} has 1; get the rest first", owner.to_checksum(None));
        assert_eq!(explain(&poor.abi_encode()).expect("known").1, expected);
    }

    #[test]
    fn what_is_no_refusal_of_these_contracts_is_left_to_others() {
        for data in [&[][..], &[1, 2, 3], &[0xff; 4], &[0xff; 36]] {
            assert_eq!(explain(data), None, "{data:?}");
        }
    }
}
