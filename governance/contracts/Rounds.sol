// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEmission} from "token/IEmission.sol";
import {Shares} from "token/Shares.sol";
import {IGroups, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {State} from "governance/State.sol";
import {Typed} from "governance/Typed.sol";

/// @title Rounds: sealed commits, revealed claims, counted verdicts, deposits and coinbases.
abstract contract Rounds is State, IRounds {
    using SafeCast for uint256;

    /// @dev Least gas of a deciding call, and of each verdict in it, that the purse pays back.
    uint256 private constant JUDGE_GAS = 120_000;
    uint256 private constant VERDICT_GAS = 8_000;
    uint256 private constant NOWHERE = type(uint256).max;

    /// @dev A batch while it is counted: what all `awake` stake earns, and what its verdicts came to. Stake, pay in gweis.
    /// @param form what its verdicts have in common. @param index, bits the word of presence at hand.
    struct Batch {
        bytes form;
        uint256 epoch;
        uint256 pay;
        uint256 awake;
        uint256 index;
        uint256 bits;
        uint256 counted;
        uint256 weight;
        uint256 paid;
    }

    function commit(uint256 group, bytes32 seal) external {
        (uint256 number, Phase phase,) = clock(group);
        if (phase != Phase.Train) revert WrongPhase();
        Round storage current = _rounds[group][number];
        if (current.commits == 0) _openRound(group, number, current);
        Claim storage claim = _claims[group][number][msg.sender];
        if (claim.status != Status.None) revert AlreadyCommitted();
        current.commits += 1;
        claim.name = seal;
        claim.number = current.commits;
        claim.status = Status.Sealed;
        emit Committed(group, number, msg.sender, claim.number, seal);
        _take(current.deposit);
    }

    function reveal(uint256 group, bytes32 salt, bytes32 file, uint32 base, uint32 loss, bytes32 lossRoot) external {
        (uint256 number, Claim storage claim) = _unseal(group, salt, file);
        if (!Rules.improves(base, loss, _group(group).improve)) revert NotBetter();
        _bind(group, file);
        bytes32 name = Rules.claim(file, base, loss, lossRoot);
        (claim.name, claim.file) = (name, file);
        (claim.base, claim.loss, claim.status) = (base, loss, Status.Revealed);
        _rounds[group][number].reveals += 1;
        _lead(group, number, name, claim.number);
        emit Revealed(group, number, msg.sender, claim.number, file, base, loss, lossRoot);
    }

    function concede(uint256 group, bytes32 salt, bytes32 file) external {
        (uint256 number, Claim storage claim) = _unseal(group, salt, file);
        claim.status = Status.Conceded;
        _rounds[group][number].conceded = true;
        emit Conceded(group, number, msg.sender, claim.number);
    }

    function judge(uint256 group, bytes32 claim, Verdict[] calldata verdicts) external {
        (uint256 number, Phase phase,) = clock(group);
        if (phase != Phase.Judge) revert WrongPhase();
        Round storage current = _rounds[group][number];
        if (current.reveals == 0) revert NoSuchClaim();
        bool decides = current.outcome == Outcome.None;
        if (!decides && !_isDecided(group, number, current, claim)) revert OtherClaimDecided();
        Batch memory batch = _newBatch(group, number);
        (batch.pay, batch.awake) = (_payable(current, claim) / UNIT, current.awake / UNIT);
        _countAll(group, _judged[group][number], claim, verdicts, batch);
        if (batch.counted == 0) revert NothingCounted();
        (uint256 weight, uint256 amount) = (batch.weight * UNIT, batch.paid * UNIT);
        if (decides) _decide(group, number, current, claim, weight);
        current.judged += weight.toUint96();
        current.paid += amount.toUint96();
        if (claim != 0) _issue(address(this), amount);
        emit Judged(group, number, claim, batch.counted, weight, amount);
        if (decides && _group(group).admitted) _payBack(JUDGE_GAS + VERDICT_GAS * batch.counted);
    }

    function attend(uint256 group, Attendance[] calldata attendances) external {
        (uint256 number, Phase phase,) = clock(group);
        if (number == 0) revert NothingToAttend();
        Round storage past = _rounds[group][--number];
        if (past.outcome != Outcome.None || past.reveals == 0) revert NothingToAttend();
        Batch memory batch = _newBatch(group, number);
        _countPresent(group, _judged[group][number], attendances, batch);
        if (batch.counted == 0) revert NothingCounted();
        if (!past.attended) {
            // Whoever was left out has the rest of the round to come after.
            if (phase != Phase.Train) revert WrongPhase();
            if (!Rules.majority(batch.weight, _awakeNow(group))) revert NotEnoughPresent();
            past.attended = true;
            _countRound(_group(group), number);
        }
        emit Attended(group, number, batch.counted, batch.weight * UNIT);
    }

    function settle(uint256 group, uint256 round, address trainer) external {
        if (block.timestamp < _startOf(group, round + 1)) revert RoundNotOver();
        Claim storage claim = _claims[group][round][trainer];
        if (claim.status == Status.None || claim.status == Status.Settled) revert NothingToSettle();
        Round storage past = _rounds[group][round];
        uint256 back = _back(group, round, past, claim, trainer);
        uint256 burned = past.deposit - back - _charge(past, claim);
        claim.status = Status.Settled;
        emit Settled(group, round, trainer, back, burned);
        _release(trainer, back, burned);
    }

    function collect(uint256 group, uint256 round) external returns (uint256 issued) {
        Round storage past = _rounds[group][round];
        if (msg.sender != past.winner || past.outcome != Outcome.Won) revert NotWinner();
        if (block.timestamp < _startOf(group, round + 1) + _maturity) revert NotMature();
        if (past.collected) revert AlreadyCollected();
        past.collected = true;
        issued = _issue(msg.sender, past.reward);
        emit Collected(group, round, msg.sender, past.reward, issued);
    }

    function clock(uint256 group) public view returns (uint256 round, Phase phase, uint256 phaseEnd) {
        IGroups.Group storage stored = _group(group);
        uint256 length = _length(stored);
        round = (block.timestamp - _genesis) / length;
        phaseEnd = _genesis + round * length + stored.train;
        if (block.timestamp < phaseEnd) return (round, Phase.Train, phaseEnd);
        phaseEnd += stored.reveal;
        if (block.timestamp < phaseEnd) return (round, Phase.Reveal, phaseEnd);
        return (round, Phase.Judge, phaseEnd + stored.judge);
    }

    function round(uint256 group, uint256 number) external view returns (Round memory) {
        return _rounds[group][number];
    }

    function decision(uint256 group, uint256 number) external view returns (bytes32 claim, bytes32 file) {
        Round storage past = _rounds[group][number];
        if (past.winner == address(0)) return (0, 0);
        Claim storage winning = _claims[group][number][past.winner];
        // Settling leaves name and file as they are.
        return (winning.name, winning.file);
    }

    function claimOf(uint256 group, uint256 round, address trainer) external view returns (Claim memory) {
        return _claims[group][round][trainer];
    }

    function judgedBy(uint256 group, uint256 round, uint256 position) external view returns (bool) {
        return _present(group, round, position);
    }

    function fileOf(bytes32 file) external view returns (uint256 group, bool won) {
        Binding memory binding = _files[file];
        return (binding.group, binding.won);
    }

    /// @dev The opened seal of the caller.
    function _unseal(uint256 group, bytes32 salt, bytes32 file)
        private
        view
        returns (uint256 number, Claim storage claim)
    {
        Phase phase;
        (number, phase,) = clock(group);
        if (phase != Phase.Reveal) revert WrongPhase();
        claim = _claims[group][number][msg.sender];
        if (claim.status != Status.Sealed) revert NotSealed();
        if (claim.name != Rules.seal(group, number, file, msg.sender, salt)) revert WrongSeal();
    }

    /// @dev Fixes all that the round is judged by.
    function _openRound(uint256 group, uint256 number, Round storage current) private {
        IGroups.Group storage stored = _group(group);
        (uint256 supply, uint256 awake, uint256 total, uint256 era) = _issueNow(group);
        uint256 reward = stored.admitted ? Rules.reward(supply, _length(stored), awake, total, era) : 0;
        uint256 deposit = Rules.deposit(reward, _minDeposit, _countVoid(group, number, stored));
        current.checkpoint = stored.checkpoint;
        current.reward = reward.toUint96();
        current.deposit = deposit.toUint96();
        current.awake = awake.toUint96();
        emit Opened(group, number, stored.checkpoint, stored.head, reward, deposit, awake, total, supply);
    }

    /// @dev Counts the last opened round; a decision has set the count to 0 at once, for all to see.
    function _countVoid(uint256 group, uint256 number, IGroups.Group storage stored) private returns (uint256) {
        uint256 opened = stored.opened;
        stored.opened = (number + 1).toUint40();
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

    function _lead(uint256 group, uint256 number, bytes32 claim, uint24 commitNumber) private {
        Lead storage lead = _leads[group][number][claim];
        if (lead.number != 0 && lead.number < commitNumber) return;
        (lead.trainer, lead.number) = (msg.sender, commitNumber);
    }

    function _newBatch(uint256 group, uint256 number) private view returns (Batch memory batch) {
        batch.form = Typed.verdictForm(group, number, _domainSeparatorV4());
        (batch.epoch, batch.index) = (_epoch(), NOWHERE);
    }

    /// @dev Counts the verdicts on one claim and notes what each earns; a bad, sleeping or repeated one is skipped, so that
    /// nobody can spoil a batch. Words of storage are kept at hand: a batch in order of position reads and writes each once.
    function _countAll(
        uint256 group,
        mapping(uint256 index => uint256) storage present,
        bytes32 claim,
        Verdict[] calldata verdicts,
        Batch memory batch
    ) private {
        mapping(uint256 position => Seat) storage seats = _seats[group];
        (uint256 index, uint256 word) = (NOWHERE, 0);
        for (uint256 i; i < verdicts.length; ++i) {
            Verdict calldata verdict = verdicts[i];
            uint256 weight = _count(present, seats, claim, verdict, batch);
            if (weight == 0) continue;
            uint256 position = verdict.position;
            if (index != position >> 2) {
                if (index != NOWHERE) _earned[group][index] = word;
                index = position >> 2;
                word = _earned[group][index];
            }
            // Products of stakes, which have 64 bits, and of what the schedule allows.
            unchecked {
                uint256 amount = batch.pay * weight / batch.awake;
                word += amount << _shiftOf(position);
                batch.paid += amount;
            }
        }
        if (batch.index != NOWHERE) present[batch.index] = batch.bits;
        if (index != NOWHERE) _earned[group][index] = word;
    }

    /// @dev Counts verdicts for presence, whatever their claims.
    function _countPresent(
        uint256 group,
        mapping(uint256 index => uint256) storage present,
        Attendance[] calldata attendances,
        Batch memory batch
    ) private {
        for (uint256 i; i < attendances.length; ++i) {
            Verdict calldata verdict = attendances[i].verdict;
            _count(present, _seats[group], attendances[i].claim, verdict, batch);
        }
        if (batch.index != NOWHERE) present[batch.index] = batch.bits;
    }

    /// @dev Marks who gave a verdict as present. @return weight gweis behind it, 0 if it does not count.
    function _count(
        mapping(uint256 index => uint256) storage present,
        mapping(uint256 position => Seat) storage seats,
        bytes32 claim,
        Verdict calldata verdict,
        Batch memory batch
    ) private returns (uint256 weight) {
        uint256 position = verdict.position;
        bytes32 digest = Typed.verdictOf(batch.form, claim, verdict.probe);
        weight = _weigh(seats[position], batch.epoch, true, digest, verdict.r, verdict.vs);
        if (weight == 0) return 0;
        if (batch.index != position >> 8) {
            if (batch.index != NOWHERE) present[batch.index] = batch.bits;
            batch.index = position >> 8;
            batch.bits = present[position >> 8];
        }
        (uint256 bits, uint256 bit) = (batch.bits, 1 << (position & 255));
        if (bits & bit != 0) return 0;
        // Sums of stakes, which have 64 bits.
        unchecked {
            batch.bits = bits | bit;
            batch.counted += 1;
            batch.weight += weight;
        }
    }

    /// @dev Wei that all awake stake earns for a verdict on `claim`: V, out of the deposits if the round is lost, else out
    /// of the issue as far as the schedule allows.
    function _payable(Round storage current, bytes32 claim) private view returns (uint256 amount) {
        amount = Rules.validatorsReward(current.reward);
        return claim == 0 ? amount : Math.min(amount, IEmission(_emission).allowance());
    }

    /// @dev Whether further verdicts for `claim` add to what was decided.
    function _isDecided(uint256 group, uint256 number, Round storage current, bytes32 claim)
        private
        view
        returns (bool)
    {
        if (current.outcome == Outcome.Lost) return claim == 0;
        return current.outcome == Outcome.Won && claim == _claims[group][number][current.winner].name;
    }

    function _decide(uint256 group, uint256 number, Round storage current, bytes32 claim, uint256 weight) private {
        if (!Rules.quorum(weight, current.awake)) revert NotDecisive();
        IGroups.Group storage stored = _group(group);
        stored.voids = 0;
        _countRound(stored, number);
        bytes32 file;
        if (claim == 0) current.outcome = Outcome.Lost;
        else file = _win(group, number, current, claim);
        emit Decided(group, number, current.outcome, claim, current.winner, file);
    }

    function _countRound(IGroups.Group storage stored, uint256 number) private {
        stored.counted += 1;
        stored.recent = stored.recent << 32 | number.toUint32();
    }

    function _win(uint256 group, uint256 number, Round storage current, bytes32 claim) private returns (bytes32 file) {
        address winner = _leads[group][number][claim].trainer;
        if (winner == address(0)) revert NoSuchClaim();
        file = _claims[group][number][winner].file;
        current.outcome = Outcome.Won;
        current.winner = winner;
        _files[file].won = true;
        IGroups.Group storage stored = _group(group);
        if (stored.checkpoint == current.checkpoint) stored.checkpoint = file;
    }

    /// @dev Wei of the deposit that come back to `trainer`.
    function _back(uint256 group, uint256 number, Round storage past, Claim storage claim, address trainer)
        private
        view
        returns (uint256)
    {
        bool opened = past.reveals != 0 || past.conceded;
        if (claim.status == Status.Sealed) return opened ? 0 : Rules.mostOf(past.deposit);
        bool decided = past.outcome == Outcome.Won || past.outcome == Outcome.Lost;
        if (!decided || claim.status == Status.Conceded) return Rules.mostOf(past.deposit);
        if (past.outcome == Outcome.Lost) return 0;
        if (trainer == past.winner) return past.deposit;
        return _ahead(claim, _claims[group][number][past.winner]) ? 0 : Rules.mostOf(past.deposit);
    }

    /// @dev Wei of the deposit that went to validators: each claim of a lost round bears its part.
    function _charge(Round storage past, Claim storage claim) private returns (uint256) {
        if (past.outcome != Outcome.Lost || claim.status != Status.Revealed) return 0;
        uint256 charged = past.charged++;
        return Shares.due(past.paid, charged, charged + 1, past.reveals);
    }

    /// @dev Whether `claim` was to be read before `other`.
    function _ahead(Claim storage claim, Claim storage other) private view returns (bool) {
        return Rules.ahead(claim.base, claim.loss, claim.number, other.base, other.loss, other.number);
    }
}
