// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {IRounds} from "governance/INetwork.sol";
import {FindHandler} from "governance-test/FindHandler.sol";

/// @title Bounties from end to end: paid in any order and again, settled early and late.
abstract contract BountyHandler is FindHandler {
    /// @dev What a call must pay. @param some whether anything is due, even if it is 0 wei.
    struct Due {
        bool some;
        uint256 gone;
        uint256 burned;
    }

    /// @dev Wei behind the result that were paid for.
    mapping(uint256 number => uint256) private paidStake;
    mapping(uint256 number => mapping(uint256 round => bool)) private prized;

    /// @dev A new bounty or one of the last, to one of the next stages or to its end.
    function hunt(uint256 seed) external {
        if (_draw(seed, 1, 2) == 0) _fundAll(seed);
        uint256 last = network.bounties();
        if (last == 0) return;
        uint256 number = last - _draw(seed, 2, last < 3 ? last : 3);
        uint256 stages = 1 + _draw(seed, 3, 4);
        for (uint256 i; i < stages; ++i) {
            _waitUntil(_momentOf(network.bounty(number), i, _draw(seed, 10 + i, 2 ** 128)));
            _hunt(number, _draw(seed, 20 + i, 2 ** 128));
        }
    }

    /// @dev All that can be done about a bounty now, or some of it.
    function _hunt(uint256 number, uint256 seed) internal {
        if (number == 0) return;
        if (_draw(seed, 1, 3) != 0) _unseal(number, seed);
        _tell(number);
        uint256 calls = _draw(seed, 2, 4);
        for (uint256 i; i < calls; ++i) {
            _find(number, _draw(seed, 20 + i, 2 ** 128));
            if (_draw(seed, 30 + i, 12) == 0) _moveStake(_draw(seed, 40 + i, 2 ** 128));
        }
        if (_draw(seed, 3, 4) == 0) _slashFinder(number, seed);
        if (_draw(seed, 4, 2) == 0) _settle(number, seed);
        _payRounds(number, seed);
        _payFinders(number, seed);
        if (_draw(seed, 5, 4) == 0) _settle(number, seed);
    }

    /// @dev All that is left is paid and settled: of what was truly told nothing remains, else what nobody can have.
    function closeBounties() external {
        for (uint256 number = 1; number <= network.bounties(); ++number) {
            IBounties.Bounty memory about = network.bounty(number);
            uint256 at = _settledAt(about);
            if (block.timestamp < at) vm.warp(at);
            bytes memory result = _decided(number, about);
            _settleBy(number, about, result);
            _payRoundsBy(number, about, result, _wonIn(about));
            uint256[] memory positions = new uint256[](network.positions(about.group));
            for (uint256 i; i < positions.length; ++i) {
                positions[i] = i + 1;
            }
            _payFindersBy(number, about, positions);
            vm.assertEq(network.bounty(number).settled, true, "settled at last");
            bool lied = about.result != 0 && about.result != keccak256(results[number][0]);
            if (!lied) vm.assertEq(left[number], 0, "to the wei");
        }
    }

    /// @dev NRN of all bounties that this network has to hold.
    function locked() external view returns (uint256 sum) {
        for (uint256 number = 1; number <= network.bounties(); ++number) {
            sum += left[number];
        }
    }

    /// @dev Any rounds of the term and around it, some twice; sometimes by a result that was not decided.
    function _payRounds(uint256 number, uint256 seed) private {
        IBounties.Bounty memory about = network.bounty(number);
        uint256[] memory won = _wonIn(about);
        uint256[] memory rounds = new uint256[](1 + _draw(seed, 8, 8));
        for (uint256 i; i < rounds.length; ++i) {
            bool any = won.length == 0 || _draw(seed, 50 + i, 4) == 0;
            if (any) rounds[i] = about.first - 1 + _draw(seed, 60 + i, about.last + 3 - about.first);
            else rounds[i] = won[_draw(seed, 70 + i, won.length)];
        }
        bool other = _draw(seed, 9, 6) == 0;
        _payRoundsBy(number, about, other ? _toldOf(number, _draw(seed, 10, 3)) : _decided(number, about), rounds);
    }

    function _payRoundsBy(uint256 number, IBounties.Bounty memory about, bytes memory result, uint256[] memory rounds)
        private
    {
        IBounties.Result memory shown = abi.decode(result, (IBounties.Result));
        Due memory due;
        uint256[] memory prizes = _prizes(about, shown);
        for (uint256 i; i < rounds.length; ++i) {
            IRounds.Round memory round = network.round(about.group, rounds[i]);
            if (keccak256(result) != about.result || !_isPrized(number, about, rounds[i], round.winner)) continue;
            if (prizes.length == 0) continue;
            prized[number][rounds[i]] = true;
            uint256 amount = _least(prizes[_stepOf(shown, rounds[i])], left[number] - due.gone);
            if (round.outcome == IRounds.Outcome.Struck) _note("the prize of a struck round");
            if (round.outcome == IRounds.Outcome.Struck) due.burned += amount;
            (due.some, due.gone) = (true, due.gone + amount);
        }
        _pay(number, abi.encodeCall(IBounties.payRounds, (number, shown, rounds)), due, "pay rounds");
    }

    /// @dev Whether the round was won in the term, is mature and was not paid.
    function _isPrized(uint256 number, IBounties.Bounty memory about, uint256 round, address winner)
        private
        view
        returns (bool)
    {
        bool within = round >= about.first && round <= about.last && winner != address(0);
        return within && !prized[number][round] && block.timestamp >= _matureAt(about.group, round);
    }

    /// @dev The first step that is not before the round, or the last.
    function _stepOf(IBounties.Result memory result, uint256 round) private pure returns (uint256 index) {
        for (; index + 1 < result.steps.length; ++index) {
            if (result.steps[index].round >= round) break;
        }
    }

    /// @dev What each round of a step gets: its part of an eighth and of three quarters, or of all but the finders' eighth.
    function _prizes(IBounties.Bounty memory about, IBounties.Result memory result)
        private
        pure
        returns (uint256[] memory each)
    {
        uint256 eighth = about.amount / 8;
        uint256 all = _wonBy(result);
        (uint256 best, uint256 rest) = (result.base, about.target);
        each = new uint256[](result.steps.length);
        for (uint256 i; i < each.length && all != 0; ++i) {
            IBounties.Step memory step = result.steps[i];
            each[i] = (result.failed ? about.amount + about.bond - eighth : eighth) / all;
            if (result.failed || !step.better || step.loss >= best || step.won == 0) continue;
            uint256 lowering = _least(best - step.loss, rest);
            each[i] += (about.amount - 2 * eighth) * lowering / about.target / step.won;
            (best, rest) = (step.loss, rest - lowering);
        }
    }

    function _wonBy(IBounties.Result memory result) private pure returns (uint256 all) {
        for (uint256 i; i < result.steps.length; ++i) {
            all += result.steps[i].won;
        }
    }

    function _payFinders(uint256 number, uint256 seed) private {
        IBounties.Bounty memory about = network.bounty(number);
        uint256[] memory positions = new uint256[](1 + _draw(seed, 11, 4));
        for (uint256 i; i < positions.length; ++i) {
            positions[i] = _draw(seed, 80 + i, network.positions(about.group) + 2);
        }
        _payFindersBy(number, about, positions);
    }

    function _payFindersBy(uint256 number, IBounties.Bounty memory about, uint256[] memory positions) private {
        bool over = about.result != 0 && block.timestamp >= _windowStart(about, about.window + 1);
        bytes32 gathering = _gathering(number, about.window, about.result);
        Due memory due;
        for (uint256 i; i < positions.length && over; ++i) {
            uint256 weight = finders[gathering][positions[i]];
            if (weight == 0) continue;
            finders[gathering][positions[i]] = 0;
            uint256 before = about.amount / 8 * paidStake[number] / found[gathering];
            paidStake[number] += weight;
            uint256 amount = about.amount / 8 * paidStake[number] / found[gathering] - before;
            (due.some, due.gone) = (true, due.gone + _least(amount, left[number] - due.gone));
        }
        _pay(number, abi.encodeCall(IBounties.payFinders, (number, positions)), due, "pay finders");
    }

    function _settle(uint256 number, uint256 seed) private {
        IBounties.Bounty memory about = network.bounty(number);
        bool other = _draw(seed, 12, 6) == 0;
        _settleBy(number, about, other ? _toldOf(number, _draw(seed, 13, 3)) : _decided(number, about));
    }

    function _settleBy(uint256 number, IBounties.Bounty memory about, bytes memory result) private {
        IBounties.Result memory shown = abi.decode(result, (IBounties.Result));
        bool right = about.result == 0 || about.result == keccak256(result);
        Due memory due;
        due.some = right && !about.settled && block.timestamp >= _settledAt(about);
        uint256 back;
        if (due.some && about.result == 0) {
            back = about.unsealedAt == 0 ? 0 : uint256(about.amount) * 15 / 16 + about.bond;
            due.burned = left[number] - back;
            _note(back == 0 ? "a sponsor was silent" : "nothing was decided");
        } else if (due.some) {
            (back, due.burned) = _unearned(about, shown);
            back = _least(back, left[number]);
            due.burned = _least(due.burned, left[number] - back);
        }
        due.gone = back + due.burned;
        uint256 before = neuron.balanceOf(SPONSOR);
        _pay(number, abi.encodeCall(IBounties.settleBounty, (number, shown)), due, "settle a bounty");
        vm.assertEq(neuron.balanceOf(SPONSOR) - before, back, "the sponsor's");
    }

    /// @dev What neither finders nor rounds have: burned if the sponsor failed, and an eighth if no round was won.
    function _unearned(IBounties.Bounty memory about, IBounties.Result memory result)
        private
        pure
        returns (uint256 back, uint256 burned)
    {
        uint256 eighth = about.amount / 8;
        uint256[] memory prizes = _prizes(about, result);
        back = about.amount + about.bond - eighth;
        for (uint256 i; i < prizes.length; ++i) {
            back -= prizes[i] * result.steps[i].won;
        }
        if (result.failed) return (0, back);
        return _wonBy(result) == 0 ? (back - eighth, eighth) : (back, 0);
    }

    /// @dev What must go out of the bounty does, `burned` of it to nobody; nothing is issued, nor paid twice, nor to who asks.
    function _pay(uint256 number, bytes memory call, Due memory due, string memory what) private {
        uint256 held = neuron.balanceOf(address(network));
        uint256 supply = neuron.totalSupply();
        uint256 own = neuron.balanceOf(RELAYER);
        _demand(_try(RELAYER, call), due.some, what);
        vm.assertEq(held - neuron.balanceOf(address(network)), due.gone, "out of the network");
        vm.assertEq(supply - neuron.totalSupply(), due.burned, "burned");
        vm.assertEq(neuron.balanceOf(RELAYER), own, "nothing for who asks");
        left[number] -= due.gone;
        vm.assertEq(network.bounty(number).left, left[number], "left");
        _demand(_try(RELAYER, call), false, "pay twice");
    }

    /// @dev One of those that were told; the truth if none was decided.
    function _decided(uint256 number, IBounties.Bounty memory about) private view returns (bytes memory result) {
        for (uint256 i = 3; i != 0; --i) {
            result = _toldOf(number, i - 1);
            if (keccak256(result) == about.result) break;
        }
    }

    function _least(uint256 one, uint256 other) private pure returns (uint256) {
        return one < other ? one : other;
    }
}
