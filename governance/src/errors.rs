//! What can go wrong with a network of contracts, and what its refusals mean for the one who called.

use chain::ChainError;
use protocol::ids::Address;

use crate::bindings::INetwork::INetworkErrors;
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
    let name = name_of(data.first_chunk::<4>().copied()?)?;
    Some((name.to_owned(), advice(name).to_owned()))
}

/// The codes behind the interface know some errors more: those of the libraries that they use.
fn name_of(selector: [u8; 4]) -> Option<&'static str> {
    INetworkErrors::name_by_selector(selector)
        .or_else(|| CouncilErrors::name_by_selector(selector))
        .or_else(|| NetworkErrors::name_by_selector(selector))
}

fn advice(name: &str) -> &'static str {
    of_groups(name).or_else(|| of_rounds(name)).or_else(|| of_deltas(name)).or_else(|| of_measures(name)).unwrap_or_else(|| of_all(name))
}

fn of_groups(name: &str) -> Option<&'static str> {
    Some(match name {
        "NoSuchGroup" => "groups are numbered from 1; list them",
        "BadTimes" => "an epoch must hold whole rounds, a round fit into the maturity, two periods into the exit",
        "BadImprove" => "`improve` must be from 1 to 20",
        "NoDataset" => "a group needs at least one patch",
        "DatasetTooLong" => "start with at most 64 patches and add the rest as deltas",
        "DatasetInherited" => "a fork has its parent's training set; leave the list of patches empty",
        "NotAChild" => "stake moves only to a group that was forked from its own",
        _ => return None,
    })
}

fn of_rounds(name: &str) -> Option<&'static str> {
    Some(match name {
        "WrongPhase" => "this round is in another phase; look at the group's clock",
        "AlreadyCommitted" => "one commit per trainer and round; wait for the next one",
        "NotSealed" => "commit first, in the TRAIN phase of the same round",
        "WrongSeal" => "file and salt must be those of the commit",
        "NotBetter" => "the loss must fall by at least max(1, base >> improve)",
        "FileBoundElsewhere" => "this file was revealed in another group first; train one of your own",
        "FileWonBefore" => "this file has won before; train a new one",
        "NoSuchClaim" => "nobody revealed that claim in this round",
        "NotDecisive" => "collect verdicts of more than 2/3 of the awake stake for one claim",
        "OtherClaimDecided" => "this round is decided; only verdicts for the same claim are counted now",
        "NothingCounted" => "no verdict was new and valid; check positions, round and signatures",
        "RoundNotOver" => "wait for the end of the round",
        "NotMature" => "wait until the maturity has passed since the end of the round",
        "NotWinner" => "only the winner of the round can collect, unless a measure struck it",
        "AlreadyCollected" | "NothingToSettle" => "nothing is left to do",
        "NothingToAttend" => "the round before this one was decided, or nobody revealed in it",
        "NotEnoughPresent" => "collect verdicts of more than half of the awake stake, for whatever claims",
        "NotAbsent" => "it was present in one of the last eight counted rounds, or woke after them",
        "SameClaim" => "show two verdicts for different claims",
        "NotSigned" => "one of the verdicts was not signed by the key that signed for this position then",
        "OutOfTime" => "that round has not begun, is too old, or was forgiven when the position was slashed last",
        _ => return None,
    })
}

fn of_deltas(name: &str) -> Option<&'static str> {
    Some(match name {
        "LastQuarter" => "propose after the turn of the period",
        "BondTooSmall" => "offer at least the least bond of the group",
        "ProposalsFull" => "sixteen deltas with bonds as high are open; offer more, or wait for the next period",
        "PeriodRunning" => "wait for the end of the period",
        "NoSuchDelta" => "deltas are numbered from 1; list them",
        "NotStanding" => "wait until the delta was dropped, or stands",
        "AlreadyRefunded" => "nothing is left to do",
        "TakenBack" => "a measure took the delta out of the set; its bond is gone",
        _ => return None,
    })
}

fn of_measures(name: &str) -> Option<&'static str> {
    Some(match name {
        "Expired" => "let the signers assent again with a later expiry",
        "NonceUsed" => "this very measure was enacted; for another one like it the signers assent with a new nonce",
        "NotAscending" => "order the assents by group and position, each once",
        "NoMajority" => "collect assents of more than half of the stake that decides; for all stake at least a tenth of the supply",
        "BadArguments" => "the arguments have not the length or the range that this kind of measure asks for",
        "AlreadyAdmitted" => "nothing to do: the group draws on the issue",
        "NotAdmitted" => "nothing to do: the group does not draw on the issue",
        "NotOnTrial" => "only the delta that the last turn applied can be taken back, until the next turn",
        "NothingToStrike" => "only a won round that is not collected can be struck, until its maturity",
        _ => return None,
    })
}

fn of_all(name: &str) -> &'static str {
    match name {
        name if name.starts_with("SafeCast") => "a number is too large; give a smaller one",
        "SafeERC20FailedOperation" => "the token refused; check balance and allowance",
        "InvalidShortString" | "StringTooLong" => "this cannot happen to a caller; report it",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolInterface;

    use super::*;

    #[test]
    fn every_refusal_tells_what_to_do() {
        let selectors = INetworkErrors::selectors().chain(CouncilErrors::selectors()).chain(NetworkErrors::selectors());
        for selector in selectors {
            let (name, advice) = explain(&selector).expect("it has a name");
            assert!(!advice.is_empty(), "{name}");
        }
    }
}
