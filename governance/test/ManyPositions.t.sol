// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IRounds} from "governance/INetwork.sol";
import {Measured} from "governance-test/Measured.sol";

/// @dev Five thousand positions of equal stake, bonded and woken as everybody's are: a round is decided in as many calls as
/// the chain's blocks ask for.
contract ManyPositionsTest is Measured {
    uint256 private constant MANY = 5000;
    uint256 private constant OWN = 1000 ether;
    uint256 private constant LOT = 50;
    /// @dev Most gas of one transaction (EIP-7825), and of a block of the smallest chain.
    uint256 private constant TRANSACTION_MAX = 16_777_216;
    uint256 private constant BLOCK_MAX = 6_800_000;
    uint256 private constant ROUND = FIRST + 24;
    uint256 private group;
    /// @dev Gas of the dearest call of the last round.
    uint256 private dearest;

    function setUp() public override {
        super.setUp();
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        neuron.approve(address(network), MANY * OWN);
        for (uint256 first = 1; first <= MANY; first += LOT) {
            _bondLot(first);
        }
        vm.warp(_start(ROUND));
        _admit(group);
    }

    function test_VerdictsOfAFullGroupDecideInSeveralCalls() public {
        uint256 calls = _decide(ROUND, 1000, TRANSACTION_MAX);
        vm.snapshotValue("Network", "5000 positions, calls that decide a round, first ever", calls);
        calls = _decide(ROUND + 1, 1400, TRANSACTION_MAX);
        vm.snapshotValue("Network", "5000 positions, calls that decide a round", calls);
        vm.snapshotValue("Network", "judge, 1400 verdicts of 5000 positions", dearest);
        vm.assertLe(calls, 3, "three calls");
    }

    function test_SmallBlocksNeedMoreCallsAndNothingElse() public {
        _decide(ROUND, 450, BLOCK_MAX);
        uint256 calls = _decide(ROUND + 1, 600, BLOCK_MAX);
        vm.snapshotValue("Network", "5000 positions, calls that decide a round in small blocks", calls);
        vm.snapshotValue("Network", "judge, 600 verdicts of 5000 positions", dearest);
        vm.assertLe(calls, 6, "six calls");
        uint256 share = _share(network.round(group, ROUND + 1).reward / 5, OWN, MANY * OWN);
        uint256 first = _share(network.round(group, ROUND).reward / 5, OWN, MANY * OWN);
        vm.assertEq(network.position(group, 1).earned, first + share, "who came in the first call");
        vm.assertEq(network.position(group, 3300).earned, first + share, "and who came in the last but one");
    }

    /// @dev Bonds and wakes the positions of the keys from `first` on, all of this owner.
    function _bondLot(uint256 first) private {
        bytes[] memory calls = new bytes[](2 * LOT);
        for (uint256 i; i < LOT; ++i) {
            uint256 key = first + i;
            bytes memory consent = _consentOf(key, group, address(this));
            calls[2 * i] = abi.encodeCall(IStake.bond, (group, vm.addr(key), OWN, consent));
            calls[2 * i + 1] = abi.encodeCall(IStake.wake, (group, key));
        }
        network.multicall(calls);
    }

    /// @dev Brings verdicts in lots of `lot`, none of which may use `most` gas, until the round is decided.
    function _decide(uint256 round, uint256 lot, uint256 most) private returns (uint256 calls) {
        bytes32 file = bytes32(round);
        bytes32 claim = _enter(group, round, ANN, file);
        vm.warp(_judgeStart(round));
        dearest = 0;
        for (bool decided; !decided; ++calls) {
            uint256 first = 1 + calls * lot;
            uint256 last = first + lot - 1;
            IRounds.Verdict[] memory verdicts = _verdicts(group, round, claim, first, last < MANY ? last : MANY);
            vm.prank(RELAYER);
            decided = network.judge(group, round, claim, verdicts);
            dearest = _gas() > dearest ? _gas() : dearest;
            vm.assertLt(dearest, most, "gas of a call");
        }
        vm.assertEq(network.round(group, round).winner, ANN, "decided");
    }
}
