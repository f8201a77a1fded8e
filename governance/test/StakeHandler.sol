// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IGroups} from "governance/INetwork.sol";
import {Ledger} from "governance-test/Ledger.sol";

/// @title What owners and signers do: every action knows beforehand whether it must succeed.
abstract contract StakeHandler is Ledger {
    function moveStake(uint256 seed) external {
        for (uint256 i; i < 3; ++i) {
            _moveStake(_draw(seed, i, 2 ** 128));
        }
    }

    function _moveStake(uint256 seed) internal {
        uint256 group = _randomGroup(seed);
        uint256 position = _randomPosition(group, seed);
        uint256 amount = (1 + _draw(seed, 2, STAKE / 10 / 1 gwei)) * 1 gwei;
        // Sometimes as much as there is, sometimes a gwei: edges are found by nobody who draws amounts alone.
        if (_draw(seed, 3, 12) == 0) amount = network.position(group, position).next;
        if (_draw(seed, 3, 12) == 1) amount = 1 gwei;
        uint256 kind = _draw(seed, 4, 10);
        if (kind == 0) _bondMore(group, position, amount);
        if (kind == 1) _bondNew(group, amount, seed);
        if (kind == 2) _unbond(group, position, amount);
        if (kind == 3) _withdraw(group, position, _draw(seed, 8, 3) == 0);
        if (kind == 4) _wake(group, position, seed);
        if (kind == 5) _rest(group, position, seed);
        if (kind == 6) _rotate(group, position);
        if (kind == 7) _compoundAll(group);
        if (kind == 8) _moveOn(position);
        if (kind == 9) _bondWithPermit(group, position, amount, seed);
    }

    function _bondMore(uint256 group, uint256 position, uint256 amount) private {
        address owner = ownerOf(group, position);
        address signer = network.position(group, position).signerNext;
        bool expected = amount != 0 && neuron.balanceOf(owner) >= amount;
        _demand(_try(owner, abi.encodeCall(IStake.bond, (group, signer, amount, ""))), expected, "bond");
    }

    function _bondNew(uint256 group, uint256 amount, uint256 seed) private {
        if (network.positions(group) == POSITIONS_MAX) return;
        uint256 key = ++fresh;
        uint256 by = 1 + _draw(seed, 5, OWNERS);
        bytes memory consent = _consentOf(key, group, vm.addr(by));
        bool expected = amount != 0 && neuron.balanceOf(vm.addr(by)) >= amount;
        bool done = _try(vm.addr(by), abi.encodeCall(IStake.bond, (group, vm.addr(key), amount, consent)));
        _demand(done, expected, "bond, a new position");
        if (!done) return;
        uint256 position = network.positions(group);
        keys[group][position] = Keys(key, key, network.epoch());
        ownerKey[group][position] = by;
    }

    function _unbond(uint256 group, uint256 position, uint256 amount) private {
        IStake.Position memory shown = network.position(group, position);
        bool expected = amount != 0 && amount <= shown.next + shown.earned;
        bytes memory call = abi.encodeCall(IStake.unbond, (group, position, amount));
        _demand(_try(ownerOf(group, position), call), expected, "unbond");
    }

    function _withdraw(uint256 group, uint256 position, bool wait) private {
        IStake.Position memory shown = network.position(group, position);
        if (wait && !inHour && block.timestamp < shown.exitAt && network.epoch() < EPOCHS_MAX) vm.warp(shown.exitAt);
        bool expected = shown.exiting != 0 && block.timestamp >= shown.exitAt;
        uint256 before = neuron.balanceOf(ownerOf(group, position));
        bool done = _try(ownerOf(group, position), abi.encodeCall(IStake.withdraw, (group, position)));
        _demand(done, expected, "withdraw");
        uint256 got = neuron.balanceOf(ownerOf(group, position)) - before;
        vm.assertEq(got, done ? shown.exiting : 0, "withdrawn");
    }

    function _wake(uint256 group, uint256 position, uint256 seed) private {
        IStake.Position memory shown = network.position(group, position);
        uint256 own = shown.next + shown.earned;
        bool enough = own != 0 && own * 1024 >= network.stake(group).bondedNext + shown.earned;
        bool expected = !shown.awake && !shown.awakeNext && enough;
        bytes memory call = abi.encodeCall(IStake.wake, (group, position));
        _demand(_try(_controller(group, position, seed), call), expected, "wake");
    }

    function _rest(uint256 group, uint256 position, uint256 seed) private {
        bool expected = network.position(group, position).awakeNext;
        bytes memory call = abi.encodeCall(IStake.rest, (group, position));
        _demand(_try(_controller(group, position, seed), call), expected, "rest");
    }

    function _rotate(uint256 group, uint256 position) private {
        uint256 key = ++fresh;
        address owner = ownerOf(group, position);
        bytes memory consent = _consentOf(key, group, owner);
        Keys memory held = keys[group][position];
        bytes memory call = abi.encodeCall(IStake.rotate, (group, position, vm.addr(held.next), consent));
        _demand(_try(owner, call), false, "rotate to a key that was used");
        call = abi.encodeCall(IStake.rotate, (group, position, vm.addr(key), consent));
        uint256 inForce = _key(group, position);
        _demand(_try(owner, call), true, "rotate");
        keys[group][position] = Keys(inForce, key, network.epoch() + 1);
    }

    function _compoundAll(uint256 group) private {
        for (uint256 position = 1; position <= network.positions(group); ++position) {
            bool expected = network.position(group, position).earned != 0;
            _demand(_try(RELAYER, abi.encodeCall(IStake.compound, (group, position))), expected, "compound");
        }
    }

    /// @dev From group 1 to its fork, to the position of the same number and owner there.
    function _moveOn(uint256 position) private {
        if (position > OWNERS) return;
        IStake.Position memory shown = network.position(1, position);
        address owner = ownerOf(1, position);
        address signer = network.position(FORK, position).signerNext;
        bool expected = shown.live != 0 && shown.next + shown.earned != 0;
        bytes memory call = abi.encodeCall(IGroups.move, (1, position, FORK, signer, ""));
        _demand(_try(owner, call), expected, "move");
    }

    function _bondWithPermit(uint256 group, uint256 position, uint256 amount, uint256 seed) private {
        uint256 by = ownerKey[group][position];
        address owner = vm.addr(by);
        if (amount == 0 || neuron.balanceOf(owner) < amount) return;
        vm.prank(owner);
        neuron.approve(address(network), 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(by, _permit(owner, amount));
        // Somebody may have brought it before; or it is somebody else's.
        if (_draw(seed, 6, 3) == 0) neuron.permit(owner, address(network), amount, FOREVER, v, r, s);
        bool good = _draw(seed, 6, 3) != 1;
        if (!good) r = bytes32(uint256(r) ^ 1);
        address signer = network.position(group, position).signerNext;
        bytes memory call = abi.encodeCall(IStake.bondWithPermit, (group, signer, amount, "", FOREVER, v, r, s));
        _demand(_try(owner, call), good, "bond with a permit");
        vm.prank(owner);
        neuron.approve(address(network), FOREVER);
    }

    function _permit(address owner, uint256 amount) private view returns (bytes32) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(kind, owner, address(network), amount, neuron.nonces(owner), FOREVER));
        return keccak256(abi.encodePacked(hex"1901", neuron.DOMAIN_SEPARATOR(), hash));
    }

    /// @dev The owner or the key that signs from the next epoch on at the latest.
    function _controller(uint256 group, uint256 position, uint256 seed) private view returns (address) {
        if (_draw(seed, 7, 2) == 0) return ownerOf(group, position);
        return network.position(group, position).signerNext;
    }
}
