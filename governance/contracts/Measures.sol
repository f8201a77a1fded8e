// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Dataset} from "governance/Dataset.sol";
import {IDataset, IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";

/// @title Measures: acts of the majority of stake, each of a fixed kind.
abstract contract Measures is Dataset, IMeasures {
    using SafeCast for uint256;

    uint256 private constant SLASH_MAX = 1000;
    /// @dev Epochs for which an assent may wait: it cannot be withdrawn.
    uint256 private constant WAIT_MAX = 8;
    /// @dev Epochs from the showing of a slash to the first in which it can be enacted: one of them is whole.
    uint256 private constant NOTICE = 2;

    function enact(Kind kind, bytes calldata args, uint256 nonce, uint256 expiry, Assent[] calldata assents)
        external
        returns (bool done)
    {
        if (block.timestamp >= expiry) revert Expired();
        uint256 latest = block.timestamp + WAIT_MAX * _epochLength;
        if (expiry > latest) revert ExpiryTooFar(latest);
        if (args.length != 32 * _words(kind)) revert BadArguments();
        bytes32 name = Typed.measure(kind, args, nonce, expiry);
        // Not the bare nonce, which the majority of any small group could use up for all others.
        Assents storage tally = _measures[name];
        if (tally.enacted) revert AlreadyEnacted();
        if (tally.epoch != _epoch()) (tally.epoch, tally.weight) = (_epoch().toUint24(), 0);
        (uint256 weight, bytes memory voters) = _countAssents(kind, args, name, assents);
        if (voters.length == 0) revert IRounds.NothingCounted();
        tally.weight += weight.toUint64();
        weight = tally.weight * UNIT;
        uint256 needed = _needed(kind, args);
        emit Assented(name, kind, args, nonce, expiry, weight, needed, voters);
        if (weight <= needed || (kind == Kind.Slash && !_isRipe(name, args, tally))) return false;
        tally.enacted = true;
        emit Enacted(name, kind, args, nonce, expiry);
        _carryOut(kind, args);
        return true;
    }

    function measure(bytes32 name) external view returns (Measure memory) {
        Assents storage tally = _measures[name];
        return Measure(tally.weight * UNIT, tally.epoch, tally.ripeAt, tally.enacted);
    }

    /// @dev Live stake behind the valid assents that were not counted in this epoch, gweis, and who they are. Where a group
    /// decides about itself, only its own positions count.
    function _countAssents(Kind kind, bytes calldata args, bytes32 name, Assent[] calldata assents)
        private
        returns (uint256 sum, bytes memory voters)
    {
        bytes32 digest = _hashTypedDataV4(name);
        uint256 only = _setsTerms(kind) || kind == Kind.Rollback ? _word(args, 0) : 0;
        mapping(uint256 group => mapping(uint256 page => uint256)) storage assented =
            _assented[keccak256(abi.encode(name, _epoch()))];
        // A number is written with 28 bytes of nothing after it.
        voters = new bytes(8 * assents.length + 28);
        uint256 count;
        for (uint256 i; i < assents.length; ++i) {
            Assent calldata assent = assents[i];
            (uint256 group, uint256 position) = (assent.group, assent.position);
            if (only != 0 && group != only) continue;
            uint256 weight = _weightOf(_seats[group][position], digest, assent.signature);
            uint256 bits = assented[group][position >> 8];
            uint256 bit = 1 << (position & 255);
            if (weight == 0 || bits & bit != 0) continue;
            assented[group][position >> 8] = bits | bit;
            sum += weight;
            _note(voters, count++, group);
            _note(voters, count++, position);
        }
        _cut(voters, count);
    }

    function _weightOf(Seat storage seat, bytes32 digest, bytes calldata signature) private view returns (uint256) {
        (uint64 live,) = _now(seat);
        return live != 0 && _speaker(seat, digest, signature) != 0 ? live : 0;
    }

    /// @dev What the weight behind a measure must exceed, wei. Who has bonded and does not count yet is against it.
    function _needed(Kind kind, bytes calldata args) private view returns (uint256) {
        uint256 group = _word(args, 0);
        if (kind == Kind.Rollback) {
            return Rules.neededToRollBack(_awakeNow(group) * UNIT, _deltas[group][_word(args, 1)].votes);
        }
        Sums memory sums = _setsTerms(kind) ? _sumsNow(group) : _allNow();
        uint256 bonded = Math.max(sums.bonded, sums.bondedNext) * UNIT;
        if (_setsTerms(kind)) return bonded / 2;
        return Rules.neededOfAll(bonded, IERC20(_neuron).totalSupply());
    }

    /// @dev Whether the slash was shown long enough ago; shows it if it was not.
    function _isRipe(bytes32 name, bytes calldata args, Assents storage tally) private returns (bool) {
        if (tally.ripeAt == 0) {
            (uint256 group, uint256 position) = (_word(args, 0), _word(args, 1));
            _expectSigner(group, position, _word(args, 2));
            tally.ripeAt = (_epoch() + NOTICE).toUint24();
            emit Shown(name, group, position, tally.ripeAt);
        }
        return _epoch() >= tally.ripeAt;
    }

    function _carryOut(Kind kind, bytes calldata args) private {
        uint256 group = _word(args, 0);
        if (kind == Kind.Period) _setPeriod(group, _word(args, 1), _word(args, 2));
        else if (kind == Kind.Rollback) _rollBack(group, _word(args, 1), bytes32(_word(args, 2)));
        else if (kind == Kind.Admit) _admit(group, bytes32(_word(args, 1)));
        else if (kind == Kind.Revoke) _revoke(group, bytes32(_word(args, 1)));
        else if (kind == Kind.Strike) _strike(group, _word(args, 1), bytes32(_word(args, 2)), _word(args, 3));
        else if (kind == Kind.Slash) _punish(group, _word(args, 1), _word(args, 3));
        else _setLeast(group, _word(args, 1), _word(args, 2));
    }

    function _setPeriod(uint256 group, uint256 present, uint256 period) private {
        IGroups.Group storage stored = _group(group);
        _expect(bytes32(present), bytes32(uint256(stored.periodNext)));
        if (period == 0 || period > _exitTime / 2) revert IGroups.BadTimes();
        stored.periodNext = period.toUint32();
        emit PeriodSet(group, period);
    }

    /// @dev Counts at once: what was revealed when more was asked for is as good as it was.
    function _setLeast(uint256 group, uint256 present, uint256 least) private {
        IGroups.Group storage stored = _group(group);
        _expect(bytes32(present), bytes32(uint256(stored.least)));
        if (least >= present) revert NotLower(present);
        stored.least = least.toUint32();
        emit LeastSet(group, least);
    }

    /// @dev Takes the delta on trial out of the set; nobody gets anything of its bond.
    function _rollBack(uint256 group, uint256 number, bytes32 patch) private {
        IGroups.Group storage stored = _group(group);
        IDataset.Delta storage taken = _deltas[group][number];
        bool onTrial = number != 0 && stored.applied == number && block.timestamp < taken.standsAt;
        if (!onTrial) revert NotOnTrial();
        _expect(patch, taken.digest);
        taken.status = IDataset.DeltaStatus.Taken;
        (stored.head, stored.applied) = (taken.parent, 0);
        emit Taken(group, number, taken.author, taken.parent, taken.bond);
        _burn(taken.bond);
    }

    function _admit(uint256 group, bytes32 name) private {
        IGroups.Group storage stored = _group(group);
        _expect(name, stored.name);
        if (stored.admitted) revert AlreadyAdmitted();
        stored.admitted = true;
        _countAdmitted(group, true);
        emit Admitted(group);
    }

    function _revoke(uint256 group, bytes32 name) private {
        IGroups.Group storage stored = _group(group);
        _expect(name, stored.name);
        if (!stored.admitted) revert NotAdmitted();
        stored.admitted = false;
        _countAdmitted(group, false);
        emit Revoked(group);
    }

    function _strike(uint256 group, uint256 round, bytes32 claim, uint256 restore) private {
        IGroups.Group storage stored = _group(group);
        IRounds.Round storage past = _rounds[group][round];
        if (restore > 1) revert BadArguments();
        bool won = past.outcome == IRounds.Outcome.Won && !past.collected;
        bool open = won || past.outcome == IRounds.Outcome.Lost;
        if (!open || block.timestamp >= _matureAt(group, round)) revert NothingToStrike();
        _expect(claim, _decided(group, round));
        past.outcome = IRounds.Outcome.Struck;
        if (restore == 1) stored.checkpoint = past.checkpoint;
        // Validators of a lost round keep their pay, as those of a won one do; it no longer comes out of deposits.
        uint256 issued = won ? 0 : _issue(address(this), past.paid);
        past.paid -= issued.toUint96();
        // Of a winner that was settled before, what settling it now would burn.
        bool settled = won && _claims[group][round][past.winner].status == IRounds.Status.Settled;
        uint256 burned = settled ? past.deposit - Rules.mostOf(past.deposit) : 0;
        emit Struck(group, round, stored.checkpoint, issued, burned);
        _burn(burned);
    }

    /// @dev It was shown before: that the position is the one which was meant was looked at then, and stays so.
    function _punish(uint256 group, uint256 position, uint256 basisPoints) private {
        if (basisPoints == 0 || basisPoints > SLASH_MAX) revert BadArguments();
        Seat storage seat = _touch(group, position);
        if (seat.slashedIn == _epoch()) revert SlashedInThisEpoch();
        seat.slashedIn = _epoch().toUint24();
        _burn(_slash(group, position, basisPoints, 0, true));
    }

    /// @dev Reverts unless the key signs or ever signed for the position: nobody can change that by handing it over.
    function _expectSigner(uint256 group, uint256 position, uint256 signer) private view {
        if (signer >> 160 != 0) revert BadArguments();
        _expect(bytes32(position), bytes32(uint256(_keys[group][address(uint160(signer))].position)));
    }

    /// @dev Reverts if something else is there than a measure was meant for.
    function _expect(bytes32 expected, bytes32 found) private pure {
        if (expected != found) revert Unexpected(found);
    }

    function _word(bytes calldata args, uint256 index) private pure returns (uint256) {
        return uint256(bytes32(args[32 * index:32 * index + 32]));
    }

    function _words(Kind kind) private pure returns (uint256) {
        if (kind == Kind.Admit || kind == Kind.Revoke) return 2;
        return kind == Kind.Strike || kind == Kind.Slash ? 4 : 3;
    }

    /// @dev Whether a group decides it about its own terms.
    function _setsTerms(Kind kind) private pure returns (bool) {
        return kind == Kind.Period || kind == Kind.Least;
    }
}
