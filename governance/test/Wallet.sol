// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A wallet that is a contract (ERC-1271): it accepts what two of its holders sign, and does what is asked of it.
contract Wallet {
    address private immutable _one;
    address private immutable _other;

    constructor(address one, address other) {
        (_one, _other) = (one, other);
    }

    /// @dev `signature` holds two of 65 bytes.
    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (signature.length != 130) return 0xffffffff;
        (address first,,) = ECDSA.tryRecoverCalldata(digest, signature[:65]);
        (address second,,) = ECDSA.tryRecoverCalldata(digest, signature[65:]);
        return first == _one && second == _other ? this.isValidSignature.selector : bytes4(0xffffffff);
    }

    function act(address where, bytes calldata call) external returns (bytes memory answer) {
        bool done;
        (done, answer) = where.call(call);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
    }
}
