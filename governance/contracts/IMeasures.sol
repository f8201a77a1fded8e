// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Measures: typed acts that gather their majority within one epoch.
interface IMeasures {
    enum Kind {
        Period,
        Rollback,
        Admit,
        Revoke,
        Strike,
        Slash,
        Least
    }

    /// @notice One of the kind's EIP-712 messages, signed for a position by its signer or owner, in the forms of `Choice`.
    struct Assent {
        uint256 group;
        uint256 position;
        bytes signature;
    }

    /// @param weight wei that assented in `epoch`. @param ripeAt the epoch from which a slash that was shown can be enacted,
    /// 0 if it was not shown. @param enacted whether it took effect.
    struct Measure {
        uint256 weight;
        uint256 epoch;
        uint256 ripeAt;
        bool enacted;
    }

    /// @notice Assents were counted: `voters` holds group and position of each, 4 big-endian bytes and 4; `weight` wei are
    /// behind the measure in this epoch, and it takes more than `needed`.
    event Assented(
        bytes32 indexed measure,
        Kind indexed kind,
        bytes args,
        uint256 nonce,
        uint256 expiry,
        uint256 weight,
        uint256 needed,
        bytes voters
    );
    /// @notice A majority wants to slash: it must be one again in an epoch from `ripeAt` on.
    event Shown(bytes32 indexed measure, uint256 indexed group, uint256 indexed position, uint256 ripeAt);
    event Enacted(bytes32 indexed measure, Kind indexed kind, bytes args, uint256 nonce, uint256 expiry);
    event PeriodSet(uint256 indexed group, uint256 period);
    /// @notice Claims of `group` have to be better than their base by so many micronats.
    event LeastSet(uint256 indexed group, uint256 least);
    /// @notice `delta` is out of the set again, and its bond is burned.
    event Taken(uint256 indexed group, uint256 indexed delta, address indexed author, bytes32 head, uint256 burned);
    event Admitted(uint256 indexed group);
    event Revoked(uint256 indexed group);
    /// @notice A decision is cancelled; `checkpoint` is the group's afterwards. `issued` wei stand in for what validators
    /// were to get out of deposits, `burned` is what the winner had got back too much.
    event Struck(
        uint256 indexed group, uint256 indexed round, bytes32 checkpoint, uint256 issued, uint256 burned
    );

    error Expired();
    /// @notice An assent that could wait longer than eight epochs is none: sign with an expiry of at most `latest`.
    error ExpiryTooFar(uint256 latest);
    error AlreadyEnacted();
    /// @notice `args` have not the length or the range that the kind asks for.
    error BadArguments();
    /// @notice The measure was meant for something else than what is there.
    error Unexpected(bytes32 found);
    error AlreadyAdmitted();
    error NotAdmitted();
    error NotOnTrial();
    /// @notice The least improvement is `present` and may only be lowered.
    error NotLower(uint256 present);
    error NothingToStrike();
    /// @notice A measure has slashed this position in this epoch.
    error SlashedInThisEpoch();

    /// @notice Anyone, before the second `expiry`: brings assents, in as many calls as they need; those of one epoch count
    /// together. Bad and repeated ones are skipped; those who do not sign are against it. `args` are ABI-encoded words, each
    /// kind's own, which name what is expected to be there:
    /// Period (group, present, period): > 1/2 of the group's stake; from the next turn on.
    /// Least (group, present, least): the same; lower than it is, and at once.
    /// Rollback (group, delta, patch): more than half of the group's awake stake, and no less than voted for the delta; while
    /// it is on trial. The others need > 1/2 of all stake and at least a tenth of the supply:
    /// Admit, Revoke (group, name). Strike (group, round, claim, restore): before the round's maturity.
    /// Slash (group, position, signer, basisPoints), at most 1000 and once an epoch, signer a key that ever signed for it;
    /// it is shown by one majority and enacted by another one, a whole epoch later. Stake is the greater of what is bonded in this epoch and in the next.
    /// Emits `Assented`, `Shown`, `Enacted` and the kind's own event.
    /// @return done whether the measure took effect. Reverts: Expired, ExpiryTooFar, AlreadyEnacted, NothingCounted,
    /// BadArguments, Unexpected, AlreadyAdmitted, NotAdmitted, NotOnTrial, NotLower, NothingToStrike, SlashedInThisEpoch,
    /// NoSuchGroup, NoSuchPosition, BadTimes.
    function enact(Kind kind, bytes calldata args, uint256 nonce, uint256 expiry, Assent[] calldata assents)
        external
        returns (bool done);
    /// @notice What has become of the measure with that EIP-712 struct hash.
    function measure(bytes32 name) external view returns (Measure memory);
}
