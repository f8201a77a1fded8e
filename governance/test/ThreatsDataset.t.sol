// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IMeasures, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Periodic} from "governance-test/Periodic.sol";

/// @title Threats to the training set: poison, hidden bodies, crowding out, old votes.
contract ThreatsDatasetTest is Periodic {
    uint256 private constant MOST = 1_000_000 ether;

    function test_APoisonedDeltaIsTakenBackAndItsAuthorLosesTheBond() public {
        _propose(BOB, "good");
        _choose(1, 1);
        bytes32 good = network.group(1).head;
        _propose(ANN, "poison", 3 * _leastBond());
        _choose(2, 2);
        vm.assertEq(network.group(1).head, Rules.next(good, "poison"), "applied");
        uint256 supply = neuron.totalSupply();
        vm.expectEmit();
        emit IMeasures.Taken(1, 2, ANN, good, 3 * _leastBond());
        _rollBack(2);
        vm.assertEq(network.group(1).head, good, "the head is that of its parent");
        vm.assertEq(neuron.balanceOf(BOB), MOST - _leastBond(), "nobody earns by it");
        vm.assertEq(supply - neuron.totalSupply(), 3 * _leastBond(), "all is burned");
        vm.warp(network.group(1).periodEnd);
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(2);
        vm.assertEq(neuron.balanceOf(ANN), MOST - 3 * _leastBond(), "nothing comes back");
    }

    /// @dev What fits noise is paid as any round is, and the noise costs its bond.
    function test_WhoAppliesNoiseFitsItAndTakesItBackOnlyLosesTheBond() public {
        uint256 before = vm.snapshotState();
        uint256 noisy = _fit(true);
        vm.revertToState(before);
        vm.assertEq(_fit(false), noisy + _leastBond(), "without it they have more");
    }

    /// @dev What Ann has when the round that she wins after the first turn is paid.
    function _fit(bool noise) private returns (uint256) {
        if (noise) _choose(1, _propose(ANN, "noise"));
        vm.warp(periodEnd);
        if (!noise) network.turn(1);
        uint256 round = (block.timestamp - START) / LENGTH + 1;
        _win(1, round, ANN, "fitted");
        if (noise) _rollBack(1);
        vm.warp(_start(round + 1) + MATURITY);
        vm.prank(ANN);
        network.collect(1, _one(round), ANN);
        return neuron.balanceOf(ANN);
    }

    function test_APoisonedFirstDeltaBurnsTheWholeBond() public {
        _propose(ANN, "poison");
        _choose(1, 1);
        uint256 supply = neuron.totalSupply();
        _rollBack(1);
        vm.assertEq(network.group(1).head, head, "as it was");
        vm.assertEq(supply - neuron.totalSupply(), _leastBond(), "all is burned");
    }

    function test_AnUnfetchableDeltaGetsNoVoteAndItsBondBack() public {
        _propose(ANN, "nobody has it");
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "not applied");
        _refund(1);
        vm.assertEq(neuron.balanceOf(ANN), MOST, "the bond is back");
    }

    function test_AnUnfetchableDeltaThatWasAppliedIsRolledBack() public {
        _propose(ANN, "withdrawn after the vote");
        _choose(1, 1);
        _rollBack(1);
        vm.assertEq(network.group(1).head, head, "as it was");
        _propose(BOB, "the next");
        _choose(2, 2);
        vm.assertEq(network.group(1).head, Rules.next(head, "the next"), "and goes on");
    }

    function test_APatchOnTheTakenHeadIsNotApplied() public {
        _propose(ANN, "poison");
        _choose(1, 1);
        _propose(BOB, "on top of the poison");
        _rollBack(1);
        _choose(2, 2);
        vm.assertEq(network.group(1).head, head, "its parent is no longer the head");
        _refund(2);
        vm.assertEq(neuron.balanceOf(BOB), MOST, "its author loses nothing");
    }

    function test_AFrontRunProposalTakesNothingFromTheTrueAuthor() public {
        vm.assertEq(_propose(BOB, "copied"), 1, "the copier is first");
        vm.assertEq(_propose(ANN, "copied"), 2, "the author comes in all the same");
        _choose(1, 2);
        vm.assertEq(network.group(1).applied, 2, "votes name the number beside the digest");
        vm.warp(network.group(1).periodEnd);
        _refund(2);
        vm.assertEq(neuron.balanceOf(ANN), MOST + _authorReward(), "the author is paid");
        _refund(1);
        vm.assertEq(neuron.balanceOf(BOB), MOST, "the copier is not");
    }

    function test_SeventeenProposalsCannotKeepABetterOneOut() public {
        for (uint256 i; i < 16; ++i) {
            _propose(BOB, bytes32(i));
        }
        bytes memory reason = abi.encodeWithSelector(IDataset.ProposalsFull.selector, _leastBond());
        _refuseProposal(reason, ANN, "wanted", _leastBond());
        uint256 wanted = _propose(ANN, "wanted", _leastBond() + 1);
        _choose(1, wanted);
        vm.assertEq(network.group(1).applied, wanted, "one wei more is enough");
    }

    function test_AnOldVoteReplayedCountsNothing() public {
        _propose(ANN, "one");
        IDataset.Choice[] memory old = new IDataset.Choice[](1);
        old[0] = _choice(1, 1, 1, 7);
        network.cast(1, old);
        _cast(1, 1, 0, 8);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.cast(1, old);
        vm.assertEq(_votes(1), 0, "a newer one stands");
        vm.warp(periodEnd);
        network.turn(1);
        _propose(ANN, "one");
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.cast(1, old);
        vm.assertEq(_votes(1) + _votes(2), 0, "nor does it serve in another period");
    }

    function test_AVoteOfAnotherGroupCountsNothing() public {
        _propose(ANN, "one");
        _proposeBy(2, ANN, "one");
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = _choiceOf(2, 1, 1, 1, 1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.cast(1, choices);
        vm.assertEq(_votes(1), 0, "not here");
        network.cast(2, choices);
        vm.assertEq(network.delta(2, 1).votes, STAKE / 10, "only there");
    }

    function test_AVoteThatIsTooLargeToRememberIsNone() public {
        _propose(ANN, "one");
        _castsNothing(1, 1, 1, 2 ** 95);
        vm.assertEq(_votes(1), 0, "not counted");
        _cast(1, 1, 1, 2 ** 95 - 1);
        vm.assertEq(_votes(1), STAKE, "the largest");
        _castsNothing(1, 1, 2 ** 32 + 1, 1);
        vm.assertEq(_votes(1), STAKE, "nor does a number wrap around");
    }

    /// @dev A tenth in the last second; who did not expect it has an eighth of a period to look and to answer.
    function test_APoisonInTheLastSecondIsVotedDown() public {
        _join(1, 4, STAKE * 34 / 100);
        _propose(ANN, "poison");
        vm.warp(periodEnd - 1);
        _cast(4, 1, 1, 1);
        vm.warp(periodEnd + PERIOD / 8 - 2);
        _cast(1, 1, 0, 1);
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "not applied");
    }

    /// @dev Sixteen strangers with a wei more in the last second of proposals, each of them wanted by nobody.
    function test_ACrowdInTheLastSecondOfProposalsKeepsNothingOutAndPays() public {
        uint256 honest = _propose(ANN, "honest");
        _join(1, 4, STAKE / 4);
        vm.warp(periodEnd - PERIOD / 4 - 1);
        _cast(4, 1, honest, 1);
        for (uint256 i; i < 16; ++i) {
            _propose(BOB, bytes32(i), _leastBond() + 1);
        }
        _isStatus(honest, IDataset.DeltaStatus.Dropped, "less than a tenth had voted");
        vm.warp(periodEnd - 1);
        uint256 again = _propose(ANN, "honest", _leastBond() + 2);
        _choose(1, again);
        vm.assertEq(network.group(1).applied, again, "applied all the same");
        _refund(honest);
        vm.assertEq(neuron.balanceOf(ANN), MOST - _leastBond() - 2, "the first bond is back at once");
        vm.assertLt(network.delta(1, 17).bond, _leastBond(), "and who put it out has paid");
    }

    function test_APoisonThatOnlyAFewWantIsNotApplied() public {
        _join(1, 4, STAKE / 4);
        vm.warp(_start(FIRST + 24));
        _propose(ANN, "poison");
        _cast(4, 1, 1, 1);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "less than a tenth");
    }

    /// @dev By all who applied it.
    function _rollBack(uint256 delta) private {
        _enact(IMeasures.Kind.Rollback, abi.encode(1, delta, network.delta(1, delta).digest));
    }

    function test_AnUnwantedDeltaIsVotedDownByKeeping() public {
        _propose(ANN, "poison");
        _cast(1, 1, 1, 1);
        _cast(2, 1, 0, 1);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "kept");
    }

    function test_AHaltedPeriodIsSkippedAndPaysNobody() public {
        _propose(ANN, "one");
        _choose(1, 1);
        vm.warp(block.timestamp + 20 * PERIOD);
        uint256 supply = neuron.totalSupply();
        _refund(1);
        vm.assertEq(neuron.totalSupply() - supply, _authorReward(), "the delta stands and pays once");
        network.turn(1);
        vm.assertEq(network.group(1).periodNumber, 3, "one turn");
        vm.assertEq(neuron.totalSupply() - supply, _authorReward(), "which pays nobody");
    }
}
