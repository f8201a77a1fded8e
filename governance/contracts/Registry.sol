// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Stake} from "token/Stake.sol";
import {Terms} from "token/Seats.sol";
import {Duties} from "governance/Duties.sol";
import {Groups} from "governance/Groups.sol";
import {State} from "governance/State.sol";

/// @title The registry: groups, stake in them and what is asked of its signers, as code that acts on the storage of
/// `Network`.
/// @dev Called at its own address it has no groups, no stake and nobody's NRN.
contract Registry is Stake, Groups, Duties {
    constructor(
        address neuron_,
        address emission_,
        address purse_,
        uint256 epoch_,
        uint256 exit_,
        uint256 maturity_,
        uint256 minDeposit_
    ) State(Terms(neuron_, emission_, purse_, epoch_, exit_, maturity_, minDeposit_, block.timestamp)) {}

    /// @notice With what this code was deployed; `Council` and `Network` take the same.
    function terms() external view returns (Terms memory) {
        return Terms(_neuron, _emission, _purse, _epochLength, _exitTime, _maturity, _minDeposit, _genesis);
    }

    function _requireGroup(uint256 number) internal view override {
        _group(number);
    }
}
