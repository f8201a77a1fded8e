// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IMeasures, IRounds} from "governance/INetwork.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev The sale is over and nobody has bonded: key 1 has a tenth of the supply an epoch before all others, who bond
/// eight tenths in the epoch in which it is the only one that counts.
contract EarlyTest is Measuring {
    uint256 private constant EARLY = 1;

    function setUp() public override {
        _begin();
        _fund(ANN, 1_000_000 ether);
        _join(1, EARLY, STAKE);
        vm.warp(START + 2 * EPOCH);
        _renew();
    }

    function test_ATenthThatCameAnEpochEarlyAdmitsNothingOnceTheOthersAreThere() public {
        _others();
        bytes memory args = _named(2);
        _fall(IMeasures.Kind.Admit, args, _assents(IMeasures.Kind.Admit, args, 1, EARLY, EARLY));
        _nextEpoch();
        _fall(IMeasures.Kind.Admit, args, _assents(IMeasures.Kind.Admit, args, 1, EARLY, EARLY));
        vm.assertEq(network.group(2).admitted, false, "not admitted");
    }

    function test_ATenthThatCameAnEpochEarlyStrikesNothing() public {
        bytes32 claim = _enter(1, FIRST, ANN, "honest");
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, EARLY, EARLY));
        _others();
        bytes memory args = abi.encode(1, FIRST, claim, 1);
        _fall(IMeasures.Kind.Strike, args, _assents(IMeasures.Kind.Strike, args, 1, EARLY, EARLY));
        vm.assertEq(uint256(network.round(1, FIRST).outcome), uint256(IRounds.Outcome.Won), "still won");
    }

    function test_ATenthThatCameAnEpochEarlyTakesNothingHoweverOftenItTries() public {
        _others();
        for (uint256 position = 2; position <= 5; ++position) {
            for (uint256 i; i < 50; ++i) {
                bytes memory args = abi.encode(1, position, vm.addr(position), 1000);
                vm.assertEq(_enactBy(IMeasures.Kind.Slash, args, EARLY, EARLY), false, "not even shown");
            }
        }
        _nextEpoch();
        vm.assertEq(network.stake(1).bonded, STAKE + 8 * STAKE, "all is there");
    }

    /// @dev What is shown while nobody else is there lapses, since a majority is needed again.
    function test_ASlashThatWasShownBeforeTheOthersCameTakesNothingFromThem() public {
        _fund(vm.addr(2), 1 gwei);
        vm.prank(vm.addr(2));
        network.bond(1, vm.addr(2), 1 gwei, "");
        bytes memory args = abi.encode(1, 2, vm.addr(2), 1000);
        IMeasures.Assent[] memory assents = _assents(IMeasures.Kind.Slash, args, 1, EARLY, EARLY);
        _fall(IMeasures.Kind.Slash, args, assents);
        vm.assertEq(network.measure(_measure(IMeasures.Kind.Slash, args)).ripeAt, network.epoch() + 2, "shown");
        _nextEpoch();
        _nextEpoch();
        _others();
        _fall(IMeasures.Kind.Slash, args, assents);
        _nextEpoch();
        _fall(IMeasures.Kind.Slash, args, assents);
        vm.assertEq(network.position(1, 2).live, 2 * STAKE + 1 gwei, "untouched");
    }

    function test_RevertIf_ASlashIsShownForWhoIsStillToCome() public {
        bytes memory args = abi.encode(1, 2, vm.addr(2), 1000);
        _refuse(IMeasures.Kind.Slash, args, _assents(IMeasures.Kind.Slash, args, 1, EARLY, EARLY), _unexpected(0));
    }

    /// @dev Alone it can change what is its own, and nothing that others have yet.
    function test_WhatItAdmitsBeforeTheOthersComeTheyRevoke() public {
        bytes memory args = _named(2);
        _pass(IMeasures.Kind.Admit, args, _assents(IMeasures.Kind.Admit, args, 1, EARLY, EARLY));
        _others();
        _nextEpoch();
        IMeasures.Kind revoke = IMeasures.Kind.Revoke;
        _pass(revoke, args, _assents(revoke, args, 1, 2, 5));
    }

    function test_ItSetsThePeriodOfNoGroupInWhichOthersHaveBonded() public {
        _others();
        bytes memory args = abi.encode(1, PERIOD, 1);
        _fall(IMeasures.Kind.Period, args, _assents(IMeasures.Kind.Period, args, 1, EARLY, EARLY));
        vm.assertEq(network.group(1).periodNext, PERIOD, "as it was");
    }

    /// @dev It votes alone in its epoch; who comes then has the rest of the period to answer.
    function test_ItsVotesAreAnsweredBeforeThePeriodEnds() public {
        uint256 delta = _proposeBy(1, ANN, "poison");
        _castOne(1, EARLY, 1, delta, 1);
        _others();
        _nextEpoch();
        for (uint256 key = 2; key <= 5; ++key) {
            _castOne(1, key, 1, 0, 1);
        }
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(uint256(network.delta(1, delta).status), uint256(IDataset.DeltaStatus.Dropped), "not applied");
    }

    function _others() private {
        for (uint256 key = 2; key <= 5; ++key) {
            _join(1, key, 2 * STAKE);
        }
    }
}
