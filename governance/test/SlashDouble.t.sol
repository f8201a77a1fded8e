// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDuties, IGroups, INetwork, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Position 1 of group 1 signs two claims of a round; Cem reports it. Round `FIRST` has begun.
abstract contract Double is Play {
    uint256 internal constant PART = STAKE / 20;

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
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(keccak256(abi.encode(kind, 1, vm.addr(1)))));
        vm.prank(vm.addr(1));
        network.rotate(1, 1, vm.addr(key), abi.encodePacked(r, vs));
    }
}

contract SlashDoubleRefusalTest is Double {
    function test_RevertIf_ThePositionDoesNotExist() public {
        _refuse(FIRST, 9, IDuties.NotSigned.selector);
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        IRounds.Attendance memory one = _attendance(3, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(3, FIRST, 1, "other");
        vm.expectRevert(IGroups.NoSuchGroup.selector);
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
        vm.assertEq(_report(FIRST, 1), PART / 2, "in its last second");
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

contract SlashDoubleTest is Double {
    function test_TheReporterGetsHalfOfATwentiethAndTheRestIsBurned() public {
        uint256 before = neuron.balanceOf(CEM);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, PART);
        vm.expectEmit();
        emit IDuties.DoubleSigned(1, 1, FIRST, CEM, PART / 2);
        vm.assertEq(_report(FIRST, 1), PART / 2, "reward");
        vm.assertEq(neuron.balanceOf(CEM) - before, PART / 2, "received");
        vm.assertEq(neuron.totalSupply(), SUPPLY - PART / 2, "burned");
    }

    function test_TheStakeIsGoneAtOnceAndAllSumsAreRight() public {
        _report(FIRST, 1);
        IStake.Position memory position = network.position(1, 1);
        vm.assertEq(position.live, STAKE - PART, "live");
        vm.assertEq(position.next, STAKE - PART, "next");
        uint256 left = VALIDATORS * STAKE - PART;
        IStake.Totals memory totals = network.stake(1);
        vm.assertEq(totals.bonded, left, "bonded");
        vm.assertEq(totals.bondedNext, left, "bonded next");
        vm.assertEq(totals.awake, left, "awake");
        vm.assertEq(totals.awakeNext, left, "awake next");
        vm.assertEq(network.admittedAwake(), left, "admitted");
        vm.assertEq(network.allBonded(), left + VALIDATORS * STAKE / 10, "all");
        vm.assertEq(neuron.balanceOf(address(network)), network.allBonded(), "held");
    }

    function test_ASleeperAndANonVotingGroupAreSlashedAllTheSame() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        vm.warp(_start(FIRST + 24));
        _report(FIRST, 1);
        vm.assertEq(network.stake(1).awake, 2 * STAKE, "the awake keep theirs");
        vm.assertEq(network.stake(1).bonded, 3 * STAKE - PART, "bonded");
        _slash(2, FIRST, _attendance(2, FIRST, 1, "one"), _attendance(2, FIRST, 1, "other"));
        vm.assertEq(network.position(2, 1).live, STAKE / 10 - PART / 10, "in the group outside the issue");
    }

    function test_AnOffenceOfALaterEpochCostsATwentiethOfWhatIsLeft() public {
        _report(FIRST, 1);
        vm.warp(_start(FIRST + 24));
        uint256 second = (STAKE - PART) / 20;
        vm.assertEq(_report(FIRST + 24, 1), second / 2, "reward");
        vm.assertEq(network.position(1, 1).live, STAKE - PART - second, "left");
    }

    function test_PayThatIsNotStakeYetIsHitToo() public {
        _win(1, FIRST, ANN, "a");
        uint256 earned = network.position(1, 1).earned;
        vm.assertGt(earned, 0, "earned");
        uint256 units = (STAKE + earned) / 1 gwei / 20;
        vm.assertEq(_report(FIRST, 1), units * 1 gwei / 2, "reward");
        vm.assertEq(_owns(1, 1), STAKE + earned - units * 1 gwei, "left");
        vm.assertEq(network.position(1, 1).live, STAKE - PART, "live");
    }

    function test_ExitsAreHitAfterUnbond() public {
        vm.startPrank(vm.addr(1));
        network.unbond(1, 1, STAKE / 4);
        vm.stopPrank();
        _report(FIRST, 1);
        IStake.Position memory position = network.position(1, 1);
        vm.assertEq(position.live, STAKE * 95 / 100, "live");
        vm.assertEq(position.next, STAKE * 3 / 4 * 95 / 100, "next");
        vm.assertEq(position.exiting, STAKE / 4 * 95 / 100, "exiting");
        vm.assertEq(neuron.totalSupply(), SUPPLY - PART / 2, "all of it is taken once");
    }

    function test_WhoLeavesWithAllIsHitUntilTheExitIsOver() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        vm.warp(_start(FIRST + 1) + EXIT);
        vm.assertEq(_report(FIRST, 1), PART / 2, "reward");
        vm.warp(network.position(1, 1).exitAt);
        vm.prank(vm.addr(1));
        vm.assertEq(network.withdraw(1, 1), STAKE - PART, "withdrawn");
    }

    function test_ARetiredKeyAnswersForWhatItSignedInItsEpochs() public {
        _rotate(7);
        vm.warp(_start(FIRST + 24));
        _slash(1, FIRST, _by(1, FIRST, "one"), _by(1, FIRST, "other"));
        vm.assertEq(network.position(1, 1).live, STAKE - PART, "hit");
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
        vm.assertEq(network.position(1, 1).live, STAKE - PART, "hit");
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
        vm.assertEq(reward, PART / 2, "reward");
        vm.assertEq(network.position(1, 1).live, STAKE - PART, "what still counts here");
        vm.assertEq(network.position(3, 1).next, STAKE - PART, "what counts there");
        vm.assertEq(network.stake(3).bondedNext, STAKE - PART, "sum there");
        vm.warp(_start(FIRST + 24));
        vm.assertEq(network.allBonded(), VALIDATORS * (STAKE + STAKE / 10) - PART, "all");
        vm.assertEq(neuron.balanceOf(address(network)), network.allBonded(), "held");
    }

    function test_StakeThatMovedOnIsHitInTheGrandchild() public {
        _move(1, 3, 21);
        vm.warp(_start(FIRST + 24));
        _move(3, 4, 22);
        vm.warp(_start(FIRST + 48));
        vm.assertEq(_report(FIRST, 1), PART / 2, "reward");
        vm.assertEq(network.position(4, 1).live, STAKE - PART, "hit");
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
        vm.assertEq(network.position(3, 1).live, STAKE / 2 - PART / 2, "hit");
        vm.assertEq(network.position(1, 1).exiting, STAKE / 2, "not hit");
    }

    /// @dev Owner 1 moves what its position 1 has in `group` to `key`'s position in a new fork, `child`.
    function _move(uint256 group, uint256 child, uint256 key) private {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        birth.dataset = new bytes32[](0);
        vm.assertEq(network.fork(group, birth), child, "child");
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(keccak256(abi.encode(kind, child, vm.addr(1)))));
        vm.prank(vm.addr(1));
        network.move(group, 1, child, vm.addr(key), abi.encodePacked(r, vs));
    }
}
