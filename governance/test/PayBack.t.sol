// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPurse} from "token/IPurse.sol";
import {IDataset, IMeasures, IRounds} from "governance/INetwork.sol";
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
    }

    function _judge(uint256 last) internal returns (uint256 paid) {
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, last);
        uint256 before = SENDER.balance;
        vm.prank(SENDER);
        network.judge(1, claim, verdicts);
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
            network.judge(1, claim, verdicts);
            paid[more] = SENDER.balance;
            vm.revertToState(untouched);
        }
        vm.assertGt(paid[1], paid[0], "a fourth verdict pays");
        vm.assertEq(paid[2] - paid[1], paid[1] - paid[0], "the fifth as much as the fourth");
    }

    function test_OnlyTheDecidingCallIsPaid() public {
        _join(1, 4, STAKE / 10);
        uint256 round = FIRST + 24;
        claim = _enter(1, round, ANN, "c");
        vm.warp(_judgeStart(round));
        network.judge(1, claim, _verdicts(1, round, claim, 1, 3));
        IRounds.Verdict[] memory late = _verdicts(1, round, claim, 4, 4);
        vm.prank(SENDER);
        network.judge(1, claim, late);
        vm.assertEq(network.judgedBy(1, round, 4), true, "counted");
        vm.assertEq(SENDER.balance, 0, "not paid back");
    }

    function test_ARefusedBatchIsNotPaid() public {
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 2);
        vm.expectRevert(IRounds.NotDecisive.selector);
        vm.prank(SENDER);
        network.judge(1, claim, verdicts);
        vm.assertEq(SENDER.balance, 0, "nothing");
    }

    function test_OnlyAdmittedGroupsArePaid() public {
        bytes32 other = _claim("b", BASE, LOSS);
        IRounds.Verdict[] memory verdicts = _verdicts(2, FIRST, other, 1, 3);
        vm.prank(SENDER);
        network.judge(2, other, verdicts);
        vm.assertEq(SENDER.balance, 0, "group 2 was never admitted");
        _enact(IMeasures.Kind.Revoke, abi.encode(1));
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

/// @dev Each call is a transaction, without a base fee: what is paid is the tip for each unit of gas.
contract GasOfPayBackTest is PaidBack {
    function test_NoMoreIsPaidForJudgingThanWasSpent() public {
        uint256 paid = _judge(3) / TIP;
        uint256 spent = vm.lastCallGas().gasTotalUsed;
        vm.assertLe(paid, spent, "judging is no business");
        vm.assertGt(paid * 2, spent, "but most is paid");
    }

    function test_NoMoreIsPaidForTurningThanWasSpent() public {
        _proposeBy(1, ANN, "one");
        vm.warp(network.group(1).periodEnd);
        vm.prank(SENDER);
        network.turn(1);
        uint256 spent = vm.lastCallGas().gasTotalUsed;
        vm.assertLe(SENDER.balance / TIP, spent, "turning is no business");
        vm.assertGt(SENDER.balance / TIP * 2, spent, "but most is paid");
    }

    function test_NoMoreIsPaidForAFullListThanWasSpent() public {
        for (uint256 i; i < 16; ++i) {
            _proposeBy(1, ANN, bytes32(i));
        }
        vm.warp(network.group(1).periodEnd);
        vm.prank(SENDER);
        network.turn(1);
        uint256 spent = vm.lastCallGas().gasTotalUsed;
        vm.assertLe(SENDER.balance / TIP, spent, "turning is no business");
        vm.assertGt(SENDER.balance / TIP * 2, spent, "but most is paid");
    }
}

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
        bytes memory judge = abi.encodeCall(IRounds.judge, (1, claim, new IRounds.Verdict[](0)));
        _reenter(judge);
        _judgeBy(Relayer.Manner.Take);
        _wasRefused();
        vm.assertEq(network.round(1, FIRST).paid, _paid(), "paid once");
        vm.assertEq(network.round(1, FIRST).judged, VALIDATORS * STAKE, "counted once");
    }

    function test_AReceiverThatSettlesWithinJudgeFindsTheRoundRunning() public {
        _reenter(abi.encodeCall(IRounds.settle, (1, FIRST, ANN)));
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
        bytes memory call = abi.encodeCall(IRounds.judge, (1, claim, _verdicts(1, FIRST, claim, 1, 3)));
        relayer.send(address(network), call);
        vm.assertEq(network.round(1, FIRST).winner, ANN, "decided");
    }
}
