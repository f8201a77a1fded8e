// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IGroups} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";
import {Fixture} from "governance-test/Fixture.sol";

/// @dev Group 1 is in its period 1.
abstract contract Periodic is Fixture {
    uint256 internal periodEnd;
    bytes32 internal head;

    function setUp() public virtual override {
        super.setUp();
        periodEnd = network.group(1).periodEnd;
        head = network.group(1).head;
    }

    function _propose(address who, bytes32 digest) internal returns (uint256) {
        vm.prank(who);
        return network.propose(1, digest);
    }

    function _choice(uint256 key, uint256 period, uint256 delta, uint256 seq)
        internal
        view
        returns (IDataset.Choice memory)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(Typed.choice(1, period, delta, seq)));
        return IDataset.Choice(key, delta, seq, r, vs);
    }

    function _cast(uint256 key, uint256 period, uint256 delta, uint256 seq) internal {
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = _choice(key, period, delta, seq);
        network.cast(1, choices);
    }

    function _votes(uint256 delta) internal view returns (uint256) {
        return network.delta(1, delta).votes;
    }

    /// @dev More supply, so a higher reward and bond.
    function _issueSome() internal {
        vm.prank(address(network));
        emission.issue(address(this), 1000 ether);
    }

    /// @dev A in wei while nothing was issued or burnt.
    function _authorReward() internal pure returns (uint256) {
        return SUPPLY / 1_000_000;
    }
}

contract ProposeTest is Periodic {
    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(IGroups.NoSuchGroup.selector);
        network.propose(3, "d");
    }

    function test_RevertIf_ItIsTheLastQuarter() public {
        vm.warp(periodEnd - PERIOD / 4);
        vm.expectRevert(IDataset.LastQuarter.selector);
        _propose(ANN, "d");
        vm.warp(periodEnd - PERIOD / 4 - 1);
        _propose(ANN, "d");
    }

    function test_RevertIf_TheListIsFullOfBondsAsHigh() public {
        for (uint256 i; i < 16; ++i) {
            _propose(ANN, bytes32(i));
        }
        vm.expectRevert(IDataset.ProposalsFull.selector);
        _propose(BOB, "seventeenth");
    }

    function test_RevertIf_TheBondCannotBePaid() public {
        vm.expectRevert();
        _propose(address(0xDEAD), "d");
    }

    function test_AProposalBondsFourTimesItsReward() public {
        vm.expectEmit();
        emit IDataset.Proposed(1, 1, ANN, "d", head, 1, 4 * _authorReward());
        vm.assertEq(_propose(ANN, "d"), 1, "number");
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - 4 * _authorReward(), "bond taken");
        vm.assertEq(network.openDeltas(1)[0], 1, "open");
    }

    function test_AHigherBondDisplacesTheLowest() public {
        for (uint256 i; i < 8; ++i) {
            _propose(ANN, bytes32(i));
        }
        _issueSome();
        for (uint256 i; i < 7; ++i) {
            _propose(BOB, bytes32(i));
        }
        neuron.burn(SUPPLY / 1000);
        vm.assertEq(_propose(CEM, "the lowest"), 16, "the list is full");
        vm.expectRevert(IDataset.ProposalsFull.selector);
        _propose(CEM, "as low");
        _issueSome();
        _propose(CEM, "higher than the lowest");
        vm.assertEq(uint256(network.delta(1, 16).status), uint256(IDataset.DeltaStatus.Dropped), "out");
        vm.assertEq(network.openDeltas(1)[15], 17, "in its place");
        vm.assertEq(network.openDeltas(1).length, 16, "still sixteen");
        uint256 before = neuron.balanceOf(CEM);
        network.refund(1, 16);
        vm.assertEq(neuron.balanceOf(CEM) - before, network.delta(1, 16).bond, "its bond is back");
    }

    function test_ALateProposalTurnsThePeriodFirst() public {
        vm.warp(periodEnd);
        _propose(ANN, "d");
        vm.assertEq(network.group(1).periodNumber, 2, "period");
        vm.assertEq(network.delta(1, 1).period, 2, "of the new period");
    }
}

contract CastTest is Periodic {
    function setUp() public override {
        super.setUp();
        _propose(ANN, "one");
        _propose(BOB, "two");
    }

    function test_VotesWeighTheLiveStake() public {
        IDataset.Choice[] memory choices = new IDataset.Choice[](3);
        choices[0] = _choice(1, 1, 1, 1);
        choices[1] = _choice(2, 1, 2, 1);
        choices[2] = _choice(3, 1, 0, 1);
        vm.expectEmit();
        emit IDataset.Cast(1, 1, 3);
        network.cast(1, choices);
        vm.assertEq(_votes(1), STAKE, "one");
        vm.assertEq(_votes(2), STAKE, "two");
        vm.assertEq(network.keepVotes(1), STAKE, "keep");
    }

    function test_OnlyAHigherNumberReplacesAChoice() public {
        _cast(1, 1, 1, 5);
        _cast(1, 1, 2, 5);
        _cast(1, 1, 2, 4);
        vm.assertEq(_votes(1), STAKE, "stays");
        _cast(1, 1, 2, 6);
        vm.assertEq(_votes(1), 0, "taken back");
        vm.assertEq(_votes(2), STAKE, "moved");
        _cast(1, 1, 0, 7);
        vm.assertEq(_votes(2), 0, "taken back again");
        vm.assertEq(network.keepVotes(1), STAKE, "keep");
    }

    function test_BadChoicesAreSkipped() public {
        IDataset.Choice[] memory choices = new IDataset.Choice[](6);
        choices[0] = _choice(1, 2, 1, 1);
        choices[1] = _choice(1, 1, 3, 1);
        choices[2] = _choice(1, 1, 1, uint256(type(uint96).max) + 1);
        choices[3] = _choice(7, 1, 1, 1);
        choices[4] = _choice(1, 1, 1, 1);
        choices[4].delta = 2;
        choices[5] = _choice(2, 1, 1, 1);
        vm.expectEmit();
        emit IDataset.Cast(1, 1, 1);
        network.cast(1, choices);
        vm.assertEq(_votes(1), STAKE, "only the last counts");
    }

    function test_AChoiceOfAnOldPeriodIsWorthNothing() public {
        vm.warp(periodEnd);
        _cast(1, 1, 1, 1);
        vm.assertEq(network.group(1).periodNumber, 2, "turned first");
        vm.assertEq(_votes(1), 0, "not counted");
    }

    function test_StakeOfTheNextEpochDoesNotVote() public {
        vm.startPrank(vm.addr(1));
        network.unbond(1, 1, STAKE / 2);
        vm.stopPrank();
        _join(1, 4, STAKE / 2);
        _cast(4, 1, 1, 1);
        vm.assertEq(_votes(1), 0, "bonded in this epoch");
        _cast(1, 1, 1, 1);
        vm.assertEq(_votes(1), STAKE, "leaving with the next");
    }

    function test_AVoteForADisplacedDeltaCanBeMoved() public {
        _cast(1, 1, 1, 1);
        for (uint256 i; i < 14; ++i) {
            _propose(ANN, bytes32(i));
        }
        _issueSome();
        _propose(BOB, "higher");
        _cast(2, 1, 1, 1);
        vm.assertEq(_votes(1), STAKE, "nothing is added");
        _cast(1, 1, 2, 2);
        vm.assertEq(_votes(1), 0, "taken back");
        vm.assertEq(_votes(2), STAKE, "moved");
    }
}

contract TurnTest is Periodic {
    function test_RevertIf_ThePeriodRuns() public {
        vm.warp(periodEnd - 1);
        vm.expectRevert(IDataset.PeriodRunning.selector);
        network.turn(1);
    }

    function test_TheDeltaWithTheMostVotesIsApplied() public {
        _propose(ANN, "one");
        _propose(BOB, "two");
        _cast(1, 1, 1, 1);
        _cast(2, 1, 2, 1);
        _cast(3, 1, 2, 1);
        bytes32 next = Rules.next(head, "two");
        vm.warp(periodEnd + 9);
        vm.expectEmit();
        emit IDataset.Turned(1, 1, 2, next, _authorReward(), periodEnd + 9 + PERIOD);
        network.turn(1);
        IGroups.Group memory group = network.group(1);
        vm.assertEq(group.head, next, "head");
        vm.assertEq(group.periodNumber, 2, "period");
        vm.assertEq(network.openDeltas(1).length, 0, "nothing is open");
        vm.assertEq(network.delta(1, 2).standsAt, periodEnd + 9 + PERIOD, "stands a period later");
        vm.assertEq(network.keepVotes(1), 0, "votes start anew");
    }

    function test_NothingIsAppliedWithoutVotesOrAgainstKeep() public {
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "nothing was proposed");
        _propose(ANN, "one");
        _cast(1, 2, 1, 1);
        _cast(2, 2, 0, 1);
        vm.warp(periodEnd + PERIOD);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "as many want to keep");
        vm.assertEq(uint256(network.delta(1, 1).status), uint256(IDataset.DeltaStatus.Dropped), "dropped");
    }

    function test_ADeltaNeedsATenthOfTheStake() public {
        _join(1, 4, STAKE / 10);
        vm.warp(_start(FIRST + 24));
        _propose(ANN, "one");
        _cast(4, 1, 1, 1);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "too few");
    }

    function test_MissedPeriodsAreSkipped() public {
        vm.warp(periodEnd + 5 * PERIOD + 1);
        network.turn(1);
        vm.assertEq(network.group(1).periodNumber, 2, "period");
        vm.assertEq(network.group(1).periodEnd, periodEnd + 6 * PERIOD + 1, "end");
        vm.expectRevert(IDataset.PeriodRunning.selector);
        network.turn(1);
    }

    function test_AGroupOutsideTheIssuePaysItsAuthorsNothing() public {
        vm.prank(ANN);
        network.propose(2, "one");
        vm.assertEq(network.delta(2, 1).bond, MIN_DEPOSIT, "the least bond");
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        (bytes32 r, bytes32 vs) = vm.signCompact(1, _digest(Typed.choice(2, 1, 1, 1)));
        choices[0] = IDataset.Choice(1, 1, 1, r, vs);
        network.cast(2, choices);
        vm.warp(periodEnd);
        network.turn(2);
        vm.assertEq(uint256(network.delta(2, 1).status), uint256(IDataset.DeltaStatus.Applied), "applied");
        vm.assertEq(network.delta(2, 1).reward, 0, "reward");
    }
}

contract DeltaRefundTest is Periodic {
    function setUp() public override {
        super.setUp();
        _propose(ANN, "one");
        _propose(BOB, "two");
        _cast(1, 1, 1, 1);
    }

    function test_RevertIf_ThereIsNoSuchDelta() public {
        vm.expectRevert(IDataset.NoSuchDelta.selector);
        network.refund(1, 3);
    }

    function test_RevertIf_TheDeltaIsOpen() public {
        vm.expectRevert(IDataset.NotStanding.selector);
        network.refund(1, 1);
    }

    function test_RevertIf_TheDeltaDoesNotStandYet() public {
        vm.warp(periodEnd);
        network.turn(1);
        vm.warp(periodEnd + PERIOD - 1);
        vm.expectRevert(IDataset.NotStanding.selector);
        network.refund(1, 1);
    }

    function test_RevertIf_RefundedBefore() public {
        vm.warp(periodEnd);
        network.turn(1);
        network.refund(1, 2);
        vm.expectRevert(IDataset.AlreadyRefunded.selector);
        network.refund(1, 2);
    }

    function test_ADeltaThatStandsPaysItsAuthorOnce() public {
        vm.warp(periodEnd);
        network.turn(1);
        vm.warp(periodEnd + PERIOD);
        uint256 bond = 4 * _authorReward();
        vm.expectEmit();
        emit IDataset.Refunded(1, 1, ANN, bond, _authorReward(), _authorReward());
        network.refund(1, 1);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether + _authorReward(), "bond and reward");
        vm.expectRevert(IDataset.AlreadyRefunded.selector);
        network.refund(1, 1);
    }

    function test_ADeltaThatWasNotAppliedGetsItsBondBack() public {
        vm.warp(periodEnd);
        network.turn(1);
        network.refund(1, 2);
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether, "bond");
    }
}
