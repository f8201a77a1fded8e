//! `neuron stake show`, `list` and `earned`: positions, who owns them and signs for them, what they have and what they earned.

use anyhow::Result;
use governance::Network;
use node::network_file::moment;
use protocol::{Address, GroupId, PositionNumber, Wei};
use serde_json::{Value, json};
use token::Position;

use crate::cli::{context::Context, ledger::Ledger, pay};

/// What a position is seen against.
#[derive(Debug, Clone, Copy)]
struct Now {
    group: GroupId,
    epoch: u64,
    now_s: u64,
    /// What is awake in its group.
    awake: Wei,
    /// Who asks, if somebody does.
    own: Option<Address>,
}

impl Now {
    async fn of(network: &Network, group: GroupId, own: Option<Address>) -> Result<Self> {
        let stake = network.stake();
        let (epoch, now_s) = (stake.epoch().await?, network.chain().latest().await?.time_s);
        Ok(Self { group, epoch, now_s, awake: stake.totals(group).await?.awake, own })
    }
}

/// All positions of a group.
pub async fn show(context: &Context, group: GroupId) -> Result<()> {
    let network = context.site().await?.network;
    let now = Now::of(&network, group, context.own_address().await.ok()).await?;
    let mut positions = Vec::new();
    for number in (1..=network.stake().positions(group).await?).map(PositionNumber) {
        positions.push(network.stake().position(group, number).await?);
    }
    let mut told = vec![format!("group {group}, epoch {}", now.epoch)];
    told.extend(positions.iter().flat_map(|position| lines(position, &now)));
    let listed: Vec<Value> = positions.iter().map(|position| data(position, &now)).collect();
    context.answer(&told, &json!({ "group": group, "epoch": now.epoch, "positions": listed }))
}

/// The positions that an account owns or signs for, in all groups.
pub async fn list(context: &Context, account: Option<Address>) -> Result<()> {
    let account = match account {
        Some(account) => account,
        None => context.own_address().await?,
    };
    let network = context.site().await?.network;
    let (mut told, mut listed) = (Vec::new(), Vec::new());
    for group in (1..=network.groups().await?).map(GroupId) {
        let positions = positions_of(&network, group, account).await?;
        if positions.is_empty() {
            continue;
        }
        let now = Now::of(&network, group, Some(account)).await?;
        told.push(format!("group {group}, epoch {}", now.epoch));
        told.extend(positions.iter().flat_map(|position| lines(position, &now)));
        listed.extend(positions.iter().map(|position| data(position, &now)));
    }
    if listed.is_empty() {
        told.push(format!("{account} owns no position and signs for none: `neuron stake bond` makes one"));
    }
    context.answer(&told, &json!({ "account": account, "positions": listed }))
}

async fn positions_of(network: &Network, group: GroupId, account: Address) -> Result<Vec<Position>> {
    let stake = network.stake();
    let mut numbers: std::collections::BTreeSet<_> = stake.positions_of(group, account).await?.into_iter().collect();
    numbers.extend(stake.position_of(group, account).await?);
    let mut positions = Vec::new();
    for number in numbers {
        positions.push(stake.position(group, number).await?);
    }
    Ok(positions)
}

fn state(position: &Position) -> &'static str {
    match (position.awake, position.awake_next) {
        (true, true) => "awake",
        (true, false) => "awake, at rest from the next epoch on",
        (false, true) => "at rest, awake from the next epoch on",
        (false, false) => "at rest",
    }
}

/// A part of a whole in hundredths of a percent, like `12.50 %`.
pub fn percent(part: Wei, whole: Wei) -> String {
    let parts = part.mul_div(10_000, whole.0).0;
    format!("{}.{:02} %", parts / 100, parts % 100)
}

fn lines(position: &Position, now: &Now) -> Vec<String> {
    let number = position.number;
    let place = format!("--group {} --position {number}", now.group);
    let mut lines =
        vec![format!("  {number:>3}  {} NRN now, {} NRN next epoch, {}", position.live.to_nrn(), position.next.to_nrn(), state(position))];
    let mut add = |line: String| lines.push(format!("       {line}"));
    let you = |account: Address| if now.own == Some(account) { " (you)" } else { "" };
    add(format!("owner {}{}, signer {}{}", position.owner, you(position.owner), position.signer, you(position.signer)));
    if position.awake && !now.awake.is_zero() {
        add(format!("{} of what is awake in the group", percent(position.live, now.awake)));
    }
    if let Some(to) = position.offered {
        add(format!("offered to {to}{}", you(to)));
    }
    if position.signer_next != position.signer {
        add(format!("signer from the next epoch on {}{}", position.signer_next, you(position.signer_next)));
    }
    if position.sleeps_until > now.epoch {
        add(format!("put to sleep for its absence: it may be awake again from epoch {} on", position.sleeps_until));
    } else if !position.awake && !position.awake_next && !position.next.is_zero() {
        add(format!("earns nothing at rest: `neuron stake wake {place}`"));
    }
    if !position.earned.is_zero() {
        add(format!("{} NRN earned and not yet stake: `neuron stake compound {place}`", position.earned.to_nrn()));
    }
    if let Some((group, heir)) = position.heir {
        add(format!("{} NRN of its stake moved to position {heir} of group {group}", position.moved.to_nrn()));
    }
    for (amount, exit_at_s) in exits(position) {
        match exit_at_s > now.now_s {
            true => add(format!("{} NRN leave, withdrawable from {} on", amount.to_nrn(), moment(exit_at_s))),
            false => add(format!("{} NRN have left: `neuron stake withdraw {place}`", amount.to_nrn())),
        }
    }
    lines
}

fn exits(position: &Position) -> Vec<(Wei, u64)> {
    let exits = [(position.exiting, position.exit_at_s), (position.exiting_later, position.exit_at_later_s)];
    exits.into_iter().filter(|(amount, _)| !amount.is_zero()).collect()
}

fn data(position: &Position, now: &Now) -> Value {
    let exits: Vec<Value> =
        exits(position).iter().map(|(amount, at_s)| json!({ "amount_wei": amount, "withdrawable_at_s": at_s })).collect();
    json!({
        "group": now.group, "position": position.number, "owner": position.owner, "signer": position.signer,
        "signer_next": position.signer_next, "live_wei": position.live, "next_wei": position.next, "awake": position.awake,
        "awake_next": position.awake_next, "sleeps_until_epoch": position.sleeps_until, "earned_wei": position.earned, "exits": exits,
        "offered": position.offered,
    })
}

/// What an account has earned by stake, by winning, by data and by bounties since the network began.
pub async fn earned(context: &Context, account: Option<Address>) -> Result<()> {
    let account = match account {
        Some(account) => account,
        None => context.own_address().await?,
    };
    let ledger = Ledger::read(&context.site().await?).await?;
    let (mut told, mut listed) = (vec![account.to_string()], Vec::new());
    for group in ledger.groups() {
        for (number, _) in ledger.positions_of(group, account) {
            let Some(income) = ledger.views.income(group, number) else { continue };
            let all = income.earned.saturating_add(income.compounded);
            let (compounded, waiting) = (income.compounded.to_nrn(), income.earned.to_nrn());
            let position = format!("position {number} of group {group}");
            told.push(format!("  {position}  {} NRN by verdicts: {compounded} NRN made stake, {waiting} NRN not yet", all.to_nrn()));
            listed.push(json!({
                "group": group, "position": number, "earned_wei": all, "compounded_wei": income.compounded, "waiting_wei": income.earned,
            }));
        }
    }
    let sums = pay::sums_of(&ledger, account);
    told.push(format!(
        "  to {account} itself  {} NRN for won rounds, {} NRN for deltas, {} NRN of bounties, {} NRN for reports",
        sums.winner.to_nrn(),
        sums.author.to_nrn(),
        sums.bounty.to_nrn(),
        sums.reporter.to_nrn()
    ));
    told.push("  one by one: `neuron receipts`".to_owned());
    context.answer(&told, &json!({ "account": account, "positions": listed, "sums": pay::sums_data(&sums) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        Position {
            number: PositionNumber(3),
            owner: Address([1; 20]),
            offered: None,
            signer: Address([2; 20]),
            signer_next: Address([2; 20]),
            live: Wei::nrn(25),
            next: Wei::nrn(30),
            awake: true,
            awake_next: true,
            woken_at: 1,
            sleeps_until: 0,
            dozed: 0,
            earned: Wei::ZERO,
            exiting: Wei::ZERO,
            exit_at_s: 0,
            exiting_later: Wei::ZERO,
            exit_at_later_s: 0,
            forgiven_until_s: 0,
            slashed_in: 0,
            heir: None,
            moved: Wei::ZERO,
        }
    }

    #[test]
    fn a_position_says_what_it_has_what_leaves_when_and_which_command_comes_next() {
        let now = Now { group: GroupId(1), epoch: 5, now_s: 100, awake: Wei::nrn(200), own: Some(Address([2; 20])) };
        let resting = Position { awake: false, awake_next: false, ..position() };
        for (position, wanted, unwanted) in [
            (position(), "25 NRN now, 30 NRN next epoch, awake", "stake wake"),
            (position(), "12.50 % of what is awake", "withdraw"),
            (position(), "(you)", "compound"),
            (resting, "`neuron stake wake --group 1 --position 3`", "% of"),
            (Position { sleeps_until: 9, ..resting }, "from epoch 9 on", "stake wake"),
            (Position { earned: Wei::nrn(1), ..position() }, "`neuron stake compound --group 1 --position 3`", "withdraw"),
            (
                Position { exiting: Wei::nrn(4), exit_at_s: 101, ..position() },
                "4 NRN leave, withdrawable from 1970-01-01T00:01:41Z on",
                "stake withdraw",
            ),
            (Position { exiting: Wei::nrn(4), exit_at_s: 100, ..position() }, "4 NRN have left: `neuron stake withdraw --group 1", "leave"),
        ] {
            let told = lines(&position, &now).join("\n");
            assert!(told.contains(wanted) && !told.contains(unwanted), "{wanted} and no {unwanted} in {told}");
        }
    }

    #[test]
    fn parts_are_told_in_hundredths_of_a_percent() {
        for (part, whole, wanted) in [(1, 3, "33.33 %"), (3, 3, "100.00 %"), (0, 3, "0.00 %"), (1, 20_000, "0.00 %"), (1, 0, "0.00 %")] {
            assert_eq!(percent(Wei(part), Wei(whole)), wanted);
        }
    }
}
