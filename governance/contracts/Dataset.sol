// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDataset, IGroups, IRounds} from "governance/INetwork.sol";
import {Pay} from "governance/Pay.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";

/// @title Dataset: one delta a period, chosen by stake.
abstract contract Dataset is Pay, IDataset {
    using SafeCast for uint256;

    uint256 private constant OPEN_MAX = 16;
    /// @dev Least gas of a turn, and of each proposal in it, that the purse pays back.
    uint256 private constant TURN_GAS = 60_000;
    uint256 private constant PROPOSAL_GAS = 5_000;
    /// @dev A choice whose `seq` has more bits is none; the bit above them is the owner's.
    uint256 private constant SEQ_BITS = 95;

    function propose(uint256 group, bytes32 parent, bytes32 digest, uint256 amount) external returns (uint256 delta) {
        IGroups.Group storage stored = _group(group);
        _turnIfOver(group, stored);
        if (parent != stored.head) revert WrongParent(stored.head);
        uint256 closes = Rules.lastQuarter(stored.period, stored.periodEnd, stored.extended);
        // What was displaced may answer.
        bool again = _displaced[group][digest] == stored.periodNumber;
        if (block.timestamp >= closes && !again) revert LastQuarter(closes);
        uint256 least = Rules.bond(_authorReward(group, stored), _minDeposit);
        if (amount < least) revert BondTooSmall(least);
        delta = ++stored.proposals;
        Delta storage proposed = _deltas[group][delta];
        proposed.digest = digest;
        proposed.parent = parent;
        proposed.author = msg.sender;
        proposed.bond = amount.toUint96();
        proposed.period = stored.periodNumber;
        proposed.status = DeltaStatus.Open;
        // What is bid for a place, beyond what everybody has to give.
        uint256 bid = _enlist(group, delta, amount) ? amount : amount - least;
        proposed.atRisk = (bid - Rules.mostOf(bid)).toUint96();
        emit Proposed(group, delta, msg.sender, digest, parent, stored.periodNumber, amount, proposed.atRisk);
        _take(amount);
    }

    function cast(uint256 group, Choice[] calldata choices) external {
        IGroups.Group storage stored = _group(group);
        _turnIfOver(group, stored);
        bool late = block.timestamp + Rules.answerTime(stored.period) > stored.periodEnd;
        // Whether it is a tenth that wants it can change without a vote.
        uint256 leading = late ? _leader(group, stored, 0) : 0;
        uint32 period = stored.periodNumber;
        bytes32 domain = _domainSeparatorV4();
        Counted[] memory counted = new Counted[](choices.length);
        uint256 length;
        for (uint256 i; i < choices.length; ++i) {
            Counted memory vote = _castOne(group, period, domain, choices[i]);
            if (vote.weight != 0) counted[length++] = vote;
        }
        if (length == 0) revert IRounds.NothingCounted();
        assembly ("memory-safe") {
            mstore(counted, length)
        }
        emit Cast(group, period, counted);
        if (late && _leader(group, stored, 0) != leading) _extend(group, stored);
    }

    function turn(uint256 group) external {
        IGroups.Group storage stored = _group(group);
        if (block.timestamp < stored.periodEnd) revert PeriodRunning(stored.periodEnd);
        uint256 proposals = _turn(group, stored);
        if (proposals != 0 && stored.admitted) _payBack(TURN_GAS + PROPOSAL_GAS * proposals);
    }

    function refund(uint256 group, uint256[] calldata deltas) external {
        uint256 refunded;
        for (uint256 i; i < deltas.length; ++i) {
            if (_refundOne(group, deltas[i])) ++refunded;
        }
        if (refunded == 0) revert NothingToRefund();
    }

    function leastBond(uint256 group) external view returns (uint256) {
        return Rules.bond(_authorReward(group, _group(group)), _minDeposit);
    }

    function delta(uint256 group, uint256 number) external view returns (Delta memory) {
        return _deltas[group][number];
    }

    function keepVotes(uint256 group) external view returns (uint256) {
        return _keep[group][_group(group).periodNumber];
    }

    function openDeltas(uint256 group) external view returns (uint256[] memory numbers) {
        uint32[] storage open = _open[group];
        numbers = new uint256[](open.length);
        for (uint256 i; i < numbers.length; ++i) {
            numbers[i] = open[i];
        }
    }

    function ballot(uint256 group, uint256 position) external view returns (Counted memory shown) {
        Ballot storage stored = _ballots[group][position];
        shown.position = position;
        if (stored.period != _group(group).periodNumber) return shown;
        (shown.delta, shown.weight) = (stored.delta, stored.weight);
        (shown.seq, shown.byOwner) = (stored.rank & (2 ** SEQ_BITS - 1), stored.rank >> SEQ_BITS != 0);
    }

    /// @dev Whether the author has his bond back, and A if the delta stands.
    function _refundOne(uint256 group, uint256 number) private returns (bool) {
        Delta storage stored = _deltas[group][number];
        bool stands = stored.status == DeltaStatus.Applied && block.timestamp >= stored.standsAt;
        if (!stands && stored.status != DeltaStatus.Dropped) return false;
        stored.status = DeltaStatus.Refunded;
        uint256 asked = stands ? stored.reward : 0;
        uint256 issued = _issue(stored.author, asked);
        emit Refunded(group, number, stored.author, stored.bond, asked, issued);
        _give(stored.author, stored.bond);
        return true;
    }

    /// @dev Puts `delta` on the list; on a full one it takes the place of the lowest bond that is below its own.
    /// @return displacer whether it did.
    function _enlist(uint256 group, uint256 delta, uint256 bond) private returns (bool displacer) {
        uint32[] storage open = _open[group];
        if (open.length < OPEN_MAX) {
            open.push(delta.toUint32());
            return false;
        }
        (uint256 lowest, uint256 least) = _lowest(group, open);
        if (least >= bond) revert ProposalsFull(least);
        uint256 number = open[lowest];
        Delta storage displaced = _deltas[group][number];
        _displaced[group][displaced.digest] = displaced.period;
        emit Displaced(group, number, delta);
        _burn(_drop(group, number, displaced));
        open[lowest] = delta.toUint32();
        return true;
    }

    /// @dev Drops an open delta. @return charged wei of its bond: what bid for a place and was not wanted pays for it.
    function _drop(uint256 group, uint256 number, Delta storage open) private returns (uint256 charged) {
        open.status = DeltaStatus.Dropped;
        charged = open.atRisk;
        if (charged == 0 || _wanted(group, open)) return 0;
        open.bond -= charged.toUint96();
        emit Charged(group, number, charged);
    }

    function _wanted(uint256 group, Delta storage open) private view returns (bool) {
        return open.votes != 0 && Rules.enough(open.votes, _sumsNow(group).bonded * UNIT);
    }

    /// @dev The open delta with the least bond; none that has the votes to be applied gives way.
    function _lowest(uint256 group, uint32[] storage open) private view returns (uint256 lowest, uint256 least) {
        least = type(uint256).max;
        for (uint256 i; i < OPEN_MAX; ++i) {
            Delta storage candidate = _deltas[group][open[i]];
            if (candidate.bond < least && !_wanted(group, candidate)) (lowest, least) = (i, candidate.bond);
        }
    }

    /// @return vote of weight 0 if the choice does not count.
    function _castOne(uint256 group, uint32 period, bytes32 domain, Choice calldata choice)
        private
        returns (Counted memory vote)
    {
        Ballot storage stored = _ballots[group][choice.position];
        if (choice.seq >> SEQ_BITS != 0 || !_isOpen(group, choice.delta, choice.patch)) return vote;
        Seat storage seat = _seats[group][choice.position];
        bytes32 hash = Typed.choice(group, period, choice.delta, choice.patch, choice.seq);
        uint256 speaker = _speaker(seat, MessageHashUtils.toTypedDataHash(domain, hash), choice.signature);
        if (speaker == 0) return vote;
        bool byOwner = speaker == 2;
        uint256 rank = choice.seq | (byOwner ? 1 << SEQ_BITS : 0);
        bool again = stored.period == period;
        (uint64 live,) = _now(seat);
        if (live == 0 || (again && rank <= stored.rank)) return vote;
        uint256 weight = live * UNIT;
        if (again) _addVotes(group, period, stored.delta, -int256(uint256(stored.weight)));
        _addVotes(group, period, choice.delta, weight.toInt256());
        (stored.period, stored.delta) = (period, choice.delta.toUint32());
        (stored.weight, stored.rank) = (weight.toUint96(), rank.toUint96());
        return Counted(choice.position, choice.delta, weight, choice.seq, byOwner);
    }

    /// @dev Whether `patch` is what is open under that number; 0 stands for keeping the set.
    function _isOpen(uint256 group, uint256 number, bytes32 patch) private view returns (bool) {
        if (number == 0) return patch == 0;
        Delta storage open = _deltas[group][number];
        return open.status == DeltaStatus.Open && open.digest == patch;
    }

    function _addVotes(uint256 group, uint256 period, uint256 delta, int256 weight) private {
        if (delta == 0) {
            _keep[group][period] = _sum(_keep[group][period], weight);
        } else {
            Delta storage stored = _deltas[group][delta];
            stored.votes = _sum(stored.votes, weight).toUint96();
        }
    }

    function _sum(uint256 votes, int256 weight) private pure returns (uint256) {
        return SafeCast.toUint256(SafeCast.toInt256(votes) + weight);
    }

    function _turnIfOver(uint256 group, IGroups.Group storage stored) private {
        if (block.timestamp >= stored.periodEnd) _turn(group, stored);
    }

    /// @return proposals number of deltas that were open.
    function _turn(uint256 group, IGroups.Group storage stored) private returns (uint256 proposals) {
        uint32 period = stored.periodNumber;
        uint256 applied = _leader(group, stored, _sumsNow(group).bonded * UNIT);
        proposals = _clear(group, applied);
        (stored.period, stored.extended) = (stored.periodNext, 0);
        uint40 periodEnd = (block.timestamp + stored.period).toUint40();
        (stored.periodNumber, stored.periodEnd, stored.applied) = (period + 1, periodEnd, applied.toUint32());
        uint256 reward;
        if (applied != 0) reward = _apply(group, _deltas[group][applied], stored);
        emit Turned(group, period, applied, stored.head, reward, stored.period, periodEnd);
    }

    /// @dev The delta that would be applied if the period ended now with so much bonded in the group, wei; 0 if none.
    function _leader(uint256 group, IGroups.Group storage stored, uint256 bonded) private view returns (uint256) {
        uint32[] storage open = _open[group];
        Rules.Candidate[] memory candidates = new Rules.Candidate[](open.length);
        for (uint256 i; i < candidates.length; ++i) {
            Delta storage candidate = _deltas[group][open[i]];
            candidates[i] = Rules.Candidate(open[i], candidate.votes, candidate.parent);
        }
        uint256 keep = _keep[group][stored.periodNumber];
        return Rules.elect(candidates, keep, bonded, stored.head);
    }

    /// @dev Drops all open deltas but the one to be applied, and empties the list.
    function _clear(uint256 group, uint256 applied) private returns (uint256 length) {
        uint32[] storage open = _open[group];
        length = open.length;
        uint256 charged;
        for (uint256 i; i < length; ++i) {
            if (open[i] != applied) charged += _drop(group, open[i], _deltas[group][open[i]]);
        }
        delete _open[group];
        _burn(charged);
    }

    /// @dev Others have time to answer a vote that has changed what will be applied.
    function _extend(uint256 group, IGroups.Group storage stored) private {
        uint256 extension = Rules.extension(block.timestamp, stored.period, stored.periodEnd, stored.extended);
        if (extension == 0) return;
        stored.extended += extension.toUint32();
        stored.periodEnd += extension.toUint40();
        emit Extended(group, stored.periodNumber, stored.periodEnd);
    }

    function _apply(uint256 group, Delta storage elected, IGroups.Group storage stored)
        private
        returns (uint256 reward)
    {
        reward = Rules.fromBond(_authorReward(group, stored), elected.bond);
        elected.status = DeltaStatus.Applied;
        elected.reward = reward.toUint96();
        elected.standsAt = stored.periodEnd;
        stored.head = Rules.next(stored.head, elected.digest);
    }

    /// @dev A of a delta that will stand for the next period.
    function _authorReward(uint256 group, IGroups.Group storage stored) private view returns (uint256) {
        if (!stored.admitted) return 0;
        (uint256 supply, uint256 awake, uint256 total, uint256 era) = _issueNow(group);
        return Rules.authorReward(supply, stored.periodNext, awake, total, era);
    }
}
