// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INetwork} from "governance/INetwork.sol";
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
            _check(i, Typed.choice(_uint(i, "group"), _uint(i, "period"), delta, _uint(i, "seq")));
        }
    }

    function test_Assents() public {
        uint256 cases = _read("assent");
        for (uint256 i; i < cases; ++i) {
            _check(i, Typed.assent(_word(i, "measure")));
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
            uint8 kind = uint8(_uint(i, "kind"));
            bytes32 measure = Typed.measure(kind, _bytes(i, "args"), _uint(i, "nonce"), _uint(i, "expiry"));
            vm.assertEq(measure, _word(i, "measure"), vm.toString(i));
        }
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
        address council = _deploy("Council", abi.encode(address(1), address(2), address(3), 1, 2, 1, 1));
        vm.etch(where, _deploy("Network", abi.encode(council)).code);
        vm.chainId(chain);
        return INetwork(where).DOMAIN_SEPARATOR();
    }
}
