// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Meter} from "governance-test/bench/Meter.sol";
import {Fixture} from "governance-test/Fixture.sol";

/// @dev What whole rounds and whole votes of an admitted group cost, every call a transaction of its own.
contract OursBench is Fixture, Meter {
    uint256 private constant EACH = 2_000 ether;
    address private constant RELAYER = address(0x4e1a);

    function setUp() public override {
        _newestRules();
        super.setUp();
    }

    function test_CommitsAndReveal() public {
        _commit(1, FIRST, ANN, "a");
        _oursBoth("commit/first of a round", _used());
        _commit(1, FIRST, BOB, "b");
        _oursBoth("commit", _used());
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", 2_000_000, 1_900_000);
        _oursBoth("reveal", _used());
    }

    function test_Rounds() public {
        (uint256 whole, uint256 five) = _playRound(5);
        _oursBoth("round/verdicts=5", whole);
        uint256 fifty;
        (whole, fifty) = _playRound(50);
        _oursBoth("round/verdicts=50", whole);
        _oursBoth("verdict", (fifty - five) / 45);
        _theirs("bounty/finding", (fifty - five) / 45);
    }

    function test_RoundOfFiveHundred() public {
        (uint256 whole,) = _playRound(500);
        _oursBoth("round/verdicts=500", whole);
    }

    function test_Votes() public {
        (uint256 whole, uint256 five) = _playVote(5);
        _oursBoth("vote/choices=5", whole);
        uint256 fifty;
        (whole, fifty) = _playVote(50);
        _oursBoth("vote/choices=50", whole);
        _oursBoth("choice", (fifty - five) / 45);
    }

    function test_VoteOfFiveHundred() public {
        (uint256 whole,) = _playVote(500);
        _ours("vote/choices=500", whole);
    }

    /// @dev All `judge` calls of a round together, for each position: with the pay of the round before, which they note.
    function test_Decide() public {
        uint256 few = _decide(50, 50);
        _ours("decide/positions=50/before", few);
        _theirs("decide/positions=5000", few);
        _theirs("decide/positions=5000/calls below 6.8 M", few);
        _ours("decide/positions=5000", _decide(5000, 1000));
    }

    function test_DecideInSmallBlocks() public {
        _ours("decide/positions=5000/calls below 6.8 M", _decide(5000, 400));
    }

    function _decide(uint256 members, uint256 lot) private returns (uint256 each) {
        uint256 group = _found(members);
        (uint256 round,,) = network.phase(group);
        _judgeInLots(group, round, members, lot);
        return _judgeInLots(group, round + 1, members, lot) / members;
    }

    function _judgeInLots(uint256 group, uint256 round, uint256 members, uint256 lot) private returns (uint256 used) {
        bytes32 file = keccak256(abi.encode(group, round));
        vm.warp(_start(round));
        _commit(group, round, ANN, file);
        vm.warp(_revealStart(round));
        _reveal(group, ANN, file, 2_000_000, 1_900_000);
        vm.warp(_judgeStart(round));
        bytes32 claim = _claim(file, 2_000_000, 1_900_000);
        for (uint256 first = 1; first <= members; first += lot) {
            uint256 last = first + lot - 1 < members ? first + lot - 1 : members;
            IRounds.Verdict[] memory verdicts = _verdicts(group, round, claim, first, last);
            vm.prank(RELAYER);
            network.judge(group, round, claim, verdicts);
            used += _used();
            vm.assertLt(_used(), lot == 400 ? 6_800_000 : 16_777_216, "a transaction takes it");
        }
        vm.assertEq(network.round(group, round).judged, members * EACH, "all were counted");
        vm.assertEq(network.round(group, round).winner, ANN, "decided");
    }

    /// @dev A new admitted group of `members`, awake as of the time to which the clock goes on.
    function _found(uint256 members) private returns (uint256 group) {
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        for (uint256 key = 1; key <= members; ++key) {
            _join(group, key, EACH);
        }
        vm.warp(network.genesis() + (network.epoch() + 1) * EPOCH);
        _admit(group);
    }

    /// @dev Gas of the second round of a group: commit, reveal, judge and collect, which settles, together, and judge alone. In the
    /// first one members earn for the first time, which costs more and comes once.
    function _playRound(uint256 members) private returns (uint256 whole, uint256 judging) {
        uint256 group = _found(members);
        (uint256 round,,) = network.phase(group);
        _playRound(group, round, members);
        return _playRound(group, round + 1, members);
    }

    function test_FirstRoundOfAGroup() public {
        uint256 group = _found(50);
        (uint256 round,,) = network.phase(group);
        (uint256 whole,) = _playRound(group, round, 50);
        _ours("round/verdicts=50/first of a group", whole);
    }

    function _playRound(uint256 group, uint256 round, uint256 members)
        private
        returns (uint256 whole, uint256 judging)
    {
        bytes32 file = keccak256(abi.encode(group, round));
        vm.warp(_start(round));
        _commit(group, round, ANN, file);
        whole += _used();
        vm.warp(_revealStart(round));
        _reveal(group, ANN, file, 2_000_000, 1_900_000);
        whole += _used();
        vm.warp(_judgeStart(round));
        judging = _judge(group, round, file, members);
        whole += judging + _finish(group, round);
    }

    function _finish(uint256 group, uint256 round) private returns (uint256 used) {
        uint256 time = _start(round + 1);
        vm.warp(time);
        vm.warp(time + MATURITY);
        uint256[] memory rounds = _one(round);
        vm.prank(ANN);
        network.collect(group, rounds, ANN);
        used += _used();
        vm.warp(time);
    }

    function _judge(uint256 group, uint256 round, bytes32 file, uint256 members) private returns (uint256 used) {
        bytes32 claim = _claim(file, 2_000_000, 1_900_000);
        IRounds.Verdict[] memory verdicts = _verdicts(group, round, claim, 1, members);
        vm.prank(RELAYER);
        network.judge(group, round, claim, verdicts);
        used = _used();
        vm.assertEq(network.round(group, round).judged, members * EACH, "all were counted");
    }

    /// @dev Gas of the second vote of a group: propose, cast and turn together, and cast alone.
    function _playVote(uint256 members) private returns (uint256 whole, uint256 casting) {
        uint256 group = _found(members);
        _playPeriod(group, members);
        return _playPeriod(group, members);
    }

    function _playPeriod(uint256 group, uint256 members) private returns (uint256 whole, uint256 casting) {
        uint256 bond = network.leastBond(group);
        bytes32 head = network.group(group).head;
        vm.prank(ANN);
        uint256 delta = network.propose(group, head, "delta", bond);
        whole += _used();
        IDataset.Choice[] memory choices = _choices(group, delta, members);
        vm.prank(RELAYER);
        network.cast(group, choices);
        casting = _used();
        vm.assertEq(network.delta(group, delta).votes, members * EACH, "all were counted");
        vm.warp(network.group(group).periodEnd);
        vm.prank(RELAYER);
        network.turn(group);
        whole += casting + _used();
    }

    function _choices(uint256 group, uint256 delta, uint256 members)
        private
        view
        returns (IDataset.Choice[] memory choices)
    {
        uint256 period = network.group(group).periodNumber;
        choices = new IDataset.Choice[](members);
        for (uint256 i; i < members; ++i) {
            bytes memory signature = _signed(i + 1, Typed.choice(group, period, delta, "delta", 1));
            choices[i] = IDataset.Choice(i + 1, delta, "delta", 1, signature);
        }
    }
}
