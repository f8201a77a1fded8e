//! What can be asked of the contracts, now or as of one of the last blocks.

use std::sync::Arc;

use ::chain::ChainError;
use ::chain::convert::{self, to_eth};
use alloy::primitives::U256;
use governance::bindings::{IGroups, INetwork as Abi};
use governance::group_view;
use protocol::chain::{GroupView, PositionView, Times};
use protocol::ids::{Address, GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;
use protocol::rules;
use token::bindings::{Emission, IStake, Neuron};
use token::{Position, StakeTerms};

use super::engine::Engine;
use super::known::Time;
use super::{Chain, SimError};

/// Views that are kept, and of each group.
const VIEWS_LIMIT: usize = 512;
const VIEWS_OF_A_GROUP: usize = 4;

impl Chain {
    /// Times and the least deposit, fixed at deployment.
    pub fn terms(&self) -> &StakeTerms {
        &self.engine.terms
    }

    /// The contracts as of now.
    pub fn now(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Asks the contracts as of the end of a block.
    ///
    /// # Errors
    /// [`SimError::Block`] if it is none of the last [`BLOCKS_KEPT`](super::BLOCKS_KEPT); else what `read` says.
    pub fn as_of<T>(&mut self, number: u64, read: impl FnOnce(&mut Engine) -> Result<T, ChainError>) -> Result<T, SimError> {
        let head = self.head().block;
        let block = self.block(number).ok_or(SimError::Block(number))?.block;
        if !self.engine.state().show_past((head.number - number) as usize) {
            return Err(SimError::Block(number));
        }
        self.enter(block);
        let answer = read(&mut self.engine);
        self.engine.state().show_present();
        self.enter(head);
        Ok(answer?)
    }

    /// A group with all its positions as of the end of a block, as the contracts show it.
    ///
    /// # Errors
    /// As of [`Chain::as_of`], and if there is no such group.
    pub fn view(&mut self, group: GroupId, number: u64) -> Result<Arc<GroupView>, SimError> {
        let mined = self.block(number).ok_or(SimError::Block(number))?;
        let (now_s, version) = (mined.block.time_s, mined.version);
        let moment = |engine: &Engine, times| (version, group, engine.time(times, now_s));
        let known = self.times.get(&group).and_then(|times| self.views.get(&moment(&self.engine, *times)));
        if let Some(view) = known {
            return Ok(view.clone());
        }
        let view = Arc::new(self.as_of(number, |engine| engine.view(group))?);
        if self.views.len() >= VIEWS_LIMIT.max(VIEWS_OF_A_GROUP * self.times.len()) {
            self.views.pop_first();
        }
        self.times.insert(group, view.times);
        self.views.insert(moment(&self.engine, view.times), view.clone());
        Ok(view)
    }
}

/// Every question fails with [`ChainError::Reverted`] where the contract refuses, like that for a group which there is not.
impl Engine {
    fn of_network<C: alloy::sol_types::SolCall>(&mut self, call: &C) -> Result<C::Return, ChainError> {
        self.read(self.at.network, call)
    }

    fn epoch(&self, now_s: u64) -> u64 {
        now_s.saturating_sub(self.terms.genesis_s) / self.terms.epoch_s.max(1)
    }

    /// All of the time that what is shown of a group depends on.
    fn time(&self, times: Times, now_s: u64) -> Time {
        let clock = times.clock(self.terms.genesis_s, now_s);
        Time { epoch: self.epoch(now_s), era: rules::era(now_s, self.start_s), phase: Some((clock.round, clock.phase)) }
    }

    /// A group with all its positions.
    pub fn view(&mut self, group: GroupId) -> Result<GroupView, ChainError> {
        let found: IGroups::Group = self.read_known(&Abi::groupCall { number: U256::from(group.0) }, Time::default())?;
        let times = Times { train_s: found.train.into(), reveal_s: found.reveal.into(), judge_s: found.judge.into() };
        let deposit = Abi::leastDepositCall { group: U256::from(group.0) };
        let least_deposit = convert::amount("leastDeposit", self.read_known(&deposit, self.time(times, self.now_s()))?)?;
        let positions = (1..=self.positions(group)?).map(|number| Ok(self.position(group, PositionNumber(number))?.view()));
        let positions = positions.collect::<Result<Vec<PositionView>, ChainError>>()?;
        Ok(group_view(group, &self.terms, &found, least_deposit, positions))
    }

    /// Number of groups ever made.
    pub fn groups(&mut self) -> Result<u64, ChainError> {
        convert::number("groups", self.of_network(&Abi::groupsCall {})?)
    }

    /// Number of positions ever made in a group.
    pub fn positions(&mut self, group: GroupId) -> Result<u64, ChainError> {
        convert::number("positions", self.of_network(&Abi::positionsCall { group: U256::from(group.0) })?)
    }

    /// A position, pay and exits included.
    pub fn position(&mut self, group: GroupId, number: PositionNumber) -> Result<Position, ChainError> {
        let call = IStake::positionCall { group: U256::from(group.0), number: U256::from(number.0) };
        let time = Time { epoch: self.epoch(self.now_s()), ..Time::default() };
        Position::read(number, &self.read_known(&call, time)?)
    }

    /// What a commit costs in the running round, or in the next one if none was made in it.
    pub fn least_deposit(&mut self, group: GroupId) -> Result<Wei, ChainError> {
        convert::amount("leastDeposit", self.of_network(&Abi::leastDepositCall { group: U256::from(group.0) })?)
    }

    /// The least bond of a proposal.
    pub fn least_bond(&mut self, group: GroupId) -> Result<Wei, ChainError> {
        convert::amount("leastBond", self.of_network(&Abi::leastBondCall { group: U256::from(group.0) })?)
    }

    /// Whether a position was present in a round.
    pub fn judged_by(&mut self, group: GroupId, round: RoundNumber, position: PositionNumber) -> Result<bool, ChainError> {
        let (group, round, position) = (U256::from(group.0), U256::from(round.0), U256::from(position.0));
        self.of_network(&Abi::judgedByCall { group, round, position })
    }

    /// The positions of `view` that `doze` would put to rest.
    pub fn absent(&mut self, view: &GroupView) -> Result<Vec<PositionNumber>, ChainError> {
        let mut absent = Vec::new();
        for position in &view.positions {
            let mut failed = Ok(());
            let mut judged = |round| {
                self.judged_by(view.id, round, position.number).unwrap_or_else(|error| {
                    failed = Err(error);
                    true
                })
            };
            if view.is_absent(position, &mut judged) {
                absent.push(position.number);
            }
            failed?;
        }
        Ok(absent)
    }

    /// NRN of an account.
    pub fn balance(&mut self, of: Address) -> Result<Wei, ChainError> {
        convert::amount("balanceOf", self.read(self.at.neuron, &Neuron::balanceOfCall { account: to_eth(of) })?)
    }

    /// All NRN that exist.
    pub fn supply(&mut self) -> Result<Wei, ChainError> {
        convert::amount("totalSupply", self.read(self.at.neuron, &Neuron::totalSupplyCall {})?)
    }

    /// What the network may still take of an account's NRN.
    pub fn allowance(&mut self, of: Address) -> Result<Wei, ChainError> {
        let call = Neuron::allowanceCall { owner: to_eth(of), spender: to_eth(self.at.network) };
        Ok(convert::wei(self.read(self.at.neuron, &call)?).unwrap_or(Wei(u128::MAX)))
    }

    /// What the schedule lets the network issue still.
    pub fn schedule(&mut self) -> Result<Wei, ChainError> {
        convert::amount("allowance", self.read(self.at.emission, &Emission::allowanceCall {})?)
    }

    /// The chain's own coins of an account, in wei, as of the head.
    pub fn coins(&mut self, of: Address) -> Wei {
        convert::wei(self.state().coins(to_eth(of))).unwrap_or(Wei(u128::MAX))
    }
}
