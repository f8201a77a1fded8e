// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title A wallet that is a contract: it accepts what one key signed (ERC-1271), and calls what anybody asks of it.
contract KeyWallet is IERC1271 {
    address private immutable key;

    constructor(address key_) {
        key = key_;
    }

    /// @dev Calls `target`, and reverts with what it reverts with.
    function act(address target, bytes calldata call) external returns (bytes memory data) {
        bool done;
        (done, data) = target.call(call);
        if (done) return data;
        assembly ("memory-safe") {
            revert(add(data, 32), mload(data))
        }
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address signed,,) = ECDSA.tryRecover(digest, bytes32(signature[:32]), bytes32(signature[32:64]));
        return signed == key ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
