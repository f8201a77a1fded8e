// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IEmission} from "token/IEmission.sol";
import {INeuron} from "token/INeuron.sol";
import {IPurse} from "token/IPurse.sol";
import {Seats, Terms} from "token/Seats.sol";
import {IDataset, IGroups, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";

/// @title State: all that the network stores beside seats, and what every module does with it.
/// @dev `Network` and `Council` have this one layout because nothing below it declares a variable.
abstract contract State is Seats {
    /// @dev The earliest commit behind a claim.
    struct Lead {
        address trainer;
        uint24 number;
    }

    /// @dev A checkpoint's digest belongs to the group where it was revealed first.
    struct Binding {
        uint248 group;
        bool won;
    }

    /// @dev The last choice of a position; its weight in wei.
    struct Ballot {
        uint32 period;
        uint32 delta;
        uint96 weight;
        uint96 seq;
    }

    uint256 internal _groupCount;
    mapping(uint256 group => IGroups.Group) internal _groups;

    mapping(uint256 group => mapping(uint256 round => IRounds.Round)) internal _rounds;
    mapping(uint256 group => mapping(uint256 round => mapping(address trainer => IRounds.Claim))) internal _claims;
    mapping(uint256 group => mapping(uint256 round => mapping(bytes32 claim => Lead))) internal _leads;
    /// @dev Whose verdict was counted: a bit for each of 256 positions.
    mapping(uint256 group => mapping(uint256 round => mapping(uint256 word => uint256))) internal _judged;
    mapping(bytes32 file => Binding) internal _files;

    mapping(uint256 group => mapping(uint256 number => IDataset.Delta)) internal _deltas;
    mapping(uint256 group => uint32[]) internal _open;
    mapping(uint256 group => mapping(uint256 period => uint256)) internal _keep;
    mapping(uint256 group => mapping(uint256 position => Ballot)) internal _ballots;

    mapping(bytes32 measure => bool) internal _enacted;

    constructor(Terms memory terms_) Seats(terms_) {}

    function _group(uint256 number) internal view returns (IGroups.Group storage stored) {
        stored = _groups[number];
        if (stored.train == 0) revert IGroups.NoSuchGroup();
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

    function _present(uint256 group, uint256 number, uint256 position) internal view returns (bool) {
        return _judged[group][number][position >> 8] >> (position & 255) & 1 == 1;
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

    /// @dev The last thing that a call does: its sender may be a contract, and may call again.
    function _payBack(uint256 gas) internal {
        IPurse(_purse).payBack(msg.sender, gas);
    }
}
