// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IGroups} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {RoundHandler} from "governance-test/RoundHandler.sol";

/// @title Proposals with bonds and displacement, choices, turns, refunds.
abstract contract PeriodHandler is RoundHandler {
    uint256 private constant OPEN_MAX = 16;
    uint256 private constant CHOICES = 7;

    struct Vote {
        uint256 period;
        uint256 delta;
        uint256 weight;
        uint256 seq;
    }

    mapping(uint256 group => mapping(uint256 position => Vote)) public votes;
    uint256 private digests;

    /// @dev Votes, proposes or waits, and turns when it is time.
    function playPeriod(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        if (_draw(seed, 1, 3) != 0) _propose(group, seed);
        if (_draw(seed, 2, 8) != 0) _cast(group, seed);
        uint256 periodEnd = network.group(group).periodEnd;
        if (_draw(seed, 3, 2) == 0 && block.timestamp < periodEnd) vm.warp(periodEnd);
        if (_draw(seed, 4, 2) == 0) _tryTurn(group);
    }

    /// @dev Fills the list of proposals, at growing bonds or at equal ones.
    function crowd(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        for (uint256 i; i <= OPEN_MAX; ++i) {
            _propose(group, _draw(seed, i, 2 ** 128));
        }
    }

    /// @dev The last few of a group, whatever became of them, and one that does not exist.
    function refund(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        uint256 last = network.group(group).proposals + 1;
        uint256 first = last - _draw(seed, 1, last < 40 ? last : 40);
        for (uint256 number = first; number <= last; ++number) {
            _tryRefund(group, number);
        }
    }

    function _propose(uint256 group, uint256 seed) private {
        if (block.timestamp >= network.group(group).periodEnd) _tryTurn(group);
        IGroups.Group memory state = network.group(group);
        uint256 least = network.leastBond(group);
        uint256 amount = least - 1 + _draw(seed, 5, 4) * 1 gwei;
        if (neuron.balanceOf(CEM) < 10_000 ether) _fund(CEM, 300_000 ether);
        uint256 displaced = _lowest(group);
        bool full = network.openDeltas(group).length == OPEN_MAX;
        bool room = !full || (displaced != 0 && network.delta(group, displaced).bond < amount);
        bool expected = amount >= least && room && block.timestamp < state.periodEnd - state.period / 4;
        bytes memory call = abi.encodeCall(IDataset.propose, (group, bytes32(++digests), amount));
        _demand(_try(CEM, call), expected, full ? "propose to a full list" : "propose");
        if (!expected) return;
        bonds += amount;
        vm.assertLe(network.openDeltas(group).length, OPEN_MAX, "open at once");
        if (full) vm.assertEq(_status(group, displaced), uint256(IDataset.DeltaStatus.Dropped), "displaced");
    }

    /// @dev Choices of some, a few twice, with an old number, for what is not open, or badly signed.
    function _cast(uint256 group, uint256 seed) private {
        if (block.timestamp >= network.group(group).periodEnd) _tryTurn(group);
        uint256 period = network.group(group).periodNumber;
        IDataset.Choice[] memory choices = new IDataset.Choice[](CHOICES);
        for (uint256 i; i < CHOICES; ++i) {
            uint256 draw = _draw(seed, 10 + i, 2 ** 128);
            uint256 position = _randomPosition(group, draw);
            uint256 delta = _favoured(group, draw);
            uint256 seq = _draw(draw, 3, 20);
            bool good = _draw(draw, 4, 6) != 0;
            choices[i] = _choice(group, position, good ? period : period + 1, delta, seq);
            if (good) _noteVote(group, position, Vote(period, delta, _liveOf(group, position, false), seq));
        }
        _demand(_try(RELAYER, abi.encodeCall(IDataset.cast, (group, choices))), true, "cast");
    }

    /// @dev The last proposal mostly, else any that is or is not open, or to keep the set as it is.
    function _favoured(uint256 group, uint256 seed) private view returns (uint256) {
        uint256 proposals = network.group(group).proposals;
        uint256 kind = _draw(seed, 1, 8);
        if (kind == 0) return 0;
        return kind < 3 ? 1 + _draw(seed, 2, proposals + 1) : proposals;
    }

    function _noteVote(uint256 group, uint256 position, Vote memory vote) private {
        Vote memory last = votes[group][position];
        bool open = vote.delta == 0 || _status(group, vote.delta) == uint256(IDataset.DeltaStatus.Open);
        if (!open || vote.weight == 0) return;
        if (last.period == vote.period && last.seq >= vote.seq) return;
        votes[group][position] = vote;
    }

    /// @dev What a turn must do is told from all choices of the period.
    function _tryTurn(uint256 group) private {
        IGroups.Group memory before = network.group(group);
        uint256 winner = _elect(group, before);
        uint256 purse_ = address(purse).balance;
        bool expected = block.timestamp >= before.periodEnd;
        _demand(_try(RELAYER, abi.encodeCall(IDataset.turn, (group))), expected, "turn");
        if (!expected) return;
        vm.assertLe(purse_ - address(purse).balance, purse_ / 65_536, "no call pays more");
        IGroups.Group memory state = network.group(group);
        vm.assertEq(state.applied, winner, "applied");
        vm.assertEq(state.periodEnd, block.timestamp + before.period, "end of the next period");
        bytes32 digest = network.delta(group, winner).digest;
        vm.assertEq(state.head, winner == 0 ? before.head : keccak256(abi.encode(before.head, digest)), "head");
        if (winner != 0) _note("a delta is applied");
    }

    function _elect(uint256 group, IGroups.Group memory state) private view returns (uint256 winner) {
        uint256[] memory open = network.openDeltas(group);
        uint256 most;
        for (uint256 i; i < open.length; ++i) {
            uint256 sum = votesFor(group, state.periodNumber, open[i]);
            bool lower = sum == most && open[i] < winner;
            if (winner == 0 || sum > most || lower) (winner, most) = (open[i], sum);
        }
        bool beats = most > votesFor(group, state.periodNumber, 0);
        bool enough = most * 10 >= network.stake(group).bonded;
        bool fits = network.delta(group, winner).parent == state.head;
        return beats && enough && fits ? winner : 0;
    }

    function _tryRefund(uint256 group, uint256 number) private {
        IDataset.Delta memory delta = network.delta(group, number);
        bool stands = delta.status == IDataset.DeltaStatus.Applied && block.timestamp >= delta.standsAt;
        bool expected = stands || delta.status == IDataset.DeltaStatus.Dropped;
        uint256 before = neuron.balanceOf(delta.author);
        _demand(_try(RELAYER, abi.encodeCall(IDataset.refund, (group, number))), expected, "refund");
        uint256 most = stands ? delta.bond + delta.reward : delta.bond;
        vm.assertLe(neuron.balanceOf(delta.author) - before, expected ? most : 0, "refunded");
        if (!expected) return;
        bonds -= delta.bond;
        vm.assertLe(delta.bond, neuron.balanceOf(delta.author) - before, "the bond at least");
    }

    /// @dev Stake behind `delta` (0: keep) in a period: each position with its last choice alone.
    function votesFor(uint256 group, uint256 period, uint256 delta) public view returns (uint256 sum) {
        for (uint256 position = 1; position <= POSITIONS_MAX; ++position) {
            Vote memory vote = votes[group][position];
            if (vote.period == period && vote.delta == delta) sum += vote.weight;
        }
    }

    /// @dev The open delta with the lowest bond, the earliest on the list of several; none that a tenth of stake wants.
    function _lowest(uint256 group) private view returns (uint256 lowest) {
        uint256[] memory open = network.openDeltas(group);
        uint256 period = network.group(group).periodNumber;
        for (uint256 i; i < open.length; ++i) {
            uint256 sum = votesFor(group, period, open[i]);
            if (sum != 0 && sum * 10 >= network.stake(group).bonded) continue;
            bool lower = lowest == 0 || network.delta(group, open[i]).bond < network.delta(group, lowest).bond;
            if (lower) lowest = open[i];
        }
    }

    function _status(uint256 group, uint256 delta) private view returns (uint256) {
        return uint256(network.delta(group, delta).status);
    }

    function _choice(uint256 group, uint256 position, uint256 period, uint256 delta, uint256 seq)
        private
        view
        returns (IDataset.Choice memory)
    {
        bytes32 digest = _digest(Typed.choice(group, period, delta, seq));
        (bytes32 r, bytes32 vs) = vm.signCompact(_key(group, position), digest);
        return IDataset.Choice(position, delta, seq, r, vs);
    }
}
