// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MeasureHandler} from "governance-test/MeasureHandler.sol";

/// @title All that may happen to a network, in any order; an action that must fail is tried as well.
contract Handler is MeasureHandler {
    /// @dev A while; or until coinbases are mature, an exit is over, the epoch ends in a second, or a year has passed.
    function pass(uint256 seed) external {
        uint256 kind = _draw(seed, 1, 16);
        uint256 epoch = START + (network.epoch() + 1) * EPOCH;
        uint256 time = block.timestamp + _draw(seed, 2, 2 * EPOCH);
        if (kind == 0) time = block.timestamp + MATURITY;
        if (kind == 1) time = block.timestamp + EXIT;
        if (kind == 2) time = block.timestamp + 365 days;
        if (kind > 2 && kind < 6) time = epoch - 1;
        if (kind > 5 && kind < 9) time = epoch;
        _waitUntil(time);
    }

    function _disturb(uint256 seed) internal override {
        uint256 kind = _draw(seed, 1, 4);
        if (kind == 0) _measure(seed);
        else if (kind == 1) _slashDouble(seed);
        else _moveStake(seed);
    }
}
