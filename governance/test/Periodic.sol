// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset} from "governance/INetwork.sol";
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
        vm.prank(who);
        return network.propose(1, digest, amount);
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

    /// @dev All validators want `delta`, and the period ends.
    function _choose(uint256 period, uint256 delta) internal {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            _cast(key, period, delta, period);
        }
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
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
