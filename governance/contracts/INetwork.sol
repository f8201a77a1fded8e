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

    /// @param parent the group from which it was forked, 0 if none. @param periodEnd s since 1970.
    /// @param voids void rounds in a row. @param opened the round opened last, plus one.
    /// @param proposals deltas ever proposed. @param applied the delta on trial in this period, 0 if none;
    /// @param standing the last delta that stood, 0 if none.
    /// @param counted rounds that were decided or attended; @param recent numbers of the last eight of them, 32 bits
    /// each, the latest lowest.
    struct Group {
        bytes32 manifest;
        bytes32 checkpoint;
        bytes32 head;
        uint32 train;
        uint32 reveal;
        uint32 judge;
        uint32 period;
        uint8 improve;
        bool admitted;
        uint32 periodNumber;
        uint40 periodEnd;
        uint32 parent;
        uint32 voids;
        uint40 opened;
        uint32 proposals;
        uint32 applied;
        uint32 standing;
        uint32 counted;
        uint256 recent;
    }

    event Created(uint256 indexed group, address indexed creator, uint256 parent, Birth birth, bytes32 head);
    /// @notice The stake of `position` counts as `childPosition` of `child` from the next epoch on.
    event Moved(uint256 indexed group, uint256 indexed position, uint256 child, uint256 childPosition, uint256 amount);

    error NoSuchGroup();
    error BadTimes();
    error BadImprove();
    error NoDataset();
    /// @notice A fork inherits its parent's training set: leave `dataset` empty.
    error DatasetInherited();
    /// @notice More than 64 digests at birth; start with fewer and add the rest as deltas.
    error DatasetTooLong();
    error NotAChild();

    /// @notice Anyone. `length = train + reveal + judge` divides the epoch and is at most the maturity; two periods fit
    /// an exit. The training set is the 1 to 64 patches of `dataset`, applied in order to an empty tree. Emits `Created`.
    /// Reverts: BadTimes, BadImprove, NoDataset, DatasetTooLong.
    function create(Birth calldata birth) external returns (uint256 group);
    /// @notice Anyone: a child of `parent` with another model or clock and the training set that `parent` has now.
    /// `birth.dataset` is empty. Not admitted, whatever the parent is. Emits `Created`.
    /// Reverts: NoSuchGroup, BadTimes, BadImprove, DatasetInherited.
    function fork(uint256 parent, Birth calldata birth) external returns (uint256 group);
    /// @notice Owner: the stake of a position that counts in this epoch goes to `signer`'s position in `child`, a fork of
    /// `group`, without an exit; it counts there from the next epoch on, and what is left here goes to rest. The signer
    /// consents as for `bond`, in `child`. A slash of the old position reaches the new one as well. Emits `Moved`.
    /// Reverts: NotOwner, NotAChild, NotEnoughStake, MovedElsewhere, NoConsent, SignerUsed.
    function move(uint256 group, uint256 position, uint256 child, address signer, bytes calldata consent)
        external
        returns (uint256 childPosition);
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
    /// @notice `Struck`: won, then cancelled by a measure.
    enum Outcome {
        None,
        Won,
        Lost,
        Struck
    }
    enum Status {
        None,
        Sealed,
        Revealed,
        Conceded,
        Settled
    }

    /// @notice Amounts in wei. @param checkpoint the base. @param reward R, of which validators get a fifth on top.
    /// @param deposit of each commit. @param awake the group's awake stake at the opening.
    /// @param conceded whether somebody conceded. @param judged stake whose verdicts were counted.
    /// @param paid to validators. @param charged claims of a lost round that have paid their part of that.
    /// @param collected whether R was issued. @param attended whether presence was recorded for want of a decision.
    struct Round {
        bytes32 checkpoint;
        address winner;
        uint96 reward;
        uint96 deposit;
        uint96 awake;
        uint24 commits;
        uint24 reveals;
        bool conceded;
        uint96 judged;
        uint96 paid;
        uint24 charged;
        Outcome outcome;
        bool collected;
        bool attended;
    }

    /// @param name the seal, once revealed the claim. @param number of the commit in its round, from 1.
    /// @param base, loss in micronats.
    struct Claim {
        bytes32 name;
        bytes32 file;
        uint24 number;
        uint32 base;
        uint32 loss;
        Status status;
    }

    /// @param probe see the protocol. @param r, vs ERC-2098 compact signature of `Verdict` by the position's signer.
    struct Verdict {
        uint256 position;
        bytes32 probe;
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A verdict that names its claim.
    struct Attendance {
        bytes32 claim;
        Verdict verdict;
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
    /// @notice The seal was opened and no claim made.
    event Conceded(uint256 indexed group, uint256 indexed round, address indexed trainer, uint256 number);
    /// @notice More than 2/3 of awake stake signed `claim`; `winner` and `file` are 0 if the round is lost.
    event Decided(
        uint256 indexed group, uint256 indexed round, Outcome outcome, bytes32 claim, address winner, bytes32 file
    );
    /// @notice One batch was counted: `counted` verdicts with `stake` wei behind them earned `amount` wei together.
    event Judged(
        uint256 indexed group, uint256 indexed round, bytes32 claim, uint256 counted, uint256 stake, uint256 amount
    );
    /// @notice Presence of `counted` positions with `stake` wei was recorded for an undecided round.
    event Attended(uint256 indexed group, uint256 indexed round, uint256 counted, uint256 stake);
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
    error NothingToAttend();
    error NotEnoughPresent();

    /// @notice Round and phase of `group` now, and the second at which the phase ends.
    function clock(uint256 group) external view returns (uint256 round, Phase phase, uint256 phaseEnd);
    /// @notice TRAIN, anyone, once a round. Takes the deposit (needs an allowance). The first commit of a round fixes what
    /// it is judged by. Emits `Opened`, `Committed`. Reverts: NoSuchGroup, WrongPhase, AlreadyCommitted, ERC20's.
    /// @param seal `keccak256(abi.encode(group, round, file, msg.sender, salt))`.
    function commit(uint256 group, bytes32 seal) external;
    /// @notice REVEAL, who committed: opens the seal and claims that on the round's examples the base has the mean loss
    /// `base` and `file` has `loss`, micronats. Binds `file` to the group. Emits `Revealed`.
    /// Reverts: WrongPhase, NotSealed, WrongSeal, NotBetter, FileWonBefore, FileBoundElsewhere.
    function reveal(uint256 group, bytes32 salt, bytes32 file, uint32 base, uint32 loss, bytes32 lossRoot) external;
    /// @notice REVEAL, who committed: opens the seal and claims nothing; 15/16 of the deposit come back. Emits `Conceded`.
    /// Reverts: WrongPhase, NotSealed, WrongSeal.
    function concede(uint256 group, bytes32 salt, bytes32 file) external;
    /// @notice JUDGE, anyone: brings verdicts for one claim (0 = none is true); the deciding batch holds > 2/3 of awake
    /// stake, later ones only add to it. Bad, sleeping and repeated verdicts are skipped. The purse pays the caller's gas
    /// of the deciding batch in an admitted group. Emits `Decided` once, `Judged`.
    /// Reverts: WrongPhase, OtherClaimDecided, NothingCounted, NoSuchClaim, NotDecisive.
    function judge(uint256 group, bytes32 claim, Verdict[] calldata verdicts) external;
    /// @notice In the round after one that had reveals and no decision, anyone: records who signed a verdict, of whatever
    /// claim, in that round. The first batch, in TRAIN, holds > 1/2 of awake stake, later ones add to it until the round ends.
    /// Emits `Attended`. Reverts: NothingToAttend, NothingCounted, NotEnoughPresent, WrongPhase.
    function attend(uint256 group, Attendance[] calldata attendances) external;
    /// @notice After the round, anyone: pays the deposit of `trainer` back or burns it. Emits `Settled`.
    /// Reverts: RoundNotOver, NothingToSettle.
    function settle(uint256 group, uint256 round, address trainer) external;
    /// @notice The winner, `maturity` after the end of the round: issues R. Emits `Collected`.
    /// Reverts: NotWinner, NotMature, AlreadyCollected.
    function collect(uint256 group, uint256 round) external returns (uint256 issued);

    function round(uint256 group, uint256 number) external view returns (Round memory);
    /// @notice The claim that was decided, 0 if none is or none was true, and the winner's file.
    function decision(uint256 group, uint256 number) external view returns (bytes32 claim, bytes32 file);
    function claimOf(uint256 group, uint256 round, address trainer) external view returns (Claim memory);
    /// @notice Whether the verdict of `position` in that round was counted, for pay or for presence.
    function judgedBy(uint256 group, uint256 round, uint256 position) external view returns (bool);
    /// @notice The group to which a revealed file is bound, and whether it has won.
    function fileOf(bytes32 file) external view returns (uint256 group, bool won);
}

/// @title Duties: who is absent is put to sleep, who signs two claims in one round is slashed.
interface IDuties {
    event Dozed(uint256 indexed group, uint256 indexed position);
    event DoubleSigned(
        uint256 indexed group, uint256 indexed position, uint256 round, address reporter, uint256 reward
    );

    error NotAbsent();
    error SameClaim();
    error NotSigned();
    /// @notice The round has not begun, is older than an exit, or began before the end of the epoch in which the position
    /// was slashed last.
    error OutOfTime();

    /// @notice Anyone: puts a position to rest that was awake in the last eight counted rounds and present in none.
    /// Emits `Dozed`, `Rested`. Reverts: NotAwake, NotAbsent.
    function doze(uint256 group, uint256 position) external;
    /// @notice Anyone: shows two verdicts of one signer for different claims of one round. The position of that signer (and
    /// where its stake moved since) loses 5 %, half to the caller. `position` in the verdicts is the one accused.
    /// Emits `DoubleSigned`, `Slashed`. Reverts: SameClaim, NotSigned, OutOfTime, NoSuchPosition.
    function slashDouble(
        uint256 group,
        uint256 round,
        IRounds.Attendance calldata one,
        IRounds.Attendance calldata other
    ) external returns (uint256 reward);
}

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
    /// @notice The choices that were counted: each `position << 96 | seq`.
    event Cast(uint256 indexed group, uint256 indexed period, uint256[] counted);
    /// @notice A delta of a higher bond took the place of `delta`, whose bond can be withdrawn.
    event Displaced(uint256 indexed group, uint256 indexed delta);
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
    error BondTooSmall();
    /// @notice Sixteen deltas are open, and none with a lower bond can be displaced.
    error ProposalsFull();
    error PeriodRunning();
    error NoSuchDelta();
    error NotStanding();
    error AlreadyRefunded();
    /// @notice A measure took the delta back; its bond is gone.
    error TakenBack();

    /// @notice Anyone, not in the last quarter of a period: proposes the patch with that digest on the current head. Takes
    /// `amount` as bond, at least `leastBond` (needs an allowance); of sixteen open ones the lowest bond gives way to a
    /// higher one, unless a tenth of the group's stake has voted for it. Emits `Proposed`, `Displaced`.
    /// Reverts: NoSuchGroup, LastQuarter, BondTooSmall, ProposalsFull, ERC20's.
    function propose(uint256 group, bytes32 digest, uint256 amount) external returns (uint256 delta);
    /// @notice Anyone brings signed choices for the running period; a higher `seq` replaces. Bad ones are skipped.
    /// Emits `Cast`. Reverts: NoSuchGroup.
    function cast(uint256 group, Choice[] calldata choices) external;
    /// @notice Anyone, at the end of the period: applies the delta with the most votes, if it won. The one applied at the
    /// turn before stands from now on. If there were proposals in an admitted group, the purse pays the gas.
    /// Emits `Turned`. Reverts: NoSuchGroup, PeriodRunning.
    function turn(uint256 group) external;
    /// @notice Anyone: bond and A for a delta that stands, the bond alone for one that was not applied. Emits `Refunded`.
    /// Reverts: NoSuchDelta, NotStanding, AlreadyRefunded, TakenBack.
    function refund(uint256 group, uint256 delta) external;

    /// @notice The least bond of a proposal now, wei: `max(4·A, minDeposit)`.
    function leastBond(uint256 group) external view returns (uint256);
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
    event PeriodSet(uint256 indexed group, uint256 period);
    /// @notice `delta` is out of the set again; half of its bond went to `author`, whose delta stood last.
    event Taken(
        uint256 indexed group, uint256 indexed delta, bytes32 head, address author, uint256 paid, uint256 burned
    );
    event Admitted(uint256 indexed group);
    event Revoked(uint256 indexed group);
    /// @notice The coinbase of a round is cancelled; `checkpoint` is the group's afterwards.
    event Struck(uint256 indexed group, uint256 indexed round, bytes32 checkpoint);

    error Expired();
    /// @notice This measure took effect before: another `nonce` makes it a new one.
    error NonceUsed();
    error NotAscending();
    error NoMajority();
    /// @notice `args` have not the length or the range that the kind asks for.
    error BadArguments();
    error AlreadyAdmitted();
    error NotAdmitted();
    error NotOnTrial();
    error NothingToStrike();

    /// @notice Anyone, before the second `expiry`; bad assents are skipped; those who do not sign are against it. `args` are
    /// ABI-encoded, each kind's own:
    /// Period (uint256 group, uint256 seconds): > 1/2 of the group's stake; from the next turn on.
    /// Rollback (uint256 group, uint256 delta): > 1/2 of its awake stake; while the delta is on trial.
    /// The others need > 1/2 of all stake and at least a tenth of the supply:
    /// Admit, Revoke (uint256 group). Strike (uint256 group, uint256 round, bool restore): before the round's maturity.
    /// Slash (uint256 group, uint256 position, uint256 basisPoints), at most 1000.
    /// Emits `Enacted` and the kind's own event. Reverts: Expired, NonceUsed, NotAscending, NoMajority, BadArguments,
    /// AlreadyAdmitted, NotAdmitted, NotOnTrial, NothingToStrike, NoSuchGroup, NoSuchPosition, BadTimes.
    function enact(Kind kind, bytes calldata args, uint256 nonce, uint256 expiry, Assent[] calldata assents) external;
    /// @notice Whether the measure of that name, `keccak256(abi.encode(uint8 kind, bytes args, uint256 nonce, uint256 expiry))`,
    /// took effect.
    function enacted(bytes32 measure) external view returns (bool);
}

/// @title The network: all that answers at its address.
/// @dev `Network` itself answers for stake and rounds and hands the rest to `Council`, which acts on its storage.
interface INetwork is IStake, IGroups, IRounds, IDuties, IDataset, IMeasures {
    /// @notice The contract whose code decides all but stake and rounds; fixed at deployment.
    function council() external view returns (address);
    /// @notice EIP-712 domain separator of name `Neuron`, version `1`.
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}
