// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev What all kinds have in common, shown with the kind `Admit` unless another is named.
contract EnactTest is Measuring {
    IMeasures.Kind private constant ADMIT = IMeasures.Kind.Admit;
    bytes private args;

    function setUp() public override {
        super.setUp();
        args = _named(2);
    }

    function test_RevertIf_TheMeasureHasExpired() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        vm.warp(expiry);
        _refuse(ADMIT, args, assents, IMeasures.Expired.selector);
        vm.warp(expiry - 1);
        _pass(ADMIT, args, assents);
    }

    function test_RevertIf_TheMeasureExpiresLaterThanEightEpochsFromNow() public {
        uint256 latest = expiry;
        expiry += 1;
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        _refuse(ADMIT, args, assents, abi.encodeWithSelector(IMeasures.ExpiryTooFar.selector, latest));
        expiry = type(uint256).max;
        assents = _assents(ADMIT, args, 1, 1, 3);
        _refuse(ADMIT, args, assents, abi.encodeWithSelector(IMeasures.ExpiryTooFar.selector, latest));
        expiry = latest;
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 3));
    }

    function test_RevertIf_TheMeasureIsEnactedTwice() public {
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 3));
        _refuse(ADMIT, args, IMeasures.AlreadyEnacted.selector);
        vm.warp(block.timestamp + 2 * EPOCH);
        _refuse(ADMIT, args, IMeasures.AlreadyEnacted.selector);
    }

    function test_RevertIf_NothingIsCounted() public {
        for (uint8 kind; kind < 7; ++kind) {
            bytes memory any = new bytes(32 * _words(kind));
            _refuse(IMeasures.Kind(kind), any, new IMeasures.Assent[](0), IRounds.NothingCounted.selector);
        }
        IMeasures.Assent[] memory bad = new IMeasures.Assent[](2);
        (bad[0], bad[1]) = (IMeasures.Assent(1, 1, ""), IMeasures.Assent(1, 2, new bytes(65)));
        _refuse(ADMIT, args, bad, IRounds.NothingCounted.selector);
    }

    function test_RevertIf_AllAssentsWereCountedInThisEpoch() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 1);
        _fall(ADMIT, args, assents);
        _refuse(ADMIT, args, assents, IRounds.NothingCounted.selector);
        _refuse(ADMIT, args, _join2(assents, assents), IRounds.NothingCounted.selector);
        vm.assertEq(network.measure(_measure(ADMIT, args)).weight, STAKE, "once");
    }

    function test_RevertIf_TheAssentsAreForAnotherMeasure() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        bytes memory other = _named(1);
        bytes4 reason = IRounds.NothingCounted.selector;
        vm.expectRevert(reason);
        network.enact(ADMIT, args, NONCE + 1, expiry, assents);
        vm.expectRevert(reason);
        network.enact(ADMIT, args, NONCE, expiry - 1, assents);
        vm.expectRevert(reason);
        network.enact(IMeasures.Kind.Revoke, args, NONCE, expiry, assents);
        vm.expectRevert(reason);
        network.enact(ADMIT, other, NONCE, expiry, assents);
        _pass(ADMIT, args, assents);
    }

    function test_RevertIf_TheAssentsAreForAnotherNetwork() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        vm.chainId(block.chainid + 1);
        _refuse(ADMIT, args, assents, IRounds.NothingCounted.selector);
    }

    function test_RevertIf_TheArgumentsAreTooShortOrTooLong() public {
        for (uint8 kind; kind < 7; ++kind) {
            uint256 length = 32 * _words(kind);
            _refuseLength(kind, length - 1);
            _refuseLength(kind, length + 1);
            _refuseLength(kind, length + 32);
            _refuseLength(kind, 0);
        }
    }

    function test_RevertIf_TheKindDoesNotExist() public {
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](0);
        bytes memory call = abi.encodeCall(IMeasures.enact, (IMeasures.Kind.Least, args, NONCE, expiry, assents));
        call[35] = 0x07;
        (bool done, bytes memory reason) = address(network).call(call);
        vm.assertEq(done, false, "there is no kind 7");
        vm.assertEq(reason.length, 0, "it is not even read");
    }

    function test_BadAssentsAreSkipped() public {
        IMeasures.Assent[] memory good = _assents(ADMIT, args, 1, 1, 2);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](8);
        assents[0] = IMeasures.Assent(0, 0, "");
        (assents[1], assents[2]) = (good[0], good[1]);
        assents[3] = IMeasures.Assent(1, 3, good[0].signature);
        assents[4] = IMeasures.Assent(1, 99, good[0].signature);
        assents[5] = IMeasures.Assent(9, 1, good[0].signature);
        assents[6] = IMeasures.Assent(1, 3, new bytes(64));
        assents[7] = IMeasures.Assent(1, 3, bytes("not a signature"));
        bytes memory voters = abi.encodePacked(uint32(1), uint32(1), uint32(1), uint32(2));
        vm.expectEmit();
        emit IMeasures.Assented(_measure(ADMIT, args), ADMIT, args, NONCE, expiry, 2 * STAKE, _half(), voters);
        _pass(ADMIT, args, assents);
        vm.assertEq(network.group(2).admitted, true, "admitted");
    }

    function test_BadAssentsDoNotCount() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        (assents[1].signature, assents[2].position) = (new bytes(64), 99);
        _fall(ADMIT, args, assents);
        vm.assertEq(network.measure(_measure(ADMIT, args)).weight, STAKE, "only the first");
    }

    /// @dev A position whose owner is nobody must not speak with the key that recovers from nothing.
    function test_NobodySpeaksForAPositionThatDoesNotExist() public {
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](1);
        assents[0] = IMeasures.Assent(1, 0, new bytes(65));
        _refuse(ADMIT, args, assents, IRounds.NothingCounted.selector);
    }

    function test_ANonceIsNotUsedUpByAnotherMeasure() public {
        bytes memory own = abi.encode(2, PERIOD, 1 days);
        IMeasures.Kind period = IMeasures.Kind.Period;
        _pass(period, own, _assents(period, own, 2, 1, 3));
        vm.assertEq(network.measure(_measure(period, own)).enacted, true, "the one");
        vm.assertEq(network.measure(_measure(ADMIT, args)).enacted, false, "not the other");
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 3));
        vm.assertEq(network.measure(_measure(ADMIT, args)).enacted, true, "which is free to come");
    }

    function test_AnAssentInOneCallCountsOnce() public {
        IMeasures.Assent[] memory one = _assents(ADMIT, args, 1, 1, 1);
        _fall(ADMIT, args, _join2(_join2(one, one), one));
        vm.assertEq(network.measure(_measure(ADMIT, args)).weight, STAKE, "once");
    }

    function test_TheOrderOfAssentsDoesNotMatter() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 3);
        (assents[0], assents[2]) = (assents[2], assents[0]);
        _pass(ADMIT, args, _join2(_assents(ADMIT, args, 2, 1, 1), assents));
    }

    function test_AssentsOfTwoCallsAddUp() public {
        _fall(ADMIT, args, _assents(ADMIT, args, 1, 2, 2));
        IMeasures.Measure memory shown = network.measure(_measure(ADMIT, args));
        vm.assertEq(shown.weight, STAKE, "behind it");
        vm.assertEq(shown.epoch, network.epoch(), "in this epoch");
        vm.assertEq(shown.enacted, false, "not yet");
        vm.expectEmit();
        emit IMeasures.Assented(
            _measure(ADMIT, args),
            ADMIT,
            args,
            NONCE,
            expiry,
            2 * STAKE,
            _half(),
            abi.encodePacked(uint32(1), uint32(1))
        );
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 2));
        vm.assertEq(network.measure(_measure(ADMIT, args)).enacted, true, "enacted");
    }

    function test_TheWeightStartsAnewWithTheEpoch() public {
        vm.warp(START + (network.epoch() + 1) * EPOCH - 1);
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 1);
        _fall(ADMIT, args, assents);
        _nextEpoch();
        _fall(ADMIT, args, _assents(ADMIT, args, 1, 2, 2));
        vm.assertEq(network.measure(_measure(ADMIT, args)).weight, STAKE, "without what was before");
        _pass(ADMIT, args, assents);
    }

    /// @dev Stake that moves in between two epochs is not heard in both.
    function test_StakeThatWasHeardInTheLastEpochIsNotAddedAfterItMoved() public {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, 900);
        birth.dataset = new bytes32[](0);
        uint256 child = network.fork(1, birth);
        _fall(ADMIT, args, _assents(ADMIT, args, 1, 1, 1));
        vm.prank(vm.addr(1));
        network.move(1, 1, child, vm.addr(1), "");
        _fall(ADMIT, args, _assents(ADMIT, args, 2, 1, 3));
        _nextEpoch();
        _fall(ADMIT, args, _assents(ADMIT, args, child, 1, 1));
        vm.assertEq(network.measure(_measure(ADMIT, args)).weight, STAKE, "once an epoch");
    }

    function test_FiftyCallsOfOneAssentEachAreAsGoodAsOne() public {
        uint256 group = _create(TRAIN, REVEAL, 900);
        for (uint256 key = 1; key <= 50; ++key) {
            _join(group, key, STAKE / 10);
        }
        _nextEpoch();
        // 50 of 83 millions.
        IMeasures.Assent[] memory all = _assents(ADMIT, args, group, 1, 50);
        uint256 before = vm.snapshotState();
        _pass(ADMIT, args, all);
        vm.revertToState(before);
        IMeasures.Assent[] memory one = new IMeasures.Assent[](1);
        for (uint256 i; i < 41; ++i) {
            one[0] = all[i];
            _fall(ADMIT, args, one);
        }
        one[0] = all[41];
        _pass(ADMIT, args, one);
        vm.assertEq(network.group(2).admitted, true, "admitted");
    }

    function test_ARetiredKeyNoLongerAssents() public {
        bytes memory consent = _consentOf(9, 1, address(this));
        _giveAway(2);
        network.rotate(1, 2, vm.addr(9), consent);
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 2);
        _nextEpoch();
        _fall(ADMIT, args, assents);
        vm.assertEq(network.measure(_measure(ADMIT, args)).weight, STAKE, "without the old key");
        IMeasures.Assent[] memory fresh = new IMeasures.Assent[](1);
        fresh[0] = IMeasures.Assent(1, 2, _signed(9, _measure(ADMIT, args)));
        _pass(ADMIT, args, fresh);
    }

    function test_TheOwnerAssentsAsWellAsTheSigner() public {
        _fund(vm.addr(9), 1);
        vm.prank(vm.addr(2));
        network.offer(1, 2, vm.addr(9));
        vm.prank(vm.addr(9));
        network.accept(1, 2);
        IMeasures.Assent[] memory both = new IMeasures.Assent[](2);
        both[0] = IMeasures.Assent(1, 2, _signed(9, _measure(ADMIT, args)));
        both[1] = IMeasures.Assent(1, 2, _signed(2, _measure(ADMIT, args)));
        _fall(ADMIT, args, both);
        vm.assertEq(network.measure(_measure(ADMIT, args)).weight, STAKE, "the position once");
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 1));
    }

    function test_SignaturesOf65BytesServeAsWell() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 2);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(1, _digest(_measure(ADMIT, args)));
        assents[0].signature = abi.encodePacked(r, s, v);
        _pass(ADMIT, args, assents);
    }

    function test_AMalleatedSignatureIsNone() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(1, _digest(_measure(ADMIT, args)));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        assents[0].signature = abi.encodePacked(r, order - uint256(s), v == 27 ? 28 : 27);
        _refuse(ADMIT, args, assents, IRounds.NothingCounted.selector);
    }

    function test_StakeBondedInThisEpochHasNoVoice() public {
        _fund(vm.addr(1), 2 * STAKE);
        vm.prank(vm.addr(1));
        network.bond(1, vm.addr(1), 2 * STAKE, "");
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 1);
        _fall(ADMIT, args, assents);
        _nextEpoch();
        _pass(ADMIT, args, assents);
    }

    function test_StakeThatSleepsHasAVoice() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        _nextEpoch();
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 2));
    }

    /// @dev An assent given to a drawer is worth nothing for long.
    function test_AnAssentIsWorthNothingAfterEightEpochs() public {
        IMeasures.Assent[] memory drawer = _assents(ADMIT, args, 1, 1, 3);
        vm.warp(block.timestamp + 8 * EPOCH);
        _refuse(ADMIT, args, drawer, IMeasures.Expired.selector);
    }

    function _half() private pure returns (uint256) {
        return VALIDATORS * (STAKE + STAKE / 10) / 2;
    }

    function _giveAway(uint256 key) private {
        vm.prank(vm.addr(key));
        network.offer(1, key, address(this));
        network.accept(1, key);
    }

    function _refuseLength(uint8 kind, uint256 length) private {
        _refuse(IMeasures.Kind(kind), new bytes(length), new IMeasures.Assent[](0), IMeasures.BadArguments.selector);
    }

    function _words(uint8 kind) private pure returns (uint256) {
        return [3, 3, 2, 2, 4, 4, 3][kind];
    }
}

contract PeriodTest is Measuring {
    IMeasures.Kind private constant PERIOD_KIND = IMeasures.Kind.Period;
    bytes private args;

    function setUp() public override {
        super.setUp();
        args = abi.encode(1, PERIOD, 1 days);
    }

    function test_RevertIf_ThePeriodIsNothingOrMoreThanHalfAnExit() public {
        _refuse(PERIOD_KIND, abi.encode(1, PERIOD, 0), IGroups.BadTimes.selector);
        _refuse(PERIOD_KIND, abi.encode(1, PERIOD, EXIT / 2 + 1), IGroups.BadTimes.selector);
        _refuse(PERIOD_KIND, abi.encode(1, PERIOD, 2 ** 32 + 1 days), IGroups.BadTimes.selector);
        args = abi.encode(1, PERIOD, EXIT / 2);
        _pass(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 3));
        vm.assertEq(network.group(1).periodNext, EXIT / 2, "period");
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(PERIOD_KIND, abi.encode(9, PERIOD, 1 days), IRounds.NothingCounted.selector);
    }

    function test_RevertIf_ThePeriodIsAnotherOneThanTheVotersSaw() public {
        _refuse(PERIOD_KIND, abi.encode(1, 2 days, 1 days), _unexpected(bytes32(PERIOD)));
        _enact(PERIOD_KIND, abi.encode(1, PERIOD, 2 days));
        _refuse(PERIOD_KIND, args, _unexpected(bytes32(uint256(2 days))));
        args = abi.encode(1, 2 days, 1 days);
        _pass(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 3));
    }

    function test_RevertIf_OnlyStakeOfOtherGroupsAssents() public {
        args = abi.encode(2, PERIOD, 1 days);
        IMeasures.Assent[] memory assents = _assents(PERIOD_KIND, args, 1, 1, 3);
        _refuse(PERIOD_KIND, args, assents, IRounds.NothingCounted.selector);
        _fall(PERIOD_KIND, args, _join2(assents, _assents(PERIOD_KIND, args, 2, 1, 1)));
        vm.assertEq(network.measure(_measure(PERIOD_KIND, args)).weight, STAKE / 10, "only the group's own");
        _pass(PERIOD_KIND, args, _join2(assents, _assents(PERIOD_KIND, args, 2, 2, 2)));
    }

    function test_ExactlyHalfOfTheGroupsStakeIsNotEnough() public {
        _balance(1, STAKE);
        IMeasures.Assent[] memory assents = _assents(PERIOD_KIND, args, 1, 1, 2);
        _fall(PERIOD_KIND, args, assents);
        _tip(1);
        _pass(PERIOD_KIND, args, assents);
    }

    function test_MembersWhoSleepAndAreSilentAreAgainstIt() public {
        _balance(1, STAKE);
        for (uint256 key = 3; key <= FOURTH; ++key) {
            vm.prank(vm.addr(key));
            network.rest(1, key);
        }
        _nextEpoch();
        vm.assertEq(network.stake(1).awake, 2 * STAKE, "all that is awake assents");
        _fall(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 2));
    }

    function test_AMemberWhoSleepsHasAVoice() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        _nextEpoch();
        _pass(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 2));
    }

    function test_MembersOfTheNextEpochAreAgainstIt() public {
        _join(1, FOURTH, STAKE);
        _fall(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 2));
    }

    function test_ThePeriodIsSetFromTheNextTurnOn() public {
        uint256 periodEnd = network.group(1).periodEnd;
        vm.expectEmit();
        emit IMeasures.Enacted(_measure(PERIOD_KIND, args), PERIOD_KIND, args, NONCE, expiry);
        vm.expectEmit();
        emit IMeasures.PeriodSet(1, 1 days);
        _pass(PERIOD_KIND, args, _assents(PERIOD_KIND, args, 1, 1, 3));
        vm.assertEq(network.group(1).periodEnd, periodEnd, "this period ends as it would have");
        vm.assertEq(network.group(1).period, PERIOD, "and is as long");
        vm.assertEq(network.group(2).periodNext, PERIOD, "other groups");
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).periodEnd, periodEnd + 1 days, "the next one is as it was voted");
        vm.assertEq(network.group(1).period, 1 days, "and says so");
    }
}
