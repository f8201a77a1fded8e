// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @title Gas of calls as their senders pay it, written to `governance/gas/Network.json`.
/// @dev Each call is a transaction of its own (`isolate`): slots are cold, calldata and the base fee of 21,000 are in.
abstract contract Measured is Play {
    /// @dev Who brings batches: an account with coins, that the purse pays.
    address internal constant RELAYER = address(0x4E1);

    function setUp() public virtual override {
        super.setUp();
        vm.deal(RELAYER, 1 ether);
    }

    function _snap(string memory name) internal {
        vm.snapshotGasLastCall("Network", name);
    }

    function _gas() internal view returns (uint256) {
        return vm.lastCallGas().gasTotalUsed;
    }

    /// @dev A group of `count` validators, awake and admitted; time stands at the first round of the next epoch.
    function _crowd(uint256 count) internal returns (uint256 group, uint256 round) {
        group = _create(TRAIN, REVEAL, 900);
        for (uint256 key = 1; key <= count; ++key) {
            _join(group, key, 10_000 ether);
        }
        round = (network.epoch() + 1) * (EPOCH / LENGTH);
        vm.warp(_start(round));
        _admit(group);
    }

    /// @dev A round of one trainer, judged by the positions from 1 to `count` in one batch.
    /// @return gas of its commit, reveal, judge and settle.
    function _playRound(uint256 group, uint256 round, uint256 count) internal returns (uint256 gas) {
        bytes32 file = keccak256(abi.encode(group, round));
        vm.warp(_start(round));
        _commit(group, round, ANN, file);
        gas = _gas();
        vm.warp(_revealStart(round));
        _reveal(group, ANN, file, BASE, LOSS);
        gas += _gas();
        vm.warp(_judgeStart(round));
        gas += _judgeAll(group, round, _claim(file, BASE, LOSS), count);
        vm.warp(_start(round + 1));
        vm.prank(ANN);
        network.settle(group, round, _one(ANN));
        gas += _gas();
    }

    function _judgeAll(uint256 group, uint256 round, bytes32 claim, uint256 count) internal returns (uint256) {
        IRounds.Verdict[] memory verdicts = _verdicts(group, round, claim, 1, count);
        vm.prank(RELAYER);
        network.judge(group, round, claim, verdicts);
        return _gas();
    }
}
