// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "token/IEmission.sol";
import {INeuron} from "token/INeuron.sol";
import {Schedule} from "token/Schedule.sol";
import {Test} from "token-test/Test.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev The test is sale and network at once.
contract EmissionTest is Test {
    uint256 private constant START = 1_800_000_000;
    uint256 private constant SUPPLY = 100_000_000 ether;

    INeuron private neuron;
    IEmission private emission;

    function setUp() public {
        vm.warp(START);
        address predicted = _predict(1);
        neuron = INeuron(_deploy("Neuron", abi.encode(predicted)));
        emission = IEmission(_deploy("Emission", abi.encode(address(neuron), address(this), address(this))));
    }

    function test_RevertIf_SomebodyElseOpens() public {
        vm.expectRevert(IEmission.NotSale.selector);
        vm.prank(address(1));
        emission.open(SUPPLY);
    }

    function test_RevertIf_OpenedTwice() public {
        emission.open(SUPPLY);
        vm.expectRevert(IEmission.AlreadyOpen.selector);
        emission.open(SUPPLY);
    }

    function test_RevertIf_TheSaleIsTooLarge() public {
        vm.expectRevert(IEmission.SupplyTooLarge.selector);
        emission.open(2 ** 92 + 1);
        emission.open(2 ** 92);
    }

    function test_RevertIf_SomebodyElseIssues() public {
        vm.expectRevert(IEmission.NotNetwork.selector);
        vm.prank(address(1));
        emission.issue(address(1), 1);
    }

    function test_NothingIsIssuedBeforeTheSaleCloses() public {
        vm.assertEq(emission.issue(address(2), 5), 0, "issued");
        vm.assertEq(neuron.totalSupply(), 0, "supply");
        vm.assertEq(emission.era(), 0, "era");
    }

    function test_AnIssueIsCutToTheAllowanceAndTheRestIsNotOwed() public {
        emission.open(SUPPLY);
        vm.warp(START + 1 hours);
        uint256 hourly = SUPPLY * 13 / 1_000_000;
        vm.expectEmit();
        emit IEmission.Issued(address(2), hourly + 1, hourly);
        vm.assertEq(emission.issue(address(2), hourly + 1), hourly, "issued");
        vm.assertEq(emission.issue(address(2), 1), 0, "nothing is left");
        vm.assertEq(emission.allowance(), 0, "allowance");
    }

    function test_WhatIsNotAskedForStaysAllowed() public {
        emission.open(SUPPLY);
        vm.warp(START + 1 hours);
        emission.issue(address(2), 1 ether);
        uint256 left = emission.allowance();
        vm.assertEq(left, SUPPLY * 13 / 1_000_000 - 1 ether, "left");
        vm.warp(START + 2 hours);
        vm.assertEq(emission.allowance(), left + (SUPPLY + 1 ether) * 13 / 1_000_000, "grown");
    }

    function test_ErasChangeAtTheSecond() public {
        emission.open(SUPPLY);
        vm.warp(START + 126_230_400 - 1);
        vm.assertEq(emission.era(), 0, "last second");
        vm.warp(START + 126_230_400);
        vm.assertEq(emission.era(), 1, "first second");
    }

    /// @dev Whoever asks for everything all the time gets 1.49 times the sale in all.
    function test_ThePossibleSupplyEndsBelowTwoAndAHalfTimesTheSale() public {
        emission.open(SUPPLY);
        for (uint256 month = 1; month <= 48 * 64; ++month) {
            vm.warp(START + month * 126_230_400 / 48);
            emission.issue(address(2), type(uint128).max);
        }
        vm.assertLe(neuron.totalSupply(), SUPPLY * 2489 / 1000, "most");
        vm.assertGt(neuron.totalSupply(), SUPPLY * 2450 / 1000, "nearly so much");
        vm.warp(START + 126_230_400 * 64 + 365 days);
        vm.assertEq(emission.issue(address(2), 1), 0, "after the last era");
    }

    function test_TheLargestSaleFitsInto96Bits() public {
        emission.open(2 ** 92);
        for (uint256 era = 1; era <= 64; ++era) {
            vm.warp(START + era * 126_230_400);
            emission.issue(address(2), type(uint256).max);
        }
        vm.assertLe(neuron.totalSupply(), type(uint96).max, "supply");
    }

    function test_TheAllowanceNeverGrowsFasterByAskingOften(uint32 first, uint32 second) public {
        emission.open(SUPPLY);
        uint256 whole = Schedule.accrued(SUPPLY, START, START, START + first + uint256(second));
        vm.warp(START + first);
        emission.issue(address(2), 0);
        vm.warp(START + first + uint256(second));
        vm.assertLe(emission.allowance(), whole, "allowance");
        vm.assertLe(whole, emission.allowance() + 2, "all but roundings");
    }

    /// @dev However a stretch of time is cut, across how many eras whatever.
    function test_TheAllowanceOfAStretchIsThatOfItsParts(uint40 from, uint40 first, uint40 second, uint96 supply)
        public
        pure
    {
        uint256 middle = uint256(from) + first;
        uint256 end = middle + second;
        uint256 whole = Schedule.accrued(supply, 0, from, end);
        uint256 parts = Schedule.accrued(supply, 0, from, middle) + Schedule.accrued(supply, 0, middle, end);
        vm.assertLe(parts, whole, "never more");
        vm.assertLe(whole, parts + 1, "all but one rounding");
    }

    function test_NothingAccruesAfterTheLastEra(uint96 supply, uint40 after_, uint40 length) public pure {
        uint256 end = 64 * Schedule.ERA;
        vm.assertEq(Schedule.accrued(supply, 0, end + after_, end + after_ + length), 0, "nothing");
        uint256 last = Schedule.accrued(supply, 0, end - 1, end + length);
        vm.assertEq(last, uint256(supply) * 13 / 3_600_000_000 >> 63, "the last second of the last era");
    }
}

/// @dev The same cases as in Rust.
contract EmissionVectorsTest is Vectors {
    function test_TheAllowanceGrowsAsTheVectorsSay() public {
        uint256 cases = _read("emission");
        for (uint256 i; i < cases; ++i) {
            uint256 growth = Schedule.accrued(_uint(i, "supply"), _uint(i, "start"), _uint(i, "from"), _uint(i, "to"));
            vm.assertEq(growth, _uint(i, "growth"), vm.toString(i));
        }
    }

    function test_ErasAreAsTheVectorsSay() public {
        uint256 cases = _read("era");
        for (uint256 i; i < cases; ++i) {
            vm.warp(_uint(i, "start"));
            address predicted = _predict(1);
            INeuron neuron = INeuron(_deploy("Neuron", abi.encode(predicted)));
            IEmission emission =
                IEmission(_deploy("Emission", abi.encode(address(neuron), address(this), address(this))));
            if (_uint(i, "start") != 0) emission.open(1);
            vm.warp(_uint(i, "now"));
            vm.assertEq(emission.era(), _uint(i, "era"), vm.toString(i));
        }
    }
}
