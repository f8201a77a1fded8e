//! Telling one another the root of the training set: nodes that hold the same set say the same 32 bytes.

use std::time::Duration;

use anyhow::Result;
use protocol::{Digest, log::Body};

use crate::member::Member;

/// First word of such a note in the log.
const WORD: &str = "dataset";

/// Waiting time after the first attempt that failed, doubled after each further one: in all some three hours.
const PAUSE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 11;

/// Builds the set at `head` and notes its root in the group's log, in a task of its own. A patch that nobody gives now is asked for
/// again.
pub fn tell(member: &Member, head: Digest) {
    let member = member.clone();
    tokio::spawn(async move {
        for attempt in 0..ATTEMPTS {
            match note(&member, head).await {
                Ok(()) => return,
                Err(error) if attempt == 0 => tracing::warn!(%head, "no root of the training set yet: {error:#}"),
                Err(error) => tracing::debug!(%head, "no root of the training set yet: {error:#}"),
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(attempt)).await;
        }
        tracing::warn!(%head, "no root of the training set was told: a patch is lost, or no peer that has it is connected");
    });
}

async fn note(member: &Member, head: Digest) -> Result<()> {
    let root = member.set(head).await?.root;
    tracing::info!(%head, %root, "training set");
    let body = Body::Note(format!("{WORD} {head} {root}"));
    member.client.append(member.group, body).await?;
    Ok(())
}

/// Head and root, if a note is about them.
pub fn read(note: &str) -> Option<(Digest, Digest)> {
    let mut words = note.split(' ');
    let is_root = words.next() == Some(WORD);
    let pair = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (is_root && words.next().is_none()).then_some(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_about_a_root_is_read_back_and_any_other_is_not() {
        let (head, root) = (Digest([1; 32]), Digest([2; 32]));
        assert_eq!(read(&format!("dataset {head} {root}")), Some((head, root)));
        for other in ["", "hello", "dataset 0x12 0x34", &format!("dataset {head} {root} more")] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
