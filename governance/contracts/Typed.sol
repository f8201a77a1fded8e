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

    /// @notice What the verdicts of one round have in common, for `verdictOf`: the message, then the envelope of its hash.
    function verdictForm(uint256 group, uint256 round, bytes32 domain) internal pure returns (bytes memory form) {
        return abi.encodePacked(VERDICT, group, round, bytes32(0), bytes32(0), hex"1901", domain, bytes32(0));
    }

    /// @notice EIP-712 digest of the verdict that completes `form`; allocates nothing.
    function verdictOf(bytes memory form, bytes32 claim, bytes32 probe) internal pure returns (bytes32 digest) {
        assembly ("memory-safe") {
            mstore(add(form, 128), claim)
            mstore(add(form, 160), probe)
            mstore(add(form, 226), keccak256(add(form, 32), 160))
            digest := keccak256(add(form, 192), 66)
        }
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
