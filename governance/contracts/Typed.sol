// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title EIP-712 struct hashes of what validators and members sign.
library Typed {
    bytes32 private constant VERDICT = keccak256("Verdict(uint256 group,uint256 round,bytes32 claim,bytes32 probe)");
    bytes32 private constant CHOICE = keccak256("Choice(uint256 group,uint256 period,uint256 delta,uint256 seq)");
    bytes32 private constant ASSENT = keccak256("Assent(bytes32 measure)");

    function verdict(uint256 group, uint256 round, bytes32 claim, bytes32 probe) internal pure returns (bytes32) {
        return keccak256(abi.encode(VERDICT, group, round, claim, probe));
    }

    function choice(uint256 group, uint256 period, uint256 delta, uint256 seq) internal pure returns (bytes32) {
        return keccak256(abi.encode(CHOICE, group, period, delta, seq));
    }

    function assent(bytes32 measure_) internal pure returns (bytes32) {
        return keccak256(abi.encode(ASSENT, measure_));
    }

    /// @notice The name of a measure; `kind` as numbered in `IMeasures.Kind`.
    function measure(uint8 kind, bytes memory args, uint256 nonce, uint256 expiry) internal pure returns (bytes32) {
        return keccak256(abi.encode(kind, args, nonce, expiry));
    }
}
