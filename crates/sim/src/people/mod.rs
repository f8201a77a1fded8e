//! What honest people do beside their programs: they write patches and vote for those of others, seal hidden sets and open them.
//!
//! In the product these are acts of the command line, at times that people choose. Here each is a small policy whose choices the seed
//! draws; it looks at the newest block now and then, as somebody does who asks a node.

mod author;
mod sponsor;
mod voter;

use crate::{
    node::{Node, Role},
    plan::Plan,
    world::hands::Hands,
};

/// What somebody does who has NRN and a node without a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Calling {
    /// Proposes patches of the training set.
    Author,
    /// Locks NRN for what rounds improve on a hidden set.
    Sponsor,
}

/// Somebody behind an honest node.
pub trait Person: Send {
    /// His node was told a block, and has come to the end of history.
    fn look(&mut self, own: &mut Hands<'_>);
}

/// Who is behind a node, if that does something in this plan.
pub(crate) fn of(plan: &Plan, number: usize, node: &Node) -> Option<Box<dyn Person>> {
    let votes = node.role == Role::Validator && node.is_honest && plan.people.contains(&Calling::Author);
    match node.calling {
        Some(Calling::Author) => Some(Box::new(author::Author::new(plan, number))),
        Some(Calling::Sponsor) => Some(Box::new(sponsor::Sponsor::new(plan, number))),
        None => votes.then(|| Box::new(voter::Voter::new(plan, number)) as Box<dyn Person>),
    }
}
