// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IGroups} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {RoundHandler} from "governance-test/RoundHandler.sol";

/// @title Proposals with bonds and displacement, choices of signers and owners, turns, refunds.
abstract contract PeriodHandler is RoundHandler {
    uint256 private constant OPEN_MAX = 16;
    uint256 private constant CHOICES = 7;

    struct Vote {
        uint256 period;
        uint256 delta;
        uint256 weight;
        uint256 rank;
    }

    mapping(uint256 group => mapping(uint256 position => Vote)) public votes;
    mapping(uint256 group => mapping(bytes32 digest => uint256 period)) private displacedIn;
    /// @dev Wei that a delta loses if it is dropped and few wanted it.
    mapping(uint256 group => mapping(uint256 delta => uint256)) private atRisk;
    uint256 private digests;

    /// @dev Votes, proposes or waits, also for the last second of proposals or of the period, and turns when it is time.
    function playPeriod(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        if (_draw(seed, 1, 3) != 0) _propose(group, seed);
        IGroups.Group memory state = network.group(group);
        uint256 kind = _draw(seed, 3, 6);
        if (kind == 0) _waitUntil(state.periodEnd - state.extended - state.period / 4);
        if (kind == 1) _waitUntil(state.periodEnd - 1);
        if (kind == 2) _waitUntil(state.periodEnd);
        if (_draw(seed, 2, 8) != 0) _cast(group, seed);
        if (_draw(seed, 5, 3) == 0) _comeBack(group, seed);
        if (_draw(seed, 4, 2) == 0) _tryTurn(group);
    }

    /// @dev Fills the list of proposals, at growing bonds or at equal ones; what was put out answers, in time or late.
    function crowd(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        for (uint256 i; i < OPEN_MAX * 3 / 2; ++i) {
            _propose(group, _draw(seed, i, 2 ** 128));
        }
        IGroups.Group memory state = network.group(group);
        if (_draw(seed, 30, 2) == 0) _waitUntil(state.periodEnd - state.extended - state.period / 4);
        for (uint256 i; i < 4; ++i) {
            _comeBack(group, _draw(seed, 40 + i, 2 ** 128));
        }
    }

    /// @dev The last few of a group in one lot, whatever became of them, twice, and one that does not exist.
    function refund(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        uint256 last = network.group(group).proposals + 1;
        uint256 count = 1 + _draw(seed, 1, last < 40 ? last : 40);
        uint256[] memory lot = new uint256[](count + 1);
        bool some;
        uint256 due;
        for (uint256 i; i < count; ++i) {
            lot[i] = last - i;
            if (!_isRefundable(group, lot[i])) continue;
            (some, due) = (true, due + network.delta(group, lot[i]).bond);
        }
        lot[count] = lot[_draw(seed, 2, count)];
        uint256 held = neuron.balanceOf(address(network));
        bytes memory call = abi.encodeCall(IDataset.refund, (group, lot));
        _demand(_try(RELAYER, call), some, "refund");
        vm.assertEq(held - neuron.balanceOf(address(network)), due, "the bonds");
        bonds -= due;
        _demand(_try(RELAYER, call), false, "refund twice");
    }

    function _isRefundable(uint256 group, uint256 number) private view returns (bool) {
        IDataset.Delta memory delta = network.delta(group, number);
        bool stands = delta.status == IDataset.DeltaStatus.Applied && block.timestamp >= delta.standsAt;
        return stands || delta.status == IDataset.DeltaStatus.Dropped;
    }

    function _propose(uint256 group, uint256 seed) private {
        uint256 amount = network.leastBond(group) - 1 + _draw(seed, 5, 4) * 1 gwei;
        _proposeAs(group, bytes32(++digests), amount);
    }

    /// @dev What was displaced in this period or before comes again, with a higher bond.
    function _comeBack(uint256 group, uint256 seed) private {
        uint256 proposals = network.group(group).proposals;
        if (proposals == 0) return;
        uint256 recent = proposals < 20 ? proposals : 20;
        bytes32 digest = network.delta(group, proposals - _draw(seed, 6, recent)).digest;
        _proposeAs(group, digest, network.leastBond(group) + (1 + _draw(seed, 7, 6)) * 1 gwei);
    }

    function _proposeAs(uint256 group, bytes32 digest, uint256 amount) private {
        if (block.timestamp >= network.group(group).periodEnd) _tryTurn(group);
        bytes32 head = network.group(group).head;
        if (neuron.balanceOf(CEM) < 10_000 ether) _fund(CEM, 300_000 ether);
        uint256 lowest = _lowest(group);
        bool full = network.openDeltas(group).length == OPEN_MAX;
        bool expected = _mayPropose(group, digest, amount) && (!full || _isBelow(group, lowest, amount));
        bytes memory call = abi.encodeCall(IDataset.propose, (group, head ^ bytes32(uint256(1)), digest, amount));
        _demand(_try(CEM, call), false, "propose on another head");
        uint256 charge = full && expected ? _chargeOf(group, lowest) : 0;
        uint256 held = neuron.balanceOf(address(network));
        call = abi.encodeCall(IDataset.propose, (group, head, digest, amount));
        _demand(_try(CEM, call), expected, full ? "propose to a full list" : "propose");
        if (!expected) return;
        vm.assertEq(neuron.balanceOf(address(network)) + charge, held + amount, "its bond");
        bonds = bonds + amount - charge;
        vm.assertLe(network.openDeltas(group).length, OPEN_MAX, "open at once");
        uint256 bid = full ? amount : amount - network.leastBond(group);
        atRisk[group][network.group(group).proposals] = bid - bid * 15 / 16;
        if (full) _noteDisplaced(group, lowest);
    }

    /// @dev Whether the bond is enough and it is early enough, or an answer.
    function _mayPropose(uint256 group, bytes32 digest, uint256 amount) private returns (bool) {
        IGroups.Group memory state = network.group(group);
        if (amount < network.leastBond(group)) return false;
        if (block.timestamp < state.periodEnd - state.extended - state.period / 4) return true;
        bool again = displacedIn[group][digest] == state.periodNumber;
        if (again) _note("the displaced answers");
        return again;
    }

    function _isBelow(uint256 group, uint256 lowest, uint256 amount) private view returns (bool) {
        return lowest != 0 && network.delta(group, lowest).bond < amount;
    }

    function _noteDisplaced(uint256 group, uint256 lowest) private {
        IGroups.Group memory state = network.group(group);
        displacedIn[group][network.delta(group, lowest).digest] = state.periodNumber;
        vm.assertEq(_status(group, lowest), uint256(IDataset.DeltaStatus.Dropped), "displaced");
    }

    /// @dev What a delta loses that is dropped now.
    function _chargeOf(uint256 group, uint256 delta) private returns (uint256 charge) {
        if (_isWanted(group, delta)) return 0;
        if (atRisk[group][delta] > 1 gwei) _note("a displacer pays");
        return atRisk[group][delta];
    }

    /// @dev Choices of some, a few twice, with an old number, for what is not open, for another patch, or badly signed; in
    /// the name of the owner sometimes, whose word the signer's does not replace.
    function _cast(uint256 group, uint256 seed) private {
        if (block.timestamp >= network.group(group).periodEnd) _tryTurn(group);
        IGroups.Group memory state = network.group(group);
        uint256 leading = _first(group, state);
        IDataset.Choice[] memory choices = new IDataset.Choice[](CHOICES);
        bool some;
        for (uint256 i; i < CHOICES; ++i) {
            bool counts;
            (choices[i], counts) = _choose(group, state.periodNumber, _draw(seed, 10 + i, 2 ** 128));
            if (counts) some = true;
        }
        _demand(_try(RELAYER, abi.encodeCall(IDataset.cast, (group, choices))), some, "cast");
        if (some) _checkExtension(group, state, leading);
    }

    function _choose(uint256 group, uint256 period, uint256 seed)
        private
        returns (IDataset.Choice memory choice, bool counts)
    {
        choice.position = _randomPosition(group, seed);
        choice.delta = _favoured(group, seed);
        choice.patch = network.delta(group, choice.delta).digest;
        choice.seq = _draw(seed, 3, 20);
        uint256 kind = _draw(seed, 4, 8);
        if (kind == 1) choice.patch ^= bytes32(uint256(1));
        uint256 signer = _key(group, choice.position);
        uint256 key = kind > 5 ? ownerKey[group][choice.position] : signer;
        choice.signature = _signChoice(group, kind == 0 ? period + 1 : period, choice, key);
        if (kind < 2) return (choice, false);
        // A key that is both speaks as the signer.
        counts = _noteVote(group, choice, period, key != signer);
        if (counts && key != signer) _note("the owner votes");
    }

    function _signChoice(uint256 group, uint256 period, IDataset.Choice memory choice, uint256 key)
        private
        view
        returns (bytes memory)
    {
        return _signed(key, Typed.choice(group, period, choice.delta, choice.patch, choice.seq));
    }

    /// @dev Whoever changed in the last eighth what would be applied has given the others an eighth to answer.
    function _checkExtension(uint256 group, IGroups.Group memory before, uint256 leading) private {
        IGroups.Group memory state = network.group(group);
        uint256 until = block.timestamp + before.period / 8;
        uint256 longer = until > before.periodEnd && _first(group, before) != leading ? until - before.periodEnd : 0;
        uint256 left = before.period / 2 - before.extended;
        if (longer > left) longer = left;
        vm.assertEq(state.periodEnd, before.periodEnd + longer, "end of the period");
        vm.assertEq(state.extended, before.extended + longer, "extended");
        if (longer != 0) _note("extended");
    }

    /// @dev The last proposal mostly, else any that is or is not open, or to keep the set as it is.
    function _favoured(uint256 group, uint256 seed) private view returns (uint256) {
        uint256 proposals = network.group(group).proposals;
        uint256 kind = _draw(seed, 1, 8);
        if (kind == 0) return 0;
        return kind < 3 ? 1 + _draw(seed, 2, proposals + 1) : proposals;
    }

    function _noteVote(uint256 group, IDataset.Choice memory choice, uint256 period, bool byOwner)
        private
        returns (bool)
    {
        Vote storage last = votes[group][choice.position];
        bool open = choice.delta == 0 || _status(group, choice.delta) == uint256(IDataset.DeltaStatus.Open);
        uint256 weight = _liveOf(group, choice.position, false);
        uint256 rank = choice.seq + (byOwner ? 2 ** 95 : 0);
        if (!open || weight == 0 || (last.period == period && last.rank >= rank)) return false;
        votes[group][choice.position] = Vote(period, choice.delta, weight, rank);
        return true;
    }

    /// @dev What a turn must do is told from all choices of the period.
    function _tryTurn(uint256 group) private {
        IGroups.Group memory before = network.group(group);
        uint256 winner = _elect(group, before);
        uint256 purse_ = address(purse).balance;
        bool expected = block.timestamp >= before.periodEnd;
        uint256 charge = expected ? _chargesOf(group, winner) : 0;
        uint256 held = neuron.balanceOf(address(network));
        _demand(_try(RELAYER, abi.encodeCall(IDataset.turn, (group))), expected, "turn");
        if (!expected) return;
        bonds -= charge;
        vm.assertEq(held - neuron.balanceOf(address(network)), charge, "what displacers lose");
        vm.assertLe(purse_ - address(purse).balance, purse_ / 65_536, "no call pays more");
        IGroups.Group memory state = network.group(group);
        vm.assertEq(state.applied, winner, "applied");
        vm.assertEq(state.period, before.periodNext, "length of the next period");
        vm.assertEq(state.periodEnd, block.timestamp + before.periodNext, "its end");
        vm.assertEq(state.extended, 0, "not extended");
        IDataset.Delta memory delta = network.delta(group, winner);
        vm.assertEq(state.head, winner == 0 ? before.head : keccak256(abi.encode(before.head, delta.digest)), "head");
        if (winner == 0) return;
        vm.assertLe(delta.reward, delta.bond / 4, "never more than a quarter of what was at risk");
        _note("a delta is applied");
    }

    /// @dev What all open deltas lose at a turn, but the one that is applied.
    function _chargesOf(uint256 group, uint256 winner) private returns (uint256 sum) {
        uint256[] memory open = network.openDeltas(group);
        for (uint256 i; i < open.length; ++i) {
            if (open[i] != winner) sum += _chargeOf(group, open[i]);
        }
    }

    function _elect(uint256 group, IGroups.Group memory state) private view returns (uint256 winner) {
        winner = _first(group, state);
        bool enough = votesFor(group, state.periodNumber, winner) * 10 >= network.stake(group).bonded;
        return enough ? winner : 0;
    }

    /// @dev The delta that leads, however few want it.
    function _first(uint256 group, IGroups.Group memory state) private view returns (uint256 winner) {
        uint256[] memory open = network.openDeltas(group);
        uint256 most;
        for (uint256 i; i < open.length; ++i) {
            uint256 sum = votesFor(group, state.periodNumber, open[i]);
            bool lower = sum == most && open[i] < winner;
            if (winner == 0 || sum > most || lower) (winner, most) = (open[i], sum);
        }
        bool beats = most > votesFor(group, state.periodNumber, 0);
        bool fits = network.delta(group, winner).parent == state.head;
        return beats && fits ? winner : 0;
    }

    /// @dev Stake behind `delta` (0: keep) in a period: each position with its last choice alone.
    function votesFor(uint256 group, uint256 period, uint256 delta) public view returns (uint256 sum) {
        for (uint256 position = 1; position <= POSITIONS_MAX; ++position) {
            Vote memory vote = votes[group][position];
            if (vote.period == period && vote.delta == delta) sum += vote.weight;
        }
    }

    function _isWanted(uint256 group, uint256 delta) private view returns (bool) {
        uint256 sum = votesFor(group, network.group(group).periodNumber, delta);
        return sum != 0 && sum * 10 >= network.stake(group).bonded;
    }

    /// @dev The open delta with the lowest bond, the earliest on the list of several; none that a tenth of stake wants.
    function _lowest(uint256 group) private view returns (uint256 lowest) {
        uint256[] memory open = network.openDeltas(group);
        for (uint256 i; i < open.length; ++i) {
            if (_isWanted(group, open[i])) continue;
            bool lower = lowest == 0 || network.delta(group, open[i]).bond < network.delta(group, lowest).bond;
            if (lower) lowest = open[i];
        }
    }

    function _status(uint256 group, uint256 delta) private view returns (uint256) {
        return uint256(network.delta(group, delta).status);
    }
}
