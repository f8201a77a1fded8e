// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Terms} from "token/Seats.sol";
import {Pay} from "governance/Pay.sol";
import {State} from "governance/State.sol";

/// @title Where the variables lie that network and modules inherit.
contract Slots is Pay {
    constructor(Terms memory terms_) State(terms_) {}

    function slots() external pure returns (uint256[14] memory places) {
        assembly ("memory-safe") {
            mstore(places, _positions.slot)
            mstore(add(places, 0x20), _keys.slot)
            mstore(add(places, 0x40), _seats.slot)
            mstore(add(places, 0x60), _earned.slot)
            mstore(add(places, 0x80), _groups.slot)
            mstore(add(places, 0xa0), _rounds.slot)
            mstore(add(places, 0xc0), _claims.slot)
            mstore(add(places, 0xe0), _judged.slot)
            mstore(add(places, 0x100), _won.slot)
            mstore(add(places, 0x120), _groupCount.slot)
            mstore(add(places, 0x140), _deltas.slot)
            mstore(add(places, 0x160), _open.slot)
            mstore(add(places, 0x180), _keep.slot)
            mstore(add(places, 0x1a0), _measures.slot)
        }
    }
}

/// @dev Slots of what a mapping holds.
abstract contract Places {
    /// @dev Where a mapping at `slot` has its value under `key`.
    function _at(uint256 key, uint256 slot) internal pure returns (bytes32) {
        return keccak256(abi.encode(key, slot));
    }

    function _in(uint256 key, uint256 slot) internal pure returns (uint256) {
        return uint256(_at(key, slot));
    }
}
