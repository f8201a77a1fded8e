// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IEmission} from "token/IEmission.sol";
import {ISale} from "token/ISale.sol";
import {Schedule} from "token/Schedule.sol";

/// @title The sale: NRN at a fixed price until a deadline, or everybody's coins back.
contract Sale is ISale, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Address for address payable;

    /// @dev Who could not close the sale by then pays everybody back, s after the deadline.
    uint256 private constant CLOSE_TIME = 30 days;

    address public immutable neuron;
    address public immutable emission;
    address public immutable purse;
    uint256 public immutable price;
    uint256 public immutable deadline;
    uint256 public immutable minimum;

    uint256 public sold;
    bool public closed;
    mapping(address buyer => uint256) public bought;
    mapping(address buyer => uint256) public paid;

    constructor(
        address neuron_,
        address emission_,
        address purse_,
        uint256 price_,
        uint256 deadline_,
        uint256 minimum_
    ) {
        if (price_ == 0 || minimum_ == 0 || minimum_ > Schedule.SALE_MAX) revert BadTerms();
        if (deadline_ <= block.timestamp) revert BadTerms();
        neuron = neuron_;
        emission = emission_;
        purse = purse_;
        price = price_;
        deadline = deadline_;
        minimum = minimum_;
        emit Begun(neuron_, emission_, purse_, price_, deadline_, minimum_);
    }

    function buy() external payable returns (uint256 amount) {
        if (block.timestamp >= deadline) revert SaleOver(deadline);
        amount = msg.value * 1e18 / price;
        if (amount == 0) revert NothingBought();
        if (sold + amount > Schedule.SALE_MAX) revert SoldOut(Schedule.SALE_MAX - sold);
        sold += amount;
        bought[msg.sender] += amount;
        paid[msg.sender] += msg.value;
        emit Bought(msg.sender, msg.value, amount);
    }

    function close() external nonReentrant {
        if (block.timestamp < deadline) revert SaleRunning(deadline);
        if (closed) revert AlreadyClosed();
        if (sold < minimum) revert BelowMinimum(minimum - sold);
        closed = true;
        uint256 proceeds = address(this).balance;
        emit Closed(sold, proceeds);
        IEmission(emission).open(sold);
        payable(purse).sendValue(proceeds);
    }

    function claim() external nonReentrant returns (uint256 amount) {
        if (!closed) revert NotClosed();
        amount = bought[msg.sender];
        if (amount == 0) revert NothingBought();
        bought[msg.sender] = 0;
        emit Claimed(msg.sender, amount);
        IERC20(neuron).safeTransfer(msg.sender, amount);
    }

    function refund() external nonReentrant returns (uint256 amount) {
        if (block.timestamp < deadline) revert SaleRunning(deadline);
        if (closed) revert AlreadyClosed();
        bool stuck = block.timestamp >= deadline + CLOSE_TIME;
        if (sold >= minimum && !stuck) revert MinimumReached(deadline + CLOSE_TIME);
        amount = paid[msg.sender];
        if (amount == 0) revert NothingBought();
        sold -= bought[msg.sender];
        bought[msg.sender] = 0;
        paid[msg.sender] = 0;
        emit Refunded(msg.sender, amount);
        payable(msg.sender).sendValue(amount);
    }
}
