// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The proceeds of the sale; nobody can withdraw them.
interface IPurse {
    event Received(address indexed from, uint256 amount);

    /// @notice The contract whose calls this purse serves.
    function network() external view returns (address);
}
