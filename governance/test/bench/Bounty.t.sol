// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {Typed} from "governance/Typed.sol";
import {BountyPlay} from "governance-test/BountyPlay.sol";
import {Meter} from "governance-test/bench/Meter.sol";

/// @dev What a bounty costs in which thirty rounds are won and that fifty measure, every call a transaction of its own.
contract BountyBench is BountyPlay, Meter {
    uint256 private constant WON = 30;
    uint256 private constant FINDERS = 50;
    address private constant RELAYER = address(0x4e1a);

    function setUp() public override {
        _newestRules();
        super.setUp();
        for (uint256 key = JURY + 1; key <= FINDERS; ++key) {
            _join(1, key, 3_000 ether);
        }
    }

    function test_Bounty() public {
        _lock("another", AMOUNT, BOND, TARGET);
        _lock();
        _ours("bounty/fund", _used());
        uint256[] memory rounds = new uint256[](WON);
        for (uint256 i; i < WON; ++i) {
            rounds[i] = FIRST + 1 + i;
            _win(1, rounds[i], [ANN, BOB, CEM][i % 3], bytes32(i + 1));
        }
        vm.warp(_window(0));
        IBounties.Result memory result = _better(rounds[WON - 1], WON, TARGET / 2);
        uint256 five = _measure(1, result, 5);
        _ours("bounty/finding", (_measure(2, result, FINDERS) - five) / (FINDERS - 5));
        vm.warp(_late());
        vm.prank(RELAYER);
        network.payRounds(2, result, rounds);
        _ours("bounty/payRounds=30", _used());
        _payAndSettle(result);
    }

    function _payAndSettle(IBounties.Result memory result) private {
        uint256[] memory positions = new uint256[](FINDERS);
        for (uint256 i; i < FINDERS; ++i) {
            positions[i] = i + 1;
        }
        vm.prank(RELAYER);
        network.payFinders(2, positions);
        _ours("bounty/payFinders=50", _used());
        vm.prank(RELAYER);
        network.settleBounty(2, result);
        _ours("bounty/settle", _used());
        vm.assertEq(network.bounty(2).left, 0, "all was paid");
    }

    /// @dev Gas of bringing the findings of the first `finders`, which decide.
    function _measure(uint256 number, IBounties.Result memory result, uint256 finders) private returns (uint256) {
        IBounties.Finding[] memory findings = new IBounties.Finding[](finders);
        for (uint256 i; i < finders; ++i) {
            bytes32 probe = keccak256(abi.encode(i));
            (bytes32 r, bytes32 vs) =
                vm.signCompact(i + 1, _digest(Typed.measured(number, 0, _name(result), probe)));
            findings[i] = IBounties.Finding(i + 1, probe, r, vs);
        }
        vm.prank(RELAYER);
        vm.assertEq(network.find(number, 0, result, findings), true, "decided");
        return _used();
    }
}
