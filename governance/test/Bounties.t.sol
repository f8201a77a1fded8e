// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {IGroups} from "governance/INetwork.sol";
import {BountyPlay} from "governance-test/BountyPlay.sol";

contract FundTest is BountyPlay {
    function _refuse(bytes memory reason, bytes32 root, uint256 count, uint256 target, uint256 term) private {
        vm.expectRevert(reason);
        vm.prank(SPONSOR);
        network.fund(1, root, count, target, AMOUNT, BOND, term);
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 3));
        vm.prank(SPONSOR);
        network.fund(3, ROOT, COUNT, TARGET, AMOUNT, BOND, PERIOD);
    }

    function test_RevertIf_TheHiddenSetIsNone() public {
        bytes memory bad = abi.encodeWithSelector(IBounties.BadHiddenSet.selector);
        _refuse(bad, 0, COUNT, TARGET, PERIOD);
        _refuse(bad, ROOT, 29, TARGET, PERIOD);
        _refuse(bad, ROOT, 2 ** 20 + 1, TARGET, PERIOD);
        _refuse(bad, ROOT, COUNT, 0, PERIOD);
        vm.startPrank(SPONSOR);
        network.fund(1, "a", 30, 1, AMOUNT, BOND, PERIOD);
        network.fund(1, "b", 2 ** 20, type(uint32).max, AMOUNT, BOND, PERIOD);
        vm.stopPrank();
    }

    function test_RevertIf_TheRootServedBeforeInAnyGroup() public {
        _lock();
        _refuse(abi.encodeWithSelector(IBounties.RootServedBefore.selector, 1), ROOT, COUNT, TARGET, PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IBounties.RootServedBefore.selector, 1));
        vm.prank(SPONSOR);
        network.fund(2, ROOT, COUNT, TARGET, AMOUNT, BOND, PERIOD);
    }

    function test_RevertIf_AmountOrBondAreTooSmall() public {
        vm.startPrank(SPONSOR);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BountyTooSmall.selector, MIN_DEPOSIT));
        network.fund(1, ROOT, COUNT, TARGET, MIN_DEPOSIT - 1, BOND, PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BondBelow.selector, EIGHTH));
        network.fund(1, ROOT, COUNT, TARGET, AMOUNT, EIGHTH - 1, PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IBounties.BondBelow.selector, MIN_DEPOSIT));
        network.fund(1, ROOT, COUNT, TARGET, MIN_DEPOSIT, MIN_DEPOSIT - 1, PERIOD);
        network.fund(1, ROOT, COUNT, TARGET, MIN_DEPOSIT, MIN_DEPOSIT, PERIOD);
        vm.stopPrank();
    }

    function test_RevertIf_TheTermIsShorterThanAPeriodOrEndsTooLate() public {
        bytes memory bad = abi.encodeWithSelector(IBounties.BadTerm.selector, PERIOD);
        _refuse(bad, ROOT, COUNT, TARGET, PERIOD - 1);
        // The windows and the maturity of rounds are 10 days of the 28 of an exit; half an hour after the eve of an epoch.
        uint256 longest = 18 days - LENGTH;
        _refuse(bad, ROOT, COUNT, TARGET, longest + 1);
        _refuse(bad, ROOT, COUNT, TARGET, type(uint256).max);
        vm.prank(SPONSOR);
        network.fund(1, ROOT, COUNT, TARGET, AMOUNT, BOND, longest);
        IBounties.Bounty memory born = network.bounty(1);
        vm.assertEq(START + (born.windows + 3) * EPOCH + MATURITY, block.timestamp + EXIT, "to the last second");
    }

    function test_RevertIf_TheSponsorHasNotAsMuch() public {
        vm.expectRevert();
        vm.prank(address(0xDEAD));
        network.fund(1, ROOT, COUNT, TARGET, AMOUNT, BOND, PERIOD);
        vm.assertEq(network.bounties(), 0, "none");
    }

    function test_ABountyIsLockedFromTheNextRoundOn() public {
        uint256 before = neuron.balanceOf(SPONSOR);
        uint256 held = neuron.balanceOf(address(network));
        bytes32 head = network.group(1).head;
        vm.expectEmit();
        emit IBounties.Funded(1, 1, SPONSOR, ROOT, COUNT, TARGET, AMOUNT, BOND, head, FIRST + 1, LAST, WINDOWS);
        vm.assertEq(_lock(), 1, "the first");
        IBounties.Bounty memory born = network.bounty(1);
        vm.assertEq(born.first, FIRST + 1, "first");
        vm.assertEq(born.last, LAST, "last");
        vm.assertEq(born.windows, WINDOWS, "windows");
        vm.assertEq(born.left, AMOUNT + BOND, "left");
        vm.assertEq(uint256(born.status), uint256(IBounties.BountyStatus.Locked), "locked");
        vm.assertEq(before - neuron.balanceOf(SPONSOR), AMOUNT + BOND, "taken");
        vm.assertEq(neuron.balanceOf(address(network)) - held, AMOUNT + BOND, "held");
        vm.assertEq(_lock("another", AMOUNT, BOND, TARGET), 2, "numbered on");
        vm.assertEq(network.bounties(), 2, "two");
    }

    function test_APartOfARoundCountsAsAWholeOne() public {
        vm.prank(SPONSOR);
        network.fund(1, ROOT, COUNT, TARGET, AMOUNT, BOND, PERIOD + 1);
        vm.assertEq(network.bounty(1).last, LAST + 1, "one more");
    }

    function test_TheTermThatEndsWithAnEpochIsFollowedByItsWindowAtOnce() public {
        vm.prank(SPONSOR);
        network.fund(1, ROOT, COUNT, TARGET, AMOUNT, BOND, 8 days - LENGTH);
        IBounties.Bounty memory born = network.bounty(1);
        vm.assertEq(born.windows, WINDOWS, "window 0");
        vm.assertEq(_start(uint256(born.last) + 1), _window(0), "at once");
    }
}

contract UnsealTest is BountyPlay {
    uint256 private constant UNTIL = START + (WINDOWS + 2) * EPOCH + EPOCH / 2;

    function setUp() public override {
        super.setUp();
        _lock();
    }

    function _refuse(uint256 at) private {
        vm.warp(at);
        vm.expectRevert(abi.encodeWithSelector(IBounties.NotUnsealable.selector, _start(LAST + 1), UNTIL));
        vm.prank(SPONSOR);
        network.unseal(1, HIDDEN);
    }

    function test_RevertIf_ThereIsNoSuchBounty() public {
        vm.expectRevert(abi.encodeWithSelector(IBounties.NoSuchBounty.selector, 2));
        network.unseal(2, HIDDEN);
        vm.expectRevert(abi.encodeWithSelector(IBounties.NoSuchBounty.selector, 0));
        network.bounty(0);
    }

    function test_RevertIf_TheCallerIsNotTheSponsor() public {
        vm.warp(_start(LAST + 1));
        vm.expectRevert(abi.encodeWithSelector(IBounties.NotSponsor.selector, SPONSOR));
        vm.prank(ANN);
        network.unseal(1, HIDDEN);
    }

    function test_RevertIf_TheTermRunsOrTheMiddleOfTheLastWindowIsOver() public {
        _refuse(_start(LAST + 1) - 1);
        _refuse(UNTIL);
        _refuse(UNTIL + 365 days);
        vm.warp(UNTIL - 1);
        vm.prank(SPONSOR);
        network.unseal(1, HIDDEN);
    }

    function test_RevertIf_UnsealedBefore() public {
        _unseal();
        vm.expectRevert(IBounties.AlreadyUnsealed.selector);
        vm.prank(SPONSOR);
        network.unseal(1, "another");
    }

    function test_TheFileIsNamedOnce() public {
        vm.warp(_start(LAST + 1));
        vm.expectEmit();
        emit IBounties.Unsealed(1, 1, HIDDEN);
        vm.prank(SPONSOR);
        network.unseal(1, HIDDEN);
        vm.assertEq(network.bounty(1).file, HIDDEN, "file");
        vm.assertEq(network.bounty(1).unsealedAt, block.timestamp, "when");
    }
}
