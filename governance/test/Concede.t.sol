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
        vm.expectRevert(IGroups.NoSuchGroup.selector);
        network.concede(3, SALT, "a");
    }

    function test_RevertIf_ThePhaseIsNotReveal() public {
        vm.warp(_revealStart(FIRST) - 1);
        _refuse(ANN, "a", IRounds.WrongPhase.selector);
        vm.warp(_judgeStart(FIRST));
        _refuse(ANN, "a", IRounds.WrongPhase.selector);
    }

    function test_RevertIf_NothingWasCommitted() public {
        _refuse(address(7), "a", IRounds.NotSealed.selector);
    }

    function test_RevertIf_TheSealWasOpenedBefore() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _refuse(ANN, "a", IRounds.NotSealed.selector);
        _concede(BOB, "b");
        _refuse(BOB, "b", IRounds.NotSealed.selector);
    }

    function test_RevertIf_TheFileIsNotTheOneCommitted() public {
        _refuse(ANN, "b", IRounds.WrongSeal.selector);
    }

    function test_RevertIf_TheSaltIsAnotherOne() public {
        vm.expectRevert(IRounds.WrongSeal.selector);
        vm.prank(ANN);
        network.concede(1, "sugar", "a");
    }

    function test_RevertIf_WhoConcededReveals() public {
        _concede(ANN, "a");
        vm.expectRevert(IRounds.NotSealed.selector);
        _reveal(1, ANN, "a", BASE, LOSS);
    }

    function test_RevertIf_ARoundWithoutClaimsIsJudged() public {
        _concede(ANN, "a");
        vm.warp(_judgeStart(FIRST));
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, 0, 1, 3);
        vm.expectRevert(IRounds.NoSuchClaim.selector);
        network.judge(1, 0, verdicts);
    }

    function test_WhoConcedesOpensTheSealAndClaimsNothing() public {
        vm.expectEmit();
        emit IRounds.Conceded(1, FIRST, BOB, 2);
        _concede(BOB, "b");
        IRounds.Claim memory claim = network.claimOf(1, FIRST, BOB);
        vm.assertEq(uint256(claim.status), uint256(IRounds.Status.Conceded), "status");
        vm.assertEq(claim.file, 0, "no file");
        vm.assertEq(network.round(1, FIRST).conceded, true, "conceded");
        vm.assertEq(network.round(1, FIRST).reveals, 0, "no reveal");
        (uint256 group,) = network.fileOf("b");
        vm.assertEq(group, 0, "the file is bound to no group");
    }

    function test_WhoConcededLosesASixteenthWhateverIsDecided() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(BOB, "b");
        uint256 undecided = vm.snapshotState();
        _settle(BOB, most);
        vm.revertToState(undecided);
        _judge(_claim("a", BASE, LOSS));
        _settle(BOB, most);
        vm.revertToState(undecided);
        _judge(0);
        _settle(BOB, most);
    }

    function test_WhoConcededPaysNoValidatorOfALostRound() public {
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(BOB, "b");
        _judge(0);
        _settle(BOB, most);
        uint256 supply = neuron.totalSupply();
        _settle(ANN, 0);
        vm.assertEq(supply - neuron.totalSupply(), deposit - _paid(), "Ann's claim paid them alone");
    }

    function test_IfSomebodyConcededUnopenedSealsLoseAll() public {
        _concede(BOB, "b");
        _settle(BOB, most);
        _settle(ANN, 0);
        _settle(CEM, 0);
    }

    function test_IfNobodyOpenedASealAllComeBackButForASixteenth() public {
        _settle(ANN, most);
        _settle(BOB, most);
        _settle(CEM, most);
    }

    function test_ARoundInWhichAllConcededIsNotVoid() public {
        _concede(ANN, "a");
        _concede(BOB, "b");
        _concede(CEM, "c");
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "next");
        vm.assertEq(network.group(1).voids, 0, "voids");
        vm.assertEq(network.round(1, FIRST + 1).deposit, deposit, "the deposit does not double");
    }

    function _concede(address who, bytes32 file) private {
        vm.prank(who);
        network.concede(1, SALT, file);
    }

    function _refuse(address who, bytes32 file, bytes4 selector) private {
        vm.expectRevert(selector);
        _concede(who, file);
    }

    function _judge(bytes32 claim) private {
        vm.warp(_judgeStart(FIRST));
        network.judge(1, claim, _verdicts(1, FIRST, claim, 1, 3));
    }

    function _settle(address who, uint256 back) private {
        vm.warp(_start(FIRST + 1));
        uint256 before = neuron.balanceOf(who);
        network.settle(1, FIRST, who);
        vm.assertEq(neuron.balanceOf(who) - before, back, "back");
    }
}
