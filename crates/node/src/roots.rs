//! Telling one another the root of the training set: nodes that hold the same set say the same 32 bytes.

use std::time::Duration;

use anyhow::Result;
use protocol::{Digest, log::Body};

use crate::member::Member;

/// Waiting time after the first attempt that failed, doubled after each further one: in all some three hours.
const PAUSE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 11;

/// Builds the set at `head` and tells its root in the group's log, in a task of its own. A patch that nobody gives now is asked for
/// again.
pub fn tell(member: &Member, head: Digest) {
    let member = member.clone();
    tokio::spawn(async move {
        for attempt in 0..ATTEMPTS {
            match try_to_tell(&member, head).await {
                Ok(()) => return,
                Err(error) if attempt == 0 => tracing::warn!(%head, "no root of the training set yet: {error:#}"),
                Err(error) => tracing::debug!(%head, "no root of the training set yet: {error:#}"),
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
        }
        tracing::warn!(%head, "no root of the training set was told: a patch is lost, or no peer that has it is connected");
    });
}

async fn try_to_tell(member: &Member, head: Digest) -> Result<()> {
    let root = member.set(head).await?.root;
    tracing::info!(%head, %root, "training set");
    member.client.append(member.group, Body::Dataset { head, root }).await?;
    Ok(())
}
