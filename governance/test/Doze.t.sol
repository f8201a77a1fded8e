// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDuties, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Four validators of equal stake in group 1, all awake since round `round`; key 4 is silent.
abstract contract Dozing is Play {
    uint256 internal constant SILENT = 4;
    uint256 internal round = FIRST + 24;

    function setUp() public virtual override {
        super.setUp();
        _join(1, SILENT, STAKE);
        vm.warp(_start(round));
    }

    /// @dev A further round is won with the verdicts of the keys 1 to `last`.
    function _play(uint256 last) internal {
        _winBy(1, round, ANN, bytes32(round), 1, last);
        ++round;
        vm.warp(_start(round));
    }

    function _decide(uint256 rounds) internal {
        for (uint256 i; i < rounds; ++i) {
            _play(3);
        }
    }

    function _refuse(uint256 position) internal {
        vm.expectRevert(IDuties.NotAbsent.selector);
        network.doze(1, position);
    }

    function _wake(uint256 key) internal {
        vm.prank(vm.addr(key));
        network.wake(1, key);
    }
}

contract DozeTest is Dozing {
    function test_RevertIf_ThereIsNoSuchPosition() public {
        vm.expectRevert(abi.encodeWithSelector(IStake.NoSuchPosition.selector, 1, 5));
        network.doze(1, 5);
        vm.expectRevert(abi.encodeWithSelector(IStake.NoSuchPosition.selector, 3, 1));
        network.doze(3, 1);
    }

    function test_RevertIf_ThePositionIsAsleep() public {
        vm.prank(vm.addr(SILENT));
        network.rest(1, SILENT);
        round = FIRST + 48;
        _decide(10);
        vm.expectRevert(IStake.NotAwake.selector);
        network.doze(1, SILENT);
    }

    function test_WhoGoesToRestToBeSparedSleepIsPutToItAllTheSame() public {
        _decide(10);
        vm.prank(vm.addr(SILENT));
        network.rest(1, SILENT);
        uint256 until = network.epoch() + 2;
        vm.expectEmit();
        emit IDuties.Dozed(1, SILENT, until);
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).sleepsUntil, until, "it has slept");
        vm.expectRevert(IStake.NotAwake.selector);
        network.doze(1, SILENT);
    }

    function test_RevertIf_SevenRoundsBesideTheTwoNewestWereMissed() public {
        _refuse(SILENT);
        _decide(9);
        _refuse(SILENT);
        _decide(1);
        network.doze(1, SILENT);
    }

    function test_RevertIf_PresentInOneOfTheEight() public {
        uint256 untouched = vm.snapshotState();
        for (uint256 present; present < 8; ++present) {
            _decide(present);
            _play(4);
            _decide(9 - present);
            _refuse(SILENT);
            _decide(present);
            _refuse(SILENT);
            _decide(1);
            network.doze(1, SILENT);
            vm.revertToState(untouched);
            round = FIRST + 24;
        }
    }

    function test_RevertIf_WokenAfterOneOfThem() public {
        round = FIRST + 46;
        vm.warp(_start(round));
        _join(1, 5, STAKE / 10);
        _decide(10);
        vm.assertEq(network.group(1).counted, 10, "two of the eight before it was awake");
        _refuse(5);
        network.doze(1, SILENT);
        _decide(1);
        _refuse(5);
        _decide(1);
        network.doze(1, 5);
    }

    function test_RevertIf_TheMissedRoundsWereNotCounted() public {
        for (uint256 i; i < 10; ++i) {
            _enter(1, ++round, ANN, bytes32(round));
            vm.warp(_start(round + 1));
        }
        _refuse(SILENT);
        vm.assertEq(network.group(1).counted, 0, "undecided and not attended");
    }

    function test_TheEightThatCountAreOlderThanAnyThatCanStillBeShown() public {
        _decide(9);
        bytes32 claim = _enter(1, round, ANN, "the tenth");
        vm.warp(_judgeStart(round));
        _refuse(SILENT);
        network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3));
        IRounds.Verdict[] memory old = _verdicts(1, round - 2, 0, SILENT, SILENT);
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongRound.selector, round));
        network.judge(1, round - 2, 0, old);
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).awakeNext, false, "asleep");
    }

    function test_NobodyIsPutToSleepWhileAVerdictCanStillBeShown() public {
        _decide(7);
        bytes32 claim = _enter(1, round, ANN, "eighth");
        vm.warp(_judgeStart(round));
        network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3));
        _refuse(SILENT);
        network.judge(1, round, claim, _verdicts(1, round, claim, SILENT, SILENT));
        vm.assertEq(network.judgedBy(1, round, SILENT), true, "its verdict comes a moment later");
        ++round;
        _decide(2);
        _refuse(SILENT);
    }

    function test_WhoWasLeftOutOfTheNewestTwoShowsItselfInTime() public {
        _decide(9);
        bytes32 claim = _enter(1, round, ANN, "the tenth");
        vm.warp(_judgeStart(round));
        network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3));
        vm.warp(_start(round + 1));
        network.judge(1, round, claim, _verdicts(1, round, claim, SILENT, SILENT));
        vm.assertEq(network.judgedBy(1, round, SILENT), true, "present in the newest");
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).awakeNext, false, "but in none of the eight before");
    }

    function test_AfterEightRoundsAnybodyPutsTheAbsentToRest() public {
        _decide(10);
        uint256 until = network.epoch() + 2;
        vm.expectEmit();
        emit IDuties.Dozed(1, SILENT, until);
        vm.expectEmit();
        emit IStake.Rested(1, SILENT);
        vm.prank(CEM);
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).awakeNext, false, "asleep from the next epoch on");
        vm.assertEq(network.position(1, SILENT).awake, true, "awake until then");
        vm.assertEq(network.position(1, SILENT).sleepsUntil, until, "for an epoch");
        vm.assertEq(network.stake(1).awake, 4 * STAKE, "awake stake now");
        vm.assertEq(network.stake(1).awakeNext, 3 * STAKE, "and then");
        vm.assertEq(network.admittedAwake(), 4 * STAKE, "of all now");
        vm.warp(_start(FIRST + 48));
        vm.assertEq(network.admittedAwake(), 3 * STAKE, "of all then");
    }

    function test_NoStakeIsLostByDozing() public {
        _decide(10);
        uint256 owned = _owns(1, SILENT);
        network.doze(1, SILENT);
        vm.assertEq(_owns(1, SILENT), owned, "stake");
        vm.assertEq(network.stake(1).bondedNext, 4 * STAKE, "bonded");
    }

    function test_AttendedRoundsCountLikeDecidedOnes() public {
        for (uint256 i; i < 5; ++i) {
            bytes32 claim = _enter(1, ++round, ANN, bytes32(round));
            vm.warp(_start(round + 1));
            network.attend(1, round, _attendances(1, round, claim, 1, 3));
        }
        ++round;
        _decide(5);
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).awakeNext, false, "asleep");
    }

    function test_WhoDissentsInUndecidedRoundsIsPresent() public {
        for (uint256 i; i < 10; ++i) {
            bytes32 claim = _enter(1, ++round, ANN, bytes32(round));
            vm.warp(_start(round + 1));
            network.attend(1, round, _attendances(1, round, claim, 1, 3));
            if (i == 0) network.attend(1, round, _attendances(1, round, 0, SILENT, SILENT));
        }
        vm.assertEq(network.group(1).counted, 10, "counted");
        _refuse(SILENT);
    }

    function test_WhoDissentsInDecidedRoundsIsPresent() public {
        for (uint256 i; i < 10; ++i) {
            _winBy(1, round, ANN, bytes32(round), 1, 3);
            vm.warp(_start(round + 1));
            network.attend(1, round, _attendances(1, round, 0, SILENT, SILENT));
            ++round;
        }
        vm.assertEq(network.group(1).counted, 10, "counted");
        _refuse(SILENT);
    }

    function test_EachGroupCountsItsOwnRounds() public {
        _decide(10);
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.expectRevert(IDuties.NotAbsent.selector);
            network.doze(2, key);
        }
        network.doze(1, SILENT);
    }

    function test_TheSleepersEarningsBecomeStake() public {
        _play(4);
        uint256 earned = network.position(1, SILENT).earned;
        _decide(10);
        network.doze(1, SILENT);
        vm.assertGt(earned, 0, "earned before");
        vm.assertEq(network.position(1, SILENT).next, STAKE + earned, "stake");
        vm.assertEq(network.position(1, SILENT).earned, 0, "no longer earned");
    }

    function test_SleepersAreNoObstacleToADecision() public {
        _decide(10);
        network.doze(1, SILENT);
        round = FIRST + 48;
        _winBy(1, round, ANN, "b", 1, 3);
        vm.assertEq(network.round(1, round).awake, 3 * STAKE, "three are asked");
    }
}

/// @dev How long it sleeps who is put to sleep again and again.
contract SleepTest is Dozing {
    function test_RevertIf_TheSleeperWakesBeforeItHasSlept() public {
        _decide(10);
        network.doze(1, SILENT);
        vm.prank(vm.addr(SILENT));
        vm.expectRevert(IStake.AlreadyAwake.selector);
        network.wake(1, SILENT);
        vm.expectRevert(IStake.NotAwake.selector);
        network.doze(1, SILENT);
    }

    function test_RevertIf_AfterWakingAgainTheNewRoundsWereFewerThanEight() public {
        _decide(10);
        network.doze(1, SILENT);
        vm.warp(_start(FIRST + 48));
        _wake(SILENT);
        vm.expectRevert(IStake.NotAwake.selector);
        network.doze(1, SILENT);
        round = FIRST + 72;
        _decide(9);
        _refuse(SILENT);
        _decide(1);
        network.doze(1, SILENT);
    }

    function test_RevertIf_TheSecondSleepIsNotOver() public {
        uint256 until = _absentFor(_start(round), 2);
        for (; network.epoch() + 1 < until;) {
            vm.warp(block.timestamp + EPOCH);
            if (network.epoch() + 1 >= until) break;
            vm.expectRevert(abi.encodeWithSelector(IStake.AsleepUntil.selector, until));
            _wake(SILENT);
            vm.assertEq(network.mayWake(1, SILENT), false, "told");
        }
        vm.assertEq(network.mayWake(1, SILENT), true, "told");
        _wake(SILENT);
    }

    function test_WhoWakesAgainHasSleptAnEpoch() public {
        _decide(10);
        network.doze(1, SILENT);
        vm.warp(_start(FIRST + 48));
        _wake(SILENT);
        vm.assertEq(network.stake(1).awake, 3 * STAKE, "asleep");
        vm.warp(_start(FIRST + 72));
        vm.assertEq(network.position(1, SILENT).awake, true, "awake");
        vm.assertEq(network.stake(1).awake, 4 * STAKE, "all are");
    }

    function test_WhoComesToSleepAgainSleepsTwiceAsLong() public {
        uint256[9] memory lengths = [uint256(1), 2, 4, 8, 16, 32, 64, 128, 128];
        for (uint256 i; i < lengths.length; ++i) {
            _decide(10);
            uint256 until = network.epoch() + 1 + lengths[i];
            vm.expectEmit();
            emit IDuties.Dozed(1, SILENT, until);
            network.doze(1, SILENT);
            vm.assertEq(network.position(1, SILENT).dozed, i < 7 ? i : 7, "doubled");
            _sleepUntil(until);
        }
    }

    function test_SleepIsForgottenAfterThirtyTwoEpochs() public {
        uint256 until = _absentFor(_start(round), 3);
        vm.assertEq(network.position(1, SILENT).dozed, 2, "three times in a row");
        vm.warp(START + until * EPOCH);
        uint256 before = vm.snapshotState();
        _awakeFrom(until + 31);
        _decide(10);
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).dozed, 3, "within 31 epochs of having slept");
        vm.revertToState(before);
        _awakeFrom(until + 32);
        _decide(10);
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).dozed, 0, "after 32 it is as if it never had");
        vm.assertEq(network.position(1, SILENT).sleepsUntil, network.epoch() + 2, "an epoch");
    }

    function test_WhoGoesToRestByItselfIsNotKeptAsleep() public {
        vm.prank(vm.addr(SILENT));
        network.rest(1, SILENT);
        vm.warp(_start(FIRST + 48));
        vm.assertEq(network.position(1, SILENT).sleepsUntil, 0, "not dozed");
        _wake(SILENT);
    }

    function test_AThirdThatWakesAgainAndAgainSleepsLongerAndLonger() public {
        uint256 asleep;
        uint256 first = network.epoch();
        for (uint256 i; i < 5; ++i) {
            _decide(10);
            network.doze(1, SILENT);
            asleep += network.position(1, SILENT).sleepsUntil - network.epoch() - 1;
            _sleepUntil(network.position(1, SILENT).sleepsUntil);
        }
        vm.assertEq(asleep, 31, "1 + 2 + 4 + 8 + 16 epochs asleep");
        vm.assertEq(network.epoch() - first, 36, "of 36");
    }

    /// @dev It comes to sleep `times` times in a row. @return until what it is told the last time.
    function _absentFor(uint256 time, uint256 times) private returns (uint256 until) {
        vm.warp(time);
        for (uint256 i; i < times; ++i) {
            _decide(10);
            network.doze(1, SILENT);
            until = network.position(1, SILENT).sleepsUntil;
            if (i + 1 != times) _sleepUntil(until);
        }
    }

    /// @dev It wakes as early as it may; time stands at the first round of the epoch `until`, from which it is awake.
    function _sleepUntil(uint256 until) private {
        vm.warp(START + (until - 1) * EPOCH);
        _awakeFrom(until);
    }

    function _awakeFrom(uint256 epoch) private {
        vm.warp(START + (epoch - 1) * EPOCH);
        _wake(SILENT);
        round = epoch * (EPOCH / LENGTH);
        vm.warp(_start(round));
        vm.assertEq(network.position(1, SILENT).awake, true, "awake");
    }
}
