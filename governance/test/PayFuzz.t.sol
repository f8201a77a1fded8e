// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @dev Group 3 with validators of any stakes, judged in any batches: what is paid, taken and held.
abstract contract PayFuzz is Play {
    /// @dev Positions 1 to 3 share a word of pay, 4 to 6 the next one.
    uint256 internal constant KEYS = 6;
    uint256 internal constant ROUND = FIRST + 24;
    uint256 internal group;

    function setUp() public virtual override {
        super.setUp();
        group = _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        _admit(group);
    }

    function _stakes(uint56[6] memory stakes) internal returns (uint256 awake) {
        for (uint256 key = 1; key <= KEYS; ++key) {
            uint256 stake = _bound(stakes[key - 1], 1e15, 2e15) * 1 gwei;
            _join(group, key, stake);
            awake += stake;
        }
    }

    /// @dev Leaves of the schedule what grew in some seconds.
    function _exhaust(uint256 time) internal {
        vm.prank(address(network));
        emission.issue(address(this), type(uint128).max);
        vm.warp(block.timestamp + time);
    }

    function _compoundAll() internal {
        for (uint256 key = 1; key <= KEYS; ++key) {
            if (network.position(group, key).earned == 0) continue;
            vm.prank(vm.addr(key));
            network.compound(group, key);
        }
    }

    function _owned(uint256 inGroup, uint256 last) internal view returns (uint256 sum) {
        for (uint256 key = 1; key <= last; ++key) {
            sum += _owns(inGroup, key);
        }
    }

    function _ownedByAll() internal view returns (uint256) {
        return _owned(1, VALIDATORS) + _owned(2, VALIDATORS) + _owned(group, KEYS);
    }
}

contract PayFuzzTest is PayFuzz {
    function test_WhateverTheStakesAndBatchesAreValidatorsEarnTheirFloors(
        uint56[6] memory stakes,
        uint8 order,
        bool lost
    ) public {
        uint256 awake = _stakes(stakes);
        bytes32 claim = _claimed(lost);
        uint256 supply = neuron.totalSupply();
        _decide(claim, order);
        IRounds.Round memory round = network.round(group, ROUND);
        uint256 sum;
        for (uint256 key = 1; key <= KEYS; ++key) {
            uint256 earned = network.position(group, key).earned;
            uint256 stake = network.position(group, key).live;
            vm.assertEq(earned, _share(round.reward / 5, stake, awake), "its floor");
            sum += earned;
        }
        vm.assertEq(round.paid, sum, "paid is the sum");
        vm.assertLe(sum, round.reward / 5, "never more than V");
        vm.assertEq(round.judged, awake, "all were counted");
        vm.assertEq(neuron.totalSupply(), supply, "nothing is issued before it is noted");
        _compoundAll();
        vm.assertEq(neuron.totalSupply() - supply, lost ? 0 : sum, "issued is what is paid");
    }

    function test_WhateverTheScheduleAllowsIssuedIsWhatIsPaid(uint56[6] memory stakes, uint8 order, uint16 cutSeconds)
        public
    {
        uint256 awake = _stakes(stakes);
        bytes32 claim = _claimed(false);
        _decide(claim, order);
        _exhaust(cutSeconds % 400);
        uint256 allowance = emission.allowance() / 1 gwei * 1 gwei;
        (uint256 supply, uint256 owned) = (neuron.totalSupply(), awake);
        uint256 asked = network.round(group, ROUND).paid;
        _compoundAll();
        uint256 given = _owned(group, KEYS) - owned;
        vm.assertEq(neuron.totalSupply() - supply, given, "issued is what was given");
        vm.assertEq(given, asked < allowance ? asked : allowance, "all that the schedule allowed, and no more");
    }

    function test_WhateverIsSettledTheNetworkHoldsWhatItOwes(uint56[6] memory stakes, uint8 order, uint8 outcome)
        public
    {
        _stakes(stakes);
        bytes32 claim = _claimed(outcome % 3 == 0);
        if (outcome % 3 != 2) _decide(claim, order);
        vm.warp(_start(ROUND + 1));
        address[] memory all = new address[](3);
        (all[0], all[1], all[2]) = (BOB, ANN, CEM);
        if (outcome % 2 == 0 && outcome % 3 != 0) network.settle(group, ROUND, all);
        _compoundAll();
        vm.warp(_start(ROUND + 1) + MATURITY);
        if (outcome % 3 == 1) _collect(group, ROUND, ANN);
        try network.settle(group, ROUND, all) {} catch {}
        vm.assertEq(neuron.balanceOf(address(network)), _ownedByAll(), "stakes and pay, nothing else");
    }

    /// @dev Three claims, of which Ann's is the best.
    function _claimed(bool lost) private returns (bytes32) {
        vm.warp(_start(ROUND));
        _commit(group, ROUND, ANN, "a");
        _commit(group, ROUND, BOB, "b");
        _commit(group, ROUND, CEM, "c");
        vm.warp(_revealStart(ROUND));
        _reveal(group, ANN, "a", BASE, BETTER);
        _reveal(group, BOB, "b", BASE, LOSS);
        _reveal(group, CEM, "c", BASE, LOSS);
        vm.warp(_judgeStart(ROUND));
        return lost ? bytes32(0) : _claim("a", BASE, BETTER);
    }

    /// @dev The keys from `first` on come together, those before one by one.
    function _decide(bytes32 claim, uint256 order) private {
        uint256 first = 1 + order % KEYS;
        network.judge(group, ROUND, claim, _verdicts(group, ROUND, claim, first, KEYS));
        for (uint256 key = 1; key < first; ++key) {
            network.judge(group, ROUND, claim, _verdicts(group, ROUND, claim, key, key));
        }
    }
}

/// @dev Four rounds, verdicts in any order, and changes of positions at any moment, against a ledger that is written at once.
/// forge-config: default.fuzz.runs = 96
contract PayOrderFuzzTest is PayFuzz {
    uint256 private constant ROUNDS = 4;
    uint256 private constant STEPS = 9;
    /// @dev What each position ought to own, and of that what deposits have paid.
    uint256[KEYS + 1] private own;
    uint256 private outOfDeposits;
    uint256 private issued;
    uint256 private burned;
    uint256 private deposits;
    uint256 private slashed;
    uint256 private seed;
    uint256 private begin;
    mapping(uint256 round => mapping(bytes32 claim => uint256 keys)) private counted;
    mapping(uint256 round => mapping(bytes32 claim => uint256 stake)) private tallies;
    mapping(uint256 round => bytes32 claim) private claims;

    function test_WhateverIsTouchedFirstTheSameIsEarned(uint56[6] memory stakes, uint256 seed_) public {
        seed = seed_;
        // All rounds in one epoch, or two of them in the next one.
        begin = ROUND + (_random(2) == 0 ? 0 : 22);
        _stakes(stakes);
        for (uint256 key = 1; key <= KEYS; ++key) {
            own[key] = _owns(group, key);
        }
        uint256 supply = neuron.totalSupply();
        for (uint256 round = begin; round < begin + ROUNDS; ++round) {
            _play(round);
        }
        _checkOwned();
        _compoundAll();
        _checkOwned();
        vm.assertEq(neuron.totalSupply(), supply + issued - burned, "issued is what won rounds have paid");
        uint256 held = _ownedByAll() + deposits - outOfDeposits;
        vm.assertEq(neuron.balanceOf(address(network)), held, "and all of it is there");
    }

    function _play(uint256 round) private {
        bytes32 file = bytes32(round);
        vm.warp(_start(round));
        _commit(group, round, ANN, file);
        deposits += network.round(group, round).deposit;
        claims[round] = _claim(file, BASE, LOSS);
        for (uint256 i; i < 3; ++i) {
            _stepBetween(round);
        }
        vm.warp(_revealStart(round));
        _reveal(group, ANN, file, BASE, LOSS);
        vm.warp(_judgeStart(round));
        bytes32 favourite = _random(4) == 0 ? bytes32(0) : claims[round];
        for (uint256 i; i < STEPS; ++i) {
            if (_random(3) == 0) _touchOne();
            else _bringSome(round, _random(5) == 0 ? bytes32(0) : favourite);
        }
    }

    /// @dev A change, or further verdicts for the round before.
    function _stepBetween(uint256 round) private {
        // In a new epoch it is not the live stake that late verdicts earn by.
        if (round == begin || round % 24 == 0 || _random(2) == 0) return _touchOne();
        IRounds.Outcome outcome = network.round(group, round - 1).outcome;
        if (outcome == IRounds.Outcome.None) return;
        _bringSome(round - 1, outcome == IRounds.Outcome.Lost ? bytes32(0) : claims[round - 1]);
    }

    function _bringSome(uint256 round, bytes32 claim) private {
        uint256 first = 1 + _random(KEYS);
        uint256 last = first + _random(KEYS + 1 - first);
        uint256 keys = _awakeOf(_range(first, last)) & ~counted[round][claim];
        IRounds.Outcome outcome = network.round(group, round).outcome;
        bool open = outcome == IRounds.Outcome.None;
        if (keys == 0 || (!open && (claim == 0) != (outcome == IRounds.Outcome.Lost))) return;
        bool decided = network.judge(group, round, claim, _verdicts(group, round, claim, first, last));
        counted[round][claim] |= keys;
        tallies[round][claim] += _stakeOf(keys);
        uint256 awake = network.round(group, round).awake;
        if (open) vm.assertEq(decided, tallies[round][claim] * 3 > awake * 2, "more than two thirds decide");
        if (decided) keys = counted[round][claim];
        if (decided || !open) _pay(round, claim, keys);
    }

    function _pay(uint256 round, bytes32 claim, uint256 keys) private {
        uint256 pay = network.round(group, round).reward / 5;
        uint256 awake = network.round(group, round).awake;
        for (uint256 key = 1; key <= KEYS; ++key) {
            if (keys >> key & 1 == 0) continue;
            uint256 amount = _share(pay, network.position(group, key).live, awake);
            own[key] += amount;
            if (claim == 0) outOfDeposits += amount;
            else issued += amount;
        }
        _checkOwned();
    }

    function _touchOne() private {
        uint256 key = 1 + _random(KEYS);
        uint256 kind = _random(5);
        if (kind == 4) return _slashOnce(key);
        IStake.Position memory position = network.position(group, key);
        vm.startPrank(vm.addr(key));
        if (kind == 0 && position.earned != 0) network.compound(group, key);
        if (kind == 1 && position.awakeNext) network.rest(group, key);
        if (kind == 2) network.unbond(group, key, position.next / 1 gwei / 3 * 1 gwei);
        vm.stopPrank();
        if (kind != 3) return;
        _fund(vm.addr(key), 7 gwei);
        vm.prank(vm.addr(key));
        network.bond(group, vm.addr(key), 7 gwei, "");
        own[key] += 7 gwei;
    }

    /// @dev For signing twice; once an epoch.
    function _slashOnce(uint256 key) private {
        if (slashed >> key & 1 == 1) return;
        slashed |= 1 << key;
        IStake.Position memory position = network.position(group, key);
        uint256 next = position.next + position.earned;
        uint256 due = _part(position.live < next ? position.live : next);
        due += _part(position.exiting) + _part(position.exitingLater);
        IRounds.Attendance memory one = _attendance(group, begin, key, "one");
        uint256 reward = network.slashDouble(group, begin, one, _attendance(group, begin, key, "other"));
        own[key] -= due;
        burned += due - reward;
        _checkOwned();
    }

    function _checkOwned() private view {
        for (uint256 key = 1; key <= KEYS; ++key) {
            vm.assertEq(_owns(group, key), own[key], vm.toString(key));
        }
    }

    function _part(uint256 amount) private pure returns (uint256) {
        return amount / 1 gwei * 550 / 10_000 * 1 gwei;
    }

    /// @dev Those of a set of keys that are awake.
    function _awakeOf(uint256 keys) private view returns (uint256 awake) {
        for (uint256 key = 1; key <= KEYS; ++key) {
            if (network.position(group, key).awake) awake |= keys & 1 << key;
        }
    }

    /// @dev Live stake of a set of keys.
    function _stakeOf(uint256 keys) private view returns (uint256 stake) {
        for (uint256 key = 1; key <= KEYS; ++key) {
            if (keys >> key & 1 == 1) stake += network.position(group, key).live;
        }
    }

    function _range(uint256 first, uint256 last) private pure returns (uint256 keys) {
        for (uint256 key = first; key <= last; ++key) {
            keys |= 1 << key;
        }
    }

    function _random(uint256 below) private returns (uint256) {
        seed = uint256(keccak256(abi.encode(seed)));
        return seed % below;
    }
}
