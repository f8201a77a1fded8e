// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {Typed} from "governance/Typed.sol";
import {FundHandler} from "governance-test/FundHandler.sol";

/// @title Bounties in their windows: measured by drawn coalitions, in one call or several, in right windows and wrong ones; and
/// who signs two results.
abstract contract FindHandler is FundHandler {
    /// @dev Findings for one result. @param fresh how many were not counted for it before, with `weight` wei.
    struct Lot {
        uint256 number;
        uint256 window;
        bytes32 name;
        IBounties.Finding[] findings;
        uint256[] positions;
        uint256 fresh;
        uint256 weight;
    }

    /// @dev Wei that signed one result in one window, and whose.
    mapping(bytes32 gathering => uint256) internal found;
    mapping(bytes32 gathering => mapping(uint256 position => uint256)) internal finders;

    /// @dev Findings for one of the results, mostly for the same one, in the window that runs or in any.
    function _find(uint256 number, uint256 seed) internal {
        IBounties.Bounty memory about = network.bounty(number);
        bytes memory result = _toldOf(number, _draw(seed, 1, 4) == 0 ? _draw(seed, 2, 3) : number % 3);
        uint256 epoch = network.epoch();
        Lot memory lot;
        (lot.number, lot.name) = (number, keccak256(result));
        lot.window = epoch < about.windows || _draw(seed, 3, 8) == 0 ? _draw(seed, 4, 4) : epoch - about.windows;
        _gather(lot, about, seed);
        bool open = about.status == IBounties.BountyStatus.Locked;
        bool runs = lot.window < WINDOWS && epoch == about.windows + lot.window;
        bool expected = runs && lot.fresh != 0 && (open || (lot.window == about.window && lot.name == about.result));
        (bool done, bytes memory answer) = _ask(RELAYER, _findCall(lot, result));
        _demand(done, expected, open ? "find" : "find what is decided");
        if (expected) _noteFound(lot, about, abi.decode(answer, (bool)));
    }

    function _findCall(Lot memory lot, bytes memory result) private pure returns (bytes memory) {
        IBounties.Result memory shown = abi.decode(result, (IBounties.Result));
        return abi.encodeCall(IBounties.find, (lot.number, lot.window, shown, lot.findings));
    }

    /// @dev Before the term is over there is nothing to tell.
    function _toldOf(uint256 number, uint256 index) internal view returns (bytes memory result) {
        IBounties.Result memory nothing;
        result = results[number][index];
        return result.length == 0 ? abi.encode(nothing) : result;
    }

    /// @dev One twice, one of another window.
    function _gather(Lot memory lot, IBounties.Bounty memory about, uint256 seed) private view {
        uint256 count = network.positions(about.group);
        (lot.findings, lot.positions) = (new IBounties.Finding[](count + 2), new uint256[](count));
        // A quarter, most, or all of them: quorums are missed by little, too.
        uint256 signs = 2 + 3 * _draw(seed, 5, 3);
        bytes32 gathering = _gathering(lot.number, lot.window, lot.name);
        for (uint256 i; i < count; ++i) {
            if (_draw(seed, 100 + i, 8) >= signs) continue;
            lot.findings[i] = _finding(about, lot.number, lot.window, i + 1, lot.name);
            uint256 live = _liveOf(about.group, i + 1, true);
            if (live == 0 || finders[gathering][i + 1] != 0) continue;
            lot.positions[lot.fresh++] = i + 1;
            lot.weight += live;
        }
        lot.findings[count] = lot.findings[_draw(seed, 6, count)];
        uint256 stray = 1 + _draw(seed, 7, count);
        lot.findings[count + 1] = _finding(about, lot.number, lot.window + 1, stray, lot.name);
    }

    function _noteFound(Lot memory lot, IBounties.Bounty memory about, bool decided) private {
        bytes32 gathering = _gathering(lot.number, lot.window, lot.name);
        for (uint256 i; i < lot.fresh; ++i) {
            finders[gathering][lot.positions[i]] = _liveOf(about.group, lot.positions[i], true);
        }
        if (found[gathering] != 0) _note("find in several calls");
        found[gathering] += lot.weight;
        vm.assertEq(network.foundFor(lot.number, lot.window, lot.name), found[gathering], "found");
        bool open = about.status == IBounties.BountyStatus.Locked;
        bool decides = open && found[gathering] * 3 > network.stake(about.group).awake * 2;
        vm.assertEq(decided, decides, "more than two thirds of awake stake");
        if (open && !decides) return;
        about = network.bounty(lot.number);
        vm.assertEq(uint256(about.stake) * 1 gwei, found[gathering], "stake behind the result");
        vm.assertEq(about.result, lot.name, "the result");
        _note(about.status == IBounties.BountyStatus.Failed ? "a bounty fails" : "a bounty is measured");
    }

    /// @dev Who signed two results in one window, of whom it is not known whether he did.
    function _slashFinder(uint256 number, uint256 seed) internal {
        IBounties.Bounty memory about = network.bounty(number);
        uint256 window = _draw(seed, 14, WINDOWS + 1);
        Offence memory offence;
        offence.group = about.group;
        offence.position = _randomPosition(about.group, seed);
        offence.epoch = about.windows + window;
        (offence.from, offence.until) = (_windowStart(about, window), _windowStart(about, window + 1));
        if (window == WINDOWS) offence.from = FOREVER;
        IBounties.Finding memory one = _finding(about, number, window, offence.position, "one");
        IBounties.Finding memory two = _finding(about, number, window, offence.position, "two");
        bytes memory call = abi.encodeCall(IBounties.slashFindings, (number, window, "one", one, "two", two));
        _report(offence, call, "slash for finding twice");
    }

    /// @dev By the key of the window's epoch.
    function _finding(IBounties.Bounty memory about, uint256 number, uint256 window, uint256 position, bytes32 result)
        private
        view
        returns (IBounties.Finding memory)
    {
        uint256 key = _keyIn(about.group, position, about.windows + window);
        if (key == 0) return IBounties.Finding(position, 0, 0, 0);
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(Typed.measured(number, window, result, "probe")));
        return IBounties.Finding(position, "probe", r, vs);
    }

    function _gathering(uint256 number, uint256 window, bytes32 name) internal pure returns (bytes32) {
        return keccak256(abi.encode(number, window, name));
    }
}
