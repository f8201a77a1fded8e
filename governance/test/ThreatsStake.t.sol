// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDataset, IDuties, IGroups, IMeasures, INetwork, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @title Threats with stake and keys: borrowed, moved twice, somebody else's, stolen.
contract ThreatsStakeTest is Play {
    address private constant COLD = address(0xC01D);
    uint256 private constant HOT = 31;
    uint256 private constant THIEF = 32;
    address private constant STRANGER = address(0x57A);
    uint256 private constant FOREVER = type(uint256).max;
    /// @dev Of a stake for signing twice.
    uint256 private constant LOST = STAKE * 550 / 10_000;

    function test_BorrowedStakeAndVoteInOneEpochCountsNothing() public {
        _proposeBy(1, ANN, "borrowed");
        bytes32 claim = _enter(1, FIRST, ANN, "a");
        vm.warp(_judgeStart(FIRST));
        _join(1, 4, 50_000_000 ether);
        vm.expectRevert(IRounds.NothingCounted.selector);
        this.castAs(4, 4, 1, 1);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 4, 4);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, FIRST, claim, verdicts);
        bytes memory args = _named(2);
        vm.expectRevert(IRounds.NothingCounted.selector);
        this.enactAs(IMeasures.Kind.Admit, args, 4, 4);
        vm.startPrank(vm.addr(4));
        network.unbond(1, 4, 50_000_000 ether);
        vm.expectRevert(abi.encodeWithSelector(IStake.ExitNotOver.selector, _start(FIRST + 24) + EXIT));
        network.withdraw(1, 4, vm.addr(4));
    }

    function test_ABondInTheLastMinuteIsLockedForAnExitOnceItCounts() public {
        vm.warp(_start(FIRST + 24) - 60);
        _join(1, 4, STAKE);
        _proposeBy(1, ANN, "hasty");
        vm.warp(_start(FIRST + 24) - 1);
        vm.expectRevert(IRounds.NothingCounted.selector);
        this.castAs(4, 4, 1, 1);
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
        vm.expectRevert(IRounds.NothingCounted.selector);
        this.castAs(4, 4, 1, 1);
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
        vm.expectRevert(abi.encodeWithSelector(IStake.ExitNotOver.selector, _start(FIRST + 24) + EXIT));
        network.withdraw(1, 1, ANN);
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
        _castAs(THIEF, 1, 1, 2);
        vm.assertEq(network.delta(1, 1).votes, STAKE, "not added");
        _castAs(THIEF, 1, 0, 3);
        vm.assertEq(network.delta(1, 1).votes, 0, "but replaced");
        _castAs(1, 1, 1, 0);
        vm.assertEq(network.delta(1, 1).votes, STAKE, "and the owner has the last word");
    }

    function test_ANewKeyForTheSamePositionIsNotPaidTwiceInARound() public {
        uint256 last = FIRST + 23;
        bytes32 claim = _enter(1, last, ANN, "a");
        _rotate(vm.addr(1), 1, THIEF);
        vm.warp(_judgeStart(last));
        network.judge(1, last, claim, _verdicts(1, last, claim, 1, 3));
        IRounds.Verdict[] memory again = _verdicts(1, last, claim, THIEF, THIEF);
        again[0].position = 1;
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.judge(1, last, claim, again);
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
        (uint256 bonded,) = network.allBonded();
        vm.assertEq(bonded, VALIDATORS * (STAKE + STAKE / 10), "never more than there is");
    }

    function test_AStrangerCannotBondDustToMySigner() public {
        address signer = vm.addr(HOT);
        vm.startPrank(ANN);
        vm.expectRevert(abi.encodeWithSelector(IStake.NoConsent.selector, signer));
        network.bond(1, signer, 1 gwei, "");
        vm.expectRevert(abi.encodeWithSelector(IStake.NotOwner.selector, vm.addr(1)));
        network.bond(1, vm.addr(1), 1 gwei, "");
        vm.stopPrank();
        _bondCold(1 ether);
        vm.assertEq(network.position(1, network.positionOf(1, signer)).owner, COLD, "its own owner comes in");
    }

    function test_AConsentForOneOwnerServesNoOther() public {
        bytes memory consent = _consentOf(HOT, 1, COLD);
        vm.expectRevert(abi.encodeWithSelector(IStake.NoConsent.selector, vm.addr(HOT)));
        vm.prank(ANN);
        network.bond(1, vm.addr(HOT), 1 gwei, consent);
        vm.expectRevert(abi.encodeWithSelector(IStake.NoConsent.selector, vm.addr(HOT)));
        vm.prank(COLD);
        network.bond(2, vm.addr(HOT), 1 gwei, consent);
    }

    function test_AStolenHotKeyWithdrawsAndMovesNothing() public {
        uint256 position = _bondCold(STAKE);
        uint256 child = _fork();
        vm.warp(_start(FIRST + 24));
        bytes memory consent = _consentOf(THIEF, child, vm.addr(HOT));
        vm.startPrank(vm.addr(HOT));
        _isCold();
        network.unbond(1, position, 1 ether);
        _isCold();
        network.withdraw(1, position, vm.addr(HOT));
        _isCold();
        network.offer(1, position, vm.addr(HOT));
        _isCold();
        network.rotate(1, position, vm.addr(THIEF), "");
        _isCold();
        network.move(1, position, child, vm.addr(THIEF), consent);
    }

    function test_AStolenHotKeySignsNothingAfterTheOwnerRotated() public {
        uint256 position = _bondCold(STAKE);
        vm.warp(_start(FIRST + 24));
        _rotate(COLD, position, THIEF);
        vm.warp(_start(FIRST + 48));
        _proposeBy(1, ANN, "stolen");
        vm.expectRevert(IRounds.NothingCounted.selector);
        this.castAs(HOT, position, 1, 1);
        vm.startPrank(vm.addr(HOT));
        vm.expectRevert(abi.encodeWithSelector(IStake.NotOwnerOrSigner.selector, COLD, vm.addr(THIEF)));
        network.wake(1, position);
        vm.expectRevert(abi.encodeWithSelector(IStake.SignerUsed.selector, position));
        network.bond(1, vm.addr(HOT), 1 gwei, "");
    }

    function test_AStolenHotKeyCostsLittleMoreThanATwentiethAnEpoch() public {
        uint256 position = _bondCold(STAKE);
        vm.warp(_start(FIRST + 24));
        for (uint256 round = FIRST + 24; round < FIRST + 48; ++round) {
            vm.warp(_start(round));
            IRounds.Attendance memory one = _signedFor(HOT, position, round, "one");
            IRounds.Attendance memory other = _signedFor(HOT, position, round, "other");
            if (round > FIRST + 24) vm.expectRevert(IDuties.OutOfTime.selector);
            network.slashDouble(1, round, one, other);
        }
        vm.assertEq(network.position(1, position).live, STAKE - LOST, "one slash a day");
    }

    function test_EquivocateUnbondSlash() public {
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        vm.warp(_start(FIRST + 24) + EXIT - LENGTH);
        network.slashDouble(1, FIRST + 22, _attendance(1, FIRST + 22, 1, 0), _attendance(1, FIRST + 22, 1, "b"));
        vm.assertEq(network.position(1, 1).exiting, STAKE - LOST, "hit on its way out");
        vm.expectRevert(IDuties.OutOfTime.selector);
        network.slashDouble(1, FIRST, one, other);
        vm.warp(_start(FIRST + 24) + EXIT);
        vm.prank(vm.addr(1));
        vm.assertEq(network.withdraw(1, 1, ANN), STAKE - LOST, "the rest leaves");
    }

    function test_EquivocateMoveSlash() public {
        uint256 child = _fork();
        vm.prank(vm.addr(1));
        network.move(1, 1, child, vm.addr(1), "");
        vm.warp(_start(FIRST + 24));
        network.slashDouble(1, FIRST, _attendance(1, FIRST, 1, "one"), _attendance(1, FIRST, 1, "other"));
        vm.assertEq(network.position(child, 1).live, STAKE - LOST, "hit where it went");
    }

    function test_EquivocateRotateSlash() public {
        _rotate(vm.addr(1), 1, THIEF);
        vm.warp(_start(FIRST + 24));
        network.slashDouble(1, FIRST, _attendance(1, FIRST, 1, "one"), _attendance(1, FIRST, 1, "other"));
        vm.assertEq(network.position(1, 1).live, STAKE - LOST, "the retired key answers");
    }

    function test_AGriefedPermitDoesNoHarm() public {
        address who = vm.addr(HOT);
        neuron.transfer(who, STAKE);
        (uint8 v, bytes32 r, bytes32 s) = _permit(HOT, STAKE);
        vm.prank(STRANGER);
        neuron.permit(who, address(network), STAKE, FOREVER, v, r, s);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IStake.allow, (STAKE, FOREVER, v, r, s));
        calls[1] = abi.encodeCall(IStake.bond, (1, who, STAKE, ""));
        vm.prank(who);
        network.multicall(calls);
        vm.assertEq(network.position(1, network.positionOf(1, who)).next, STAKE, "bonded");
    }

    /// @dev A report by the accused itself, or by a friend, gets it nothing back: nine tenths of the loss are burnt.
    function test_WhoReportsHimselfLosesFivePercentAllTheSame() public {
        uint256 before = _owns(1, 1) + neuron.balanceOf(BOB);
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory other = _attendance(1, FIRST, 1, "other");
        vm.prank(BOB);
        network.slashDouble(1, FIRST, one, other);
        vm.assertEq(before - _owns(1, 1) - neuron.balanceOf(BOB), STAKE / 20, "five percent");
    }

    /// @dev An exit that is over is out of reach, whoever holds the key that once signed.
    function test_AStolenHotKeyOfWhoLeftLongAgoIsWorthNothing() public {
        vm.prank(vm.addr(3));
        network.unbond(1, 3, STAKE);
        vm.warp(network.position(1, 3).exitAt + 365 days);
        uint256 round = (block.timestamp - START) / LENGTH;
        IRounds.Attendance memory one = _attendance(1, round, 3, "one");
        IRounds.Attendance memory other = _attendance(1, round, 3, "other");
        vm.expectRevert(IDuties.OutOfTime.selector);
        network.slashDouble(1, round, one, other);
        vm.prank(vm.addr(3));
        vm.assertEq(network.withdraw(1, 3, vm.addr(3)), STAKE, "all of it");
    }

    /// @dev Who takes the last pay out does not wait with the whole stake again.
    function test_AnExitDoesNotStartAnewForALittlePay() public {
        _win(1, FIRST, ANN, "a");
        vm.prank(vm.addr(1));
        network.unbond(1, 1, STAKE);
        uint256 exitAt = network.position(1, 1).exitAt;
        vm.warp(_start(FIRST + 1));
        _winBy(1, FIRST + 1, ANN, "b", 1, 3);
        vm.warp(exitAt - 1 days);
        uint256 pay = network.position(1, 1).earned + network.position(1, 1).next;
        vm.assertGt(pay, 0, "pay of the last rounds");
        vm.startPrank(vm.addr(1));
        network.unbond(1, 1, pay);
        vm.assertEq(network.position(1, 1).exitAt, exitAt, "the first exit ends as it would have");
        vm.assertEq(network.position(1, 1).exitingLater, pay, "the pay follows it");
        vm.warp(exitAt);
        vm.assertEq(network.withdraw(1, 1, vm.addr(1)), STAKE, "all that left first");
    }

    /// @dev At the longest exit that may be, stake that moves every epoch is still reached in the last second.
    function test_StakeThatMovesEveryEpochDoesNotOutrunASlash() public {
        bytes memory terms = abi.encode(neuron, emission, purse, EPOCH, 29 days + 23 hours, MATURITY, MIN_DEPOSIT);
        address registry = _deploy("Registry", terms);
        network = INetwork(_deployNetwork(registry));
        uint256 genesis = network.genesis();
        _create(TRAIN, REVEAL, 900);
        for (uint256 group = 1; group <= 33; ++group) {
            _forkOf(group);
        }
        _fund(vm.addr(1), STAKE);
        vm.prank(vm.addr(1));
        network.bond(1, vm.addr(1), STAKE, "");
        // The last round of epoch 1.
        vm.warp(genesis + 2 * EPOCH - LENGTH);
        IRounds.Attendance memory one = _attendance(1, 47, 1, "one");
        IRounds.Attendance memory other = _attendance(1, 47, 1, "other");
        for (uint256 hop; hop < 31; ++hop) {
            vm.prank(vm.addr(1));
            network.move(hop + 1, 1, hop + 2, vm.addr(1), "");
            if (hop != 30) vm.warp(genesis + (hop + 2) * EPOCH);
        }
        // The last second before an exit would be over.
        vm.warp(genesis + 2 * EPOCH + 29 days + 23 hours - 1);
        network.slashDouble(1, 47, one, other);
        vm.assertEq(network.position(32, 1).next, STAKE - LOST, "hit where it is");
    }

    function test_RevertIf_AnExitIsSoLongThatStakeCouldOutrunASlash() public {
        bytes memory terms = abi.encode(neuron, emission, purse, EPOCH, 30 days, MATURITY, MIN_DEPOSIT);
        vm.expectRevert();
        this.deploy(terms);
    }

    function deploy(bytes memory terms) external returns (address) {
        return _deploy("Registry", terms);
    }

    function test_DustDoesNotWake() public {
        uint256 least = VALIDATORS * STAKE / 16_383 / 1 gwei * 1 gwei;
        _fund(ANN, STAKE);
        vm.startPrank(ANN);
        uint256 position = network.bond(1, ANN, least, "");
        vm.expectPartialRevert(IStake.StakeTooSmall.selector);
        network.wake(1, position);
        network.bond(1, ANN, 1 gwei, "");
        network.wake(1, position);
    }

    function enactAs(IMeasures.Kind kind, bytes calldata args, uint256 first, uint256 last) external {
        _enactBy(kind, args, first, last);
    }

    function _fork() private returns (uint256) {
        return _forkOf(1);
    }

    function _forkOf(uint256 parent) private returns (uint256) {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        birth.dataset = new bytes32[](0);
        return network.fork(parent, birth);
    }

    /// @dev The next call must say that `COLD` is the owner.
    function _isCold() private {
        vm.expectRevert(abi.encodeWithSelector(IStake.NotOwner.selector, COLD));
    }

    /// @dev A position of a cold owner with a hot signer, awake from the next epoch on.
    function _bondCold(uint256 amount) private returns (uint256 position) {
        _fund(COLD, amount);
        bytes memory consent = _consentOf(HOT, 1, COLD);
        vm.startPrank(COLD);
        position = network.bond(1, vm.addr(HOT), amount, consent);
        vm.stopPrank();
    }

    function _rotate(address owner, uint256 position, uint256 key) private {
        bytes memory consent = _consentOf(key, 1, owner);
        vm.prank(owner);
        network.rotate(1, position, vm.addr(key), consent);
    }

    /// @dev A choice for `position` in the running period of group 1, signed by `key`.
    function _castAs(uint256 key, uint256 position, uint256 delta, uint256 seq) private {
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = _choiceOf(1, key, 1, delta, seq);
        choices[0].position = position;
        network.cast(1, choices);
    }

    function castAs(uint256 key, uint256 position, uint256 delta, uint256 seq) external {
        _castAs(key, position, delta, seq);
    }

    function _signedFor(uint256 key, uint256 position, uint256 round, bytes32 claim)
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
