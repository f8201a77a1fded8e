// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDuties, IRounds} from "governance/INetwork.sol";
import {Moving} from "governance-test/Moving.sol";

/// @dev Stake that moved still answers for the position that it left.
contract HeirTest is Moving {
    /// @dev Of the stake of position 1 for signing twice: five percent, and half a percent for the reporter.
    uint256 private constant LOST = STAKE * 550 / 10_000;

    function test_RevertIf_TheRestGoesToAnotherChildBeforeAnExitIsOver() public {
        _moveAndBond(CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        _refusedUntil(1, OTHER, _epochStart(MOVED_IN + 1) + EXIT);
        vm.warp(_epochStart(MOVED_IN + 1) + EXIT - 1);
        _refusedUntil(1, OTHER, _epochStart(MOVED_IN + 1) + EXIT);
        vm.warp(_epochStart(MOVED_IN + 1) + EXIT);
        _move(1, OTHER);
        vm.assertEq(network.position(1, 1).heirGroup, OTHER, "the new heir");
    }

    function test_RevertIf_TheRestGoesToAnotherPositionOfTheSameChild() public {
        _moveAndBond(CHILD);
        bytes memory consent = _consentOf(7, CHILD, owner);
        vm.warp(_epochStart(MOVED_IN + 1));
        vm.expectRevert(abi.encodeWithSelector(IStake.MovedElsewhere.selector, _epochStart(MOVED_IN + 1) + EXIT));
        vm.prank(owner);
        network.move(1, 1, CHILD, vm.addr(7), consent);
    }

    /// @dev What moved answers for what was signed before: two moves would have to be told from one another.
    function test_RevertIf_TheRestFollowsToTheSamePositionBeforeAnExitIsOver() public {
        _moveAndBond(CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        _refusedUntil(1, CHILD, _epochStart(MOVED_IN + 1) + EXIT);
        vm.warp(_epochStart(MOVED_IN + 1) + EXIT - 1);
        _refusedUntil(1, CHILD, _epochStart(MOVED_IN + 1) + EXIT);
        vm.warp(_epochStart(MOVED_IN + 1) + EXIT);
        _move(1, CHILD);
        vm.assertEq(network.position(CHILD, 1).next, STAKE * 3 / 2, "all of it");
        vm.assertEq(network.position(1, 1).moved, STAKE / 2, "what moved now answers alone");
    }

    function test_SigningTwiceBeforeTheMoveCostsTheHeir() public {
        vm.warp(_judgeStart(FIRST));
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 2));
        uint256 supply = neuron.totalSupply();
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 0, 0, 0, 0);
        vm.expectEmit();
        emit IStake.Slashed(CHILD, 1, LOST, LOST, 0, 0);
        _report();
        vm.assertEq(network.position(CHILD, 1).live, STAKE - LOST, "at once");
        vm.assertEq(neuron.totalSupply(), supply - STAKE / 20, "five percent are burnt");
        _agree("sums");
        vm.warp(_epochStart(MOVED_IN + 3));
        _agree("later");
    }

    function test_ASlashReachesGrandchildren() public {
        uint256 grandchild = _fork(CHILD);
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        _move(CHILD, grandchild);
        vm.prank(owner);
        network.unbond(grandchild, 1, STAKE / 2);
        _report();
        vm.assertEq(network.position(CHILD, 1).live, STAKE - LOST, "what still counts in the child");
        vm.assertEq(network.position(grandchild, 1).next, STAKE / 2 - LOST, "grandchild");
        vm.assertEq(network.position(grandchild, 1).exiting, STAKE / 2, "its exit: stake is taken first");
        _agree("sums");
        vm.warp(_epochStart(MOVED_IN + 2));
        _agree("then");
    }

    function test_WhatIsLeftOfAnHeirsStakeIsTakenOfItsExits() public {
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        vm.startPrank(owner);
        network.unbond(CHILD, 1, STAKE - LOST / 4);
        vm.warp(_epochStart(MOVED_IN + 2));
        network.unbond(CHILD, 1, LOST / 4);
        vm.stopPrank();
        vm.warp(_epochStart(MOVED_IN + 3));
        _report();
        vm.assertEq(network.position(CHILD, 1).exiting, STAKE - LOST / 4 - LOST, "the first exit bears all");
        vm.assertEq(network.position(CHILD, 1).exitingLater, LOST / 4, "the second nothing");
        _agree("sums");
    }

    function test_AnExitThatASlashTakesWholeLetsTheNextOneGo() public {
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        vm.startPrank(owner);
        network.unbond(CHILD, 1, LOST / 4);
        vm.warp(_epochStart(MOVED_IN + 2));
        network.unbond(CHILD, 1, STAKE - LOST / 4);
        vm.stopPrank();
        vm.warp(_epochStart(MOVED_IN + 3));
        _report();
        vm.assertEq(network.position(CHILD, 1).exiting, STAKE - LOST, "what is left is the first now");
        vm.assertEq(network.position(CHILD, 1).exitingLater, 0, "and nothing follows it");
        vm.warp(_epochStart(MOVED_IN + 3) + EXIT - 1);
        vm.expectRevert(abi.encodeWithSelector(IStake.ExitNotOver.selector, _epochStart(MOVED_IN + 3) + EXIT));
        vm.prank(owner);
        network.withdraw(CHILD, 1, owner);
        vm.warp(_epochStart(MOVED_IN + 3) + EXIT);
        vm.prank(owner);
        vm.assertEq(network.withdraw(CHILD, 1, owner), STAKE - LOST, "and leaves in its time");
    }

    /// @dev What the heir had before, or got since, is not what moved.
    function test_TheHeirAnswersWithTheAmountThatMoved() public {
        vm.warp(_epochStart(MOVED_IN + 1) - LENGTH);
        _fund(owner, 3 * STAKE);
        vm.prank(owner);
        network.bond(CHILD, owner, 2 * STAKE, "");
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        vm.prank(owner);
        network.bond(CHILD, owner, STAKE, "");
        uint256 supply = neuron.totalSupply();
        _report();
        vm.assertEq(network.position(CHILD, 1).next, 4 * STAKE - LOST, "five and a half percent of what moved");
        vm.assertEq(network.position(1, 1).moved, STAKE - LOST, "for so much it answers still");
        vm.assertEq(supply - neuron.totalSupply(), STAKE / 20, "burnt");
        _agree("sums");
    }

    /// @dev An heir that moves on takes its own stake along, which is not what it inherited.
    function test_WhatAnHeirTakesAlongOfItsOwnIsOutOfReach() public {
        uint256 grandchild = _fork(CHILD);
        _fund(owner, 3 * STAKE);
        vm.prank(owner);
        network.bond(CHILD, owner, 3 * STAKE, "");
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        _move(CHILD, grandchild);
        vm.warp(_epochStart(MOVED_IN + 2));
        vm.assertEq(network.position(grandchild, 1).live, 4 * STAKE, "all of it");
        _report();
        vm.assertEq(network.position(grandchild, 1).live, 4 * STAKE - LOST, "of what came from the first alone");
        _agree("sums");
    }

    /// @dev What was found in the child is not asked of the grandchild once more.
    function test_WhatMovedIsTakenOnceAlongTheWay() public {
        uint256 grandchild = _fork(CHILD);
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        _move(CHILD, grandchild);
        _fund(owner, STAKE);
        vm.prank(owner);
        network.bond(CHILD, owner, STAKE, "");
        vm.warp(_epochStart(MOVED_IN + 2));
        uint256 supply = neuron.totalSupply();
        _report();
        uint256 left = network.position(CHILD, 1).next + network.position(grandchild, 1).next;
        vm.assertEq(left, 2 * STAKE - LOST, "once");
        vm.assertEq(supply - neuron.totalSupply(), STAKE / 20, "burnt");
        _agree("sums");
    }

    function test_StakeThatMovedOnBeforeTheOtherCameIsOutOfReach() public {
        uint256 grandchild = _fork(CHILD);
        _fund(owner, STAKE);
        vm.prank(owner);
        network.bond(CHILD, owner, STAKE, "");
        vm.warp(_epochStart(MOVED_IN + 1));
        _move(CHILD, grandchild);
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 2));
        _report();
        vm.assertEq(network.position(grandchild, 1).live, STAKE, "which was never in group 1");
        vm.assertEq(network.position(CHILD, 1).live, STAKE - LOST, "what came from there");
    }

    /// @dev The hot key of a position that is empty for years is worth nothing.
    function test_TheKeyOfAPositionThatWasEmptiedLongAgoHurtsNobody() public {
        _move(1, CHILD);
        uint256 round = FIRST + 24 * 730;
        vm.warp(_start(round));
        IRounds.Attendance memory one = _attendance(1, round, 1, "one");
        IRounds.Attendance memory two = _attendance(1, round, 1, "two");
        vm.expectRevert(IDuties.OutOfTime.selector);
        network.slashDouble(1, round, one, two);
        vm.assertEq(network.position(CHILD, 1).next, STAKE, "all of it");
    }

    function test_TheKeyOfAPositionThatWasJustEmptiedHurtsNobodyEither() public {
        _move(1, CHILD);
        uint256 round = FIRST + 24;
        vm.warp(_start(round));
        IRounds.Attendance memory one = _attendance(1, round, 1, "one");
        IRounds.Attendance memory two = _attendance(1, round, 1, "two");
        vm.expectRevert(IDuties.OutOfTime.selector);
        network.slashDouble(1, round, one, two);
        _report();
        vm.assertEq(network.position(CHILD, 1).next, STAKE - LOST, "but answers for the epoch in which it had stake");
    }

    /// @dev What is signed after the move is not what moved.
    function test_TheHeirDoesNotAnswerForWhatIsSignedAfterTheMove() public {
        _moveAndBond(CHILD);
        uint256 round = FIRST + 24;
        vm.warp(_start(round));
        IRounds.Attendance memory one = _attendance(1, round, 1, "one");
        IRounds.Attendance memory two = _attendance(1, round, 1, "two");
        network.slashDouble(1, round, one, two);
        vm.assertEq(network.position(1, 1).next, STAKE / 2 - LOST / 2, "of what came since");
        vm.assertEq(network.position(CHILD, 1).next, STAKE, "not of what had moved");
    }

    function test_TwoReportsOfTwoEpochsTakeTheirPartsOfWhatIsLeft() public {
        vm.warp(_epochStart(MOVED_IN + 1));
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 2));
        _report();
        IRounds.Attendance memory one = _attendance(1, FIRST + 24, 1, "one");
        IRounds.Attendance memory two = _attendance(1, FIRST + 24, 1, "two");
        vm.expectRevert(IDuties.OutOfTime.selector);
        network.slashDouble(1, FIRST + 24, one, two);
        vm.assertEq(network.position(CHILD, 1).next, STAKE - LOST, "forgiven until the epoch of the report is over");
    }

    function test_RevertIf_TheOffenceIsOlderThanAnExit() public {
        _move(1, CHILD);
        vm.warp(_start(FIRST + 1) + EXIT + 1);
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory two = _attendance(1, FIRST, 1, "two");
        vm.expectRevert(IDuties.OutOfTime.selector);
        network.slashDouble(1, FIRST, one, two);
        vm.warp(_start(FIRST + 1) + EXIT);
        network.slashDouble(1, FIRST, one, two);
        vm.assertEq(network.position(CHILD, 1).live, STAKE - LOST, "the last second");
    }

    function _refusedUntil(uint256 group, uint256 child, uint256 until) private {
        _refuse(group, child, abi.encodeWithSelector(IStake.MovedElsewhere.selector, until));
    }

    /// @dev All of the stake; then half as much comes to the position that it left.
    function _moveAndBond(uint256 child) private {
        _move(1, child);
        _fund(owner, STAKE / 2);
        vm.prank(owner);
        network.bond(1, owner, STAKE / 2, "");
    }

    /// @dev Two verdicts of key 1 for different claims of round `FIRST`.
    function _report() private {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory two = _attendance(1, FIRST, 1, "two");
        network.slashDouble(1, FIRST, one, two);
    }
}
