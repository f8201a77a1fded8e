// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title NRN, the token that trainers, validators and authors of data earn.
interface INeuron is IERC20, IERC20Permit {
    /// @notice The caller is not `Emission`.
    error NotEmission();

    /// @notice The only contract that may mint.
    function emission() external view returns (address);

    /// @notice Creates `amount` wei of NRN for `to`. Only `Emission`.
    function mint(address to, uint256 amount) external;

    /// @notice Destroys `amount` wei of the caller's NRN.
    function burn(uint256 amount) external;
}
