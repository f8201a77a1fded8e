// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {Terms} from "token/Seats.sol";
import {Duties} from "governance/Duties.sol";
import {IDuties, IRounds} from "governance/INetwork.sol";
import {State} from "governance/State.sol";
import {Typed} from "governance/Typed.sol";
import {Vectors} from "token-test/Vectors.sol";

/// @dev Duties alone: group 1 has rounds of 60 s in epochs of 600 s, an exit lasts 900 s, and the test says the rest.
contract BareDuties is Duties {
    constructor(address neuron_) State(Terms(neuron_, address(0), address(0), 600, 900, 600, 1, block.timestamp)) {
        (_groups[1].train, _groups[1].reveal, _groups[1].judge) = (30, 10, 20);
    }

    function seat(address signer, bool awake, uint256 wokenAt, uint256 forgivenUntil) external {
        Seat storage made = _seats[1][1];
        (made.owner, made.signer, made.awake) = (address(1), signer, awake);
        (made.wokenAt, made.forgivenUntil) = (uint24(wokenAt), uint24(forgivenUntil));
        _keys[1][signer] = Key(1, 0, 0, true);
    }

    /// @dev As many rounds were counted, and these are the eight before the newest two, one after the other.
    function count(uint256 rounds) external {
        _groups[1].counted = uint32(rounds);
    }

    function recall(uint256 round) external {
        _groups[1].recent = _groups[1].recent << 32 | round;
    }

    function attended(uint256 round) external {
        _judged[1][round][SHOWN][0] |= 1 << 1;
    }

    function domain() external view returns (bytes32) {
        return _domainSeparatorV4();
    }
}

contract DutyVectorsTest is Vectors {
    uint256 private constant GENESIS = 1000;
    uint256 private constant KEY = 7;
    BareDuties private duties;

    function test_WhoIsAbsentIsAsTheVectorsSay() public {
        uint256 cases = _read("absent");
        for (uint256 i; i < cases; ++i) {
            _deployDuties();
            vm.warp(GENESIS + 200 * 60);
            duties.seat(vm.addr(KEY), _bool(i, "awake"), _uint(i, "wokenAt"), 0);
            uint256 rounds = _length(i, "recent");
            while (rounds != 0) {
                duties.recall(_uint(i, _item("recent", --rounds)));
            }
            duties.count(_uint(i, "counted"));
            for (uint256 k; k < _length(i, "present"); ++k) {
                duties.attended(_uint(i, _item("present", k)));
            }
            if (!_bool(i, "awake")) vm.expectRevert(IStake.NotAwake.selector);
            else if (!_bool(i, "absent")) vm.expectRevert(IDuties.NotAbsent.selector);
            duties.doze(1, 1);
        }
    }

    function test_WhenASecondSignatureCanBeShownIsAsTheVectorsSay() public {
        uint256 cases = _read("double");
        for (uint256 i; i < cases; ++i) {
            _deployDuties();
            uint256 forgiven = _uint(i, "forgivenUntil");
            duties.seat(vm.addr(KEY), true, 0, forgiven == 0 ? 0 : (forgiven - GENESIS) / 600);
            uint256 round = _uint(i, "round");
            (IRounds.Attendance memory one, IRounds.Attendance memory other) =
                (_signed(round, "one"), _signed(round, "other"));
            vm.warp(_uint(i, "now"));
            if (!_bool(i, "inTime")) vm.expectRevert(IDuties.OutOfTime.selector);
            duties.slashDouble(1, round, one, other);
        }
    }

    function _deployDuties() private {
        vm.warp(GENESIS);
        duties = new BareDuties(address(2));
    }

    function _signed(uint256 round, bytes32 claim) private view returns (IRounds.Attendance memory) {
        bytes32 hash = Typed.verdict(1, round, claim, 0);
        (bytes32 r, bytes32 vs) = vm.signCompact(KEY, keccak256(abi.encodePacked(hex"1901", duties.domain(), hash)));
        return IRounds.Attendance(claim, IRounds.Verdict(1, 0, r, vs));
    }

    function _length(uint256 index, string memory key) private view returns (uint256 length) {
        while (_has(index, _item(key, length))) ++length;
    }

    function _item(string memory key, uint256 place) private pure returns (string memory) {
        return string.concat(key, "[", vm.toString(place), "]");
    }
}
