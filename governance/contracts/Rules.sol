// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Schedule} from "token/Schedule.sol";

/// @title The arithmetic of rounds and periods.
/// @dev Amounts in wei, times in seconds, losses in micronats; all divisions floor.
library Rules {
    /// @dev A deposit is doubled for each void round in a row, this many times at most.
    uint256 private constant DOUBLINGS = 8;
    /// @dev Sleep is doubled for who comes to it again within so many epochs of being allowed to wake, so many times at most.
    uint256 private constant FORGET_SLEEP = 32;
    uint256 private constant SLEEPS_MAX = 7;

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

    /// @notice Which loss is lower than `base` by `base >> improve` and by `least`, at least by 1.
    /// @return most the highest such loss. @return possible whether there is one.
    function mostLoss(uint256 base, uint256 improve, uint256 least)
        internal
        pure
        returns (uint256 most, bool possible)
    {
        uint256 step = Math.max(Math.max(1, least), base >> improve);
        return step > base ? (0, false) : (base - step, true);
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

    /// @notice The part that comes back to who conceded as the `order`-th of a round, from 1.
    function concededOf(uint256 deposit_, uint256 order) internal pure returns (uint256) {
        return deposit_ * (16 - Math.min(order, 16)) / 16;
    }

    /// @notice How often the sleep is doubled of who is put to it in `epoch` and slept before until `until`, 0 if never;
    /// that one was doubled `dozed` times.
    function nextDozed(uint256 epoch, uint256 until, uint256 dozed) internal pure returns (uint256) {
        return until == 0 || epoch >= until + FORGET_SLEEP ? 0 : Math.min(dozed + 1, SLEEPS_MAX);
    }

    /// @notice The epoch from which on it may be awake again.
    function sleepsUntil(uint256 epoch, uint256 dozed) internal pure returns (uint256) {
        return epoch + 1 + (1 << dozed);
    }

    /// @notice Bond of a proposed delta.
    function bond(uint256 authorReward_, uint256 minDeposit) internal pure returns (uint256) {
        return Math.max(4 * authorReward_, minDeposit);
    }

    /// @notice A of a delta with that bond: it is never more than the bond has been put at risk for.
    function fromBond(uint256 authorReward_, uint256 bond_) internal pure returns (uint256) {
        return Math.min(authorReward_, bond_ / 4);
    }

    /// @notice The second from which on nothing is proposed: the last quarter of a `period`, extensions left aside.
    function lastQuarter(uint256 period, uint256 periodEnd, uint256 extended) internal pure returns (uint256) {
        return periodEnd - extended - period / 4;
    }

    /// @notice How long others can answer a vote that changes what would be applied, s.
    function answerTime(uint256 period) internal pure returns (uint256) {
        return period / 8;
    }

    /// @notice By how much such a vote at `time` extends the period; all together by half of it at most.
    function extension(uint256 time, uint256 period, uint256 periodEnd, uint256 extended)
        internal
        pure
        returns (uint256)
    {
        uint256 until = time + answerTime(period);
        return until <= periodEnd ? 0 : Math.min(until - periodEnd, period / 2 - extended);
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

    /// @notice What assents to a measure of the whole network must exceed: half of what is bonded, and all but a wei of a
    /// tenth of the supply.
    function neededOfAll(uint256 bonded, uint256 supply) internal pure returns (uint256) {
        uint256 tenth = supply / 10;
        return Math.max(bonded / 2, tenth == 0 ? 0 : tenth - 1);
    }

    /// @notice What assents to a rollback must exceed: half of the awake stake, and all but a wei of the `votes` it undoes.
    function neededToRollBack(uint256 awake, uint256 votes) internal pure returns (uint256) {
        return Math.max(awake / 2, votes == 0 ? 0 : votes - 1);
    }

    /// @notice Void rounds in a row, 8 at most, at the opening of a round, `epochs` after the one opened before it: half of
    /// them are forgotten with each epoch.
    function nextVoids(uint256 voids, bool decided, bool revealed, uint256 epochs) internal pure returns (uint256) {
        if (decided) return 0;
        return Math.min(revealed ? voids + 1 : voids, DOUBLINGS) >> epochs;
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
