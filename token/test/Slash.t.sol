// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";

contract SlashTest is StakeTest {
    function test_RevertIf_ThePositionDoesNotExist() public {
        _refused(IStake.NoSuchPosition.selector, 1, 1);
        stake.slash(1, 1, 1000, 0, false);
    }

    function test_ASlashCountsAtOnceInThisEpochAndTheNext() public {
        _join(1, 7, 10 ether);
        _join(1, 8, 10 ether);
        vm.warp(START + EPOCH);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 1 ether, 1 ether, 0, 0);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 1 ether, "amount");
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
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 1 ether, "of the stake left and of the exit");
        IStake.Position memory position = stake.position(1, 1);
        vm.assertEq(position.live, 9 ether, "live");
        vm.assertEq(position.next, 5.4 ether, "next");
        vm.assertEq(position.exiting, 3.6 ether, "exiting");
        _checkSums(1);
        vm.warp(START + 2 * EPOCH + EXIT - 1);
        vm.assertEq(stake.slash(1, 1, 5000, 0, false), 4.5 ether, "until the last second");
        vm.warp(START + 2 * EPOCH + EXIT);
        vm.assertEq(stake.slash(1, 1, 5000, 0, false), 1.35 ether, "and not after");
        vm.prank(vm.addr(7));
        vm.assertEq(stake.withdraw(1, 1, BOB), 1.8 ether, "what is left of it");
    }

    function test_ASlashReachesOfTwoExitsThoseThatLast() public {
        _join(1, 7, 10 ether);
        vm.startPrank(vm.addr(7));
        vm.warp(START + EPOCH);
        stake.unbond(1, 1, 4 ether);
        vm.warp(START + 2 * EPOCH);
        stake.unbond(1, 1, 2 ether);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 0.6 ether, 0.4 ether, 0.4 ether, 0.2 ether);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 1 ether, "both last");
        vm.warp(START + 2 * EPOCH + EXIT);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 0.36 ether, 0.36 ether, 0, 0.18 ether);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 0.54 ether, "the second lasts");
        vm.warp(START + 3 * EPOCH + EXIT);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 0.324 ether, "none lasts");
        vm.assertEq(stake.withdraw(1, 1, BOB), 3.6 ether + 1.62 ether, "what is left of them");
        _checkSums(1);
    }

    function test_ASlashTakesNothingOfPay() public {
        _join(1, 7, 10 ether);
        vm.warp(START + EPOCH);
        stake.pay(1, 1, 10 ether / 1 gwei);
        vm.expectEmit();
        emit IStake.Compounded(1, 1, 10 ether);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 1 ether, "of the stake that counts");
        vm.assertEq(stake.position(1, 1).live, 9 ether, "live");
        vm.assertEq(stake.position(1, 1).next, 19 ether, "next");
        vm.assertEq(stake.position(1, 1).earned, 0, "earned");
        _checkSums(1);
    }

    function test_ASlashLeavesWhatWasBondedInThisEpoch() public {
        _join(1, 7, 10 ether);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 0, "nothing counts yet");
        vm.warp(START + EPOCH);
        _fund(vm.addr(7), 6 ether);
        _bond(vm.addr(7), 1, 6 ether);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 1 ether, "of what counts");
        vm.assertEq(stake.position(1, 1).live, 9 ether, "live");
        vm.assertEq(stake.position(1, 1).next, 15 ether, "next");
        vm.assertEq(stake.stake(1).awakeNext, 15 ether, "awake then");
        _checkSums(1);
    }

    function test_ASlashTakesOnceWhatLeavesAndIsReplacedInOneEpoch() public {
        _join(1, 7, 10 ether);
        _fund(vm.addr(7), 7 ether);
        vm.warp(START + EPOCH);
        vm.prank(vm.addr(7));
        stake.unbond(1, 1, 10 ether);
        _bond(vm.addr(7), 1, 7 ether);
        vm.expectEmit();
        emit IStake.Slashed(1, 1, 1 ether, 0.7 ether, 1 ether, 0);
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 1.7 ether, "the exit, and as much of what took its place");
        _checkSums(1);
    }

    function test_ASlashOfWhoGoesToSleepCountsWhereItIsAwake() public {
        _join(1, 7, 10 ether);
        _join(1, 8, 10 ether);
        vm.warp(START + EPOCH);
        vm.prank(vm.addr(7));
        stake.rest(1, 1);
        stake.slash(1, 1, 1000, 0, false);
        vm.assertEq(stake.stake(1).awake, 19 ether, "awake now");
        vm.assertEq(stake.stake(1).awakeNext, 10 ether, "asleep then");
        _checkSums(1);
        stake.slash(1, 1, 1000, 0, false);
        vm.assertEq(stake.stake(1).awake, 10 ether, "asleep");
        vm.assertEq(stake.stake(1).bonded, 18.1 ether, "but bonded");
    }

    function test_ASlashOutsideTheIssueLeavesAdmittedStakeAlone() public {
        _join(1, 7, 10 ether);
        _join(2, 7, 10 ether);
        vm.warp(START + EPOCH);
        stake.slash(2, 1, 1000, 0, false);
        vm.assertEq(stake.admittedAwake(), 10 ether, "admitted");
        (uint256 live,) = stake.allBonded();
        vm.assertEq(live, 19 ether, "bonded");
        _checkSums(2);
    }

    function test_ASlashTakesWholeGweisRoundedDown() public {
        _bond(ANN, 1, 19 gwei);
        vm.warp(START + EPOCH);
        vm.assertEq(stake.slash(1, 1, 500, 0, false), 0, "nothing of so little");
        vm.assertEq(stake.slash(1, 1, 1000, 0, false), 1 gwei, "one of nineteen");
        vm.assertEq(stake.slash(1, 1, 10_000, 0, false), 18 gwei, "all");
        vm.assertEq(stake.position(1, 1).next, 0, "nothing is left");
        _checkSums(1);
    }

    function test_ALaterChangeIsToldByWhatIsLeft() public {
        _join(1, 7, 10 ether);
        vm.warp(START + EPOCH);
        vm.startPrank(vm.addr(7));
        stake.unbond(1, 1, 5 ether);
        stake.slash(1, 1, 2000, 0, false);
        _refused(IStake.NotEnoughStake.selector, 4 ether);
        stake.unbond(1, 1, 4 ether + 1 gwei);
        stake.unbond(1, 1, 4 ether);
        _checkSums(1);
    }
}

/// @dev Sums and balances after any sequence of changes.
contract SequenceTest is StakeTest {
    uint256 private constant KEYS = 3;
    uint256 private constant GROUPS = 3;
    uint256 private slashed;
    uint256 private rotations;
    mapping(uint256 group => mapping(uint256 number => uint256 key)) private hot;
    mapping(uint256 group => mapping(uint256 number => uint256 time)) private movedUntil;

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
            _act(seeds[i] % 13, 1 + (seeds[i] >> 8) % GROUPS, 1 + (seeds[i] >> 16) % KEYS, seeds[i] >> 24);
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
        if (kind == 3 && stake.mayWake(group, number)) stake.wake(group, number);
        if (kind == 4) _rotate(group, number);
        if (kind == 5) slashed += stake.slash(group, number, 1 + seed % 10_000, (seed >> 20) % 8, seed >> 30 & 1 == 1);
        bool over = position.exiting != 0 && block.timestamp >= position.exitAt;
        if (kind == 7 && over) stake.withdraw(group, number, vm.addr(number));
        if (kind == 8) _move(group, number, position);
        if (kind == 9 && position.earned != 0) stake.compound(group, number);
        vm.stopPrank();
        if (kind == 10) vm.warp(block.timestamp + seed % (2 * EPOCH));
        if (kind == 11) vm.warp(block.timestamp + seed % EXIT);
        if (kind == 12) stake.admit(group, !stake.admitted(group));
    }

    function _rotate(uint256 group, uint256 number) private {
        uint256 key = 1000 + ++rotations;
        hot[group][number] = key;
        stake.rotate(group, number, vm.addr(key), _consentOf(key, group, vm.addr(number)));
    }

    /// @dev The positions of a key have its number in all groups; stake moves to the group after.
    function _move(uint256 group, uint256 number, IStake.Position memory position) private {
        if (group == GROUPS || position.live == 0 || position.next == 0) return;
        if (block.timestamp < movedUntil[group][number]) return;
        movedUntil[group][number] = START + (stake.epoch() + 1) * EPOCH + EXIT;
        stake.move(group, number, group + 1, vm.addr(hot[group + 1][number]), "");
    }

    function _payOne(uint256 group, uint256 number, uint256 amount) private {
        neuron.mint(address(stake), amount * 1 gwei);
        stake.pay(group, number, amount);
    }
}
