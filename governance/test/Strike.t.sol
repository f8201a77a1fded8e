// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Books} from "governance-test/Books.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev Ann wins round `FIRST` with a stolen file; Bob's claim is worse, that of Dee was to be read before; Cem never
/// opens his seal.
abstract contract Stolen is Measuring {
    IMeasures.Kind internal constant STRIKE = IMeasures.Kind.Strike;
    address internal constant DEE = address(0xDEE);
    uint256 internal deposit;
    bytes32 internal stolen;

    function setUp() public virtual override {
        super.setUp();
        _fund(DEE, 1_000_000 ether);
        _commit(1, FIRST, ANN, "stolen");
        _commit(1, FIRST, BOB, "b");
        _commit(1, FIRST, CEM, "c");
        _commit(1, FIRST, DEE, "d");
        deposit = network.round(1, FIRST).deposit;
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "stolen", BASE, LOSS);
        _reveal(1, BOB, "b", BASE, LOSS + 10_000);
        _reveal(1, DEE, "d", BASE, BETTER);
        stolen = _claim("stolen", BASE, LOSS);
        vm.warp(_judgeStart(FIRST));
    }

    function _decide() internal {
        network.judge(1, FIRST, stolen, _verdicts(1, FIRST, stolen, 1, 3));
    }

    /// @dev All say that none of the claims is true.
    function _lose() internal {
        network.judge(1, FIRST, 0, _verdicts(1, FIRST, 0, 1, 3));
    }

    function _strike(bytes32 claim, uint256 restore) internal {
        bytes memory args = abi.encode(1, FIRST, claim, restore);
        _pass(STRIKE, args, _assents(STRIKE, args, 1, 1, 3));
    }

    function _strike(uint256 restore) internal {
        _strike(stolen, restore);
    }

    function _refuseStrike(uint256 round, bytes32 claim, uint256 restore, bytes memory reason) internal {
        _refuse(STRIKE, abi.encode(1, round, claim, restore), reason);
    }

    function _refuseStrike(uint256 round, uint256 restore, bytes4 selector) internal {
        _refuseStrike(round, stolen, restore, abi.encodeWithSelector(selector));
    }

    /// @dev What comes back of the deposit of `who`, what is burned and what goes to validators.
    function _settles(address who, uint256 back, uint256 burned, uint256 charged) internal {
        uint256 before = neuron.balanceOf(who);
        vm.expectEmit();
        emit IRounds.Settled(1, FIRST, who, back, burned, charged);
        _settle(1, FIRST, who);
        vm.assertEq(neuron.balanceOf(who) - before, back, "back");
    }

    function _waits(address who) internal {
        vm.expectRevert(IRounds.NothingToSettle.selector);
        _settle(1, FIRST, who);
    }

    /// @dev All positions' pay becomes stake: what was not issued yet is.
    function _compoundAll() internal {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.prank(vm.addr(key));
            network.compound(1, key);
        }
    }

    function _most() internal view returns (uint256) {
        return deposit * 15 / 16;
    }
}

contract StrikeTest is Stolen {
    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(STRIKE, abi.encode(9, FIRST, 0, 0), abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 9));
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

    function test_RevertIf_AnotherClaimWasDecidedThanTheVotersMeant() public {
        _decide();
        _refuseStrike(FIRST, _claim("b", BASE, LOSS + 10_000), 1, _unexpected(stolen));
        _refuseStrike(FIRST, 0, 1, _unexpected(stolen));
        vm.assertEq(uint256(network.round(1, FIRST).outcome), uint256(IRounds.Outcome.Won), "still won");
    }

    function test_RevertIf_TheRoundWasLostAndAClaimIsNamed() public {
        _lose();
        _refuseStrike(FIRST, stolen, 0, _unexpected(0));
    }

    function test_RevertIf_TheCoinbaseIsMature() public {
        _decide();
        vm.warp(_start(FIRST + 1) + MATURITY);
        _renew();
        _refuseStrike(FIRST, 1, IMeasures.NothingToStrike.selector);
        vm.warp(_start(FIRST + 1) + MATURITY - 1);
        _renew();
        _strike(1);
    }

    function test_RevertIf_ALostRoundIsMature() public {
        _lose();
        vm.warp(_start(FIRST + 1) + MATURITY);
        _renew();
        _refuseStrike(FIRST, 0, 0, abi.encodeWithSelector(IMeasures.NothingToStrike.selector));
        vm.warp(_start(FIRST + 1) + MATURITY - 1);
        _renew();
        _strike(0, 0);
    }

    function test_RevertIf_TheCoinbaseIsCollected() public {
        _decide();
        vm.warp(_start(FIRST + 1) + MATURITY);
        _collect(1, FIRST, ANN);
        _renew();
        _refuseStrike(FIRST, 1, IMeasures.NothingToStrike.selector);
    }

    function test_RevertIf_TheRoundIsStruckAlready() public {
        _decide();
        _strike(0);
        bytes memory args = abi.encode(1, FIRST, stolen, 1);
        vm.expectRevert(IMeasures.NothingToStrike.selector);
        this.enact(args);
    }

    function test_RevertIf_AStruckCoinbaseIsCollected() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1) + MATURITY);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotWinner.selector, ANN));
        _collect(1, FIRST, ANN);
    }

    function test_RevertIf_VerdictsOfAStruckRoundCome() public {
        IRounds.Verdict[] memory same = _verdicts(1, FIRST, stolen, 1, 3);
        IRounds.Verdict[] memory none = _verdicts(1, FIRST, 0, 1, 3);
        network.judge(1, FIRST, stolen, same);
        _strike(1);
        bytes memory reason = abi.encodeWithSelector(IRounds.OtherClaimDecided.selector, stolen);
        vm.expectRevert(reason);
        network.judge(1, FIRST, stolen, same);
        vm.expectRevert(reason);
        network.judge(1, FIRST, 0, none);
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

    function test_ExactlyHalfOfAllStakeIsNotEnough() public {
        _decide();
        _balance(2, STAKE * 7 / 10);
        bytes memory args = abi.encode(1, FIRST, stolen, 0);
        IMeasures.Assent[] memory assents = _assents(STRIKE, args, 1, 1, 2);
        _fall(STRIKE, args, assents);
        _tip(2);
        _pass(STRIKE, args, assents);
    }

    function test_WhoJudgedAStruckRoundOtherwiseMayStillShowIt() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1));
        network.attend(1, FIRST, _attendances(1, FIRST, stolen, 1, 3));
        vm.assertEq(network.judgedBy(1, FIRST, 1), true, "present");
        vm.assertEq(network.group(1).counted, 1, "and the round counts once");
    }

    function test_TheCheckpointReturnsIfAsked() public {
        _decide();
        vm.assertEq(network.group(1).checkpoint, "stolen", "before");
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, BASE_FILE, 0, 0);
        _strike(1);
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "restored");
        vm.assertEq(uint256(network.round(1, FIRST).outcome), uint256(IRounds.Outcome.Struck), "outcome");
    }

    function test_TheCheckpointStaysIfNotAsked() public {
        _decide();
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, "stolen", 0, 0);
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
        _compoundAll();
        vm.assertEq(network.position(1, 1).next, STAKE + earned, "and it becomes stake");
    }

    function test_AllWhoRevealedGetMostOfTheirDepositsBack() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1));
        _settles(ANN, _most(), deposit - _most(), 0);
        _settles(BOB, _most(), deposit - _most(), 0);
        _settles(DEE, _most(), deposit - _most(), 0);
        _settles(CEM, 0, deposit, 0);
        _compoundAll();
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network), "nothing is left over");
    }

    /// @dev Settling first does not make a strike worthless for who was ranked before the winner.
    function test_WhoWasRankedBeforeAFalseWinnerIsSettledAfterTheStrikeAsBeforeIt() public {
        _decide();
        vm.warp(_start(FIRST + 1));
        _waits(DEE);
        _strike(1);
        _settles(DEE, _most(), deposit - _most(), 0);
    }

    function test_WhoWasRankedBeforeAWinnerWaitsUntilTheRoundIsMature() public {
        _decide();
        vm.warp(_start(FIRST + 1) + MATURITY - 1);
        _waits(DEE);
        vm.warp(_start(FIRST + 1) + MATURITY);
        _settles(DEE, 0, deposit, 0);
    }

    /// @dev A winner that took 15/16 before loses the rest at the strike; one that comes later loses it when settled.
    function test_AStruckWinnerLosesASixteenthWheneverItSettles() public {
        _decide();
        vm.warp(_start(FIRST + 1));
        uint256 before = vm.snapshotState();
        uint256 supply = neuron.totalSupply();
        _settles(ANN, _most(), 0, 0);
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, BASE_FILE, 0, deposit - _most());
        _strike(1);
        vm.assertEq(supply - neuron.totalSupply(), deposit - _most(), "burnt at the strike");
        vm.revertToState(before);
        _strike(1);
        _settles(ANN, _most(), deposit - _most(), 0);
        vm.assertEq(supply - neuron.totalSupply(), deposit - _most(), "burnt at settling");
    }

    function test_TheNextRoundStartsAnewWithoutHigherDeposits() public {
        _decide();
        _strike(1);
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, BOB, "d");
        vm.assertEq(network.round(1, FIRST + 1).checkpoint, BASE_FILE, "base");
        vm.assertEq(network.group(1).voids, 0, "it was decided once");
    }

    /// @dev With another nonce than the one that has served.
    function enact(bytes calldata args) external {
        _enact(STRIKE, args);
    }
}

/// @dev More than two thirds say that no claim is true: honest deposits are at stake until the strike.
contract StrikeLostTest is Stolen {
    function test_RevertIf_ALostRoundIsStruckTwice() public {
        _lose();
        _strike(0, 0);
        bytes memory args = abi.encode(1, FIRST, 0, 1);
        vm.expectRevert(IMeasures.NothingToStrike.selector);
        this.enact(args);
    }

    function test_DepositsOfALostRoundWaitForTheStrikeAndComeBack() public {
        _lose();
        vm.warp(_start(FIRST + 1));
        _waits(ANN);
        _waits(BOB);
        _settles(CEM, 0, deposit, 0);
        _strike(0, 0);
        _settles(ANN, _most(), deposit - _most(), 0);
        _settles(BOB, _most(), deposit - _most(), 0);
        _settles(DEE, _most(), deposit - _most(), 0);
        _compoundAll();
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network), "all is where it belongs");
    }

    function test_DepositsOfALostRoundArePaidToValidatorsOnceItIsMature() public {
        _lose();
        vm.warp(_start(FIRST + 1) + MATURITY);
        uint256 paid = _paid();
        uint256[3] memory parts = [paid / 3, paid * 2 / 3 - paid / 3, paid - paid * 2 / 3];
        _settles(ANN, 0, deposit - parts[0], parts[0]);
        _settles(BOB, 0, deposit - parts[1], parts[1]);
        _settles(DEE, 0, deposit - parts[2], parts[2]);
        _settles(CEM, 0, deposit, 0);
        _compoundAll();
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network), "all is where it belongs");
    }

    function test_ValidatorsOfAStruckLostRoundArePaidOutOfTheIssue() public {
        _lose();
        uint256 supply = neuron.totalSupply();
        uint256 earned = network.position(1, 1).earned;
        vm.expectEmit();
        emit IMeasures.Struck(1, FIRST, BASE_FILE, _paid(), 0);
        _strike(0, 0);
        vm.assertEq(neuron.totalSupply() - supply, _paid(), "issued");
        vm.assertEq(network.position(1, 1).earned, earned, "kept");
        vm.assertEq(network.round(1, FIRST).paid, 0, "no longer due from deposits");
    }

    /// @dev What the schedule does not allow, deposits still bear.
    function test_WhatCannotBeIssuedStaysWithTheDeposits() public {
        _lose();
        _exhaust();
        uint256 left = emission.allowance();
        uint256 before = network.round(1, FIRST).paid;
        _strike(0, 0);
        uint256 due = before - left;
        vm.assertEq(network.round(1, FIRST).paid, due, "the rest");
        vm.warp(_start(FIRST + 1));
        _settles(ANN, deposit - due / 3, 0, due / 3);
        _settle(1, FIRST, BOB);
        _settle(1, FIRST, DEE);
        _settle(1, FIRST, CEM);
        _compoundAll();
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network), "not a wei is missing");
    }

    function test_AStrikeWithRestoreOfALostRoundPutsItsBaseBack() public {
        _lose();
        _win(1, FIRST + 1, BOB, "later");
        vm.assertEq(network.group(1).checkpoint, "later", "the group went on");
        vm.warp(_start(FIRST + 2));
        _strike(0, 1);
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "the base of the struck round");
    }

    /// @dev Nothing but a wei of the allowance is left: much is issued elsewhere.
    function _exhaust() private {
        uint256 all = emission.allowance();
        vm.prank(address(network));
        emission.issue(CEM, all - 1 gwei);
    }

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
        vm.assertEq(_collect(1, FIRST + 1, BOB), reward, "collected");
    }

    function test_ARoundThatIsOpenOnTheStolenBaseMovesNothing() public {
        bytes32 claim = _enter(1, FIRST + 2, CEM, "late");
        _strike(1);
        vm.warp(_judgeStart(FIRST + 2));
        network.judge(1, FIRST + 2, claim, _verdicts(1, FIRST + 2, claim, 1, 3));
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "restored for good");
        vm.assertEq(network.round(1, FIRST + 2).winner, CEM, "its winner is paid all the same");
    }

    function test_WithoutRestoringTheGroupGoesOnFromWhereItIs() public {
        _strike(0);
        vm.assertEq(network.group(1).checkpoint, "honest", "kept");
    }
}
