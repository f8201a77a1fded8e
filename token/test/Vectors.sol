// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "token-test/Test.sol";

/// @title Reads the cases that Rust's tests read too, from `crates/protocol/vectors`.
abstract contract Vectors is Test {
    string private json;

    /// @dev Opens one file and tells how many cases it holds.
    function _read(string memory name) internal returns (uint256 cases) {
        json = vm.readFile(string.concat("crates/protocol/vectors/", name, ".json"));
        while (vm.keyExistsJson(json, _path(cases, ""))) ++cases;
        vm.assertGt(cases, 0, name);
    }

    function _uint(uint256 index, string memory key) internal view returns (uint256) {
        return vm.parseJsonUint(json, _path(index, string.concat(".", key)));
    }

    function _bool(uint256 index, string memory key) internal view returns (bool) {
        return vm.parseJsonBool(json, _path(index, string.concat(".", key)));
    }

    function _text(uint256 index, string memory key) internal view returns (string memory) {
        return vm.parseJsonString(json, _path(index, string.concat(".", key)));
    }

    function _bytes(uint256 index, string memory key) internal view returns (bytes memory) {
        return vm.parseJsonBytes(json, _path(index, string.concat(".", key)));
    }

    function _word(uint256 index, string memory key) internal view returns (bytes32) {
        return vm.parseJsonBytes32(json, _path(index, string.concat(".", key)));
    }

    function _address(uint256 index, string memory key) internal view returns (address) {
        return vm.parseJsonAddress(json, _path(index, string.concat(".", key)));
    }

    /// @dev Whether case `index` has a value under `key`, for lists within a case.
    function _has(uint256 index, string memory key) internal view returns (bool) {
        return vm.keyExistsJson(json, _path(index, string.concat(".", key)));
    }

    function _path(uint256 index, string memory rest) private pure returns (string memory) {
        return string.concat(".cases[", vm.toString(index), "]", rest);
    }
}
