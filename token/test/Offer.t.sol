// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";

/// @dev Ann's position with the hot key `HOT`, which she offers to Bob.
contract OfferTest is StakeTest {
    uint256 private constant HOT = 7;
    uint256 private constant NEW = 8;

    function setUp() public override {
        super.setUp();
        bytes memory consent = _consentOf(HOT, 1, ANN);
        vm.prank(ANN);
        stake.bond(1, vm.addr(HOT), 5 ether, consent);
        _nextEpoch();
    }

    function test_RevertIf_SomebodyElseOffersIt() public {
        address[2] memory callers = [BOB, vm.addr(HOT)];
        for (uint256 i; i < 2; ++i) {
            _refused(IStake.NotOwner.selector, ANN);
            vm.prank(callers[i]);
            stake.offer(1, 1, BOB);
        }
    }

    function test_RevertIf_ThePositionDoesNotExist() public {
        _refused(IStake.NoSuchPosition.selector, 1, 2);
        stake.offer(1, 2, BOB);
        _refused(IStake.NotOffered.selector, address(0));
        stake.accept(1, 2);
    }

    function test_RevertIf_NothingWasOffered() public {
        _refuse(BOB, address(0));
        _refuse(ANN, address(0));
    }

    function test_RevertIf_AnotherAccountAccepts() public {
        _offer(BOB);
        _refuse(ANN, BOB);
        _refuse(vm.addr(HOT), BOB);
        _offer(vm.addr(NEW));
        _refuse(BOB, vm.addr(NEW));
    }

    function test_RevertIf_TheOfferWasTakenBack() public {
        _offer(BOB);
        _offer(address(0));
        _refuse(BOB, address(0));
    }

    function test_RevertIf_AcceptedTwice() public {
        _handOver();
        _refuse(BOB, address(0));
    }

    function test_RevertIf_TheOldOwnerActs() public {
        vm.prank(ANN);
        stake.unbond(1, 1, 1 ether);
        bytes memory consent = _consentOf(NEW, 1, ANN);
        _handOver();
        vm.warp(START + 2 * EPOCH + EXIT);
        bytes[6] memory calls = [
            abi.encodeCall(IStake.bond, (1, vm.addr(HOT), 1 gwei, "")),
            abi.encodeCall(IStake.rotate, (1, 1, vm.addr(NEW), consent)),
            abi.encodeCall(IStake.unbond, (1, 1, 1 gwei)),
            abi.encodeCall(IStake.withdraw, (1, 1, ANN)),
            abi.encodeCall(IStake.offer, (1, 1, ANN)),
            abi.encodeWithSignature("move(uint256,uint256,uint256,address,bytes)", 1, 1, 2, ANN, "")
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(ANN);
            (bool done, bytes memory data) = address(stake).call(calls[i]);
            vm.assertEq(done, false, vm.toString(i));
            vm.assertEq(keccak256(data), keccak256(abi.encodeWithSelector(IStake.NotOwner.selector, BOB)), "why");
        }
        _refused(IStake.NotOwnerOrSigner.selector, BOB, vm.addr(HOT));
        vm.prank(ANN);
        stake.wake(1, 1);
    }

    function test_AnOfferAloneChangesNothing() public {
        vm.expectEmit();
        emit IStake.Offered(1, 1, BOB);
        _offer(BOB);
        vm.assertEq(stake.position(1, 1).owner, ANN, "owner");
        vm.assertEq(stake.position(1, 1).offered, BOB, "offered");
        vm.prank(ANN);
        stake.unbond(1, 1, 1 ether);
        _refused(IStake.NotOwner.selector, ANN);
        vm.prank(BOB);
        stake.unbond(1, 1, 1 ether);
    }

    function test_TheNewOwnerActsAtOnce() public {
        vm.prank(ANN);
        stake.unbond(1, 1, 1 ether);
        _offer(BOB);
        vm.expectEmit();
        emit IStake.OwnerChanged(1, 1, BOB);
        vm.prank(BOB);
        stake.accept(1, 1);
        vm.assertEq(stake.position(1, 1).owner, BOB, "owner");
        vm.assertEq(stake.position(1, 1).offered, address(0), "offered to nobody");
        bytes memory consent = _consentOf(NEW, 1, BOB);
        vm.startPrank(BOB);
        stake.unbond(1, 1, 1 ether);
        stake.rotate(1, 1, vm.addr(NEW), consent);
        stake.wake(1, 1);
        vm.warp(START + 2 * EPOCH + EXIT);
        vm.assertEq(stake.withdraw(1, 1, BOB), 2 ether, "what was on its way out is Bob's too");
    }

    function test_StakeAndSignerStayAsTheyAre() public {
        _handOver();
        IStake.Position memory position = stake.position(1, 1);
        vm.assertEq(position.live, 5 ether, "live");
        vm.assertEq(position.signer, vm.addr(HOT), "signer");
        vm.prank(vm.addr(HOT));
        stake.wake(1, 1);
        _checkSums(1);
    }

    function _offer(address to) private {
        vm.prank(ANN);
        stake.offer(1, 1, to);
    }

    function _handOver() private {
        _offer(BOB);
        vm.prank(BOB);
        stake.accept(1, 1);
    }

    /// @dev `caller` cannot accept: the position is offered to `to`.
    function _refuse(address caller, address to) private {
        _refused(IStake.NotOffered.selector, to);
        vm.prank(caller);
        stake.accept(1, 1);
    }
}

/// @dev Positions 1, 3 and 5 are Ann's, 2 and 4 Bob's.
contract PositionsOfTest is StakeTest {
    function setUp() public override {
        super.setUp();
        for (uint256 key = 1; key < 6; ++key) {
            address owner = key % 2 == 0 ? BOB : ANN;
            bytes memory consent = _consentOf(key, 1, owner);
            vm.prank(owner);
            stake.bond(1, vm.addr(key), 1 ether, consent);
        }
    }

    function test_ThePositionsOfAnOwnerAreFound() public view {
        _check(stake.positionsOf(1, ANN, 1, 5), abi.encode(1, 3, 5));
        _check(stake.positionsOf(1, BOB, 1, 5), abi.encode(2, 4));
        _check(stake.positionsOf(2, ANN, 1, 5), "");
        _check(stake.positionsOf(1, address(0xCA5), 1, 5), "");
    }

    function test_TheyAreFoundPageByPage() public view {
        _check(stake.positionsOf(1, ANN, 1, 2), abi.encode(1));
        _check(stake.positionsOf(1, ANN, 3, 2), abi.encode(3));
        _check(stake.positionsOf(1, ANN, 5, 2), abi.encode(5));
        _check(stake.positionsOf(1, ANN, 4, 100), abi.encode(5));
        _check(stake.positionsOf(1, ANN, 6, 100), "");
        _check(stake.positionsOf(1, ANN, 1, 0), "");
    }

    function test_TheyFollowTheOwner() public {
        vm.prank(ANN);
        stake.offer(1, 3, BOB);
        vm.prank(BOB);
        stake.accept(1, 3);
        _check(stake.positionsOf(1, ANN, 1, 5), abi.encode(1, 5));
        _check(stake.positionsOf(1, BOB, 1, 5), abi.encode(2, 3, 4));
    }

    function _check(uint256[] memory found, bytes memory wanted) private pure {
        vm.assertEq(keccak256(abi.encodePacked(found)), keccak256(wanted), "positions");
    }
}
