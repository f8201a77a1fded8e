// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {PeriodHandler} from "governance-test/PeriodHandler.sol";

/// @title Measures of every kind, with majorities and without, with good arguments and bad ones.
abstract contract MeasureHandler is PeriodHandler {
    uint256 private measures;

    function measure(uint256 seed) external {
        _measure(_draw(seed, 1, 2 ** 128));
        _measure(_draw(seed, 2, 2 ** 128));
    }

    function _measure(uint256 seed) internal {
        uint256 group = _randomGroup(seed);
        IMeasures.Kind kind = IMeasures.Kind(_draw(seed, 1, 6));
        uint256 onTrial = _groupOnTrial();
        if (onTrial != 0 && _draw(seed, 5, 2) == 0) (kind, group) = (IMeasures.Kind.Rollback, onTrial);
        bytes memory args = _args(kind, group, seed);
        bytes32 hash = Typed.measure(uint8(kind), args, ++measures, FOREVER);
        (IMeasures.Assent[] memory assents, uint256 sum) = _assentsOf(kind, group, hash, seed);
        bool expected = _carries(kind, group, sum) && _isPossible(kind, group, args);
        bytes memory call = abi.encodeCall(IMeasures.enact, (kind, args, measures, FOREVER, assents));
        bonds -= kind == IMeasures.Kind.Rollback && expected ? _bondOf(group, args) : 0;
        _demand(_try(RELAYER, call), expected, _name(kind));
        if (expected) _demand(_try(RELAYER, call), false, "enact twice");
        if (expected && !_isLocal(kind)) _setNoisy();
        if (expected && kind == IMeasures.Kind.Strike) _noteStruck(args);
    }

    function _isLocal(IMeasures.Kind kind) private pure returns (bool) {
        return kind == IMeasures.Kind.Period || kind == IMeasures.Kind.Rollback;
    }

    /// @dev Assents of most members in order, and some that are bad; the stake of those that count.
    function _assentsOf(IMeasures.Kind kind, uint256 only, bytes32 hash, uint256 seed)
        private
        view
        returns (IMeasures.Assent[] memory assents, uint256 sum)
    {
        bytes32 digest = _digest(Typed.assent(hash));
        assents = new IMeasures.Assent[](GROUPS * POSITIONS_MAX);
        uint256 most = 2 + _draw(seed, 2, 6);
        for (uint256 i; i < assents.length; ++i) {
            (uint256 group, uint256 position) = (1 + i / POSITIONS_MAX, 1 + i % POSITIONS_MAX);
            assents[i] = IMeasures.Assent(group, position, 0, 0);
            if (position > network.positions(group) || _draw(seed, 20 + i, most) == 0) continue;
            (assents[i].r, assents[i].vs) = vm.signCompact(_key(group, position), digest);
            if (_isLocal(kind) && group != only) continue;
            sum += _liveOf(group, position, kind == IMeasures.Kind.Rollback);
        }
    }

    function _carries(IMeasures.Kind kind, uint256 group, uint256 sum) private view returns (bool) {
        if (kind == IMeasures.Kind.Period) return sum * 2 > network.stake(group).bonded;
        if (kind == IMeasures.Kind.Rollback) return sum * 2 > network.stake(group).awake;
        return sum * 2 > network.allBonded() && sum >= neuron.totalSupply() / 10;
    }

    function _args(IMeasures.Kind kind, uint256 group, uint256 seed) private view returns (bytes memory) {
        uint256 number = _draw(seed, 3, 8);
        if (kind == IMeasures.Kind.Period) return abi.encode(group, number * 2 days);
        if (kind == IMeasures.Kind.Rollback) {
            return abi.encode(group, number < 6 ? network.group(group).applied : number);
        }
        if (kind == IMeasures.Kind.Slash) return abi.encode(group, 1 + number % 5, 150 * number);
        if (kind != IMeasures.Kind.Strike) return abi.encode(group);
        if (played.length == 0) return abi.encode(group, number, 0);
        Played memory past = _lastWon(_draw(seed, 4, 4));
        return abi.encode(past.group, past.number, number < 7 ? number % 2 : 2);
    }

    /// @dev Of the rounds that were won the last one, or one before; any other if there is none.
    function _lastWon(uint256 skipped) private view returns (Played memory past) {
        for (uint256 i = played.length; i != 0; --i) {
            past = played[i - 1];
            if (network.round(past.group, past.number).winner == address(0)) continue;
            if (skipped == 0) break;
            skipped -= 1;
        }
    }

    function _isPossible(IMeasures.Kind kind, uint256 group, bytes memory args) private view returns (bool) {
        IGroups.Group memory state = network.group(group);
        if (kind == IMeasures.Kind.Admit) return !state.admitted;
        if (kind == IMeasures.Kind.Revoke) return state.admitted;
        if (kind == IMeasures.Kind.Strike) return _mayStrike(args);
        (, uint256 second) = abi.decode(args, (uint256, uint256));
        if (kind == IMeasures.Kind.Period) return second != 0 && second <= EXIT / 2;
        if (kind == IMeasures.Kind.Rollback) {
            return second != 0 && second == state.applied && _isOnTrial(group, second);
        }
        (,, uint256 basisPoints) = abi.decode(args, (uint256, uint256, uint256));
        return second <= network.positions(group) && basisPoints != 0 && basisPoints <= 1000;
    }

    function _mayStrike(bytes memory args) private view returns (bool) {
        (uint256 group, uint256 number, uint256 restore) = abi.decode(args, (uint256, uint256, uint256));
        IRounds.Round memory round = network.round(group, number);
        bool early = block.timestamp < _startOf(group, number + 1) + MATURITY;
        return restore < 2 && early && round.outcome == IRounds.Outcome.Won && !round.collected;
    }

    function _noteStruck(bytes memory args) private {
        (uint256 group, uint256 number,) = abi.decode(args, (uint256, uint256, uint256));
        struck.push(Played(group, number, true));
    }

    /// @dev A group with a delta on trial, or with one whose trial ended without a turn.
    function _groupOnTrial() private view returns (uint256 group) {
        for (group = GROUPS; group != 0; --group) {
            if (network.group(group).applied != 0) break;
        }
    }

    function _isOnTrial(uint256 group, uint256 delta) private view returns (bool) {
        return block.timestamp < network.delta(group, delta).standsAt;
    }

    function _bondOf(uint256 group, bytes memory args) private view returns (uint256) {
        (, uint256 delta) = abi.decode(args, (uint256, uint256));
        return network.delta(group, delta).bond;
    }

    function _name(IMeasures.Kind kind) private pure returns (string memory) {
        return ["Period", "Rollback", "Admit", "Revoke", "Strike", "Slash"][uint256(kind)];
    }
}
