// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IDataset, IMeasures} from "governance/INetwork.sol";
import {Periodic} from "governance-test/Periodic.sol";

/// @dev Two deltas are open; time stands near the end of the period.
contract ExtendTest is Periodic {
    function setUp() public override {
        super.setUp();
        _propose(ANN, "one");
        _propose(BOB, "two");
        vm.warp(_start(FIRST + 24));
        _join(1, 4, 3_400_000 ether);
        vm.warp(_start(FIRST + 48));
    }

    /// @dev A tenth in the last second changes what is applied, and all others have time to answer.
    function test_AVoteInTheLastSecondCanBeAnswered() public {
        vm.warp(periodEnd - 1);
        vm.expectEmit();
        emit IDataset.Extended(1, 1, periodEnd - 1 + PERIOD / 8);
        _cast(4, 1, 1, 1);
        vm.warp(periodEnd);
        vm.expectRevert(abi.encodeWithSelector(IDataset.PeriodRunning.selector, periodEnd - 1 + PERIOD / 8));
        network.turn(1);
        _cast(1, 1, 0, 1);
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "kept");
        vm.assertEq(network.group(1).extended, 0, "the next period is as long as it should be");
    }

    function test_AVoteAnEighthBeforeTheEndExtendsNothing() public {
        vm.warp(periodEnd - PERIOD / 8);
        _cast(4, 1, 1, 1);
        vm.assertEq(network.group(1).periodEnd, periodEnd, "as it was");
        vm.assertEq(network.group(1).extended, 0, "not extended");
    }

    function test_ASecondLaterItExtendsByASecond() public {
        vm.warp(periodEnd - PERIOD / 8 + 1);
        _cast(4, 1, 1, 1);
        vm.assertEq(network.group(1).periodEnd, periodEnd + 1, "by what is missing to an eighth");
        vm.assertEq(network.group(1).extended, 1, "and it is noted");
    }

    function test_ALateVoteThatChangesNothingExtendsNothing() public {
        _cast(1, 1, 1, 1);
        vm.warp(periodEnd - 1);
        _cast(2, 1, 1, 1);
        _cast(4, 1, 2, 1);
        vm.assertEq(network.group(1).periodEnd, periodEnd, "the first leads as before");
    }

    function test_ALateVoteToKeepExtendsToo() public {
        _cast(4, 1, 1, 1);
        vm.warp(periodEnd - 1);
        _cast(1, 1, 0, 1);
        vm.assertEq(network.group(1).periodEnd, periodEnd - 1 + PERIOD / 8, "whoever wants it has time as well");
    }

    /// @dev Whether it is a tenth can change without a vote, when stake leaves with the epoch.
    function test_ALateVoteOfTooFewExtendsToo() public {
        vm.prank(vm.addr(4));
        network.unbond(1, 4, 400_000 ether);
        vm.warp(periodEnd - 1);
        _cast(4, 1, 1, 1);
        vm.assertEq(network.group(1).periodEnd, periodEnd - 1 + PERIOD / 8, "it leads");
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).head, head, "and is not applied");
    }

    function test_AllExtensionsTogetherAreHalfAPeriod() public {
        uint256 seq;
        uint256 most = periodEnd + PERIOD / 2;
        while (network.group(1).periodEnd < most) {
            uint256 end = network.group(1).periodEnd;
            vm.warp(end - 1);
            _cast(1, 1, ++seq % 2 == 0 ? 1 : 2, seq);
            vm.assertLe(network.group(1).periodEnd, most, "never more");
            vm.assertGt(network.group(1).periodEnd, end, "but more each time until then");
        }
        vm.assertEq(network.group(1).extended, PERIOD / 2, "half");
        vm.warp(most - 1);
        _cast(1, 1, ++seq % 2 == 0 ? 1 : 2, seq);
        vm.assertEq(network.group(1).periodEnd, most, "the last word is one");
        vm.warp(most);
        network.turn(1);
        vm.assertEq(network.group(1).periodEnd, most + PERIOD, "a whole period follows");
    }

    /// @dev The window of proposals is that of the period without its extensions.
    function test_ExtensionsDoNotOpenProposalsAgain() public {
        vm.warp(periodEnd - 1);
        _cast(4, 1, 1, 1);
        _tooLate(periodEnd - PERIOD / 4, ANN, "three");
    }

    function test_ExtensionsOfOneGroupAreItsOwn() public {
        vm.warp(periodEnd - 1);
        _cast(4, 1, 1, 1);
        vm.assertEq(network.group(2).periodEnd, periodEnd, "the other's");
    }
}

/// @dev A measure changes the period while it runs.
contract PeriodChangeTest is Periodic {
    function test_ALongerPeriodDoesNotShutTheRunningOneForProposals() public {
        _set(EXIT / 2);
        vm.warp(periodEnd - PERIOD / 4 - 1);
        vm.assertEq(_propose(ANN, "in time", 2 * _leastBond()), 1, "taken");
        vm.warp(periodEnd - PERIOD / 4);
        _tooLate(periodEnd - PERIOD / 4, ANN, "late");
    }

    function test_AShorterPeriodDoesNotOpenTheLastQuarter() public {
        _set(1);
        vm.warp(periodEnd - 1);
        _tooLate(periodEnd - PERIOD / 4, ANN, "in the last second");
    }

    /// @dev Whatever the bond has been when it was laid down: A is a quarter of it at most.
    function test_TheRewardIsNeverMoreThanAQuarterOfTheBond() public {
        _set(1);
        uint256 bond = network.leastBond(1);
        vm.assertEq(bond, MIN_DEPOSIT, "a second is worth little");
        uint256 delta = _propose(ANN, "cheap", bond);
        _enactBy(IMeasures.Kind.Period, abi.encode(1, 1, PERIOD), 1, 3);
        _cast(1, 1, delta, 1);
        vm.warp(periodEnd);
        network.turn(1);
        vm.assertEq(network.group(1).period, PERIOD, "the next period is long again");
        vm.assertEq(network.delta(1, delta).reward, bond / 4, "and the reward is not");
        vm.assertEq(network.delta(1, delta).standsAt, periodEnd + PERIOD, "it stands after a whole period");
    }

    function test_ABondLaidDownBeforeAdmissionEarnsNoMore() public {
        uint256 delta = _proposeBy(2, ANN, "early");
        vm.assertEq(network.delta(2, delta).bond, MIN_DEPOSIT, "outside the issue");
        _admit(2);
        _castOne(2, 1, 1, delta, 1);
        vm.warp(network.group(2).periodEnd);
        network.turn(2);
        vm.assertEq(network.delta(2, delta).reward, MIN_DEPOSIT / 4, "a quarter of what was at risk");
    }

    function test_TheBondIsThatOfThePeriodInWhichTheDeltaWillBeOnTrial() public {
        _set(EXIT / 2);
        vm.assertEq(network.leastBond(1), 2 * _leastBond(), "twice as long, twice the reward");
        _refuseProposal(
            abi.encodeWithSelector(IDataset.BondTooSmall.selector, 2 * _leastBond()), ANN, "one", _leastBond()
        );
        uint256 delta = _propose(ANN, "one", 2 * _leastBond());
        _choose(1, delta);
        vm.assertEq(network.delta(1, delta).reward, 2 * _authorReward(), "for a trial twice as long");
        vm.assertEq(network.delta(1, delta).standsAt, periodEnd + EXIT / 2, "which it has to pass");
    }

    /// @dev An eighth of the running period, not of the next.
    function test_ExtensionsAreThoseOfTheRunningPeriod() public {
        _propose(ANN, "one");
        _set(1 days);
        vm.warp(periodEnd - 1);
        _cast(1, 1, 1, 1);
        vm.assertEq(network.group(1).periodEnd, periodEnd - 1 + PERIOD / 8, "an eighth of seven days");
    }

    function _set(uint256 period) private {
        _enactBy(IMeasures.Kind.Period, abi.encode(1, network.group(1).periodNext, period), 1, 3);
    }
}
