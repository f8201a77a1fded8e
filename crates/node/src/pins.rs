//! What a node keeps of its group is pinned in the store: the fold is `protocol::keeping`, here it meets the disk.

use std::collections::{BTreeMap, BTreeSet};

use protocol::{
    Digest,
    keeping::{Keeping, Reason},
    machine::Heard,
};
use tokio::sync::watch;

use crate::member::Member;

/// Which files stay for which reason.
type Wanted = BTreeMap<Reason, BTreeSet<Digest>>;

/// See the module. What it finds is written by a task of its own, which ends with it.
pub struct Keeper {
    member: Member,
    keeping: Keeping,
    head: Digest,
    is_live: bool,
    /// Whether something was heard since the last block.
    has_changed: bool,
    wanted: watch::Sender<Wanted>,
}

impl Keeper {
    /// For a member's group; nothing is pinned or given free before history was heard.
    pub fn start(member: Member) -> Self {
        let (wanted, wants) = watch::channel(Wanted::new());
        tokio::spawn(pin(member.clone(), wants));
        Self { member, keeping: Keeping::default(), head: Digest::ZERO, is_live: false, has_changed: false, wanted }
    }

    /// Takes one thing heard; with a block, what is to be kept is looked at anew.
    pub async fn hear(&mut self, heard: &Heard) {
        match heard {
            Heard::Restart => (self.keeping, self.is_live) = (Keeping::default(), false),
            Heard::Group(view) => {
                self.keeping.see(view);
                (self.head, self.has_changed) = (view.head, true);
            }
            Heard::Event { event, .. } => {
                self.keeping.note(event);
                self.has_changed = true;
            }
            Heard::Live => self.is_live = true,
            Heard::Block(_) if self.is_live && self.has_changed => {
                self.has_changed = false;
                self.tell().await;
            }
            Heard::Block(_) | Heard::Log { .. } | Heard::Double { .. } => {}
        }
    }

    async fn tell(&self) {
        let mut wanted: Wanted = Reason::ALL.iter().map(|reason| (*reason, self.keeping.files(*reason))).collect();
        wanted.entry(Reason::Patches).or_default().extend(self.member.patches(self.head).await);
        self.wanted.send_if_modified(|held| std::mem::replace(held, wanted.clone()) != wanted);
    }
}

/// What the store is told: one line of its list for each file.
async fn pin(member: Member, mut wants: watch::Receiver<Wanted>) {
    let mut told = Wanted::new();
    while wants.changed().await.is_ok() {
        let wanted = wants.borrow_and_update().clone();
        for (reason, files) in &wanted {
            if told.get(reason) == Some(files) {
                continue;
            }
            let name = format!("{} of group {}", reason.name(), member.group);
            match member.client.pin_only(&name, files.clone()).await {
                Ok(()) => _ = told.insert(*reason, files.clone()),
                Err(error) => tracing::warn!("files that must stay are not pinned: {error}"),
            }
        }
    }
}
