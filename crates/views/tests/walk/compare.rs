//! Every view by `eth_call`, beside what the fold says.

use std::collections::BTreeSet;
use std::fmt::Debug;

use alloy::primitives::{Address, B256, Bytes, U256};
use alloy::sol_types::{SolCall, SolValue};
use protocol::ids::{self, BountyNumber, DeltaNumber, Digest, GroupId, PositionNumber, RoundNumber};
use protocol::money::Wei;
use views::{Bounty, Reason, Subject, Views};

use crate::asked::{self, Emission, INetwork, Neuron, Purse, Sale, b256, u256};
use crate::world::{WALLET, World, eth};

/// Calls that are asked at once.
const AT_ONCE: usize = 150;
const ERA_S: u64 = 126_230_400;

/// A question to a contract and what the fold says, encoded and in words; nothing where the contract must refuse.
struct Question {
    to: ids::Address,
    data: Vec<u8>,
    expected: Option<Vec<u8>>,
    words: String,
}

/// Collects questions as of one time.
struct Questions<'a> {
    world: &'a World,
    views: &'a Views,
    now_s: u64,
    all: Vec<Question>,
}

/// Compares all views, now and as of some later times.
pub async fn all(world: &mut World) {
    let now_s = world.now_s;
    compare(world, None, now_s).await;
    let to_epoch = crate::world::EPOCH_S - (now_s - world.views.terms().genesis_s) % crate::world::EPOCH_S;
    for later_s in [17, to_epoch, to_epoch + crate::world::EPOCH_S + 35, ERA_S] {
        compare(world, Some(now_s + later_s), now_s + later_s).await;
    }
}

async fn compare(world: &World, asked_s: Option<u64>, now_s: u64) {
    let mut questions = Questions { world, views: &world.views, now_s, all: Vec::new() };
    questions.of_token();
    questions.of_network();
    questions.of_bounties();
    let groups: Vec<_> = (0..=world.views.groups() + 1).map(GroupId).collect();
    for group in groups {
        questions.of_group(group);
        questions.of_stake(group);
        questions.of_rounds(group);
        questions.of_deltas(group);
    }
    let all = questions.all;
    let network = world.at.network;
    let (answered, refused): (Vec<_>, Vec<_>) = all.into_iter().partition(|question| question.expected.is_some());
    let (together, alone): (Vec<_>, Vec<_>) = answered.into_iter().partition(|question| question.to == network);
    for some in together.chunks(AT_ONCE) {
        check_together(world, some, asked_s).await;
    }
    for question in alone.iter().chain(&refused) {
        let answer = world.call_at(eth(question.to), &question.data, asked_s).await;
        check(question, answer.as_deref().map(AsRef::as_ref), now_s);
    }
    let purse = world.ask("eth_getBalance", serde_json::json!([eth(world.at.purse), "latest"])).await;
    assert_eq!(serde_json::from_value::<U256>(purse).expect("an amount"), u256(world.views.purse()));
}

async fn check_together(world: &World, some: &[Question], asked_s: Option<u64>) {
    let calls = some.iter().map(|question| Bytes::copy_from_slice(&question.data)).collect();
    let data = INetwork::multicallCall { calls }.abi_encode();
    let answer = world.call_at(eth(world.at.network), &data, asked_s).await;
    let answers = match answer {
        Some(answer) => <Vec<Bytes>>::abi_decode(&answer).expect("answers"),
        None => {
            for question in some {
                let answer = world.call_at(eth(question.to), &question.data, asked_s).await;
                check(question, answer.as_deref().map(AsRef::as_ref), world.now_s);
            }
            panic!("together they were refused");
        }
    };
    for (question, answer) in some.iter().zip(answers) {
        check(question, Some(&answer), asked_s.unwrap_or(world.now_s));
    }
}

fn check(question: &Question, answer: Option<&[u8]>, now_s: u64) {
    if answer != question.expected.as_deref() {
        let answer = answer.map(|answer| format!("0x{}", alloy::hex::encode(answer)));
        panic!("at {now_s} the fold says\n{}\nand the contract\n{answer:?}", question.words);
    }
}

impl Questions<'_> {
    fn ask<C: SolCall + Debug>(&mut self, to: ids::Address, call: C, says: Option<C::Return>)
    where
        C::Return: Debug,
    {
        let words = format!("{call:?} -> {says:?}");
        let expected = says.map(|says| C::abi_encode_returns(&says));
        self.all.push(Question { to, data: call.abi_encode(), expected, words });
    }

    fn network<C: SolCall + Debug>(&mut self, call: C, says: C::Return)
    where
        C::Return: Debug,
    {
        self.ask(self.world.at.network, call, Some(says));
    }

    fn network_or_refusal<C: SolCall + Debug>(&mut self, call: C, says: Option<C::Return>)
    where
        C::Return: Debug,
    {
        self.ask(self.world.at.network, call, says);
    }

    fn accounts(&self) -> Vec<Address> {
        self.world.actors.iter().map(|key| key.address()).chain([WALLET]).collect()
    }

    fn of_token(&mut self) {
        let (views, now_s, at) = (self.views, self.now_s, self.world.at);
        self.ask(at.neuron, Neuron::totalSupplyCall {}, Some(u256(views.supply())));
        self.ask(at.emission, Emission::startCall {}, Some(U256::from(views.start_s())));
        self.ask(at.emission, Emission::eraCall {}, Some(U256::from(views.era(now_s))));
        self.ask(at.emission, Emission::allowanceCall {}, Some(u256(views.allowance(now_s))));
        let terms = *views.sale_terms();
        self.ask(at.sale, Sale::priceCall {}, Some(u256(terms.price)));
        self.ask(at.sale, Sale::deadlineCall {}, Some(U256::from(terms.deadline_s)));
        self.ask(at.sale, Sale::minimumCall {}, Some(u256(terms.minimum)));
        self.ask(at.purse, Purse::tipCall {}, Some(u256(views.tip())));
        self.ask(at.sale, Sale::soldCall {}, Some(u256(views.sold())));
        self.ask(at.sale, Sale::closedCall {}, Some(views.closed()));
        let contracts = [at.network, at.sale, at.purse, at.emission].map(eth);
        for account in self.accounts().into_iter().chain(contracts) {
            let of = ids::Address(account.into_array());
            self.ask(at.neuron, Neuron::balanceOfCall { account }, Some(u256(views.balance(of))));
            self.ask(at.sale, Sale::boughtCall { buyer: account }, Some(u256(views.bought(of))));
            self.ask(at.sale, Sale::paidCall { buyer: account }, Some(u256(views.paid(of))));
        }
    }

    fn of_network(&mut self) {
        let (views, now_s) = (self.views, self.now_s);
        let terms = *views.terms();
        let (registry, council, bounties) = views.modules();
        self.network(INetwork::modulesCall {}, (eth(registry), eth(council), eth(bounties)).into());
        self.network(INetwork::neuronCall {}, eth(terms.neuron));
        self.network(INetwork::emissionCall {}, eth(terms.emission));
        self.network(INetwork::purseCall {}, eth(terms.purse));
        self.network(INetwork::epochLengthCall {}, U256::from(terms.epoch_s));
        self.network(INetwork::exitTimeCall {}, U256::from(terms.exit_s));
        self.network(INetwork::maturityCall {}, U256::from(terms.maturity_s));
        self.network(INetwork::minDepositCall {}, u256(terms.min_deposit));
        self.network(INetwork::genesisCall {}, U256::from(terms.genesis_s));
        self.network(INetwork::clockCall {}, alloy::primitives::Uint::from(now_s));
        self.network(INetwork::epochCall {}, U256::from(views.epoch(now_s)));
        self.network(INetwork::groupsCall {}, U256::from(views.groups()));
        self.network(INetwork::admittedAwakeCall {}, u256(views.admitted_awake(now_s)));
        let (live, next) = views.all_bonded(now_s);
        self.network(INetwork::allBondedCall {}, (u256(live), u256(next)).into());
        for name in views.measures().map(|(name, _)| name).chain([Digest([7; 32])]) {
            self.network(INetwork::measureCall { name: b256(name) }, asked::measure(views.measure(name)));
        }
    }

    fn of_bounties(&mut self) {
        let last = self.views.bounties();
        self.network(INetwork::bountiesCall {}, U256::from(last));
        for number in (0..=last + 1).map(BountyNumber) {
            let shown = self.views.bounty(number);
            self.network_or_refusal(INetwork::bountyCall { number: U256::from(number.0) }, shown.map(asked::bounty));
            if let Some(shown) = shown {
                self.of_bounty(number, shown);
            }
        }
    }

    fn of_bounty(&mut self, number: BountyNumber, shown: Bounty) {
        let (views, bounty) = (self.views, U256::from(number.0));
        for window in 0..3 {
            for result in [Digest::ZERO, shown.result] {
                let call = INetwork::foundForCall { bounty, window: U256::from(window), result: b256(result) };
                self.network(call, u256(views.found_for(number, window, result)));
            }
        }
        for position in (0..=views.positions(shown.group) + 1).map(PositionNumber) {
            let call = INetwork::foundByCall { bounty, position: U256::from(position.0) };
            self.network(call, u256(views.found_by(number, position)));
        }
        for round in (shown.first.0..=shown.last.0 + 1).map(RoundNumber) {
            let call = INetwork::paidForCall { bounty, round: U256::from(round.0) };
            self.network(call, views.paid_for(number, round));
        }
    }

    fn of_group(&mut self, id: GroupId) {
        let (views, now_s, group) = (self.views, self.now_s, U256::from(id.0));
        self.network_or_refusal(INetwork::groupCall { number: group }, views.group(id).map(asked::group));
        let phase =
            views.phase(id, now_s).map(|clock| (U256::from(clock.round.0), asked::phase(clock.phase), U256::from(clock.until_s)).into());
        self.network_or_refusal(INetwork::phaseCall { group }, phase);
        self.network_or_refusal(INetwork::leastDepositCall { group }, views.least_deposit(id, now_s).map(u256));
        self.network_or_refusal(INetwork::quorumCall { group }, views.quorum(id, now_s).map(u256));
        self.network_or_refusal(INetwork::leastBondCall { group }, views.least_bond(id, now_s).map(u256));
        self.network_or_refusal(INetwork::keepVotesCall { group }, views.keep_votes(id).map(u256));
        let open = views.open_deltas(id).iter().map(|delta| U256::from(delta.0)).collect();
        self.network(INetwork::openDeltasCall { group }, open);
    }

    fn of_stake(&mut self, id: GroupId) {
        let (views, now_s, group) = (self.views, self.now_s, U256::from(id.0));
        let last = views.positions(id);
        self.network(INetwork::positionsCall { group }, U256::from(last));
        self.network(INetwork::stakeCall { group }, asked::totals(views.stake(id, now_s)));
        for number in (0..=last + 1).map(PositionNumber) {
            let position = U256::from(number.0);
            let shown = views.position(id, number, now_s).map(asked::position);
            self.network_or_refusal(INetwork::positionCall { group, number: position }, shown);
            self.network(INetwork::mayWakeCall { group, position }, views.may_wake(id, number, now_s));
            self.network_or_refusal(INetwork::ballotCall { group, position }, views.ballot(id, number).map(asked::ballot));
        }
        let hot: Vec<_> = self.world.hot.iter().map(|key| key.address()).collect();
        for signer in self.accounts().into_iter().chain(hot) {
            let position = views.position_of(id, ids::Address(signer.into_array()), now_s);
            self.network(INetwork::positionOfCall { group, signer }, U256::from(position.0));
        }
        for owner in self.accounts() {
            for (first, count) in [(0, last + 3), (2, 2)] {
                let found = views.positions_of(id, ids::Address(owner.into_array()), PositionNumber(first), count);
                let found = found.into_iter().map(|number| U256::from(number.0)).collect();
                let call = INetwork::positionsOfCall { group, owner, first: U256::from(first), count: U256::from(count) };
                self.network(call, found);
            }
        }
    }

    fn of_rounds(&mut self, id: GroupId) {
        let running = self.views.phase(id, self.now_s).map(|clock| clock.round);
        let last = running.map_or(0, |round| round.0);
        let known = (0..=last).map(RoundNumber).filter(|round| self.views.round(id, *round).commits != 0);
        let rounds: BTreeSet<_> = known.chain(running).chain([RoundNumber(0), RoundNumber(last + 1)]).collect();
        let mut files = BTreeSet::from([Digest([9; 32])]);
        for round in rounds {
            self.of_round(id, round, &mut files);
        }
        for file in files {
            let call = INetwork::hasWonCall { group: U256::from(id.0), file: b256(file) };
            let known = self.views.group(id).is_some();
            if known {
                self.network(call, self.views.has_won(id, file));
            }
        }
    }

    fn of_round(&mut self, id: GroupId, number: RoundNumber, files: &mut BTreeSet<Digest>) {
        let (views, group, round) = (self.views, U256::from(id.0), U256::from(number.0));
        self.network(INetwork::roundCall { group, number: round }, asked::round(views.round(id, number)));
        let (claim, file) = views.decision(id, number);
        self.network(INetwork::decisionCall { group, number: round }, (b256(claim), b256(file)).into());
        let mut names = BTreeSet::from([Digest::ZERO, claim]);
        for trainer in self.accounts() {
            let shown = views.claim_of(id, number, ids::Address(trainer.into_array()));
            names.insert(shown.name);
            files.insert(shown.file);
            self.network(INetwork::claimOfCall { group, round, trainer }, asked::claim(shown));
        }
        for name in names {
            let (stake, trainer) = views.tally(id, number, name);
            let call = INetwork::tallyCall { group, round, claim: b256(name) };
            self.network(call, (u256(stake), eth(trainer)).into());
        }
        let present = views.present(id, number);
        for position in (0..=views.positions(id) + 1).map(PositionNumber) {
            let was = views.judged_by(id, number, position);
            assert_eq!(was, present.contains(&position));
            let call = INetwork::judgedByCall { group, round, position: U256::from(position.0) };
            self.network(call, was);
        }
    }

    fn of_deltas(&mut self, id: GroupId) {
        let last = self.views.group(id).map_or(0, |group| group.proposals);
        for number in (0..=last + 1).map(DeltaNumber) {
            let call = INetwork::deltaCall { group: U256::from(id.0), number: U256::from(number.0) };
            self.network(call, asked::delta(self.views.delta(id, number)));
        }
    }
}

/// Receipts add up: of each position to what it earned, of each settled deposit to the deposit.
pub fn receipts(world: &World) {
    let views = &world.views;
    for group in (1..=views.groups()).map(GroupId) {
        let last = views.phase(group, world.now_s).expect("a group").round;
        let receipts: Vec<_> = (0..=last.0).flat_map(|round| views.receipts(group, RoundNumber(round))).collect();
        for number in (1..=views.positions(group)).map(PositionNumber) {
            let of_position = receipts.iter().filter_map(|receipt| match receipt.why {
                Reason::Judged { position, earned, cut, .. } if position == number => Some(Wei(earned.0 - cut.0)),
                _ => None,
            });
            let income = views.income(group, number).expect("a position");
            assert_eq!(of_position.sum::<Wei>(), Wei(income.earned.0 + income.compounded.0), "{group} {number}");
        }
        for receipt in &receipts {
            check_deposit(views, receipt);
        }
    }
    let actors = world.actors.iter().map(|key| ids::Address(key.address().into_array()));
    let of_actors: usize = actors.map(|actor| views.receipts_of(actor).len()).sum();
    assert!(of_actors > 0, "nobody got anything");
}

fn check_deposit(views: &Views, receipt: &views::Receipt) {
    let (Reason::Settled { refunded, burned, charged }, Subject::Round(round)) = (receipt.why, receipt.of) else { return };
    let shown = views.round(receipt.group, round);
    let whole = refunded.0 + burned.0 + charged.0;
    // The winner's rest comes with R.
    let waits = shown.winner == receipt.account && whole < shown.deposit.0;
    assert!(whole == shown.deposit.0 || waits, "{receipt:?} of {shown:?}");
}

/// 32 bytes of one number.
pub fn word(number: u64) -> B256 {
    U256::from(number).into()
}
