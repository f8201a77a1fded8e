// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IStake} from "token/IStake.sol";

/// @notice What a network is deployed with: contracts, times in seconds, the least deposit in wei.
struct Terms {
    address neuron;
    address emission;
    address purse;
    uint256 epochLength;
    uint256 exitTime;
    uint256 maturity;
    uint256 minDeposit;
    uint256 genesis;
}

/// @title Seats: what is stored of positions, and the few ways in which it changes.
/// @dev Stakes are kept in gweis. A seat has what counts from the epoch `turnsAt` on and what counted before it, so that
/// nothing has to be written when the epoch comes. Invariants: a group's sums are those of its seats in every epoch; NRN
/// held for stake = Σ (stake + earned + exiting).
abstract contract Seats is EIP712 {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using SafeCast for int256;

    uint256 internal constant UNIT = 1 gwei;
    uint256 internal constant BASIS_POINTS = 10_000;
    /// @dev A position may be awake if it holds this part of its group's stake: all verdicts then fit one transaction.
    uint256 private constant AWAKE_PARTS = 1024;
    /// @dev Stake moves once an epoch at most; a slash follows it for as long as an exit lasts.
    uint256 private constant HEIRS_MAX = 32;
    bytes32 private constant CONSENT = keccak256("Consent(uint256 group,address owner)");

    /// @dev The first slot is all that a signature is weighed by; the second is needed in an epoch with a change only.
    struct Seat {
        address signer;
        uint64 stake;
        uint24 turnsAt;
        bool awake;
        address signerBefore;
        uint64 stakeBefore;
        uint24 wokenAt;
        bool awakeBefore;
        address owner;
        uint64 exiting;
        uint32 exitEpoch;
        uint40 forgivenUntil;
        uint24 movedAt;
        uint32 heirGroup;
        uint32 heir;
    }

    /// @dev A key signs for its position from the epoch `from` on and before `until`, for good if that is 0.
    struct Key {
        uint32 position;
        uint24 from;
        uint24 until;
    }

    /// @dev Sums over the positions of a group; those of all groups hold in `awake` the admitted ones only.
    struct Sums {
        uint64 awake;
        uint64 awakeNext;
        uint64 epoch;
        uint64 bonded;
        uint64 bondedNext;
    }

    address internal immutable _neuron;
    address internal immutable _emission;
    address internal immutable _purse;
    uint256 internal immutable _epochLength;
    uint256 internal immutable _exitTime;
    uint256 internal immutable _maturity;
    uint256 internal immutable _minDeposit;
    uint256 internal immutable _genesis;

    mapping(uint256 group => uint256) internal _positions;
    mapping(uint256 group => mapping(address signer => Key)) internal _keys;
    mapping(uint256 group => mapping(uint256 position => Seat)) internal _seats;
    /// @dev Pay that is not stake yet: 64 bits for each of four positions.
    mapping(uint256 group => mapping(uint256 word => uint256)) internal _earned;
    mapping(uint256 group => Sums) private _sums;
    Sums private _all;

    constructor(Terms memory terms_) EIP712("Neuron", "1") {
        bool timeless = terms_.epochLength == 0 || terms_.exitTime == 0 || terms_.maturity == 0;
        if (timeless || terms_.minDeposit == 0) revert IStake.BadTerms();
        if (terms_.exitTime / terms_.epochLength >= HEIRS_MAX) revert IStake.BadTerms();
        _neuron = terms_.neuron;
        _emission = terms_.emission;
        _purse = terms_.purse;
        _epochLength = terms_.epochLength;
        _exitTime = terms_.exitTime;
        _maturity = terms_.maturity;
        _minDeposit = terms_.minDeposit.toUint80();
        _genesis = terms_.genesis;
    }

    /// @dev Whether the awake stake of `group` shares the common issue.
    function _isAdmitted(uint256 group) internal view virtual returns (bool);

    function _epoch() internal view returns (uint256) {
        return (block.timestamp - _genesis) / _epochLength;
    }

    /// @dev Gweis that count for the signer of `digest` in the epoch `current`; 0 if it is not the seat's.
    function _weigh(Seat storage seat, uint256 current, bool mustBeAwake, bytes32 digest, bytes32 r, bytes32 vs)
        internal
        view
        returns (uint256)
    {
        // Together: one read of the slot.
        (address signer, uint256 live, uint256 turnsAt, bool awake) =
            (seat.signer, seat.stake, seat.turnsAt, seat.awake);
        if (turnsAt > current) (signer, live, awake) = (seat.signerBefore, seat.stakeBefore, seat.awakeBefore);
        (address signed,,) = ECDSA.tryRecover(digest, r, vs);
        if (signed == address(0) || signed != signer) return 0;
        return mustBeAwake && !awake ? 0 : live;
    }

    /// @dev Whether `digest` was signed, r and vs as in ERC-2098, by a key that signed for `number` in `epoch`.
    function _signedIn(uint256 group, uint256 number, uint256 epoch, bytes32 structHash, bytes32 r, bytes32 vs)
        internal
        view
        returns (bool)
    {
        (address signer,,) = ECDSA.tryRecover(_hashTypedDataV4(structHash), r, vs);
        Key memory key = _keys[group][signer];
        return
            signer != address(0) && key.position == number && key.from <= epoch && (key.until == 0 || epoch < key.until);
    }

    /// @dev The seat, its pay made stake: where every change begins.
    function _touch(uint256 group, uint256 number) internal returns (Seat storage seat) {
        seat = _seats[group][number];
        if (seat.owner == address(0)) revert IStake.NoSuchPosition();
        uint256 earned = _earnedBy(group, number);
        if (earned == 0) return seat;
        _earned[group][number >> 2] -= earned << _shiftOf(number);
        _change(group, seat, seat.stake + earned, seat.awake);
        emit IStake.Compounded(group, number, earned * UNIT);
    }

    /// @dev The touched seat of the caller.
    function _own(uint256 group, uint256 number) internal returns (Seat storage seat) {
        seat = _touch(group, number);
        if (msg.sender != seat.owner) revert IStake.NotOwner();
    }

    /// @dev Keeps what counts in this epoch: what is written to the first slot counts from the next one on.
    function _preserve(Seat storage seat) internal {
        uint24 next = (_epoch() + 1).toUint24();
        if (seat.turnsAt == next) return;
        (seat.signerBefore, seat.stakeBefore, seat.awakeBefore) = (seat.signer, seat.stake, seat.awake);
        seat.turnsAt = next;
    }

    /// @dev Sets what counts from the next epoch on; seat and sums together.
    function _change(uint256 group, Seat storage seat, uint256 stake, bool awake) internal {
        _preserve(seat);
        int256 bonded = int256(stake) - int256(uint256(seat.stake));
        int256 awakeStake = (awake ? int256(stake) : int256(0)) - _awake(seat.awake, seat.stake);
        (seat.stake, seat.awake) = (stake.toUint64(), awake);
        _shift(group, 0, 0, bonded, awakeStake);
    }

    /// @dev Gweis that count in this epoch, and whether they are awake.
    function _now(Seat storage seat) internal view returns (uint64 live, bool awake) {
        return seat.turnsAt > _epoch() ? (seat.stakeBefore, seat.awakeBefore) : (seat.stake, seat.awake);
    }

    /// @dev Takes `basisPoints` of what a position has in stake and exits, and of all to which its stake has moved.
    /// @return amount wei that are nobody's now.
    function _slash(uint256 group, uint256 number, uint256 basisPoints) internal returns (uint256 amount) {
        for (uint256 hops; group != 0 && hops < HEIRS_MAX; ++hops) {
            Seat storage seat = _touch(group, number);
            uint256 slashed = _cut(group, seat, basisPoints) * UNIT;
            emit IStake.Slashed(group, number, slashed);
            amount += slashed;
            (group, number) = (seat.heirGroup, seat.heir);
        }
    }

    /// @dev Moves what counts now and would go on counting to the caller's seat of `signer` in `child`.
    function _move(uint256 group, uint256 number, uint256 child, address signer, bytes calldata consent)
        internal
        returns (uint256 heir, uint256 amount)
    {
        Seat storage seat = _own(group, number);
        (uint64 live,) = _now(seat);
        amount = live < seat.stake ? live : seat.stake;
        if (amount == 0) revert IStake.NotEnoughStake();
        _change(group, seat, seat.stake - amount, false);
        heir = _seatOf(child, signer, consent);
        Seat storage moved = _own(child, heir);
        _change(child, moved, moved.stake + amount, moved.awake);
        bool same = seat.heirGroup == child && seat.heir == heir;
        bool free = block.timestamp >= _genesis + (seat.movedAt + 1) * _epochLength + _exitTime;
        if (seat.heirGroup != 0 && !same && !free) revert IStake.MovedElsewhere();
        (seat.heirGroup, seat.heir, seat.movedAt) = (child.toUint32(), heir.toUint32(), _epoch().toUint24());
    }

    /// @dev The position of `signer`, a new one of the caller if there is none.
    function _seatOf(uint256 group, address signer, bytes calldata consent) internal returns (uint256 number) {
        Key memory key = _keys[group][signer];
        if (key.until != 0) revert IStake.SignerUsed();
        if (key.position != 0) return key.position;
        number = ++_positions[group];
        _employ(group, number, signer, _epoch(), consent);
        Seat storage seat = _seats[group][number];
        (seat.owner, seat.signer) = (msg.sender, signer);
    }

    /// @dev From the epoch `from` on the key `signer`, never used before, signs for the caller's position.
    function _employ(uint256 group, uint256 number, address signer, uint256 from, bytes calldata consent) internal {
        if (_keys[group][signer].position != 0) revert IStake.SignerUsed();
        if (msg.sender != signer && !_consents(group, signer, consent)) revert IStake.NoConsent();
        _keys[group][signer] = Key(number.toUint32(), from.toUint24(), 0);
    }

    function _mayWake(uint256 group, uint256 own) internal view returns (bool) {
        return own != 0 && own * AWAKE_PARTS >= _sumsNow(group).bondedNext;
    }

    /// @dev Awake gweis of a group; the first slot tells them.
    function _awakeNow(uint256 group) internal view returns (uint256) {
        return _awakeOf(_sums[group]);
    }

    /// @dev Awake gweis of all admitted groups.
    function _admittedAwake() internal view returns (uint256) {
        return _awakeOf(_all);
    }

    function _sumsNow(uint256 group) internal view returns (Sums memory) {
        return _rolled(_sums[group]);
    }

    function _allNow() internal view returns (Sums memory) {
        return _rolled(_all);
    }

    /// @dev Gweis that a position has earned and not made stake.
    function _earnedBy(uint256 group, uint256 number) internal view returns (uint256) {
        return uint64(_earned[group][number >> 2] >> _shiftOf(number));
    }

    /// @dev From now on the awake stake of `group` is part of all admitted stake, or no longer.
    function _countAdmitted(uint256 group, bool admitted) internal {
        Sums memory sums = _sumsNow(group);
        int256 sign = admitted ? int256(1) : -1;
        int256 awake = sign * int256(uint256(sums.awake));
        _all = _shifted(_all, 0, awake, 0, sign * int256(uint256(sums.awakeNext)));
    }

    /// @dev Takes `amount` wei of NRN from the caller.
    function _take(uint256 amount) internal {
        IERC20(_neuron).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @dev Pays `amount` wei of NRN to `to`.
    function _give(address to, uint256 amount) internal {
        IERC20(_neuron).safeTransfer(to, amount);
    }

    /// @dev Gweis in `amount` wei.
    function _units(uint256 amount) internal pure returns (uint256) {
        if (amount == 0) revert IStake.ZeroAmount();
        if (amount % UNIT != 0) revert IStake.NotWholeGwei();
        return amount / UNIT;
    }

    function _cut(uint256 group, Seat storage seat, uint256 basisPoints) private returns (uint256) {
        (uint64 live, bool awake) = _now(seat);
        uint64 ofLive = (live * basisPoints / BASIS_POINTS).toUint64();
        uint64 ofStake = (seat.stake * basisPoints / BASIS_POINTS).toUint64();
        uint64 ofExiting = (seat.exiting * basisPoints / BASIS_POINTS).toUint64();
        int256 bonded = -int256(uint256(ofLive));
        _shift(group, bonded, -_awake(awake, ofLive), -int256(uint256(ofStake)), -_awake(seat.awake, ofStake));
        if (seat.turnsAt > _epoch()) seat.stakeBefore -= ofLive;
        seat.stake -= ofStake;
        seat.exiting -= ofExiting;
        return uint256(ofStake) + ofExiting;
    }

    function _consents(uint256 group, address signer, bytes calldata consent) private view returns (bool) {
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(CONSENT, group, msg.sender)));
        address recovered;
        if (consent.length == 64) {
            (recovered,,) = ECDSA.tryRecover(digest, bytes32(consent[:32]), bytes32(consent[32:]));
        } else {
            (recovered,,) = ECDSA.tryRecoverCalldata(digest, consent);
        }
        return recovered != address(0) && recovered == signer;
    }

    /// @dev Changes the sums of the group and of all, by gweis: this epoch's bonded and awake, the next one's.
    function _shift(uint256 group, int256 bonded, int256 awake, int256 bondedNext, int256 awakeNext) private {
        _sums[group] = _shifted(_sums[group], bonded, awake, bondedNext, awakeNext);
        if (!_isAdmitted(group)) (awake, awakeNext) = (0, 0);
        _all = _shifted(_all, bonded, awake, bondedNext, awakeNext);
    }

    function _shifted(Sums memory sums, int256 bonded, int256 awake, int256 bondedNext, int256 awakeNext)
        private
        view
        returns (Sums memory)
    {
        sums = _rolled(sums);
        sums.bonded = _plus(sums.bonded, bonded);
        sums.awake = _plus(sums.awake, awake);
        sums.bondedNext = _plus(sums.bondedNext, bondedNext);
        sums.awakeNext = _plus(sums.awakeNext, awakeNext);
        return sums;
    }

    function _rolled(Sums memory sums) private view returns (Sums memory) {
        uint64 current = _epoch().toUint64();
        if (sums.epoch == current) return sums;
        (sums.bonded, sums.awake, sums.epoch) = (sums.bondedNext, sums.awakeNext, current);
        return sums;
    }

    function _awakeOf(Sums storage sums) private view returns (uint256) {
        return sums.epoch == _epoch() ? sums.awake : sums.awakeNext;
    }

    function _plus(uint64 sum, int256 change) private pure returns (uint64) {
        return (int256(uint256(sum)) + change).toUint256().toUint64();
    }

    function _awake(bool awake, uint64 amount) private pure returns (int256) {
        return awake ? int256(uint256(amount)) : int256(0);
    }

    /// @dev Bits below a position's part of its word in `_earned`.
    function _shiftOf(uint256 number) internal pure returns (uint256) {
        return (number & 3) * 64;
    }
}
