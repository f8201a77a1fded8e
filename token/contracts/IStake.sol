// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Stake: NRN bonded in positions of a group. All changes count from the next epoch, only a slash at once.
/// @notice Amounts are in wei and whole gweis (10^9 wei). A function that names a position reverts with
/// `NoSuchPosition` if there is none of that number.
interface IStake {
    /// @param owner the cold key that withdraws. @param signer the hot key that signs in this epoch, and
    /// @param signerNext the one from the next epoch on.
    /// @param live wei that count in this epoch; @param next wei that count from the next one.
    /// @param awake whether it may sign verdicts and draws on the issue in this epoch, @param awakeNext in the next one.
    /// @param wokenAt the epoch from which it is awake. @param earned wei of pay that `compound` makes stake.
    /// @param exiting wei on their way out, slashable until `exitAt` (s since 1970).
    /// @param forgivenUntil end of the epoch of the last slash for signing twice: rounds that began before are forgiven.
    /// @param heirGroup, heir the position to which its stake moved, 0 if it never did.
    struct Position {
        address owner;
        address signer;
        address signerNext;
        uint256 live;
        uint256 next;
        bool awake;
        bool awakeNext;
        uint256 wokenAt;
        uint256 earned;
        uint256 exiting;
        uint256 exitAt;
        uint256 forgivenUntil;
        uint256 heirGroup;
        uint256 heir;
    }

    /// @notice Sums over a group's positions, wei, this epoch and the next.
    struct Totals {
        uint256 bonded;
        uint256 bondedNext;
        uint256 awake;
        uint256 awakeNext;
    }

    event Bonded(uint256 indexed group, uint256 indexed position, address owner, address signer, uint256 amount);
    event Woken(uint256 indexed group, uint256 indexed position);
    event Rested(uint256 indexed group, uint256 indexed position);
    event Rotated(uint256 indexed group, uint256 indexed position, address signer);
    event Unbonded(uint256 indexed group, uint256 indexed position, uint256 amount, uint256 exitAt);
    event Withdrawn(uint256 indexed group, uint256 indexed position, uint256 amount);
    /// @notice Pay became stake.
    event Compounded(uint256 indexed group, uint256 indexed position, uint256 amount);
    /// @notice `amount` wei of stake and exits are gone, at once.
    event Slashed(uint256 indexed group, uint256 indexed position, uint256 amount);

    /// @notice At deployment: a time or a least deposit of 0, or an exit of more than 31 epochs.
    error BadTerms();
    error NoSuchPosition();
    error NotOwner();
    error NotOwnerOrSigner();
    error NoConsent();
    /// @notice The key signs, or signed once, for a position of this group: take a new one.
    error SignerUsed();
    error ZeroAmount();
    /// @notice Stakes are whole gweis: round the amount to a multiple of 10^9 wei.
    error NotWholeGwei();
    error StakeTooSmall();
    error AlreadyAwake();
    error NotAwake();
    error NotEnoughStake();
    error NothingToCompound();
    error NothingToWithdraw();
    error ExitNotOver();
    /// @notice Stake that moved to another child still answers for this position: move to that one, or after an exit.
    error MovedElsewhere();

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

    /// @notice Bonds `amount` of the caller's NRN, for which the caller must have approved this contract. The first bond
    /// for `signer` in a group makes a position owned by the caller and needs the signer's consent: it is the caller, or
    /// `consent` is its EIP-712 `Consent(group, owner)`, 65 bytes r, s, v or 64 bytes r, vs (ERC-2098). Later bonds come
    /// from the owner alone and need none. Emits `Bonded`.
    /// @return position its permanent number in the group, from 1.
    /// Reverts: NoSuchGroup, ZeroAmount, NotWholeGwei, NoConsent, SignerUsed, NotOwner, and what ERC20 says.
    function bond(uint256 group, address signer, uint256 amount, bytes calldata consent)
        external
        returns (uint256 position);
    /// @notice `bond` with an ERC-2612 permit of the caller for `amount`, valid until `deadline`. A permit that somebody
    /// else has brought already does no harm: the allowance that it gave is used.
    function bondWithPermit(
        uint256 group,
        address signer,
        uint256 amount,
        bytes calldata consent,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 position);
    /// @notice Anyone: makes what the position has earned part of its stake. Every other change of a position does so too.
    /// Emits `Compounded`. Reverts: NothingToCompound.
    function compound(uint256 group, uint256 position) external;
    /// @notice Owner or signer: from the next epoch the position signs and draws. Needs 1/1024 of the group's stake, so
    /// that all verdicts of a round fit one transaction. Emits `Woken`. Reverts: NotOwnerOrSigner, AlreadyAwake,
    /// StakeTooSmall.
    function wake(uint256 group, uint256 position) external;
    /// @notice Owner or signer: the opposite. Emits `Rested`. Reverts: NotOwnerOrSigner, NotAwake.
    function rest(uint256 group, uint256 position) external;
    /// @notice Owner: `signer` signs from the next epoch on; it consents as for `bond`. Until then the old key signs, and
    /// afterwards it answers for what it signed. Emits `Rotated`. Reverts: NotOwner, NoConsent, SignerUsed.
    function rotate(uint256 group, uint256 position, address signer, bytes calldata consent) external;
    /// @notice Owner: takes `amount` out from the next epoch on; withdrawable `exitTime` after that. What is already on
    /// its way out waits with it. A position left with less than 1/1024 of the group's stake goes to rest.
    /// Emits `Unbonded`. Reverts: NotOwner, ZeroAmount, NotWholeGwei, NotEnoughStake.
    function unbond(uint256 group, uint256 position, uint256 amount) external;
    /// @notice Owner: pays out what has left. Emits `Withdrawn`. Reverts: NotOwner, NothingToWithdraw, ExitNotOver.
    function withdraw(uint256 group, uint256 position) external returns (uint256 amount);

    function position(uint256 group, uint256 number) external view returns (Position memory);
    /// @notice Number of positions ever made in `group`.
    function positions(uint256 group) external view returns (uint256);
    /// @notice The position for which `signer` signs in `group` now or from the next epoch on, 0 if none.
    function positionOf(uint256 group, address signer) external view returns (uint256);
    function stake(uint256 group) external view returns (Totals memory);
    /// @notice Awake stake of all admitted groups, wei, this epoch.
    function admittedAwake() external view returns (uint256);
    /// @notice Bonded stake of all groups, exits left out, wei, this epoch.
    function allBonded() external view returns (uint256);
}
