//! What can go wrong with a network of contracts, and what its refusals mean for the one who called.

use chain::ChainError;
use protocol::ids::Address;

use crate::bindings::Network::NetworkErrors;

/// A network that cannot be deployed or opened.
#[derive(Clone, Debug, thiserror::Error)]
pub enum GovernanceError {
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("{network} is no Neuron network: {reason}; check the address and the chain")]
    NotNetwork { network: Address, reason: String },
    #[error("{found} was deployed where {expected} was foretold; let nothing else use this account, and deploy again")]
    Displaced { expected: Address, found: Address },
}

/// Name and advice for the bytes of a refusal; `None` if it is none of the project's errors.
pub fn explain(data: &[u8]) -> Option<(String, String)> {
    if let Some(explained) = token::explain(data) {
        return Some(explained);
    }
    let name = NetworkErrors::name_by_selector(data.first_chunk::<4>().copied()?)?;
    Some((name.to_owned(), advice(name).to_owned()))
}

fn advice(name: &str) -> &'static str {
    match name {
        "NoSuchGroup" => "groups are numbered from 1; list them",
        "BadTimes" => "an epoch must hold whole rounds, a round fit into the maturity, two periods into the exit",
        "BadImprove" => "`improve` must be from 1 to 20",
        "NoDataset" => "a group needs at least one patch",
        "DatasetTooLong" => "start with at most 64 patches and add the rest as deltas",
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
        "NotWinner" => "only the winner of the round can collect",
        "AlreadyCollected" | "NothingToSettle" | "AlreadyRefunded" => "nothing is left to do",
        "LastQuarter" => "propose after the turn of the period",
        "ProposalsFull" => "sixteen deltas with bonds as high are open; wait for the next period",
        "PeriodRunning" => "wait for the end of the period",
        "NoSuchDelta" => "deltas are numbered from 1; list them",
        "NotStanding" => "wait until the delta was dropped, or stands",
        "Expired" => "let the signers assent again with a later expiry",
        "NonceUsed" => "let the signers assent again with a new nonce",
        "NotAscending" => "order the assents by group and position, each once",
        "NoMajority" => "collect assents of more than half of all stake, and at least a tenth of the supply",
        "UnknownMeasure" => "this network knows no such measure yet",
        "AlreadyAdmitted" => "nothing to do: the group draws on the issue",
        _ => "",
    }
}
