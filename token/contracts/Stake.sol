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

    function allow(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Whoever brought the permit before: only the allowance counts.
        try IERC20Permit(_neuron).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
    }

    function bond(uint256 group, address signer, uint256 amount, bytes calldata consent)
        external
        returns (uint256 number)
    {
        _requireGroup(group);
        uint256 units = _units(amount);
        number = _seatOf(group, signer, consent);
        Seat storage seat = _own(group, number);
        _change(group, seat, seat.stake + units, seat.awake);
        emit Bonded(group, number, amount);
        _take(amount);
    }

    function compound(uint256 group, uint256 position) external {
        if (_earnedBy(group, position) == 0) revert NothingToCompound();
        _controlled(group, position);
    }

    function wake(uint256 group, uint256 position) external {
        Seat storage seat = _controlled(group, position);
        (, bool awake) = _now(seat);
        // Who went to rest, or was put to it, sleeps for an epoch.
        if (awake || seat.awake) revert AlreadyAwake();
        if (_epoch() + 1 < seat.sleepsUntil) revert AsleepUntil(seat.sleepsUntil);
        if (!_keys[group][seat.signer].judges) revert SignerCannotJudge(seat.signer);
        uint256 least = _leastAwake(group, 0);
        if (seat.stake < least) revert StakeTooSmall(seat.stake * UNIT, least * UNIT);
        seat.wokenAt = (_epoch() + 1).toUint24();
        _change(group, seat, seat.stake, true);
        emit Woken(group, position);
    }

    function rest(uint256 group, uint256 position) external {
        Seat storage seat = _controlled(group, position);
        if (!seat.awake) revert NotAwake();
        _toRest(group, position, seat);
    }

    function rotate(uint256 group, uint256 position, address signer, bytes calldata consent) external {
        Seat storage seat = _own(group, position);
        uint24 from = (_epoch() + 1).toUint24();
        bool judges = _employ(group, position, signer, from, consent);
        if (seat.awake && !judges) revert SignerCannotJudge(signer);
        _keys[group][seat.signer].until = from;
        _preserve(seat);
        seat.signer = signer;
        emit Rotated(group, position, signer, judges);
    }

    function unbond(uint256 group, uint256 position, uint256 amount) external {
        Seat storage seat = _own(group, position);
        uint256 units = _units(amount);
        if (units > seat.stake) revert NotEnoughStake(seat.stake * UNIT);
        // What is over must not wait again with what begins now.
        if (seat.exitingLater != 0 && block.timestamp >= _exitAt(seat.exitEpoch)) _payOut(group, position, seat, seat.owner);
        _change(group, seat, seat.stake - units, seat.awake);
        uint24 from = (_epoch() + 1).toUint24();
        bool first = seat.exiting == 0 || (seat.exitEpoch == from && seat.exitingLater == 0);
        if (first) (seat.exiting, seat.exitEpoch) = (seat.exiting + units.toUint64(), from);
        else (seat.exitingLater, seat.exitEpochLater) = (seat.exitingLater + units.toUint64(), from);
        emit Unbonded(group, position, amount, _exitAt(from));
        if (seat.awake && seat.stake < _leastAwake(group, 0)) _toRest(group, position, seat);
    }

    function withdraw(uint256 group, uint256 position, address to) external returns (uint256 amount) {
        Seat storage seat = _own(group, position);
        if (seat.exiting == 0) revert NothingToWithdraw();
        if (block.timestamp < _exitAt(seat.exitEpoch)) revert ExitNotOver(_exitAt(seat.exitEpoch));
        return _payOut(group, position, seat, to);
    }

    function offer(uint256 group, uint256 position, address to) external {
        _own(group, position);
        _offers[group][position] = to;
        emit Offered(group, position, to);
    }

    function accept(uint256 group, uint256 position) external {
        address to = _offers[group][position];
        if (msg.sender != to) revert NotOffered(to);
        delete _offers[group][position];
        _seats[group][position].owner = to;
        emit OwnerChanged(group, position, to);
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
        if (seat.owner == address(0)) revert NoSuchPosition(group, number);
        (uint64 live, bool awake) = _now(seat);
        (shown.owner, shown.offered) = (seat.owner, _offers[group][number]);
        shown.signer = seat.turnsAt > _epoch() ? seat.signerBefore : seat.signer;
        shown.signerNext = seat.signer;
        (shown.live, shown.next) = (live * UNIT, seat.stake * UNIT);
        (shown.awake, shown.awakeNext, shown.wokenAt) = (awake, seat.awake, seat.wokenAt);
        (shown.sleepsUntil, shown.dozed) = (seat.sleepsUntil, seat.dozed);
        shown.earned = _earnedBy(group, number) * UNIT;
        shown.exiting = seat.exiting * UNIT;
        shown.exitAt = seat.exitEpoch == 0 ? 0 : _exitAt(seat.exitEpoch);
        shown.exitingLater = seat.exitingLater * UNIT;
        shown.exitAtLater = seat.exitEpochLater == 0 ? 0 : _exitAt(seat.exitEpochLater);
        shown.forgivenUntil = seat.forgivenUntil == 0 ? 0 : _epochStart(seat.forgivenUntil);
        shown.slashedIn = seat.slashedIn;
        (shown.heirGroup, shown.heir, shown.moved) = (seat.heirGroup, seat.heir, seat.moved * UNIT);
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

    function positionsOf(uint256 group, address owner, uint256 first, uint256 count)
        external
        view
        returns (uint256[] memory found)
    {
        found = new uint256[](count);
        uint256 length;
        for (uint256 number = first; number < first + count && number <= _positions[group]; ++number) {
            if (_seats[group][number].owner == owner) found[length++] = number;
        }
        assembly ("memory-safe") {
            mstore(found, length)
        }
    }

    function mayWake(uint256 group, uint256 position) external view returns (bool) {
        Seat storage seat = _seats[group][position];
        (, bool awake) = _now(seat);
        uint256 pay = _earnedBy(group, position);
        bool may = !awake && !seat.awake && _epoch() + 1 >= seat.sleepsUntil;
        may = may && seat.stake + pay >= _leastAwake(group, pay);
        return may && _keys[group][seat.signer].judges;
    }

    function stake(uint256 group) external view returns (Totals memory) {
        Sums memory sums = _sumsNow(group);
        return Totals(sums.bonded * UNIT, sums.bondedNext * UNIT, sums.awake * UNIT, sums.awakeNext * UNIT);
    }

    function admittedAwake() external view returns (uint256) {
        return _admittedAwake() * UNIT;
    }

    function allBonded() external view returns (uint256 live, uint256 next) {
        Sums memory all = _allNow();
        return (all.bonded * UNIT, all.bondedNext * UNIT);
    }

    /// @dev Pays the exits that are over, of which there is one, to `to`.
    function _payOut(uint256 group, uint256 number, Seat storage seat, address to) private returns (uint256 amount) {
        amount = seat.exiting * UNIT;
        _moveUp(seat);
        if (seat.exiting != 0 && block.timestamp >= _exitAt(seat.exitEpoch)) {
            amount += seat.exiting * UNIT;
            _moveUp(seat);
        }
        emit Withdrawn(group, number, to, amount);
        _give(to, amount);
    }

    function _controlled(uint256 group, uint256 number) private returns (Seat storage seat) {
        seat = _touch(group, number);
        if (msg.sender != seat.owner && msg.sender != seat.signer) revert NotOwnerOrSigner(seat.owner, seat.signer);
    }
}
