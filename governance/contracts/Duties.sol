// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IStake} from "token/IStake.sol";
import {Doubles} from "governance/Doubles.sol";
import {IDuties, IGroups, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";

/// @title Duties: sleep for the absent, a slash for who signs twice.
abstract contract Duties is Doubles, IDuties {
    using SafeCast for uint256;

    /// @dev Counted rounds in a row that a position may miss, less one; `Group.recent` names as many, two more are newer.
    uint256 private constant ABSENCES = 8;
    /// @dev Gas of putting a position to sleep that the purse pays back: less than the last of many in a `multicall` uses.
    uint256 private constant DOZE_GAS = 20_000;

    function doze(uint256 group, uint256 position) external {
        Seat storage seat = _touch(group, position);
        // Who has gone to rest to be spared it is awake to the end of the epoch; who sleeps already is not put to it again.
        (, bool awake) = _now(seat);
        if ((!awake && !seat.awake) || seat.sleepsUntil > _epoch()) revert IStake.NotAwake();
        if (!_absent(group, position, seat.wokenAt)) revert NotAbsent();
        uint256 dozed = Rules.nextDozed(_epoch(), seat.sleepsUntil, seat.dozed);
        uint256 until = Rules.sleepsUntil(_epoch(), dozed);
        (seat.dozed, seat.sleepsUntil) = (uint8(dozed), until.toUint24());
        emit Dozed(group, position, until);
        if (seat.awake) _toRest(group, position, seat);
        if (_isAdmitted(group)) _payBack(DOZE_GAS);
    }

    function slashDouble(
        uint256 group,
        uint256 round,
        IRounds.Attendance calldata one,
        IRounds.Attendance calldata other
    ) external returns (uint256 reward) {
        uint256 position = one.verdict.position;
        if (one.claim == other.claim) revert SameClaim();
        uint256 epoch = _epochOf(group, round);
        if (!_signed(group, round, epoch, position, one) || !_signed(group, round, epoch, position, other)) {
            revert NotSigned();
        }
        uint256 burned;
        (reward, burned) =
            _slashDouble(group, position, epoch, _startOf(group, round), _startOf(group, round + 1));
        emit DoubleSigned(group, position, msg.sender, round, burned, reward);
        _release(msg.sender, reward, burned);
    }

    /// @dev Whether a position awake since the epoch `wokenAt` is in none of eight counted rounds, all later than that. The
    /// two newest are not among them: of any others all verdicts can have been shown.
    function _absent(uint256 group, uint256 position, uint256 wokenAt) private view returns (bool) {
        IGroups.Group storage stored = _group(group);
        if (stored.counted < ABSENCES + 2) return false;
        uint256 recent = stored.recent;
        for (uint256 i; i < ABSENCES; ++i) {
            uint256 number = uint32(recent >> (32 * i));
            if (_epochOf(group, number) < wokenAt || _present(group, number, position)) return false;
        }
        return true;
    }

    /// @dev Whether the verdict is one of the key that signed for `position` in that round's epoch.
    function _signed(
        uint256 group,
        uint256 round,
        uint256 epoch,
        uint256 position,
        IRounds.Attendance calldata shown
    ) private view returns (bool) {
        bytes32 digest = _hashTypedDataV4(Typed.verdict(group, round, shown.claim, shown.verdict.probe));
        return _signedIn(group, position, epoch, digest, shown.verdict.r, shown.verdict.vs);
    }
}
