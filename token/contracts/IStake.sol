// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Stake: NRN bonded in positions of a group. All changes count from the next epoch, only a slash at once.
/// @notice Amounts are in wei and whole gweis (10^9 wei). A function that names a position reverts with
/// `NoSuchPosition` if there is none of that number.
interface IStake {
    /// @param owner the cold key that withdraws. @param offered to whom it offers the position, 0 if to nobody.
    /// @param signer the hot key that signs in this epoch, and @param signerNext the one from the next epoch on.
    /// @param live wei that count in this epoch; @param next wei that count from the next one.
    /// @param awake whether it may sign verdicts and draws on the issue in this epoch, @param awakeNext in the next one.
    /// @param wokenAt the epoch from which it is awake. @param sleepsUntil the epoch before which it may not be awake again;
    /// @param dozed how often its sleep was doubled. @param earned wei of pay that `compound` makes stake.
    /// @param exiting wei on their way out, slashable until `exitAt` (s since 1970); @param exitingLater, exitAtLater those
    /// that follow them. @param forgivenUntil second before which rounds began that are forgiven: the end of the epoch of
    /// the last slash for signing twice. @param slashedIn the epoch in which a measure last slashed it.
    /// @param heirGroup, heir the position to which its stake moved, 0 if it never did; @param moved wei that did.
    struct Position {
        address owner;
        address offered;
        address signer;
        address signerNext;
        uint256 live;
        uint256 next;
        bool awake;
        bool awakeNext;
        uint256 wokenAt;
        uint256 sleepsUntil;
        uint256 dozed;
        uint256 earned;
        uint256 exiting;
        uint256 exitAt;
        uint256 exitingLater;
        uint256 exitAtLater;
        uint256 forgivenUntil;
        uint256 slashedIn;
        uint256 heirGroup;
        uint256 heir;
        uint256 moved;
    }

    /// @notice Sums over a group's positions, wei, this epoch and the next.
    struct Totals {
        uint256 bonded;
        uint256 bondedNext;
        uint256 awake;
        uint256 awakeNext;
    }

    /// @notice A position was made. `judges`: its signer is a key that can sign verdicts, not a contract.
    event Seated(
        uint256 indexed group, uint256 position, address indexed owner, address indexed signer, bool judges
    );
    event Bonded(uint256 indexed group, uint256 indexed position, uint256 amount);
    event Woken(uint256 indexed group, uint256 indexed position);
    event Rested(uint256 indexed group, uint256 indexed position);
    event Rotated(uint256 indexed group, uint256 indexed position, address indexed signer, bool judges);
    /// @notice The owner offers the position to `to`; 0 takes the offer back.
    event Offered(uint256 indexed group, uint256 indexed position, address indexed to);
    event OwnerChanged(uint256 indexed group, uint256 indexed position, address indexed owner);
    event Unbonded(uint256 indexed group, uint256 indexed position, uint256 amount, uint256 exitAt);
    event Withdrawn(uint256 indexed group, uint256 indexed position, address indexed to, uint256 amount);
    /// @notice Pay became stake.
    event Compounded(uint256 indexed group, uint256 indexed position, uint256 amount);
    /// @notice Gone at once, wei: of what counts now, of what counts from the next epoch on, of the exits.
    event Slashed(
        uint256 indexed group,
        uint256 indexed position,
        uint256 live,
        uint256 next,
        uint256 exiting,
        uint256 exitingLater
    );

    /// @notice At deployment: a time or a least deposit of 0, an epoch of more than 60 days, an exit of more than 29 epochs.
    error BadTerms();
    error NoSuchPosition(uint256 group, uint256 position);
    error NotOwner(address owner);
    error NotOwnerOrSigner(address owner, address signer);
    /// @notice The position is offered to `to`, or to nobody if that is 0.
    error NotOffered(address to);
    error NoConsent(address signer);
    /// @notice The key signs, or signed once, for this position of the group: take a new one.
    error SignerUsed(uint256 position);
    /// @notice A contract can vote and assent, not judge: rotate to a key that gives its consent by a signature.
    error SignerCannotJudge(address signer);
    error ZeroAmount();
    /// @notice Stakes are whole gweis: round the amount to a multiple of 10^9 wei.
    error NotWholeGwei(uint256 amount);
    error StakeTooSmall(uint256 own, uint256 least);
    error AlreadyAwake();
    error NotAwake();
    /// @notice It was put to sleep, and may be awake from this epoch on.
    error AsleepUntil(uint256 epoch);
    error NotEnoughStake(uint256 own);
    error NothingToCompound();
    error NothingToWithdraw();
    error ExitNotOver(uint256 at);
    /// @notice Stake that moved to a child still answers for this position: move again then.
    error MovedElsewhere(uint256 until);

    /// @notice Length of an epoch, of an exit, of a coinbase's maturity, in seconds; start of epoch 0 (s since 1970).
    function epochLength() external view returns (uint256);
    function exitTime() external view returns (uint256);
    function maturity() external view returns (uint256);
    function genesis() external view returns (uint256);
    /// @notice The least deposit of a commit and bond of a proposal, wei.
    function minDeposit() external view returns (uint256);
    function neuron() external view returns (address);
    function emission() external view returns (address);
    function purse() external view returns (address);
    /// @notice `(now - genesis) / epochLength`.
    function epoch() external view returns (uint256);

    /// @notice Brings an ERC-2612 permit of the caller for this contract, for the next call of a `multicall` that takes NRN.
    /// A permit that somebody else has brought already does no harm: the allowance that it gave is used.
    function allow(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;
    /// @notice Bonds `amount` of the caller's NRN, for which the caller must have approved this contract. The first bond
    /// for `signer` in a group makes a position owned by the caller and needs the signer's consent: it is the caller, or
    /// `consent` is its EIP-712 `Consent(group, owner)`: 65 bytes r, s, v or 64 bytes r, vs (ERC-2098), or what a contract
    /// accepts by ERC-1271. Later bonds come from the owner alone and need none. Emits `Seated`, `Bonded`.
    /// @return position its permanent number in the group, from 1.
    /// Reverts: NoSuchGroup, ZeroAmount, NotWholeGwei, NoConsent, SignerUsed, NotOwner, and what ERC20 says.
    function bond(uint256 group, address signer, uint256 amount, bytes calldata consent)
        external
        returns (uint256 position);
    /// @notice Owner or signer: makes what the position has earned part of its stake. Every other change does so too.
    /// Emits `Compounded`. Reverts: NothingToCompound, NotOwnerOrSigner.
    function compound(uint256 group, uint256 position) external;
    /// @notice Owner or signer: from the next epoch the position signs and draws. Needs 1/16,384 of the group's stake and
    /// a signer that is a key. Emits `Woken`.
    /// Reverts: NotOwnerOrSigner, AlreadyAwake, AsleepUntil, SignerCannotJudge, StakeTooSmall.
    function wake(uint256 group, uint256 position) external;
    /// @notice Owner or signer: the opposite. Emits `Rested`. Reverts: NotOwnerOrSigner, NotAwake.
    function rest(uint256 group, uint256 position) external;
    /// @notice Owner: `signer` signs from the next epoch on; it consents as for `bond`. Until then the old key signs, and
    /// afterwards it answers for what it signed. Emits `Rotated`.
    /// Reverts: NotOwner, NoConsent, SignerUsed, SignerCannotJudge.
    function rotate(uint256 group, uint256 position, address signer, bytes calldata consent) external;
    /// @notice Owner: takes `amount` out from the next epoch on; withdrawable `exitTime` after that. Two exits go side by
    /// side; a third joins the second, which then waits with it; what is over then is paid to the owner. A position left with less than 1/16,384 of the group's
    /// stake goes to rest. Emits `Unbonded`, `Rested`. Reverts: NotOwner, ZeroAmount, NotWholeGwei, NotEnoughStake.
    function unbond(uint256 group, uint256 position, uint256 amount) external;
    /// @notice Owner: pays what has left to `to`. Emits `Withdrawn`. Reverts: NotOwner, NothingToWithdraw, ExitNotOver.
    function withdraw(uint256 group, uint256 position, address to) external returns (uint256 amount);
    /// @notice Owner: offers the position to `to`, which owns it as soon as it accepts; 0 takes the offer back.
    /// Emits `Offered`. Reverts: NotOwner.
    function offer(uint256 group, uint256 position, address to) external;
    /// @notice To whom the position was offered: becomes its owner. Emits `OwnerChanged`. Reverts: NotOffered.
    function accept(uint256 group, uint256 position) external;

    function position(uint256 group, uint256 number) external view returns (Position memory);
    /// @notice Number of positions ever made in `group`.
    function positions(uint256 group) external view returns (uint256);
    /// @notice The position for which `signer` signs in `group` now or from the next epoch on, 0 if none.
    function positionOf(uint256 group, address signer) external view returns (uint256);
    /// @notice The positions of `owner` among those from number `first` on, `count` of them looked at.
    function positionsOf(uint256 group, address owner, uint256 first, uint256 count)
        external
        view
        returns (uint256[] memory);
    /// @notice Whether `wake` would succeed for owner or signer.
    function mayWake(uint256 group, uint256 position) external view returns (bool);
    function stake(uint256 group) external view returns (Totals memory);
    /// @notice Awake stake of all admitted groups, wei, this epoch.
    function admittedAwake() external view returns (uint256);
    /// @notice Bonded stake of all groups, exits left out, wei, in this epoch and in the next.
    function allBonded() external view returns (uint256 live, uint256 next);
}
