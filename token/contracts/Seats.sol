// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IStake} from "token/IStake.sol";
import {Signatures} from "token/Signatures.sol";

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
/// held for stake = Σ (stake + earned + exiting + exitingLater).
abstract contract Seats is EIP712 {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using SafeCast for int256;

    uint256 internal constant UNIT = 1 gwei;
    uint256 internal constant BASIS_POINTS = 10_000;
    /// @dev A position may be awake if it holds this part of its group's stake: others pay for what is brought of it.
    uint256 internal constant AWAKE_PARTS = 16_384;
    /// @dev Stake moves once an epoch at most; a slash follows it for as long as an exit lasts.
    uint256 private constant HEIRS_MAX = 32;
    uint256 private constant NEVER = type(uint24).max;
    bytes32 private constant CONSENT = keccak256("Consent(uint256 group,address owner)");

    /// @dev The first slot is all that a signature is weighed by; the second is needed in an epoch with a change only.
    /// @param emptyFrom, filledFrom nothing counted from the one epoch on and before the other.
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
        uint24 exitEpoch;
        uint24 forgivenUntil;
        uint24 movedAt;
        uint32 heirGroup;
        uint32 heir;
        uint64 moved;
        uint24 slashedIn;
        uint24 emptyFrom;
        uint24 sleepsUntil;
        uint8 dozed;
        uint64 exitingLater;
        uint24 exitEpochLater;
        uint24 filledFrom;
    }

    /// @dev A key signs for its position from the epoch `from` on and before `until`, for good if that is 0.
    /// @param judges it is no contract, so that it can sign verdicts.
    struct Key {
        uint32 position;
        uint24 from;
        uint24 until;
        bool judges;
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
    mapping(uint256 group => mapping(uint256 position => address)) internal _offers;
    mapping(uint256 group => Sums) private _sums;
    Sums private _all;

    constructor(Terms memory terms_) EIP712("Neuron Network", "1") {
        bool timeless = terms_.epochLength == 0 || terms_.exitTime == 0 || terms_.maturity == 0;
        // What a round of an epoch pays one position has to fit its 56 bits of gweis.
        if (timeless || terms_.minDeposit == 0 || terms_.epochLength > 60 days) revert IStake.BadTerms();
        // Stake that moves every epoch must not be further away than a slash follows it.
        if (terms_.exitTime / terms_.epochLength + 3 > HEIRS_MAX) revert IStake.BadTerms();
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

    /// @dev Gweis of pay that a position has earned and not made stake, those of rounds just decided included.
    function _earnedBy(uint256 group, uint256 number) internal view virtual returns (uint256);

    /// @dev Takes all that can be taken out of that pay. @return earned gweis that the contract holds for the position.
    function _takeEarned(uint256 group, uint256 number) internal virtual returns (uint256 earned);

    function _epoch() internal view returns (uint256) {
        return (block.timestamp - _genesis) / _epochLength;
    }

    /// @dev The second at which the epoch begins.
    function _epochStart(uint256 number) internal view returns (uint256) {
        return _genesis + number * _epochLength;
    }

    /// @dev Gweis of the seat that count in the epoch `current`, for the awake signer of `digest`; 0 if that is somebody
    /// else, or if what counted in that epoch is not known any more.
    function _weigh(Seat storage seat, uint256 current, bytes32 digest, bytes32 r, bytes32 vs)
        internal
        view
        returns (uint256)
    {
        // Together: one read of the slot.
        (address signer, uint256 live, uint256 turnsAt, bool awake) =
            (seat.signer, seat.stake, seat.turnsAt, seat.awake);
        if (turnsAt > current) {
            if (turnsAt > current + 1) return 0;
            (signer, live, awake) = (seat.signerBefore, seat.stakeBefore, seat.awakeBefore);
        }
        // A seat that is awake has a signer.
        return awake && Signatures.signerOf(digest, r, vs) == signer ? live : 0;
    }

    /// @dev Gweis of the seat in the epoch `current`, which is this one or the last in which the seat was changed.
    function _stakeIn(Seat storage seat, uint256 current) internal view returns (uint256) {
        (uint256 turnsAt, uint256 stake) = (seat.turnsAt, seat.stake);
        return turnsAt > current ? seat.stakeBefore : stake;
    }

    /// @dev Who signed `digest` for the seat: 0 nobody, 1 its signer, 2 its owner.
    function _speaker(Seat storage seat, bytes32 digest, bytes calldata signature) internal view returns (uint256) {
        address signer = seat.turnsAt > _epoch() ? seat.signerBefore : seat.signer;
        address signed = Signatures.recover(digest, signature);
        if (signed != address(0) && signed == signer) return 1;
        address owner = seat.owner;
        if (owner == address(0)) return 0;
        if (signed == owner || Signatures.accepts(owner, digest, signature)) return 2;
        return Signatures.accepts(signer, digest, signature) ? 1 : 0;
    }

    /// @dev Whether `digest` was signed, r and vs as in ERC-2098, by a key that signed for `number` in `epoch`.
    function _signedIn(uint256 group, uint256 number, uint256 epoch, bytes32 digest, bytes32 r, bytes32 vs)
        internal
        view
        returns (bool)
    {
        address signer = Signatures.signerOf(digest, r, vs);
        Key memory key = _keys[group][signer];
        return
            number != 0 && key.position == number && key.from <= epoch && (key.until == 0 || epoch < key.until);
    }

    /// @dev The seat, its pay made stake: where every change begins.
    function _touch(uint256 group, uint256 number) internal returns (Seat storage seat) {
        seat = _seats[group][number];
        if (seat.owner == address(0)) revert IStake.NoSuchPosition(group, number);
        uint256 earned = _takeEarned(group, number);
        if (earned == 0) return seat;
        _change(group, seat, seat.stake + earned, seat.awake);
        emit IStake.Compounded(group, number, earned * UNIT);
    }

    /// @dev The touched seat of the caller.
    function _own(uint256 group, uint256 number) internal returns (Seat storage seat) {
        seat = _touch(group, number);
        if (msg.sender != seat.owner) revert IStake.NotOwner(seat.owner);
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
        uint256 old = seat.stake;
        if (stake == 0 && old != 0) (seat.emptyFrom, seat.filledFrom) = (seat.turnsAt, NEVER.toUint24());
        if (stake != 0 && old == 0 && seat.emptyFrom != 0) seat.filledFrom = seat.turnsAt;
        int256 awakeStake = (awake ? int256(stake) : int256(0)) - _awake(seat.awake, seat.stake);
        (seat.stake, seat.awake) = (stake.toUint64(), awake);
        _shift(group, 0, 0, int256(stake) - int256(old), awakeStake);
    }

    /// @dev Lets the position sleep from the next epoch on.
    function _toRest(uint256 group, uint256 number, Seat storage seat) internal {
        _change(group, seat, seat.stake, false);
        emit IStake.Rested(group, number);
    }

    /// @dev Gweis that count in this epoch, and whether they are awake.
    function _now(Seat storage seat) internal view returns (uint64 live, bool awake) {
        return seat.turnsAt > _epoch() ? (seat.stakeBefore, seat.awakeBefore) : (seat.stake, seat.awake);
    }

    /// @dev Whether the key of this seat had stake to answer with in the epoch `current`.
    function _answers(Seat storage seat, uint256 current) internal view returns (bool) {
        return current < seat.emptyFrom || current >= seat.filledFrom;
    }

    /// @dev Takes `basisPoints` of what a position has in stake that counts, and in exits that last, and as much of what
    /// moved from it in the epoch `since` or later, wherever it is by now.
    /// @param spare whether heirs that a measure slashed in this epoch are passed over, and others marked.
    /// @return amount wei that are nobody's now.
    function _slash(uint256 group, uint256 number, uint256 basisPoints, uint256 since, bool spare)
        internal
        returns (uint256 amount)
    {
        Seat storage seat = _touch(group, number);
        amount = _cut(group, number, seat, basisPoints);
        uint256 due = seat.moved * basisPoints / BASIS_POINTS;
        for (uint256 hops; due != 0 && hops < HEIRS_MAX && _follows(seat, since); ++hops) {
            due = Math.min(due, seat.moved);
            (group, number) = (seat.heirGroup, seat.heir);
            Seat storage heir = _touch(group, number);
            if (spare && heir.slashedIn == _epoch()) break;
            if (spare) heir.slashedIn = _epoch().toUint24();
            seat.moved -= due.toUint64();
            seat = heir;
            uint256 taken = _claw(group, number, seat, due);
            amount += taken;
            due -= taken / UNIT;
        }
    }

    /// @dev Moves what counts now and would go on counting to the caller's seat of `signer` in `child`.
    function _move(uint256 group, uint256 number, uint256 child, address signer, bytes calldata consent)
        internal
        returns (uint256 heir, uint256 amount)
    {
        Seat storage seat = _own(group, number);
        (uint64 live,) = _now(seat);
        amount = Math.min(live, seat.stake);
        if (amount == 0) revert IStake.NotEnoughStake(0);
        bool rests = seat.awake;
        _change(group, seat, seat.stake - amount, false);
        if (rests) emit IStake.Rested(group, number);
        heir = _seatOf(child, signer, consent);
        Seat storage moved = _own(child, heir);
        _change(child, moved, moved.stake + amount, moved.awake);
        // One move at a time: what moved answers for what was signed before.
        bool lasts = seat.heirGroup != 0 && block.timestamp < _movedUntil(seat);
        if (lasts) revert IStake.MovedElsewhere(_movedUntil(seat));
        (seat.heirGroup, seat.heir) = (child.toUint32(), heir.toUint32());
        (seat.moved, seat.movedAt) = (amount.toUint64(), _epoch().toUint24());
    }

    /// @dev The position of `signer`, a new one of the caller if there is none.
    function _seatOf(uint256 group, address signer, bytes calldata consent) internal returns (uint256 number) {
        Key memory key = _keys[group][signer];
        if (key.until != 0) revert IStake.SignerUsed(key.position);
        if (key.position != 0) return key.position;
        number = ++_positions[group];
        bool judges = _employ(group, number, signer, _epoch(), consent);
        Seat storage seat = _seats[group][number];
        (seat.owner, seat.signer) = (msg.sender, signer);
        emit IStake.Seated(group, number, msg.sender, signer, judges);
    }

    /// @dev From the epoch `from` on the key `signer`, never used before, signs for the caller's position.
    /// @return judges whether it has shown that it can sign verdicts.
    function _employ(uint256 group, uint256 number, address signer, uint256 from, bytes calldata consent)
        internal
        returns (bool judges)
    {
        uint256 used = _keys[group][signer].position;
        if (used != 0) revert IStake.SignerUsed(used);
        // Who sends as himself has a key, unless he is a contract; an account with delegated code (EIP-7702) has one too.
        judges = signer == msg.sender && (signer.code.length == 0 || signer == tx.origin);
        if (!judges) {
            bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(CONSENT, group, msg.sender)));
            judges = signer != address(0) && signer == Signatures.recover(digest, consent);
            bool agreed = judges || signer == msg.sender || Signatures.accepts(signer, digest, consent);
            if (!agreed) revert IStake.NoConsent(signer);
        }
        _keys[group][signer] = Key(number.toUint32(), from.toUint24(), 0, judges);
    }

    /// @dev Gweis that a position needs to be awake, once `more` are bonded in its group.
    function _leastAwake(uint256 group, uint256 more) internal view returns (uint256) {
        return Math.max(1, Math.ceilDiv(_sumsNow(group).bondedNext + more, AWAKE_PARTS));
    }

    /// @dev The first exit is over or taken: what follows it takes its place.
    function _moveUp(Seat storage seat) internal {
        (seat.exiting, seat.exitEpoch) = (seat.exitingLater, seat.exitEpochLater);
        (seat.exitingLater, seat.exitEpochLater) = (0, 0);
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
        if (amount % UNIT != 0) revert IStake.NotWholeGwei(amount);
        return amount / UNIT;
    }

    /// @dev The second at which an exit of that epoch is over.
    function _exitAt(uint256 exitEpoch) internal view returns (uint256) {
        return _epochStart(exitEpoch) + _exitTime;
    }

    /// @dev The second until which stake that moved answers for the position.
    function _movedUntil(Seat storage seat) private view returns (uint256) {
        return _exitAt(uint256(seat.movedAt) + 1);
    }

    function _follows(Seat storage seat, uint256 since) private view returns (bool) {
        return seat.heirGroup != 0 && seat.movedAt >= since && block.timestamp < _movedUntil(seat);
    }

    /// @dev Takes the part of stake that counts and goes on counting, and of exits that last. @return wei taken, each once.
    function _cut(uint256 group, uint256 number, Seat storage seat, uint256 basisPoints) private returns (uint256) {
        (uint64 live,) = _now(seat);
        uint256 ofNext = Math.min(live, seat.stake) * basisPoints / BASIS_POINTS;
        uint256 first = _lasts(seat.exitEpoch) ? seat.exiting * basisPoints / BASIS_POINTS : 0;
        uint256 later = _lasts(seat.exitEpochLater) ? seat.exitingLater * basisPoints / BASIS_POINTS : 0;
        return _remove(group, number, seat, live * basisPoints / BASIS_POINTS, ofNext, first, later);
    }

    /// @dev Takes up to `due` gweis of a seat: of its stake, then of exits that last.
    function _claw(uint256 group, uint256 number, Seat storage seat, uint256 due) private returns (uint256) {
        (uint64 live,) = _now(seat);
        uint256 ofNext = Math.min(due, seat.stake);
        uint256 left = due - ofNext;
        uint256 first = _lasts(seat.exitEpoch) ? Math.min(left, seat.exiting) : 0;
        uint256 later = _lasts(seat.exitEpochLater) ? Math.min(left - first, seat.exitingLater) : 0;
        return _remove(group, number, seat, Math.min(due, live), ofNext, first, later);
    }

    function _remove(
        uint256 group,
        uint256 number,
        Seat storage seat,
        uint256 ofLive,
        uint256 ofNext,
        uint256 first,
        uint256 later
    ) private returns (uint256) {
        (, bool awake) = _now(seat);
        bool turns = seat.turnsAt > _epoch();
        _shift(group, -int256(ofLive), -_awake(awake, ofLive), -int256(ofNext), -_awake(seat.awake, ofNext));
        if (turns) seat.stakeBefore -= ofLive.toUint64();
        seat.stake -= ofNext.toUint64();
        seat.exiting -= first.toUint64();
        seat.exitingLater -= later.toUint64();
        if (seat.exiting == 0 && seat.exitingLater != 0) _moveUp(seat);
        emit IStake.Slashed(group, number, ofLive * UNIT, ofNext * UNIT, first * UNIT, later * UNIT);
        return (ofNext + first + later) * UNIT;
    }

    function _lasts(uint256 exitEpoch) private view returns (bool) {
        return block.timestamp < _exitAt(exitEpoch);
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

    function _awake(bool awake, uint256 amount) private pure returns (int256) {
        return awake ? int256(amount) : int256(0);
    }
}
