// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Terms} from "token/Seats.sol";
import {IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";
import {Places, Slots} from "governance-test/Slots.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev An emission that has what the test says.
contract BareEmission {
    uint256 public allowance;

    function issue(address, uint256 amount) external returns (uint256) {
        allowance -= amount;
        return amount;
    }
}

/// @dev The cases, for a test that is of another family.
contract EarnCases is Vectors {
    function read() external returns (uint256) {
        return _read("earn");
    }

    function amount(uint256 index, string calldata key) external view returns (uint256) {
        return _uint(index, key);
    }

    function isLost(uint256 index) external view returns (bool) {
        return _bool(index, "lost");
    }
}

/// @dev Ann has revealed in round `FIRST`; reward and stakes are then written as each case says.
contract EarnVectorsTest is Play, Places {
    uint256 private constant KEY = 9;
    EarnCases private cases;

    function setUp() public override {
        super.setUp();
        cases = new EarnCases();
        _commit(1, FIRST, ANN, "a");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        vm.warp(_judgeStart(FIRST));
        vm.etch(address(emission), address(new BareEmission()).code);
    }

    function test_WhatAVerdictEarnsIsAsTheVectorsSay() public {
        uint256 length = cases.read();
        for (uint256 i; i < length; ++i) {
            // More than a round of sixty days can pay, whatever the supply.
            if (cases.amount(i, "earned") > 2 ** 55 * 1 gwei) continue;
            uint256 before = vm.snapshotState();
            bytes32 claim = cases.isLost(i) ? bytes32(0) : _claim("a", BASE, LOSS);
            _allow(SUPPLY);
            network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, 1, 3));
            _allow(cases.amount(i, "allowance"));
            _writeRound(cases.amount(i, "reward"), cases.amount(i, "awake"));
            _writeSeat(cases.amount(i, "stake"));
            IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, KEY, KEY);
            if (cases.amount(i, "stake") == 0) vm.expectRevert(IRounds.NothingCounted.selector);
            network.judge(1, FIRST, claim, verdicts);
            uint256 earned = cases.amount(i, "earned");
            vm.assertEq(network.position(1, KEY).earned, earned, vm.toString(i));
            vm.assertEq(network.round(1, FIRST).paid - _paid(), earned, "earned");
            vm.prank(vm.addr(KEY));
            if (earned != 0) network.compound(1, KEY);
            vm.assertEq(network.position(1, KEY).next, cases.amount(i, "stake") + cases.amount(i, "paid"), "paid");
            vm.revertToState(before);
        }
    }

    function _allow(uint256 allowance) private {
        vm.store(address(emission), 0, bytes32(allowance));
    }

    function _writeRound(uint256 reward, uint256 awake) private {
        uint256 slot = _in(FIRST, _in(1, _places()[5]));
        _write(slot + 1, 160, 96, reward);
        _write(slot + 2, 96, 96, awake);
        vm.assertEq(network.round(1, FIRST).reward, reward, "reward");
        vm.assertEq(network.round(1, FIRST).awake, awake, "awake");
    }

    /// @dev Key and position `KEY`, awake, with `stake` wei, for long.
    function _writeSeat(uint256 stake) private {
        uint256 slot = _in(KEY, _in(1, _places()[2]));
        _write(slot, 0, 160, uint160(vm.addr(KEY)));
        _write(slot, 160, 64, stake / 1 gwei);
        _write(slot, 248, 8, 1);
        _write(slot + 2, 0, 160, uint160(vm.addr(KEY)));
        vm.assertEq(network.position(1, KEY).live, stake, "stake");
        vm.assertEq(network.position(1, KEY).awake, true, "awake");
    }

    function _write(uint256 slot, uint256 shift, uint256 bits, uint256 value) private {
        uint256 mask = ((1 << bits) - 1) << shift;
        uint256 word = uint256(vm.load(address(network), bytes32(slot))) & ~mask;
        vm.store(address(network), bytes32(slot), bytes32(word | value << shift));
    }

    function _places() private returns (uint256[14] memory) {
        return new Slots(Terms(address(1), address(1), address(1), 1, 1, 1, 1, 1)).slots();
    }
}
