// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";
import {Meter} from "governance-test/bench/Meter.sol";
import {World} from "token-test/World.sol";

/// @notice What is measured of the network as it was before verdicts could be gathered and shown later.
interface INetworkBefore {
    struct Birth {
        bytes32 manifest;
        bytes32 checkpoint;
        bytes32[] dataset;
        uint32 train;
        uint32 reveal;
        uint32 judge;
        uint32 period;
        uint8 improve;
    }

    struct Verdict {
        uint256 position;
        bytes32 probe;
        bytes32 r;
        bytes32 vs;
    }

    struct Choice {
        uint256 position;
        uint256 delta;
        uint256 seq;
        bytes32 r;
        bytes32 vs;
    }

    struct Assent {
        uint256 group;
        uint256 position;
        bytes32 r;
        bytes32 vs;
    }

    function create(Birth calldata birth) external returns (uint256);
    function bond(uint256 group, address signer, uint256 amount, bytes calldata consent) external returns (uint256);
    function wake(uint256 group, uint256 position) external;
    function commit(uint256 group, bytes32 seal) external;
    function reveal(uint256 group, bytes32 salt, bytes32 file, uint32 base, uint32 loss, bytes32 lossRoot) external;
    function judge(uint256 group, bytes32 claim, Verdict[] calldata verdicts) external;
    function settle(uint256 group, uint256 round, address trainer) external;
    function collect(uint256 group, uint256 round) external returns (uint256);
    function propose(uint256 group, bytes32 digest, uint256 amount) external returns (uint256);
    function cast(uint256 group, Choice[] calldata choices) external;
    function turn(uint256 group) external;
    function enact(uint8 kind, bytes calldata args, uint256 nonce, uint256 expiry, Assent[] calldata assents) external;
    function leastBond(uint256 group) external view returns (uint256);
    function epoch() external view returns (uint256);
    function DOMAIN_SEPARATOR() external view returns (bytes32);
}

/// @dev What `OursBench` measures, of the contracts as they were: their compiled form lies in `before/`.
contract BeforeBench is World, Meter {
    uint256 private constant EPOCH = 1 days;
    uint256 private constant LENGTH = 3600;
    uint256 private constant MATURITY = 7 days;
    uint256 private constant SUPPLY = 100_000_000 ether;
    uint256 private constant EACH = 2_000 ether;
    address private constant ANN = address(0xA11);
    address private constant RELAYER = address(0x4e1a);
    uint8 private constant ADMIT = 2;

    INetworkBefore private network;
    uint256 private groups;

    function setUp() public {
        _newestRules();
        _deployToken(address(0));
        // The places of two more modules.
        _deploy("Sale", abi.encode(neuron, emission, purse, PRICE, DEADLINE, MINIMUM));
        _deploy("Sale", abi.encode(neuron, emission, purse, PRICE, DEADLINE, MINIMUM));
        bytes memory terms = abi.encode(neuron, emission, purse, EPOCH, 28 days, MATURITY, 1 ether);
        address council = _before("Council", terms);
        network = INetworkBefore(_before("Network", abi.encode(council)));
        _sell(address(this), SUPPLY);
        neuron.transfer(ANN, 1_000_000 ether);
        vm.prank(ANN);
        neuron.approve(address(network), type(uint256).max);
    }

    function test_CommitsAndReveal() public {
        uint256 group = _found(5);
        uint256 round = _round();
        address bob = vm.addr(1);
        _commit(group, round, bob, "b");
        _theirs("commit/first of a round/before", _used());
        _commit(group, round, ANN, "a");
        _theirs("commit/before", _used());
        vm.warp(_start(round) + 2400);
        vm.prank(ANN);
        network.reveal(group, "salt", "a", 2_000_000, 1_900_000, "root");
        _theirs("reveal/before", _used());
    }

    function test_Rounds() public {
        (uint256 whole, uint256 five) = _playRounds(5);
        _theirs("round/verdicts=5/before", whole);
        uint256 fifty;
        (whole, fifty) = _playRounds(50);
        _theirs("round/verdicts=50/before", whole);
        _theirs("verdict/before", (fifty - five) / 45);
        _theirs("decide/positions=50/before", fifty / 50);
    }

    function test_RoundOfFiveHundred() public {
        (uint256 whole,) = _playRounds(500);
        _theirs("round/verdicts=500/before", whole);
    }

    function test_Votes() public {
        (uint256 whole, uint256 five) = _playVotes(5);
        _theirs("vote/choices=5/before", whole);
        uint256 fifty;
        (whole, fifty) = _playVotes(50);
        _theirs("vote/choices=50/before", whole);
        _theirs("choice/before", (fifty - five) / 45);
    }

    /// @dev The token as it was committed.
    function _deploy(string memory name, bytes memory arguments) internal override returns (address) {
        return _make(string.concat("token/abi/", name), arguments);
    }

    /// @dev The network as it was.
    function _before(string memory name, bytes memory arguments) private returns (address) {
        return _make(string.concat("governance/test/bench/before/", name), arguments);
    }

    function _make(string memory name, bytes memory arguments) private returns (address deployed) {
        string memory json = vm.readFile(string.concat(name, ".json"));
        bytes memory code = bytes.concat(vm.parseJsonBytes(json, ".bytecode"), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), name);
    }

    function _found(uint256 members) private returns (uint256 group) {
        group = network.create(_birth());
        for (uint256 key = 1; key <= members; ++key) {
            address who = vm.addr(key);
            neuron.transfer(who, EACH + 10_000 ether);
            vm.startPrank(who);
            neuron.approve(address(network), type(uint256).max);
            network.wake(group, network.bond(group, who, EACH, ""));
            vm.stopPrank();
        }
        // A tenth of the supply, so that the group can be admitted.
        neuron.approve(address(network), type(uint256).max);
        uint256 heavy = 1000 + group;
        bytes memory consent = _consent(heavy, group);
        uint256 position = network.bond(group, vm.addr(heavy), SUPPLY / 8, consent);
        vm.warp(START + (network.epoch() + 1) * EPOCH);
        bytes memory args = abi.encode(group);
        bytes32 measure = keccak256(abi.encode(ADMIT, args, group, type(uint256).max));
        INetworkBefore.Assent[] memory assents = new INetworkBefore.Assent[](groups + 1);
        for (uint256 i; i <= groups; ++i) {
            uint256 at = i + 1;
            bytes32 hash = keccak256(abi.encode(keccak256("Assent(bytes32 measure)"), measure));
            (bytes32 r, bytes32 vs) = vm.signCompact(1000 + at, _digest(hash));
            assents[i] = INetworkBefore.Assent(at, at == group ? position : heavyOf[at], r, vs);
        }
        heavyOf[group] = position;
        ++groups;
        network.enact(ADMIT, args, group, type(uint256).max, assents);
    }

    mapping(uint256 group => uint256) private heavyOf;

    function _consent(uint256 key, uint256 group) private view returns (bytes memory) {
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(keccak256(abi.encode(kind, group, address(this)))));
        return abi.encodePacked(r, vs);
    }

    function _birth() private pure returns (INetworkBefore.Birth memory birth) {
        (birth.manifest, birth.checkpoint) = ("manifest", "first checkpoint");
        birth.dataset = new bytes32[](1);
        birth.dataset[0] = "genesis";
        (birth.train, birth.reveal, birth.judge) = (2400, 300, 900);
        (birth.period, birth.improve) = (7 days, 10);
    }

    function _playRounds(uint256 members) private returns (uint256 whole, uint256 judging) {
        uint256 group = _found(members);
        uint256 round = _round();
        _playRound(group, round, members);
        return _playRound(group, round + 1, members);
    }

    function _playRound(uint256 group, uint256 round, uint256 members)
        private
        returns (uint256 whole, uint256 judging)
    {
        bytes32 file = keccak256(abi.encode(group, round));
        vm.warp(_start(round));
        _commit(group, round, ANN, file);
        whole += _used();
        vm.warp(_start(round) + 2400);
        vm.prank(ANN);
        network.reveal(group, "salt", file, 2_000_000, 1_900_000, "root");
        whole += _used();
        vm.warp(_start(round) + 2700);
        judging = _judge(group, round, Rules.claim(file, 2_000_000, 1_900_000, "root"), members);
        vm.warp(_start(round + 1));
        network.settle(group, round, ANN);
        whole += judging + _used();
        vm.warp(_start(round + 1) + MATURITY);
        vm.prank(ANN);
        network.collect(group, round);
        whole += _used();
        vm.warp(_start(round + 1));
    }

    function _judge(uint256 group, uint256 round, bytes32 claim, uint256 members) private returns (uint256) {
        INetworkBefore.Verdict[] memory verdicts = new INetworkBefore.Verdict[](members);
        for (uint256 key = 1; key <= members; ++key) {
            bytes32 probe = keccak256(abi.encode(key));
            (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(Typed.verdict(group, round, claim, probe)));
            verdicts[key - 1] = INetworkBefore.Verdict(key, probe, r, vs);
        }
        vm.prank(RELAYER);
        network.judge(group, claim, verdicts);
        return _used();
    }

    function _playVotes(uint256 members) private returns (uint256 whole, uint256 casting) {
        uint256 group = _found(members);
        _playPeriod(group, 1, members);
        return _playPeriod(group, 2, members);
    }

    function _playPeriod(uint256 group, uint256 period, uint256 members)
        private
        returns (uint256 whole, uint256 casting)
    {
        uint256 bond = network.leastBond(group);
        vm.prank(ANN);
        uint256 delta = network.propose(group, "delta", bond);
        whole += _used();
        INetworkBefore.Choice[] memory choices = new INetworkBefore.Choice[](members);
        bytes32 kind = keccak256("Choice(uint256 group,uint256 period,uint256 delta,uint256 seq)");
        for (uint256 key = 1; key <= members; ++key) {
            bytes32 hash = keccak256(abi.encode(kind, group, period, delta, 1));
            (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(hash));
            choices[key - 1] = INetworkBefore.Choice(key, delta, 1, r, vs);
        }
        vm.prank(RELAYER);
        network.cast(group, choices);
        casting = _used();
        vm.warp(block.timestamp + 7 days);
        vm.prank(RELAYER);
        network.turn(group);
        whole += casting + _used();
    }

    function _commit(uint256 group, uint256 round, address who, bytes32 file) private {
        vm.prank(who);
        network.commit(group, Rules.seal(group, round, file, who, "salt"));
    }

    function _round() private view returns (uint256) {
        return (block.timestamp - START) / LENGTH;
    }

    function _start(uint256 round) private pure returns (uint256) {
        return START + round * LENGTH;
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", network.DOMAIN_SEPARATOR(), structHash));
    }
}
