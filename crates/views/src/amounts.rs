//! Sums of amounts that cannot pass their limits, and amounts by account.

use std::collections::BTreeMap;

use protocol::ids::Address;
use protocol::money::Wei;

use crate::log::{Fit, Misfit};

pub(crate) fn amount_of(amounts: &BTreeMap<Address, Wei>, account: Address) -> Wei {
    amounts.get(&account).copied().unwrap_or_default()
}

pub(crate) fn give(amounts: &mut BTreeMap<Address, Wei>, account: Address, amount: Wei) -> Fit {
    let sum = added(amount_of(amounts, account), amount)?;
    put(amounts, account, sum);
    Ok(())
}

pub(crate) fn take(amounts: &mut BTreeMap<Address, Wei>, account: Address, amount: Wei) -> Fit {
    let rest = taken(amount_of(amounts, account), amount)?;
    put(amounts, account, rest);
    Ok(())
}

fn put(amounts: &mut BTreeMap<Address, Wei>, account: Address, amount: Wei) {
    match amount.is_zero() {
        true => drop(amounts.remove(&account)),
        false => drop(amounts.insert(account, amount)),
    }
}

pub(crate) fn added(sum: Wei, amount: Wei) -> Fit<Wei> {
    sum.checked_add(amount).ok_or(Misfit("brings a sum above 2^128"))
}

pub(crate) fn taken(sum: Wei, amount: Wei) -> Fit<Wei> {
    sum.checked_sub(amount).ok_or(Misfit("takes more than there was"))
}
