// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {INeuron} from "token/INeuron.sol";
import {Seats, Terms} from "token/Seats.sol";
import {Stake} from "token/Stake.sol";
import {Test} from "token-test/Test.sol";

/// @title Stake alone, with doors to what modules above it use: groups 1 to 40 exist, 1 is admitted from the start.
contract BareStake is Stake {
    error NoGroup();

    mapping(uint256 group => bool) private _admitted;

    constructor(Terms memory terms) Seats(terms) {
        _admitted[1] = true;
    }

    function domain() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function admit(uint256 group, bool admitted) external {
        _admitted[group] = admitted;
        _countAdmitted(group, admitted);
    }

    /// @dev Notes `amount` gweis of pay, as verdicts do.
    function pay(uint256 group, uint256 number, uint256 amount) external {
        _earned[group][number >> 2] += amount << _shiftOf(number);
    }

    function slash(uint256 group, uint256 number, uint256 basisPoints) external returns (uint256) {
        return _slash(group, number, basisPoints);
    }

    function move(uint256 group, uint256 number, uint256 child, address signer, bytes calldata consent)
        external
        returns (uint256 heir, uint256 amount)
    {
        return _move(group, number, child, signer, consent);
    }

    /// @dev Gweis that the signature of `number` weighs now.
    function weigh(uint256 group, uint256 number, bool mustBeAwake, bytes32 structHash, bytes32 r, bytes32 vs)
        external
        view
        returns (uint256)
    {
        return _weigh(_seats[group][number], _epoch(), mustBeAwake, _hashTypedDataV4(structHash), r, vs);
    }

    function signedIn(uint256 group, uint256 number, uint256 epoch, bytes32 structHash, bytes32 r, bytes32 vs)
        external
        view
        returns (bool)
    {
        return _signedIn(group, number, epoch, structHash, r, vs);
    }

    function _requireGroup(uint256 group) internal pure override {
        if (group == 0 || group > 40) revert NoGroup();
    }

    function _isAdmitted(uint256 group) internal view override returns (bool) {
        return _admitted[group];
    }
}

/// @title Two owners with NRN before an empty `BareStake`.
abstract contract StakeTest is Test {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant EPOCH = 1 days;
    uint256 internal constant EXIT = 28 days;
    address internal constant ANN = address(0xA11);
    address internal constant BOB = address(0xB0B);

    INeuron internal neuron;
    BareStake internal stake;

    function setUp() public virtual {
        vm.warp(START);
        neuron = INeuron(_deploy("Neuron", abi.encode(address(this))));
        stake = new BareStake(_terms());
        _fund(ANN, 1_000_000 ether);
        _fund(BOB, 1_000_000 ether);
    }

    function _terms() internal view returns (Terms memory) {
        return Terms(address(neuron), address(2), address(3), EPOCH, EXIT, 7 days, 1 ether, block.timestamp);
    }

    function _fund(address who, uint256 amount) internal {
        neuron.mint(who, amount);
        vm.prank(who);
        neuron.approve(address(stake), type(uint256).max);
    }

    function _bond(address who, uint256 group, uint256 amount) internal returns (uint256) {
        vm.prank(who);
        return stake.bond(group, who, amount, "");
    }

    /// @dev Bonds and wakes for the key `key`, its own owner.
    function _join(uint256 group, uint256 key, uint256 amount) internal returns (uint256 number) {
        address who = vm.addr(key);
        _fund(who, amount);
        number = _bond(who, group, amount);
        vm.prank(who);
        stake.wake(group, number);
    }

    /// @dev To the first second of the epoch after this one.
    function _nextEpoch() internal {
        vm.warp(START + (stake.epoch() + 1) * EPOCH);
    }

    /// @dev What the key `key` says for `owner` in `group`, 64 bytes.
    function _consentOf(uint256 key, uint256 group, address owner) internal view returns (bytes memory) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _consent(group, owner));
        return abi.encodePacked(r, vs);
    }

    function _consent(uint256 group, address owner) internal view returns (bytes32) {
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        return _digest(keccak256(abi.encode(kind, group, owner)));
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", stake.domain(), structHash));
    }

    /// @dev Gweis that a signature of `key` weighs for `number` now, awake or not.
    function _weight(uint256 group, uint256 number, uint256 key) internal view returns (uint256) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest("hash"));
        return stake.weigh(group, number, false, "hash", r, vs);
    }

    /// @dev The sums of the groups from 1 to `groups` and of all are those of the positions, now and in the next epoch.
    function _checkSums(uint256 groups) internal {
        _checkSumsNow(groups);
        _nextEpoch();
        _checkSumsNow(groups);
    }

    function _checkSumsNow(uint256 groups) internal view {
        IStake.Totals memory all;
        for (uint256 group = 1; group <= groups; ++group) {
            IStake.Totals memory sums = _sumsOf(group);
            vm.assertEq(keccak256(abi.encode(stake.stake(group))), keccak256(abi.encode(sums)), "sums of a group");
            all.bonded += sums.bonded;
            if (group == 1) all.awake += sums.awake;
        }
        vm.assertEq(stake.allBonded(), all.bonded, "bonded in all");
        vm.assertEq(stake.admittedAwake(), all.awake, "awake in group 1, which is admitted");
    }

    function _sumsOf(uint256 group) internal view returns (IStake.Totals memory sums) {
        for (uint256 number = 1; number <= stake.positions(group); ++number) {
            IStake.Position memory position = stake.position(group, number);
            sums.bonded += position.live;
            sums.bondedNext += position.next;
            if (position.awake) sums.awake += position.live;
            if (position.awakeNext) sums.awakeNext += position.next;
        }
    }

    /// @dev NRN that positions of the groups from 1 to `groups` have in stake, pay and exits.
    function _owed(uint256 groups) internal view returns (uint256 sum) {
        for (uint256 group = 1; group <= groups; ++group) {
            for (uint256 number = 1; number <= stake.positions(group); ++number) {
                IStake.Position memory position = stake.position(group, number);
                sum += position.next + position.earned + position.exiting;
            }
        }
    }
}
