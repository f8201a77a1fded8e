// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Play} from "governance-test/Play.sol";

contract CommitTest is Play {
    uint256 private constant ANY = type(uint256).max;

    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 3));
        network.commit(3, FIRST, 0, ANY);
    }

    function test_RevertIf_ThePhaseIsNotTrain() public {
        _refuseAt(_revealStart(FIRST), IRounds.Phase.Reveal, _judgeStart(FIRST));
        _refuseAt(_judgeStart(FIRST) - 1, IRounds.Phase.Reveal, _judgeStart(FIRST));
        _refuseAt(_judgeStart(FIRST), IRounds.Phase.Judge, _start(FIRST + 1));
        _refuseAt(_start(FIRST + 1) - 1, IRounds.Phase.Judge, _start(FIRST + 1));
    }

    function test_RevertIf_TheRoundIsNotTheRunningOne() public {
        _refuseRound(FIRST - 1);
        _refuseRound(FIRST + 1);
        vm.warp(_revealStart(FIRST));
        _refuseRound(FIRST + 1);
    }

    function test_RevertIf_TheCommitIsMinedARoundLate() public {
        bytes32 seal = Rules.seal(1, FIRST, "a", ANN, SALT);
        vm.warp(_start(FIRST + 1));
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongRound.selector, FIRST + 1));
        vm.prank(ANN);
        network.commit(1, FIRST, seal, ANY);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether, "nothing is taken");
        _win(1, FIRST + 1, ANN, "a");
    }

    function test_RevertIf_TheDepositIsHigherThanTheSenderAllows() public {
        uint256 deposit = network.leastDeposit(1);
        _enter(1, FIRST, BOB, "void");
        vm.warp(_start(FIRST + 1));
        vm.expectRevert(abi.encodeWithSelector(IRounds.DepositTooHigh.selector, 2 * deposit));
        vm.prank(ANN);
        network.commit(1, FIRST + 1, "seal", deposit);
        vm.expectRevert(abi.encodeWithSelector(IRounds.DepositTooHigh.selector, 2 * deposit));
        vm.prank(ANN);
        network.commit(1, FIRST + 1, "seal", 2 * deposit - 1);
        vm.prank(ANN);
        network.commit(1, FIRST + 1, "seal", 2 * deposit);
        vm.expectRevert(abi.encodeWithSelector(IRounds.DepositTooHigh.selector, 2 * deposit));
        vm.prank(BOB);
        network.commit(1, FIRST + 1, "seal", 2 * deposit - 1);
    }

    function test_RevertIf_ATrainerCommitsTwice() public {
        _commit(1, FIRST, BOB, "b");
        _commit(1, FIRST, ANN, "a");
        vm.expectRevert(abi.encodeWithSelector(IRounds.AlreadyCommitted.selector, 2));
        vm.prank(ANN);
        network.commit(1, FIRST, "b", ANY);
    }

    function test_RevertIf_TheDepositCannotBeTaken() public {
        vm.expectRevert();
        vm.prank(address(0xDEAD));
        network.commit(1, FIRST, "a", ANY);
        vm.assertEq(network.round(1, FIRST).commits, 0, "nothing was opened");
    }

    function test_BothEdgesOfTrainAreOpenAndShut() public {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "a");
        vm.warp(_revealStart(FIRST + 1) - 1);
        _commit(1, FIRST + 1, BOB, "b");
        vm.assertEq(network.round(1, FIRST + 1).commits, 2, "commits");
    }

    function test_TheFirstCommitFixesWhatTheRoundIsJudgedBy() public {
        IGroups.Group memory group = network.group(1);
        uint256 awake = VALIDATORS * STAKE;
        uint256 deposit = _reward() / 5;
        vm.assertEq(network.leastDeposit(1), deposit, "told before");
        vm.expectEmit();
        emit IRounds.Opened(1, FIRST, BASE_FILE, group.head, _reward(), deposit, awake, awake, SUPPLY, 0);
        vm.expectEmit();
        emit IRounds.Committed(1, FIRST, ANN, 1, "seal");
        vm.prank(ANN);
        network.commit(1, FIRST, "seal", deposit);
        IRounds.Round memory round = network.round(1, FIRST);
        vm.assertEq(round.checkpoint, BASE_FILE, "checkpoint");
        vm.assertEq(round.awake, awake, "awake");
        vm.assertEq(network.quorum(1), awake * 2 / 3, "what decides");
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - deposit, "deposit taken");
    }

    function test_AGroupOutsideTheIssueEarnsNothingAndDepositsTheLeast() public {
        _commit(2, FIRST, ANN, "a");
        vm.assertEq(network.round(2, FIRST).reward, 0, "reward");
        vm.assertEq(network.round(2, FIRST).deposit, MIN_DEPOSIT, "deposit");
    }

    function test_ARoundThatOpenedBeforeTheAdmissionIssuesNothing() public {
        _commit(2, FIRST, ANN, "a");
        _admit(2);
        _commit(2, FIRST, BOB, "b");
        vm.assertEq(network.round(2, FIRST).reward, 0, "reward");
    }

    function test_TwoGroupsShareTheStreamByStake() public {
        _admit(2);
        _commit(1, FIRST, ANN, "a");
        _commit(2, FIRST, ANN, "b");
        vm.assertEq(network.round(1, FIRST).reward, _reward() * 10 / 11, "group 1");
        vm.assertEq(network.round(2, FIRST).reward, _reward() / 11, "group 2");
    }

    function test_ShortRoundsIssueNoFaster() public {
        _create(40, 10, 10);
        _join(3, 1, STAKE);
        vm.warp(_start(FIRST) + EPOCH);
        _admit(3);
        vm.prank(ANN);
        network.commit(3, 3 * EPOCH / 60, "a", ANY);
        uint256 awake = VALIDATORS * STAKE + STAKE;
        vm.assertEq(network.round(3, 3 * EPOCH / 60).reward, SUPPLY * 60 * STAKE / (3600 * 100_000 * awake), "reward");
    }

    function test_VoidRoundsDoubleTheDepositAndEmptyOnesDoNot() public {
        for (uint256 i; i < 12; ++i) {
            vm.warp(_start(FIRST + i));
            vm.assertEq(network.leastDeposit(2), MIN_DEPOSIT << (i < 8 ? i : 8), "told before");
            _commit(2, FIRST + i, ANN, bytes32(i + 1));
            vm.assertEq(network.round(2, FIRST + i).deposit, MIN_DEPOSIT << (i < 8 ? i : 8), "deposit");
            vm.assertEq(network.group(2).voids, i < 8 ? i : 8, "eight at most are counted");
            vm.warp(_revealStart(FIRST + i));
            _reveal(2, ANN, bytes32(i + 1), 100, 90);
        }
        vm.warp(_start(FIRST + 12));
        _commit(2, FIRST + 12, ANN, "nothing is revealed");
        vm.warp(_start(FIRST + 13));
        _commit(2, FIRST + 13, ANN, "after an empty one");
        vm.assertEq(network.group(2).voids, 8, "still eight");
    }

    function test_EachEpochSinceTheLastOpenedRoundForgetsHalfOfTheVoidOnes() public {
        for (uint256 i; i < 9; ++i) {
            _enter(2, FIRST + i, ANN, bytes32(i + 1));
        }
        uint256[6] memory deposits =
            [MIN_DEPOSIT << 8, MIN_DEPOSIT << 4, MIN_DEPOSIT << 2, MIN_DEPOSIT << 1, MIN_DEPOSIT, MIN_DEPOSIT];
        for (uint256 epochs; epochs < 6; ++epochs) {
            uint256 before = vm.snapshotState();
            uint256 round = FIRST + 9 + 24 * epochs;
            vm.warp(_start(round));
            vm.assertEq(network.leastDeposit(2), deposits[epochs], "told");
            _commit(2, round, ANN, "later");
            vm.assertEq(network.round(2, round).deposit, deposits[epochs], "deposit");
            vm.revertToState(before);
        }
    }

    function test_AYearAfterTheLastVoidRoundADepositIsSingleAgain() public {
        for (uint256 i; i < 9; ++i) {
            _enter(2, FIRST + i, ANN, bytes32(i + 1));
        }
        uint256 round = FIRST + 9 + 24 * 365;
        vm.warp(_start(round));
        _commit(2, round, ANN, "a year later");
        vm.assertEq(network.round(2, round).deposit, MIN_DEPOSIT, "deposit");
    }

    function test_AVoidRoundAcrossTheEdgeOfAnEpochIsHalfForgotten() public {
        _enter(2, FIRST + 22, ANN, "a");
        _enter(2, FIRST + 23, ANN, "b");
        vm.warp(_start(FIRST + 24));
        _commit(2, FIRST + 24, ANN, "c");
        vm.assertEq(network.group(2).voids, 1, "half of two");
    }

    function test_ADecisionMakesDepositsSingleAgain() public {
        for (uint256 i; i < 3; ++i) {
            _enter(2, FIRST + i, ANN, bytes32(i + 1));
            vm.assertEq(network.round(2, FIRST + i).deposit, MIN_DEPOSIT << i, "doubled");
        }
        vm.warp(_judgeStart(FIRST + 2));
        network.judge(2, FIRST + 2, 0, _verdicts(2, FIRST + 2, 0, 1, 3));
        _enter(2, FIRST + 3, ANN, "next");
        vm.assertEq(network.round(2, FIRST + 3).deposit, MIN_DEPOSIT, "single after a round that was lost");
        _enter(2, FIRST + 4, ANN, "void again");
        vm.assertEq(network.round(2, FIRST + 4).deposit, 2 * MIN_DEPOSIT, "and counted from there");
    }

    function test_VoidRoundsOfOneGroupCostTheOtherNothing() public {
        _enter(2, FIRST, ANN, "a");
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "b");
        vm.assertEq(network.round(1, FIRST + 1).deposit, _reward() / 5, "group 1");
    }

    function test_VoidRoundsDoubleWhatTheRewardAsksFor() public {
        _enter(1, FIRST, ANN, "a");
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "b");
        vm.assertEq(network.round(1, FIRST + 1).deposit, _reward() / 5 * 2, "twice a fifth of R");
    }

    function test_TheDepositOfTheNextRoundIsToldWhileThisOneIsJudged() public {
        uint256 deposit = network.leastDeposit(1);
        bytes32 claim = _enter(1, FIRST, ANN, "a");
        vm.assertEq(network.leastDeposit(1), 2 * deposit, "if this round stays undecided");
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.assertEq(network.leastDeposit(1) < 2 * deposit, true, "once it is decided");
    }

    function _refuseAt(uint256 time, IRounds.Phase phase, uint256 until) private {
        vm.warp(time);
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongPhase.selector, phase, until));
        vm.prank(ANN);
        network.commit(1, FIRST, "a", ANY);
    }

    function _refuseRound(uint256 round) private {
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongRound.selector, FIRST));
        vm.prank(ANN);
        network.commit(1, round, "a", ANY);
    }
}
