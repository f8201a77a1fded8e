// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Stake} from "token/Stake.sol";
import {Council} from "governance/Council.sol";
import {Rounds} from "governance/Rounds.sol";
import {State} from "governance/State.sol";

/// @title The network: one address and one storage for all modules; nobody owns, stops or upgrades it.
/// @dev `Neuron` and `Emission` call nobody, and the purse is called last: there is no half-done state to re-enter.
contract Network is Stake, Rounds {
    address public immutable council;

    constructor(Council council_) State(council_.terms()) {
        council = address(council_);
    }

    /// @dev Whatever is not stake or rounds: the code of the council, fixed for good, on this storage.
    fallback() external {
        address code = council;
        assembly ("memory-safe") {
            let free := mload(64)
            calldatacopy(free, 0, calldatasize())
            let done := delegatecall(gas(), code, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            if iszero(done) { revert(free, returndatasize()) }
            return(free, returndatasize())
        }
    }

    // The name is given by EIP-2612 and tools.
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _requireGroup(uint256 number) internal view override {
        _group(number);
    }
}
