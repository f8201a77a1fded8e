// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPurse} from "token/IPurse.sol";

/// @title The purse: takes coins in, lets nobody take them out.
contract Purse is IPurse {
    address public immutable network;

    constructor(address network_) {
        network = network_;
    }

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }
}
