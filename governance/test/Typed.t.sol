// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures, INetwork} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev Digests and signatures as Rust makes them, on the chain and at the address that each case names.
contract TypedVectorsTest is Vectors {
    function test_Verdicts() public {
        uint256 cases = _read("verdict");
        for (uint256 i; i < cases; ++i) {
            bytes32 claim = _word(i, "claim");
            _check(i, Typed.verdict(_uint(i, "group"), _uint(i, "round"), claim, _word(i, "probe")));
        }
    }

    function test_VerdictsOfOneRoundAreCompletedFromOneForm() public {
        uint256 cases = _read("verdict");
        for (uint256 i; i < cases; ++i) {
            bytes memory form = Typed.verdictForm(_uint(i, "group"), _uint(i, "round"), _word(i, "domain"));
            Typed.verdictOf(form, "another claim", "another probe");
            vm.assertEq(Typed.verdictOf(form, _word(i, "claim"), _word(i, "probe")), _word(i, "digest"), "digest");
        }
    }

    function test_ACompletedFormIsTheSameMessage(uint256 group, uint256 round, bytes32 claim, bytes32 probe)
        public
        pure
    {
        bytes memory form = Typed.verdictForm(group, round, "domain");
        bytes memory envelope =
            abi.encodePacked(hex"1901", bytes32("domain"), Typed.verdict(group, round, claim, probe));
        vm.assertEq(Typed.verdictOf(form, claim, probe), keccak256(envelope), "digest");
    }

    function test_Choices() public {
        uint256 cases = _read("choice");
        for (uint256 i; i < cases; ++i) {
            uint256 delta = _uint(i, "delta");
            bytes32 patch = _word(i, "patch");
            _check(i, Typed.choice(_uint(i, "group"), _uint(i, "period"), delta, patch, _uint(i, "seq")));
        }
    }

    function test_Findings() public {
        uint256 cases = _read("measured");
        for (uint256 i; i < cases; ++i) {
            bytes32 result = _word(i, "result");
            _check(i, Typed.measured(_uint(i, "bounty"), _uint(i, "window"), result, _word(i, "probe")));
        }
    }

    function test_Consents() public {
        bytes32 kind = keccak256("Consent(uint256 group,address owner)");
        uint256 cases = _read("consent");
        for (uint256 i; i < cases; ++i) {
            _check(i, keccak256(abi.encode(kind, _uint(i, "group"), _address(i, "owner"))));
        }
    }

    function test_Measures() public {
        uint256 cases = _read("measure");
        for (uint256 i; i < cases; ++i) {
            IMeasures.Kind kind = IMeasures.Kind(_uint(i, "kind"));
            bytes32 measure = Typed.measure(kind, _bytes(i, "args"), _uint(i, "nonce"), _uint(i, "expiry"));
            vm.assertEq(measure, _word(i, "measure"), vm.toString(i));
        }
    }

    function test_Assents() public {
        uint256 cases = _read("assent");
        for (uint256 i; i < cases; ++i) {
            IMeasures.Kind kind = IMeasures.Kind(_uint(i, "kind"));
            _check(i, Typed.measure(kind, _bytes(i, "args"), _uint(i, "nonce"), _uint(i, "expiry")));
        }
    }

    /// @dev What a wallet shows is what is hashed: the words of a kind's arguments are its fields.
    function test_EachKindOfMeasureIsAMessageOfItsOwn() public pure {
        bytes memory two = abi.encode(1, bytes32("name"));
        bytes32 kind = keccak256("Admit(uint256 group,bytes32 name,uint256 nonce,uint256 expiry)");
        _same(IMeasures.Kind.Admit, two, keccak256(abi.encode(kind, 1, bytes32("name"), 7, 8)));
        kind = keccak256("Revoke(uint256 group,bytes32 name,uint256 nonce,uint256 expiry)");
        _same(IMeasures.Kind.Revoke, two, keccak256(abi.encode(kind, 1, bytes32("name"), 7, 8)));
        kind = keccak256("Period(uint256 group,uint256 present,uint256 period,uint256 nonce,uint256 expiry)");
        _same(IMeasures.Kind.Period, abi.encode(1, 2, 3), keccak256(abi.encode(kind, 1, 2, 3, 7, 8)));
        kind = keccak256("Rollback(uint256 group,uint256 delta,bytes32 patch,uint256 nonce,uint256 expiry)");
        _same(IMeasures.Kind.Rollback, abi.encode(1, 2, 3), keccak256(abi.encode(kind, 1, 2, 3, 7, 8)));
        kind = keccak256("Strike(uint256 group,uint256 round,bytes32 claim,bool restore,uint256 nonce,uint256 expiry)");
        _same(IMeasures.Kind.Strike, abi.encode(1, 2, 3, true), keccak256(abi.encode(kind, 1, 2, 3, true, 7, 8)));
        kind = keccak256(
            "Slash(uint256 group,uint256 position,address signer,uint256 basisPoints,uint256 nonce,uint256 expiry)"
        );
        bytes memory four = abi.encode(1, 2, address(3), 4);
        _same(IMeasures.Kind.Slash, four, keccak256(abi.encode(kind, 1, 2, address(3), 4, 7, 8)));
        kind = keccak256("Least(uint256 group,uint256 present,uint256 least,uint256 nonce,uint256 expiry)");
        _same(IMeasures.Kind.Least, abi.encode(1, 2, 3), keccak256(abi.encode(kind, 1, 2, 3, 7, 8)));
    }

    function test_AChoiceNamesItsPatch() public pure {
        bytes32 kind = keccak256("Choice(uint256 group,uint256 period,uint256 delta,bytes32 patch,uint256 seq)");
        bytes32 hash = keccak256(abi.encode(kind, 1, 2, 3, bytes32("patch"), 4));
        vm.assertEq(Typed.choice(1, 2, 3, "patch", 4), hash, "struct hash");
    }

    function _same(IMeasures.Kind kind, bytes memory args, bytes32 expected) private pure {
        vm.assertEq(Typed.measure(kind, args, 7, 8), expected, "struct hash");
    }

    function _check(uint256 index, bytes32 structHash) private {
        bytes32 domain = _domain(_uint(index, "chainId"), _address(index, "network"));
        vm.assertEq(domain, _word(index, "domain"), "domain");
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
        vm.assertEq(digest, _word(index, "digest"), "digest");
        vm.assertEq(vm.addr(uint256(_word(index, "key"))), _address(index, "signer"), "signer");
        (bytes32 r, bytes32 vs) = vm.signCompact(uint256(_word(index, "key")), digest);
        vm.assertEq(r, _word(index, "r"), "r");
        vm.assertEq(vs, _word(index, "vs"), "vs");
    }

    /// @dev The domain that the contract's code computes there.
    function _domain(uint256 chain, address where) private returns (bytes32) {
        address registry = _deploy("Registry", abi.encode(address(1), address(2), address(3), 1, 2, 1, 1));
        vm.etch(where, _deployNetwork(registry).code);
        vm.chainId(chain);
        return INetwork(where).DOMAIN_SEPARATOR();
    }
}
