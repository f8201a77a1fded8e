//! Why a key file does not open, and what to do about it.

use protocol::ids::Address;

/// What is wrong with a key file. Each text goes on after the file's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("does not open: wrong password, or the file is damaged; try again, or restore it from a backup")]
    WrongPassword,
    #[error("is no key file of version 3 ({0}); restore it from a backup")]
    Malformed(String),
    /// Sound perhaps, but of a kind that is not read.
    #[error("{0}; let the program that wrote it export the private key, and import that")]
    Unsupported(String),
    /// A cost that only an attack or a mistake asks for.
    #[error("asks for {asked}, and {limit} is the most that is given; save it with a smaller cost by the program that wrote it")]
    Costly { asked: String, limit: String },
    /// What it says and what it holds differ.
    #[error(
        "says that it is the key of {named}, and holds the key of {found}; restore it from a backup, or correct its `address` if you know that \
         the second account is yours"
    )]
    Foreign { named: Address, found: Address },
}

impl Refusal {
    pub(super) fn malformed(reason: impl ToString) -> Self {
        Self::Malformed(reason.to_string())
    }
}
