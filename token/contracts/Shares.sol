// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Dividing an amount in proportion without losing a wei to rounding.
library Shares {
    /// @notice The part of `amount` for the stretch from `before` to `upTo` of `whole`. The floors are of running sums:
    /// stretches that cover the whole get exactly `amount` together.
    function due(uint256 amount, uint256 before, uint256 upTo, uint256 whole) internal pure returns (uint256) {
        return part(amount, upTo, whole) - part(amount, before, whole);
    }

    /// @notice The part of `amount` for the first `stretch` of `whole`.
    function part(uint256 amount, uint256 stretch, uint256 whole) internal pure returns (uint256) {
        return whole == 0 ? 0 : amount * stretch / whole;
    }
}
