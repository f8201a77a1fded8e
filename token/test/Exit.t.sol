// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";

contract UnbondTest is StakeTest {
    function test_RevertIf_ThePositionDoesNotExist() public {
        vm.expectRevert(IStake.NoSuchPosition.selector);
        stake.unbond(1, 1, 1 ether);
    }

    function test_RevertIf_TheCallerIsNotTheOwner() public {
        bytes memory consent = _consentOf(7, 1, ANN);
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 5 ether, consent);
        vm.expectRevert(IStake.NotOwner.selector);
        vm.prank(vm.addr(7));
        stake.unbond(1, 1, 1 ether);
    }

    function test_RevertIf_NothingOrTooMuchIsAskedFor() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.ZeroAmount.selector);
        stake.unbond(1, 1, 0);
        vm.expectRevert(IStake.NotEnoughStake.selector);
        stake.unbond(1, 1, 5 ether + 1 gwei);
        stake.unbond(1, 1, 5 ether);
    }

    function test_RevertIf_TheAmountIsNotWholeGweis() public {
        _bond(ANN, 1, 5 ether);
        vm.expectRevert(IStake.NotWholeGwei.selector);
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
        _bond(BOB, 1, 1023 ether);
        vm.startPrank(ANN);
        stake.wake(1, 1);
        stake.unbond(1, 1, 4 ether);
        vm.assertEq(stake.position(1, 1).awakeNext, true, "1/1024 is enough");
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
        vm.expectRevert(IStake.NotOwner.selector);
        vm.prank(vm.addr(7));
        stake.withdraw(1, 1);
    }

    function test_RevertIf_NothingIsLeaving() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.NothingToWithdraw.selector);
        stake.withdraw(1, 1);
        vm.assertEq(stake.position(1, 1).exitAt, 0, "no exit");
    }

    function test_RevertIf_TheExitIsNotOver() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        vm.warp(START + 5 hours);
        stake.unbond(1, 1, 2 ether);
        vm.warp(START + EPOCH + EXIT - 1);
        vm.expectRevert(IStake.ExitNotOver.selector);
        stake.withdraw(1, 1);
        vm.warp(START + EPOCH + EXIT);
        vm.expectEmit();
        emit IStake.Withdrawn(1, 1, 2 ether);
        vm.assertEq(stake.withdraw(1, 1), 2 ether, "withdrawn");
        vm.expectRevert(IStake.NothingToWithdraw.selector);
        stake.withdraw(1, 1);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - 3 ether, "Ann");
        vm.assertEq(neuron.balanceOf(address(stake)), 3 ether, "held");
    }

    function test_AFurtherUnbondStartsTheExitAnew() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        stake.unbond(1, 1, 1 ether);
        vm.warp(START + EPOCH + EXIT);
        stake.unbond(1, 1, 1 ether);
        vm.expectRevert(IStake.ExitNotOver.selector);
        stake.withdraw(1, 1);
        vm.warp(START + EPOCH + EXIT + EPOCH + EXIT);
        vm.assertEq(stake.withdraw(1, 1), 2 ether, "both together");
    }
}
