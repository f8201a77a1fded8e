//! What honest people do beside their programs: they write patches and vote for those of others, seal hidden sets and open them.
//!
//! In the product these are acts of the command line, at times that people choose. Here each is a small policy whose choices the seed
//! draws; it looks at the newest block now and then, as somebody does who asks a node.

mod author;
mod sponsor;
mod voter;

pub(crate) use voter::ENOUGH;

use crate::{
    calling::Calling,
    node::{Node, Role},
    plan::Plan,
    world::people::Person,
};

/// Who is behind a node, if that does something in this plan.
pub fn of(plan: &Plan, number: usize, node: &Node) -> Option<Box<dyn Person>> {
    let votes = node.role == Role::Validator && node.is_honest && plan.people.contains(&Calling::Author);
    match node.calling {
        Some(Calling::Author) => Some(Box::new(author::Author::new(plan, number))),
        Some(Calling::Sponsor) => Some(Box::new(sponsor::Sponsor::new(plan, number))),
        None => votes.then(|| Box::new(voter::Voter::new(plan, number)) as Box<dyn Person>),
    }
}
