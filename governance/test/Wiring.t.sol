// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IEmission} from "token/IEmission.sol";
import {IPurse} from "token/IPurse.sol";
import {IStake} from "token/IStake.sol";
import {Terms} from "token/Seats.sol";
import {IBounties} from "governance/IBounties.sol";
import {IDataset, IDuties, IGroups, IMeasures, INetwork, IRounds} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";
import {Places, Slots} from "governance-test/Slots.sol";

interface ITerms {
    function terms() external view returns (Terms memory);
}

interface ICouncil {
    function registry() external view returns (address);
}

/// @dev A module of which only the terms are real: it tells of every call that reaches it.
contract Echo {
    error Reached(address module, bytes4 selector);

    Terms private told;
    address private immutable _self = address(this);
    address public immutable registry;

    constructor(Terms memory terms_, address registry_) {
        (told, registry) = (terms_, registry_);
    }

    function terms() external view returns (Terms memory) {
        return told;
    }

    fallback() external {
        revert Reached(_self, msg.sig);
    }
}

contract WiringTest is Play, Places {
    /// @dev Zeros for all arguments: what knows the function answers or says what is wrong with them.
    uint256 private constant ARGUMENTS = 1024;
    address private registry;
    address private council;
    address private bountiesCode;

    function setUp() public override {
        super.setUp();
        (registry, council, bountiesCode) = network.modules();
    }

    function test_AllFunctionsOfTheInterfaceAreTried() public pure {
        bytes4 all;
        bytes4[] memory selectors = _selectors();
        for (uint256 i; i < selectors.length; ++i) {
            all ^= selectors[i];
        }
        bytes4 declared = type(IStake).interfaceId ^ type(IGroups).interfaceId ^ type(IRounds).interfaceId;
        declared ^= type(IDuties).interfaceId ^ type(IDataset).interfaceId ^ type(IMeasures).interfaceId;
        declared ^= type(IBounties).interfaceId ^ type(INetwork).interfaceId;
        vm.assertEq(bytes32(all), bytes32(declared), "none is forgotten, none is foreign");
    }

    function test_EachFunctionIsTheNetworksOwnOrThatOfExactlyOneModule() public {
        (address alone, address[3] memory echoes) = _echoing();
        address[3] memory modules = [registry, council, bountiesCode];
        bytes4[] memory selectors = _selectors();
        uint256[4] memory counts;
        for (uint256 i; i < selectors.length; ++i) {
            bytes4 selector = selectors[i];
            uint256 reached = 3;
            for (uint256 k; k < 3; ++k) {
                if (_reaches(alone, echoes[k], selector)) reached = k;
            }
            ++counts[reached];
            for (uint256 k; k < 3 && reached < 3; ++k) {
                vm.assertEq(k == reached, _answers(modules[k], selector), _name(selector));
            }
        }
        vm.assertEq(counts[3], 22, "the network's own: rounds, and what says who it is");
        vm.assertEq(counts[0], 34, "the registry's");
        vm.assertEq(counts[1], 11, "the council's");
        vm.assertEq(counts[2], 12, "the bounties'");
    }

    function test_EveryFunctionAnswersAtTheAddressOfTheNetwork() public {
        bytes4[] memory selectors = _selectors();
        for (uint256 i; i < selectors.length; ++i) {
            vm.assertEq(_answers(address(network), selectors[i]), true, _name(selectors[i]));
        }
        vm.assertEq(_answers(address(network), 0xdeadbeef), false, "nothing else is");
        vm.assertEq(_answers(address(network), ITerms.terms.selector), false, "nor what only modules tell");
        vm.assertEq(_answers(address(network), ICouncil.registry.selector), false, "each other");
    }

    function test_TheNetworksOwnCodeReadsWhereTheStateLies() public {
        uint256[14] memory places = _places();
        _put(bytes32(_in(7, places[4]) + 4), 60 | 44 << 32 | 1 << 64);
        (uint256 round,,) = network.phase(7);
        vm.assertEq(round, (block.timestamp - START) / 105, "groups");
        _put(_at(6, _in(7, places[5])), 46);
        vm.assertEq(network.round(7, 6).checkpoint, bytes32(uint256(46)), "rounds");
        _put(_at(uint160(ANN), _in(6, _in(7, places[6]))), 47);
        vm.assertEq(network.claimOf(7, 6, ANN).name, bytes32(uint256(47)), "claims");
        _put(_at(0, _in(1, _in(6, _in(7, places[7])))), 1 << 5);
        vm.assertEq(network.judgedBy(7, 6, 5), true, "presence");
        _put(_at(7, _in(8, places[8])), 1);
        vm.assertEq(network.hasWon(7, bytes32(uint256(8))), true, "files");
    }

    function test_TheRegistrysCodeReadsWhereTheStateLies() public {
        uint256[14] memory places = _places();
        _put(_at(7, places[0]), 41);
        vm.assertEq(network.positions(7), 41, "positions");
        _put(_at(uint160(ANN), _in(7, places[1])), 42);
        vm.assertEq(network.positionOf(7, ANN), 42, "keys");
        _put(bytes32(_in(5, _in(7, places[2])) + 2), uint160(BOB));
        vm.assertEq(network.position(7, 5).owner, BOB, "seats");
        _put(_at(1, _in(7, places[3])), 43 << 56);
        vm.assertEq(network.position(7, 5).earned, 43 gwei, "earned");
        _put(_at(7, places[4]), 49);
        _put(bytes32(_in(7, places[4]) + 4), 60 | 44 << 32 | 1 << 64);
        vm.assertEq(network.group(7).manifest, bytes32(uint256(49)), "groups");
        _put(bytes32(places[9]), 50);
        vm.assertEq(network.groups(), 50, "number of groups");
    }

    function test_TheCouncilsCodeReadsWhereTheStateLies() public {
        uint256[14] memory places = _places();
        _put(bytes32(_in(7, places[4]) + 4), 60 | 44 << 32 | 1 << 64);
        _put(_at(6, _in(7, places[10])), 51);
        vm.assertEq(network.delta(7, 6).digest, bytes32(uint256(51)), "deltas");
        _put(_at(7, places[11]), 1);
        _put(keccak256(abi.encode(_at(7, places[11]))), 52);
        vm.assertEq(network.openDeltas(7)[0], 52, "open ones");
        _put(_at(0, _in(7, places[12])), 53);
        vm.assertEq(network.keepVotes(7), 53, "votes for keeping");
        _put(_at(8, places[13]), 54 | 55 << 64 | 56 << 88 | 1 << 112);
        IMeasures.Measure memory measure = network.measure(bytes32(uint256(8)));
        vm.assertEq(measure.weight, 54 gwei, "weight of measures");
        vm.assertEq(measure.epoch, 55, "their epochs");
        vm.assertEq(measure.ripeAt, 56, "their notices");
        vm.assertEq(measure.enacted, true, "whether they were enacted");
    }

    function test_AllThreeHaveOneLayout() public {
        _win(1, FIRST, ANN, "a");
        bytes memory code = address(network).code;
        uint256 stake = network.stake(1).bonded;
        vm.etch(address(network), registry.code);
        vm.assertEq(network.group(1).checkpoint, "a", "the winner's file");
        vm.assertEq(network.group(1).newest, FIRST, "the round that counted");
        vm.assertEq(network.group(1).opened, FIRST + 1, "the round opened last");
        vm.assertEq(network.position(1, 3).earned, _share(_reward() / 5, 1, 3), "what the verdicts earned");
        vm.etch(address(network), code);
        _slashBy(1, 3, 1000, 1, 2);
        vm.assertEq(network.stake(1).bonded, stake - STAKE / 10, "what the council slashed is gone for the registry");
        bytes32 claim = _enter(1, FIRST + 48, ANN, "b");
        vm.assertEq(network.round(1, FIRST + 48).awake, stake - STAKE / 10, "and for rounds");
        vm.warp(_judgeStart(FIRST + 48));
        network.judge(1, FIRST + 48, claim, _verdicts(1, FIRST + 48, claim, 1, 3));
        vm.assertEq(network.round(1, FIRST + 48).judged, stake - STAKE / 10, "and for verdicts");
    }

    function test_AllPiecesHaveTheSameTerms() public view {
        Terms memory terms = ITerms(registry).terms();
        vm.assertEq(ICouncil(council).registry(), registry, "the council was made for this registry");
        vm.assertEq(terms.neuron, network.neuron(), "neuron");
        vm.assertEq(terms.emission, network.emission(), "emission");
        vm.assertEq(terms.purse, network.purse(), "purse");
        vm.assertEq(terms.epochLength, network.epochLength(), "epoch");
        vm.assertEq(terms.exitTime, network.exitTime(), "exit");
        vm.assertEq(terms.maturity, network.maturity(), "maturity");
        vm.assertEq(terms.minDeposit, network.minDeposit(), "least deposit");
        vm.assertEq(terms.genesis, network.genesis(), "genesis");
    }

    function test_TheTermsAreTheDeployersAndTheGenesisIsTheRegistrys() public {
        vm.assertEq(network.neuron(), address(neuron), "neuron");
        vm.assertEq(network.emission(), address(emission), "emission");
        vm.assertEq(network.purse(), address(purse), "purse");
        vm.assertEq(network.epochLength(), EPOCH, "epoch");
        vm.assertEq(network.exitTime(), EXIT, "exit");
        vm.assertEq(network.maturity(), MATURITY, "maturity");
        vm.assertEq(network.minDeposit(), MIN_DEPOSIT, "least deposit");
        vm.assertEq(network.genesis(), START, "genesis");
        vm.assertEq(emission.network(), address(network), "Emission issues for the network");
        vm.assertEq(purse.network(), address(network), "the purse serves it");
        vm.warp(START + 5 days);
        address later = _deployNetwork(registry);
        vm.assertEq(INetwork(later).genesis(), START, "not that of a later council or network");
    }

    function test_TheNetworkTellsAtItsBirthOfWhatItIsMade() public {
        vm.expectEmit();
        emit INetwork.Begun(ITerms(registry).terms(), registry, council, bountiesCode);
        _deploy("Network", abi.encode(council, bountiesCode));
    }

    function test_NothingDoneAtAModulesOwnAddressReachesTheNetwork() public {
        INetwork alone = INetwork(registry);
        vm.assertEq(alone.groups(), 0, "there is nothing");
        alone.create(_birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL));
        vm.assertEq(alone.groups(), 1, "a group of its own");
        vm.assertEq(network.groups(), 2, "the network has its two");
        alone = INetwork(council);
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 1));
        alone.propose(1, 0, "d", MIN_DEPOSIT);
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 1));
        alone.turn(1);
    }

    function test_RevertIf_AModuleIssuesOrSpends() public {
        address[3] memory modules = [registry, council, bountiesCode];
        for (uint256 i; i < 3; ++i) {
            vm.startPrank(modules[i]);
            vm.expectRevert(IEmission.NotNetwork.selector);
            emission.issue(ANN, 1);
            vm.expectRevert(IPurse.NotNetwork.selector);
            purse.payBack(ANN, 1);
            vm.stopPrank();
        }
    }

    function test_RevertIf_AssentsComeToTheCouncilsOwnAddress() public {
        bytes memory args = _named(2);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](1);
        assents[0] = IMeasures.Assent(1, 1, _signed(1, keccak256("any")));
        uint256 expiry = _expiry();
        vm.expectRevert(IRounds.NothingCounted.selector);
        INetwork(council).enact(IMeasures.Kind.Admit, args, 1, expiry, assents);
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
        vm.assertEq(done, false, "coins with a call to a module");
        (done,) = address(network).call{value: 1}(abi.encodeCall(INetwork.multicall, (new bytes[](0))));
        vm.assertEq(done, false, "or with several");
    }

    function test_WhatAModuleRefusesIsToldWordForWord() public {
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, 9));
        network.turn(9);
        vm.expectRevert(IDataset.NothingToRefund.selector);
        network.refund(1, _one(9));
        vm.expectRevert(abi.encodeWithSelector(IStake.NoSuchPosition.selector, 1, 9));
        network.position(1, 9);
    }

    function test_RevertIf_OneOfSeveralCallsFails() public {
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IStake.unbond, (1, 1, 1 ether));
        calls[1] = abi.encodeCall(IStake.unbond, (1, 2, 1 ether));
        vm.prank(vm.addr(1));
        vm.expectRevert(abi.encodeWithSelector(IStake.NotOwner.selector, vm.addr(2)));
        network.multicall(calls);
        vm.assertEq(network.position(1, 1).exiting, 0, "all or none");
    }

    function test_SeveralCallsAreTheCallersAndTellTheirAnswers() public {
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(IStake.bond, (1, vm.addr(1), 1 ether, ""));
        calls[1] = abi.encodeCall(IStake.unbond, (1, 1, 2 ether));
        calls[2] = abi.encodeCall(IGroups.groups, ());
        _fund(vm.addr(1), 1 ether);
        vm.prank(vm.addr(1));
        bytes[] memory answers = network.multicall(calls);
        vm.assertEq(abi.decode(answers[0], (uint256)), 1, "the position");
        vm.assertEq(answers[1].length, 0, "nothing");
        vm.assertEq(abi.decode(answers[2], (uint256)), 2, "groups");
        vm.assertEq(network.position(1, 1).next, STAKE - 1 ether, "in their order");
    }

    function _places() private returns (uint256[14] memory) {
        return new Slots(ITerms(registry).terms()).slots();
    }

    function _put(bytes32 slot, uint256 value) private {
        vm.store(address(network), slot, bytes32(value));
    }

    /// @dev A network whose modules tell of every call.
    function _echoing() private returns (address alone, address[3] memory echoes) {
        Terms memory terms = ITerms(registry).terms();
        echoes[0] = address(new Echo(terms, address(0)));
        echoes[1] = address(new Echo(terms, echoes[0]));
        echoes[2] = address(new Echo(terms, echoes[0]));
        alone = _deploy("Network", abi.encode(echoes[1], echoes[2]));
    }

    /// @dev Whether the network hands the call to `module`.
    function _reaches(address alone, address module, bytes4 selector) private returns (bool) {
        (, bytes memory answer) = alone.call(bytes.concat(selector, new bytes(ARGUMENTS)));
        return keccak256(answer) == keccak256(abi.encodeWithSelector(Echo.Reached.selector, module, selector));
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
        list = new bytes4[](79);
        uint256 length = _ofStake(list);
        length = _ofGroupsAndRounds(list, length);
        length = _ofTheRest(list, length);
        length = _ofBounties(list, length);
        vm.assertEq(length, list.length, "as many as there is room for");
    }

    function _ofStake(bytes4[] memory list) private pure returns (uint256) {
        bytes4[27] memory own = [
            IStake.epochLength.selector,
            IStake.exitTime.selector,
            IStake.maturity.selector,
            IStake.genesis.selector,
            IStake.minDeposit.selector,
            IStake.neuron.selector,
            IStake.emission.selector,
            IStake.purse.selector,
            IStake.epoch.selector,
            IStake.allow.selector,
            IStake.bond.selector,
            IStake.compound.selector,
            IStake.wake.selector,
            IStake.rest.selector,
            IStake.rotate.selector,
            IStake.unbond.selector,
            IStake.withdraw.selector,
            IStake.offer.selector,
            IStake.accept.selector,
            IStake.position.selector,
            IStake.positions.selector,
            IStake.positionOf.selector,
            IStake.positionsOf.selector,
            IStake.mayWake.selector,
            IStake.stake.selector,
            IStake.admittedAwake.selector,
            IStake.allBonded.selector
        ];
        for (uint256 i; i < own.length; ++i) {
            list[i] = own[i];
        }
        return own.length;
    }

    function _ofGroupsAndRounds(bytes4[] memory list, uint256 length) private pure returns (uint256) {
        bytes4[21] memory own = [
            IGroups.create.selector,
            IGroups.fork.selector,
            IGroups.move.selector,
            IGroups.group.selector,
            IGroups.groups.selector,
            IRounds.phase.selector,
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
            IRounds.tally.selector,
            IRounds.judgedBy.selector,
            IRounds.hasWon.selector,
            IRounds.leastDeposit.selector,
            IRounds.quorum.selector
        ];
        for (uint256 i; i < own.length; ++i) {
            list[length++] = own[i];
        }
        return length;
    }

    function _ofBounties(bytes4[] memory list, uint256 length) private pure returns (uint256) {
        bytes4[12] memory own = [
            IBounties.fund.selector,
            IBounties.unseal.selector,
            IBounties.find.selector,
            IBounties.payRounds.selector,
            IBounties.payFinders.selector,
            IBounties.settleBounty.selector,
            IBounties.slashFindings.selector,
            IBounties.bounty.selector,
            IBounties.bounties.selector,
            IBounties.foundFor.selector,
            IBounties.foundBy.selector,
            IBounties.paidFor.selector
        ];
        for (uint256 i; i < own.length; ++i) {
            list[length++] = own[i];
        }
        return length;
    }

    function _ofTheRest(bytes4[] memory list, uint256 length) private pure returns (uint256) {
        bytes4[19] memory own = [
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
            IDataset.ballot.selector,
            IMeasures.enact.selector,
            IMeasures.measure.selector,
            INetwork.modules.selector,
            INetwork.multicall.selector,
            INetwork.clock.selector,
            INetwork.CLOCK_MODE.selector,
            INetwork.DOMAIN_SEPARATOR.selector,
            INetwork.eip712Domain.selector
        ];
        for (uint256 i; i < own.length; ++i) {
            list[length++] = own[i];
        }
        return length;
    }
}
