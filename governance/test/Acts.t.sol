// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures} from "governance/INetwork.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev All that a council without stake asks of the token.
contract Supply {
    function totalSupply() external pure returns (uint256) {
        return 1 ether;
    }
}

/// @dev Arguments of measures as Rust writes them: each kind takes its own number of words, and no other.
contract ActVectorsTest is Vectors {
    IMeasures private council;

    function setUp() public {
        bytes memory terms = abi.encode(new Supply(), this, this, 1 days, 28 days, 7 days, 1);
        council = IMeasures(_deploy("Council", terms));
    }

    function test_ArgumentsAreTheWordsOfTheAct() public {
        uint256 cases = _read("act");
        for (uint256 i; i < cases; ++i) {
            vm.assertEq(keccak256(_bytes(i, "args")), keccak256(_encoded(i)), vm.toString(i));
        }
    }

    function test_EachKindTakesItsArguments() public {
        uint256 cases = _read("act");
        for (uint256 i; i < cases; ++i) {
            _refuse(i, _bytes(i, "args"), IMeasures.NoMajority.selector);
        }
    }

    function test_RevertIf_AWordIsMissingOrTooMany() public {
        uint256 cases = _read("act");
        for (uint256 i; i < cases; ++i) {
            bytes memory args = _bytes(i, "args");
            _refuse(i, bytes.concat(args, bytes32(0)), IMeasures.BadArguments.selector);
            _refuse(i, bytes.concat(args, hex"00"), IMeasures.BadArguments.selector);
            assembly ("memory-safe") {
                mstore(args, sub(mload(args), 32))
            }
            _refuse(i, args, IMeasures.BadArguments.selector);
        }
    }

    /// @dev Nobody assents: what is refused for want of a majority was understood.
    function _refuse(uint256 index, bytes memory args, bytes4 reason) private {
        IMeasures.Kind kind = IMeasures.Kind(_uint(index, "kind"));
        vm.expectRevert(reason);
        council.enact(kind, args, index, type(uint256).max, new IMeasures.Assent[](0));
    }

    function _encoded(uint256 index) private view returns (bytes memory) {
        uint256 kind = _uint(index, "kind");
        (uint256 group, uint256 second) = (_uint(index, "group"), _uint(index, "second"));
        if (kind == 2 || kind == 3) return abi.encode(group);
        return kind < 2 ? abi.encode(group, second) : abi.encode(group, second, _uint(index, "third"));
    }
}
