// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {INeuron} from "token/INeuron.sol";
import {Test} from "token-test/Test.sol";

contract NeuronTest is Test {
    INeuron private neuron = INeuron(_deploy("Neuron", abi.encode(address(this))));

    function test_RevertIf_SomebodyElseThanEmissionMints() public {
        vm.expectRevert(INeuron.NotEmission.selector);
        vm.prank(address(1));
        neuron.mint(address(1), 1);
    }

    function test_RevertIf_MoreIsBurntThanOwned() public {
        neuron.mint(address(this), 1);
        vm.expectRevert();
        neuron.burn(2);
    }

    function test_EmissionMintsAndOwnersBurn(uint96 minted, uint96 burnt) public {
        burnt = uint96(_bound(burnt, 0, minted));
        neuron.mint(address(this), minted);
        neuron.burn(burnt);
        vm.assertEq(neuron.balanceOf(address(this)), minted - burnt, "balance");
        vm.assertEq(neuron.totalSupply(), minted - burnt, "supply");
    }

    function test_APermitAllowsOnce() public {
        address owner = vm.addr(7);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(7, _permit(owner, 5, 0));
        neuron.permit(owner, address(this), 5, type(uint256).max, v, r, s);
        vm.assertEq(neuron.allowance(owner, address(this)), 5, "allowance");
        vm.expectPartialRevert(ERC20Permit.ERC2612InvalidSigner.selector);
        neuron.permit(owner, address(this), 5, type(uint256).max, v, r, s);
    }

    function _permit(address owner, uint256 value, uint256 nonce) private view returns (bytes32) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(abi.encode(kind, owner, address(this), value, nonce, type(uint256).max));
        return keccak256(abi.encodePacked(hex"1901", neuron.DOMAIN_SEPARATOR(), hash));
    }
}
