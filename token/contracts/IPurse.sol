// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The proceeds of the sale: they pay back the gas of calls that keep admitted groups going, nobody withdraws them.
interface IPurse {
    /// @notice The purse was made, with these terms.
    event Begun(address network, uint256 tip);
    event Received(address indexed from, uint256 amount);
    /// @notice `amount` wei of the chain's coin went to `to` for `gas` units.
    event PaidBack(address indexed to, uint256 gas, uint256 amount);

    error NotNetwork();

    /// @notice The contract whose calls this purse serves.
    function network() external view returns (address);
    /// @notice The most wei for a unit of gas on top of the block's base fee.
    function tip() external view returns (uint256);
    /// @notice Pays `to` for `gas` units what the transaction pays for them, at most base fee plus tip, and at most 1/65,536
    /// of what it holds. Only `Network`. Never reverts for want of coins or because `to` refuses them: then it pays nothing.
    /// @return amount wei of the chain's coin that were paid.
    function payBack(address to, uint256 gas) external returns (uint256 amount);
}
