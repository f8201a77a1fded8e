// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

contract RevealTest is Play {
    function test_RevertIf_ThePhaseIsNotReveal() public {
        _commit(1, FIRST, ANN, "a");
        _refuseAt(_revealStart(FIRST) - 1, IRounds.WrongPhase.selector);
        _refuseAt(_judgeStart(FIRST), IRounds.WrongPhase.selector);
        _refuseAt(_revealStart(FIRST + 1), IRounds.NotSealed.selector);
    }

    function test_RevertIf_NothingWasCommittedOrAllIsRevealed() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        vm.expectRevert(IRounds.NotSealed.selector);
        _reveal(1, BOB, "a", BASE, LOSS);
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.expectRevert(IRounds.NotSealed.selector);
        _reveal(1, ANN, "a", BASE, LOSS);
    }

    function test_RevertIf_TheSealIsAnotherOnes() public {
        _commit(1, FIRST, ANN, "a");
        bytes32 copied = network.claimOf(1, FIRST, ANN).name;
        vm.prank(BOB);
        network.commit(1, copied);
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
        vm.expectRevert(IRounds.NotBetter.selector);
        _reveal(1, ANN, "a", BASE, BASE - least + 1);
        vm.expectRevert(IRounds.NotBetter.selector);
        _reveal(1, ANN, "a", 0, 0);
        vm.expectRevert(IRounds.NotBetter.selector);
        _reveal(1, ANN, "a", 1000, 1000);
        _reveal(1, ANN, "a", BASE, BASE - least);
    }

    function test_RevertIf_TheFileIsBoundToAnotherGroup() public {
        _commit(2, FIRST, BOB, "leaked");
        _commit(1, FIRST, ANN, "leaked");
        vm.warp(_revealStart(FIRST));
        _reveal(2, BOB, "leaked", BASE, LOSS);
        vm.expectRevert(IRounds.FileBoundElsewhere.selector);
        _reveal(1, ANN, "leaked", BASE, LOSS);
    }

    function test_RevertIf_TheFileHasWonBefore() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.warp(_judgeStart(FIRST));
        bytes32 claim = _claim("a", BASE, LOSS);
        network.judge(1, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, BOB, "a");
        _commit(2, FIRST + 1, BOB, "a");
        vm.warp(_revealStart(FIRST + 1));
        vm.expectRevert(IRounds.FileWonBefore.selector);
        _reveal(1, BOB, "a", BASE, LOSS);
        vm.expectRevert(IRounds.FileWonBefore.selector);
        _reveal(2, BOB, "a", BASE, LOSS);
        (uint256 group, bool won) = network.fileOf("a");
        vm.assertEq(group, 1, "bound");
        vm.assertEq(won, true, "won");
    }

    function test_AFileThatDidNotWinMayTryAgainInItsGroup() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "a");
        vm.warp(_revealStart(FIRST + 1));
        _reveal(1, ANN, "a", BASE, LOSS);
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

    function _refuseAt(uint256 time, bytes4 selector) private {
        vm.warp(time);
        vm.expectRevert(selector);
        _reveal(1, ANN, "a", BASE, LOSS);
    }
}
