// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {Terms} from "token/Seats.sol";
import {IBounties} from "governance/IBounties.sol";
import {IDataset} from "governance/IDataset.sol";
import {IMeasures} from "governance/IMeasures.sol";

/// @title Groups: a model, its training set and its clock.
interface IGroups {
    /// @notice What a creator fixes for good, but for `least`, which a measure can lower. Times in seconds; a winner is better
    /// by `base >> improve`, and by `least` micronats.
    struct Birth {
        bytes32 manifest;
        bytes32 checkpoint;
        bytes32[] dataset;
        uint32 train;
        uint32 reveal;
        uint32 judge;
        uint32 period;
        uint8 improve;
        uint32 least;
    }

    /// @dev `improve` and `least` lie with the clock: a reveal reads all of them.
    /// @param name what a measure calls the group by: `keccak256(abi.encode(group, creator, parent, head, birth))`.
    /// @param period length of the running period, s; @param periodNext of those that begin with the next turn;
    /// @param periodEnd s since 1970; @param extended seconds by which late votes have put it off.
    /// @param voids void rounds in a row, 8 at most. @param opened the round opened last, plus one.
    /// @param proposals deltas ever proposed. @param applied the delta on trial in this period, 0 if none.
    /// @param counted rounds that were decided or attended; @param newest, second numbers of the last two of them;
    /// @param recent of the eight before those, 32 bits each, the latest lowest: what absence is judged by.
    /// @param parent the group from which it was forked, 0 if none.
    struct Group {
        bytes32 manifest;
        bytes32 checkpoint;
        bytes32 head;
        bytes32 name;
        uint32 train;
        uint32 reveal;
        uint32 judge;
        uint32 period;
        uint8 improve;
        uint32 least;
        bool admitted;
        uint32 periodNumber;
        uint40 periodEnd;
        uint32 periodNext;
        uint32 extended;
        uint32 voids;
        uint40 opened;
        uint32 proposals;
        uint32 applied;
        uint32 counted;
        uint32 newest;
        uint32 second;
        uint32 parent;
        uint256 recent;
    }

    event Created(
        uint256 indexed group,
        address indexed creator,
        uint256 indexed parent,
        bytes32 name,
        bytes32 head,
        uint256 periodEnd,
        Birth birth
    );
    /// @notice The stake of `position` counts as `childPosition` of `child` from the next epoch on.
    event Moved(
        uint256 indexed group, uint256 indexed position, uint256 indexed child, uint256 childPosition, uint256 amount
    );

    error NoSuchGroup(uint256 group);
    error BadTimes();
    error BadImprove(uint256 most);
    error NoDataset();
    /// @notice A fork inherits its parent's training set: leave `dataset` empty.
    error DatasetInherited();
    /// @notice Start with fewer digests and add the rest as deltas.
    error DatasetTooLong(uint256 most);
    error NotAChild(uint256 parent);

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
    /// consents as for `bond`, in `child`. What is slashed of the old position for what it did is taken of the stake that
    /// moved, as long as an exit would have lasted. Emits `Moved`, `Seated`, `Rested`.
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
    /// @notice `Struck`: decided, then cancelled by a measure.
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

    /// @notice Amounts in wei. @param checkpoint the base. @param winner 0 if nobody won.
    /// @param reward R, of which validators get a fifth on top.
    /// @param deposit of each commit. @param awake the group's awake stake at the opening.
    /// @param conceded how many conceded. @param judged stake whose verdicts for the decided claim were counted; if there is
    /// none, stake that showed its presence. @param paid what validators earn for it. @param charged claims of a lost round
    /// that have paid their part of that. @param collected whether R was issued.
    /// @param attended whether the round counts for want of a decision.
    struct Round {
        bytes32 checkpoint;
        address winner;
        uint96 reward;
        uint96 deposit;
        uint96 awake;
        uint24 commits;
        uint24 reveals;
        uint16 conceded;
        uint96 judged;
        uint96 paid;
        uint24 charged;
        Outcome outcome;
        bool collected;
        bool attended;
    }

    /// @param name the seal, once revealed the claim. @param number of the commit in its round, from 1.
    /// @param base, loss in micronats. @param concession how many had conceded before this one did, plus one.
    struct Claim {
        bytes32 name;
        bytes32 file;
        uint24 number;
        uint32 base;
        uint32 loss;
        uint16 concession;
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
        uint256 supply,
        uint256 voids
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
    /// @notice The seal was opened and no claim made, since that of `rival` stands; the `order`-th of the round.
    event Conceded(
        uint256 indexed group,
        uint256 indexed round,
        address indexed trainer,
        uint256 number,
        bytes32 file,
        address rival,
        uint256 order
    );
    /// @notice More than 2/3 of awake stake signed `claim`; `winner` and `file` are 0 if the round is lost.
    event Decided(
        uint256 indexed group,
        uint256 indexed round,
        address indexed winner,
        Outcome outcome,
        bytes32 claim,
        bytes32 file,
        bytes32 checkpoint
    );
    /// @notice Verdicts for `claim` were counted: of the positions in `positions`, 4 big-endian bytes each, with `stake` wei
    /// together; they earn `amount` wei if this claim is the one that is decided.
    event Judged(
        uint256 indexed group,
        uint256 indexed round,
        bytes32 indexed claim,
        uint256 stake,
        uint256 amount,
        bytes positions
    );
    /// @notice The positions in `positions`, 4 big-endian bytes each, with `stake` wei together, were present.
    /// `counts`: the round is one of those that absence is judged by.
    event Attended(uint256 indexed group, uint256 indexed round, uint256 stake, bool counts, bytes positions);
    /// @notice The schedule allowed `given` of the `asked` wei that a verdict in `round` earned.
    event PayCut(uint256 indexed group, uint256 indexed round, uint256 indexed position, uint256 asked, uint256 given);
    /// @notice Of a deposit, wei: came back, was burned, went to validators.
    event Settled(
        uint256 indexed group,
        uint256 indexed round,
        address indexed trainer,
        uint256 refunded,
        uint256 burned,
        uint256 charged
    );
    /// @notice R was `asked` and `issued` to `to`, together with `deposit`: what was left of the winner's.
    event Collected(
        uint256 indexed group,
        uint256 indexed round,
        address indexed winner,
        address to,
        uint256 asked,
        uint256 issued,
        uint256 deposit
    );

    error WrongPhase(Phase phase, uint256 until);
    /// @notice This is not the round that runs now, or the one before it where that can be.
    error WrongRound(uint256 running);
    error DepositTooHigh(uint256 due);
    error AlreadyCommitted(uint256 number);
    error NotSealed(Status status);
    error WrongSeal();
    /// @notice With this base the loss has to be `most` or lower.
    error NotBetter(uint256 most);
    error FileWonBefore();
    /// @notice Nobody else's claim stands revealed under that name.
    error NoRival();
    error NothingRevealed();
    error NoSuchClaim();
    error OtherClaimDecided(bytes32 claim);
    error NothingCounted();
    error RoundNotOver(uint256 at);
    error NotMature(uint256 at);
    error NotWinner(address winner);
    error AlreadyCollected();
    error NothingToSettle();
    error NothingToAttend();

    /// @notice Round and phase of `group` now, and the second at which the phase ends.
    function phase(uint256 group) external view returns (uint256 round, Phase phase, uint256 until);
    /// @notice TRAIN of `round`, anyone, once. Takes the deposit (needs an allowance), which is at most `maxDeposit`. The
    /// first commit of a round fixes what it is judged by. Emits `Opened`, `Committed`.
    /// Reverts: NoSuchGroup, WrongRound, WrongPhase, DepositTooHigh, AlreadyCommitted, ERC20's.
    /// @param seal `keccak256(abi.encode(group, round, file, msg.sender, salt))`.
    function commit(uint256 group, uint256 round, bytes32 seal, uint256 maxDeposit) external;
    /// @notice REVEAL, who committed: opens the seal and claims that on the round's examples the base has the mean loss
    /// `base` and `file` has `loss`, micronats. Emits `Revealed`.
    /// Reverts: WrongPhase, NotSealed, WrongSeal, NotBetter, FileWonBefore.
    function reveal(uint256 group, bytes32 salt, bytes32 file, uint32 base, uint32 loss, bytes32 lossRoot) external;
    /// @notice REVEAL, who committed: opens the seal and claims nothing, since the claim of `rival` stands revealed. The
    /// k-th of a round loses k/16 of its deposit. Emits `Conceded`.
    /// Reverts: WrongPhase, NotSealed, WrongSeal, NoRival.
    function concede(uint256 group, bytes32 salt, bytes32 file, address rival) external;
    /// @notice JUDGE of `round`, anyone: brings verdicts for one claim (0 = none is true), in as many calls as they need;
    /// the claim with more than 2/3 of awake stake is decided. Further verdicts for it are added, and earn as much, until
    /// the round after it is over. Bad, sleeping and repeated verdicts are skipped. In an admitted group the purse pays gas
    /// of the calls up to the deciding one. Emits `Judged`, `Decided` once.
    /// @return decided whether this call decided. Reverts: WrongRound, WrongPhase, OtherClaimDecided, NothingCounted,
    /// NoSuchClaim, NothingRevealed.
    function judge(uint256 group, uint256 round, bytes32 claim, Verdict[] calldata verdicts)
        external
        returns (bool decided);
    /// @notice In the round after `round`, anyone: records who signed a verdict in that round for 0 or a claim that was
    /// revealed in it. Of a round that had reveals and no decision more than 1/2 of awake stake must show itself in TRAIN
    /// for the round to count, and others add to it until the end; of a decided one those for the decided claim are
    /// skipped, since `judge` takes and pays them. Who is asleep needs none. In an admitted group the purse pays gas of calls for an undecided round.
    /// Emits `Attended`. Reverts: WrongRound, NothingToAttend, NothingCounted, WrongPhase.
    function attend(uint256 group, uint256 round, Attendance[] calldata attendances) external;
    /// @notice After the round, anyone: pays the deposits of `trainers` back or burns them. What is the same whether the
    /// round is struck or not is done at once, of the winner's deposit 15/16; a claim that a strike would save waits until
    /// the round is mature; so does a claim with another `base` than the winner's, which is false. Who cannot be settled yet is skipped. Emits `Settled`. Reverts: RoundNotOver, NothingToSettle.
    function settle(uint256 group, uint256 round, address[] calldata trainers) external;
    /// @notice The winner, `maturity` after the end of the rounds: issues R of each to `to`, with what is left of the
    /// deposit, all of it if it was not settled before. Emits `Collected`. Reverts: NotWinner, NotMature, AlreadyCollected.
    function collect(uint256 group, uint256[] calldata rounds, address to) external returns (uint256 issued);

    function round(uint256 group, uint256 number) external view returns (Round memory);
    /// @notice The claim that was decided, 0 if none is or none was true, and the winner's file; struck rounds are decided.
    function decision(uint256 group, uint256 number) external view returns (bytes32 claim, bytes32 file);
    function claimOf(uint256 group, uint256 round, address trainer) external view returns (Claim memory);
    /// @notice Wei behind the verdicts that were counted for `claim` before a decision, and whose claim it is.
    function tally(uint256 group, uint256 round, bytes32 claim) external view returns (uint256 stake, address trainer);
    /// @notice Whether `position` was present: its verdict for the decided claim was counted, or it was shown by `attend`.
    function judgedBy(uint256 group, uint256 round, uint256 position) external view returns (bool);
    /// @notice Whether `file` may not be revealed in `group`: it won there, or in any group while that was admitted.
    function hasWon(uint256 group, bytes32 file) external view returns (bool);
    /// @notice What a commit costs in the running round, or in the next one if none was made in it.
    function leastDeposit(uint256 group) external view returns (uint256);
    /// @notice Verdicts decide the running round with more than this stake, wei; 0 if it was not opened.
    function quorum(uint256 group) external view returns (uint256);
}

/// @title Duties: who is absent is put to sleep, who signs two claims in one round is slashed.
interface IDuties {
    /// @notice It may be awake again from the epoch `until` on.
    event Dozed(uint256 indexed group, uint256 indexed position, uint256 until);
    event DoubleSigned(
        uint256 indexed group,
        uint256 indexed position,
        address indexed reporter,
        uint256 round,
        uint256 burned,
        uint256 reward
    );

    error NotAbsent();
    error SameClaim();
    error NotSigned();
    /// @notice The round has not begun, is older than an exit, is forgiven, or came when the position had no stake.
    error OutOfTime();

    /// @notice Anyone: puts a position to rest that was awake in eight counted rounds and present in none; the newest two
    /// are left aside, whose verdicts can still be shown. It sleeps an epoch, and twice as long each time it comes to that
    /// again within 32 epochs of having slept, 128 epochs at most; also if it has gone to rest in this epoch. In an admitted
    /// group the purse pays gas.
    /// Emits `Dozed`, `Rested`. Reverts: NotAwake, NotAbsent.
    function doze(uint256 group, uint256 position) external;
    /// @notice Anyone: shows two verdicts of one signer for different claims of one round. The position of that signer, and
    /// the stake that moved away since, loses 5 %, which is burned, and half a percent for the caller. `position` in the
    /// verdicts is the one accused. Emits `DoubleSigned`, `Slashed`.
    /// Reverts: SameClaim, NotSigned, OutOfTime, NoSuchPosition.
    function slashDouble(
        uint256 group,
        uint256 round,
        IRounds.Attendance calldata one,
        IRounds.Attendance calldata other
    ) external returns (uint256 reward);
}

/// @title The network: all that answers at its address.
/// @dev `Network` runs rounds itself and lends its storage to the code of `Registry`, `Council` and `Bounties` for the rest.
interface INetwork is IStake, IGroups, IRounds, IDuties, IDataset, IMeasures, IBounties {
    /// @notice The network began, with these terms and this code.
    event Begun(Terms terms, address registry, address council, address bountiesCode);

    /// @notice The contracts whose code does groups, stake and duties, deltas and measures, and bounties; fixed at deployment.
    function modules() external view returns (address registry, address council, address bountiesCode);
    /// @notice Does the calls in their order as the caller's, all or none.
    function multicall(bytes[] calldata calls) external returns (bytes[] memory results);
    /// @notice ERC-6372: seconds since 1970, and that they are.
    function clock() external view returns (uint48);
    function CLOCK_MODE() external view returns (string memory);
    /// @notice EIP-712 domain separator of name `Neuron Network`, version `1`.
    function DOMAIN_SEPARATOR() external view returns (bytes32);
    /// @notice EIP-5267.
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
}
