// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Dataset: deltas are proposed, voted for, applied once a period, and stand a period later.
interface IDataset {
    enum DeltaStatus {
        None,
        Open,
        Applied,
        Dropped,
        Taken,
        Refunded
    }

    /// @param bond wei that come back. @param standsAt second from which an applied
    /// delta stands. @param reward A in wei, fixed when applied. @param atRisk wei of the bond that are lost if it is dropped
    /// and less than a tenth of the stake wanted it.
    struct Delta {
        bytes32 digest;
        bytes32 parent;
        address author;
        uint96 bond;
        uint96 votes;
        uint96 reward;
        uint32 period;
        uint40 standsAt;
        DeltaStatus status;
        uint96 atRisk;
    }

    /// @param patch digest of the delta, 0 for `delta` 0, which stands for keeping the set as it is. @param signature of
    /// `Choice` by signer or owner: 64 bytes r, vs (ERC-2098), 65 bytes r, s, v, or what a contract accepts by ERC-1271.
    struct Choice {
        uint256 position;
        uint256 delta;
        bytes32 patch;
        uint256 seq;
        bytes signature;
    }

    /// @notice A counted choice. @param weight wei. @param byOwner one of the signer can no longer replace it.
    struct Counted {
        uint256 position;
        uint256 delta;
        uint256 weight;
        uint256 seq;
        bool byOwner;
    }

    event Proposed(
        uint256 indexed group,
        uint256 indexed delta,
        address indexed author,
        bytes32 digest,
        bytes32 parent,
        uint256 period,
        uint256 bond,
        uint256 atRisk
    );
    event Cast(uint256 indexed group, uint256 indexed period, Counted[] counted);
    /// @notice Late votes changed what would be applied: others have until `periodEnd` to answer.
    event Extended(uint256 indexed group, uint256 indexed period, uint256 periodEnd);
    /// @notice `by`, a delta of a higher bond, took the place of `delta`, whose bond can be withdrawn.
    event Displaced(uint256 indexed group, uint256 indexed delta, uint256 indexed by);
    /// @notice A delta that few wanted was dropped: `burned` wei of its bond are gone, what it had bid for its place.
    event Charged(uint256 indexed group, uint256 indexed delta, uint256 burned);
    /// @notice `applied` is 0 if nothing was. `period` is the period that ended, `length` and `periodEnd` are those of the
    /// next one.
    event Turned(
        uint256 indexed group,
        uint256 indexed period,
        uint256 indexed applied,
        bytes32 head,
        uint256 reward,
        uint256 length,
        uint256 periodEnd
    );
    event Refunded(
        uint256 indexed group,
        uint256 indexed delta,
        address indexed author,
        uint256 bond,
        uint256 asked,
        uint256 issued
    );

    /// @notice Proposals closed then; only a delta that was displaced in this period may be proposed again.
    error LastQuarter(uint256 since);
    /// @notice The training set is another one by now.
    error WrongParent(bytes32 head);
    error BondTooSmall(uint256 least);
    /// @notice Sixteen deltas are open; only a bond above `lowest` displaces one.
    error ProposalsFull(uint256 lowest);
    error PeriodRunning(uint256 until);
    error NothingToRefund();

    /// @notice Anyone, not in the last quarter of a period: proposes the patch with that digest on the head `parent`. Takes
    /// `amount` as bond, at least `leastBond` (needs an allowance); of sixteen open ones the lowest bond gives way to a
    /// higher one, unless a tenth of the group's stake has voted for it. What was displaced may come again at any time of
    /// the period. What is dropped without a tenth of the votes loses 1/16 of what its bond has above the least one, and
    /// 1/16 of all of it if it took another's place. Emits `Proposed`, `Displaced`, `Charged`.
    /// Reverts: NoSuchGroup, WrongParent, LastQuarter, BondTooSmall, ProposalsFull, ERC20's.
    function propose(uint256 group, bytes32 parent, bytes32 digest, uint256 amount) external returns (uint256 delta);
    /// @notice Anyone brings signed choices for the running period; a higher `seq` replaces, and the owner's word the
    /// signer's. Bad ones are skipped. Emits `Cast`, `Extended`. Reverts: NoSuchGroup, NothingCounted.
    function cast(uint256 group, Choice[] calldata choices) external;
    /// @notice Anyone, at the end of the period: applies the delta with the most votes, if it won. The one applied at the
    /// turn before stands from now on. If there were proposals in an admitted group, the purse pays the gas.
    /// Emits `Turned`, `Charged`. Reverts: NoSuchGroup, PeriodRunning.
    function turn(uint256 group) external;
    /// @notice Anyone: bond and A for deltas that stand, the bond alone for those that were not applied. Others are skipped.
    /// Emits `Refunded`. Reverts: NothingToRefund.
    function refund(uint256 group, uint256[] calldata deltas) external;

    /// @notice The least bond of a proposal now, wei: `max(4·A, minDeposit)`.
    function leastBond(uint256 group) external view returns (uint256);
    function delta(uint256 group, uint256 number) external view returns (Delta memory);
    /// @notice Votes for keeping the set as it is in the running period, wei.
    function keepVotes(uint256 group) external view returns (uint256);
    /// @notice Numbers of the deltas proposed in the running period.
    function openDeltas(uint256 group) external view returns (uint256[] memory);
    /// @notice The counted choice of `position` in the running period; a weight of 0 if there is none.
    function ballot(uint256 group, uint256 position) external view returns (Counted memory);
}
