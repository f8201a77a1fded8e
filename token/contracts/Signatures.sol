// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title Whose signature it is: of keys in two forms, and of wallets that are contracts.
library Signatures {
    /// @dev Gas for a wallet that is a contract to check a signature: many owners may have signed.
    uint256 private constant WALLET_GAS = 300_000;

    /// @notice Who signed `digest`, r and vs as in ERC-2098; 0 if nobody did, or with the larger of the two s (EIP-2). What
    /// `ECDSA.tryRecover` says, for two hundred gas less: most of what a verdict costs beside the recovery itself.
    function signerOf(bytes32 digest, bytes32 r, bytes32 vs) internal view returns (address signed) {
        assembly ("memory-safe") {
            let input := mload(64)
            let s := shr(1, shl(1, vs))
            mstore(input, digest)
            mstore(add(input, 32), add(27, shr(255, vs)))
            mstore(add(input, 64), r)
            mstore(add(input, 96), s)
            mstore(0, 0)
            if iszero(gt(s, 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0)) {
                pop(staticcall(gas(), 1, input, 128, 0, 32))
            }
            signed := mload(0)
        }
    }

    /// @notice The key behind 65 bytes r, s, v or 64 bytes r, vs; 0 if there is none.
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address signed) {
        if (signature.length == 64) {
            (signed,,) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:]));
        } else {
            (signed,,) = ECDSA.tryRecoverCalldata(digest, signature);
        }
    }

    /// @notice Whether a contract says by ERC-1271 that it signed; within a limit, so that it cannot spoil a batch.
    function accepts(address account, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (account.code.length == 0) return false;
        bytes memory call = abi.encodeCall(IERC1271.isValidSignature, (digest, signature));
        (bool done, bytes memory answer) = account.staticcall{gas: WALLET_GAS}(call);
        return done && answer.length == 32 && bytes32(answer) == bytes32(IERC1271.isValidSignature.selector);
    }
}
