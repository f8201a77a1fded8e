// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BountyHandler} from "governance-test/BountyHandler.sol";

/// @title All that may happen to a network, in any order; an action that must fail is tried as well.
contract Handler is BountyHandler {
    uint256 private constant KINDS = 22;

    /// @dev Whatever it is, it follows from `bits`. Of a number forge would take two of five from what it has seen before, in an
    /// order that no seed settles; bits it draws anew, so that a seed is the same search on every machine.
    function act(bool[64] calldata bits) external {
        actBy(uint256(keccak256(abi.encode(bits))));
    }

    /// @dev What takes many steps to show comes more often.
    function actBy(uint256 seed) public {
        uint256 kind = seed % KINDS;
        if (kind < 6) this.playHour(seed);
        if (kind == 6) this.clean(seed);
        if (kind == 7) this.doze(seed);
        if (kind == 8) this.slashDouble(seed);
        if (kind == 9 || kind == 10) this.moveStake(seed);
        if (kind == 11) this.playPeriod(seed);
        if (kind == 12) this.crowd(seed);
        if (kind == 13) this.refund(seed);
        if (kind == 14 || kind == 21) this.measure(seed);
        if (kind == 15) this.pass(seed);
        if (kind == 16) this.playDays(seed);
        if (kind == 17) this.conspire(seed);
        if (kind == 18) this.fund(seed);
        if (kind == 19 || kind == 20) this.hunt(seed);
    }

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
        uint256 kind = _draw(seed, 1, 5);
        if (kind == 0) _measure(seed);
        else if (kind == 4) _hunt(network.bounties(), seed);
        else if (kind == 1) _slashDouble(seed);
        else _moveStake(seed);
    }
}
