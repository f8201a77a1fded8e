// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Board, Coin, Votes} from "governance-test/bench/Governor.sol";
import {Meter} from "governance-test/bench/Meter.sol";
import {Test} from "token-test/Test.sol";

/// @dev What votes by signature cost with OpenZeppelin's Governor, and a transfer of an ERC20.
contract TheirsBench is Test, Meter {
    uint256 private constant START = 1_800_000_000;
    uint8 private constant FOR = 1;
    address private constant RELAYER = address(0x4e1a);

    Votes private votes = new Votes();
    Board private board = new Board(votes);

    function setUp() public {
        _newestRules();
    }

    function test_Transfer() public {
        Coin coin = new Coin();
        coin.mint(RELAYER, 2 ether);
        coin.mint(address(1), 1 ether);
        vm.prank(RELAYER);
        coin.transfer(address(1), 1 ether);
        uint256 used = _used();
        _theirs("commit", used);
        _theirs("commit/first of a round", used);
        _theirs("reveal", used);
        _theirs("bounty/fund", used);
        _theirs("bounty/payRounds=30", 30 * used);
        _theirs("bounty/payFinders=50", 50 * used);
        _theirs("bounty/settle", used);
    }

    function test_FiveVotes() public {
        (uint256 sum,) = _vote(5);
        _theirs("round/verdicts=5", sum);
        _theirs("vote/choices=5", sum);
    }

    function test_FiftyVotes() public {
        (uint256 sum, uint256 first) = _vote(50);
        _theirs("round/verdicts=50", sum);
        _theirs("vote/choices=50", sum);
        _theirs("round/verdicts=50/first of a group", first);
        // Each by itself: a Governor takes no batches, so a further vote costs what a vote costs.
        _theirs("verdict", sum / 50);
        _theirs("choice", sum / 50);
    }

    function test_FiveHundredVotes() public {
        (uint256 sum,) = _vote(500);
        _theirs("round/verdicts=500", sum);
        _theirs("vote/choices=500", sum);
    }

    /// @dev Gas of `count` calls of `castVoteBySig` on one proposal, by voters who voted on another one before; then what
    /// that first one cost.
    function _vote(uint256 count) private returns (uint256 sum, uint256 first) {
        _enfranchise(count);
        first = _voteOn("first", count, 0);
        sum = _voteOn("second", count, 1);
    }

    function _enfranchise(uint256 voters) private {
        vm.warp(START);
        for (uint256 key = 1; key <= voters; ++key) {
            address voter = vm.addr(key);
            votes.mint(voter, 1 ether);
            vm.prank(voter);
            votes.delegate(voter);
        }
        vm.warp(START + 1);
    }

    function _voteOn(string memory what, uint256 count, uint256 nonce) private returns (uint256 sum) {
        uint256 proposal = board.propose(new address[](1), new uint256[](1), new bytes[](1), what);
        vm.warp(board.proposalSnapshot(proposal) + 1);
        for (uint256 key = 1; key <= count; ++key) {
            address voter = vm.addr(key);
            bytes memory signature = _ballot(proposal, key, nonce);
            vm.prank(RELAYER);
            board.castVoteBySig(proposal, FOR, voter, signature);
            sum += _used();
        }
        (, uint256 forVotes,) = board.proposalVotes(proposal);
        vm.assertEq(forVotes, count * 1 ether, "votes");
    }

    function _ballot(uint256 proposal, uint256 key, uint256 nonce) private view returns (bytes memory) {
        bytes32 ballot = keccak256(abi.encode(board.BALLOT_TYPEHASH(), proposal, FOR, vm.addr(key), nonce));
        (bytes32 r, bytes32 vs) = vm.signCompact(key, keccak256(abi.encodePacked(hex"1901", _domain(), ballot)));
        bytes32 s = vs & bytes32(uint256(type(int256).max));
        return abi.encodePacked(r, s, uint8(27 + (uint256(vs) >> 255)));
    }

    function _domain() private view returns (bytes32) {
        bytes32 kind = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(kind, keccak256("Board"), keccak256("1"), block.chainid, address(board)));
    }
}
