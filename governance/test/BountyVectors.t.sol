// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBounties} from "governance/IBounties.sol";
import {Prizes} from "governance/Prizes.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev Results and what they pay, as Rust computes both.
contract BountyVectorsTest is Vectors {
    function test_WhatABountyPaysIsAsTheVectorsSay() public {
        uint256 cases = _read("bounty");
        for (uint256 i; i < cases; ++i) {
            IBounties.Result memory result = _result(i);
            vm.assertEq(keccak256(abi.encode(result)), _word(i, "result"), "result");
            vm.assertEq(Prizes.eighth(_uint(i, "amount")), _uint(i, "finders"), "finders");
            this.checkPays(i, result);
            this.checkRest(i, result);
        }
    }

    function checkPays(uint256 index, IBounties.Result calldata result) external view {
        uint256 amount = _uint(index, "amount");
        uint256[] memory shares = Prizes.shares(result, amount, _uint(index, "target"));
        uint256 equal = Prizes.equalShare(result, amount, _uint(index, "bond"));
        for (uint256 i; i < shares.length; ++i) {
            vm.assertEq(equal + shares[i], _uint(index, _at("pays", i)), "pays");
        }
    }

    function checkRest(uint256 index, IBounties.Result calldata result) external view {
        (uint256 back, uint256 burned) =
            Prizes.unearned(result, _uint(index, "amount"), _uint(index, "bond"), _uint(index, "target"));
        vm.assertEq(back, _uint(index, "returned"), "returned");
        vm.assertEq(burned, _uint(index, "burned"), "burned");
    }

    function _result(uint256 index) private view returns (IBounties.Result memory result) {
        uint256 length;
        while (_has(index, _at("rounds", length))) ++length;
        (result.failed, result.base) = (_bool(index, "failed"), uint32(_uint(index, "base")));
        result.steps = new IBounties.Step[](length);
        for (uint256 i; i < length; ++i) {
            result.steps[i].round = uint40(_uint(index, _at("rounds", i)));
            result.steps[i].won = uint32(_uint(index, _at("won", i)));
            result.steps[i].loss = uint32(_uint(index, _at("losses", i)));
            result.steps[i].better = _bool(index, _at("better", i));
        }
    }

    function _at(string memory key, uint256 place) private pure returns (string memory) {
        return string.concat(key, "[", vm.toString(place), "]");
    }
}
