// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Four validators of equal stake in group 1. Ann revealed in `round`, which stayed undecided; the next one begins.
abstract contract Attending is Play {
    uint256 internal round = FIRST + 24;
    bytes32 internal claim;

    function setUp() public virtual override {
        super.setUp();
        _join(1, 4, STAKE);
        claim = _enter(1, round, ANN, "a");
        vm.warp(_start(round + 1));
    }

    function _attend(bytes32 claimed, uint256 first, uint256 last) internal {
        network.attend(1, round, _attendances(1, round, claimed, first, last));
    }

    function _refuse(uint256 number, bytes32 claimed, uint256 first, uint256 last, bytes memory reason) internal {
        IRounds.Attendance[] memory attendances = _attendances(1, number, claimed, first, last);
        vm.expectRevert(reason);
        network.attend(1, number, attendances);
    }

    function _refuse(bytes32 claimed, uint256 first, uint256 last) internal {
        _refuse(round, claimed, first, last, abi.encodePacked(IRounds.NothingCounted.selector));
    }

    /// @dev The round is decided by the first three for `decided`; the next one begins.
    function _decide(bytes32 decided) internal {
        vm.warp(_judgeStart(round));
        network.judge(1, round, decided, _verdicts(1, round, decided, 1, 3));
        vm.warp(_start(round + 1));
    }
}

contract AttendTest is Attending {
    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 3));
        network.attend(3, round, new IRounds.Attendance[](0));
    }

    function test_RevertIf_TheRoundIsNotTheOneBefore() public {
        bytes memory wrong = abi.encodeWithSelector(IRounds.WrongRound.selector, round + 1);
        _refuse(round + 1, claim, 1, 4, wrong);
        _refuse(round - 1, claim, 1, 4, wrong);
        vm.warp(_start(round + 1) - 1);
        _refuse(round, claim, 1, 4, abi.encodeWithSelector(IRounds.WrongRound.selector, round));
        vm.warp(_start(round + 2));
        _refuse(round, claim, 1, 4, abi.encodeWithSelector(IRounds.WrongRound.selector, round + 2));
    }

    function test_RevertIf_NothingWasRevealedBefore() public {
        _commit(1, round + 1, ANN, "never opened");
        vm.warp(_start(round + 2));
        _refuse(round + 1, 0, 1, 4, abi.encodePacked(IRounds.NothingToAttend.selector));
        vm.warp(_start(round + 3));
        _refuse(round + 2, 0, 1, 4, abi.encodePacked(IRounds.NothingToAttend.selector));
    }

    function test_RevertIf_AnUndecidedRoundDoesNotCountByTheEndOfTrain() public {
        _attend(claim, 1, 2);
        vm.warp(_revealStart(round + 1));
        bytes memory wrong =
            abi.encodeWithSelector(IRounds.WrongPhase.selector, IRounds.Phase.Reveal, _judgeStart(round + 1));
        _refuse(round, claim, 3, 4, wrong);
        vm.warp(_revealStart(round + 1) - 1);
        _attend(claim, 3, 3);
        vm.assertEq(network.round(1, round).attended, true, "in the last second");
    }

    function test_RevertIf_TheBatchIsEmptyOrNobodyInItIsNew() public {
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.attend(1, round, new IRounds.Attendance[](0));
        _attend(claim, 1, 3);
        _refuse(claim, 1, 3);
        _refuse(0, 1, 3);
    }

    function test_RevertIf_TheVerdictsAreOfAnotherGroupRoundOrChain() public {
        IRounds.Attendance[] memory attendances = _attendances(2, round, claim, 1, 4);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.attend(1, round, attendances);
        attendances = _attendances(1, round - 1, 0, 1, 4);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.attend(1, round, attendances);
        attendances = _attendances(1, round, claim, 1, 4);
        vm.chainId(1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.attend(1, round, attendances);
    }

    function test_AVerdictForAClaimThatNobodyMadeShowsNothing() public {
        _refuse("a claim that nobody made", 1, 4);
        _refuse(_claim("a", BASE, LOSS - 1), 1, 4);
        bytes32 later = _enter(1, round + 1, BOB, "b");
        _refuse(later, 1, 4);
        vm.assertEq(network.judgedBy(1, round, 1), false, "nobody");
    }

    function test_AKeyThatWasRotatedInAfterTheRoundShowsNothing() public {
        vm.startPrank(vm.addr(1));
        network.rotate(1, 1, vm.addr(77), _consentOf(77, 1, vm.addr(1)));
        vm.stopPrank();
        IRounds.Attendance[] memory one = _attendances(1, round, claim, 77, 77);
        one[0].verdict.position = 1;
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.attend(1, round, one);
        _attend(claim, 1, 1);
        vm.assertEq(network.judgedBy(1, round, 1), true, "the old key does");
    }

    function test_HalfOfTheStakeDoesNotMakeTheRoundCount() public {
        vm.expectEmit();
        emit IRounds.Attended(1, round, 2 * STAKE, false, hex"0000000100000002");
        _attend(claim, 1, 2);
        vm.assertEq(network.judgedBy(1, round, 1), true, "but they were there");
        vm.assertEq(network.group(1).counted, 0, "not counted");
        vm.assertEq(network.round(1, round).judged, 2 * STAKE, "gathered");
    }

    function test_MoreThanHalfRecordsWhoWasThere() public {
        vm.expectEmit();
        emit IRounds.Attended(1, round, 3 * STAKE, true, hex"000000010000000200000003");
        _attend(claim, 1, 3);
        for (uint256 key = 1; key <= 4; ++key) {
            vm.assertEq(network.judgedBy(1, round, key), key != 4, "present");
        }
        vm.assertEq(network.round(1, round).attended, true, "attended");
        vm.assertEq(network.group(1).counted, 1, "counted");
        vm.assertEq(network.group(1).newest, round, "newest");
    }

    function test_TheStakeThatShowsItselfGathersOverCalls() public {
        _attend(claim, 1, 1);
        _attend(0, 4, 4);
        vm.assertEq(network.group(1).counted, 0, "a half");
        vm.expectEmit();
        emit IRounds.Attended(1, round, STAKE, true, hex"00000003");
        _attend(claim, 3, 3);
        vm.assertEq(network.group(1).counted, 1, "more than a half");
        vm.assertEq(network.round(1, round).judged, 3 * STAKE, "together");
    }

    function test_TheSmallestStakeBeyondHalfIsEnough() public {
        _join(1, 5, STAKE / 10);
        round = FIRST + 48;
        claim = _enter(1, round, ANN, "b");
        vm.warp(_start(round + 1));
        IRounds.Attendance[] memory attendances = new IRounds.Attendance[](3);
        attendances[0] = _attendance(1, round, 1, claim);
        attendances[1] = _attendance(1, round, 3, claim);
        attendances[2] = _attendance(1, round, 5, claim);
        network.attend(1, round, attendances);
        vm.assertEq(network.round(1, round).attended, true, "2.1 of 4.1");
    }

    function test_FurtherOnesAreAddedAndTheRoundCountsOnce() public {
        _attend(claim, 1, 3);
        vm.warp(_start(round + 2) - 1);
        vm.expectEmit();
        emit IRounds.Attended(1, round, STAKE, true, hex"00000004");
        _attend(claim, 4, 4);
        vm.assertEq(network.judgedBy(1, round, 4), true, "present too");
        vm.assertEq(network.group(1).counted, 1, "counted once");
    }

    function test_VerdictsForDifferentClaimsAreAllPresence() public {
        vm.warp(_start(round + 1));
        _commit(1, round + 1, ANN, "b");
        _commit(1, round + 1, BOB, "c");
        vm.warp(_revealStart(round + 1));
        _reveal(1, ANN, "b", BASE, LOSS);
        _reveal(1, BOB, "c", BASE, BETTER);
        round += 1;
        vm.warp(_start(round + 1));
        IRounds.Attendance[] memory attendances = new IRounds.Attendance[](3);
        attendances[0] = _attendance(1, round, 1, _claim("b", BASE, LOSS));
        attendances[1] = _attendance(1, round, 2, 0);
        attendances[2] = _attendance(1, round, 4, _claim("c", BASE, BETTER));
        vm.expectEmit();
        emit IRounds.Attended(1, round, 3 * STAKE, true, hex"000000010000000200000004");
        network.attend(1, round, attendances);
    }

    function test_JunkIsSkippedAndTwoVerdictsOfOneCountOnce() public {
        IRounds.Attendance[] memory attendances = new IRounds.Attendance[](6);
        attendances[0] = _attendance(1, round, 1, claim);
        attendances[1] = _attendance(1, round, 1, 0);
        attendances[2] = IRounds.Attendance(0, attendances[0].verdict);
        attendances[3] = IRounds.Attendance(claim, IRounds.Verdict(99, 0, 0, 0));
        attendances[4] = _attendance(1, round, 2, claim);
        attendances[5] = _attendance(1, round, 4, claim);
        vm.expectEmit();
        emit IRounds.Attended(1, round, 3 * STAKE, true, hex"000000010000000200000004");
        network.attend(1, round, attendances);
    }

    function test_ASleeperIsNotPresent() public {
        vm.prank(vm.addr(4));
        network.rest(1, 4);
        round = FIRST + 48;
        claim = _enter(1, round, ANN, "b");
        vm.warp(_start(round + 1));
        vm.expectEmit();
        emit IRounds.Attended(1, round, STAKE, false, hex"00000003");
        _attend(claim, 3, 4);
        vm.assertEq(network.round(1, round).judged, STAKE, "only who is awake");
        vm.assertEq(network.judgedBy(1, round, 4), false, "asleep");
    }

    function test_PresencePaysNothingAndDecidesNothing() public {
        uint256 supply = neuron.totalSupply();
        _attend(claim, 1, 4);
        vm.assertEq(neuron.totalSupply(), supply, "supply");
        vm.assertEq(network.position(1, 1).earned, 0, "pay");
        vm.assertEq(uint256(network.round(1, round).outcome), uint256(IRounds.Outcome.None), "outcome");
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "checkpoint");
        _commit(1, round + 1, ANN, "b");
        vm.assertEq(network.group(1).voids, 1, "the round is void all the same");
    }

    function test_TheTwoNewestCountedRoundsAndTheEightBeforeThemAreKept() public {
        for (uint256 i = 1; i <= 15; ++i) {
            claim = _enter(1, round + i, ANN, bytes32(i));
            if (i % 3 == 0) {
                vm.warp(_judgeStart(round + i));
                network.judge(1, round + i, claim, _verdicts(1, round + i, claim, 1, 4));
            }
            vm.warp(_start(round + i + 1));
            if (i % 3 == 1) network.attend(1, round + i, _attendances(1, round + i, claim, 1, 4));
        }
        uint256 expected;
        uint256[8] memory counted = [uint256(1), 3, 4, 6, 7, 9, 10, 12];
        for (uint256 i; i < 8; ++i) {
            expected = expected << 32 | (round + counted[i]);
        }
        IGroups.Group memory group = network.group(1);
        vm.assertEq(group.recent, expected, "decided and attended ones, the latest lowest");
        vm.assertEq(group.newest, round + 15, "newest");
        vm.assertEq(group.second, round + 13, "second");
        vm.assertEq(group.counted, 10, "counted");
    }

    function test_AfterAnEpochsLastRoundTheStakeOfTheNewEpochCounts() public {
        round = FIRST + 47;
        claim = _enter(1, round, ANN, "b");
        vm.prank(vm.addr(4));
        network.rest(1, 4);
        vm.warp(_start(round + 1));
        vm.expectEmit();
        emit IRounds.Attended(1, round, 2 * STAKE, true, hex"0000000200000003");
        _attend(claim, 2, 4);
    }
}

/// @dev Who was left out of a decision, or signed something else, shows that he was there.
contract AttendDecidedTest is Attending {
    function test_RevertIf_VerdictsForTheDecidedClaimAreShownInsteadOfJudged() public {
        _decide(claim);
        _refuse(claim, 4, 4);
        vm.assertEq(network.judgedBy(1, round, 4), false, "not shown");
        network.judge(1, round, claim, _verdicts(1, round, claim, 4, 4));
        vm.assertEq(network.judgedBy(1, round, 4), true, "judged, and paid");
    }

    function test_RevertIf_VerdictsAgainstAllOfALostRoundAreShownInsteadOfJudged() public {
        _decide(0);
        _refuse(0, 4, 4);
        network.judge(1, round, 0, _verdicts(1, round, 0, 4, 4));
        vm.assertEq(network.judgedBy(1, round, 4), true, "judged, and paid");
    }

    function test_WhoSignedAnotherClaimIsPresent() public {
        _decide(claim);
        uint256 judged = network.round(1, round).judged;
        vm.warp(_start(round + 2) - 1);
        vm.expectEmit();
        emit IRounds.Attended(1, round, STAKE, false, hex"00000004");
        _attend(0, 4, 4);
        vm.assertEq(network.judgedBy(1, round, 4), true, "present");
        vm.assertEq(network.round(1, round).judged, judged, "no weight for the decision");
        vm.assertEq(network.group(1).counted, 1, "and no second count");
    }

    function test_WhoSignedForAClaimInALostRoundIsPresent() public {
        _decide(0);
        _attend(claim, 4, 4);
        vm.assertEq(network.judgedBy(1, round, 4), true, "present");
        vm.assertEq(network.position(1, 4).earned, 0, "not paid");
    }

    function test_OfAStruckRoundAllVerdictsAreShown() public {
        _decide(claim);
        _enact(IMeasures.Kind.Strike, abi.encode(1, round, claim, 0));
        _attend(claim, 4, 4);
        vm.assertEq(network.judgedBy(1, round, 4), true, "who signed what was struck");
        vm.assertEq(network.judgedBy(1, round, 3), true, "who was counted before");
        vm.assertEq(network.group(1).counted, 1, "counted once");
    }

    function test_OfDecidedRoundsNoGasIsPaidBack() public {
        _decide(claim);
        uint256 held = address(purse).balance;
        _attend(0, 4, 4);
        vm.assertEq(address(purse).balance, held, "held");
    }
}
