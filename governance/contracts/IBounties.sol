// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Bounties: a sponsor pays for what a term's rounds improve on examples that nobody knew.
interface IBounties {
    enum BountyStatus {
        None,
        Locked,
        Measured,
        Failed
    }

    /// @notice Amounts in wei. @param count examples under `root`. @param target micronats that earn all of the three
    /// quarters. @param first, last rounds of the term. @param windows the epoch that is window 0, of three.
    /// @param file what was unsealed, 0 if nothing was; @param unsealedAt s since 1970. @param window in which it was decided.
    /// @param stake behind the decided result. @param paid stake of those who were paid for it. @param left what is locked
    /// still. @param settled whether the sponsor has got back what was his.
    struct Bounty {
        address sponsor;
        uint32 group;
        uint32 count;
        uint32 target;
        uint96 amount;
        uint96 bond;
        uint40 first;
        uint40 last;
        uint96 left;
        uint64 stake;
        uint64 paid;
        uint40 unsealedAt;
        uint24 windows;
        uint8 window;
        BountyStatus status;
        bool settled;
        bytes32 root;
        bytes32 file;
        bytes32 result;
    }

    /// @notice A winner that was measured. @param won rounds that were won after the step before, this one included.
    /// @param loss its hidden loss, micronats. @param better whether it lowers the best loss so far by enough to be paid.
    struct Step {
        uint40 round;
        uint32 won;
        uint32 loss;
        bool better;
    }

    /// @notice What validators sign the hash of. @param failed the sponsor did not keep his word; then a single step tells
    /// how many rounds were won. @param base hidden loss before the term, micronats.
    struct Result {
        bool failed;
        uint32 base;
        Step[] steps;
    }

    /// @notice A signature of `Measured`, as of a verdict.
    struct Finding {
        uint256 position;
        bytes32 probe;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice The training set had `head` when the hidden set was sealed.
    event Funded(
        uint256 indexed group,
        uint256 indexed bounty,
        address indexed sponsor,
        bytes32 root,
        uint256 count,
        uint256 target,
        uint256 amount,
        uint256 bond,
        bytes32 head,
        uint256 first,
        uint256 last,
        uint256 windows
    );
    event Unsealed(uint256 indexed group, uint256 indexed bounty, bytes32 file);
    /// @notice Findings of the positions in `positions`, 4 big-endian bytes each, were counted, with `stake` wei behind them.
    event Found(
        uint256 indexed group,
        uint256 indexed bounty,
        uint256 window,
        bytes32 indexed result,
        uint256 stake,
        bytes positions
    );
    /// @notice More than 2/3 of awake stake signed `result`, which is this.
    event Resolved(
        uint256 indexed group, uint256 indexed bounty, uint256 window, bytes32 indexed result, Result findings
    );
    /// @notice `amount` wei for a round of the term; `burned` if the round was struck.
    event BountyPaid(
        uint256 indexed group,
        uint256 indexed bounty,
        address indexed winner,
        uint256 round,
        uint256 amount,
        bool burned
    );
    event FinderPaid(
        uint256 indexed group, uint256 indexed bounty, address indexed owner, uint256 position, uint256 amount
    );
    event BountySettled(uint256 indexed group, uint256 indexed bounty, uint256 returned, uint256 burned);
    event FoundTwice(
        uint256 indexed group,
        uint256 indexed bounty,
        uint256 indexed position,
        address reporter,
        uint256 window,
        uint256 burned,
        uint256 reward
    );

    error NoSuchBounty(uint256 bounty);
    /// @notice At least 30 examples, at most 2^20, of a root that is not 0, and a target of at least one micronat.
    error BadHiddenSet();
    error RootServedBefore(uint256 bounty);
    /// @notice The term is at least `least` seconds, and its windows and the maturity of its rounds are over in an exit.
    error BadTerm(uint256 least);
    error BountyTooSmall(uint256 least);
    error BondBelow(uint256 least);
    error NotSponsor(address sponsor);
    error AlreadyUnsealed();
    /// @notice A hidden set is unsealed after `from` and before `until`.
    error NotUnsealable(uint256 from, uint256 until);
    /// @notice The window runs in that epoch.
    error WrongWindow(uint256 epoch);
    error AlreadyResolved(bytes32 result);
    error NotResolved();
    error OtherResult(bytes32 result);
    error NotYet(uint256 at);
    error NothingToPay();
    error SameResult();

    /// @notice Anyone locks `amount` for what the rounds of a term of `term` seconds improve, beginning with the next round,
    /// and a bond of at least an eighth of it. `root` is of the salted examples, `count` of them; a root serves once.
    /// Emits `Funded`.
    /// Reverts: NoSuchGroup, BadHiddenSet, RootServedBefore, BadTerm, BountyTooSmall, BondBelow, ERC20's.
    function fund(
        uint256 group,
        bytes32 root,
        uint256 count,
        uint256 target,
        uint256 amount,
        uint256 bond,
        uint256 term
    ) external returns (uint256 bounty);
    /// @notice The sponsor, after the term and before the middle of the last window: names the file with the hidden set.
    /// Emits `Unsealed`. Reverts: NoSuchBounty, NotSponsor, AlreadyUnsealed, NotUnsealable.
    function unseal(uint256 bounty, bytes32 file) external;
    /// @notice Anyone, in the epoch of `window`: brings findings for one result, in as many calls as they need; that with
    /// more than 2/3 of awake stake is decided. Further ones for it are added, and earn as much, until the window is over.
    /// Bad, sleeping and repeated ones are skipped. Emits `Found`, `Resolved` once.
    /// Reverts: NoSuchBounty, WrongWindow, AlreadyResolved, NothingCounted.
    function find(uint256 bounty, uint256 window, Result calldata result, Finding[] calldata findings)
        external
        returns (bool resolved);
    /// @notice Anyone: pays what won rounds of the term have earned, each as soon as it is mature; the share of a struck one
    /// is burned. Others are skipped. Emits `BountyPaid`. Reverts: NotResolved, OtherResult, NothingToPay.
    function payRounds(uint256 bounty, Result calldata result, uint256[] calldata rounds) external;
    /// @notice Anyone, after the deciding window: pays the owners of positions whose findings were counted. Others are
    /// skipped. Emits `FinderPaid`. Reverts: NotResolved, NotYet, NothingToPay.
    function payFinders(uint256 bounty, uint256[] calldata positions) external;
    /// @notice Anyone, once the last round is mature and the windows are over: what was not earned goes back to the sponsor,
    /// with the bond; nothing if he failed. Without a decision he gets 15/16 and the bond, if he unsealed.
    /// Emits `BountySettled`. Reverts: NoSuchBounty, OtherResult, NotYet, NothingToPay.
    function settleBounty(uint256 bounty, Result calldata result) external;
    /// @notice Anyone: shows findings of one signer for two results in one window; costs and earns what two verdicts do.
    /// Emits `FoundTwice`, `Slashed`. Reverts: NoSuchBounty, SameResult, NotSigned, OutOfTime, NoSuchPosition.
    function slashFindings(
        uint256 bounty,
        uint256 window,
        bytes32 oneResult,
        Finding calldata one,
        bytes32 otherResult,
        Finding calldata other
    ) external returns (uint256 reward);

    function bounty(uint256 number) external view returns (Bounty memory);
    /// @notice Number of bounties ever funded, in all groups; they are numbered from 1.
    function bounties() external view returns (uint256);
    /// @notice Wei behind the findings that were counted for `result` in `window`.
    function foundFor(uint256 bounty, uint256 window, bytes32 result) external view returns (uint256 stake);
    /// @notice Wei of `position` behind the decided result, 0 once it was paid for.
    function foundBy(uint256 bounty, uint256 position) external view returns (uint256 stake);
    /// @notice Whether `round` was paid.
    function paidFor(uint256 bounty, uint256 round) external view returns (bool);
}
