// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";
import {Vectors} from "token-test/Vectors.sol";

contract WakeTest is StakeTest {
    function test_RevertIf_TheCallerIsNeitherOwnerNorSigner() public {
        _bond(ANN, 1, 1 ether);
        _refused(IStake.NotOwnerOrSigner.selector, ANN, ANN);
        vm.prank(BOB);
        stake.wake(1, 1);
    }

    function test_RevertIf_ThePositionDoesNotExist() public {
        _refused(IStake.NoSuchPosition.selector, 1, 1);
        stake.wake(1, 1);
        _refused(IStake.NoSuchPosition.selector, 1, 1);
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
        _refused(IStake.StakeTooSmall.selector, 0, 1 gwei);
        stake.wake(1, 1);
    }

    function test_RevertIf_ThePartOfTheGroupIsTooSmall() public {
        _bond(ANN, 1, 1 ether);
        _bond(BOB, 1, 16_383 ether + 1 gwei);
        vm.startPrank(ANN);
        _refused(IStake.StakeTooSmall.selector, 1 ether, 1 ether + 1 gwei);
        stake.wake(1, 1);
        stake.bond(1, ANN, 1 gwei, "");
        stake.wake(1, 1);
    }

    function test_RevertIf_ItWasPutToSleepForLonger() public {
        _join(1, 7, 4 ether);
        stake.putToSleep(1, 1, 4);
        for (uint256 epoch = 1; epoch < 3; ++epoch) {
            vm.warp(START + epoch * EPOCH);
            _refused(IStake.AsleepUntil.selector, 4);
            vm.prank(vm.addr(7));
            stake.wake(1, 1);
        }
        vm.warp(START + 3 * EPOCH);
        vm.prank(vm.addr(7));
        stake.wake(1, 1);
        vm.assertEq(stake.position(1, 1).wokenAt, 4, "awake from then on");
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
        (uint256 live,) = stake.allBonded();
        vm.assertEq(live, 7 ether, "but it is bonded");
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
        _refused(IStake.NotOwnerOrSigner.selector, vm.addr(7), vm.addr(7));
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

/// @dev `mayWake` tells what `wake` would do.
contract MayWakeTest is StakeTest {
    uint256 private constant KEY = 7;

    function test_NobodysPositionMayNotWake() public view {
        vm.assertEq(stake.mayWake(1, 1), false, "no such position");
    }

    function test_PayNotYetStakeHelpsToWake() public {
        _bond(ANN, 1, 1 ether);
        _bond(BOB, 1, 16_383 ether + 1 gwei);
        vm.assertEq(stake.mayWake(1, 1), false, "too small");
        stake.pay(1, 1, 1);
        vm.assertEq(stake.mayWake(1, 1), true, "with its pay");
        vm.prank(ANN);
        stake.wake(1, 1);
    }

    function test_PayNotYetStakeCountsInTheGroupToo() public {
        _bond(ANN, 1, 1 gwei);
        _bond(BOB, 1, 16_383 * 20_001 gwei);
        stake.pay(1, 1, 20_000);
        vm.assertEq(stake.mayWake(1, 1), true, "exactly enough");
        _bond(BOB, 1, 1 gwei);
        vm.assertEq(stake.mayWake(1, 1), false, "a gwei too little of all");
        _same(1);
        stake.pay(1, 1, 1);
        vm.assertEq(stake.mayWake(1, 1), true, "enough again");
        _same(1);
    }

    function test_ItIsWhatWakeDoes(uint64 own, uint64 others, uint64 pay, uint8 state, uint8 sleeps, uint8 epochs)
        public
    {
        vm.warp(START + EPOCH);
        _bonded(KEY, _bound(own, 1, 1e9));
        _bonded(KEY + 1, _bound(others, 1, 16_384e9));
        stake.pay(1, 1, _bound(pay, 0, 1e9));
        vm.startPrank(vm.addr(KEY));
        if (state % 4 == 1 && stake.mayWake(1, 1)) stake.wake(1, 1);
        if (state % 4 == 2) stake.putToSleep(1, 1, 1 + sleeps % 6);
        if (state % 4 == 3) stake.unbond(1, 1, stake.position(1, 1).next);
        vm.warp(block.timestamp + epochs % 4 * EPOCH);
        vm.stopPrank();
        _same(1);
    }

    function _bonded(uint256 key, uint256 gweis) private {
        _fund(vm.addr(key), gweis * 1 gwei);
        _bond(vm.addr(key), 1, gweis * 1 gwei);
    }

    function _same(uint256 number) private {
        bool may = stake.mayWake(1, number);
        vm.prank(stake.position(1, number).owner);
        (bool done,) = address(stake).call(abi.encodeCall(IStake.wake, (1, number)));
        vm.assertEq(done, may, "may wake");
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
        vm.assertEq(stake.mayWake(1, 1), enough, "may wake");
        if (!enough) vm.expectPartialRevert(IStake.StakeTooSmall.selector);
        vm.prank(ANN);
        stake.wake(1, 1);
    }
}
