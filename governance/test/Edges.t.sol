// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDataset, IDuties, IMeasures, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Play} from "governance-test/Play.sol";

/// @dev A call is accepted from the second `from` until before the second `until` and refused on either side. Each is
/// tried 15 s and 1 s before, at, 1 s and 15 s after both; 0 is no edge.
abstract contract Edges is Play {
    struct Row {
        string what;
        address who;
        bytes call;
        uint256 from;
        bytes4 early;
        uint256 until;
        bytes4 late;
    }

    function _check(Row memory row) internal {
        int256[5] memory offsets = [int256(-15), -1, 0, 1, 15];
        for (uint256 i; i < offsets.length; ++i) {
            if (row.from != 0) _try(row, row.from, offsets[i], offsets[i] >= 0, row.early);
            if (row.until != 0) _try(row, row.until, offsets[i], offsets[i] < 0, row.late);
        }
    }

    function _try(Row memory row, uint256 edge, int256 offset, bool accepted, bytes4 selector) internal {
        uint256 before = vm.snapshotState();
        vm.warp(uint256(int256(edge) + offset));
        vm.prank(row.who);
        (bool done, bytes memory answer) = address(network).call(row.call);
        string memory where = string.concat(row.what, offset < 0 ? " before " : " after ", vm.toString(_abs(offset)));
        vm.assertEq(done, accepted, where);
        if (!accepted) vm.assertEq(bytes32(bytes4(answer)), bytes32(selector), where);
        vm.revertToState(before);
    }

    function _abs(int256 value) private pure returns (uint256) {
        return uint256(value < 0 ? -value : value);
    }
}

contract RoundEdgesTest is Edges {
    bytes4 private constant WRONG = IRounds.WrongPhase.selector;
    bytes4 private constant OTHER = IRounds.WrongRound.selector;
    bytes32 private claim;

    function setUp() public override {
        super.setUp();
        _commit(1, FIRST, ANN, "a");
    }

    function test_CommitIsOpenInTrainOnly() public {
        bytes memory call = abi.encodeCall(IRounds.commit, (1, FIRST, "seal", type(uint256).max));
        _check(Row("commit", BOB, call, 0, 0, _revealStart(FIRST), WRONG));
        call = abi.encodeCall(IRounds.commit, (1, FIRST + 1, "seal", type(uint256).max));
        _check(Row("commit", BOB, call, _start(FIRST + 1), OTHER, _revealStart(FIRST + 1), WRONG));
    }

    function test_RevealIsOpenInRevealOnly() public {
        bytes memory call = abi.encodeCall(IRounds.reveal, (1, SALT, "a", BASE, LOSS, "root"));
        _check(Row("reveal", ANN, call, _revealStart(FIRST), WRONG, _judgeStart(FIRST), WRONG));
    }

    function test_ConcedeIsOpenInRevealOnly() public {
        _commit(1, FIRST, BOB, "b");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        bytes memory call = abi.encodeCall(IRounds.concede, (1, SALT, "b", ANN));
        _check(Row("concede", BOB, call, _revealStart(FIRST), WRONG, _judgeStart(FIRST), WRONG));
    }

    function test_JudgeIsOpenInJudgeOnly() public {
        _revealed();
        bytes memory call = abi.encodeCall(IRounds.judge, (1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3)));
        _check(Row("judge", CEM, call, _judgeStart(FIRST), WRONG, _start(FIRST + 1), OTHER));
    }

    function test_JudgeIsOpenUntilTheNextRoundEndsForFurtherVerdictsOfADecidedOne() public {
        _revealed();
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, 0, _verdicts(1, FIRST, 0, 1, 2));
        bytes memory call = abi.encodeCall(IRounds.judge, (1, FIRST, 0, _verdicts(1, FIRST, 0, 3, 3)));
        _check(Row("the third decides", CEM, call, _judgeStart(FIRST), WRONG, _start(FIRST + 1), OTHER));
        network.judge(1, FIRST, 0, _verdicts(1, FIRST, 0, 3, 3));
        call = abi.encodeCall(IRounds.judge, (1, FIRST, 0, _verdicts(1, FIRST, 0, 3, 3)));
        bytes4 counted = IRounds.NothingCounted.selector;
        _try(Row("it is counted", CEM, call, 0, 0, 0, 0), _start(FIRST + 1), 0, false, counted);
        _try(Row("too late", CEM, call, 0, 0, 0, 0), _start(FIRST + 2), 0, false, OTHER);
    }

    function test_AttendIsOpenInTrainOfTheNextRoundForTheFirstBatch() public {
        _revealed();
        bytes memory call = abi.encodeCall(IRounds.attend, (1, FIRST, _attendances(1, FIRST, claim, 1, 3)));
        _check(Row("attend", CEM, call, _start(FIRST + 1), OTHER, _revealStart(FIRST + 1), WRONG));
    }

    function test_AttendIsOpenUntilTheNextRoundEndsForFurtherOnes() public {
        _revealed();
        vm.warp(_start(FIRST + 1));
        network.attend(1, FIRST, _attendances(1, FIRST, claim, 1, 2));
        bytes memory call = abi.encodeCall(IRounds.attend, (1, FIRST, _attendances(1, FIRST, claim, 3, 3)));
        _check(Row("attend too", CEM, call, 0, 0, _start(FIRST + 2), OTHER));
    }

    function test_AttendIsOpenInTheWholeNextRoundOfADecidedOne() public {
        _won();
        bytes memory call = abi.encodeCall(IRounds.attend, (1, FIRST, _attendances(1, FIRST, 0, 3, 3)));
        _check(Row("attend a decided one", CEM, call, _start(FIRST + 1), OTHER, _start(FIRST + 2), OTHER));
    }

    function test_SettleIsOpenAfterTheRound() public {
        bytes memory call = abi.encodeCall(IRounds.settle, (1, FIRST, _one(ANN)));
        _check(Row("settle", CEM, call, _start(FIRST + 1), IRounds.RoundNotOver.selector, 0, 0));
    }

    function test_AClaimOfALostRoundIsSettledOnceMature() public {
        _revealed();
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, 0, _verdicts(1, FIRST, 0, 1, 3));
        bytes memory call = abi.encodeCall(IRounds.settle, (1, FIRST, _one(ANN)));
        bytes4 early = IRounds.NothingToSettle.selector;
        _check(Row("settle", CEM, call, _start(FIRST + 1) + MATURITY, early, 0, 0));
    }

    function test_CollectIsOpenOnceMature() public {
        _won();
        bytes memory call = abi.encodeCall(IRounds.collect, (1, _one(FIRST), ANN));
        _check(Row("collect", ANN, call, _start(FIRST + 1) + MATURITY, IRounds.NotMature.selector, 0, 0));
    }

    function test_StrikeIsOpenUntilMaturity() public {
        _won();
        bytes memory args = abi.encode(1, FIRST, claim, 1);
        vm.warp(_start(FIRST + 1) + MATURITY - 60);
        bytes memory call = _measure(IMeasures.Kind.Strike, args, _expiry());
        bytes4 late = IMeasures.NothingToStrike.selector;
        _check(Row("strike", CEM, call, 0, 0, _start(FIRST + 1) + MATURITY, late));
    }

    function test_AMeasureIsOpenUntilItExpires() public {
        uint256 expiry = _start(FIRST) + 1000;
        bytes memory call = _measure(IMeasures.Kind.Admit, _named(2), expiry);
        _check(Row("enact", CEM, call, 0, 0, expiry, IMeasures.Expired.selector));
    }

    function test_AMeasureIsOpenFromEightEpochsBeforeItExpires() public {
        uint256 from = _start(FIRST) + 1000;
        bytes memory call = _measure(IMeasures.Kind.Admit, _named(2), from + 8 * EPOCH);
        _check(Row("enact", CEM, call, from, IMeasures.ExpiryTooFar.selector, 0, 0));
    }

    function test_SlashDoubleIsOpenFromTheRoundsStartForAnExitAfterIt() public {
        uint256 round = FIRST + 1;
        IRounds.Attendance memory one = _attendance(1, round, 1, "one");
        IRounds.Attendance memory other = _attendance(1, round, 1, "other");
        bytes memory call = abi.encodeCall(IDuties.slashDouble, (1, round, one, other));
        bytes4 outOfTime = IDuties.OutOfTime.selector;
        _check(Row("slash", CEM, call, _start(round), outOfTime, _start(round + 1) + EXIT + 1, outOfTime));
    }

    function test_TheClockOfAnotherGroupHasOtherEdges() public {
        _create(40, 40, 40);
        uint256 start = START + 30 * EPOCH;
        vm.warp(start);
        bytes memory call = abi.encodeCall(IRounds.commit, (3, 30 * EPOCH / 120 + 1, "seal", type(uint256).max));
        _check(Row("commit", BOB, call, start + 120, OTHER, start + 160, WRONG));
    }

    function _revealed() private {
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        claim = _claim("a", BASE, LOSS);
    }

    function _won() private {
        _revealed();
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
    }

    function _measure(IMeasures.Kind kind, bytes memory args, uint256 expiry) private view returns (bytes memory) {
        bytes32 measure = Typed.measure(kind, args, 5, expiry);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](VALIDATORS);
        for (uint256 i; i < VALIDATORS; ++i) {
            assents[i] = _assent(1, i + 1, measure);
        }
        return abi.encodeCall(IMeasures.enact, (kind, args, 5, expiry, assents));
    }
}

contract PeriodEdgesTest is Edges {
    uint256 private periodEnd;

    function setUp() public override {
        super.setUp();
        _proposeBy(1, ANN, "one");
        periodEnd = network.group(1).periodEnd;
    }

    function test_ProposeIsOpenUntilTheLastQuarterAndInTheNextPeriod() public {
        bytes32 head = network.group(1).head;
        bytes memory call = abi.encodeCall(IDataset.propose, (1, head, "two", network.leastBond(1)));
        bytes4 late = IDataset.LastQuarter.selector;
        _check(Row("propose", BOB, call, periodEnd, late, periodEnd - PERIOD / 4, late));
    }

    function test_TurnIsOpenFromThePeriodsEndOn() public {
        bytes memory call = abi.encodeCall(IDataset.turn, (1));
        _check(Row("turn", CEM, call, periodEnd, IDataset.PeriodRunning.selector, 0, 0));
    }

    function test_ARefundIsOpenOnceTheDeltaStands() public {
        _apply();
        bytes memory call = abi.encodeCall(IDataset.refund, (1, _one(1)));
        _check(Row("refund", CEM, call, periodEnd + PERIOD, IDataset.NothingToRefund.selector, 0, 0));
    }

    function test_ARollbackIsOpenUntilTheDeltaStands() public {
        _apply();
        bytes memory args = abi.encode(1, 1, bytes32("one"));
        uint256 expiry = periodEnd + PERIOD + 60;
        bytes32 measure = Typed.measure(IMeasures.Kind.Rollback, args, 5, expiry);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](2);
        (assents[0], assents[1]) = (_assent(1, 1, measure), _assent(1, 2, measure));
        bytes memory call = abi.encodeCall(IMeasures.enact, (IMeasures.Kind.Rollback, args, 5, expiry, assents));
        _check(Row("roll back", CEM, call, 0, 0, periodEnd + PERIOD, IMeasures.NotOnTrial.selector));
    }

    function test_AVoteForAnOpenDeltaCountsUntilThePeriodEnds() public {
        int256[5] memory offsets = [int256(-15), -1, 0, 1, 15];
        for (uint256 i; i < offsets.length; ++i) {
            uint256 before = vm.snapshotState();
            vm.warp(uint256(int256(periodEnd) + offsets[i]));
            IDataset.Choice[] memory choices = new IDataset.Choice[](1);
            choices[0] = _choiceOf(1, 1, 1, 1, 1);
            if (offsets[i] >= 0) vm.expectRevert(IRounds.NothingCounted.selector);
            network.cast(1, choices);
            vm.assertEq(network.delta(1, 1).votes, offsets[i] < 0 ? STAKE : 0, "votes");
            vm.revertToState(before);
        }
    }

    function test_AWithdrawalIsOpenOnceTheExitIsOver() public {
        vm.prank(vm.addr(1));
        network.unbond(1, 1, 1 ether);
        uint256 exitAt = _start(FIRST + 24) + EXIT;
        bytes memory call = abi.encodeCall(IStake.withdraw, (1, 1, ANN));
        _check(Row("withdraw", vm.addr(1), call, exitAt, IStake.ExitNotOver.selector, 0, 0));
    }

    function _apply() private {
        _castOne(1, 1, 1, 1, 1);
        vm.warp(periodEnd);
        network.turn(1);
    }
}
