// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Play} from "governance-test/Play.sol";

/// @title Ann's claim "a" and Bob's better one "b" were revealed in round `FIRST` of group 1; JUDGE begins.
abstract contract Judged is Play {
    function setUp() public virtual override {
        super.setUp();
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        _commit(1, FIRST, CEM, "never opened");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _reveal(1, BOB, "b", BASE, BETTER);
        vm.warp(_judgeStart(FIRST));
    }

    function _judge(bytes32 claim, uint256 first, uint256 last) internal {
        network.judge(1, FIRST, claim, _verdicts(1, FIRST, claim, first, last));
    }
}
