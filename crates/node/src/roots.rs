//! Telling one another the root of the training set: nodes that hold the same set say the same 32 bytes.

use protocol::{Digest, log::Body};

use crate::member::Member;

/// First word of such a note in the log.
const WORD: &str = "dataset";

/// Builds the set at `head` and notes its root in the group's log, in a task of its own.
pub fn tell(member: &Member, head: Digest) {
    let member = member.clone();
    tokio::spawn(async move {
        let told = async {
            let root = member.set(head).await?.root;
            tracing::info!(%head, %root, "training set");
            let body = Body::Note(format!("{WORD} {head} {root}"));
            member.client.append(member.group, body).await?;
            anyhow::Ok(())
        };
        if let Err(error) = told.await {
            tracing::warn!(%head, "no root of the training set: {error:#}");
        }
    });
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
