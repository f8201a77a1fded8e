// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";

/// @dev Position 1 belongs to Ann and its keys are `HOT`, then others.
abstract contract KeysTest is StakeTest {
    uint256 internal constant HOT = 7;
    uint256 internal constant NEW = 8;
    uint256 internal constant NEWER = 9;

    function setUp() public override {
        super.setUp();
        bytes memory consent = _consentOf(HOT, 1, ANN);
        vm.prank(ANN);
        stake.bond(1, vm.addr(HOT), 5 ether, consent);
        vm.prank(ANN);
        stake.wake(1, 1);
        vm.warp(START + EPOCH);
    }

    function _rotate(uint256 key) internal {
        bytes memory consent = _consentOf(key, 1, ANN);
        vm.prank(ANN);
        stake.rotate(1, 1, vm.addr(key), consent);
    }

    /// @dev The key is used already, for position `used`.
    function _refuseUsed(uint256 key, uint256 used) internal {
        bytes memory consent = _consentOf(key, 1, ANN);
        _refused(IStake.SignerUsed.selector, used);
        vm.prank(ANN);
        stake.rotate(1, 1, vm.addr(key), consent);
    }

    function _refuseConsent(uint256 key, bytes memory consent) internal {
        _refused(IStake.NoConsent.selector, vm.addr(key));
        vm.prank(ANN);
        stake.rotate(1, 1, vm.addr(key), consent);
    }
}

contract RotateTest is KeysTest {
    function test_RevertIf_ThePositionDoesNotExist() public {
        _refused(IStake.NoSuchPosition.selector, 1, 2);
        stake.rotate(1, 2, vm.addr(NEW), "");
    }

    function test_RevertIf_TheHotKeyAsks() public {
        bytes memory consent = _consentOf(NEW, 1, vm.addr(HOT));
        _refused(IStake.NotOwner.selector, ANN);
        vm.prank(vm.addr(HOT));
        stake.rotate(1, 1, vm.addr(NEW), consent);
    }

    function test_RevertIf_TheNewKeyDidNotConsent() public {
        _refuseConsent(NEW, "");
        _refuseConsent(NEW, _consentOf(NEW, 2, ANN));
        _refuseConsent(NEW, _consentOf(NEW, 1, BOB));
        _refuseConsent(NEW, _consentOf(HOT, 1, ANN));
    }

    function test_RevertIf_TheKeySignsForThisPosition() public {
        _refuseUsed(HOT, 1);
    }

    function test_RevertIf_TheKeySignsForAnotherPosition() public {
        _bond(vm.addr(NEW), 1, _funded(NEW));
        _refuseUsed(NEW, 2);
    }

    function test_RevertIf_TheKeyWasRetired() public {
        _rotate(NEW);
        _refuseUsed(HOT, 1);
        vm.warp(START + 9 * EPOCH);
        _refuseUsed(HOT, 1);
    }

    function test_RevertIf_TheKeyWasReplacedBeforeItSigned() public {
        _rotate(NEW);
        _rotate(NEWER);
        _refuseUsed(NEW, 1);
    }

    function test_RevertIf_ARetiredKeyBonds() public {
        _rotate(NEW);
        _funded(HOT);
        vm.startPrank(vm.addr(HOT));
        _refused(IStake.SignerUsed.selector, 1);
        stake.bond(1, vm.addr(HOT), 1 ether, "");
        vm.warp(START + 9 * EPOCH);
        _refused(IStake.SignerUsed.selector, 1);
        stake.bond(1, vm.addr(HOT), 1 ether, "");
        vm.stopPrank();
        _refused(IStake.SignerUsed.selector, 1);
        vm.prank(ANN);
        stake.bond(1, vm.addr(HOT), 1 ether, "");
    }

    function test_RevertIf_AReplacedKeyWakesOrRests() public {
        _rotate(NEW);
        for (uint256 epoch = 1; epoch < 3; ++epoch) {
            vm.warp(START + epoch * EPOCH);
            vm.startPrank(vm.addr(HOT));
            _refused(IStake.NotOwnerOrSigner.selector, ANN, vm.addr(NEW));
            stake.wake(1, 1);
            _refused(IStake.NotOwnerOrSigner.selector, ANN, vm.addr(NEW));
            stake.rest(1, 1);
            vm.stopPrank();
        }
    }

    function test_TheNewKeyRestsAtOnceAndWakesAnEpochLater() public {
        _rotate(NEW);
        vm.startPrank(vm.addr(NEW));
        stake.rest(1, 1);
        vm.assertEq(stake.position(1, 1).awakeNext, false, "asleep");
        vm.warp(START + 2 * EPOCH);
        stake.wake(1, 1);
        vm.assertEq(stake.position(1, 1).awakeNext, true, "awake");
    }

    function test_TheNewKeySignsFromTheNextEpoch() public {
        vm.expectEmit();
        emit IStake.Rotated(1, 1, vm.addr(NEW), true);
        _rotate(NEW);
        vm.warp(START + 2 * EPOCH - 1);
        _checkSigner(HOT, NEW);
        vm.warp(START + 2 * EPOCH);
        _checkSigner(NEW, HOT);
        IStake.Position memory position = stake.position(1, 1);
        vm.assertEq(position.signer, vm.addr(NEW), "signer");
        vm.assertEq(position.live, 5 ether, "stake is as it was");
        vm.assertEq(position.owner, ANN, "so is the owner");
    }

    function test_TwoRotationsInOneEpochLeaveTheLastKey() public {
        _rotate(NEW);
        _rotate(NEWER);
        _checkSigner(HOT, NEW);
        vm.assertEq(stake.positionOf(1, vm.addr(NEW)), 0, "the one between never signs");
        vm.warp(START + 2 * EPOCH);
        _checkSigner(NEWER, NEW);
        vm.assertEq(_weight(1, 1, HOT), 0, "nor does the first any more");
    }

    function test_PositionOfFollowsTheKeys() public {
        _rotate(NEW);
        vm.assertEq(stake.positionOf(1, vm.addr(HOT)), 1, "old key, still");
        vm.assertEq(stake.positionOf(1, vm.addr(NEW)), 1, "new key, to come");
        vm.assertEq(stake.position(1, 1).signer, vm.addr(HOT), "signer now");
        vm.assertEq(stake.position(1, 1).signerNext, vm.addr(NEW), "signer then");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(stake.positionOf(1, vm.addr(HOT)), 0, "old key, retired");
        vm.assertEq(stake.positionOf(1, vm.addr(NEW)), 1, "new key");
    }

    function test_TheOwnerMayTakeOverWithoutAConsent() public {
        vm.prank(ANN);
        stake.rotate(1, 1, ANN, "");
        vm.assertEq(stake.position(1, 1).signerNext, ANN, "signer");
    }

    function test_BondsForTheNewKeyReachThePositionAtOnce() public {
        _rotate(NEW);
        vm.prank(ANN);
        vm.assertEq(stake.bond(1, vm.addr(NEW), 1 ether, ""), 1, "position");
        vm.assertEq(stake.position(1, 1).next, 6 ether, "stake");
    }

    function test_ARotationKeepsChangesToCome() public {
        vm.startPrank(ANN);
        stake.rest(1, 1);
        stake.bond(1, vm.addr(HOT), 2 ether, "");
        vm.stopPrank();
        _rotate(NEW);
        vm.assertEq(stake.position(1, 1).live, 5 ether, "live");
        vm.assertEq(stake.position(1, 1).awake, true, "awake");
        _checkSums(1);
        vm.assertEq(stake.position(1, 1).live, 7 ether, "live then");
        vm.assertEq(stake.position(1, 1).awake, false, "asleep then");
    }

    function _checkSigner(uint256 signs, uint256 signsNot) private view {
        vm.assertEq(_weight(1, 1, signs), 5 ether / 1 gwei, "the key of this epoch");
        vm.assertEq(_weight(1, 1, signsNot), 0, "the other key");
    }

    function _funded(uint256 key) private returns (uint256 amount) {
        amount = 1 ether;
        _fund(vm.addr(key), amount);
    }
}

/// @dev When a key answers for what it signed.
contract KeyWindowTest is KeysTest {
    function test_AKeySignsFromItsFirstEpochForGood() public view {
        vm.assertEq(_signed(HOT, 1, 0), true, "first epoch");
        vm.assertEq(_signed(HOT, 1, 1000), true, "for good");
        vm.assertEq(_signed(HOT, 2, 0), false, "not for another position");
        vm.assertEq(_signed(NEW, 1, 1), false, "a key that was never named");
    }

    function test_ARetiredKeyAnswersForItsOwnEpochs() public {
        vm.warp(START + 3 * EPOCH);
        _rotate(NEW);
        vm.assertEq(_signed(HOT, 1, 3), true, "the old key until the epoch ends");
        vm.assertEq(_signed(HOT, 1, 4), false, "and not after");
        vm.assertEq(_signed(NEW, 1, 3), false, "the new key not yet");
        vm.assertEq(_signed(NEW, 1, 4), true, "but then");
        vm.warp(START + 6 * EPOCH);
        _rotate(NEWER);
        vm.assertEq(_signed(NEW, 1, 6), true, "its last epoch");
        vm.assertEq(_signed(NEW, 1, 7), false, "retired");
        vm.assertEq(_signed(HOT, 1, 3), true, "the first key still answers for its time");
    }

    function test_AKeyThatWasReplacedBeforeItSignedAnswersForNothing() public {
        _rotate(NEW);
        _rotate(NEWER);
        for (uint256 epoch; epoch < 4; ++epoch) {
            vm.assertEq(_signed(NEW, 1, epoch), false, "between");
        }
        vm.assertEq(_signed(HOT, 1, 1), true, "before");
        vm.assertEq(_signed(NEWER, 1, 2), true, "after");
    }

    function test_AnotherMessageIsNotSigned() public view {
        (bytes32 r, bytes32 vs) = vm.signCompact(HOT, _digest("hash"));
        vm.assertEq(stake.signedIn(1, 1, 1, "hash", r, vs), true, "the message");
        vm.assertEq(stake.signedIn(1, 1, 1, "another", r, vs), false, "another one");
        vm.assertEq(stake.signedIn(2, 1, 1, "hash", r, vs), false, "another group");
        vm.assertEq(stake.signedIn(1, 1, 1, "hash", r, 0), false, "no signature");
    }

    function _signed(uint256 key, uint256 number, uint256 epoch) private view returns (bool) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest("hash"));
        return stake.signedIn(1, number, epoch, "hash", r, vs);
    }
}

/// @dev What a signature weighs.
contract WeighTest is KeysTest {
    function test_ASignatureWeighsTheLiveStake() public {
        vm.prank(ANN);
        stake.bond(1, vm.addr(HOT), 2 ether, "");
        vm.assertEq(_weight(1, 1, HOT), 5 ether / 1 gwei, "not what is to come");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(_weight(1, 1, HOT), 7 ether / 1 gwei, "all");
    }

    function test_AStrangersOrABadSignatureWeighsNothing() public view {
        vm.assertEq(_weight(1, 1, NEW), 0, "stranger");
        vm.assertEq(_weight(1, 2, HOT), 0, "no such position");
        vm.assertEq(_weight(2, 1, HOT), 0, "another group");
        vm.assertEq(stake.weigh(1, 1, "hash", 0, 0), 0, "no signature");
        vm.assertEq(stake.weigh(1, 2, "hash", 0, 0), 0, "nobody's signature for nobody's position");
    }

    function test_AsleepItWeighsNothing() public {
        vm.prank(ANN);
        stake.rest(1, 1);
        vm.assertEq(_weight(1, 1, HOT), 5 ether / 1 gwei, "awake until the epoch ends");
        vm.warp(START + 2 * EPOCH);
        vm.assertEq(_weight(1, 1, HOT), 0, "asleep");
        vm.prank(ANN);
        stake.wake(1, 1);
        vm.assertEq(_weight(1, 1, HOT), 0, "awake only from the next epoch on");
        vm.warp(START + 3 * EPOCH);
        vm.assertEq(_weight(1, 1, HOT), 5 ether / 1 gwei, "awake");
    }
}
