// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {INetwork} from "governance/INetwork.sol";

/// @title What a network's books must add up to, counted position by position.
library Books {
    /// @dev Sums over the positions of a group.
    function sums(INetwork network, uint256 group) internal view returns (IStake.Totals memory all) {
        for (uint256 number = 1; number <= network.positions(group); ++number) {
            IStake.Position memory position = network.position(group, number);
            all.bonded += position.live;
            all.bondedNext += position.next;
            if (position.awake) all.awake += position.live;
            if (position.awakeNext) all.awakeNext += position.next;
        }
    }

    /// @dev Whether the network's own sums say the same of each group and of all.
    function agree(INetwork network) internal view returns (bool) {
        uint256 bonded;
        uint256 bondedNext;
        uint256 admitted;
        for (uint256 group = 1; group <= network.groups(); ++group) {
            IStake.Totals memory counted = sums(network, group);
            if (keccak256(abi.encode(network.stake(group))) != keccak256(abi.encode(counted))) return false;
            bonded += counted.bonded;
            bondedNext += counted.bondedNext;
            if (network.group(group).admitted) admitted += counted.awake;
        }
        (uint256 all, uint256 next) = network.allBonded();
        return all == bonded && next == bondedNext && network.admittedAwake() == admitted;
    }

    /// @dev NRN that positions have in stake, pay and exits, over all groups.
    function owed(INetwork network) internal view returns (uint256 sum) {
        for (uint256 group = 1; group <= network.groups(); ++group) {
            for (uint256 number = 1; number <= network.positions(group); ++number) {
                IStake.Position memory position = network.position(group, number);
                sum += position.next + position.earned + position.exiting + position.exitingLater;
            }
        }
    }
}
