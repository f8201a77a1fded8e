//! What people have beside a machine.

/// What somebody does who has NRN and a node without a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calling {
    /// Proposes patches of the training set.
    Author,
    /// Locks NRN for what rounds improve on a hidden set.
    Sponsor,
}
