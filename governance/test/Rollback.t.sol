// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IMeasures} from "governance/INetwork.sol";
import {Fixture} from "governance-test/Fixture.sol";
import {Measuring} from "governance-test/Measuring.sol";
import {Periodic} from "governance-test/Periodic.sol";

/// @dev Delta 1, Ann's, was applied at the end of period 1 and is on trial.
contract RollbackTest is Periodic, Measuring {
    IMeasures.Kind private constant ROLLBACK = IMeasures.Kind.Rollback;
    uint256 private bond;
    uint256 private standsAt;

    function setUp() public override(Fixture, Periodic) {
        Periodic.setUp();
        bond = _leastBond() + 1 gwei + 1;
        _choose(1, _propose(ANN, "poison", bond));
        standsAt = network.delta(1, 1).standsAt;
    }

    function test_RevertIf_ExactlyHalfOfTheAwakeStakeAssents() public {
        _balance(1, STAKE);
        IMeasures.Assent[] memory assents = _assents(ROLLBACK, abi.encode(1, 1), 1, 1, 2);
        _refuse(ROLLBACK, abi.encode(1, 1), assents, IMeasures.NoMajority.selector);
        _tip(1);
        _pass(ROLLBACK, abi.encode(1, 1), assents);
    }

    function test_RevertIf_OthersThanMembersAssent() public {
        bytes memory args = abi.encode(1, 1);
        _balance(2, STAKE);
        // One of three members, and strangers with more than another one has.
        IMeasures.Assent[] memory member = _assents(ROLLBACK, args, 1, 1, 1);
        IMeasures.Assent[] memory strangers = _assents(ROLLBACK, args, 2, 1, FOURTH);
        _refuse(ROLLBACK, args, _join2(member, strangers), IMeasures.NoMajority.selector);
        _pass(ROLLBACK, args, _join2(_assents(ROLLBACK, args, 1, 1, 2), strangers));
    }

    function test_RevertIf_MembersWhoSleepAssent() public {
        vm.prank(vm.addr(2));
        network.rest(1, 2);
        vm.prank(vm.addr(3));
        network.rest(1, 3);
        _nextEpoch();
        IMeasures.Assent[] memory assents = _assents(ROLLBACK, abi.encode(1, 1), 1, 2, 3);
        _refuse(ROLLBACK, abi.encode(1, 1), assents, IMeasures.NoMajority.selector);
        // One of three, but all that is awake.
        _pass(ROLLBACK, abi.encode(1, 1), _assents(ROLLBACK, abi.encode(1, 1), 1, 1, 1));
    }

    function test_RevertIf_TheDeltaIsNotTheOneOnTrial() public {
        uint256 open = _propose(BOB, "e");
        _refuse(ROLLBACK, abi.encode(1, open), IMeasures.NotOnTrial.selector);
        _refuse(ROLLBACK, abi.encode(1, 9), IMeasures.NotOnTrial.selector);
        _refuse(ROLLBACK, abi.encode(1, 0), IMeasures.NotOnTrial.selector);
    }

    function test_RevertIf_NothingIsOnTrial() public {
        _refuse(
            ROLLBACK, abi.encode(2, 0), _assents(ROLLBACK, abi.encode(2, 0), 2, 1, 3), IMeasures.NotOnTrial.selector
        );
    }

    function test_RevertIf_TheDeltaStands() public {
        vm.warp(standsAt);
        _refuse(ROLLBACK, abi.encode(1, 1), IMeasures.NotOnTrial.selector);
        network.turn(1);
        _refuse(ROLLBACK, abi.encode(1, 1), IMeasures.NotOnTrial.selector);
        network.refund(1, 1);
        _refuse(ROLLBACK, abi.encode(1, 1), IMeasures.NotOnTrial.selector);
    }

    function test_RevertIf_TheDeltaIsTakenAlready() public {
        _take(1);
        vm.expectRevert(IMeasures.NotOnTrial.selector);
        this.take(1);
    }

    function test_RevertIf_ATakenDeltaIsRefunded() public {
        _take(1);
        vm.expectRevert(IDataset.TakenBack.selector);
        network.refund(1, 1);
        vm.warp(standsAt);
        network.turn(1);
        vm.expectRevert(IDataset.TakenBack.selector);
        network.refund(1, 1);
    }

    function test_TheLastSecondOfTheTrialIsEarlyEnough() public {
        vm.warp(standsAt - 1);
        _take(1);
        vm.assertEq(network.group(1).head, head, "head");
    }

    function test_TheSetIsAsItWasAndNobodyStoodBeforeSoAllIsBurnt() public {
        uint256 supply = neuron.totalSupply();
        uint256 held = neuron.balanceOf(address(network));
        vm.expectEmit();
        emit IMeasures.Taken(1, 1, head, address(0), 0, bond);
        _take(1);
        vm.assertEq(network.group(1).head, head, "head");
        vm.assertEq(network.group(1).applied, 0, "nothing is on trial");
        _isStatus(1, IDataset.DeltaStatus.Taken, "status");
        vm.assertEq(neuron.totalSupply(), supply - bond, "burnt");
        vm.assertEq(neuron.balanceOf(address(network)), held - bond, "held");
    }

    function test_HalfGoesToTheAuthorOfTheLastOneThatStood() public {
        _choose(2, _propose(BOB, "e", bond));
        bytes32 grown = network.delta(1, 2).parent;
        uint256 before = neuron.balanceOf(ANN);
        uint256 supply = neuron.totalSupply();
        vm.expectEmit();
        emit IMeasures.Taken(1, 2, grown, ANN, bond / 2, bond - bond / 2);
        _take(2);
        vm.assertEq(neuron.balanceOf(ANN), before + bond / 2, "Ann");
        vm.assertEq(neuron.totalSupply(), supply - (bond - bond / 2), "the rest is burnt, an odd wei with it");
        vm.assertEq(network.group(1).head, grown, "what stood stays");
    }

    function test_WhatWasTakenNeverStands() public {
        _take(1);
        vm.warp(standsAt);
        network.turn(1);
        vm.assertEq(network.group(1).standing, 0, "standing");
        _choose(3, _propose(BOB, "e", bond));
        uint256 supply = neuron.totalSupply();
        _take(2);
        vm.assertEq(neuron.totalSupply(), supply - bond, "Ann, whose delta was taken, gets nothing");
    }

    function test_ProposalsOnTheTakenHeadDoNotWin() public {
        uint256 onTaken = _propose(BOB, "e", bond);
        _take(1);
        uint256 onRestored = _propose(CEM, "f", bond);
        _choose(2, onTaken);
        vm.assertEq(network.group(1).head, head, "nothing was applied");
        _isStatus(onTaken, IDataset.DeltaStatus.Dropped, "its bond comes back");
        network.refund(1, onTaken);
        network.refund(1, onRestored);
    }

    function test_ProposalsOnTheRestoredHeadMayWin() public {
        _take(1);
        uint256 delta = _propose(CEM, "f", bond);
        _choose(2, delta);
        _isStatus(delta, IDataset.DeltaStatus.Applied, "status");
    }

    function _take(uint256 delta) private {
        _enact(ROLLBACK, abi.encode(1, delta));
    }

    function take(uint256 delta) external {
        _take(delta);
    }
}
