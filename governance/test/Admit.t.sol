// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Books} from "governance-test/Books.sol";
import {Measuring} from "governance-test/Measuring.sol";

contract AdmitTest is Measuring {
    IMeasures.Kind private constant ADMIT = IMeasures.Kind.Admit;
    bytes private args = abi.encode(2);

    function test_RevertIf_TheGroupIsAdmittedAlready() public {
        _refuse(ADMIT, abi.encode(1), IMeasures.AlreadyAdmitted.selector);
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(ADMIT, abi.encode(9), IGroups.NoSuchGroup.selector);
        _refuse(ADMIT, abi.encode(0), IGroups.NoSuchGroup.selector);
    }

    function test_RevertIf_ExactlyHalfOfAllStakeAssents() public {
        // 20 of 40 millions.
        _balance(2, STAKE * 7 / 10);
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 2);
        _refuse(ADMIT, args, assents, IMeasures.NoMajority.selector);
        _tip(2);
        _pass(ADMIT, args, assents);
    }

    function test_RevertIf_LessThanATenthOfTheSupplyAssents() public {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.startPrank(vm.addr(key));
            if (key != 1) network.unbond(1, key, STAKE);
            network.unbond(2, key, STAKE / 10);
            vm.stopPrank();
        }
        vm.prank(vm.addr(1));
        network.unbond(1, 1, 1 gwei);
        _nextEpoch();
        vm.assertEq(network.allBonded(), SUPPLY / 10 - 1 gwei, "all that is bonded");
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 1);
        _refuse(ADMIT, args, assents, IMeasures.NoMajority.selector);
        _refuseAlone(IMeasures.Kind.Revoke, abi.encode(1));
        _refuseAlone(IMeasures.Kind.Strike, abi.encode(1, FIRST, 0));
        _refuseAlone(IMeasures.Kind.Slash, abi.encode(1, 1, 100));
        _fund(vm.addr(1), 1 gwei);
        vm.prank(vm.addr(1));
        network.bond(1, vm.addr(1), 1 gwei, "");
        _nextEpoch();
        _pass(ADMIT, args, assents);
    }

    /// @dev With the assent of position 1 of group 1, which has all that is bonded.
    function _refuseAlone(IMeasures.Kind kind, bytes memory arguments) private {
        _refuse(kind, arguments, _assents(kind, arguments, 1, 1, 1), IMeasures.NoMajority.selector);
    }

    function test_RevertIf_AStrangerAdmitsAGroupOfHisOwn() public {
        uint256 own = _create(TRAIN, REVEAL, 900);
        _fund(ANN, 1 ether);
        vm.prank(ANN);
        network.bond(own, ANN, 1 ether, "");
        _nextEpoch();
        _refuse(ADMIT, abi.encode(own), new IMeasures.Assent[](0), IMeasures.NoMajority.selector);
    }

    function test_StakeThatIsLeavingHasNoVoiceAndIsNotCounted() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        _nextEpoch();
        // 12 of 23 millions are more than half, of 33 they would not be.
        bytes32 measure = Typed.measure(uint8(ADMIT), args, NONCE, EXPIRY);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](3);
        (assents[0], assents[1], assents[2]) = (_assent(1, 1, measure), _assent(2, 1, measure), _assent(2, 2, measure));
        _pass(ADMIT, args, assents);
    }

    function test_StakeOfSeveralGroupsIsAddedUp() public {
        IMeasures.Assent[] memory one = _assents(ADMIT, args, 1, 2, 2);
        IMeasures.Assent[] memory two = _assents(ADMIT, args, 2, 1, 3);
        _refuse(ADMIT, args, _join2(one, two), IMeasures.NoMajority.selector);
        one = _assents(ADMIT, args, 1, 1, 2);
        vm.expectEmit();
        emit IMeasures.Admitted(2);
        vm.expectEmit();
        emit IMeasures.Enacted(ADMIT, args, NONCE);
        _pass(ADMIT, args, _join2(one, two));
        vm.assertEq(network.group(2).admitted, true, "admitted");
    }

    function test_AnAdmittedGroupDrawsOnTheIssueFromItsNextRound() public {
        _commit(2, FIRST, ANN, "a");
        _pass(ADMIT, args, _assents(ADMIT, args, 1, 1, 3));
        vm.assertEq(network.round(2, FIRST).reward, 0, "the round that was open");
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "b");
        _commit(2, FIRST + 1, ANN, "c");
        vm.assertEq(network.round(1, FIRST + 1).reward, _reward() * 10 / 11, "ten of eleven parts");
        vm.assertEq(network.round(2, FIRST + 1).reward, _reward() / 11, "one");
    }
}

contract RevokeTest is Measuring {
    IMeasures.Kind private constant REVOKE = IMeasures.Kind.Revoke;
    bytes private args = abi.encode(1);

    function test_RevertIf_TheGroupIsNotAdmitted() public {
        _refuse(REVOKE, abi.encode(2), IMeasures.NotAdmitted.selector);
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(REVOKE, abi.encode(9), IGroups.NoSuchGroup.selector);
    }

    function test_RevertIf_ExactlyHalfOfAllStakeAssents() public {
        _balance(2, STAKE * 7 / 10);
        IMeasures.Assent[] memory assents = _assents(REVOKE, args, 1, 1, 2);
        _refuse(REVOKE, args, assents, IMeasures.NoMajority.selector);
        _tip(2);
        _pass(REVOKE, args, assents);
    }

    function test_ARoundThatIsOpenKeepsItsRewardAndTheNextHasNone() public {
        bytes32 claim = _enter(1, FIRST, ANN, "a");
        vm.expectEmit();
        emit IMeasures.Revoked(1);
        _pass(REVOKE, args, _assents(REVOKE, args, 1, 1, 3));
        vm.warp(_judgeStart(FIRST));
        uint256 supply = neuron.totalSupply();
        network.judge(1, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.assertEq(neuron.totalSupply(), supply + _paid(), "validators are paid");
        vm.warp(_start(FIRST + 1));
        _commit(1, FIRST + 1, ANN, "b");
        vm.assertEq(network.round(1, FIRST).reward, _reward(), "as it was opened");
        vm.assertEq(network.round(1, FIRST + 1).reward, 0, "nothing any more");
        vm.assertEq(network.round(1, FIRST + 1).deposit, MIN_DEPOSIT, "the least deposit");
    }

    function test_StakeNoLongerSharesTheIssueNowAndLater() public {
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        _pass(REVOKE, args, _assents(REVOKE, args, 1, 1, 3));
        vm.assertEq(network.admittedAwake(), 0, "at once");
        vm.assertEq(Books.agree(network), true, "sums now");
        _nextEpoch();
        vm.assertEq(network.admittedAwake(), 0, "later");
        vm.assertEq(network.stake(1).awake, 2 * STAKE, "the group goes on");
        vm.assertEq(Books.agree(network), true, "sums then");
    }

    function test_AGroupMayBeAdmittedAgain() public {
        _pass(REVOKE, args, _assents(REVOKE, args, 1, 1, 3));
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        _enact(IMeasures.Kind.Admit, args);
        vm.assertEq(network.admittedAwake(), 3 * STAKE, "at once");
        _nextEpoch();
        vm.assertEq(network.admittedAwake(), 2 * STAKE, "and what changed meanwhile");
    }
}
