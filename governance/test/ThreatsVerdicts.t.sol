// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDuties, IMeasures, INetwork, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Play} from "governance-test/Play.sol";

/// @title Threats by validators and by those who bring their verdicts.
contract ThreatsVerdictsTest is Play {
    function test_AVerdictTwiceCountsOnce() public {
        bytes32 claim = _claimed(1, FIRST);
        IRounds.Verdict[] memory twice = new IRounds.Verdict[](4);
        (twice[0], twice[1]) = (_verdict(1, FIRST, 1, claim), _verdict(1, FIRST, 1, claim));
        (twice[2], twice[3]) = (_verdict(1, FIRST, 2, claim), _verdict(1, FIRST, 2, claim));
        vm.expectRevert(IRounds.NotDecisive.selector);
        network.judge(1, claim, twice);
        network.judge(1, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, claim, twice);
        vm.assertEq(network.round(1, FIRST).judged, VALIDATORS * STAKE, "counted");
        vm.assertEq(network.round(1, FIRST).paid, _paid(), "paid");
    }

    function test_AVerdictWithAnotherProbeOfTheSameOneCountsOnce() public {
        bytes32 claim = _claimed(1, FIRST);
        IRounds.Verdict[] memory batch = new IRounds.Verdict[](4);
        for (uint256 i; i < 3; ++i) {
            batch[i] = _verdict(1, FIRST, i + 1, claim);
        }
        (bytes32 r, bytes32 vs) = vm.signCompact(1, _digest(Typed.verdict(1, FIRST, claim, "another")));
        batch[3] = IRounds.Verdict(1, "another", r, vs);
        network.judge(1, claim, batch);
        vm.assertEq(network.round(1, FIRST).judged, VALIDATORS * STAKE, "counted");
    }

    function test_AVerdictInAnotherRoundIsWorthNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        _refuseAll(1, FIRST, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        _refuseAll(1, FIRST, claim, _verdicts(1, FIRST - 1, claim, 1, 3));
    }

    function test_AVerdictInAnotherGroupIsWorthNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        _refuseAll(1, FIRST, claim, _verdicts(2, FIRST, claim, 1, 3));
    }

    function test_AVerdictOnAnotherChainIsWorthNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 3);
        vm.chainId(block.chainid + 1);
        _refuseAll(1, FIRST, claim, verdicts);
    }

    function test_AVerdictForAnotherContractIsWorthNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        INetwork own = network;
        network = _network(MATURITY, MIN_DEPOSIT);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 3);
        network = INetwork(own.council());
        IRounds.Verdict[] memory others = _councilVerdicts(claim);
        network = own;
        _refuseAll(1, FIRST, claim, verdicts);
        _refuseAll(1, FIRST, claim, others);
    }

    function test_AMalleableSignatureIsNoSecondVerdict() public {
        bytes32 claim = _claimed(1, FIRST);
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        IRounds.Verdict[] memory batch = new IRounds.Verdict[](1);
        batch[0] = _verdict(1, FIRST, 1, claim);
        uint256 s = uint256(batch[0].vs) & (type(uint256).max >> 1);
        batch[0].vs = bytes32(order - s);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, claim, batch);
    }

    function test_ARelayerCannotLeaveValidatorsOut() public {
        _join(1, 4, STAKE / 10);
        uint256 round = FIRST + 24;
        bytes32 claim = _claimed(1, round);
        network.judge(1, claim, _verdicts(1, round, claim, 1, 3));
        vm.assertEq(network.position(1, 4).earned, 0, "left out");
        vm.prank(vm.addr(4));
        network.judge(1, claim, _verdicts(1, round, claim, 4, 4));
        uint256 awake = VALIDATORS * STAKE + STAKE / 10;
        uint256 pay = network.round(1, round).reward / 5;
        vm.assertEq(network.position(1, 4).earned, _share(pay, STAKE / 10, awake), "paid like the first");
        vm.assertEq(network.position(1, 1).earned, _share(pay, STAKE, awake), "who got no more for being first");
    }

    function test_JunkInABatchSpoilsNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        IRounds.Verdict[] memory batch = new IRounds.Verdict[](9);
        batch[0] = IRounds.Verdict(type(uint256).max, "", bytes32(type(uint256).max), bytes32(type(uint256).max));
        batch[1] = IRounds.Verdict(0, 0, 0, 0);
        batch[2] = _verdict(1, FIRST, 77, claim);
        batch[3] = _verdict(1, FIRST, 1, 0);
        batch[4] = _verdict(1, FIRST, 1, claim);
        batch[4].position = 2;
        batch[5] = IRounds.Verdict(4, 0, batch[4].r, batch[4].vs);
        for (uint256 i; i < 3; ++i) {
            batch[6 + i] = _verdict(1, FIRST, i + 1, claim);
        }
        network.judge(1, claim, batch);
        vm.assertEq(network.round(1, FIRST).winner, ANN, "decided");
        vm.assertEq(network.round(1, FIRST).judged, VALIDATORS * STAKE, "only the three");
    }

    function test_SigningBothWaysCostsATwentiethWhicheverIsTrue() public {
        bytes32 claim = _claimed(1, FIRST);
        network.judge(1, claim, _verdicts(1, FIRST, claim, 1, 3));
        uint256 owned = _owns(1, 2);
        IRounds.Attendance memory one = _attendance(1, FIRST, 2, claim);
        network.slashDouble(1, FIRST, one, _attendance(1, FIRST, 2, 0));
        vm.assertEq(owned - _owns(1, 2), owned / 1 gwei / 20 * 1 gwei, "lost");
    }

    function test_ALazyValidatorIsSlashedByTheMajority() public {
        _enactBy(IMeasures.Kind.Slash, abi.encode(1, 3, 1000), 1, 2);
        vm.assertEq(network.position(1, 3).live, STAKE * 9 / 10, "a tenth");
    }

    function test_ExactlyTwoThirdsOfAGroupDecideNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 2);
        vm.expectRevert(IRounds.NotDecisive.selector);
        network.judge(1, claim, verdicts);
    }

    function test_TwoThirdsOfAGroupColludingAreStruckAndSlashedByTheRest() public {
        _admit(2);
        bytes32 poison = _claimed(2, FIRST);
        network.judge(2, poison, _verdicts(2, FIRST, poison, 1, 3));
        vm.assertEq(network.group(2).checkpoint, "a", "a false file became the checkpoint");
        _enact(IMeasures.Kind.Strike, abi.encode(2, FIRST, 1));
        for (uint256 position = 1; position <= 3; ++position) {
            _enact(IMeasures.Kind.Slash, abi.encode(2, position, 1000));
            vm.assertEq(network.position(2, position).live, STAKE / 10 * 9 / 10, "slashed");
        }
        vm.assertEq(network.group(2).checkpoint, BASE_FILE, "the base is back");
        vm.warp(_start(FIRST + 1) + MATURITY);
        vm.expectRevert(IRounds.NotWinner.selector);
        vm.prank(ANN);
        network.collect(2, FIRST);
    }

    function test_AThirdSilentForEverIsPutToSleepAndTheOthersGoOn() public {
        for (uint256 i; i < 8; ++i) {
            _attended(FIRST + i, 1, 2);
        }
        network.doze(1, 3);
        _winBy(1, FIRST + 24, ANN, "after a day", 1, 2);
        vm.assertEq(network.round(1, FIRST + 24).winner, ANN, "two of the three decide");
    }

    function test_TheSilentThirdCannotPutTheHonestToSleep() public {
        for (uint256 i; i < 8; ++i) {
            _enter(1, FIRST + i, ANN, bytes32(i + 1));
            vm.warp(_start(FIRST + i + 1));
            IRounds.Attendance[] memory alone = _attendances(1, FIRST + i, 0, 3, 3);
            vm.expectRevert(IRounds.NotEnoughPresent.selector);
            network.attend(1, alone);
        }
        for (uint256 position = 1; position <= 2; ++position) {
            vm.expectRevert(IDuties.NotAbsent.selector);
            network.doze(1, position);
        }
    }

    function test_AColludingHalfCannotPutTheOthersToSleep() public {
        _join(1, 4, STAKE);
        _join(1, 5, STAKE);
        uint256 round = FIRST + 24;
        for (uint256 i; i < 8; ++i) {
            bytes32 claim = _enter(1, round + i, ANN, bytes32(i + 1));
            vm.warp(_revealStart(round + i + 1) - 1);
            network.attend(1, _attendances(1, round + i, 0, 1, 3));
            vm.warp(_revealStart(round + i + 1));
            network.attend(1, _attendances(1, round + i, claim, 4, 5));
        }
        vm.assertEq(network.group(1).counted, 8, "eight rounds were counted");
        for (uint256 position = 4; position <= 5; ++position) {
            vm.expectRevert(IDuties.NotAbsent.selector);
            network.doze(1, position);
        }
    }

    function test_SigningFalselyByAThirdStallsButIssuesNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        IRounds.Verdict[] memory honest = _verdicts(1, FIRST, claim, 1, 2);
        IRounds.Verdict[] memory false_ = _verdicts(1, FIRST, 0, 3, 3);
        vm.expectRevert(IRounds.NotDecisive.selector);
        network.judge(1, claim, honest);
        vm.expectRevert(IRounds.NotDecisive.selector);
        network.judge(1, 0, false_);
        vm.warp(_start(FIRST + 1));
        vm.assertEq(neuron.totalSupply(), SUPPLY, "supply");
        _enactBy(IMeasures.Kind.Slash, abi.encode(1, 3, 1000), 1, 2);
        bytes32 next = _enter(1, FIRST + 1, ANN, "next");
        vm.warp(_judgeStart(FIRST + 1));
        network.judge(1, next, _verdicts(1, FIRST + 1, next, 1, 2));
        vm.assertEq(network.round(1, FIRST + 1).winner, ANN, "after a slash the two are more than two thirds");
    }

    function test_AVerdictSentAgainAfterACrashDoesNoHarm() public {
        bytes32 claim = _claimed(1, FIRST);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 3);
        network.judge(1, claim, verdicts);
        uint256 earned = network.position(1, 1).earned;
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, claim, verdicts);
        vm.assertEq(network.position(1, 1).earned, earned, "paid once");
    }

    /// @dev Ann has revealed "a" in `round`; JUDGE begins.
    function _claimed(uint256 group, uint256 round) private returns (bytes32 claim) {
        claim = _enter(group, round, ANN, "a");
        vm.warp(_judgeStart(round));
    }

    /// @dev A round that stays undecided, with the keys from `first` to `last` present.
    function _attended(uint256 round, uint256 first, uint256 last) private {
        bytes32 claim = _enter(1, round, ANN, bytes32(round));
        vm.warp(_start(round + 1));
        network.attend(1, _attendances(1, round, claim, first, last));
    }

    /// @dev The council has no separator of its own to tell: it is computed as if it had signed for its own address.
    function _councilVerdicts(bytes32 claim) private view returns (IRounds.Verdict[] memory verdicts) {
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 name = keccak256("Neuron");
        bytes32 domain = keccak256(abi.encode(kind, name, keccak256("1"), block.chainid, address(network)));
        verdicts = new IRounds.Verdict[](3);
        for (uint256 i; i < 3; ++i) {
            bytes32 hash = Typed.verdict(1, FIRST, claim, 0);
            (bytes32 r, bytes32 vs) = vm.signCompact(i + 1, keccak256(abi.encodePacked(hex"1901", domain, hash)));
            verdicts[i] = IRounds.Verdict(i + 1, 0, r, vs);
        }
    }

    function _refuseAll(uint256 group, uint256 round, bytes32 claim, IRounds.Verdict[] memory verdicts) private {
        vm.warp(_judgeStart(round));
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(group, claim, verdicts);
    }
}
