// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDataset, IMeasures, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Measuring} from "governance-test/Measuring.sol";
import {Wallet} from "governance-test/Wallet.sol";

/// @dev A wallet of the keys 21 and 22 owns position 4 of group 1, for which key 23 signs.
contract WalletsTest is Measuring {
    uint256 private constant ONE = 21;
    uint256 private constant TWO = 22;
    uint256 private constant HOT = 23;
    uint256 private constant POSITION = 4;
    Wallet private wallet;

    function setUp() public override {
        super.setUp();
        wallet = new Wallet(vm.addr(ONE), vm.addr(TWO));
        _fund(address(wallet), 4 * STAKE);
        bytes memory consent = _consentOf(HOT, 1, address(wallet));
        _act(abi.encodeCall(IStake.bond, (1, vm.addr(HOT), STAKE, consent)));
        _nextEpoch();
        _renew();
    }

    function test_RevertIf_AWalletThatSignsForItselfIsWoken() public {
        _bondForItself(STAKE);
        vm.expectRevert(abi.encodeWithSelector(IStake.SignerCannotJudge.selector, address(wallet)));
        wallet.act(address(network), abi.encodeCall(IStake.wake, (1, POSITION + 1)));
        vm.assertEq(network.mayWake(1, POSITION + 1), false, "nor does the network say that it could");
        vm.assertEq(network.stake(1).awakeNext, 3 * STAKE, "no dead weight among the awake");
    }

    function test_RevertIf_AnAwakePositionIsRotatedToAWallet() public {
        bytes memory consent = _consentOfWallet(1, vm.addr(1));
        vm.prank(vm.addr(1));
        vm.expectRevert(abi.encodeWithSelector(IStake.SignerCannotJudge.selector, address(wallet)));
        network.rotate(1, 1, address(wallet), consent);
    }

    function test_RevertIf_AWalletDoesNotConsent() public {
        bytes memory consent = _consentOfWallet(2, ANN);
        vm.startPrank(ANN);
        vm.expectRevert(abi.encodeWithSelector(IStake.NoConsent.selector, address(wallet)));
        network.bond(1, address(wallet), 1 gwei, consent);
        vm.expectRevert(abi.encodeWithSelector(IStake.NoConsent.selector, address(wallet)));
        network.bond(1, address(wallet), 1 gwei, "");
    }

    function test_RevertIf_OnlyOneOfItsHoldersAssents() public {
        bytes memory args = _named(2);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](1);
        assents[0] = IMeasures.Assent(1, POSITION, _signed(ONE, _measure(IMeasures.Kind.Admit, args)));
        _refuse(IMeasures.Kind.Admit, args, assents, IRounds.NothingCounted.selector);
    }

    function test_AWalletConsentsToSignForAnOwner() public {
        bytes memory consent = _consentOfWallet(1, ANN);
        vm.prank(ANN);
        uint256 position = network.bond(1, address(wallet), 1 ether, consent);
        vm.assertEq(network.position(1, position).signer, address(wallet), "signer");
        vm.assertEq(network.position(1, position).owner, ANN, "owner");
    }

    function test_AWalletVotesAsOwnerAndItsWordOutranksTheSigners() public {
        uint256 delta = _proposeBy(1, ANN, "good");
        _cast(_signed(HOT, _choice(delta, "good", 2 ** 95 - 1)), delta, "good", 2 ** 95 - 1);
        vm.assertEq(network.delta(1, delta).votes, STAKE, "the signer's, with the highest number");
        _cast(_two(_choice(0, 0, 0)), 0, 0, 0);
        vm.assertEq(network.delta(1, delta).votes, 0, "taken back");
        vm.assertEq(network.keepVotes(1), STAKE, "by the owner, with the lowest");
        vm.assertEq(network.ballot(1, POSITION).byOwner, true, "and it is known as the owner's");
    }

    function test_AWalletVotesAsSigner() public {
        uint256 position = _bondForItself(2 * STAKE);
        _nextEpoch();
        uint256 delta = _proposeBy(1, ANN, "good");
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = IDataset.Choice(position, delta, "good", 1, _two(_choice(delta, "good", 1)));
        network.cast(1, choices);
        vm.assertEq(network.delta(1, delta).votes, 2 * STAKE, "counted");
        vm.assertEq(network.ballot(1, position).byOwner, true, "it is its own owner");
    }

    function test_AWalletThatSignsForAnotherOwnerVotesAsSigner() public {
        bytes memory consent = _consentOfWallet(1, ANN);
        vm.prank(ANN);
        uint256 position = network.bond(1, address(wallet), 1 ether, consent);
        _nextEpoch();
        uint256 delta = _proposeBy(1, BOB, "good");
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = IDataset.Choice(position, delta, "good", 1, _two(_choice(delta, "good", 1)));
        network.cast(1, choices);
        vm.assertEq(network.delta(1, delta).votes, 1 ether, "counted");
        vm.assertEq(network.ballot(1, position).byOwner, false, "as the signer's");
    }

    function test_AWalletAssentsAsOwner() public {
        bytes memory args = _named(2);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](1);
        assents[0] = IMeasures.Assent(1, POSITION, _two(_measure(IMeasures.Kind.Admit, args)));
        _fall(IMeasures.Kind.Admit, args, assents);
        vm.assertEq(network.measure(_measure(IMeasures.Kind.Admit, args)).weight, STAKE, "counted");
        _pass(IMeasures.Kind.Admit, args, _assents(IMeasures.Kind.Admit, args, 1, 1, 2));
    }

    function test_AWalletThatIsNotThereYetSaysNothing() public {
        _bondForItself(STAKE);
        _nextEpoch();
        bytes memory args = _named(2);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](1);
        assents[0] = IMeasures.Assent(1, POSITION + 1, _two(_measure(IMeasures.Kind.Admit, args)));
        vm.etch(address(wallet), "");
        _refuse(IMeasures.Kind.Admit, args, assents, IRounds.NothingCounted.selector);
    }

    function test_AWalletTakesOverAPositionAndLeavesWithIt() public {
        vm.prank(vm.addr(3));
        network.offer(1, 3, address(wallet));
        _act(abi.encodeCall(IStake.accept, (1, 3)));
        _act(abi.encodeCall(IStake.unbond, (1, 3, STAKE)));
        vm.warp(network.position(1, 3).exitAt);
        _act(abi.encodeCall(IStake.withdraw, (1, 3, CEM)));
        vm.assertEq(neuron.balanceOf(CEM), 1_000_000 ether + STAKE, "paid to whom it names");
    }

    function _bondForItself(uint256 amount) private returns (uint256) {
        _act(abi.encodeCall(IStake.bond, (1, address(wallet), amount, "")));
        return network.positionOf(1, address(wallet));
    }

    function _act(bytes memory call) private {
        wallet.act(address(network), call);
    }

    function _cast(bytes memory signature, uint256 delta, bytes32 patch, uint256 seq) private {
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = IDataset.Choice(POSITION, delta, patch, seq, signature);
        network.cast(1, choices);
    }

    function _choice(uint256 delta, bytes32 patch, uint256 seq) private pure returns (bytes32) {
        return Typed.choice(1, 1, delta, patch, seq);
    }

    function _consentOfWallet(uint256 group, address owner) private view returns (bytes memory) {
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        return _two(keccak256(abi.encode(kind, group, owner)));
    }

    /// @dev What both holders sign.
    function _two(bytes32 structHash) private view returns (bytes memory) {
        return bytes.concat(_long(ONE, structHash), _long(TWO, structHash));
    }

    function _long(uint256 key, bytes32 structHash) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _digest(structHash));
        return abi.encodePacked(r, s, v);
    }
}
