// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDataset, IGroups, IMeasures} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {State} from "governance/State.sol";
import {Typed} from "governance/Typed.sol";

/// @title Dataset: one delta a period, chosen by stake.
abstract contract Dataset is State, IDataset {
    using SafeCast for uint256;

    uint256 private constant OPEN_MAX = 16;
    /// @dev Least gas of a turn, and of each proposal in it, that the purse pays back.
    uint256 private constant TURN_GAS = 60_000;
    uint256 private constant PROPOSAL_GAS = 5_000;
    /// @dev A choice whose `seq` has more bits is none.
    uint256 private constant SEQ_BITS = 96;

    function propose(uint256 group, bytes32 digest, uint256 amount) external returns (uint256 delta) {
        IGroups.Group storage stored = _group(group);
        _turnIfOver(group, stored);
        if (!Rules.mayPropose(block.timestamp, stored.period, stored.periodEnd)) revert LastQuarter();
        if (amount < Rules.bond(_authorReward(group, stored), _minDeposit)) revert BondTooSmall();
        delta = ++stored.proposals;
        _enlist(group, delta, amount);
        Delta storage proposed = _deltas[group][delta];
        proposed.digest = digest;
        proposed.parent = stored.head;
        proposed.author = msg.sender;
        proposed.bond = amount.toUint96();
        proposed.period = stored.periodNumber;
        proposed.status = DeltaStatus.Open;
        emit Proposed(group, delta, msg.sender, digest, stored.head, stored.periodNumber, amount);
        _take(amount);
    }

    function cast(uint256 group, Choice[] calldata choices) external {
        IGroups.Group storage stored = _group(group);
        _turnIfOver(group, stored);
        uint32 period = stored.periodNumber;
        bytes32 domain = _domainSeparatorV4();
        uint256[] memory counted = new uint256[](choices.length);
        uint256 length;
        for (uint256 i; i < choices.length; ++i) {
            if (_castOne(group, period, domain, choices[i])) {
                counted[length++] = choices[i].position << SEQ_BITS | choices[i].seq;
            }
        }
        assembly ("memory-safe") {
            mstore(counted, length)
        }
        emit Cast(group, period, counted);
    }

    function turn(uint256 group) external {
        IGroups.Group storage stored = _group(group);
        if (block.timestamp < stored.periodEnd) revert PeriodRunning();
        uint256 proposals = _turn(group, stored);
        if (proposals != 0 && stored.admitted) _payBack(TURN_GAS + PROPOSAL_GAS * proposals);
    }

    function refund(uint256 group, uint256 delta) external {
        Delta storage stored = _deltas[group][delta];
        DeltaStatus status = stored.status;
        if (status == DeltaStatus.None) revert NoSuchDelta();
        if (status == DeltaStatus.Refunded) revert AlreadyRefunded();
        if (status == DeltaStatus.Taken) revert TakenBack();
        if (status == DeltaStatus.Open) revert NotStanding();
        bool stands = status == DeltaStatus.Applied;
        if (stands && block.timestamp < stored.standsAt) revert NotStanding();
        stored.status = DeltaStatus.Refunded;
        uint256 asked = stands ? stored.reward : 0;
        uint256 issued = _issue(stored.author, asked);
        emit Refunded(group, delta, stored.author, stored.bond, asked, issued);
        _give(stored.author, stored.bond);
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

    /// @dev Takes the delta on trial out of the set; half of its bond goes to the author of the last one that stood.
    function _takeBack(uint256 group, uint256 number)
        internal
        returns (bytes32 head, address author, uint256 paid, uint256 burned)
    {
        IGroups.Group storage stored = _group(group);
        Delta storage taken = _deltas[group][number];
        bool onTrial = number != 0 && stored.applied == number && block.timestamp < taken.standsAt;
        if (!onTrial) revert IMeasures.NotOnTrial();
        taken.status = DeltaStatus.Taken;
        head = taken.parent;
        (stored.head, stored.applied) = (head, 0);
        author = _deltas[group][stored.standing].author;
        paid = author == address(0) ? 0 : taken.bond / 2;
        burned = taken.bond - paid;
    }

    /// @dev Puts `delta` on the list; on a full one it takes the place of the lowest bond that is below its own.
    function _enlist(uint256 group, uint256 delta, uint256 bond) private {
        uint32[] storage open = _open[group];
        if (open.length < OPEN_MAX) {
            open.push(delta.toUint32());
            return;
        }
        (uint256 lowest, uint256 least) = _lowest(group, open);
        if (least >= bond) revert ProposalsFull();
        Delta storage displaced = _deltas[group][open[lowest]];
        displaced.status = DeltaStatus.Dropped;
        emit Displaced(group, open[lowest]);
        open[lowest] = delta.toUint32();
    }

    /// @dev The open delta with the least bond; none that has the votes to be applied gives way.
    function _lowest(uint256 group, uint32[] storage open) private view returns (uint256 lowest, uint256 least) {
        uint256 stake = _sumsNow(group).bonded * UNIT;
        least = type(uint256).max;
        for (uint256 i; i < OPEN_MAX; ++i) {
            Delta storage candidate = _deltas[group][open[i]];
            bool wanted = candidate.votes != 0 && Rules.enough(candidate.votes, stake);
            if (!wanted && candidate.bond < least) (lowest, least) = (i, candidate.bond);
        }
    }

    function _castOne(uint256 group, uint32 period, bytes32 domain, Choice calldata choice) private returns (bool) {
        Ballot storage ballot = _ballots[group][choice.position];
        bool again = ballot.period == period;
        if (choice.seq >> SEQ_BITS != 0 || (again && choice.seq <= ballot.seq)) return false;
        if (choice.delta != 0 && _deltas[group][choice.delta].status != DeltaStatus.Open) return false;
        bytes32 hash = Typed.choice(group, period, choice.delta, choice.seq);
        bytes32 digest = MessageHashUtils.toTypedDataHash(domain, hash);
        uint256 weight = _weigh(_seats[group][choice.position], _epoch(), false, digest, choice.r, choice.vs) * UNIT;
        if (weight == 0) return false;
        if (again) _addVotes(group, period, ballot.delta, -int256(uint256(ballot.weight)));
        _addVotes(group, period, choice.delta, weight.toInt256());
        (ballot.period, ballot.delta) = (period, choice.delta.toUint32());
        (ballot.weight, ballot.seq) = (weight.toUint96(), choice.seq.toUint96());
        return true;
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
        uint40 periodEnd = (block.timestamp + stored.period).toUint40();
        proposals = _open[group].length;
        uint256 applied = _elect(group, period, stored.head);
        if (stored.applied != 0) stored.standing = stored.applied;
        (stored.periodNumber, stored.periodEnd, stored.applied) = (period + 1, periodEnd, applied.toUint32());
        uint256 reward;
        if (applied != 0) reward = _apply(group, _deltas[group][applied], stored);
        emit Turned(group, period, applied, stored.head, reward, periodEnd);
    }

    /// @dev The delta that won the period, 0 if none; drops all and empties the list.
    function _elect(uint256 group, uint256 period, bytes32 head) private returns (uint256) {
        uint32[] storage open = _open[group];
        Rules.Candidate[] memory candidates = new Rules.Candidate[](open.length);
        for (uint256 i; i < candidates.length; ++i) {
            Delta storage candidate = _deltas[group][open[i]];
            candidate.status = DeltaStatus.Dropped;
            candidates[i] = Rules.Candidate(open[i], candidate.votes, candidate.parent);
        }
        delete _open[group];
        return Rules.elect(candidates, _keep[group][period], _sumsNow(group).bonded * UNIT, head);
    }

    function _apply(uint256 group, Delta storage elected, IGroups.Group storage stored)
        private
        returns (uint256 reward)
    {
        reward = _authorReward(group, stored);
        elected.status = DeltaStatus.Applied;
        elected.reward = reward.toUint96();
        elected.standsAt = stored.periodEnd;
        stored.head = Rules.next(stored.head, elected.digest);
    }

    function _authorReward(uint256 group, IGroups.Group storage stored) private view returns (uint256) {
        if (!stored.admitted) return 0;
        (uint256 supply, uint256 awake, uint256 total, uint256 era) = _issueNow(group);
        return Rules.authorReward(supply, stored.period, awake, total, era);
    }
}
