// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {Shares} from "token/Shares.sol";
import {StakeTest} from "token-test/BareStake.sol";
import {Vectors} from "token-test/Vectors.sol";

contract PayTest is StakeTest {
    function test_PayIsNotStakeYet() public {
        _join(1, 7, 1 ether);
        _bond(BOB, 1, 2 ether);
        vm.warp(START + EPOCH);
        stake.pay(1, 1, 33);
        stake.pay(1, 2, 67);
        vm.assertEq(stake.position(1, 1).earned, 33 gwei, "first");
        vm.assertEq(stake.position(1, 2).earned, 67 gwei, "second");
        vm.assertEq(stake.position(1, 1).next, 1 ether, "no stake yet");
        vm.assertEq(stake.stake(1).bondedNext, 3 ether, "nor in the sums");
    }

    function test_EveryChangeMakesPayStake() public {
        _join(1, 7, 1 ether);
        _bond(BOB, 1, 2 ether);
        vm.warp(START + EPOCH);
        _fund(vm.addr(7), 1 ether);
        stake.pay(1, 2, 67);
        bytes memory consent = _consentOf(8, 1, vm.addr(7));
        vm.startPrank(vm.addr(7));
        for (uint256 i; i < 5; ++i) {
            _nextEpoch();
            stake.pay(1, 1, 33);
            uint256 next = stake.position(1, 1).next + 33 gwei;
            if (i == 0) stake.rest(1, 1);
            if (i == 1) stake.wake(1, 1);
            if (i == 2) stake.unbond(1, 1, 3 gwei);
            if (i == 3) stake.rotate(1, 1, vm.addr(8), consent);
            if (i == 4) stake.bond(1, vm.addr(8), 5 gwei, "");
            if (i == 2) next -= 3 gwei;
            if (i == 4) next += 5 gwei;
            vm.assertEq(stake.position(1, 1).earned, 0, "nothing is left");
            vm.assertEq(stake.position(1, 1).next, next, "it is stake");
        }
        vm.stopPrank();
        vm.assertEq(stake.position(1, 2).earned, 67 gwei, "the neighbour's pay is untouched");
        _checkSums(1);
    }

    function test_AWithdrawalMakesPayStakeToo() public {
        _join(1, 7, 1 ether);
        vm.startPrank(vm.addr(7));
        stake.unbond(1, 1, 0.5 ether);
        vm.warp(START + EPOCH + EXIT);
        stake.pay(1, 1, 10);
        vm.assertEq(stake.withdraw(1, 1, vm.addr(7)), 0.5 ether, "withdrawn");
        vm.assertEq(stake.position(1, 1).next, 0.5 ether + 10 gwei, "stake");
        _checkSums(1);
    }

    function test_PayMayLeaveAtOnce() public {
        _join(1, 7, 1 ether);
        vm.warp(START + EPOCH);
        stake.pay(1, 1, 10);
        vm.prank(vm.addr(7));
        stake.unbond(1, 1, 1 ether + 10 gwei);
        vm.assertEq(stake.position(1, 1).exiting, 1 ether + 10 gwei, "exiting");
        vm.assertEq(stake.position(1, 1).next, 0, "nothing is left");
        _checkSums(1);
    }
}

contract CompoundTest is StakeTest {
    function test_RevertIf_NothingWasEarned() public {
        vm.expectRevert(IStake.NothingToCompound.selector);
        stake.compound(1, 1);
        _bond(ANN, 1, 1 ether);
        vm.expectRevert(IStake.NothingToCompound.selector);
        stake.compound(1, 1);
    }

    function test_RevertIf_AStrangerAsks() public {
        _bondFor(8);
        stake.pay(1, 1, 10);
        _refused(IStake.NotOwnerOrSigner.selector, ANN, vm.addr(8));
        vm.prank(BOB);
        stake.compound(1, 1);
    }

    function test_OwnerAndSignerMakePayStake() public {
        _bondFor(8);
        address[2] memory callers = [ANN, vm.addr(8)];
        for (uint256 i; i < 2; ++i) {
            stake.pay(1, 1, 10);
            vm.expectEmit();
            emit IStake.Compounded(1, 1, 10 gwei);
            vm.prank(callers[i]);
            stake.compound(1, 1);
        }
        vm.assertEq(stake.position(1, 1).next, 1 ether + 20 gwei, "stake");
    }

    function test_PayBecomesStakeFromTheNextEpoch() public {
        _join(1, 7, 1 ether);
        vm.warp(START + EPOCH);
        stake.pay(1, 1, 10);
        vm.prank(vm.addr(7));
        stake.compound(1, 1);
        IStake.Position memory position = stake.position(1, 1);
        vm.assertEq(position.earned, 0, "earned");
        vm.assertEq(position.live, 1 ether, "not yet");
        vm.assertEq(position.next, 1 ether + 10 gwei, "next");
        vm.assertEq(position.awakeNext, true, "still awake");
        vm.expectRevert(IStake.NothingToCompound.selector);
        stake.compound(1, 1);
        _checkSums(1);
        vm.assertEq(stake.stake(1).awake, 1 ether + 10 gwei, "awake then");
    }

    function test_PayOfAWholeEpochCountsOnceItIsCompounded() public {
        _join(1, 7, 1 ether);
        vm.warp(START + EPOCH);
        stake.pay(1, 1, 10);
        stake.pay(1, 1, 5);
        vm.warp(START + 5 * EPOCH);
        vm.assertEq(stake.stake(1).bonded, 1 ether, "not before");
        vm.prank(vm.addr(7));
        stake.compound(1, 1);
        vm.warp(START + 6 * EPOCH);
        vm.assertEq(stake.stake(1).bonded, 1 ether + 15 gwei, "all of it");
    }

    /// @dev Ann owns position 1, the key `key` signs for it.
    function _bondFor(uint256 key) private {
        bytes memory consent = _consentOf(key, 1, ANN);
        vm.prank(ANN);
        stake.bond(1, vm.addr(key), 1 ether, consent);
    }
}

contract ShareVectorsTest is Vectors {
    function test_SharesOfABatchAreAsTheVectorsSay() public {
        uint256 cases = _read("share");
        for (uint256 i; i < cases; ++i) {
            uint256 upTo = _uint(i, "before") + _uint(i, "stake");
            uint256 share = Shares.due(_uint(i, "issued"), _uint(i, "before"), upTo, _uint(i, "batch"));
            vm.assertEq(share, _uint(i, "share"), vm.toString(i));
        }
    }

    function test_PayOfABatchIsAsTheVectorsSay() public {
        uint256 cases = _read("pay");
        for (uint256 i; i < cases; ++i) {
            uint256 paid = Shares.due(_uint(i, "validators"), _uint(i, "before"), _uint(i, "after"), _uint(i, "awake"));
            vm.assertEq(paid, _uint(i, "paid"), vm.toString(i));
        }
    }

    function test_SharesAddUpToTheWholeHoweverItIsCut(uint96 amount, uint96 first, uint96 second, uint96 third)
        public
        pure
    {
        uint256 two = uint256(first) + second;
        uint256 whole = two + third;
        vm.assume(whole != 0);
        uint256 sum = Shares.due(amount, 0, first, whole) + Shares.due(amount, first, two, whole);
        vm.assertEq(sum + Shares.due(amount, two, whole, whole), amount, "sum");
    }

    function test_APartIsNeverMoreThanItsProportion(uint96 amount, uint96 stretch, uint96 rest) public pure {
        uint256 whole = uint256(stretch) + rest;
        vm.assume(whole != 0);
        vm.assertLe(Shares.part(amount, stretch, whole) * whole, uint256(amount) * stretch, "rounded down");
    }
}
