// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @title Threats to the issue, the deposits and the purse; and that nothing stops the next round.
contract ThreatsIssueTest is Play {
    uint256 private constant ERA = 126_230_400;
    uint256 private constant PARTS = 65_536;

    function test_RevertIf_TheLeastDepositIsNothing() public {
        vm.expectRevert();
        this.deploy(0);
        this.deploy(1);
    }

    function test_NoDepositAndNoBondIsZeroAtBootstrap() public {
        neuron.burn(neuron.balanceOf(address(this)));
        _commit(2, FIRST, ANN, "a");
        vm.assertEq(network.round(2, FIRST).deposit, MIN_DEPOSIT, "a group outside the issue");
        vm.assertEq(network.leastBond(2), MIN_DEPOSIT, "its bond");
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.prank(vm.addr(key));
            network.rest(1, key);
        }
        vm.warp(_start(FIRST + 24));
        _commit(1, FIRST + 24, ANN, "a");
        vm.assertEq(network.round(1, FIRST + 24).reward, 0, "nobody is awake");
        vm.assertEq(network.round(1, FIRST + 24).deposit, MIN_DEPOSIT, "the least deposit all the same");
        vm.assertEq(network.leastBond(1), MIN_DEPOSIT, "the least bond");
    }

    function test_TheFirstStakerCannotAdmitHimself() public {
        network = _network(MATURITY, MIN_DEPOSIT);
        _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        _join(1, 1, SUPPLY / 10 - 1 gwei);
        vm.warp(_start(FIRST) + EPOCH);
        (uint256 all,) = network.allBonded();
        vm.assertEq(network.stake(1).bonded, all, "all stake is his");
        vm.assertEq(_enactBy(IMeasures.Kind.Admit, _named(1), 1, 1), false, "less than a tenth of the supply");
        vm.assertEq(network.group(1).admitted, false, "not admitted");
    }

    function test_ATenthOfTheSupplyIsTheLeastThatAdmits() public {
        network = _network(MATURITY, MIN_DEPOSIT);
        _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        _join(1, 1, SUPPLY / 10);
        vm.warp(_start(FIRST) + EPOCH);
        vm.assertEq(_enactBy(IMeasures.Kind.Admit, _named(1), 1, 1), true, "done");
        vm.assertEq(network.group(1).admitted, true, "admitted");
    }

    function test_AHundredPrivateGroupsIssueNothing() public {
        uint256 supply = neuron.totalSupply();
        for (uint256 i = 1; i <= 100; ++i) {
            _join(_create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL), 1, 100 ether);
        }
        vm.assertEq(network.admittedAwake(), VALIDATORS * STAKE, "they draw on nothing");
        uint256 round = FIRST + 24;
        for (uint256 group = 3; group <= 102; ++group) {
            bytes32 claim = _enter(group, round, BOB, bytes32(group));
            vm.warp(_judgeStart(round));
            network.judge(group, round, claim, _verdicts(group, round, claim, 1, 1));
        }
        vm.warp(_start(round + 1) + MATURITY);
        for (uint256 group = 3; group <= 102; ++group) {
            vm.assertEq(_collect(group, round, BOB), 0, "issued");
            vm.assertEq(network.position(group, 1).earned, 0, "earned");
        }
        vm.assertEq(neuron.totalSupply(), supply, "supply");
    }

    function test_AHundredPrivateGroupsTakeNothingFromTheOthers() public {
        for (uint256 i = 1; i <= 100; ++i) {
            _join(_create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL), 1, 100_000 ether);
        }
        vm.warp(_start(FIRST + 24));
        _commit(1, FIRST + 24, ANN, "a");
        vm.assertEq(network.round(1, FIRST + 24).reward, _reward(), "R of the one that is admitted");
    }

    function test_SeveralAdmittedGroupsIssueNoMoreThanOne() public {
        _admit(2);
        _commit(1, FIRST, ANN, "a");
        _commit(2, FIRST, ANN, "b");
        uint256 sum = network.round(1, FIRST).reward + network.round(2, FIRST).reward;
        vm.assertLe(sum, _reward(), "together");
        vm.assertLe(_reward() - sum, 2, "but for a wei each");
    }

    function test_AFewAwakeTokensDoNotDrawTheWholeStream() public {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.prank(vm.addr(key));
            network.unbond(1, key, STAKE - STAKE / 100);
        }
        vm.warp(_start(FIRST + 24));
        _commit(1, FIRST + 24, ANN, "a");
        uint256 awake = VALIDATORS * STAKE / 100;
        vm.assertEq(network.stake(1).awake, awake, "awake");
        vm.assertEq(network.round(1, FIRST + 24).reward, _reward() * awake / (SUPPLY / 10), "of a tenth of the supply");
    }

    function test_ShortRoundsIssueNoFaster() public {
        _create(40, 10, 10);
        _join(3, 1, STAKE);
        vm.warp(_start(FIRST + 24));
        _admit(3);
        _commit(1, FIRST + 24, ANN, "a");
        uint256 hour = network.round(1, FIRST + 24).reward;
        uint256 first = (FIRST + 24) * 60;
        uint256 sum;
        for (uint256 i; i < 60; ++i) {
            vm.warp(_start(FIRST + 24) + 60 * i);
            vm.prank(BOB);
            network.commit(3, first + i, "seal", type(uint256).max);
            sum += network.round(3, first + i).reward;
        }
        vm.assertEq(hour, _reward() * 3 / 4, "an hour of three quarters of the stake");
        vm.assertLe(sum, _reward() / 4, "sixty minutes of one quarter");
        vm.assertLe(_reward() / 4 - sum, 60, "but for a wei each");
    }

    function test_ARewardHalvesAtTheEdgeOfAnEra() public {
        uint256 group = _create(3598, 1, 1);
        _join(group, 1, STAKE);
        vm.warp(_start(FIRST + 24));
        _admit(group);
        uint256 whole = _reward() / 4;
        int256[5] memory offsets = [int256(-15), -3, 0, 1, 15];
        for (uint256 i; i < offsets.length; ++i) {
            uint256 before = vm.snapshotState();
            vm.warp(uint256(int256(DEADLINE + ERA) + offsets[i]));
            (uint256 round,,) = network.phase(group);
            _commit(group, round, ANN, "a");
            vm.assertEq(network.round(group, round).reward, whole >> (offsets[i] < 0 ? 0 : 1), "R");
            vm.revertToState(before);
        }
    }

    function test_AfterTheLastEraNothingIsIssued() public {
        vm.warp(DEADLINE + 64 * ERA);
        (uint256 round,,) = network.phase(1);
        _win(1, round, ANN, "a");
        vm.assertEq(network.round(1, round).reward, 0, "R");
        vm.assertEq(network.round(1, round).paid, 0, "V");
        vm.assertEq(neuron.totalSupply(), SUPPLY, "supply");
    }

    function test_WhateverIsAskedTheScheduleCutsIt() public {
        _win(1, FIRST, ANN, "a");
        vm.warp(_start(FIRST + 1) + MATURITY);
        vm.prank(address(network));
        emission.issue(address(this), type(uint128).max);
        uint256 supply = neuron.totalSupply();
        vm.assertEq(_collect(1, FIRST, ANN), 0, "nothing is left in this second");
        vm.assertEq(neuron.totalSupply(), supply, "supply");
    }

    function test_ARoundOpenedOutsideTheIssueStaysOutside() public {
        _commit(2, FIRST, ANN, "a");
        _admit(2);
        vm.warp(_revealStart(FIRST));
        _reveal(2, ANN, "a", BASE, LOSS);
        vm.warp(_judgeStart(FIRST));
        bytes32 claim = _claim("a", BASE, LOSS);
        network.judge(2, FIRST, claim, _verdicts(2, FIRST, claim, 1, 3));
        vm.warp(_start(FIRST + 1) + MATURITY);
        vm.assertEq(_collect(2, FIRST, ANN), 0, "issued");
        vm.assertEq(neuron.totalSupply(), SUPPLY, "supply");
    }

    /// @dev A transaction of its own would have no base fee.
    /// forge-config: default.isolate = false
    function test_DrainingThePurseTakesForEver() public {
        vm.fee(1 ether);
        vm.txGasPrice(2 ether);
        uint256 started = address(purse).balance;
        for (uint256 i; i < 48; ++i) {
            uint256 held = address(purse).balance;
            bytes32 claim = _enter(1, FIRST + i, ANN, bytes32(i + 1));
            vm.warp(_judgeStart(FIRST + i));
            _tryJudge(FIRST + i, claim);
            vm.assertEq(address(purse).balance, held - held / PARTS, "a small part");
            _tryJudge(FIRST + i, claim);
            vm.assertEq(address(purse).balance, held - held / PARTS, "once a round");
        }
        vm.assertGt(address(purse).balance, started * 999 / 1000, "two days of the highest price");
    }

    function test_APrivateGroupGetsNothingOutOfThePurse() public {
        uint256 held = address(purse).balance;
        _win(2, FIRST, ANN, "a");
        _proposeBy(2, ANN, "d");
        vm.warp(network.group(2).periodEnd);
        network.turn(2);
        vm.assertEq(address(purse).balance, held, "held");
    }

    function test_NothingStopsTheNextRound() public {
        function()[8] memory deeds =
            [_void, _lost, _empty, _concededByAllButOne, _struckWhileJudged, _revoked, _overdue, _emptyPurse];
        for (uint256 i; i < deeds.length; ++i) {
            uint256 before = vm.snapshotState();
            deeds[i]();
            (uint256 round,,) = network.phase(1);
            _win(1, round + 1, BOB, "goes on");
            vm.assertEq(network.round(1, round + 1).winner, BOB, "won");
            vm.assertEq(network.group(1).checkpoint, "goes on", "and is the checkpoint");
            vm.revertToState(before);
        }
    }

    function deploy(uint256 minDeposit) external {
        _network(MATURITY, minDeposit);
    }

    function _tryJudge(uint256 round, bytes32 claim) private {
        bytes memory call = abi.encodeCall(IRounds.judge, (1, round, claim, _verdicts(1, round, claim, 1, 3)));
        vm.prank(CEM);
        (bool done,) = address(network).call(call);
        if (!done) vm.assertEq(network.round(1, round).winner, ANN, "decided before");
    }

    function _void() private {
        _enter(1, FIRST, ANN, "a");
    }

    function _lost() private {
        _enter(1, FIRST, ANN, "a");
        vm.warp(_judgeStart(FIRST));
        network.judge(1, FIRST, 0, _verdicts(1, FIRST, 0, 1, 3));
    }

    function _empty() private {
        _commit(1, FIRST, ANN, "a");
    }

    function _concededByAllButOne() private {
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, BOB, "b", ANN);
    }

    function _struckWhileJudged() private {
        _win(1, FIRST, ANN, "a");
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST, _claim("a", BASE, LOSS), 1));
    }

    function _revoked() private {
        _win(1, FIRST, ANN, "a");
        _enact(IMeasures.Kind.Revoke, _named(1));
    }

    function _overdue() private {
        _proposeBy(1, ANN, "d");
        vm.warp(_start(FIRST) + 10 * PERIOD);
    }

    function _emptyPurse() private {
        vm.deal(address(purse), 0);
    }
}
