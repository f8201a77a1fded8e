// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rules} from "governance/Rules.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev The same cases as in Rust, one test a file.
contract RulesVectorsTest is Vectors {
    function test_Total() public {
        uint256 cases = _read("total");
        for (uint256 i; i < cases; ++i) {
            _same(i, "total", Rules.total(_uint(i, "admitted"), _uint(i, "supply")));
        }
    }

    function test_RewardAndWhatValidatorsGet() public {
        uint256 cases = _read("reward");
        for (uint256 i; i < cases; ++i) {
            uint256 reward = Rules.reward(
                _uint(i, "supply"), _uint(i, "length"), _uint(i, "awake"), _uint(i, "total"), _uint(i, "era")
            );
            _same(i, "reward", reward);
            _same(i, "validators", Rules.validatorsReward(reward));
        }
    }

    function test_AuthorReward() public {
        uint256 cases = _read("author");
        for (uint256 i; i < cases; ++i) {
            uint256 author = Rules.authorReward(
                _uint(i, "supply"), _uint(i, "period"), _uint(i, "awake"), _uint(i, "total"), _uint(i, "era")
            );
            _same(i, "author", author);
        }
    }

    function test_Deposit() public {
        uint256 cases = _read("deposit");
        for (uint256 i; i < cases; ++i) {
            _same(i, "deposit", Rules.deposit(_uint(i, "reward"), _uint(i, "minDeposit"), _uint(i, "voids")));
        }
    }

    function test_Bond() public {
        uint256 cases = _read("bond");
        for (uint256 i; i < cases; ++i) {
            _same(i, "bond", Rules.bond(_uint(i, "author"), _uint(i, "minDeposit")));
        }
    }

    function test_WhatAnAuthorGetsOfABond() public {
        uint256 cases = _read("cap");
        for (uint256 i; i < cases; ++i) {
            _same(i, "reward", Rules.fromBond(_uint(i, "author"), _uint(i, "bond")));
        }
    }

    function test_WhatComesBackToWhoConceded() public {
        uint256 cases = _read("concede");
        for (uint256 i; i < cases; ++i) {
            _same(i, "back", Rules.concededOf(_uint(i, "deposit"), _uint(i, "order")));
        }
    }

    function test_Voids() public {
        uint256 cases = _read("voids");
        for (uint256 i; i < cases; ++i) {
            uint256 next =
                Rules.nextVoids(_uint(i, "voids"), _bool(i, "decided"), _bool(i, "revealed"), _uint(i, "epochs"));
            _same(i, "next", next);
        }
    }

    function test_Sleep() public {
        uint256 cases = _read("sleep");
        for (uint256 i; i < cases; ++i) {
            uint256 next = Rules.nextDozed(_uint(i, "epoch"), _uint(i, "until"), _uint(i, "dozed"));
            _same(i, "next", next);
            _same(i, "sleepsUntil", Rules.sleepsUntil(_uint(i, "epoch"), next));
        }
    }

    function test_Quorum() public {
        uint256 cases = _read("quorum");
        for (uint256 i; i < cases; ++i) {
            _same(i, "quorum", Rules.quorum(_uint(i, "stake"), _uint(i, "awake")));
        }
    }

    function test_Majority() public {
        uint256 cases = _read("majority");
        for (uint256 i; i < cases; ++i) {
            _same(i, "half", Rules.majority(_uint(i, "assents"), _uint(i, "stake")));
            _same(i, "ofAll", Rules.neededOfAll(_uint(i, "stake"), _uint(i, "supply")));
            _same(i, "rollback", Rules.neededToRollBack(_uint(i, "stake"), _uint(i, "votes")));
        }
    }

    function test_Improvement() public {
        uint256 cases = _read("improve");
        for (uint256 i; i < cases; ++i) {
            (uint256 most, bool possible) =
                Rules.mostLoss(_uint(i, "base"), _uint(i, "improve"), _uint(i, "least"));
            _same(i, "possible", possible);
            _same(i, "most", most);
        }
    }

    function test_Rank() public {
        uint256 cases = _read("rank");
        for (uint256 i; i < cases; ++i) {
            bool first = Rules.ahead(
                _uint(i, "aBase"),
                _uint(i, "aLoss"),
                _uint(i, "aNumber"),
                _uint(i, "bBase"),
                _uint(i, "bLoss"),
                _uint(i, "bNumber")
            );
            _same(i, "aFirst", first);
        }
    }

    function test_LastQuarter() public {
        uint256 cases = _read("quarter");
        for (uint256 i; i < cases; ++i) {
            uint256 closes = Rules.lastQuarter(_uint(i, "period"), _uint(i, "periodEnd"), _uint(i, "extended"));
            _same(i, "open", _uint(i, "now") < closes);
        }
    }

    function test_Extension() public {
        uint256 cases = _read("extension");
        for (uint256 i; i < cases; ++i) {
            uint256 extension =
                Rules.extension(_uint(i, "now"), _uint(i, "period"), _uint(i, "periodEnd"), _uint(i, "extended"));
            _same(i, "extension", extension);
        }
    }

    function test_Turn() public {
        uint256 cases = _read("turn");
        for (uint256 i; i < cases; ++i) {
            uint256 applied = Rules.elect(_candidates(i), _uint(i, "keep"), _uint(i, "stake"), _word(i, "head"));
            _same(i, "applied", applied);
        }
    }

    function test_Seal() public {
        uint256 cases = _read("seal");
        for (uint256 i; i < cases; ++i) {
            bytes32 seal = Rules.seal(
                _uint(i, "group"), _uint(i, "round"), _word(i, "file"), _address(i, "trainer"), _word(i, "salt")
            );
            _same(i, "seal", seal);
        }
    }

    function test_ClaimHash() public {
        uint256 cases = _read("claim");
        for (uint256 i; i < cases; ++i) {
            (uint32 base, uint32 loss) = (uint32(_uint(i, "base")), uint32(_uint(i, "loss")));
            _same(i, "claim", Rules.claim(_word(i, "file"), base, loss, _word(i, "lossRoot")));
        }
    }

    function test_Head() public {
        uint256 cases = _read("head");
        for (uint256 i; i < cases; ++i) {
            _same(i, "next", Rules.next(_word(i, "head"), _word(i, "digest")));
        }
    }

    function _candidates(uint256 index) private view returns (Rules.Candidate[] memory candidates) {
        uint256 count;
        while (_has(index, string.concat("votes[", vm.toString(count), "]"))) ++count;
        candidates = new Rules.Candidate[](count);
        for (uint256 i; i < count; ++i) {
            string memory place = string.concat("[", vm.toString(i), "]");
            uint256 votes = _uint(index, string.concat("votes", place));
            candidates[i] = Rules.Candidate(i + 1, votes, _word(index, string.concat("parents", place)));
        }
    }

    function _same(uint256 index, string memory key, uint256 value) private view {
        vm.assertEq(value, _uint(index, key), string.concat(key, " of case ", vm.toString(index)));
    }

    function _same(uint256 index, string memory key, bool value) private view {
        vm.assertEq(value, _bool(index, key), string.concat(key, " of case ", vm.toString(index)));
    }

    function _same(uint256 index, string memory key, bytes32 value) private view {
        vm.assertEq(value, _word(index, key), string.concat(key, " of case ", vm.toString(index)));
    }
}
