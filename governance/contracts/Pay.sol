// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEmission} from "token/IEmission.sol";
import {IStake} from "token/IStake.sol";
import {IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {State} from "governance/State.sol";

/// @title Pay: what verdicts earn, written down when the word that holds it is written anyway.
/// @dev A word holds the pay of four positions, 56 bits of gweis each, and above them 32 bits: the round from which on
/// verdicts of the four are not paid yet. They are when the next round counts one of them, or when one of them changes: by
/// then the older round is decided or void. So a verdict needs no second write when a later call decides its round.
abstract contract Pay is State {
    using SafeCast for uint256;

    uint256 internal constant NOWHERE = type(uint256).max;
    uint256 private constant ROUND_SHIFT = 224;
    uint256 private constant BITS = 56;
    uint256 private constant MASK = 2 ** BITS - 1;
    /// @dev The highest bit of each of the four: where none is set, what a round pays can be added.
    uint256 private constant FULL = 1 << 55 | 1 << 111 | 1 << 167 | 1 << 223;

    /// @dev A round while pay for it is noted. @param pay gweis that all of `awake` earn, 0 if the round was not decided.
    /// @param issues whether they come out of the issue, else out of deposits. @param page, bits whose verdicts counted.
    struct Due {
        uint256 group;
        uint256 round;
        uint256 epoch;
        uint256 pay;
        uint256 awake;
        bool issues;
        bytes32 claim;
        uint256 page;
        uint256 bits;
    }

    /// @dev Gweis that the schedule allows still, once it was asked, and that are to be issued.
    struct Mint {
        bool asked;
        uint256 left;
        uint256 issued;
    }

    function _earnedBy(uint256 group, uint256 number) internal view override returns (uint256) {
        uint256 word = _earned[group][number >> 2];
        return (word >> _shiftOf(number) & MASK) + _share(_due(group, word >> ROUND_SHIFT), number);
    }

    function _takeEarned(uint256 group, uint256 number) internal override returns (uint256 earned) {
        uint256 word = _earned[group][number >> 2];
        Due memory due = _due(group, word >> ROUND_SHIFT);
        if (due.pay == 0 && word >> _shiftOf(number) & MASK == 0) return 0;
        Mint memory mint;
        if (due.pay != 0) word = _settleWord(word, number & ~uint256(3), 0, due, mint, due.round + 1);
        earned = word >> _shiftOf(number) & MASK;
        _earned[group][number >> 2] = word - (earned << _shiftOf(number));
        _issue(address(this), mint.issued * UNIT);
    }

    /// @dev What `round` pays.
    function _due(uint256 group, uint256 round) internal view returns (Due memory due) {
        (due.group, due.round, due.page) = (group, round, NOWHERE);
        IRounds.Round storage past = _rounds[group][round];
        if (past.outcome == IRounds.Outcome.None) return due;
        due.pay = Rules.validatorsReward(past.reward) / UNIT;
        if (due.pay == 0) return due;
        (due.awake, due.issues) = (past.awake / UNIT, past.winner != address(0));
        (due.claim, due.epoch) = (_decided(group, round), _epochOf(group, round));
    }

    /// @dev The word with the pay for its round noted, which is not paid again: it is that of the rounds from `next` on.
    /// @param known stakes of the four in that round, see `_weights`.
    function _settleWord(
        uint256 word,
        uint256 first,
        uint256 known,
        Due memory due,
        Mint memory mint,
        uint256 next
    ) internal returns (uint256) {
        uint256 counted = due.pay == 0 ? 0 : _countedIn(due, first) & 15;
        if (counted != 0) {
            (uint256 added, uint256 sum) = _amounts(due, _weights(due, first, counted, known));
            word = _creditAll(word, first, added, sum, due, mint);
        }
        return (word << 32 >> 32) | next << ROUND_SHIFT;
    }

    /// @dev The round from which on the four positions of a word are not paid yet.
    function _unpaidFrom(uint256 word) internal pure returns (uint256) {
        return word >> ROUND_SHIFT;
    }

    /// @dev The word with the four amounts in `added` more, `sum` together, cut to the schedule.
    function _creditAll(uint256 word, uint256 first, uint256 added, uint256 sum, Due memory due, Mint memory mint)
        internal
        returns (uint256)
    {
        if (word & FULL == 0 && _covers(due, mint, sum)) return word + added;
        for (uint256 i; i < 4; ++i) {
            uint256 amount = added >> (i * BITS) & MASK;
            if (amount != 0) word = _credit(word, first + i, amount, due, mint);
        }
        return word;
    }

    /// @dev The word with `amount` gweis more for `number`; what no longer fits becomes stake.
    function _credit(uint256 word, uint256 number, uint256 amount, Due memory due, Mint memory mint)
        private
        returns (uint256)
    {
        amount = _cutTo(number, amount, due, mint);
        uint256 shift = _shiftOf(number);
        uint256 sum = (word >> shift & MASK) + amount;
        word &= ~(MASK << shift);
        if (sum <= MASK) return word | sum << shift;
        Seat storage seat = _seats[due.group][number];
        _change(due.group, seat, seat.stake + sum, seat.awake);
        emit IStake.Compounded(due.group, number, sum * UNIT);
        return word;
    }

    function _cutTo(uint256 number, uint256 amount, Due memory due, Mint memory mint)
        private
        returns (uint256 given)
    {
        if (_covers(due, mint, amount)) return amount;
        given = mint.left;
        emit IRounds.PayCut(due.group, due.round, number, amount * UNIT, given * UNIT);
        _covers(due, mint, given);
    }

    /// @dev Whether `sum` gweis need not be issued or can be; they are then.
    function _covers(Due memory due, Mint memory mint, uint256 sum) private view returns (bool) {
        if (!due.issues) return true;
        if (!mint.asked) (mint.asked, mint.left) = (true, IEmission(_emission).allowance() / UNIT);
        if (sum > mint.left) return false;
        unchecked {
            mint.left -= sum;
            mint.issued += sum;
        }
        return true;
    }

    /// @dev What four stakes in `weights`, 64 bits each, earn: in the places of a word, and together. Products of stakes
    /// and of what the schedule allows have fewer than 256 bits.
    function _amounts(Due memory due, uint256 weights) internal pure returns (uint256 added, uint256 sum) {
        (uint256 pay, uint256 awake) = (due.pay, due.awake);
        assembly ("memory-safe") {
            let lane := 0xffffffffffffffff
            let first := div(mul(pay, and(weights, lane)), awake)
            let second := div(mul(pay, and(shr(64, weights), lane)), awake)
            let third := div(mul(pay, and(shr(128, weights), lane)), awake)
            let fourth := div(mul(pay, shr(192, weights)), awake)
            added := or(or(first, shl(56, second)), or(shl(112, third), shl(168, fourth)))
            sum := add(add(first, second), add(third, fourth))
        }
    }

    /// @dev The stakes in the round of the four from `first` on that are in `counted`, a bit each. What is in `known` need
    /// not be read.
    function _weights(Due memory due, uint256 first, uint256 counted, uint256 known)
        private
        view
        returns (uint256 weights)
    {
        if (counted == 15 && uint64(known) != 0 && known >> 192 != 0) {
            if (uint64(known >> 64) != 0 && uint64(known >> 128) != 0) return known;
        }
        mapping(uint256 position => Seat) storage seats = _seats[due.group];
        for (uint256 i; i < 4; ++i) {
            if (counted >> i & 1 == 0) continue;
            uint256 weight = uint64(known >> (64 * i));
            if (weight == 0) weight = _stakeIn(seats[first + i], due.epoch);
            weights |= weight << (64 * i);
        }
    }

    /// @dev Gweis that a position earns in the round, if its verdict was counted.
    function _share(Due memory due, uint256 number) private view returns (uint256) {
        if (due.pay == 0 || _countedIn(due, number) & 1 == 0) return 0;
        return due.pay * _stakeIn(_seats[due.group][number], due.epoch) / due.awake;
    }

    /// @dev Whose verdicts counted in the round, from `number` on to the end of its page: a bit each, the lowest first.
    function _countedIn(Due memory due, uint256 number) private view returns (uint256) {
        if (due.page != number >> 8) {
            due.page = number >> 8;
            due.bits = _judged[due.group][due.round][due.claim][due.page];
        }
        return due.bits >> (number & 255);
    }

    /// @dev Bits below a position's part of its word.
    function _shiftOf(uint256 number) private pure returns (uint256) {
        return (number & 3) * BITS;
    }
}
