// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {PeriodHandler} from "governance-test/PeriodHandler.sol";

/// @title Measures of every kind, with majorities and without, gathered at once or bit by bit, at once or an epoch later;
/// with good arguments and bad ones.
abstract contract MeasureHandler is PeriodHandler {
    struct Plan {
        IMeasures.Kind kind;
        bytes args;
        uint256 nonce;
        uint256 expiry;
    }

    /// @dev What a call brings: `fresh` positions that were not heard in this epoch, with `weight` wei.
    struct Voices {
        IMeasures.Assent[] assents;
        uint256[2][] heard;
        uint256 fresh;
        uint256 weight;
    }

    Plan[] private plans;
    mapping(bytes32 measure => mapping(uint256 epoch => uint256)) private weights;
    mapping(bytes32 gathering => mapping(uint256 group => mapping(uint256 position => bool))) private heard;
    mapping(bytes32 measure => uint256 epoch) private ripeAt;
    mapping(bytes32 measure => bool) private enacted;
    mapping(uint256 group => mapping(uint256 position => uint256 epoch)) private lastSlash;

    function measure(uint256 seed) external {
        _measure(_draw(seed, 1, 2 ** 128));
        _measure(_draw(seed, 2, 2 ** 128));
        if (_draw(seed, 3, 4) == 0) _slashWhenRipe(_draw(seed, 4, 2 ** 128));
    }

    /// @dev A new measure or one of the last, in up to three calls; sometimes the same call fifty times.
    function _measure(uint256 seed) internal {
        Plan memory plan = plans.length != 0 && _draw(seed, 6, 3) != 0 ? _old(seed) : _new(seed);
        uint256 calls = 1 + _draw(seed, 7, 3);
        for (uint256 i; i < calls; ++i) {
            _bring(plan, _draw(seed, 10 + i, 2 ** 128));
        }
        if (_draw(seed, 8, 12) != 0) return;
        Voices memory voices = _voices(plan, _draw(seed, 9, 2 ** 128));
        _bringVoices(plan, voices);
        for (uint256 i; i < 50; ++i) {
            _demand(_try(RELAYER, _call(plan, voices)), false, "enact again");
        }
    }

    function _new(uint256 seed) private returns (Plan memory plan) {
        uint256 group = _randomGroup(seed);
        plan.kind = IMeasures.Kind(_draw(seed, 1, 7));
        uint256 onTrial = _groupOnTrial();
        if (onTrial != 0 && _draw(seed, 5, 2) == 0) (plan.kind, group) = (IMeasures.Kind.Rollback, onTrial);
        _make(plan, group, seed);
        plans.push(plan);
    }

    /// @dev Of the round that was decided last, mostly.
    function _strikeLast(uint256 seed) internal {
        Plan memory plan;
        plan.kind = IMeasures.Kind.Strike;
        _make(plan, 1, seed);
        _bring(plan, _draw(seed, 2, 2 ** 128));
    }

    function _slashWhenRipe(uint256 seed) private {
        Plan memory plan;
        plan.kind = IMeasures.Kind.Slash;
        _make(plan, _randomGroup(seed), seed);
        for (uint256 i; i < 4; ++i) {
            _bring(plan, _draw(seed, 10 + i, 2 ** 128));
            _waitUntil(START + ripeAt[_nameOf(plan)] * EPOCH);
        }
    }

    function _make(Plan memory plan, uint256 group, uint256 seed) private view {
        plan.args = _args(plan.kind, group, seed);
        // Not the nonces with which the world was set up.
        plan.nonce = 1000 + plans.length;
        plan.expiry = block.timestamp + (1 + _draw(seed, 4, 8)) * EPOCH;
    }

    /// @dev One of the last, mostly when it is ripe, or in the last second before.
    function _old(uint256 seed) private returns (Plan memory plan) {
        uint256 recent = plans.length < 6 ? plans.length : 6;
        plan = plans[plans.length - 1 - _draw(seed, 3, recent)];
        uint256 ripe = START + ripeAt[_nameOf(plan)] * EPOCH;
        if (ripe > START && ripe < plan.expiry && _draw(seed, 4, 4) != 0) {
            _waitUntil(ripe - (_draw(seed, 5, 4) == 0 ? 1 : 0));
        }
    }

    function _bring(Plan memory plan, uint256 seed) private {
        _bringVoices(plan, _voices(plan, seed));
    }

    function _bringVoices(Plan memory plan, Voices memory voices) private {
        bytes32 name = _nameOf(plan);
        uint256 weight = weights[name][network.epoch()] + voices.weight;
        bool expected = block.timestamp < plan.expiry && !enacted[name] && voices.fresh != 0;
        bool most = expected && weight > _needed(plan);
        bool carries = most && (plan.kind != IMeasures.Kind.Slash || _isRipe(name));
        if (carries && !_isPossible(plan)) (expected, carries) = (false, false);
        if (most && plan.kind == IMeasures.Kind.Slash && ripeAt[name] == 0) expected = _isMeant(plan.args);
        uint256 held = neuron.balanceOf(address(network));
        uint256 due = carries ? _bondOf(plan) : 0;
        (bool done, bytes memory answer) = _ask(RELAYER, _call(plan, voices));
        _demand(done, expected, carries ? _kindName(plan.kind) : "assents");
        if (!expected) return;
        vm.assertEq(abi.decode(answer, (bool)), carries, "done");
        _noteHeard(name, voices, weight);
        if (most && plan.kind == IMeasures.Kind.Slash && ripeAt[name] == 0) _noteShown(name);
        if (!carries) return;
        enacted[name] = true;
        bonds -= due;
        _noteEffect(plan, held);
    }

    function _noteHeard(bytes32 name, Voices memory voices, uint256 weight) private {
        uint256 epoch = network.epoch();
        weights[name][epoch] = weight;
        for (uint256 i; i < voices.fresh; ++i) {
            heard[_gathering(name)][voices.heard[i][0]][voices.heard[i][1]] = true;
        }
        IMeasures.Measure memory shown = network.measure(name);
        vm.assertEq(shown.weight, weight, "weight");
        vm.assertEq(shown.epoch, epoch, "of this epoch");
    }

    function _noteShown(bytes32 name) private {
        ripeAt[name] = network.epoch() + 2;
        vm.assertEq(network.measure(name).ripeAt, ripeAt[name], "ripe");
        _note("a slash is shown");
    }

    function _isRipe(bytes32 name) private view returns (bool) {
        return ripeAt[name] != 0 && network.epoch() >= ripeAt[name];
    }

    function _noteEffect(Plan memory plan, uint256 held) private {
        if (plan.kind == IMeasures.Kind.Slash) _observeSlash();
        if (_isLocal(plan.kind)) return;
        _setNoisy();
        if (plan.kind == IMeasures.Kind.Strike) _noteStruck(plan.args, held);
        if (plan.kind == IMeasures.Kind.Slash) {
            (uint256 group, uint256 position,,) = abi.decode(plan.args, (uint256, uint256, address, uint256));
            vm.assertLt(lastSlash[group][position], network.epoch(), "once an epoch");
            lastSlash[group][position] = network.epoch();
        }
    }

    function _isLocal(IMeasures.Kind kind) private pure returns (bool) {
        return _setsTerms(kind) || kind == IMeasures.Kind.Rollback;
    }

    function _setsTerms(IMeasures.Kind kind) private pure returns (bool) {
        return kind == IMeasures.Kind.Period || kind == IMeasures.Kind.Least;
    }

    /// @dev Assents of most members, by signer or owner, and some that are bad or come twice.
    function _voices(Plan memory plan, uint256 seed) private view returns (Voices memory voices) {
        bytes32 name = _nameOf(plan);
        uint256 only = _isLocal(plan.kind) ? _groupOf(plan) : 0;
        uint256 count = GROUPS * POSITIONS_MAX;
        (voices.assents, voices.heard) = (new IMeasures.Assent[](count + 1), new uint256[2][](count));
        // To roll back nearly all are needed who applied it.
        uint256 most = plan.kind == IMeasures.Kind.Rollback ? 16 : 2 + _draw(seed, 2, 6);
        for (uint256 i; i < count; ++i) {
            (uint256 group, uint256 position) = (1 + i / POSITIONS_MAX, 1 + i % POSITIONS_MAX);
            voices.assents[i] = IMeasures.Assent(group, position, "");
            if (position > network.positions(group) || _draw(seed, 20 + i, most) == 0) continue;
            bool byOwner = _draw(seed, 40 + i, 4) == 0;
            voices.assents[i].signature = _signed(byOwner ? ownerKey[group][position] : _key(group, position), name);
            if (only == 0 || group == only) _hear(voices, name, group, position);
        }
        voices.assents[count] = voices.assents[_draw(seed, 3, count)];
    }

    function _hear(Voices memory voices, bytes32 name, uint256 group, uint256 position) private view {
        uint256 live = _liveOf(group, position, false);
        if (live == 0 || heard[_gathering(name)][group][position]) return;
        voices.heard[voices.fresh++] = [group, position];
        voices.weight += live;
    }

    function _needed(Plan memory plan) private view returns (uint256) {
        uint256 group = _groupOf(plan);
        if (plan.kind == IMeasures.Kind.Rollback) {
            (, uint256 delta,) = abi.decode(plan.args, (uint256, uint256, bytes32));
            uint256 votes_ = network.delta(group, delta).votes;
            uint256 half = network.stake(group).awake / 2;
            return votes_ > half ? votes_ - 1 : half;
        }
        if (_setsTerms(plan.kind)) {
            IStake.Totals memory sums = network.stake(group);
            return (sums.bonded > sums.bondedNext ? sums.bonded : sums.bondedNext) / 2;
        }
        (uint256 live, uint256 next) = network.allBonded();
        uint256 most = (live > next ? live : next) / 2;
        uint256 tenth = neuron.totalSupply() / 10 - 1;
        return most > tenth ? most : tenth;
    }

    function _args(IMeasures.Kind kind, uint256 group, uint256 seed) private view returns (bytes memory) {
        uint256 number = _draw(seed, 3, 8);
        IGroups.Group memory state = network.group(group);
        // One in eight expects something that is not there.
        bytes32 flaw = bytes32(uint256(_draw(seed, 12, 8) == 0 ? 1 : 0));
        if (kind == IMeasures.Kind.Period) return abi.encode(group, state.periodNext ^ uint256(flaw), number * 2 days);
        if (kind == IMeasures.Kind.Least) {
            return abi.encode(group, state.least ^ uint256(flaw), uint256(state.least) * (number + 1) / 7);
        }
        if (kind == IMeasures.Kind.Rollback) {
            uint256 delta = number < 6 ? state.applied : number;
            return abi.encode(group, delta, network.delta(group, delta).digest ^ flaw);
        }
        if (kind == IMeasures.Kind.Slash) {
            uint256 position = 1 + number % 5;
            bool there = position <= network.positions(group);
            // Any key that ever signed for it.
            uint256 key = there ? keys[group][position][_draw(seed, 13, keys[group][position].length)].key : 1;
            return abi.encode(group, position, uint160(vm.addr(key)) ^ uint256(flaw), 150 * number);
        }
        if (kind != IMeasures.Kind.Strike) return abi.encode(group, state.name ^ flaw);
        if (played.length == 0) return abi.encode(group, number, 0, 0);
        Played memory past = _lastDecided(_draw(seed, 4, 4));
        (bytes32 claim,) = network.decision(past.group, past.number);
        return abi.encode(past.group, past.number, claim ^ flaw, number < 7 ? number % 2 : 2);
    }

    /// @dev Of the rounds that were decided the last one, or one before; any other if there is none.
    function _lastDecided(uint256 skipped) private view returns (Played memory past) {
        for (uint256 i = played.length; i != 0; --i) {
            past = played[i - 1];
            if (network.round(past.group, past.number).outcome == IRounds.Outcome.None) continue;
            if (skipped == 0) break;
            skipped -= 1;
        }
    }

    function _isPossible(Plan memory plan) private view returns (bool) {
        uint256 group = _groupOf(plan);
        IGroups.Group memory state = network.group(group);
        if (plan.kind == IMeasures.Kind.Strike) return _mayStrike(plan.args);
        if (plan.kind == IMeasures.Kind.Slash) return _maySlash(plan.args);
        (, bytes32 second) = abi.decode(plan.args, (uint256, bytes32));
        if (plan.kind == IMeasures.Kind.Admit) return second == state.name && !state.admitted;
        if (plan.kind == IMeasures.Kind.Revoke) return second == state.name && state.admitted;
        (,, uint256 third) = abi.decode(plan.args, (uint256, bytes32, uint256));
        if (plan.kind == IMeasures.Kind.Period) {
            return uint256(second) == state.periodNext && third != 0 && third <= EXIT / 2;
        }
        if (plan.kind == IMeasures.Kind.Least) return uint256(second) == state.least && third < state.least;
        uint256 delta = uint256(second);
        bool onTrial = delta != 0 && delta == state.applied && _isOnTrial(group, delta);
        return onTrial && bytes32(third) == network.delta(group, delta).digest;
    }

    function _maySlash(bytes memory args) private view returns (bool) {
        (uint256 group, uint256 position,, uint256 basisPoints) = abi.decode(args, (uint256, uint256, uint256, uint256));
        if (basisPoints == 0 || basisPoints > 1000 || !_isMeant(args)) return false;
        return network.position(group, position).slashedIn != network.epoch();
    }

    /// @dev Whether the key that a slash names signs or ever signed for the position.
    function _isMeant(bytes memory args) private view returns (bool meant) {
        (uint256 group, uint256 position, uint256 signer,) = abi.decode(args, (uint256, uint256, uint256, uint256));
        for (uint256 i; i < keys[group][position].length; ++i) {
            if (uint160(vm.addr(keys[group][position][i].key)) == signer) meant = true;
        }
    }

    function _mayStrike(bytes memory args) private view returns (bool) {
        (uint256 group, uint256 number, bytes32 claim, uint256 restore) =
            abi.decode(args, (uint256, uint256, bytes32, uint256));
        IRounds.Round memory round = network.round(group, number);
        bool won = round.outcome == IRounds.Outcome.Won && !round.collected;
        bool open = won || round.outcome == IRounds.Outcome.Lost;
        (bytes32 decided,) = network.decision(group, number);
        return restore < 2 && open && block.timestamp < _matureAt(group, number) && claim == decided;
    }

    /// @dev What is issued in the place of deposits is theirs again; what a settled winner had too much is burnt.
    function _noteStruck(bytes memory args, uint256 held) private {
        (uint256 group, uint256 number,,) = abi.decode(args, (uint256, uint256, bytes32, uint256));
        struck.push(Played(group, number, true));
        if (network.round(group, number).winner == address(0)) _note("a lost round is struck");
        uint256 now_ = neuron.balanceOf(address(network));
        pot[group][number] = pot[group][number] + now_ - held;
        deposits = deposits + now_ - held;
    }

    /// @dev A group with a delta on trial, or with one whose trial ended without a turn.
    function _groupOnTrial() private view returns (uint256 group) {
        for (group = GROUPS; group != 0; --group) {
            if (network.group(group).applied != 0) break;
        }
    }

    function _isOnTrial(uint256 group, uint256 delta) private view returns (bool) {
        return block.timestamp < network.delta(group, delta).standsAt;
    }

    function _bondOf(Plan memory plan) private view returns (uint256) {
        if (plan.kind != IMeasures.Kind.Rollback) return 0;
        (uint256 group, uint256 delta,) = abi.decode(plan.args, (uint256, uint256, bytes32));
        return network.delta(group, delta).bond;
    }

    function _groupOf(Plan memory plan) private pure returns (uint256 group) {
        (group,) = abi.decode(plan.args, (uint256, uint256));
    }

    function _nameOf(Plan memory plan) private pure returns (bytes32) {
        return Typed.measure(plan.kind, plan.args, plan.nonce, plan.expiry);
    }

    function _gathering(bytes32 name) private view returns (bytes32) {
        return keccak256(abi.encode(name, network.epoch()));
    }

    function _call(Plan memory plan, Voices memory voices) private pure returns (bytes memory) {
        return abi.encodeCall(IMeasures.enact, (plan.kind, plan.args, plan.nonce, plan.expiry, voices.assents));
    }

    function _kindName(IMeasures.Kind kind) private pure returns (string memory) {
        return ["Period", "Rollback", "Admit", "Revoke", "Strike", "Slash", "Least"][uint256(kind)];
    }
}
