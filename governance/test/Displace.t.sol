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
        vm.expectRevert(IDataset.ProposalsFull.selector);
        _propose(BOB, "lower", _leastBond());
        vm.expectRevert(IDataset.ProposalsFull.selector);
        _propose(BOB, "equal", _leastBond() + 1 ether);
        vm.assertEq(network.group(1).proposals, MOST, "no number was used");
    }

    function test_RevertIf_TheBondIsHigherThanThatOfTheWantedOneOnly() public {
        _cast(1, 1, LOWEST, 1);
        vm.expectRevert(IDataset.ProposalsFull.selector);
        _propose(BOB, "equal to the others", _leastBond() + 2 ether);
    }

    function test_RevertIf_TheDisplacedIsRefundedTwice() public {
        _displace();
        network.refund(1, LOWEST);
        vm.expectRevert(IDataset.AlreadyRefunded.selector);
        network.refund(1, LOWEST);
    }

    function test_TheSeventeenthWithAHigherBondDisplacesTheLowest() public {
        vm.expectEmit();
        emit IDataset.Displaced(1, LOWEST);
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
        emit IDataset.Refunded(1, LOWEST, ANN, _leastBond() + 1 ether, 0, 0);
        vm.prank(BOB);
        network.refund(1, LOWEST);
        vm.assertEq(neuron.balanceOf(ANN) - before, _leastBond() + 1 ether, "its bond");
        vm.assertEq(neuron.balanceOf(address(network)), _held(), "the others' bonds stay");
    }

    function test_WhatATenthOfTheStakeWantsIsNotDisplaced() public {
        _fewWant(0);
        vm.expectEmit();
        emit IDataset.Displaced(1, 1);
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
        vm.expectRevert(IDataset.ProposalsFull.selector);
        _propose(BOB, "crowd", _leastBond() + 3 ether);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, LOWEST, "applied");
    }

    function test_AVoteForTheDisplacedCanBeMovedAndElectsNothing() public {
        _fewWant(1 gwei);
        uint256 few = _votes(LOWEST);
        _displace();
        _cast(3, 1, LOWEST, 1);
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
            network.refund(1, i);
        }
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether, "all bonds that were not applied");
    }

    function test_AFullListIsEmptyAfterTheTurn() public {
        vm.warp(periodEnd);
        vm.assertEq(_propose(BOB, "the least bond is enough again", _leastBond()), MOST + 1, "number");
        vm.assertEq(network.openDeltas(1).length, 1, "alone");
    }

    /// @dev Key 4 with a tenth of the group's stake, if there were not `excess` beside it, votes for the lowest.
    function _fewWant(uint256 excess) private {
        uint256 own = STAKE * 34 / 100;
        _join(1, 4, own);
        _join(1, 5, 9 * own - VALIDATORS * STAKE + excess);
        vm.warp(_start(FIRST + 24));
        _cast(4, 1, LOWEST, 1);
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
