// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Presence is kept for 256 positions a slot, pay for four: batches in any order of 260 positions of group 3.
contract WordsTest is Play {
    uint256 private constant KEYS = 260;
    uint256 private constant OWN = 10_000 ether;
    uint256 private constant ROUND = FIRST + 24;
    uint256 private group;
    bytes32 private claim;

    function setUp() public override {
        super.setUp();
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        for (uint256 key = 1; key <= KEYS; ++key) {
            _join(group, key, OWN);
        }
        vm.warp(_start(ROUND));
        _admit(group);
        claim = _enter(group, ROUND, ANN, "a");
    }

    function test_ABatchThatJumpsBetweenSlotsCountsAndPaysEachOnce() public {
        vm.warp(_judgeStart(ROUND));
        network.judge(group, ROUND, claim, _jumping());
        uint256 share = _shareOfOne();
        vm.assertGt(share, 0, "something is earned");
        for (uint256 key = 1; key <= KEYS; ++key) {
            vm.assertEq(network.judgedBy(group, ROUND, key), true, "present");
            vm.assertEq(network.position(group, key).earned, share, "paid");
        }
        vm.assertEq(network.judgedBy(group, ROUND, 0), false, "not the slot's first bit");
        vm.assertEq(network.round(group, ROUND).judged, KEYS * OWN, "counted");
        vm.assertEq(network.round(group, ROUND).paid, KEYS * share, "sum");
    }

    function test_FurtherBatchesAddToTheSameSlots() public {
        vm.warp(_judgeStart(ROUND));
        network.judge(group, ROUND, claim, _verdicts(group, ROUND, claim, 2, KEYS - 1));
        IRounds.Verdict[] memory ends = new IRounds.Verdict[](4);
        (ends[0], ends[1]) = (_verdict(group, ROUND, KEYS, claim), _verdict(group, ROUND, 2, claim));
        (ends[2], ends[3]) = (_verdict(group, ROUND, KEYS, claim), _verdict(group, ROUND, 1, claim));
        vm.expectEmit();
        emit IRounds.Judged(group, ROUND, claim, 2 * OWN, 2 * _shareOfOne(), abi.encodePacked(uint32(KEYS), uint32(1)));
        network.judge(group, ROUND, claim, ends);
        uint256 share = _shareOfOne();
        for (uint256 key = 1; key <= KEYS; ++key) {
            vm.assertEq(network.position(group, key).earned, share, "paid once");
        }
        vm.assertEq(network.round(group, ROUND).judged, KEYS * OWN, "counted once");
    }

    function test_PresenceThatJumpsBetweenSlotsIsRecordedOnce() public {
        vm.warp(_start(ROUND + 1));
        IRounds.Verdict[] memory verdicts = _jumping();
        IRounds.Attendance[] memory attendances = new IRounds.Attendance[](verdicts.length);
        for (uint256 i; i < verdicts.length; ++i) {
            attendances[i] = IRounds.Attendance(claim, verdicts[i]);
        }
        vm.expectEmit();
        emit IRounds.Attended(group, ROUND, KEYS * OWN, true, _list(verdicts, KEYS));
        network.attend(group, ROUND, attendances);
        for (uint256 key = 1; key <= KEYS; ++key) {
            vm.assertEq(network.judgedBy(group, ROUND, key), true, "present");
        }
    }

    function test_PayOfAllWordsIsNotedInTheNextRoundWhateverIsTouchedBetween() public {
        vm.warp(_judgeStart(ROUND));
        network.judge(group, ROUND, claim, _jumping());
        uint256 share = _shareOfOne();
        for (uint256 key = 3; key <= KEYS; key += 7) {
            vm.prank(vm.addr(key));
            network.compound(group, key);
        }
        claim = _enter(group, ROUND + 1, ANN, "b");
        vm.warp(_judgeStart(ROUND + 1));
        network.judge(group, ROUND + 1, claim, _verdicts(group, ROUND + 1, claim, 1, KEYS));
        uint256 next = _share(network.round(group, ROUND + 1).reward / 5, OWN, KEYS * OWN);
        for (uint256 key = 1; key <= KEYS; ++key) {
            vm.assertEq(_owns(group, key), OWN + share + next, "both");
        }
    }

    function _shareOfOne() private view returns (uint256) {
        return _share(network.round(group, ROUND).reward / 5, OWN, KEYS * OWN);
    }

    /// @dev The positions of the first `count` verdicts, 4 bytes each.
    function _list(IRounds.Verdict[] memory verdicts, uint256 count) private pure returns (bytes memory list) {
        for (uint256 i; i < count; ++i) {
            list = abi.encodePacked(list, uint32(verdicts[i].position));
        }
    }

    /// @dev From both ends in turn, then some once more.
    function _jumping() private view returns (IRounds.Verdict[] memory verdicts) {
        verdicts = new IRounds.Verdict[](KEYS + 3);
        for (uint256 i; i < KEYS; ++i) {
            verdicts[i] = _verdict(group, ROUND, i % 2 == 0 ? 1 + i / 2 : KEYS - i / 2, claim);
        }
        (verdicts[KEYS], verdicts[KEYS + 1], verdicts[KEYS + 2]) = (verdicts[0], verdicts[1], verdicts[4]);
    }
}
