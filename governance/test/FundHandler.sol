// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {IRounds} from "governance/INetwork.sol";
import {MeasureHandler} from "governance-test/MeasureHandler.sol";

/// @title Bounties up to their windows: funded with good arguments and bad ones, unsealed in time, late or never; and what is
/// told of them: the truth, a lie, nonsense.
abstract contract FundHandler is MeasureHandler {
    struct Offer {
        uint256 group;
        bytes32 root;
        uint256 count;
        uint256 target;
        uint256 amount;
        uint256 bond;
        uint256 term;
    }

    uint256 internal constant WINDOWS = 3;
    uint256 private constant TARGET = 100_000;
    address internal constant SPONSOR = address(0x5B0);

    /// @dev NRN of each bounty that this network has to hold.
    mapping(uint256 number => uint256) internal left;
    /// @dev What is told of it, as it is signed: the truth, a lie, nonsense.
    mapping(uint256 number => bytes[3]) internal results;

    function fund(uint256 seed) external {
        _fundAll(seed);
    }

    /// @dev Two, and rounds of the term of the first; one of them may be struck.
    function _fundAll(uint256 seed) internal {
        uint256 group = _randomGroup(seed);
        _fundOne(_offer(_randomGroup(seed + 1), _draw(seed, 31, 2 ** 128)), _draw(seed, 32, 24));
        _fundOne(_offer(group, _draw(seed, 33, 2 ** 128)), _draw(seed, 34, 24));
        uint256 rounds = _draw(seed, 35, 5);
        for (uint256 i; i < rounds; ++i) {
            _playOne(group, _draw(seed, 40 + i, 2 ** 128));
            if (_draw(seed, 50 + i, 3) == 0) _strikeLast(_draw(seed, 60 + i, 2 ** 128));
        }
    }

    /// @dev A good one.
    function _offer(uint256 group, uint256 seed) private view returns (Offer memory offer) {
        (offer.group, offer.root) = (group, bytes32(network.bounties() + 1));
        offer.count = _draw(seed, 1, 2) == 0 ? 30 : 2 ** 20;
        offer.target = _draw(seed, 2, 4) == 0 ? 1 : TARGET;
        offer.amount = MIN_DEPOSIT + (_draw(seed, 3, 3) == 0 ? 0 : _draw(seed, 4, 1000 ether));
        offer.bond = _leastOf(offer) + (_draw(seed, 5, 2) == 0 ? 0 : _draw(seed, 6, offer.amount));
        // Up to a term that an exit does not outlast, and beyond.
        offer.term = network.group(group).period + (_draw(seed, 7, 2) == 0 ? 0 : _draw(seed, 8, 14 days));
    }

    function _leastOf(Offer memory offer) private pure returns (uint256) {
        return offer.amount / 8 > MIN_DEPOSIT ? offer.amount / 8 : MIN_DEPOSIT;
    }

    /// @dev With one of ten flaws, or without.
    function _fundOne(Offer memory offer, uint256 flaw) private {
        uint256 number = network.bounties() + 1;
        if (flaw == 0) offer.count = 29;
        if (flaw == 1) offer.count = 2 ** 20 + 1;
        if (flaw == 2) offer.root = 0;
        if (flaw == 3) offer.root = bytes32(number - 1);
        if (flaw == 4) offer.target = 0;
        if (flaw == 5) offer.target = 2 ** 32;
        if (flaw == 6) offer.amount = MIN_DEPOSIT - 1;
        if (flaw == 7) offer.bond = _leastOf(offer) - 1;
        if (flaw == 8) offer.term = network.group(offer.group).period - 1;
        if (flaw == 9) offer.group = GROUPS + 1;
        _fund(SPONSOR, offer.amount + offer.bond);
        IBounties.Bounty memory about;
        about.group = uint32(offer.group);
        about.first = uint40((block.timestamp - START) / _lengthOf(offer.group) + 1);
        about.last = uint40(about.first + (offer.term + _lengthOf(offer.group) - 1) / _lengthOf(offer.group) - 1);
        about.windows = uint24((_startOf(offer.group, about.last + 1) - START + EPOCH - 1) / EPOCH);
        bool expected = flaw > 9 && _windowStart(about, WINDOWS) + MATURITY <= block.timestamp + EXIT;
        bytes memory call = abi.encodeCall(
            IBounties.fund,
            (offer.group, offer.root, offer.count, offer.target, offer.amount, offer.bond, offer.term)
        );
        _demand(_try(SPONSOR, call), expected, "fund");
        if (!expected) return;
        left[number] = offer.amount + offer.bond;
        _demand(_try(SPONSOR, call), false, "fund with the same root");
        IBounties.Bounty memory made = network.bounty(number);
        vm.assertEq(made.first, about.first, "the next round");
        vm.assertEq(made.last, about.last, "whole rounds");
        vm.assertEq(made.windows, about.windows, "whole epochs after them");
        vm.assertEq(made.left, left[number], "locked");
    }

    function _windowStart(IBounties.Bounty memory about, uint256 window) internal pure returns (uint256) {
        return START + (about.windows + window) * EPOCH;
    }

    function _settledAt(IBounties.Bounty memory about) internal pure returns (uint256) {
        uint256 mature = _matureAt(about.group, about.last);
        uint256 over = _windowStart(about, WINDOWS);
        return mature > over ? mature : over;
    }

    /// @dev A second at which something changes, or the one before: at the end of the term, of windows, of all of it.
    function _momentOf(IBounties.Bounty memory about, uint256 stage, uint256 seed) internal pure returns (uint256) {
        uint256 early = _draw(seed, 1, 3) == 0 ? 1 : 0;
        uint256 kind = _draw(seed, 2, 4);
        if (stage == 0) return (kind == 0 ? _windowStart(about, 0) : _startOf(about.group, about.last + 1)) - early;
        if (stage == 3) return (kind == 0 ? _windowStart(about, WINDOWS) : _settledAt(about)) - early;
        return _windowStart(about, _draw(seed, 3, WINDOWS)) + kind * EPOCH / 2 - early;
    }

    function _unseal(uint256 number, uint256 seed) internal {
        IBounties.Bounty memory about = network.bounty(number);
        bool late = block.timestamp >= _windowStart(about, 2) + EPOCH / 2;
        bool early = block.timestamp < _startOf(about.group, about.last + 1);
        address who = _draw(seed, 8, 4) == 0 ? RELAYER : SPONSOR;
        bytes memory call = abi.encodeCall(IBounties.unseal, (number, "file"));
        bool expected = !early && !late && about.unsealedAt == 0 && who == SPONSOR;
        _demand(_try(who, call), expected, "unseal");
        if (expected) vm.assertEq(network.bounty(number).unsealedAt, block.timestamp, "unsealed now");
    }

    /// @dev When the term is over, it is drawn what is told about it.
    function _tell(uint256 number) internal {
        IBounties.Bounty memory about = network.bounty(number);
        bool over = block.timestamp >= _startOf(about.group, about.last + 1);
        if (!over || results[number][0].length != 0) return;
        uint256[] memory rounds = _wonIn(about);
        if (rounds.length != 0) _note("a bounty with won rounds");
        IBounties.Result memory result = _truth(rounds, number);
        results[number][0] = abi.encode(result);
        if (rounds.length != 0) result.steps[0].won = uint32(_draw(number, 30, 4));
        result.base += 1;
        results[number][1] = abi.encode(result);
        result.failed = _draw(number, 31, 2) == 0;
        result.base = uint32(_draw(number, 32, 2 ** 32));
        result.steps = new IBounties.Step[](_draw(number, 33, 5));
        for (uint256 i; i < result.steps.length; ++i) {
            uint256 round = about.first - 2 + _draw(number, 40 + i, about.last + 5 - about.first);
            uint256 won = _draw(number, 50 + i, 5) == 0 ? type(uint32).max : _draw(number, 60 + i, 3);
            result.steps[i] = _step(round, won, _draw(number, 70 + i, 2 ** 128));
        }
        results[number][2] = abi.encode(result);
    }

    /// @dev Rounds that were won in the term.
    function _wonIn(IBounties.Bounty memory about) internal view returns (uint256[] memory rounds) {
        rounds = new uint256[](played.length);
        uint256 count;
        for (uint256 i; i < played.length; ++i) {
            (uint256 group, uint256 number) = (played[i].group, played[i].number);
            if (group != about.group || number < about.first || number > about.last) continue;
            if (network.round(group, number).winner != address(0)) rounds[count++] = number;
        }
        _cut(rounds, count);
    }

    /// @dev All won rounds in a step or in two; their losses may be any.
    function _truth(uint256[] memory rounds, uint256 seed) private pure returns (IBounties.Result memory result) {
        (result.failed, result.base) = (_draw(seed, 20, 4) == 0, BASE);
        uint256 won = rounds.length;
        if (won == 0) return result;
        uint256 first = result.failed ? won : 1 + _draw(seed, 21, won);
        result.steps = new IBounties.Step[](first == won ? 1 : 2);
        result.steps[0] = _step(rounds[first - 1], first, _draw(seed, 22, 2 ** 128));
        if (first != won) result.steps[1] = _step(rounds[won - 1], won - first, _draw(seed, 23, 2 ** 128));
    }

    function _step(uint256 round, uint256 won, uint256 seed) private pure returns (IBounties.Step memory) {
        uint256 loss = BASE + TARGET / 4 - _draw(seed, 1, TARGET * 3 / 2);
        return IBounties.Step(uint40(round), uint32(won), uint32(loss), _draw(seed, 2, 4) != 0);
    }
}
