// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures} from "governance/INetwork.sol";
import {Typed} from "governance/Typed.sol";
import {Fixture} from "governance-test/Fixture.sol";

contract EnactTest is Fixture {
    uint256 private constant NONCE = 77;
    uint256 private constant EXPIRY = START + 1000 days;

    function test_RevertIf_TheKindIsNotKnownYet() public {
        IMeasures.Assent[] memory none = new IMeasures.Assent[](0);
        for (uint8 kind; kind < 6; ++kind) {
            if (kind == uint8(IMeasures.Kind.Admit)) continue;
            vm.expectRevert(IMeasures.UnknownMeasure.selector);
            network.enact(IMeasures.Kind(kind), abi.encode(2), NONCE, EXPIRY, none);
        }
    }

    function test_RevertIf_TheMeasureHasExpired() public {
        IMeasures.Assent[] memory assents = _assents(2, NONCE, 1, 3);
        vm.warp(EXPIRY);
        _refuse(2, NONCE, assents, IMeasures.Expired.selector);
        vm.warp(EXPIRY - 1);
        network.enact(IMeasures.Kind.Admit, abi.encode(2), NONCE, EXPIRY, assents);
    }

    function test_RevertIf_TheNonceHasServed() public {
        network.enact(IMeasures.Kind.Admit, abi.encode(2), NONCE, EXPIRY, _assents(2, NONCE, 1, 3));
        _create(TRAIN, REVEAL, 900);
        _refuse(3, NONCE, _assents(3, NONCE, 1, 3), IMeasures.NonceUsed.selector);
        vm.assertEq(network.nonceUsed(NONCE), true, "used");
    }

    function test_RevertIf_ThereIsNoMajority() public {
        _refuse(2, NONCE, _assents(2, NONCE, 1, 1), IMeasures.NoMajority.selector);
        network.enact(IMeasures.Kind.Admit, abi.encode(2), NONCE, EXPIRY, _assents(2, NONCE, 1, 2));
    }

    function test_RevertIf_AnAssentComesTwice() public {
        IMeasures.Assent[] memory assents = _assents(2, NONCE, 1, 3);
        (assents[0], assents[1], assents[2]) = (assents[0], assents[1], assents[1]);
        _refuse(2, NONCE, assents, IMeasures.NotAscending.selector);
        assents = _assents(2, NONCE, 1, 3);
        (assents[0], assents[1]) = (assents[1], assents[0]);
        _refuse(2, NONCE, assents, IMeasures.NotAscending.selector);
    }

    function test_RevertIf_TheAssentsAreForAnotherMeasure() public {
        _refuse(2, NONCE, _assents(2, NONCE + 1, 1, 3), IMeasures.NoMajority.selector);
        _refuse(2, NONCE, _assents(1, NONCE, 1, 3), IMeasures.NoMajority.selector);
    }

    function test_RevertIf_TheGroupIsAdmittedAlreadyOrMissing() public {
        _refuse(1, NONCE, _assents(1, NONCE, 1, 3), IMeasures.AlreadyAdmitted.selector);
        _refuse(9, NONCE, _assents(9, NONCE, 1, 3), IGroups.NoSuchGroup.selector);
    }

    function test_RevertIf_LessThanATenthOfTheSupplyAssents() public {
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            vm.prank(vm.addr(key));
            network.unbond(1, key, STAKE * 7 / 10);
        }
        vm.warp(_start(FIRST + 24));
        _refuse(2, NONCE, _assents(2, NONCE, 1, 3), IMeasures.NoMajority.selector);
    }

    function test_StakeOfSeveralGroupsIsAddedUp() public {
        IMeasures.Assent[] memory assents = new IMeasures.Assent[](3);
        bytes32 measure = Typed.measure(uint8(IMeasures.Kind.Admit), abi.encode(2), NONCE, EXPIRY);
        assents[0] = _assent(1, 2, measure);
        assents[1] = _assent(2, 1, measure);
        assents[2] = _assent(2, 2, measure);
        _refuse(2, NONCE, assents, IMeasures.NoMajority.selector);
        IMeasures.Assent[] memory more = new IMeasures.Assent[](4);
        (more[0], more[1], more[2], more[3]) = (_assent(1, 1, measure), assents[0], assents[1], assents[2]);
        vm.expectEmit();
        emit IGroups.Admitted(2);
        vm.expectEmit();
        emit IMeasures.Enacted(IMeasures.Kind.Admit, abi.encode(2), NONCE);
        network.enact(IMeasures.Kind.Admit, abi.encode(2), NONCE, EXPIRY, more);
        vm.assertEq(network.group(2).admitted, true, "admitted");
    }

    function _assents(uint256 group, uint256 nonce, uint256 first, uint256 last)
        private
        view
        returns (IMeasures.Assent[] memory assents)
    {
        bytes32 measure = Typed.measure(uint8(IMeasures.Kind.Admit), abi.encode(group), nonce, EXPIRY);
        assents = new IMeasures.Assent[](last + 1 - first);
        for (uint256 i; i < assents.length; ++i) {
            assents[i] = _assent(1, first + i, measure);
        }
    }

    function _refuse(uint256 group, uint256 nonce, IMeasures.Assent[] memory assents, bytes4 selector) private {
        vm.expectRevert(selector);
        network.enact(IMeasures.Kind.Admit, abi.encode(group), nonce, EXPIRY, assents);
    }
}
