// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Shares} from "token/Shares.sol";
import {IRounds} from "governance/INetwork.sol";
import {Groups} from "governance/Groups.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";

/// @title Rounds: sealed commits, revealed claims, counted verdicts, deposits and coinbases.
abstract contract Rounds is Groups, IRounds {
    using SafeCast for uint256;

    /// @dev The earliest commit behind a claim.
    struct Lead {
        address trainer;
        uint32 number;
    }

    /// @dev A checkpoint's digest belongs to the group where it was revealed first.
    struct Binding {
        uint248 group;
        bool won;
    }

    mapping(uint256 group => mapping(uint256 round => Round)) private _rounds;
    mapping(uint256 group => mapping(uint256 round => mapping(address trainer => Claim))) private _claims;
    mapping(uint256 group => mapping(uint256 round => mapping(bytes32 claim => Lead))) private _leads;
    mapping(uint256 group => mapping(uint256 round => mapping(uint256 word => uint256))) private _judged;
    mapping(bytes32 file => Binding) private _files;
    /// @dev The round opened last, plus one.
    mapping(uint256 group => uint256) private _opened;
    /// @dev Claims of a lost round that have paid their part of the validators.
    mapping(uint256 group => mapping(uint256 round => uint256)) private _charged;

    function commit(uint256 group, bytes32 seal) external {
        (uint256 number, Phase phase,) = clock(group);
        if (phase != Phase.Train) revert WrongPhase();
        Round storage current = _rounds[group][number];
        if (current.commits == 0) _openRound(group, number, current);
        Claim storage claim = _claims[group][number][msg.sender];
        if (claim.status != Status.None) revert AlreadyCommitted();
        current.commits += 1;
        claim.seal = seal;
        claim.number = current.commits;
        claim.status = Status.Sealed;
        emit Committed(group, number, msg.sender, claim.number, seal);
        _take(current.deposit);
    }

    function reveal(uint256 group, bytes32 salt, bytes32 file, uint32 base, uint32 loss, bytes32 lossRoot) external {
        (uint256 number, Phase phase,) = clock(group);
        if (phase != Phase.Reveal) revert WrongPhase();
        Claim storage claim = _claims[group][number][msg.sender];
        if (claim.status != Status.Sealed) revert NotSealed();
        if (claim.seal != Rules.seal(group, number, file, msg.sender, salt)) revert WrongSeal();
        if (!Rules.improves(base, loss, _group(group).improve)) revert NotBetter();
        _bind(group, file);
        (claim.file, claim.base, claim.loss, claim.status) = (file, base, loss, Status.Revealed);
        _rounds[group][number].reveals += 1;
        _lead(group, number, Rules.claim(file, base, loss, lossRoot), claim.number);
        emit Revealed(group, number, msg.sender, claim.number, file, base, loss, lossRoot);
    }

    function judge(uint256 group, bytes32 claim, Verdict[] calldata verdicts) external {
        (uint256 number, Phase phase,) = clock(group);
        if (phase != Phase.Judge) revert WrongPhase();
        Round storage current = _rounds[group][number];
        if (current.outcome != Outcome.None && current.claim != claim) revert OtherClaimDecided();
        Batch memory batch = _count(group, number, claim, verdicts);
        if (batch.counted == 0) revert NothingCounted();
        if (current.outcome == Outcome.None) _decide(group, number, current, claim, batch.stake);
        uint256 amount = _payValidators(group, current, batch);
        emit Judged(group, number, claim, batch.counted, batch.stake, amount);
    }

    function settle(uint256 group, uint256 round, address trainer) external {
        if (block.timestamp < _endOf(group, round)) revert RoundNotOver();
        Claim storage claim = _claims[group][round][trainer];
        if (claim.status != Status.Sealed && claim.status != Status.Revealed) revert NothingToSettle();
        Round storage past = _rounds[group][round];
        uint256 back = _back(group, round, past, claim, trainer);
        uint256 burned = past.deposit - back - _charge(group, round, past, claim);
        claim.status = Status.Settled;
        emit Settled(group, round, trainer, back, burned);
        _release(trainer, back, burned);
    }

    function collect(uint256 group, uint256 round) external returns (uint256 issued) {
        Round storage past = _rounds[group][round];
        if (msg.sender != past.winner) revert NotWinner();
        if (block.timestamp < _endOf(group, round) + maturity) revert NotMature();
        if (past.collected) revert AlreadyCollected();
        past.collected = true;
        issued = _issue(msg.sender, past.reward);
        emit Collected(group, round, msg.sender, past.reward, issued);
    }

    function clock(uint256 group) public view returns (uint256 round, Phase phase, uint256 phaseEnd) {
        Group storage stored = _group(group);
        uint256 length = _length(stored);
        round = (block.timestamp - genesis) / length;
        phaseEnd = genesis + round * length + stored.train;
        if (block.timestamp < phaseEnd) return (round, Phase.Train, phaseEnd);
        phaseEnd += stored.reveal;
        if (block.timestamp < phaseEnd) return (round, Phase.Reveal, phaseEnd);
        return (round, Phase.Judge, phaseEnd + stored.judge);
    }

    function round(uint256 group, uint256 number) external view returns (Round memory) {
        return _rounds[group][number];
    }

    function claimOf(uint256 group, uint256 round, address trainer) external view returns (Claim memory) {
        return _claims[group][round][trainer];
    }

    function judgedBy(uint256 group, uint256 round, uint256 position) external view returns (bool) {
        return _judged[group][round][position >> 8] >> (position & 255) & 1 == 1;
    }

    function fileOf(bytes32 file) external view returns (uint256 group, bool won) {
        Binding memory binding = _files[file];
        return (binding.group, binding.won);
    }

    /// @dev Fixes all that the round is judged by.
    function _openRound(uint256 group, uint256 number, Round storage current) private {
        Group storage stored = _group(group);
        (uint256 supply, uint256 awake, uint256 total, uint256 era) = _issueNow(group);
        uint256 reward = stored.admitted ? Rules.reward(supply, _length(stored), awake, total, era) : 0;
        uint256 deposit = Rules.deposit(reward, minDeposit, _countVoid(group, number, stored));
        current.checkpoint = stored.checkpoint;
        current.head = stored.head;
        current.reward = reward.toUint96();
        current.deposit = deposit.toUint96();
        current.awake = awake.toUint96();
        emit Opened(group, number, current.checkpoint, current.head, reward, deposit, awake, total, supply);
    }

    /// @dev Counts the last opened round; a decision has set the count to 0 at once, for all to see.
    function _countVoid(uint256 group, uint256 number, Group storage stored) private returns (uint256) {
        uint256 opened = _opened[group];
        _opened[group] = number + 1;
        if (opened == 0) return 0;
        Round storage last = _rounds[group][opened - 1];
        uint256 voids = Rules.nextVoids(stored.voids, last.outcome != Outcome.None, last.reveals != 0);
        stored.voids = voids.toUint32();
        return voids;
    }

    function _bind(uint256 group, bytes32 file) private {
        Binding storage binding = _files[file];
        if (binding.won) revert FileWonBefore();
        if (binding.group == 0) binding.group = group.toUint248();
        else if (binding.group != group) revert FileBoundElsewhere();
    }

    function _lead(uint256 group, uint256 number, bytes32 claim, uint32 commitNumber) private {
        Lead storage lead = _leads[group][number][claim];
        if (lead.number != 0 && lead.number < commitNumber) return;
        (lead.trainer, lead.number) = (msg.sender, commitNumber);
    }

    /// @dev Collects the valid verdicts; a bad, sleeping or repeated one is skipped, so that nobody can spoil a batch.
    function _count(uint256 group, uint256 number, bytes32 claim, Verdict[] calldata verdicts)
        private
        returns (Batch memory batch)
    {
        batch.positions = new uint256[](verdicts.length);
        batch.stakes = new uint256[](verdicts.length);
        mapping(uint256 word => uint256) storage judged = _judged[group][number];
        for (uint256 i; i < verdicts.length; ++i) {
            Verdict calldata verdict = verdicts[i];
            bytes32 hash = Typed.verdict(group, number, claim, verdict.probe);
            uint256 weight = _signedStake(group, verdict.position, true, hash, verdict.r, verdict.vs);
            if (weight == 0 || !_mark(judged, verdict.position)) continue;
            batch.positions[batch.counted] = verdict.position;
            batch.stakes[batch.counted] = weight;
            batch.counted += 1;
            batch.stake += weight;
        }
    }

    /// @return fresh whether the verdict of `position` was not counted before.
    function _mark(mapping(uint256 word => uint256) storage judged, uint256 position) private returns (bool fresh) {
        uint256 word = judged[position >> 8];
        uint256 bit = 1 << (position & 255);
        fresh = word & bit == 0;
        if (fresh) judged[position >> 8] = word | bit;
    }

    function _decide(uint256 group, uint256 number, Round storage current, bytes32 claim, uint256 weight) private {
        if (current.reveals == 0) revert NoSuchClaim();
        if (!Rules.quorum(weight, current.awake)) revert NotDecisive();
        _group(group).voids = 0;
        current.claim = claim;
        if (claim == 0) current.outcome = Outcome.Lost;
        else _win(group, number, current, claim);
        emit Decided(group, number, current.outcome, claim, current.winner, current.file);
    }

    function _win(uint256 group, uint256 number, Round storage current, bytes32 claim) private {
        address winner = _leads[group][number][claim].trainer;
        if (winner == address(0)) revert NoSuchClaim();
        bytes32 file = _claims[group][number][winner].file;
        current.outcome = Outcome.Won;
        current.winner = winner;
        current.file = file;
        _files[file].won = true;
        Group storage stored = _group(group);
        if (stored.checkpoint == current.checkpoint) stored.checkpoint = file;
    }

    /// @dev V is issued if the round is won; if it is lost it comes out of the deposits, which this contract holds.
    function _payValidators(uint256 group, Round storage current, Batch memory batch) private returns (uint256 amount) {
        uint256 before = current.judged;
        uint256 upTo = before + batch.stake;
        amount = Shares.due(Rules.validatorsReward(current.reward), before, upTo, current.awake);
        current.judged = upTo.toUint96();
        if (current.outcome == Outcome.Won) amount = _issue(address(this), amount);
        if (amount == 0) return 0;
        current.paid += amount.toUint96();
        _payStakes(group, batch, amount);
    }

    /// @dev Wei of the deposit that come back to `trainer`.
    function _back(uint256 group, uint256 number, Round storage past, Claim storage claim, address trainer)
        private
        view
        returns (uint256)
    {
        if (claim.status == Status.Sealed) return past.reveals == 0 ? Rules.mostOf(past.deposit) : 0;
        if (past.outcome == Outcome.None) return Rules.mostOf(past.deposit);
        if (past.outcome == Outcome.Lost) return 0;
        if (trainer == past.winner) return past.deposit;
        return _ahead(claim, _claims[group][number][past.winner]) ? 0 : Rules.mostOf(past.deposit);
    }

    /// @dev Wei of the deposit that went to validators: each claim of a lost round bears its part.
    function _charge(uint256 group, uint256 number, Round storage past, Claim storage claim) private returns (uint256) {
        if (past.outcome != Outcome.Lost || claim.status != Status.Revealed) return 0;
        uint256 charged = _charged[group][number]++;
        return Shares.due(past.paid, charged, charged + 1, past.reveals);
    }

    /// @dev Whether `claim` was to be read before `other`.
    function _ahead(Claim storage claim, Claim storage other) private view returns (bool) {
        return Rules.ahead(claim.base, claim.loss, claim.number, other.base, other.loss, other.number);
    }

    function _endOf(uint256 group, uint256 number) private view returns (uint256) {
        return genesis + (number + 1) * _length(_group(group));
    }

    function _length(Group storage stored) private view returns (uint256) {
        return uint256(stored.train) + stored.reveal + stored.judge;
    }
}
