// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IGroups} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Periodic} from "governance-test/Periodic.sol";

contract ProposeTest is Periodic {
    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(IGroups.NoSuchGroup.selector);
        network.propose(3, "d", _leastBond());
    }

    function test_RevertIf_ItIsTheLastQuarter() public {
        vm.warp(periodEnd - PERIOD / 4);
        vm.expectRevert(IDataset.LastQuarter.selector);
        _propose(ANN, "d");
        vm.warp(periodEnd - 1);
        vm.expectRevert(IDataset.LastQuarter.selector);
        _propose(ANN, "d");
        vm.warp(periodEnd - PERIOD / 4 - 1);
        _propose(ANN, "d");
    }

    function test_RevertIf_TheBondIsBelowFourRewards() public {
        vm.expectRevert(IDataset.BondTooSmall.selector);
        _propose(ANN, "d", _leastBond() - 1);
        _propose(ANN, "d", _leastBond());
    }

    function test_RevertIf_TheBondIsBelowTheLeastDeposit() public {
        vm.startPrank(ANN);
        vm.expectRevert(IDataset.BondTooSmall.selector);
        network.propose(2, "d", MIN_DEPOSIT - 1);
        network.propose(2, "d", MIN_DEPOSIT);
    }

    function test_RevertIf_TheBondCannotBePaid() public {
        vm.expectRevert();
        _propose(address(0xDEAD), "d");
        vm.assertEq(network.group(1).proposals, 0, "none was proposed");
    }

    function test_RevertIf_TheBondHasMoreThan96Bits() public {
        vm.expectRevert();
        _propose(ANN, "d", 2 ** 96 + _leastBond());
    }

    function test_AProposalTakesTheBondThatItsAuthorChose() public {
        uint256 amount = _leastBond() + 7;
        vm.expectEmit();
        emit IDataset.Proposed(1, 1, ANN, "d", head, 1, amount);
        vm.assertEq(_propose(ANN, "d", amount), 1, "number");
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - amount, "bond taken");
        vm.assertEq(network.openDeltas(1)[0], 1, "open");
        IDataset.Delta memory delta = network.delta(1, 1);
        vm.assertEq(delta.digest, "d", "digest");
        vm.assertEq(delta.parent, head, "parent");
        vm.assertEq(delta.author, ANN, "author");
        vm.assertEq(delta.bond, amount, "bond");
        vm.assertEq(delta.period, 1, "period");
        _isStatus(1, IDataset.DeltaStatus.Open, "status");
    }

    function test_TheLeastBondFollowsTheReward() public {
        vm.assertEq(network.leastBond(1), _leastBond(), "four times A");
        vm.assertEq(network.leastBond(2), MIN_DEPOSIT, "outside the issue A is 0");
        neuron.burn(SUPPLY / 2);
        vm.assertEq(network.leastBond(1), _leastBond() / 2, "half the supply, half of A");
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
        uint256[] memory counted = new uint256[](3);
        (counted[0], counted[1], counted[2]) = (1 << 96 | 1, 2 << 96 | 1, 3 << 96 | 1);
        vm.expectEmit();
        emit IDataset.Cast(1, 1, counted);
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
        choices[5] = _choice(2, 1, 1, 9);
        uint256[] memory counted = new uint256[](1);
        counted[0] = 2 << 96 | 9;
        vm.expectEmit();
        emit IDataset.Cast(1, 1, counted);
        network.cast(1, choices);
        vm.assertEq(_votes(1), STAKE, "only the last counts");
        vm.assertEq(_votes(2), 0, "and for nothing else");
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

    function test_AVoteWeighsTheStakeOfItsDay() public {
        _cast(1, 1, 1, 1);
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE / 2);
        vm.warp(_start(FIRST + 24));
        vm.assertEq(_votes(1), STAKE, "what was cast stays");
        _cast(1, 1, 1, 2);
        vm.assertEq(_votes(1), STAKE / 2, "cast again it weighs what is left");
    }

    function test_WhoRestsMayVoteAllTheSame() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        vm.warp(_start(FIRST + 24));
        _cast(1, 1, 1, 1);
        vm.assertEq(_votes(1), STAKE, "stake votes, asleep or awake");
    }

    function test_AVoteMovesBetweenKeepAndDeltas() public {
        _cast(1, 1, 0, 1);
        _cast(1, 1, 2, 2);
        vm.assertEq(network.keepVotes(1), 0, "no longer kept");
        vm.assertEq(_votes(2), STAKE, "for the second");
        _cast(1, 1, 1, 3);
        vm.assertEq(_votes(2), 0, "no longer");
        vm.assertEq(_votes(1), STAKE, "for the first");
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
        _elects(1 gwei, 0);
    }

    function test_ATenthOfTheStakeIsEnough() public {
        _elects(0, 1);
    }

    function test_OfEqualVotesTheLowerNumberIsApplied() public {
        _propose(ANN, "one");
        _propose(BOB, "two");
        _cast(2, 1, 2, 1);
        _cast(1, 1, 1, 1);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, 1, "applied");
    }

    function test_TheAppliedDeltaIsOnTrialForAPeriodAndStandsThen() public {
        _propose(ANN, "one");
        _choose(1, 1);
        vm.assertEq(network.group(1).applied, 1, "on trial");
        vm.assertEq(network.group(1).standing, 0, "none stood");
        _propose(BOB, "two");
        _choose(2, 2);
        vm.assertEq(network.group(1).applied, 2, "the second is on trial");
        vm.assertEq(network.group(1).standing, 1, "the first stands");
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, 0, "nothing is on trial");
        vm.assertEq(network.group(1).standing, 2, "the second stands");
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).standing, 2, "and is the last that stood for as long as there is none");
    }

    function test_TheNextTurnNeedsNewVotes() public {
        _propose(ANN, "one");
        vm.warp(periodEnd);
        network.turn(1);
        _propose(BOB, "two");
        _cast(1, 2, 1, 1);
        vm.assertEq(_votes(1), 0, "a dropped delta takes no votes");
        vm.warp(periodEnd + PERIOD);
        network.turn(1);
        vm.assertEq(network.group(1).applied, 0, "nothing applied");
        vm.assertEq(network.group(1).head, head, "head");
    }

    function test_TheRewardIsFixedAtTheTurn() public {
        _propose(ANN, "one");
        _choose(1, 1);
        neuron.burn(SUPPLY / 2);
        vm.warp(network.group(1).periodEnd);
        network.refund(1, 1);
        vm.assertEq(network.delta(1, 1).reward, _authorReward(), "as at the turn");
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether + _authorReward(), "paid");
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
        network.propose(2, "one", MIN_DEPOSIT);
        _castOne(2, 1, 1, 1, 1);
        vm.warp(periodEnd);
        network.turn(2);
        vm.assertEq(uint256(network.delta(2, 1).status), uint256(IDataset.DeltaStatus.Applied), "applied");
        vm.assertEq(network.delta(2, 1).reward, 0, "reward");
    }

    /// @dev Key 4 with a tenth of the group's stake, if there were not `excess` beside it, votes alone.
    function _elects(uint256 excess, uint256 applied) private {
        uint256 own = STAKE * 34 / 100;
        _join(1, 4, own);
        _join(1, 5, 9 * own - VALIDATORS * STAKE + excess);
        vm.warp(_start(FIRST + 24));
        _propose(ANN, "one");
        _cast(4, 1, 1, 1);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.stake(1).bonded, 10 * own + excess, "stake");
        vm.assertEq(network.group(1).applied, applied, "applied");
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
