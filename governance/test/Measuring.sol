// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeasures} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Play} from "governance-test/Play.sol";

/// @title A measure with the assents that a test chooses.
/// @dev All stake is that of groups 1 and 2: three times `STAKE` and three times a tenth of it.
abstract contract Measuring is Play {
    uint256 internal constant NONCE = 77;
    /// @dev A fourth validator of group 1, or a rich one of group 2.
    uint256 internal constant FOURTH = 4;

    /// @dev When the measures of a test expire.
    uint256 internal expiry;

    function setUp() public virtual override {
        super.setUp();
        _renew();
    }

    /// @dev From now on measures expire as late as they may: they are others than before.
    function _renew() internal {
        expiry = _expiry();
    }

    function _measure(IMeasures.Kind kind, bytes memory args) internal view returns (bytes32) {
        return Typed.measure(kind, args, NONCE, expiry);
    }

    /// @dev Assents of the positions from `first` to `last` of `group` to the measure with the nonce `NONCE`.
    function _assents(IMeasures.Kind kind, bytes memory args, uint256 group, uint256 first, uint256 last)
        internal
        view
        returns (IMeasures.Assent[] memory assents)
    {
        bytes32 measure = _measure(kind, args);
        assents = new IMeasures.Assent[](last + 1 - first);
        for (uint256 i; i < assents.length; ++i) {
            assents[i] = _assent(group, first + i, measure);
        }
    }

    function _join2(IMeasures.Assent[] memory one, IMeasures.Assent[] memory two)
        internal
        pure
        returns (IMeasures.Assent[] memory all)
    {
        all = new IMeasures.Assent[](one.length + two.length);
        for (uint256 i; i < all.length; ++i) {
            all[i] = i < one.length ? one[i] : two[i - one.length];
        }
    }

    /// @dev The measure takes effect.
    function _pass(IMeasures.Kind kind, bytes memory args, IMeasures.Assent[] memory assents) internal {
        vm.assertEq(network.enact(kind, args, NONCE, expiry, assents), true, "enough");
    }

    /// @dev The assents are counted, and more are needed.
    function _fall(IMeasures.Kind kind, bytes memory args, IMeasures.Assent[] memory assents) internal {
        vm.assertEq(network.enact(kind, args, NONCE, expiry, assents), false, "not enough");
    }

    function _refuse(IMeasures.Kind kind, bytes memory args, IMeasures.Assent[] memory assents, bytes memory reason)
        internal
    {
        vm.expectRevert(reason);
        network.enact(kind, args, NONCE, expiry, assents);
    }

    /// @dev With the assents of all of group 1.
    function _refuse(IMeasures.Kind kind, bytes memory args, bytes memory reason) internal {
        _refuse(kind, args, _assents(kind, args, 1, 1, VALIDATORS), reason);
    }

    function _refuse(IMeasures.Kind kind, bytes memory args, bytes4 selector) internal {
        _refuse(kind, args, abi.encodeWithSelector(selector));
    }

    function _refuse(IMeasures.Kind kind, bytes memory args, IMeasures.Assent[] memory assents, bytes4 selector)
        internal
    {
        _refuse(kind, args, assents, abi.encodeWithSelector(selector));
    }

    /// @dev What is said when something else is there than the measure names.
    function _unexpected(bytes32 found) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IMeasures.Unexpected.selector, found);
    }

    function _nextEpoch() internal {
        vm.warp(START + (network.epoch() + 1) * EPOCH);
    }

    /// @dev A fourth position in `group`, so that the first two of group 1 have exactly half of what counts.
    function _balance(uint256 group, uint256 amount) internal {
        _fund(vm.addr(FOURTH), amount);
        vm.startPrank(vm.addr(FOURTH));
        network.bond(group, vm.addr(FOURTH), amount, "");
        network.wake(group, FOURTH);
        vm.stopPrank();
        _nextEpoch();
    }

    /// @dev The fourth position loses a gwei; the first two have more than half from then on.
    function _tip(uint256 group) internal {
        vm.prank(vm.addr(FOURTH));
        network.unbond(group, FOURTH, 1 gwei);
        _nextEpoch();
    }
}
