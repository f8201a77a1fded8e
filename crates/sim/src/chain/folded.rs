//! A group as the fold of the contracts' events tells it.

use protocol::chain::{GroupView, PositionView};
use protocol::ids::{GroupId, PositionNumber};
use protocol::rules::NEWEST;
use views::Views;

/// The group at `now_s`; `None` if there is none.
pub(super) fn view(views: &Views, id: GroupId, now_s: u64) -> Option<GroupView> {
    let (group, terms) = (views.group(id)?, views.terms());
    let (newest, recent) = group.recent.split_at(group.recent.len().min(NEWEST));
    let positions = (1..=views.positions(id)).map(|number| position(views, id, PositionNumber(number), now_s));
    Some(GroupView {
        id,
        name: group.name,
        genesis_s: terms.genesis_s,
        times: group.times,
        improve: group.improve,
        least: group.least,
        manifest: group.manifest,
        checkpoint: group.checkpoint,
        head: group.head,
        admitted: group.admitted,
        parent: group.parent,
        voids: group.voids,
        opened: group.opened,
        counted: group.counted,
        newest: newest.to_vec(),
        recent: recent.to_vec(),
        applied: group.applied,
        period_s: group.period_s,
        period_next_s: group.period_next_s,
        period_number: group.period_number,
        period_end_s: group.period_end_s,
        extended_s: group.extended_s,
        maturity_s: terms.maturity_s,
        min_deposit: terms.min_deposit,
        least_deposit: views.least_deposit(id, now_s)?,
        epoch_s: terms.epoch_s,
        exit_s: terms.exit_s,
        positions: positions.collect::<Option<_>>()?,
    })
}

fn position(views: &Views, group: GroupId, number: PositionNumber, now_s: u64) -> Option<PositionView> {
    let position = views.position(group, number, now_s)?;
    Some(PositionView {
        number,
        owner: position.owner,
        offered: position.offered,
        signer: position.signer,
        signer_next: position.signer_next,
        live: position.live,
        next: position.next,
        awake: position.awake,
        awake_next: position.awake_next,
        woken_at: position.woken_at,
        sleeps_until: position.sleeps_until,
        dozed: position.dozed,
        earned: position.earned,
        forgiven_until_s: position.forgiven_until_s,
    })
}
