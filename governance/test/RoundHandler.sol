// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {Schedule} from "token/Schedule.sol";
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
    mapping(uint256 group => mapping(uint256 round => uint256)) private conceded;
    mapping(uint256 group => mapping(uint256 position => uint256)) private dozed;
    uint256 private files;

    /// @dev An hour: one round of groups 1 and 2, two of group 3; in the first second of a phase or in its last one. All
    /// that happens follows from `seed`.
    function playHour(uint256 seed) external {
        uint256 start = START + ((block.timestamp - START + LENGTH - 1) / LENGTH) * LENGTH;
        uint16[11] memory offsets = [0, 899, 900, 1199, 1799, 1800, 2399, 2400, 2699, 2700, 3599];
        inHour = true;
        for (uint256 i; i < offsets.length; ++i) {
            _warp(start + offsets[i]);
            for (uint256 group = 1; group <= GROUPS; ++group) {
                bool now_ = _draw(seed, 20 * i + group, 2) == 0 || i + 1 == offsets.length;
                if (now_ && _draw(seed, group, 8) != 0) _step(group, _draw(seed, 20 * i + 10 + group, 2 ** 128));
            }
            if (_draw(seed, 400 + i, 6) == 0) _disturb(_draw(seed, 500 + i, 2 ** 128));
        }
        inHour = false;
        _warp(start + LENGTH);
        for (uint256 group = 1; group <= GROUPS; ++group) {
            if (_draw(seed, 600 + group, 2) == 0) _tryLate(group, _draw(seed, 610 + group, 2 ** 128));
            _tryAttend(group, _draw(seed, 620 + group, 2 ** 128));
        }
        for (uint256 i = 1; i <= played.length && i <= 4; ++i) {
            if (_draw(seed, 700 + i, 2) == 0) _settleAll(played[played.length - i]);
        }
    }

    /// @dev Twice twelve rounds of one group in which some are absent; who was is put to sleep, and wakes as soon as it may.
    function playDays(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        for (uint256 day; day < 2 && network.epoch() < EPOCHS_MAX; ++day) {
            for (uint256 i; i < 12; ++i) {
                _playOne(group, _draw(seed, 100 * day + i, 2 ** 128));
            }
            _dozeAll(group);
            _waitUntil(START + (network.epoch() + 1) * EPOCH);
            _wakeAll(group);
            _waitUntil(START + (network.epoch() + 1) * EPOCH);
        }
    }

    /// @dev Twelve rounds against a coalition of a drawn share: nobody else can be put to sleep for them.
    function conspire(uint256 seed) external {
        uint256 group = _randomGroup(seed);
        uint256 members = 1 << 255 | _draw(seed, 1, 2 ** (1 + POSITIONS_MAX));
        uint256 before = counted[group].length;
        for (uint256 i; i < 12; ++i) {
            _conspire(group, _openOne(group, _draw(seed, 10 + i, 2 ** 128)), members, _draw(seed, 30 + i, 2 ** 128));
        }
        if (counted[group].length < before + 10) return;
        for (uint256 position = 1; position <= network.positions(group); ++position) {
            if (members >> position & 1 == 1) continue;
            vm.assertEq(_isAbsent(group, position), false, "a coalition leaves out who shows himself");
            _note("a coalition gains nothing");
        }
    }

    /// @dev A round of one trainer.
    function _playOne(uint256 group, uint256 seed) internal {
        inHour = true;
        _judgeRound(group, _openOne(group, seed), seed);
        inHour = false;
    }

    /// @dev The next round, up to its JUDGE.
    function _openOne(uint256 group, uint256 seed) private returns (uint256 number) {
        uint256 length = _lengthOf(group);
        number = (block.timestamp - START + length - 1) / length;
        _warp(_startOf(group, number));
        _commitOne(group, number, trainer(0), bytes32(++files));
        _warp(_startOf(group, number) + (group == FORK ? 900 : TRAIN));
        _tryReveal(group, number, trainer(0), committed[group][number][trainer(0)], _draw(seed, 1, 2 ** 64));
        _warp(_startOf(group, number) + (group == FORK ? 1200 : TRAIN + REVEAL));
    }

    /// @dev Settles and collects what earlier rounds left.
    function clean(uint256 seed) external {
        if (played.length == 0) return;
        Played memory past = played[seed % played.length];
        // A struck round is worth a second look.
        if (struck.length != 0 && _draw(seed, 2, 2) == 0) past = struck[_draw(seed, 3, struck.length)];
        _settleAll(past);
        if (_draw(seed, 4, 2) == 0) _waitUntil(_matureAt(past.group, past.number) - _draw(seed, 5, 2));
        _settleAll(past);
        _tryCollect(past);
    }

    function doze(uint256 seed) external {
        _dozeAll(_randomGroup(seed));
    }

    function _dozeAll(uint256 group) private {
        for (uint256 position = 1; position <= network.positions(group); ++position) {
            bool expected = _isAbsent(group, position);
            IStake.Position memory before = network.position(group, position);
            bytes memory call = abi.encodeCall(IDuties.doze, (group, position));
            _demand(_try(RELAYER, call), expected, "doze");
            if (expected) _checkSleep(group, position, before.sleepsUntil);
            _demand(_try(RELAYER, call), false, "doze again");
        }
        _observe();
    }

    function _checkSleep(uint256 group, uint256 position, uint256 until) private {
        uint256 epoch = network.epoch();
        bool anew = until == 0 || epoch >= until + 32;
        uint256 times = anew ? 0 : dozed[group][position] + 1;
        dozed[group][position] = times > 7 ? 7 : times;
        uint256 sleeps = network.position(group, position).sleepsUntil;
        vm.assertEq(sleeps, epoch + 1 + 2 ** dozed[group][position], "sleeps until");
        if (!anew) _note("a longer sleep");
    }

    /// @dev What the phase asks for, once.
    function _step(uint256 group, uint256 seed) private {
        (uint256 number, IRounds.Phase phase,) = network.phase(group);
        uint256 step = 1 + 3 * number + uint256(phase);
        if (acted[group] == step) return;
        acted[group] = step;
        if (_draw(seed, 4, 2) == 0) _tryAttend(group, seed);
        if (_draw(seed, 5, 3) == 0) _tryLate(group, _draw(seed, 6, 2 ** 128));
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
            _commitOne(group, number, trainer(i), file);
        }
    }

    function _commitOne(uint256 group, uint256 number, address who, bytes32 file) private {
        if (neuron.balanceOf(who) < 300_000 ether) _fund(who, 300_000 ether);
        _commitTo(group, number, who, file);
        committed[group][number][who] = file;
        IRounds.Round memory round = network.round(group, number);
        pot[group][number] += round.deposit;
        deposits += round.deposit;
        if (round.commits == 1) _checkOpening(group, number);
    }

    /// @dev Not to another round, not for more than was agreed to, and not twice.
    function _commitTo(uint256 group, uint256 number, address who, bytes32 file) private {
        uint256 least = network.leastDeposit(group);
        bytes32 seal = Rules.seal(group, number, file, who, SALT);
        _demand(_try(who, abi.encodeCall(IRounds.commit, (group, number + 1, seal, least))), false, "commit ahead");
        _demand(_try(who, abi.encodeCall(IRounds.commit, (group, number, seal, least - 1))), false, "commit too dear");
        _noteOpening(group, number);
        bytes memory call = abi.encodeCall(IRounds.commit, (group, number, seal, least));
        _demand(_try(who, call), true, "commit");
        _demand(_try(who, call), false, "commit twice");
    }

    /// @dev Counts void rounds, as the opening does.
    function _noteOpening(uint256 group, uint256 number) private {
        if (network.round(group, number).commits != 0) return;
        if (opened[group] != 0) {
            IRounds.Round memory last = network.round(group, opened[group] - 1);
            if (last.reveals != 0) voids[group] += 1;
            if (voids[group] > 8) voids[group] = 8;
            voids[group] >>= _epochIn(group, number) - _epochIn(group, opened[group] - 1);
            if (last.outcome != IRounds.Outcome.None) voids[group] = 0;
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
        uint256 era = Schedule.era(START, block.timestamp);
        uint256 reward = supply * _lengthOf(group) * awake / (3600 * 100_000 * total) >> era;
        if (!network.group(group).admitted) reward = 0;
        vm.assertEq(round.awake, awake, "awake");
        vm.assertEq(round.reward / 1 gwei, reward / 1 gwei, "reward");
        uint256 least = round.reward / 5 > MIN_DEPOSIT ? round.reward / 5 : MIN_DEPOSIT;
        vm.assertEq(round.deposit, least * 2 ** voids[group], "deposit");
        rewards[(block.timestamp - START) / LENGTH] += round.reward;
        _note(voids[group] == 0 ? "open" : "open after a void round");
    }

    function _reveals(uint256 group, uint256 number, uint256 seed) private {
        for (uint256 i; i < TRAINERS; ++i) {
            bytes32 file = committed[group][number][trainer(i)];
            uint256 kind = _draw(seed, i, 5);
            if (file == 0 || kind == 0) continue;
            if (kind == 1) _tryConcede(group, number, trainer(i), file, trainer(_draw(seed, 20 + i, TRAINERS)));
            else _tryReveal(group, number, trainer(i), file, _draw(seed, 10 + i, 2 ** 64));
        }
    }

    function _tryConcede(uint256 group, uint256 number, address who, bytes32 file, address rival) private {
        bool expected = network.claimOf(group, number, rival).status == IRounds.Status.Revealed;
        bytes memory call = abi.encodeCall(IRounds.concede, (group, SALT, file, rival));
        _demand(_try(who, call), expected, "concede");
        if (!expected) return;
        uint256 order = ++conceded[group][number];
        vm.assertEq(network.claimOf(group, number, who).concession, order, "each later one pays more");
    }

    function _tryReveal(uint256 group, uint256 number, address who, bytes32 file, uint256 seed) private {
        bool won = wins[file][group] != 0 || wins[file][0] != 0;
        vm.assertEq(network.hasWon(group, file), won, "won before");
        uint32 base = _draw(seed, 1, 4) == 0 ? SMALL : BASE;
        uint32 least = leastImprovement(group, base);
        // From one micronat too little to three times the least improvement.
        uint256 kind = _draw(seed, 2, 5);
        uint32 better = kind == 0 ? least - 1 : uint32(kind > 3 ? 3 : kind) * least;
        uint32 loss = better < base ? base - better : 0;
        bool expected = kind != 0 && least <= base && !won;
        bytes memory call = abi.encodeCall(IRounds.reveal, (group, SALT, file, base, loss, "root"));
        _demand(_try(who, call), expected, "reveal");
        if (expected) claims[group][number].push(Rules.claim(file, base, loss, "root"));
    }

    /// @dev By how many micronats a claim with that base has to be better.
    function leastImprovement(uint256 group, uint32 base) public view returns (uint32 least) {
        least = network.group(group).least;
        if (least < base >> 10) least = base >> 10;
        if (least == 0) least = 1;
    }

    /// @dev All in one call, with somebody who never came; then each alone, which may not be needed any more.
    function _settleAll(Played memory past) private {
        address[] memory all = new address[](TRAINERS + 1);
        bool some;
        for (uint256 i; i < TRAINERS; ++i) {
            all[i] = trainer(i);
            if (_isDue(past, trainer(i))) some = true;
        }
        all[TRAINERS] = STRANGER;
        uint256 held = neuron.balanceOf(address(network));
        bytes memory call = abi.encodeCall(IRounds.settle, (past.group, past.number, all));
        _demand(_try(RELAYER, call), some, "settle");
        uint256 gone = held - neuron.balanceOf(address(network));
        pot[past.group][past.number] -= gone;
        deposits -= gone;
        _demand(_try(RELAYER, call), false, "settle twice");
    }

    function _isDue(Played memory past, address who) private returns (bool) {
        if (block.timestamp < _startOf(past.group, past.number + 1)) return false;
        IRounds.Claim memory claim = network.claimOf(past.group, past.number, who);
        if (claim.status == IRounds.Status.None || claim.status == IRounds.Status.Settled) return false;
        if (!_hangs(past, claim)) return true;
        if (block.timestamp < _matureAt(past.group, past.number)) _note("a claim that waits");
        return block.timestamp >= _matureAt(past.group, past.number);
    }

    /// @dev Whether a strike would change what comes back.
    function _hangs(Played memory past, IRounds.Claim memory claim) private view returns (bool) {
        IRounds.Round memory round = network.round(past.group, past.number);
        if (claim.status != IRounds.Status.Revealed) return false;
        if (round.outcome != IRounds.Outcome.Won) return round.outcome == IRounds.Outcome.Lost;
        IRounds.Claim memory first = network.claimOf(past.group, past.number, round.winner);
        if (claim.base != first.base) return true;
        uint256 own = claim.loss / (claim.base >> 13 == 0 ? 1 : claim.base >> 13);
        uint256 other = first.loss / (first.base >> 13 == 0 ? 1 : first.base >> 13);
        return own < other || (own == other && claim.number < first.number);
    }

    /// @dev To somebody else than the winner, who alone may say so, and once.
    function _tryCollect(Played memory past) private {
        IRounds.Round memory round = network.round(past.group, past.number);
        if (round.winner == address(0)) return;
        bool ripe = block.timestamp >= _matureAt(past.group, past.number);
        bool expected = round.outcome == IRounds.Outcome.Won && !round.collected && ripe;
        uint256 held = neuron.balanceOf(address(network));
        uint256 got = neuron.balanceOf(STRANGER);
        bytes memory call = abi.encodeCall(IRounds.collect, (past.group, _one(past.number), STRANGER));
        _demand(_try(RELAYER, call), false, "collect by a stranger");
        _demand(_try(round.winner, call), expected, "collect");
        _demand(_try(round.winner, call), false, "collect twice");
        if (!expected) return;
        uint256 gone = held - neuron.balanceOf(address(network));
        collected[past.group][past.number] += neuron.balanceOf(STRANGER) - got - gone;
        pot[past.group][past.number] -= gone;
        deposits -= gone;
    }

    /// @dev Eight counted rounds, but not of the last two; who showed itself in any of them was there.
    function _isAbsent(uint256 group, uint256 position) private view returns (bool) {
        uint256[] storage rounds = counted[group];
        IStake.Position memory own = network.position(group, position);
        bool awake = own.awake || own.awakeNext;
        if (!awake || own.sleepsUntil > network.epoch() || rounds.length < 10) return false;
        for (uint256 i = rounds.length - 10; i < rounds.length - 2; ++i) {
            if (_epochIn(group, rounds[i]) < own.wokenAt || _wasSeen(group, rounds[i], position)) return false;
        }
        return true;
    }
}
