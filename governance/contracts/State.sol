// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEmission} from "token/IEmission.sol";
import {INeuron} from "token/INeuron.sol";
import {IPurse} from "token/IPurse.sol";
import {Seats, Terms} from "token/Seats.sol";
import {IBounties} from "governance/IBounties.sol";
import {IDataset, IGroups, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";

/// @title State: all that the network stores beside seats, and what every module does with it.
/// @dev `Network` and its modules have this one layout because nothing below it declares a variable.
abstract contract State is Seats {
    /// @dev The earliest commit behind a claim; gweis of the verdicts counted for it before a decision, and what they earn.
    struct Lead {
        address trainer;
        uint24 number;
        uint64 weight;
        uint64 paid;
    }

    /// @dev The last choice of a position; its weight in wei. @param rank its `seq`, and a bit above it for the owner's.
    struct Ballot {
        uint32 period;
        uint32 delta;
        uint96 weight;
        uint96 rank;
    }

    /// @dev Gweis that assented to a measure in `epoch`; see `IMeasures.Measure`.
    struct Assents {
        uint64 weight;
        uint24 epoch;
        uint24 ripeAt;
        bool enacted;
    }

    /// @dev Where presence shown by `attend` stands among verdicts counted for claims; no claim has that name.
    bytes32 internal constant SHOWN = bytes32(uint256(1));

    uint256 internal _groupCount;
    mapping(uint256 group => IGroups.Group) internal _groups;

    mapping(uint256 group => mapping(uint256 round => IRounds.Round)) internal _rounds;
    mapping(uint256 group => mapping(uint256 round => mapping(address trainer => IRounds.Claim))) internal _claims;
    mapping(uint256 group => mapping(uint256 round => mapping(bytes32 claim => Lead))) internal _leads;
    /// @dev Whose verdict for the claim was counted: a bit for each of 256 positions.
    mapping(uint256 group => mapping(uint256 round => mapping(bytes32 claim => mapping(uint256 page => uint256))))
        internal _judged;
    /// @dev Pay that is not stake yet: see `Pay`.
    mapping(uint256 group => mapping(uint256 word => uint256)) internal _earned;
    /// @dev Files that won in a group; in one that was admitted then, under 0.
    mapping(bytes32 file => mapping(uint256 group => bool)) internal _won;

    mapping(uint256 group => mapping(uint256 number => IDataset.Delta)) internal _deltas;
    mapping(uint256 group => uint32[]) internal _open;
    mapping(uint256 group => mapping(uint256 period => uint256)) internal _keep;
    mapping(uint256 group => mapping(uint256 position => Ballot)) internal _ballots;
    /// @dev The period in which a patch was displaced.
    mapping(uint256 group => mapping(bytes32 digest => uint256 period)) internal _displaced;

    mapping(bytes32 measure => Assents) internal _measures;
    /// @dev Who assented: a bit for each of 256 positions; `gathering` is that of one measure in one epoch.
    mapping(bytes32 gathering => mapping(uint256 group => mapping(uint256 page => uint256))) internal _assented;

    uint256 internal _bountyCount;
    mapping(uint256 number => IBounties.Bounty) internal _bounties;
    /// @dev The bounty that a root of hidden examples served.
    mapping(bytes32 root => uint256 bounty) internal _roots;
    /// @dev Gweis that signed one result in one window, and whose; until they are paid.
    mapping(bytes32 gathering => uint256) internal _found;
    mapping(bytes32 gathering => mapping(uint256 position => uint256)) internal _finders;
    /// @dev Rounds that were paid out of a bounty.
    mapping(uint256 bounty => mapping(uint256 round => bool)) internal _prized;

    constructor(Terms memory terms_) Seats(terms_) {}

    function _group(uint256 number) internal view returns (IGroups.Group storage stored) {
        stored = _groups[number];
        if (stored.train == 0) revert IGroups.NoSuchGroup(number);
    }

    function _isAdmitted(uint256 number) internal view override returns (bool) {
        return _groups[number].admitted;
    }

    /// @dev Seconds of a round.
    function _length(IGroups.Group storage stored) internal view returns (uint256) {
        return uint256(stored.train) + stored.reveal + stored.judge;
    }

    /// @dev The second at which a round begins.
    function _startOf(uint256 group, uint256 number) internal view returns (uint256) {
        return _genesis + number * _length(_group(group));
    }

    /// @dev The second at which the coinbase of a round is mature.
    function _matureAt(uint256 group, uint256 number) internal view returns (uint256) {
        return _startOf(group, number + 1) + _maturity;
    }

    /// @dev The epoch of a round.
    function _epochOf(uint256 group, uint256 number) internal view returns (uint256) {
        return number * _length(_group(group)) / _epochLength;
    }

    /// @dev The claim that was decided, whatever became of it later; 0 if none was or none was true.
    function _decided(uint256 group, uint256 number) internal view returns (bytes32) {
        address winner = _rounds[group][number].winner;
        // Settling leaves the name as it is.
        return winner == address(0) ? bytes32(0) : _claims[group][number][winner].name;
    }

    function _present(uint256 group, uint256 number, uint256 position) internal view returns (bool) {
        mapping(bytes32 claim => mapping(uint256 page => uint256)) storage judged = _judged[group][number];
        uint256 bits = judged[SHOWN][position >> 8];
        if (_rounds[group][number].outcome != IRounds.Outcome.None) {
            bits |= judged[_decided(group, number)][position >> 8];
        }
        return bits >> (position & 255) & 1 == 1;
    }

    /// @dev What the share rule needs: NRN's supply, the group's awake stake, the divisor (wei), the era.
    function _issueNow(uint256 number)
        internal
        view
        returns (uint256 supply, uint256 awake, uint256 total, uint256 era)
    {
        supply = IERC20(_neuron).totalSupply();
        awake = _awakeNow(number) * UNIT;
        total = Rules.total(_admittedAwake() * UNIT, supply);
        era = IEmission(_emission).era();
    }

    /// @dev Issues up to `amount` wei to `to`; asks for nothing where nothing is due.
    function _issue(address to, uint256 amount) internal returns (uint256) {
        return amount == 0 ? 0 : IEmission(_emission).issue(to, amount);
    }

    /// @dev Pays `back` wei of what was deposited to its owner and burns `burned`.
    function _release(address owner, uint256 back, uint256 burned) internal {
        if (back != 0) _give(owner, back);
        _burn(burned);
    }

    function _burn(uint256 amount) internal {
        if (amount != 0) INeuron(_neuron).burn(amount);
    }

    /// @dev Puts `position` into a list of them, 4 bytes each.
    function _note(bytes memory list, uint256 count, uint256 position) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(list, 32), mul(count, 4)), shl(224, position))
        }
    }

    /// @dev Shortens a list of positions to `count` of them.
    function _cut(bytes memory list, uint256 count) internal pure {
        assembly ("memory-safe") {
            mstore(list, mul(count, 4))
        }
    }

    /// @dev The last thing that a call does: its sender may be a contract, and may call again.
    function _payBack(uint256 gas) internal {
        IPurse(_purse).payBack(msg.sender, gas);
    }
}
