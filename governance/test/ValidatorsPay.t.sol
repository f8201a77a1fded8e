// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {Terms} from "token/Seats.sol";
import {IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";
import {Places, Slots} from "governance-test/Slots.sol";

/// @dev A fourth validator with half a stake, so that three of four decide. Ann has revealed in `round`; JUDGE begins.
contract ValidatorsPayTest is Play, Places {
    uint256 private constant MOST_GWEIS = 2 ** 56 - 1;
    bytes32 private claim;
    uint256 private round;

    function setUp() public override {
        super.setUp();
        _join(1, 4, STAKE / 2);
        round = FIRST + 24;
        claim = _enter(1, round, ANN, "e");
        vm.warp(_judgeStart(round));
    }

    function test_ALateVerdictEarnsAsMuchAsAnEarlyOne() public {
        uint256 pay = network.round(1, round).reward / 5;
        _judge(1, 3);
        vm.warp(_start(round + 1) - 1);
        _judge(4, 4);
        uint256 awake = VALIDATORS * STAKE + STAKE / 2;
        uint256 share = _share(pay, STAKE, awake);
        for (uint256 key = 1; key <= 3; ++key) {
            _checkPay(key, STAKE, share);
        }
        _checkPay(4, STAKE / 2, _share(pay, STAKE / 2, awake));
        vm.assertEq(network.round(1, round).paid, 3 * share + _share(pay, STAKE / 2, awake), "all of V, in whole gweis");
        vm.assertLe(pay - network.round(1, round).paid, 4 gwei, "but for the fractions");
    }

    function test_CompoundedPayCountsAsStakeFromTheNextEpoch() public {
        _judge(1, 4);
        uint256 awake = network.stake(1).awake;
        vm.assertEq(awake, VALIDATORS * STAKE + STAKE / 2, "now");
        vm.warp(_start(round + 24) - 1);
        _compoundAll();
        vm.assertEq(network.stake(1).awake, awake, "still");
        vm.warp(_start(round + 24));
        vm.assertEq(network.stake(1).awake, awake + network.round(1, round).paid, "then");
    }

    function test_WhoRestsIsNotCounted() public {
        vm.warp(_start(round));
        vm.prank(vm.addr(4));
        network.rest(1, 4);
        round += 24;
        claim = _enter(1, round, ANN, "f");
        vm.warp(_judgeStart(round));
        _judge(1, 4);
        vm.assertEq(network.judgedBy(1, round, 3), true, "awake");
        vm.assertEq(network.judgedBy(1, round, 4), false, "asleep");
    }

    function test_WhatTheScheduleDoesNotAllowIsCutVerdictByVerdict() public {
        _judge(1, 4);
        uint256 asked = network.position(1, 1).earned;
        _exhaust();
        vm.warp(block.timestamp + 60);
        uint256 available = emission.allowance() / 1 gwei * 1 gwei;
        vm.assertGt(asked, available, "less than one of them has earned");
        uint256 supply = neuron.totalSupply();
        vm.expectEmit();
        emit IRounds.PayCut(1, round, 1, asked, available);
        vm.expectEmit();
        emit IRounds.PayCut(1, round, 2, asked, 0);
        vm.expectEmit();
        emit IRounds.PayCut(1, round, 3, asked, 0);
        vm.prank(vm.addr(1));
        network.compound(1, 1);
        vm.assertEq(neuron.totalSupply() - supply, available, "issued is what was given");
        vm.assertEq(network.position(1, 1).next, STAKE + available, "to the first");
        vm.assertEq(network.position(1, 2).earned, 0, "none is left");
        vm.assertEq(_sum(3), available, "the books are right");
    }

    function test_WhatIsNotedWhileTheScheduleIsEmptyIsLostAndWhatIsNotedLaterIsNot() public {
        _judge(1, 4);
        uint256 share = network.position(1, 1).earned;
        uint256 before = vm.snapshotState();
        _exhaust();
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        vm.assertEq(_sum(3), 0, "nothing was left in this second for those of one word");
        vm.assertEq(network.position(1, 4).earned, share / 2 / 1 gwei * 1 gwei, "the other word is not noted yet");
        vm.assertEq(network.round(1, round).judged, VALIDATORS * STAKE + STAKE / 2, "but all are counted");
        vm.revertToState(before);
        _exhaust();
        vm.warp(_start(round + 2));
        vm.prank(vm.addr(1));
        network.rest(1, 1);
        vm.assertEq(network.position(1, 1).next, STAKE + share, "the schedule has grown since");
    }

    function test_ALateVerdictIsCutToTheScheduleToo() public {
        _judge(1, 2);
        _judge(4, 4);
        vm.prank(vm.addr(1));
        network.compound(1, 1);
        _exhaust();
        uint256 share = _share(network.round(1, round).reward / 5, STAKE, VALIDATORS * STAKE + STAKE / 2);
        vm.expectEmit();
        emit IRounds.PayCut(1, round, 3, share, 0);
        _judge(3, 3);
        vm.assertEq(network.position(1, 3).earned, 0, "nothing");
        vm.assertEq(network.judgedBy(1, round, 3), true, "but present");
    }

    function test_ALostRoundIsNotCut() public {
        _exhaust();
        uint256 pay = network.round(1, round).reward / 5;
        network.judge(1, round, 0, _verdicts(1, round, 0, 1, 4));
        _checkPay(1, STAKE, _share(pay, STAKE, VALIDATORS * STAKE + STAKE / 2));
        _compoundAll();
        vm.assertEq(network.position(1, 1).next, STAKE + _share(pay, STAKE, VALIDATORS * STAKE + STAKE / 2), "stake");
    }

    function test_PayThatOutgrowsItsPartOfTheWordBecomesStake() public {
        uint256 share = _share(network.round(1, round).reward / 5, STAKE, VALIDATORS * STAKE + STAKE / 2);
        _writeEarned(2, MOST_GWEIS - share / 1 gwei + 1);
        uint256 earned = network.position(1, 2).earned;
        _judge(1, 4);
        uint256 whole = MOST_GWEIS * 1 gwei + 1 gwei;
        vm.assertEq(network.position(1, 2).earned, whole, "told before it is noted");
        vm.assertEq(earned + share, whole, "one gwei too many");
        _roll();
        vm.expectEmit();
        emit IStake.Compounded(1, 2, whole);
        _judge(1, 3);
        vm.assertEq(network.position(1, 2).next, STAKE + whole, "all of it is stake");
        vm.assertEq(network.position(1, 1).next, STAKE, "not that of others");
        vm.assertEq(network.position(1, 1).earned > share, true, "whose pay goes on in the word");
        vm.assertEq(network.stake(1).bondedNext, VALIDATORS * STAKE + STAKE / 2 + whole, "and the sums know it");
    }

    function test_PayThatFitsItsPartOfTheWordToTheLastGweiStaysThere() public {
        uint256 share = _share(network.round(1, round).reward / 5, STAKE, VALIDATORS * STAKE + STAKE / 2);
        _writeEarned(2, MOST_GWEIS - share / 1 gwei);
        _judge(1, 4);
        vm.prank(vm.addr(1));
        network.compound(1, 1);
        vm.assertEq(network.position(1, 2).earned, MOST_GWEIS * 1 gwei, "full");
        vm.assertEq(network.position(1, 2).next, STAKE, "not stake yet");
        vm.assertEq(network.position(1, 3).earned, share, "its neighbour in the word is as it was");
        vm.prank(vm.addr(2));
        network.compound(1, 2);
        vm.assertEq(network.position(1, 2).next, STAKE + MOST_GWEIS * 1 gwei, "stake");
        vm.assertEq(network.position(1, 3).earned, share, "still");
    }

    function _judge(uint256 first, uint256 last) private {
        network.judge(1, round, claim, _verdicts(1, round, claim, first, last));
    }

    /// @dev To the JUDGE of the next round, with a claim.
    function _roll() private {
        round += 1;
        claim = _enter(1, round, ANN, bytes32(round));
        vm.warp(_judgeStart(round));
    }

    function _exhaust() private {
        vm.prank(address(network));
        emission.issue(address(this), type(uint128).max);
    }

    function _compoundAll() private {
        for (uint256 key = 1; key <= 4; ++key) {
            vm.prank(vm.addr(key));
            network.compound(1, key);
        }
    }

    /// @dev What the first `keys` own beyond what they bonded.
    function _sum(uint256 keys) private view returns (uint256 sum) {
        for (uint256 key = 1; key <= keys; ++key) {
            sum += _owns(1, key) - STAKE;
        }
    }

    /// @dev Writes what position `number` of group 1 has earned, and gives the network that much.
    function _writeEarned(uint256 number, uint256 gweis) private {
        uint256[14] memory places = new Slots(Terms(address(1), address(1), address(1), 1, 1, 1, 1, 1)).slots();
        bytes32 slot = _at(number >> 2, _in(1, places[3]));
        uint256 word = uint256(vm.load(address(network), slot));
        vm.store(address(network), slot, bytes32(word | gweis << (number & 3) * 56));
        vm.assertEq(network.position(1, number).earned, gweis * 1 gwei, "written");
    }

    function _checkPay(uint256 key, uint256 stake, uint256 pay) private view {
        IStake.Position memory position = network.position(1, key);
        vm.assertEq(position.next, stake, "not stake yet");
        vm.assertEq(position.earned, pay, "its share");
    }
}
