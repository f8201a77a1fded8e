// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {INeuron} from "token/INeuron.sol";

/// @title NRN: an ERC20 that only `Emission` mints; everybody may burn what they own.
contract Neuron is ERC20, ERC20Permit, INeuron {
    address public immutable emission;

    constructor(address emission_) ERC20("Neuron", "NRN") ERC20Permit("Neuron") {
        emission = emission_;
    }

    function mint(address to, uint256 amount) external {
        if (msg.sender != emission) revert NotEmission();
        _mint(to, amount);
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }
}
