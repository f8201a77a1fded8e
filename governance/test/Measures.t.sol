// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev What all kinds have in common, shown with the kind `Admit` unless another is named.
contract EnactTest is Measuring {
    IMeasures.Kind private constant ADMIT = IMeasures.Kind.Admit;
    bytes private args = abi.encode(2);

    function test_RevertIf_TheMeasureHasExpired() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        vm.warp(EXPIRY);
        _refuse(ADMIT, args, assents, IMeasures.Expired.selector);
        vm.warp(EXPIRY - 1);
        _pass(ADMIT, args, assents);
    }

    function test_RevertIf_TheMeasureIsEnactedTwice() public {
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 3));
        _refuse(ADMIT, args, IMeasures.NonceUsed.selector);
    }

    function test_ANonceIsNotUsedUpByAnotherMeasure() public {
        bytes memory own = abi.encode(2, 1 days);
        IMeasures.Kind period = IMeasures.Kind.Period;
        _pass(period, own, _assents(period, own, 2, 1, 3));
        vm.assertEq(network.enacted(_measure(period, own)), true, "the one");
        vm.assertEq(network.enacted(_measure(ADMIT, args)), false, "not the other");
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 3));
        vm.assertEq(network.enacted(_measure(ADMIT, args)), true, "which is free to come");
    }

    function test_RevertIf_AnAssentComesTwice() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        (assents[0], assents[1], assents[2]) = (assents[0], assents[1], assents[1]);
        _refuse(ADMIT, args, assents, IMeasures.NotAscending.selector);
        assents = _assents(ADMIT, args, 1, 1, 3);
        (assents[0], assents[1]) = (assents[1], assents[0]);
        _refuse(ADMIT, args, assents, IMeasures.NotAscending.selector);
        assents = _join2(_assents(ADMIT, args, 2, 1, 1), _assents(ADMIT, args, 1, 2, 3));
        _refuse(ADMIT, args, assents, IMeasures.NotAscending.selector);
    }

    function test_RevertIf_JunkIsNotInOrderEither() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        assents[2] = IMeasures.Assent(1, 2, 0, 0);
        _refuse(ADMIT, args, assents, IMeasures.NotAscending.selector);
    }

    function test_RevertIf_TheAssentsAreForAnotherMeasure() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        vm.expectRevert(IMeasures.NoMajority.selector);
        network.enact(ADMIT, args, NONCE + 1, EXPIRY, assents);
        vm.expectRevert(IMeasures.NoMajority.selector);
        network.enact(ADMIT, args, NONCE, EXPIRY + 1, assents);
        vm.expectRevert(IMeasures.NoMajority.selector);
        network.enact(IMeasures.Kind.Revoke, args, NONCE, EXPIRY, assents);
        vm.expectRevert(IMeasures.NoMajority.selector);
        network.enact(ADMIT, abi.encode(1), NONCE, EXPIRY, assents);
        _pass(ADMIT, args, assents);
    }

    function test_RevertIf_TheAssentsAreForAnotherNetwork() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        vm.chainId(block.chainid + 1);
        _refuse(ADMIT, args, assents, IMeasures.NoMajority.selector);
    }

    function test_RevertIf_ThereIsNoAssent() public {
        for (uint8 kind; kind < 6; ++kind) {
            bytes memory any = new bytes(32 * _words(kind));
            _refuse(IMeasures.Kind(kind), any, new IMeasures.Assent[](0), IMeasures.NoMajority.selector);
        }
    }

    function test_RevertIf_TheArgumentsAreTooShortOrTooLong() public {
        for (uint8 kind; kind < 6; ++kind) {
            uint256 length = 32 * _words(kind);
            _refuseLength(kind, length - 1);
            _refuseLength(kind, length + 1);
            _refuseLength(kind, length + 32);
            _refuseLength(kind, 0);
        }
    }

    function test_RevertIf_TheKindDoesNotExist() public {
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](0);
        bytes memory call = abi.encodeCall(IMeasures.enact, (IMeasures.Kind.Slash, args, NONCE, EXPIRY, assents));
        call[35] = 0x06;
        (bool done, bytes memory reason) = address(network).call(call);
        vm.assertEq(done, false, "there is no kind 6");
        vm.assertEq(reason.length, 0, "it is not even read");
    }

    function test_BadAssentsAreSkipped() public {
        IMeasures.Assent[] memory good = _assents(ADMIT, args, 1, 1, 2);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](6);
        assents[0] = IMeasures.Assent(0, 0, 0, 0);
        (assents[1], assents[2]) = (good[0], good[1]);
        assents[3] = IMeasures.Assent(1, 3, good[0].r, good[0].vs);
        assents[4] = IMeasures.Assent(1, 99, good[0].r, good[0].vs);
        assents[5] = IMeasures.Assent(9, 1, good[0].r, good[0].vs);
        _pass(ADMIT, args, assents);
        vm.assertEq(network.group(2).admitted, true, "admitted");
    }

    function test_BadAssentsDoNotCount() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        (assents[1].r, assents[2].position) = (0, 99);
        _refuse(ADMIT, args, assents, IMeasures.NoMajority.selector);
    }

    function test_ARetiredKeyNoLongerAssents() public {
        bytes memory consent = _consentOf(9, 1, vm.addr(2));
        vm.prank(vm.addr(2));
        network.rotate(1, 2, vm.addr(9), consent);
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 2);
        _nextEpoch();
        _refuse(ADMIT, args, assents, IMeasures.NoMajority.selector);
        bytes32 measure = Typed.measure(uint8(ADMIT), args, NONCE, EXPIRY);
        IMeasures.Assent memory fresh = _assent(1, 9, measure);
        assents[1] = IMeasures.Assent(1, 2, fresh.r, fresh.vs);
        _pass(ADMIT, args, assents);
    }

    function test_StakeBondedInThisEpochHasNoVoice() public {
        _fund(vm.addr(1), 2 * STAKE);
        vm.prank(vm.addr(1));
        network.bond(1, vm.addr(1), 2 * STAKE, "");
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 1);
        _refuse(ADMIT, args, assents, IMeasures.NoMajority.selector);
        _nextEpoch();
        _pass(ADMIT, args, assents);
    }

    function test_StakeThatSleepsHasAVoiceInAllButRollback() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        _nextEpoch();
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 2));
    }

    function _measure(IMeasures.Kind kind, bytes memory arguments) private pure returns (bytes32) {
        return Typed.measure(uint8(kind), arguments, NONCE, EXPIRY);
    }

    function _refuseLength(uint8 kind, uint256 length) private {
        _refuse(IMeasures.Kind(kind), new bytes(length), IMeasures.BadArguments.selector);
    }

    function _words(uint8 kind) private pure returns (uint256) {
        return [2, 2, 1, 1, 3, 3][kind];
    }
}

contract PeriodTest is Measuring {
    IMeasures.Kind private constant PERIOD_KIND = IMeasures.Kind.Period;

    function test_RevertIf_ThePeriodIsNothingOrMoreThanHalfAnExit() public {
        _refuse(PERIOD_KIND, abi.encode(1, 0), IGroups.BadTimes.selector);
        _refuse(PERIOD_KIND, abi.encode(1, EXIT / 2 + 1), IGroups.BadTimes.selector);
        _refuse(PERIOD_KIND, abi.encode(1, 2 ** 32 + 1 days), IGroups.BadTimes.selector);
        bytes memory args = abi.encode(1, EXIT / 2);
        _pass(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 3));
        vm.assertEq(network.group(1).period, EXIT / 2, "period");
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(PERIOD_KIND, abi.encode(9, 1 days), IMeasures.NoMajority.selector);
    }

    function test_RevertIf_ExactlyHalfOfTheGroupsStakeAssents() public {
        bytes memory args = abi.encode(1, 1 days);
        _balance(1, STAKE);
        IMeasures.Assent[] memory assents = _assents(PERIOD_KIND, args, 1, 1, 2);
        _refuse(PERIOD_KIND, args, assents, IMeasures.NoMajority.selector);
        _tip(1);
        _pass(PERIOD_KIND, args, assents);
    }

    function test_RevertIf_StakeOfOtherGroupsAssents() public {
        bytes memory args = abi.encode(2, 1 days);
        IMeasures.Assent[] memory assents = _assents(PERIOD_KIND, args, 1, 1, 3);
        _refuse(PERIOD_KIND, args, assents, IMeasures.NoMajority.selector);
        assents = _join2(assents, _assents(PERIOD_KIND, args, 2, 1, 1));
        _refuse(PERIOD_KIND, args, assents, IMeasures.NoMajority.selector);
        _pass(PERIOD_KIND, args, _join2(assents, _assents(PERIOD_KIND, args, 2, 2, 2)));
    }

    function test_RevertIf_MembersWhoSleepAreSilent() public {
        _balance(1, STAKE);
        for (uint256 key = 3; key <= FOURTH; ++key) {
            vm.prank(vm.addr(key));
            network.rest(1, key);
        }
        _nextEpoch();
        bytes memory args = abi.encode(1, 1 days);
        vm.assertEq(network.stake(1).awake, 2 * STAKE, "all that is awake assents");
        _refuse(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 2), IMeasures.NoMajority.selector);
    }

    function test_AMemberWhoSleepsHasAVoice() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        _nextEpoch();
        bytes memory args = abi.encode(1, 1 days);
        _pass(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 2));
    }

    function test_ThePeriodIsSetFromTheNextTurnOn() public {
        uint256 periodEnd = network.group(1).periodEnd;
        bytes memory args = abi.encode(1, 1 days);
        vm.expectEmit();
        emit IMeasures.PeriodSet(1, 1 days);
        vm.expectEmit();
        emit IMeasures.Enacted(PERIOD_KIND, args, NONCE);
        _pass(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 3));
        vm.assertEq(network.group(1).periodEnd, periodEnd, "this period ends as it would have");
        vm.assertEq(network.group(2).period, PERIOD, "other groups");
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).periodEnd, periodEnd + 1 days, "the next one is as it was voted");
    }
}
