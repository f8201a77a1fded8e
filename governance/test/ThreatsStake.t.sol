// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDataset, IDuties, IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @title Threats with stake and keys: borrowed, moved twice, somebody else's, stolen.
contract ThreatsStakeTest is Play {
    address private constant COLD = address(0xC01D);
    uint256 private constant HOT = 31;
    uint256 private constant THIEF = 32;
    address private constant STRANGER = address(0x57A);

    function test_BorrowedStakeAndVoteInOneEpochCountsNothing() public {
        _proposeBy(1, ANN, "borrowed");
        bytes32 claim = _enter(1, FIRST, ANN, "a");
        vm.warp(_judgeStart(FIRST));
        _join(1, 4, 50_000_000 ether);
        _castOne(1, 4, 1, 1, 1);
        vm.assertEq(network.delta(1, 1).votes, 0, "a choice");
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 4, 4);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, claim, verdicts);
        vm.expectRevert(IMeasures.NoMajority.selector);
        this.enactAs(IMeasures.Kind.Admit, abi.encode(2), 4, 4);
        vm.startPrank(vm.addr(4));
        network.unbond(1, 4, 50_000_000 ether);
        vm.expectRevert(IStake.ExitNotOver.selector);
        network.withdraw(1, 4);
    }

    function test_ABondInTheLastMinuteIsLockedForAnExitOnceItCounts() public {
        vm.warp(_start(FIRST + 24) - 60);
        _join(1, 4, STAKE);
        _proposeBy(1, ANN, "hasty");
        vm.warp(_start(FIRST + 24) - 1);
        _castOne(1, 4, 1, 1, 1);
        vm.assertEq(network.delta(1, 1).votes, 0, "not in the minute");
        vm.warp(_start(FIRST + 24));
        _castOne(1, 4, 1, 1, 2);
        vm.assertEq(network.delta(1, 1).votes, STAKE, "after it");
        vm.startPrank(vm.addr(4));
        network.unbond(1, 4, STAKE);
        vm.assertEq(
            network.position(1, 4).exitAt, _start(FIRST + 48) + EXIT, "for an exit and what is left of the epoch"
        );
    }

    function test_ABondInTheLastMinuteOfAPeriodDoesNotVoteInIt() public {
        _proposeBy(1, ANN, "hasty");
        uint256 periodEnd = network.group(1).periodEnd;
        vm.warp(periodEnd - 60);
        _join(1, 4, 40_000_000 ether);
        _castOne(1, 4, 1, 1, 1);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).applied, 0, "not applied");
    }

    function test_RestakeUnderANewKeyAndVoteAgain() public {
        _proposeBy(1, ANN, "twice");
        _castOne(1, 1, 1, 1, 1);
        vm.startPrank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        vm.warp(network.group(1).periodEnd);
        vm.expectRevert(IStake.ExitNotOver.selector);
        network.withdraw(1, 1);
        vm.stopPrank();
        vm.assertGt(network.position(1, 1).exitAt, network.group(1).periodEnd + PERIOD, "two periods are shorter");
        vm.assertEq(network.delta(1, 1).votes, STAKE, "it voted once");
    }

    function test_ANewKeyForTheSamePositionReplacesItsVote() public {
        _proposeBy(1, ANN, "twice");
        _castOne(1, 1, 1, 1, 1);
        _rotate(vm.addr(1), 1, THIEF);
        vm.warp(_start(FIRST + 24));
        vm.assertEq(network.delta(1, 1).votes, STAKE, "once");
        _castAs(THIEF, 1, 2);
        vm.assertEq(network.delta(1, 1).votes, STAKE, "not added");
        _castAs(THIEF, 0, 3);
        vm.assertEq(network.delta(1, 1).votes, 0, "but replaced");
    }

    function test_ANewKeyForTheSamePositionIsNotPaidTwiceInARound() public {
        uint256 last = FIRST + 23;
        bytes32 claim = _enter(1, last, ANN, "a");
        _rotate(vm.addr(1), 1, THIEF);
        vm.warp(_judgeStart(last));
        network.judge(1, claim, _verdicts(1, last, claim, 1, 3));
        IRounds.Verdict[] memory again = _verdicts(1, last, claim, THIEF, THIEF);
        again[0].position = 1;
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, claim, again);
    }

    function test_StakeThatMovesVotesInOneGroupAtATime() public {
        uint256 child = _fork();
        vm.startPrank(vm.addr(1));
        network.move(1, 1, child, vm.addr(1), "");
        vm.stopPrank();
        vm.assertEq(network.position(child, 1).live, 0, "not yet in the child");
        vm.assertEq(network.position(1, 1).live, STAKE, "still here");
        vm.warp(_start(FIRST + 24));
        vm.assertEq(network.position(child, 1).live, STAKE, "in the child");
        vm.assertEq(network.position(1, 1).live, 0, "no longer here");
        vm.assertEq(network.allBonded(), VALIDATORS * (STAKE + STAKE / 10), "never more than there is");
    }

    function test_AStrangerCannotBondDustToMySigner() public {
        address signer = vm.addr(HOT);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.NoConsent.selector);
        network.bond(1, signer, 1 gwei, "");
        vm.expectRevert(IStake.NotOwner.selector);
        network.bond(1, vm.addr(1), 1 gwei, "");
        vm.stopPrank();
        _bondCold(1 ether);
        vm.assertEq(network.position(1, network.positionOf(1, signer)).owner, COLD, "its own owner comes in");
    }

    function test_AConsentForOneOwnerServesNoOther() public {
        bytes memory consent = _consent(HOT, 1, COLD);
        vm.expectRevert(IStake.NoConsent.selector);
        vm.prank(ANN);
        network.bond(1, vm.addr(HOT), 1 gwei, consent);
        vm.expectRevert(IStake.NoConsent.selector);
        vm.prank(COLD);
        network.bond(2, vm.addr(HOT), 1 gwei, consent);
    }

    function test_AStolenHotKeyWithdrawsAndMovesNothing() public {
        uint256 position = _bondCold(STAKE);
        uint256 child = _fork();
        vm.warp(_start(FIRST + 24));
        bytes memory consent = _consent(THIEF, child, vm.addr(HOT));
        vm.startPrank(vm.addr(HOT));
        vm.expectRevert(IStake.NotOwner.selector);
        network.unbond(1, position, 1 ether);
        vm.expectRevert(IStake.NotOwner.selector);
        network.withdraw(1, position);
        vm.expectRevert(IStake.NotOwner.selector);
        network.rotate(1, position, vm.addr(THIEF), "");
        vm.expectRevert(IStake.NotOwner.selector);
        network.move(1, position, child, vm.addr(THIEF), consent);
    }

    function test_AStolenHotKeySignsNothingAfterTheOwnerRotated() public {
        uint256 position = _bondCold(STAKE);
        vm.warp(_start(FIRST + 24));
        _rotate(COLD, position, THIEF);
        vm.warp(_start(FIRST + 48));
        _proposeBy(1, ANN, "stolen");
        _castAs(HOT, 1, 1);
        vm.assertEq(network.delta(1, 1).votes, 0, "no vote");
        vm.startPrank(vm.addr(HOT));
        vm.expectRevert(IStake.NotOwnerOrSigner.selector);
        network.wake(1, position);
        vm.expectRevert(IStake.SignerUsed.selector);
        network.bond(1, vm.addr(HOT), 1 gwei, "");
    }

    function test_AStolenHotKeyCostsATwentiethAnEpoch() public {
        uint256 position = _bondCold(STAKE);
        vm.warp(_start(FIRST + 24));
        for (uint256 round = FIRST + 24; round < FIRST + 48; ++round) {
            vm.warp(_start(round));
            IRounds.Attendance memory one = _signed(HOT, position, round, "one");
            IRounds.Attendance memory other = _signed(HOT, position, round, "other");
            if (round > FIRST + 24) vm.expectRevert(IDuties.OutOfTime.selector);
            network.slashDouble(1, round, one, other);
        }
        vm.assertEq(network.position(1, position).live, STAKE - STAKE / 20, "one slash a day");
    }

    function test_EquivocateUnbondSlash() public {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        vm.warp(_start(FIRST + 24) + EXIT - LENGTH);
        network.slashDouble(1, FIRST + 22, _attendance(1, FIRST + 22, 1, 0), _attendance(1, FIRST + 22, 1, "b"));
        vm.assertEq(network.position(1, 1).exiting, STAKE - STAKE / 20, "hit on its way out");
        vm.expectRevert(IDuties.OutOfTime.selector);
        network.slashDouble(1, FIRST, one, other);
        vm.warp(_start(FIRST + 24) + EXIT);
        vm.prank(vm.addr(1));
        vm.assertEq(network.withdraw(1, 1), STAKE - STAKE / 20, "the rest leaves");
    }

    function test_EquivocateMoveSlash() public {
        uint256 child = _fork();
        vm.prank(vm.addr(1));
        network.move(1, 1, child, vm.addr(1), "");
        vm.warp(_start(FIRST + 24));
        network.slashDouble(1, FIRST, _attendance(1, FIRST, 1, "one"), _attendance(1, FIRST, 1, "other"));
        vm.assertEq(network.position(child, 1).live, STAKE - STAKE / 20, "hit where it went");
    }

    function test_EquivocateRotateSlash() public {
        _rotate(vm.addr(1), 1, THIEF);
        vm.warp(_start(FIRST + 24));
        network.slashDouble(1, FIRST, _attendance(1, FIRST, 1, "one"), _attendance(1, FIRST, 1, "other"));
        vm.assertEq(network.position(1, 1).live, STAKE - STAKE / 20, "the retired key answers");
    }

    function test_AGriefedPermitDoesNoHarm() public {
        address who = vm.addr(HOT);
        neuron.transfer(who, STAKE);
        (uint8 v, bytes32 r, bytes32 s) = _permit(HOT, STAKE);
        vm.prank(STRANGER);
        neuron.permit(who, address(network), STAKE, FOREVER, v, r, s);
        vm.prank(who);
        uint256 position = network.bondWithPermit(1, who, STAKE, "", FOREVER, v, r, s);
        vm.assertEq(network.position(1, position).next, STAKE, "bonded");
    }

    function test_DustDoesNotWake() public {
        uint256 least = VALIDATORS * STAKE / 1023 / 1 gwei * 1 gwei;
        _fund(ANN, STAKE);
        vm.startPrank(ANN);
        uint256 position = network.bond(1, ANN, least, "");
        vm.expectRevert(IStake.StakeTooSmall.selector);
        network.wake(1, position);
        network.bond(1, ANN, 1 gwei, "");
        network.wake(1, position);
    }

    function enactAs(IMeasures.Kind kind, bytes calldata args, uint256 first, uint256 last) external {
        _enactBy(kind, args, first, last);
    }

    function _fork() private returns (uint256) {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        birth.dataset = new bytes32[](0);
        return network.fork(1, birth);
    }

    /// @dev A position of a cold owner with a hot signer, awake from the next epoch on.
    function _bondCold(uint256 amount) private returns (uint256 position) {
        _fund(COLD, amount);
        bytes memory consent = _consent(HOT, 1, COLD);
        vm.startPrank(COLD);
        position = network.bond(1, vm.addr(HOT), amount, consent);
        vm.stopPrank();
    }

    function _rotate(address owner, uint256 position, uint256 key) private {
        bytes memory consent = _consent(key, 1, owner);
        vm.prank(owner);
        network.rotate(1, position, vm.addr(key), consent);
    }

    function _consent(uint256 key, uint256 group, address owner) private view returns (bytes memory) {
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(keccak256(abi.encode(kind, group, owner))));
        return abi.encodePacked(r, vs);
    }

    /// @dev A choice of the position of `key` in the running period of group 1.
    function _castAs(uint256 key, uint256 delta, uint256 seq) private {
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = _choiceOf(1, key, 1, delta, seq);
        choices[0].position = key == THIEF ? 1 : 4;
        network.cast(1, choices);
    }

    function _signed(uint256 key, uint256 position, uint256 round, bytes32 claim)
        private
        view
        returns (IRounds.Attendance memory made)
    {
        made = _attendance(1, round, key, claim);
        made.verdict.position = position;
    }

    function _permit(uint256 key, uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        address owner = vm.addr(key);
        bytes32 hash = keccak256(abi.encode(kind, owner, address(network), amount, neuron.nonces(owner), FOREVER));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", neuron.DOMAIN_SEPARATOR(), hash)));
    }
}
