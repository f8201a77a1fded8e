// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDuties} from "governance/INetwork.sol";
import {Pay} from "governance/Pay.sol";

/// @title Doubles: what it costs to sign two things of which only one can be true.
abstract contract Doubles is Pay {
    using SafeCast for uint256;

    /// @dev Of what the position has: what is burned, and with what the reporter gets on top.
    uint256 private constant DOUBLE_BASIS_POINTS = 500;
    uint256 private constant REPORTED_BASIS_POINTS = 550;

    /// @dev Takes the stake of `position` that answers for what it signed in `epoch`, between those two seconds.
    function _slashDouble(uint256 group, uint256 position, uint256 epoch, uint256 from, uint256 until)
        internal
        returns (uint256 reward, uint256 burned)
    {
        Seat storage seat = _touch(group, position);
        bool outside = from > block.timestamp || block.timestamp > until + _exitTime;
        if (outside || epoch < seat.forgivenUntil || !_answers(seat, epoch)) revert IDuties.OutOfTime();
        // Once an epoch: a stolen key does not cost more before the owner can rotate.
        seat.forgivenUntil = (_epoch() + 1).toUint24();
        uint256 amount = _slash(group, position, REPORTED_BASIS_POINTS, epoch, false);
        burned = amount * DOUBLE_BASIS_POINTS / REPORTED_BASIS_POINTS;
        reward = amount - burned;
    }
}
