//! The fold: a log goes in, and every view is what the contracts would answer after it.

use alloy_primitives::B256;
use alloy_sol_types::SolEventInterface;

use crate::bindings::{Emission, INetwork, Neuron, Purse, Sale};
use crate::log::{Contracts, Fit, Log, Misfit, Moment, ViewsError};
use crate::state::Views;

impl Views {
    /// The contracts whose logs count.
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// When the last log was written that counted.
    pub fn last(&self) -> Moment {
        self.last
    }

    /// Takes the next log in. Returns whether it is an event of the contracts; others change nothing.
    ///
    /// # Errors
    /// [`ViewsError`] if it cannot follow the logs before it: then some are lacking, and no view is to be trusted.
    pub fn apply(&mut self, log: &Log) -> Result<bool, ViewsError> {
        let known = self.take(log).map_err(|Misfit(what)| ViewsError { block: log.block, what })?;
        if known {
            self.last = Moment { block: log.block, time_s: log.time_s };
        }
        Ok(known)
    }

    fn take(&mut self, log: &Log) -> Fit<bool> {
        let at = Moment { block: log.block, time_s: log.time_s };
        let Contracts { neuron, emission, sale, purse, network } = self.contracts;
        let from = log.address;
        if ![neuron, emission, sale, purse, network].contains(&from) {
            return Ok(false);
        }
        if at < self.last {
            return Err(Misfit("is older than the one before it"));
        }
        if from == neuron {
            decoded(Neuron::NeuronEvents::SELECTORS, log)?.map(|event| self.on_neuron(event))
        } else if from == emission {
            decoded(Emission::EmissionEvents::SELECTORS, log)?.map(|event| self.on_emission(event, at))
        } else if from == sale {
            decoded(Sale::SaleEvents::SELECTORS, log)?.map(|event| self.on_sale(event))
        } else if from == purse {
            decoded(Purse::PurseEvents::SELECTORS, log)?.map(|event| self.on_purse(event))
        } else {
            decoded(INetwork::INetworkEvents::SELECTORS, log)?.map(|event| self.on_network(event, at))
        }
        .transpose()
        .map(|done| done.is_some())
    }

    fn on_network(&mut self, event: INetwork::INetworkEvents, at: Moment) -> Fit {
        use INetwork::INetworkEvents as Event;
        match event {
            Event::Begun(event) => self.begun(&event)?,
            Event::Seated(event) => self.seated(&event, at)?,
            Event::Bonded(event) => self.bonded(&event, at)?,
            Event::Woken(event) => self.woken(&event, at)?,
            Event::Rested(event) => self.rested(&event, at)?,
            Event::Rotated(event) => self.rotated(&event, at)?,
            Event::Offered(event) => self.offered(&event)?,
            Event::OwnerChanged(event) => self.owner_changed(&event, at)?,
            Event::Unbonded(event) => self.unbonded(&event, at)?,
            Event::Withdrawn(event) => self.withdrawn(&event, at)?,
            Event::Compounded(event) => self.compounded(&event, at)?,
            Event::Slashed(event) => self.slashed(&event, at)?,
            Event::Moved(event) => self.moved(&event, at)?,
            Event::Dozed(event) => self.dozed(&event, at)?,
            Event::DoubleSigned(event) => self.double_signed(&event, at)?,
            other => return self.on_group(other, at),
        }
        Ok(())
    }

    fn on_group(&mut self, event: INetwork::INetworkEvents, at: Moment) -> Fit {
        use INetwork::INetworkEvents as Event;
        match event {
            Event::Created(event) => self.created(&event)?,
            Event::Opened(event) => self.opened(&event)?,
            Event::Committed(event) => self.committed(&event, at)?,
            Event::Revealed(event) => self.revealed(&event)?,
            Event::Conceded(event) => self.conceded(&event)?,
            Event::Decided(event) => self.decided(&event)?,
            Event::Judged(event) => self.judged(&event, at)?,
            Event::Attended(event) => self.attended(&event, at)?,
            Event::PayCut(event) => self.pay_cut(&event)?,
            Event::Settled(event) => self.settled(&event, at)?,
            Event::Collected(event) => self.collected(&event, at)?,
            other => return self.on_members(other, at),
        }
        Ok(())
    }

    fn on_members(&mut self, event: INetwork::INetworkEvents, at: Moment) -> Fit {
        use INetwork::INetworkEvents as Event;
        match event {
            Event::Proposed(event) => self.proposed(&event, at)?,
            Event::Cast(event) => self.cast(&event)?,
            Event::Extended(event) => self.extended(&event)?,
            Event::Displaced(event) => self.displaced(&event)?,
            Event::Charged(event) => self.charged(&event, at)?,
            Event::Turned(event) => self.turned(&event)?,
            Event::Refunded(event) => self.refunded(&event, at)?,
            Event::Assented(event) => self.assented(&event, at)?,
            Event::Shown(event) => self.shown(&event)?,
            Event::Enacted(event) => self.enacted(&event)?,
            Event::PeriodSet(event) => self.period_set(&event)?,
            Event::LeastSet(event) => self.least_set(&event)?,
            Event::Taken(event) => self.taken(&event, at)?,
            Event::Admitted(event) => self.admitted(&event, at)?,
            Event::Revoked(event) => self.revoked(&event, at)?,
            Event::Struck(event) => self.struck(&event, at)?,
            other => return self.on_bounty(other, at),
        }
        Ok(())
    }

    fn on_bounty(&mut self, event: INetwork::INetworkEvents, at: Moment) -> Fit {
        use INetwork::INetworkEvents as Event;
        match event {
            Event::Funded(event) => self.funded(&event, at),
            Event::Unsealed(event) => self.unsealed(&event, at),
            Event::Found(event) => self.found(&event, at),
            Event::Resolved(event) => self.resolved(&event),
            Event::BountyPaid(event) => self.bounty_paid(&event, at),
            Event::FinderPaid(event) => self.finder_paid(&event, at),
            Event::BountySettled(event) => self.bounty_settled(&event, at),
            Event::FoundTwice(event) => self.found_twice(&event, at),
            _ => Ok(()),
        }
    }
}

/// The event of a log; `None` if it is none of these.
fn decoded<E: SolEventInterface>(selectors: &[[u8; 32]], log: &Log) -> Fit<Option<E>> {
    let topics: Vec<B256> = log.topics.iter().map(|topic| B256::new(topic.0)).collect();
    if !topics.first().is_some_and(|first| selectors.contains(&first.0)) {
        return Ok(None);
    }
    E::decode_raw_log(&topics, &log.data).map(Some).map_err(|_| Misfit("is not encoded as the contracts do"))
}
