// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "token/IEmission.sol";
import {IStake} from "token/IStake.sol";
import {IMeasures, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Ann's claim "a" and Bob's better one "b" were revealed in round `FIRST` of group 1; JUDGE begins.
abstract contract Judged is Play {
    function setUp() public virtual override {
        super.setUp();
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        _commit(1, FIRST, CEM, "never opened");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _reveal(1, BOB, "b", BASE, BETTER);
        vm.warp(_judgeStart(FIRST));
    }

    function _judge(bytes32 claim, uint256 first, uint256 last) internal {
        network.judge(1, claim, _verdicts(1, FIRST, claim, first, last));
    }
}

contract JudgeTest is Judged {
    function test_RevertIf_ThePhaseIsNotJudge() public {
        bytes32 claim = _claim("a", BASE, LOSS);
        _refuseAt(_judgeStart(FIRST) - 1, claim);
        _refuseAt(_start(FIRST + 1), claim);
    }

    function test_RevertIf_TheBatchHoldsTwoThirdsOnly() public {
        _refuse(_claim("b", BASE, BETTER), 1, 2, IRounds.NotDecisive.selector);
    }

    function test_RevertIf_NobodyClaimedIt() public {
        _refuse(_claim("c", BASE, LOSS), 1, 3, IRounds.NoSuchClaim.selector);
        _refuse(_claim("a", BASE, LOSS - 1), 1, 3, IRounds.NoSuchClaim.selector);
    }

    function test_RevertIf_AnotherClaimIsDecided() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _refuse(_claim("a", BASE, LOSS), 1, 3, IRounds.OtherClaimDecided.selector);
        _refuse(0, 1, 3, IRounds.OtherClaimDecided.selector);
    }

    function test_RevertIf_NoClaimWasFoundTrueAndOneIsBrought() public {
        _judge(0, 1, 3);
        _refuse(_claim("b", BASE, BETTER), 1, 3, IRounds.OtherClaimDecided.selector);
        vm.assertEq(network.round(1, FIRST).judged, VALIDATORS * STAKE, "counted once");
    }

    function test_RevertIf_NobodyNewIsInTheBatch() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _refuse(_claim("b", BASE, BETTER), 1, 3, IRounds.NothingCounted.selector);
    }

    function test_RevertIf_NothingWasRevealed() public {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "z");
        vm.warp(_judgeStart(FIRST + 1));
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST + 1, 0, 1, 3);
        vm.expectRevert(IRounds.NoSuchClaim.selector);
        network.judge(1, 0, verdicts);
    }

    function test_RevertIf_NobodyCommitted() public {
        vm.warp(_judgeStart(FIRST + 1));
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST + 1, 0, 1, 3);
        vm.expectRevert(IRounds.NoSuchClaim.selector);
        network.judge(1, 0, verdicts);
    }

    function test_RevertIf_TheVerdictsAreOfAnotherRoundGroupOrChain() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST - 1, claim, 1, 3);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, claim, verdicts);
        verdicts = _verdicts(2, FIRST, claim, 1, 3);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, claim, verdicts);
        verdicts = _verdicts(1, FIRST, claim, 1, 3);
        vm.chainId(1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, claim, verdicts);
    }

    function test_TheBestTrueClaimWins() public {
        bytes32 claim = _claim("b", BASE, BETTER);
        vm.expectEmit();
        emit IRounds.Decided(1, FIRST, IRounds.Outcome.Won, claim, BOB, "b");
        _judge(claim, 1, 3);
        vm.assertEq(network.group(1).checkpoint, "b", "checkpoint");
        IRounds.Round memory round = network.round(1, FIRST);
        vm.assertEq(round.winner, BOB, "winner");
        vm.assertEq(round.judged, VALIDATORS * STAKE, "judged");
        vm.assertEq(round.paid, _paid(), "paid");
        vm.assertEq(neuron.totalSupply(), SUPPLY + _paid(), "V is issued");
        (bytes32 decided, bytes32 file) = network.decision(1, FIRST);
        vm.assertEq(decided, claim, "what was decided");
        vm.assertEq(file, "b", "file");
    }

    function test_ALostRoundIsPaidOutOfDeposits() public {
        vm.expectEmit();
        emit IRounds.Decided(1, FIRST, IRounds.Outcome.Lost, 0, address(0), 0);
        _judge(0, 1, 3);
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "checkpoint");
        vm.assertEq(neuron.totalSupply(), SUPPLY, "nothing is issued");
        vm.assertEq(network.round(1, FIRST).paid, _paid(), "paid all the same");
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
        network.judge(1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        vm.assertEq(network.round(1, FIRST + 1).winner, ANN, "winner");
    }

    function test_AWinnerOnABaseThatWasStruckLeavesTheCheckpointAlone() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        bytes32 claim = _enter(1, FIRST + 1, ANN, "on top of b");
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST, 1));
        vm.warp(_judgeStart(FIRST + 1));
        network.judge(1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        vm.assertEq(network.round(1, FIRST + 1).winner, ANN, "won and paid");
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
        network.judge(1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
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
        emit IRounds.Judged(1, FIRST, claim, 3, VALIDATORS * STAKE, _paid());
        network.judge(1, claim, batch);
    }

    function _refuseAt(uint256 time, bytes32 claim) private {
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 3);
        vm.warp(time);
        vm.expectRevert(IRounds.WrongPhase.selector);
        network.judge(1, claim, verdicts);
    }

    function _refuse(bytes32 claim, uint256 first, uint256 last, bytes4 selector) private {
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, first, last);
        vm.expectRevert(selector);
        network.judge(1, claim, verdicts);
    }
}

/// @dev A fourth validator with half a stake, so that three of four decide.
contract ValidatorsPayTest is Judged {
    bytes32 private claim;
    uint256 private round;

    function setUp() public override {
        super.setUp();
        _join(1, 4, STAKE / 2);
        round = FIRST + 24;
        vm.warp(_start(round));
        _commit(1, round, ANN, "e");
        vm.warp(_revealStart(round));
        _reveal(1, ANN, "e", BASE, LOSS);
        vm.warp(_judgeStart(round));
        claim = _claim("e", BASE, LOSS);
    }

    function test_ALateVerdictEarnsAsMuchAsAnEarlyOne() public {
        uint256 pay = network.round(1, round).reward / 5;
        network.judge(1, claim, _verdicts(1, round, claim, 1, 3));
        vm.warp(_start(round + 1) - 1);
        network.judge(1, claim, _verdicts(1, round, claim, 4, 4));
        uint256 awake = VALIDATORS * STAKE + STAKE / 2;
        uint256 share = _share(pay, STAKE, awake);
        for (uint256 key = 1; key <= 3; ++key) {
            _checkPay(key, STAKE, share);
        }
        _checkPay(4, STAKE / 2, _share(pay, STAKE / 2, awake));
        vm.assertEq(network.round(1, round).paid, 3 * share + _share(pay, STAKE / 2, awake), "all of V, in whole gweis");
        vm.assertLe(pay - network.round(1, round).paid, 4 gwei, "but for the fractions");
    }

    function test_CompoundedPayCountsAsStakeFromTheNextEpoch() public {
        network.judge(1, claim, _verdicts(1, round, claim, 1, 4));
        uint256 awake = network.stake(1).awake;
        vm.assertEq(awake, VALIDATORS * STAKE + STAKE / 2, "now");
        vm.warp(_start(round + 24) - 1);
        for (uint256 key = 1; key <= 4; ++key) {
            network.compound(1, key);
        }
        vm.assertEq(network.stake(1).awake, awake, "still");
        vm.warp(_start(round + 24));
        vm.assertEq(network.stake(1).awake, awake + network.round(1, round).paid, "then");
    }

    function test_WhoRestsIsNotCounted() public {
        vm.warp(_start(round));
        vm.prank(vm.addr(4));
        network.rest(1, 4);
        vm.warp(_start(round + 24));
        _commit(1, round + 24, ANN, "f");
        vm.warp(_revealStart(round + 24));
        _reveal(1, ANN, "f", BASE, LOSS);
        vm.warp(_judgeStart(round + 24));
        claim = _claim("f", BASE, LOSS);
        network.judge(1, claim, _verdicts(1, round + 24, claim, 1, 4));
        vm.assertEq(network.judgedBy(1, round + 24, 3), true, "awake");
        vm.assertEq(network.judgedBy(1, round + 24, 4), false, "asleep");
    }

    function test_AnIssueThatIsCutIsSharedAsItCame() public {
        vm.prank(address(network));
        IEmission(emission).issue(address(this), type(uint128).max);
        uint256 supply = neuron.totalSupply();
        network.judge(1, claim, _verdicts(1, round, claim, 1, 4));
        vm.assertEq(neuron.totalSupply(), supply, "the allowance was used up");
        vm.assertEq(network.round(1, round).paid, 0, "nobody is paid");
        vm.assertEq(network.round(1, round).judged, VALIDATORS * STAKE + STAKE / 2, "but counted");
    }

    function test_AnIssueThatIsCutIsSharedInWholeGweis() public {
        vm.prank(address(network));
        emission.issue(address(this), type(uint128).max);
        vm.warp(block.timestamp + 60);
        uint256 available = emission.allowance();
        uint256 supply = neuron.totalSupply();
        uint256 awake = VALIDATORS * STAKE + STAKE / 2;
        vm.assertGt(network.round(1, round).reward / 5, available, "less than V may be issued");
        network.judge(1, claim, _verdicts(1, round, claim, 1, 4));
        uint256 paid = 3 * _share(available, STAKE, awake) + _share(available, STAKE / 2, awake);
        _checkPay(1, STAKE, _share(available, STAKE, awake));
        _checkPay(4, STAKE / 2, _share(available, STAKE / 2, awake));
        vm.assertEq(network.round(1, round).paid, paid, "paid");
        vm.assertEq(neuron.totalSupply() - supply, paid, "no more is issued than is paid");
        vm.assertEq(emission.allowance(), available - paid, "and no less is taken from the allowance");
    }

    function test_ALostRoundIsNotCut() public {
        vm.prank(address(network));
        emission.issue(address(this), type(uint128).max);
        uint256 pay = network.round(1, round).reward / 5;
        network.judge(1, 0, _verdicts(1, round, 0, 1, 4));
        _checkPay(1, STAKE, _share(pay, STAKE, VALIDATORS * STAKE + STAKE / 2));
    }

    function _checkPay(uint256 key, uint256 stake, uint256 pay) private view {
        IStake.Position memory position = network.position(1, key);
        vm.assertEq(position.next, stake, "not stake yet");
        vm.assertEq(position.earned, pay, "its share");
    }
}
