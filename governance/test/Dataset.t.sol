// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IGroups, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";
import {Periodic} from "governance-test/Periodic.sol";

contract ProposeTest is Periodic {
    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 3));
        network.propose(3, head, "d", _leastBond());
    }

    function test_RevertIf_ItIsTheLastQuarter() public {
        vm.warp(periodEnd - PERIOD / 4);
        _tooLate(periodEnd - PERIOD / 4, ANN, "d");
        vm.warp(periodEnd - 1);
        _tooLate(periodEnd - PERIOD / 4, ANN, "d");
        vm.warp(periodEnd - PERIOD / 4 - 1);
        _propose(ANN, "d");
    }

    function test_RevertIf_TheBondIsBelowFourRewards() public {
        _refuseProposal(
            abi.encodeWithSelector(IDataset.BondTooSmall.selector, _leastBond()), ANN, "d", _leastBond() - 1
        );
        _propose(ANN, "d", _leastBond());
    }

    function test_RevertIf_TheBondIsBelowTheLeastDeposit() public {
        bytes32 own = network.group(2).head;
        vm.startPrank(ANN);
        vm.expectRevert(abi.encodeWithSelector(IDataset.BondTooSmall.selector, MIN_DEPOSIT));
        network.propose(2, own, "d", MIN_DEPOSIT - 1);
        network.propose(2, own, "d", MIN_DEPOSIT);
    }

    function test_RevertIf_TheTrainingSetIsAnotherOneThanTheAuthorSaw() public {
        vm.startPrank(ANN);
        vm.expectRevert(abi.encodeWithSelector(IDataset.WrongParent.selector, head));
        network.propose(1, Rules.next(head, "x"), "d", _leastBond());
        vm.expectRevert(abi.encodeWithSelector(IDataset.WrongParent.selector, head));
        network.propose(1, 0, "d", _leastBond());
    }

    /// @dev The proposal waits in the pool, and the turn that it would do itself changes the set.
    function test_RevertIf_TheTurnItselfChangesTheTrainingSet() public {
        _propose(BOB, "one");
        _cast(1, 1, 1, 1);
        vm.warp(periodEnd);
        vm.startPrank(ANN);
        vm.expectRevert(abi.encodeWithSelector(IDataset.WrongParent.selector, Rules.next(head, "one")));
        network.propose(1, head, "d", _leastBond());
        network.propose(1, Rules.next(head, "one"), "d", _leastBond());
        vm.assertEq(network.delta(1, 2).parent, Rules.next(head, "one"), "on what is there");
    }

    function test_RevertIf_TheBondCannotBePaid() public {
        vm.expectRevert();
        vm.prank(address(0xDEAD));
        network.propose(1, head, "d", _leastBond());
        vm.assertEq(network.group(1).proposals, 0, "none was proposed");
    }

    function test_RevertIf_TheBondHasMoreThan96Bits() public {
        vm.expectRevert();
        vm.prank(ANN);
        network.propose(1, head, "d", 2 ** 96 + _leastBond());
    }

    function test_AProposalTakesTheBondThatItsAuthorChose() public {
        uint256 amount = _leastBond() + 7;
        vm.expectEmit();
        // A sixteenth of the seven wei that nobody asked for.
        emit IDataset.Proposed(1, 1, ANN, "d", head, 1, amount, 1);
        vm.assertEq(_propose(ANN, "d", amount), 1, "number");
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - amount, "bond taken");
        vm.assertEq(network.openDeltas(1)[0], 1, "open");
        IDataset.Delta memory delta = network.delta(1, 1);
        vm.assertEq(delta.digest, "d", "digest");
        vm.assertEq(delta.parent, head, "parent");
        vm.assertEq(delta.author, ANN, "author");
        vm.assertEq(delta.bond, amount, "bond");
        vm.assertEq(delta.atRisk, 1, "at risk");
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
        IDataset.Counted[] memory counted = new IDataset.Counted[](3);
        counted[0] = IDataset.Counted(1, 1, STAKE, 1, false);
        counted[1] = IDataset.Counted(2, 2, STAKE, 1, false);
        counted[2] = IDataset.Counted(3, 0, STAKE, 1, false);
        vm.expectEmit();
        emit IDataset.Cast(1, 1, counted);
        network.cast(1, choices);
        vm.assertEq(_votes(1), STAKE, "one");
        vm.assertEq(_votes(2), STAKE, "two");
        vm.assertEq(network.keepVotes(1), STAKE, "keep");
    }

    function test_OnlyAHigherNumberReplacesAChoice() public {
        _cast(1, 1, 1, 5);
        _castsNothing(1, 1, 2, 5);
        _castsNothing(1, 1, 2, 4);
        vm.assertEq(_votes(1), STAKE, "stays");
        _cast(1, 1, 2, 6);
        vm.assertEq(_votes(1), 0, "taken back");
        vm.assertEq(_votes(2), STAKE, "moved");
        _cast(1, 1, 0, 7);
        vm.assertEq(_votes(2), 0, "taken back again");
        vm.assertEq(network.keepVotes(1), STAKE, "keep");
    }

    function test_BadChoicesAreSkipped() public {
        IDataset.Choice[] memory choices = new IDataset.Choice[](10);
        choices[0] = _choice(1, 2, 1, 1);
        choices[1] = _choice(1, 1, 3, 1);
        choices[2] = _choice(1, 1, 1, 2 ** 95);
        choices[3] = _choice(7, 1, 1, 1);
        choices[4] = _choice(1, 1, 1, 1);
        choices[4].delta = 2;
        choices[5] = _choice(1, 1, 1, 1);
        choices[5].patch = "two";
        choices[6] = _choice(1, 1, 0, 1);
        choices[6].patch = "one";
        choices[7] = _choice(1, 1, 1, 1);
        choices[7].signature = "";
        choices[8] = _choice(1, 1, 1, 1);
        choices[8].position = 3;
        choices[9] = _choice(2, 1, 1, 9);
        IDataset.Counted[] memory counted = new IDataset.Counted[](1);
        counted[0] = IDataset.Counted(2, 1, STAKE, 9, false);
        vm.expectEmit();
        emit IDataset.Cast(1, 1, counted);
        network.cast(1, choices);
        vm.assertEq(_votes(1), STAKE, "only the last counts");
        vm.assertEq(_votes(2), 0, "and for nothing else");
    }

    function test_AChoiceOfAnOldPeriodIsWorthNothing() public {
        vm.warp(periodEnd);
        IDataset.Choice[] memory choices = new IDataset.Choice[](2);
        (choices[0], choices[1]) = (_choice(1, 1, 1, 1), _choice(2, 2, 0, 1));
        network.cast(1, choices);
        vm.assertEq(network.group(1).periodNumber, 2, "turned first");
        vm.assertEq(_votes(1), 0, "not counted");
        vm.assertEq(network.keepVotes(1), STAKE, "the one of the new period is");
    }

    function test_StakeOfTheNextEpochDoesNotVote() public {
        vm.startPrank(vm.addr(1));
        network.unbond(1, 1, STAKE / 2);
        vm.stopPrank();
        _join(1, 4, STAKE / 2);
        _castsNothing(4, 1, 1, 1);
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

    function test_RevertIf_NothingIsCounted() public {
        _castsNothing(1, 2, 1, 1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.cast(1, new IDataset.Choice[](0));
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 9));
        network.cast(9, new IDataset.Choice[](0));
    }

    /// @dev A turn that is due is not done either, if nothing else is.
    function test_RevertIf_NothingIsCountedAfterThePeriod() public {
        vm.warp(periodEnd);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.cast(1, new IDataset.Choice[](0));
        vm.assertEq(network.group(1).periodNumber, 1, "not turned");
    }

    function test_ABallotTellsWhatCounts() public {
        _cast(1, 1, 2, 7);
        IDataset.Counted memory shown = network.ballot(1, 1);
        vm.assertEq(shown.position, 1, "position");
        vm.assertEq(shown.delta, 2, "delta");
        vm.assertEq(shown.weight, STAKE, "weight");
        vm.assertEq(shown.seq, 7, "seq");
        vm.assertEq(network.ballot(1, 2).weight, 0, "none of another");
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.ballot(1, 1).weight, 0, "nor in the next period");
    }

    function test_AChoiceMayBeSignedIn65Bytes() public {
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = _choice(1, 1, 1, 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(1, _digest(Typed.choice(1, 1, 1, "one", 1)));
        choices[0].signature = abi.encodePacked(r, s, v);
        network.cast(1, choices);
        vm.assertEq(_votes(1), STAKE, "counted");
    }

    function test_RevertIf_TheNumberOfAChoiceHas96Bits() public {
        _castsNothing(1, 1, 1, 2 ** 95);
        _castsNothing(1, 1, 1, type(uint256).max);
        _cast(1, 1, 1, 2 ** 95 - 1);
        vm.assertEq(_votes(1), STAKE, "the highest");
    }

    /// @dev Whoever stole the hot key, the owner has the last word, with whatever number.
    function test_TheOwnersChoiceOutranksAnyOfTheSigner() public {
        uint256 position = _bondCold();
        _castAs(HOT, position, 1, 2 ** 95 - 1);
        vm.assertEq(_votes(1), STAKE, "the thief, with the highest number");
        _castAs(COLD, position, 2, 0);
        vm.assertEq(_votes(1), 0, "taken back");
        vm.assertEq(_votes(2), STAKE, "by the owner, with the lowest");
        vm.assertEq(network.ballot(1, position).byOwner, true, "and so it says");
        vm.expectRevert(IRounds.NothingCounted.selector);
        this.castAs(HOT, position, 1, 2 ** 95 - 1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        this.castAs(COLD, position, 1, 0);
        _castAs(COLD, position, 1, 1);
        vm.assertEq(_votes(1), STAKE, "only the owner replaces it");
    }

    function test_InTheNextPeriodTheSignerSpeaksAgain() public {
        uint256 position = _bondCold();
        _castAs(COLD, position, 0, 5);
        vm.warp(periodEnd);
        network.turn(1);
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = IDataset.Choice(position, 0, 0, 1, _signed(HOT, Typed.choice(1, 2, 0, 0, 1)));
        network.cast(1, choices);
        vm.assertEq(network.keepVotes(1), STAKE, "counted");
        vm.assertEq(network.ballot(1, position).byOwner, false, "as the signer's");
    }

    /// @dev After a reorganisation the number is that of another patch.
    function test_VotesForOnePatchDoNotCountForAnotherUnderItsNumber() public {
        uint256 before = vm.snapshotState();
        uint256 number = _propose(ANN, "good");
        IDataset.Choice[] memory choices = new IDataset.Choice[](3);
        for (uint256 key = 1; key <= 3; ++key) {
            choices[key - 1] = _choice(key, 1, number, 1);
        }
        vm.revertToState(before);
        vm.assertEq(_propose(BOB, "evil"), number, "the same number");
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.cast(1, choices);
        vm.assertEq(_votes(number), 0, "no vote");
    }

    uint256 private constant COLD = 31;
    uint256 private constant HOT = 32;

    /// @dev A position of the key `COLD` for which `HOT` signs, with as much as others have; an epoch passes.
    function _bondCold() private returns (uint256 position) {
        _fund(vm.addr(COLD), STAKE);
        bytes memory consent = _consentOf(HOT, 1, vm.addr(COLD));
        vm.prank(vm.addr(COLD));
        position = network.bond(1, vm.addr(HOT), STAKE, consent);
        vm.warp(_start(FIRST + 24));
    }

    function _castAs(uint256 key, uint256 position, uint256 delta, uint256 seq) private {
        bytes32 patch = network.delta(1, delta).digest;
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        bytes memory signature = _signed(key, Typed.choice(1, 1, delta, patch, seq));
        choices[0] = IDataset.Choice(position, delta, patch, seq, signature);
        network.cast(1, choices);
    }

    function castAs(uint256 key, uint256 position, uint256 delta, uint256 seq) external {
        _castAs(key, position, delta, seq);
    }
}

contract TurnTest is Periodic {
    function test_RevertIf_ThePeriodRuns() public {
        vm.warp(periodEnd - 1);
        vm.expectRevert(abi.encodeWithSelector(IDataset.PeriodRunning.selector, periodEnd));
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
        emit IDataset.Turned(1, 1, 2, next, _authorReward(), PERIOD, periodEnd + 9 + PERIOD);
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
        vm.assertEq(network.delta(1, 1).standsAt, network.group(1).periodEnd, "for a period");
        _propose(BOB, "two");
        _choose(2, 2);
        vm.assertEq(network.group(1).applied, 2, "the second is on trial");
        _refund(1);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether + _authorReward(), "the first stands");
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, 0, "nothing is on trial");
        _refund(2);
        _isStatus(2, IDataset.DeltaStatus.Refunded, "the second stood, too");
    }

    function test_TheNextTurnNeedsNewVotes() public {
        _propose(ANN, "one");
        vm.warp(periodEnd);
        network.turn(1);
        _propose(BOB, "two");
        _castsNothing(1, 2, 1, 1);
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
        _refund(1);
        vm.assertEq(network.delta(1, 1).reward, _authorReward(), "as at the turn");
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether + _authorReward(), "paid");
    }

    function test_MissedPeriodsAreSkipped() public {
        vm.warp(periodEnd + 5 * PERIOD + 1);
        network.turn(1);
        vm.assertEq(network.group(1).periodNumber, 2, "period");
        vm.assertEq(network.group(1).periodEnd, periodEnd + 6 * PERIOD + 1, "end");
        vm.expectRevert(abi.encodeWithSelector(IDataset.PeriodRunning.selector, periodEnd + 6 * PERIOD + 1));
        network.turn(1);
    }

    function test_AGroupOutsideTheIssuePaysItsAuthorsNothing() public {
        _proposeBy(2, ANN, "one");
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
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(3);
    }

    function test_RevertIf_TheDeltaIsOpen() public {
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(1);
    }

    function test_RevertIf_TheDeltaDoesNotStandYet() public {
        vm.warp(periodEnd);
        network.turn(1);
        vm.warp(periodEnd + PERIOD - 1);
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(1);
    }

    function test_RevertIf_RefundedBefore() public {
        vm.warp(periodEnd);
        network.turn(1);
        _refund(2);
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(2);
    }

    function test_ADeltaThatStandsPaysItsAuthorOnce() public {
        vm.warp(periodEnd);
        network.turn(1);
        vm.warp(periodEnd + PERIOD);
        uint256 bond = 4 * _authorReward();
        vm.expectEmit();
        emit IDataset.Refunded(1, 1, ANN, bond, _authorReward(), _authorReward());
        _refund(1);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether + _authorReward(), "bond and reward");
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(1);
    }

    function test_ADeltaThatWasNotAppliedGetsItsBondBack() public {
        vm.warp(periodEnd);
        network.turn(1);
        _refund(2);
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether, "bond");
    }

    function test_RevertIf_TheListIsEmpty() public {
        vm.expectRevert(IDataset.NothingToRefund.selector);
        network.refund(1, new uint256[](0));
    }

    /// @dev What cannot be refunded yet, or again, or does not exist does not spoil the lot.
    function test_ALotOfRefundsSkipsWhatIsNotDue() public {
        _propose(CEM, "three");
        vm.warp(periodEnd);
        network.turn(1);
        uint256[] memory lot = new uint256[](6);
        (lot[0], lot[1], lot[2], lot[3], lot[4], lot[5]) = (1, 2, 2, 3, 99, 0);
        network.refund(1, lot);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - _leastBond(), "still on trial");
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether, "once");
        vm.assertEq(neuron.balanceOf(CEM), 1_000_000 ether, "and in the same call");
        vm.expectRevert(IDataset.NothingToRefund.selector);
        network.refund(1, lot);
        vm.warp(periodEnd + PERIOD);
        network.refund(1, lot);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether + _authorReward(), "stands");
    }
}
