// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDuties, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @title Coalitions that withhold verdicts, post in the last second and leave others out, round after round.
/// @dev Group 3: key 1 is the coalition, the keys 2 to 11 are honest and have the rest in equal parts. Each of them has told
/// its verdict in time, and shows itself in the next round where it was left out.
contract CoalitionsTest is Play {
    uint256 private constant HONEST = 10;
    uint256 private constant WHOLE = 10_000_000 ether;
    uint256 private constant ROUNDS = 30;
    uint256 private constant START_ROUND = FIRST + 24;
    uint256 private group;
    uint256 private round;
    uint256 private percent;

    function test_ACoalitionOf35PercentGainsNothingInThirtyRounds() public {
        _play(35);
    }

    function test_ACoalitionOf47PercentGainsNothingInThirtyRounds() public {
        _play(47);
    }

    function test_ACoalitionOf60PercentGainsNothingInThirtyRounds() public {
        _play(60);
    }

    function test_VerdictsKeptBackToTheLastSecondPutNobodyToSleep() public {
        uint8[3] memory shares = [35, 47, 60];
        for (uint256 i; i < 3; ++i) {
            uint256 before = vm.snapshotState();
            _gather(shares[i]);
            for (uint256 k; k < 12; ++k) {
                _lastSecond();
                ++round;
            }
            vm.assertEq(network.group(group).counted, 12, "each was decided");
            _nobodySleeps();
            vm.revertToState(before);
        }
    }

    function test_WhoSignedAnotherClaimIsNotPurgedByTwoThirds() public {
        _gather(67);
        for (uint256 k; k < 12; ++k) {
            bytes32 claim = _reach();
            _judge(claim, 1, 1);
            vm.assertEq(network.round(group, round).winner, ANN, "they decide alone");
            vm.warp(_start(round + 1));
            network.attend(group, round, _attendances(group, round, 0, 2, 1 + HONEST));
            ++round;
        }
        _nobodySleeps();
    }

    function _play(uint256 share) private {
        _gather(share);
        uint256 before = _shareOfCoalition();
        for (uint256 i; i < ROUNDS; ++i) {
            if (i % 3 == 0) _lastSecond();
            else if (i % 3 == 1) _leaveOut();
            else _withhold();
            if (i > 10) _nobodySleeps();
            ++round;
        }
        _checkPay();
        vm.warp(_start(START_ROUND + 48));
        vm.assertEq(_shareOfCoalition(), before, "of the awake stake, two epochs later");
        vm.assertEq(network.stake(group).awake, WHOLE, "all are awake");
    }

    /// @dev The coalition brings its verdict and just enough others in the last second of JUDGE.
    function _lastSecond() private {
        bytes32 claim = _reach();
        vm.warp(_start(round + 1) - 1);
        uint256 last = 1;
        while (!_decided()) {
            _judge(claim, last, last);
            ++last;
        }
        vm.warp(_start(round + 1));
        if (last <= 1 + HONEST) _judge(claim, last, 1 + HONEST);
        _allPresent();
    }

    /// @dev The honest bring theirs as soon as they can, the coalition in the last second; one of them comes later still.
    function _leaveOut() private {
        bytes32 claim = _reach();
        _judge(claim, 2, HONEST);
        vm.warp(_start(round + 1) - 1);
        if (!_decided()) _judge(claim, 1, 1);
        vm.warp(_start(round + 2) - 1);
        _judge(claim, 1 + HONEST, 1 + HONEST);
        _allPresent();
    }

    /// @dev The coalition signs against all claims: nothing is decided, and all are present in the next round.
    function _withhold() private {
        bytes32 claim = _reach();
        _judge(claim, 2, 1 + HONEST);
        _judge(0, 1, 1);
        vm.assertEq(_decided(), false, "void");
        vm.warp(_start(round + 1));
        network.attend(group, round, _attendances(group, round, claim, 2, 1 + HONEST));
        network.attend(group, round, _attendances(group, round, 0, 1, 1));
        _allPresent();
    }

    function _gather(uint256 share) private {
        percent = share;
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        _join(group, 1, WHOLE * share / 100);
        for (uint256 key = 2; key <= 1 + HONEST; ++key) {
            _join(group, key, WHOLE * (100 - share) / 100 / HONEST);
        }
        round = START_ROUND;
        vm.warp(_start(round));
        _admit(group);
        _fund(ANN, 1_000_000 ether);
    }

    function _reach() private returns (bytes32 claim) {
        claim = _enter(group, round, ANN, bytes32(round));
        vm.warp(_judgeStart(round));
    }

    function _judge(bytes32 claim, uint256 first, uint256 last) private {
        network.judge(group, round, claim, _verdicts(group, round, claim, first, last));
    }

    function _decided() private view returns (bool) {
        return network.round(group, round).outcome != IRounds.Outcome.None;
    }

    function _allPresent() private view {
        for (uint256 key = 1; key <= 1 + HONEST; ++key) {
            vm.assertEq(network.judgedBy(group, round, key), true, "present");
        }
    }

    function _nobodySleeps() private {
        for (uint256 key = 1; key <= 1 + HONEST; ++key) {
            vm.expectRevert(IDuties.NotAbsent.selector);
            network.doze(group, key);
        }
    }

    /// @dev For its stake the coalition has earned as much as each of the others, but for fractions of a gwei a round.
    function _checkPay() private view {
        uint256 own = network.position(group, 1).earned * (100 - percent) / HONEST / percent;
        for (uint256 key = 2; key <= 1 + HONEST; ++key) {
            uint256 earned = network.position(group, key).earned;
            vm.assertGt(earned, 0, "earned");
            vm.assertLe(own, earned + ROUNDS * 1 gwei, "no more than the honest");
            vm.assertLe(earned, own + ROUNDS * 1 gwei, "no less");
        }
    }

    /// @dev Basis points.
    function _shareOfCoalition() private view returns (uint256) {
        return network.position(group, 1).live * 10_000 / network.stake(group).awake;
    }
}
