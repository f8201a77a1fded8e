// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @title Group 1 in its period 1, and what its members do in it.
abstract contract Periodic is Play {
    uint256 internal periodEnd;
    bytes32 internal head;

    function setUp() public virtual override {
        super.setUp();
        periodEnd = network.group(1).periodEnd;
        head = network.group(1).head;
    }

    function _propose(address who, bytes32 digest, uint256 amount) internal returns (uint256) {
        bytes32 parent = network.group(1).head;
        vm.prank(who);
        return network.propose(1, parent, digest, amount);
    }

    /// @dev With the least bond while nothing was issued or burnt.
    function _propose(address who, bytes32 digest) internal returns (uint256) {
        return _propose(who, digest, _leastBond());
    }

    function _choice(uint256 key, uint256 period, uint256 delta, uint256 seq)
        internal
        view
        returns (IDataset.Choice memory)
    {
        return _choiceOf(1, key, period, delta, seq);
    }

    function _cast(uint256 key, uint256 period, uint256 delta, uint256 seq) internal {
        _castOne(1, key, period, delta, seq);
    }

    /// @dev A choice that is not counted.
    function _castsNothing(uint256 key, uint256 period, uint256 delta, uint256 seq) internal {
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = _choice(key, period, delta, seq);
        vm.expectRevert(IRounds.NothingCounted.selector);
        network.cast(1, choices);
    }

    /// @dev All validators want `delta`, and the period ends.
    function _choose(uint256 period, uint256 delta) internal {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            _cast(key, period, delta, period);
        }
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
    }

    /// @dev A proposal that must fail for that reason.
    function _refuseProposal(bytes memory reason, address who, bytes32 digest, uint256 amount) internal {
        bytes32 parent = network.group(1).head;
        vm.expectRevert(reason);
        vm.prank(who);
        network.propose(1, parent, digest, amount);
    }

    /// @dev A proposal that comes after they closed, at the second `since`.
    function _tooLate(uint256 since, address who, bytes32 digest) internal {
        uint256 amount = 3 * _leastBond();
        _refuseProposal(abi.encodeWithSelector(IDataset.LastQuarter.selector, since), who, digest, amount);
    }

    function _refund(uint256 delta) internal {
        network.refund(1, _one(delta));
    }

    function _votes(uint256 delta) internal view returns (uint256) {
        return network.delta(1, delta).votes;
    }

    function _isStatus(uint256 delta, IDataset.DeltaStatus status, string memory what) internal view {
        vm.assertEq(uint256(network.delta(1, delta).status), uint256(status), what);
    }

    /// @dev A in wei while nothing was issued or burnt.
    function _authorReward() internal pure returns (uint256) {
        return SUPPLY / 1_000_000;
    }

    function _leastBond() internal pure returns (uint256) {
        return 4 * _authorReward();
    }
}
