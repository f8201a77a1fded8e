// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IStake} from "token/IStake.sol";
import {Terms} from "token/Seats.sol";
import {BareStake, StakeTest} from "token-test/BareStake.sol";

contract TermsTest is StakeTest {
    function test_RevertIf_ATimeHasNoLength() public {
        Terms memory terms = _terms();
        terms.epochLength = 0;
        _refuse(terms);
        terms = _terms();
        terms.exitTime = 0;
        _refuse(terms);
        terms = _terms();
        terms.maturity = 0;
        _refuse(terms);
    }

    function test_RevertIf_TheLeastDepositIsNothing() public {
        Terms memory terms = _terms();
        terms.minDeposit = 0;
        _refuse(terms);
        terms.minDeposit = 1;
        new BareStake(terms);
    }

    function test_RevertIf_AnExitHasMoreEpochsThanASlashFollows() public {
        Terms memory terms = _terms();
        terms.exitTime = 30 * EPOCH;
        _refuse(terms);
        terms.exitTime = 32 * EPOCH;
        _refuse(terms);
        terms.exitTime = 30 * EPOCH - 1;
        new BareStake(terms);
    }

    function test_RevertIf_TheLeastDepositCouldOverflow() public {
        Terms memory terms = _terms();
        terms.minDeposit = 2 ** 80;
        vm.expectRevert();
        this.deploy(terms);
        terms.minDeposit = 2 ** 80 - 1;
        vm.assertEq(this.deploy(terms).minDeposit(), 2 ** 80 - 1, "least deposit");
    }

    function test_TheTermsAreShown() public view {
        vm.assertEq(stake.neuron(), address(neuron), "neuron");
        vm.assertEq(stake.emission(), address(2), "emission");
        vm.assertEq(stake.purse(), address(3), "purse");
        vm.assertEq(stake.epochLength(), EPOCH, "epoch");
        vm.assertEq(stake.exitTime(), EXIT, "exit");
        vm.assertEq(stake.maturity(), 7 days, "maturity");
        vm.assertEq(stake.minDeposit(), 1 ether, "least deposit");
        vm.assertEq(stake.genesis(), START, "genesis");
    }

    function test_EpochsAreCountedFromGenesis() public {
        vm.assertEq(stake.epoch(), 0, "first");
        vm.warp(START + EPOCH - 1);
        vm.assertEq(stake.epoch(), 0, "its last second");
        vm.warp(START + EPOCH);
        vm.assertEq(stake.epoch(), 1, "second");
    }

    function deploy(Terms memory terms) external returns (BareStake) {
        return new BareStake(terms);
    }

    function _refuse(Terms memory terms) private {
        vm.expectRevert(IStake.BadTerms.selector);
        this.deploy(terms);
    }
}

contract BondTest is StakeTest {
    function test_RevertIf_TheGroupDoesNotExist() public {
        vm.expectRevert(BareStake.NoGroup.selector);
        stake.bond(41, address(this), 1 gwei, "");
    }

    function test_RevertIf_NothingIsBonded() public {
        vm.expectRevert(IStake.ZeroAmount.selector);
        stake.bond(1, address(this), 0, "");
    }

    function test_RevertIf_TheAmountIsNotWholeGweis() public {
        vm.startPrank(ANN);
        _refused(IStake.NotWholeGwei.selector, 1 ether + 1);
        stake.bond(1, ANN, 1 ether + 1, "");
        _refused(IStake.NotWholeGwei.selector, 1 gwei - 1);
        stake.bond(1, ANN, 1 gwei - 1, "");
        stake.bond(1, ANN, 1 gwei, "");
    }

    function test_RevertIf_TheSignerDidNotConsent() public {
        _refused(IStake.NoConsent.selector, BOB);
        vm.prank(ANN);
        stake.bond(1, BOB, 1 ether, "");
    }

    function test_RevertIf_TheConsentIsForAnotherOwner() public {
        bytes memory consent = _consentOf(7, 1, BOB);
        _refused(IStake.NoConsent.selector, vm.addr(7));
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 1 ether, consent);
    }

    function test_RevertIf_TheConsentIsForAnotherGroup() public {
        bytes memory consent = _consentOf(7, 2, ANN);
        _refused(IStake.NoConsent.selector, vm.addr(7));
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 1 ether, consent);
    }

    function test_RevertIf_TheConsentIsForAnotherNetwork() public {
        bytes memory consent = _consentOf(7, 1, ANN);
        stake = new BareStake(_terms());
        _refused(IStake.NoConsent.selector, vm.addr(7));
        vm.prank(ANN);
        stake.bond(1, vm.addr(7), 1 ether, consent);
    }

    function test_RevertIf_TheConsentIsSomebodyElsesOrNone() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(8, _consent(1, ANN));
        vm.startPrank(ANN);
        _refused(IStake.NoConsent.selector, vm.addr(7));
        stake.bond(1, vm.addr(7), 1 ether, abi.encodePacked(r, s, v));
        _refused(IStake.NoConsent.selector, address(0));
        stake.bond(1, address(0), 1 ether, new bytes(64));
        _refused(IStake.NoConsent.selector, address(0));
        stake.bond(1, address(0), 1 ether, new bytes(65));
    }

    function test_RevertIf_AStrangerAddsToAPosition() public {
        _bond(ANN, 1, 1 ether);
        _refused(IStake.NotOwner.selector, ANN);
        vm.prank(BOB);
        stake.bond(1, ANN, 1 gwei, "");
    }

    function test_RevertIf_TheCallerHasTooLittle() public {
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientBalance.selector);
        _bond(ANN, 1, 1_000_001 ether);
    }

    function test_AColdOwnerBondsForAHotSigner() public {
        bytes memory consent = _consentOf(7, 1, ANN);
        vm.prank(ANN);
        vm.assertEq(stake.bond(1, vm.addr(7), 5 ether, consent), 1, "number");
        (uint8 v, bytes32 r65, bytes32 s) = vm.sign(8, _consent(1, ANN));
        vm.expectEmit();
        emit IStake.Seated(1, 2, ANN, vm.addr(8), true);
        vm.expectEmit();
        emit IStake.Bonded(1, 2, 6 ether);
        vm.prank(ANN);
        vm.assertEq(stake.bond(1, vm.addr(8), 6 ether, abi.encodePacked(r65, s, v)), 2, "number");
        IStake.Position memory position = stake.position(1, 1);
        vm.assertEq(position.owner, ANN, "owner");
        vm.assertEq(position.signer, vm.addr(7), "signer");
        vm.assertEq(position.signerNext, vm.addr(7), "signer of the next epoch");
        vm.assertEq(stake.positionOf(1, vm.addr(8)), 2, "position of signer");
        vm.assertEq(stake.positionOf(1, ANN), 0, "an owner does not sign");
        vm.assertEq(stake.positions(1), 2, "positions");
    }

    function test_OneKeySignsInSeveralGroups() public {
        _bond(BOB, 2, 1 ether);
        vm.assertEq(_bond(ANN, 1, 1 ether), 1, "number in group 1");
        vm.assertEq(_bond(ANN, 2, 1 ether), 2, "number in group 2");
    }

    function test_ABondCountsFromTheNextEpoch() public {
        _bond(ANN, 1, 5 ether);
        vm.warp(START + EPOCH - 1);
        vm.assertEq(stake.position(1, 1).live, 0, "live now");
        vm.assertEq(stake.position(1, 1).next, 5 ether, "next now");
        vm.assertEq(stake.stake(1).bonded, 0, "group now");
        vm.assertEq(stake.stake(1).bondedNext, 5 ether, "group then");
        vm.warp(START + EPOCH);
        vm.assertEq(stake.position(1, 1).live, 5 ether, "live");
        vm.assertEq(stake.stake(1).bonded, 5 ether, "group");
        (uint256 live, uint256 next) = stake.allBonded();
        vm.assertEq(live, 5 ether, "all");
        vm.assertEq(next, 5 ether, "all then");
        vm.assertEq(neuron.balanceOf(address(stake)), 5 ether, "held");
    }

    function test_BondsOfSeveralEpochsAddUp(uint32 first, uint32 second, uint8 epochs) public {
        uint256 one = (1 + uint256(first)) * 1 gwei;
        uint256 two = (1 + uint256(second)) * 1 gwei;
        _bond(ANN, 1, one);
        vm.warp(START + epochs * EPOCH);
        _bond(ANN, 1, two);
        vm.assertEq(stake.position(1, 1).live, epochs == 0 ? 0 : one, "live");
        vm.assertEq(stake.position(1, 1).next, one + two, "next");
        vm.assertEq(stake.positions(1), 1, "one position");
        _checkSums(1);
    }
}

/// @dev A permit for the next call of a `multicall`, here sent on its own.
contract AllowTest is StakeTest {
    uint256 private constant KEY = 5;
    uint256 private constant DEADLINE = START + 1 hours;
    address private owner;

    function setUp() public override {
        super.setUp();
        owner = vm.addr(KEY);
        neuron.mint(owner, 10 ether);
    }

    function test_RevertIf_ThePermitIsWrongAndNothingAllowed() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(KEY + 1, 3 ether);
        _refuse(3 ether, v, r, s);
    }

    function test_RevertIf_ThePermitIsForLess() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(KEY, 3 ether - 1 gwei);
        _refuse(3 ether - 1 gwei, v, r, s);
    }

    function test_RevertIf_ThePermitHasExpired() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(KEY, 3 ether);
        vm.warp(DEADLINE + 1);
        _refuse(3 ether, v, r, s);
    }

    function test_RevertIf_AStrangerBringsThePermit() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(KEY, 3 ether);
        vm.startPrank(vm.addr(9));
        stake.allow(3 ether, DEADLINE, v, r, s);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        stake.bond(1, vm.addr(9), 3 ether, "");
        vm.stopPrank();
        vm.assertEq(neuron.balanceOf(owner), 10 ether, "the owner's NRN");
    }

    function test_APermitBondsWithoutAnAllowance() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(KEY, 3 ether);
        vm.warp(DEADLINE);
        vm.startPrank(owner);
        stake.allow(3 ether, DEADLINE, v, r, s);
        vm.assertEq(neuron.allowance(owner, address(stake)), 3 ether, "allowed");
        vm.assertEq(stake.bond(1, owner, 3 ether, ""), 1, "position");
        vm.assertEq(stake.position(1, 1).next, 3 ether, "bonded");
        vm.assertEq(neuron.allowance(owner, address(stake)), 0, "used up");
    }

    function test_APermitBroughtBySomebodyElseFirstDoesNoHarm() public {
        (uint8 v, bytes32 r, bytes32 s) = _permit(KEY, 3 ether);
        vm.prank(BOB);
        neuron.permit(owner, address(stake), 3 ether, DEADLINE, v, r, s);
        vm.startPrank(owner);
        stake.allow(3 ether, DEADLINE, v, r, s);
        stake.bond(1, owner, 3 ether, "");
        vm.assertEq(stake.position(1, 1).next, 3 ether, "bonded");
    }

    function test_AnAllowanceServesWhateverThePermitSays() public {
        vm.startPrank(owner);
        neuron.approve(address(stake), 3 ether);
        stake.allow(9 ether, 0, 27, bytes32(0), bytes32(0));
        stake.bond(1, owner, 3 ether, "");
        vm.assertEq(stake.position(1, 1).next, 3 ether, "bonded");
    }

    function _refuse(uint256 amount, uint8 v, bytes32 r, bytes32 s) private {
        vm.startPrank(owner);
        stake.allow(amount, DEADLINE, v, r, s);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        stake.bond(1, owner, 3 ether, "");
    }

    function _permit(uint256 key, uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(kind, owner, address(stake), amount, neuron.nonces(owner), DEADLINE));
        return vm.sign(key, keccak256(abi.encodePacked(hex"1901", neuron.DOMAIN_SEPARATOR(), hash)));
    }
}
