// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {Terms} from "token/Seats.sol";
import {BareStake, StakeTest} from "token-test/BareStake.sol";

/// @dev Position 1 of group 1 has 10 NRN of one owner, which its tests move to group 2 and further.
abstract contract MovedTest is StakeTest {
    uint256 internal constant KEY = 7;
    address internal owner;

    function setUp() public virtual override {
        super.setUp();
        owner = vm.addr(KEY);
        _join(1, KEY, 10 ether);
        _nextEpoch();
    }

    /// @dev Moves position 1 of `group`, all of it, to `child`.
    function _move(uint256 group, uint256 child) internal {
        vm.prank(owner);
        stake.move(group, 1, child, owner, "");
    }

    function _more(uint256 group, uint256 amount) internal {
        _fund(owner, amount);
        _bond(owner, group, amount);
    }

    /// @dev Slashes position 1 of group 1 by a tenth, for what was done in the first epoch.
    function _slash() internal returns (uint256) {
        return stake.slash(1, 1, 1000, 0, false);
    }

    /// @dev The second from which on what moved in that epoch no longer answers.
    function _movedUntil(uint256 epoch) internal pure returns (uint256) {
        return START + (epoch + 1) * EPOCH + EXIT;
    }
}

contract MoveTest is MovedTest {
    function test_RevertIf_SomebodyElseMovesIt() public {
        _refused(IStake.NotOwner.selector, owner);
        vm.prank(BOB);
        stake.move(1, 1, 2, BOB, "");
    }

    function test_RevertIf_NothingCountsYetOrAnyMore() public {
        _bond(ANN, 1, 5 ether);
        _refused(IStake.NotEnoughStake.selector, 0);
        vm.prank(ANN);
        stake.move(1, 2, 2, ANN, "");
        _move(1, 2);
        _refused(IStake.NotEnoughStake.selector, 0);
        _move(1, 2);
    }

    function test_RevertIf_ItMovesAgainWhileTheFirstMoveAnswers() public {
        _move(1, 2);
        _more(1, 4 ether);
        for (uint256 child = 2; child < 4; ++child) {
            _nextEpoch();
            _refused(IStake.MovedElsewhere.selector, _movedUntil(1));
            _move(1, child);
            vm.warp(_movedUntil(1) - 2 * EPOCH);
        }
        vm.warp(_movedUntil(1) - 1);
        _refused(IStake.MovedElsewhere.selector, _movedUntil(1));
        _move(1, 3);
        vm.warp(_movedUntil(1));
        _move(1, 3);
        vm.assertEq(stake.position(1, 1).heirGroup, 3, "the new heir");
        vm.assertEq(stake.position(1, 1).moved, 4 ether, "answers with what moved there");
        _checkSums(3);
    }

    function test_StakeMovesAtTheEndOfTheEpochAndSleeps() public {
        _more(1, 4 ether);
        vm.expectEmit();
        emit IStake.Rested(1, 1);
        vm.expectEmit();
        emit IStake.Seated(2, 1, owner, owner, true);
        vm.prank(owner, owner);
        (uint256 heir, uint256 amount) = stake.move(1, 1, 2, owner, "");
        vm.assertEq(heir, 1, "heir");
        vm.assertEq(amount, 10 ether / 1 gwei, "what counts");
        vm.assertEq(stake.position(1, 1).live, 10 ether, "counts on");
        vm.assertEq(stake.position(1, 1).next, 4 ether, "what was just bonded stays");
        vm.assertEq(stake.position(2, 1).live, 0, "counts there from the next epoch");
        _checkSums(2);
        vm.assertEq(stake.stake(2).bonded, 10 ether, "there");
        vm.assertEq(stake.stake(2).awake, 0, "asleep");
    }
}

contract HeirsTest is MovedTest {
    function test_ASlashFollowsStakeThatMovedInThisEpoch() public {
        _move(1, 2);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 1 ether, 0, 0, 0);
        vm.expectEmit();
        emit IStake.Slashed(2, 1, 0, 1 ether, 0, 0);
        vm.assertEq(_slash(), 1 ether, "once");
        _checkSums(2);
    }

    function test_ASlashFollowsStakeThatMovedBefore() public {
        _move(1, 2);
        _nextEpoch();
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 0, 0, 0, 0);
        vm.expectEmit();
        emit IStake.Slashed(2, 1, 1 ether, 1 ether, 0, 0);
        vm.assertEq(_slash(), 1 ether, "amount");
        vm.assertEq(stake.position(1, 1).moved, 9 ether, "what still answers");
        vm.assertEq(_slash(), 0.9 ether, "of what is left");
        _checkSums(2);
    }

    function test_OnlyTheAmountThatMovedAnswers() public {
        _more(2, 90 ether);
        _move(1, 2);
        _nextEpoch();
        vm.assertEq(_slash(), 1 ether, "a tenth of what moved");
        vm.assertEq(stake.position(2, 1).next, 99 ether, "heir");
    }

    function test_PositionsMergedIntoOneHeirDoNotMakeItsOwnStakePay() public {
        _more(2, 60 ether);
        for (uint256 key = KEY + 1; key < KEY + 5; ++key) {
            bytes memory consent = _consentOf(key, 1, owner);
            _fund(owner, 10 ether);
            vm.prank(owner);
            stake.bond(1, vm.addr(key), 10 ether, consent);
        }
        _nextEpoch();
        for (uint256 number = 1; number < 6; ++number) {
            vm.prank(owner);
            stake.move(1, number, 2, owner, "");
        }
        _nextEpoch();
        for (uint256 number = 1; number < 6; ++number) {
            vm.assertEq(stake.slash(1, number, 5000, 0, false), 5 ether, "half of each");
        }
        vm.assertEq(stake.position(2, 1).next, 85 ether, "its own 60, and the halves of five times 10");
        _checkSums(2);
    }

    function test_OnlyWhatWasDoneBeforeTheMoveIsFollowed() public {
        _move(1, 2);
        _nextEpoch();
        vm.assertEq(stake.slash(1, 1, 1000, 2, false), 0, "done in the epoch after it");
        vm.assertEq(stake.slash(1, 1, 1000, 1, false), 1 ether, "done in its epoch");
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 0.9 ether, "done before");
    }

    function test_WhatMovedAnswersAsLongAsAnExitWouldLast() public {
        _move(1, 2);
        vm.warp(_movedUntil(1) - 1);
        vm.assertEq(_slash(), 1 ether, "the last second");
        vm.warp(_movedUntil(1));
        vm.assertEq(_slash(), 0, "over");
        vm.assertEq(stake.position(2, 1).next, 9 ether, "heir");
    }

    function test_ASlashOfAnHeirLeavesItsSourceAlone() public {
        _move(1, 2);
        _more(1, 6 ether);
        _nextEpoch();
        stake.slash(2, 1, 1000, 0, false);
        vm.assertEq(stake.position(1, 1).next, 6 ether, "source");
        vm.assertEq(stake.position(2, 1).next, 9 ether, "heir");
        _checkSums(2);
    }

    function test_ASlashFollowsAChainToItsEnd() public {
        for (uint256 group = 1; group < 9; ++group) {
            _move(group, group + 1);
            _nextEpoch();
        }
        vm.assertEq(_slash(), 1 ether, "amount");
        vm.assertEq(stake.position(9, 1).next, 9 ether, "the last");
        _checkSums(9);
    }

    function test_AChainPaysOnceHoweverMuchItsMembersHave() public {
        for (uint256 group = 1; group < 5; ++group) {
            _move(group, group + 1);
            _nextEpoch();
        }
        for (uint256 group = 2; group < 5; ++group) {
            _more(group, 0.3 ether);
        }
        _more(5, 90 ether);
        vm.assertEq(_slash(), 1 ether, "a tenth of what moved from the first");
        for (uint256 group = 2; group < 5; ++group) {
            vm.assertEq(stake.position(group, 1).next, 0, "taken on the way");
        }
        vm.assertEq(stake.position(5, 1).next, 99.9 ether, "the rest at its end");
        _checkSums(5);
    }

    function test_AnHeirsOwnStakeThatMovedOnDoesNotPayForItsSource() public {
        _more(2, 90 ether);
        _move(1, 2);
        _nextEpoch();
        _move(2, 3);
        vm.assertEq(_slash(), 1 ether, "a tenth of ten, not of a hundred");
        vm.assertEq(stake.position(3, 1).next, 99 ether, "the last");
    }

    function test_ExitsOfAnHeirThatLastAreReachedAfterItsStake() public {
        _move(1, 2);
        _nextEpoch();
        vm.startPrank(owner);
        stake.unbond(2, 1, 4 ether);
        _nextEpoch();
        stake.unbond(2, 1, 5.6 ether);
        vm.stopPrank();
        vm.expectEmit();
        emit IStake.Slashed(2, 1, 1 ether, 0.4 ether, 0.6 ether, 0);
        vm.assertEq(_slash(), 1 ether, "amount");
        _checkSums(2);
    }

    function test_ExitsOfAnHeirThatAreOverAreNotReached() public {
        _more(2, 4 ether);
        _nextEpoch();
        vm.prank(owner);
        stake.unbond(2, 1, 4 ether);
        vm.warp(START + 20 * EPOCH);
        _move(1, 2);
        _nextEpoch();
        vm.prank(owner);
        stake.unbond(2, 1, 10 ether);
        vm.warp(START + 3 * EPOCH + EXIT);
        vm.assertEq(stake.slash(1, 1, 10_000, 0, false), 10 ether, "what moved");
        vm.prank(owner);
        vm.assertEq(stake.withdraw(2, 1, owner), 4 ether, "what was out before");
    }

    function test_AnExitTakenWholeMakesRoomForTheOneThatFollows() public {
        _move(1, 2);
        _nextEpoch();
        vm.startPrank(owner);
        stake.unbond(2, 1, 0.4 ether);
        _nextEpoch();
        stake.unbond(2, 1, 9.6 ether);
        vm.stopPrank();
        vm.assertEq(_slash(), 1 ether, "of both");
        vm.assertEq(stake.position(2, 1).exiting, 9 ether, "the second is the first");
        vm.warp(START + 4 * EPOCH + EXIT);
        vm.prank(owner);
        vm.assertEq(stake.withdraw(2, 1, owner), 9 ether, "and leaves on time");
    }
}

/// @dev A measure slashes a position once an epoch, as an heir too.
contract SparedHeirsTest is MovedTest {
    function setUp() public override {
        super.setUp();
        _more(2, 90 ether);
        _move(1, 2);
        _nextEpoch();
    }

    function test_AnHeirThatAMeasureSlashedInThisEpochIsPassedOver() public {
        vm.assertEq(stake.slash(2, 1, 1000, 0, true), 10 ether, "heir");
        vm.assertEq(stake.slash(1, 1, 1000, 0, true), 0, "its source reaches it no more");
        vm.assertEq(stake.position(1, 1).moved, 10 ether, "and still answers with all");
        _nextEpoch();
        vm.assertEq(stake.slash(1, 1, 1000, 0, true), 1 ether, "in the next epoch");
    }

    function test_AnHeirThatWasReachedIsMarked() public {
        vm.assertEq(stake.slash(1, 1, 1000, 0, true), 1 ether, "source");
        vm.assertEq(stake.position(2, 1).slashedIn, 2, "marked");
        vm.assertEq(stake.slash(1, 1, 1000, 0, true), 0, "and not reached twice");
    }

    function test_DoubleSignersAreFollowedAllTheSame() public {
        stake.slash(2, 1, 1000, 0, true);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 1 ether, "source");
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 0.9 ether, "and again");
        vm.assertEq(stake.position(2, 1).slashedIn, 2, "only the measure marks");
    }
}

/// @dev Stake that moves in every epoch, as far as it comes while an exit of the greatest length would last.
contract OutrunTest is StakeTest {
    uint256 private constant KEY = 7;

    function test_StakeCannotOutrunASlashAtTheLongestExit() public {
        Terms memory terms = _terms();
        terms.exitTime = 30 * EPOCH - 1;
        stake = new BareStake(terms);
        _join(1, KEY, 10 ether);
        uint256 over = START + 2 * EPOCH + terms.exitTime;
        uint256 group = 1;
        for (_nextEpoch(); block.timestamp < over; _nextEpoch()) {
            vm.prank(vm.addr(KEY));
            stake.move(group, 1, group + 1, vm.addr(KEY), "");
            ++group;
        }
        vm.warp(over - 1);
        vm.assertEq(stake.slash(1, 1, 1000, 1, false), 1 ether, "reached");
        vm.assertEq(stake.position(group, 1).next, 9 ether, "where it is");
        vm.assertEq(group, 32, "after 31 moves");
    }
}

/// @dev Whether the key of a position had stake to answer with.
contract AnswersTest is MovedTest {
    function test_AnEmptiedPositionsKeyDoesNotAnswerUntilItIsFilledAgain() public {
        _move(1, 2);
        _answersIn(true, true, false, false);
        vm.warp(START + 5 * EPOCH);
        _more(1, 1 gwei);
        _answersIn(true, true, false, false);
        vm.assertEq(stake.answers(1, 1, 5), false, "not when it was filled");
        vm.assertEq(stake.answers(1, 1, 6), true, "but when it counts");
    }

    function test_WhoUnbondsAllDoesNotAnswerForLater() public {
        vm.prank(owner);
        stake.unbond(1, 1, 10 ether);
        _answersIn(true, true, false, false);
    }

    function test_WhoKeepsAGweiAnswers() public {
        vm.prank(owner);
        stake.unbond(1, 1, 10 ether - 1 gwei);
        _answersIn(true, true, true, true);
    }

    function test_WhoIsFilledAgainInTheSameEpochAlwaysAnswers() public {
        vm.prank(owner);
        stake.unbond(1, 1, 10 ether);
        _more(1, 1 ether);
        _answersIn(true, true, true, true);
    }

    function test_WhoIsEmptiedAgainStopsToAnswer() public {
        _move(1, 2);
        _nextEpoch();
        _more(1, 1 ether);
        vm.prank(owner);
        stake.unbond(1, 1, 1 ether);
        _answersIn(true, true, true, false);
    }

    /// @dev What is said of the epochs from 0 to 3.
    function _answersIn(bool first, bool second, bool third, bool fourth) private view {
        bool[4] memory wanted = [first, second, third, fourth];
        for (uint256 epoch; epoch < 4; ++epoch) {
            vm.assertEq(stake.answers(1, 1, epoch), wanted[epoch], vm.toString(epoch));
        }
    }
}
