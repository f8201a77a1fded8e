// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDuties, IGroups, INetwork, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Position 1 of group 1 signs two claims of a round; Cem reports it. Round `FIRST` has begun.
abstract contract Double is Play {
    /// @dev Of a position: what is burned, and what the reporter gets.
    uint256 internal constant BURNED = STAKE / 20;
    uint256 internal constant REWARD = STAKE / 200;
    uint256 internal constant LOST = BURNED + REWARD;

    function _slash(uint256 group, uint256 round, IRounds.Attendance memory one, IRounds.Attendance memory other)
        internal
        returns (uint256)
    {
        vm.prank(CEM);
        return network.slashDouble(group, round, one, other);
    }

    /// @dev Shows what key and position `key` signed for `round`.
    function _report(uint256 round, uint256 key) internal returns (uint256) {
        return _slash(1, round, _attendance(1, round, key, "one"), _attendance(1, round, key, "other"));
    }

    function _refuse(uint256 round, uint256 key, bytes4 selector) internal {
        (IRounds.Attendance memory one, IRounds.Attendance memory other) =
            (_attendance(1, round, key, "one"), _attendance(1, round, key, "other"));
        vm.expectRevert(selector);
        _slash(1, round, one, other);
    }

    /// @dev A verdict for position 1 of group 1 by any key.
    function _by(uint256 key, uint256 round, bytes32 claim) internal view returns (IRounds.Attendance memory made) {
        made = _attendance(1, round, key, claim);
        made.verdict.position = 1;
    }

    /// @dev The cold owner of position 1 is its first key's address; `key` signs from the next epoch on.
    function _rotate(uint256 key) internal {
        bytes memory consent = _consentOf(key, 1, vm.addr(1));
        vm.prank(vm.addr(1));
        network.rotate(1, 1, vm.addr(key), consent);
    }
}

contract SlashDoubleRefusalTest is Double {
    function test_RevertIf_ThePositionDoesNotExist() public {
        _refuse(FIRST, 9, IDuties.NotSigned.selector);
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        IRounds.Attendance memory one = _attendance(3, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(3, FIRST, 1, "other");
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 3));
        _slash(3, FIRST, one, other);
    }

    function test_RevertIf_BothAreForTheSameClaim() public {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        vm.expectRevert(IDuties.SameClaim.selector);
        _slash(1, FIRST, one, one);
        IRounds.Attendance memory other = _otherProbe("one");
        vm.expectRevert(IDuties.SameClaim.selector);
        _slash(1, FIRST, one, other);
        _slash(1, FIRST, one, _otherProbe("other"));
    }

    function test_RevertIf_OneWasSignedForAnotherRound() public {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(1, FIRST - 1, 1, "other");
        _refuseBoth(one, other);
    }

    function test_RevertIf_OneWasSignedForAnotherGroup() public {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(2, FIRST, 1, "other");
        _refuseBoth(one, other);
    }

    function test_RevertIf_OneWasSignedOnAnotherChain() public {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        vm.chainId(chain);
        _refuseBoth(one, other);
    }

    function test_RevertIf_OneWasSignedForAnotherNetwork() public {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        INetwork own = network;
        network = _network(MATURITY, MIN_DEPOSIT);
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        network = own;
        _refuseBoth(one, other);
    }

    function test_RevertIf_OneWasSignedBySomebodyElseOrNobody() public {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        _refuseBoth(one, _by(2, FIRST, "other"));
        _refuseBoth(one, _by(77, FIRST, "other"));
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        other.verdict.r = bytes32(uint256(other.verdict.r) ^ 1);
        _refuseBoth(one, other);
        other.verdict.r = 0;
        other.verdict.vs = 0;
        _refuseBoth(one, other);
    }

    function test_RevertIf_TheProbeIsNotTheOneSigned() public {
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        other.verdict.probe = "another";
        _refuseBoth(_attendance(1, FIRST, 1, "one"), other);
    }

    function test_RevertIf_TheRoundHasNotBegun() public {
        vm.warp(_start(FIRST + 1) - 1);
        _refuse(FIRST + 1, 1, IDuties.OutOfTime.selector);
        vm.warp(_start(FIRST + 1));
        _report(FIRST + 1, 1);
    }

    function test_RevertIf_TheEvidenceIsOlderThanAnExit() public {
        vm.warp(_start(FIRST + 1) + EXIT + 1);
        _refuse(FIRST, 1, IDuties.OutOfTime.selector);
        vm.warp(_start(FIRST + 1) + EXIT);
        vm.assertEq(_report(FIRST, 1), REWARD, "in its last second");
    }

    function test_RevertIf_TheSameOffenceIsReportedTwice() public {
        _report(FIRST, 1);
        _refuse(FIRST, 1, IDuties.OutOfTime.selector);
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "a third claim");
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "a fourth one");
        vm.expectRevert(IDuties.OutOfTime.selector);
        _slash(1, FIRST, one, other);
    }

    function test_RevertIf_TheOffenceIsReportedAgainInTheSecondInWhichItsRoundBegan() public {
        vm.assertEq(block.timestamp, _start(FIRST), "the round begins now");
        _report(FIRST, 1);
        _refuse(FIRST, 1, IDuties.OutOfTime.selector);
        vm.warp(block.timestamp + 1);
        _refuse(FIRST, 1, IDuties.OutOfTime.selector);
    }

    function test_RevertIf_ThePositionWasSlashedInThatEpochOrLater() public {
        vm.warp(_start(FIRST + 3));
        _report(FIRST - 1, 1);
        vm.assertEq(network.position(1, 1).forgivenUntil, _start(FIRST + 24), "forgiven until the epoch ends");
        vm.assertEq(network.position(1, 2).forgivenUntil, 0, "not the others");
        for (uint256 round = FIRST - 2; round < FIRST + 24; ++round) {
            vm.warp(_start(round < FIRST + 3 ? FIRST + 3 : round));
            _refuse(round, 1, IDuties.OutOfTime.selector);
        }
        vm.warp(_start(FIRST + 24));
        _refuse(FIRST + 23, 1, IDuties.OutOfTime.selector);
        _report(FIRST + 24, 1);
        vm.assertEq(network.position(1, 1).forgivenUntil, _start(FIRST + 48), "again");
    }

    function _refuseBoth(IRounds.Attendance memory one, IRounds.Attendance memory other) private {
        vm.expectRevert(IDuties.NotSigned.selector);
        _slash(1, FIRST, one, other);
        // The accused is who the first names.
        if (other.verdict.position != 1) return;
        vm.expectRevert(IDuties.NotSigned.selector);
        _slash(1, FIRST, other, one);
    }

    function _otherProbe(bytes32 claim) private view returns (IRounds.Attendance memory) {
        bytes32 probe = "another probe";
        (bytes32 r, bytes32 vs) = vm.signCompact(1, _digest(Typed.verdict(1, FIRST, claim, probe)));
        return IRounds.Attendance(claim, IRounds.Verdict(1, probe, r, vs));
    }
}

/// @dev What does not answer any more, or not yet.
contract SlashDoubleInTimeTest is Double {
    function test_RevertIf_TheKeyHadNoStakeInThatEpoch() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        vm.warp(_start(FIRST + 24));
        _refuse(FIRST + 24, 1, IDuties.OutOfTime.selector);
        vm.warp(network.position(1, 1).exitAt + 365 days);
        uint256 round = (block.timestamp - START) / LENGTH;
        _refuse(round, 1, IDuties.OutOfTime.selector);
        _refuse(round - 24, 1, IDuties.OutOfTime.selector);
    }

    function test_RevertIf_TheStakeHadLeftAndCameBackLater() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        vm.warp(_start(FIRST + 48));
        _fund(vm.addr(1), STAKE);
        vm.prank(vm.addr(1));
        network.bond(1, vm.addr(1), STAKE, "");
        vm.warp(_start(FIRST + 72));
        _refuse(FIRST + 24, 1, IDuties.OutOfTime.selector);
        _refuse(FIRST + 48, 1, IDuties.OutOfTime.selector);
        _report(FIRST + 72, 1);
        vm.assertEq(network.position(1, 1).live, STAKE - LOST, "hit for what it signed with stake");
    }

    function test_TheKeyOfAnEmptiedPositionSlashesNobody() public {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        birth.dataset = new bytes32[](0);
        uint256 child = network.fork(1, birth);
        bytes memory consent = _consentOf(21, child, vm.addr(1));
        vm.prank(vm.addr(1));
        network.move(1, 1, child, vm.addr(21), consent);
        for (uint256 epochs = 1; epochs < 60; epochs += 7) {
            uint256 round = FIRST + 24 * epochs;
            vm.warp(_start(round));
            _refuse(round, 1, IDuties.OutOfTime.selector);
        }
        vm.assertEq(network.position(child, 1).live, STAKE, "its heir has all");
    }
}

contract SlashDoubleTest is Double {
    function test_ATwentiethIsBurnedAndTheReporterGetsATenthOfThatOnTop() public {
        uint256 before = neuron.balanceOf(CEM);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, LOST, LOST, 0, 0);
        vm.expectEmit();
        emit IDuties.DoubleSigned(1, 1, CEM, FIRST, BURNED, REWARD);
        vm.assertEq(_report(FIRST, 1), REWARD, "reward");
        vm.assertEq(neuron.balanceOf(CEM) - before, REWARD, "received");
        vm.assertEq(neuron.totalSupply(), SUPPLY - BURNED, "burned");
    }

    function test_WhoShowsHimselfLosesATwentiethAllTheSame() public {
        uint256 before = _owns(1, 1) + neuron.balanceOf(vm.addr(1));
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        vm.prank(vm.addr(1));
        network.slashDouble(1, FIRST, one, other);
        vm.assertEq(before - _owns(1, 1) - neuron.balanceOf(vm.addr(1)), BURNED, "a twentieth");
    }

    function test_TheStakeIsGoneAtOnceAndAllSumsAreRight() public {
        _report(FIRST, 1);
        IStake.Position memory position = network.position(1, 1);
        vm.assertEq(position.live, STAKE - LOST, "live");
        vm.assertEq(position.next, STAKE - LOST, "next");
        uint256 left = VALIDATORS * STAKE - LOST;
        IStake.Totals memory totals = network.stake(1);
        vm.assertEq(totals.bonded, left, "bonded");
        vm.assertEq(totals.bondedNext, left, "bonded next");
        vm.assertEq(totals.awake, left, "awake");
        vm.assertEq(totals.awakeNext, left, "awake next");
        vm.assertEq(network.admittedAwake(), left, "admitted");
        (uint256 live, uint256 next) = network.allBonded();
        vm.assertEq(live, left + VALIDATORS * STAKE / 10, "all");
        vm.assertEq(next, live, "and next");
        vm.assertEq(neuron.balanceOf(address(network)), live, "held");
    }

    function test_ASleeperAndANonVotingGroupAreSlashedAllTheSame() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        vm.warp(_start(FIRST + 24));
        _report(FIRST, 1);
        vm.assertEq(network.stake(1).awake, 2 * STAKE, "the awake keep theirs");
        vm.assertEq(network.stake(1).bonded, 3 * STAKE - LOST, "bonded");
        _slash(2, FIRST, _attendance(2, FIRST, 1, "one"), _attendance(2, FIRST, 1, "other"));
        vm.assertEq(network.position(2, 1).live, (STAKE - LOST) / 10, "in the group outside the issue");
    }

    function test_AnOffenceOfALaterEpochCostsAsMuchOfWhatIsLeft() public {
        _report(FIRST, 1);
        vm.warp(_start(FIRST + 24));
        uint256 second = (STAKE - LOST) * 550 / 10_000;
        vm.assertEq(_report(FIRST + 24, 1), second / 11, "reward");
        vm.assertEq(network.position(1, 1).live, STAKE - LOST - second, "left");
    }

    function test_PayOfThisEpochAndNewStakeAreNotHit() public {
        _win(1, FIRST, ANN, "a");
        uint256 earned = network.position(1, 1).earned;
        vm.assertGt(earned, 0, "earned");
        _fund(vm.addr(1), STAKE);
        vm.prank(vm.addr(1));
        network.bond(1, vm.addr(1), STAKE, "");
        vm.assertEq(_report(FIRST, 1), REWARD, "reward");
        vm.assertEq(_owns(1, 1), 2 * STAKE + earned - LOST, "left");
        vm.assertEq(network.position(1, 1).live, STAKE - LOST, "live");
    }

    function test_ExitsAreHitAfterUnbond() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE / 4);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, LOST, LOST * 3 / 4, LOST / 4, 0);
        _report(FIRST, 1);
        IStake.Position memory position = network.position(1, 1);
        vm.assertEq(position.live, STAKE - LOST, "live");
        vm.assertEq(position.next, (STAKE - LOST) * 3 / 4, "next");
        vm.assertEq(position.exiting, (STAKE - LOST) / 4, "exiting");
        vm.assertEq(neuron.totalSupply(), SUPPLY - BURNED, "all of it is taken once");
    }

    function test_BothExitsAreHit() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE / 4);
        vm.warp(_start(FIRST + 24));
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE / 4);
        vm.warp(_start(FIRST + 48));
        vm.expectEmit();
        emit IStake.Slashed(1, 1, LOST / 2, LOST / 2, LOST / 4, LOST / 4);
        vm.assertEq(_report(FIRST, 1), REWARD, "reward");
    }

    function test_WhoLeavesWithAllIsHitUntilTheExitIsOver() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        vm.warp(_start(FIRST + 1) + EXIT);
        vm.assertEq(_report(FIRST, 1), REWARD, "reward");
        vm.warp(network.position(1, 1).exitAt);
        vm.prank(vm.addr(1));
        vm.assertEq(network.withdraw(1, 1, vm.addr(1)), STAKE - LOST, "withdrawn");
    }

    function test_AnExitThatIsOverIsNotHit() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE / 4);
        uint256 exitAt = network.position(1, 1).exitAt;
        uint256 round = (exitAt - START) / LENGTH;
        vm.warp(exitAt - 1);
        uint256 before = vm.snapshotState();
        _report(round - 1, 1);
        vm.assertEq(network.position(1, 1).exiting, (STAKE - LOST) / 4, "a second before");
        vm.revertToState(before);
        vm.warp(exitAt);
        _report(round - 1, 1);
        vm.assertEq(network.position(1, 1).exiting, STAKE / 4, "it is free");
    }

    function test_ARetiredKeyAnswersForWhatItSignedInItsEpochs() public {
        _rotate(7);
        vm.warp(_start(FIRST + 24));
        _slash(1, FIRST, _by(1, FIRST, "one"), _by(1, FIRST, "other"));
        vm.assertEq(network.position(1, 1).live, STAKE - LOST, "hit");
    }

    function test_ARetiredKeySignsNothingMore() public {
        _rotate(7);
        vm.warp(_start(FIRST + 24));
        IRounds.Attendance memory one = _by(1, FIRST + 24, "one");
        IRounds.Attendance memory other = _by(1, FIRST + 24, "other");
        vm.expectRevert(IDuties.NotSigned.selector);
        _slash(1, FIRST + 24, one, other);
        (one, other) = (_by(1, FIRST + 23, "one"), _by(1, FIRST + 23, "other"));
        _slash(1, FIRST + 23, one, other);
    }

    function test_ANewKeyAnswersFromItsFirstEpochOnOnly() public {
        _rotate(7);
        vm.warp(_start(FIRST + 24));
        IRounds.Attendance memory one = _by(7, FIRST + 23, "one");
        IRounds.Attendance memory other = _by(7, FIRST + 23, "other");
        vm.expectRevert(IDuties.NotSigned.selector);
        _slash(1, FIRST + 23, one, other);
        (one, other) = (_by(7, FIRST + 24, "one"), _by(7, FIRST + 24, "other"));
        _slash(1, FIRST + 24, one, other);
        vm.assertEq(network.position(1, 1).live, STAKE - LOST, "hit");
    }

    function test_OneVerdictOfEachKeyIsNoDoubleSignature() public {
        _rotate(7);
        vm.warp(_start(FIRST + 24));
        IRounds.Attendance memory one = _by(1, FIRST + 24, "one");
        IRounds.Attendance memory other = _by(7, FIRST + 24, "other");
        vm.expectRevert(IDuties.NotSigned.selector);
        _slash(1, FIRST + 24, one, other);
    }

    function test_StakeThatMovedIsHitInTheChild() public {
        _move(1, 3, 21);
        uint256 reward = _report(FIRST, 1);
        vm.assertEq(reward, REWARD, "reward");
        vm.assertEq(network.position(1, 1).live, STAKE - LOST, "what still counts here");
        vm.assertEq(network.position(3, 1).next, STAKE - LOST, "what counts there");
        vm.assertEq(network.stake(3).bondedNext, STAKE - LOST, "sum there");
        vm.warp(_start(FIRST + 24));
        (uint256 live,) = network.allBonded();
        vm.assertEq(live, VALIDATORS * (STAKE + STAKE / 10) - LOST, "all");
        vm.assertEq(neuron.balanceOf(address(network)), live, "held");
    }

    function test_StakeThatMovedOnIsHitInTheGrandchild() public {
        _move(1, 3, 21);
        vm.warp(_start(FIRST + 24));
        _move(3, 4, 22);
        vm.warp(_start(FIRST + 48));
        vm.assertEq(_report(FIRST, 1), REWARD, "reward");
        vm.assertEq(network.position(4, 1).live, STAKE - LOST, "hit");
    }

    function test_TheHeirsOwnOffenceLeavesTheOldPositionAlone() public {
        vm.startPrank(vm.addr(1));
        network.unbond(1, 1, STAKE / 2);
        vm.stopPrank();
        _move(1, 3, 21);
        vm.warp(_start(FIRST + 24));
        IRounds.Attendance memory one = _attendance(3, FIRST + 24, 21, "one");
        IRounds.Attendance memory other = _attendance(3, FIRST + 24, 21, "other");
        (one.verdict.position, other.verdict.position) = (1, 1);
        _slash(3, FIRST + 24, one, other);
        vm.assertEq(network.position(3, 1).live, (STAKE - LOST) / 2, "hit");
        vm.assertEq(network.position(1, 1).exiting, STAKE / 2, "not hit");
    }

    /// @dev Owner 1 moves what its position 1 has in `group` to `key`'s position in a new fork, `child`.
    function _move(uint256 group, uint256 child, uint256 key) private {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        birth.dataset = new bytes32[](0);
        vm.assertEq(network.fork(group, birth), child, "child");
        bytes memory consent = _consentOf(key, child, vm.addr(1));
        vm.prank(vm.addr(1));
        network.move(group, 1, child, vm.addr(key), consent);
    }
}
