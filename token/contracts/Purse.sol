// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IPurse} from "token/IPurse.sol";

/// @title The purse: takes coins in, pays gas back, lets nobody take them out.
contract Purse is IPurse {
    /// @dev No call pays more than this part of what is left.
    uint256 private constant PARTS = 65_536;
    /// @dev Gas that a receiver may use: enough for a wallet that is a contract.
    uint256 private constant RECEIVE_GAS = 30_000;

    address public immutable network;
    uint256 public immutable tip;

    constructor(address network_, uint256 tip_) {
        network = network_;
        tip = tip_;
        emit Begun(network_, tip_);
    }

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }

    function payBack(address to, uint256 gas) external returns (uint256 amount) {
        if (msg.sender != network) revert NotNetwork();
        uint256 price = Math.min(tx.gasprice, block.basefee + tip);
        amount = Math.min(price * gas, address(this).balance / PARTS);
        (bool taken,) = to.call{value: amount, gas: RECEIVE_GAS}("");
        if (!taken) return 0;
        emit PaidBack(to, gas, amount);
    }
}
