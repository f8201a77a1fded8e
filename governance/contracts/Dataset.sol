// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IDataset} from "governance/INetwork.sol";
import {Groups} from "governance/Groups.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";

/// @title Dataset: one delta a period, chosen by stake.
abstract contract Dataset is Groups, IDataset {
    using SafeCast for uint256;

    uint256 private constant OPEN_MAX = 16;

    /// @dev The last choice of a position.
    struct Ballot {
        uint32 period;
        uint32 delta;
        uint96 weight;
        uint96 seq;
    }

    mapping(uint256 group => mapping(uint256 number => Delta)) private _deltas;
    mapping(uint256 group => uint32[]) private _open;
    mapping(uint256 group => mapping(uint256 period => uint256)) private _keep;
    mapping(uint256 group => mapping(uint256 position => Ballot)) private _ballots;

    function propose(uint256 group, bytes32 digest) external returns (uint256 delta) {
        Group storage stored = _group(group);
        _turnIfOver(group, stored);
        if (!Rules.mayPropose(block.timestamp, stored.period, stored.periodEnd)) revert LastQuarter();
        uint256 bond = Rules.bond(_authorReward(group, stored), minDeposit);
        delta = ++stored.proposals;
        _enlist(group, delta, bond);
        Delta storage proposed = _deltas[group][delta];
        proposed.digest = digest;
        proposed.parent = stored.head;
        proposed.author = msg.sender;
        proposed.bond = bond.toUint96();
        proposed.period = stored.periodNumber;
        proposed.status = DeltaStatus.Open;
        emit Proposed(group, delta, msg.sender, digest, stored.head, stored.periodNumber, bond);
        _take(bond);
    }

    function cast(uint256 group, Choice[] calldata choices) external {
        Group storage stored = _group(group);
        _turnIfOver(group, stored);
        uint32 period = stored.periodNumber;
        uint256 counted;
        for (uint256 i; i < choices.length; ++i) {
            if (_castOne(group, period, choices[i])) counted += 1;
        }
        emit Cast(group, period, counted);
    }

    function turn(uint256 group) external {
        Group storage stored = _group(group);
        if (block.timestamp < stored.periodEnd) revert PeriodRunning();
        _turn(group, stored);
    }

    function refund(uint256 group, uint256 delta) external {
        Delta storage stored = _deltas[group][delta];
        DeltaStatus status = stored.status;
        if (status == DeltaStatus.None) revert NoSuchDelta();
        if (status == DeltaStatus.Refunded) revert AlreadyRefunded();
        if (status == DeltaStatus.Open) revert NotStanding();
        bool stands = status == DeltaStatus.Applied;
        if (stands && block.timestamp < stored.standsAt) revert NotStanding();
        stored.status = DeltaStatus.Refunded;
        uint256 asked = stands ? stored.reward : 0;
        uint256 issued = _issue(stored.author, asked);
        emit Refunded(group, delta, stored.author, stored.bond, asked, issued);
        _give(stored.author, stored.bond);
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

    /// @dev Puts `delta` on the list; on a full one it takes the place of the lowest bond that is below its own.
    function _enlist(uint256 group, uint256 delta, uint256 bond) private {
        uint32[] storage open = _open[group];
        if (open.length < OPEN_MAX) {
            open.push(delta.toUint32());
            return;
        }
        uint256 lowest = _lowest(group, open);
        Delta storage displaced = _deltas[group][open[lowest]];
        if (displaced.bond >= bond) revert ProposalsFull();
        displaced.status = DeltaStatus.Dropped;
        open[lowest] = delta.toUint32();
    }

    function _lowest(uint256 group, uint32[] storage open) private view returns (uint256 lowest) {
        for (uint256 i = 1; i < OPEN_MAX; ++i) {
            if (_deltas[group][open[i]].bond < _deltas[group][open[lowest]].bond) lowest = i;
        }
    }

    function _castOne(uint256 group, uint32 period, Choice calldata choice) private returns (bool) {
        Ballot storage ballot = _ballots[group][choice.position];
        bool again = ballot.period == period;
        if (choice.seq > type(uint96).max || (again && choice.seq <= ballot.seq)) return false;
        if (choice.delta != 0 && _deltas[group][choice.delta].status != DeltaStatus.Open) return false;
        bytes32 hash = Typed.choice(group, period, choice.delta, choice.seq);
        uint256 weight = _signedStake(group, choice.position, false, hash, choice.r, choice.vs);
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

    function _turnIfOver(uint256 group, Group storage stored) private {
        if (block.timestamp >= stored.periodEnd) _turn(group, stored);
    }

    function _turn(uint256 group, Group storage stored) private {
        uint32 period = stored.periodNumber;
        uint40 periodEnd = (block.timestamp + stored.period).toUint40();
        uint256 applied = _elect(group, period, stored.head);
        stored.periodNumber = period + 1;
        stored.periodEnd = periodEnd;
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
        return Rules.elect(candidates, _keep[group][period], stake(group).bonded, head);
    }

    function _apply(uint256 group, Delta storage elected, Group storage stored) private returns (uint256 reward) {
        reward = _authorReward(group, stored);
        elected.status = DeltaStatus.Applied;
        elected.reward = reward.toUint96();
        elected.standsAt = stored.periodEnd;
        stored.head = Rules.next(stored.head, elected.digest);
    }

    function _authorReward(uint256 group, Group storage stored) private view returns (uint256) {
        if (!stored.admitted) return 0;
        (uint256 supply, uint256 awake, uint256 total, uint256 era) = _issueNow(group);
        return Rules.authorReward(supply, stored.period, awake, total, era);
    }
}
