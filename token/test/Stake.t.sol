// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {INeuron} from "token/INeuron.sol";
import {Shares} from "token/Shares.sol";
import {Stake} from "token/Stake.sol";
import {Test} from "token-test/Test.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev Stake alone: groups 1 to 3 exist, 1 is admitted.
contract BareStake is Stake {
    error NoGroup();

    constructor(address neuron_, uint256 epoch_, uint256 exit_)
        Stake(neuron_, address(0), address(0), epoch_, exit_, 7 days, 1 ether)
    {}

    function domain() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev Pays `amount` to the positions with the stakes that they have now.
    function pay(uint256 group, uint256[] calldata numbers, uint256 amount) external {
        uint256[] memory stakes = new uint256[](numbers.length);
        uint256 sum;
        for (uint256 i; i < numbers.length; ++i) {
            stakes[i] = this.position(group, numbers[i]).live;
            sum += stakes[i];
        }
        _payStakes(group, Batch(numbers, stakes, numbers.length, sum), amount);
    }

    function _requireGroup(uint256 group) internal pure override {
        if (group == 0 || group > 3) revert NoGroup();
    }

    function _admitted(uint256 group) internal pure override returns (bool) {
        return group == 1;
    }
}

abstract contract StakeTest is Test {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant EPOCH = 1 days;
    uint256 internal constant EXIT = 28 days;
    address internal constant ANN = address(0xA11);
    address internal constant BOB = address(0xB0B);

    INeuron internal neuron;
    BareStake internal stake;

    function setUp() public virtual {
        vm.warp(START);
        neuron = INeuron(_deploy("Neuron", abi.encode(address(this))));
        stake = new BareStake(address(neuron), EPOCH, EXIT);
        _fund(ANN, 1_000_000 ether);
        _fund(BOB, 1_000_000 ether);
    }

    function _fund(address who, uint256 amount) internal {
        neuron.mint(who, amount);
        vm.prank(who);
        neuron.approve(address(stake), type(uint256).max);
    }

    function _bond(address who, uint256 group, uint256 amount) internal returns (uint256) {
        vm.prank(who);
        return stake.bond(group, who, amount, "");
    }

    function _consent(uint256 group, address owner) internal view returns (bytes32) {
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        bytes32 hash = keccak256(abi.encode(kind, group, owner));
        return keccak256(abi.encodePacked(hex"1901", stake.domain(), hash));
    }
}

contract StakeTimesTest is StakeTest {
    function test_RevertIf_AnEpochHasNoLength() public {
        vm.expectRevert(IStake.ZeroTime.selector);
        new BareStake(address(neuron), 0, EXIT);
    }

    function test_RevertIf_AnExitHasNoLength() public {
        vm.expectRevert(IStake.ZeroTime.selector);
        new BareStake(address(neuron), EPOCH, 0);
    }

    function test_EpochsAreCountedFromTheDeployment() public {
        vm.assertEq(stake.epoch(), 0, "first");
        vm.warp(START + EPOCH - 1);
        vm.assertEq(stake.epoch(), 0, "its last second");
        vm.warp(START + EPOCH);
        vm.assertEq(stake.epoch(), 1, "second");
    }
}

contract BondTest is StakeTest {
    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(BareStake.NoGroup.selector);
        stake.bond(4, address(this), 1, "");
    }

    function test_RevertIf_NothingIsBonded() public {
        vm.expectRevert(IStake.ZeroAmount.selector);
        stake.bond(1, address(this), 0, "");
    }

    function test_RevertIf_TheSignerDidNotConsent() public {
        vm.expectRevert(IStake.NoConsent.selector);
        vm.prank(ANN);
        stake.bond(1, BOB, 1 ether, "");
    }

    function test_RevertIf_TheConsentIsForAnotherOwner() public {
        (bytes32 r, bytes32 vs) = vm.signCompact(7, _consent(1, BOB));
        vm.expectRevert(IStake.NoConsent.selector);
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 1 ether, abi.encodePacked(r, vs));
    }

    function test_RevertIf_TheConsentIsForAnotherGroup() public {
        (bytes32 r, bytes32 vs) = vm.signCompact(7, _consent(2, ANN));
        vm.expectRevert(IStake.NoConsent.selector);
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 1 ether, abi.encodePacked(r, vs));
    }

    function test_RevertIf_TheConsentIsSomebodyElsesOrNone() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(8, _consent(1, ANN));
        vm.startPrank(ANN);
        vm.expectRevert(IStake.NoConsent.selector);
        stake.bond(1, vm.addr(7), 1 ether, abi.encodePacked(r, s, v));
        vm.expectRevert(IStake.NoConsent.selector);
        stake.bond(1, address(0), 1 ether, new bytes(64));
        vm.expectRevert(IStake.NoConsent.selector);
        stake.bond(1, address(0), 1 ether, new bytes(65));
    }

    function test_RevertIf_AStrangerAddsToAPosition() public {
        _bond(ANN, 1, 1 ether);
        vm.expectRevert(IStake.NotOwner.selector);
        vm.prank(BOB);
        stake.bond(1, ANN, 1, "");
    }

    function test_RevertIf_TheCallerHasTooLittle() public {
        vm.expectRevert();
        _bond(ANN, 1, 1_000_001 ether);
    }

    function test_AColdOwnerBondsForAHotSigner() public {
        (bytes32 r, bytes32 vs) = vm.signCompact(7, _consent(1, ANN));
        vm.prank(ANN);
        vm.assertEq(stake.bond(1, vm.addr(7), 5 ether, abi.encodePacked(r, vs)), 1, "number");
        (uint8 v, bytes32 r65, bytes32 s) = vm.sign(8, _consent(1, ANN));
        vm.prank(ANN);
        vm.assertEq(stake.bond(1, vm.addr(8), 6 ether, abi.encodePacked(r65, s, v)), 2, "number");
        IStake.Position memory position = stake.position(1, 1);
        vm.assertEq(position.owner, ANN, "owner");
        vm.assertEq(position.signer, vm.addr(7), "signer");
        vm.assertEq(stake.positionOf(1, vm.addr(8)), 2, "position of signer");
        vm.assertEq(stake.positions(1), 2, "positions");
    }

    function test_ABondCountsFromTheNextEpoch() public {
        _bond(ANN, 1, 5 ether);
        vm.assertEq(stake.position(1, 1).live, 0, "live now");
        vm.assertEq(stake.position(1, 1).next, 5 ether, "next now");
        vm.assertEq(stake.stake(1).bonded, 0, "group now");
        vm.warp(START + EPOCH);
        vm.assertEq(stake.position(1, 1).live, 5 ether, "live");
        vm.assertEq(stake.stake(1).bonded, 5 ether, "group");
        vm.assertEq(stake.allBonded(), 5 ether, "all");
        vm.assertEq(neuron.balanceOf(address(stake)), 5 ether, "held");
    }
}

contract WakeTest is StakeTest {
    function test_RevertIf_TheCallerIsNeitherOwnerNorSigner() public {
        _bond(ANN, 1, 1 ether);
        vm.startPrank(BOB);
        vm.expectRevert(IStake.NotOwnerOrSigner.selector);
        stake.wake(1, 1);
        vm.expectRevert(IStake.NotOwnerOrSigner.selector);
        stake.rest(1, 1);
    }

    function test_RevertIf_ThePositionDoesNotExist() public {
        vm.expectRevert(IStake.NoSuchPosition.selector);
        stake.wake(1, 1);
        vm.expectRevert(IStake.NoSuchPosition.selector);
        stake.position(1, 1);
    }

    function test_RevertIf_AwakeOrAsleepAlready() public {
        _bond(ANN, 1, 1 ether);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.NotAwake.selector);
        stake.rest(1, 1);
        stake.wake(1, 1);
        vm.expectRevert(IStake.AlreadyAwake.selector);
        stake.wake(1, 1);
    }

    function test_WakingAndRestingCountFromTheNextEpoch() public {
        _bond(ANN, 1, 4 ether);
        vm.prank(ANN);
        stake.wake(1, 1);
        vm.assertEq(stake.admittedAwake(), 0, "not yet");
        vm.warp(START + EPOCH);
        vm.assertEq(stake.admittedAwake(), 4 ether, "awake");
        vm.assertEq(stake.position(1, 1).awake, true, "position");
        vm.prank(ANN);
        stake.rest(1, 1);
        vm.assertEq(stake.stake(1).awake, 4 ether, "still");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(stake.stake(1).awake, 0, "asleep");
        vm.assertEq(stake.stake(1).bonded, 4 ether, "bonded all the same");
    }

    function test_OnlyAdmittedGroupsDrawOnTheIssue() public {
        _bond(ANN, 2, 4 ether);
        vm.prank(ANN);
        stake.wake(2, 1);
        vm.warp(START + EPOCH);
        vm.assertEq(stake.stake(2).awake, 4 ether, "group");
        vm.assertEq(stake.admittedAwake(), 0, "all");
    }
}

contract WakeVectorsTest is Vectors {
    function test_TheLeastStakeToWakeIsAsTheVectorsSay() public {
        uint256 cases = _read("wake");
        for (uint256 i; i < cases; ++i) {
            // A position without stake does not exist.
            if (_uint(i, "stake") != 0) _check(_uint(i, "stake"), _uint(i, "group"), _bool(i, "enough"));
        }
    }

    function _check(uint256 own, uint256 group, bool enough) private {
        INeuron neuron = INeuron(_deploy("Neuron", abi.encode(address(this))));
        BareStake stake = new BareStake(address(neuron), 1 days, 28 days);
        neuron.mint(address(this), group);
        neuron.approve(address(stake), group);
        stake.bond(1, address(this), own, "");
        neuron.mint(address(1), group);
        vm.startPrank(address(1));
        neuron.approve(address(stake), group);
        if (group > own) stake.bond(1, address(1), group - own, "");
        vm.stopPrank();
        if (!enough) vm.expectRevert(IStake.StakeTooSmall.selector);
        stake.wake(1, 1);
    }
}

contract UnbondTest is StakeTest {
    function test_RevertIf_TheCallerIsNotTheOwner() public {
        (bytes32 r, bytes32 vs) = vm.signCompact(7, _consent(1, ANN));
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 5 ether, abi.encodePacked(r, vs));
        vm.startPrank(vm.addr(7));
        vm.expectRevert(IStake.NotOwner.selector);
        stake.unbond(1, 1, 1 ether);
        vm.expectRevert(IStake.NotOwner.selector);
        stake.withdraw(1, 1);
    }

    function test_RevertIf_NothingOrTooMuchIsAskedFor() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.ZeroAmount.selector);
        stake.unbond(1, 1, 0);
        vm.expectRevert(IStake.NotEnoughStake.selector);
        stake.unbond(1, 1, 5 ether + 1);
    }

    function test_RevertIf_TheExitIsNotOver() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        vm.expectRevert(IStake.NothingToWithdraw.selector);
        stake.withdraw(1, 1);
        vm.warp(START + 5 hours);
        stake.unbond(1, 1, 2 ether);
        vm.warp(START + EPOCH + EXIT - 1);
        vm.expectRevert(IStake.ExitNotOver.selector);
        stake.withdraw(1, 1);
        vm.warp(START + EPOCH + EXIT);
        vm.assertEq(stake.withdraw(1, 1), 2 ether, "withdrawn");
        vm.expectRevert(IStake.NothingToWithdraw.selector);
        stake.withdraw(1, 1);
    }

    function test_StakeThatLeavesCountsUntilTheEpochEnds() public {
        _bond(ANN, 1, 5 ether);
        vm.prank(ANN);
        stake.wake(1, 1);
        vm.warp(START + EPOCH);
        vm.prank(ANN);
        stake.unbond(1, 1, 2 ether);
        vm.assertEq(stake.stake(1).awake, 5 ether, "still");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(stake.stake(1).awake, 3 ether, "less");
        vm.assertEq(stake.position(1, 1).exiting, 2 ether, "exiting");
    }

    function test_AFurtherUnbondStartsTheExitAnew() public {
        _bond(ANN, 1, 5 ether);
        vm.startPrank(ANN);
        stake.unbond(1, 1, 1 ether);
        vm.warp(START + EPOCH + EXIT);
        stake.unbond(1, 1, 1 ether);
        vm.expectRevert(IStake.ExitNotOver.selector);
        stake.withdraw(1, 1);
    }

    function test_DustGoesToRest() public {
        _bond(ANN, 1, 5 ether);
        _bond(BOB, 1, 5 ether);
        vm.startPrank(ANN);
        stake.wake(1, 1);
        vm.expectEmit();
        emit IStake.Rested(1, 1);
        stake.unbond(1, 1, 5 ether - 1);
        vm.assertEq(stake.position(1, 1).awakeNext, false, "position");
        vm.assertEq(stake.stake(1).awakeNext, 0, "group");
    }
}

contract PayTest is StakeTest {
    function test_PayIsDividedByStakeAndCountsFromTheNextEpoch() public {
        _bond(ANN, 1, 1 ether);
        _bond(BOB, 1, 2 ether);
        vm.prank(ANN);
        stake.wake(1, 1);
        vm.warp(START + EPOCH);
        neuron.mint(address(stake), 100);
        uint256[] memory numbers = new uint256[](2);
        (numbers[0], numbers[1]) = (1, 2);
        stake.pay(1, numbers, 100);
        vm.assertEq(stake.position(1, 1).next, 1 ether + 33, "Ann");
        vm.assertEq(stake.position(1, 2).next, 2 ether + 67, "Bob");
        vm.assertEq(stake.position(1, 1).live, 1 ether, "not yet");
        vm.assertEq(stake.stake(1).awakeNext, 1 ether + 33, "only Ann is awake");
    }
}

contract ShareVectorsTest is Vectors {
    function test_SharesOfABatchAreAsTheVectorsSay() public {
        uint256 cases = _read("share");
        for (uint256 i; i < cases; ++i) {
            uint256 upTo = _uint(i, "before") + _uint(i, "stake");
            uint256 share = Shares.due(_uint(i, "issued"), _uint(i, "before"), upTo, _uint(i, "batch"));
            vm.assertEq(share, _uint(i, "share"), vm.toString(i));
        }
    }

    function test_PayOfABatchIsAsTheVectorsSay() public {
        uint256 cases = _read("pay");
        for (uint256 i; i < cases; ++i) {
            uint256 paid = Shares.due(_uint(i, "validators"), _uint(i, "before"), _uint(i, "after"), _uint(i, "awake"));
            vm.assertEq(paid, _uint(i, "paid"), vm.toString(i));
        }
    }

    function test_SharesAddUpToTheWholeHoweverItIsCut(uint96 amount, uint96 first, uint96 second, uint96 third)
        public
        pure
    {
        uint256 two = uint256(first) + second;
        uint256 whole = two + third;
        vm.assume(whole != 0);
        uint256 sum = Shares.due(amount, 0, first, whole) + Shares.due(amount, first, two, whole);
        vm.assertEq(sum + Shares.due(amount, two, whole, whole), amount, "sum");
    }
}
