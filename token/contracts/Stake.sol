// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IStake} from "token/IStake.sol";
import {Shares} from "token/Shares.sol";

/// @title Stake: positions of NRN in groups, rolled over to a new epoch when they are next touched.
/// @dev Invariant: every sum changes in `next` only, by what its positions change in `next`, so that in each epoch a
/// group's sums are those of its positions whenever they are rolled over. NRN held for stake = Σ (next + exiting).
abstract contract Stake is IStake, EIP712 {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using SafeCast for int256;

    /// @dev A position may be awake if it holds this part of its group's stake: all verdicts then fit one transaction.
    uint256 private constant AWAKE_PARTS = 1024;
    bytes32 private constant CONSENT = keccak256("Consent(uint256 group,address owner)");

    /// @dev What is stored of a position; `seen` is kept for the record of presence.
    struct Seat {
        uint96 live;
        uint24 epoch;
        uint24 seen;
        uint96 next;
        bool awake;
        bool awakeNext;
        address owner;
        uint96 exiting;
        address signer;
        uint40 exitAt;
    }

    /// @dev Sums over the positions of a group; those of all groups hold in `awake` the admitted ones only.
    struct Sums {
        uint96 bonded;
        uint96 awake;
        uint64 epoch;
        uint96 bondedNext;
        uint96 awakeNext;
    }

    /// @dev Positions whose signatures counted, each with its live stake; `stake` is their sum in wei.
    struct Batch {
        uint256[] positions;
        uint256[] stakes;
        uint256 counted;
        uint256 stake;
    }

    address public immutable neuron;
    address public immutable emission;
    address public immutable purse;
    uint256 public immutable epochLength;
    uint256 public immutable exitTime;
    uint256 public immutable maturity;
    uint256 public immutable minDeposit;
    uint256 public immutable genesis;

    mapping(uint256 group => uint256) public positions;
    mapping(uint256 group => mapping(address signer => uint256)) public positionOf;
    mapping(uint256 group => mapping(uint256 position => Seat)) private _seats;
    mapping(uint256 group => Sums) private _sums;
    Sums private _all;

    constructor(
        address neuron_,
        address emission_,
        address purse_,
        uint256 epochLength_,
        uint256 exitTime_,
        uint256 maturity_,
        uint256 minDeposit_
    ) EIP712("Neuron", "1") {
        if (epochLength_ == 0 || exitTime_ == 0 || maturity_ == 0) revert ZeroTime();
        neuron = neuron_;
        emission = emission_;
        purse = purse_;
        epochLength = epochLength_;
        exitTime = exitTime_;
        maturity = maturity_;
        minDeposit = minDeposit_.toUint80();
        genesis = block.timestamp;
    }

    /// @dev Reverts unless `group` exists.
    function _requireGroup(uint256 group) internal view virtual;

    /// @dev Whether the awake stake of `group` shares the common issue.
    function _admitted(uint256 group) internal view virtual returns (bool);

    function bond(uint256 group, address signer, uint256 amount, bytes calldata consent)
        external
        returns (uint256 position)
    {
        _requireGroup(group);
        if (amount == 0) revert ZeroAmount();
        position = positionOf[group][signer];
        if (position == 0) position = _seat(group, signer, consent);
        Seat storage seat = _rolledSeat(group, position);
        if (msg.sender != seat.owner) revert NotOwner();
        _setNext(seat, seat.next + amount, epoch());
        _shift(group, amount.toInt256(), seat.awakeNext ? amount.toInt256() : int256(0));
        emit Bonded(group, position, msg.sender, signer, amount);
        _take(amount);
    }

    function wake(uint256 group, uint256 position) external {
        Seat storage seat = _controlledSeat(group, position);
        if (seat.awakeNext) revert AlreadyAwake();
        if (!_mayWake(seat.next, _rolled(_sums[group]).bondedNext)) revert StakeTooSmall();
        seat.awakeNext = true;
        _shift(group, 0, int256(uint256(seat.next)));
        emit Woken(group, position);
    }

    function rest(uint256 group, uint256 position) external {
        Seat storage seat = _controlledSeat(group, position);
        if (!seat.awakeNext) revert NotAwake();
        _rest(group, position, seat);
    }

    function unbond(uint256 group, uint256 position, uint256 amount) external {
        Seat storage seat = _ownSeat(group, position);
        if (amount == 0) revert ZeroAmount();
        if (amount > seat.next) revert NotEnoughStake();
        _setNext(seat, seat.next - amount, epoch());
        seat.exiting += amount.toUint96();
        uint256 exitAt = genesis + (epoch() + 1) * epochLength + exitTime;
        seat.exitAt = exitAt.toUint40();
        _shift(group, -amount.toInt256(), seat.awakeNext ? -amount.toInt256() : int256(0));
        emit Unbonded(group, position, amount, exitAt);
        if (seat.awakeNext && !_mayWake(seat.next, _sums[group].bondedNext)) _rest(group, position, seat);
    }

    function withdraw(uint256 group, uint256 position) external returns (uint256 amount) {
        Seat storage seat = _ownSeat(group, position);
        amount = seat.exiting;
        if (amount == 0) revert NothingToWithdraw();
        if (block.timestamp < seat.exitAt) revert ExitNotOver();
        seat.exiting = 0;
        emit Withdrawn(group, position, amount);
        _give(msg.sender, amount);
    }

    function epoch() public view returns (uint256) {
        return (block.timestamp - genesis) / epochLength;
    }

    function position(uint256 group, uint256 number) external view returns (Position memory) {
        Seat memory seat = _rolled(_seats[group][number]);
        if (seat.owner == address(0)) revert NoSuchPosition();
        return Position({
            owner: seat.owner,
            signer: seat.signer,
            live: seat.live,
            next: seat.next,
            awake: seat.awake,
            awakeNext: seat.awakeNext,
            seen: seat.seen,
            exiting: seat.exiting,
            exitAt: seat.exitAt
        });
    }

    function stake(uint256 group) public view returns (Totals memory) {
        Sums memory sums = _rolled(_sums[group]);
        return Totals(sums.bonded, sums.bondedNext, sums.awake, sums.awakeNext);
    }

    function admittedAwake() public view returns (uint256) {
        return _rolled(_all).awake;
    }

    function allBonded() public view returns (uint256) {
        return _rolled(_all).bonded;
    }

    /// @dev The live stake of a position in wei if `digest` bears its signer's signature, else 0.
    function _signedStake(uint256 group, uint256 position_, bool mustBeAwake, bytes32 structHash, bytes32 r, bytes32 vs)
        internal
        view
        returns (uint256)
    {
        Seat storage seat = _seats[group][position_];
        (address signer,,) = ECDSA.tryRecover(_hashTypedDataV4(structHash), r, vs);
        if (signer == address(0) || signer != seat.signer) return 0;
        bool rolled = seat.epoch == epoch();
        if (mustBeAwake && !(rolled ? seat.awake : seat.awakeNext)) return 0;
        return rolled ? seat.live : seat.next;
    }

    /// @dev Divides `amount` wei, which this contract holds already, among the stakes of `batch`: to
    /// each what is due for its stretch; the share of the stakes before it is `given` already.
    function _payStakes(uint256 group, Batch memory batch, uint256 amount) internal {
        mapping(uint256 position => Seat) storage seats = _seats[group];
        uint256 current = epoch();
        uint256 judged;
        uint256 given;
        uint256 toAwake;
        for (uint256 i; i < batch.counted; ++i) {
            judged += batch.stakes[i];
            uint256 part = Shares.part(amount, judged, batch.stake) - given;
            given += part;
            Seat storage seat = seats[batch.positions[i]];
            if (seat.awakeNext) toAwake += part;
            _setNext(seat, seat.next + part, current);
        }
        _shift(group, amount.toInt256(), toAwake.toInt256());
    }

    /// @dev From now on the awake stake of `group` is part of `admittedAwake`.
    function _countAdmitted(uint256 group) internal {
        Sums memory sums = _rolled(_sums[group]);
        Sums memory all = _rolled(_all);
        all.awake += sums.awake;
        all.awakeNext += sums.awakeNext;
        _all = all;
    }

    /// @dev Takes `amount` wei of NRN from the caller.
    function _take(uint256 amount) internal {
        IERC20(neuron).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @dev Pays `amount` wei of NRN to `to`.
    function _give(address to, uint256 amount) internal {
        IERC20(neuron).safeTransfer(to, amount);
    }

    function _seat(uint256 group, address signer, bytes calldata consent) private returns (uint256 number) {
        if (msg.sender != signer && !_consents(group, signer, consent)) revert NoConsent();
        number = ++positions[group];
        positionOf[group][signer] = number;
        Seat storage seat = _seats[group][number];
        seat.owner = msg.sender;
        seat.signer = signer;
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

    function _rest(uint256 group, uint256 number, Seat storage seat) private {
        seat.awakeNext = false;
        _shift(group, 0, -int256(uint256(seat.next)));
        emit Rested(group, number);
    }

    function _mayWake(uint256 own, uint256 bonded) private pure returns (bool) {
        return own != 0 && own * AWAKE_PARTS >= bonded;
    }

    function _ownSeat(uint256 group, uint256 number) private returns (Seat storage seat) {
        seat = _rolledSeat(group, number);
        if (msg.sender != seat.owner) revert NotOwner();
    }

    function _controlledSeat(uint256 group, uint256 number) private returns (Seat storage seat) {
        seat = _rolledSeat(group, number);
        if (msg.sender != seat.owner && msg.sender != seat.signer) revert NotOwnerOrSigner();
    }

    function _rolledSeat(uint256 group, uint256 number) private returns (Seat storage seat) {
        seat = _seats[group][number];
        if (seat.owner == address(0)) revert NoSuchPosition();
        _setNext(seat, seat.next, epoch());
    }

    /// @dev Rolls `seat` over to the epoch `current` and sets what counts from the next one. The only place that writes
    /// these fields, all at once and without branches, because it runs for every verdict.
    function _setNext(Seat storage seat, uint256 next, uint256 current) private {
        bool rolled = seat.epoch == current;
        uint96 live = rolled ? seat.live : seat.next;
        bool awake = rolled ? seat.awake : seat.awakeNext;
        (uint96 next96, uint24 epoch24) = (next.toUint96(), current.toUint24());
        seat.live = live;
        seat.next = next96;
        seat.epoch = epoch24;
        seat.awake = awake;
    }

    function _rolled(Seat memory seat) private view returns (Seat memory) {
        if (seat.epoch != epoch()) (seat.live, seat.awake) = (seat.next, seat.awakeNext);
        return seat;
    }

    function _rolled(Sums memory sums) private view returns (Sums memory) {
        uint64 current = epoch().toUint64();
        if (sums.epoch == current) return sums;
        (sums.bonded, sums.awake, sums.epoch) = (sums.bondedNext, sums.awakeNext, current);
        return sums;
    }

    /// @dev Changes what counts from the next epoch on, for the group and for all.
    function _shift(uint256 group, int256 bonded, int256 awake) private {
        _sums[group] = _shifted(_sums[group], bonded, awake);
        _all = _shifted(_all, bonded, _admitted(group) ? awake : int256(0));
    }

    function _shifted(Sums memory sums, int256 bonded, int256 awake) private view returns (Sums memory) {
        sums = _rolled(sums);
        sums.bondedNext = (int256(uint256(sums.bondedNext)) + bonded).toUint256().toUint96();
        sums.awakeNext = (int256(uint256(sums.awakeNext)) + awake).toUint256().toUint96();
        return sums;
    }
}
