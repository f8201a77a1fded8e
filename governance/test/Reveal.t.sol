// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

contract RevealTest is Play {
    function test_RevertIf_ThePhaseIsNotReveal() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST) - 1);
        _refusePhase(IRounds.Phase.Train, _revealStart(FIRST));
        vm.warp(_judgeStart(FIRST));
        _refusePhase(IRounds.Phase.Judge, _start(FIRST + 1));
        vm.warp(_revealStart(FIRST + 1));
        _refuseSeal(ANN, IRounds.Status.None);
    }

    function test_RevertIf_NothingWasCommittedOrAllIsRevealed() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        _refuseSeal(BOB, IRounds.Status.None);
        _reveal(1, ANN, "a", BASE, LOSS);
        _refuseSeal(ANN, IRounds.Status.Revealed);
    }

    function test_RevertIf_TheSealIsAnotherOnes() public {
        _commit(1, FIRST, ANN, "a");
        bytes32 copied = network.claimOf(1, FIRST, ANN).name;
        vm.prank(BOB);
        network.commit(1, FIRST, copied, type(uint256).max);
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.expectRevert(IRounds.WrongSeal.selector);
        _reveal(1, BOB, "a", BASE, LOSS);
    }

    function test_RevertIf_TheFileIsNotTheOneCommitted() public {
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.expectRevert(IRounds.WrongSeal.selector);
        _reveal(1, BOB, "a", BASE, LOSS);
    }

    function test_RevertIf_TheImprovementIsTooSmall() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        uint32 least = BASE >> 10;
        _refuseLoss(BASE, BASE - least + 1, BASE - least);
        _refuseLoss(0, 0, 0);
        _refuseLoss(1000, 1000, 999);
        _reveal(1, ANN, "a", BASE, BASE - least);
    }

    function test_RevertIf_TheFileHasWonBefore() public {
        _win(2, FIRST, ANN, "a");
        vm.assertEq(network.hasWon(2, "a"), true, "won there");
        _refuseWon(2, FIRST + 1);
    }

    function test_RevertIf_TheFileWonInAnotherAdmittedGroup() public {
        _admit(2);
        _win(1, FIRST, ANN, "a");
        vm.assertEq(network.hasWon(2, "a"), true, "won in an admitted group, for all of them");
        _refuseWon(2, FIRST + 1);
    }

    function test_RevertIf_TheFileWonInAnAdmittedGroupAndThisOneIsNot() public {
        _win(1, FIRST, ANN, "a");
        vm.assertEq(network.hasWon(2, "a"), true, "nowhere after that");
        _refuseWon(2, FIRST + 1);
    }

    function test_RevertIf_TheFileWonInAGroupThatWasRevokedSince() public {
        _admit(2);
        _win(2, FIRST, ANN, "a");
        _enact(IMeasures.Kind.Revoke, _named(2));
        vm.assertEq(network.hasWon(1, "a"), true, "still");
        _refuseWon(1, FIRST + 1);
        _refuseWon(2, FIRST + 2);
    }

    function test_RevertIf_AGroupIsAdmittedAgainAndTheFileWonWhileItWas() public {
        _admit(2);
        _win(2, FIRST, ANN, "a");
        _enact(IMeasures.Kind.Revoke, _named(2));
        _enact(IMeasures.Kind.Admit, _named(2));
        _refuseWon(2, FIRST + 1);
    }

    function test_AFileThatWonInAPrivateGroupIsRevealedInAnAdmittedOne() public {
        _win(2, FIRST, BOB, "a");
        vm.assertEq(network.hasWon(1, "a"), false, "it counts there alone");
        _win(1, FIRST + 1, ANN, "a");
        vm.assertEq(network.round(1, FIRST + 1).winner, ANN, "won");
    }

    function test_AFileThatWonBeforeTheAdmissionDoesNotSpoilOtherAdmittedGroups() public {
        _win(2, FIRST, BOB, "a");
        _admit(2);
        vm.assertEq(network.hasWon(2, "a"), true, "in its own group for good");
        vm.assertEq(network.hasWon(1, "a"), false, "not in others");
        _win(1, FIRST + 1, ANN, "a");
        vm.assertEq(network.round(1, FIRST + 1).winner, ANN, "won");
    }

    function test_RevealingOneFileInTwoGroupsBindsNothing() public {
        _commit(2, FIRST, BOB, "leaked");
        _commit(1, FIRST, ANN, "leaked");
        vm.warp(_revealStart(FIRST));
        _reveal(2, BOB, "leaked", BASE, LOSS);
        _reveal(1, ANN, "leaked", BASE, LOSS);
        vm.assertEq(network.hasWon(1, "leaked"), false, "nobody won");
    }

    function test_APendingRevealIsNotOvertakenThroughAQuickGroup() public {
        uint256 quick = _create(2, 2, 2);
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        (uint256 round,,) = network.phase(quick);
        _commit(quick, round, BOB, "a");
        vm.warp(_revealStart(FIRST) + 2);
        _reveal(quick, BOB, "a", 2, 1);
        vm.warp(_revealStart(FIRST) + 4);
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.assertEq(network.round(1, FIRST).reveals, 1, "revealed all the same");
    }

    function test_AFileThatDidNotWinMayTryAgainInItsGroup() public {
        _enter(1, FIRST, ANN, "a");
        _enter(1, FIRST + 1, ANN, "a");
        vm.assertEq(network.round(1, FIRST + 1).reveals, 1, "revealed again");
    }

    function test_BothEdgesOfRevealAndWhatIsTold() public {
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.warp(_judgeStart(FIRST) - 1);
        vm.expectEmit();
        emit IRounds.Revealed(1, FIRST, BOB, 2, "b", BASE, LOSS, "root");
        _reveal(1, BOB, "b", BASE, LOSS);
        vm.assertEq(network.round(1, FIRST).reveals, 2, "reveals");
        IRounds.Claim memory claim = network.claimOf(1, FIRST, BOB);
        vm.assertEq(claim.file, "b", "file");
        vm.assertEq(claim.name, _claim("b", BASE, LOSS), "what was the seal names the claim");
        vm.assertEq(claim.base, BASE, "base");
        vm.assertEq(claim.loss, LOSS, "loss");
        vm.assertEq(uint256(claim.status), uint256(IRounds.Status.Revealed), "status");
    }

    function _refusePhase(IRounds.Phase phase, uint256 until) private {
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongPhase.selector, phase, until));
        _reveal(1, ANN, "a", BASE, LOSS);
    }

    function _refuseSeal(address who, IRounds.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotSealed.selector, status));
        _reveal(1, who, "a", BASE, LOSS);
    }

    function _refuseLoss(uint32 base, uint32 loss, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotBetter.selector, most));
        _reveal(1, ANN, "a", base, loss);
    }

    /// @dev The file "a" is refused in `round` of `group`.
    function _refuseWon(uint256 group, uint256 round) private {
        vm.warp(_start(round));
        _commit(group, round, BOB, "a");
        vm.warp(_revealStart(round));
        vm.expectRevert(IRounds.FileWonBefore.selector);
        _reveal(group, BOB, "a", BASE, LOSS);
    }
}
