// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDataset, IGroups, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Fixture} from "governance-test/Fixture.sol";

/// @title Plays rounds, moves of stake and periods in any order, and keeps the books that invariants compare with.
/// @dev Group 1 is admitted, group 2 is not. No action may revert.
contract Handler is Fixture {
    struct Played {
        uint256 group;
        uint256 number;
    }

    uint256 private constant GROUPS = 2;
    uint256 private constant KEYS = 4;
    uint256 private constant EPOCHS_MAX = 40;

    Played[] public played;
    mapping(bytes32 file => uint256) public wins;
    /// @dev Wei that validators got out of the deposits of a lost round and that its settled claims have covered.
    mapping(uint256 group => mapping(uint256 round => uint256)) public covered;
    mapping(uint256 group => mapping(uint256 round => uint256)) public judgedStake;
    mapping(uint256 group => mapping(uint256 round => uint256)) public issuedTo;
    uint256 public mostSupply;
    uint256 private files;
    uint256 private seq;

    constructor() {
        setUp();
        _join(1, KEYS, STAKE / 4);
        _join(2, KEYS, STAKE / 40);
        mostSupply = neuron.totalSupply();
    }

    function theNetwork() external view returns (address) {
        return address(network);
    }

    function theNeuron() external view returns (address) {
        return address(neuron);
    }

    function playedRounds() external view returns (uint256) {
        return played.length;
    }

    function trainer(uint256 index) public pure returns (address) {
        return [ANN, BOB, CEM][index];
    }

    /// @dev One round from end to end; who commits, who reveals which loss, who judges what: all from `seed`.
    function playRound(uint256 seed) external {
        uint256 group = 1 + seed % GROUPS;
        uint256 number = _nextRound(group);
        bytes32[3] memory committed;
        for (uint256 i; i < 3; ++i) {
            if (_bit(seed, i) && neuron.balanceOf(trainer(i)) > 300_000 ether) {
                // Sometimes a file that was known before.
                committed[i] = _bit(seed, 8 + i) && files > 0 ? bytes32(1 + seed % files) : bytes32(++files);
                _commit(group, number, trainer(i), committed[i]);
            }
        }
        if (network.round(group, number).commits == 0) return;
        played.push(Played(group, number));
        vm.warp(_revealStart(number));
        for (uint256 i; i < 3; ++i) {
            if (committed[i] != 0 && _bit(seed, 16 + i)) _tryReveal(group, i, committed[i], seed);
        }
        vm.warp(_judgeStart(number));
        if (network.round(group, number).reveals != 0) _judgeRound(group, number, committed, seed);
        vm.warp(_start(number + 1));
        for (uint256 i; i < 3; ++i) {
            if (committed[i] != 0 && _bit(seed, 40 + i)) _settle(group, number, trainer(i));
        }
        _note();
    }

    /// @dev Settles and collects what earlier rounds left.
    function clean(uint256 seed) external {
        if (played.length == 0) return;
        Played memory past = played[seed % played.length];
        for (uint256 i; i < 3; ++i) {
            IRounds.Status status = network.claimOf(past.group, past.number, trainer(i)).status;
            if (status == IRounds.Status.Sealed || status == IRounds.Status.Revealed) {
                _settle(past.group, past.number, trainer(i));
            }
        }
        IRounds.Round memory round = network.round(past.group, past.number);
        if (round.winner == address(0) || round.collected) return;
        if (block.timestamp < _start(past.number + 1) + MATURITY) vm.warp(_start(past.number + 1) + MATURITY);
        vm.prank(round.winner);
        issuedTo[past.group][past.number] += network.collect(past.group, past.number);
        _note();
    }

    function moveStake(uint256 seed) external {
        uint256 group = 1 + seed % GROUPS;
        uint256 key = 1 + (seed >> 8) % KEYS;
        address who = vm.addr(key);
        IStake.Position memory position = network.position(group, key);
        uint256 kind = (seed >> 16) % 5;
        uint256 amount = 1 + (seed >> 32) % STAKE / 10;
        vm.startPrank(who);
        if (kind == 0 && neuron.balanceOf(who) >= amount) network.bond(group, who, amount, "");
        if (kind == 1 && position.next > amount) network.unbond(group, key, amount);
        if (kind == 2 && position.exiting != 0 && block.timestamp >= position.exitAt) network.withdraw(group, key);
        if (kind == 3 && position.awakeNext) network.rest(group, key);
        bool enough = uint256(position.next) * 1024 >= network.stake(group).bondedNext;
        if (kind == 4 && !position.awakeNext && enough && position.next != 0) network.wake(group, key);
        vm.stopPrank();
    }

    function playPeriod(uint256 seed) external {
        uint256 group = 1 + seed % GROUPS;
        IGroups.Group memory state = network.group(group);
        if (block.timestamp >= state.periodEnd) return network.turn(group);
        if (block.timestamp >= state.periodEnd - state.period / 4) return vm.warp(state.periodEnd);
        if (network.openDeltas(group).length < 16 && neuron.balanceOf(ANN) > 300_000 ether) {
            vm.prank(ANN);
            network.propose(group, bytes32(seed));
        }
        IDataset.Choice[] memory choices = new IDataset.Choice[](2);
        for (uint256 i; i < 2; ++i) {
            uint256 delta = (seed >> (8 * i)) % (network.group(group).proposals + 1);
            choices[i] = _choice(group, 1 + (seed >> (16 + i)) % KEYS, state.periodNumber, delta);
        }
        network.cast(group, choices);
    }

    function refund(uint256 seed) external {
        uint256 group = 1 + seed % GROUPS;
        uint256 proposals = network.group(group).proposals;
        if (proposals == 0) return;
        uint256 number = 1 + (seed >> 8) % proposals;
        IDataset.Delta memory delta = network.delta(group, number);
        bool stands = delta.status == IDataset.DeltaStatus.Applied && block.timestamp >= delta.standsAt;
        if (stands || delta.status == IDataset.DeltaStatus.Dropped) network.refund(group, number);
        _note();
    }

    function pass(uint256 seconds_) external {
        if (network.epoch() < EPOCHS_MAX) vm.warp(block.timestamp + seconds_ % (2 * EPOCH));
    }

    function _nextRound(uint256 group) private returns (uint256 number) {
        (number,,) = network.clock(group);
        vm.warp(_start(++number));
    }

    function _tryReveal(uint256 group, uint256 index, bytes32 file, uint256 seed) private {
        (uint256 bound, bool won) = network.fileOf(file);
        if (won || (bound != 0 && bound != group)) return;
        uint32 loss = uint32(1_800_000 + (seed >> (64 + 16 * index)) % 4 * 40_000);
        _reveal(group, trainer(index), file, 2_000_000, loss);
    }

    /// @dev The verdict of all awake ones on one claim, in one batch or two, each half of the bits of `seed`.
    function _judgeRound(uint256 group, uint256 number, bytes32[3] memory committed, uint256 seed) private {
        uint256 chosen = (seed >> 24) % 4;
        bytes32 claim;
        if (chosen < 3) {
            IRounds.Claim memory held = network.claimOf(group, number, trainer(chosen));
            if (held.status != IRounds.Status.Revealed) return;
            claim = _claim(committed[chosen], held.base, held.loss);
        }
        uint256 awake = network.round(group, number).awake;
        uint256 first = 1 + (seed >> 28) % KEYS;
        if (_weight(group, first, KEYS) * 3 <= awake * 2) first = 1;
        if (_weight(group, first, KEYS) * 3 <= awake * 2) return;
        _judge(group, number, claim, first, KEYS);
        if (_weight(group, 1, first - 1) != 0) _judge(group, number, claim, 1, KEYS);
        wins[network.round(group, number).file] += 1;
    }

    function _judge(uint256 group, uint256 number, bytes32 claim, uint256 first, uint256 last) private {
        for (uint256 key = first; key <= last; ++key) {
            if (!network.judgedBy(group, number, key)) judgedStake[group][number] += _weight(group, key, key);
        }
        network.judge(group, claim, _verdicts(group, number, claim, first, last));
    }

    /// @dev Live stake of the awake positions from `first` to `last`.
    function _weight(uint256 group, uint256 first, uint256 last) private view returns (uint256 sum) {
        for (uint256 key = first; key <= last; ++key) {
            IStake.Position memory position = network.position(group, key);
            if (position.awake) sum += position.live;
        }
    }

    /// @dev What is neither paid back nor burnt was paid to validators before.
    function _settle(uint256 group, uint256 number, address who) private {
        uint256 before = neuron.balanceOf(who) + neuron.totalSupply();
        uint256 supply = neuron.totalSupply();
        network.settle(group, number, who);
        uint256 back = neuron.balanceOf(who) + supply - before;
        uint256 burned = supply - neuron.totalSupply();
        covered[group][number] += network.round(group, number).deposit - back - burned;
    }

    function _choice(uint256 group, uint256 key, uint256 period, uint256 delta)
        private
        returns (IDataset.Choice memory)
    {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(Typed.choice(group, period, delta, ++seq)));
        return IDataset.Choice(key, delta, seq, r, vs);
    }

    function _note() private {
        if (neuron.totalSupply() > mostSupply) mostSupply = neuron.totalSupply();
    }

    function _bit(uint256 seed, uint256 index) private pure returns (bool) {
        return seed >> (100 + index) & 1 == 1;
    }
}
