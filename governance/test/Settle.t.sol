// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures, IRounds} from "governance/INetwork.sol";
import {Judged} from "governance-test/Judged.sol";

/// @dev What comes back of deposits, and when.
abstract contract Settled is Judged {
    uint256 internal deposit;
    uint256 internal most;
    uint256 internal mature;

    function setUp() public virtual override {
        super.setUp();
        deposit = network.round(1, FIRST).deposit;
        most = deposit * 15 / 16;
        mature = _start(FIRST + 1) + MATURITY;
    }

    /// @dev Settles for `trainer`, at the end of the round if it is not over; `back` comes to it and `burned` is gone.
    function _check(address trainer, uint256 back, uint256 burned) internal {
        if (block.timestamp < _start(FIRST + 1)) vm.warp(_start(FIRST + 1));
        (uint256 before, uint256 supply) = (neuron.balanceOf(trainer), neuron.totalSupply());
        _settle(1, FIRST, trainer);
        vm.assertEq(neuron.balanceOf(trainer) - before, back, "back");
        vm.assertEq(supply - neuron.totalSupply(), burned, "burned");
        vm.assertEq(uint256(network.claimOf(1, FIRST, trainer).status), uint256(IRounds.Status.Settled), "settled");
    }

    function _refuse(address trainer) internal {
        vm.expectRevert(IRounds.NothingToSettle.selector);
        network.settle(1, FIRST, _one(trainer));
    }

    function _strike(bytes32 claim) internal {
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST, claim, 0));
    }

    /// @dev Stakes and pay of all positions: what the network holds once every deposit is settled.
    function _owned() internal view returns (uint256 owned) {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            owned += _owns(1, key) + _owns(2, key);
        }
    }
}

contract SettleTest is Settled {
    function test_RevertIf_TheRoundIsNotOver() public {
        vm.warp(_start(FIRST + 1) - 1);
        vm.expectRevert(abi.encodeWithSelector(IRounds.RoundNotOver.selector, _start(FIRST + 1)));
        network.settle(1, FIRST, _one(ANN));
    }

    function test_RevertIf_ThereIsNothingToSettle() public {
        vm.warp(_start(FIRST + 1));
        _refuse(address(7));
        _settle(1, FIRST, ANN);
        _refuse(ANN);
        vm.expectRevert(IRounds.NothingToSettle.selector);
        network.settle(1, FIRST, new address[](0));
    }

    function test_RevertIf_AClaimOfALostRoundIsSettledBeforeItIsMature() public {
        _judge(0, 1, 3);
        vm.warp(mature - 1);
        _refuse(ANN);
        _refuse(BOB);
        _check(CEM, 0, deposit);
        vm.warp(mature);
        _settle(1, FIRST, ANN);
    }

    function test_RevertIf_AClaimThatRankedBetterThanTheWinnersIsSettledBeforeItIsMature() public {
        _judge(_claim("a", BASE, LOSS), 1, 3);
        vm.warp(mature - 1);
        _refuse(BOB);
        vm.warp(mature);
        _check(BOB, 0, deposit);
    }

    function test_AWinnerGetsMostAtOnceAndTheRestWithTheReward() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(_start(FIRST + 1));
        vm.expectEmit();
        emit IRounds.Settled(1, FIRST, BOB, most, 0, 0);
        _settle(1, FIRST, BOB);
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether - deposit + most, "15/16");
        vm.warp(mature);
        vm.expectEmit();
        emit IRounds.Collected(1, FIRST, BOB, BOB, _reward(), _reward(), deposit - most);
        _collect(1, FIRST, BOB);
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether + _reward(), "and the rest with R");
    }

    function test_AWinnerThatWasNeverSettledGetsAllWithTheReward() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(mature);
        vm.expectEmit();
        emit IRounds.Collected(1, FIRST, BOB, BOB, _reward(), _reward(), deposit);
        _collect(1, FIRST, BOB);
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether + _reward(), "deposit and R");
        _refuse(BOB);
    }

    function test_TheUnreadGetMostBackAndTheUnopenedNothing() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _check(ANN, most, deposit - most);
        _check(CEM, 0, deposit);
    }

    function test_AFalseClaimThatRankedBetterLosesAll() public {
        _judge(_claim("a", BASE, LOSS), 1, 3);
        _check(ANN, most, 0);
        vm.warp(mature);
        _check(BOB, 0, deposit);
    }

    function test_InALostRoundAllIsLostAndOnlyOnce() public {
        uint256 supply = neuron.totalSupply();
        _judge(0, 1, 3);
        vm.warp(mature);
        vm.expectEmit();
        emit IRounds.Settled(1, FIRST, ANN, 0, deposit - _paid() / 2, _paid() / 2);
        _settle(1, FIRST, ANN);
        _check(BOB, 0, deposit - (_paid() - _paid() / 2));
        _check(CEM, 0, deposit);
        vm.assertEq(neuron.totalSupply(), supply - (3 * deposit - _paid()), "burnt what validators did not get");
        vm.assertEq(network.round(1, FIRST).charged, 2, "both claims bore their part");
    }

    function test_TheClaimsOfALostRoundBearWhatValidatorsEarnToTheLastWei() public {
        uint256 supply = neuron.totalSupply();
        _judge(0, 1, 3);
        vm.warp(mature);
        _settle(1, FIRST, BOB);
        _settle(1, FIRST, CEM);
        _settle(1, FIRST, ANN);
        vm.assertEq(neuron.balanceOf(address(network)), _owned(), "nothing is left over");
        vm.assertEq(supply - neuron.totalSupply(), 3 * deposit - _paid(), "burnt");
    }

    function test_ManyAreSettledInOneCallAndWhoCannotBeIsSkipped() public {
        _judge(_claim("a", BASE, LOSS), 1, 3);
        vm.warp(_start(FIRST + 1));
        address[] memory all = new address[](5);
        (all[0], all[1], all[2], all[3], all[4]) = (BOB, ANN, address(7), CEM, ANN);
        network.settle(1, FIRST, all);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - deposit + most, "the winner, once");
        vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether - deposit, "this one waits");
        vm.assertEq(uint256(network.claimOf(1, FIRST, CEM).status), uint256(IRounds.Status.Settled), "burned");
        vm.warp(mature);
        network.settle(1, FIRST, all);
        vm.assertEq(uint256(network.claimOf(1, FIRST, BOB).status), uint256(IRounds.Status.Settled), "now it is");
    }

    function test_AnybodySettlesForTheTrainer() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(_start(FIRST + 1));
        uint256 before = neuron.balanceOf(BOB);
        vm.prank(address(0x5E1));
        network.settle(1, FIRST, _one(BOB));
        vm.assertEq(neuron.balanceOf(BOB) - before, most, "the trainer gets it");
        vm.assertEq(neuron.balanceOf(address(0x5E1)), 0, "not the caller");
    }

    function test_InAVoidRoundClaimsComeBackButForASixteenth() public {
        _check(ANN, most, deposit - most);
        _check(BOB, most, deposit - most);
        _check(CEM, 0, deposit);
    }

    function test_UndecidedTalliesLeaveARoundVoid() public {
        _judge(0, 1, 2);
        _judge(_claim("a", BASE, LOSS), 3, 3);
        _check(ANN, most, deposit - most);
        _check(BOB, most, deposit - most);
        vm.assertEq(network.round(1, FIRST).paid, 0, "nobody is paid");
    }

    function test_InAnEmptyRoundSealsComeBackButForASixteenth() public {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, CEM, "never opened either");
        uint256 doubled = network.round(1, FIRST + 1).deposit;
        vm.warp(_start(FIRST + 2));
        _settle(1, FIRST + 1, CEM);
        vm.assertEq(neuron.balanceOf(CEM), 1_000_000 ether - deposit - doubled + doubled * 15 / 16, "refunded");
    }

    function test_AClaimOnAnotherBaseThanTheWinnersLosesAllOnceItIsMature() public {
        bytes32 claim = _claimOnTwoBases();
        network.judge(1, FIRST + 1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        uint256 before = neuron.balanceOf(BOB);
        vm.warp(_start(FIRST + 2));
        vm.expectRevert(IRounds.NothingToSettle.selector);
        network.settle(1, FIRST + 1, _one(BOB));
        vm.warp(_start(FIRST + 2) + MATURITY);
        _settle(1, FIRST + 1, BOB);
        vm.assertEq(neuron.balanceOf(BOB), before, "though it ranked behind");
    }

    function test_AClaimOnAnotherBaseComesBackIfTheRoundIsStruck() public {
        bytes32 claim = _claimOnTwoBases();
        network.judge(1, FIRST + 1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST + 1, claim, 0));
        uint256 before = neuron.balanceOf(BOB);
        vm.warp(_start(FIRST + 2));
        _settle(1, FIRST + 1, BOB);
        uint256 doubled = network.round(1, FIRST + 1).deposit;
        vm.assertEq(neuron.balanceOf(BOB) - before, doubled * 15 / 16, "most of it");
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
        network.judge(1, FIRST + 1, claim, _verdicts(1, FIRST + 1, claim, 1, 3));
        uint256 doubled = network.round(1, FIRST + 1).deposit;
        uint256 before = neuron.balanceOf(BOB);
        vm.warp(_start(FIRST + 2));
        _settle(1, FIRST + 1, BOB);
        vm.assertEq(neuron.balanceOf(BOB) - before, doubled * 15 / 16, "refunded");
    }

    /// @dev Ann's claim, and a worse one of Bob's that measures the base otherwise; JUDGE of the next round begins.
    function _claimOnTwoBases() private returns (bytes32) {
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "c");
        _commit(1, FIRST + 1, BOB, "d");
        vm.warp(_revealStart(FIRST + 1));
        _reveal(1, ANN, "c", BASE, BETTER);
        _reveal(1, BOB, "d", BASE + 1, LOSS);
        vm.warp(_judgeStart(FIRST + 1));
        return _claim("c", BASE, BETTER);
    }
}

/// @dev A strike in whatever order with the settling of the three deposits.
contract SettleAndStrikeTest is Settled {
    function test_OfAStruckRoundAllClaimsComeBackButForASixteenth() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _strike(_claim("b", BASE, BETTER));
        _check(BOB, most, deposit - most);
        _check(ANN, most, deposit - most);
        _check(CEM, 0, deposit);
    }

    function test_AWinnerSettledBeforeTheStrikeGetsNoMoreThanAfterIt() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _check(BOB, most, 0);
        uint256 supply = neuron.totalSupply();
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, "b", 0, deposit - most);
        _strike(_claim("b", BASE, BETTER));
        vm.assertEq(supply - neuron.totalSupply(), deposit - most, "burned");
        vm.warp(mature);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotWinner.selector, BOB));
        _collect(1, FIRST, BOB);
    }

    function test_SettlingBeforeTheStrikeBurnsNoHonestDeposit() public {
        _judge(_claim("a", BASE, LOSS), 1, 3);
        vm.warp(_start(FIRST + 1));
        _refuse(BOB);
        vm.warp(mature - 1);
        _refuse(BOB);
        _strike(_claim("a", BASE, LOSS));
        _check(BOB, most, deposit - most);
    }

    function test_AFalselyLostRoundIsStruckAndDepositsComeBack() public {
        _judge(0, 1, 3);
        uint256 supply = neuron.totalSupply();
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, BASE_FILE, _paid(), 0);
        _strike(0);
        vm.assertEq(neuron.totalSupply() - supply, _paid(), "issued");
        vm.assertEq(network.round(1, FIRST).paid, 0, "no deposit bears it");
        _check(ANN, most, deposit - most);
        _check(BOB, most, deposit - most);
        _check(CEM, 0, deposit);
        vm.assertEq(network.position(1, 1).earned * 3, _paid(), "validators keep it");
        vm.assertEq(neuron.balanceOf(address(network)), _owned(), "and all is accounted for");
    }

    function test_WhatTheScheduleDoesNotAllowAtTheStrikeOfALostRoundComesOutOfDeposits() public {
        _judge(0, 1, 3);
        vm.prank(address(network));
        emission.issue(address(this), type(uint128).max);
        vm.warp(block.timestamp + 60);
        uint256 available = emission.allowance();
        vm.assertGt(_paid(), available, "less than V may be issued");
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, BASE_FILE, available, 0);
        _strike(0);
        vm.assertEq(network.round(1, FIRST).paid, _paid() - available, "the rest");
        uint256 half = (_paid() - available) / 2;
        vm.warp(_start(FIRST + 1));
        vm.expectEmit();
        uint256 back = most < deposit - half ? most : deposit - half;
        emit IRounds.Settled(1, FIRST, ANN, back, deposit - half - back, half);
        _settle(1, FIRST, ANN);
        _settle(1, FIRST, BOB);
        _settle(1, FIRST, CEM);
        vm.assertEq(neuron.balanceOf(address(network)), _owned(), "to the last wei");
    }

    function test_WhateverTheOrderTheHonestGetTheSame() public {
        bytes32[2] memory decided = [_claim("a", BASE, LOSS), bytes32(0)];
        for (uint256 k; k < 2; ++k) {
            uint256 judged = vm.snapshotState();
            _judge(decided[k], 1, 3);
            vm.warp(_start(FIRST + 1));
            vm.prank(vm.addr(1));
            network.compound(1, 1);
            uint256 before = vm.snapshotState();
            for (uint256 order; order < 24; ++order) {
                _inOrder(order, decided[k]);
                vm.assertEq(neuron.balanceOf(BOB), 1_000_000 ether - deposit + most, "the honest");
                vm.assertEq(neuron.balanceOf(CEM), 1_000_000 ether - deposit, "who opened nothing");
                vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether - deposit + most, "and the other");
                vm.assertEq(neuron.balanceOf(address(network)), _owned(), "nothing is left over");
                vm.revertToState(before);
            }
            vm.revertToState(judged);
        }
    }

    /// @dev Strike and the three settlings in one of 24 orders; who could not be settled yet is at the end.
    function _inOrder(uint256 order, bytes32 claim) private {
        uint256[4] memory left = [uint256(0), 1, 2, 3];
        for (uint256 i; i < 4; ++i) {
            uint256 place = order % (4 - i);
            order /= 4 - i;
            _act(left[place], claim);
            left[place] = left[3 - i];
        }
        address[] memory all = new address[](3);
        (all[0], all[1], all[2]) = (ANN, BOB, CEM);
        _trySettle(all);
    }

    function _act(uint256 act, bytes32 claim) private {
        if (act == 0) return _strike(claim);
        _trySettle(_one(act == 1 ? ANN : act == 2 ? BOB : CEM));
    }

    function _trySettle(address[] memory trainers) private {
        try network.settle(1, FIRST, trainers) {} catch {}
    }
}

contract CollectTest is Settled {
    address private constant OTHER = address(0x07E);

    function test_RevertIf_TheCallerDidNotWin() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(mature);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotWinner.selector, BOB));
        _collect(1, FIRST, ANN);
    }

    function test_RevertIf_TheRoundWasNotWon() public {
        _judge(0, 1, 3);
        vm.warp(mature);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotWinner.selector, 0));
        _collect(1, FIRST, BOB);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotWinner.selector, 0));
        _collect(1, FIRST, address(0));
    }

    function test_RevertIf_TheCoinbaseIsNotMature() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(mature - 1);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotMature.selector, mature));
        _collect(1, FIRST, BOB);
    }

    function test_RevertIf_CollectedBefore() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        vm.warp(mature);
        _collect(1, FIRST, BOB);
        vm.expectRevert(IRounds.AlreadyCollected.selector);
        _collect(1, FIRST, BOB);
        uint256[] memory twice = new uint256[](2);
        (twice[0], twice[1]) = (FIRST, FIRST);
        vm.expectRevert(IRounds.AlreadyCollected.selector);
        vm.prank(BOB);
        network.collect(1, twice, BOB);
    }

    function test_RevertIf_OneOfManyRoundsIsNotTheCallers() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _win(1, FIRST + 1, ANN, "c");
        vm.warp(mature + LENGTH);
        uint256[] memory both = new uint256[](2);
        (both[0], both[1]) = (FIRST, FIRST + 1);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotWinner.selector, ANN));
        vm.prank(BOB);
        network.collect(1, both, BOB);
        vm.assertEq(network.round(1, FIRST).collected, false, "all or none");
    }

    function test_TheWinnerCollectsTheRewardOnceMature() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        uint256 before = neuron.balanceOf(BOB);
        vm.warp(mature);
        vm.expectEmit();
        emit IRounds.Collected(1, FIRST, BOB, BOB, _reward(), _reward(), deposit);
        vm.assertEq(_collect(1, FIRST, BOB), _reward(), "issued");
        vm.assertEq(neuron.balanceOf(BOB) - before, _reward() + deposit, "received");
        vm.assertEq(network.round(1, FIRST).collected, true, "collected");
    }

    function test_ManyRoundsAreCollectedInOneCallForAnotherAccount() public {
        _judge(_claim("b", BASE, BETTER), 1, 3);
        _settle2();
        _win(1, FIRST + 1, BOB, "c");
        vm.warp(mature + LENGTH);
        uint256[] memory both = new uint256[](2);
        (both[0], both[1]) = (FIRST, FIRST + 1);
        uint256 rewards = network.round(1, FIRST).reward + network.round(1, FIRST + 1).reward;
        uint256 second = network.round(1, FIRST + 1).deposit;
        uint256 before = neuron.balanceOf(BOB);
        vm.prank(BOB);
        vm.assertEq(network.collect(1, both, OTHER), rewards, "issued");
        vm.assertEq(
            neuron.balanceOf(OTHER), rewards + deposit - most + second, "R of both and what is left of deposits"
        );
        vm.assertEq(neuron.balanceOf(BOB), before, "all of it to the other account");
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
        emit IRounds.Collected(1, FIRST, BOB, BOB, _reward(), available, deposit);
        _collect(1, FIRST, BOB);
        vm.warp(mature + 30 days);
        vm.expectRevert(IRounds.AlreadyCollected.selector);
        _collect(1, FIRST, BOB);
    }

    function _settle2() private {
        vm.warp(_start(FIRST + 1));
        _settle(1, FIRST, BOB);
    }
}
