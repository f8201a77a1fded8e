// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";

contract SlashTest is StakeTest {
    function test_RevertIf_ThePositionDoesNotExist() public {
        vm.expectRevert(IStake.NoSuchPosition.selector);
        stake.slash(1, 1, 1000);
    }

    function test_ASlashCountsAtOnceInThisEpochAndTheNext() public {
        _join(1, 7, 10 ether);
        _join(1, 8, 10 ether);
        vm.warp(START + EPOCH);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 1 ether);
        vm.assertEq(stake.slash(1, 1, 1000), 1 ether, "amount");
        vm.assertEq(stake.position(1, 1).live, 9 ether, "live");
        vm.assertEq(stake.position(1, 1).next, 9 ether, "next");
        vm.assertEq(stake.stake(1).awake, 19 ether, "awake at once");
        vm.assertEq(stake.admittedAwake(), 19 ether, "in all groups as well");
        _checkSums(1);
        vm.assertEq(stake.stake(1).awake, 19 ether, "and then");
    }

    function test_ASlashReachesExits() public {
        _join(1, 7, 10 ether);
        vm.warp(START + EPOCH);
        vm.prank(vm.addr(7));
        stake.unbond(1, 1, 4 ether);
        vm.assertEq(stake.slash(1, 1, 1000), 1 ether, "of the stake left and of the exit");
        IStake.Position memory position = stake.position(1, 1);
        vm.assertEq(position.live, 9 ether, "live");
        vm.assertEq(position.next, 5.4 ether, "next");
        vm.assertEq(position.exiting, 3.6 ether, "exiting");
        _checkSums(1);
        vm.warp(START + 2 * EPOCH + EXIT - 1);
        vm.assertEq(stake.slash(1, 1, 5000), 4.5 ether, "until the last second");
        vm.warp(START + 2 * EPOCH + EXIT);
        vm.prank(vm.addr(7));
        vm.assertEq(stake.withdraw(1, 1), 1.8 ether, "what is left of it");
    }

    function test_ASlashReachesPay() public {
        _join(1, 7, 10 ether);
        vm.warp(START + EPOCH);
        stake.pay(1, 1, 10 ether / 1 gwei);
        vm.expectEmit();
        emit IStake.Compounded(1, 1, 10 ether);
        vm.assertEq(stake.slash(1, 1, 1000), 2 ether, "of stake and pay");
        vm.assertEq(stake.position(1, 1).live, 9 ether, "live");
        vm.assertEq(stake.position(1, 1).next, 18 ether, "next");
        vm.assertEq(stake.position(1, 1).earned, 0, "earned");
        _checkSums(1);
    }

    function test_ASlashReachesWhatWasBondedInThisEpoch() public {
        _join(1, 7, 10 ether);
        vm.assertEq(stake.slash(1, 1, 1000), 1 ether, "amount");
        vm.assertEq(stake.stake(1).awakeNext, 9 ether, "awake then");
        _checkSums(1);
    }

    function test_ASlashOfWhoGoesToSleepCountsWhereItIsAwake() public {
        _join(1, 7, 10 ether);
        _join(1, 8, 10 ether);
        vm.warp(START + EPOCH);
        vm.prank(vm.addr(7));
        stake.rest(1, 1);
        stake.slash(1, 1, 1000);
        vm.assertEq(stake.stake(1).awake, 19 ether, "awake now");
        vm.assertEq(stake.stake(1).awakeNext, 10 ether, "asleep then");
        _checkSums(1);
        stake.slash(1, 1, 1000);
        vm.assertEq(stake.stake(1).awake, 10 ether, "asleep");
        vm.assertEq(stake.stake(1).bonded, 18.1 ether, "but bonded");
    }

    function test_ASlashOutsideTheIssueLeavesAdmittedStakeAlone() public {
        _join(1, 7, 10 ether);
        _join(2, 7, 10 ether);
        vm.warp(START + EPOCH);
        stake.slash(2, 1, 1000);
        vm.assertEq(stake.admittedAwake(), 10 ether, "admitted");
        vm.assertEq(stake.allBonded(), 19 ether, "bonded");
        _checkSums(2);
    }

    function test_ASlashTakesWholeGweisRoundedDown() public {
        _bond(ANN, 1, 19 gwei);
        vm.assertEq(stake.slash(1, 1, 500), 0, "nothing of so little");
        vm.assertEq(stake.slash(1, 1, 1000), 1 gwei, "one of nineteen");
        vm.assertEq(stake.slash(1, 1, 10_000), 18 gwei, "all");
        vm.assertEq(stake.position(1, 1).next, 0, "nothing is left");
        _checkSums(1);
    }

    function test_ALaterChangeIsToldByWhatIsLeft() public {
        _join(1, 7, 10 ether);
        vm.warp(START + EPOCH);
        vm.startPrank(vm.addr(7));
        stake.unbond(1, 1, 5 ether);
        stake.slash(1, 1, 2000);
        vm.expectRevert(IStake.NotEnoughStake.selector);
        stake.unbond(1, 1, 4 ether + 1 gwei);
        stake.unbond(1, 1, 4 ether);
        _checkSums(1);
    }
}

/// @dev Stake that moved answers for the position that it came from.
contract HeirsTest is StakeTest {
    uint256 private constant KEY = 7;
    address private owner;

    function setUp() public override {
        super.setUp();
        owner = vm.addr(KEY);
    }

    function test_ASlashFollowsStakeThatMoved() public {
        _join(1, KEY, 10 ether);
        _chain(2);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 0);
        vm.expectEmit();
        emit IStake.Slashed(2, 1, 1 ether);
        vm.assertEq(stake.slash(1, 1, 1000), 1 ether, "amount");
        vm.assertEq(stake.position(2, 1).next, 9 ether, "heir");
        _checkSums(2);
    }

    function test_ASlashOfAnHeirLeavesItsSourceAlone() public {
        _join(1, KEY, 10 ether);
        _chain(2);
        _bond(owner, 1, _funded(6 ether));
        stake.slash(2, 1, 1000);
        vm.assertEq(stake.position(1, 1).next, 6 ether, "source");
        vm.assertEq(stake.position(2, 1).next, 9 ether, "heir");
        _checkSums(2);
    }

    function test_ASlashFollowsThirtyTwoPositionsAndNoMore() public {
        _join(1, KEY, 10 ether);
        _chain(34);
        for (uint256 group = 1; group < 34; ++group) {
            _bond(owner, group, _funded(10 ether));
        }
        vm.assertEq(stake.slash(1, 1, 1000), 32 ether, "a tenth of what 32 have");
        vm.assertEq(stake.position(32, 1).next, 9 ether, "the last that it reaches");
        vm.assertEq(stake.position(33, 1).next, 10 ether, "the first that it does not");
        vm.assertEq(stake.position(34, 1).next, 10 ether, "nor the next");
        _checkSums(34);
    }

    function test_ExitsOfAnHeirAreReachedToo() public {
        _join(1, KEY, 10 ether);
        _chain(2);
        vm.prank(owner);
        stake.unbond(2, 1, 4 ether);
        vm.assertEq(stake.slash(1, 1, 1000), 1 ether, "amount");
        vm.assertEq(stake.position(2, 1).exiting, 3.6 ether, "exiting");
    }

    /// @dev Moves all of the owner's stake from group 1 to 2, 3, … `last`, an epoch each.
    function _chain(uint256 last) private {
        for (uint256 group = 1; group < last; ++group) {
            _nextEpoch();
            vm.prank(owner);
            stake.move(group, 1, group + 1, owner, "");
        }
    }

    function _funded(uint256 amount) private returns (uint256) {
        _fund(owner, amount);
        return amount;
    }
}

/// @dev Sums and balances after any sequence of changes.
contract SequenceTest is StakeTest {
    uint256 private constant KEYS = 3;
    uint256 private constant GROUPS = 3;
    uint256 private slashed;
    uint256 private rotations;
    mapping(uint256 group => mapping(uint256 number => uint256 key)) private hot;

    function setUp() public override {
        super.setUp();
        for (uint256 key = 1; key <= KEYS; ++key) {
            for (uint256 group = 1; group <= GROUPS; ++group) {
                hot[group][_join(group, key, 100 gwei)] = key;
            }
            _fund(vm.addr(key), 1 ether);
        }
    }

    function test_SumsAndBalanceHoldAfterAnySequence(uint256[24] memory seeds) public {
        for (uint256 i; i < seeds.length; ++i) {
            _act(seeds[i] % 11, 1 + (seeds[i] >> 8) % GROUPS, 1 + (seeds[i] >> 16) % KEYS, seeds[i] >> 24);
            _checkSumsNow(GROUPS);
            vm.assertEq(neuron.balanceOf(address(stake)), _owed(GROUPS) + slashed, "held");
        }
        _checkSums(GROUPS);
    }

    function _act(uint256 kind, uint256 group, uint256 number, uint256 seed) private {
        IStake.Position memory position = stake.position(group, number);
        uint256 amount = (1 + seed % 150) * 1 gwei;
        if (kind == 6) return _payOne(group, number, seed % 1000);
        vm.startPrank(vm.addr(number));
        if (kind == 0) stake.bond(group, position.signerNext, amount, "");
        if (kind == 1 && amount <= position.next + position.earned) stake.unbond(group, number, amount);
        if (kind == 2 && position.awakeNext) stake.rest(group, number);
        bool asleep = !position.awake && !position.awakeNext;
        if (kind == 3 && asleep && position.next > 10 gwei) stake.wake(group, number);
        if (kind == 4) _rotate(group, number);
        if (kind == 5) slashed += stake.slash(group, number, 1 + seed % 10_000);
        if (kind == 7 && position.exiting != 0 && block.timestamp >= position.exitAt) stake.withdraw(group, number);
        if (kind == 8) _move(group, number, position);
        if (kind == 9 && position.earned != 0) stake.compound(group, number);
        vm.stopPrank();
        if (kind == 10) vm.warp(block.timestamp + seed % (2 * EPOCH));
    }

    function _rotate(uint256 group, uint256 number) private {
        uint256 key = 1000 + ++rotations;
        hot[group][number] = key;
        stake.rotate(group, number, vm.addr(key), _consentOf(key, group, vm.addr(number)));
    }

    /// @dev The positions of a key have its number in all groups; stake moves to the group after.
    function _move(uint256 group, uint256 number, IStake.Position memory position) private {
        if (group == GROUPS || position.live == 0 || position.next == 0) return;
        stake.move(group, number, group + 1, vm.addr(hot[group + 1][number]), "");
    }

    function _payOne(uint256 group, uint256 number, uint256 amount) private {
        neuron.mint(address(stake), amount * 1 gwei);
        stake.pay(group, number, amount);
    }
}
