// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IStake} from "token/IStake.sol";
import {IDuties, IGroups, IRounds} from "governance/INetwork.sol";
import {State} from "governance/State.sol";
import {Typed} from "governance/Typed.sol";

/// @title Duties: sleep for the absent, a slash for who signs twice.
abstract contract Duties is State, IDuties {
    using SafeCast for uint256;

    /// @dev Counted rounds in a row that a position may miss, less one; `Group.recent` names as many.
    uint256 private constant ABSENCES = 8;
    /// @dev Of what the position has; half of it goes to the reporter.
    uint256 private constant DOUBLE_BASIS_POINTS = 500;

    function doze(uint256 group, uint256 position) external {
        Seat storage seat = _touch(group, position);
        if (!seat.awake) revert IStake.NotAwake();
        if (!_absent(group, position, seat.wokenAt)) revert NotAbsent();
        _change(group, seat, seat.stake, false);
        emit Dozed(group, position);
        emit IStake.Rested(group, position);
    }

    function slashDouble(
        uint256 group,
        uint256 round,
        IRounds.Attendance calldata one,
        IRounds.Attendance calldata other
    ) external returns (uint256 reward) {
        uint256 position = one.verdict.position;
        if (one.claim == other.claim) revert SameClaim();
        if (!_signed(group, round, position, one) || !_signed(group, round, position, other)) revert NotSigned();
        Seat storage seat = _touch(group, position);
        uint256 start = _startOf(group, round);
        bool old = block.timestamp > start + _length(_group(group)) + _exitTime;
        if (start > block.timestamp || old || start < seat.forgivenUntil) revert OutOfTime();
        // Once an epoch: a stolen key does not cost more before the owner can rotate.
        seat.forgivenUntil = (_genesis + (_epoch() + 1) * _epochLength).toUint40();
        uint256 amount = _slash(group, position, DOUBLE_BASIS_POINTS);
        reward = amount / 2;
        emit DoubleSigned(group, position, round, msg.sender, reward);
        _release(msg.sender, reward, amount - reward);
    }

    /// @dev Whether a position awake since the epoch `wokenAt` is in none of the last counted rounds, all later than that.
    function _absent(uint256 group, uint256 position, uint256 wokenAt) private view returns (bool) {
        IGroups.Group storage stored = _group(group);
        if (stored.counted < ABSENCES) return false;
        uint256 recent = stored.recent;
        for (uint256 i; i < ABSENCES; ++i) {
            uint256 number = uint32(recent >> (32 * i));
            if (number * _length(stored) / _epochLength < wokenAt || _present(group, number, position)) return false;
        }
        return true;
    }

    /// @dev Whether the verdict is one of the key that signed for `position` in that round's epoch.
    function _signed(uint256 group, uint256 round, uint256 position, IRounds.Attendance calldata shown)
        private
        view
        returns (bool)
    {
        bytes32 hash = Typed.verdict(group, round, shown.claim, shown.verdict.probe);
        uint256 epoch = round * _length(_group(group)) / _epochLength;
        return _signedIn(group, position, epoch, hash, shown.verdict.r, shown.verdict.vs);
    }
}
