// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Stake} from "token/Stake.sol";
import {Dataset} from "governance/Dataset.sol";
import {INetwork} from "governance/INetwork.sol";
import {Measures} from "governance/Measures.sol";
import {Rounds} from "governance/Rounds.sol";

/// @title The network: all modules in one storage; nobody owns, stops or upgrades it.
/// @dev It calls `Neuron` and `Emission` only, which call nobody: there is nothing to re-enter from.
contract Network is Rounds, Dataset, Measures, INetwork {
    constructor(
        address neuron_,
        address emission_,
        address purse_,
        uint256 epoch_,
        uint256 exit_,
        uint256 maturity_,
        uint256 minDeposit_
    ) Stake(neuron_, emission_, purse_, epoch_, exit_, maturity_, minDeposit_) {}

    // The name is given by EIP-2612 and tools.
    // forge-lint: disable-next-line(mixed-case-function)
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }
}
