// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures, IRounds} from "governance/INetwork.sol";
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
        council = IMeasures(_deploy("Council", abi.encode(_deploy("Registry", terms))));
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
            _refuse(i, _bytes(i, "args"), IRounds.NothingCounted.selector);
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

    /// @dev Nobody assents: what is refused for want of assents was understood.
    function _refuse(uint256 index, bytes memory args, bytes4 reason) private {
        IMeasures.Kind kind = IMeasures.Kind(_uint(index, "kind"));
        vm.expectRevert(reason);
        council.enact(kind, args, index, block.timestamp + 1, new IMeasures.Assent[](0));
    }

    function _encoded(uint256 index) private view returns (bytes memory) {
        IMeasures.Kind kind = IMeasures.Kind(_uint(index, "kind"));
        uint256 group = _uint(index, "group");
        if (kind == IMeasures.Kind.Period) return abi.encode(group, _uint(index, "present"), _uint(index, "period"));
        if (kind == IMeasures.Kind.Least) return abi.encode(group, _uint(index, "present"), _uint(index, "least"));
        if (kind == IMeasures.Kind.Rollback) return abi.encode(group, _uint(index, "delta"), _word(index, "patch"));
        if (kind == IMeasures.Kind.Strike) {
            return abi.encode(group, _uint(index, "round"), _word(index, "claim"), _uint(index, "restore"));
        }
        if (kind != IMeasures.Kind.Slash) return abi.encode(group, _word(index, "name"));
        return abi.encode(group, _uint(index, "position"), _address(index, "signer"), _uint(index, "basisPoints"));
    }
}
