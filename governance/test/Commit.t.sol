// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

contract CommitTest is Play {
    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(IGroups.NoSuchGroup.selector);
        network.commit(3, 0);
    }

    function test_RevertIf_ThePhaseIsNotTrain() public {
        _refuseAt(_revealStart(FIRST));
        _refuseAt(_judgeStart(FIRST) - 1);
        _refuseAt(_judgeStart(FIRST));
        _refuseAt(_start(FIRST + 1) - 1);
    }

    function test_RevertIf_ATrainerCommitsTwice() public {
        _commit(1, FIRST, ANN, "a");
        vm.expectRevert(IRounds.AlreadyCommitted.selector);
        vm.prank(ANN);
        network.commit(1, "b");
    }

    function test_RevertIf_TheDepositCannotBeTaken() public {
        vm.expectRevert();
        vm.prank(address(0xDEAD));
        network.commit(1, "a");
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
        vm.expectEmit();
        emit IRounds.Opened(1, FIRST, BASE_FILE, group.head, _reward(), deposit, awake, awake, SUPPLY);
        vm.expectEmit();
        emit IRounds.Committed(1, FIRST, ANN, 1, "seal");
        vm.prank(ANN);
        network.commit(1, "seal");
        IRounds.Round memory round = network.round(1, FIRST);
        vm.assertEq(round.checkpoint, BASE_FILE, "checkpoint");
        vm.assertEq(round.awake, awake, "awake");
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
        network.commit(3, "a");
        uint256 awake = VALIDATORS * STAKE + STAKE;
        vm.assertEq(network.round(3, 3 * EPOCH / 60).reward, SUPPLY * 60 * STAKE / (3600 * 100_000 * awake), "reward");
    }

    function test_VoidRoundsDoubleTheDepositAndEmptyOnesDoNot() public {
        for (uint256 i; i < 10; ++i) {
            vm.warp(_start(FIRST + i));
            _commit(2, FIRST + i, ANN, bytes32(i + 1));
            vm.assertEq(network.round(2, FIRST + i).deposit, MIN_DEPOSIT << (i < 8 ? i : 8), "deposit");
            vm.warp(_revealStart(FIRST + i));
            _reveal(2, ANN, bytes32(i + 1), 100, 90);
        }
        vm.warp(_start(FIRST + 10));
        _commit(2, FIRST + 10, ANN, "nothing is revealed");
        vm.assertEq(network.group(2).voids, 10, "ten void rounds");
        vm.warp(_start(FIRST + 12));
        _commit(2, FIRST + 12, ANN, "after an empty one");
        vm.assertEq(network.group(2).voids, 10, "still ten");
    }

    function test_ADecisionMakesDepositsSingleAgain() public {
        for (uint256 i; i < 3; ++i) {
            _enter(2, FIRST + i, ANN, bytes32(i + 1));
            vm.assertEq(network.round(2, FIRST + i).deposit, MIN_DEPOSIT << i, "doubled");
        }
        vm.warp(_judgeStart(FIRST + 2));
        network.judge(2, 0, _verdicts(2, FIRST + 2, 0, 1, 3));
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

    function _refuseAt(uint256 time) private {
        vm.warp(time);
        vm.expectRevert(IRounds.WrongPhase.selector);
        vm.prank(ANN);
        network.commit(1, "a");
    }
}
