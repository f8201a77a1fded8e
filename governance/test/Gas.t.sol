// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IRounds} from "governance/INetwork.sol";
import {Fixture} from "governance-test/Fixture.sol";
import {Typed} from "governance/Typed.sol";

/// @dev Gas of the main calls, each a transaction of its own (`isolate`), written to `governance/gas/Network.json`.
contract GasTest is Fixture {
    uint256 private constant MANY = 1024;
    /// @dev Most gas of one transaction (EIP-7825).
    uint256 private constant TRANSACTION_MAX = 16_777_216;

    function test_GasOfARound() public {
        _commit(1, FIRST, ANN, "a");
        _snap("commit, the first of a round");
        _commit(1, FIRST, BOB, "b");
        _snap("commit, a further one");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", 2_000_000, 1_900_000);
        _snap("reveal");
        vm.warp(_judgeStart(FIRST));
        bytes32 claim = _claim("a", 2_000_000, 1_900_000);
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, claim, 1, 3);
        network.judge(1, claim, verdicts);
        _snap("judge, 3 verdicts");
        vm.warp(_start(FIRST + 1));
        network.settle(1, FIRST, ANN);
        _snap("settle, the winner");
        network.settle(1, FIRST, BOB);
        _snap("settle, an unopened seal");
        vm.warp(_start(FIRST + 1) + MATURITY);
        vm.prank(ANN);
        network.collect(1, FIRST);
        _snap("collect");
    }

    function test_GasOfStakeAndPeriods() public {
        _fund(vm.addr(9), STAKE);
        vm.startPrank(vm.addr(9));
        network.bond(1, vm.addr(9), STAKE, "");
        _snap("bond, a new position");
        network.wake(1, 4);
        _snap("wake");
        vm.stopPrank();
        vm.prank(ANN);
        network.propose(1, "d");
        _snap("propose");
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        (bytes32 r, bytes32 vs) = vm.signCompact(1, _digest(Typed.choice(1, 1, 1, 1)));
        choices[0] = IDataset.Choice(1, 1, 1, r, vs);
        network.cast(1, choices);
        _snap("cast, 1 choice");
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        _snap("turn, 1 proposal");
    }

    function test_VerdictsOfAFullGroupFitOneTransaction() public {
        uint256 group = _create(TRAIN, REVEAL, 900);
        for (uint256 key = 1; key <= MANY; ++key) {
            _join(group, key, 10_000 ether);
        }
        uint256 round = FIRST + 24;
        vm.warp(_start(round));
        _admit(group);
        _commit(group, round, ANN, "a");
        vm.warp(_revealStart(round));
        _reveal(group, ANN, "a", 2_000_000, 1_900_000);
        vm.warp(_judgeStart(round));
        bytes32 claim = _claim("a", 2_000_000, 1_900_000);
        bytes memory call = abi.encodeCall(network.judge, (group, claim, _verdicts(group, round, claim, 1, MANY)));
        (bool done,) = address(network).call(call);
        uint256 gas = vm.snapshotGasLastCall("Network", "judge, 1024 verdicts");
        vm.assertEq(done, true, "judged");
        vm.assertEq(network.round(group, round).judged, MANY * 10_000 ether, "all are counted");
        vm.assertEq(network.judgedBy(group, round, MANY), true, "the last one");
        vm.assertEq(network.judgedBy(group, round, MANY + 1), false, "nobody else");
        vm.assertLe(gas, TRANSACTION_MAX, "gas of the transaction");
    }

    function _snap(string memory name) private {
        vm.snapshotGasLastCall("Network", name);
    }
}
