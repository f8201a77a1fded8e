// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IGroups, IMeasures} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Moving} from "governance-test/Moving.sol";

contract MoveTest is Moving {
    function test_RevertIf_TheChildDoesNotExist() public {
        _refuse(1, 9, abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 9));
    }

    function test_RevertIf_TheGroupIsNotTheParent() public {
        _refuse(1, 1, abi.encodeWithSelector(IGroups.NotAChild.selector, 0));
        _refuse(1, 2, abi.encodeWithSelector(IGroups.NotAChild.selector, 0));
        _refuse(2, CHILD, abi.encodeWithSelector(IGroups.NotAChild.selector, 1));
        _refuse(CHILD, 1, abi.encodeWithSelector(IGroups.NotAChild.selector, 0));
        uint256 grandchild = _fork(CHILD);
        _refuse(1, grandchild, abi.encodeWithSelector(IGroups.NotAChild.selector, CHILD));
    }

    function test_RevertIf_ThePositionDoesNotExist() public {
        vm.expectRevert(abi.encodeWithSelector(IStake.NoSuchPosition.selector, 1, 9));
        network.move(1, 9, CHILD, owner, "");
    }

    function test_RevertIf_TheCallerIsNotTheOwner() public {
        bytes memory consent = _consentOf(7, 1, owner);
        vm.prank(owner);
        network.rotate(1, 1, vm.addr(7), consent);
        vm.warp(_epochStart(MOVED_IN + 1));
        vm.expectRevert(abi.encodeWithSelector(IStake.NotOwner.selector, owner));
        vm.prank(vm.addr(7));
        network.move(1, 1, CHILD, vm.addr(7), "");
    }

    function test_RevertIf_NothingCountsInThisEpoch() public {
        _join(1, 7, STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStake.NotEnoughStake.selector, 0));
        vm.prank(vm.addr(7));
        network.move(1, 4, CHILD, vm.addr(7), "");
    }

    function test_RevertIf_AllOfItLeavesOrHasMoved() public {
        vm.prank(owner);
        network.unbond(1, 1, STAKE);
        _refuse(1, CHILD, abi.encodeWithSelector(IStake.NotEnoughStake.selector, 0));
        owner = vm.addr(2);
        vm.startPrank(owner);
        network.move(1, 2, CHILD, owner, "");
        vm.expectRevert(abi.encodeWithSelector(IStake.NotEnoughStake.selector, 0));
        network.move(1, 2, CHILD, owner, "");
    }

    function test_RevertIf_TheSignerThereDidNotConsent() public {
        vm.startPrank(owner);
        vm.expectRevert(abi.encodeWithSelector(IStake.NoConsent.selector, vm.addr(7)));
        network.move(1, 1, CHILD, vm.addr(7), "");
        bytes memory consent = _consentOf(7, 1, owner);
        vm.expectRevert(abi.encodeWithSelector(IStake.NoConsent.selector, vm.addr(7)));
        network.move(1, 1, CHILD, vm.addr(7), consent);
        network.move(1, 1, CHILD, vm.addr(7), _consentOf(7, CHILD, owner));
    }

    function test_RevertIf_TheSignerThereIsSomebodyElses() public {
        _join(CHILD, 7, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IStake.NotOwner.selector, vm.addr(7)));
        vm.prank(owner);
        network.move(1, 1, CHILD, vm.addr(7), "");
    }

    function test_RevertIf_TheSignerThereIsRetired() public {
        _fund(owner, 1 ether);
        bytes memory consent = _consentOf(7, CHILD, owner);
        vm.startPrank(owner);
        network.bond(CHILD, owner, 1 ether, "");
        network.rotate(CHILD, 1, vm.addr(7), consent);
        vm.expectRevert(abi.encodeWithSelector(IStake.SignerUsed.selector, 1));
        network.move(1, 1, CHILD, owner, "");
        network.move(1, 1, CHILD, vm.addr(7), "");
    }

    function test_StakeCountsHereInThisEpochAndThereFromTheNext() public {
        vm.expectEmit();
        emit IStake.Rested(1, 1);
        vm.expectEmit();
        emit IStake.Seated(CHILD, 1, owner, owner, true);
        vm.expectEmit();
        emit IGroups.Moved(1, 1, CHILD, 1, STAKE);
        vm.assertEq(_move(1, CHILD), 1, "position there");
        vm.assertEq(network.stake(1).awake, 3 * STAKE, "still awake here");
        vm.assertEq(network.stake(CHILD).bonded, 0, "nothing there yet");
        (uint256 all,) = network.allBonded();
        _agree("in this epoch");
        vm.warp(_epochStart(MOVED_IN + 1) - 1);
        vm.assertEq(network.position(1, 1).live, STAKE, "until the last second");
        vm.warp(_epochStart(MOVED_IN + 1));
        vm.assertEq(network.position(1, 1).live, 0, "gone");
        vm.assertEq(network.position(1, 1).awake, false, "and asleep");
        vm.assertEq(network.stake(CHILD).bonded, STAKE, "there");
        vm.assertEq(network.stake(CHILD).awake, 0, "but asleep until it is woken");
        vm.assertEq(network.admittedAwake(), 2 * STAKE, "the child is not admitted");
        (uint256 bonded,) = network.allBonded();
        vm.assertEq(bonded, all, "in all as much as before");
        _agree("in the next epoch");
        vm.assertEq(network.position(1, 1).heirGroup, CHILD, "heir's group");
        vm.assertEq(network.position(1, 1).heir, 1, "heir");
        vm.assertEq(network.position(1, 1).moved, STAKE, "for which it answers");
    }

    function test_TheHeirMayWakeAtOnceAndIsAwakeFromTheNextEpoch() public {
        _move(1, CHILD);
        vm.prank(owner);
        network.wake(CHILD, 1);
        vm.assertEq(network.stake(CHILD).awake, 0, "not yet");
        vm.warp(_epochStart(MOVED_IN + 1));
        vm.assertEq(network.stake(CHILD).awake, STAKE, "awake");
        _agree("sums");
    }

    function test_WhatLeavesAndWhatIsNewStays() public {
        vm.prank(owner);
        network.unbond(1, 1, STAKE / 4);
        _move(1, CHILD);
        vm.assertEq(network.position(1, 1).exiting, STAKE / 4, "exiting here");
        vm.assertEq(network.position(CHILD, 1).next, STAKE * 3 / 4, "moved");
        owner = vm.addr(2);
        _fund(owner, STAKE / 2);
        vm.startPrank(owner);
        network.bond(1, owner, STAKE / 2, "");
        network.move(1, 2, CHILD, owner, "");
        vm.assertEq(network.position(1, 2).next, STAKE / 2, "what was bonded in this epoch");
        vm.assertEq(network.position(CHILD, 2).next, STAKE, "what counted before");
        _agree("now");
        vm.warp(_epochStart(MOVED_IN + 1));
        _agree("then");
        vm.assertEq(network.position(1, 2).awake, false, "what is left has gone to rest");
    }

    function test_PayStaysAndMovesOnceTheFirstMoveIsForgotten() public {
        _win(1, FIRST, ANN, "a");
        uint256 earned = network.position(1, 1).earned;
        vm.assertLt(0, earned, "earned");
        _move(1, CHILD);
        vm.assertEq(network.position(1, 1).next, earned, "pay is stake here first");
        vm.warp(_epochStart(MOVED_IN + 1) + EXIT);
        _move(1, CHILD);
        vm.assertEq(network.position(CHILD, 1).next, STAKE + earned, "and follows then");
        vm.assertEq(network.position(1, 1).moved, earned, "which alone answers");
    }

    function test_NoStakeIsHeardTwiceInAnyEpoch() public {
        _move(1, CHILD);
        _checkVoice(false);
        vm.warp(_epochStart(MOVED_IN + 1));
        _checkVoice(true);
    }

    function test_AVerdictCountsWhereTheStakeIs() public {
        vm.prank(owner);
        network.unbond(1, 1, STAKE / 2);
        _move(1, CHILD);
        bytes32 claim = _enter(1, FIRST, ANN, "a");
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.assertEq(network.round(1, FIRST).judged, 3 * STAKE, "here, with all that it had");
        vm.warp(_start(FIRST + 24));
        claim = _enter(1, FIRST + 24, ANN, "b");
        vm.warp(_judgeStart(FIRST + 24));
        network.judge(1, FIRST + 24, claim, _verdicts(1, FIRST + 24, claim, 1, 3));
        vm.assertEq(network.round(1, FIRST + 24).judged, 2 * STAKE, "and no longer");
    }

    function test_AMoveOfWhatSleepsSaysNothingOfRest() public {
        vm.prank(owner);
        network.rest(1, 1);
        vm.warp(_epochStart(MOVED_IN + 1));
        _move(1, CHILD);
        vm.assertEq(network.position(1, 1).awakeNext, false, "asleep before and after");
        _agree("sums");
    }

    /// @dev Position 1 of group 1 and its heir assent together: were both heard, they would be more than half of `all`.
    function _checkVoice(bool childHeard) private {
        (uint256 all,) = network.allBonded();
        vm.assertEq(all, 3 * STAKE + 3 * STAKE / 10, "all stake");
        bytes memory args = _named(2);
        uint256 expiry = _expiry();
        bytes32 measure = Typed.measure(IMeasures.Kind.Admit, args, 7, expiry);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](2);
        (assents[0], assents[1]) = (_assent(1, 1, measure), _assent(CHILD, 1, measure));
        vm.assertEq(network.enact(IMeasures.Kind.Admit, args, 7, expiry, assents), false, "not enough");
        vm.assertEq(network.measure(measure).weight, STAKE, "heard once");
        vm.assertEq(network.position(CHILD, 1).live, childHeard ? STAKE : 0, "heard there");
        vm.assertEq(network.position(1, 1).live, childHeard ? 0 : STAKE, "heard here");
    }
}
