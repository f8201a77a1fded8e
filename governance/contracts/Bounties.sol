// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Shares} from "token/Shares.sol";
import {Doubles} from "governance/Doubles.sol";
import {IBounties} from "governance/IBounties.sol";
import {IDuties, IGroups, IRounds} from "governance/INetwork.sol";
import {Prizes} from "governance/Prizes.sol";
import {Registry} from "governance/Registry.sol";
import {Rules} from "governance/Rules.sol";
import {State} from "governance/State.sol";
import {Typed} from "governance/Typed.sol";

/// @title Bounties with a hidden set, as code that acts on the storage of `Network`.
/// @dev A quorum tells what was measured; the contract keeps its hash and computes the amounts anew from what it is shown.
/// No bounty pays more than is locked for it, whatever a quorum signs.
contract Bounties is Doubles, IBounties {
    using SafeCast for uint256;

    uint256 private constant WINDOWS = 3;
    uint256 private constant COUNT_MIN = 30;
    uint256 private constant COUNT_MAX = 2 ** 20;

    constructor(Registry registry_) State(registry_.terms()) {}

    function fund(
        uint256 group,
        bytes32 root,
        uint256 count,
        uint256 target,
        uint256 amount,
        uint256 bond,
        uint256 term
    ) external returns (uint256 number) {
        if (count < COUNT_MIN || count > COUNT_MAX || root == 0 || target == 0) revert BadHiddenSet();
        if (_roots[root] != 0) revert RootServedBefore(_roots[root]);
        if (amount < _minDeposit) revert BountyTooSmall(_minDeposit);
        uint256 least = Math.max(Prizes.eighth(amount), _minDeposit);
        if (bond < least) revert BondBelow(least);
        number = ++_bountyCount;
        Bounty storage born = _bounties[number];
        _fixTerm(group, term, born);
        (born.sponsor, born.group, born.root) = (msg.sender, group.toUint32(), root);
        (born.count, born.target) = (count.toUint32(), target.toUint32());
        (born.amount, born.bond) = (amount.toUint96(), bond.toUint96());
        (born.left, born.status) = ((amount + bond).toUint96(), BountyStatus.Locked);
        _roots[root] = number;
        _tellFunded(number, born);
        _take(amount + bond);
    }

    function unseal(uint256 number, bytes32 file) external {
        Bounty storage locked = _bounty(number);
        if (msg.sender != locked.sponsor) revert NotSponsor(locked.sponsor);
        if (locked.unsealedAt != 0) revert AlreadyUnsealed();
        uint256 from = _startOf(locked.group, uint256(locked.last) + 1);
        uint256 until = _windowEnd(locked, WINDOWS - 1) - _epochLength / 2;
        if (block.timestamp < from || block.timestamp >= until) revert NotUnsealable(from, until);
        (locked.file, locked.unsealedAt) = (file, block.timestamp.toUint40());
        emit Unsealed(locked.group, number, file);
    }

    function find(uint256 number, uint256 window, Result calldata result, Finding[] calldata findings)
        external
        returns (bool resolved)
    {
        Bounty storage locked = _bounty(number);
        bytes32 name = keccak256(abi.encode(result));
        _mayFind(locked, window, name);
        (uint256 stake, bytes memory positions) = _countFindings(number, window, name, findings);
        if (positions.length == 0) revert IRounds.NothingCounted();
        emit Found(locked.group, number, window, name, stake * UNIT, positions);
        stake = _found[_gathering(number, window, name)] += stake;
        if (locked.status != BountyStatus.Locked) {
            locked.stake = stake.toUint64();
        } else if (Rules.quorum(stake, _awakeNow(locked.group))) {
            (locked.stake, locked.window, locked.result) = (stake.toUint64(), uint8(window), name);
            locked.status = result.failed ? BountyStatus.Failed : BountyStatus.Measured;
            emit Resolved(locked.group, number, window, name, result);
            return true;
        }
    }

    function payRounds(uint256 number, Result calldata result, uint256[] calldata rounds) external {
        Bounty storage resolved = _bounty(number);
        _mustBe(resolved, result);
        uint256[] memory shares = Prizes.shares(result, resolved.amount, resolved.target);
        uint256 equal = Prizes.equalShare(result, resolved.amount, resolved.bond);
        uint256 paid;
        for (uint256 i; i < rounds.length; ++i) {
            if (_payRound(number, resolved, result, shares, equal, rounds[i])) ++paid;
        }
        if (paid == 0) revert NothingToPay();
    }

    function payFinders(uint256 number, uint256[] calldata positions) external {
        Bounty storage resolved = _bounty(number);
        if (resolved.result == 0) revert NotResolved();
        uint256 over = _windowEnd(resolved, resolved.window);
        if (block.timestamp < over) revert NotYet(over);
        uint256 paid;
        for (uint256 i; i < positions.length; ++i) {
            if (_payFinder(number, resolved, positions[i])) ++paid;
        }
        if (paid == 0) revert NothingToPay();
    }

    function settleBounty(uint256 number, Result calldata result) external {
        Bounty storage over = _bounty(number);
        if (over.settled) revert NothingToPay();
        uint256 at = Math.max(_matureAt(over.group, over.last), _windowEnd(over, WINDOWS - 1));
        if (block.timestamp < at) revert NotYet(at);
        over.settled = true;
        (uint256 back, uint256 burned) = over.result == 0 ? _undecided(over) : _unearned(over, result);
        // A quorum that signs nonsense cannot take what is another's.
        back = Math.min(back, over.left);
        burned = Math.min(burned, over.left - back);
        over.left -= (back + burned).toUint96();
        emit BountySettled(over.group, number, back, burned);
        _release(over.sponsor, back, burned);
    }

    function slashFindings(
        uint256 number,
        uint256 window,
        bytes32 oneResult,
        Finding calldata one,
        bytes32 otherResult,
        Finding calldata other
    ) external returns (uint256 reward) {
        if (oneResult == otherResult) revert SameResult();
        Bounty storage about = _bounty(number);
        if (!_signed(about, number, window, oneResult, one.position, one)) revert IDuties.NotSigned();
        if (!_signed(about, number, window, otherResult, one.position, other)) revert IDuties.NotSigned();
        uint256 burned;
        (reward, burned) = _slashFinder(about, one.position, window);
        emit FoundTwice(about.group, number, one.position, msg.sender, window, burned, reward);
        _release(msg.sender, reward, burned);
    }

    function bounty(uint256 number) external view returns (Bounty memory) {
        return _bounty(number);
    }

    function bounties() external view returns (uint256) {
        return _bountyCount;
    }

    function foundFor(uint256 number, uint256 window, bytes32 result) external view returns (uint256) {
        return _found[_gathering(number, window, result)] * UNIT;
    }

    function foundBy(uint256 number, uint256 position) external view returns (uint256) {
        Bounty storage resolved = _bounty(number);
        return _finders[_gathering(number, resolved.window, resolved.result)][position] * UNIT;
    }

    function paidFor(uint256 number, uint256 round) external view returns (bool) {
        return _prized[number][round];
    }

    function _bounty(uint256 number) private view returns (Bounty storage stored) {
        stored = _bounties[number];
        if (stored.status == BountyStatus.None) revert NoSuchBounty(number);
    }

    function _mustBe(Bounty storage resolved, Result calldata result) private view {
        if (resolved.result == 0) revert NotResolved();
        if (resolved.result != keccak256(abi.encode(result))) revert OtherResult(resolved.result);
    }

    /// @dev The findings of one result in one window.
    function _gathering(uint256 number, uint256 window, bytes32 result) private pure returns (bytes32) {
        return keccak256(abi.encode(number, window, result));
    }

    /// @dev The second at which a window is over.
    function _windowEnd(Bounty storage stored, uint256 window) private view returns (uint256) {
        return _epochStart(uint256(stored.windows) + window + 1);
    }

    /// @dev Whole rounds from the next one on, and three whole epochs after them, all of it within an exit: who is in the
    /// term answers for what he signs about it.
    function _fixTerm(uint256 group, uint256 term, Bounty storage born) private {
        IGroups.Group storage stored = _group(group);
        if (term < stored.period || term > _exitTime) revert BadTerm(stored.period);
        uint256 length = _length(stored);
        uint256 first = (block.timestamp - _genesis) / length + 1;
        uint256 last = first + Math.ceilDiv(term, length) - 1;
        uint256 windows = Math.ceilDiv((last + 1) * length, _epochLength);
        uint256 over = _epochStart(windows + WINDOWS) + _maturity;
        if (over > block.timestamp + _exitTime) revert BadTerm(stored.period);
        (born.first, born.last, born.windows) = (first.toUint40(), last.toUint40(), windows.toUint24());
    }

    function _tellFunded(uint256 number, Bounty storage born) private {
        emit Funded(
            born.group,
            number,
            born.sponsor,
            born.root,
            born.count,
            born.target,
            born.amount,
            born.bond,
            _group(born.group).head,
            born.first,
            born.last,
            born.windows
        );
    }

    function _mayFind(Bounty storage locked, uint256 window, bytes32 name) private view {
        uint256 epoch = locked.windows + window;
        if (window >= WINDOWS || _epoch() != epoch) revert WrongWindow(epoch);
        bool open = locked.status == BountyStatus.Locked;
        if (!open && (window != locked.window || name != locked.result)) revert AlreadyResolved(locked.result);
    }

    /// @dev Gweis behind the findings that were not counted before, and whose they are.
    function _countFindings(uint256 number, uint256 window, bytes32 name, Finding[] calldata findings)
        private
        returns (uint256 stake, bytes memory positions)
    {
        mapping(uint256 position => uint256) storage finders = _finders[_gathering(number, window, name)];
        // A position is written with 28 bytes of nothing after it.
        positions = new bytes(4 * findings.length + 28);
        uint256 count;
        for (uint256 i; i < findings.length; ++i) {
            uint256 position = findings[i].position;
            uint256 weight = finders[position] == 0 ? _weighFinding(number, window, name, findings[i]) : 0;
            if (weight == 0) continue;
            finders[position] = weight;
            stake += weight;
            _note(positions, count++, position);
        }
        _cut(positions, count);
    }

    /// @dev Gweis of the signer, awake in the running window.
    function _weighFinding(uint256 number, uint256 window, bytes32 name, Finding calldata finding)
        private
        view
        returns (uint256)
    {
        bytes32 digest = _hashTypedDataV4(Typed.measured(number, window, name, finding.probe));
        Seat storage seat = _seats[_bounties[number].group][finding.position];
        return _weigh(seat, _epoch(), digest, finding.r, finding.vs);
    }

    /// @dev Whether the finding is one of the key that signed for `position` in the window's epoch.
    function _signed(
        Bounty storage about,
        uint256 number,
        uint256 window,
        bytes32 result,
        uint256 position,
        Finding calldata shown
    ) private view returns (bool) {
        if (window >= WINDOWS) return false;
        bytes32 digest = _hashTypedDataV4(Typed.measured(number, window, result, shown.probe));
        return _signedIn(about.group, position, about.windows + window, digest, shown.r, shown.vs);
    }

    function _slashFinder(Bounty storage about, uint256 position, uint256 window)
        private
        returns (uint256 reward, uint256 burned)
    {
        uint256 epoch = about.windows + window;
        return _slashDouble(about.group, position, epoch, _epochStart(epoch), _epochStart(epoch + 1));
    }

    /// @dev Whether `round` was paid, or its part burned because it was struck.
    function _payRound(
        uint256 number,
        Bounty storage resolved,
        Result calldata result,
        uint256[] memory shares,
        uint256 equal,
        uint256 round
    ) private returns (bool) {
        IRounds.Round storage past = _rounds[resolved.group][round];
        if (round < resolved.first || round > resolved.last || past.winner == address(0)) return false;
        bool done = _prized[number][round] || shares.length == 0;
        if (done || block.timestamp < _matureAt(resolved.group, round)) return false;
        _prized[number][round] = true;
        uint256 amount = Math.min(equal + shares[Prizes.stepOf(result, round)], resolved.left);
        resolved.left -= amount.toUint96();
        bool struck = past.outcome == IRounds.Outcome.Struck;
        emit BountyPaid(resolved.group, number, past.winner, round, amount, struck);
        if (struck) _burn(amount);
        else _give(past.winner, amount);
        return true;
    }

    function _payFinder(uint256 number, Bounty storage resolved, uint256 position) private returns (bool) {
        mapping(uint256 position => uint256) storage finders =
            _finders[_gathering(number, resolved.window, resolved.result)];
        uint256 weight = finders[position];
        if (weight == 0) return false;
        finders[position] = 0;
        uint256 paid = resolved.paid + weight;
        uint256 due = Shares.due(Prizes.eighth(resolved.amount), resolved.paid, paid, resolved.stake);
        uint256 amount = Math.min(due, resolved.left);
        resolved.paid = paid.toUint64();
        resolved.left -= amount.toUint96();
        address owner = _seats[resolved.group][position].owner;
        emit FinderPaid(resolved.group, number, owner, position, amount);
        _give(owner, amount);
        return true;
    }

    function _unearned(Bounty storage resolved, Result calldata result)
        private
        view
        returns (uint256 back, uint256 burned)
    {
        _mustBe(resolved, result);
        return Prizes.unearned(result, resolved.amount, resolved.bond, resolved.target);
    }

    /// @dev What goes back and what is burned where nothing was decided.
    function _undecided(Bounty storage over) private view returns (uint256 back, uint256 burned) {
        back = over.unsealedAt == 0 ? 0 : Rules.mostOf(over.amount) + over.bond;
        burned = over.left - back;
    }
}
