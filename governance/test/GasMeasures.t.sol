// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures} from "governance/INetwork.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev However many members there are: a measure gathers their assents in calls that fit a transaction.
contract GasMeasuresTest is Measuring {
    uint256 private constant MEMBERS = 5000;
    /// @dev Nobody has more than another: nearly all of them are needed beside the others' 33 millions.
    uint256 private constant OWN = 6610 ether;
    IMeasures.Kind private constant ADMIT = IMeasures.Kind.Admit;
    uint256 private group;
    bytes private args;

    function setUp() public override {
        super.setUp();
        group = _create(TRAIN, REVEAL, 900);
        neuron.approve(address(network), MEMBERS * OWN);
        for (uint256 key = 1; key <= MEMBERS; ++key) {
            network.bond(group, vm.addr(key), OWN, _consentOf(key, group, address(this)));
        }
        _nextEpoch();
        _renew();
        args = _named(group);
    }

    /// @dev EIP-7825 lets a transaction use 16,777,216 gas; the blocks of small chains have 6,800,000.
    function test_FiveThousandAssentsFitTransactionsOfAnyChain() public {
        uint256 before = vm.snapshotState();
        vm.assertEq(_gather(1600, 16_777_216, "enact, 1,600 assents of 5,000"), 4, "calls");
        vm.revertToState(before);
        vm.assertEq(_gather(650, 6_800_000, "enact, 650 assents of 5,000"), 8, "calls");
    }

    /// @dev All members assent, `lot` in each call; the last call decides.
    function _gather(uint256 lot, uint256 most, string memory name) private returns (uint256 calls) {
        uint256 largest;
        bool done;
        for (uint256 first = 1; first <= MEMBERS; first += lot) {
            vm.assertEq(done, false, "all of them are needed");
            uint256 last = first + lot - 1 < MEMBERS ? first + lot - 1 : MEMBERS;
            done = network.enact(ADMIT, args, NONCE, expiry, _assents(ADMIT, args, group, first, last));
            uint256 gas = vm.lastCallGas().gasTotalUsed;
            if (gas > largest) largest = gas;
            ++calls;
        }
        vm.assertEq(done, true, "and enough");
        vm.assertEq(network.group(group).admitted, true, "admitted");
        vm.snapshotValue("Network", name, largest);
        vm.assertLt(largest, most, "fits");
    }
}
