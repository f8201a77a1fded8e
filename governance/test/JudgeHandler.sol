// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDuties, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {StakeHandler} from "governance-test/StakeHandler.sol";

/// @title Verdicts: of some or all, true or false, twice, junk; presence; and who signs two claims.
abstract contract JudgeHandler is StakeHandler {
    /// @dev Verdicts for one claim. @param weight live stake of those that are awake and new, each counted once.
    struct Batch {
        uint256 group;
        uint256 number;
        bytes32 claim;
        IRounds.Verdict[] verdicts;
        uint256 weight;
    }

    mapping(uint256 group => mapping(uint256 round => mapping(address who => bytes32 file))) internal committed;
    mapping(uint256 group => mapping(uint256 round => bytes32[])) internal claims;

    function slashDouble(uint256 seed) external {
        if (played.length == 0) return;
        uint256 recent = played.length < 6 ? played.length : 6;
        Played memory past = played[played.length - 1 - _draw(seed, 1, recent)];
        uint256 position = _randomPosition(past.group, seed);
        uint256 start = _startOf(past.group, past.number);
        if (!_wasOneKey(past.group, position, (start - START) / EPOCH)) return;
        IStake.Position memory shown = network.position(past.group, position);
        bool old = block.timestamp > start + _lengthOf(past.group) + EXIT;
        bool expected = !old && start >= shown.forgivenUntil;
        IRounds.Attendance memory one = IRounds.Attendance("one", _signed(past.group, past.number, position, "one"));
        IRounds.Attendance memory two = IRounds.Attendance("two", _signed(past.group, past.number, position, "two"));
        uint256 before = neuron.balanceOf(RELAYER);
        bytes memory call = abi.encodeCall(IDuties.slashDouble, (past.group, past.number, one, two));
        _demand(_try(RELAYER, call), expected, "slash for signing twice");
        if (!expected) return;
        uint256 most = (shown.live + shown.next + shown.earned + shown.exiting) / 20;
        if (shown.heirGroup == 0) {
            vm.assertLe(neuron.balanceOf(RELAYER) - before, most / 2, "half of a twentieth at most");
        }
        _setNoisy();
    }

    /// @dev First what decides, or does not; then the rest, or all again; at last the other side.
    function _judgeRound(uint256 group, uint256 number, uint256 seed) internal {
        bytes32 claim = _chosen(group, number, seed);
        bool known = network.round(group, number).reveals != 0 && claim != "unknown";
        Batch memory batch = _batch(group, number, claim, _draw(seed, 2, 2 ** 128));
        bool decisive = known && batch.weight * 3 > uint256(network.round(group, number).awake) * 2;
        _judge(batch, decisive);
        if (!decisive) return;
        _noteDecision(group, number);
        batch = _batch(group, number, claim, _draw(seed, 3, 2 ** 128));
        _judge(batch, batch.weight != 0);
        _judge(_batch(group, number, claim == 0 ? bytes32("unknown") : bytes32(0), _draw(seed, 4, 2 ** 128)), false);
    }

    /// @dev In the round after one that stayed undecided.
    function _tryAttend(uint256 group, uint256 seed) internal {
        (uint256 number, IRounds.Phase phase,) = network.clock(group);
        IRounds.Round memory past = network.round(group, --number);
        Batch memory batch = _batch(group, number, "any", _draw(seed, 1, 2 ** 128));
        IRounds.Attendance[] memory attendances = new IRounds.Attendance[](batch.verdicts.length);
        for (uint256 i; i < attendances.length; ++i) {
            attendances[i] = IRounds.Attendance("any", batch.verdicts[i]);
        }
        bool open = past.outcome == IRounds.Outcome.None && past.reveals != 0;
        bool most = phase == IRounds.Phase.Train && batch.weight * 2 > network.stake(group).awake;
        bool enough = past.attended || most;
        bool expected = open && enough && batch.weight != 0;
        _demand(_try(RELAYER, abi.encodeCall(IRounds.attend, (group, attendances))), expected, "attend");
        if (expected && !past.attended) counted[group].push(number);
    }

    /// @dev None of the claims, one of them, or one that nobody made.
    function _chosen(uint256 group, uint256 number, uint256 seed) private view returns (bytes32) {
        uint256 length = claims[group][number].length;
        uint256 index = _draw(seed, 1, 8);
        if (index == 0) return "unknown";
        return index < 3 || length == 0 ? bytes32(0) : claims[group][number][index % length];
    }

    function _judge(Batch memory batch, bool expected) private {
        uint256 paid = network.round(batch.group, batch.number).paid;
        uint256 held = neuron.balanceOf(address(network));
        uint256 coins = address(purse).balance;
        bytes memory call = abi.encodeCall(IRounds.judge, (batch.group, batch.claim, batch.verdicts));
        _demand(_try(RELAYER, call), expected, "judge");
        if (address(purse).balance != coins) _note("the purse pays");
        vm.assertLe(coins - address(purse).balance, coins / 65_536, "no call pays more");
        if (!expected) return;
        judgedStake[batch.group][batch.number] += batch.weight;
        paid = network.round(batch.group, batch.number).paid - paid;
        _checkPay(batch, paid);
        vm.assertEq(neuron.balanceOf(address(network)) - held, batch.claim == 0 ? 0 : paid, "issued");
    }

    /// @dev A batch earns its part of V, rounded down for each verdict; what deposits pay the schedule does not cut.
    function _checkPay(Batch memory batch, uint256 paid) private {
        IRounds.Round memory round = network.round(batch.group, batch.number);
        uint256 due = round.reward / 5 * batch.weight / round.awake;
        vm.assertLe(paid, due, "paid");
        if (batch.claim != 0) return;
        vm.assertLe(due, paid + (batch.verdicts.length + 2) * 1 gwei, "not much less");
        pot[batch.group][batch.number] -= paid;
        deposits -= paid;
    }

    function _noteDecision(uint256 group, uint256 number) private {
        IRounds.Round memory round = network.round(group, number);
        counted[group].push(number);
        (, bytes32 file) = network.decision(group, number);
        if (round.outcome == IRounds.Outcome.Won) wins[file] += 1;
        _note(round.outcome == IRounds.Outcome.Won ? "won" : "lost");
    }

    /// @dev Verdicts in any order, one twice, one bad, of sleepers too. The fourth position hardly ever signs.
    function _batch(uint256 group, uint256 number, bytes32 claim, uint256 seed)
        private
        view
        returns (Batch memory batch)
    {
        uint256 positions = network.positions(group);
        uint256 start = _draw(seed, 1, positions);
        uint256 silent = _draw(seed, 2, 4) == 0 ? 16 : 0;
        batch = Batch(group, number, claim, new IRounds.Verdict[](positions + 2), 0);
        for (uint256 i; i < positions; ++i) {
            uint256 position = 1 + (start + i) % positions;
            if (_draw(seed, 100 + position, 32) < (position == OWNERS ? 31 : silent)) continue;
            batch.verdicts[i] = _signed(group, number, position, claim);
            if (!network.judgedBy(group, number, position)) batch.weight += _liveOf(group, position, true);
        }
        batch.verdicts[positions] = batch.verdicts[_draw(seed, 3, positions)];
        batch.verdicts[positions + 1] = _signed(group, number + 1, 1 + start, claim);
    }

    function _signed(uint256 group, uint256 number, uint256 position, bytes32 claim)
        private
        view
        returns (IRounds.Verdict memory)
    {
        bytes32 probe = keccak256(abi.encode(position));
        bytes32 digest = _digest(Typed.verdict(group, number, claim, probe));
        (bytes32 r, bytes32 vs) = vm.signCompact(_key(group, position), digest);
        return IRounds.Verdict(position, probe, r, vs);
    }
}
