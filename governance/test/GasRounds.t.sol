// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset} from "governance/INetwork.sol";
import {Measured} from "governance-test/Measured.sol";

/// @dev Whole rounds and votes by the number of signatures. First ever: nothing was written before. Steady: the same
/// positions judged or voted before.
contract GasRoundsTest is Measured {
    uint256 private constant MANY = 1024;
    /// @dev Most gas of one transaction (EIP-7825).
    uint256 private constant TRANSACTION_MAX = 16_777_216;

    function test_GasOfRoundsWith5Verdicts() public {
        _measure(5);
    }

    function test_GasOfRoundsWith50Verdicts() public {
        vm.assertLt(_measure(50), 1_120_000, "a whole round");
    }

    function test_GasOfRoundsWith500Verdicts() public {
        _measure(500);
    }

    function test_AFurtherVerdictCostsTenThousand() public {
        (uint256 few, uint256 fewAgain) = _judgeTwice(60);
        (uint256 many, uint256 manyAgain) = _judgeTwice(100);
        vm.snapshotValue("Network", "verdict, a further one, first ever", (many - few) / 40);
        vm.snapshotValue("Network", "verdict, a further one", (manyAgain - fewAgain) / 40);
        vm.assertLt((manyAgain - fewAgain) / 40, 10_100, "a further verdict");
    }

    function test_AThousandVerdictsFitOneTransaction() public {
        (uint256 group, uint256 round) = _crowd(MANY);
        bytes32 claim = _reach(group, round);
        uint256 gas = _judgeAll(group, round, claim, MANY);
        vm.snapshotValue("Network", "judge, 1024 verdicts, first ever", gas);
        vm.assertEq(network.round(group, round).judged, MANY * 10_000 ether, "all are counted");
        vm.assertEq(network.judgedBy(group, round, MANY), true, "the last one");
        vm.assertEq(network.judgedBy(group, round, MANY + 1), false, "nobody else");
        vm.assertLt(gas, TRANSACTION_MAX, "gas of the transaction");
        gas = _judgeAll(group, round + 1, _reach(group, round + 1), MANY);
        vm.snapshotValue("Network", "judge, 1024 verdicts", gas);
    }

    function test_GasOf5Choices() public {
        _vote(5);
    }

    function test_GasOf50Choices() public {
        _vote(50);
    }

    function test_GasOf500Choices() public {
        _vote(500);
    }

    /// @return gas of a whole round in the steady state.
    function _measure(uint256 count) private returns (uint256) {
        (uint256 group, uint256 round) = _crowd(count);
        uint256[2] memory gas = [_playRound(group, round, count), _playRound(group, round + 1, count)];
        vm.warp(_start(round + 2) + MATURITY);
        for (uint256 i; i < 2; ++i) {
            _collect(group, round + i, ANN);
            gas[i] += _gas();
        }
        string memory name = string.concat("round/verdicts=", vm.toString(count));
        vm.snapshotValue("Network", string.concat(name, ", first ever"), gas[0]);
        vm.snapshotValue("Network", name, gas[1]);
        return gas[1];
    }

    /// @return first gas of the first batch that a group of `count` ever judged, @return again of the second one.
    function _judgeTwice(uint256 count) private returns (uint256 first, uint256 again) {
        (uint256 group, uint256 round) = _crowd(count);
        first = _judgeAll(group, round, _reach(group, round), count);
        again = _judgeAll(group, round + 1, _reach(group, round + 1), count);
    }

    /// @dev To the JUDGE phase of `round`, with one claim.
    function _reach(uint256 group, uint256 round) private returns (bytes32 claim) {
        claim = _enter(group, round, ANN, keccak256(abi.encode(group, round)));
        vm.warp(_judgeStart(round));
    }

    function _vote(uint256 count) private {
        (uint256 group,) = _crowd(count);
        string memory name = string.concat("vote/choices=", vm.toString(count));
        vm.snapshotValue("Network", string.concat(name, ", first ever"), _voteOnce(group, 1, count));
        vm.warp(network.group(group).periodEnd);
        network.turn(group);
        vm.snapshotValue("Network", name, _voteOnce(group, 2, count));
    }

    /// @dev All want the one delta of the period.
    function _voteOnce(uint256 group, uint256 period, uint256 count) private returns (uint256) {
        uint256 delta = _proposeBy(group, ANN, "d");
        IDataset.Choice[] memory choices = new IDataset.Choice[](count);
        for (uint256 i; i < count; ++i) {
            choices[i] = _choiceOf(group, i + 1, period, delta, period);
        }
        vm.prank(RELAYER);
        network.cast(group, choices);
        return _gas();
    }
}
