// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IGroups, INetwork} from "governance/INetwork.sol";
import {Ledger} from "governance-test/Ledger.sol";

/// @title What owners and signers do: every action knows beforehand whether it must succeed.
abstract contract StakeHandler is Ledger {
    /// @dev The second until which what moved out of a position of group 1 answers for it.
    mapping(uint256 position => uint256) private movedUntil;

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
        uint256 kind = _draw(seed, 4, 13);
        if (kind == 0) _bondMore(group, position, amount);
        if (kind == 1) _bondNew(group, amount, seed);
        if (kind == 2) _unbond(group, position, amount);
        if (kind == 3) _withdraw(group, position, seed);
        if (kind == 4) _wake(group, position, seed);
        if (kind == 5) _rest(group, position, seed);
        if (kind == 6) _rotate(group, position);
        if (kind == 7) _compoundAll(group, seed);
        if (kind == 8) _moveOn(position);
        if (kind == 9) _bondWithPermit(group, position, amount, seed);
        if (kind == 10) _exitTwice(group, position);
        if (kind == 11) _handOver(group, position, seed);
        if (kind == 12) _wakeAll(group);
        _observe();
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
        keys[group][position].push(Held(key, network.epoch()));
        ownerKey[group][position] = by;
    }

    function _unbond(uint256 group, uint256 position, uint256 amount) private {
        IStake.Position memory shown = network.position(group, position);
        bool expected = amount != 0 && amount <= shown.next + shown.earned;
        uint256 before = neuron.balanceOf(ownerOf(group, position));
        bytes memory call = abi.encodeCall(IStake.unbond, (group, position, amount));
        _demand(_try(ownerOf(group, position), call), expected, "unbond");
        if (!expected) return;
        uint256 paid = neuron.balanceOf(ownerOf(group, position)) - before;
        // Where two are on their way, what is over is paid at once and does not wait again.
        bool over = shown.exitingLater != 0 && block.timestamp >= shown.exitAt;
        uint256 due =
            !over ? 0 : block.timestamp < shown.exitAtLater ? shown.exiting : shown.exiting + shown.exitingLater;
        vm.assertEq(paid, due, "paid out");
        // Pay that came and went in one call was there in between.
        if (shown.earned != 0) _observe(group, position, true);
        _observe(group, position, shown.next + shown.earned != amount);
        IStake.Position memory after_ = network.position(group, position);
        uint256 left = shown.exiting + shown.exitingLater + amount - paid;
        vm.assertEq(after_.exiting + after_.exitingLater, left, "exits");
        bool waits = paid == 0 && shown.exiting != 0 && shown.exitAt != after_.exitAt;
        vm.assertEq(waits, false, "the first exit ends when it would have");
    }

    /// @dev One exit in this epoch, and one in the next, whatever has been on its way before.
    function _exitTwice(uint256 group, uint256 position) private {
        for (uint256 i; i < 2; ++i) {
            uint256 own = network.position(group, position).next;
            _unbond(group, position, own / 4 / 1 gwei * 1 gwei);
            _waitUntil(START + (network.epoch() + 1) * EPOCH);
        }
        if (network.position(group, position).exitingLater != 0) _note("two exits");
    }

    /// @dev In the last second before an exit is over, or in the first after it, or whenever it may be.
    function _withdraw(uint256 group, uint256 position, uint256 seed) private {
        IStake.Position memory shown = network.position(group, position);
        uint256 kind = _draw(seed, 8, 4);
        if (kind == 0) _waitUntil(shown.exitAt - (shown.exitAt == 0 ? 0 : 1));
        if (kind == 1) _waitUntil(shown.exitAt);
        if (kind == 2) _waitUntil(shown.exitAtLater);
        bool expected = shown.exiting != 0 && block.timestamp >= shown.exitAt;
        uint256 due = expected ? shown.exiting : 0;
        if (expected && block.timestamp >= shown.exitAtLater) due += shown.exitingLater;
        uint256 before = neuron.balanceOf(RELAYER);
        bytes memory call = abi.encodeCall(IStake.withdraw, (group, position, RELAYER));
        _demand(_try(ownerOf(group, position), call), expected, "withdraw");
        vm.assertEq(neuron.balanceOf(RELAYER) - before, due, "withdrawn");
        vm.prank(RELAYER);
        neuron.transfer(ownerOf(group, position), due);
    }

    function _wake(uint256 group, uint256 position, uint256 seed) private {
        IStake.Position memory shown = network.position(group, position);
        uint256 own = shown.next + shown.earned;
        bool enough = own != 0 && own * 16_384 >= network.stake(group).bondedNext + shown.earned;
        bool rested = network.epoch() + 1 >= shown.sleepsUntil;
        bool expected = !shown.awake && !shown.awakeNext && rested && enough;
        vm.assertEq(network.mayWake(group, position), expected, "may wake");
        bytes memory call = abi.encodeCall(IStake.wake, (group, position));
        _demand(_try(_controller(group, position, seed), call), expected, "wake");
        if (expected) {
            vm.assertEq(network.position(group, position).wokenAt, network.epoch() + 1, "from the next epoch");
        }
    }

    function _wakeAll(uint256 group) internal {
        for (uint256 position = 1; position <= network.positions(group); ++position) {
            _wake(group, position, position);
        }
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
        address last = vm.addr(_lastKey(group, position));
        bytes memory call = abi.encodeCall(IStake.rotate, (group, position, last, consent));
        _demand(_try(owner, call), false, "rotate to a key that was used");
        call = abi.encodeCall(IStake.rotate, (group, position, vm.addr(key), consent));
        _demand(_try(owner, call), true, "rotate");
        keys[group][position].push(Held(key, network.epoch() + 1));
    }

    function _compoundAll(uint256 group, uint256 seed) private {
        for (uint256 position = 1; position <= network.positions(group); ++position) {
            bool expected = network.position(group, position).earned != 0;
            bytes memory call = abi.encodeCall(IStake.compound, (group, position));
            _demand(_try(STRANGER, call), false, "compound by a stranger");
            _demand(_try(_controller(group, position, seed), call), expected, "compound");
        }
    }

    /// @dev From group 1 to its fork, to the position of the same number there.
    function _moveOn(uint256 position) private {
        if (position > OWNERS) return;
        IStake.Position memory shown = network.position(1, position);
        address owner = ownerOf(1, position);
        address signer = network.position(FORK, position).signerNext;
        bool own = ownerKey[1][position] == ownerKey[FORK][position];
        bool free = block.timestamp >= movedUntil[position];
        bool expected = own && free && shown.live != 0 && shown.next + shown.earned != 0;
        bytes memory call = abi.encodeCall(IGroups.move, (1, position, FORK, signer, ""));
        _demand(_try(owner, call), expected, "move");
        if (expected) movedUntil[position] = START + (network.epoch() + 1) * EPOCH + EXIT;
    }

    /// @dev The position is offered to another of the owners, who accepts, or to whom it is not offered any more.
    function _handOver(uint256 group, uint256 position, uint256 seed) private {
        uint256 to = 1 + _draw(seed, 9, OWNERS);
        bytes memory accept = abi.encodeCall(IStake.accept, (group, position));
        _demand(_try(vm.addr(to), accept), false, "accept what was not offered");
        bytes memory call = abi.encodeCall(IStake.offer, (group, position, vm.addr(to)));
        _demand(_try(STRANGER, call), false, "offer what is somebody else's");
        _demand(_try(ownerOf(group, position), call), true, "offer");
        _demand(_try(STRANGER, accept), false, "accept what was offered to another");
        bool back = _draw(seed, 10, 3) == 0;
        call = abi.encodeCall(IStake.offer, (group, position, address(0)));
        if (back) _demand(_try(ownerOf(group, position), call), true, "take an offer back");
        _demand(_try(vm.addr(to), accept), !back, "accept");
        if (!back) ownerKey[group][position] = to;
        _demand(_try(vm.addr(to), accept), false, "accept twice");
        vm.assertEq(network.position(group, position).owner, ownerOf(group, position), "owner");
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
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IStake.allow, (amount, FOREVER, v, r, s));
        calls[1] = abi.encodeCall(IStake.bond, (group, signer, amount, ""));
        _demand(_try(owner, abi.encodeCall(INetwork.multicall, (calls))), good, "bond with a permit");
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
