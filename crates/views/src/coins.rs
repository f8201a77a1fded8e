//! NRN, the schedule of its issue, the sale and the purse.

use protocol::ids::Address;
use protocol::money::Wei;
use protocol::rules;

use crate::amounts::{added, amount_of, give, take, taken};
use crate::bindings::{Emission, Neuron, Purse, Sale};
use crate::log::{Fit, Moment};
use crate::read::{address, count, wei};
use crate::shown::SaleTerms;
use crate::state::{EmissionState, Views};

impl SaleTerms {
    fn of(event: &Sale::Begun) -> Fit<Self> {
        Ok(Self { price: wei(event.price)?, deadline_s: count(event.deadline)?, minimum: wei(event.minimum)? })
    }
}

impl Views {
    /// NRN that exist.
    pub fn supply(&self) -> Wei {
        self.neuron.supply
    }

    /// NRN of an account.
    pub fn balance(&self, of: Address) -> Wei {
        amount_of(&self.neuron.balances, of)
    }

    /// The accounts that have NRN, and how much.
    pub fn balances(&self) -> impl Iterator<Item = (Address, Wei)> {
        self.neuron.balances.iter().map(|(account, amount)| (*account, *amount))
    }

    /// Close of the sale, seconds since 1970; 0 before it.
    pub fn start_s(&self) -> u64 {
        self.emission.start_s
    }

    /// The era at `now_s`; 0 before the sale closed.
    pub fn era(&self, now_s: u64) -> u64 {
        rules::era(now_s, self.emission.start_s)
    }

    /// NRN that could be issued at `now_s`.
    pub fn allowance(&self, now_s: u64) -> Wei {
        let EmissionState { start_s, accrued_s, allowance } = self.emission;
        allowance.saturating_add(rules::allowance_growth(self.neuron.supply, start_s, accrued_s, now_s))
    }

    /// What the sale was deployed with.
    pub fn sale_terms(&self) -> &SaleTerms {
        &self.sale.terms
    }

    /// NRN sold so far.
    pub fn sold(&self) -> Wei {
        self.sale.sold
    }

    /// Whether the sale was closed.
    pub fn closed(&self) -> bool {
        self.sale.closed
    }

    /// NRN that an account has bought and not claimed.
    pub fn bought(&self, buyer: Address) -> Wei {
        amount_of(&self.sale.bought, buyer)
    }

    /// What an account has paid in the sale and not got back, wei of the chain's coin.
    pub fn paid(&self, buyer: Address) -> Wei {
        amount_of(&self.sale.paid, buyer)
    }

    /// What the purse was sent and has not paid out, wei of the chain's coin. Coins can be forced upon it without a log.
    pub fn purse(&self) -> Wei {
        self.purse.received.saturating_sub(self.purse.given)
    }

    /// The most that the purse pays for a unit of gas on top of the block's base fee, wei of the chain's coin.
    pub fn tip(&self) -> Wei {
        self.purse.tip
    }

    /// What the purse has paid back to an account for gas, wei of the chain's coin.
    pub fn paid_back(&self, to: Address) -> Wei {
        amount_of(&self.purse.given_to, to)
    }

    pub(crate) fn on_neuron(&mut self, event: Neuron::NeuronEvents) -> Fit {
        let Neuron::NeuronEvents::Transfer(event) = event else { return Ok(()) };
        let (from, to, amount) = (address(event.from), address(event.to), wei(event.value)?);
        match from.is_zero() {
            true => self.neuron.supply = added(self.neuron.supply, amount)?,
            false => take(&mut self.neuron.balances, from, amount)?,
        }
        match to.is_zero() {
            true => self.neuron.supply = taken(self.neuron.supply, amount)?,
            false => give(&mut self.neuron.balances, to, amount)?,
        }
        Ok(())
    }

    pub(crate) fn on_emission(&mut self, event: Emission::EmissionEvents, at: Moment) -> Fit {
        match event {
            Emission::EmissionEvents::ScheduleOpened(event) => {
                let start_s = count(event.start)?;
                self.emission = EmissionState { start_s, accrued_s: start_s, allowance: Wei::ZERO };
            }
            Emission::EmissionEvents::Issued(event) => {
                // The log is written before the mint: the supply is the one that the schedule went by.
                self.emission.allowance = taken(self.allowance(at.time_s), wei(event.issued)?)?;
                self.emission.accrued_s = at.time_s;
            }
        }
        Ok(())
    }

    pub(crate) fn on_sale(&mut self, event: Sale::SaleEvents) -> Fit {
        let sale = &mut self.sale;
        match event {
            Sale::SaleEvents::Begun(event) => sale.terms = SaleTerms::of(&event)?,
            Sale::SaleEvents::Bought(event) => {
                let (buyer, amount) = (address(event.buyer), wei(event.amount)?);
                sale.sold = added(sale.sold, amount)?;
                give(&mut sale.bought, buyer, amount)?;
                give(&mut sale.paid, buyer, wei(event.paid)?)?;
            }
            Sale::SaleEvents::Closed(_) => sale.closed = true,
            Sale::SaleEvents::Claimed(event) => drop(sale.bought.remove(&address(event.buyer))),
            Sale::SaleEvents::Refunded(event) => {
                let buyer = address(event.buyer);
                sale.sold = taken(sale.sold, sale.bought.remove(&buyer).unwrap_or_default())?;
                sale.paid.remove(&buyer);
            }
        }
        Ok(())
    }

    pub(crate) fn on_purse(&mut self, event: Purse::PurseEvents) -> Fit {
        match event {
            Purse::PurseEvents::Begun(event) => self.purse.tip = wei(event.tip)?,
            Purse::PurseEvents::Received(event) => self.purse.received = added(self.purse.received, wei(event.amount)?)?,
            Purse::PurseEvents::PaidBack(event) => {
                let amount = wei(event.amount)?;
                self.purse.given = added(self.purse.given, amount)?;
                give(&mut self.purse.given_to, address(event.to), amount)?;
            }
        }
        Ok(())
    }
}
