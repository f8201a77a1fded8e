// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Terms} from "token/Seats.sol";
import {IMeasures, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";
import {Places, Slots} from "governance-test/Slots.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev The cases, for a test that is of another family.
contract RefundCases is Vectors {
    function read() external returns (uint256) {
        return _read("refund");
    }

    function amount(uint256 index, string calldata key) external view returns (uint256) {
        return _uint(index, key);
    }

    function flag(uint256 index, string calldata key) external view returns (bool) {
        return _bool(index, key);
    }

    function text(uint256 index, string calldata key) external view returns (string memory) {
        return _text(index, key);
    }
}

/// @dev Bob's deposit in round `FIRST` of group 2, whose validators earn nothing: each case is played, and then the deposit
/// written as it says.
contract RefundVectorsTest is Play, Places {
    RefundCases private cases;

    function setUp() public override {
        super.setUp();
        cases = new RefundCases();
    }

    function test_WhatComesBackOfADepositAndWhenIsAsTheVectorsSay() public {
        uint256 length = cases.read();
        for (uint256 i; i < length; ++i) {
            uint256 before = vm.snapshotState();
            _playCase(i);
            _writeDeposit(cases.amount(i, "deposit"));
            _checkCase(i);
            vm.revertToState(before);
        }
    }

    function _playCase(uint256 index) private {
        bool revealed = _is(index, "seal", "revealed");
        bool ahead = _is(index, "place", "ahead") || _is(index, "place", "winner");
        _commit(2, FIRST, BOB, "b");
        _commit(2, FIRST, ANN, "a");
        uint256 order = cases.amount(index, "order");
        for (uint256 k = 1; k < order; ++k) {
            _fund(_face(k), 1 ether);
            _commit(2, FIRST, _face(k), bytes32(k));
        }
        vm.warp(_revealStart(FIRST));
        if (cases.flag(index, "shown")) _reveal(2, ANN, "a", BASE, ahead ? LOSS : BETTER);
        if (revealed) _reveal(2, BOB, "b", BASE, ahead ? BETTER : LOSS);
        for (uint256 k = 1; k < order; ++k) {
            _concede(2, _face(k), bytes32(k), ANN);
        }
        if (order != 0) _concede(2, BOB, "b", ANN);
        vm.warp(_judgeStart(FIRST));
        _decideCase(index, ahead);
        vm.warp(_start(FIRST + 1));
    }

    function _decideCase(uint256 index, bool ahead) private {
        if (_is(index, "outcome", "none")) return;
        bytes32 claim = _claim("a", BASE, ahead ? LOSS : BETTER);
        if (_is(index, "place", "winner")) claim = _claim("b", BASE, BETTER);
        if (_is(index, "outcome", "lost")) claim = 0;
        network.judge(2, FIRST, claim, _verdicts(2, FIRST, claim, 1, 3));
        if (_is(index, "outcome", "struck")) _enact(IMeasures.Kind.Strike, abi.encode(2, FIRST, claim, 0));
    }

    function _checkCase(uint256 index) private {
        bool waits = cases.flag(index, "waits");
        if (waits) vm.expectRevert(IRounds.NothingToSettle.selector);
        _settle(2, FIRST, BOB);
        vm.warp(_start(FIRST + 1) + MATURITY);
        uint256 before = 1_000_000 ether - MIN_DEPOSIT;
        if (waits) _settle(2, FIRST, BOB);
        vm.assertEq(neuron.balanceOf(BOB) - before, cases.amount(index, "refunded"), vm.toString(index));
        before = neuron.balanceOf(BOB);
        if (_is(index, "place", "winner")) _collect(2, FIRST, BOB);
        vm.assertEq(neuron.balanceOf(BOB) - before, cases.amount(index, "kept"), vm.toString(index));
    }

    function _writeDeposit(uint256 deposit) private {
        uint256[14] memory places = new Slots(Terms(address(1), address(1), address(1), 1, 1, 1, 1, 1)).slots();
        bytes32 slot = bytes32(_in(FIRST, _in(2, places[5])) + 2);
        uint256 word = uint256(vm.load(address(network), slot)) >> 96 << 96;
        vm.store(address(network), slot, bytes32(word | deposit));
        vm.assertEq(network.round(2, FIRST).deposit, deposit, "written");
    }

    function _is(uint256 index, string memory key, string memory text) private view returns (bool) {
        return keccak256(bytes(cases.text(index, key))) == keccak256(bytes(text));
    }

    function _face(uint256 index) private pure returns (address) {
        return address(uint160(0xFACE00 + index));
    }
}
