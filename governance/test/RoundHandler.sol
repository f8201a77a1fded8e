// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Books} from "governance-test/Books.sol";
import {IDuties, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {JudgeHandler} from "governance-test/JudgeHandler.sol";

/// @title Hours in which rounds are played from end to end, with anything between, and what comes after them.
abstract contract RoundHandler is JudgeHandler {
    uint256 private constant TRAINERS = 3;
    uint32 private constant SMALL = 500;

    mapping(uint256 group => uint256 step) private acted;
    mapping(uint256 group => uint256) private voids;
    mapping(uint256 group => uint256) private opened;
    uint256 private files;

    /// @dev An hour: one round of groups 1 and 2, two of group 3. All that happens follows from `seed`.
    function playHour(uint256 seed) external {
        uint256 start = START + ((block.timestamp - START) / LENGTH + 1) * LENGTH;
        uint16[7] memory offsets = [0, 900, 1200, 1800, 2400, 2700, 3000];
        inHour = true;
        for (uint256 i; i < offsets.length; ++i) {
            vm.warp(start + offsets[i]);
            for (uint256 group = 1; group <= GROUPS; ++group) {
                if (_draw(seed, group, 4) != 0) _step(group, _draw(seed, 10 * i + group, 2 ** 128));
            }
            if (_draw(seed, 100 + i, 4) == 0) _disturb(_draw(seed, 200 + i, 2 ** 128));
        }
        inHour = false;
        vm.warp(start + LENGTH);
        for (uint256 group = 1; group <= GROUPS; ++group) {
            _tryAttend(group, _draw(seed, 300 + group, 2 ** 128));
        }
        for (uint256 i = 1; i <= played.length && i <= 4; ++i) {
            if (_draw(seed, 400 + i, 2) == 0) _settleAll(played[played.length - i]);
        }
    }

    /// @dev Settles and collects what earlier rounds left.
    function clean(uint256 seed) external {
        if (played.length == 0) return;
        Played memory past = played[seed % played.length];
        // A struck round is worth a second look.
        if (struck.length != 0 && _draw(seed, 2, 2) == 0) past = struck[_draw(seed, 3, struck.length)];
        _settleAll(past);
        _tryCollect(past, _draw(seed, 1, 2) == 0);
    }

    function doze(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        for (uint256 position = 1; position <= network.positions(group); ++position) {
            bool expected = _isAbsent(group, position);
            _demand(_try(RELAYER, abi.encodeCall(IDuties.doze, (group, position))), expected, "doze");
        }
    }

    /// @dev What else happens within an hour.
    function _disturb(uint256 seed) internal virtual;

    /// @dev What the phase asks for, once.
    function _step(uint256 group, uint256 seed) private {
        (uint256 number, IRounds.Phase phase,) = network.clock(group);
        uint256 step = 1 + 3 * number + uint256(phase);
        if (acted[group] == step) return;
        acted[group] = step;
        if (_draw(seed, 4, 2) == 0) _tryAttend(group, seed);
        if (phase == IRounds.Phase.Train) _commits(group, number, seed);
        if (phase == IRounds.Phase.Reveal) _reveals(group, number, seed);
        if (phase == IRounds.Phase.Judge) _judgeRound(group, number, seed);
    }

    function _commits(uint256 group, uint256 number, uint256 seed) private {
        for (uint256 i; i < TRAINERS; ++i) {
            if (_draw(seed, i, 3) == 0) continue;
            // Sometimes a file that was known before.
            bool known = files != 0 && _draw(seed, 10 + i, 4) == 0;
            bytes32 file = bytes32(known ? 1 + _draw(seed, 20 + i, files) : ++files);
            if (neuron.balanceOf(trainer(i)) < 300_000 ether) _fund(trainer(i), 300_000 ether);
            _noteOpening(group, number);
            _commit(group, number, trainer(i), file);
            committed[group][number][trainer(i)] = file;
            uint256 deposit = network.round(group, number).deposit;
            pot[group][number] += deposit;
            deposits += deposit;
        }
        if (network.round(group, number).commits != 0) _checkOpening(group, number);
    }

    /// @dev Counts void rounds, as the opening does.
    function _noteOpening(uint256 group, uint256 number) private {
        if (network.round(group, number).commits != 0) return;
        if (opened[group] != 0) {
            IRounds.Round memory last = network.round(group, opened[group] - 1);
            if (last.outcome != IRounds.Outcome.None) voids[group] = 0;
            else if (last.reveals != 0) voids[group] += 1;
        }
        opened[group] = number + 1;
        played.push(Played(group, number, network.group(group).admitted));
    }

    /// @dev Reward and deposit are what the shares of all positions say.
    function _checkOpening(uint256 group, uint256 number) private {
        IRounds.Round memory round = network.round(group, number);
        uint256 supply = neuron.totalSupply();
        uint256 admitted;
        for (uint256 other = 1; other <= GROUPS; ++other) {
            if (network.group(other).admitted) admitted += Books.sums(network, other).awake;
        }
        uint256 total = admitted > supply / 10 ? admitted : supply / 10;
        uint256 awake = Books.sums(network, group).awake;
        uint256 reward = supply * _lengthOf(group) * awake / (3600 * 100_000 * total);
        if (!network.group(group).admitted) reward = 0;
        vm.assertEq(round.awake, awake, "awake");
        vm.assertEq(round.reward / 1 gwei, reward / 1 gwei, "reward");
        uint256 least = round.reward / 5 > MIN_DEPOSIT ? round.reward / 5 : MIN_DEPOSIT;
        uint256 doubled = voids[group] < 8 ? voids[group] : 8;
        vm.assertEq(round.deposit, least * 2 ** doubled, "deposit");
        rewards[(block.timestamp - START) / LENGTH] += round.reward;
        _note(doubled == 0 ? "open" : "open after a void round");
    }

    function _reveals(uint256 group, uint256 number, uint256 seed) private {
        for (uint256 i; i < TRAINERS; ++i) {
            bytes32 file = committed[group][number][trainer(i)];
            uint256 kind = _draw(seed, i, 5);
            if (file == 0 || kind == 0) continue;
            if (kind == 1) _concede(group, trainer(i), file);
            else _tryReveal(group, number, trainer(i), file, _draw(seed, 10 + i, 2 ** 64));
        }
    }

    function _concede(uint256 group, address who, bytes32 file) private {
        _demand(_try(who, abi.encodeCall(IRounds.concede, (group, SALT, file))), true, "concede");
    }

    function _tryReveal(uint256 group, uint256 number, address who, bytes32 file, uint256 seed) private {
        (uint256 bound, bool won) = network.fileOf(file);
        uint32 base = _draw(seed, 1, 4) == 0 ? SMALL : BASE;
        uint32 least = base >> 10 == 0 ? 1 : base >> 10;
        // From one micronat too little to three times the least improvement.
        uint256 kind = _draw(seed, 2, 5);
        uint32 loss = kind == 0 ? base - least + 1 : base - uint32(kind > 3 ? 3 : kind) * least;
        bool expected = kind != 0 && !won && (bound == 0 || bound == group);
        bytes memory call = abi.encodeCall(IRounds.reveal, (group, SALT, file, base, loss, "root"));
        _demand(_try(who, call), expected, "reveal");
        if (expected) claims[group][number].push(Rules.claim(file, base, loss, "root"));
    }

    function _settleAll(Played memory past) private {
        for (uint256 i; i < TRAINERS; ++i) {
            IRounds.Status status = network.claimOf(past.group, past.number, trainer(i)).status;
            bool over = block.timestamp >= _startOf(past.group, past.number + 1);
            bool expected = over && status != IRounds.Status.None && status != IRounds.Status.Settled;
            uint256 before = neuron.balanceOf(address(network));
            bytes memory call = abi.encodeCall(IRounds.settle, (past.group, past.number, trainer(i)));
            _demand(_try(RELAYER, call), expected, "settle");
            uint256 gone = before - neuron.balanceOf(address(network));
            pot[past.group][past.number] -= gone;
            deposits -= gone;
        }
    }

    function _tryCollect(Played memory past, bool wait) private {
        IRounds.Round memory round = network.round(past.group, past.number);
        if (round.winner == address(0)) return;
        uint256 matures = _startOf(past.group, past.number + 1) + MATURITY;
        if (wait && block.timestamp < matures && network.epoch() < EPOCHS_MAX) vm.warp(matures);
        bool expected = round.outcome == IRounds.Outcome.Won && !round.collected && block.timestamp >= matures;
        uint256 before = neuron.balanceOf(round.winner);
        bytes memory call = abi.encodeCall(IRounds.collect, (past.group, past.number));
        _demand(_try(round.winner, call), expected, "collect");
        collected[past.group][past.number] += neuron.balanceOf(round.winner) - before;
    }

    function _isAbsent(uint256 group, uint256 position) private view returns (bool) {
        uint256[] storage rounds = counted[group];
        if (!network.position(group, position).awakeNext || rounds.length < 8) return false;
        uint256 woken = network.position(group, position).wokenAt;
        for (uint256 i = rounds.length - 8; i < rounds.length; ++i) {
            if (rounds[i] * _lengthOf(group) / EPOCH < woken) return false;
            if (network.judgedBy(group, rounds[i], position)) return false;
        }
        return true;
    }
}
