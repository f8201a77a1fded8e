// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";
import {ISale} from "token/ISale.sol";
import {World} from "token-test/World.sol";

/// @dev Whoever is paid coins calls the sale again meanwhile: a buyer in its refund, a purse in `close`.
contract ReentrancyTest is World {
    bytes private constant REFUND = abi.encodeCall(ISale.refund, ());
    bytes private constant CLAIM = abi.encodeCall(ISale.claim, ());
    bytes private constant CLOSE = abi.encodeCall(ISale.close, ());
    Reentrant private thief;

    function setUp() public {
        _deployToken(address(0xCAFE));
        thief = new Reentrant(sale);
    }

    function test_RevertIf_ABuyerAsksForTheRefundAgain() public {
        _failedSale();
        thief.plan(REFUND, true);
        vm.expectRevert(Errors.FailedCall.selector);
        thief.refund();
        _refundedOnce();
    }

    function test_ABuyerThatTriesAgainQuietlyGetsItsOwnAndNoMore() public {
        bytes[3] memory calls = [REFUND, CLAIM, CLOSE];
        for (uint256 i; i < calls.length; ++i) {
            setUp();
            _failedSale();
            thief.plan(calls[i], false);
            thief.refund();
            vm.assertEq(thief.tried(), true, "it tried");
            vm.assertEq(thief.answer(), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector, "refused");
            vm.assertEq(address(thief).balance, 1 ether, "only its own");
            vm.assertEq(address(sale).balance, 0.4 ether, "the others' coins");
        }
    }

    function test_ABuyerThatBuysAgainMeanwhileIsTooLate() public {
        _failedSale();
        thief.plan(abi.encodeCall(ISale.buy, ()), false);
        thief.refund();
        vm.assertEq(thief.answer(), ISale.SaleOver.selector, "refused");
    }

    function test_APurseThatCallsAgainMeanwhileChangesNothing() public {
        bytes[3] memory calls = [REFUND, CLAIM, CLOSE];
        for (uint256 i; i < calls.length; ++i) {
            _closeWithPurse(calls[i], false);
            vm.assertEq(thief.answer(), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector, "refused");
            vm.assertEq(neuron.totalSupply(), MINIMUM, "minted once");
        }
    }

    function test_RevertIf_ThePurseRefusesTheProceeds() public {
        vm.expectRevert(Errors.FailedCall.selector);
        this.closeWithPurse(CLOSE);
    }

    function closeWithPurse(bytes calldata call) external {
        _closeWithPurse(call, true);
    }

    /// @dev A sale whose purse is the thief.
    function _closeWithPurse(bytes memory call, bool strict) private {
        setUp();
        address purse_ = address(purse);
        vm.etch(purse_, address(thief).code);
        thief = Reentrant(payable(purse_));
        thief.plan(call, strict);
        _buy(address(0xA11), MINIMUM);
        vm.warp(DEADLINE);
        sale.close();
    }

    function _failedSale() private {
        vm.deal(address(thief), 1 ether);
        thief.buy(0.5 ether);
        _buy(address(0xA11), 400 ether);
        vm.warp(DEADLINE);
    }

    function _refundedOnce() private {
        thief.plan("", false);
        thief.refund();
        vm.assertEq(address(thief).balance, 1 ether, "only its own");
    }
}

/// @dev Calls the sale once while it is paid.
contract Reentrant {
    ISale private immutable sale;
    bytes private call;
    bool private strict;
    bool public tried;
    bytes4 public answer;

    constructor(ISale sale_) {
        sale = sale_;
    }

    function buy(uint256 cost) external {
        sale.buy{value: cost}();
    }

    function refund() external {
        sale.refund();
    }

    function plan(bytes calldata call_, bool strict_) external {
        (call, strict) = (call_, strict_);
    }

    receive() external payable {
        if (call.length == 0) return;
        tried = true;
        (bool done, bytes memory data) = address(sale).call(call);
        answer = bytes4(data);
        if (strict && !done) revert();
    }
}
