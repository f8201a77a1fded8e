// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "token/IEmission.sol";
import {INeuron} from "token/INeuron.sol";
import {IStake} from "token/IStake.sol";
import {IDataset, INetwork, IRounds} from "governance/INetwork.sol";
import {Handler} from "governance-test/Handler.sol";
import {Test} from "token-test/Test.sol";

/// @dev What holds after any sequence of the handler's actions.
contract InvariantsTest is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    uint256 private constant SUPPLY = 100_000_000 ether;
    uint256 private constant START = 1_800_000_000 + 1 days;

    Handler private handler;
    INetwork private network;
    INeuron private neuron;

    function setUp() public {
        handler = new Handler();
        network = INetwork(handler.theNetwork());
        neuron = INeuron(handler.theNeuron());
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory selectors) {
        selectors = new FuzzSelector[](1);
        selectors[0] = FuzzSelector(address(handler), new bytes4[](6));
        selectors[0].selectors[0] = Handler.playRound.selector;
        selectors[0].selectors[1] = Handler.clean.selector;
        selectors[0].selectors[2] = Handler.moveStake.selector;
        selectors[0].selectors[3] = Handler.playPeriod.selector;
        selectors[0].selectors[4] = Handler.refund.selector;
        selectors[0].selectors[5] = Handler.pass.selector;
    }

    function invariant_TheSupplyStaysWithinTheSchedule() public view {
        uint256 most = handler.mostSupply() * 13 * (block.timestamp - START) / (3600 * 1_000_000);
        vm.assertLe(neuron.totalSupply(), SUPPLY + most, "supply");
        vm.assertLe(neuron.totalSupply() + IEmission(network.emission()).allowance(), SUPPLY + most, "and allowance");
    }

    function invariant_TheNetworkHoldsStakesExitsDepositsAndBonds() public view {
        uint256 owed = _deposits() + _bonds();
        for (uint256 group = 1; group <= 2; ++group) {
            owed += _stakes(group);
        }
        vm.assertEq(neuron.balanceOf(address(network)), owed, "held");
    }

    function invariant_TotalsAreTheSumsOfPositions() public view {
        uint256 all;
        for (uint256 group = 1; group <= 2; ++group) {
            all += _checkTotals(group);
        }
        vm.assertEq(network.allBonded(), all, "all groups");
        vm.assertEq(network.admittedAwake(), network.stake(1).awake, "admitted groups");
    }

    function invariant_RoundsAreSound() public view {
        for (uint256 i; i < handler.playedRounds(); ++i) {
            (uint256 group, uint256 number) = handler.played(i);
            IRounds.Round memory round = network.round(group, number);
            vm.assertEq(round.judged, handler.judgedStake(group, number), "each position counts once");
            vm.assertLe(round.judged, round.awake, "judged");
            vm.assertLe(round.paid, round.reward / 5, "paid");
            vm.assertLe(handler.issuedTo(group, number), round.reward, "collected");
            if (group == 2) vm.assertEq(round.reward + round.paid, 0, "outside the issue");
            if (round.outcome == IRounds.Outcome.Won) _checkWinner(group, number, round);
        }
    }

    /// @dev Otherwise the invariants would hold of nothing.
    function test_TheActionsReachEveryOutcome() public {
        for (uint256 i; i < 60; ++i) {
            handler.playRound(uint256(keccak256(abi.encode(i))));
            handler.clean(uint256(keccak256(abi.encode(i, "clean"))));
        }
        uint256[3] memory seen;
        for (uint256 i; i < handler.playedRounds(); ++i) {
            (uint256 group, uint256 number) = handler.played(i);
            seen[uint256(network.round(group, number).outcome)] += 1;
        }
        for (uint256 outcome; outcome < 3; ++outcome) {
            vm.assertGt(seen[outcome], 0, vm.toString(outcome));
        }
        invariant_TheNetworkHoldsStakesExitsDepositsAndBonds();
        invariant_RoundsAreSound();
    }

    function _checkWinner(uint256 group, uint256 number, IRounds.Round memory round) private view {
        vm.assertEq(handler.wins(round.file), 1, "a file wins once");
        IRounds.Claim memory claim = network.claimOf(group, number, round.winner);
        vm.assertLe(uint256(claim.loss) + (claim.base >> 10), claim.base, "the winner improves");
        vm.assertEq(claim.file, round.file, "file");
    }

    function _checkTotals(uint256 group) private view returns (uint256) {
        IStake.Totals memory sums;
        for (uint256 number = 1; number <= network.positions(group); ++number) {
            IStake.Position memory position = network.position(group, number);
            sums.bonded += position.live;
            sums.bondedNext += position.next;
            if (position.awake) sums.awake += position.live;
            if (position.awakeNext) sums.awakeNext += position.next;
        }
        vm.assertEq(keccak256(abi.encode(network.stake(group))), keccak256(abi.encode(sums)), "totals");
        return sums.bonded;
    }

    function _stakes(uint256 group) private view returns (uint256 sum) {
        for (uint256 number = 1; number <= network.positions(group); ++number) {
            IStake.Position memory position = network.position(group, number);
            sum += uint256(position.next) + position.exiting;
        }
    }

    /// @dev Deposits that were not settled, less what lost ones have paid to validators already.
    function _deposits() private view returns (uint256 sum) {
        for (uint256 i; i < handler.playedRounds(); ++i) {
            (uint256 group, uint256 number) = handler.played(i);
            IRounds.Round memory round = network.round(group, number);
            for (uint256 k; k < 3; ++k) {
                IRounds.Status status = network.claimOf(group, number, handler.trainer(k)).status;
                if (status == IRounds.Status.Sealed || status == IRounds.Status.Revealed) sum += round.deposit;
            }
            if (round.outcome == IRounds.Outcome.Lost) sum -= round.paid - handler.covered(group, number);
        }
    }

    function _bonds() private view returns (uint256 sum) {
        for (uint256 group = 1; group <= 2; ++group) {
            for (uint256 number = 1; number <= network.group(group).proposals; ++number) {
                IDataset.Delta memory delta = network.delta(group, number);
                if (delta.status != IDataset.DeltaStatus.Refunded) sum += delta.bond;
            }
        }
    }
}
