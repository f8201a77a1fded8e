// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The cheatcodes that measure.
interface MeterVm {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function lastCallGas() external view returns (Gas memory gas);
    function setEvmVersion(string calldata version) external;
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
}

/// @title Reads what the last call cost and writes rows for `cargo xtask bench gas`.
abstract contract Meter {
    MeterVm private constant METER = MeterVm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Gas of the last call as a transaction, which it is under `isolate`: with calldata and the base fee of 21,000, less refunds.
    function _used() internal view returns (uint256) {
        return METER.lastCallGas().gasTotalUsed;
    }

    /// @dev The rules of the newest chains: EIP-7825 caps a transaction at 16,777,216 gas.
    function _newestRules() internal {
        METER.setEvmVersion("osaka");
    }

    function _ours(string memory row, uint256 gas) internal {
        METER.snapshotValue("Bench", string.concat("ours ", row), gas);
    }

    /// @dev The same beside what there was before.
    function _oursBoth(string memory row, uint256 gas) internal {
        _ours(row, gas);
        _ours(string.concat(row, "/before"), gas);
    }

    function _theirs(string memory row, uint256 gas) internal {
        METER.snapshotValue("Bench", string.concat("theirs ", row), gas);
    }
}
