// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "token/IEmission.sol";
import {INeuron} from "token/INeuron.sol";
import {IPurse} from "token/IPurse.sol";
import {ISale} from "token/ISale.sol";
import {Test} from "token-test/Test.sol";

/// @title The four contracts of the token, wired to one another and to a network of the test's choice.
abstract contract World is Test {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant PRICE = 0.001 ether;
    uint256 internal constant DEADLINE = START + 1 days;
    uint256 internal constant MINIMUM = 1000 ether;
    uint256 internal constant TIP = 1 gwei;

    INeuron internal neuron;
    IEmission internal emission;
    ISale internal sale;
    IPurse internal purse;

    /// @dev Deploys all but registry, council and network, which are the next three after them if `network` is 0.
    function _deployToken(address network) internal {
        vm.warp(START);
        if (network == address(0)) network = _predict(7);
        (address emission_, address sale_, address purse_) = (_predict(1), _predict(2), _predict(3));
        neuron = INeuron(_deploy("Neuron", abi.encode(emission_)));
        emission = IEmission(_deploy("Emission", abi.encode(neuron, sale_, network)));
        sale = ISale(_deploy("Sale", abi.encode(neuron, emission_, purse_, PRICE, DEADLINE, MINIMUM)));
        purse = IPurse(_deploy("Purse", abi.encode(network, TIP)));
    }

    function _buy(address buyer, uint256 amount) internal {
        uint256 cost = amount * PRICE / 1e18;
        vm.deal(buyer, cost);
        vm.prank(buyer);
        sale.buy{value: cost}();
    }

    /// @dev The sale of `amount` wei to `buyer`, over and claimed.
    function _sell(address buyer, uint256 amount) internal {
        _buy(buyer, amount);
        vm.warp(DEADLINE);
        sale.close();
        vm.prank(buyer);
        sale.claim();
    }
}
