// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MeasureHandler} from "governance-test/MeasureHandler.sol";

/// @title All that may happen to a network, in any order; an action that must fail is tried as well.
contract Handler is MeasureHandler {
    function pass(uint256 seed) external {
        uint256 kind = _draw(seed, 1, 8);
        uint256 seconds_ = kind == 0 ? MATURITY : kind == 1 ? EXIT : _draw(seed, 2, 2 * EPOCH);
        if (network.epoch() < EPOCHS_MAX) vm.warp(block.timestamp + seconds_);
    }

    function _disturb(uint256 seed) internal override {
        if (_draw(seed, 1, 3) == 0) _measure(seed);
        else _moveStake(seed);
    }
}
