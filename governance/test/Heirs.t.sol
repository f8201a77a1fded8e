// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDuties, IMeasures, IRounds} from "governance/INetwork.sol";
import {Moving} from "governance-test/Move.t.sol";

/// @dev Stake that moved still answers for the position that it left.
contract HeirTest is Moving {
    function test_RevertIf_TheRestGoesToAnotherChildBeforeAnExitIsOver() public {
        _moveAndBond(CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        _refuse(1, OTHER, IStake.MovedElsewhere.selector);
        vm.warp(_epochStart(MOVED_IN + 1) + EXIT - 1);
        _refuse(1, OTHER, IStake.MovedElsewhere.selector);
        vm.warp(_epochStart(MOVED_IN + 1) + EXIT);
        _move(1, OTHER);
        vm.assertEq(network.position(1, 1).heirGroup, OTHER, "the new heir");
    }

    function test_RevertIf_TheRestGoesToAnotherPositionOfTheSameChild() public {
        _moveAndBond(CHILD);
        bytes memory consent = _consentOf(7, CHILD, owner);
        vm.warp(_epochStart(MOVED_IN + 1));
        vm.expectRevert(IStake.MovedElsewhere.selector);
        vm.prank(owner);
        network.move(1, 1, CHILD, vm.addr(7), consent);
    }

    function test_TheRestMayFollowToTheSamePosition() public {
        _moveAndBond(CHILD);
        vm.warp(_epochStart(MOVED_IN + 1));
        _move(1, CHILD);
        vm.assertEq(network.position(CHILD, 1).next, STAKE * 3 / 2, "all of it");
        vm.warp(_epochStart(MOVED_IN + 1) + EXIT - 1);
        _fund(owner, STAKE);
        vm.prank(owner);
        network.bond(1, owner, STAKE, "");
        vm.warp(_epochStart(MOVED_IN + 2) + EXIT - 1);
        vm.assertLt(0, network.position(1, 1).live, "something to move");
        _refuse(1, OTHER, IStake.MovedElsewhere.selector);
        vm.warp(_epochStart(MOVED_IN + 2) + EXIT);
        _move(1, OTHER);
    }

    function test_SigningTwiceBeforeTheMoveCostsTheHeir() public {
        vm.warp(_judgeStart(FIRST));
        _move(1, CHILD);
        vm.warp(_epochStart(MOVED_IN + 2));
        uint256 supply = neuron.totalSupply();
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 0);
        vm.expectEmit();
        emit IStake.Slashed(CHILD, 1, STAKE / 20);
        _report();
        vm.assertEq(network.position(CHILD, 1).live, STAKE * 19 / 20, "at once");
        vm.assertEq(neuron.totalSupply(), supply - STAKE / 40, "half is burnt");
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
        vm.assertEq(network.position(CHILD, 1).live, STAKE * 19 / 20, "what still counts in the child");
        vm.assertEq(network.position(grandchild, 1).next, STAKE / 2 * 19 / 20, "grandchild");
        vm.assertEq(network.position(grandchild, 1).exiting, STAKE / 2 * 19 / 20, "its exit");
        _agree("sums");
        vm.warp(_epochStart(MOVED_IN + 2));
        _agree("then");
    }

    function test_AMeasureReachesTheHeirToo() public {
        _move(1, CHILD);
        uint256 supply = neuron.totalSupply();
        _enactBy(IMeasures.Kind.Slash, abi.encode(1, 1, 1000), 2, 3);
        vm.assertEq(network.position(CHILD, 1).next, STAKE * 9 / 10, "heir");
        vm.assertEq(network.position(1, 1).live, STAKE * 9 / 10, "what still counts here");
        vm.assertEq(neuron.totalSupply(), supply - STAKE / 10, "burnt, once");
        _agree("sums");
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
        vm.assertEq(network.position(CHILD, 1).live, STAKE * 19 / 20, "the last second");
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
