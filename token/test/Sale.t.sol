// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPurse} from "token/IPurse.sol";
import {ISale} from "token/ISale.sol";
import {World} from "token-test/World.sol";

abstract contract SaleTest is World {
    address internal constant ANN = address(0xA11);
    address internal constant BOB = address(0xB0B);

    function setUp() public {
        _deployToken(address(0xCAFE));
    }

    /// @dev The next call must say exactly this.
    function _refused(bytes4 selector, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }
}

contract SaleTermsTest is SaleTest {
    function test_RevertIf_ThePriceIsZero() public {
        _refuse(0, MINIMUM, DEADLINE);
    }

    function test_RevertIf_TheMinimumIsZero() public {
        _refuse(PRICE, 0, DEADLINE);
    }

    function test_RevertIf_TheMinimumCannotBeSold() public {
        _refuse(PRICE, 2 ** 92 + 1, DEADLINE);
    }

    function test_RevertIf_TheDeadlineIsOver() public {
        _refuse(PRICE, MINIMUM, 0);
        _refuse(PRICE, MINIMUM, block.timestamp - 1);
        _refuse(PRICE, MINIMUM, block.timestamp);
        this.deploy(PRICE, MINIMUM, block.timestamp + 1);
    }

    function _refuse(uint256 price, uint256 minimum, uint256 deadline) private {
        vm.expectRevert(ISale.BadTerms.selector);
        this.deploy(price, minimum, deadline);
    }

    function deploy(uint256 price, uint256 minimum, uint256 deadline) external {
        _deploy("Sale", abi.encode(neuron, emission, purse, price, deadline, minimum));
    }
}

contract BuyTest is SaleTest {
    function test_RevertIf_TheDeadlineHasCome() public {
        vm.warp(DEADLINE);
        vm.deal(ANN, 1 ether);
        _refused(ISale.SaleOver.selector, DEADLINE);
        vm.prank(ANN);
        sale.buy{value: 1 ether}();
    }

    function test_RevertIf_TheCoinsBuyNothing() public {
        vm.expectRevert(ISale.NothingBought.selector);
        sale.buy{value: 0}();
    }

    function test_RevertIf_MoreThanTheLargestSupplyIsBought() public {
        uint256 cost = 2 ** 92 * PRICE / 1e18;
        vm.deal(ANN, 2 * cost);
        vm.startPrank(ANN);
        sale.buy{value: cost}();
        _refused(ISale.SoldOut.selector, 2 ** 92 - cost * 1e18 / PRICE);
        sale.buy{value: cost}();
    }

    function test_EveryCoinBuysAtThePriceUntilTheLastSecond(uint64 first, uint64 second) public {
        (first, second) = (uint64(_bound(first, 1, 1 ether)), uint64(_bound(second, 1, 1 ether)));
        vm.deal(ANN, uint256(first) + second);
        vm.startPrank(ANN);
        sale.buy{value: first}();
        vm.warp(DEADLINE - 1);
        sale.buy{value: second}();
        vm.assertEq(sale.bought(ANN), uint256(first) * 1000 + uint256(second) * 1000, "bought");
        vm.assertEq(sale.sold(), sale.bought(ANN), "sold");
        vm.assertEq(sale.paid(ANN), uint256(first) + second, "paid");
        vm.assertEq(address(sale).balance, sale.paid(ANN), "held");
    }
}

contract CloseTest is SaleTest {
    function test_RevertIf_TheDeadlineHasNotCome() public {
        _buy(ANN, MINIMUM);
        vm.warp(DEADLINE - 1);
        _refused(ISale.SaleRunning.selector, DEADLINE);
        sale.close();
    }

    function test_RevertIf_TheMinimumIsMissed() public {
        _buy(ANN, MINIMUM - 1 ether);
        vm.warp(DEADLINE);
        _refused(ISale.BelowMinimum.selector, 1 ether);
        sale.close();
    }

    function test_RevertIf_ClosedBefore() public {
        _buy(ANN, MINIMUM);
        vm.warp(DEADLINE);
        sale.close();
        vm.expectRevert(ISale.AlreadyClosed.selector);
        sale.close();
    }

    function test_AnyoneClosesAndExactlyWhatWasBoughtExists() public {
        _buy(ANN, MINIMUM);
        _buy(BOB, 7 ether);
        uint256 proceeds = address(sale).balance;
        vm.warp(DEADLINE + 5);
        vm.expectEmit();
        emit ISale.Closed(MINIMUM + 7 ether, proceeds);
        vm.expectEmit();
        emit IPurse.Received(address(sale), proceeds);
        vm.prank(BOB);
        sale.close();
        vm.assertEq(neuron.totalSupply(), MINIMUM + 7 ether, "supply");
        vm.assertEq(address(purse).balance, proceeds, "purse");
        vm.assertEq(emission.start(), DEADLINE + 5, "start");
    }
}

contract ClaimTest is SaleTest {
    function test_RevertIf_TheSaleIsNotClosed() public {
        _buy(ANN, MINIMUM);
        vm.expectRevert(ISale.NotClosed.selector);
        vm.prank(ANN);
        sale.claim();
    }

    function test_RevertIf_NothingIsDue() public {
        _sell(ANN, MINIMUM);
        vm.expectRevert(ISale.NothingBought.selector);
        vm.prank(ANN);
        sale.claim();
    }

    function test_EveryBuyerGetsWhatWasBought() public {
        _buy(BOB, 3 ether);
        _sell(ANN, MINIMUM);
        vm.prank(BOB);
        vm.assertEq(sale.claim(), 3 ether, "claimed");
        vm.assertEq(neuron.balanceOf(BOB), 3 ether, "Bob");
        vm.assertEq(neuron.balanceOf(ANN), MINIMUM, "Ann");
        vm.assertEq(neuron.balanceOf(address(sale)), 0, "sale");
    }
}

contract RefundTest is SaleTest {
    function test_RevertIf_TheSaleRuns() public {
        _buy(ANN, 1 ether);
        _refused(ISale.SaleRunning.selector, DEADLINE);
        vm.prank(ANN);
        sale.refund();
    }

    function test_RevertIf_TheMinimumWasReached() public {
        _buy(ANN, MINIMUM);
        vm.warp(DEADLINE);
        _refused(ISale.MinimumReached.selector, DEADLINE + 30 days);
        vm.prank(ANN);
        sale.refund();
    }

    function test_RevertIf_PaidBackBefore() public {
        _buy(ANN, 1 ether);
        vm.warp(DEADLINE);
        vm.startPrank(ANN);
        sale.refund();
        vm.expectRevert(ISale.NothingBought.selector);
        sale.refund();
    }

    function test_EveryCoinComesBackBelowTheMinimum() public {
        _buy(ANN, 1 ether);
        _buy(BOB, 2 ether);
        vm.warp(DEADLINE);
        vm.prank(ANN);
        sale.refund();
        vm.prank(BOB);
        vm.assertEq(sale.refund(), 2 ether * PRICE / 1e18, "refunded");
        vm.assertEq(BOB.balance, 2 ether * PRICE / 1e18, "Bob");
        vm.assertEq(address(sale).balance, 0, "sale");
    }
}

/// @dev A sale that reached its minimum and that nobody closed.
contract NeverClosedTest is SaleTest {
    uint256 private constant REFUNDS = DEADLINE + 30 days;

    function test_RevertIf_TheTimeToCloseIsNotOver() public {
        _buy(ANN, MINIMUM);
        vm.warp(REFUNDS - 1);
        _refused(ISale.MinimumReached.selector, REFUNDS);
        vm.prank(ANN);
        sale.refund();
    }

    function test_RevertIf_ItWasClosed() public {
        _sell(ANN, MINIMUM);
        vm.warp(REFUNDS);
        vm.expectRevert(ISale.AlreadyClosed.selector);
        vm.prank(ANN);
        sale.refund();
    }

    function test_RevertIf_ItIsClosedOnceRefundsBroughtItBelowTheMinimum() public {
        _buy(ANN, MINIMUM);
        _buy(BOB, 7 ether);
        vm.warp(REFUNDS);
        vm.prank(ANN);
        sale.refund();
        _refused(ISale.BelowMinimum.selector, MINIMUM - 7 ether);
        sale.close();
        vm.prank(BOB);
        vm.assertEq(sale.refund(), 7 ether * PRICE / 1e18, "and everybody is paid back");
    }

    function test_EveryCoinComesBack() public {
        _buy(ANN, MINIMUM);
        _buy(BOB, 7 ether);
        vm.warp(REFUNDS);
        vm.prank(ANN);
        vm.assertEq(sale.refund(), MINIMUM * PRICE / 1e18, "Ann");
        vm.assertEq(sale.sold(), 7 ether, "sold no more");
        vm.assertEq(sale.bought(ANN), 0, "bought no more");
        vm.prank(BOB);
        sale.refund();
        vm.assertEq(sale.sold(), 0, "nothing is sold");
        vm.assertEq(address(sale).balance, 0, "sale");
    }

    function test_WhoIsLeftAboveTheMinimumMayStillCloseIt() public {
        _buy(ANN, MINIMUM);
        _buy(BOB, 7 ether);
        vm.warp(REFUNDS);
        vm.prank(BOB);
        sale.refund();
        sale.close();
        vm.assertEq(neuron.totalSupply(), MINIMUM, "only what is still sold exists");
        vm.assertEq(address(purse).balance, MINIMUM * PRICE / 1e18, "purse");
        vm.expectRevert(ISale.NothingBought.selector);
        vm.prank(BOB);
        sale.claim();
    }
}
