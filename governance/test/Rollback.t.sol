// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IMeasures, IRounds} from "governance/INetwork.sol";
import {Measuring} from "governance-test/Measuring.sol";
import {Periodic} from "governance-test/Periodic.sol";

/// @dev Delta 1, Ann's, was applied by all at the end of period 1 and is on trial.
contract RollbackTest is Periodic, Measuring {
    IMeasures.Kind private constant ROLLBACK = IMeasures.Kind.Rollback;
    uint256 private bond;
    uint256 private standsAt;
    bytes private args;

    function setUp() public override(Periodic, Measuring) {
        super.setUp();
        bond = _leastBond() + 1 gwei + 1;
        _choose(1, _propose(ANN, "poison", bond));
        standsAt = network.delta(1, 1).standsAt;
        args = _args(1);
        _renew();
    }

    function test_RevertIf_OnlyOthersThanMembersAssent() public {
        _refuse(ROLLBACK, args, _assents(ROLLBACK, args, 2, 1, 3), IRounds.NothingCounted.selector);
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(ROLLBACK, abi.encode(9, 1, 0), IRounds.NothingCounted.selector);
    }

    function test_RevertIf_TheDeltaIsNotTheOneOnTrial() public {
        uint256 open = _propose(BOB, "e");
        _refuse(ROLLBACK, _args(open), IMeasures.NotOnTrial.selector);
        _refuse(ROLLBACK, abi.encode(1, 9, 0), IMeasures.NotOnTrial.selector);
        _refuse(ROLLBACK, abi.encode(1, 0, 0), IMeasures.NotOnTrial.selector);
    }

    function test_RevertIf_NothingIsOnTrial() public {
        args = abi.encode(2, 0, 0);
        _refuse(ROLLBACK, args, _assents(ROLLBACK, args, 2, 1, 3), IMeasures.NotOnTrial.selector);
    }

    function test_RevertIf_AnotherPatchIsOnTrialUnderThatNumber() public {
        _refuse(ROLLBACK, abi.encode(1, 1, bytes32("good")), _unexpected("poison"));
        _refuse(ROLLBACK, abi.encode(1, 1, 0), _unexpected("poison"));
        _isStatus(1, IDataset.DeltaStatus.Applied, "stays");
    }

    function test_RevertIf_TheDeltaStands() public {
        vm.warp(standsAt);
        _renew();
        _refuse(ROLLBACK, args, IMeasures.NotOnTrial.selector);
        network.turn(1);
        _refuse(ROLLBACK, args, IMeasures.NotOnTrial.selector);
        _refund(1);
        _refuse(ROLLBACK, args, IMeasures.NotOnTrial.selector);
    }

    function test_RevertIf_TheDeltaIsTakenAlready() public {
        _take(1);
        vm.expectRevert(IMeasures.NotOnTrial.selector);
        this.take(1);
    }

    function test_RevertIf_ATakenDeltaIsRefunded() public {
        _take(1);
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(1);
        vm.warp(standsAt);
        network.turn(1);
        vm.expectRevert(IDataset.NothingToRefund.selector);
        _refund(1);
    }

    /// @dev All three positions applied it: two of them are a majority, and not what applied it.
    function test_AMajorityThatIsLessThanTheVotesForTheDeltaIsNotEnough() public {
        _fall(ROLLBACK, args, _assents(ROLLBACK, args, 1, 1, 2));
        vm.assertEq(network.group(1).applied, 1, "stays on trial");
        _pass(ROLLBACK, args, _assents(ROLLBACK, args, 1, 3, 3));
        vm.assertEq(network.group(1).applied, 0, "as many as voted for it");
    }

    function test_ExactlyHalfOfTheAwakeStakeIsNotEnough() public {
        _nextWithVotes(1);
        _balance(1, STAKE);
        IMeasures.Assent[] memory assents = _assents(ROLLBACK, args, 1, 1, 2);
        _fall(ROLLBACK, args, assents);
        _tip(1);
        _pass(ROLLBACK, args, assents);
    }

    function test_TheVotesForTheDeltaAreNeededToTheLastGwei() public {
        _nextWithVotes(2);
        // Position 1 has left with a gwei of what it had when it voted.
        vm.prank(vm.addr(1));
        network.unbond(1, 1, 1 gwei);
        _nextEpoch();
        IMeasures.Assent[] memory assents = _assents(ROLLBACK, args, 1, 1, 2);
        _fall(ROLLBACK, args, assents);
        _fund(vm.addr(1), 1 gwei);
        vm.prank(vm.addr(1));
        network.bond(1, vm.addr(1), 1 gwei, "");
        _nextEpoch();
        _pass(ROLLBACK, args, assents);
    }

    function test_OthersThanMembersAreNotHeard() public {
        _balance(2, STAKE);
        IMeasures.Assent[] memory member = _assents(ROLLBACK, args, 1, 1, 2);
        IMeasures.Assent[] memory strangers = _assents(ROLLBACK, args, 2, 1, FOURTH);
        _fall(ROLLBACK, args, _join2(member, strangers));
        vm.assertEq(network.measure(_measure(ROLLBACK, args)).weight, 2 * STAKE, "members only");
        _pass(ROLLBACK, args, _join2(_assents(ROLLBACK, args, 1, 3, 3), strangers));
    }

    /// @dev Two positions applied it and sleep; the only one that is awake cannot undo it.
    function test_OneAwakePositionDoesNotUndoWhatTwoThirdsOfTheStakeApplied() public {
        _nextWithVotes(2);
        for (uint256 key = 1; key <= 2; ++key) {
            vm.prank(vm.addr(key));
            network.rest(1, key);
        }
        _nextEpoch();
        vm.assertEq(network.stake(1).awake, STAKE, "all that is awake");
        _fall(ROLLBACK, args, _assents(ROLLBACK, args, 1, 3, 3));
        vm.assertEq(network.group(1).applied, 2, "stays");
    }

    /// @dev One position applied it. It sleeps, as another does: the third is all that is awake.
    function test_StakeThatSleepsIsNotAgainstIt() public {
        _nextWithVotes(1);
        for (uint256 key = 1; key <= 2; ++key) {
            vm.prank(vm.addr(key));
            network.rest(1, key);
        }
        _nextEpoch();
        _pass(ROLLBACK, args, _assents(ROLLBACK, args, 1, 3, 3));
    }

    function test_MembersWhoSleepAreHeard() public {
        _nextWithVotes(1);
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        _nextEpoch();
        _pass(ROLLBACK, args, _assents(ROLLBACK, args, 1, 1, 2));
    }

    function test_TheLastSecondOfTheTrialIsEarlyEnough() public {
        vm.warp(standsAt - 1);
        _take(1);
        vm.assertEq(network.group(1).head, head, "head");
    }

    function test_TheSetIsAsItWasAndTheWholeBondIsBurnt() public {
        uint256 supply = neuron.totalSupply();
        uint256 held = neuron.balanceOf(address(network));
        vm.expectEmit();
        emit IMeasures.Taken(1, 1, ANN, head, bond);
        _take(1);
        vm.assertEq(network.group(1).head, head, "head");
        vm.assertEq(network.group(1).applied, 0, "nothing is on trial");
        _isStatus(1, IDataset.DeltaStatus.Taken, "status");
        vm.assertEq(neuron.totalSupply(), supply - bond, "burnt");
        vm.assertEq(neuron.balanceOf(address(network)), held - bond, "held");
    }

    /// @dev Not the author of what stood before, nor who brings the assents, nor a voter.
    function test_NobodyEarnsByARollback() public {
        _choose(2, _propose(BOB, "e", bond));
        bytes32 grown = network.delta(1, 2).parent;
        _refund(1);
        uint256[3] memory before = [neuron.balanceOf(ANN), neuron.balanceOf(BOB), _owns(1, 1)];
        uint256 supply = neuron.totalSupply();
        vm.prank(CEM);
        _take(2);
        vm.assertEq(neuron.balanceOf(ANN), before[0], "the author of what stands");
        vm.assertEq(neuron.balanceOf(BOB), before[1], "the author of what was taken");
        vm.assertEq(_owns(1, 1), before[2], "a voter");
        vm.assertEq(supply - neuron.totalSupply(), bond, "all is burnt");
        vm.assertEq(network.group(1).head, grown, "what stood stays");
    }

    function test_WhatWasTakenNeverStands() public {
        _take(1);
        vm.warp(standsAt);
        network.turn(1);
        _isStatus(1, IDataset.DeltaStatus.Taken, "status");
        uint256 supply = neuron.totalSupply();
        _choose(3, _propose(BOB, "e", bond));
        _take(2);
        vm.assertEq(neuron.totalSupply(), supply - bond, "and Ann gets nothing of the next");
    }

    function test_ProposalsOnTheTakenHeadDoNotWin() public {
        uint256 onTaken = _propose(BOB, "e", bond);
        _take(1);
        uint256 onRestored = _propose(CEM, "f", bond);
        _choose(2, onTaken);
        vm.assertEq(network.group(1).head, head, "nothing was applied");
        _isStatus(onTaken, IDataset.DeltaStatus.Dropped, "its bond comes back");
        _refund(onTaken);
        _refund(onRestored);
    }

    function test_ProposalsOnTheRestoredHeadMayWin() public {
        _take(1);
        uint256 delta = _propose(CEM, "f", bond);
        _choose(2, delta);
        _isStatus(delta, IDataset.DeltaStatus.Applied, "status");
    }

    function test_TheAssentsOfTwoEpochsAreNotAddedUp() public {
        _fall(ROLLBACK, args, _assents(ROLLBACK, args, 1, 1, 2));
        _nextEpoch();
        _fall(ROLLBACK, args, _assents(ROLLBACK, args, 1, 3, 3));
        vm.assertEq(network.measure(_measure(ROLLBACK, args)).weight, STAKE, "anew");
        vm.assertEq(network.group(1).applied, 1, "still on trial");
    }

    /// @dev Delta 2 is applied by the first `voters` positions alone, and is what `args` name.
    function _nextWithVotes(uint256 voters) private {
        uint256 delta = _propose(BOB, "e", bond);
        for (uint256 key = 1; key <= voters; ++key) {
            _cast(key, 2, delta, 1);
        }
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, delta, "applied");
        args = _args(delta);
        _renew();
    }

    function _args(uint256 delta) private view returns (bytes memory) {
        return abi.encode(1, delta, network.delta(1, delta).digest);
    }

    function _take(uint256 delta) private {
        _enact(ROLLBACK, _args(delta));
    }

    function take(uint256 delta) external {
        _take(delta);
    }
}
