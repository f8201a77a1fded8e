// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IDataset, IMeasures, IRounds} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Fixture} from "governance-test/Fixture.sol";

/// @title Whole rounds, choices and measures in a line each, for tests of what follows from them.
abstract contract Play is Fixture {
    uint32 internal constant BASE = 2_000_000;
    uint32 internal constant LOSS = 1_900_000;
    uint32 internal constant BETTER = 1_800_000;

    uint256 private nonce = 1000;

    /// @dev Moves to `round`, where `who` commits and reveals `file` with the loss `LOSS`.
    function _enter(uint256 group, uint256 round, address who, bytes32 file) internal returns (bytes32 claim) {
        vm.warp(_start(round));
        _commit(group, round, who, file);
        vm.warp(_revealStart(round));
        _reveal(group, who, file, BASE, LOSS);
        return _claim(file, BASE, LOSS);
    }

    /// @dev A round that `who` wins with `file`; the keys from `first` to `last` judge it. Time stays in JUDGE.
    function _winBy(uint256 group, uint256 round, address who, bytes32 file, uint256 first, uint256 last) internal {
        bytes32 claim = _enter(group, round, who, file);
        vm.warp(_judgeStart(round));
        network.judge(group, round, claim, _verdicts(group, round, claim, first, last));
    }

    function _win(uint256 group, uint256 round, address who, bytes32 file) internal {
        _winBy(group, round, who, file, 1, VALIDATORS);
    }

    /// @dev A verdict that names its claim; key and position have the number `key`.
    function _attendance(uint256 group, uint256 round, uint256 key, bytes32 claim)
        internal
        view
        returns (IRounds.Attendance memory)
    {
        return IRounds.Attendance(claim, _verdict(group, round, key, claim));
    }

    function _attendances(uint256 group, uint256 round, bytes32 claim, uint256 first, uint256 last)
        internal
        view
        returns (IRounds.Attendance[] memory attendances)
    {
        attendances = new IRounds.Attendance[](last + 1 - first);
        for (uint256 i; i < attendances.length; ++i) {
            attendances[i] = _attendance(group, round, first + i, claim);
        }
    }

    function _choiceOf(uint256 group, uint256 key, uint256 period, uint256 delta, uint256 seq)
        internal
        view
        returns (IDataset.Choice memory)
    {
        bytes32 patch = network.delta(group, delta).digest;
        bytes memory signature = _signed(key, Typed.choice(group, period, delta, patch, seq));
        return IDataset.Choice(key, delta, patch, seq, signature);
    }

    function _castOne(uint256 group, uint256 key, uint256 period, uint256 delta, uint256 seq) internal {
        IDataset.Choice[] memory choices = new IDataset.Choice[](1);
        choices[0] = _choiceOf(group, key, period, delta, seq);
        network.cast(group, choices);
    }

    /// @dev Proposes with the least bond.
    function _proposeBy(uint256 group, address who, bytes32 digest) internal returns (uint256) {
        uint256 amount = network.leastBond(group);
        bytes32 head = network.group(group).head;
        vm.prank(who);
        return network.propose(group, head, digest, amount);
    }

    /// @dev A measure with the assents of the positions `first` to `last` of group 1.
    function _enactBy(IMeasures.Kind kind, bytes memory args, uint256 first, uint256 last) internal returns (bool) {
        return _bring(kind, args, ++nonce, _expiry(), first, last);
    }

    function _enact(IMeasures.Kind kind, bytes memory args) internal returns (bool) {
        return _enactBy(kind, args, 1, VALIDATORS);
    }

    /// @dev A slash as it has to be: shown, and enacted two epochs later by the same positions. Time moves on.
    function _slashBy(uint256 group, uint256 position, uint256 basisPoints, uint256 first, uint256 last)
        internal
        returns (bool)
    {
        bytes memory args = abi.encode(group, position, network.position(group, position).signer, basisPoints);
        (uint256 number, uint256 expiry) = (++nonce, _expiry());
        _bring(IMeasures.Kind.Slash, args, number, expiry, first, last);
        vm.warp(block.timestamp + 2 * EPOCH);
        return _bring(IMeasures.Kind.Slash, args, number, expiry, first, last);
    }

    /// @dev Brings the assents of the positions `first` to `last` of group 1.
    function _bring(
        IMeasures.Kind kind,
        bytes memory args,
        uint256 number,
        uint256 expiry,
        uint256 first,
        uint256 last
    ) internal returns (bool) {
        bytes32 measure = Typed.measure(kind, args, number, expiry);
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](last + 1 - first);
        for (uint256 i; i < assents.length; ++i) {
            assents[i] = _assent(1, first + i, measure);
        }
        return network.enact(kind, args, number, expiry, assents);
    }

    /// @dev What Admit and Revoke call a group by.
    function _named(uint256 group) internal view returns (bytes memory) {
        return abi.encode(group, network.group(group).name);
    }

    /// @dev What a verdict earns with `stake` of `awake`, if all of them earn `pay`: whole gweis.
    function _share(uint256 pay, uint256 stake, uint256 awake) internal pure returns (uint256) {
        return pay / 1 gwei * stake / awake * 1 gwei;
    }

    /// @dev What the three validators of group 1 earn together while nothing was issued or burnt.
    function _paid() internal pure returns (uint256) {
        return VALIDATORS * _share(_reward() / 5, STAKE, VALIDATORS * STAKE);
    }

    /// @dev NRN that is a position's.
    function _owns(uint256 group, uint256 number) internal view returns (uint256) {
        IStake.Position memory position = network.position(group, number);
        return position.next + position.earned + position.exiting + position.exitingLater;
    }
}
