// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Group 3 with five validators of any stakes, judged in any batches: what is paid, taken and held.
contract PayFuzzTest is Play {
    uint256 private constant KEYS = 5;
    uint256 private constant ROUND = FIRST + 24;
    uint256 private group;

    function setUp() public override {
        super.setUp();
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        _admit(group);
    }

    function test_WhateverTheStakesAndBatchesAreValidatorsEarnTheirFloors(
        uint56[5] memory stakes,
        uint8 order,
        bool lost,
        uint16 cutSeconds
    ) public {
        uint256 awake = _stakes(stakes);
        bytes32 claim = _claimed(lost);
        if (cutSeconds % 2 == 0) _exhaust(cutSeconds % 400);
        uint256 supply = neuron.totalSupply();
        (uint256 first, uint256 payable_) = _decide(claim, order, awake);
        IRounds.Round memory round = network.round(group, ROUND);
        uint256 sum;
        for (uint256 key = 1; key <= KEYS; ++key) {
            uint256 earned = network.position(group, key).earned;
            uint256 stake = network.position(group, key).live;
            if (key >= first) vm.assertEq(earned, _share(payable_, stake, awake), "its floor of what was there");
            vm.assertLe(earned, _share(round.reward / 5, stake, awake), "never more than of all V");
            sum += earned;
        }
        vm.assertEq(round.paid, sum, "paid is the sum");
        vm.assertLe(sum, round.reward / 5, "never more than V");
        vm.assertEq(neuron.totalSupply() - supply, lost ? 0 : sum, "issued is what is paid");
        vm.assertEq(round.judged, awake, "all were counted");
    }

    function test_WhateverIsSettledTheNetworkHoldsWhatItOwes(uint56[5] memory stakes, uint8 order, uint8 outcome)
        public
    {
        uint256 awake = _stakes(stakes);
        bytes32 claim = _claimed(outcome % 3 == 0);
        if (outcome % 3 != 2) _decide(claim, order, awake);
        vm.warp(_start(ROUND + 1));
        network.settle(group, ROUND, BOB);
        network.settle(group, ROUND, ANN);
        network.settle(group, ROUND, CEM);
        uint256 owned = _owned(1, VALIDATORS) + _owned(2, VALIDATORS) + _owned(group, KEYS);
        vm.assertEq(neuron.balanceOf(address(network)), owned, "stakes and pay, nothing else");
    }

    /// @dev Joins the five; the first holds more than two thirds of what all have, alone or with those before.
    function _stakes(uint56[5] memory stakes) private returns (uint256 awake) {
        for (uint256 key = 1; key <= KEYS; ++key) {
            uint256 stake = _bound(stakes[key - 1], 1e15, 2e15) * 1 gwei;
            _join(group, key, stake);
            awake += stake;
        }
    }

    /// @dev Three claims, of which Ann's is the best.
    function _claimed(bool lost) private returns (bytes32) {
        vm.warp(_start(ROUND));
        _commit(group, ROUND, ANN, "a");
        _commit(group, ROUND, BOB, "b");
        _commit(group, ROUND, CEM, "c");
        vm.warp(_revealStart(ROUND));
        _reveal(group, ANN, "a", BASE, BETTER);
        _reveal(group, BOB, "b", BASE, LOSS);
        _reveal(group, CEM, "c", BASE, LOSS);
        vm.warp(_judgeStart(ROUND));
        return lost ? bytes32(0) : _claim("a", BASE, BETTER);
    }

    /// @dev The keys from `first` on decide, if they can, else all; the others come one by one.
    function _decide(bytes32 claim, uint256 order, uint256 awake) private returns (uint256 first, uint256 payable_) {
        first = 1 + order % KEYS;
        uint256 stake;
        for (uint256 key = first; key <= KEYS; ++key) {
            stake += network.position(group, key).live;
        }
        if (stake * 3 <= awake * 2) first = 1;
        uint256 pay = network.round(group, ROUND).reward / 5;
        uint256 allowance = emission.allowance();
        payable_ = claim == 0 || pay < allowance ? pay : allowance;
        network.judge(group, claim, _verdicts(group, ROUND, claim, first, KEYS));
        for (uint256 key = 1; key < first; ++key) {
            network.judge(group, claim, _verdicts(group, ROUND, claim, key, key));
        }
    }

    /// @dev Leaves of the schedule what grew in some seconds.
    function _exhaust(uint256 time) private {
        vm.prank(address(network));
        emission.issue(address(this), type(uint128).max);
        vm.warp(block.timestamp + time);
    }

    function _owned(uint256 inGroup, uint256 last) private view returns (uint256 sum) {
        for (uint256 key = 1; key <= last; ++key) {
            sum += _owns(inGroup, key);
        }
    }
}
