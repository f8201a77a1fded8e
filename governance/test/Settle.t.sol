// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures, IRounds} from "governance/INetwork.sol";
import {Judged} from "governance-test/Judge.t.sol";

contract SettleTest is Judged {
    uint256 private deposit;

    function setUp() public override {
        super.setUp();
        deposit = network.round(1, FIRST).deposit;
    }

    function test_RevertIf_TheRoundIsNotOver() public {
        vm.warp(_start(FIRST + 1) - 1);
        vm.expectRevert(IRounds.RoundNotOver.selector);
        network.settle(1, FIRST, ANN);
    }

    function test_RevertIf_ThereIsNothingToSettle() public {
        vm.warp(_start(FIRST + 1));
        vm.expectRevert(IRounds.NothingToSettle.selector);
        network.settle(1, FIRST, address(7));
        network.settle(1, FIRST, ANN);
        vm.expectRevert(IRounds.NothingToSettle.selector);
        network.settle(1, FIRST, ANN);
    }

    function test_AWinnerGetsAllAndTheUnreadMostBack() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _settle(BOB, deposit, 0);
        _settle(ANN, deposit * 15 / 16, deposit - deposit * 15 / 16);
        _settle(CEM, 0, deposit);
    }

    function test_AFalseClaimThatRankedBetterLosesAll() public {
        _judge(_claim("a", BASE, LOSS), 1, 3);
        _settle(ANN, deposit, 0);
        _settle(BOB, 0, deposit);
    }

    function test_InALostRoundAllIsLostAndOnlyOnce() public {
        uint256 supply = neuron.totalSupply();
        _judge(0, 1, 3);
        _settle(ANN, 0, deposit - _paid() / 2);
        _settle(BOB, 0, deposit - (_paid() - _paid() / 2));
        _settle(CEM, 0, deposit);
        vm.assertEq(neuron.totalSupply(), supply - (3 * deposit - _paid()), "burnt what validators did not get");
    }

    function test_TheClaimsOfALostRoundBearWhatValidatorsEarnToTheLastWei() public {
        uint256 supply = neuron.totalSupply();
        _judge(0, 1, 3);
        vm.warp(_start(FIRST + 1));
        network.settle(1, FIRST, BOB);
        network.settle(1, FIRST, CEM);
        network.settle(1, FIRST, ANN);
        uint256 owned;
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            owned += _owns(1, key) + _owns(2, key);
        }
        vm.assertEq(neuron.balanceOf(address(network)), owned, "nothing is left over");
        vm.assertEq(supply - neuron.totalSupply(), 3 * deposit - _paid(), "burnt");
    }

    function test_OfAStruckRoundAllClaimsComeBackButForASixteenth() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST, 0));
        _settle(BOB, deposit * 15 / 16, deposit - deposit * 15 / 16);
        _settle(ANN, deposit * 15 / 16, deposit - deposit * 15 / 16);
        _settle(CEM, 0, deposit);
    }

    function test_AnybodySettlesForTheTrainer() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(_start(FIRST + 1));
        uint256 before = neuron.balanceOf(BOB);
        vm.prank(address(0x5E1));
        network.settle(1, FIRST, BOB);
        vm.assertEq(neuron.balanceOf(BOB) - before, deposit, "the trainer gets it");
        vm.assertEq(neuron.balanceOf(address(0x5E1)), 0, "not the caller");
    }

    function test_InAVoidRoundClaimsComeBackButForASixteenth() public {
        _settle(ANN, deposit * 15 / 16, deposit - deposit * 15 / 16);
        _settle(BOB, deposit * 15 / 16, deposit - deposit * 15 / 16);
        _settle(CEM, 0, deposit);
    }

    function test_InAnEmptyRoundSealsComeBackButForASixteenth() public {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, CEM, "never opened either");
        uint256 doubled = network.round(1, FIRST + 1).deposit;
        vm.warp(_start(FIRST + 2));
        network.settle(1, FIRST + 1, CEM);
        vm.assertEq(neuron.balanceOf(CEM), 1_000_000 ether - deposit - doubled + doubled * 15 / 16, "refunded");
    }

    function test_AnEqualClaimOfALaterCommitWasNotRead() public {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "same");
        _commit(1, FIRST + 1, BOB, "same");
        vm.warp(_revealStart(FIRST + 1));
        _reveal(1, ANN, "same", BASE, LOSS);
        _reveal(1, BOB, "same", BASE, LOSS);
        vm.warp(_judgeStart(FIRST + 1));
        bytes32 claim = _claim("same", BASE, LOSS);
        network.judge(1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        uint256 doubled = network.round(1, FIRST + 1).deposit;
        uint256 before = neuron.balanceOf(BOB);
        vm.warp(_start(FIRST + 2));
        network.settle(1, FIRST + 1, BOB);
        vm.assertEq(neuron.balanceOf(BOB) - before, doubled * 15 / 16, "refunded");
    }

    function _settle(address trainer, uint256 back, uint256 burned) private {
        vm.warp(_start(FIRST + 1));
        uint256 before = neuron.balanceOf(trainer);
        vm.expectEmit();
        emit IRounds.Settled(1, FIRST, trainer, back, burned);
        network.settle(1, FIRST, trainer);
        vm.assertEq(neuron.balanceOf(trainer) - before, back, "refunded");
    }
}

contract CollectTest is Judged {
    uint256 private mature;

    function setUp() public override {
        super.setUp();
        mature = _start(FIRST + 1) + MATURITY;
    }

    function test_RevertIf_TheCallerDidNotWin() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(mature);
        vm.expectRevert(IRounds.NotWinner.selector);
        vm.prank(ANN);
        network.collect(1, FIRST);
    }

    function test_RevertIf_TheRoundWasNotWon() public {
        _judge(0, 1, 3);
        vm.warp(mature);
        vm.expectRevert(IRounds.NotWinner.selector);
        vm.prank(BOB);
        network.collect(1, FIRST);
    }

    function test_RevertIf_TheCoinbaseIsNotMature() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(mature - 1);
        vm.expectRevert(IRounds.NotMature.selector);
        vm.prank(BOB);
        network.collect(1, FIRST);
    }

    function test_RevertIf_CollectedBefore() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(mature);
        vm.startPrank(BOB);
        network.collect(1, FIRST);
        vm.expectRevert(IRounds.AlreadyCollected.selector);
        network.collect(1, FIRST);
    }

    function test_TheWinnerCollectsTheRewardOnceMature() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        uint256 before = neuron.balanceOf(BOB);
        vm.warp(mature);
        vm.expectEmit();
        emit IRounds.Collected(1, FIRST, BOB, _reward(), _reward());
        vm.prank(BOB);
        vm.assertEq(network.collect(1, FIRST), _reward(), "issued");
        vm.assertEq(neuron.balanceOf(BOB) - before, _reward(), "received");
        vm.assertEq(network.round(1, FIRST).collected, true, "collected");
    }

    function test_ACollectThatIsCutIsNeverOwed() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(mature);
        vm.prank(address(network));
        emission.issue(address(this), type(uint128).max);
        vm.warp(mature + 60);
        uint256 available = emission.allowance();
        vm.assertGt(_reward(), available, "less than R may be issued");
        vm.expectEmit();
        emit IRounds.Collected(1, FIRST, BOB, _reward(), available);
        vm.startPrank(BOB);
        network.collect(1, FIRST);
        vm.warp(mature + 30 days);
        vm.expectRevert(IRounds.AlreadyCollected.selector);
        network.collect(1, FIRST);
    }
}
