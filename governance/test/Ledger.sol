// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {INeuron} from "token/INeuron.sol";
import {IGroups, INetwork} from "governance/INetwork.sol";
import {Play} from "governance-test/Play.sol";

/// @title The world of the handlers and the books that they keep beside the contracts'.
/// @dev Group 1 is admitted, group 2 is not, group 3 is a fork of group 1 with rounds of half the length. Keys 1 to 4
/// own the positions of the same numbers in all of them; positions that come later belong to one of these keys, too.
abstract contract Ledger is Play {
    struct Played {
        uint256 group;
        uint256 number;
        bool admitted;
    }

    /// @dev The key of a position in this epoch, and the one from the epoch `from` on.
    struct Keys {
        uint256 current;
        uint256 next;
        uint256 from;
    }

    uint256 public constant GROUPS = 3;
    uint256 internal constant FORK = 3;
    uint256 internal constant OWNERS = 4;
    uint256 internal constant POSITIONS_MAX = 6;
    /// @dev No action lets more time pass from here on.
    uint256 internal constant EPOCHS_MAX = 120;
    address internal constant RELAYER = address(0x4E1);

    /// @dev Every round that had a commit; how often something happened: a search that reaches nothing shows nothing.
    Played[] public played;
    Played[] internal struck;
    mapping(string what => uint256) public reached;
    mapping(bytes32 file => uint256) public wins;
    /// @dev Stake that was counted for a round, each position once; wei that its winner collected.
    mapping(uint256 group => mapping(uint256 round => uint256)) public judgedStake;
    mapping(uint256 group => mapping(uint256 round => uint256)) public collected;
    /// @dev NRN of deposits and of bonds that this network has to hold.
    mapping(uint256 group => mapping(uint256 round => uint256)) public pot;
    uint256 public deposits;
    uint256 public bonds;
    uint256 public mostSupply;
    /// @dev Rewards of all rounds that opened in an hour; in a noisy one sums changed while rounds opened.
    mapping(uint256 hour => uint256) public rewards;
    mapping(uint256 hour => bool) public noisy;
    mapping(uint256 group => uint256[]) internal counted;
    mapping(uint256 group => mapping(uint256 position => Keys)) internal keys;
    mapping(uint256 group => mapping(uint256 position => uint256 key)) internal ownerKey;
    uint256 internal fresh = 1000;
    /// @dev Whether rounds are being played: then nothing else moves the time.
    bool internal inHour;

    constructor() {
        setUp();
        IGroups.Birth memory birth = _birth(900, 300, 600);
        birth.dataset = new bytes32[](0);
        network.fork(1, birth);
        _join(1, OWNERS, STAKE / 4);
        _join(2, OWNERS, STAKE / 40);
        for (uint256 key = 1; key <= OWNERS; ++key) {
            _join(FORK, key, key * STAKE / 20);
            _fund(vm.addr(key), STAKE / 5);
            for (uint256 group = 1; group <= GROUPS; ++group) {
                keys[group][key] = Keys(key, key, 0);
                ownerKey[group][key] = key;
            }
        }
        mostSupply = neuron.totalSupply();
    }

    function theNetwork() external view returns (INetwork) {
        return network;
    }

    function theNeuron() external view returns (INeuron) {
        return neuron;
    }

    function playedRounds() external view returns (uint256) {
        return played.length;
    }

    function trainer(uint256 index) public pure returns (address) {
        return [ANN, BOB, CEM][index];
    }

    function ownerOf(uint256 group, uint256 position) public view returns (address) {
        return vm.addr(ownerKey[group][position]);
    }

    /// @dev A number below `most` that depends on `seed` and `index` alone.
    function _draw(uint256 seed, uint256 index, uint256 most) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, index))) % most;
    }

    function _note(string memory what) internal {
        reached[what] += 1;
        if (neuron.totalSupply() > mostSupply) mostSupply = neuron.totalSupply();
    }

    /// @dev Calls the network for `who`.
    function _try(address who, bytes memory call) internal returns (bool done) {
        vm.prank(who);
        (done,) = address(network).call(call);
    }

    /// @dev Does what must succeed exactly if `expected`.
    function _demand(bool done, bool expected, string memory what) internal {
        vm.assertEq(done, expected, what);
        if (done) _note(what);
    }

    function _key(uint256 group, uint256 position) internal view returns (uint256) {
        Keys memory held = keys[group][position];
        return network.epoch() < held.from ? held.current : held.next;
    }

    /// @dev The key that signed for the position in `epoch`, which is not before the one in force in this epoch came.
    function _wasOneKey(uint256 group, uint256 position, uint256 epoch) internal view returns (bool) {
        return keys[group][position].from <= epoch;
    }

    function _setNoisy() internal {
        noisy[(block.timestamp - START) / LENGTH] = true;
    }

    function _randomGroup(uint256 seed) internal pure returns (uint256) {
        return 1 + _draw(seed, 90, GROUPS);
    }

    function _randomPosition(uint256 group, uint256 seed) internal view returns (uint256) {
        return 1 + _draw(seed, 91, network.positions(group));
    }

    /// @dev Seconds of a round of `group`.
    function _lengthOf(uint256 group) internal pure returns (uint256) {
        return group == FORK ? LENGTH / 2 : LENGTH;
    }

    function _startOf(uint256 group, uint256 number) internal pure returns (uint256) {
        return START + number * _lengthOf(group);
    }

    /// @dev Live stake of a position, wei, if `mustBeAwake` only of one that is awake.
    function _liveOf(uint256 group, uint256 position, bool mustBeAwake) internal view returns (uint256) {
        IStake.Position memory shown = network.position(group, position);
        return mustBeAwake && !shown.awake ? 0 : shown.live;
    }
}
