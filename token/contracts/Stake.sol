// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IStake} from "token/IStake.sol";
import {Seats} from "token/Seats.sol";

/// @title Stake: what owners and signers do with positions.
abstract contract Stake is Seats, IStake {
    using SafeCast for uint256;

    /// @dev Reverts unless `group` exists.
    function _requireGroup(uint256 group) internal view virtual;

    function bond(uint256 group, address signer, uint256 amount, bytes calldata consent)
        external
        returns (uint256 position)
    {
        return _bond(group, signer, amount, consent);
    }

    function bondWithPermit(
        uint256 group,
        address signer,
        uint256 amount,
        bytes calldata consent,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 position) {
        // Whoever brought the permit before: only the allowance counts.
        try IERC20Permit(_neuron).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        return _bond(group, signer, amount, consent);
    }

    function compound(uint256 group, uint256 position) external {
        if (_earnedBy(group, position) == 0) revert NothingToCompound();
        _touch(group, position);
    }

    function wake(uint256 group, uint256 position) external {
        Seat storage seat = _controlled(group, position);
        (, bool awake) = _now(seat);
        // Who went to rest, or was put to it, sleeps for an epoch.
        if (awake || seat.awake) revert AlreadyAwake();
        if (!_mayWake(group, seat.stake)) revert StakeTooSmall();
        seat.wokenAt = (_epoch() + 1).toUint24();
        _change(group, seat, seat.stake, true);
        emit Woken(group, position);
    }

    function rest(uint256 group, uint256 position) external {
        Seat storage seat = _controlled(group, position);
        if (!seat.awake) revert NotAwake();
        _change(group, seat, seat.stake, false);
        emit Rested(group, position);
    }

    function rotate(uint256 group, uint256 position, address signer, bytes calldata consent) external {
        Seat storage seat = _own(group, position);
        uint24 from = (_epoch() + 1).toUint24();
        _employ(group, position, signer, from, consent);
        _keys[group][seat.signer].until = from;
        _preserve(seat);
        seat.signer = signer;
        emit Rotated(group, position, signer);
    }

    function unbond(uint256 group, uint256 position, uint256 amount) external {
        Seat storage seat = _own(group, position);
        uint256 units = _units(amount);
        if (units > seat.stake) revert NotEnoughStake();
        _change(group, seat, seat.stake - units, seat.awake);
        seat.exiting += units.toUint64();
        seat.exitEpoch = (_epoch() + 1).toUint32();
        emit Unbonded(group, position, amount, _exitAt(seat));
        if (seat.awake && !_mayWake(group, seat.stake)) {
            _change(group, seat, seat.stake, false);
            emit Rested(group, position);
        }
    }

    function withdraw(uint256 group, uint256 position) external returns (uint256 amount) {
        Seat storage seat = _own(group, position);
        amount = seat.exiting * UNIT;
        if (amount == 0) revert NothingToWithdraw();
        if (block.timestamp < _exitAt(seat)) revert ExitNotOver();
        seat.exiting = 0;
        emit Withdrawn(group, position, amount);
        _give(msg.sender, amount);
    }

    function neuron() external view returns (address) {
        return _neuron;
    }

    function emission() external view returns (address) {
        return _emission;
    }

    function purse() external view returns (address) {
        return _purse;
    }

    function epochLength() external view returns (uint256) {
        return _epochLength;
    }

    function exitTime() external view returns (uint256) {
        return _exitTime;
    }

    function maturity() external view returns (uint256) {
        return _maturity;
    }

    function minDeposit() external view returns (uint256) {
        return _minDeposit;
    }

    function genesis() external view returns (uint256) {
        return _genesis;
    }

    function epoch() external view returns (uint256) {
        return _epoch();
    }

    function position(uint256 group, uint256 number) external view returns (Position memory shown) {
        Seat storage seat = _seats[group][number];
        if (seat.owner == address(0)) revert NoSuchPosition();
        (uint64 live, bool awake) = _now(seat);
        shown.owner = seat.owner;
        shown.signer = seat.turnsAt > _epoch() ? seat.signerBefore : seat.signer;
        shown.signerNext = seat.signer;
        (shown.live, shown.next) = (live * UNIT, seat.stake * UNIT);
        (shown.awake, shown.awakeNext) = (awake, seat.awake);
        shown.wokenAt = seat.wokenAt;
        shown.earned = _earnedBy(group, number) * UNIT;
        shown.exiting = seat.exiting * UNIT;
        shown.exitAt = seat.exitEpoch == 0 ? 0 : _exitAt(seat);
        shown.forgivenUntil = seat.forgivenUntil;
        (shown.heirGroup, shown.heir) = (seat.heirGroup, seat.heir);
    }

    function positions(uint256 group) external view returns (uint256) {
        return _positions[group];
    }

    function positionOf(uint256 group, address signer) external view returns (uint256) {
        Key memory key = _keys[group][signer];
        // A key that was replaced in the epoch in which it was named never signs.
        bool signs = key.until == 0 || (key.from < key.until && _epoch() < key.until);
        return signs ? key.position : 0;
    }

    function stake(uint256 group) external view returns (Totals memory) {
        Sums memory sums = _sumsNow(group);
        return Totals(sums.bonded * UNIT, sums.bondedNext * UNIT, sums.awake * UNIT, sums.awakeNext * UNIT);
    }

    function admittedAwake() external view returns (uint256) {
        return _admittedAwake() * UNIT;
    }

    function allBonded() external view returns (uint256) {
        return _allNow().bonded * UNIT;
    }

    function _bond(uint256 group, address signer, uint256 amount, bytes calldata consent)
        private
        returns (uint256 number)
    {
        _requireGroup(group);
        uint256 units = _units(amount);
        number = _seatOf(group, signer, consent);
        Seat storage seat = _own(group, number);
        _change(group, seat, seat.stake + units, seat.awake);
        emit Bonded(group, number, msg.sender, signer, amount);
        _take(amount);
    }

    function _controlled(uint256 group, uint256 number) private returns (Seat storage seat) {
        seat = _touch(group, number);
        if (msg.sender != seat.owner && msg.sender != seat.signer) revert NotOwnerOrSigner();
    }

    function _exitAt(Seat storage seat) private view returns (uint256) {
        return _genesis + seat.exitEpoch * _epochLength + _exitTime;
    }
}
