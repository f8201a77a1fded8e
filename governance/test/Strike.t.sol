// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev Ann wins round `FIRST` with a stolen file; Bob's claim is worse, Cem never opens his seal.
abstract contract Stolen is Measuring {
    IMeasures.Kind internal constant STRIKE = IMeasures.Kind.Strike;
    uint256 internal deposit;

    function setUp() public virtual override {
        super.setUp();
        _commit(1, FIRST, ANN, "stolen");
        _commit(1, FIRST, BOB, "b");
        _commit(1, FIRST, CEM, "c");
        deposit = network.round(1, FIRST).deposit;
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "stolen", BASE, LOSS);
        _reveal(1, BOB, "b", BASE, LOSS + 10_000);
        vm.warp(_judgeStart(FIRST));
    }

    function _decide() internal {
        bytes32 claim = _claim("stolen", BASE, LOSS);
        network.judge(1, claim, _verdicts(1, FIRST, claim, 1, 3));
    }

    function _strike(uint256 restore) internal {
        bytes memory args = abi.encode(1, FIRST, restore);
        _pass(STRIKE, args, _assents(STRIKE, args, 1, 1, 3));
    }

    function _refuseStrike(uint256 round, uint256 restore, bytes4 selector) internal {
        _refuse(STRIKE, abi.encode(1, round, restore), selector);
    }
}

contract StrikeTest is Stolen {
    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(STRIKE, abi.encode(9, FIRST, 0), IGroups.NoSuchGroup.selector);
    }

    function test_RevertIf_RestoreIsNeitherYesNorNo() public {
        _decide();
        _refuseStrike(FIRST, 2, IMeasures.BadArguments.selector);
        _refuseStrike(FIRST, type(uint256).max, IMeasures.BadArguments.selector);
    }

    function test_RevertIf_NothingIsDecidedYet() public {
        _refuseStrike(FIRST, 1, IMeasures.NothingToStrike.selector);
        _refuseStrike(FIRST + 1, 1, IMeasures.NothingToStrike.selector);
        _refuseStrike(type(uint256).max, 1, IMeasures.NothingToStrike.selector);
    }

    function test_RevertIf_TheRoundIsLost() public {
        network.judge(1, 0, _verdicts(1, FIRST, 0, 1, 3));
        _refuseStrike(FIRST, 1, IMeasures.NothingToStrike.selector);
    }

    function test_RevertIf_TheCoinbaseIsMature() public {
        _decide();
        vm.warp(_start(FIRST + 1) + MATURITY);
        _refuseStrike(FIRST, 1, IMeasures.NothingToStrike.selector);
        vm.warp(_start(FIRST + 1) + MATURITY - 1);
        _strike(1);
    }

    function test_RevertIf_TheCoinbaseIsCollected() public {
        _decide();
        vm.warp(_start(FIRST + 1) + MATURITY);
        vm.prank(ANN);
        network.collect(1, FIRST);
        _refuseStrike(FIRST, 1, IMeasures.NothingToStrike.selector);
    }

    function test_RevertIf_TheRoundIsStruckAlready() public {
        _decide();
        _strike(0);
        bytes memory args = abi.encode(1, FIRST, 1);
        vm.expectRevert(IMeasures.NothingToStrike.selector);
        this.enact(args);
    }

    function test_RevertIf_ExactlyHalfOfAllStakeAssents() public {
        _decide();
        _balance(2, STAKE * 7 / 10);
        bytes memory args = abi.encode(1, FIRST, 0);
        IMeasures.Assent[] memory assents = _assents(STRIKE, args, 1, 1, 2);
        _refuse(STRIKE, args, assents, IMeasures.NoMajority.selector);
        _tip(2);
        _pass(STRIKE, args, assents);
    }

    function test_RevertIf_AStruckCoinbaseIsCollected() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1) + MATURITY);
        vm.expectRevert(IRounds.NotWinner.selector);
        vm.prank(ANN);
        network.collect(1, FIRST);
    }

    function test_RevertIf_VerdictsOfAStruckRoundCome() public {
        bytes32 claim = _claim("stolen", BASE, LOSS);
        IRounds.Verdict[] memory same = _verdicts(1, FIRST, claim, 1, 3);
        IRounds.Verdict[] memory none = _verdicts(1, FIRST, 0, 1, 3);
        network.judge(1, claim, same);
        _strike(1);
        vm.expectRevert(IRounds.OtherClaimDecided.selector);
        network.judge(1, claim, same);
        vm.expectRevert(IRounds.OtherClaimDecided.selector);
        network.judge(1, 0, none);
    }

    function test_RevertIf_AStruckRoundIsAttended() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1));
        IRounds.Attendance[] memory attendances = _attendances(1, FIRST, 0, 1, 3);
        vm.expectRevert(IRounds.NothingToAttend.selector);
        network.attend(1, attendances);
    }

    function test_RevertIf_TheStolenFileComesAgain() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "stolen");
        vm.warp(_revealStart(FIRST + 1));
        vm.expectRevert(IRounds.FileWonBefore.selector);
        _reveal(1, ANN, "stolen", BASE, LOSS);
    }

    function test_TheCheckpointReturnsIfAsked() public {
        _decide();
        vm.assertEq(network.group(1).checkpoint, "stolen", "before");
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, BASE_FILE);
        _strike(1);
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "restored");
        vm.assertEq(uint256(network.round(1, FIRST).outcome), uint256(IRounds.Outcome.Struck), "outcome");
    }

    function test_TheCheckpointStaysIfNotAsked() public {
        _decide();
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, "stolen");
        _strike(0);
        vm.assertEq(network.group(1).checkpoint, "stolen", "kept");
    }

    function test_ValidatorsKeepTheirPay() public {
        _decide();
        uint256 earned = network.position(1, 1).earned;
        vm.assertLt(0, earned, "earned");
        _strike(1);
        vm.assertEq(network.position(1, 1).earned, earned, "kept");
        vm.assertEq(network.round(1, FIRST).paid, _paid(), "paid");
    }

    function test_AllWhoRevealedGetMostOfTheirDepositsBack() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1));
        _settle(ANN, deposit * 15 / 16);
        _settle(BOB, deposit * 15 / 16);
        _settle(CEM, 0);
    }

    function test_TheNextRoundStartsAnewWithoutHigherDeposits() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, BOB, "d");
        vm.assertEq(network.round(1, FIRST + 1).checkpoint, BASE_FILE, "base");
        vm.assertEq(network.group(1).voids, 0, "it was decided once");
    }

    function _settle(address who, uint256 back) private {
        vm.expectEmit();
        emit IRounds.Settled(1, FIRST, who, back, deposit - back);
        network.settle(1, FIRST, who);
    }

    /// @dev With another nonce than the one that has served.
    function enact(bytes calldata args) external {
        _enact(STRIKE, args);
    }
}

/// @dev Others built on the stolen checkpoint before it was struck.
contract StrikeLaterTest is Stolen {
    function setUp() public override {
        super.setUp();
        _decide();
        _win(1, FIRST + 1, BOB, "honest");
    }

    function test_TheCheckpointReturnsBehindAllThatFollowed() public {
        vm.assertEq(network.group(1).checkpoint, "honest", "before");
        _strike(1);
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "the base of the struck round");
    }

    function test_HonestCoinbasesSinceThenStay() public {
        _strike(1);
        vm.warp(_start(FIRST + 2) + MATURITY);
        uint256 reward = network.round(1, FIRST + 1).reward;
        vm.prank(BOB);
        vm.assertEq(network.collect(1, FIRST + 1), reward, "collected");
    }

    function test_ARoundThatIsOpenOnTheStolenBaseMovesNothing() public {
        bytes32 claim = _enter(1, FIRST + 2, CEM, "late");
        _strike(1);
        vm.warp(_judgeStart(FIRST + 2));
        network.judge(1, claim, _verdicts(1, FIRST + 2, claim, 1, 3));
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "restored for good");
        vm.assertEq(network.round(1, FIRST + 2).winner, CEM, "its winner is paid all the same");
    }

    function test_WithoutRestoringTheGroupGoesOnFromWhereItIs() public {
        _strike(0);
        vm.assertEq(network.group(1).checkpoint, "honest", "kept");
    }
}
