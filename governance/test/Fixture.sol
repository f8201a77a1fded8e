// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures, INetwork, IRounds} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";
import {World} from "token-test/World.sol";

/// @title A network with two groups, three validators in each, and trainers: where most tests begin.
/// @dev The sale ends with epoch 0, stakes are bonded in epoch 1 and awake from epoch 2 on, when round `FIRST` begins
/// and group 1 is admitted.
abstract contract Fixture is World {
    uint256 internal constant EPOCH = 1 days;
    uint256 internal constant EXIT = 28 days;
    uint256 internal constant MATURITY = 7 days;
    uint256 internal constant PERIOD = 7 days;
    uint256 internal constant MIN_DEPOSIT = 1 ether;
    uint256 internal constant SUPPLY = 100_000_000 ether;
    uint256 internal constant STAKE = 10_000_000 ether;
    uint256 internal constant LENGTH = 3600;
    uint256 internal constant TRAIN = 2400;
    uint256 internal constant REVEAL = 300;
    uint256 internal constant FIRST = 48;
    bytes32 internal constant BASE_FILE = "first checkpoint";
    bytes32 internal constant SALT = "salt";

    /// @dev Keys of validators; position `k` of both groups is that of key `k`.
    uint256 internal constant VALIDATORS = 3;
    address internal constant ANN = address(0xA11);
    address internal constant BOB = address(0xB0B);
    address internal constant CEM = address(0xCE3);

    INetwork internal network;

    function setUp() public virtual {
        _begin();
        _employ();
        vm.warp(_start(FIRST));
        _admit(1);
    }

    /// @dev Two groups, the whole sale bought by the test, and nobody bonded.
    function _begin() internal {
        _deployToken(address(0));
        network = _network(MATURITY, MIN_DEPOSIT);
        _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        _create(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        _buy(address(this), SUPPLY);
        vm.warp(DEADLINE);
        sale.close();
        sale.claim();
    }

    /// @dev The token as it was committed; the network as it is written now.
    function _deploy(string memory name, bytes memory arguments) internal override returns (address deployed) {
        bytes32 hash = keccak256(bytes(name));
        bool ours = hash == keccak256("Network") || hash == keccak256("Registry");
        if (ours || hash == keccak256("Council") || hash == keccak256("Bounties")) return super._deploy(name, arguments);
        string memory json = vm.readFile(string.concat("token/abi/", name, ".json"));
        bytes memory code = bytes.concat(vm.parseJsonBytes(json, ".bytecode"), arguments);
        assembly ("memory-safe") {
            deployed := create(0, add(code, 32), mload(code))
        }
        require(deployed != address(0), name);
    }

    function _network(uint256 maturity, uint256 minDeposit) internal returns (INetwork) {
        bytes memory terms = abi.encode(neuron, emission, purse, EPOCH, EXIT, maturity, minDeposit);
        address registry = _deploy("Registry", terms);
        return INetwork(_deployNetwork(registry));
    }

    function _create(uint256 train, uint256 reveal, uint256 judge) internal returns (uint256) {
        return network.create(_birth(train, reveal, judge));
    }

    function _birth(uint256 train, uint256 reveal, uint256 judge) internal pure returns (IGroups.Birth memory birth) {
        birth.manifest = "manifest";
        birth.checkpoint = BASE_FILE;
        birth.dataset = new bytes32[](1);
        birth.dataset[0] = "genesis";
        (birth.train, birth.reveal, birth.judge) = (uint32(train), uint32(reveal), uint32(judge));
        birth.period = uint32(PERIOD);
        birth.improve = 10;
    }

    function _fund(address who, uint256 amount) internal {
        neuron.transfer(who, amount);
        vm.prank(who);
        neuron.approve(address(network), type(uint256).max);
    }

    function _join(uint256 group, uint256 key, uint256 amount) internal returns (uint256 position) {
        address who = vm.addr(key);
        _fund(who, amount);
        vm.startPrank(who);
        position = network.bond(group, who, amount, "");
        network.wake(group, position);
        vm.stopPrank();
    }

    function _employ() private {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            _join(1, key, STAKE);
            _join(2, key, STAKE / 10);
        }
        _fund(ANN, 1_000_000 ether);
        _fund(BOB, 1_000_000 ether);
        _fund(CEM, 1_000_000 ether);
    }

    function _admit(uint256 group) internal {
        bytes memory args = abi.encode(group, network.group(group).name);
        uint256 expiry = _expiry();
        bytes32 measure = Typed.measure(IMeasures.Kind.Admit, args, group, expiry);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](VALIDATORS);
        for (uint256 i; i < VALIDATORS; ++i) {
            assents[i] = _assent(1, i + 1, measure);
        }
        network.enact(IMeasures.Kind.Admit, args, group, expiry, assents);
    }

    /// @dev As far ahead as a measure may expire.
    function _expiry() internal view returns (uint256) {
        return block.timestamp + 8 * EPOCH;
    }

    function _assent(uint256 group, uint256 key, bytes32 measure) internal view returns (IMeasures.Assent memory) {
        return IMeasures.Assent(group, key, _signed(key, measure));
    }

    /// @dev The signature of a message by `key`, 64 bytes.
    function _signed(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(structHash));
        return abi.encodePacked(r, vs);
    }

    /// @dev What the key `key` says for `owner` in `group`.
    function _consentOf(uint256 key, uint256 group, address owner) internal view returns (bytes memory) {
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        return _signed(key, keccak256(abi.encode(kind, group, owner)));
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", network.DOMAIN_SEPARATOR(), structHash));
    }

    /// @dev The second at which `round` begins; then its REVEAL, its JUDGE.
    function _start(uint256 round) internal pure returns (uint256) {
        return START + round * LENGTH;
    }

    function _revealStart(uint256 round) internal pure returns (uint256) {
        return _start(round) + TRAIN;
    }

    function _judgeStart(uint256 round) internal pure returns (uint256) {
        return _start(round) + TRAIN + REVEAL;
    }

    /// @dev Commits `file` for `who`. The round is that of the block.
    function _commit(uint256 group, uint256 round, address who, bytes32 file) internal {
        vm.prank(who);
        network.commit(group, round, Rules.seal(group, round, file, who, SALT), type(uint256).max);
    }

    function _reveal(uint256 group, address who, bytes32 file, uint32 base, uint32 loss) internal {
        vm.prank(who);
        network.reveal(group, SALT, file, base, loss, "root");
    }

    /// @dev The account `who` gives up its seal of `file` to `rival`.
    function _concede(uint256 group, address who, bytes32 file, address rival) internal {
        vm.prank(who);
        network.concede(group, SALT, file, rival);
    }

    function _settle(uint256 group, uint256 round, address trainer) internal {
        network.settle(group, round, _one(trainer));
    }

    function _collect(uint256 group, uint256 round, address winner) internal returns (uint256) {
        vm.prank(winner);
        return network.collect(group, _one(round), winner);
    }

    function _one(uint256 number) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = number;
    }

    function _one(address who) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = who;
    }

    function _claim(bytes32 file, uint32 base, uint32 loss) internal pure returns (bytes32) {
        return Rules.claim(file, base, loss, "root");
    }

    function _verdict(uint256 group, uint256 round, uint256 key, bytes32 claim)
        internal
        view
        returns (IRounds.Verdict memory)
    {
        bytes32 probe = keccak256(abi.encode(key));
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest(Typed.verdict(group, round, claim, probe)));
        return IRounds.Verdict(key, probe, r, vs);
    }

    /// @dev Verdicts of the keys from `first` to `last`.
    function _verdicts(uint256 group, uint256 round, bytes32 claim, uint256 first, uint256 last)
        internal
        view
        returns (IRounds.Verdict[] memory verdicts)
    {
        verdicts = new IRounds.Verdict[](last + 1 - first);
        for (uint256 i; i < verdicts.length; ++i) {
            verdicts[i] = _verdict(group, round, first + i, claim);
        }
    }

    /// @dev R of a round of group 1 while nothing was issued or burnt.
    function _reward() internal pure returns (uint256) {
        return SUPPLY / 100_000;
    }
}
