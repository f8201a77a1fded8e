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

    mapping(uint256 group => bool) public admitted;
    mapping(uint256 group => mapping(uint256 number => uint256 gweis)) private _earned;

    constructor(Terms memory terms) Seats(terms) {
        admitted[1] = true;
    }

    function domain() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function admit(uint256 group, bool yes) external {
        admitted[group] = yes;
        _countAdmitted(group, yes);
    }

    /// @dev Notes `amount` gweis of pay, as verdicts do.
    function pay(uint256 group, uint256 number, uint256 amount) external {
        _earned[group][number] += amount;
    }

    /// @dev As for signing twice in the epoch `since`, or as by a measure if heirs are to be spared.
    function slash(uint256 group, uint256 number, uint256 basisPoints, uint256 since, bool spare)
        external
        returns (uint256)
    {
        if (spare) _seats[group][number].slashedIn = uint24(_epoch());
        return _slash(group, number, basisPoints, since, spare);
    }

    /// @dev Puts a position to sleep until the epoch `until`, as for absence.
    function putToSleep(uint256 group, uint256 number, uint256 until) external {
        Seat storage seat = _touch(group, number);
        seat.sleepsUntil = uint24(until);
        _toRest(group, number, seat);
    }

    function move(uint256 group, uint256 number, uint256 child, address signer, bytes calldata consent)
        external
        returns (uint256 heir, uint256 amount)
    {
        return _move(group, number, child, signer, consent);
    }

    /// @dev Gweis that the verdict of `number` weighs now.
    function weigh(uint256 group, uint256 number, bytes32 structHash, bytes32 r, bytes32 vs)
        external
        view
        returns (uint256)
    {
        return _weigh(_seats[group][number], _epoch(), _hashTypedDataV4(structHash), r, vs);
    }

    /// @dev 0 nobody, 1 signer, 2 owner.
    function speaker(uint256 group, uint256 number, bytes32 structHash, bytes calldata signature)
        external
        view
        returns (uint256)
    {
        return _speaker(_seats[group][number], _hashTypedDataV4(structHash), signature);
    }

    function answers(uint256 group, uint256 number, uint256 epoch) external view returns (bool) {
        return _answers(_seats[group][number], epoch);
    }

    function signedIn(uint256 group, uint256 number, uint256 epoch, bytes32 structHash, bytes32 r, bytes32 vs)
        external
        view
        returns (bool)
    {
        return _signedIn(group, number, epoch, _hashTypedDataV4(structHash), r, vs);
    }

    function _requireGroup(uint256 group) internal pure override {
        if (group == 0 || group > 40) revert NoGroup();
    }

    function _isAdmitted(uint256 group) internal view override returns (bool) {
        return admitted[group];
    }

    function _earnedBy(uint256 group, uint256 number) internal view override returns (uint256) {
        return _earned[group][number];
    }

    function _takeEarned(uint256 group, uint256 number) internal override returns (uint256 earned) {
        earned = _earned[group][number];
        delete _earned[group][number];
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

    /// @dev Gweis that a verdict of `key` weighs for `number` now.
    function _weight(uint256 group, uint256 number, uint256 key) internal view returns (uint256) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest("hash"));
        return stake.weigh(group, number, "hash", r, vs);
    }

    /// @dev For whom `key` speaks at `number` now: 0 nobody, 1 the signer, 2 the owner.
    function _spoken(uint256 group, uint256 number, uint256 key) internal view returns (uint256) {
        (bytes32 r, bytes32 vs) = vm.signCompact(key, _digest("hash"));
        return stake.speaker(group, number, "hash", abi.encodePacked(r, vs));
    }

    /// @dev The next call must say exactly this.
    function _refused(bytes4 selector, uint256 value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }

    function _refused(bytes4 selector, address value) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, value));
    }

    function _refused(bytes4 selector, uint256 first, uint256 second) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, first, second));
    }

    function _refused(bytes4 selector, address first, address second) internal {
        vm.expectRevert(abi.encodeWithSelector(selector, first, second));
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
            all.bondedNext += sums.bondedNext;
            if (stake.admitted(group)) all.awake += sums.awake;
        }
        (uint256 live, uint256 next) = stake.allBonded();
        vm.assertEq(live, all.bonded, "bonded in all");
        vm.assertEq(next, all.bondedNext, "and in the next epoch");
        vm.assertEq(stake.admittedAwake(), all.awake, "awake in admitted groups");
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
                sum += position.next + position.earned + position.exiting + position.exitingLater;
            }
        }
    }
}
