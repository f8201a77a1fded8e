//! A stake position as the contract shows it.

use chain::{ChainError, convert};
use protocol::chain::PositionView;
use protocol::ids::{Address, GroupId, PositionNumber};
use protocol::money::Wei;
use serde::{Deserialize, Serialize};

use crate::bindings::IStake as Abi;

/// A position with what changes at the next epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub number: PositionNumber,
    pub owner: Address,
    /// To whom the owner offers it.
    pub offered: Option<Address>,
    pub signer: Address,
    /// The key that signs from the next epoch on.
    pub signer_next: Address,
    /// Counts in this epoch.
    pub live: Wei,
    /// Counts from the next one.
    pub next: Wei,
    pub awake: bool,
    pub awake_next: bool,
    /// The epoch from which it has been awake since it was woken last.
    pub woken_at: u64,
    /// The epoch before which it may not be awake again.
    pub sleeps_until: u64,
    /// How often its sleep was doubled.
    pub dozed: u64,
    /// Pay that `compound` makes stake.
    pub earned: Wei,
    /// On its way out; withdrawable from `exit_at_s`, slashable until then.
    pub exiting: Wei,
    pub exit_at_s: u64,
    /// What follows that, from `exit_at_later_s`.
    pub exiting_later: Wei,
    pub exit_at_later_s: u64,
    /// End of the epoch of the last slash for signing twice: rounds that began before are forgiven.
    pub forgiven_until_s: u64,
    /// The epoch in which a measure slashed it last, 0 if none did.
    pub slashed_in: u64,
    /// The position of a child group to which stake has moved from here.
    pub heir: Option<(GroupId, PositionNumber)>,
    /// How much did.
    pub moved: Wei,
}

impl Position {
    /// From what the contract's `position` answers.
    ///
    /// # Errors
    /// [`ChainError::BadAnswer`] for a number that is too large for what it counts.
    pub fn read(number: PositionNumber, shown: &Abi::Position) -> Result<Self, ChainError> {
        let amount = |amount| convert::amount("position", amount);
        let count = |number| convert::number("position", number);
        let (group, heir) = (count(shown.heirGroup)?, count(shown.heir)?);
        let offered = convert::address(shown.offered);
        Ok(Self {
            number,
            owner: convert::address(shown.owner),
            offered: (offered != Address::ZERO).then_some(offered),
            signer: convert::address(shown.signer),
            signer_next: convert::address(shown.signerNext),
            live: amount(shown.live)?,
            next: amount(shown.next)?,
            awake: shown.awake,
            awake_next: shown.awakeNext,
            woken_at: count(shown.wokenAt)?,
            sleeps_until: count(shown.sleepsUntil)?,
            dozed: count(shown.dozed)?,
            earned: amount(shown.earned)?,
            exiting: amount(shown.exiting)?,
            exit_at_s: count(shown.exitAt)?,
            exiting_later: amount(shown.exitingLater)?,
            exit_at_later_s: count(shown.exitAtLater)?,
            forgiven_until_s: count(shown.forgivenUntil)?,
            slashed_in: count(shown.slashedIn)?,
            heir: (group != 0).then_some((GroupId(group), PositionNumber(heir))),
            moved: amount(shown.moved)?,
        })
    }

    /// What the machines of a node need of it.
    pub fn view(&self) -> PositionView {
        PositionView {
            number: self.number,
            owner: self.owner,
            offered: self.offered.unwrap_or(Address::ZERO),
            signer: self.signer,
            signer_next: self.signer_next,
            live: self.live,
            next: self.next,
            awake: self.awake,
            awake_next: self.awake_next,
            woken_at: self.woken_at,
            sleeps_until: self.sleeps_until,
            dozed: self.dozed,
            earned: self.earned,
            forgiven_until_s: self.forgiven_until_s,
        }
    }
}
