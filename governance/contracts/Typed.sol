// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures} from "governance/INetwork.sol";

/// @title EIP-712 struct hashes of what validators and members sign.
library Typed {
    bytes32 private constant VERDICT = keccak256("Verdict(uint256 group,uint256 round,bytes32 claim,bytes32 probe)");
    bytes32 private constant MEASURED =
        keccak256("Measured(uint256 bounty,uint256 window,bytes32 result,bytes32 probe)");
    bytes32 private constant CHOICE =
        keccak256("Choice(uint256 group,uint256 period,uint256 delta,bytes32 patch,uint256 seq)");
    bytes32 private constant PERIOD =
        keccak256("Period(uint256 group,uint256 present,uint256 period,uint256 nonce,uint256 expiry)");
    bytes32 private constant ROLLBACK =
        keccak256("Rollback(uint256 group,uint256 delta,bytes32 patch,uint256 nonce,uint256 expiry)");
    bytes32 private constant ADMIT = keccak256("Admit(uint256 group,bytes32 name,uint256 nonce,uint256 expiry)");
    bytes32 private constant REVOKE = keccak256("Revoke(uint256 group,bytes32 name,uint256 nonce,uint256 expiry)");
    bytes32 private constant STRIKE = keccak256(
        "Strike(uint256 group,uint256 round,bytes32 claim,bool restore,uint256 nonce,uint256 expiry)"
    );
    bytes32 private constant SLASH = keccak256(
        "Slash(uint256 group,uint256 position,address signer,uint256 basisPoints,uint256 nonce,uint256 expiry)"
    );
    bytes32 private constant LEAST =
        keccak256("Least(uint256 group,uint256 present,uint256 least,uint256 nonce,uint256 expiry)");

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

    function measured(uint256 bounty, uint256 window, bytes32 result, bytes32 probe) internal pure returns (bytes32) {
        return keccak256(abi.encode(MEASURED, bounty, window, result, probe));
    }

    function choice(uint256 group, uint256 period, uint256 delta, bytes32 patch, uint256 seq)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(CHOICE, group, period, delta, patch, seq));
    }

    /// @notice What assents to a measure sign, and its name: `args` are the ABI's words of the fields between type and nonce.
    function measure(IMeasures.Kind kind, bytes memory args, uint256 nonce, uint256 expiry)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encodePacked(_type(kind), args, nonce, expiry));
    }

    function _type(IMeasures.Kind kind) private pure returns (bytes32) {
        if (kind == IMeasures.Kind.Period) return PERIOD;
        if (kind == IMeasures.Kind.Rollback) return ROLLBACK;
        if (kind == IMeasures.Kind.Admit) return ADMIT;
        if (kind == IMeasures.Kind.Revoke) return REVOKE;
        if (kind == IMeasures.Kind.Strike) return STRIKE;
        return kind == IMeasures.Kind.Slash ? SLASH : LEAST;
    }
}
