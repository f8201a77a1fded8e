// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Four validators of equal stake in group 1. Ann revealed in `round`, which stayed undecided; the next one begins.
contract AttendTest is Play {
    uint256 private round = FIRST + 24;
    bytes32 private claim;

    function setUp() public override {
        super.setUp();
        _join(1, 4, STAKE);
        claim = _enter(1, round, ANN, "a");
        vm.warp(_start(round + 1));
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(IGroups.NoSuchGroup.selector);
        network.attend(3, new IRounds.Attendance[](0));
    }

    function test_RevertIf_ThereIsNoRoundBefore() public {
        vm.warp(START + LENGTH - 1);
        _refuse(0, 0, 1, 4, IRounds.NothingToAttend.selector);
    }

    function test_RevertIf_TheRoundBeforeWasDecided() public {
        vm.warp(_judgeStart(round));
        network.judge(1, claim, _verdicts(1, round, claim, 1, 3));
        vm.warp(_start(round + 1));
        _refuse(round, claim, 4, 4, IRounds.NothingToAttend.selector);
    }

    function test_RevertIf_NothingWasRevealedBefore() public {
        _commit(1, round + 1, ANN, "never opened");
        vm.warp(_start(round + 2));
        _refuse(round + 1, 0, 1, 4, IRounds.NothingToAttend.selector);
    }

    function test_RevertIf_NobodyCommittedBefore() public {
        vm.warp(_start(round + 2));
        _refuse(round + 1, 0, 1, 4, IRounds.NothingToAttend.selector);
    }

    function test_RevertIf_TheRoundIsNotTheLastOne() public {
        _enter(1, round + 1, ANN, "b");
        vm.warp(_start(round + 2));
        _refuse(round, claim, 1, 4, IRounds.NothingCounted.selector);
    }

    function test_RevertIf_TheRoundIsNotOver() public {
        vm.warp(_start(round + 1) - 1);
        _refuse(round, claim, 1, 4, IRounds.NothingToAttend.selector);
    }

    function test_RevertIf_TheFirstBatchComesAfterTrain() public {
        vm.warp(_revealStart(round + 1));
        _refuse(round, claim, 1, 4, IRounds.WrongPhase.selector);
        vm.warp(_revealStart(round + 1) - 1);
        _attend(claim, 1, 3);
    }

    function test_RevertIf_HalfOfTheStakeIsPresent() public {
        _refuse(round, claim, 1, 2, IRounds.NotEnoughPresent.selector);
        vm.assertEq(network.judgedBy(1, round, 1), false, "nothing is recorded");
        _attend(claim, 1, 3);
    }

    function test_RevertIf_TheBatchIsEmptyOrNobodyInItIsNew() public {
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.attend(1, new IRounds.Attendance[](0));
        _attend(claim, 1, 3);
        _refuse(round, claim, 1, 3, IRounds.NothingCounted.selector);
        _refuse(round, 0, 1, 3, IRounds.NothingCounted.selector);
    }

    function test_RevertIf_TheVerdictsAreOfAnotherGroupOrChain() public {
        IRounds.Attendance[] memory attendances = _attendances(2, round, claim, 1, 4);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.attend(1, attendances);
        attendances = _attendances(1, round, claim, 1, 4);
        vm.chainId(1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.attend(1, attendances);
    }

    function test_MoreThanHalfRecordsWhoWasThere() public {
        vm.expectEmit();
        emit IRounds.Attended(1, round, 3, 3 * STAKE);
        _attend(claim, 1, 3);
        for (uint256 key = 1; key <= 4; ++key) {
            vm.assertEq(network.judgedBy(1, round, key), key != 4, "present");
        }
        vm.assertEq(network.round(1, round).attended, true, "attended");
        vm.assertEq(network.group(1).counted, 1, "counted");
        vm.assertEq(network.group(1).recent, round, "recent");
    }

    function test_TheSmallestStakeBeyondHalfIsEnough() public {
        _join(1, 5, STAKE / 10);
        round = FIRST + 48;
        claim = _enter(1, round, ANN, "b");
        vm.warp(_start(round + 1));
        IRounds.Attendance[] memory attendances = new IRounds.Attendance[](3);
        attendances[0] = _attendance(1, round, 1, claim);
        attendances[1] = _attendance(1, round, 3, claim);
        attendances[2] = _attendance(1, round, 5, claim);
        network.attend(1, attendances);
        vm.assertEq(network.round(1, round).attended, true, "2.1 of 4.1");
    }

    function test_FurtherOnesAreAddedAndTheRoundCountsOnce() public {
        _attend(claim, 1, 3);
        vm.warp(_start(round + 2) - 1);
        vm.expectEmit();
        emit IRounds.Attended(1, round, 1, STAKE);
        _attend(claim, 4, 4);
        vm.assertEq(network.judgedBy(1, round, 4), true, "present too");
        vm.assertEq(network.group(1).counted, 1, "counted once");
    }

    function test_VerdictsForDifferentClaimsAreAllPresence() public {
        IRounds.Attendance[] memory attendances = new IRounds.Attendance[](4);
        attendances[0] = _attendance(1, round, 1, claim);
        attendances[1] = _attendance(1, round, 2, 0);
        attendances[2] = _attendance(1, round, 3, "a claim that nobody made");
        attendances[3] = _attendance(1, round, 4, claim);
        vm.expectEmit();
        emit IRounds.Attended(1, round, 4, 4 * STAKE);
        network.attend(1, attendances);
    }

    function test_JunkIsSkippedAndTwoVerdictsOfOneCountOnce() public {
        IRounds.Attendance[] memory attendances = new IRounds.Attendance[](6);
        attendances[0] = _attendance(1, round, 1, claim);
        attendances[1] = _attendance(1, round, 1, 0);
        attendances[2] = IRounds.Attendance(0, attendances[0].verdict);
        attendances[3] = IRounds.Attendance(claim, IRounds.Verdict(99, 0, 0, 0));
        attendances[4] = _attendance(1, round, 2, claim);
        attendances[5] = _attendance(1, round, 4, claim);
        vm.expectEmit();
        emit IRounds.Attended(1, round, 3, 3 * STAKE);
        network.attend(1, attendances);
    }

    function test_ASleeperIsNotPresent() public {
        vm.prank(vm.addr(4));
        network.rest(1, 4);
        round = FIRST + 48;
        claim = _enter(1, round, ANN, "b");
        vm.warp(_start(round + 1));
        _attend(claim, 1, 4);
        vm.assertEq(network.judgedBy(1, round, 3), true, "awake");
        vm.assertEq(network.judgedBy(1, round, 4), false, "asleep");
    }

    function test_PresencePaysNothingAndDecidesNothing() public {
        uint256 supply = neuron.totalSupply();
        _attend(claim, 1, 4);
        vm.assertEq(neuron.totalSupply(), supply, "supply");
        vm.assertEq(network.position(1, 1).earned, 0, "pay");
        vm.assertEq(uint256(network.round(1, round).outcome), uint256(IRounds.Outcome.None), "outcome");
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "checkpoint");
        _commit(1, round + 1, ANN, "b");
        vm.assertEq(network.group(1).voids, 1, "the round is void all the same");
    }

    function test_TheLastEightCountedRoundsAreKept() public {
        for (uint256 i = 1; i <= 9; ++i) {
            claim = _enter(1, round + i, ANN, bytes32(i));
            if (i % 3 == 0) _decide(round + i);
            vm.warp(_start(round + i + 1));
            if (i % 3 == 1) network.attend(1, _attendances(1, round + i, claim, 1, 4));
        }
        uint256 expected;
        uint256[6] memory counted = [uint256(1), 3, 4, 6, 7, 9];
        for (uint256 i; i < 6; ++i) {
            expected = expected << 32 | (round + counted[i]);
        }
        vm.assertEq(network.group(1).recent, expected, "decided and attended ones, the latest lowest");
        vm.assertEq(network.group(1).counted, 6, "counted");
    }

    function test_AfterAnEpochsLastRoundTheStakeOfTheNewEpochCounts() public {
        uint256 last = FIRST + 47;
        claim = _enter(1, last, ANN, "b");
        vm.prank(vm.addr(4));
        network.rest(1, 4);
        vm.warp(_start(last + 1));
        IRounds.Attendance[] memory attendances = _attendances(1, last, claim, 2, 4);
        vm.expectEmit();
        emit IRounds.Attended(1, last, 2, 2 * STAKE);
        network.attend(1, attendances);
    }

    function _attend(bytes32 claimed, uint256 first, uint256 last) private {
        network.attend(1, _attendances(1, round, claimed, first, last));
    }

    function _decide(uint256 number) private {
        vm.warp(_judgeStart(number));
        network.judge(1, claim, _verdicts(1, number, claim, 1, 4));
    }

    function _refuse(uint256 number, bytes32 claimed, uint256 first, uint256 last, bytes4 selector) private {
        IRounds.Attendance[] memory attendances = _attendances(1, number, claimed, first, last);
        vm.expectRevert(selector);
        network.attend(1, attendances);
    }
}
