// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The schedule of issue: the only minter, bounded by time whatever anybody asks.
interface IEmission {
    /// @notice The sale closed: `supply` wei exist and the first era began at `start` (s since the epoch).
    event ScheduleOpened(uint256 supply, uint256 start);
    /// @notice `issued` of the `asked` wei were minted to `to`; the rest was cut and is never owed.
    event Issued(address indexed to, uint256 asked, uint256 issued);

    error NotSale();
    error NotNetwork();
    error AlreadyOpen();
    /// @notice The sale sold more than 2^92 wei.
    error SupplyTooLarge();

    function neuron() external view returns (address);
    function sale() external view returns (address);
    function network() external view returns (address);
    /// @notice Close of the sale in seconds since the epoch, 0 before it.
    function start() external view returns (uint256);
    /// @notice `(now - start) / 126_230_400`; 0 before the sale closed.
    function era() external view returns (uint256);
    /// @notice Wei that could be issued at this moment.
    function allowance() external view returns (uint256);
    /// @notice Mints the whole sale to the sale and starts the schedule. Only `Sale`, once.
    function open(uint256 supply) external;
    /// @notice Mints `amount` to `to`, cut to the allowance; never reverts for want of allowance. Only `Network`.
    function issue(address to, uint256 amount) external returns (uint256 issued);
}
