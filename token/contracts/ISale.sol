// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A sale at a fixed price that creates exactly what was bought.
interface ISale {
    /// @notice The sale began, with these terms.
    event Begun(
        address neuron, address emission, address purse, uint256 price, uint256 deadline, uint256 minimum
    );
    event Bought(address indexed buyer, uint256 paid, uint256 amount);
    event Closed(uint256 sold, uint256 proceeds);
    event Claimed(address indexed buyer, uint256 amount);
    event Refunded(address indexed buyer, uint256 paid);

    error SaleOver(uint256 since);
    error SaleRunning(uint256 until);
    error AlreadyClosed();
    error NotClosed();
    error BelowMinimum(uint256 missing);
    /// @notice Close it; if that is impossible, everybody is paid back from then on.
    error MinimumReached(uint256 refundsFrom);
    error NothingBought();
    /// @notice More would be sold than 2^92 wei: `left` are left.
    error SoldOut(uint256 left);
    /// @notice Price or minimum of 0, a minimum that cannot be sold, or a deadline that is over.
    error BadTerms();

    function neuron() external view returns (address);
    function emission() external view returns (address);
    function purse() external view returns (address);
    /// @notice Wei of the chain's coin for one whole NRN (1e18 wei of NRN).
    function price() external view returns (uint256);
    /// @notice Last second of the sale plus one, s since the epoch.
    function deadline() external view returns (uint256);
    /// @notice Wei of NRN below which everybody is paid back.
    function minimum() external view returns (uint256);
    /// @notice Wei of NRN sold so far.
    function sold() external view returns (uint256);
    function closed() external view returns (bool);
    /// @notice Wei of NRN that `buyer` has bought and not claimed.
    function bought(address buyer) external view returns (uint256);
    /// @notice Wei of the chain's coin that `buyer` has paid and not got back.
    function paid(address buyer) external view returns (uint256);
    /// @notice Buys `msg.value * 1e18 / price` wei of NRN. Anyone, before the deadline.
    function buy() external payable returns (uint256 amount);
    /// @notice Mints what was sold, starts the schedule, hands the proceeds to the purse. Anyone, once, after the
    /// deadline.
    function close() external;
    /// @notice Delivers the caller's NRN. After `close`.
    function claim() external returns (uint256 amount);
    /// @notice Pays the caller back. After the deadline, if the minimum was missed; 30 days later also if nobody closed it.
    function refund() external returns (uint256 amount);
}
