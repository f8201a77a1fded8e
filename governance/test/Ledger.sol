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

    /// @dev A key that signs for a position from the epoch `from` on, until the next one does.
    struct Held {
        uint256 key;
        uint256 from;
    }

    /// @dev The epoch from which on a position had nothing that counted, and the one from which on it has again.
    struct Gap {
        uint256 emptyFrom;
        uint256 filledFrom;
    }

    uint256 public constant GROUPS = 3;
    uint256 internal constant FORK = 3;
    uint256 internal constant OWNERS = 4;
    uint256 internal constant POSITIONS_MAX = 6;
    /// @dev No action lets more time pass from here on.
    uint256 internal constant EPOCHS_MAX = 1200;
    address internal constant RELAYER = address(0x4E1);
    address internal constant STRANGER = address(0x57A);
    uint256 internal constant FOREVER = type(uint256).max;

    /// @dev Every round that had a commit; how often something happened: a search that reaches nothing shows nothing.
    Played[] public played;
    Played[] internal struck;
    mapping(string what => uint256) public reached;
    /// @dev Wins of a file in a group that was not admitted then, those of admitted ones under 0.
    mapping(bytes32 file => mapping(uint256 group => uint256)) public wins;
    mapping(uint256 group => mapping(uint256 round => uint256)) public wonIn;
    /// @dev Stake that was counted for a round, each position once; wei that its winner collected.
    mapping(uint256 group => mapping(uint256 round => uint256)) public judgedStake;
    mapping(uint256 group => mapping(uint256 round => uint256)) public collected;
    /// @dev NRN of deposits and of bonds that this network has to hold.
    mapping(uint256 group => mapping(uint256 round => uint256)) public pot;
    uint256 public deposits;
    uint256 public bonds;
    /// @dev What is nobody's: of a lost round, pay of stake that was slashed between its verdict and the decision.
    uint256 public dust;
    uint256 public mostSupply;
    /// @dev Rewards of all rounds that opened in an hour; in a noisy one sums changed while rounds opened.
    mapping(uint256 hour => uint256) public rewards;
    mapping(uint256 hour => bool) public noisy;
    mapping(uint256 group => uint256[]) internal counted;
    mapping(uint256 group => mapping(uint256 position => Held[])) internal keys;
    mapping(uint256 group => mapping(uint256 position => uint256 key)) internal ownerKey;
    mapping(uint256 group => mapping(uint256 position => Gap)) internal gaps;
    mapping(uint256 group => mapping(uint256 position => bool)) private filled;
    /// @dev Awake stake of a position at the end of an epoch.
    mapping(uint256 group => mapping(uint256 position => mapping(uint256 epoch => uint256))) internal lastAwake;
    uint256 internal fresh = 1000;
    /// @dev Whether rounds are being played: then nothing else moves the time.
    bool internal inHour;

    constructor() {
        setUp();
        IGroups.Birth memory birth = _birth(900, 300, 600);
        (birth.dataset, birth.least) = (new bytes32[](0), 5000);
        network.fork(1, birth);
        _join(1, OWNERS, STAKE / 4);
        _join(2, OWNERS, STAKE / 40);
        for (uint256 key = 1; key <= OWNERS; ++key) {
            _join(FORK, key, key * STAKE / 20);
            _fund(vm.addr(key), STAKE / 5);
            for (uint256 group = 1; group <= GROUPS; ++group) {
                keys[group][key].push(Held(key, 0));
                ownerKey[group][key] = key;
            }
        }
        vm.deal(address(this), 1000 ether);
        mostSupply = neuron.totalSupply();
        _observe();
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

    /// @dev Calls the network for `who`, who pays for gas.
    function _try(address who, bytes memory call) internal returns (bool done) {
        (done,) = _ask(who, call);
    }

    function _ask(address who, bytes memory call) internal returns (bool done, bytes memory answer) {
        vm.txGasPrice(2 gwei);
        vm.prank(who);
        (done, answer) = address(network).call(call);
    }

    /// @dev Does what must succeed exactly if `expected`.
    function _demand(bool done, bool expected, string memory what) internal {
        vm.assertEq(done, expected, what);
        if (done) _note(what);
    }

    /// @dev Looks which positions were emptied and which have something again, from the next epoch on.
    function _observe() internal {
        for (uint256 group = 1; group <= GROUPS; ++group) {
            for (uint256 position = 1; position <= network.positions(group); ++position) {
                _observe(group, position, network.position(group, position).next != 0);
            }
        }
    }

    /// @dev What a slash takes whole was there: its key answers for it, and finds nothing.
    function _observeSlash() internal {
        for (uint256 group = 1; group <= GROUPS; ++group) {
            for (uint256 position = 1; position <= network.positions(group); ++position) {
                if (network.position(group, position).next == 0) filled[group][position] = false;
            }
        }
        _observe();
    }

    function _observe(uint256 group, uint256 position, bool has) internal {
        bool had = filled[group][position];
        Gap storage gap = gaps[group][position];
        if (had && !has) (gap.emptyFrom, gap.filledFrom) = (network.epoch() + 1, type(uint256).max);
        if (!had && has && gap.emptyFrom != 0) gap.filledFrom = network.epoch() + 1;
        filled[group][position] = has;
    }

    /// @dev Whether the position had something to answer with in `epoch`, as far as the network remembers.
    function _answered(uint256 group, uint256 position, uint256 epoch) internal view returns (bool) {
        Gap memory gap = gaps[group][position];
        return epoch < gap.emptyFrom || epoch >= gap.filledFrom;
    }

    function _key(uint256 group, uint256 position) internal view returns (uint256) {
        return _keyIn(group, position, network.epoch());
    }

    /// @dev The key that signed for the position in `epoch`, 0 if there was none yet.
    function _keyIn(uint256 group, uint256 position, uint256 epoch) internal view returns (uint256) {
        Held[] storage held = keys[group][position];
        for (uint256 i = held.length; i != 0; --i) {
            if (held[i - 1].from <= epoch) return held[i - 1].key;
        }
        return 0;
    }

    function _lastKey(uint256 group, uint256 position) internal view returns (uint256) {
        return keys[group][position][keys[group][position].length - 1].key;
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

    /// @dev Lets time pass until `time`, unless rounds are being played or much has passed already.
    function _waitUntil(uint256 time) internal {
        if (!inHour && block.timestamp < time && network.epoch() < EPOCHS_MAX) _warp(time);
    }

    /// @dev When an epoch ends, what counted at its end is noted, by which late verdicts are weighed, and what was emptied in it.
    function _warp(uint256 time) internal {
        if ((time - START) / EPOCH != network.epoch()) {
            _noteAwake();
            _observe();
        }
        vm.warp(time);
    }

    function _noteAwake() private {
        for (uint256 group = 1; group <= GROUPS; ++group) {
            for (uint256 position = 1; position <= network.positions(group); ++position) {
                lastAwake[group][position][network.epoch()] = _liveOf(group, position, true);
            }
        }
    }

    /// @dev Seconds of a round of `group`.
    function _lengthOf(uint256 group) internal pure returns (uint256) {
        return group == FORK ? LENGTH / 2 : LENGTH;
    }

    function _startOf(uint256 group, uint256 number) internal pure returns (uint256) {
        return START + number * _lengthOf(group);
    }

    function _epochIn(uint256 group, uint256 number) internal pure returns (uint256) {
        return number * _lengthOf(group) / EPOCH;
    }

    function _matureAt(uint256 group, uint256 number) internal pure returns (uint256) {
        return _startOf(group, number + 1) + MATURITY;
    }

    /// @dev Live stake of a position, wei, if `mustBeAwake` only of one that is awake.
    function _liveOf(uint256 group, uint256 position, bool mustBeAwake) internal view returns (uint256) {
        IStake.Position memory shown = network.position(group, position);
        return mustBeAwake && !shown.awake ? 0 : shown.live;
    }
}
