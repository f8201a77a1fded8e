// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title How fast NRN may come into being: eras of four years, each at half the rate of the one before.
library Schedule {
    /// @notice Seconds of an era: four Julian-calendar years.
    uint256 internal constant ERA = 126_230_400;
    /// @notice From this era on nothing is issued.
    uint256 internal constant ERAS = 64;
    /// @notice Largest sale, wei: 2.49 times as much still fits the 64 bits of gweis in which stake is kept.
    uint256 internal constant SALE_MAX = 2 ** 92;

    /// @notice The era at `time`, both in seconds since the epoch.
    function era(uint256 start, uint256 time) internal pure returns (uint256) {
        return (time - start) / ERA;
    }

    /// @notice Wei by which the allowance grows from `from` to `to`: 13 millionths of `supply` an hour, halved each era.
    function accrued(uint256 supply, uint256 start, uint256 from, uint256 to) internal pure returns (uint256 sum) {
        for (uint256 current = era(start, from); from < to && current < ERAS; ++current) {
            uint256 until = Math.min(to, start + (current + 1) * ERA);
            sum += (supply * 13 * (until - from) / (3600 * 1_000_000)) >> current;
            from = until;
        }
    }
}
