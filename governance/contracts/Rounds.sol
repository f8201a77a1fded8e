// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IGroups} from "governance/INetwork.sol";
import {Deposits} from "governance/Deposits.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";

/// @title Rounds: sealed commits, revealed claims, counted verdicts.
abstract contract Rounds is Deposits {
    using SafeCast for uint256;

    /// @dev Gas that the purse pays back: of a call that decides, or makes a round count, and of each verdict in it. Less
    /// than each uses, also in a `multicall` that has touched everything before.
    uint256 private constant DECIDING_GAS = 120_000;
    uint256 private constant VERDICT_GAS = 6_000;
    uint256 private constant SHOWING_GAS = 40_000;
    uint256 private constant SHOWN_GAS = 6_000;

    /// @dev A batch while it is counted, and what its verdicts came to. Stake and pay in gweis.
    /// @param form what its verdicts have in common. @param page, bits whose verdicts count already.
    /// @param positions of the counted ones, 4 bytes each.
    struct Batch {
        bytes form;
        uint256 epoch;
        uint256 page;
        uint256 bits;
        uint256 counted;
        uint256 weight;
        uint256 paid;
        bytes positions;
    }

    function commit(uint256 group, uint256 number, bytes32 seal, uint256 maxDeposit) external {
        (uint256 running, Phase now_, uint256 until) = phase(group);
        if (number != running) revert WrongRound(running);
        if (now_ != Phase.Train) revert WrongPhase(now_, until);
        Round storage current = _rounds[group][number];
        if (current.commits == 0) _openRound(group, number, current);
        if (current.deposit > maxDeposit) revert DepositTooHigh(current.deposit);
        Claim storage claim = _claims[group][number][msg.sender];
        if (claim.status != Status.None) revert AlreadyCommitted(claim.number);
        current.commits += 1;
        claim.name = seal;
        claim.number = current.commits;
        claim.status = Status.Sealed;
        emit Committed(group, number, msg.sender, claim.number, seal);
        _take(current.deposit);
    }

    function reveal(uint256 group, bytes32 salt, bytes32 file, uint32 base, uint32 loss, bytes32 lossRoot) external {
        (uint256 number, Claim storage claim) = _unseal(group, salt, file);
        _mustImprove(base, loss, _group(group));
        if (hasWon(group, file)) revert FileWonBefore();
        bytes32 name = Rules.claim(file, base, loss, lossRoot);
        (claim.name, claim.file) = (name, file);
        (claim.base, claim.loss, claim.status) = (base, loss, Status.Revealed);
        _rounds[group][number].reveals += 1;
        _lead(group, number, name, claim.number);
        emit Revealed(group, number, msg.sender, claim.number, file, base, loss, lossRoot);
    }

    function concede(uint256 group, bytes32 salt, bytes32 file, address rival) external {
        (uint256 number, Claim storage claim) = _unseal(group, salt, file);
        if (_claims[group][number][rival].status != Status.Revealed) revert NoRival();
        Round storage current = _rounds[group][number];
        // Who is later pays all: more than sixteen need no number of their own.
        if (current.conceded < 16) current.conceded += 1;
        (claim.status, claim.concession) = (Status.Conceded, current.conceded);
        emit Conceded(group, number, msg.sender, claim.number, file, rival, current.conceded);
    }

    function judge(uint256 group, uint256 number, bytes32 claim, Verdict[] calldata verdicts)
        external
        returns (bool decided)
    {
        Round storage current = _rounds[group][number];
        bool open = current.outcome == Outcome.None;
        _mayJudge(group, number, current, claim, open);
        Batch memory batch = _newBatch(group, number, verdicts.length);
        Due memory due = _dueNow(group, number, claim, current, batch);
        Mint memory mint;
        _countAll(_judged[group][number][claim], verdicts, batch, due, mint);
        if (batch.counted == 0) revert NothingCounted();
        if (open) {
            decided = _tally(group, number, current, claim, batch);
        } else {
            current.judged += (batch.weight * UNIT).toUint96();
            current.paid += (batch.paid * UNIT).toUint96();
        }
        emit Judged(group, number, claim, batch.weight * UNIT, batch.paid * UNIT, batch.positions);
        _issue(address(this), mint.issued * UNIT);
        if (!open || !_group(group).admitted) return decided;
        _payBack((decided ? DECIDING_GAS : 0) + VERDICT_GAS * _worthPaying(batch, current.awake / UNIT));
    }

    function attend(uint256 group, uint256 number, Attendance[] calldata attendances) external {
        (uint256 running, Phase now_, uint256 until) = phase(group);
        if (number + 1 != running) revert WrongRound(running);
        Round storage past = _rounds[group][number];
        if (past.reveals == 0) revert NothingToAttend();
        bool open = past.outcome == Outcome.None;
        Batch memory batch = _newBatch(group, number, attendances.length);
        _countPresent(group, number, attendances, batch, past.outcome == Outcome.Won || past.outcome == Outcome.Lost);
        if (batch.counted == 0) revert NothingCounted();
        bool counted = past.attended;
        bool counts = counted;
        if (open) {
            past.judged += (batch.weight * UNIT).toUint96();
            if (!counted) {
                // Whoever was left out has the rest of the round to come after.
                if (now_ != Phase.Train) revert WrongPhase(now_, until);
                counts = past.attended = Rules.majority(past.judged, _awakeNow(group) * UNIT);
                if (counts) _countRound(_group(group), number);
            }
        }
        emit Attended(group, number, batch.weight * UNIT, counts, batch.positions);
        bool first = counts && !counted;
        if (!open || !_group(group).admitted) return;
        _payBack((first ? SHOWING_GAS : 0) + SHOWN_GAS * _worthPaying(batch, past.awake / UNIT));
    }

    function phase(uint256 group) public view returns (uint256 number, Phase now_, uint256 until) {
        IGroups.Group storage stored = _group(group);
        uint256 length = _length(stored);
        number = (block.timestamp - _genesis) / length;
        until = _genesis + number * length + stored.train;
        if (block.timestamp < until) return (number, Phase.Train, until);
        until += stored.reveal;
        if (block.timestamp < until) return (number, Phase.Reveal, until);
        return (number, Phase.Judge, until + stored.judge);
    }

    function round(uint256 group, uint256 number) external view returns (Round memory) {
        return _rounds[group][number];
    }

    function decision(uint256 group, uint256 number) external view returns (bytes32 claim, bytes32 file) {
        Claim storage winning = _claims[group][number][_rounds[group][number].winner];
        return (_decided(group, number), winning.file);
    }

    function claimOf(uint256 group, uint256 number, address trainer) external view returns (Claim memory) {
        return _claims[group][number][trainer];
    }

    function tally(uint256 group, uint256 number, bytes32 claim)
        external
        view
        returns (uint256 stake, address trainer)
    {
        Lead memory lead = _leads[group][number][claim];
        return (lead.weight * UNIT, lead.trainer);
    }

    function judgedBy(uint256 group, uint256 number, uint256 position) external view returns (bool) {
        return _present(group, number, position);
    }

    function hasWon(uint256 group, bytes32 file) public view returns (bool) {
        return _won[file][0] || _won[file][group];
    }

    function leastDeposit(uint256 group) external view returns (uint256) {
        (uint256 number, Phase now_,) = phase(group);
        Round storage current = _rounds[group][number];
        if (current.commits != 0 && now_ == Phase.Train) return current.deposit;
        IGroups.Group storage stored = _group(group);
        uint256 next = now_ == Phase.Train ? number : number + 1;
        (, uint256 deposit,,,) = _termsOf(group, stored, _voidsAt(group, next, stored));
        return deposit;
    }

    function quorum(uint256 group) external view returns (uint256) {
        (uint256 number,,) = phase(group);
        return uint256(_rounds[group][number].awake) * 2 / 3;
    }

    /// @dev The opened seal of the caller.
    function _unseal(uint256 group, bytes32 salt, bytes32 file)
        private
        view
        returns (uint256 number, Claim storage claim)
    {
        Phase now_;
        uint256 until;
        (number, now_, until) = phase(group);
        if (now_ != Phase.Reveal) revert WrongPhase(now_, until);
        claim = _claims[group][number][msg.sender];
        if (claim.status != Status.Sealed) revert NotSealed(claim.status);
        if (claim.name != Rules.seal(group, number, file, msg.sender, salt)) revert WrongSeal();
    }

    function _mustImprove(uint256 base, uint256 loss, IGroups.Group storage stored) private view {
        (uint256 most, bool possible) = Rules.mostLoss(base, stored.improve, stored.least);
        if (!possible || loss > most) revert NotBetter(most);
    }

    /// @dev Fixes all that the round is judged by.
    function _openRound(uint256 group, uint256 number, Round storage current) private {
        IGroups.Group storage stored = _group(group);
        uint256 voids = _voidsAt(group, number, stored);
        (stored.voids, stored.opened) = (voids.toUint32(), (number + 1).toUint40());
        (uint256 reward, uint256 deposit, uint256 awake, uint256 total, uint256 supply) =
            _termsOf(group, stored, voids);
        current.checkpoint = stored.checkpoint;
        current.reward = reward.toUint96();
        current.deposit = deposit.toUint96();
        current.awake = awake.toUint96();
        emit Opened(group, number, stored.checkpoint, stored.head, reward, deposit, awake, total, supply, voids);
    }

    /// @dev What a round that is opened now is about.
    function _termsOf(uint256 group, IGroups.Group storage stored, uint256 voids)
        private
        view
        returns (uint256 reward, uint256 deposit, uint256 awake, uint256 total, uint256 supply)
    {
        uint256 era;
        (supply, awake, total, era) = _issueNow(group);
        reward = stored.admitted ? Rules.reward(supply, _length(stored), awake, total, era) : 0;
        deposit = Rules.deposit(reward, _minDeposit, voids);
    }

    /// @dev Void rounds in a row at the opening of a round; a decision has set the count to 0 at once, for all to see.
    function _voidsAt(uint256 group, uint256 number, IGroups.Group storage stored) private view returns (uint256) {
        uint256 opened = stored.opened;
        if (opened == 0) return 0;
        Round storage last = _rounds[group][opened - 1];
        uint256 epochs = _epochOf(group, number) - _epochOf(group, opened - 1);
        return Rules.nextVoids(stored.voids, last.outcome != Outcome.None, last.reveals != 0, epochs);
    }

    function _lead(uint256 group, uint256 number, bytes32 claim, uint24 commitNumber) private {
        Lead storage lead = _leads[group][number][claim];
        if (lead.number != 0 && lead.number < commitNumber) return;
        (lead.trainer, lead.number) = (msg.sender, commitNumber);
    }

    /// @dev Reverts unless verdicts for `claim` are taken now: in JUDGE, then for what was decided until the next round ends.
    function _mayJudge(uint256 group, uint256 number, Round storage current, bytes32 claim, bool open) private view {
        (uint256 running, Phase now_, uint256 until) = phase(group);
        bool late = number + 1 == running && !open;
        if (number != running && !late) revert WrongRound(running);
        if (!late && now_ != Phase.Judge) revert WrongPhase(now_, until);
        if (!open) {
            bytes32 decided = _decided(group, number);
            if (claim != decided || current.outcome == Outcome.Struck) revert OtherClaimDecided(decided);
        } else {
            if (current.reveals == 0) revert NothingRevealed();
            if (claim != 0 && _leads[group][number][claim].trainer == address(0)) revert NoSuchClaim();
        }
    }

    function _newBatch(uint256 group, uint256 number, uint256 most) private view returns (Batch memory batch) {
        batch.form = Typed.verdictForm(group, number, _domainSeparatorV4());
        (batch.epoch, batch.page) = (_epochOf(group, number), NOWHERE);
        // A position is written with 28 bytes of nothing after it.
        batch.positions = new bytes(4 * most + 28);
    }

    /// @dev What verdicts of this very round are paid by, where an older one no longer waits in their word.
    function _dueNow(uint256 group, uint256 number, bytes32 claim, Round storage current, Batch memory batch)
        private
        view
        returns (Due memory due)
    {
        (due.group, due.round, due.epoch, due.claim) = (group, number, batch.epoch, claim);
        (due.pay, due.awake) = (Rules.validatorsReward(current.reward) / UNIT, current.awake / UNIT);
        due.issues = current.outcome == Outcome.Won;
    }

    /// @dev Counts the verdicts on one claim; a bad, sleeping or repeated one is skipped, so that nobody can spoil a batch.
    /// Words of storage are kept at hand: a batch in order of position reads and writes each once.
    function _countAll(
        mapping(uint256 page => uint256) storage judged,
        Verdict[] calldata verdicts,
        Batch memory batch,
        Due memory due,
        Mint memory mint
    ) private {
        mapping(uint256 position => Seat) storage seats = _seats[due.group];
        Due memory older;
        (older.round, older.page) = (NOWHERE, NOWHERE);
        (uint256 index, uint256 weights) = (NOWHERE, 0);
        for (uint256 i; i < verdicts.length; ++i) {
            Verdict calldata verdict = verdicts[i];
            uint256 position = verdict.position;
            bytes32 digest = Typed.verdictOf(batch.form, due.claim, verdict.probe);
            uint256 weight = _weigh(seats[position], batch.epoch, digest, verdict.r, verdict.vs);
            if (weight == 0 || !_mark(judged, batch, position, weight)) continue;
            // Four positions share a word.
            if (index != position >> 2) {
                if (index != NOWHERE) older = _noteWord(index, weights, batch, due, older, mint);
                (index, weights) = (position >> 2, 0);
            }
            unchecked {
                weights |= weight << ((position & 3) << 6);
            }
        }
        if (index == NOWHERE) return;
        _noteWord(index, weights, batch, due, older, mint);
        judged[batch.page] = batch.bits;
        _cut(batch.positions, batch.counted);
    }

    /// @dev Notes what four positions earn, of whom those with weights, 64 bits each, were counted now. Where their word
    /// waits with the pay of an older round, that is written down; where it is past this round, this one's is.
    function _noteWord(
        uint256 index,
        uint256 weights,
        Batch memory batch,
        Due memory due,
        Due memory older,
        Mint memory mint
    ) private returns (Due memory) {
        if (due.pay == 0) return older;
        (uint256 added, uint256 sum) = _amounts(due, weights);
        // What a round pays at most.
        unchecked {
            batch.paid += sum;
        }
        mapping(uint256 word => uint256) storage earned = _earned[due.group];
        uint256 word = earned[index];
        uint256 from = _unpaidFrom(word);
        if (from == due.round) return older;
        if (from > due.round) {
            word = _creditAll(word, index << 2, added, sum, due, mint);
        } else {
            if (older.round != from) older = _due(due.group, from);
            word = _settleWord(word, index << 2, older.epoch == due.epoch ? weights : 0, older, mint, due.round);
        }
        earned[index] = word;
        return older;
    }

    /// @dev Counts verdicts for presence, for 0 or whatever was claimed; not those that `judge` has `paid` for.
    function _countPresent(
        uint256 group,
        uint256 number,
        Attendance[] calldata attendances,
        Batch memory batch,
        bool paid
    ) private {
        mapping(uint256 page => uint256) storage shown = _judged[group][number][SHOWN];
        bytes32 decided = _decided(group, number);
        for (uint256 i; i < attendances.length; ++i) {
            (bytes32 claim, Verdict calldata verdict) = (attendances[i].claim, attendances[i].verdict);
            if (paid && claim == decided) continue;
            if (claim != 0 && _leads[group][number][claim].number == 0) continue;
            uint256 weight = _weighPresent(group, batch, claim, verdict);
            if (weight != 0) _mark(shown, batch, verdict.position, weight);
        }
        if (batch.page == NOWHERE) return;
        shown[batch.page] = batch.bits;
        _cut(batch.positions, batch.counted);
    }

    /// @dev What is awake now behind a verdict of the key that signed in its round.
    function _weighPresent(uint256 group, Batch memory batch, bytes32 claim, Verdict calldata verdict)
        private
        view
        returns (uint256)
    {
        bytes32 digest = Typed.verdictOf(batch.form, claim, verdict.probe);
        if (!_signedIn(group, verdict.position, batch.epoch, digest, verdict.r, verdict.vs)) return 0;
        (uint64 live, bool awake) = _now(_seats[group][verdict.position]);
        return awake ? live : 0;
    }

    /// @dev Whether `position` was not counted before; it is now.
    function _mark(
        mapping(uint256 page => uint256) storage pages,
        Batch memory batch,
        uint256 position,
        uint256 weight
    ) private returns (bool) {
        if (batch.page != position >> 8) {
            if (batch.page != NOWHERE) pages[batch.page] = batch.bits;
            batch.page = position >> 8;
            batch.bits = pages[position >> 8];
        }
        (uint256 bits, uint256 bit) = (batch.bits, 1 << (position & 255));
        if (bits & bit != 0) return false;
        _note(batch.positions, batch.counted, position);
        // Sums of stakes, which have 64 bits.
        unchecked {
            batch.bits = bits | bit;
            batch.counted += 1;
            batch.weight += weight;
        }
        return true;
    }

    /// @dev How many of a batch the purse pays for: no more than could be awake with the stake behind them.
    function _worthPaying(Batch memory batch, uint256 awake) private pure returns (uint256) {
        return Math.min(batch.counted, batch.weight * AWAKE_PARTS / Math.max(1, awake));
    }

    /// @dev Adds a batch to what was counted for its claim before. @return decided whether that is enough now.
    function _tally(uint256 group, uint256 number, Round storage current, bytes32 claim, Batch memory batch)
        private
        returns (bool decided)
    {
        Lead storage lead = _leads[group][number][claim];
        uint256 weight = lead.weight + batch.weight;
        uint256 paid = (lead.weight == 0 ? 0 : lead.paid) + batch.paid;
        decided = Rules.quorum(weight * UNIT, current.awake);
        if (!decided) {
            (lead.weight, lead.paid) = (weight.toUint64(), paid.toUint64());
            return false;
        }
        (current.judged, current.paid) = ((weight * UNIT).toUint96(), (paid * UNIT).toUint96());
        IGroups.Group storage stored = _group(group);
        stored.voids = 0;
        _countRound(stored, number);
        bytes32 file;
        if (claim == 0) current.outcome = Outcome.Lost;
        else file = _win(group, number, current, lead.trainer);
        emit Decided(group, number, current.winner, current.outcome, claim, file, stored.checkpoint);
    }

    function _countRound(IGroups.Group storage stored, uint256 number) private {
        if (stored.counted > 1) stored.recent = stored.recent << 32 | stored.second;
        stored.counted += 1;
        (stored.second, stored.newest) = (stored.newest, number.toUint32());
    }

    function _win(uint256 group, uint256 number, Round storage current, address winner)
        private
        returns (bytes32 file)
    {
        file = _claims[group][number][winner].file;
        current.outcome = Outcome.Won;
        current.winner = winner;
        IGroups.Group storage stored = _group(group);
        _won[file][stored.admitted ? 0 : group] = true;
        if (stored.checkpoint == current.checkpoint) stored.checkpoint = file;
    }
}
