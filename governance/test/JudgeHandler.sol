// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {Terms} from "token/Seats.sol";
import {IDuties, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Places, Slots} from "governance-test/Slots.sol";
import {StakeHandler} from "governance-test/StakeHandler.sol";

/// @title Verdicts: of some or all, in one call or several, true or false, twice, late, junk; presence; and who signs two
/// claims.
abstract contract JudgeHandler is StakeHandler, Places {
    /// @dev Verdicts for one claim. @param fresh how many were not counted for it before, with `weight` wei that count for
    /// it and earn `pay`.
    struct Batch {
        uint256 group;
        uint256 number;
        bytes32 claim;
        IRounds.Verdict[] verdicts;
        uint256 fresh;
        uint256 weight;
        uint256 pay;
        uint256[] positions;
    }

    /// @dev Verdicts that show presence, and of whom they do that were not seen before, with `weight` wei.
    struct Crowd {
        IRounds.Attendance[] attendances;
        uint256[] positions;
        uint256 fresh;
        uint256 weight;
    }

    /// @dev What a position signed twice in `epoch`, between those two seconds.
    struct Offence {
        uint256 group;
        uint256 position;
        uint256 epoch;
        uint256 from;
        uint256 until;
    }

    mapping(uint256 group => mapping(uint256 round => mapping(address who => bytes32 file))) internal committed;
    mapping(uint256 group => mapping(uint256 round => bytes32[])) internal claims;
    /// @dev Stake behind a claim before the decision, what it earns, and whose verdicts were counted.
    mapping(uint256 group => mapping(uint256 round => mapping(bytes32 claim => uint256))) private behind;
    mapping(uint256 group => mapping(uint256 round => mapping(bytes32 claim => uint256))) private pledged;
    mapping(uint256 group => mapping(uint256 round => mapping(bytes32 claim => mapping(uint256 position => bool))))
        private judgedFor;
    mapping(uint256 group => mapping(uint256 round => mapping(uint256 position => bool))) private shown;
    /// @dev Positions without whom verdicts are brought, a bit each; then all others bring theirs. 0: who comes is drawn.
    uint256 private leftOut;
    uint256 private immutable _seatsSlot;

    constructor() {
        Terms memory terms = Terms(address(neuron), address(emission), address(purse), EPOCH, EXIT, MATURITY, 1, START);
        _seatsSlot = new Slots(terms).slots()[2];
    }

    function slashDouble(uint256 seed) external {
        _slashDouble(seed);
    }

    /// @dev In one of the last rounds or in one of long ago.
    function _slashDouble(uint256 seed) internal {
        if (played.length == 0) return;
        uint256 recent = played.length < 6 || _draw(seed, 2, 4) == 0 ? played.length : 6;
        Played memory past = played[played.length - 1 - _draw(seed, 1, recent)];
        Offence memory offence;
        (offence.group, offence.position) = (past.group, _randomPosition(past.group, seed));
        offence.epoch = _epochIn(past.group, past.number);
        offence.from = _startOf(past.group, past.number);
        offence.until = _startOf(past.group, past.number + 1);
        _report(offence, _reportCall(past, offence.position), "slash for signing twice");
    }

    function _report(Offence memory offence, bytes memory call, string memory what) internal {
        if (_keyIn(offence.group, offence.position, offence.epoch) == 0) return;
        IStake.Position memory before = network.position(offence.group, offence.position);
        bool inTime = offence.from <= block.timestamp && block.timestamp <= offence.until + EXIT;
        bool answers = _answered(offence.group, offence.position, offence.epoch);
        bool expected = inTime && answers && offence.from >= before.forgivenUntil;
        uint256 paid = neuron.balanceOf(RELAYER);
        uint256 supply = neuron.totalSupply();
        _demand(_try(RELAYER, call), expected, what);
        _observeSlash();
        if (!expected) return;
        uint256 most = before.next + before.exiting + before.exitingLater + before.moved + before.earned;
        vm.assertLe(neuron.balanceOf(RELAYER) - paid, most / 200 + 1 gwei, "half a percent at most");
        vm.assertLe(supply, neuron.totalSupply() + most / 20 + 1 gwei, "five percent at most");
        if (before.moved != 0) _note("slash of who moved");
        _setNoisy();
    }

    function _reportCall(Played memory past, uint256 position) private view returns (bytes memory) {
        IRounds.Attendance memory one = _attended(past.group, past.number, position, "one");
        IRounds.Attendance memory two = _attended(past.group, past.number, position, "two");
        return abi.encodeCall(IDuties.slashDouble, (past.group, past.number, one, two));
    }

    /// @dev A share of validators brings its verdicts, in one call or in several; then the rest comes, or all come again;
    /// at last the other side.
    function _judgeRound(uint256 group, uint256 number, uint256 seed) internal {
        bytes32 claim = _chosen(group, number, seed);
        uint256 calls = 1 + _draw(seed, 2, 3);
        for (uint256 i; i < calls; ++i) {
            _judge(_batch(group, number, claim, _draw(seed, 10 + i, 2 ** 128)));
            if (i == 0 && _draw(seed, 5, 5) == 0) _disturb(_draw(seed, 6, 2 ** 128));
        }
        _judge(_batch(group, number, claim == 0 ? bytes32("unknown") : bytes32(0), _draw(seed, 4, 2 ** 128)));
        if (_draw(seed, 7, 8) == 0) _again(_batch(group, number, claim, _draw(seed, 8, 2 ** 128)));
    }

    /// @dev A round against `members`, a bit each. All others sign in time, and in the next round they show what was left out.
    /// The coalition brings its own verdicts alone, in the last second, maybe against all claims.
    function _conspire(uint256 group, uint256 number, uint256 members, uint256 seed) internal {
        bytes32 claim = _firstClaim(group, number);
        leftOut = members;
        if (_draw(seed, 1, 2) == 0) _judge(_batch(group, number, claim, seed));
        _warp(_startOf(group, number + 1) - 1);
        leftOut = ~members;
        _judge(_batch(group, number, _draw(seed, 2, 2) == 0 ? claim : bytes32(0), seed));
        _warp(_startOf(group, number + 1));
        leftOut = members;
        (bytes32 decided,) = network.decision(group, number);
        bool open = network.round(group, number).outcome == IRounds.Outcome.None;
        if (!open && decided == claim) _judge(_batch(group, number, claim, seed));
        else _tryAttend(group, seed);
        leftOut = 0;
    }

    /// @dev What else happens within an hour.
    function _disturb(uint256 seed) internal virtual;

    /// @dev Verdicts for the round before, if that was decided; they come after its end.
    function _tryLate(uint256 group, uint256 seed) internal {
        (uint256 number,,) = network.phase(group);
        if (network.round(group, --number).outcome == IRounds.Outcome.None) return;
        (bytes32 claim,) = network.decision(group, number);
        if (_judge(_batch(group, number, claim, _draw(seed, 1, 2 ** 128)))) _note("late verdicts");
        // A round later it is over.
        if (number == 0 || network.round(group, number - 1).outcome == IRounds.Outcome.None) return;
        (claim,) = network.decision(group, number - 1);
        Batch memory batch = _batch(group, number - 1, claim, _draw(seed, 2, 2 ** 128));
        bytes memory call = abi.encodeCall(IRounds.judge, (group, number - 1, claim, batch.verdicts));
        _demand(_try(RELAYER, call), false, "verdicts that are too late");
    }

    /// @dev In the round after: presence, for claims that were made and for one that was not.
    function _tryAttend(uint256 group, uint256 seed) internal {
        (uint256 number, IRounds.Phase phase,) = network.phase(group);
        IRounds.Round memory past = network.round(group, --number);
        Crowd memory crowd_ = _crowd(group, number, past.outcome, seed);
        bool open = past.outcome == IRounds.Outcome.None;
        bool early = phase == IRounds.Phase.Train || past.attended || !open;
        bool expected = past.reveals != 0 && crowd_.fresh != 0 && early;
        bytes memory call = abi.encodeCall(IRounds.attend, (group, number, crowd_.attendances));
        _demand(_try(RELAYER, call), expected, "attend");
        if (!expected) return;
        for (uint256 i; i < crowd_.fresh; ++i) {
            shown[group][number][crowd_.positions[i]] = true;
        }
        if (open) _noteAttended(group, number, past.attended, crowd_.weight);
        else _note("attend a decided round");
    }

    function _noteAttended(uint256 group, uint256 number, bool before, uint256 weight) private {
        judgedStake[group][number] += weight;
        bool counts = before || judgedStake[group][number] * 2 > network.stake(group).awake;
        vm.assertEq(network.round(group, number).attended, counts, "counts");
        if (!counts || before) return;
        counted[group].push(number);
        _note("a round counts for want of a decision");
    }

    /// @dev Whether the position was seen in the round: its verdict for what was decided, or what it showed.
    function _wasSeen(uint256 group, uint256 number, uint256 position) internal view returns (bool) {
        if (shown[group][number][position]) return true;
        if (network.round(group, number).outcome == IRounds.Outcome.None) return false;
        (bytes32 claim,) = network.decision(group, number);
        return judgedFor[group][number][claim][position];
    }

    function _firstClaim(uint256 group, uint256 number) private view returns (bytes32) {
        return claims[group][number].length == 0 ? bytes32(0) : claims[group][number][0];
    }

    /// @dev None of the claims, one of them, or one that nobody made.
    function _chosen(uint256 group, uint256 number, uint256 seed) private view returns (bytes32) {
        uint256 length = claims[group][number].length;
        uint256 index = _draw(seed, 1, 8);
        if (index == 0) return "unknown";
        return index < 3 || length == 0 ? bytes32(0) : claims[group][number][index % length];
    }

    function _judge(Batch memory batch) private returns (bool done) {
        IRounds.Round memory round = network.round(batch.group, batch.number);
        bool open = round.outcome == IRounds.Outcome.None;
        bool expected = batch.fresh != 0 && (open ? _mayCount(batch, round) : _isDecided(batch, round));
        uint256 coins = address(purse).balance;
        bytes memory answer;
        (done, answer) =
            _ask(RELAYER, abi.encodeCall(IRounds.judge, (batch.group, batch.number, batch.claim, batch.verdicts)));
        _demand(done, expected, "judge");
        if (address(purse).balance != coins) _note("the purse pays");
        vm.assertLe(coins - address(purse).balance, coins / 65_536, "no call pays more");
        if (!expected) return false;
        _noteCounted(batch, open, abi.decode(answer, (bool)), round);
    }

    /// @dev The same again, and again: nothing is counted any more.
    function _again(Batch memory batch) private {
        _judge(batch);
        bytes memory call = abi.encodeCall(IRounds.judge, (batch.group, batch.number, batch.claim, batch.verdicts));
        for (uint256 i; i < 50; ++i) {
            _demand(_try(RELAYER, call), false, "judge again");
        }
    }

    function _mayCount(Batch memory batch, IRounds.Round memory round) private view returns (bool) {
        (uint256 number, IRounds.Phase phase,) = network.phase(batch.group);
        bool now_ = number == batch.number && phase == IRounds.Phase.Judge;
        return now_ && round.reveals != 0 && _isKnown(batch.group, batch.number, batch.claim);
    }

    function _isDecided(Batch memory batch, IRounds.Round memory round) private view returns (bool) {
        (bytes32 claim,) = network.decision(batch.group, batch.number);
        return claim == batch.claim && round.outcome != IRounds.Outcome.Struck;
    }

    function _isKnown(uint256 group, uint256 number, bytes32 claim) private view returns (bool known) {
        known = claim == 0;
        for (uint256 i; i < claims[group][number].length; ++i) {
            if (claims[group][number][i] == claim) known = true;
        }
    }

    function _noteCounted(Batch memory batch, bool open, bool decided, IRounds.Round memory round) private {
        (uint256 group, uint256 number, bytes32 claim) = (batch.group, batch.number, batch.claim);
        for (uint256 i; i < batch.positions.length; ++i) {
            judgedFor[group][number][claim][batch.positions[i]] = true;
        }
        behind[group][number][claim] += batch.weight;
        pledged[group][number][claim] += batch.pay;
        bool decides = open && round.awake != 0 && behind[group][number][claim] * 3 > uint256(round.awake) * 2;
        vm.assertEq(decided, decides, "more than two thirds of awake stake");
        if (open && batch.weight != behind[group][number][claim]) _note("several calls");
        (uint256 stake,) = network.tally(group, number, claim);
        if (open && !decides) vm.assertEq(stake, behind[group][number][claim], "stake behind the claim");
        if (open && !decides) return;
        judgedStake[group][number] = behind[group][number][claim];
        vm.assertEq(network.round(group, number).paid, pledged[group][number][claim], "paid");
        if (decides) _noteDecision(group, number, claim);
        else if (claim == 0) _chargePot(group, number, batch.pay);
    }

    function _chargePot(uint256 group, uint256 number, uint256 amount) private {
        pot[group][number] -= amount;
        deposits -= amount;
    }

    function _noteDecision(uint256 group, uint256 number, bytes32 claim) private {
        IRounds.Round memory round = network.round(group, number);
        counted[group].push(number);
        (, bytes32 file) = network.decision(group, number);
        bool won = claim != 0;
        vm.assertEq(uint256(round.outcome), uint256(won ? IRounds.Outcome.Won : IRounds.Outcome.Lost), "outcome");
        _note(won ? "won" : "lost");
        if (won) {
            wonIn[group][number] = network.group(group).admitted ? 0 : group;
            wins[file][wonIn[group][number]] += 1;
            return;
        }
        _chargePot(group, number, round.paid);
        // Whose stake was slashed between verdict and decision earns by what is left; its part of deposits is nobody's.
        uint256 earned;
        for (uint256 position = 1; position <= network.positions(group); ++position) {
            if (!judgedFor[group][number][0][position]) continue;
            earned += _share(round.reward / 5, _liveOf(group, position, false), round.awake);
        }
        if (round.paid != earned) _note("pay that is nobody's");
        dust += round.paid - earned;
    }

    /// @dev Verdicts in any order, one twice, one bad, of sleepers too. The fourth position hardly ever signs.
    function _batch(uint256 group, uint256 number, bytes32 claim, uint256 seed)
        private
        view
        returns (Batch memory batch)
    {
        uint256 count = network.positions(group);
        uint256 first = _draw(seed, 1, count);
        uint256 silent = _draw(seed, 2, 4) == 0 ? 16 : 0;
        (batch.group, batch.number, batch.claim) = (group, number, claim);
        (batch.verdicts, batch.positions) = (new IRounds.Verdict[](count + 2), new uint256[](count));
        for (uint256 i; i < count; ++i) {
            uint256 position = 1 + (first + i) % count;
            bool drawn = _draw(seed, 100 + position, 32) < (position == OWNERS ? 31 : silent);
            if (_isLeftOut(position, drawn)) continue;
            batch.verdicts[i] = _verdictBy(group, number, position, claim);
            _weighIn(batch, position);
        }
        _cut(batch.positions, batch.fresh);
        batch.verdicts[count] = batch.verdicts[_draw(seed, 3, count)];
        batch.verdicts[count + 1] = _verdictBy(group, number + 1, 1 + first, claim);
    }

    function _isLeftOut(uint256 position, bool drawn) private view returns (bool) {
        return leftOut == 0 ? drawn : leftOut >> position & 1 == 1;
    }

    function _weighIn(Batch memory batch, uint256 position) private view {
        if (judgedFor[batch.group][batch.number][batch.claim][position]) return;
        uint256 weight = _awakeIn(batch.group, position, _epochIn(batch.group, batch.number));
        if (weight == 0) return;
        IRounds.Round memory round = network.round(batch.group, batch.number);
        batch.positions[batch.fresh++] = position;
        batch.weight += weight;
        batch.pay += round.awake == 0 ? 0 : _share(round.reward / 5, weight, round.awake);
    }

    /// @dev Awake stake of a position in this epoch or the last; what was changed since that one is not known any more.
    function _awakeIn(uint256 group, uint256 position, uint256 epoch) private view returns (uint256) {
        uint256 turnsAt = _turnsAt(group, position);
        if (epoch == network.epoch() || turnsAt <= epoch) return _liveOf(group, position, true);
        return turnsAt == epoch + 1 ? lastAwake[group][position][epoch] : 0;
    }

    /// @dev The epoch from which on counts what a position has now.
    function _turnsAt(uint256 group, uint256 position) private view returns (uint256) {
        return uint24(uint256(vm.load(address(network), _at(position, _in(group, _seatsSlot)))) >> 224);
    }

    /// @dev Verdicts for any claim, by those who sign in that round's epoch, with the stake that is awake now.
    function _crowd(uint256 group, uint256 number, IRounds.Outcome outcome, uint256 seed)
        private
        view
        returns (Crowd memory crowd_)
    {
        uint256 count = network.positions(group);
        (crowd_.attendances, crowd_.positions) = (new IRounds.Attendance[](count), new uint256[](count));
        for (uint256 i; i < count; ++i) {
            uint256 position = i + 1;
            bool drawn = _draw(seed, 200 + i, 4) == 0 || (position == OWNERS && _draw(seed, 210, 16) != 0);
            if (_isLeftOut(position, drawn)) continue;
            bytes32 claim = _chosen(group, number, _draw(seed, 220 + i, 2 ** 128));
            if (leftOut != 0) claim = _firstClaim(group, number);
            crowd_.attendances[i] = _attended(group, number, position, claim);
            uint256 live = _liveOf(group, position, true);
            if (live == 0 || !_shows(group, number, outcome, position, claim)) continue;
            crowd_.positions[crowd_.fresh++] = position;
            crowd_.weight += live;
        }
    }

    /// @dev Whether a verdict for `claim` shows presence that was not seen, and that is not for `judge` to count.
    function _shows(uint256 group, uint256 number, IRounds.Outcome outcome, uint256 position, bytes32 claim)
        private
        view
        returns (bool)
    {
        (bytes32 decided,) = network.decision(group, number);
        bool paid = outcome == IRounds.Outcome.Won || outcome == IRounds.Outcome.Lost;
        if (!_isKnown(group, number, claim) || (paid && claim == decided)) return false;
        return !shown[group][number][position] && _keyIn(group, position, _epochIn(group, number)) != 0;
    }

    function _cut(uint256[] memory list, uint256 length) internal pure {
        assembly ("memory-safe") {
            mstore(list, length)
        }
    }

    function _attended(uint256 group, uint256 number, uint256 position, bytes32 claim)
        private
        view
        returns (IRounds.Attendance memory)
    {
        return IRounds.Attendance(claim, _verdictBy(group, number, position, claim));
    }

    /// @dev By the key of that round's epoch.
    function _verdictBy(uint256 group, uint256 number, uint256 position, bytes32 claim)
        private
        view
        returns (IRounds.Verdict memory)
    {
        uint256 key = _keyIn(group, position, _epochIn(group, number));
        if (key == 0) return IRounds.Verdict(position, 0, 0, 0);
        bytes32 probe = keccak256(abi.encode(position));
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(Typed.verdict(group, number, claim, probe)));
        return IRounds.Verdict(position, probe, r, vs);
    }
}
