// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Measures} from "governance/Measures.sol";
import {Registry} from "governance/Registry.sol";
import {State} from "governance/State.sol";

/// @title The council: training sets and what members decide, as code that acts on the storage of `Network`.
/// @dev Called at its own address it has no groups, no stake and nobody's NRN.
contract Council is Measures {
    Registry public immutable registry;

    constructor(Registry registry_) State(registry_.terms()) {
        registry = registry_;
    }
}
