// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {IMeasures} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Play} from "governance-test/Play.sol";

/// @title Bounties in a group of four.
/// @dev Group 1 with four validators of one stake, any three of them a quorum; bounty 1 is of the rounds after `FIRST`.
abstract contract BountyPlay is Play {
    address internal constant SPONSOR = address(0x5B0);
    bytes32 internal constant ROOT = "root of hidden examples";
    bytes32 internal constant HIDDEN = "hidden file";
    uint256 internal constant COUNT = 100;
    uint256 internal constant TARGET = 100_000;
    uint256 internal constant AMOUNT = 800 ether + 7;
    uint256 internal constant BOND = 120 ether;
    /// @dev An eighth of the amount, as it is floored.
    uint256 internal constant EIGHTH = 100 ether;
    uint256 internal constant JURY = 4;
    uint256 internal constant LAST = FIRST + PERIOD / LENGTH;
    /// @dev The first whole epoch after the term.
    uint256 internal constant WINDOWS = 10;

    function setUp() public virtual override {
        super.setUp();
        _join(1, JURY, STAKE);
        _fund(SPONSOR, 1_000_000 ether);
    }

    function _lock() internal returns (uint256) {
        return _lock(ROOT, AMOUNT, BOND, TARGET);
    }

    function _lock(bytes32 root, uint256 amount, uint256 bond, uint256 target) internal returns (uint256) {
        vm.prank(SPONSOR);
        return network.fund(1, root, COUNT, target, amount, bond, PERIOD);
    }

    /// @dev The second at which `window` begins.
    function _window(uint256 window) internal pure returns (uint256) {
        return START + (WINDOWS + window) * EPOCH;
    }

    /// @dev The second from which on all can be paid: the windows are over and the last round is mature.
    function _late() internal pure returns (uint256) {
        return _start(LAST + 1) + MATURITY;
    }

    function _unseal() internal {
        vm.warp(_start(LAST + 1));
        vm.prank(SPONSOR);
        network.unseal(1, HIDDEN);
    }

    function _finding(uint256 window, bytes32 result, uint256 key) internal view returns (IBounties.Finding memory) {
        bytes32 probe = keccak256(abi.encode(key));
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(Typed.measured(1, window, result, probe)));
        return IBounties.Finding(key, probe, r, vs);
    }

    function _findings(uint256 window, bytes32 result, uint256 first, uint256 last)
        internal
        view
        returns (IBounties.Finding[] memory findings)
    {
        findings = new IBounties.Finding[](last + 1 - first);
        for (uint256 i; i < findings.length; ++i) {
            findings[i] = _finding(window, result, first + i);
        }
    }

    /// @dev The keys from `first` to `last` find `result`.
    function _find(uint256 window, IBounties.Result memory result, uint256 first, uint256 last)
        internal
        returns (bool)
    {
        return network.find(1, window, result, _findings(window, _name(result), first, last));
    }

    /// @dev In window 0, all of them.
    function _resolve(IBounties.Result memory result) internal {
        _unseal();
        vm.warp(_window(0));
        _find(0, result, 1, JURY);
    }

    function _name(IBounties.Result memory result) internal pure returns (bytes32) {
        return keccak256(abi.encode(result));
    }

    /// @dev Nothing was won.
    function _none() internal pure returns (IBounties.Result memory result) {
        result.base = BASE;
    }

    function _failed(uint256 round, uint256 won) internal pure returns (IBounties.Result memory result) {
        result.failed = true;
        result.steps = new IBounties.Step[](1);
        result.steps[0] = IBounties.Step(uint40(round), uint32(won), 0, false);
    }

    /// @dev One step of `won` rounds up to `round`, better by `lowering` micronats.
    function _better(uint256 round, uint256 won, uint256 lowering)
        internal
        pure
        returns (IBounties.Result memory result)
    {
        result.base = BASE;
        result.steps = new IBounties.Step[](1);
        result.steps[0] = IBounties.Step(uint40(round), uint32(won), uint32(BASE - lowering), true);
    }

    function _payFor(IBounties.Result memory result, uint256 round) internal {
        network.payRounds(1, result, _one(round));
    }

    function _payJury() internal {
        uint256[] memory all = new uint256[](JURY);
        for (uint256 i; i < JURY; ++i) {
            all[i] = i + 1;
        }
        network.payFinders(1, all);
    }

    function _left() internal view returns (uint256) {
        return network.bounty(1).left;
    }

    /// @dev The round's claim with that file turns out to be another's.
    function _strikeRound(uint256 round, bytes32 file) internal {
        bytes memory args = abi.encode(1, round, _claim(file, BASE, LOSS), 0);
        (uint256 number, uint256 expiry) = (round, _expiry());
        _bring(IMeasures.Kind.Strike, args, number, expiry, 1, VALIDATORS);
    }
}
