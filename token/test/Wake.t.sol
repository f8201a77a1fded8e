// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";
import {Vectors} from "token-test/Vectors.sol";

contract WakeTest is StakeTest {
    function test_RevertIf_TheCallerIsNeitherOwnerNorSigner() public {
        _bond(ANN, 1, 1 ether);
        vm.expectRevert(IStake.NotOwnerOrSigner.selector);
        vm.prank(BOB);
        stake.wake(1, 1);
    }

    function test_RevertIf_ThePositionDoesNotExist() public {
        vm.expectRevert(IStake.NoSuchPosition.selector);
        stake.wake(1, 1);
        vm.expectRevert(IStake.NoSuchPosition.selector);
        stake.position(1, 1);
    }

    function test_RevertIf_AwakeAlready() public {
        _bond(ANN, 1, 1 ether);
        vm.startPrank(ANN);
        stake.wake(1, 1);
        vm.expectRevert(IStake.AlreadyAwake.selector);
        stake.wake(1, 1);
        vm.warp(START + EPOCH);
        vm.expectRevert(IStake.AlreadyAwake.selector);
        stake.wake(1, 1);
    }

    function test_RevertIf_StillAwakeInTheEpochInWhichItGoesToRest() public {
        _join(1, 7, 4 ether);
        vm.warp(START + EPOCH);
        vm.startPrank(vm.addr(7));
        stake.rest(1, 1);
        vm.expectRevert(IStake.AlreadyAwake.selector);
        stake.wake(1, 1);
        vm.warp(START + 2 * EPOCH - 1);
        vm.expectRevert(IStake.AlreadyAwake.selector);
        stake.wake(1, 1);
        vm.warp(START + 2 * EPOCH);
        stake.wake(1, 1);
        vm.assertEq(stake.stake(1).awake, 0, "so it sleeps an epoch");
    }

    function test_RevertIf_NoStakeIsLeft() public {
        _bond(ANN, 1, 1 ether);
        vm.startPrank(ANN);
        stake.unbond(1, 1, 1 ether);
        vm.expectRevert(IStake.StakeTooSmall.selector);
        stake.wake(1, 1);
    }

    function test_OwnerAndSignerMayWake() public {
        bytes memory consent = _consentOf(7, 1, ANN);
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 4 ether, consent);
        vm.expectEmit();
        emit IStake.Woken(1, 1);
        vm.prank(vm.addr(7));
        stake.wake(1, 1);
        vm.prank(ANN);
        stake.rest(1, 1);
        vm.prank(ANN);
        stake.wake(1, 1);
        vm.assertEq(stake.position(1, 1).awakeNext, true, "awake");
    }

    function test_WakingCountsFromTheNextEpoch() public {
        _bond(ANN, 1, 4 ether);
        vm.warp(START + EPOCH);
        vm.prank(ANN);
        stake.wake(1, 1);
        vm.warp(START + 2 * EPOCH - 1);
        vm.assertEq(stake.admittedAwake(), 0, "not yet");
        vm.assertEq(stake.position(1, 1).awake, false, "position now");
        vm.assertEq(stake.stake(1).awakeNext, 4 ether, "group then");
        vm.assertEq(stake.position(1, 1).wokenAt, 2, "first epoch awake");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(stake.admittedAwake(), 4 ether, "awake");
        vm.assertEq(stake.position(1, 1).awake, true, "position");
    }

    function test_OnlyAdmittedGroupsDrawOnTheIssue() public {
        _join(1, 7, 3 ether);
        _join(2, 7, 4 ether);
        vm.warp(START + EPOCH);
        vm.assertEq(stake.stake(2).awake, 4 ether, "group");
        vm.assertEq(stake.admittedAwake(), 3 ether, "all");
        vm.assertEq(stake.allBonded(), 7 ether, "but it is bonded");
    }

    function test_AdmissionCountsAtOnceInThisEpochAndTheNext() public {
        _join(2, 7, 4 ether);
        vm.warp(START + EPOCH);
        _join(2, 8, 2 ether);
        stake.admit(2, true);
        vm.assertEq(stake.admittedAwake(), 4 ether, "at once");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(stake.admittedAwake(), 6 ether, "and what was to come");
        vm.prank(vm.addr(7));
        stake.rest(2, 1);
        stake.admit(2, false);
        vm.assertEq(stake.admittedAwake(), 0, "no longer, at once");
        vm.warp(START + 3 * EPOCH);
        vm.assertEq(stake.admittedAwake(), 0, "nor later");
        vm.assertEq(stake.stake(2).awake, 2 ether, "the group goes on");
    }
}

contract RestTest is StakeTest {
    function test_RevertIf_TheCallerIsNeitherOwnerNorSigner() public {
        _join(1, 7, 1 ether);
        vm.expectRevert(IStake.NotOwnerOrSigner.selector);
        vm.prank(BOB);
        stake.rest(1, 1);
    }

    function test_RevertIf_AsleepAlready() public {
        _bond(ANN, 1, 1 ether);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.NotAwake.selector);
        stake.rest(1, 1);
        stake.wake(1, 1);
        vm.warp(START + EPOCH);
        stake.rest(1, 1);
        vm.expectRevert(IStake.NotAwake.selector);
        stake.rest(1, 1);
    }

    function test_RestingCountsFromTheNextEpoch() public {
        _join(1, 7, 4 ether);
        vm.warp(START + EPOCH);
        vm.expectEmit();
        emit IStake.Rested(1, 1);
        vm.prank(vm.addr(7));
        stake.rest(1, 1);
        vm.warp(START + 2 * EPOCH - 1);
        vm.assertEq(stake.stake(1).awake, 4 ether, "still");
        vm.assertEq(stake.position(1, 1).awake, true, "position now");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(stake.stake(1).awake, 0, "asleep");
        vm.assertEq(stake.position(1, 1).awake, false, "position then");
        vm.assertEq(stake.stake(1).bonded, 4 ether, "bonded all the same");
    }
}

contract WakeVectorsTest is StakeTest, Vectors {
    function test_TheLeastStakeToWakeIsAsTheVectorsSay() public {
        uint256 cases = _read("wake");
        for (uint256 i; i < cases; ++i) {
            // A position without stake does not exist.
            if (_uint(i, "stake") != 0) _check(_uint(i, "stake"), _uint(i, "group"), _bool(i, "enough"));
        }
    }

    function _check(uint256 own, uint256 group, bool enough) private {
        setUp();
        _fund(ANN, group);
        _fund(BOB, group);
        _bond(ANN, 1, own);
        if (group > own) _bond(BOB, 1, group - own);
        if (!enough) vm.expectRevert(IStake.StakeTooSmall.selector);
        vm.prank(ANN);
        stake.wake(1, 1);
    }
}
