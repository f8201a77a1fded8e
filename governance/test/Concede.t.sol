// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Ann, Bob and Cem have committed in round `FIRST` of group 1; REVEAL begins.
contract ConcedeTest is Play {
    uint256 private deposit;
    uint256 private most;

    function setUp() public override {
        super.setUp();
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        _commit(1, FIRST, CEM, "c");
        deposit = network.round(1, FIRST).deposit;
        most = deposit * 15 / 16;
        vm.warp(_revealStart(FIRST));
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 3));
        network.concede(3, SALT, "a", ANN);
    }

    function test_RevertIf_ThePhaseIsNotReveal() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.warp(_revealStart(FIRST) - 1);
        _refuse(
            BOB, "b", ANN, abi.encodeWithSelector(IRounds.WrongPhase.selector, IRounds.Phase.Train, _revealStart(FIRST))
        );
        vm.warp(_judgeStart(FIRST));
        _refuse(
            BOB, "b", ANN, abi.encodeWithSelector(IRounds.WrongPhase.selector, IRounds.Phase.Judge, _start(FIRST + 1))
        );
    }

    function test_RevertIf_NothingWasCommitted() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _refuse(address(7), "b", ANN, _notSealed(IRounds.Status.None));
    }

    function test_RevertIf_TheSealWasOpenedBefore() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _refuse(ANN, "a", BOB, _notSealed(IRounds.Status.Revealed));
        _concede(1, BOB, "b", ANN);
        _refuse(BOB, "b", ANN, _notSealed(IRounds.Status.Conceded));
    }

    function test_RevertIf_TheFileIsNotTheOneCommitted() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _refuse(BOB, "a", ANN, abi.encodePacked(IRounds.WrongSeal.selector));
    }

    function test_RevertIf_TheSaltIsAnotherOne() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.expectRevert(IRounds.WrongSeal.selector);
        vm.prank(BOB);
        network.concede(1, "sugar", "b", ANN);
    }

    function test_RevertIf_NoRivalHasRevealed() public {
        bytes memory noRival = abi.encodePacked(IRounds.NoRival.selector);
        _refuse(BOB, "b", address(0), noRival);
        _refuse(BOB, "b", address(7), noRival);
        _refuse(BOB, "b", ANN, noRival);
        _refuse(BOB, "b", BOB, noRival);
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, CEM, "c", ANN);
        _refuse(BOB, "b", CEM, noRival);
        _refuse(BOB, "b", BOB, noRival);
        _concede(1, BOB, "b", ANN);
    }

    function test_RevertIf_TheRivalRevealedInAnotherRoundOrGroup() public {
        _enter(1, FIRST + 1, ANN, "d");
        _enter(2, FIRST + 2, CEM, "e");
        vm.warp(_start(FIRST + 3));
        _commit(1, FIRST + 3, BOB, "f");
        _commit(2, FIRST + 3, ANN, "f");
        vm.warp(_revealStart(FIRST + 3));
        _reveal(2, ANN, "f", BASE, LOSS);
        _refuse(BOB, "f", ANN, abi.encodePacked(IRounds.NoRival.selector));
    }

    function test_RevertIf_WhoConcededReveals() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, BOB, "b", ANN);
        vm.expectRevert(_notSealed(IRounds.Status.Conceded));
        _reveal(1, BOB, "b", BASE, LOSS);
    }

    function test_WhoConcedesOpensTheSealAndClaimsNothing() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.expectEmit();
        emit IRounds.Conceded(1, FIRST, BOB, 2, "b", ANN, 1);
        _concede(1, BOB, "b", ANN);
        IRounds.Claim memory claim = network.claimOf(1, FIRST, BOB);
        vm.assertEq(uint256(claim.status), uint256(IRounds.Status.Conceded), "status");
        vm.assertEq(claim.file, 0, "no file");
        vm.assertEq(claim.concession, 1, "the first");
        vm.assertEq(network.round(1, FIRST).conceded, 1, "conceded");
        vm.assertEq(network.round(1, FIRST).reveals, 1, "no reveal");
        vm.expectEmit();
        emit IRounds.Conceded(1, FIRST, CEM, 3, "c", ANN, 2);
        _concede(1, CEM, "c", ANN);
    }

    function test_WhoConcededLosesASixteenthWhateverIsDecided() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, BOB, "b", ANN);
        uint256 undecided = vm.snapshotState();
        _back(BOB, most);
        vm.revertToState(undecided);
        _judge(_claim("a", BASE, LOSS));
        _back(BOB, most);
        vm.revertToState(undecided);
        _judge(0);
        _back(BOB, most);
    }

    function test_WhoConcededSecondLosesTwoSixteenths() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, CEM, "c", ANN);
        _concede(1, BOB, "b", ANN);
        _back(CEM, most);
        _back(BOB, deposit * 14 / 16);
    }

    function test_EachFurtherConcessionOfARoundCostsASixteenthMore() public {
        uint256 round = FIRST + 24;
        vm.warp(_start(round));
        _commit(1, round, ANN, "rival");
        for (uint256 k = 1; k <= 17; ++k) {
            _fund(_face(k), 1000 ether);
            _commit(1, round, _face(k), bytes32(k));
        }
        vm.warp(_revealStart(round));
        _reveal(1, ANN, "rival", BASE, LOSS);
        for (uint256 k = 1; k <= 17; ++k) {
            _concede(1, _face(k), bytes32(k), ANN);
            vm.assertEq(network.claimOf(1, round, _face(k)).concession, k < 16 ? k : 16, "order");
        }
        deposit = network.round(1, round).deposit;
        uint256 held = neuron.balanceOf(address(network));
        uint256 supply = neuron.totalSupply();
        vm.warp(_start(round + 1));
        for (uint256 k = 1; k <= 17; ++k) {
            uint256 lost = k < 16 ? deposit * k / 16 : deposit;
            vm.expectEmit();
            emit IRounds.Settled(1, round, _face(k), deposit - lost, lost, 0);
            _settle(1, round, _face(k));
            vm.assertEq(neuron.balanceOf(_face(k)), 1000 ether - lost, "back");
        }
        vm.assertEq(supply - neuron.totalSupply(), deposit * 120 / 16 + 2 * deposit, "burned");
        vm.assertEq(held - neuron.balanceOf(address(network)), 17 * deposit, "paid out or burned");
    }

    function test_TheBestOfTenFilesCostsTheMoreTheMoreAreConceded() public {
        uint256 round = FIRST + 24;
        vm.warp(_start(round));
        for (uint256 k = 1; k <= 10; ++k) {
            _fund(_face(k), 1000 ether);
            _commit(1, round, _face(k), bytes32(k));
        }
        deposit = network.round(1, round).deposit;
        vm.assertEq(deposit * 5, network.round(1, round).reward, "R is five deposits");
        uint256 sealed_ = vm.snapshotState();
        vm.assertEq(
            _drawTen(round, true), deposit * 45 / 16, "conceded: the sum of 1 to 9 sixteenths, more than half of R"
        );
        vm.revertToState(sealed_);
        vm.assertEq(_drawTen(round, false), deposit * 9 / 16, "revealed behind it: nine of which all can be checked");
    }

    function test_WhoConcededPaysNoValidatorOfALostRound() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, BOB, "b", ANN);
        _judge(0);
        _back(BOB, most);
        uint256 supply = neuron.totalSupply();
        vm.warp(_start(FIRST + 1) + MATURITY);
        _back(ANN, 0);
        vm.assertEq(supply - neuron.totalSupply(), deposit - _paid(), "Ann's claim paid them alone");
    }

    function test_ASealThatWasNotOpenedLosesAllIfSomebodyRevealed() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, BOB, "b", ANN);
        _back(BOB, most);
        _back(CEM, 0);
    }

    function test_UnopenedSealsComeBackWhereNobodyRevealed() public {
        _back(ANN, most);
        _back(BOB, most);
        _back(CEM, most);
    }

    function test_AConcededFileIsRevealedInALaterRound() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, BOB, "b", ANN);
        uint256 quick = _create(2, 2, 2);
        (uint256 number,,) = network.phase(quick);
        vm.warp(START + (number + 1) * 6);
        _commit(quick, number + 1, CEM, "b");
        vm.warp(block.timestamp + 2);
        _reveal(quick, CEM, "b", 2, 1);
        _enter(1, FIRST + 1, BOB, "b");
        vm.assertEq(network.round(1, FIRST + 1).reveals, 1, "whatever a thief did with its digest");
    }

    /// @dev The first of ten faces reveals and wins, the others concede, or reveal what is worse. @return lost by all.
    function _drawTen(uint256 round, bool conceded) private returns (uint256 lost) {
        vm.warp(_revealStart(round));
        _reveal(1, _face(1), bytes32(uint256(1)), BASE, BETTER);
        for (uint256 k = 2; k <= 10; ++k) {
            if (conceded) _concede(1, _face(k), bytes32(k), _face(1));
            else _reveal(1, _face(k), bytes32(k), BASE, LOSS);
        }
        vm.warp(_judgeStart(round));
        bytes32 claim = _claim(bytes32(uint256(1)), BASE, BETTER);
        network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3));
        vm.warp(_start(round + 1) + MATURITY);
        lost = network.round(1, round).reward;
        for (uint256 k = 1; k <= 10; ++k) {
            if (k == 1) _collect(1, round, _face(k));
            else _settle(1, round, _face(k));
            lost += 1000 ether;
            lost -= neuron.balanceOf(_face(k));
        }
    }

    function _face(uint256 index) private pure returns (address) {
        return address(uint160(0xFACE00 + index));
    }

    function _notSealed(IRounds.Status status) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRounds.NotSealed.selector, status);
    }

    function _refuse(address who, bytes32 file, address rival, bytes memory reason) private {
        vm.expectRevert(reason);
        _concede(1, who, file, rival);
    }

    function _judge(bytes32 claim) private {
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
    }

    /// @dev Settles for `who` after the round and checks what comes back.
    function _back(address who, uint256 back) private {
        if (block.timestamp < _start(FIRST + 1)) vm.warp(_start(FIRST + 1));
        uint256 before = neuron.balanceOf(who);
        _settle(1, FIRST, who);
        vm.assertEq(neuron.balanceOf(who) - before, back, "back");
    }
}
