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
}
