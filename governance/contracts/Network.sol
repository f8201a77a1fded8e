// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Bounties} from "governance/Bounties.sol";
import {Council} from "governance/Council.sol";
import {INetwork} from "governance/INetwork.sol";
import {Rounds} from "governance/Rounds.sol";
import {State} from "governance/State.sol";

/// @title The network: one address and one storage for all modules; nobody owns, stops or upgrades it.
/// @dev It runs rounds itself. All else has a door here, behind which the code of `Registry`, `Council` or `Bounties` acts on this
/// storage. `Neuron` and `Emission` call nobody, and the purse is called last: there is no half-done state to re-enter.
/// @custom:security-contact see SECURITY.md
contract Network is Rounds, INetwork {
    address private immutable _registry;
    address private immutable _council;
    address private immutable _bountiesCode;

    constructor(Council council, Bounties bountiesCode) State(council.registry().terms()) {
        (_registry, _council, _bountiesCode) = (address(council.registry()), address(council), address(bountiesCode));
        emit Begun(council.registry().terms(), _registry, _council, _bountiesCode);
    }

    function multicall(bytes[] calldata calls) external returns (bytes[] memory results) {
        results = new bytes[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            results[i] = Address.functionDelegateCall(address(this), calls[i]);
        }
    }

    function modules() external view returns (address registry, address council, address bountiesCode) {
        return (_registry, _council, _bountiesCode);
    }

    function clock() external view returns (uint48) {
        return uint48(block.timestamp);
    }

    // Names that are given by EIPs.
    // forge-lint: disable-start(mixed-case-function)
    function CLOCK_MODE() external pure returns (string memory) {
        return "mode=timestamp";
    }

    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    // forge-lint: disable-end(mixed-case-function)

    function eip712Domain()
        public
        view
        override(EIP712, INetwork)
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return super.eip712Domain();
    }

    // Doors to `Registry`.

    function allow(uint256, uint256, uint8, bytes32, bytes32) external {
        _run(_registry);
    }

    function bond(uint256, address, uint256, bytes calldata) external returns (uint256) {
        _run(_registry);
    }

    function compound(uint256, uint256) external {
        _run(_registry);
    }

    function wake(uint256, uint256) external {
        _run(_registry);
    }

    function rest(uint256, uint256) external {
        _run(_registry);
    }

    function rotate(uint256, uint256, address, bytes calldata) external {
        _run(_registry);
    }

    function unbond(uint256, uint256, uint256) external {
        _run(_registry);
    }

    function withdraw(uint256, uint256, address) external returns (uint256) {
        _run(_registry);
    }

    function offer(uint256, uint256, address) external {
        _run(_registry);
    }

    function accept(uint256, uint256) external {
        _run(_registry);
    }

    function doze(uint256, uint256) external {
        _run(_registry);
    }

    function slashDouble(uint256, uint256, Attendance calldata, Attendance calldata) external returns (uint256) {
        _run(_registry);
    }

    function position(uint256, uint256) external view returns (Position memory) {
        _ask(_registry);
    }

    function positions(uint256) external view returns (uint256) {
        _ask(_registry);
    }

    function positionOf(uint256, address) external view returns (uint256) {
        _ask(_registry);
    }

    function positionsOf(uint256, address, uint256, uint256) external view returns (uint256[] memory) {
        _ask(_registry);
    }

    function mayWake(uint256, uint256) external view returns (bool) {
        _ask(_registry);
    }

    function stake(uint256) external view returns (Totals memory) {
        _ask(_registry);
    }

    function admittedAwake() external view returns (uint256) {
        _ask(_registry);
    }

    function allBonded() external view returns (uint256, uint256) {
        _ask(_registry);
    }

    function neuron() external view returns (address) {
        _ask(_registry);
    }

    function emission() external view returns (address) {
        _ask(_registry);
    }

    function purse() external view returns (address) {
        _ask(_registry);
    }

    function epochLength() external view returns (uint256) {
        _ask(_registry);
    }

    function exitTime() external view returns (uint256) {
        _ask(_registry);
    }

    function maturity() external view returns (uint256) {
        _ask(_registry);
    }

    function minDeposit() external view returns (uint256) {
        _ask(_registry);
    }

    function genesis() external view returns (uint256) {
        _ask(_registry);
    }

    function epoch() external view returns (uint256) {
        _ask(_registry);
    }

    function create(Birth calldata) external returns (uint256) {
        _run(_registry);
    }

    function fork(uint256, Birth calldata) external returns (uint256) {
        _run(_registry);
    }

    function move(uint256, uint256, uint256, address, bytes calldata) external returns (uint256) {
        _run(_registry);
    }

    function group(uint256) external view returns (Group memory) {
        _ask(_registry);
    }

    function groups() external view returns (uint256) {
        _ask(_registry);
    }

    // Doors to `Council`.

    function propose(uint256, bytes32, bytes32, uint256) external returns (uint256) {
        _run(_council);
    }

    function cast(uint256, Choice[] calldata) external {
        _run(_council);
    }

    function turn(uint256) external {
        _run(_council);
    }

    function refund(uint256, uint256[] calldata) external {
        _run(_council);
    }

    function enact(Kind, bytes calldata, uint256, uint256, Assent[] calldata) external returns (bool) {
        _run(_council);
    }

    function leastBond(uint256) external view returns (uint256) {
        _ask(_council);
    }

    function delta(uint256, uint256) external view returns (Delta memory) {
        _ask(_council);
    }

    function keepVotes(uint256) external view returns (uint256) {
        _ask(_council);
    }

    function openDeltas(uint256) external view returns (uint256[] memory) {
        _ask(_council);
    }

    function ballot(uint256, uint256) external view returns (Counted memory) {
        _ask(_council);
    }

    function measure(bytes32) external view returns (Measure memory) {
        _ask(_council);
    }

    // Doors to `Bounties`.

    function fund(uint256, bytes32, uint256, uint256, uint256, uint256, uint256) external returns (uint256) {
        _run(_bountiesCode);
    }

    function unseal(uint256, bytes32) external {
        _run(_bountiesCode);
    }

    function find(uint256, uint256, Result calldata, Finding[] calldata) external returns (bool) {
        _run(_bountiesCode);
    }

    function payRounds(uint256, Result calldata, uint256[] calldata) external {
        _run(_bountiesCode);
    }

    function payFinders(uint256, uint256[] calldata) external {
        _run(_bountiesCode);
    }

    function settleBounty(uint256, Result calldata) external {
        _run(_bountiesCode);
    }

    function slashFindings(uint256, uint256, bytes32, Finding calldata, bytes32, Finding calldata)
        external
        returns (uint256)
    {
        _run(_bountiesCode);
    }

    function bounty(uint256) external view returns (Bounty memory) {
        _ask(_bountiesCode);
    }

    function bounties() external view returns (uint256) {
        _ask(_bountiesCode);
    }

    function foundFor(uint256, uint256, bytes32) external view returns (uint256) {
        _ask(_bountiesCode);
    }

    function foundBy(uint256, uint256) external view returns (uint256) {
        _ask(_bountiesCode);
    }

    function paidFor(uint256, uint256) external view returns (bool) {
        _ask(_bountiesCode);
    }

    /// @dev Ends the call with what `code` says to it, acting on this storage.
    function _run(address code) private {
        assembly ("memory-safe") {
            let free := mload(64)
            calldatacopy(free, 0, calldatasize())
            let done := delegatecall(gas(), code, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            if iszero(done) { revert(free, returndatasize()) }
            return(free, returndatasize())
        }
    }

    /// @dev The same for code that changes nothing, which the compiler cannot see.
    function _ask(address code) private view {
        function(address) internal run = _run;
        function(address) internal view ask;
        assembly ("memory-safe") {
            ask := run
        }
        ask(code);
    }
}
