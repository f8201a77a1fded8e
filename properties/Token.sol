// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Neuron} from "token/Neuron.sol";

/// @title NRN as the public ERC20 properties want it: all of it in the hands of their three users.
/// @dev The users are those that slither-prop writes into the properties; `xtask/erc20_properties.py` compares them.
contract Token is Neuron {
    address public constant OWNER = 0x627306090abaB3A6e1400e9345bC60c78a8BEf57;
    address public constant USER = 0xf17f52151EbEF6C7334FAD080c5704D77216b732;
    address public constant ATTACKER = 0xC5fdf4076b8F3A5357c5E395ab970B5B54098Fef;

    /// @dev The users cannot mint: only an emission may, and there is none.
    constructor() Neuron(address(1)) {
        _mint(OWNER, 1_000_000 ether);
        _mint(USER, 1 ether);
        _mint(ATTACKER, 1);
    }
}
