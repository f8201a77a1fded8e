// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Play} from "governance-test/Play.sol";

/// @title Threats by trainers: stolen, repeated, false and needless claims.
contract ThreatsClaimsTest is Play {
    uint256 private constant LIARS = 20;
    uint256 private constant MOST = 1_000_000 ether;
    uint256 private constant ANY = type(uint256).max;

    function test_ACopiedSealOpensNothing() public {
        _commit(1, FIRST, ANN, "a");
        bytes32 copied = network.claimOf(1, FIRST, ANN).name;
        vm.prank(BOB);
        network.commit(1, FIRST, copied, ANY);
        vm.warp(_revealStart(FIRST));
        vm.expectRevert(IRounds.WrongSeal.selector);
        _reveal(1, BOB, "a", BASE, LOSS);
        _reveal(1, ANN, "a", BASE, LOSS);
    }

    function test_ACopiedRevealIsRefused() public {
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.expectRevert(IRounds.WrongSeal.selector);
        _reveal(1, BOB, "a", BASE, LOSS);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotSealed.selector, IRounds.Status.None));
        _reveal(1, CEM, "a", BASE, LOSS);
    }

    function test_ACopiedClaimForAnEarlierCommitNeedsTheSameFile() public {
        _commit(1, FIRST, BOB, "placeholder");
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.expectRevert(IRounds.WrongSeal.selector);
        _reveal(1, BOB, "a", BASE, LOSS);
        _judge(_claim("a", BASE, LOSS));
        vm.assertEq(network.round(1, FIRST).winner, ANN, "who committed the file wins");
    }

    function test_ACommitThatIsMinedInAnotherRoundCostsNothing() public {
        bytes32 seal = Rules.seal(1, FIRST, "a", ANN, SALT);
        vm.warp(_start(FIRST + 1));
        vm.expectRevert(abi.encodeWithSelector(IRounds.WrongRound.selector, FIRST + 1));
        vm.prank(ANN);
        network.commit(1, FIRST, seal, ANY);
        vm.assertEq(neuron.balanceOf(ANN), MOST, "nothing was taken");
    }

    function test_ADepositThatDoubledMeanwhileIsNotTaken() public {
        uint256 seen = network.leastDeposit(2);
        for (uint256 i; i < 2; ++i) {
            _enter(2, FIRST + i, BOB, bytes32(i + 1));
        }
        vm.warp(_start(FIRST + 2));
        vm.expectRevert(abi.encodeWithSelector(IRounds.DepositTooHigh.selector, 4 * seen));
        vm.prank(ANN);
        network.commit(2, FIRST + 2, "seal", 2 * seen);
        vm.assertEq(neuron.balanceOf(ANN), MOST, "nothing was taken");
    }

    function test_ASealOfAnotherRoundOrGroupOpensNothing() public {
        _commit(1, FIRST, ANN, "a");
        bytes32 seal = network.claimOf(1, FIRST, ANN).name;
        vm.startPrank(ANN);
        network.commit(2, FIRST, seal, ANY);
        vm.warp(_start(FIRST + 1));
        network.commit(1, FIRST + 1, seal, ANY);
        vm.stopPrank();
        vm.warp(_revealStart(FIRST + 1));
        vm.expectRevert(IRounds.WrongSeal.selector);
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotSealed.selector, IRounds.Status.None));
        _reveal(2, ANN, "a", BASE, LOSS);
    }

    function test_ASquattedLeakedHashCostsItsFinderNothing() public {
        _commit(1, FIRST, ANN, "leaked");
        _commit(2, FIRST, BOB, "leaked");
        vm.warp(_revealStart(FIRST));
        _reveal(2, BOB, "leaked", BASE, LOSS);
        _reveal(1, ANN, "leaked", BASE, LOSS);
        _judge(_claim("leaked", BASE, LOSS));
        vm.warp(_start(FIRST + 1) + MATURITY);
        _collect(1, FIRST, ANN);
        vm.assertEq(neuron.balanceOf(ANN), MOST + _reward(), "she wins where she works");
    }

    function test_ALeakedHashRevealedFirstBelongsToTheEarlierCommit() public {
        _commit(1, FIRST, ANN, "leaked");
        _commit(1, FIRST, BOB, "leaked");
        vm.warp(_revealStart(FIRST));
        _reveal(1, BOB, "leaked", BASE, LOSS);
        _reveal(1, ANN, "leaked", BASE, LOSS);
        _judge(_claim("leaked", BASE, LOSS));
        vm.assertEq(network.round(1, FIRST).winner, ANN, "revealing first is worth nothing");
    }

    function test_AFileThatWonInAPrivateGroupIsRevealedInAnAdmittedOne() public {
        uint256 hidden = _privateGroup();
        uint256 round = FIRST + 24;
        bytes32 claim = _enter(hidden, round, BOB, "a");
        vm.warp(_judgeStart(round));
        _judgeHidden(hidden, round, claim);
        _win(1, round + 1, ANN, "a");
        vm.assertEq(network.round(1, round + 1).winner, ANN, "won where it earns something");
    }

    function test_ALeakedFileWonFirstInAPrivateGroupEarnsTheThiefNothing() public {
        uint256 hidden = _privateGroup();
        uint256 round = FIRST + 24;
        uint256 supply = neuron.totalSupply();
        bytes32 claim = _enter(hidden, round, BOB, "leaked");
        vm.warp(_judgeStart(round));
        _judgeHidden(hidden, round, claim);
        vm.assertEq(network.round(hidden, round).winner, BOB, "won");
        vm.warp(_start(round + 1) + MATURITY);
        vm.assertEq(_collect(hidden, round, BOB), 0, "issued");
        vm.assertEq(neuron.totalSupply(), supply, "supply");
    }

    function test_AWinningFileAgainInAnyGroupIsRefused() public {
        _win(1, FIRST, ANN, "a");
        uint256 hidden = _privateGroup();
        vm.warp(_start(FIRST + 24));
        for (uint256 group = 1; group <= hidden; ++group) {
            _commit(group, FIRST + 24, BOB, "a");
        }
        vm.warp(_revealStart(FIRST + 24));
        for (uint256 group = 1; group <= hidden; ++group) {
            vm.expectRevert(IRounds.FileWonBefore.selector);
            _reveal(group, BOB, "a", BASE, LOSS);
        }
    }

    function test_OneFileInTwoAdmittedGroupsInOneRoundWinsInBothAndNeverAgain() public {
        _admit(2);
        _commit(1, FIRST, ANN, "a");
        _commit(2, FIRST, BOB, "a");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _reveal(2, BOB, "a", BASE, LOSS);
        bytes32 claim = _claim("a", BASE, LOSS);
        _judge(claim);
        network.judge(2, FIRST, claim, _verdicts(2, FIRST, claim, 1, 3));
        vm.assertEq(network.round(2, FIRST).winner, BOB, "each is judged by its own validators");
        vm.assertEq(network.hasWon(1, "a") && network.hasWon(2, "a"), true, "never again");
    }

    function test_AWinningFileIsNotWonByItsEqualInTheSameRound() public {
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "a");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _reveal(1, BOB, "a", BASE, LOSS - 1);
        _judge(_claim("a", BASE, LOSS));
        bytes32 better = _claim("a", BASE, LOSS - 1);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, better, 1, 3);
        vm.expectRevert(abi.encodeWithSelector(IRounds.OtherClaimDecided.selector, _claim("a", BASE, LOSS)));
        network.judge(1, FIRST, better, verdicts);
        vm.assertEq(network.round(1, FIRST).winner, ANN, "one winner");
    }

    function test_HalfTheLeastImprovementIsRefused() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        uint32 least = BASE >> 10;
        bytes memory notBetter = abi.encodeWithSelector(IRounds.NotBetter.selector, BASE - least);
        vm.expectRevert(notBetter);
        _reveal(1, ANN, "a", BASE, BASE - least / 2);
        vm.expectRevert(notBetter);
        _reveal(1, ANN, "a", BASE, BASE - least + 1);
        _reveal(1, ANN, "a", BASE, BASE - least);
    }

    function test_ABaseBelow1024MustBeImprovedByOneAllTheSame() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        uint32[4] memory bases = [uint32(0), 1, 1023, 1024];
        for (uint256 i; i < bases.length; ++i) {
            uint256 most = bases[i] == 0 ? 0 : bases[i] - 1;
            vm.expectRevert(abi.encodeWithSelector(IRounds.NotBetter.selector, most));
            _reveal(1, ANN, "a", bases[i], bases[i]);
        }
        _reveal(1, ANN, "a", 1023, 1022);
    }

    function test_ManyCommitsAndOneOpenedCostAllOtherDeposits() public {
        address[3] memory faces = [ANN, BOB, CEM];
        for (uint256 i; i < 3; ++i) {
            _commit(1, FIRST, faces[i], bytes32(i + 1));
        }
        uint256 deposit = network.round(1, FIRST).deposit;
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, bytes32(uint256(1)), BASE, LOSS);
        _judge(_claim(bytes32(uint256(1)), BASE, LOSS));
        vm.warp(_start(FIRST + 1));
        for (uint256 i; i < 3; ++i) {
            _settle(1, FIRST, faces[i]);
            vm.assertEq(MOST - neuron.balanceOf(faces[i]), i == 0 ? deposit / 16 : deposit, "lost, or waits");
        }
        vm.warp(_start(FIRST + 1) + MATURITY);
        _collect(1, FIRST, ANN);
        vm.assertEq(neuron.balanceOf(ANN), MOST + _reward(), "the opened one comes back");
    }

    function test_AFalseClaimLosesItsDepositAndPaysTheValidators() public {
        _commit(1, FIRST, ANN, "false");
        uint256 deposit = network.round(1, FIRST).deposit;
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "false", BASE, 1);
        _judge(0);
        vm.assertEq(network.group(1).checkpoint, BASE_FILE, "the checkpoint stays");
        vm.assertEq(network.position(1, 1).earned * 3, _paid(), "validators earn the same");
        vm.warp(_start(FIRST + 1) + MATURITY);
        _settle(1, FIRST, ANN);
        vm.assertEq(MOST - neuron.balanceOf(ANN), deposit, "all is lost");
        vm.assertEq(neuron.totalSupply(), SUPPLY - deposit + _paid(), "nothing was issued");
    }

    function test_AClaimOneMicronatTooGoodIsNotTheTrueOne() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS - 1);
        vm.warp(_judgeStart(FIRST));
        bytes32 measured = _claim("a", BASE, LOSS);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, measured, 1, 3);
        vm.expectRevert(IRounds.NoSuchClaim.selector);
        network.judge(1, FIRST, measured, verdicts);
        bytes32 claimed = _claim("a", BASE, LOSS - 1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, FIRST, claimed, verdicts);
    }

    function test_AClaimWithOneExampleShadedIsNotTheTrueOne() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        vm.prank(ANN);
        network.reveal(1, SALT, "a", BASE, LOSS, "one leaf is shaded");
        vm.warp(_judgeStart(FIRST));
        bytes32 measured = _claim("a", BASE, LOSS);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, measured, 1, 3);
        vm.expectRevert(IRounds.NoSuchClaim.selector);
        network.judge(1, FIRST, measured, verdicts);
        vm.assertEq(measured != Rules.claim("a", BASE, LOSS, "one leaf is shaded"), true, "the names differ");
    }

    function test_TwentyLiarsAndOneHonest() public {
        for (uint256 i = 1; i <= LIARS; ++i) {
            _fund(_liar(i), 1000 ether);
            _commit(1, FIRST, _liar(i), bytes32(i));
        }
        _commit(1, FIRST, ANN, "honest");
        uint256 deposit = network.round(1, FIRST).deposit;
        vm.warp(_revealStart(FIRST));
        for (uint256 i = 1; i <= LIARS; ++i) {
            _reveal(1, _liar(i), bytes32(i), BASE, uint32(i));
        }
        _reveal(1, ANN, "honest", BASE, LOSS);
        _judge(_claim("honest", BASE, LOSS));
        vm.assertEq(network.round(1, FIRST).winner, ANN, "one call decides");
        vm.warp(_start(FIRST + 1) + MATURITY);
        for (uint256 i = 1; i <= LIARS; ++i) {
            _settle(1, FIRST, _liar(i));
            vm.assertEq(neuron.balanceOf(_liar(i)), 1000 ether - deposit, "a liar loses all");
        }
        _collect(1, FIRST, ANN);
        vm.assertEq(neuron.balanceOf(ANN), MOST + _reward(), "the honest nothing");
    }

    function test_AWithheldOrMalformedFileIsPassedOverForTheNextClaim() public {
        _commit(1, FIRST, BOB, "withheld");
        _commit(1, FIRST, ANN, "a");
        uint256 deposit = network.round(1, FIRST).deposit;
        vm.warp(_revealStart(FIRST));
        _reveal(1, BOB, "withheld", BASE, BETTER);
        _reveal(1, ANN, "a", BASE, LOSS);
        _judge(_claim("a", BASE, LOSS));
        vm.assertEq(network.round(1, FIRST).winner, ANN, "the best that is true");
        vm.warp(_start(FIRST + 1) + MATURITY);
        _settle(1, FIRST, BOB);
        vm.assertEq(MOST - neuron.balanceOf(BOB), deposit, "all is lost");
    }

    function test_AFileServedToSomeCostsASixteenthAndMakesTheNextDepositTwice() public {
        _commit(1, FIRST, BOB, "served to one of three");
        uint256 deposit = network.round(1, FIRST).deposit;
        vm.warp(_revealStart(FIRST));
        _reveal(1, BOB, "served to one of three", BASE, LOSS);
        vm.warp(_judgeStart(FIRST));
        bytes32 claim = _claim("served to one of three", BASE, LOSS);
        IRounds.Verdict[] memory served = _verdicts(1, FIRST, claim, 1, 1);
        IRounds.Verdict[] memory others = _verdicts(1, FIRST, 0, 2, 3);
        vm.assertEq(network.judge(1, FIRST, claim, served), false, "one of three");
        vm.assertEq(network.judge(1, FIRST, 0, others), false, "two of three");
        vm.warp(_start(FIRST + 1));
        _settle(1, FIRST, BOB);
        vm.assertEq(MOST - neuron.balanceOf(BOB), deposit / 16, "a sixteenth");
        _commit(1, FIRST + 1, BOB, "again");
        vm.assertEq(network.group(1).voids, 1, "a void round");
        vm.assertLe(2 * deposit * 999 / 1000, network.round(1, FIRST + 1).deposit, "twice the deposit");
    }

    function test_ARevealSentAgainAfterAReorganisationIsTheSameClaim() public {
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        uint256 before = vm.snapshotState();
        _reveal(1, ANN, "a", BASE, LOSS);
        bytes32 name = network.claimOf(1, FIRST, ANN).name;
        vm.revertToState(before);
        vm.warp(_judgeStart(FIRST) - 1);
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.assertEq(network.claimOf(1, FIRST, ANN).name, name, "the same claim");
    }

    function test_AWorseTrueClaimIsNeverReadAndLosesASixteenth() public {
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        uint256 deposit = network.round(1, FIRST).deposit;
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _reveal(1, BOB, "b", BASE, BETTER);
        _judge(_claim("b", BASE, BETTER));
        vm.warp(_start(FIRST + 1));
        _settle(1, FIRST, ANN);
        vm.assertEq(MOST - neuron.balanceOf(ANN), deposit / 16, "lost");
    }

    function test_AfterAStallersLastRoundDepositsComeDownByThemselves() public {
        for (uint256 i; i < 9; ++i) {
            _enter(2, FIRST + i, BOB, bytes32(i + 1));
        }
        vm.assertEq(network.round(2, FIRST + 8).deposit, MIN_DEPOSIT << 8, "as high as it gets");
        uint256 round = FIRST + 8 + 24 * 4;
        vm.warp(_start(round));
        vm.assertEq(network.leastDeposit(2), MIN_DEPOSIT, "four epochs later");
        _enter(2, round, ANN, "new");
        vm.assertEq(network.round(2, round).deposit, MIN_DEPOSIT, "single");
    }

    function test_StallingRoundsCostsTwiceAsMuchEachTime() public {
        uint256 lost;
        for (uint256 i; i < 10; ++i) {
            uint256 deposit = MIN_DEPOSIT << (i < 8 ? i : 8);
            _enter(2, FIRST + i, ANN, bytes32(i + 1));
            vm.assertEq(network.round(2, FIRST + i).deposit, deposit, "deposit");
            vm.warp(_start(FIRST + i + 1));
            _settle(2, FIRST + i, ANN);
            lost += deposit / 16;
            vm.assertEq(MOST - neuron.balanceOf(ANN), lost, "lost");
        }
    }

    /// @dev A group in which key 40 is the only validator, with position 1.
    function _privateGroup() private returns (uint256 group) {
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        _join(group, 40, 1 ether);
    }

    /// @dev Key 40 alone decides `round` there.
    function _judgeHidden(uint256 hidden, uint256 round, bytes32 claim) private {
        IRounds.Verdict[] memory verdicts = new IRounds.Verdict[](1);
        verdicts[0] = _verdict(hidden, round, 40, claim);
        verdicts[0].position = 1;
        network.judge(hidden, round, claim, verdicts);
    }

    function _liar(uint256 index) private pure returns (address) {
        return address(uint160(0x11A4 + index));
    }

    function _judge(bytes32 claim) private {
        vm.warp(_judgeStart(FIRST));
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 3);
        network.judge(1, FIRST, claim, verdicts);
    }
}
