// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IMeasures} from "governance/INetwork.sol";
import {Books} from "governance-test/Books.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev The measure `Slash`.
contract PunishTest is Measuring {
    IMeasures.Kind private constant SLASH = IMeasures.Kind.Slash;

    function test_RevertIf_ThePositionDoesNotExist() public {
        _refuse(SLASH, abi.encode(1, 9, 100), IStake.NoSuchPosition.selector);
        _refuse(SLASH, abi.encode(9, 1, 100), IStake.NoSuchPosition.selector);
    }

    function test_RevertIf_NothingOrMoreThanATenthIsTaken() public {
        _refuse(SLASH, abi.encode(1, 1, 0), IMeasures.BadArguments.selector);
        _refuse(SLASH, abi.encode(1, 1, 1001), IMeasures.BadArguments.selector);
        _slash(1, 1, 1000);
    }

    function test_RevertIf_ExactlyHalfOfAllStakeAssents() public {
        _balance(2, STAKE * 7 / 10);
        bytes memory args = abi.encode(1, 3, 100);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 1, 1, 2);
        _refuse(SLASH, args, assents, IMeasures.NoMajority.selector);
        _tip(2);
        _pass(SLASH, args, assents);
    }

    function test_RevertIf_TheMembersOfASmallGroupSlashOneOfTheirs() public {
        bytes memory args = abi.encode(2, 3, 1000);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 2, 1, 3);
        _refuse(SLASH, args, assents, IMeasures.NoMajority.selector);
    }

    function test_ATenthIsBurntAtOnce() public {
        uint256 supply = neuron.totalSupply();
        vm.expectEmit();
        emit IStake.Slashed(1, 1, STAKE / 10);
        _slash(1, 1, 1000);
        vm.assertEq(neuron.totalSupply(), supply - STAKE / 10, "burnt");
        vm.assertEq(network.position(1, 1).live, STAKE * 9 / 10, "live");
        vm.assertEq(network.admittedAwake(), 3 * STAKE - STAKE / 10, "awake");
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network), "held");
        vm.assertEq(Books.agree(network), true, "sums");
        vm.assertEq(network.position(1, 1).forgivenUntil, 0, "which forgives no signing twice");
    }

    function test_WhatIsLeavingIsReachedUntilTheExitIsOver() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        _slash(1, 3, 1000);
        vm.assertEq(network.position(1, 3).exiting, STAKE * 9 / 10, "exiting");
        vm.assertEq(network.position(1, 3).live, STAKE * 9 / 10, "live");
        vm.assertEq(Books.agree(network), true, "sums");
        vm.warp(network.position(1, 3).exitAt);
        vm.prank(vm.addr(3));
        vm.assertEq(network.withdraw(1, 3), STAKE * 9 / 10, "withdrawn");
    }

    function test_PayIsReachedToo() public {
        _win(1, FIRST, ANN, "a");
        uint256 earned = network.position(1, 1).earned;
        uint256 supply = neuron.totalSupply();
        _slash(1, 1, 1000);
        uint256 taken = (STAKE + earned) / 1 gwei / 10 * 1 gwei;
        vm.assertEq(neuron.totalSupply(), supply - taken, "burnt");
        vm.assertEq(network.position(1, 1).next, STAKE + earned - taken, "left");
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network) + network.round(1, FIRST).deposit, "held");
    }

    function test_AVerdictWeighsWhatIsLeft() public {
        bytes32 claim = _enter(1, FIRST, ANN, "a");
        _slash(1, 1, 1000);
        vm.warp(_judgeStart(FIRST));
        network.judge(1, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.assertEq(network.round(1, FIRST).judged, 3 * STAKE - STAKE / 10, "judged");
        vm.assertEq(network.round(1, FIRST).awake, 3 * STAKE, "as it was opened");
    }

    function test_APositionWithoutStakeLosesNothing() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        vm.warp(network.position(1, 3).exitAt);
        vm.prank(vm.addr(3));
        network.withdraw(1, 3);
        vm.expectEmit();
        emit IStake.Slashed(1, 3, 0);
        bytes memory args = abi.encode(1, 3, 1000);
        _pass(SLASH, args, _assents(SLASH, args, 1, 1, 2));
    }

    function _slash(uint256 group, uint256 position, uint256 basisPoints) private {
        bytes memory args = abi.encode(group, position, basisPoints);
        _pass(SLASH, args, _assents(SLASH, args, 1, 1, 2));
    }
}
