// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {BountyWon} from "governance-test/BountyPay.t.sol";

/// @dev What sponsors, winners and validators may try, and what it costs them.
contract ThreatsBountyTest is BountyWon {
    /// @dev What a sponsor with the accounts of all winners has less in the end.
    function _costs(IBounties.Result memory result) private returns (uint256) {
        uint256 before = neuron.balanceOf(SPONSOR) + neuron.balanceOf(ANN) + neuron.balanceOf(BOB);
        _resolve(result);
        vm.warp(_late());
        uint256[] memory rounds = new uint256[](3);
        (rounds[0], rounds[1], rounds[2]) = (ONE, TWO, FOUR);
        network.payRounds(1, result, rounds);
        network.settleBounty(1, result);
        uint256 got = neuron.balanceOf(SPONSOR) + neuron.balanceOf(ANN) + neuron.balanceOf(BOB) - before;
        return AMOUNT + BOND - got;
    }

    function test_ASponsorWhoLeaksToFriendsWhoWinAllStillLosesTheEighthOfTheFinders() public {
        vm.assertEq(_costs(_honest()), EIGHTH, "an eighth");
    }

    function test_ASponsorOfASetThatNobodyImprovesOnPaysTwoEighthsForTheShow() public {
        IBounties.Result memory result = _honest();
        (result.steps[0].better, result.steps[1].better) = (false, false);
        _resolve(result);
        vm.warp(_late());
        uint256 before = neuron.balanceOf(SPONSOR);
        network.settleBounty(1, result);
        uint256 back = neuron.balanceOf(SPONSOR) - before;
        vm.assertEq(AMOUNT + BOND - back, EIGHTH + 3 * (EIGHTH / 3), "two eighths");
    }

    function test_NotOpeningIsNeverCheaperThanOpening() public {
        vm.warp(_late());
        uint256 before = neuron.balanceOf(SPONSOR);
        network.settleBounty(1, _none());
        vm.assertEq(neuron.balanceOf(SPONSOR), before, "nothing comes back");
        vm.assertEq(_left(), 0, "and nothing is left");
    }

    function test_AStarvedQuorumCostsTheSponsorASixteenth() public {
        _unseal();
        vm.warp(_window(2));
        vm.assertEq(_find(2, _honest(), 1, 2), false, "half of the stake stays away");
        vm.warp(_late());
        uint256 before = neuron.balanceOf(SPONSOR);
        network.settleBounty(1, _honest());
        vm.assertEq(AMOUNT + BOND - (neuron.balanceOf(SPONSOR) - before), AMOUNT / 16 + 1, "a sixteenth");
    }

    function test_WhoeverCallsTheRewardsGoToWinnersOwnersAndSponsor() public {
        _resolve(_honest());
        vm.warp(_late());
        uint256 before = neuron.balanceOf(CEM);
        vm.startPrank(CEM);
        _payFor(_honest(), ONE);
        _payJury();
        network.settleBounty(1, _honest());
        vm.stopPrank();
        vm.assertEq(neuron.balanceOf(CEM), before, "nothing for the caller");
    }

    function test_AStruckWinnerGetsNothingAndNobodyGetsMore() public {
        _strikeRound(FOUR, "c");
        _resolve(_honest());
        _earns(_honest(), ONE, ANN, EIGHTH / 3 + POT / 8);
        uint256 before = neuron.balanceOf(ANN);
        _payFor(_honest(), FOUR);
        vm.assertEq(neuron.balanceOf(ANN), before, "burned");
    }

    function test_OpeningInTheLastSecondIsRefusedAndCostsAll() public {
        vm.warp(_window(2) + EPOCH / 2);
        vm.expectRevert(
            abi.encodeWithSelector(IBounties.NotUnsealable.selector, _start(LAST + 1), _window(2) + EPOCH / 2)
        );
        vm.prank(SPONSOR);
        network.unseal(1, HIDDEN);
    }

    function test_AValidatorWhoSignsTwoResultsIsSlashedThoughBothWereBrought() public {
        _unseal();
        vm.warp(_window(0));
        _find(0, _honest(), 1, 1);
        _find(0, _none(), 1, 1);
        (bytes32 one, bytes32 other) = (_name(_honest()), _name(_none()));
        (IBounties.Finding memory first, IBounties.Finding memory second) = (_finding(0, one, 1), _finding(0, other, 1));
        uint256 owned = _owns(1, 1);
        network.slashFindings(1, 0, one, first, other, second);
        vm.assertLt(_owns(1, 1), owned * 95 / 100, "more than a twentieth");
    }

    function test_ACartelThatSignsNonsenseTakesNoOthersMoney() public {
        _lock("another", AMOUNT, BOND, TARGET);
        uint256 held = neuron.balanceOf(address(network));
        // One round is said to be won, and three are paid.
        IBounties.Result memory lie = _better(FOUR, 1, TARGET);
        _costs(lie);
        vm.expectRevert(IBounties.NothingToPay.selector);
        network.settleBounty(1, lie);
        _payJury();
        vm.assertEq(_left(), 0, "nothing is left");
        vm.assertEq(held - neuron.balanceOf(address(network)), AMOUNT + BOND, "and no more is gone");
    }
}
