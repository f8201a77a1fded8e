// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IBounties} from "governance/IBounties.sol";

/// @title The arithmetic of bounties.
/// @dev Amounts in wei, losses in micronats; all divisions floor.
library Prizes {
    /// @notice The eighth that goes to validators, and the one that goes to won rounds, whatever came out.
    function eighth(uint256 amount) internal pure returns (uint256) {
        return amount / 8;
    }

    /// @notice Rounds that were won in the term.
    function won(IBounties.Result calldata result) internal pure returns (uint256 sum) {
        for (uint256 i; i < result.steps.length; ++i) {
            sum += result.steps[i].won;
        }
    }

    /// @notice What each round that was won between a step and the one before gets for it.
    /// @return shares one for each step.
    function shares(IBounties.Result calldata result, uint256 amount, uint256 target)
        internal
        pure
        returns (uint256[] memory)
    {
        uint256[] memory each = new uint256[](result.steps.length);
        (uint256 best, uint256 left) = (result.base, target);
        if (result.failed) return each;
        uint256 pot = amount - 2 * eighth(amount);
        for (uint256 i; i < each.length; ++i) {
            IBounties.Step calldata step = result.steps[i];
            if (!step.better || step.loss >= best || step.won == 0) continue;
            uint256 lowering = Math.min(best - step.loss, left);
            each[i] = pot * lowering / target / step.won;
            (best, left) = (step.loss, left - lowering);
        }
        return each;
    }

    /// @notice What each won round gets whatever it improved: a part of the eighth, or of all that a sponsor lost who failed.
    function equalShare(IBounties.Result calldata result, uint256 amount, uint256 bond)
        internal
        pure
        returns (uint256)
    {
        uint256 rounds = won(result);
        return rounds == 0 ? 0 : _equalPot(result, amount, bond) / rounds;
    }

    /// @notice What goes back to the sponsor of a decided bounty, and what is burned because nobody earned it.
    function unearned(IBounties.Result calldata result, uint256 amount, uint256 bond, uint256 target)
        internal
        pure
        returns (uint256 back, uint256 burned)
    {
        uint256 rest = _equalPot(result, amount, bond) - won(result) * equalShare(result, amount, bond);
        if (result.failed) return (0, rest);
        uint256[] memory each = shares(result, amount, target);
        back = amount - 2 * eighth(amount) + bond;
        for (uint256 i; i < each.length; ++i) {
            back -= each[i] * result.steps[i].won;
        }
        return won(result) == 0 ? (back, rest) : (back + rest, 0);
    }

    /// @notice The step in which `round` takes part: the first that is not before it, or the last.
    function stepOf(IBounties.Result calldata result, uint256 round) internal pure returns (uint256 index) {
        while (index + 1 < result.steps.length && result.steps[index].round < round) ++index;
    }

    function _equalPot(IBounties.Result calldata result, uint256 amount, uint256 bond) private pure returns (uint256) {
        return result.failed ? amount + bond - eighth(amount) : eighth(amount);
    }
}
