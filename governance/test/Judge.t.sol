// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures, IRounds} from "governance/INetwork.sol";
import {Judged} from "governance-test/Judged.sol";

contract JudgeTest is Judged {
    function test_RevertIf_ThePhaseIsNotJudge() public {
        bytes32 claim = _claim("a", BASE, LOSS);
        IRounds.Phase reveal = IRounds.Phase.Reveal;
        _refuseAt(
            _judgeStart(FIRST) - 1,
            claim,
            abi.encodeWithSelector(IRounds.WrongPhase.selector, reveal, _judgeStart(FIRST))
        );
        _refuseAt(_start(FIRST + 1), claim, abi.encodeWithSelector(IRounds.WrongRound.selector, FIRST + 1));
    }

    function test_RevertIf_TheRoundIsNotTheRunningOne() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 3);
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongRound.selector, FIRST));
        network.judge(1, FIRST + 1, claim, verdicts);
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongRound.selector, FIRST));
        network.judge(1, FIRST - 1, claim, verdicts);
    }

    function test_RevertIf_NobodyClaimedIt() public {
        bytes memory noSuchClaim = abi.encodePacked(IRounds.NoSuchClaim.selector);
        _refuse(_claim("c", BASE, LOSS), 1, 3, noSuchClaim);
        _refuse(_claim("a", BASE, LOSS - 1), 1, 3, noSuchClaim);
        _refuse(bytes32(uint256(1)), 1, 3, noSuchClaim);
    }

    function test_RevertIf_AnotherClaimIsDecided() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        _judge(claim, 1, 3);
        _refuse(_claim("a", BASE, LOSS), 1, 3, abi.encodeWithSelector(IRounds.OtherClaimDecided.selector, claim));
        _refuse(0, 1, 3, abi.encodeWithSelector(IRounds.OtherClaimDecided.selector, claim));
    }

    function test_RevertIf_NoClaimWasFoundTrueAndOneIsBrought() public {
        _judge(0, 1, 3);
        _refuse(_claim("b", BASE, BETTER), 1, 3, abi.encodeWithSelector(IRounds.OtherClaimDecided.selector, 0));
        vm.assertEq(network.round(1, FIRST).judged, VALIDATORS * STAKE, "counted once");
    }

    function test_RevertIf_TheRoundWasStruck() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        uint256 before = vm.snapshotState();
        _judge(claim, 1, 3);
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST, claim, 0));
        _refuse(claim, 1, 3, abi.encodeWithSelector(IRounds.OtherClaimDecided.selector, claim));
        vm.revertToState(before);
        _judge(0, 1, 3);
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST, 0, 0));
        _refuse(0, 1, 3, abi.encodeWithSelector(IRounds.OtherClaimDecided.selector, 0));
    }

    function test_RevertIf_NobodyNewIsInTheBatch() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        _judge(claim, 1, 1);
        _refuse(claim, 1, 1, abi.encodePacked(IRounds.NothingCounted.selector));
        _judge(claim, 1, 3);
        _refuse(claim, 1, 3, abi.encodePacked(IRounds.NothingCounted.selector));
    }

    function test_RevertIf_NothingWasRevealed() public {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "z");
        vm.warp(_judgeStart(FIRST + 1));
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST + 1, 0, 1, 3);
        vm.expectRevert(IRounds.NothingRevealed.selector);
        network.judge(1, FIRST + 1, 0, verdicts);
    }

    function test_RevertIf_NobodyCommitted() public {
        vm.warp(_judgeStart(FIRST + 1));
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST + 1, 0, 1, 3);
        vm.expectRevert(IRounds.NothingRevealed.selector);
        network.judge(1, FIRST + 1, 0, verdicts);
    }

    function test_RevertIf_TheVerdictsAreOfAnotherRoundGroupOrChain() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST - 1, claim, 1, 3);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, FIRST, claim, verdicts);
        verdicts = _verdicts(2, FIRST, claim, 1, 3);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, FIRST, claim, verdicts);
        verdicts = _verdicts(1, FIRST, claim, 1, 3);
        vm.chainId(1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, FIRST, claim, verdicts);
    }

    function test_RevertIf_FurtherVerdictsComeAfterTheNextRoundIsOver() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        _join(1, 4, STAKE / 10);
        uint256 round = FIRST + 24;
        claim = _enter(1, round, ANN, "e");
        vm.warp(_judgeStart(round));
        network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3));
        IRounds.Verdict[] memory late = _verdicts(1, round, claim, 4, 4);
        vm.warp(_start(round + 2));
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongRound.selector, round + 2));
        network.judge(1, round, claim, late);
        vm.warp(_start(round + 2) - 1);
        network.judge(1, round, claim, late);
        vm.assertEq(network.judgedBy(1, round, 4), true, "in its last second");
    }

    function test_RevertIf_AnUndecidedRoundIsJudgedInTheNext() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        _judge(claim, 1, 2);
        vm.warp(_start(FIRST + 1));
        _refuse(claim, 3, 3, abi.encodeWithSelector(IRounds.WrongRound.selector, FIRST + 1));
    }

    function test_TwoThirdsAreNotEnoughAndTheNextOneDecides() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        IRounds.Verdict[] memory two = _verdicts(1, FIRST, claim, 1, 2);
        vm.assertEq(network.judge(1, FIRST, claim, two), false, "not yet");
        (uint256 stake, address trainer) = network.tally(1, FIRST, claim);
        vm.assertEq(stake, 2 * STAKE, "the tally has grown");
        vm.assertEq(trainer, BOB, "for Bob's claim");
        vm.assertEq(uint256(network.round(1, FIRST).outcome), uint256(IRounds.Outcome.None), "undecided");
        IRounds.Verdict[] memory third = _verdicts(1, FIRST, claim, 3, 3);
        vm.assertEq(network.judge(1, FIRST, claim, third), true, "now");
        vm.assertEq(network.round(1, FIRST).judged, 3 * STAKE, "all three");
    }

    function test_OnlyTheFirstDecisionTellsIt() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        _join(1, 4, STAKE / 10);
        uint256 round = FIRST + 24;
        claim = _enter(1, round, ANN, "e");
        vm.warp(_judgeStart(round));
        vm.assertEq(network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3)), true, "decided");
        vm.assertEq(network.judge(1, round, claim, _verdicts(1, round, claim, 4, 4)), false, "added");
        vm.assertEq(network.group(1).counted, 1, "counted once");
    }

    function test_TheBestTrueClaimWins() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        vm.expectEmit();
        emit IRounds.Decided(1, FIRST, BOB, IRounds.Outcome.Won, claim, "b", "b");
        _judge(claim, 1, 3);
        vm.assertEq(network.group(1).checkpoint, "b", "checkpoint");
        IRounds.Round memory round = network.round(1, FIRST);
        vm.assertEq(round.winner, BOB, "winner");
        vm.assertEq(round.judged, VALIDATORS * STAKE, "judged");
        vm.assertEq(round.paid, _paid(), "paid");
        vm.assertEq(network.position(1, 1).earned * 3, _paid(), "earned at once");
        (bytes32 decided, bytes32 file) = network.decision(1, FIRST);
        vm.assertEq(decided, claim, "what was decided");
        vm.assertEq(file, "b", "file");
    }

    function test_PayOfADecidedRoundIsSeenBeforeItIsWritten() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.assertEq(neuron.totalSupply(), SUPPLY, "not by the decision");
        vm.prank(vm.addr(1));
        network.compound(1, 1);
        vm.assertEq(neuron.totalSupply(), SUPPLY + _paid(), "with the first change of one that shares its word");
    }

    function test_ALostRoundIsPaidOutOfDeposits() public {
        vm.expectEmit();
        emit IRounds.Decided(1, FIRST, address(0), IRounds.Outcome.Lost, 0, 0, BASE_FILE);
        _judge(0, 1, 3);
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "checkpoint");
        vm.assertEq(network.round(1, FIRST).paid, _paid(), "paid all the same");
        vm.prank(vm.addr(1));
        network.compound(1, 1);
        vm.assertEq(neuron.totalSupply(), SUPPLY, "nothing is issued");
        (bytes32 decided, bytes32 file) = network.decision(1, FIRST);
        vm.assertEq(decided, 0, "no claim");
        vm.assertEq(file, 0, "no file");
    }

    function test_OfEqualClaimsTheEarlierCommitCounts() public {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "same");
        _commit(1, FIRST + 1, BOB, "same");
        vm.warp(_revealStart(FIRST + 1));
        _reveal(1, BOB, "same", BASE, LOSS);
        _reveal(1, ANN, "same", BASE, LOSS);
        vm.warp(_judgeStart(FIRST + 1));
        bytes32 claim = _claim("same", BASE, LOSS);
        network.judge(1, FIRST + 1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        vm.assertEq(network.round(1, FIRST + 1).winner, ANN, "winner");
    }

    function test_AWinnerOnABaseThatWasStruckLeavesTheCheckpointAlone() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        bytes32 claim = _enter(1, FIRST + 1, ANN, "on top of b");
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST, _claim("b", BASE, BETTER), 1));
        vm.warp(_judgeStart(FIRST + 1));
        vm.expectEmit();
        emit IRounds.Decided(1, FIRST + 1, ANN, IRounds.Outcome.Won, claim, "on top of b", BASE_FILE);
        network.judge(1, FIRST + 1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "what it improved on is no longer the group's");
    }

    function test_ADecisionEndsARowOfVoidRounds() public {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "c");
        vm.assertEq(network.group(1).voids, 1, "one void round");
        vm.warp(_revealStart(FIRST + 1));
        _reveal(1, ANN, "c", BASE, LOSS);
        vm.warp(_judgeStart(FIRST + 1));
        bytes32 claim = _claim("c", BASE, LOSS);
        network.judge(1, FIRST + 1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        vm.assertEq(network.group(1).voids, 0, "none");
        vm.warp(_start(FIRST + 2));
        _commit(1, FIRST + 2, ANN, "d");
        vm.assertEq(network.group(1).voids, 0, "still none");
    }

    function test_JunkInABatchIsSkipped() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        IRounds.Verdict[] memory good = _verdicts(1, FIRST, claim, 1, 3);
        IRounds.Verdict[] memory batch = new IRounds.Verdict[](7);
        (batch[0], batch[1], batch[2], batch[3]) = (good[0], good[0], good[1], good[2]);
        batch[4] = IRounds.Verdict(99, 0, 0, 0);
        batch[5] = IRounds.Verdict(2, 0, good[1].r, good[1].vs);
        batch[6] = IRounds.Verdict(type(uint256).max, 0, good[1].r, good[1].vs);
        vm.expectEmit();
        emit IRounds.Judged(1, FIRST, claim, VALIDATORS * STAKE, _paid(), hex"000000010000000200000003");
        network.judge(1, FIRST, claim, batch);
    }

    function _refuseAt(uint256 time, bytes32 claim, bytes memory reason) private {
        vm.warp(time);
        _refuse(claim, 1, 3, reason);
    }

    function _refuse(bytes32 claim, uint256 first, uint256 last, bytes memory reason) private {
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, first, last);
        vm.expectRevert(reason);
        network.judge(1, FIRST, claim, verdicts);
    }
}
