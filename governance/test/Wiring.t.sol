// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "token/IEmission.sol";
import {IPurse} from "token/IPurse.sol";
import {IStake} from "token/IStake.sol";
import {Terms} from "token/Seats.sol";
import {IDataset, IDuties, IGroups, IMeasures, INetwork, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";
import {Places, Slots} from "governance-test/Slots.sol";

interface ITerms {
    function terms() external view returns (Terms memory);
}

/// @dev A council of which only the terms are real: it tells of every call that reaches it.
contract Echo {
    error Reached(bytes4 selector);

    Terms private told;

    constructor(Terms memory terms_) {
        told = terms_;
    }

    function terms() external view returns (Terms memory) {
        return told;
    }

    fallback() external {
        revert Reached(msg.sig);
    }
}

contract WiringTest is Play, Places {
    /// @dev Zeros for all arguments: what knows the function answers or says what is wrong with them.
    uint256 private constant ARGUMENTS = 1024;

    function test_AllFunctionsOfTheInterfaceAreTried() public pure {
        bytes4 all;
        bytes4[] memory selectors = _selectors();
        for (uint256 i; i < selectors.length; ++i) {
            all ^= selectors[i];
        }
        bytes4 declared = type(IStake).interfaceId ^ type(IGroups).interfaceId ^ type(IRounds).interfaceId;
        declared ^= type(IDuties).interfaceId ^ type(IDataset).interfaceId ^ type(IMeasures).interfaceId;
        declared ^= type(INetwork).interfaceId;
        vm.assertEq(bytes32(all), bytes32(declared), "none is forgotten, none is foreign");
    }

    function test_EachFunctionIsAnsweredByExactlyOneOfTheTwoContracts() public {
        address council = network.council();
        Echo echo = new Echo(ITerms(council).terms());
        address alone = _deploy("Network", abi.encode(echo));
        bytes4[] memory selectors = _selectors();
        uint256 passedOn;
        for (uint256 i; i < selectors.length; ++i) {
            bool passes = _passesOn(alone, selectors[i]);
            vm.assertEq(passes, _answers(council, selectors[i]), _name(selectors[i]));
            if (passes) ++passedOn;
        }
        vm.assertGt(passedOn, 0, "some are the council's");
        vm.assertGt(selectors.length - passedOn, 0, "some are the network's own");
    }

    function test_EachFunctionIsAnsweredAtTheNetworksAddress() public {
        bytes4[] memory selectors = _selectors();
        for (uint256 i; i < selectors.length; ++i) {
            vm.assertEq(_answers(address(network), selectors[i]), true, _name(selectors[i]));
        }
        vm.assertEq(_answers(address(network), 0xdeadbeef), false, "nothing else is");
    }

    function test_TheNetworksOwnCodeReadsWhereTheStateLies() public {
        uint256[14] memory places = new Slots(ITerms(network.council()).terms()).slots();
        _put(_at(7, places[0]), 41);
        vm.assertEq(network.positions(7), 41, "positions");
        _put(_at(uint160(ANN), _in(7, places[1])), 42);
        vm.assertEq(network.positionOf(7, ANN), 42, "keys");
        _put(bytes32(_in(5, _in(7, places[2])) + 2), uint160(BOB));
        vm.assertEq(network.position(7, 5).owner, BOB, "seats");
        _put(_at(1, _in(7, places[3])), 43 << 64);
        vm.assertEq(network.position(7, 5).earned, 43 gwei, "earned");
        _put(bytes32(_in(7, places[4]) + 3), 60 | 44 << 32 | 1 << 64);
        (uint256 round,,) = network.clock(7);
        vm.assertEq(round, (block.timestamp - START) / 105, "groups");
        _put(_at(6, _in(7, places[5])), 46);
        vm.assertEq(network.round(7, 6).checkpoint, bytes32(uint256(46)), "rounds");
        _put(_at(uint160(ANN), _in(6, _in(7, places[6]))), 47);
        vm.assertEq(network.claimOf(7, 6, ANN).name, bytes32(uint256(47)), "claims");
        _put(_at(0, _in(6, _in(7, places[7]))), 1 << 5);
        vm.assertEq(network.judgedBy(7, 6, 5), true, "presence");
        _put(_at(8, places[8]), 48);
        (uint256 group,) = network.fileOf(bytes32(uint256(8)));
        vm.assertEq(group, 48, "files");
    }

    function test_TheCouncilsCodeReadsWhereTheStateLies() public {
        uint256[14] memory places = new Slots(ITerms(network.council()).terms()).slots();
        _put(_at(7, places[4]), 49);
        _put(bytes32(_in(7, places[4]) + 3), 60 | 44 << 32 | 1 << 64);
        vm.assertEq(network.group(7).manifest, bytes32(uint256(49)), "groups");
        _put(bytes32(places[9]), 50);
        vm.assertEq(network.groups(), 50, "number of groups");
        _put(_at(6, _in(7, places[10])), 51);
        vm.assertEq(network.delta(7, 6).digest, bytes32(uint256(51)), "deltas");
        _put(_at(7, places[11]), 1);
        _put(keccak256(abi.encode(_at(7, places[11]))), 52);
        vm.assertEq(network.openDeltas(7)[0], 52, "open ones");
        _put(_at(0, _in(7, places[12])), 53);
        vm.assertEq(network.keepVotes(7), 53, "votes for keeping");
        _put(_at(8, places[13]), 1);
        vm.assertEq(network.enacted(bytes32(uint256(8))), true, "measures");
    }

    function test_TheCouncilReadsWhereTheNetworkWrites() public {
        _win(1, FIRST, ANN, "a");
        address own = network.council();
        bytes memory code = address(network).code;
        uint256 stake = network.stake(1).bonded;
        vm.etch(address(network), own.code);
        vm.assertEq(network.group(1).checkpoint, "a", "the winner's file");
        vm.assertEq(network.group(1).recent, FIRST, "the round that counted");
        vm.assertEq(network.group(1).opened, FIRST + 1, "the round opened last");
        vm.etch(address(network), code);
        _enactBy(IMeasures.Kind.Slash, abi.encode(1, 3, 1000), 1, 2);
        vm.assertEq(network.stake(1).bonded, stake - STAKE / 10, "what the council slashed is gone for the network");
    }

    function test_BothContractsHaveTheSameTerms() public view {
        address council = network.council();
        Terms memory terms = ITerms(council).terms();
        vm.assertEq(terms.neuron, network.neuron(), "neuron");
        vm.assertEq(terms.emission, network.emission(), "emission");
        vm.assertEq(terms.purse, network.purse(), "purse");
        vm.assertEq(terms.epochLength, network.epochLength(), "epoch");
        vm.assertEq(terms.exitTime, network.exitTime(), "exit");
        vm.assertEq(terms.maturity, network.maturity(), "maturity");
        vm.assertEq(terms.minDeposit, network.minDeposit(), "least deposit");
        vm.assertEq(terms.genesis, network.genesis(), "genesis");
        Terms memory passed = ITerms(address(network)).terms();
        vm.assertEq(keccak256(abi.encode(passed)), keccak256(abi.encode(terms)), "told at the network's address too");
    }

    function test_TheTermsAreTheDeployersAndTheGenesisIsTheCouncils() public {
        vm.assertEq(network.neuron(), address(neuron), "neuron");
        vm.assertEq(network.emission(), address(emission), "emission");
        vm.assertEq(network.purse(), address(purse), "purse");
        vm.assertEq(network.genesis(), START, "genesis");
        vm.assertEq(emission.network(), address(network), "Emission issues for the network");
        vm.assertEq(purse.network(), address(network), "the purse serves it");
        address council = network.council();
        vm.warp(START + 5 days);
        vm.assertEq(INetwork(_deploy("Network", abi.encode(council))).genesis(), START, "not that of a later network");
    }

    function test_NothingDoneAtTheCouncilsOwnAddressReachesTheNetwork() public {
        INetwork council = INetwork(network.council());
        council.create(_birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL));
        vm.assertEq(council.groups(), 1, "a group of its own");
        vm.assertEq(network.groups(), 2, "the network has its two");
        vm.prank(ANN);
        neuron.approve(address(council), type(uint256).max);
        vm.prank(ANN);
        council.propose(1, "d", MIN_DEPOSIT);
        vm.warp(council.group(1).periodEnd);
        council.turn(1);
        vm.assertEq(network.group(1).periodNumber, 1, "the network's period runs on");
        council.refund(1, 1);
        vm.assertEq(neuron.balanceOf(ANN), 1_000_000 ether, "her bond is back");
        vm.assertEq(neuron.balanceOf(address(council)), 0, "nothing is held there");
    }

    function test_RevertIf_TheCouncilIssuesOrSpends() public {
        vm.startPrank(network.council());
        vm.expectRevert(IEmission.NotNetwork.selector);
        emission.issue(ANN, 1);
        vm.expectRevert(IPurse.NotNetwork.selector);
        purse.payBack(ANN, 1);
    }

    function test_RevertIf_TheCouncilAdmitsAGroupOfItsOwn() public {
        INetwork council = INetwork(network.council());
        council.create(_birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL));
        vm.expectRevert(IMeasures.NoMajority.selector);
        council.enact(IMeasures.Kind.Admit, abi.encode(1), 1, FOREVER, new IMeasures.Assent[](0));
    }

    function test_RevertIf_AFunctionIsUnknownOrCoinsAreSent() public {
        (bool done, bytes memory answer) = address(network).call(hex"deadbeef");
        vm.assertEq(done, false, "unknown");
        vm.assertEq(answer.length, 0, "without a word");
        (done,) = address(network).call("");
        vm.assertEq(done, false, "empty");
        vm.deal(address(this), 1);
        (done,) = address(network).call{value: 1}("");
        vm.assertEq(done, false, "coins");
        (done,) = address(network).call{value: 1}(abi.encodeCall(IGroups.groups, ()));
        vm.assertEq(done, false, "coins with a call to the council");
    }

    function test_WhatTheCouncilRefusesIsToldWordForWord() public {
        vm.expectRevert(IGroups.NoSuchGroup.selector);
        network.turn(9);
        vm.expectRevert(IDataset.NoSuchDelta.selector);
        network.refund(1, 9);
    }

    function _put(bytes32 slot, uint256 value) private {
        vm.store(address(network), slot, bytes32(value));
    }

    /// @dev Whether the network hands the call to its council.
    function _passesOn(address alone, bytes4 selector) private returns (bool) {
        (, bytes memory answer) = alone.call(bytes.concat(selector, new bytes(ARGUMENTS)));
        return keccak256(answer) == keccak256(abi.encodeWithSelector(Echo.Reached.selector, selector));
    }

    /// @dev A contract without the function reverts without a word.
    function _answers(address where, bytes4 selector) private returns (bool) {
        uint256 before = vm.snapshotState();
        (bool done, bytes memory answer) = where.call(bytes.concat(selector, new bytes(ARGUMENTS)));
        vm.revertToState(before);
        return done || answer.length != 0;
    }

    function _name(bytes4 selector) private pure returns (string memory) {
        return vm.toString(uint32(selector));
    }

    function _selectors() private pure returns (bytes4[] memory list) {
        list = new bytes4[](55);
        uint256 length = _ofStake(list);
        length = _ofGroupsAndRounds(list, length);
        length = _ofTheRest(list, length);
        vm.assertEq(length, list.length, "as many as there is room for");
    }

    function _ofStake(bytes4[] memory list) private pure returns (uint256) {
        bytes4[25] memory own = [
            IStake.epochLength.selector,
            IStake.exitTime.selector,
            IStake.maturity.selector,
            IStake.genesis.selector,
            IStake.minDeposit.selector,
            IStake.neuron.selector,
            IStake.emission.selector,
            IStake.purse.selector,
            IStake.epoch.selector,
            IStake.bond.selector,
            IStake.bondWithPermit.selector,
            IStake.compound.selector,
            IStake.wake.selector,
            IStake.rest.selector,
            IStake.rotate.selector,
            IStake.unbond.selector,
            IStake.withdraw.selector,
            IStake.position.selector,
            IStake.positions.selector,
            IStake.positionOf.selector,
            IStake.stake.selector,
            IStake.admittedAwake.selector,
            IStake.allBonded.selector,
            INetwork.council.selector,
            INetwork.DOMAIN_SEPARATOR.selector
        ];
        for (uint256 i; i < own.length; ++i) {
            list[i] = own[i];
        }
        return own.length;
    }

    function _ofGroupsAndRounds(bytes4[] memory list, uint256 length) private pure returns (uint256) {
        bytes4[17] memory own = [
            IGroups.create.selector,
            IGroups.fork.selector,
            IGroups.move.selector,
            IGroups.group.selector,
            IGroups.groups.selector,
            IRounds.clock.selector,
            IRounds.commit.selector,
            IRounds.reveal.selector,
            IRounds.concede.selector,
            IRounds.judge.selector,
            IRounds.attend.selector,
            IRounds.settle.selector,
            IRounds.collect.selector,
            IRounds.round.selector,
            IRounds.decision.selector,
            IRounds.claimOf.selector,
            IRounds.judgedBy.selector
        ];
        for (uint256 i; i < own.length; ++i) {
            list[length++] = own[i];
        }
        return length;
    }

    function _ofTheRest(bytes4[] memory list, uint256 length) private pure returns (uint256) {
        bytes4[13] memory own = [
            IRounds.fileOf.selector,
            IDuties.doze.selector,
            IDuties.slashDouble.selector,
            IDataset.propose.selector,
            IDataset.cast.selector,
            IDataset.turn.selector,
            IDataset.refund.selector,
            IDataset.leastBond.selector,
            IDataset.delta.selector,
            IDataset.keepVotes.selector,
            IDataset.openDeltas.selector,
            IMeasures.enact.selector,
            IMeasures.enacted.selector
        ];
        for (uint256 i; i < own.length; ++i) {
            list[length++] = own[i];
        }
        return length;
    }
}
