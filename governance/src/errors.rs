//! What can go wrong with a network of contracts, and what its refusals mean for the one who called.

use alloy::sol_types::SolInterface;
use chain::ChainError;
use chain::words::{account, nrn, time};
use protocol::ids::Address;

use crate::bindings::INetwork::INetworkErrors as Error;
use crate::bindings::council::Council::CouncilErrors;
use crate::bindings::network::Network::NetworkErrors;

/// A network that cannot be deployed or opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GovernanceError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("{network} is no Neuron network: {reason}; check the address and the chain")]
    NotNetwork { network: Address, reason: String },
    #[error("{waiting} transactions of {account} wait to be mined; wait for them, then deploy again")]
    Waiting { account: Address, waiting: u64 },
    #[error("{found} was deployed where {expected} was foretold; let nothing else use this account, and deploy again")]
    Displaced { expected: Address, found: Address },
}

/// Name and advice for the bytes of a refusal; `None` if it is none of the project's errors.
pub fn explain(data: &[u8]) -> Option<(String, String)> {
    if let Some(explained) = token::explain(data) {
        return Some(explained);
    }
    let selector = data.first_chunk::<4>().copied()?;
    let name = Error::name_by_selector(selector).or_else(|| of_library_name(selector))?;
    let advice = match Error::abi_decode(data) {
        Ok(error) => of_groups(&error)
            .or_else(|| of_rounds(&error))
            .or_else(|| of_claims(&error))
            .or_else(|| of_decided(&error))
            .or_else(|| of_bounties(&error)),
        Err(_) => return Some((name.to_owned(), of_library(data)?)),
    };
    Some((name.to_owned(), advice.unwrap_or_default()))
}

fn of_groups(error: &Error) -> Option<String> {
    Some(match error {
        Error::NoSuchGroup(none) => format!("there is no group {}; groups are numbered from 1, list them", none.group),
        Error::BadTimes(_) => {
            "no time may be 0, an epoch must hold whole rounds, a round fit into the maturity, two periods into the exit".to_owned()
        }
        Error::BadImprove(improve) => format!("`improve` must be from 1 to {}", improve.most),
        Error::NoDataset(_) => "a group needs at least one patch; name it".to_owned(),
        Error::DatasetTooLong(dataset) => format!("start with at most {} patches and add the rest as deltas", dataset.most),
        Error::DatasetInherited(_) => "a fork has its parent's training set; leave the list of patches empty".to_owned(),
        Error::NotAChild(child) if child.parent.is_zero() => "stake moves only to a fork of its group, and that group is none".to_owned(),
        Error::NotAChild(child) => format!("stake moves only to a fork of its group, and that one was forked from group {}", child.parent),
        Error::NotAbsent(_) => {
            "it was present in one of the eight rounds that count, woke after the first of them, or there were less than \
                                ten counted rounds yet; wait for the next one"
                .to_owned()
        }
        Error::SameClaim(_) => "show two verdicts for different claims".to_owned(),
        Error::NotSigned(_) => "one of the verdicts was not signed by the key that signed for this position then; show others".to_owned(),
        Error::OutOfTime(_) => "that round has not begun, is older than an exit, was forgiven when the position was slashed last, or the \
                                position had no stake then; show verdicts of another round"
            .to_owned(),
        _ => return None,
    })
}

fn of_rounds(error: &Error) -> Option<String> {
    Some(match error {
        Error::WrongPhase(now) => format!(
            "it is {} until {}; commit and show presence in TRAIN, reveal and concede in REVEAL, judge in JUDGE",
            phase_word(now.phase),
            time(now.until)
        ),
        Error::WrongRound(now) => {
            format!("round {} runs now; name that one, or for late verdicts and presence the one before it", now.running)
        }
        Error::DepositTooHigh(deposit) => {
            format!(
                "a commit costs {} NRN in this round, which is more than was offered; offer that or let the round pass",
                nrn(deposit.due)
            )
        }
        Error::AlreadyCommitted(commit) => {
            format!("this account made commit {} of the round, and one is all; wait for the next round", commit.number)
        }
        Error::NotSealed(claim) => format!("this account {}", of_status(claim.status)),
        Error::WrongSeal(_) => "file and salt must be those of the commit; open it with them".to_owned(),
        Error::NotBetter(loss) => {
            format!("with this base the loss may be at most {} micronats; train on, or leave the seal closed", loss.most)
        }
        Error::FileWonBefore(_) => "this file has won before; train a new one".to_owned(),
        Error::NoRival(_) => "no claim of that account stands revealed in this round; name one that does, or reveal".to_owned(),
        _ => return None,
    })
}

fn of_claims(error: &Error) -> Option<String> {
    Some(match error {
        Error::NothingRevealed(_) => "nobody revealed a claim in this round; there is nothing to judge".to_owned(),
        Error::NoSuchClaim(_) => "nobody revealed that claim in this round; judge one that was, or 0 for none".to_owned(),
        Error::OtherClaimDecided(decided) if decided.claim.is_zero() => {
            "it is decided that no claim of this round is true, or a measure struck it; bring verdicts for that alone".to_owned()
        }
        Error::OtherClaimDecided(decided) => {
            format!("this round is decided for {}; only verdicts for that are counted, and none once a measure struck it", decided.claim)
        }
        Error::NothingCounted(_) => {
            "nothing that was brought is new and valid; check positions, round or period, and signatures".to_owned()
        }
        Error::RoundNotOver(round) => format!("the round ends at {}; wait until then", time(round.at)),
        Error::NotMature(round) => format!("the round is mature at {}; wait until then", time(round.at)),
        Error::NotWinner(round) if round.winner.is_zero() => "nobody won this round; there is nothing to collect".to_owned(),
        Error::NotWinner(round) => format!("only {} can collect this round, unless a measure struck it", account(round.winner)),
        Error::AlreadyCollected(_) => "the round was collected; nothing is left to do".to_owned(),
        Error::NothingToSettle(_) => "each of them is settled, did not commit, or waits until the round is mature; look them up".to_owned(),
        Error::NothingToAttend(_) => "nobody revealed in that round; there is no presence to show".to_owned(),
        _ => return None,
    })
}

fn of_decided(error: &Error) -> Option<String> {
    of_deltas(error).or_else(|| of_measures(error))
}

fn of_deltas(error: &Error) -> Option<String> {
    Some(match error {
        Error::LastQuarter(period) => format!(
            "proposals closed at {}, with the last quarter of the period; propose after its turn. Only what was displaced may come again",
            time(period.since)
        ),
        Error::WrongParent(set) => format!("the training set is at head {} by now; make the patch anew for that one", set.head),
        Error::BondTooSmall(bond) => format!("a proposal takes a bond of {} NRN at least; offer that", nrn(bond.least)),
        Error::ProposalsFull(bond) if bond.lowest == alloy::primitives::U256::MAX => {
            "sixteen deltas are open, and votes keep all of them; wait for the next period".to_owned()
        }
        Error::ProposalsFull(bond) => {
            format!("sixteen deltas are open; offer a bond above {} NRN, or wait for the next period", nrn(bond.lowest))
        }
        Error::PeriodRunning(period) => format!("the period ends at {}; wait until then", time(period.until)),
        Error::NothingToRefund(_) => {
            "each of them was paid back, taken out by a measure, is open, or does not stand yet; look them up".to_owned()
        }
        _ => return None,
    })
}

fn of_measures(error: &Error) -> Option<String> {
    Some(match error {
        Error::Expired(_) => "the measure has expired; let the signers assent again with a later expiry".to_owned(),
        Error::ExpiryTooFar(expiry) => {
            format!("an assent waits eight epochs at most; sign with an expiry of {} or earlier", time(expiry.latest))
        }
        Error::AlreadyEnacted(_) => "this very measure took effect; for another one like it sign with a new nonce".to_owned(),
        Error::BadArguments(_) => {
            "the arguments have not the length or the range that this kind of measure asks for; write them anew".to_owned()
        }
        Error::Unexpected(expected) => {
            format!("the measure was meant for something else than {}, which is there now; look again and sign a new one", expected.found)
        }
        Error::AlreadyAdmitted(_) => "nothing to do: the group draws on the issue".to_owned(),
        Error::NotAdmitted(_) => "nothing to do: the group does not draw on the issue".to_owned(),
        Error::NotOnTrial(_) => "only the delta that the last turn applied can be taken back, until the next turn".to_owned(),
        Error::NotLower(least) => {
            format!("the least improvement is {} micronats and can only be lowered; sign for fewer", least.present)
        }
        Error::NothingToStrike(_) => "only a decided round that is not collected can be struck, until its maturity".to_owned(),
        Error::SlashedInThisEpoch(_) => "a measure has slashed this position in this epoch; enact this one in the next epoch".to_owned(),
        _ => return None,
    })
}

fn of_bounties(error: &Error) -> Option<String> {
    Some(match error {
        Error::NoSuchBounty(none) => format!("there is no bounty {}; bounties are numbered from 1, list them", none.bounty),
        Error::BadHiddenSet(_) => "a hidden set has 30 to 1,048,576 examples, a root, and a target of at least one micronat".to_owned(),
        Error::RootServedBefore(root) => format!("this hidden set served in bounty {}; seal another one", root.bounty),
        Error::BadTerm(term) => format!(
            "the term must last {} s at least, and be over, with three epochs and the maturity, within an exit; choose another one",
            term.least
        ),
        Error::BountyTooSmall(bounty) => format!("a bounty is at least {}; lock more", nrn(bounty.least)),
        Error::BondBelow(bond) => format!("the bond must be at least {}; give more", nrn(bond.least)),
        Error::NotSponsor(sponsor) => format!("only the sponsor, {}, can unseal; use that account", account(sponsor.sponsor)),
        Error::AlreadyUnsealed(_) => "the hidden set is unsealed already; nothing is left to do".to_owned(),
        Error::NotUnsealable(times) => {
            format!("a hidden set is unsealed from {} on and before {}; come then", time(times.from), time(times.until))
        }
        Error::WrongWindow(window) => format!("that window is epoch {}; bring findings then", window.epoch),
        Error::AlreadyResolved(resolved) => format!("the bounty is decided: {}; nothing else counts", resolved.result),
        Error::NotResolved(_) => "nothing is decided about this bounty; wait for its windows".to_owned(),
        Error::OtherResult(other) => format!("something else was decided: {}; show the result with that hash", other.result),
        Error::NotYet(not) => format!("that is not possible before {}; come then", time(not.at)),
        Error::NothingToPay(_) => "nothing is left to pay, or not yet".to_owned(),
        Error::SameResult(_) => "show two findings for different results".to_owned(),
        _ => return None,
    })
}

/// The codes behind the interface know some errors more: those of the libraries that they use.
fn of_library_name(selector: [u8; 4]) -> Option<&'static str> {
    CouncilErrors::name_by_selector(selector).or_else(|| NetworkErrors::name_by_selector(selector))
}

fn of_library(data: &[u8]) -> Option<String> {
    if let Ok(CouncilErrors::SafeCastOverflowedUintToInt(number)) = CouncilErrors::abi_decode(data) {
        return Some(format!("the number {} is too large; give a smaller one", number.value));
    }
    match NetworkErrors::abi_decode(data).ok()? {
        NetworkErrors::AddressEmptyCode(none) => Some(format!("there is no contract at {}; check the address", account(none.target))),
        NetworkErrors::SafeCastOverflowedIntToUint(number) => Some(format!("the number {} is below 0; give a larger one", number.value)),
        _ => None,
    }
}

fn phase_word(phase: u8) -> &'static str {
    match phase {
        0 => "TRAIN",
        1 => "REVEAL",
        _ => "JUDGE",
    }
}

fn of_status(status: u8) -> &'static str {
    match status {
        0 => "has made no commit in this round; commit in TRAIN of the next one",
        2 => "has revealed its claim already; nothing is left to do",
        3 => "has conceded already; nothing is left to do",
        4 => "has its deposit settled already; nothing is left to do",
        _ => "has a seal in this round; open it",
    }
}

/// An answer or a value that is none of those that the contract and this crate agree on.
pub(crate) fn unreadable(what: &'static str, reason: &str) -> ChainError {
    ChainError::BadAnswer { what, reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::keccak256;
    use serde_json::Value;

    use super::*;

    const ABIS: [&str; 10] = [
        include_str!("../abi/INetwork.json"),
        include_str!("../abi/Network.json"),
        include_str!("../abi/Registry.json"),
        include_str!("../abi/Council.json"),
        include_str!("../abi/Bounties.json"),
        include_str!("../../token/abi/IStake.json"),
        include_str!("../../token/abi/Neuron.json"),
        include_str!("../../token/abi/Emission.json"),
        include_str!("../../token/abi/Sale.json"),
        include_str!("../../token/abi/Purse.json"),
    ];

    /// Signature and number of arguments of each error in an artifact.
    fn errors_of(artifact: &str) -> Vec<(String, usize)> {
        let artifact: Value = serde_json::from_str(artifact).expect("an artifact");
        let entries = artifact["abi"].as_array().expect("an ABI").iter().filter(|entry| entry["type"] == "error");
        let signature = |entry: &Value| {
            let inputs = entry["inputs"].as_array().expect("a list");
            let types: Vec<&str> = inputs.iter().filter_map(|input| input["type"].as_str()).collect();
            (format!("{}({})", entry["name"].as_str().expect("a name"), types.join(",")), types.len())
        };
        entries.map(signature).collect()
    }

    /// What is said about an error whose arguments, or the texts in them, hold nothing but `fill`.
    fn sentence(signature: &str, fill: u8) -> (String, String) {
        let mut data = keccak256(signature)[..4].to_vec();
        let arguments: &[u8] = match signature.ends_with("(string)") {
            true => &[[0; 31].as_slice(), &[32], &[0; 31], &[1], &[b'a' + fill], &[0; 31]].concat(),
            false => &[[0; 31].as_slice(), &[fill]].concat().repeat(3),
        };
        data.extend_from_slice(arguments);
        explain(&data).unwrap_or_else(|| panic!("{signature} is unknown"))
    }

    #[test]
    fn every_error_of_the_contracts_has_a_sentence_that_tells_its_values() {
        for (signature, arguments) in ABIS.into_iter().flat_map(errors_of) {
            let ((name, one), (_, other)) = (sentence(&signature, 1), sentence(&signature, 2));
            assert!(signature.starts_with(&format!("{name}(")), "{signature} is called {name}");
            assert!(one.contains(' ') && !one.ends_with('.'), "{signature}: {one}");
            assert_eq!(one != other, arguments > 0, "{signature}: {one}");
        }
    }

    #[test]
    fn what_means_nobody_or_nothing_is_told_so() {
        let said = |signature: &str| sentence(signature, 0).1;
        assert!(said("NotWinner(address)").contains("nobody won"));
        assert!(said("NotOffered(address)").contains("offered to nobody"));
        assert!(said("OtherClaimDecided(bytes32)").contains("no claim of this round is true"));
        assert!(said("NotAChild(uint256)").contains("that group is none"));
        assert!(said("WrongPhase(uint8,uint256)").starts_with("it is TRAIN until 1970-01-01T00:00:00Z"));
    }
}
