// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEmission} from "token/IEmission.sol";
import {INeuron} from "token/INeuron.sol";
import {Schedule} from "token/Schedule.sol";

/// @title The only minter: its allowance grows with time, and every issue is cut to it.
contract Emission is IEmission {
    using SafeCast for uint256;

    address public immutable neuron;
    address public immutable sale;
    address public immutable network;

    uint64 private _start;
    uint64 private _accruedAt;
    uint128 private _allowance;

    constructor(address neuron_, address sale_, address network_) {
        neuron = neuron_;
        sale = sale_;
        network = network_;
    }

    function open(uint256 supply) external {
        if (msg.sender != sale) revert NotSale();
        if (_start != 0) revert AlreadyOpen();
        if (supply > Schedule.SALE_MAX) revert SupplyTooLarge();
        _start = block.timestamp.toUint64();
        _accruedAt = block.timestamp.toUint64();
        emit ScheduleOpened(supply, block.timestamp);
        INeuron(neuron).mint(sale, supply);
    }

    function issue(address to, uint256 amount) external returns (uint256 issued) {
        if (msg.sender != network) revert NotNetwork();
        uint256 available = allowance();
        issued = Math.min(amount, available);
        _allowance = (available - issued).toUint128();
        _accruedAt = block.timestamp.toUint64();
        emit Issued(to, amount, issued);
        INeuron(neuron).mint(to, issued);
    }

    function start() external view returns (uint256) {
        return _start;
    }

    function era() external view returns (uint256) {
        return _start == 0 ? 0 : Schedule.era(_start, block.timestamp);
    }

    function allowance() public view returns (uint256) {
        if (_start == 0) return 0;
        uint256 supply = INeuron(neuron).totalSupply();
        return _allowance + Schedule.accrued(supply, _start, _accruedAt, block.timestamp);
    }
}
