// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {BountyPlay} from "governance-test/BountyPlay.sol";

/// @dev Ann wins the first round of the term, Bob the second, Ann the fourth.
abstract contract BountyWon is BountyPlay {
    uint256 internal constant ONE = FIRST + 1;
    uint256 internal constant TWO = FIRST + 2;
    uint256 internal constant FOUR = FIRST + 4;
    /// @dev What three quarters of the amount are, as eighths are floored.
    uint256 internal constant POT = AMOUNT - 2 * EIGHTH;

    function setUp() public virtual override {
        super.setUp();
        _win(1, FIRST, CEM, "before the term");
        vm.warp(_start(FIRST));
        _lock();
        _win(1, ONE, ANN, "a");
        _win(1, TWO, BOB, "b");
        _win(1, FOUR, ANN, "c");
    }

    /// @dev Two rounds up to `TWO` lowered the loss by a quarter of the target, the third by half of it.
    function _honest() internal pure returns (IBounties.Result memory result) {
        result.base = BASE;
        result.steps = new IBounties.Step[](2);
        result.steps[0] = IBounties.Step(uint40(TWO), 2, uint32(BASE - TARGET / 4), true);
        result.steps[1] = IBounties.Step(uint40(FOUR), 1, uint32(BASE - TARGET * 3 / 4), true);
    }

    function _earns(IBounties.Result memory result, uint256 round, address winner, uint256 amount) internal {
        (uint256 before, uint256 left) = (neuron.balanceOf(winner), _left());
        vm.expectEmit();
        emit IBounties.BountyPaid(1, 1, winner, round, amount, false);
        _payFor(result, round);
        vm.assertEq(neuron.balanceOf(winner) - before, amount, "paid");
        vm.assertEq(left - _left(), amount, "out of the bounty");
        vm.assertEq(network.paidFor(1, round), true, "noted");
    }

    function _paysNothing(IBounties.Result memory result, uint256 round) internal {
        vm.expectRevert(IBounties.NothingToPay.selector);
        _payFor(result, round);
    }
}

contract PayRoundsTest is BountyWon {
    function test_RevertIf_NothingWasDecided() public {
        vm.expectRevert(IBounties.NotResolved.selector);
        _payFor(_honest(), ONE);
        vm.expectRevert(abi.encodeWithSelector(IBounties.NoSuchBounty.selector, 2));
        network.payRounds(2, _honest(), _one(ONE));
    }

    function test_RevertIf_AnotherResultIsShown() public {
        _resolve(_honest());
        vm.expectRevert(abi.encodeWithSelector(IBounties.OtherResult.selector, _name(_honest())));
        _payFor(_better(FOUR, 3, TARGET), ONE);
    }

    function test_RevertIf_TheRoundIsOutsideTheTermOrNotWonOrPaid() public {
        _resolve(_honest());
        vm.warp(_late());
        _paysNothing(_honest(), FIRST);
        _paysNothing(_honest(), LAST + 1);
        _paysNothing(_honest(), FIRST + 3);
        _payFor(_honest(), ONE);
        _paysNothing(_honest(), ONE);
        vm.expectRevert(IBounties.NothingToPay.selector);
        network.payRounds(1, _honest(), new uint256[](0));
    }

    function test_RevertIf_TheRoundIsNotMature() public {
        _win(1, LAST, CEM, "d");
        _resolve(_better(LAST, 4, TARGET));
        vm.warp(_late() - 1);
        _paysNothing(_better(LAST, 4, TARGET), LAST);
        vm.warp(_late());
        _payFor(_better(LAST, 4, TARGET), LAST);
    }

    function test_EachWonRoundGetsItsPartOfTheEighthAndOfItsStep() public {
        _resolve(_honest());
        _earns(_honest(), ONE, ANN, EIGHTH / 3 + POT / 4 / 2);
        _earns(_honest(), TWO, BOB, EIGHTH / 3 + POT / 4 / 2);
        _earns(_honest(), FOUR, ANN, EIGHTH / 3 + POT / 2);
    }

    function test_ManyRoundsArePaidInOneCallAndTheRestSkipped() public {
        _resolve(_honest());
        uint256 before = neuron.balanceOf(ANN);
        uint256[] memory rounds = new uint256[](4);
        (rounds[0], rounds[1], rounds[2], rounds[3]) = (ONE, FIRST + 3, ONE, FOUR);
        network.payRounds(1, _honest(), rounds);
        vm.assertEq(neuron.balanceOf(ANN) - before, 2 * (EIGHTH / 3) + POT / 8 + POT / 2, "each once");
    }

    function test_MoreThanTheTargetEarnsNoMore() public {
        IBounties.Result memory result = _honest();
        result.steps[1].loss = uint32(BASE - 5 * TARGET);
        _resolve(result);
        _earns(result, ONE, ANN, EIGHTH / 3 + POT / 8);
        _earns(result, FOUR, ANN, EIGHTH / 3 + POT * (TARGET - TARGET / 4) / TARGET);
    }

    function test_AStepThatIsNotBetterGetsTheEqualPartOnlyAndMovesNothing() public {
        IBounties.Result memory result = _honest();
        result.steps[0].better = false;
        _resolve(result);
        _earns(result, ONE, ANN, EIGHTH / 3);
        _earns(result, FOUR, ANN, EIGHTH / 3 + POT * 3 / 4);
    }

    function test_AStepIsMeasuredAgainstTheBestBefore() public {
        IBounties.Result memory result = _honest();
        result.steps[1].loss = uint32(BASE - TARGET / 8);
        _resolve(result);
        _earns(result, FOUR, ANN, EIGHTH / 3);
        _earns(result, TWO, BOB, EIGHTH / 3 + POT / 8);
    }

    function test_RoundsAfterTheLastMeasuredOneBelongToItsStep() public {
        IBounties.Result memory result = _better(TWO, 3, TARGET);
        _resolve(result);
        _earns(result, FOUR, ANN, EIGHTH / 3 + POT / 3);
    }

    function test_ThePartOfAStruckRoundIsBurned() public {
        _strikeRound(FOUR, "c");
        _resolve(_honest());
        (uint256 before, uint256 supply) = (neuron.balanceOf(ANN), neuron.totalSupply());
        uint256 amount = EIGHTH / 3 + POT / 2;
        vm.expectEmit();
        emit IBounties.BountyPaid(1, 1, ANN, FOUR, amount, true);
        _payFor(_honest(), FOUR);
        vm.assertEq(neuron.balanceOf(ANN), before, "nothing for the struck");
        vm.assertEq(supply - neuron.totalSupply(), amount, "burned");
        vm.assertEq(AMOUNT + BOND - _left(), amount, "out of the bounty");
        _paysNothing(_honest(), FOUR);
    }

    function test_OfAFailedBountyAllButTheFirstEighthGoesToTheWinnersInEqualParts() public {
        _resolve(_failed(FOUR, 3));
        _earns(_failed(FOUR, 3), ONE, ANN, (AMOUNT + BOND - EIGHTH) / 3);
        _earns(_failed(FOUR, 3), TWO, BOB, (AMOUNT + BOND - EIGHTH) / 3);
    }
}

contract PayFindersTest is BountyWon {
    function test_RevertIf_NothingWasDecided() public {
        vm.warp(_window(3));
        vm.expectRevert(IBounties.NotResolved.selector);
        _payJury();
        vm.expectRevert(abi.encodeWithSelector(IBounties.NoSuchBounty.selector, 2));
        network.payFinders(2, _one(uint256(1)));
    }

    function test_RevertIf_TheDecidingWindowRuns() public {
        _resolve(_honest());
        vm.warp(_window(1) - 1);
        vm.expectRevert(abi.encodeWithSelector(IBounties.NotYet.selector, _window(1)));
        _payJury();
        vm.warp(_window(1));
        _payJury();
    }

    function test_RevertIf_NoFindingOfThePositionWasCountedOrItWasPaid() public {
        _unseal();
        vm.warp(_window(0));
        _find(0, _honest(), 1, 3);
        vm.warp(_window(1));
        vm.expectRevert(IBounties.NothingToPay.selector);
        network.payFinders(1, _one(uint256(4)));
        _payJury();
        vm.expectRevert(IBounties.NothingToPay.selector);
        _payJury();
    }

    function test_FindersGetAllOfTheEighthToTheLastWei() public {
        _unseal();
        vm.warp(_window(0));
        _find(0, _honest(), 1, 3);
        vm.warp(_window(1));
        uint256 sum;
        for (uint256 key = 1; key <= 3; ++key) {
            address owner = vm.addr(key);
            uint256 before = neuron.balanceOf(owner);
            uint256 due = EIGHTH * key / 3 - EIGHTH * (key - 1) / 3;
            vm.expectEmit();
            emit IBounties.FinderPaid(1, 1, owner, key, due);
            network.payFinders(1, _one(key));
            sum += neuron.balanceOf(owner) - before;
            vm.assertEq(network.foundBy(1, key), 0, "once");
        }
        vm.assertEq(sum, EIGHTH, "an eighth");
        vm.assertEq(AMOUNT + BOND - _left(), EIGHTH, "out of the bounty");
    }

    function test_FindersArePaidByStake() public {
        vm.startPrank(vm.addr(1));
        network.unbond(1, 1, STAKE / 2);
        vm.stopPrank();
        _resolve(_honest());
        vm.warp(_window(1));
        (uint256 one, uint256 two) = (network.foundBy(1, 1), network.foundBy(1, 2));
        vm.assertLt(one, two * 51 / 100, "half");
        uint256 all = uint256(network.bounty(1).stake) * 1 gwei;
        network.payFinders(1, _one(uint256(2)));
        vm.assertEq(AMOUNT + BOND - _left(), EIGHTH * two / all, "two of seven");
        network.payFinders(1, _one(uint256(1)));
        vm.assertEq(AMOUNT + BOND - _left(), EIGHTH * (one + two) / all, "and one");
    }
}

contract SettleBountyTest is BountyWon {
    function _settles(IBounties.Result memory result, uint256 back, uint256 burned) private {
        vm.warp(_late());
        (uint256 before, uint256 supply) = (neuron.balanceOf(SPONSOR), neuron.totalSupply());
        uint256 left = _left();
        vm.expectEmit();
        emit IBounties.BountySettled(1, 1, back, burned);
        network.settleBounty(1, result);
        vm.assertEq(neuron.balanceOf(SPONSOR) - before, back, "back");
        vm.assertEq(supply - neuron.totalSupply(), burned, "burned");
        vm.assertEq(left - _left(), back + burned, "left");
        vm.assertEq(network.bounty(1).settled, true, "settled");
    }

    function _payAll(IBounties.Result memory result) private {
        uint256[] memory rounds = new uint256[](3);
        (rounds[0], rounds[1], rounds[2]) = (ONE, TWO, FOUR);
        network.payRounds(1, result, rounds);
        _payJury();
    }

    function test_RevertIf_ThereIsNoSuchBounty() public {
        vm.expectRevert(abi.encodeWithSelector(IBounties.NoSuchBounty.selector, 2));
        network.settleBounty(2, _honest());
    }

    function test_RevertIf_TheLastRoundIsNotMature() public {
        _resolve(_honest());
        vm.warp(_late() - 1);
        vm.expectRevert(abi.encodeWithSelector(IBounties.NotYet.selector, _late()));
        network.settleBounty(1, _honest());
        vm.warp(_late());
        network.settleBounty(1, _honest());
    }

    function test_RevertIf_AnotherResultIsShown() public {
        _resolve(_honest());
        vm.warp(_late());
        vm.expectRevert(abi.encodeWithSelector(IBounties.OtherResult.selector, _name(_honest())));
        network.settleBounty(1, _none());
    }

    function test_RevertIf_SettledBefore() public {
        _resolve(_honest());
        vm.warp(_late());
        network.settleBounty(1, _honest());
        vm.expectRevert(IBounties.NothingToPay.selector);
        network.settleBounty(1, _honest());
    }

    function test_WhatWasNotEarnedAndTheBondComeBackWhoeverIsPaidFirst() public {
        _resolve(_honest());
        uint256 back = BOND + POT - 2 * (POT / 8) - POT / 2 + EIGHTH - 3 * (EIGHTH / 3);
        vm.warp(_late());
        uint256 before = vm.snapshotState();
        _settles(_honest(), back, 0);
        _payAll(_honest());
        vm.assertEq(_left(), 0, "to the wei");
        vm.revertToState(before);
        _payAll(_honest());
        _settles(_honest(), back, 0);
        vm.assertEq(_left(), 0, "to the wei");
    }

    function test_WhereNothingWasWonTheEighthIsBurned() public {
        _resolve(_none());
        _settles(_none(), BOND + POT, EIGHTH);
        _payJury();
        vm.assertEq(_left(), 0, "to the wei");
    }

    function test_AFailedSponsorGetsNothing() public {
        _resolve(_failed(FOUR, 3));
        uint256 lost = AMOUNT + BOND - EIGHTH;
        _settles(_failed(FOUR, 3), 0, lost - 3 * (lost / 3));
        _payAll(_failed(FOUR, 3));
        vm.assertEq(_left(), 0, "to the wei");
    }

    function test_WhereNothingWasWonAFailedSponsorsMoneyIsBurned() public {
        IBounties.Result memory result;
        result.failed = true;
        _resolve(result);
        _paysNothing(result, ONE);
        _settles(result, 0, AMOUNT + BOND - EIGHTH);
        _payJury();
        vm.assertEq(_left(), 0, "to the wei");
    }

    function test_UndecidedAndUnsealedASixteenthIsBurned() public {
        _unseal();
        uint256 back = AMOUNT * 15 / 16 + BOND;
        _settles(_none(), back, AMOUNT + BOND - back);
        vm.assertEq(_left(), 0, "all");
    }

    function test_UndecidedAndSealedAllIsBurned() public {
        _settles(_none(), 0, AMOUNT + BOND);
        vm.assertEq(_left(), 0, "all");
    }
}

/// @dev Where rounds are mature before the windows are over.
contract SettleEarlyTest is BountyWon {
    function test_RevertIf_TheWindowsRunThoughTheRoundsAreMature() public {
        // A network whose coinbases mature in an hour.
        network = _network(1 hours, MIN_DEPOSIT);
        _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        vm.prank(SPONSOR);
        neuron.approve(address(network), type(uint256).max);
        _lock();
        uint256 over = network.genesis() + (uint256(network.bounty(1).windows) + 3) * EPOCH;
        vm.warp(over - 1);
        vm.expectRevert(abi.encodeWithSelector(IBounties.NotYet.selector, over));
        network.settleBounty(1, _none());
        vm.warp(over);
        network.settleBounty(1, _none());
    }
}
