//! Which node speaks for which account: each says so of the other.

use anyhow::Result;
use chain::Account;
pub use protocol::bindings::Bindings;
use protocol::{
    eip712::{Domain, Node},
    log::{Binding, Body},
};

use crate::member::Member;

/// Says in the group's log that this node speaks for `account`, and that the account agrees.
///
/// # Errors
/// When the log cannot be written.
pub async fn publish(member: &Member, account: &Account, domain: &Domain) -> Result<()> {
    let signature = account.sign(Node { node: member.client.node_id() }, domain).await?.signature;
    let body = Body::Binding(Binding { account: account.address(), signature });
    member.client.append(member.group, body).await?;
    Ok(())
}
