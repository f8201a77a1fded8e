//! `neuron group validators`: who judges in a group, with what share of its stake, and whether it was there lately.

use anyhow::{Context as _, Result};
use protocol::{Address, GroupId, PositionNumber, Wei};
use serde_json::{Value, json};

use crate::cli::{
    context::Context,
    ending::{NOT_FOUND, Sort as _},
    ledger::Ledger,
    stake::percent,
};

/// A position with stake.
#[derive(Debug, Clone, Copy)]
struct Validator {
    position: PositionNumber,
    owner: Address,
    signer: Address,
    stake: Wei,
    awake: bool,
    awake_next: bool,
    sleeps_until: u64,
    /// Of the last rounds that count, those in which it was present, and those for which it was awake.
    present: usize,
    counted: usize,
}

/// All positions of a group that have stake, those with the most first.
///
/// # Errors
/// When the chain does not answer, or there is no such group.
pub async fn run(context: &Context, group: GroupId) -> Result<()> {
    let ledger = Ledger::read(&context.site().await?).await?;
    let shown = ledger.views.group(group).with_context(|| format!("there is no group {group}: `neuron group list` shows which there are"));
    shown.sort(NOT_FOUND)?;
    let (validators, totals) = (all(&ledger, group), ledger.views.stake(group, ledger.now_s));
    let own = context.own_address().await.ok();
    let mut told = vec![format!("group {group}: {} NRN awake of {} NRN bonded", totals.awake.to_nrn(), totals.bonded.to_nrn())];
    told.extend(validators.iter().flat_map(|validator| lines(validator, totals.awake, own)));
    if validators.is_empty() {
        told.push(format!("  nobody has stake here: `neuron stake bond AMOUNT --group {group}`"));
    }
    let listed: Vec<Value> = validators.iter().map(data).collect();
    let data = json!({ "group": group, "awake_wei": totals.awake, "bonded_wei": totals.bonded, "validators": listed });
    context.answer(&told, &data)
}

fn all(ledger: &Ledger, group: GroupId) -> Vec<Validator> {
    let recent = ledger.views.group(group).map(|shown| shown.recent.clone()).unwrap_or_default();
    let one = |position| {
        let shown = ledger.views.position(group, position, ledger.now_s).filter(|shown| !shown.live.is_zero() || !shown.next.is_zero())?;
        let was_awake = |round| ledger.seats(group, round).iter().any(|seat| seat.position == position && seat.awake);
        let counted: Vec<_> = recent.iter().copied().filter(|round| was_awake(*round)).collect();
        let present = counted.iter().filter(|round| ledger.views.judged_by(group, **round, position)).count();
        Some(Validator {
            position,
            owner: shown.owner,
            signer: shown.signer,
            stake: shown.live,
            awake: shown.awake,
            awake_next: shown.awake_next,
            sleeps_until: shown.sleeps_until,
            present,
            counted: counted.len(),
        })
    };
    let mut validators: Vec<Validator> = (1..=ledger.views.positions(group)).map(PositionNumber).filter_map(one).collect();
    validators.sort_by_key(|validator| (std::cmp::Reverse((validator.awake, validator.stake)), validator.position));
    validators
}

fn lines(validator: &Validator, awake: Wei, own: Option<Address>) -> Vec<String> {
    let Validator { position, owner, signer, stake, .. } = *validator;
    let share = if validator.awake { format!("{} of what is awake", percent(stake, awake)) } else { "at rest".to_owned() };
    let change = match (validator.awake, validator.awake_next) {
        (true, false) => ", at rest from the next epoch on",
        (false, true) => ", awake from the next epoch on",
        _ => "",
    };
    let you = if own.is_some_and(|own| own == owner || own == signer) { "  (you)" } else { "" };
    let lately = match validator.counted {
        0 => "none of the last rounds that count fell into its time".to_owned(),
        counted => format!("present in {} of the last {counted} rounds that count", validator.present),
    };
    vec![
        format!("  {position:>3}  {} NRN, {share}{change}{you}", stake.to_nrn()),
        format!("       owner {owner}, signer {signer}"),
        format!("       {lately}"),
    ]
}

fn data(validator: &Validator) -> Value {
    let Validator { position, owner, signer, stake, awake, awake_next, sleeps_until, present, counted } = *validator;
    json!({
        "position": position, "owner": owner, "signer": signer, "stake_wei": stake, "awake": awake, "awake_next": awake_next,
        "sleeps_until_epoch": sleeps_until, "rounds_present": present, "rounds_counted": counted,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_is_told_with_its_share_and_how_often_it_was_there() {
        let (owner, signer) = (Address([1; 20]), Address([2; 20]));
        let validator = Validator {
            position: PositionNumber(3),
            owner,
            signer,
            stake: Wei::nrn(25),
            awake: true,
            awake_next: true,
            sleeps_until: 0,
            present: 7,
            counted: 8,
        };
        for (validator, own, wanted) in [
            (validator, None, "25 NRN, 25.00 % of what is awake"),
            (validator, Some(signer), "(you)"),
            (validator, Some(owner), "(you)"),
            (validator, None, "present in 7 of the last 8 rounds"),
            (Validator { awake_next: false, ..validator }, None, "awake, at rest from the next epoch on"),
            (Validator { awake: false, ..validator }, None, "25 NRN, at rest, awake from the next epoch on"),
            (Validator { counted: 0, ..validator }, None, "none of the last rounds"),
        ] {
            let told = lines(&validator, Wei::nrn(100), own).join("\n");
            assert!(told.contains(wanted), "{wanted} in {told}");
        }
        assert!(!lines(&validator, Wei::nrn(100), Some(Address([3; 20]))).join("\n").contains("you"));
    }
}
