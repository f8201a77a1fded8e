// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPurse} from "token/IPurse.sol";
import {IDataset, IDuties, IMeasures, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Play} from "governance-test/Play.sol";

/// @dev A sender of transactions that is a contract; what it does with coins is chosen by the test.
contract Relayer {
    enum Manner {
        Take,
        Refuse,
        Burn,
        Flood
    }

    enum Outcome {
        None,
        Refused,
        Done
    }

    Manner public manner;
    bytes private again;
    address private target;
    Outcome public outcome;

    function behave(Manner manner_) external {
        manner = manner_;
    }

    /// @dev When coins come, calls `target_` with `again_`.
    function reenter(address target_, bytes calldata again_) external {
        (target, again) = (target_, again_);
    }

    function send(address to, bytes calldata data) external {
        (bool done, bytes memory answer) = to.call(data);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(answer, 32), mload(answer))
        }
    }

    receive() external payable {
        if (manner == Manner.Refuse) revert("no coins");
        while (manner == Manner.Burn) {}
        if (manner == Manner.Flood) {
            assembly ("memory-safe") {
                return(0, 60000)
            }
        }
        if (target == address(0)) return;
        (bool done,) = target.call(again);
        outcome = done ? Outcome.Done : Outcome.Refused;
    }
}

/// @dev Ann has revealed in round `FIRST` of groups 1 (admitted) and 2 (not); JUDGE begins. The purse holds the proceeds.
abstract contract PaidBack is Play {
    uint256 internal constant PARTS = 65_536;
    address internal constant SENDER = address(0x5E4D);
    uint256 internal constant FEE = 20 gwei;
    bytes32 internal claim;

    function setUp() public virtual override {
        super.setUp();
        _commit(1, FIRST, ANN, "a");
        _commit(2, FIRST, BOB, "b");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _reveal(2, BOB, "b", BASE, LOSS);
        vm.warp(_judgeStart(FIRST));
        claim = _claim("a", BASE, LOSS);
        vm.fee(FEE);
        vm.txGasPrice(1000 gwei);
    }

    function _judge(uint256 last) internal returns (uint256 paid) {
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, last);
        uint256 before = SENDER.balance;
        vm.prank(SENDER);
        network.judge(1, FIRST, claim, verdicts);
        return SENDER.balance - before;
    }
}

/// @dev A transaction of its own would have no base fee.
/// forge-config: default.isolate = false
contract JudgePaysBackTest is PaidBack {
    function test_TheDecidingCallIsPaidAtBaseFeeAndTip() public {
        uint256 untouched = vm.snapshotState();
        uint256 gas = _judge(3) / (FEE + TIP);
        vm.assertGt(gas, 50_000, "a fair part of the gas");
        uint256[3] memory fees = [uint256(0), 7, 300 gwei];
        for (uint256 i; i < fees.length; ++i) {
            vm.revertToState(untouched);
            vm.fee(fees[i]);
            uint256 held = address(purse).balance;
            vm.assertEq(_judge(3), (fees[i] + TIP) * gas, "same gas, other price");
            vm.assertEq(held - address(purse).balance, (fees[i] + TIP) * gas, "out of the purse");
        }
    }

    function test_ThePurseTellsWhatItPaid() public {
        uint256 untouched = vm.snapshotState();
        uint256 paid = _judge(3);
        vm.revertToState(untouched);
        vm.expectEmit();
        emit IPurse.PaidBack(SENDER, paid / (FEE + TIP), paid);
        _judge(3);
    }

    function test_EachCountedVerdictPaysAndJunkDoesNot() public {
        _join(1, 4, STAKE / 10);
        _join(1, 5, STAKE / 10);
        uint256 round = FIRST + 24;
        claim = _enter(1, round, ANN, "c");
        vm.warp(_judgeStart(round));
        uint256 untouched = vm.snapshotState();
        uint256[3] memory paid;
        for (uint256 more; more < 3; ++more) {
            IRounds.Verdict[] memory verdicts = new IRounds.Verdict[](5);
            for (uint256 key = 1; key <= 5; ++key) {
                verdicts[key - 1] = _verdict(1, key <= 3 + more ? round : round + 1, key, claim);
            }
            vm.prank(SENDER);
            network.judge(1, round, claim, verdicts);
            paid[more] = SENDER.balance;
            vm.revertToState(untouched);
        }
        vm.assertGt(paid[1], paid[0], "a fourth verdict pays");
        vm.assertEq(paid[2] - paid[1], paid[1] - paid[0], "the fifth as much as the fourth");
    }

    function test_TheTipIsPaidOnlyAsFarAsTheTransactionPaysIt() public {
        uint256 untouched = vm.snapshotState();
        uint256 gas = _judge(3) / (FEE + TIP);
        vm.revertToState(untouched);
        vm.txGasPrice(FEE + TIP / 10);
        vm.assertEq(_judge(3), (FEE + TIP / 10) * gas, "what the sender pays");
        vm.revertToState(untouched);
        vm.fee(0.1 gwei);
        vm.txGasPrice(0.11 gwei);
        vm.assertEq(_judge(3), 0.11 gwei * gas, "where gas costs little, little");
    }

    function test_EachCallUpToTheDecidingOneIsPaidByTheVerdict() public {
        uint256[3] memory paid;
        for (uint256 key = 1; key <= 3; ++key) {
            IRounds.Verdict[] memory one = _verdicts(1, FIRST, claim, key, key);
            uint256 before = SENDER.balance;
            vm.prank(SENDER);
            network.judge(1, FIRST, claim, one);
            paid[key - 1] = SENDER.balance - before;
        }
        vm.assertGt(paid[0], 0, "the first");
        vm.assertEq(paid[1], paid[0], "the second as much");
        vm.assertGt(paid[2], 10 * paid[1], "the third decides");
    }

    function test_AVerdictOfTooLittleStakeIsNotPaid() public {
        uint256 dust = VALIDATORS * STAKE / 16_000;
        _join(1, 4, dust / 1 gwei * 1 gwei);
        vm.warp(_start(FIRST + 24));
        _join(1, 5, 2 * VALIDATORS * STAKE);
        uint256 round = FIRST + 48;
        claim = _enter(1, round, ANN, "c");
        vm.warp(_judgeStart(round));
        IRounds.Verdict[] memory verdicts = _verdicts(1, round, claim, 4, 4);
        vm.prank(SENDER);
        network.judge(1, round, claim, verdicts);
        (uint256 stake,) = network.tally(1, round, claim);
        vm.assertGt(stake, 0, "counted");
        vm.assertEq(SENDER.balance, 0, "and not paid");
        verdicts = _verdicts(1, round, claim, 1, 1);
        vm.prank(SENDER);
        network.judge(1, round, claim, verdicts);
        vm.assertGt(SENDER.balance, 0, "this one is");
    }

    function test_FurtherVerdictsAreNotPaid() public {
        _join(1, 4, STAKE / 10);
        uint256 round = FIRST + 24;
        claim = _enter(1, round, ANN, "c");
        vm.warp(_judgeStart(round));
        network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3));
        IRounds.Verdict[] memory late = _verdicts(1, round, claim, 4, 4);
        vm.prank(SENDER);
        network.judge(1, round, claim, late);
        vm.assertEq(network.judgedBy(1, round, 4), true, "counted");
        vm.assertEq(SENDER.balance, 0, "not paid back");
    }

    function test_ARefusedBatchIsNotPaid() public {
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST + 1, claim, 1, 2);
        vm.expectRevert(IRounds.NothingCounted.selector);
        vm.prank(SENDER);
        network.judge(1, FIRST, claim, verdicts);
        vm.assertEq(SENDER.balance, 0, "nothing");
    }

    function test_OnlyAdmittedGroupsArePaid() public {
        bytes32 other = _claim("b", BASE, LOSS);
        IRounds.Verdict[] memory verdicts = _verdicts(2, FIRST, other, 1, 3);
        vm.prank(SENDER);
        network.judge(2, FIRST, other, verdicts);
        vm.assertEq(SENDER.balance, 0, "group 2 was never admitted");
        _enact(IMeasures.Kind.Revoke, _named(1));
        vm.assertEq(_judge(3), 0, "group 1 is no longer");
    }

    function test_ALostRoundIsPaidBackToo() public {
        claim = 0;
        vm.assertGt(_judge(3), 0, "whichever is right");
    }

    function test_NoCallPaysMoreThanASmallPartOfThePurse() public {
        vm.deal(address(purse), PARTS * 1000 + 5);
        vm.assertEq(_judge(3), 1000, "one part in 65,536");
    }

    function test_AnEmptyPurseStopsNothing() public {
        vm.deal(address(purse), 0);
        vm.assertEq(_judge(3), 0, "nothing is paid");
        vm.assertEq(network.round(1, FIRST).winner, ANN, "decided");
    }
}

/// @dev A transaction of its own would have no base fee.
/// forge-config: default.isolate = false
contract DutiesPayBackTest is PaidBack {
    function test_PresenceOfAnUndecidedRoundIsPaidByTheVerdictAndMostToWhoMakesItCount() public {
        vm.warp(_start(FIRST + 1));
        uint256[4] memory paid;
        for (uint256 key = 1; key <= 3; ++key) {
            paid[key] = _attend(1, claim, key, key);
        }
        vm.assertGt(paid[1], 0, "one");
        vm.assertGt(paid[2], 5 * paid[1], "the second makes the round count");
        vm.assertEq(paid[3], paid[1], "the third as much as the first");
        vm.assertEq(paid[1] % (FEE + TIP), 0, "at base fee and tip");
    }

    function test_PresenceInDecidedRoundsIsNotPaid() public {
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.warp(_start(FIRST + 1));
        vm.assertEq(_attend(1, 0, 1, 3), 0, "who shows himself there pays for himself");
    }

    function test_PresenceOutsideTheIssueIsNotPaid() public {
        vm.warp(_start(FIRST + 1));
        vm.assertEq(_attend(2, _claim("b", BASE, LOSS), 1, 3), 0, "not admitted");
    }

    function test_PuttingToSleepIsPaid() public {
        for (uint256 i = 1; i <= 10; ++i) {
            claim = _enter(1, FIRST + i, ANN, bytes32(i));
            vm.warp(_start(FIRST + i + 1));
            network.attend(1, FIRST + i, _attendances(1, FIRST + i, claim, 1, 2));
        }
        vm.prank(SENDER);
        network.doze(1, 3);
        vm.assertGt(SENDER.balance, 10_000 * (FEE + TIP), "a part");
        vm.assertEq(SENDER.balance % (FEE + TIP), 0, "at base fee and tip");
    }

    function _attend(uint256 group, bytes32 shown, uint256 first, uint256 last) private returns (uint256) {
        IRounds.Attendance[] memory attendances = _attendances(group, FIRST, shown, first, last);
        uint256 before = SENDER.balance;
        vm.prank(SENDER);
        network.attend(group, FIRST, attendances);
        return SENDER.balance - before;
    }
}

/// @dev A transaction of its own would have no base fee.
/// forge-config: default.isolate = false
contract TurnPaysBackTest is PaidBack {
    function test_ATurnWithProposalsIsPaidByTheirNumber() public {
        uint256 untouched = vm.snapshotState();
        uint256[4] memory paid;
        for (uint256 proposals = 1; proposals <= 3; ++proposals) {
            for (uint256 i; i < proposals; ++i) {
                _proposeBy(1, ANN, bytes32(i));
            }
            paid[proposals] = _turn(1);
            vm.revertToState(untouched);
        }
        vm.assertGt(paid[1], 20_000 * (FEE + TIP), "one proposal");
        vm.assertGt(paid[2], paid[1], "two");
        vm.assertEq(paid[3] - paid[2], paid[2] - paid[1], "each as much");
        vm.assertEq(paid[1] % (FEE + TIP), 0, "at base fee and tip");
    }

    function test_ATurnWithoutProposalsIsNotPaid() public {
        vm.assertEq(_turn(1), 0, "nothing was proposed");
    }

    function test_ATurnOutsideTheIssueIsNotPaid() public {
        _proposeBy(2, ANN, "one");
        vm.assertEq(_turn(2), 0, "not admitted");
    }

    function test_WhoTurnsByALateProposalOrVoteIsNotPaid() public {
        _proposeBy(1, ANN, "one");
        vm.warp(network.group(1).periodEnd);
        vm.deal(BOB, 0);
        _proposeBy(1, BOB, "two");
        vm.assertEq(BOB.balance, 0, "by a proposal");
        vm.warp(network.group(1).periodEnd);
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = _choiceOf(1, 1, 3, 0, 1);
        vm.prank(SENDER);
        network.cast(1, choices);
        vm.assertEq(network.group(1).periodNumber, 3, "turned twice");
        vm.assertEq(SENDER.balance, 0, "by a vote");
    }

    function test_NoCallPaysMoreThanASmallPartOfThePurse() public {
        _proposeBy(1, ANN, "one");
        vm.deal(address(purse), PARTS * 3);
        vm.assertEq(_turn(1), 3, "one part in 65,536");
    }

    function _turn(uint256 group) private returns (uint256) {
        vm.warp(network.group(group).periodEnd);
        vm.prank(SENDER);
        network.turn(group);
        return SENDER.balance;
    }
}

/// @dev The cheatcodes that tell what the purse was asked for.
interface Recorder {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
}

/// @dev Each call is a transaction of its own and pays nothing for gas: the purse tells how much it would pay for.
contract GasOfPayBackTest is PaidBack {
    Recorder private constant RECORDER = Recorder(address(vm));
    uint256 private constant KEYS = 40;
    uint256 private constant ROUND = FIRST + 24;
    uint256 private group;
    bytes32 private made;

    function setUp() public override {
        super.setUp();
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        for (uint256 key = 1; key <= KEYS; ++key) {
            _join(group, key, 10_000 ether);
        }
        vm.warp(_start(ROUND));
        _admit(group);
    }

    function test_NoMoreIsPaidForJudgingThanWasSpent() public {
        _reach(ROUND);
        (uint256 paid, uint256 spent) = _send(_judging(ROUND, 1, KEYS));
        vm.assertLe(paid, spent, "judging is no business");
        _reach(ROUND + 1);
        (paid, spent) = _send(_judging(ROUND + 1, 1, KEYS));
        vm.assertLe(paid, spent, "nor where words are not new");
        vm.assertGt(paid * 2, spent, "but most is paid");
    }

    function test_NoMoreIsPaidForJudgingInManyCallsThanWasSpent() public {
        _reach(ROUND);
        _send(_judging(ROUND, 1, KEYS));
        _reach(ROUND + 1);
        uint256 untouched = vm.snapshotState();
        for (uint256 lot = 1; lot <= 10; lot += 3) {
            for (uint256 first = 1; first + lot <= KEYS; first += lot) {
                (uint256 paid, uint256 spent) = _send(_judging(ROUND + 1, first, first + lot - 1));
                vm.assertLe(paid, spent, vm.toString(lot));
            }
            vm.revertToState(untouched);
        }
    }

    function test_NoMoreIsPaidForManyCallsOfJudgeInOneTransactionThanWasSpent() public {
        _reach(ROUND);
        _send(_judging(ROUND, 1, KEYS));
        _reach(ROUND + 1);
        bytes[] memory calls = new bytes[](KEYS);
        for (uint256 key = 1; key <= KEYS; ++key) {
            calls[key - 1] = _judging(ROUND + 1, key, key);
        }
        (uint256 paid, uint256 spent) = _sendAll(calls);
        vm.assertGt(paid, 200_000, "for the whole of them");
        vm.assertLe(paid, spent, "verdict by verdict");
    }

    function test_NoMoreIsPaidForAVerdictThanTheCheapestCosts() public {
        _reach(ROUND);
        _send(_judging(ROUND, 1, KEYS));
        _reach(ROUND + 1);
        uint256 untouched = vm.snapshotState();
        (uint256 paid, uint256 spent) = _send(_cheapest(ROUND + 1, 8));
        vm.revertToState(untouched);
        (uint256 paidMore, uint256 spentMore) = _send(_cheapest(ROUND + 1, 24));
        vm.assertGt(paidMore, paid, "a further one is paid");
        vm.assertLe(paidMore - paid, spentMore - spent, "less than it costs, whatever its probe");
    }

    function test_NoMoreIsPaidForShowingPresenceThanWasSpent() public {
        _reach(ROUND);
        vm.warp(_start(ROUND + 1));
        uint256 untouched = vm.snapshotState();
        (uint256 paid, uint256 spent) = _send(_attending(ROUND, 1, KEYS));
        vm.assertLe(paid, spent, "all at once");
        vm.assertGt(paid * 3, spent, "but a good part is paid");
        vm.revertToState(untouched);
        for (uint256 key = 1; key <= KEYS; ++key) {
            (paid, spent) = _send(_attending(ROUND, key, key));
            vm.assertLe(paid, spent, "one at a time");
        }
    }

    function test_NoMoreIsPaidForManyCallsOfAttendInOneTransactionThanWasSpent() public {
        _reach(ROUND);
        vm.warp(_start(ROUND + 1));
        bytes[] memory calls = new bytes[](KEYS);
        for (uint256 key = 1; key <= KEYS; ++key) {
            calls[key - 1] = _attending(ROUND, key, key);
        }
        (uint256 paid, uint256 spent) = _sendAll(calls);
        vm.assertGt(paid, 200_000, "for the whole of them");
        vm.assertLe(paid, spent, "one by one");
    }

    function test_NoMoreIsPaidForPuttingToSleepThanWasSpent() public {
        _missTen();
        (uint256 paid, uint256 spent) = _send(abi.encodeCall(IDuties.doze, (group, KEYS)));
        vm.assertGt(paid, 0, "a part is paid");
        vm.assertLe(paid, spent, "no business");
    }

    function test_NoMoreIsPaidForPuttingManyToSleepInOneTransactionThanWasSpent() public {
        _missTen();
        bytes[] memory calls = new bytes[](10);
        for (uint256 i; i < 10; ++i) {
            calls[i] = abi.encodeCall(IDuties.doze, (group, KEYS - i));
        }
        (uint256 paid, uint256 spent) = _sendAll(calls);
        vm.assertLe(paid, spent - 21_000, "one by one, and without what a transaction costs");
    }

    function test_NoMoreIsPaidForTurningThanWasSpent() public {
        uint8[3] memory counts = [1, 4, 16];
        for (uint256 i; i < 3; ++i) {
            uint256 untouched = vm.snapshotState();
            for (uint256 k; k < counts[i]; ++k) {
                _proposeBy(1, ANN, bytes32(k));
            }
            vm.warp(network.group(1).periodEnd);
            (uint256 paid, uint256 spent) = _send(abi.encodeCall(IDataset.turn, (1)));
            vm.assertLe(paid, spent, "turning is no business");
            vm.assertGt(paid * 2, spent, "but most is paid");
            vm.revertToState(untouched);
        }
    }

    function _reach(uint256 round) private {
        made = _enter(group, round, ANN, bytes32(round));
        vm.warp(_judgeStart(round));
    }

    /// @dev Ten rounds that three quarters attend.
    function _missTen() private {
        for (uint256 i; i < 10; ++i) {
            _reach(ROUND + i);
            vm.warp(_start(ROUND + i + 1));
            network.attend(group, ROUND + i, _attendances(group, ROUND + i, made, 1, KEYS - 11));
        }
    }

    function _judging(uint256 round, uint256 first, uint256 last) private view returns (bytes memory) {
        return abi.encodeCall(IRounds.judge, (group, round, made, _verdicts(group, round, made, first, last)));
    }

    function _attending(uint256 round, uint256 first, uint256 last) private view returns (bytes memory) {
        return abi.encodeCall(IRounds.attend, (group, round, _attendances(group, round, made, first, last)));
    }

    /// @dev Verdicts of the first `count`, with probes of zeros, which cost the least.
    function _cheapest(uint256 round, uint256 count) private view returns (bytes memory) {
        IRounds.Verdict[] memory verdicts = new IRounds.Verdict[](count);
        bytes32 digest = _digest(Typed.verdict(group, round, made, 0));
        for (uint256 i; i < count; ++i) {
            (bytes32 r, bytes32 vs) = vm.signCompact(i + 1, digest);
            verdicts[i] = IRounds.Verdict(i + 1, 0, r, vs);
        }
        return abi.encodeCall(IRounds.judge, (group, round, made, verdicts));
    }

    /// @dev All calls in one transaction.
    function _sendAll(bytes[] memory calls) private returns (uint256 paid, uint256 spent) {
        return _send(abi.encodeCall(network.multicall, (calls)));
    }

    /// @return paid gas for which the purse pays, @return spent gas of the transaction.
    function _send(bytes memory call) private returns (uint256 paid, uint256 spent) {
        RECORDER.recordLogs();
        vm.prank(SENDER);
        (bool done,) = address(network).call(call);
        spent = vm.lastCallGas().gasTotalUsed;
        vm.assertEq(done, true, "done");
        Recorder.Log[] memory logs = RECORDER.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IPurse.PaidBack.selector) continue;
            (uint256 gas,) = abi.decode(logs[i].data, (uint256, uint256));
            paid += gas;
        }
    }
}

/// @dev A transaction of its own would have no base fee.
/// forge-config: default.isolate = false
contract ReceiverTest is PaidBack {
    Relayer private relayer;

    function setUp() public override {
        super.setUp();
        relayer = new Relayer();
    }

    function test_AContractThatTakesCoinsIsPaid() public {
        _judgeBy(Relayer.Manner.Take);
        vm.assertGt(address(relayer).balance, 0, "paid");
    }

    function test_AReceiverThatRefusesStopsNothing() public {
        _judgeBy(Relayer.Manner.Refuse);
        vm.assertEq(address(relayer).balance, 0, "not paid");
    }

    function test_AReceiverThatBurnsGasStopsNothingAndBurnsLittle() public {
        _judgeBy(Relayer.Manner.Burn);
        vm.assertEq(address(relayer).balance, 0, "not paid");
        uint256 burnt = vm.lastCallGas().gasTotalUsed;
        vm.assertGt(1_000_000, burnt, "a fixed allowance, whatever gas there is");
    }

    function test_AReceiverThatAnswersAtLengthStopsNothing() public {
        _judgeBy(Relayer.Manner.Flood);
        vm.assertGt(address(relayer).balance, 0, "paid");
    }

    function test_AReceiverThatCallsAgainFindsAllDone() public {
        bytes memory judge = abi.encodeCall(IRounds.judge, (1, FIRST, claim, new IRounds.Verdict[](0)));
        _reenter(judge);
        _judgeBy(Relayer.Manner.Take);
        _wasRefused();
        vm.assertEq(network.round(1, FIRST).paid, _paid(), "paid once");
        vm.assertEq(network.round(1, FIRST).judged, VALIDATORS * STAKE, "counted once");
    }

    function test_AReceiverThatSettlesWithinJudgeFindsTheRoundRunning() public {
        _reenter(abi.encodeCall(IRounds.settle, (1, FIRST, _one(ANN))));
        uint256 before = neuron.balanceOf(ANN);
        _judgeBy(Relayer.Manner.Take);
        _wasRefused();
        vm.assertEq(neuron.balanceOf(ANN), before, "no deposit came back");
    }

    function test_AReceiverThatTurnsAgainFindsThePeriodRunning() public {
        _proposeBy(1, ANN, "one");
        _reenter(abi.encodeCall(IDataset.turn, (1)));
        vm.warp(network.group(1).periodEnd);
        uint256 held = address(purse).balance;
        relayer.send(address(network), abi.encodeCall(IDataset.turn, (1)));
        vm.assertEq(network.group(1).periodNumber, 2, "turned once");
        _wasRefused();
        vm.assertEq(held - address(purse).balance, address(relayer).balance, "paid once");
    }

    function _wasRefused() private view {
        vm.assertEq(uint256(relayer.outcome()), uint256(Relayer.Outcome.Refused), "it called again and was refused");
    }

    function _reenter(bytes memory call) private {
        relayer.reenter(address(network), call);
    }

    function _judgeBy(Relayer.Manner manner) private {
        relayer.behave(manner);
        bytes memory call = abi.encodeCall(IRounds.judge, (1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3)));
        relayer.send(address(network), call);
        vm.assertEq(network.round(1, FIRST).winner, ANN, "decided");
    }
}
