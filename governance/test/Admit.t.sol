// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures} from "governance/INetwork.sol";
import {Books} from "governance-test/Books.sol";
import {Measuring} from "governance-test/Measuring.sol";

contract AdmitTest is Measuring {
    IMeasures.Kind private constant ADMIT = IMeasures.Kind.Admit;
    bytes private args;

    function setUp() public override {
        super.setUp();
        args = _named(2);
    }

    function test_RevertIf_TheGroupIsAdmittedAlready() public {
        _refuse(ADMIT, _named(1), IMeasures.AlreadyAdmitted.selector);
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(ADMIT, abi.encode(9, 0), abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 9));
        _refuse(ADMIT, abi.encode(0, 0), abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 0));
    }

    function test_RevertIf_TheGroupIsAnotherOneThanTheVotersMeant() public {
        bytes32 name = network.group(2).name;
        _refuse(ADMIT, abi.encode(2, network.group(1).name), _unexpected(name));
        _refuse(ADMIT, abi.encode(2, 0), _unexpected(name));
        vm.assertEq(network.group(2).admitted, false, "not admitted");
    }

    function test_RevertIf_AnotherGroupCameUnderItsNumber() public {
        uint256 before = vm.snapshotState();
        uint256 number = _create(TRAIN, REVEAL, 900);
        bytes memory meant = _named(number);
        IMeasures.Assent[] memory assents = _assents(ADMIT, meant, 1, 1, 3);
        // The chain forgets the block, and in the next one somebody else is first.
        vm.revertToState(before);
        vm.prank(CEM);
        network.create(_birth(TRAIN, REVEAL, 900));
        _refuse(ADMIT, meant, assents, _unexpected(network.group(number).name));
    }

    function test_ExactlyHalfOfAllStakeIsNotEnough() public {
        // 20 of 40 millions.
        _balance(2, STAKE * 7 / 10);
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 2);
        _fall(ADMIT, args, assents);
        _tip(2);
        _pass(ADMIT, args, assents);
    }

    function test_LessThanATenthOfTheSupplyIsNotEnough() public {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.startPrank(vm.addr(key));
            if (key != 1) network.unbond(1, key, STAKE);
            network.unbond(2, key, STAKE / 10);
            vm.stopPrank();
        }
        vm.prank(vm.addr(1));
        network.unbond(1, 1, 1 gwei);
        _nextEpoch();
        (uint256 bonded,) = network.allBonded();
        vm.assertEq(bonded, SUPPLY / 10 - 1 gwei, "all that is bonded");
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 1);
        _fall(ADMIT, args, assents);
        _fallAlone(IMeasures.Kind.Revoke, _named(1));
        _fallAlone(IMeasures.Kind.Strike, abi.encode(1, FIRST, 0, 0));
        _fallAlone(IMeasures.Kind.Slash, abi.encode(1, 1, vm.addr(1), 100));
        _fund(vm.addr(1), 1 gwei);
        vm.prank(vm.addr(1));
        network.bond(1, vm.addr(1), 1 gwei, "");
        _nextEpoch();
        _pass(ADMIT, args, assents);
    }

    /// @dev With the assent of position 1 of group 1, which has all that is bonded.
    function _fallAlone(IMeasures.Kind kind, bytes memory arguments) private {
        _fall(kind, arguments, _assents(kind, arguments, 1, 1, 1));
    }

    function test_AStrangerDoesNotAdmitAGroupOfHisOwn() public {
        uint256 own = _create(TRAIN, REVEAL, 900);
        _join(own, 9, 1 ether);
        _nextEpoch();
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](1);
        assents[0] = IMeasures.Assent(own, 1, _signed(9, _measure(ADMIT, _named(own))));
        _fall(ADMIT, _named(own), assents);
        vm.assertEq(network.group(own).admitted, false, "not admitted");
    }

    function test_StakeThatIsLeavingHasNoVoiceAndIsNotCounted() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        _nextEpoch();
        // 12 of 23 millions are more than half, of 33 they would not be.
        _pass(ADMIT, args, _join2(_assents(ADMIT, args, 1, 1, 1), _assents(ADMIT, args, 2, 1, 2)));
    }

    function test_StakeThatLeavesWithThisEpochIsStillAgainstItIfItIsSilent() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        _fall(ADMIT, args, _join2(_assents(ADMIT, args, 1, 1, 1), _assents(ADMIT, args, 2, 1, 2)));
    }

    function test_StakeThatCountsFromTheNextEpochOnIsAgainstIt() public {
        IMeasures.Assent[] memory assents = _assents(ADMIT, args, 1, 1, 2);
        // 20 of 33 millions live; 41 count from the next epoch on.
        _join(2, FOURTH, STAKE * 8 / 10);
        _fall(ADMIT, args, assents);
        _nextEpoch();
        _fall(ADMIT, args, assents);
        IMeasures.Assent[] memory newcomer = _assents(ADMIT, args, 2, FOURTH, FOURTH);
        _pass(ADMIT, args, newcomer);
    }

    function test_StakeOfSeveralGroupsIsAddedUp() public {
        IMeasures.Assent[] memory one = _assents(ADMIT, args, 1, 2, 2);
        IMeasures.Assent[] memory two = _assents(ADMIT, args, 2, 1, 3);
        _fall(ADMIT, args, _join2(one, two));
        one = _assents(ADMIT, args, 1, 1, 1);
        vm.expectEmit();
        emit IMeasures.Enacted(_measure(ADMIT, args), ADMIT, args, NONCE, expiry);
        vm.expectEmit();
        emit IMeasures.Admitted(2);
        _pass(ADMIT, args, one);
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
    bytes private args;

    function setUp() public override {
        super.setUp();
        args = _named(1);
    }

    function test_RevertIf_TheGroupIsNotAdmitted() public {
        _refuse(REVOKE, _named(2), IMeasures.NotAdmitted.selector);
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        _refuse(REVOKE, abi.encode(9, 0), abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 9));
    }

    function test_RevertIf_TheGroupIsAnotherOneThanTheVotersMeant() public {
        _refuse(REVOKE, abi.encode(1, network.group(2).name), _unexpected(network.group(1).name));
        vm.assertEq(network.group(1).admitted, true, "still admitted");
    }

    function test_ExactlyHalfOfAllStakeIsNotEnough() public {
        _balance(2, STAKE * 7 / 10);
        IMeasures.Assent[] memory assents = _assents(REVOKE, args, 1, 1, 2);
        _fall(REVOKE, args, assents);
        _tip(2);
        _pass(REVOKE, args, assents);
    }

    function test_ARoundThatIsOpenKeepsItsRewardAndTheNextHasNone() public {
        bytes32 claim = _enter(1, FIRST, ANN, "a");
        vm.expectEmit();
        emit IMeasures.Revoked(1);
        _pass(REVOKE, args, _assents(REVOKE, args, 1, 1, 3));
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
        vm.assertEq(network.round(1, FIRST).paid, _paid(), "validators are paid");
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

    /// @dev What won while its group was admitted has won everywhere, whatever becomes of the group.
    function test_AFileThatWonInAnAdmittedGroupStaysKnownAfterItIsRevoked() public {
        _win(1, FIRST, ANN, "a");
        _pass(REVOKE, args, _assents(REVOKE, args, 1, 1, 3));
        vm.assertEq(network.hasWon(1, "a"), true, "here");
        vm.assertEq(network.hasWon(2, "a"), true, "and elsewhere");
    }

    function test_AFileThatWonInARevokedGroupIsFreeElsewhere() public {
        _pass(REVOKE, args, _assents(REVOKE, args, 1, 1, 3));
        _win(1, FIRST, ANN, "a");
        vm.assertEq(network.hasWon(1, "a"), true, "here");
        vm.assertEq(network.hasWon(2, "a"), false, "not elsewhere");
    }
}
