// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
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
        vm.assertEq(network.judge(1, FIRST, claim, twice), false, "two of three");
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, FIRST, claim, twice);
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
        network.judge(1, FIRST, claim, batch);
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
        (, address council,) = own.modules();
        network = INetwork(council);
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
        network.judge(1, FIRST, claim, batch);
    }

    function test_ARelayerCannotLeaveValidatorsOut() public {
        _join(1, 4, STAKE / 10);
        uint256 round = FIRST + 24;
        bytes32 claim = _claimed(1, round);
        network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3));
        vm.assertEq(network.position(1, 4).earned, 0, "left out");
        vm.prank(vm.addr(4));
        network.judge(1, round, claim, _verdicts(1, round, claim, 4, 4));
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
        network.judge(1, FIRST, claim, batch);
        vm.assertEq(network.round(1, FIRST).winner, ANN, "decided");
        vm.assertEq(network.round(1, FIRST).judged, VALIDATORS * STAKE, "only the three");
    }

    function test_SigningBothWaysCostsATwentiethWhicheverIsTrue() public {
        bytes32 claim = _claimed(1, FIRST);
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
        uint256 owned = _owns(1, 2);
        IRounds.Attendance memory one = _attendance(1, FIRST, 2, claim);
        network.slashDouble(1, FIRST, one, _attendance(1, FIRST, 2, 0));
        vm.assertEq(owned - _owns(1, 2), STAKE * 550 / 10_000, "and the reporter's part");
    }

    function test_ALazyValidatorIsSlashedByTheMajority() public {
        _slashBy(1, 3, 1000, 1, 2);
        vm.assertEq(network.position(1, 3).live, STAKE * 9 / 10, "a tenth");
    }

    function test_ExactlyTwoThirdsOfAGroupDecideNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        vm.assertEq(network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 2)), false, "undecided");
        vm.warp(_start(FIRST + 1));
        vm.assertEq(uint256(network.round(1, FIRST).outcome), uint256(IRounds.Outcome.None), "for good");
    }

    function test_TwoThirdsOfAGroupColludingAreStruckAndSlashedByTheRest() public {
        _admit(2);
        bytes32 poison = _claimed(2, FIRST);
        network.judge(2, FIRST, poison, _verdicts(2, FIRST, poison, 1, 3));
        vm.assertEq(network.group(2).checkpoint, "a", "a false file became the checkpoint");
        _enact(IMeasures.Kind.Strike, abi.encode(2, FIRST, poison, 1));
        vm.assertEq(network.group(2).checkpoint, BASE_FILE, "the base is back");
        for (uint256 position = 1; position <= 3; ++position) {
            uint256 owned = _owns(2, position);
            _slashBy(2, position, 1000, 1, 3);
            vm.assertEq(owned - _owns(2, position) > STAKE / 100 - 1, true, "slashed");
        }
        vm.warp(_start(FIRST + 1) + MATURITY);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotWinner.selector, ANN));
        _collect(2, FIRST, ANN);
    }

    function test_AThirdSilentForEverIsPutToSleepAndTheOthersGoOn() public {
        for (uint256 i; i < 10; ++i) {
            _attended(FIRST + i, 1, 2);
        }
        network.doze(1, 3);
        _winBy(1, FIRST + 24, ANN, "after a day", 1, 2);
        vm.assertEq(network.round(1, FIRST + 24).winner, ANN, "two of the three decide");
    }

    function test_AThirdThatShowsVerdictsForAClaimNobodyMadeIsPutToSleep() public {
        for (uint256 i; i < 10; ++i) {
            _attended(FIRST + i, 1, 2);
            IRounds.Attendance[] memory nothing = _attendances(1, FIRST + i, "nothing", 3, 3);
            vm.expectRevert(IRounds.NothingCounted.selector);
            network.attend(1, FIRST + i, nothing);
        }
        network.doze(1, 3);
        vm.assertEq(network.position(1, 3).awakeNext, false, "asleep");
    }

    function test_AThirdThatWakesAndStallsAgainStallsForAShorterPartOfTheTimeEachTime() public {
        uint256 epoch = 2;
        _fund(ANN, 5_000_000 ether);
        for (uint256 i; i < 6; ++i) {
            for (uint256 k; k < 10; ++k) {
                _attended(24 * epoch + k, 1, 2);
            }
            network.doze(1, 3);
            uint256 until = network.position(1, 3).sleepsUntil;
            vm.assertEq(until, epoch + 1 + 2 ** i, "twice as long");
            _winBy(1, 24 * (epoch + 1), ANN, keccak256(abi.encode(epoch)), 1, 2);
            vm.assertEq(network.round(1, 24 * (epoch + 1)).winner, ANN, "meanwhile the others decide");
            vm.warp(START + (until - 1) * EPOCH);
            vm.prank(vm.addr(3));
            if (until - 1 > epoch) network.wake(1, 3);
            epoch = until;
        }
        vm.assertEq(epoch, 2 + 6 + 63, "six epochs stalled, sixty-three of work");
    }

    function test_TheSilentThirdCannotPutTheHonestToSleep() public {
        for (uint256 i; i < 10; ++i) {
            _enter(1, FIRST + i, ANN, bytes32(i + 1));
            vm.warp(_start(FIRST + i + 1));
            network.attend(1, FIRST + i, _attendances(1, FIRST + i, 0, 3, 3));
        }
        vm.assertEq(network.group(1).counted, 0, "no round is counted for a third");
        for (uint256 position = 1; position <= 2; ++position) {
            vm.expectRevert(IDuties.NotAbsent.selector);
            network.doze(1, position);
        }
    }

    function test_AColludingHalfCannotPutTheOthersToSleep() public {
        _join(1, 4, STAKE);
        _join(1, 5, STAKE);
        uint256 round = FIRST + 24;
        for (uint256 i; i < 10; ++i) {
            bytes32 claim = _enter(1, round + i, ANN, bytes32(i + 1));
            vm.warp(_revealStart(round + i + 1) - 1);
            network.attend(1, round + i, _attendances(1, round + i, 0, 1, 3));
            vm.warp(_revealStart(round + i + 1));
            network.attend(1, round + i, _attendances(1, round + i, claim, 4, 5));
        }
        vm.assertEq(network.group(1).counted, 10, "ten rounds were counted");
        for (uint256 position = 4; position <= 5; ++position) {
            vm.expectRevert(IDuties.NotAbsent.selector);
            network.doze(1, position);
        }
    }

    function test_SigningFalselyByAThirdStallsButIssuesNothing() public {
        bytes32 claim = _claimed(1, FIRST);
        vm.assertEq(network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 2)), false, "two thirds");
        vm.assertEq(network.judge(1, FIRST, 0, _verdicts(1, FIRST, 0, 3, 3)), false, "a third");
        vm.warp(_start(FIRST + 1));
        vm.assertEq(neuron.totalSupply(), SUPPLY, "supply");
        vm.assertEq(network.position(1, 1).earned + network.position(1, 3).earned, 0, "pay");
        _slashBy(1, 3, 1000, 1, 2);
        (uint256 round,,) = network.phase(1);
        bytes32 next = _enter(1, round + 1, ANN, "next");
        vm.warp(_judgeStart(round + 1));
        network.judge(1, round + 1, next, _verdicts(1, round + 1, next, 1, 2));
        vm.assertEq(network.round(1, round + 1).winner, ANN, "after a slash the two are more than two thirds");
    }

    function test_AContractThatNamesItselfAsSignerCannotBeAwake() public {
        neuron.approve(address(network), type(uint256).max);
        uint256 position = network.bond(1, address(this), STAKE + STAKE / 2 + 1 gwei, "");
        vm.expectRevert(abi.encodeWithSelector(IStake.SignerCannotJudge.selector, address(this)));
        network.wake(1, position);
        vm.assertEq(network.mayWake(1, position), false, "told");
        _winBy(1, FIRST + 24, ANN, "a", 1, 3);
        vm.assertEq(network.round(1, FIRST + 24).winner, ANN, "it stands in nobody's way");
    }

    function test_AVerdictSentAgainAfterACrashDoesNoHarm() public {
        bytes32 claim = _claimed(1, FIRST);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 3);
        network.judge(1, FIRST, claim, verdicts);
        uint256 earned = network.position(1, 1).earned;
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, FIRST, claim, verdicts);
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
        network.attend(1, round, _attendances(1, round, claim, first, last));
    }

    /// @dev The council has no separator of its own to tell: it is computed as if it had signed for its own address.
    function _councilVerdicts(bytes32 claim) private view returns (IRounds.Verdict[] memory verdicts) {
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 name = keccak256("Neuron Network");
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
        network.judge(group, round, claim, verdicts);
    }
}
