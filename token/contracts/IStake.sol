// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Stake: NRN bonded in positions of a group. All changes count from the next epoch.
interface IStake {
    /// @param live wei that count in this epoch; @param next wei that count from the next one.
    /// @param awake whether it may sign and draws on the issue in this epoch.
    /// @param exiting wei on their way out, slashable until `exitAt` (s since the epoch).
    struct Position {
        address owner;
        address signer;
        uint96 live;
        uint96 next;
        bool awake;
        bool awakeNext;
        uint32 seen;
        uint96 exiting;
        uint40 exitAt;
    }

    /// @notice Sums over a group's positions, wei, this epoch and the next.
    struct Totals {
        uint96 bonded;
        uint96 bondedNext;
        uint96 awake;
        uint96 awakeNext;
    }

    event Bonded(uint256 indexed group, uint256 indexed position, address owner, address signer, uint256 amount);
    event Woken(uint256 indexed group, uint256 indexed position);
    event Rested(uint256 indexed group, uint256 indexed position);
    event Unbonded(uint256 indexed group, uint256 indexed position, uint256 amount, uint256 exitAt);
    event Withdrawn(uint256 indexed group, uint256 indexed position, uint256 amount);

    /// @notice An epoch, an exit or a maturity of no length (at deployment).
    error ZeroTime();
    error NoSuchPosition();
    error NotOwner();
    error NotOwnerOrSigner();
    error NoConsent();
    error ZeroAmount();
    error StakeTooSmall();
    error AlreadyAwake();
    error NotAwake();
    error NotEnoughStake();
    error NothingToWithdraw();
    error ExitNotOver();

    /// @notice Length of an epoch, of an exit, of a coinbase's maturity, in seconds; start of epoch 0.
    function epochLength() external view returns (uint256);
    function exitTime() external view returns (uint256);
    function maturity() external view returns (uint256);
    function genesis() external view returns (uint256);
    function minDeposit() external view returns (uint256);
    function neuron() external view returns (address);
    function emission() external view returns (address);
    function purse() external view returns (address);
    /// @notice `(now - genesis) / epochLength`.
    function epoch() external view returns (uint256);

    /// @notice Bonds `amount` of the caller's NRN. The first bond for `signer` in a group makes a position owned by
    /// the caller and needs the signer's consent: it is the caller, or `consent` is its EIP-712
    /// `Consent(group, owner)`, 65 bytes r, s, v or 64 bytes r, vs (ERC-2098). Later bonds come from the owner alone
    /// and need none.
    /// @return position its permanent number in the group, from 1.
    function bond(uint256 group, address signer, uint256 amount, bytes calldata consent)
        external
        returns (uint256 position);
    /// @notice Owner or signer: from the next epoch the position signs and draws. At least 1/1024 of the group's stake.
    function wake(uint256 group, uint256 position) external;
    /// @notice Owner or signer: the opposite.
    function rest(uint256 group, uint256 position) external;
    /// @notice Owner: takes `amount` out from the next epoch on; withdrawable `exitTime` after that. What is already on
    /// its way out waits with it. A position left with less than 1/1024 of the group's stake goes to rest.
    function unbond(uint256 group, uint256 position, uint256 amount) external;
    /// @notice Owner: pays out what has left.
    function withdraw(uint256 group, uint256 position) external returns (uint256 amount);

    function position(uint256 group, uint256 number) external view returns (Position memory);
    /// @notice Number of positions ever made in `group`.
    function positions(uint256 group) external view returns (uint256);
    /// @notice The position that `signer` signs for in `group`, 0 if none.
    function positionOf(uint256 group, address signer) external view returns (uint256);
    function stake(uint256 group) external view returns (Totals memory);
    /// @notice Awake stake of all admitted groups, wei, this epoch.
    function admittedAwake() external view returns (uint256);
    /// @notice Bonded stake of all groups, exits left out, wei, this epoch.
    function allBonded() external view returns (uint256);
}
