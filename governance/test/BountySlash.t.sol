// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {IDuties} from "governance/INetwork.sol";
import {BountyPlay} from "governance-test/BountyPlay.sol";

/// @dev Position 1 signs two results in a window; Cem reports it.
contract SlashFindingsTest is BountyPlay {
    uint256 private constant BURNED = STAKE / 20;
    uint256 private constant REWARD = STAKE / 200;

    function setUp() public override {
        super.setUp();
        _lock();
        vm.warp(_window(0));
    }

    function _report(uint256 window, IBounties.Finding memory one, IBounties.Finding memory other)
        private
        returns (uint256)
    {
        vm.prank(CEM);
        return network.slashFindings(1, window, "one", one, "other", other);
    }

    function _report(uint256 window) private returns (uint256) {
        return _report(window, _finding(window, "one", 1), _finding(window, "other", 1));
    }

    function _refuse(uint256 window, bytes4 reason) private {
        _refuse(window, _finding(window, "one", 1), _finding(window, "other", 1), reason);
    }

    function _refuse(uint256 window, IBounties.Finding memory one, IBounties.Finding memory other, bytes4 reason)
        private
    {
        vm.expectRevert(reason);
        _report(window, one, other);
    }

    function test_RevertIf_ThereIsNoSuchBounty() public {
        IBounties.Finding memory one = _finding(0, "one", 1);
        vm.expectRevert(abi.encodeWithSelector(IBounties.NoSuchBounty.selector, 2));
        network.slashFindings(2, 0, "one", one, "other", one);
    }

    function test_RevertIf_BothAreForTheSameResult() public {
        IBounties.Finding memory one = _finding(0, "one", 1);
        vm.expectRevert(IBounties.SameResult.selector);
        network.slashFindings(1, 0, "one", one, "one", one);
    }

    function test_RevertIf_OneWasNotSigned() public {
        (IBounties.Finding memory one, IBounties.Finding memory other) =
            (_finding(0, "one", 1), _finding(0, "other", 1));
        bytes4 reason = IDuties.NotSigned.selector;
        _refuse(0, one, _finding(0, "other", 2), reason);
        _refuse(0, _finding(0, "one", 2), other, reason);
        _refuse(0, one, _finding(1, "other", 1), reason);
        _refuse(0, _finding(1, "one", 1), other, reason);
        _refuse(0, one, one, reason);
        other.probe = "another probe";
        _refuse(0, one, other, reason);
        _refuse(0, _finding(0, "one", 77), _finding(0, "other", 77), reason);
    }

    function test_RevertIf_TheWindowIsAFourth() public {
        vm.warp(_window(3));
        _refuse(3, IDuties.NotSigned.selector);
    }

    function test_RevertIf_TheWindowHasNotBegunOrIsOverForAnExit() public {
        _refuse(1, IDuties.OutOfTime.selector);
        vm.warp(_window(1) + EXIT + 1);
        _refuse(0, IDuties.OutOfTime.selector);
        vm.warp(_window(1) + EXIT);
        vm.assertEq(_report(0), REWARD, "in its last second");
    }

    function test_RevertIf_ThePositionWasSlashedInThatEpochOrLater() public {
        _report(0);
        _refuse(0, IDuties.OutOfTime.selector);
        vm.warp(_window(1));
        _refuse(0, IDuties.OutOfTime.selector);
        vm.assertGt(_report(1), 0, "a later offence costs again");
    }

    function test_ATwentiethIsBurnedAndTheReporterGetsATenthOfThatOnTop() public {
        (uint256 before, uint256 supply) = (neuron.balanceOf(CEM), neuron.totalSupply());
        (IBounties.Finding memory one, IBounties.Finding memory other) =
            (_finding(0, "one", 1), _finding(0, "other", 1));
        vm.expectEmit();
        emit IBounties.FoundTwice(1, 1, 1, CEM, 0, BURNED, REWARD);
        vm.assertEq(_report(0, one, other), REWARD, "reward");
        vm.assertEq(neuron.balanceOf(CEM) - before, REWARD, "paid");
        vm.assertEq(supply - neuron.totalSupply(), BURNED, "burned");
        vm.assertEq(_owns(1, 1), STAKE - BURNED - REWARD, "lost");
        vm.assertEq(_left(), AMOUNT + BOND, "not out of the bounty");
    }

    function test_ARetiredKeyAnswersForItsWindows() public {
        bytes memory consent = _consentOf(9, 1, vm.addr(1));
        vm.prank(vm.addr(1));
        network.rotate(1, 1, vm.addr(9), consent);
        vm.warp(_window(1));
        _refuse(1, IDuties.NotSigned.selector);
        vm.assertEq(_report(0), REWARD, "for window 0");
    }
}
