// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups} from "governance/INetwork.sol";
import {Periodic} from "governance-test/Periodic.sol";

contract ForkTest is Periodic {
    IGroups.Birth private birth;

    function setUp() public override {
        super.setUp();
        birth = _birth(TRAIN, REVEAL, 900);
        birth.dataset = new bytes32[](0);
        (birth.manifest, birth.checkpoint) = ("another model", "another checkpoint");
        (birth.improve, birth.least) = (7, 1000);
    }

    function test_RevertIf_TheParentDoesNotExist() public {
        _refuse(0, abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 0));
        _refuse(3, abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 3));
    }

    function test_RevertIf_ATrainingSetIsGiven() public {
        birth.dataset = new bytes32[](1);
        _refuse(1, abi.encodeWithSelector(IGroups.DatasetInherited.selector));
    }

    function test_RevertIf_TheTimesAreBad() public {
        birth.judge = 901;
        _refuse(1, abi.encodeWithSelector(IGroups.BadTimes.selector));
        birth.judge = 900;
        birth.period = uint32(EXIT / 2 + 1);
        _refuse(1, abi.encodeWithSelector(IGroups.BadTimes.selector));
    }

    function test_RevertIf_TheLeastImprovementIsOutOfRange() public {
        birth.improve = 21;
        _refuse(1, abi.encodeWithSelector(IGroups.BadImprove.selector, 20));
        birth.improve = 0;
        _refuse(1, abi.encodeWithSelector(IGroups.BadImprove.selector, 20));
    }

    function test_AnyoneForksWithAnotherModelAndTheSameTrainingSet() public {
        bytes32 name = keccak256(abi.encode(3, CEM, 1, head, birth));
        vm.expectEmit();
        emit IGroups.Created(3, CEM, 1, name, head, block.timestamp + PERIOD, birth);
        vm.prank(CEM);
        vm.assertEq(network.fork(1, birth), 3, "number");
        IGroups.Group memory child = network.group(3);
        vm.assertEq(child.parent, 1, "parent");
        vm.assertEq(child.name, name, "what measures call it");
        vm.assertEq(child.head, head, "head");
        vm.assertEq(child.manifest, "another model", "manifest");
        vm.assertEq(child.checkpoint, "another checkpoint", "checkpoint");
        vm.assertEq(child.improve, 7, "improve");
        vm.assertEq(child.least, 1000, "least improvement");
        vm.assertEq(child.admitted, false, "not admitted, though the parent is");
        vm.assertEq(child.periodNumber, 1, "period");
        vm.assertEq(child.periodEnd, block.timestamp + PERIOD, "end of the period");
    }

    function test_AForkTakesTheTrainingSetOfItsDayAndGoesItsOwnWay() public {
        _choose(1, _propose(ANN, "d"));
        bytes32 grown = network.group(1).head;
        uint256 child = network.fork(1, birth);
        vm.assertEq(network.group(child).head, grown, "with the delta on trial");
        vm.assertEq(network.group(child).applied, 0, "which is nobody's trial there");
        _choose(2, _propose(BOB, "e"));
        vm.assertEq(network.group(child).head, grown, "not what the parent adds later");
    }

    function test_AForkIsForkedAgain() public {
        uint256 child = network.fork(1, birth);
        uint256 grandchild = network.fork(child, birth);
        vm.assertEq(network.group(grandchild).parent, child, "parent");
        vm.assertEq(network.group(grandchild).head, head, "head");
    }

    function _refuse(uint256 parent, bytes memory reason) private {
        vm.expectRevert(reason);
        network.fork(parent, birth);
    }
}
