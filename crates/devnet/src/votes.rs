//! What the votes of a devnet are made with.

use node::Member;
use protocol::GroupId;

use crate::{
    actors::{Cast, Hands},
    bounty::Sponsor,
    news::Teller,
};

/// What the votes of a devnet need.
pub struct Votes {
    pub group: GroupId,
    pub cast: Cast,
    pub hands: Hands,
    pub sponsor: Option<Sponsor>,
    pub member: Member,
    pub teller: Teller,
}
