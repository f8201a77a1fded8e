// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";

/// @title Groups: a model, its training set and its clock.
interface IGroups {
    /// @notice What a creator fixes for good. Times in seconds; `improve`: a winner is better by `base >> improve`.
    struct Birth {
        bytes32 manifest;
        bytes32 checkpoint;
        bytes32[] dataset;
        uint32 train;
        uint32 reveal;
        uint32 judge;
        uint32 period;
        uint8 improve;
    }

    struct Group {
        bytes32 manifest;
        bytes32 checkpoint;
        bytes32 head;
        uint256 parent;
        uint32 train;
        uint32 reveal;
        uint32 judge;
        uint32 period;
        uint8 improve;
        bool admitted;
        uint32 voids;
        uint32 periodNumber;
        uint40 periodEnd;
        uint32 proposals;
    }

    event Created(uint256 indexed group, address indexed creator, uint256 parent, Birth birth, bytes32 head);
    event Admitted(uint256 indexed group);

    error NoSuchGroup();
    error BadTimes();
    error BadImprove();
    error NoDataset();
    /// @notice More than 64 digests at birth; start with fewer and add the rest as deltas.
    error DatasetTooLong();

    /// @notice Anyone. `length = train + reveal + judge` divides the epoch and is at most the maturity; two periods fit
    /// an exit. The training set is the 1 to 64 patches of `dataset`, applied in order to an empty tree.
    function create(Birth calldata birth) external returns (uint256 group);
    function group(uint256 number) external view returns (Group memory);
    /// @notice Number of groups ever made; they are numbered from 1.
    function groups() external view returns (uint256);
}

/// @title Rounds run by the clock: commit, reveal, judge; then settle and collect.
interface IRounds {
    enum Phase {
        Train,
        Reveal,
        Judge
    }
    enum Outcome {
        None,
        Won,
        Lost
    }
    enum Status {
        None,
        Sealed,
        Revealed,
        Settled
    }

    /// @notice Amounts in wei. `awake`: the group's awake stake at the opening; `reward`: R, of which validators get a
    /// fifth on top; `deposit`: of each commit; `judged`: stake whose verdicts were counted; `paid`: to validators;
    /// `collected`: whether R was issued.
    struct Round {
        bytes32 checkpoint;
        bytes32 head;
        bytes32 claim;
        bytes32 file;
        address winner;
        uint96 reward;
        uint96 deposit;
        uint96 awake;
        uint96 judged;
        uint96 paid;
        uint32 commits;
        uint32 reveals;
        Outcome outcome;
        bool collected;
    }

    struct Claim {
        bytes32 seal;
        bytes32 file;
        uint32 number;
        uint32 base;
        uint32 loss;
        Status status;
    }

    /// @param r, vs ERC-2098 compact signature of `Verdict` by the position's signer.
    struct Verdict {
        uint256 position;
        bytes32 probe;
        bytes32 r;
        bytes32 vs;
    }

    event Opened(
        uint256 indexed group,
        uint256 indexed round,
        bytes32 checkpoint,
        bytes32 head,
        uint256 reward,
        uint256 deposit,
        uint256 awake,
        uint256 total,
        uint256 supply
    );
    event Committed(
        uint256 indexed group, uint256 indexed round, address indexed trainer, uint256 number, bytes32 seal
    );
    event Revealed(
        uint256 indexed group,
        uint256 indexed round,
        address indexed trainer,
        uint256 number,
        bytes32 file,
        uint32 base,
        uint32 loss,
        bytes32 lossRoot
    );
    /// @notice More than 2/3 of awake stake signed `claim`; `winner` and `file` are 0 if the round is lost.
    event Decided(
        uint256 indexed group, uint256 indexed round, Outcome outcome, bytes32 claim, address winner, bytes32 file
    );
    /// @notice One batch was counted: `counted` verdicts with `stake` wei behind them earned `amount` wei together.
    event Judged(
        uint256 indexed group, uint256 indexed round, bytes32 claim, uint256 counted, uint256 stake, uint256 amount
    );
    event Settled(
        uint256 indexed group, uint256 indexed round, address indexed trainer, uint256 refunded, uint256 burned
    );
    event Collected(
        uint256 indexed group, uint256 indexed round, address indexed winner, uint256 asked, uint256 issued
    );

    error WrongPhase();
    error AlreadyCommitted();
    error NotSealed();
    error WrongSeal();
    error NotBetter();
    error FileBoundElsewhere();
    error FileWonBefore();
    error NoSuchClaim();
    error NotDecisive();
    error OtherClaimDecided();
    error NothingCounted();
    error RoundNotOver();
    error NotMature();
    error NotWinner();
    error AlreadyCollected();
    error NothingToSettle();

    /// @notice Round and phase of `group` now, and the second at which the phase ends.
    function clock(uint256 group) external view returns (uint256 round, Phase phase, uint256 phaseEnd);
    /// @notice TRAIN. Takes the deposit (needs an allowance). The first commit opens the round.
    function commit(uint256 group, bytes32 seal) external;
    /// @notice REVEAL. `seal == keccak256(abi.encode(group, round, file, msg.sender, salt))`.
    function reveal(uint256 group, bytes32 salt, bytes32 file, uint32 base, uint32 loss, bytes32 lossRoot) external;
    /// @notice JUDGE. Anyone brings verdicts for one claim (0 = none is true); the deciding batch holds > 2/3 of awake
    /// stake, later ones only add to it. Bad, sleeping and repeated verdicts are skipped.
    function judge(uint256 group, bytes32 claim, Verdict[] calldata verdicts) external;
    /// @notice After the round: pays the deposit of `trainer` back or burns it.
    function settle(uint256 group, uint256 round, address trainer) external;
    /// @notice The winner, `maturity` after the end of the round: issues R.
    function collect(uint256 group, uint256 round) external returns (uint256 issued);

    function round(uint256 group, uint256 number) external view returns (Round memory);
    function claimOf(uint256 group, uint256 round, address trainer) external view returns (Claim memory);
    /// @notice Whether the verdict of `position` in that round was counted.
    function judgedBy(uint256 group, uint256 round, uint256 position) external view returns (bool);
    /// @notice The group to which a revealed file is bound, and whether it has won.
    function fileOf(bytes32 file) external view returns (uint256 group, bool won);
}

/// @title Dataset: deltas are proposed, voted for, applied once a period, and stand a period later.
interface IDataset {
    enum DeltaStatus {
        None,
        Open,
        Applied,
        Dropped,
        Refunded
    }

    /// @param standsAt second from which an applied delta stands. @param reward A in wei, fixed when applied.
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
    }

    struct Choice {
        uint256 position;
        uint256 delta;
        uint256 seq;
        bytes32 r;
        bytes32 vs;
    }

    event Proposed(
        uint256 indexed group,
        uint256 indexed delta,
        address indexed author,
        bytes32 digest,
        bytes32 parent,
        uint256 period,
        uint256 bond
    );
    event Cast(uint256 indexed group, uint256 indexed period, uint256 counted);
    /// @notice `applied` is 0 if nothing was. `period` is the period that ended, `periodEnd` the end of the next one.
    event Turned(
        uint256 indexed group, uint256 indexed period, uint256 applied, bytes32 head, uint256 reward, uint256 periodEnd
    );
    event Refunded(
        uint256 indexed group,
        uint256 indexed delta,
        address indexed author,
        uint256 bond,
        uint256 asked,
        uint256 issued
    );

    error LastQuarter();
    error ProposalsFull();
    error PeriodRunning();
    error NoSuchDelta();
    error NotStanding();
    error AlreadyRefunded();

    /// @notice Proposes the patch with that digest on the current head. Takes `max(4·A, minDeposit)` as bond.
    function propose(uint256 group, bytes32 digest) external returns (uint256 delta);
    /// @notice Anyone brings signed choices for the running period; a higher `seq` replaces. Bad ones are skipped.
    function cast(uint256 group, Choice[] calldata choices) external;
    /// @notice Anyone, at the end of the period: applies the delta with the most votes, if it won.
    function turn(uint256 group) external;
    /// @notice Anyone: bond and A for a delta that stands, the bond alone for one that was not applied.
    function refund(uint256 group, uint256 delta) external;

    function delta(uint256 group, uint256 number) external view returns (Delta memory);
    /// @notice Votes for keeping the set as it is in the running period, wei.
    function keepVotes(uint256 group) external view returns (uint256);
    /// @notice Numbers of the deltas proposed in the running period.
    function openDeltas(uint256 group) external view returns (uint256[] memory);
}

/// @title Measures: typed acts that hold their majority in one call.
interface IMeasures {
    enum Kind {
        Period,
        Rollback,
        Admit,
        Revoke,
        Strike,
        Slash
    }

    /// @notice `Assent(measure)` by the signer of that position; in strictly ascending order of (group, position).
    struct Assent {
        uint256 group;
        uint256 position;
        bytes32 r;
        bytes32 vs;
    }

    event Enacted(Kind indexed kind, bytes args, uint256 nonce);

    error Expired();
    error NonceUsed();
    error NotAscending();
    error NoMajority();
    error UnknownMeasure();
    error AlreadyAdmitted();

    /// @notice Anyone, before the second `expiry`; bad assents are skipped. `args` are ABI-encoded, each kind's own.
    function enact(Kind kind, bytes calldata args, uint256 nonce, uint256 expiry, Assent[] calldata assents) external;
    function nonceUsed(uint256 nonce) external view returns (bool);
}

/// @title The network: stake, groups, rounds, dataset and measures in one storage.
interface INetwork is IStake, IGroups, IRounds, IDataset, IMeasures {
    /// @notice EIP-712 domain separator of name `Neuron`, version `1`.
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
