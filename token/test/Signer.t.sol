// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {StakeTest} from "token-test/BareStake.sol";
import {KeyWallet} from "token-test/KeyWallet.sol";

/// @dev A wallet that is a contract and accepts what `KEY` signs.
abstract contract WalletTest is StakeTest {
    uint256 internal constant KEY = 7;
    uint256 internal constant HOT = 8;
    KeyWallet internal wallet;

    function setUp() public virtual override {
        super.setUp();
        wallet = new KeyWallet(vm.addr(KEY));
        _fund(address(wallet), 10 ether);
    }

    /// @dev Bonds 5 NRN of Ann's for a signer whose consent `key` gives.
    function _bondFor(address signer, uint256 key) internal returns (uint256 number) {
        bytes memory consent = _consentOf(key, 1, ANN);
        vm.prank(ANN);
        number = stake.bond(1, signer, 5 ether, consent);
    }

    function _asWallet(bytes memory call) internal {
        wallet.act(address(stake), call);
    }
}

/// @dev Contracts as signers: they can vote and assent, not judge.
contract ContractSignerTest is WalletTest {
    function test_RevertIf_TheContractDoesNotAcceptTheConsent() public {
        bytes memory consent = _consentOf(HOT, 1, ANN);
        _refused(IStake.NoConsent.selector, address(wallet));
        vm.prank(ANN);
        stake.bond(1, address(wallet), 5 ether, consent);
    }

    function test_RevertIf_TheContractKnowsNoSignatures() public {
        bytes memory consent = _consentOf(KEY, 1, ANN);
        _refused(IStake.NoConsent.selector, address(neuron));
        vm.prank(ANN);
        stake.bond(1, address(neuron), 5 ether, consent);
    }

    function test_RevertIf_AContractWouldBeAwake() public {
        _bondFor(address(wallet), KEY);
        vm.assertEq(stake.mayWake(1, 1), false, "may not");
        _refused(IStake.SignerCannotJudge.selector, address(wallet));
        vm.prank(ANN);
        stake.wake(1, 1);
        _refused(IStake.SignerCannotJudge.selector, address(wallet));
        _asWallet(abi.encodeCall(IStake.wake, (1, 1)));
    }

    function test_RevertIf_AnAwakePositionIsHandedToAContract() public {
        _bondFor(vm.addr(HOT), HOT);
        bytes memory consent = _consentOf(KEY, 1, ANN);
        vm.startPrank(ANN);
        stake.wake(1, 1);
        _refused(IStake.SignerCannotJudge.selector, address(wallet));
        stake.rotate(1, 1, address(wallet), consent);
        _nextEpoch();
        _refused(IStake.SignerCannotJudge.selector, address(wallet));
        stake.rotate(1, 1, address(wallet), consent);
        stake.rest(1, 1);
        stake.rotate(1, 1, address(wallet), consent);
    }

    function test_AContractIsTakenAsSignerByERC1271() public {
        vm.expectEmit();
        emit IStake.Seated(1, 1, ANN, address(wallet), false);
        vm.assertEq(_bondFor(address(wallet), KEY), 1, "position");
        vm.assertEq(stake.positionOf(1, address(wallet)), 1, "signs");
    }

    function test_AContractThatNamesItselfSleepsUntilAKeyTakesOver() public {
        vm.expectEmit();
        emit IStake.Seated(1, 1, address(wallet), address(wallet), false);
        _asWallet(abi.encodeCall(IStake.bond, (1, address(wallet), 5 ether, "")));
        _refused(IStake.SignerCannotJudge.selector, address(wallet));
        _asWallet(abi.encodeCall(IStake.wake, (1, 1)));
        bytes memory consent = _consentOf(HOT, 1, address(wallet));
        vm.expectEmit();
        emit IStake.Rotated(1, 1, vm.addr(HOT), true);
        _asWallet(abi.encodeCall(IStake.rotate, (1, 1, vm.addr(HOT), consent)));
        _asWallet(abi.encodeCall(IStake.wake, (1, 1)));
        _nextEpoch();
        vm.assertEq(_weight(1, 1, HOT), 5 ether / 1 gwei, "and judges");
    }

    function test_APositionAsleepIsHandedToAContract() public {
        _bondFor(vm.addr(HOT), HOT);
        bytes memory consent = _consentOf(KEY, 1, ANN);
        vm.expectEmit();
        emit IStake.Rotated(1, 1, address(wallet), false);
        vm.prank(ANN);
        stake.rotate(1, 1, address(wallet), consent);
        vm.assertEq(stake.mayWake(1, 1), false, "and stays asleep");
    }
}

/// @dev An account with a key and delegated code (EIP-7702).
contract DelegatedSignerTest is WalletTest {
    address private account;

    function setUp() public override {
        super.setUp();
        account = vm.addr(HOT);
        _fund(account, 10 ether);
        vm.etch(account, abi.encodePacked(hex"ef0100", address(wallet)));
        vm.assertEq(account.code.length, 23, "delegated");
    }

    function test_RevertIf_ItNeitherSendsNorSigns() public {
        _refused(IStake.NoConsent.selector, account);
        vm.prank(ANN);
        stake.bond(1, account, 5 ether, "");
    }

    function test_ItJudgesWhereItSendsAsItself() public {
        vm.startPrank(account, account);
        stake.bond(1, account, 5 ether, "");
        stake.wake(1, 1);
        _nextEpoch();
        vm.assertEq(_weight(1, 1, HOT), 5 ether / 1 gwei, "weighs");
    }

    function test_ItJudgesWhereItSigns() public {
        vm.expectEmit();
        emit IStake.Seated(1, 1, ANN, account, true);
        _bondFor(account, HOT);
        vm.prank(ANN);
        stake.wake(1, 1);
    }

    function test_ItJudgesWhereSomebodySendsForItAndItSigns() public {
        bytes memory consent = _consentOf(HOT, 1, account);
        vm.expectEmit();
        emit IStake.Seated(1, 1, account, account, true);
        vm.prank(account, BOB);
        stake.bond(1, account, 5 ether, consent);
    }

    function test_ItDoesNotJudgeWhereSomebodySendsForItAndItDoesNotSign() public {
        vm.expectEmit();
        emit IStake.Seated(1, 1, account, account, false);
        vm.prank(account, BOB);
        stake.bond(1, account, 5 ether, "");
    }
}

/// @dev For whom a signature speaks where contracts may sign too.
contract SpeakerTest is WalletTest {
    uint256 private constant COLD = 9;
    uint256 private constant NEW = 10;
    address private owner;

    function setUp() public override {
        super.setUp();
        owner = vm.addr(COLD);
        _fund(owner, 10 ether);
        bytes memory consent = _consentOf(HOT, 1, owner);
        vm.prank(owner);
        stake.bond(1, vm.addr(HOT), 5 ether, consent);
    }

    function test_StrangersAndBadSignaturesSpeakForNobody() public view {
        vm.assertEq(_spoken(1, 1, NEW), 0, "stranger");
        vm.assertEq(_spoken(1, 2, HOT), 0, "no such position");
        vm.assertEq(_spoken(2, 1, HOT), 0, "another group");
        vm.assertEq(stake.speaker(1, 1, "hash", ""), 0, "no signature");
        vm.assertEq(stake.speaker(1, 1, "hash", new bytes(64)), 0, "an empty one");
        vm.assertEq(stake.speaker(1, 2, "hash", new bytes(65)), 0, "an empty one for nobody's position");
        (bytes32 r, bytes32 vs) = vm.signCompact(HOT, _digest("another"));
        vm.assertEq(stake.speaker(1, 1, "hash", abi.encodePacked(r, vs)), 0, "another message");
    }

    function test_SignerAndOwnerSpeak() public view {
        vm.assertEq(_spoken(1, 1, HOT), 1, "signer");
        vm.assertEq(_spoken(1, 1, COLD), 2, "owner");
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(HOT, _digest("hash"));
        vm.assertEq(stake.speaker(1, 1, "hash", abi.encodePacked(r, s, v)), 1, "65 bytes");
    }

    function test_WhoIsBothSpeaksAsSigner() public {
        _bond(owner, 2, 1 ether);
        vm.assertEq(_spoken(2, 1, COLD), 1, "signer");
    }

    function test_TheOldKeySpeaksUntilTheEpochEnds() public {
        bytes memory consent = _consentOf(NEW, 1, owner);
        vm.prank(owner);
        stake.rotate(1, 1, vm.addr(NEW), consent);
        vm.assertEq(_spoken(1, 1, HOT), 1, "the old one");
        vm.assertEq(_spoken(1, 1, NEW), 0, "the new one not yet");
        _nextEpoch();
        vm.assertEq(_spoken(1, 1, HOT), 0, "the old one no more");
        vm.assertEq(_spoken(1, 1, NEW), 1, "the new one");
    }

    function test_ANewOwnerSpeaksAtOnce() public {
        vm.prank(owner);
        stake.offer(1, 1, vm.addr(NEW));
        vm.assertEq(_spoken(1, 1, NEW), 0, "not by an offer");
        vm.prank(vm.addr(NEW));
        stake.accept(1, 1);
        vm.assertEq(_spoken(1, 1, NEW), 2, "the new one");
        vm.assertEq(_spoken(1, 1, COLD), 0, "the old one no more");
    }

    function test_AContractSpeaksAsSigner() public {
        vm.assertEq(_bondFor(address(wallet), KEY), 2, "position");
        vm.assertEq(_spoken(1, 2, KEY), 1, "what it accepts");
        vm.assertEq(_spoken(1, 2, HOT), 0, "what it does not");
    }

    function test_AContractSpeaksAsOwner() public {
        bytes memory consent = _consentOf(NEW, 1, address(wallet));
        _asWallet(abi.encodeCall(IStake.bond, (1, vm.addr(NEW), 5 ether, consent)));
        vm.assertEq(_spoken(1, 2, NEW), 1, "its signer");
        vm.assertEq(_spoken(1, 2, KEY), 2, "what the owner accepts");
        vm.assertEq(_spoken(1, 2, COLD), 0, "another owner");
    }

    function test_AContractThatIsBothSpeaksAsOwner() public {
        _asWallet(abi.encodeCall(IStake.bond, (1, address(wallet), 5 ether, "")));
        vm.assertEq(_spoken(1, 2, KEY), 2, "the higher of both");
    }
}
