// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Group 3 with twelve validators of equal stake; Ann's claim "a" and Bob's better "b" stand in round `ROUND`, whose
/// JUDGE has begun. Verdicts are brought in any number of calls.
abstract contract Tallied is Play {
    uint256 internal constant KEYS = 12;
    uint256 internal constant OWN = 1_000_000 ether;
    uint256 internal constant ROUND = FIRST + 24;
    uint256 internal group;
    bytes32 internal worse;
    bytes32 internal better;

    function setUp() public virtual override {
        super.setUp();
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        for (uint256 key = 1; key <= KEYS; ++key) {
            _join(group, key, OWN);
        }
        vm.warp(_start(ROUND));
        _admit(group);
        _claimBoth(ROUND);
    }

    function _claimBoth(uint256 round) internal {
        (bytes32 a, bytes32 b) = (keccak256(abi.encode("a", round)), keccak256(abi.encode("b", round)));
        vm.warp(_start(round));
        _commit(group, round, ANN, a);
        _commit(group, round, BOB, b);
        vm.warp(_revealStart(round));
        _reveal(group, ANN, a, BASE, LOSS);
        _reveal(group, BOB, b, BASE, BETTER);
        vm.warp(_judgeStart(round));
        (worse, better) = (_claim(a, BASE, LOSS), _claim(b, BASE, BETTER));
    }

    function _bringVerdicts(uint256 round, bytes32 claim, uint256 first, uint256 last) internal returns (bool) {
        return network.judge(group, round, claim, _verdicts(group, round, claim, first, last));
    }

    function _earned(uint256 key) internal view returns (uint256) {
        return network.position(group, key).earned;
    }

    function _shareOf(uint256 round) internal view returns (uint256) {
        return _share(network.round(group, round).reward / 5, OWN, network.round(group, round).awake);
    }

    /// @dev Each of the keys from `first` to `last` has earned `pay`.
    function _checkEarned(uint256 first, uint256 last, uint256 pay) internal view {
        for (uint256 key = first; key <= last; ++key) {
            vm.assertEq(_earned(key), pay, vm.toString(key));
        }
    }

    function _tallyOf(uint256 round, bytes32 claim) internal view returns (uint256 stake) {
        (stake,) = network.tally(group, round, claim);
    }
}

contract TallyTest is Tallied {
    function test_RevertIf_AFurtherCallBringsNobodyNew() public {
        _bringVerdicts(ROUND, better, 1, 4);
        IRounds.Verdict[] memory again = _verdicts(group, ROUND, better, 2, 3);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(group, ROUND, better, again);
        vm.assertEq(_tallyOf(ROUND, better), 4 * OWN, "counted once");
    }

    function test_ARoundDecidedInSeveralCallsPaysEachTheSameAsInOne() public {
        uint256 share = _shareOf(ROUND);
        vm.assertGt(share, 0, "something is earned");
        uint256[4] memory calls = [uint256(1), 2, 3, 12];
        for (uint256 i; i < calls.length; ++i) {
            uint256 before = vm.snapshotState();
            uint256 each = KEYS / calls[i];
            for (uint256 call; call < calls[i]; ++call) {
                _bringVerdicts(ROUND, better, 1 + call * each, (call + 1) * each);
            }
            _checkEarned(1, KEYS, share);
            vm.assertEq(network.round(group, ROUND).judged, KEYS * OWN, "judged");
            vm.assertEq(network.round(group, ROUND).paid, KEYS * share, "paid");
            vm.assertEq(network.round(group, ROUND).winner, BOB, "winner");
            vm.revertToState(before);
        }
    }

    function test_TenCallsOfUnequalSizeDecideLikeOne() public {
        uint256[11] memory ends = [uint256(0), 1, 2, 4, 5, 6, 7, 8, 9, 10, 12];
        for (uint256 call; call < 10; ++call) {
            bool decided = _bringVerdicts(ROUND, better, ends[call] + 1, ends[call + 1]);
            vm.assertEq(decided, ends[call] <= 8 && ends[call + 1] > 8, "with the ninth of twelve");
        }
        _checkEarned(1, KEYS, _shareOf(ROUND));
    }

    function test_NobodyHasEarnedWhileARoundIsUndecided() public {
        _bringVerdicts(ROUND, better, 1, 8);
        _checkEarned(1, KEYS, 0);
        _bringVerdicts(ROUND, better, 12, 12);
        _checkEarned(1, 8, _shareOf(ROUND));
        _checkEarned(9, 11, 0);
        _checkEarned(12, 12, _shareOf(ROUND));
    }

    function test_TwoClaimsAreTalliedSideBySide() public {
        _bringVerdicts(ROUND, worse, 1, 3);
        _bringVerdicts(ROUND, better, 4, 8);
        _bringVerdicts(ROUND, 0, 9, 9);
        vm.assertEq(_tallyOf(ROUND, worse), 3 * OWN, "one");
        vm.assertEq(_tallyOf(ROUND, better), 5 * OWN, "the other");
        vm.assertEq(_tallyOf(ROUND, 0), OWN, "none");
        vm.assertEq(_bringVerdicts(ROUND, better, 10, 12), false, "eight are not more than two thirds");
        vm.assertEq(_bringVerdicts(ROUND, better, 3, 3), true, "nine are");
        _checkEarned(1, 2, 0);
        _checkEarned(3, 8, _shareOf(ROUND));
        _checkEarned(9, 9, 0);
        vm.assertEq(network.round(group, ROUND).judged, 9 * OWN, "who signed what was decided");
    }

    function test_WhoSignsBothCountsInBothAndIsPaidOnceAndSlashed() public {
        _bringVerdicts(ROUND, worse, 5, 5);
        _bringVerdicts(ROUND, better, 1, 9);
        vm.assertEq(_tallyOf(ROUND, worse), OWN, "in the one");
        _checkEarned(1, 9, _shareOf(ROUND));
        IRounds.Attendance memory one = _attendance(group, ROUND, 5, worse);
        IRounds.Attendance memory other = _attendance(group, ROUND, 5, better);
        uint256 owned = _owns(group, 5);
        network.slashDouble(group, ROUND, one, other);
        vm.assertEq(owned - _owns(group, 5) > OWN / 20, true, "far more than it earned");
    }

    function test_UndecidedTalliesOfAVoidRoundPayNothing() public {
        _bringVerdicts(ROUND, worse, 1, 6);
        _bringVerdicts(ROUND, better, 5, 12);
        _claimBoth(ROUND + 1);
        _checkEarned(1, KEYS, 0);
        _bringVerdicts(ROUND + 1, better, 1, KEYS);
        _checkEarned(1, KEYS, _shareOf(ROUND + 1));
        vm.assertEq(network.round(group, ROUND).paid, 0, "the void one");
    }

    function test_PayOutlastsVoidRounds() public {
        _bringVerdicts(ROUND, better, 1, 10);
        uint256 share = _shareOf(ROUND);
        for (uint256 i = 1; i <= 3; ++i) {
            _claimBoth(ROUND + i);
            _bringVerdicts(ROUND + i, worse, 1, 6);
            _bringVerdicts(ROUND + i, 0, 7, 12);
            _checkEarned(1, 10, share);
            _checkEarned(11, 12, 0);
        }
        _claimBoth(ROUND + 4);
        _bringVerdicts(ROUND + 4, better, 3, 12);
        _checkEarned(1, 2, share);
        _checkEarned(3, 10, share + _shareOf(ROUND + 4));
        _checkEarned(11, 12, _shareOf(ROUND + 4));
    }

    function test_FurtherVerdictsOfADecidedRoundEarnWhileTheNextIsTallied() public {
        _bringVerdicts(ROUND, better, 1, 9);
        uint256 share = _shareOf(ROUND);
        bytes32 decided = better;
        _claimBoth(ROUND + 1);
        _bringVerdicts(ROUND + 1, better, 1, 8);
        _bringVerdicts(ROUND, decided, 10, 12);
        _checkEarned(1, KEYS, share);
        _bringVerdicts(ROUND + 1, better, 9, 12);
        _checkEarned(1, KEYS, share + _shareOf(ROUND + 1));
        vm.assertEq(network.round(group, ROUND).judged, KEYS * OWN, "all in the first");
        vm.assertEq(network.round(group, ROUND).paid, KEYS * share, "paid");
    }
}

/// @dev Verdicts of round `ROUND`, decided by nine of twelve, that come in the round after it.
contract FurtherVerdictsTest is Tallied {
    function test_RevertIf_TheyAreForAnotherClaimThanTheDecidedOne() public {
        _bringVerdicts(ROUND, better, 1, 9);
        vm.warp(_start(ROUND + 1));
        IRounds.Verdict[] memory dissent = _verdicts(group, ROUND, worse, 10, 12);
        vm.expectRevert(abi.encodeWithSelector(IRounds.OtherClaimDecided.selector, better));
        network.judge(group, ROUND, worse, dissent);
    }

    function test_VerdictsOfTheDecidedClaimEarnUntilTheNextRoundIsOver() public {
        _bringVerdicts(ROUND, better, 1, 9);
        uint256[3] memory times = [_start(ROUND + 1), _revealStart(ROUND + 1), _start(ROUND + 2) - 1];
        for (uint256 i; i < 3; ++i) {
            vm.warp(times[i]);
            vm.expectEmit();
            emit IRounds.Judged(group, ROUND, better, OWN, _shareOf(ROUND), abi.encodePacked(uint32(10 + i)));
            _bringVerdicts(ROUND, better, 10 + i, 10 + i);
        }
        IRounds.Verdict[] memory tooLate = _verdicts(group, ROUND, better, 10, 12);
        vm.warp(_start(ROUND + 2));
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongRound.selector, ROUND + 2));
        network.judge(group, ROUND, better, tooLate);
        _checkEarned(1, KEYS, _shareOf(ROUND));
        for (uint256 key = 1; key <= KEYS; ++key) {
            vm.assertEq(network.judgedBy(group, ROUND, key), true, "present");
        }
    }

    function test_AcrossTheEdgeOfAnEpochTheyEarnAsMuch() public {
        uint256 last = ROUND + 23;
        _claimBoth(last);
        _bringVerdicts(last, better, 1, 9);
        vm.warp(_start(last + 1));
        vm.assertEq(network.epoch(), 4, "a new epoch");
        _bringVerdicts(last, better, 10, 11);
        vm.warp(_start(last + 2) - 1);
        _bringVerdicts(last, better, 12, 12);
        _checkEarned(1, KEYS, _shareOf(last));
    }

    function test_AcrossTheEdgeOfAnEpochTheStakeOfTheRoundsEpochIsPaid() public {
        uint256 last = ROUND + 23;
        vm.startPrank(vm.addr(10));
        network.unbond(group, 10, OWN / 2);
        vm.stopPrank();
        _fund(vm.addr(11), OWN);
        vm.prank(vm.addr(11));
        network.bond(group, vm.addr(11), OWN, "");
        vm.prank(vm.addr(12));
        network.rest(group, 12);
        _claimBoth(last);
        _bringVerdicts(last, better, 1, 9);
        vm.warp(_start(last + 1));
        vm.assertEq(network.position(group, 10).live, OWN / 2, "less by now");
        vm.assertEq(network.position(group, 11).live, 2 * OWN, "more by now");
        vm.assertEq(network.position(group, 12).awake, false, "asleep by now");
        _bringVerdicts(last, better, 10, 12);
        _checkEarned(1, KEYS, _shareOf(last));
    }

    function test_WhoChangesItsStakeInTheNewEpochHasWhatWasCountedAndNoMore() public {
        uint256 last = ROUND + 23;
        _claimBoth(last);
        _bringVerdicts(last, better, 1, 9);
        vm.warp(_start(last + 1));
        uint256 share = _shareOf(last);
        vm.prank(vm.addr(1));
        network.unbond(group, 1, OWN);
        vm.assertEq(network.position(group, 1).next, share, "its pay became stake");
        vm.prank(vm.addr(10));
        network.unbond(group, 10, OWN / 2);
        IRounds.Verdict[] memory late = _verdicts(group, last, better, 10, 12);
        vm.expectEmit();
        emit IRounds.Judged(group, last, better, 2 * OWN, 2 * share, hex"0000000b0000000c");
        network.judge(group, last, better, late);
        vm.assertEq(_earned(10), 0, "what counted for it is not known any more");
        _checkEarned(11, 12, share);
        _checkEarned(2, 9, share);
    }

    function test_NobodyElseCanCompoundWhatWouldSpoilALateVerdict() public {
        uint256 last = ROUND + 23;
        _claimBoth(last - 1);
        _bringVerdicts(last - 1, better, 1, KEYS);
        uint256 share = _shareOf(last - 1);
        _claimBoth(last);
        _bringVerdicts(last, better, 1, 9);
        vm.warp(_start(last + 1));
        address owner = vm.addr(10);
        vm.expectRevert(abi.encodeWithSelector(IStake.NotOwnerOrSigner.selector, owner, owner));
        vm.prank(CEM);
        network.compound(group, 10);
        for (uint256 key = 9; key <= 11; ++key) {
            if (key == 10) continue;
            vm.prank(vm.addr(key));
            network.compound(group, key);
        }
        _bringVerdicts(last, better, 10, 10);
        vm.assertEq(_earned(10), share + _shareOf(last), "its neighbours compound and it loses nothing");
    }

    function test_NoGasIsPaidBackForThem() public {
        _bringVerdicts(ROUND, better, 1, 9);
        vm.warp(_start(ROUND + 1));
        uint256 held = address(purse).balance;
        _bringVerdicts(ROUND, better, 10, 12);
        vm.assertEq(address(purse).balance, held, "they are paid for themselves");
    }
}
