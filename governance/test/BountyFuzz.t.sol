// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {BountyWon} from "governance-test/BountyPay.t.sol";

/// @dev Whatever a quorum signs: who is paid in which order, and what is left.
contract BountyFuzzTest is BountyWon {
    uint256 private constant OTHER = 50 ether;
    uint256 private supply;
    uint256 private held;

    function _prepare() private {
        _lock("another", OTHER, OTHER, TARGET);
        (supply, held) = (neuron.totalSupply(), neuron.balanceOf(address(network)));
    }

    function _payAll(IBounties.Result memory result, bool sponsorFirst) private {
        _resolve(result);
        vm.warp(_late());
        if (sponsorFirst) network.settleBounty(1, result);
        uint256[] memory rounds = new uint256[](3);
        (rounds[0], rounds[1], rounds[2]) = (ONE, TWO, FOUR);
        if (result.steps.length != 0) network.payRounds(1, result, rounds);
        _payJury();
        if (!sponsorFirst) network.settleBounty(1, result);
    }

    function _check() private view {
        vm.assertLe(neuron.totalSupply(), supply, "nothing is issued");
        uint256 gone = held - neuron.balanceOf(address(network));
        vm.assertEq(gone + _left(), AMOUNT + BOND, "locked is left, paid, returned and burned");
        vm.assertEq(network.bounty(2).left, 2 * OTHER, "another bounty is untouched");
    }

    function test_WhateverAQuorumSignsNoMoreThanWhatWasLockedIsPaid(
        uint32[8] memory losses,
        uint8[8] memory won,
        uint8 length,
        uint8 flags,
        uint32 base
    ) public {
        _prepare();
        IBounties.Result memory result;
        (result.failed, result.base) = (flags & 1 == 1, base);
        result.steps = new IBounties.Step[](length % 9);
        for (uint256 i; i < result.steps.length; ++i) {
            result.steps[i] =
                IBounties.Step(uint40(ONE + won[i] % 8), won[i] % 4, losses[i], (flags >> (i % 8)) & 1 == 1);
        }
        _payAll(result, flags & 2 == 2);
        _check();
    }

    function test_OfAnHonestResultAllIsPaidToTheWei(
        uint24 one,
        uint24 two,
        bool first,
        bool second,
        bool failed,
        bool sponsorFirst
    ) public {
        _prepare();
        IBounties.Result memory result = failed ? _failed(FOUR, 3) : _honest();
        if (!failed) {
            (result.steps[0].loss, result.steps[1].loss) = (BASE - one % BASE, BASE - two % BASE);
            (result.steps[0].better, result.steps[1].better) = (first, second);
        }
        _payAll(result, sponsorFirst);
        _check();
        vm.assertEq(_left(), 0, "to the wei");
    }
}
