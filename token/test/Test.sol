// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The few cheatcodes of forge that the tests use.
interface Vm {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function warp(uint256 time) external;
    function load(address where, bytes32 slot) external view returns (bytes32);
    function store(address where, bytes32 slot, bytes32 value) external;
    function snapshotState() external returns (uint256);
    function revertToState(uint256 snapshot) external returns (bool);
    function lastCallGas() external view returns (Gas memory);
    function chainId(uint256 id) external;
    function fee(uint256 baseFee) external;
    function txGasPrice(uint256 price) external;
    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function startPrank(address sender) external;
    function startPrank(address sender, address origin) external;
    function stopPrank() external;
    function deal(address who, uint256 wei_) external;
    function etch(address where, bytes calldata code) external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function expectRevert() external;
    function expectPartialRevert(bytes4 selector) external;
    function expectEmit() external;
    function assume(bool condition) external pure;
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function signCompact(uint256 key, bytes32 digest) external pure returns (bytes32 r, bytes32 vs);
    function deployCode(string calldata artifact, bytes calldata arguments) external returns (address);
    function computeCreateAddress(address deployer, uint256 nonce) external pure returns (address);
    function getNonce(address account) external view returns (uint64);
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256);
    function readFile(string calldata path) external view returns (string memory);
    function toString(uint256 value) external pure returns (string memory);
    function parseJsonUint(string calldata json, string calldata path) external pure returns (uint256);
    function parseJsonBool(string calldata json, string calldata path) external pure returns (bool);
    function parseJsonString(string calldata json, string calldata path) external pure returns (string memory);
    function parseJsonBytes(string calldata json, string calldata path) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata path) external pure returns (bytes32);
    function parseJsonAddress(string calldata json, string calldata path) external pure returns (address);
    function keyExistsJson(string calldata json, string calldata path) external view returns (bool);
    function assertEq(uint256 left, uint256 right, string calldata what) external pure;
    function assertEq(bytes32 left, bytes32 right, string calldata what) external pure;
    function assertEq(address left, address right, string calldata what) external pure;
    function assertEq(bool left, bool right, string calldata what) external pure;
    function assertLe(uint256 left, uint256 right, string calldata what) external pure;
    function assertLt(uint256 left, uint256 right, string calldata what) external pure;
    function assertGt(uint256 left, uint256 right, string calldata what) external pure;
}

/// @title What every test starts from.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev By name and not with `new`, which would compile the contract once more into every test.
    function _deploy(string memory name, bytes memory arguments) internal virtual returns (address) {
        return vm.deployCode(string.concat(name, ".sol:", name), arguments);
    }

    /// @dev The network around a registry, with its other code.
    function _deployNetwork(address registry) internal returns (address) {
        bytes memory argument = abi.encode(registry);
        return _deploy("Network", abi.encode(_deploy("Council", argument), _deploy("Bounties", argument)));
    }

    /// @dev The address of this test's next deployment but `skipped`.
    function _predict(uint256 skipped) internal view returns (address) {
        return vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + skipped);
    }

    function _bound(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + value % (most - least + 1);
    }
}
