// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset} from "governance/INetwork.sol";
import {Periodic} from "governance-test/Periodic.sol";

/// @dev Sixteen deltas of Ann are open, the one of number 5 has the lowest bond.
contract DisplaceTest is Periodic {
    uint256 private constant MOST = 16;
    uint256 private constant LOWEST = 5;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 1; i <= MOST; ++i) {
            _propose(ANN, bytes32(i), _leastBond() + (i == LOWEST ? 1 ether : 2 ether));
        }
    }

    function test_RevertIf_TheBondIsLowerThanAllOrEqualToTheLowest() public {
        _tooLow(_leastBond() + 1 ether, BOB, "lower", _leastBond());
        _tooLow(_leastBond() + 1 ether, BOB, "equal", _leastBond() + 1 ether);
        vm.assertEq(network.group(1).proposals, MOST, "no number was used");
    }

    function test_RevertIf_TheBondIsHigherThanThatOfTheWantedOneOnly() public {
        _cast(1, 1, LOWEST, 1);
        _tooLow(_leastBond() + 2 ether, BOB, "equal to the others", _leastBond() + 2 ether);
    }

    function test_RevertIf_TheDisplacedIsRefundedTwice() public {
        _displace();
        _refund(LOWEST);
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(LOWEST);
    }

    function test_TheSeventeenthWithAHigherBondDisplacesTheLowest() public {
        vm.expectEmit();
        emit IDataset.Displaced(1, LOWEST, MOST + 1);
        vm.assertEq(_displace(), MOST + 1, "number");
        _isStatus(LOWEST, IDataset.DeltaStatus.Dropped, "out");
        _isStatus(MOST + 1, IDataset.DeltaStatus.Open, "in");
        uint256[] memory open = network.openDeltas(1);
        vm.assertEq(open.length, MOST, "still sixteen");
        vm.assertEq(open[LOWEST - 1], MOST + 1, "in its place");
    }

    function test_OfEqualLowestBondsTheEarliestPlaceGivesWay() public {
        _displace();
        _propose(BOB, "another", _leastBond() + 3 ether);
        _isStatus(1, IDataset.DeltaStatus.Dropped, "the first of the equal ones");
        _isStatus(2, IDataset.DeltaStatus.Open, "not the second");
    }

    function test_TheBondOfTheDisplacedIsBackAtOnce() public {
        _displace();
        uint256 before = neuron.balanceOf(ANN);
        vm.expectEmit();
        emit IDataset.Refunded(1, LOWEST, ANN, _leastBond() + 1 ether * 15 / 16, 0, 0);
        vm.prank(BOB);
        _refund(LOWEST);
        vm.assertEq(neuron.balanceOf(ANN) - before, _leastBond() + 1 ether * 15 / 16, "but a part of what it bid");
        vm.assertEq(neuron.balanceOf(address(network)), _held(), "the others' bonds stay");
    }

    function test_WhatATenthOfTheStakeWantsIsNotDisplaced() public {
        _fewWant(0);
        vm.expectEmit();
        emit IDataset.Displaced(1, 1, MOST + 1);
        _propose(BOB, "higher than the others", _leastBond() + 3 ether);
        _isStatus(LOWEST, IDataset.DeltaStatus.Open, "the lowest bond, but wanted");
        _cast(4, 1, 0, 2);
        _displace();
        _isStatus(LOWEST, IDataset.DeltaStatus.Dropped, "no longer wanted");
    }

    function test_WhatLessThanATenthWantsIsDisplaced() public {
        _fewWant(1 gwei);
        _displace();
        _isStatus(LOWEST, IDataset.DeltaStatus.Dropped, "displaced");
    }

    function test_SixteenHigherBondsInTheLastSecondDoNotStopWhatIsWanted() public {
        _cast(1, 1, LOWEST, 1);
        vm.warp(periodEnd - PERIOD / 4 - 1);
        for (uint256 i = 1; i < MOST; ++i) {
            _propose(BOB, "crowd", _leastBond() + 3 ether);
        }
        _tooLow(_leastBond() + 3 ether, BOB, "crowd", _leastBond() + 3 ether);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, LOWEST, "applied");
    }

    function test_AVoteForTheDisplacedCanBeMovedAndElectsNothing() public {
        _fewWant(1 gwei);
        uint256 few = _votes(LOWEST);
        _displace();
        _castsNothing(3, 1, LOWEST, 1);
        vm.assertEq(_votes(LOWEST), few, "nothing is added");
        _cast(1, 1, 1, 2);
        _cast(4, 1, 1, 2);
        vm.assertEq(_votes(LOWEST), 0, "taken back");
        vm.assertEq(_votes(1), STAKE + few, "moved");
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, 1, "only what is open is elected");
        _isStatus(LOWEST, IDataset.DeltaStatus.Dropped, "still dropped");
    }

    function test_TheDisplacingOneCanWin() public {
        uint256 delta = _displace();
        _choose(1, delta);
        vm.assertEq(network.group(1).applied, delta, "applied");
        for (uint256 i = 1; i <= MOST; ++i) {
            _refund(i);
        }
        // Fifteen had two more than the least bond, one had one.
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - 31 ether / 16, "all bonds but a part of what they bid");
    }

    function test_AFullListIsEmptyAfterTheTurn() public {
        vm.warp(periodEnd);
        vm.assertEq(_propose(BOB, "the least bond is enough again", _leastBond()), MOST + 1, "number");
        vm.assertEq(network.openDeltas(1).length, 1, "alone");
    }

    /// @dev Sixteen bonds a wei higher in the last second of proposals; what they put out may come back all the same.
    function test_WhatWasDisplacedMayAnswerInTheLastQuarter() public {
        vm.warp(periodEnd - PERIOD / 4 - 1);
        _crowd(BOB, _leastBond() + 2 ether + 1);
        _isStatus(1, IDataset.DeltaStatus.Dropped, "all of Ann's are out");
        vm.warp(periodEnd - 1);
        _tooLate(periodEnd - PERIOD / 4, ANN, "new");
        uint256 again = _propose(ANN, bytes32(uint256(1)), _leastBond() + 3 ether);
        _isStatus(again, IDataset.DeltaStatus.Open, "back, with a higher bond");
        _cast(1, 1, again, 1);
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, again, "and wins");
    }

    function test_AnybodyMayBringBackWhatWasDisplaced() public {
        _displace();
        vm.warp(periodEnd - 1);
        uint256 again = _propose(CEM, bytes32(LOWEST), _leastBond() + 3 ether);
        vm.assertEq(network.delta(1, again).author, CEM, "whoever lays down the bond");
    }

    function test_RevertIf_WhatWasDisplacedComesInTheNextLastQuarter() public {
        _displace();
        vm.warp(periodEnd);
        network.turn(1);
        uint256 end = network.group(1).periodEnd;
        vm.warp(end - 1);
        _tooLate(end - PERIOD / 4, ANN, bytes32(LOWEST));
    }

    function test_RevertIf_WhatWasNotDisplacedComesInTheLastQuarter() public {
        _displace();
        vm.warp(periodEnd - 1);
        _tooLate(periodEnd - PERIOD / 4, ANN, bytes32(uint256(1)));
    }

    /// @dev To crowd out for a quarter of a period costs a sixteenth of each bond.
    function test_DisplacersThatNobodyWantedLoseASixteenth() public {
        uint256 bond = _leastBond() + 2 ether + 1;
        vm.warp(periodEnd - PERIOD / 4 - 1);
        _crowd(BOB, bond);
        uint256 supply = neuron.totalSupply();
        uint256 charge = bond - bond * 15 / 16;
        vm.warp(periodEnd);
        vm.expectEmit();
        emit IDataset.Charged(1, MOST + 1, charge);
        network.turn(1);
        vm.assertEq(supply - neuron.totalSupply(), MOST * charge, "burnt");
        for (uint256 i = MOST + 1; i <= 2 * MOST; ++i) {
            vm.assertEq(network.delta(1, i).bond, bond - charge, "what is left");
            _refund(i);
        }
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether - MOST * charge, "the rest is back");
    }

    function test_ADisplacerThatIsDisplacedLosesASixteenthAtOnce() public {
        uint256 bond = _leastBond() + 2 ether;
        _displace();
        uint256 supply = neuron.totalSupply();
        _crowd(CEM, bond + 1);
        uint256 charge = bond - bond * 15 / 16;
        vm.assertEq(supply - neuron.totalSupply(), charge + 15 * 2 ether / 16, "and what the others had bid");
        vm.assertEq(network.delta(1, MOST + 1).bond, bond - charge, "what is left of it");
    }

    function test_ADisplacerThatATenthWantedLosesNothing() public {
        _fewWantIt(0, MOST + 1);
        vm.warp(periodEnd);
        network.turn(1);
        _isStatus(MOST + 1, IDataset.DeltaStatus.Dropped, "not applied: more want another one");
        vm.assertEq(network.delta(1, MOST + 1).bond, _leastBond() + 2 ether, "and not charged");
    }

    function test_ADisplacerThatLessThanATenthWantedIsCharged() public {
        _fewWantIt(1 gwei, MOST + 1);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertLt(network.delta(1, MOST + 1).bond, _leastBond() + 2 ether, "charged");
    }

    /// @dev What is laid down beyond the least bond is a bid, also while there is room: it makes others pay more.
    function test_WhatCameInOnAFreePlaceLosesASixteenthOfWhatItBid() public {
        vm.warp(periodEnd);
        uint256 supply = neuron.totalSupply();
        network.turn(1);
        vm.assertEq(supply - neuron.totalSupply(), 31 ether / 16, "of sixteen that nobody wanted");
        vm.assertEq(network.delta(1, LOWEST).bond, _leastBond() + 1 ether * 15 / 16, "what is left");
        vm.assertEq(network.delta(1, LOWEST).atRisk, 1 ether / 16, "as it was told");
    }

    function test_TheLeastBondIsNeverCharged() public {
        vm.warp(periodEnd);
        network.turn(1);
        uint256 delta = _proposeBy(1, BOB, "modest");
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.delta(1, delta).atRisk, 0, "nothing at risk");
        _refund(delta);
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether, "all is back");
    }

    function test_ADisplacerThatIsAppliedIsNotCharged() public {
        uint256 delta = _displace();
        _choose(1, delta);
        vm.assertEq(network.delta(1, delta).bond, _leastBond() + 2 ether, "whole");
        vm.warp(network.group(1).periodEnd);
        uint256 before = neuron.balanceOf(BOB);
        _refund(delta);
        vm.assertEq(neuron.balanceOf(BOB) - before, _leastBond() + 2 ether + network.delta(1, delta).reward, "and A");
    }

    /// @dev A displacer comes, for which key 4 votes with a tenth, and the others for another delta.
    function _fewWantIt(uint256 excess, uint256 delta) private {
        _weigh(excess);
        vm.assertEq(_displace(), delta, "the displacer");
        _cast(4, 1, delta, 1);
        _cast(1, 1, 1, 1);
    }

    /// @dev The account `who` fills the list with bonds of `bond`.
    function _crowd(address who, uint256 bond) private {
        for (uint256 i = 1; i <= MOST; ++i) {
            _propose(who, bytes32(1000 + i), bond);
        }
    }

    /// @dev A proposal that displaces nothing: the lowest bond that gives way is `lowest`.
    function _tooLow(uint256 lowest, address who, bytes32 digest, uint256 amount) private {
        _refuseProposal(abi.encodeWithSelector(IDataset.ProposalsFull.selector, lowest), who, digest, amount);
    }

    /// @dev Key 4 with a tenth of the group's stake, if there were not `excess` beside it, votes for the lowest.
    function _fewWant(uint256 excess) private {
        _weigh(excess);
        _cast(4, 1, LOWEST, 1);
    }

    function _weigh(uint256 excess) private {
        uint256 own = STAKE * 34 / 100;
        _join(1, 4, own);
        _join(1, 5, 9 * own - VALIDATORS * STAKE + excess);
        vm.warp(_start(FIRST + 24));
        vm.assertEq(network.stake(1).bonded, 10 * own + excess, "stake");
    }

    function _displace() private returns (uint256) {
        return _propose(BOB, "higher", _leastBond() + 2 ether);
    }

    /// @dev Stakes of both groups, fifteen bonds of Ann, one of Bob.
    function _held() private pure returns (uint256) {
        return VALIDATORS * (STAKE + STAKE / 10) + MOST * (_leastBond() + 2 ether);
    }
}
