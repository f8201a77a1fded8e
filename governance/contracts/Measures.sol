// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {Dataset} from "governance/Dataset.sol";
import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";

/// @title Measures: acts of the majority of stake, each of a fixed kind.
abstract contract Measures is Dataset, IMeasures {
    using SafeCast for uint256;

    uint256 private constant SLASH_MAX = 1000;

    function enact(Kind kind, bytes calldata args, uint256 nonce, uint256 expiry, Assent[] calldata assents) external {
        if (block.timestamp >= expiry) revert Expired();
        bytes32 measure = Typed.measure(uint8(kind), args, nonce, expiry);
        // Not the bare nonce, which the majority of any small group could use up for all others.
        if (_enacted[measure]) revert NonceUsed();
        _enacted[measure] = true;
        if (args.length != 32 * _words(kind)) revert BadArguments();
        uint256 group = _word(args, 0);
        if (!_carries(kind, group, _assenting(kind, group, measure, assents))) revert NoMajority();
        _carryOut(kind, group, args);
        emit Enacted(kind, args, nonce);
    }

    function enacted(bytes32 measure) external view returns (bool) {
        return _enacted[measure];
    }

    /// @dev Live stake behind the valid assents, wei; a bad assent is skipped, a repeated one cannot be written. Where a
    /// group decides about itself, only its own positions count.
    function _assenting(Kind kind, uint256 group, bytes32 measure, Assent[] calldata assents)
        private
        view
        returns (uint256 sum)
    {
        bytes32 digest = _hashTypedDataV4(Typed.assent(measure));
        bool local = kind == Kind.Period || kind == Kind.Rollback;
        bool mustBeAwake = kind == Kind.Rollback;
        for (uint256 i; i < assents.length; ++i) {
            Assent calldata assent = assents[i];
            if (i != 0 && !_follows(assent, assents[i - 1])) revert NotAscending();
            if (local && assent.group != group) continue;
            sum += _weigh(_seats[assent.group][assent.position], _epoch(), mustBeAwake, digest, assent.r, assent.vs);
        }
        return sum * UNIT;
    }

    function _follows(Assent calldata assent, Assent calldata previous) private pure returns (bool) {
        if (assent.group != previous.group) return assent.group > previous.group;
        return assent.position > previous.position;
    }

    function _carries(Kind kind, uint256 group, uint256 sum) private view returns (bool) {
        if (kind == Kind.Period) return Rules.majority(sum, _sumsNow(group).bonded * UNIT);
        if (kind == Kind.Rollback) return Rules.majority(sum, _awakeNow(group) * UNIT);
        return Rules.majorityOfAll(sum, _allNow().bonded * UNIT, IERC20(_neuron).totalSupply());
    }

    function _carryOut(Kind kind, uint256 group, bytes calldata args) private {
        if (kind == Kind.Period) _setPeriod(group, _word(args, 1));
        else if (kind == Kind.Rollback) _rollBack(group, _word(args, 1));
        else if (kind == Kind.Admit) _admit(group);
        else if (kind == Kind.Revoke) _revoke(group);
        else if (kind == Kind.Strike) _strike(group, _word(args, 1), _word(args, 2));
        else _punish(group, _word(args, 1), _word(args, 2));
    }

    function _setPeriod(uint256 group, uint256 period) private {
        IGroups.Group storage stored = _group(group);
        if (period == 0 || period > _exitTime / 2) revert IGroups.BadTimes();
        stored.period = period.toUint32();
        emit PeriodSet(group, period);
    }

    function _rollBack(uint256 group, uint256 number) private {
        (bytes32 head, address author, uint256 paid, uint256 burned) = _takeBack(group, number);
        emit Taken(group, number, head, author, paid, burned);
        _release(author, paid, burned);
    }

    function _admit(uint256 group) private {
        IGroups.Group storage stored = _group(group);
        if (stored.admitted) revert AlreadyAdmitted();
        stored.admitted = true;
        _countAdmitted(group, true);
        emit Admitted(group);
    }

    function _revoke(uint256 group) private {
        IGroups.Group storage stored = _group(group);
        if (!stored.admitted) revert NotAdmitted();
        stored.admitted = false;
        _countAdmitted(group, false);
        emit Revoked(group);
    }

    function _strike(uint256 group, uint256 round, uint256 restore) private {
        IGroups.Group storage stored = _group(group);
        IRounds.Round storage past = _rounds[group][round];
        if (restore > 1) revert BadArguments();
        bool open = past.outcome == IRounds.Outcome.Won && !past.collected;
        if (!open || block.timestamp >= _startOf(group, round + 1) + _maturity) revert NothingToStrike();
        past.outcome = IRounds.Outcome.Struck;
        if (restore == 1) stored.checkpoint = past.checkpoint;
        emit Struck(group, round, stored.checkpoint);
    }

    function _punish(uint256 group, uint256 position, uint256 basisPoints) private {
        if (basisPoints == 0 || basisPoints > SLASH_MAX) revert BadArguments();
        _burn(_slash(group, position, basisPoints));
    }

    function _word(bytes calldata args, uint256 index) private pure returns (uint256) {
        return uint256(bytes32(args[32 * index:32 * index + 32]));
    }

    function _words(Kind kind) private pure returns (uint256) {
        if (kind == Kind.Admit || kind == Kind.Revoke) return 1;
        return kind == Kind.Period || kind == Kind.Rollback ? 2 : 3;
    }
}
