// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Terms} from "token/Seats.sol";
import {BareStake} from "token-test/BareStake.sol";
import {Test} from "token-test/Test.sol";

/// @title NRN that anybody has enough of.
contract Coin {
    uint256 public paid;

    function transferFrom(address, address, uint256) external pure returns (bool) {
        return true;
    }

    function transfer(address, uint256 amount) external returns (bool) {
        paid += amount;
        return true;
    }
}

/// @param live, awake what counts in this epoch; @param next, awakeNext what counts then. @param turns whether the seat was
/// changed in this epoch, else what counts then counts now too.
struct State {
    uint56 live;
    bool awake;
    bool turns;
    uint56 next;
    bool awakeNext;
}

/// @param first, later gweis of exits; @param firstEpoch, laterEpoch since when they are on their way.
struct Exits {
    uint56 first;
    uint16 firstEpoch;
    uint56 later;
    uint16 laterEpoch;
}

/// @notice Gweis of a group in this epoch and the next.
struct Group {
    uint256 bonded;
    uint256 awake;
    uint256 bondedNext;
    uint256 awakeNext;
}

/// @title Stake with doors that put a seat into any state, and to the ways in which it changes.
contract OpenStake is BareStake {
    constructor(Terms memory terms) BareStake(terms) {}

    function put(uint256 group, State calldata state) external {
        Seat storage seat = _seats[group][1];
        seat.turnsAt = uint24(state.turns ? _epoch() + 1 : _epoch());
        (seat.stake, seat.awake) = (state.next, state.awakeNext);
        (seat.stakeBefore, seat.awakeBefore) = (state.live, state.awake);
    }

    function putExits(uint256 group, Exits calldata exits) external {
        Seat storage seat = _seats[group][1];
        (seat.exiting, seat.exitEpoch) = (exits.first, exits.firstEpoch);
        (seat.exitingLater, seat.exitEpochLater) = (exits.later, exits.laterEpoch);
    }

    /// @dev Position 1 of group 1 moved `moved` gweis to that of group 2, in this epoch.
    function putHeir(uint256 moved) external {
        Seat storage seat = _seats[1][1];
        (seat.heirGroup, seat.heir, seat.moved, seat.movedAt) = (2, 1, uint64(moved), uint24(_epoch()));
    }

    function change(uint256 gweis, bool awake) external {
        _change(1, _seats[1][1], gweis, awake);
    }

    function preserve() external {
        _preserve(_seats[1][1]);
    }

    /// @dev What position 1 of the group adds to its sums.
    function counted(uint256 group) external view returns (Group memory seats) {
        Seat storage seat = _seats[group][1];
        (uint64 live, bool awake) = _now(seat);
        (seats.bonded, seats.bondedNext) = (live, seat.stake);
        if (awake) seats.awake = live;
        if (seat.awake) seats.awakeNext = seat.stake;
    }

    function summed(uint256 group) external view returns (Group memory) {
        Sums memory sums = _sumsNow(group);
        return Group(sums.bonded, sums.awake, sums.bondedNext, sums.awakeNext);
    }

    /// @dev Gweis of stake and exits of position 1 of the group.
    function held(uint256 group) external view returns (uint256) {
        Seat storage seat = _seats[group][1];
        return uint256(seat.stake) + seat.exiting + seat.exitingLater;
    }
}

/// @dev A seat in any state, in a group of any others. A solver proves each `check_` for all values; the fuzzer runs it by
/// its `test_`.
abstract contract SymbolicTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant EPOCH = 1 days;
    uint256 internal constant NOW = 40;
    /// @dev Where `Seats` keeps the sums of groups, and after them those of all.
    uint256 private constant SUMS = 6;
    address internal constant ANN = address(0xA11);
    OpenStake internal stake;
    Coin internal coin;

    /// @param bonded, awake, bondedNext, awakeNext what the other seats of a group have, gweis.
    struct Others {
        uint56 bonded;
        uint56 awake;
        uint56 bondedNext;
        uint56 awakeNext;
    }

    function setUp() public {
        vm.warp(START);
        coin = new Coin();
        stake = new OpenStake(Terms(address(coin), address(2), address(3), EPOCH, 28 days, 7 days, 1 ether, START));
        for (uint256 group = 1; group < 3; ++group) {
            vm.prank(ANN);
            stake.bond(group, ANN, 1 gwei, "");
        }
        _toEpoch(NOW);
    }

    function _toEpoch(uint256 number) internal {
        vm.warp(START + number * EPOCH);
    }

    /// @dev Brings Ann's position in the group into that state and the sums to it and the others.
    function _bring(uint256 group, State memory state, Others memory others) internal {
        stake.put(group, state);
        Group memory seat = stake.counted(group);
        bytes32 slot = keccak256(abi.encode(group, SUMS));
        _write(uint256(slot), seat, others);
        // More than enough for both groups.
        _write(SUMS + 1, Group(2 ** 60, 2 ** 60, 2 ** 60, 2 ** 60), others);
    }

    /// @dev The sums are those of Ann's position and the others, in this epoch and the next.
    function _check(uint256 group, Others memory others) internal {
        Group memory seat = stake.counted(group);
        Group memory sums = stake.summed(group);
        assert(sums.bonded == seat.bonded + others.bonded);
        assert(sums.awake == seat.awake + others.awake);
        assert(sums.bondedNext == seat.bondedNext + others.bondedNext);
        assert(sums.awakeNext == seat.awakeNext + others.awakeNext);
        _toEpoch(NOW + 1);
        Group memory then = stake.counted(group);
        sums = stake.summed(group);
        assert(sums.bonded == then.bonded + others.bondedNext);
        assert(sums.awake == then.awake + others.awakeNext);
        assert(then.bonded == seat.bondedNext);
        assert(then.awake == seat.awakeNext);
        _toEpoch(NOW);
    }

    function _write(uint256 slot, Group memory seat, Others memory others) private {
        uint256 word = seat.awake + others.awake;
        word |= (seat.awakeNext + others.awakeNext) << 64 | NOW << 128 | (seat.bonded + others.bonded) << 192;
        vm.store(address(stake), bytes32(slot), bytes32(word));
        vm.store(address(stake), bytes32(slot + 1), bytes32(seat.bondedNext + others.bondedNext));
    }
}

/// @dev After any one operation the sums of a group are those of its seats.
contract SumsSymbolicTest is SymbolicTest {
    function check_SumsHoldAfterAChange(State memory state, Others memory others, uint56 gweis, bool awake) public {
        _bring(1, state, others);
        stake.change(gweis, awake);
        _check(1, others);
    }

    function test_SumsHoldAfterAChange(State memory state, Others memory others, uint56 gweis, bool awake) public {
        check_SumsHoldAfterAChange(state, others, gweis, awake);
    }

    function check_SumsHoldAfterPreserving(State memory state, Others memory others) public {
        _bring(1, state, others);
        stake.preserve();
        _check(1, others);
    }

    function test_SumsHoldAfterPreserving(State memory state, Others memory others) public {
        check_SumsHoldAfterPreserving(state, others);
    }

    function check_SumsHoldAfterASlash(State memory state, Others memory others, uint16 basisPoints) public {
        vm.assume(basisPoints <= 10_000);
        _bring(1, state, others);
        stake.slash(1, 1, basisPoints, 0, false);
        _check(1, others);
    }

    function test_SumsHoldAfterASlash(State memory state, Others memory others, uint16 basisPoints) public {
        check_SumsHoldAfterASlash(state, others, uint16(_bound(basisPoints, 0, 10_000)));
    }

    /// @dev The heir of a position without stake pays.
    function check_SumsHoldAfterASlashOfAnHeir(State memory heir, Others memory others, uint56 moved) public {
        _bring(2, heir, others);
        stake.put(1, State(0, false, false, 0, false));
        stake.putHeir(moved);
        stake.slash(1, 1, 10_000, 0, false);
        _check(2, others);
    }

    function test_SumsHoldAfterASlashOfAnHeir(State memory heir, Others memory others, uint56 moved) public {
        check_SumsHoldAfterASlashOfAnHeir(heir, others, moved);
    }

    function check_SumsOfTheSourceHoldAfterAMove(State memory state, Others memory others) public {
        _move(state, State(1, false, false, 1, false), others);
        _check(1, others);
    }

    function test_SumsOfTheSourceHoldAfterAMove(State memory state, Others memory others) public {
        (state.live, state.next) = (state.live | 1, state.next | 1);
        check_SumsOfTheSourceHoldAfterAMove(state, others);
    }

    function _sumsOfTheHeirHoldAfterAMove(State memory heir, Others memory others, uint56 gweis) private {
        _move(State(gweis, false, false, gweis, false), heir, others);
        _check(2, others);
    }

    function test_SumsOfTheHeirHoldAfterAMove(State memory heir, Others memory others, uint56 gweis) public {
        _sumsOfTheHeirHoldAfterAMove(heir, others, gweis | 1);
    }

    function _move(State memory state, State memory heir, Others memory others) private {
        vm.assume(state.next != 0 && (!state.turns || state.live != 0));
        _bring(1, state, others);
        _bring(2, heir, others);
        vm.prank(ANN);
        stake.move(1, 1, 2, ANN, "");
    }
}

/// @dev What a position had is what it has and what was taken out of it.
contract HeldSymbolicTest is SymbolicTest {
    function _unbondingPaysWhatIsGone(State memory state, Exits memory exits, uint56 gweis) private {
        vm.assume(gweis != 0 && gweis <= state.next && (exits.first != 0 || exits.later == 0));
        uint256 held = _hold(state, exits);
        vm.prank(ANN);
        stake.unbond(1, 1, uint256(gweis) * 1 gwei);
        assert(coin.paid() == (held - stake.held(1)) * 1 gwei);
    }

    function test_UnbondingPaysWhatIsGone(State memory state, Exits memory exits, uint56 gweis) public {
        (state.next, exits.first) = (state.next | 1, exits.first | 1);
        _unbondingPaysWhatIsGone(state, exits, uint56(_bound(gweis, 1, state.next)));
    }

    function check_WithdrawingPaysWhatIsGone(State memory state, Exits memory exits) public {
        vm.assume(exits.first != 0 && exits.firstEpoch < 13);
        uint256 held = _hold(state, exits);
        vm.prank(ANN);
        uint256 paid = stake.withdraw(1, 1, ANN);
        assert(paid == (held - stake.held(1)) * 1 gwei);
        assert(coin.paid() == paid);
    }

    function test_WithdrawingPaysWhatIsGone(State memory state, Exits memory exits) public {
        (exits.first, exits.firstEpoch) = (exits.first | 1, uint16(exits.firstEpoch % 13));
        exits.laterEpoch %= 40;
        check_WithdrawingPaysWhatIsGone(state, exits);
    }

    function _aSlashTakesWhatIsGone(State memory state, Exits memory exits, uint16 basisPoints) private {
        vm.assume(basisPoints <= 10_000);
        uint256 held = _hold(state, exits);
        uint256 taken = stake.slash(1, 1, basisPoints, 0, false);
        assert(taken == (held - stake.held(1)) * 1 gwei);
    }

    function test_ASlashTakesWhatIsGone(State memory state, Exits memory exits, uint16 basisPoints) public {
        (exits.firstEpoch, exits.laterEpoch) = (exits.firstEpoch % 40, exits.laterEpoch % 40);
        _aSlashTakesWhatIsGone(state, exits, uint16(_bound(basisPoints, 0, 10_000)));
    }

    /// @dev Asleep, since what a position holds does not depend on it.
    function _hold(State memory state, Exits memory exits) private returns (uint256) {
        (state.awake, state.awakeNext) = (false, false);
        _bring(1, state, Others(0, 0, 0, 0));
        stake.putExits(1, exits);
        return stake.held(1);
    }
}
