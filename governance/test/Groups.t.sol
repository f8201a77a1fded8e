// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, INetwork, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Fixture} from "governance-test/Fixture.sol";
import {Vectors} from "token-test/Vectors.sol";

contract CreateTest is Fixture {
    function test_RevertIf_APhaseHasNoLength() public {
        _refuse(_birth(0, 300, 900), IGroups.BadTimes.selector);
        _refuse(_birth(2400, 0, 900), IGroups.BadTimes.selector);
        _refuse(_birth(2400, 300, 0), IGroups.BadTimes.selector);
    }

    function test_RevertIf_RoundsDoNotFillAnEpoch() public {
        _refuse(_birth(2400, 300, 901), IGroups.BadTimes.selector);
        _refuse(_birth(EPOCH, 300, 900), IGroups.BadTimes.selector);
    }

    function test_RevertIf_ARoundIsLongerThanTheMaturity() public {
        network = _network(EPOCH - 1, MIN_DEPOSIT);
        _refuse(_birth(EPOCH - 20, 10, 10), IGroups.BadTimes.selector);
    }

    function test_RevertIf_TwoPeriodsAreLongerThanAnExit() public {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, 900);
        birth.period = uint32(EXIT / 2 + 1);
        _refuse(birth, IGroups.BadTimes.selector);
        birth.period = 0;
        _refuse(birth, IGroups.BadTimes.selector);
        birth.period = uint32(EXIT / 2);
        network.create(birth);
    }

    function test_RevertIf_TheLeastImprovementIsOutOfRange() public {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, 900);
        birth.improve = 0;
        _refuse(birth, IGroups.BadImprove.selector, 20);
        birth.improve = 21;
        _refuse(birth, IGroups.BadImprove.selector, 20);
        birth.improve = 20;
        network.create(birth);
    }

    function test_RevertIf_ThereIsNoTrainingSetOrTooMuch() public {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, 900);
        birth.dataset = new bytes32[](0);
        _refuse(birth, IGroups.NoDataset.selector);
        birth.dataset = new bytes32[](65);
        _refuse(birth, IGroups.DatasetTooLong.selector, 64);
        birth.dataset = new bytes32[](64);
        network.create(birth);
    }

    function test_RevertIf_AGroupDoesNotExist() public {
        _isNone(3);
        network.group(3);
        _isNone(0);
        network.phase(0);
        _isNone(3);
        network.bond(3, address(this), 1 gwei, "");
        _isNone(3);
        network.leastDeposit(3);
        _isNone(3);
        network.quorum(3);
        _isNone(3);
        network.keepVotes(3);
    }

    function test_AGroupStartsWithWhatItsCreatorFixed() public {
        IGroups.Birth memory birth = _birth(10, 20, 30);
        birth.dataset = new bytes32[](2);
        (birth.dataset[0], birth.dataset[1]) = ("one", "two");
        (birth.improve, birth.least) = (7, 1000);
        bytes32 head = Rules.next(Rules.next(0, "one"), "two");
        bytes32 name = keccak256(abi.encode(3, address(this), 0, head, birth));
        vm.expectEmit();
        emit IGroups.Created(3, address(this), 0, name, head, _start(FIRST) + PERIOD, birth);
        vm.assertEq(network.create(birth), 3, "number");
        vm.assertEq(network.groups(), 3, "groups");
        IGroups.Group memory group = network.group(3);
        vm.assertEq(group.head, head, "head");
        vm.assertEq(group.checkpoint, BASE_FILE, "checkpoint");
        vm.assertEq(group.name, name, "what measures call it");
        vm.assertEq(group.improve, 7, "part by which a winner is better");
        vm.assertEq(group.least, 1000, "and micronats");
        vm.assertEq(group.periodNumber, 1, "period");
        vm.assertEq(group.period, PERIOD, "its length");
        vm.assertEq(group.periodNext, PERIOD, "and that of the next");
        vm.assertEq(group.periodEnd, _start(FIRST) + PERIOD, "end of the period");
        vm.assertEq(group.admitted, false, "not admitted");
    }

    function test_TwoGroupsThatAreBornAlikeHaveDifferentNames() public {
        uint256 one = _create(TRAIN, REVEAL, 900);
        uint256 two = _create(TRAIN, REVEAL, 900);
        vm.assertEq(network.group(one).name == network.group(two).name, false, "names");
        vm.assertEq(network.group(one).name != 0, true, "a name");
    }

    function test_TheNameOfAGroupSaysWhoMadeIt() public {
        uint256 before = vm.snapshotState();
        bytes32 name = network.group(_create(TRAIN, REVEAL, 900)).name;
        vm.revertToState(before);
        vm.prank(CEM);
        bytes32 other = network.group(network.create(_birth(TRAIN, REVEAL, 900))).name;
        vm.assertEq(name == other, false, "the same number and birth, another creator");
    }

    function _refuse(IGroups.Birth memory birth, bytes4 selector) private {
        vm.expectRevert(selector);
        network.create(birth);
    }

    function _refuse(IGroups.Birth memory birth, bytes4 selector, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(selector, most));
        network.create(birth);
    }

    /// @dev The next call must say that there is no group of that number.
    function _isNone(uint256 number) private {
        vm.expectRevert(abi.encodeWithSelector(IGroups.NoSuchGroup.selector, number));
    }
}

contract ClockTest is Vectors {
    function test_RoundsAndPhasesAreAsTheVectorsSay() public {
        uint256 cases = _read("clock");
        for (uint256 i; i < cases; ++i) {
            (uint256 train, uint256 reveal, uint256 judge) = (_uint(i, "train"), _uint(i, "reveal"), _uint(i, "judge"));
            vm.warp(_uint(i, "genesis"));
            INetwork network = _networkOf(train + reveal + judge);
            network.create(_birth(uint32(train), uint32(reveal), uint32(judge)));
            vm.warp(_uint(i, "now"));
            (uint256 round, IRounds.Phase phase, uint256 until) = network.phase(1);
            vm.assertEq(round, _uint(i, "round"), "round");
            vm.assertEq(uint256(phase), _uint(i, "phase"), "phase");
            vm.assertEq(until, _uint(i, "phaseEnd"), "end of the phase");
        }
    }

    function _birth(uint32 train, uint32 reveal, uint32 judge) private pure returns (IGroups.Birth memory) {
        return IGroups.Birth("manifest", "checkpoint", new bytes32[](1), train, reveal, judge, 1, 10, 0);
    }

    /// @dev A network of its own, born now, with epochs of one round.
    function _networkOf(uint256 length) private returns (INetwork) {
        bytes memory terms = abi.encode(address(1), address(2), address(3), length, 2 * length, length, 1);
        address registry = _deploy("Registry", terms);
        return INetwork(_deployNetwork(registry));
    }
}

/// @dev What `Network` adds to `Stake`: groups exist, admission counts at once.
contract NetworkStakeTest is Fixture {
    function test_AdmissionCountsAtOnceAndLaterStakeFollows() public {
        vm.assertEq(network.admittedAwake(), VALIDATORS * STAKE, "group 1");
        (uint256 live, uint256 next) = network.allBonded();
        vm.assertEq(live, VALIDATORS * (STAKE + STAKE / 10), "both groups");
        vm.assertEq(next, live, "and in the next epoch");
        _join(2, 9, STAKE / 1000);
        (live, next) = network.allBonded();
        vm.assertEq(next - live, STAKE / 1000, "what was bonded just now");
        _admit(2);
        vm.assertEq(network.admittedAwake(), VALIDATORS * (STAKE + STAKE / 10), "both at once");
        vm.warp(_start(FIRST) + EPOCH);
        uint256 all = VALIDATORS * (STAKE + STAKE / 10) + STAKE / 1000;
        vm.assertEq(network.admittedAwake(), all, "and the newcomer");
    }

    function test_TheDomainSeparatorIsThatOfTheStandard() public view {
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 name = keccak256("Neuron Network");
        bytes32 hash = keccak256(abi.encode(kind, name, keccak256("1"), block.chainid, address(network)));
        vm.assertEq(network.DOMAIN_SEPARATOR(), hash, "domain");
    }

    function test_TheDomainIsToldAsTheStandardAsks() public view {
        (bytes1 fields, string memory name, string memory version, uint256 chain, address where, bytes32 salt,) =
            network.eip712Domain();
        vm.assertEq(bytes32(fields), bytes32(hex"0f"), "name, version, chain and contract");
        vm.assertEq(keccak256(bytes(name)), keccak256("Neuron Network"), "name");
        vm.assertEq(keccak256(bytes(version)), keccak256("1"), "version");
        vm.assertEq(chain, block.chainid, "chain");
        vm.assertEq(where, address(network), "contract");
        vm.assertEq(salt, 0, "no salt");
    }

    function test_TheClockIsThatOfTheBlocks() public {
        vm.warp(START + 123 days);
        vm.assertEq(network.clock(), START + 123 days, "seconds since 1970");
        vm.assertEq(keccak256(bytes(network.CLOCK_MODE())), keccak256("mode=timestamp"), "and it says so");
    }

    function test_RevertIf_NobodyAnswersTheCall() public {
        (bool done, bytes memory data) = address(network).call(abi.encodeWithSignature("withdrawAll()"));
        vm.assertEq(done, false, "no such function");
        vm.assertEq(data.length, 0, "no reason");
        vm.deal(address(this), 1 ether);
        (done,) = address(network).call{value: 1 ether}("");
        vm.assertEq(done, false, "no coins");
    }
}
