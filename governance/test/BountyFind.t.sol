// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {IRounds} from "governance/INetwork.sol";
import {BountyPlay} from "governance-test/BountyPlay.sol";

contract FindTest is BountyPlay {
    function setUp() public override {
        super.setUp();
        _lock();
        _unseal();
        vm.warp(_window(0));
    }

    function _refuse(uint256 window, IBounties.Result memory result, bytes memory reason) private {
        IBounties.Finding[] memory findings = _findings(window, _name(result), 1, JURY);
        vm.expectRevert(reason);
        network.find(1, window, result, findings);
    }

    function _skips(IBounties.Finding memory finding) private {
        IBounties.Finding[] memory findings = new IBounties.Finding[](1);
        findings[0] = finding;
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.find(1, 0, _none(), findings);
    }

    function test_RevertIf_ThereIsNoSuchBounty() public {
        vm.expectRevert(abi.encodeWithSelector(IBounties.NoSuchBounty.selector, 2));
        network.find(2, 0, _none(), new IBounties.Finding[](0));
    }

    function test_RevertIf_ItIsNotTheEpochOfTheWindow() public {
        vm.warp(_window(0) - 1);
        _refuse(0, _none(), abi.encodeWithSelector(IBounties.WrongWindow.selector, WINDOWS));
        vm.warp(_window(1));
        _refuse(0, _none(), abi.encodeWithSelector(IBounties.WrongWindow.selector, WINDOWS));
        vm.warp(_window(1) - 1);
        _refuse(1, _none(), abi.encodeWithSelector(IBounties.WrongWindow.selector, WINDOWS + 1));
        vm.warp(_window(2));
        _find(2, _none(), 1, JURY);
    }

    function test_RevertIf_TheWindowIsAFourth() public {
        vm.warp(_window(3));
        _refuse(3, _none(), abi.encodeWithSelector(IBounties.WrongWindow.selector, WINDOWS + 3));
    }

    function test_RevertIf_NothingIsCounted() public {
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.find(1, 0, _none(), new IBounties.Finding[](0));
        bytes32 name = _name(_none());
        _skips(_finding(0, "another result", 1));
        _skips(_finding(1, name, 1));
        _skips(_finding(0, name, JURY + 1));
        IBounties.Finding memory bad = _finding(0, name, 1);
        bad.position = 2;
        _skips(bad);
        bad = _finding(0, name, 1);
        bad.probe = "another probe";
        _skips(bad);
    }

    function test_RevertIf_AnotherResultWasDecidedOrTheSameInAnEarlierWindow() public {
        _find(0, _none(), 1, 3);
        bytes memory reason = abi.encodeWithSelector(IBounties.AlreadyResolved.selector, _name(_none()));
        _refuse(0, _better(LAST, 1, 1), reason);
        vm.warp(_window(1));
        _refuse(1, _none(), reason);
    }

    function test_MoreThanTwoThirdsDecideOverManyCalls() public {
        vm.assertEq(_find(0, _none(), 1, 1), false, "a quarter");
        vm.assertEq(_find(0, _none(), 2, 2), false, "half");
        vm.assertEq(uint256(network.bounty(1).status), uint256(IBounties.BountyStatus.Locked), "open");
        vm.assertEq(network.foundFor(1, 0, _name(_none())), 2 * STAKE, "half of it");
        vm.assertEq(_find(0, _none(), 3, 3), true, "three quarters");
        IBounties.Bounty memory resolved = network.bounty(1);
        vm.assertEq(uint256(resolved.status), uint256(IBounties.BountyStatus.Measured), "measured");
        vm.assertEq(resolved.result, _name(_none()), "the result");
        vm.assertEq(resolved.stake, 3 * STAKE / 1 gwei, "gweis");
    }

    function test_TwoThirdsAreNotMoreThanTwoThirds() public {
        vm.prank(vm.addr(JURY));
        network.rest(1, JURY);
        vm.warp(_window(1));
        vm.assertEq(_find(1, _none(), 1, 2), false, "two of three");
        vm.assertEq(_find(1, _none(), 3, 3), true, "all");
    }

    function test_FoundAndResolvedTellAll() public {
        IBounties.Result memory result = _better(LAST, 2, 5);
        IBounties.Finding[] memory findings = _findings(0, _name(result), 1, 3);
        vm.expectEmit();
        emit IBounties.Found(1, 1, 0, _name(result), 3 * STAKE, hex"000000010000000200000003");
        vm.expectEmit();
        emit IBounties.Resolved(1, 1, 0, _name(result), result);
        network.find(1, 0, result, findings);
    }

    function test_AFailureIsDecidedAsSuch() public {
        vm.assertEq(_find(0, _failed(LAST, 1), 1, 3), true, "decided");
        vm.assertEq(uint256(network.bounty(1).status), uint256(IBounties.BountyStatus.Failed), "failed");
    }

    function test_RepeatedAndBadOnesAreSkipped() public {
        bytes32 name = _name(_none());
        IBounties.Finding[] memory findings = new IBounties.Finding[](4);
        findings[0] = _finding(0, "another result", 1);
        findings[1] = _finding(0, name, 2);
        findings[2] = _finding(0, name, 2);
        findings[3] = _finding(0, name, 3);
        vm.expectEmit();
        emit IBounties.Found(1, 1, 0, name, 2 * STAKE, hex"0000000200000003");
        vm.assertEq(network.find(1, 0, _none(), findings), false, "half");
        IBounties.Finding[] memory again = _findings(0, name, 2, 3);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.find(1, 0, _none(), again);
    }

    function test_SleepersAreSkipped() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        vm.warp(_window(1));
        IBounties.Finding[] memory one = _findings(1, _name(_none()), 1, 1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.find(1, 1, _none(), one);
    }

    function test_LateOnesAreAddedAndPaidAsMuch() public {
        _find(0, _none(), 1, 3);
        vm.warp(_window(1) - 1);
        vm.assertEq(_find(0, _none(), 4, 4), false, "decided before");
        vm.assertEq(network.bounty(1).stake, 4 * STAKE / 1 gwei, "all four");
        vm.warp(_window(1));
        uint256 before = neuron.balanceOf(vm.addr(4));
        network.payFinders(1, _one(uint256(4)));
        vm.assertEq(neuron.balanceOf(vm.addr(4)) - before, EIGHTH / 4, "a quarter");
    }

    function test_WhatWasSignedInAnEarlierWindowIsNotCountedInTheNext() public {
        _find(0, _none(), 1, 2);
        vm.warp(_window(1));
        vm.assertEq(_find(1, _none(), 3, 4), false, "half in each");
        vm.assertEq(_find(1, _none(), 1, 1), true, "three in one");
        vm.assertEq(network.bounty(1).window, 1, "window");
        vm.assertEq(network.foundBy(1, 2), 0, "earns nothing");
    }

    function test_AnotherResultDoesNotHelp() public {
        _find(0, _none(), 1, 2);
        vm.assertEq(_find(0, _better(LAST, 1, 1), 3, 4), false, "half each");
    }

    function test_StakeThatLeavesDoesNotCountInLaterWindows() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        vm.warp(_window(1));
        IBounties.Finding[] memory one = _findings(1, _name(_none()), 1, 1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.find(1, 1, _none(), one);
        vm.assertEq(_find(1, _none(), 2, 4), true, "all of the rest");
    }
}
