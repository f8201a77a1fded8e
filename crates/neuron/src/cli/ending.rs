//! How the command ends: a code for each kind of trouble, so that scripts need not read texts.

use std::fmt;

use anyhow::{Error, Result};
use chain::ChainError;
use governance::GovernanceError;
use node::logging;

/// The chain does not answer, or is another one than the network file says.
pub const UNREACHABLE: u8 = 3;
/// What was asked about is not there.
pub const NOT_FOUND: u8 = 4;
/// A contract refused, or nothing could be sent to it.
pub const REFUSED: u8 = 5;
/// `doctor` or `verify` found something wrong.
pub const WRONG: u8 = 6;
/// `delta rebase` left conflicts.
pub const CONFLICTS: u8 = 7;
/// Everything else; wrong usage ends with 2.
const OTHER: u8 = 1;

/// What `neuron --help` says about it.
pub const HELP: &str = "Exit codes: 0 done, 1 another trouble, 2 wrong usage, 3 the chain does not answer or is another one, 4 what was asked \
                        about is not there, 5 a contract refused, 6 doctor or verify found something wrong, 7 a rebase left conflicts.";

/// An error of which it was said how the command ends.
#[derive(Debug)]
struct Sorted {
    code: u8,
    text: String,
}

impl fmt::Display for Sorted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(out)
    }
}

impl std::error::Error for Sorted {}

/// Says how the command ends if this fails.
pub trait Sort<T> {
    /// The same, with a code.
    ///
    /// # Errors
    /// Those that there were.
    fn sort(self, code: u8) -> Result<T>;
}

impl<T> Sort<T> for Result<T> {
    fn sort(self, code: u8) -> Result<T> {
        self.map_err(|error| Error::new(Sorted { code, text: logging::told(&error) }))
    }
}

/// The code that an error ends the command with.
pub fn code_of(error: &Error) -> u8 {
    let causes = || error.chain();
    let sorted = causes().find_map(|cause| cause.downcast_ref::<Sorted>()).map(|sorted| sorted.code);
    let of_chain = || causes().find_map(|cause| cause.downcast_ref::<ChainError>()).map(of_chain);
    let of_network = || causes().find_map(|cause| cause.downcast_ref::<GovernanceError>()).map(of_network);
    sorted.or_else(of_chain).or_else(of_network).unwrap_or(OTHER)
}

fn of_network(error: &GovernanceError) -> u8 {
    match error {
        GovernanceError::Chain(error) => of_chain(error),
        GovernanceError::NotNetwork { .. } => UNREACHABLE,
        _ => OTHER,
    }
}

fn of_chain(error: &ChainError) -> u8 {
    match error {
        ChainError::Reverted(_) | ChainError::CannotPay { .. } => REFUSED,
        ChainError::WrongChain { .. } | ChainError::NoEndpoint | ChainError::BadUrl(_) => UNREACHABLE,
        ChainError::NoContract(_) => NOT_FOUND,
        error if error.is_silence() => UNREACHABLE,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context as _, anyhow};
    use chain::Revert;
    use protocol::Address;

    #[test]
    fn each_kind_of_trouble_ends_with_its_code_whatever_was_said_around_it() {
        let silent = || ChainError::Unreachable { url: "http://x".into(), reason: "refused".into() };
        let revert = Revert { what: "wake".into(), name: "NotAwake".into(), advice: String::new(), transaction: None };
        let other = ChainError::WrongChain { url: "http://x".into(), found: 1, expected: 2 };
        let foreign = GovernanceError::NotNetwork { network: Address::ZERO, reason: "it has no code".into() };
        for (error, code) in [
            (anyhow!("something else"), OTHER),
            (silent().into(), UNREACHABLE),
            (GovernanceError::Chain(silent()).into(), UNREACHABLE),
            (foreign.into(), UNREACHABLE),
            (other.into(), UNREACHABLE),
            (ChainError::Reverted(revert).into(), REFUSED),
            (ChainError::NoContract(Address::ZERO).into(), NOT_FOUND),
            (ChainError::NoAccount.into(), OTHER),
        ] {
            assert_eq!(code_of(&error), code, "{error:#}");
            let told = Err::<(), _>(error).context("group 7 cannot be read").expect_err("it was an error");
            assert_eq!(code_of(&told), code, "{told:#}");
            let sorted = Err::<(), _>(told).sort(NOT_FOUND).context("further").expect_err("it was an error");
            assert_eq!(code_of(&sorted), NOT_FOUND, "{sorted:#}");
        }
    }
}
