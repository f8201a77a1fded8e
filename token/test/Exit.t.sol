// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";

contract UnbondTest is StakeTest {
    function test_RevertIf_ThePositionDoesNotExist() public {
        _refused(IStake.NoSuchPosition.selector, 1, 1);
        stake.unbond(1, 1, 1 ether);
    }

    function test_RevertIf_TheCallerIsNotTheOwner() public {
        bytes memory consent = _consentOf(7, 1, ANN);
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 5 ether, consent);
        _refused(IStake.NotOwner.selector, ANN);
        vm.prank(vm.addr(7));
        stake.unbond(1, 1, 1 ether);
    }

    function test_RevertIf_NothingOrTooMuchIsAskedFor() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.ZeroAmount.selector);
        stake.unbond(1, 1, 0);
        _refused(IStake.NotEnoughStake.selector, 5 ether);
        stake.unbond(1, 1, 5 ether + 1 gwei);
        stake.unbond(1, 1, 5 ether);
    }

    function test_RevertIf_TheAmountIsNotWholeGweis() public {
        _bond(ANN, 1, 5 ether);
        _refused(IStake.NotWholeGwei.selector, 1 gwei + 1);
        vm.prank(ANN);
        stake.unbond(1, 1, 1 gwei + 1);
    }

    function test_StakeThatLeavesCountsUntilTheEpochEnds() public {
        _join(1, 7, 5 ether);
        vm.warp(START + EPOCH);
        vm.expectEmit();
        emit IStake.Unbonded(1, 1, 2 ether, START + 2 * EPOCH + EXIT);
        vm.prank(vm.addr(7));
        stake.unbond(1, 1, 2 ether);
        vm.warp(START + 2 * EPOCH - 1);
        vm.assertEq(stake.stake(1).awake, 5 ether, "still");
        vm.assertEq(stake.position(1, 1).live, 5 ether, "live");
        vm.assertEq(stake.position(1, 1).exiting, 2 ether, "exiting");
        vm.assertEq(stake.position(1, 1).exitAt, START + 2 * EPOCH + EXIT, "until");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(stake.stake(1).awake, 3 ether, "less");
        vm.assertEq(stake.stake(1).bonded, 3 ether, "exits are left out");
    }

    function test_WhatWasBondedInThisEpochMayLeaveBeforeItCounts() public {
        _bond(ANN, 1, 5 ether);
        vm.prank(ANN);
        stake.unbond(1, 1, 5 ether);
        _checkSums(1);
        vm.assertEq(stake.stake(1).bonded, 0, "it never counted");
    }

    function test_DustGoesToRest() public {
        _bond(ANN, 1, 5 ether);
        _bond(BOB, 1, 16_383 ether);
        vm.startPrank(ANN);
        stake.wake(1, 1);
        stake.unbond(1, 1, 4 ether);
        vm.assertEq(stake.position(1, 1).awakeNext, true, "1/16,384 is enough");
        vm.expectEmit();
        emit IStake.Rested(1, 1);
        stake.unbond(1, 1, 1 gwei);
        vm.assertEq(stake.position(1, 1).awakeNext, false, "position");
        vm.assertEq(stake.stake(1).awakeNext, 0, "group");
        _checkSums(1);
    }
}

contract WithdrawTest is StakeTest {
    function test_RevertIf_TheCallerIsNotTheOwner() public {
        bytes memory consent = _consentOf(7, 1, ANN);
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 5 ether, consent);
        vm.prank(ANN);
        stake.unbond(1, 1, 5 ether);
        vm.warp(START + EPOCH + EXIT);
        _refused(IStake.NotOwner.selector, ANN);
        vm.prank(vm.addr(7));
        stake.withdraw(1, 1, ANN);
    }

    function test_RevertIf_NothingIsLeaving() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.NothingToWithdraw.selector);
        stake.withdraw(1, 1, ANN);
        vm.assertEq(stake.position(1, 1).exitAt, 0, "no exit");
    }

    function test_RevertIf_TheExitIsNotOver() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        vm.warp(START + 5 hours);
        stake.unbond(1, 1, 2 ether);
        vm.warp(START + EPOCH + EXIT - 1);
        _refused(IStake.ExitNotOver.selector, START + EPOCH + EXIT);
        stake.withdraw(1, 1, ANN);
        vm.warp(START + EPOCH + EXIT);
        vm.expectEmit();
        emit IStake.Withdrawn(1, 1, ANN, 2 ether);
        vm.assertEq(stake.withdraw(1, 1, ANN), 2 ether, "withdrawn");
        vm.expectRevert(IStake.NothingToWithdraw.selector);
        stake.withdraw(1, 1, ANN);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - 3 ether, "Ann");
        vm.assertEq(neuron.balanceOf(address(stake)), 3 ether, "held");
    }

    function test_WhatHasLeftGoesWhereTheOwnerSays() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        stake.unbond(1, 1, 2 ether);
        vm.warp(START + EPOCH + EXIT);
        stake.withdraw(1, 1, address(0xCA5));
        vm.assertEq(neuron.balanceOf(address(0xCA5)), 2 ether, "received");
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - 5 ether, "Ann");
    }
}

/// @dev Two exits go side by side; those that come later join the second.
contract TwoExitsTest is StakeTest {
    uint256 private constant FIRST_OVER = START + EPOCH + EXIT;

    function setUp() public override {
        super.setUp();
        _bond(ANN, 1, 10 ether);
        _unbondIn(0, 5 ether);
    }

    function test_RevertIf_OnlyTheSecondIsAskedForTooEarly() public {
        _unbondIn(2, 1 ether);
        vm.warp(FIRST_OVER);
        vm.assertEq(_withdraw(), 5 ether, "the first");
        _refused(IStake.ExitNotOver.selector, FIRST_OVER + 2 * EPOCH);
        _withdraw();
        vm.warp(FIRST_OVER + 2 * EPOCH);
        vm.assertEq(_withdraw(), 1 ether, "the second");
        vm.expectRevert(IStake.NothingToWithdraw.selector);
        _withdraw();
    }

    function test_ExitsOfOneEpochAreOne() public {
        _unbondIn(0, 1 ether);
        vm.assertEq(stake.position(1, 1).exiting, 6 ether, "together");
        vm.assertEq(stake.position(1, 1).exitingLater, 0, "and no second");
        _unbondIn(1, 1 ether);
        _unbondIn(1, 1 ether);
        _checkExits(6 ether, FIRST_OVER, 2 ether, FIRST_OVER + EPOCH);
    }

    function test_AThirdJoinsTheSecondAndLeavesTheFirstAlone() public {
        _unbondIn(1, 1 ether);
        vm.expectEmit();
        emit IStake.Unbonded(1, 1, 2 ether, FIRST_OVER + 3 * EPOCH);
        _unbondIn(3, 2 ether);
        _checkExits(5 ether, FIRST_OVER, 3 ether, FIRST_OVER + 3 * EPOCH);
        vm.warp(FIRST_OVER + EPOCH);
        vm.assertEq(_withdraw(), 5 ether, "the second waits with the third");
        _checkExits(3 ether, FIRST_OVER + 3 * EPOCH, 0, 0);
    }

    function test_AWithdrawalPaysBothOnceBothAreOver() public {
        _unbondIn(1, 1 ether);
        vm.warp(FIRST_OVER + EPOCH);
        vm.expectEmit();
        emit IStake.Withdrawn(1, 1, ANN, 6 ether);
        vm.assertEq(_withdraw(), 6 ether, "both");
        _checkExits(0, 0, 0, 0);
        vm.assertEq(neuron.balanceOf(address(stake)), 4 ether, "held");
    }

    function test_WhatFollowsMovesUpAndMakesRoom() public {
        _unbondIn(1, 1 ether);
        vm.warp(FIRST_OVER);
        _withdraw();
        vm.prank(ANN);
        stake.unbond(1, 1, 2 ether);
        _checkExits(1 ether, FIRST_OVER + EPOCH, 2 ether, FIRST_OVER + EPOCH + EXIT);
    }

    function test_AThirdPaysOutTheFirstThatIsOverAndWaitsAlone() public {
        _unbondIn(1, 1 ether);
        vm.warp(FIRST_OVER);
        vm.expectEmit();
        emit IStake.Withdrawn(1, 1, ANN, 5 ether);
        vm.prank(ANN);
        stake.unbond(1, 1, 2 ether);
        _checkExits(1 ether, FIRST_OVER + EPOCH, 2 ether, FIRST_OVER + EPOCH + EXIT);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - 5 ether, "paid to the owner");
    }

    function test_AThirdPaysOutBothThatAreOver() public {
        _unbondIn(1, 1 ether);
        vm.warp(FIRST_OVER + EPOCH);
        vm.expectEmit();
        emit IStake.Withdrawn(1, 1, ANN, 6 ether);
        vm.prank(ANN);
        stake.unbond(1, 1, 2 ether);
        _checkExits(2 ether, FIRST_OVER + 2 * EPOCH + EXIT, 0, 0);
    }

    function test_TheLastPayTakenOutDoesNotDelayTheBigExit() public {
        _unbondIn(0, 5 ether);
        vm.warp(FIRST_OVER - 1);
        stake.pay(1, 1, 7);
        vm.prank(ANN);
        stake.unbond(1, 1, 7 gwei);
        vm.warp(FIRST_OVER);
        vm.assertEq(_withdraw(), 10 ether, "on time");
        vm.assertEq(stake.position(1, 1).exiting, 7 gwei, "the pay comes later");
    }

    /// @dev Unbonds in the epoch `epoch`.
    function _unbondIn(uint256 epoch, uint256 amount) private {
        vm.warp(START + epoch * EPOCH);
        vm.prank(ANN);
        stake.unbond(1, 1, amount);
    }

    function _withdraw() private returns (uint256) {
        vm.prank(ANN);
        return stake.withdraw(1, 1, ANN);
    }

    function _checkExits(uint256 first, uint256 firstAt, uint256 second, uint256 secondAt) private view {
        IStake.Position memory position = stake.position(1, 1);
        vm.assertEq(position.exiting, first, "first");
        vm.assertEq(position.exitAt, firstAt, "first until");
        vm.assertEq(position.exitingLater, second, "second");
        vm.assertEq(position.exitAtLater, secondAt, "second until");
    }
}
