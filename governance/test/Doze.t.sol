// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDuties} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Four validators of equal stake in group 1, all awake since round `round`; key 4 is silent.
contract DozeTest is Play {
    uint256 private constant SILENT = 4;
    uint256 private round = FIRST + 24;

    function setUp() public override {
        super.setUp();
        _join(1, SILENT, STAKE);
        vm.warp(_start(round));
    }

    function test_RevertIf_ThereIsNoSuchPosition() public {
        vm.expectRevert(IStake.NoSuchPosition.selector);
        network.doze(1, 5);
        vm.expectRevert(IStake.NoSuchPosition.selector);
        network.doze(3, 1);
    }

    function test_RevertIf_ThePositionIsAsleep() public {
        vm.prank(vm.addr(SILENT));
        network.rest(1, SILENT);
        _decide(8);
        vm.expectRevert(IStake.NotAwake.selector);
        network.doze(1, SILENT);
    }

    function test_RevertIf_SevenRoundsWereMissed() public {
        _refuse(SILENT);
        _decide(7);
        _refuse(SILENT);
        _decide(1);
        network.doze(1, SILENT);
    }

    function test_RevertIf_PresentInOneOfTheLastEight() public {
        uint256 untouched = vm.snapshotState();
        for (uint256 present; present < 8; ++present) {
            _decide(present);
            _play(4);
            _decide(7 - present);
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
        _decide(8);
        vm.assertEq(network.group(1).counted, 8, "two of them before it was awake");
        _refuse(5);
        network.doze(1, SILENT);
        _decide(1);
        _refuse(5);
        _decide(1);
        network.doze(1, 5);
    }

    function test_RevertIf_TheSleeperWakesBeforeItHasSlept() public {
        _decide(8);
        network.doze(1, SILENT);
        vm.prank(vm.addr(SILENT));
        vm.expectRevert(IStake.AlreadyAwake.selector);
        network.wake(1, SILENT);
        vm.expectRevert(IStake.NotAwake.selector);
        network.doze(1, SILENT);
    }

    function test_RevertIf_AfterWakingAgainTheNewRoundsWereFewerThanEight() public {
        _decide(8);
        network.doze(1, SILENT);
        vm.warp(_start(FIRST + 48));
        vm.prank(vm.addr(SILENT));
        network.wake(1, SILENT);
        _refuse(SILENT);
        round = FIRST + 72;
        _decide(7);
        _refuse(SILENT);
        _decide(1);
        network.doze(1, SILENT);
    }

    function test_RevertIf_TheMissedRoundsWereNotCounted() public {
        for (uint256 i; i < 8; ++i) {
            _enter(1, ++round, ANN, bytes32(round));
            vm.warp(_start(round + 1));
        }
        _refuse(SILENT);
        vm.assertEq(network.group(1).counted, 0, "undecided and not attended");
    }

    function test_AfterEightRoundsAnybodyPutsTheAbsentToRest() public {
        _decide(8);
        vm.expectEmit();
        emit IDuties.Dozed(1, SILENT);
        vm.expectEmit();
        emit IStake.Rested(1, SILENT);
        vm.prank(CEM);
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).awakeNext, false, "asleep from the next epoch on");
        vm.assertEq(network.position(1, SILENT).awake, true, "awake until then");
        vm.assertEq(network.stake(1).awake, 4 * STAKE, "awake stake now");
        vm.assertEq(network.stake(1).awakeNext, 3 * STAKE, "and then");
        vm.assertEq(network.admittedAwake(), 4 * STAKE, "of all now");
        vm.warp(_start(FIRST + 48));
        vm.assertEq(network.admittedAwake(), 3 * STAKE, "of all then");
    }

    function test_NoStakeIsLostByDozing() public {
        _decide(8);
        uint256 owned = _owns(1, SILENT);
        uint256 supply = neuron.totalSupply();
        network.doze(1, SILENT);
        vm.assertEq(_owns(1, SILENT), owned, "stake");
        vm.assertEq(neuron.totalSupply(), supply, "supply");
        vm.assertEq(network.stake(1).bondedNext, 4 * STAKE, "bonded");
    }

    function test_AttendedRoundsCountLikeDecidedOnes() public {
        for (uint256 i; i < 4; ++i) {
            bytes32 claim = _enter(1, ++round, ANN, bytes32(round));
            vm.warp(_start(round + 1));
            network.attend(1, _attendances(1, round, claim, 1, 3));
        }
        ++round;
        _decide(4);
        network.doze(1, SILENT);
        vm.assertEq(network.position(1, SILENT).awakeNext, false, "asleep");
    }

    function test_WhoDissentsInUndecidedRoundsIsPresent() public {
        for (uint256 i; i < 8; ++i) {
            bytes32 claim = _enter(1, ++round, ANN, bytes32(round));
            vm.warp(_start(round + 1));
            network.attend(1, _attendances(1, round, claim, 1, 3));
            network.attend(1, _attendances(1, round, 0, SILENT, SILENT));
        }
        vm.assertEq(network.group(1).counted, 8, "counted");
        _refuse(SILENT);
    }

    function test_WhoWakesAgainHasSleptAnEpoch() public {
        _decide(8);
        network.doze(1, SILENT);
        vm.warp(_start(FIRST + 48));
        vm.prank(vm.addr(SILENT));
        network.wake(1, SILENT);
        vm.assertEq(network.stake(1).awake, 3 * STAKE, "asleep");
        vm.warp(_start(FIRST + 72));
        vm.assertEq(network.position(1, SILENT).awake, true, "awake");
        vm.assertEq(network.stake(1).awake, 4 * STAKE, "all are");
    }

    function test_EachGroupCountsItsOwnRounds() public {
        _decide(8);
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.expectRevert(IDuties.NotAbsent.selector);
            network.doze(2, key);
        }
        network.doze(1, SILENT);
    }

    function test_TheSleepersEarningsBecomeStake() public {
        _play(4);
        uint256 earned = network.position(1, SILENT).earned;
        _decide(8);
        network.doze(1, SILENT);
        vm.assertGt(earned, 0, "earned before");
        vm.assertEq(network.position(1, SILENT).next, STAKE + earned, "stake");
        vm.assertEq(network.position(1, SILENT).earned, 0, "no longer earned");
    }

    function test_SleepersAreNoObstacleToADecision() public {
        _decide(8);
        network.doze(1, SILENT);
        round = FIRST + 48;
        _winBy(1, round, ANN, "b", 1, 3);
        vm.assertEq(network.round(1, round).awake, 3 * STAKE, "three are asked");
    }

    /// @dev A further round is won with the verdicts of the keys 1 to `last`.
    function _play(uint256 last) private {
        _winBy(1, round, ANN, bytes32(round), 1, last);
        ++round;
        vm.warp(_start(round));
    }

    function _decide(uint256 rounds) private {
        for (uint256 i; i < rounds; ++i) {
            _play(3);
        }
    }

    function _refuse(uint256 position) private {
        vm.expectRevert(IDuties.NotAbsent.selector);
        network.doze(1, position);
    }
}
