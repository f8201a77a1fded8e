// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Books} from "governance-test/Books.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev The measure `Slash`.
contract PunishTest is Measuring {
    IMeasures.Kind private constant SLASH = IMeasures.Kind.Slash;

    function test_RevertIf_ThePositionDoesNotExist() public {
        _refuse(SLASH, abi.encode(1, 9, vm.addr(9), 100), _unexpected(0));
        _refuse(SLASH, abi.encode(9, 1, vm.addr(1), 100), _unexpected(0));
        bytes memory args = abi.encode(1, 0, address(0), 100);
        _show(args);
        _refuse(SLASH, args, abi.encodeWithSelector(IStake.NoSuchPosition.selector, 1, 0));
    }

    function test_RevertIf_TheSignerIsNoAddress() public {
        _refuse(SLASH, abi.encode(1, 1, 2 ** 160 | uint160(vm.addr(1)), 100), IMeasures.BadArguments.selector);
    }

    function test_RevertIf_NothingOrMoreThanATenthIsTaken() public {
        bytes memory args = _args(1, 1, 0);
        _show(args);
        _refuse(SLASH, args, IMeasures.BadArguments.selector);
        args = _args(1, 1, 1001);
        _renew();
        _show(args);
        _refuse(SLASH, args, IMeasures.BadArguments.selector);
        _renew();
        _slash(1, 1, 1000);
    }

    function test_RevertIf_ThePositionIsSomebodyElsesThanTheVotersMeant() public {
        bytes memory args = abi.encode(1, 1, vm.addr(2), 100);
        _refuse(SLASH, args, _unexpected(bytes32(uint256(2))));
        vm.assertEq(network.measure(_measure(SLASH, args)).ripeAt, 0, "not even shown");
    }

    /// @dev After a reorganisation the number may be that of another position.
    function test_RevertIf_AnotherPositionCameUnderItsNumber() public {
        uint256 before = vm.snapshotState();
        _join(1, 8, STAKE);
        bytes memory args = _args(1, 4, 1000);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 1, 1, 3);
        vm.revertToState(before);
        _join(1, 9, STAKE);
        _refuse(SLASH, args, assents, _unexpected(0));
    }

    /// @dev Neither a new key nor a new owner makes it another position.
    function test_WhoIsShownDoesNotEscapeByRotatingOrHandingOver() public {
        bytes memory args = _args(1, 3, 1000);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 1, 1, 2);
        _fall(SLASH, args, assents);
        bytes memory consent = _consentOf(33, 1, vm.addr(3));
        vm.startPrank(vm.addr(3));
        network.rotate(1, 3, vm.addr(33), consent);
        network.offer(1, 3, CEM);
        vm.stopPrank();
        vm.prank(CEM);
        network.accept(1, 3);
        vm.warp(block.timestamp + 2 * EPOCH);
        _pass(SLASH, args, assents);
        vm.assertEq(network.position(1, 3).live, STAKE * 9 / 10, "a tenth");
    }

    function test_RevertIf_AMeasureSlashedItInThisEpochAlready() public {
        bytes memory args = _args(1, 1, 1000);
        bytes memory other = _args(1, 1, 999);
        _show(args);
        _fall(SLASH, other, _assents(SLASH, other, 1, 2, 3));
        vm.warp(block.timestamp + 2 * EPOCH);
        _pass(SLASH, args, _assents(SLASH, args, 1, 2, 3));
        _refuse(SLASH, other, _assents(SLASH, other, 1, 2, 3), IMeasures.SlashedInThisEpoch.selector);
        vm.assertEq(network.position(1, 1).live, STAKE * 9 / 10, "a tenth in this epoch");
        vm.assertEq(network.position(1, 1).slashedIn, network.epoch(), "and it is known");
        _nextEpoch();
        _pass(SLASH, other, _assents(SLASH, other, 1, 2, 3));
        vm.assertEq(network.position(1, 1).live, STAKE * 9 / 10 * 9001 / 10_000, "and not more in the next");
    }

    function test_RevertIf_ItIsEnactedAnEpochAfterItWasShown() public {
        bytes memory args = _args(1, 3, 1000);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 1, 1, 2);
        vm.expectEmit();
        emit IMeasures.Shown(_measure(SLASH, args), 1, 3, network.epoch() + 2);
        _fall(SLASH, args, assents);
        vm.assertEq(network.measure(_measure(SLASH, args)).ripeAt, network.epoch() + 2, "ripe");
        _refuse(SLASH, args, assents, IRounds.NothingCounted.selector);
        _nextEpoch();
        _fall(SLASH, args, assents);
        vm.warp(START + (network.epoch() + 1) * EPOCH - 1);
        vm.assertEq(network.position(1, 3).live, STAKE, "until the last second of a whole epoch");
        _nextEpoch();
        _pass(SLASH, args, assents);
        vm.assertEq(network.position(1, 3).live, STAKE * 9 / 10, "then");
    }

    function test_RevertIf_TheNoticeHasExpired() public {
        bytes memory args = _args(1, 3, 1000);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 1, 1, 2);
        _fall(SLASH, args, assents);
        vm.warp(expiry);
        _refuse(SLASH, args, assents, IMeasures.Expired.selector);
        vm.assertEq(network.position(1, 3).live, STAKE, "untouched");
    }

    function test_FiftySlashesOfATenthInOneEpochTakeOne() public {
        IMeasures.Assent[][] memory assents = new IMeasures.Assent[][](50);
        bytes[] memory args = new bytes[](50);
        for (uint256 i; i < 50; ++i) {
            args[i] = _args(1, 3, 1000 - i);
            assents[i] = _assents(SLASH, args[i], 1, 1, 2);
            _fall(SLASH, args[i], assents[i]);
        }
        vm.warp(block.timestamp + 2 * EPOCH);
        _pass(SLASH, args[0], assents[0]);
        for (uint256 i = 1; i < 50; ++i) {
            _refuse(SLASH, args[i], assents[i], IMeasures.SlashedInThisEpoch.selector);
        }
        vm.assertEq(network.position(1, 3).next, STAKE * 9 / 10, "a tenth");
    }

    function test_ExactlyHalfOfAllStakeDoesNotEvenShowIt() public {
        _balance(2, STAKE * 7 / 10);
        bytes memory args = _args(1, 3, 100);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 1, 1, 2);
        _fall(SLASH, args, assents);
        vm.assertEq(network.measure(_measure(SLASH, args)).ripeAt, 0, "not shown");
        _tip(2);
        _fall(SLASH, args, assents);
        vm.assertEq(network.measure(_measure(SLASH, args)).ripeAt, network.epoch() + 2, "shown");
    }

    function test_TheMembersOfASmallGroupDoNotSlashOneOfTheirs() public {
        bytes memory args = _args(2, 3, 1000);
        _fall(SLASH, args, _assents(SLASH, args, 2, 1, 3));
        vm.assertEq(network.measure(_measure(SLASH, args)).ripeAt, 0, "not shown");
    }

    /// @dev Who is shown has a whole epoch: bonds up, and the majority is none any more.
    function test_WhoIsShownMayBondUpAgainstIt() public {
        bytes memory args = _args(1, 3, 1000);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 1, 1, 2);
        _fall(SLASH, args, assents);
        _nextEpoch();
        _fund(vm.addr(3), STAKE);
        vm.prank(vm.addr(3));
        network.bond(1, vm.addr(3), STAKE, "");
        _nextEpoch();
        _fall(SLASH, args, assents);
        vm.assertEq(network.position(1, 3).live, 2 * STAKE, "untouched: 20 of 43 millions");
    }

    /// @dev Bonding in the last second before it counts too.
    function test_WhoIsShownMayBondUpInTheEpochInWhichItIsRipe() public {
        bytes memory args = _args(1, 3, 1000);
        IMeasures.Assent[] memory assents = _assents(SLASH, args, 1, 1, 2);
        _fall(SLASH, args, assents);
        _nextEpoch();
        _nextEpoch();
        _fund(vm.addr(3), STAKE);
        vm.prank(vm.addr(3));
        network.bond(1, vm.addr(3), STAKE, "");
        _fall(SLASH, args, assents);
    }

    function test_WhoIsShownMayWinVotersOver() public {
        bytes memory args = _args(1, 3, 1000);
        _show(args);
        // Position 2 no longer wants it: it has nothing to sign, it has only to be silent.
        _fall(SLASH, args, _assents(SLASH, args, 1, 1, 1));
        vm.assertEq(network.position(1, 3).live, STAKE, "untouched");
    }

    /// @dev Stake that went to rest, or moved, or is on its way out is as much in reach as it was.
    function test_WhoIsShownMayRestAndLosesNoLess() public {
        bytes memory args = _args(1, 3, 1000);
        _fall(SLASH, args, _assents(SLASH, args, 1, 1, 2));
        vm.prank(vm.addr(3));
        network.rest(1, 3);
        vm.warp(block.timestamp + 2 * EPOCH);
        _pass(SLASH, args, _assents(SLASH, args, 1, 1, 2));
        vm.assertEq(network.position(1, 3).live, STAKE * 9 / 10, "a tenth");
    }

    function test_WhoIsShownAndLeavesLosesOfTheExitToo() public {
        bytes memory args = _args(1, 3, 1000);
        _fall(SLASH, args, _assents(SLASH, args, 1, 1, 2));
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        vm.warp(block.timestamp + 2 * EPOCH);
        _pass(SLASH, args, _assents(SLASH, args, 1, 1, 2));
        vm.assertEq(network.position(1, 3).exiting, STAKE * 9 / 10, "a tenth of the exit");
    }

    function test_AnExitThatEndsBeforeItIsRipeIsSafe() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        vm.warp(network.position(1, 3).exitAt - 1);
        _renew();
        bytes memory args = _args(1, 3, 1000);
        _fall(SLASH, args, _assents(SLASH, args, 1, 1, 2));
        vm.warp(block.timestamp + 2 * EPOCH);
        _pass(SLASH, args, _assents(SLASH, args, 1, 1, 2));
        vm.assertEq(network.position(1, 3).exiting, STAKE, "it had left: all of it");
    }

    function test_AnExitThatIsOverIsNotSlashedAYearLater() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        vm.warp(network.position(1, 3).exitAt + 365 days);
        _slashBy(1, 3, 1000, 1, 2);
        vm.prank(vm.addr(3));
        vm.assertEq(network.withdraw(1, 3, vm.addr(3)), STAKE, "all of it");
    }

    function test_OfTwoExitsOnlyTheOneThatLastsIsReached() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE / 2);
        vm.warp(block.timestamp + 10 * EPOCH);
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE / 4);
        vm.warp(network.position(1, 3).exitAt);
        _slashBy(1, 3, 1000, 1, 2);
        vm.assertEq(network.position(1, 3).exiting, STAKE / 2, "over");
        vm.assertEq(network.position(1, 3).exitingLater, STAKE / 4 * 9 / 10, "lasts");
        vm.assertEq(network.position(1, 3).live, STAKE / 4 * 9 / 10, "stake");
        vm.assertEq(Books.agree(network), true, "sums");
    }

    function test_ATenthIsBurntAtOnce() public {
        uint256 supply = neuron.totalSupply();
        bytes memory args = _args(1, 1, 1000);
        _show(args);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, STAKE / 10, STAKE / 10, 0, 0);
        _pass(SLASH, args, _assents(SLASH, args, 1, 2, 3));
        vm.assertEq(neuron.totalSupply(), supply - STAKE / 10, "burnt");
        vm.assertEq(network.position(1, 1).live, STAKE * 9 / 10, "live");
        vm.assertEq(network.admittedAwake(), 3 * STAKE - STAKE / 10, "awake");
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network), "held");
        vm.assertEq(Books.agree(network), true, "sums");
        vm.assertEq(network.position(1, 1).forgivenUntil, 0, "which forgives no signing twice");
    }

    /// @dev What was bonded in this epoch had no voice yet.
    function test_WhatWasBondedInThisEpochIsNotReached() public {
        bytes memory args = _args(1, 3, 1000);
        _show(args);
        _fund(vm.addr(3), STAKE / 10);
        vm.prank(vm.addr(3));
        network.bond(1, vm.addr(3), STAKE / 10, "");
        _pass(SLASH, args, _assents(SLASH, args, 1, 1, 2));
        vm.assertEq(network.position(1, 3).live, STAKE * 9 / 10, "of what counted");
        vm.assertEq(network.position(1, 3).next, STAKE, "and not of what came just now");
    }

    function test_WhatIsLeavingIsReachedOnce() public {
        bytes memory args = _args(1, 3, 1000);
        _show(args);
        uint256 supply = neuron.totalSupply();
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        _pass(SLASH, args, _assents(SLASH, args, 1, 1, 2));
        vm.assertEq(network.position(1, 3).exiting, STAKE * 9 / 10, "exiting");
        vm.assertEq(network.position(1, 3).live, STAKE * 9 / 10, "live");
        vm.assertEq(neuron.totalSupply(), supply - STAKE / 10, "burnt once");
        vm.assertEq(Books.agree(network), true, "sums");
        vm.warp(network.position(1, 3).exitAt);
        vm.prank(vm.addr(3));
        vm.assertEq(network.withdraw(1, 3, BOB), STAKE * 9 / 10, "withdrawn");
    }

    function test_PayIsReachedOnceItCounts() public {
        _win(1, FIRST, ANN, "a");
        uint256 earned = network.position(1, 1).earned;
        vm.prank(vm.addr(1));
        network.compound(1, 1);
        bytes memory args = _args(1, 1, 1000);
        _show(args);
        uint256 supply = neuron.totalSupply();
        _pass(SLASH, args, _assents(SLASH, args, 1, 2, 3));
        uint256 taken = (STAKE + earned) / 1 gwei / 10 * 1 gwei;
        vm.assertEq(neuron.totalSupply(), supply - taken, "burnt");
        vm.assertEq(network.position(1, 1).next, STAKE + earned - taken, "left");
    }

    function test_AVerdictWeighsWhatIsLeft() public {
        bytes memory args = _args(1, 1, 1000);
        _show(args);
        uint256 round = FIRST + 48;
        bytes32 claim = _enter(1, round, ANN, "a");
        _pass(SLASH, args, _assents(SLASH, args, 1, 2, 3));
        vm.warp(_judgeStart(round));
        network.judge(1, round, claim, _verdicts(1, round, claim, 1, 3));
        vm.assertEq(network.round(1, round).judged, 3 * STAKE - STAKE / 10, "judged");
        vm.assertEq(network.round(1, round).awake, 3 * STAKE, "as it was opened");
    }

    function test_TheBooksAreRightAfterASlashBetweenTwoRoundsOfLazyPay() public {
        _win(1, FIRST, ANN, "a");
        bytes memory args = _args(1, 1, 1000);
        _fall(SLASH, args, _assents(SLASH, args, 1, 2, 3));
        vm.warp(_start(FIRST + 48));
        _pass(SLASH, args, _assents(SLASH, args, 1, 2, 3));
        for (uint256 position = 2; position <= 3; ++position) {
            vm.prank(vm.addr(position));
            network.compound(1, position);
        }
        vm.warp(_start(FIRST + 49));
        _settle(1, FIRST, ANN);
        uint256 rest = network.round(1, FIRST).deposit / 16;
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network) + rest, "held");
    }

    /// @dev One position shown a hundred times is one position shown.
    function test_EachSlashIsShownForItself() public {
        bytes memory one = _args(1, 3, 1000);
        bytes memory other = _args(1, 3, 500);
        _show(one);
        IMeasures.Assent[] memory assents = _assents(SLASH, other, 1, 1, 2);
        _fall(SLASH, other, assents);
        vm.assertEq(network.measure(_measure(SLASH, other)).ripeAt, network.epoch() + 2, "its own notice");
    }

    function _args(uint256 group, uint256 position, uint256 basisPoints) private view returns (bytes memory) {
        return abi.encode(group, position, network.position(group, position).signer, basisPoints);
    }

    /// @dev Shows the slash with the assents of all of group 1; two epochs later it is ripe.
    function _show(bytes memory args) private {
        _fall(SLASH, args, _assents(SLASH, args, 1, 1, 3));
        vm.warp(block.timestamp + 2 * EPOCH);
    }

    function _slash(uint256 group, uint256 position, uint256 basisPoints) private {
        bytes memory args = _args(group, position, basisPoints);
        _show(args);
        _pass(SLASH, args, _assents(SLASH, args, 1, 2, 3));
    }
}

/// @dev Position 1 of group 1 moved to its forks; measures reach what moved, and each heir once an epoch.
contract PunishHeirsTest is Measuring {
    IMeasures.Kind private constant SLASH = IMeasures.Kind.Slash;
    uint256 private child;

    function setUp() public override {
        super.setUp();
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, 900);
        birth.dataset = new bytes32[](0);
        child = network.fork(1, birth);
    }

    function test_AMeasureTakesOfTheHeirWhatMovedThereAndNotWhatWasThere() public {
        _bondInChild(1, STAKE / 2);
        _move(1, 1);
        _slashBy(1, 1, 1000, 2, 3);
        vm.assertEq(network.position(child, 1).next, STAKE * 3 / 2 - STAKE / 10, "a tenth of what moved");
        vm.assertEq(network.position(1, 1).moved, STAKE * 9 / 10, "less answers now");
        _agree();
    }

    function test_AnHeirIsSlashedOnceAnEpochThroughWhomeverItInherited() public {
        _shareHeir();
        bytes[2] memory args = [_args(1), _args(2)];
        IMeasures.Assent[] memory first = _all(args[0]);
        IMeasures.Assent[] memory second = _all(args[1]);
        _fall(SLASH, args[0], first);
        _fall(SLASH, args[1], second);
        vm.warp(block.timestamp + 2 * EPOCH);
        _pass(SLASH, args[0], first);
        uint256 left = network.position(child, 1).next;
        vm.assertEq(left, 2 * STAKE - STAKE / 10, "a tenth of what came from position 1");
        _pass(SLASH, args[1], second);
        vm.assertEq(network.position(child, 1).next, left, "passed over in the same epoch");
        vm.assertEq(network.position(1, 2).moved, STAKE, "which still answers for all of it");
        _agree();
    }

    function test_WhatWasSlashedThroughAnHeirIsNotSlashedDirectlyInThatEpoch() public {
        _bondInChild(1, STAKE);
        _move(1, 1);
        _nextEpoch();
        bytes memory args = _args(1);
        bytes memory direct = abi.encode(child, 1, vm.addr(41), 1000);
        _fall(SLASH, args, _all(args));
        _fall(SLASH, direct, _all(direct));
        vm.warp(block.timestamp + 2 * EPOCH);
        _pass(SLASH, args, _all(args));
        _refuse(SLASH, direct, _all(direct), IMeasures.SlashedInThisEpoch.selector);
    }

    function test_AYearAfterTheMoveTheHeirIsOutOfReach() public {
        _move(1, 1);
        vm.warp(block.timestamp + 365 days);
        _slashBy(1, 1, 1000, 2, 3);
        vm.assertEq(network.position(child, 1).next, STAKE, "all of it");
    }

    function test_TheHeirIsReachedInTheLastSecondOfAnExitAndNotAfterIt() public {
        _move(1, 1);
        uint256 until = START + (FIRST / 24 + 1) * EPOCH + EXIT;
        bytes memory args = _args(1);
        vm.warp(until - 1 - 2 * EPOCH);
        _renew();
        _fall(SLASH, args, _all(args));
        uint256 before = vm.snapshotState();
        vm.warp(until - 1);
        _pass(SLASH, args, _all(args));
        vm.assertEq(network.position(child, 1).next, STAKE * 9 / 10, "the last second");
        vm.revertToState(before);
        vm.warp(until);
        _pass(SLASH, args, _all(args));
        vm.assertEq(network.position(child, 1).next, STAKE, "a second later");
    }

    function _move(uint256 key, uint256 heir) private {
        bytes memory consent = _consentOf(40 + heir, child, vm.addr(key));
        vm.prank(vm.addr(key));
        network.move(1, key, child, vm.addr(40 + heir), consent);
    }

    function _bondInChild(uint256 heir, uint256 amount) private {
        address who = vm.addr(1);
        _fund(who, amount);
        bytes memory consent = _consentOf(40 + heir, child, who);
        vm.prank(who);
        network.bond(child, vm.addr(40 + heir), amount, consent);
    }

    /// @dev The positions 1 and 2, now of one owner, both move to position 1 of the child.
    function _shareHeir() private {
        vm.prank(vm.addr(2));
        network.offer(1, 2, vm.addr(1));
        vm.startPrank(vm.addr(1));
        network.accept(1, 2);
        network.move(1, 1, child, vm.addr(41), _consentOf(41, child, vm.addr(1)));
        network.move(1, 2, child, vm.addr(41), "");
        vm.stopPrank();
        _nextEpoch();
    }

    function _args(uint256 position) private pure returns (bytes memory) {
        return abi.encode(1, position, vm.addr(position), 1000);
    }

    /// @dev Of position 3, of group 2 and of the child's first.
    function _all(bytes memory args) private view returns (IMeasures.Assent[] memory assents) {
        assents = _join2(_assents(SLASH, args, 1, 2, 3), _assents(SLASH, args, child, 1, 1));
        assents[2].signature = _signed(41, _measure(SLASH, args));
    }

    function _agree() private {
        vm.assertEq(Books.agree(network), true, "sums now");
        _nextEpoch();
        vm.assertEq(Books.agree(network), true, "sums then");
    }
}

/// @dev A position is slashed after its verdict was counted and before the claim has its majority.
contract PunishBetweenTest is Measuring {
    uint256 private constant LEFT = STAKE - STAKE * 550 / 10_000;
    uint256 private due;

    /// @dev Position 1 signs `claim`, is slashed for signing twice, and the others decide.
    function _judgeSlashJudge(bytes32 claim) private {
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 1));
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        network.slashDouble(1, FIRST, one, other);
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 2, 3));
        due = _share(_reward() / 5, LEFT, VALIDATORS * STAKE);
        vm.assertEq(network.position(1, 1).earned, due, "earned by what is left");
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.prank(vm.addr(key));
            network.compound(1, key);
        }
        vm.assertEq(network.position(1, 1).next, LEFT + due, "and paid");
    }

    function test_InAWonRoundItIsPaidByWhatIsLeftAndNoMoreIsIssued() public {
        bytes32 claim = _enter(1, FIRST, ANN, "a");
        _judgeSlashJudge(claim);
        vm.warp(_start(FIRST + 1) + MATURITY);
        _collect(1, FIRST, ANN);
        vm.assertEq(neuron.balanceOf(address(network)), Books.owed(network), "nothing is left over");
    }

    /// @dev Deposits have paid for what it had: the difference is nobody's, and stays.
    function test_InALostRoundItsPartOfTheDepositsBecomesNobodys() public {
        _enter(1, FIRST, ANN, "a");
        _judgeSlashJudge(0);
        vm.warp(_start(FIRST + 1) + MATURITY);
        _settle(1, FIRST, ANN);
        uint256 over = _share(_reward() / 5, STAKE, VALIDATORS * STAKE) - due;
        vm.assertGt(over, 0, "five and a half percent of a verdict's pay");
        vm.assertEq(neuron.balanceOf(address(network)) - Books.owed(network), over, "and not more");
    }
}
