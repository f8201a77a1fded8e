// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups} from "governance/INetwork.sol";
import {Books} from "governance-test/Books.sol";
import {Play} from "governance-test/Play.sol";

/// @title Forks of group 1, and stake that moves to them.
/// @dev Groups 3 and 4 are forks of group 1. The owner of position 1 is the key 1 itself.
abstract contract Moving is Play {
    uint256 internal constant CHILD = 3;
    uint256 internal constant OTHER = 4;
    uint256 internal constant MOVED_IN = FIRST / 24;
    address internal owner;

    function setUp() public virtual override {
        super.setUp();
        owner = vm.addr(1);
        _fork(1);
        _fork(1);
    }

    function _fork(uint256 parent) internal returns (uint256) {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, 900);
        birth.dataset = new bytes32[](0);
        return network.fork(parent, birth);
    }

    function _move(uint256 group, uint256 child) internal returns (uint256) {
        vm.prank(owner);
        return network.move(group, 1, child, owner, "");
    }

    function _refuse(uint256 group, uint256 child, bytes memory reason) internal {
        vm.expectRevert(reason);
        _move(group, child);
    }

    /// @dev The second at which an epoch begins.
    function _epochStart(uint256 epoch) internal pure returns (uint256) {
        return START + epoch * EPOCH;
    }

    function _agree(string memory when) internal view {
        vm.assertEq(Books.agree(network), true, when);
    }
}
