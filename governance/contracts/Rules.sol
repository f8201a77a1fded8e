// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Schedule} from "token/Schedule.sol";

/// @title The arithmetic of rounds and periods.
/// @dev Amounts in wei, times in seconds, losses in micronats; all divisions floor.
library Rules {
    /// @dev A deposit is doubled for each void round in a row, this many times at most.
    uint256 private constant DOUBLINGS = 8;

    /// @notice A delta at the turn of its period; `votes` in wei.
    struct Candidate {
        uint256 number;
        uint256 votes;
        bytes32 parent;
    }

    /// @notice Divisor of the share of one group: all admitted awake stake, at least a tenth of the supply.
    function total(uint256 admittedAwake, uint256 supply) internal pure returns (uint256) {
        return Math.max(admittedAwake, supply / 10);
    }

    /// @notice R: what the trainer of a round of `length` earns.
    function reward(uint256 supply, uint256 length, uint256 awake, uint256 total_, uint256 era)
        internal
        pure
        returns (uint256)
    {
        return _share(supply * length * awake, 3600 * 100_000, total_, era);
    }

    /// @notice V: what all validators of a round earn together.
    function validatorsReward(uint256 reward_) internal pure returns (uint256) {
        return reward_ / 5;
    }

    /// @notice A: what the author of a delta that stood for a `period` earns.
    function authorReward(uint256 supply, uint256 period, uint256 awake, uint256 total_, uint256 era)
        internal
        pure
        returns (uint256)
    {
        return _share(supply * period * awake, 604_800 * 1_000_000, total_, era);
    }

    /// @notice What a commit costs after `voids` void rounds in a row.
    function deposit(uint256 reward_, uint256 minDeposit, uint256 voids) internal pure returns (uint256) {
        return Math.max(validatorsReward(reward_), minDeposit) << Math.min(voids, DOUBLINGS);
    }

    /// @notice Whether `stake` is more than two thirds of `awake`.
    function quorum(uint256 stake, uint256 awake) internal pure returns (bool) {
        return awake != 0 && stake * 3 > awake * 2;
    }

    /// @notice Whether `loss` is lower than `base` by `base >> improve`, at least by 1.
    function improves(uint256 base, uint256 loss, uint256 improve) internal pure returns (bool) {
        return loss + Math.max(1, base >> improve) <= base;
    }

    /// @notice Whether the claim (base, loss) of commit `number` is judged before the other one.
    function ahead(
        uint256 base,
        uint256 loss,
        uint256 number,
        uint256 otherBase,
        uint256 otherLoss,
        uint256 otherNumber
    ) internal pure returns (bool) {
        uint256 own = _step(base, loss);
        uint256 other = _step(otherBase, otherLoss);
        return own < other || (own == other && number < otherNumber);
    }

    /// @notice The part of a deposit that comes back if nothing was proved wrong.
    function mostOf(uint256 deposit_) internal pure returns (uint256) {
        return deposit_ * 15 / 16;
    }

    /// @notice Bond of a proposed delta.
    function bond(uint256 authorReward_, uint256 minDeposit) internal pure returns (uint256) {
        return Math.max(4 * authorReward_, minDeposit);
    }

    /// @notice Whether a delta may be proposed: not in the last quarter of the period.
    function mayPropose(uint256 time, uint256 period, uint256 periodEnd) internal pure returns (bool) {
        return time < periodEnd - period / 4;
    }

    /// @notice Number of the delta that a turn applies, 0 if none: the most votes (of equals the lower number), more
    /// than `keep`, a tenth of the group's `stake`, proposed on `head`.
    function elect(Candidate[] memory candidates, uint256 keep, uint256 stake, bytes32 head)
        internal
        pure
        returns (uint256)
    {
        Candidate memory first;
        for (uint256 i; i < candidates.length; ++i) {
            if (_beats(candidates[i], first)) first = candidates[i];
        }
        return first.votes > keep && enough(first.votes, stake) && first.parent == head ? first.number : 0;
    }

    /// @notice Whether `votes` for a delta are a tenth of the group's `stake`.
    function enough(uint256 votes, uint256 stake) internal pure returns (bool) {
        return votes * 10 >= stake;
    }

    /// @notice Whether `assents` are more than half of `stake`.
    function majority(uint256 assents, uint256 stake) internal pure returns (bool) {
        return assents * 2 > stake;
    }

    /// @notice Whether `assents` carry a measure of the whole network.
    function majorityOfAll(uint256 assents, uint256 bonded, uint256 supply) internal pure returns (bool) {
        return majority(assents, bonded) && assents >= supply / 10;
    }

    /// @notice Void rounds in a row, at the opening of a round, after the one opened before it.
    function nextVoids(uint256 voids, bool decided, bool revealed) internal pure returns (uint256) {
        if (decided) return 0;
        return revealed ? voids + 1 : voids;
    }

    /// @notice What a commit shows of a checkpoint.
    function seal(uint256 group, uint256 round, bytes32 file, address trainer, bytes32 salt)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(group, round, file, trainer, salt));
    }

    /// @notice The name of a claim.
    function claim(bytes32 file, uint32 base, uint32 loss, bytes32 lossRoot) internal pure returns (bytes32) {
        return keccak256(abi.encode(file, base, loss, lossRoot));
    }

    /// @notice The head after the delta with that digest; an empty training set has head 0.
    function next(bytes32 head, bytes32 digest) internal pure returns (bytes32) {
        return keccak256(abi.encode(head, digest));
    }

    function _beats(Candidate memory candidate, Candidate memory first) private pure returns (bool) {
        if (candidate.votes != first.votes) return candidate.votes > first.votes;
        return candidate.number < first.number;
    }

    /// @dev Losses on one step of `base / 8192` rank as equal.
    function _step(uint256 base, uint256 loss) private pure returns (uint256) {
        return loss / Math.max(1, base >> 13);
    }

    function _share(uint256 amount, uint256 parts, uint256 total_, uint256 era) private pure returns (uint256) {
        if (total_ == 0 || era >= Schedule.ERAS) return 0;
        return amount / (parts * total_) >> era;
    }
}
