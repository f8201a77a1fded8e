// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Measuring} from "governance-test/Measuring.sol";

/// @dev A group that asks for more micronats than the part that its base asks for, and the measure that lowers them.
contract LeastTest is Measuring {
    IMeasures.Kind private constant KIND = IMeasures.Kind.Least;
    uint32 private constant LEAST = 5000;
    uint256 private constant GROUP = 3;
    uint256 private constant ROUND = FIRST + 24;
    bytes private args;

    function setUp() public override {
        super.setUp();
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, LENGTH - TRAIN - REVEAL);
        birth.least = LEAST;
        network.create(birth);
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            _join(GROUP, key, STAKE / 100);
        }
        vm.warp(_start(ROUND));
        _renew();
        _admit(GROUP);
        args = abi.encode(GROUP, LEAST, 500);
    }

    function test_RevertIf_TheImprovementIsBelowTheLeast() public {
        _reachReveal();
        _refuseLoss(BASE, BASE - (BASE >> 10), BASE - LEAST);
        _refuseLoss(BASE, BASE - LEAST + 1, BASE - LEAST);
        _reveal(GROUP, ANN, "a", BASE, BASE - LEAST);
    }

    function test_RevertIf_TheBaseAsksForMoreThanTheLeast() public {
        _reachReveal();
        uint32 base = 1024 * LEAST + 1024;
        _refuseLoss(base, base - LEAST, base - LEAST - 1);
        _reveal(GROUP, ANN, "a", base, base - LEAST - 1);
    }

    function test_RevertIf_TheBaseIsBelowTheLeast() public {
        _reachReveal();
        _refuseLoss(LEAST - 1, 0, 0);
        _refuseLoss(0, 0, 0);
        _reveal(GROUP, ANN, "a", LEAST, 0);
    }

    function test_RevertIf_ItIsNotLowered() public {
        _refuseAll(abi.encode(GROUP, LEAST, LEAST), _notLower(LEAST));
        _refuseAll(abi.encode(GROUP, LEAST, LEAST + 1), _notLower(LEAST));
        _refuseAll(abi.encode(GROUP, LEAST, 2 ** 32 + 1), _notLower(LEAST));
        _refuseAll(abi.encode(GROUP, LEAST, type(uint256).max), _notLower(LEAST));
        _pass(KIND, args, _assents(KIND, args, GROUP, 1, 3));
        _refuseAll(abi.encode(GROUP, 500, LEAST), _notLower(500));
    }

    function test_RevertIf_NothingIsLeftToLower() public {
        args = abi.encode(GROUP, LEAST, 0);
        _pass(KIND, args, _assents(KIND, args, GROUP, 1, 3));
        _refuseAll(abi.encode(GROUP, 0, 0), _notLower(0));
        _refuseAll(abi.encode(GROUP, 0, 1), _notLower(0));
    }

    function test_RevertIf_TheLeastIsAnotherOneThanTheVotersSaw() public {
        _refuseAll(abi.encode(GROUP, LEAST + 1, 500), _unexpected(bytes32(uint256(LEAST))));
        _pass(KIND, args, _assents(KIND, args, GROUP, 1, 3));
        _refuseAll(abi.encode(GROUP, LEAST, 499), _unexpected(bytes32(uint256(500))));
    }

    function test_RevertIf_TheGroupDoesNotExist() public {
        bytes memory none = abi.encode(9, LEAST, 500);
        _refuse(KIND, none, _assents(KIND, none, GROUP, 1, 3), IRounds.NothingCounted.selector);
    }

    function test_RevertIf_OnlyStakeOfOtherGroupsAssents() public {
        IMeasures.Assent[] memory assents = _assents(KIND, args, 1, 1, 3);
        _refuse(KIND, args, assents, IRounds.NothingCounted.selector);
        _fall(KIND, args, _join2(assents, _assents(KIND, args, GROUP, 1, 1)));
        vm.assertEq(network.measure(_measure(KIND, args)).weight, STAKE / 100, "only the group's own");
        _pass(KIND, args, _join2(assents, _assents(KIND, args, GROUP, 2, 2)));
    }

    function test_ExactlyHalfOfTheGroupsStakeIsNotEnough() public {
        _balance(GROUP, STAKE / 100);
        IMeasures.Assent[] memory assents = _assents(KIND, args, GROUP, 1, 2);
        _fall(KIND, args, assents);
        _tip(GROUP);
        _pass(KIND, args, assents);
    }

    function test_MembersOfTheNextEpochAreAgainstIt() public {
        _join(GROUP, FOURTH, STAKE / 100);
        _fall(KIND, args, _assents(KIND, args, GROUP, 1, 2));
    }

    function test_OnlyTheLeastOfThatGroupIsLowered() public {
        IGroups.Group memory before = network.group(GROUP);
        vm.expectEmit();
        emit IMeasures.Enacted(_measure(KIND, args), KIND, args, NONCE, expiry);
        vm.expectEmit();
        emit IMeasures.LeastSet(GROUP, 500);
        _pass(KIND, args, _assents(KIND, args, GROUP, 1, 3));
        before.least = 500;
        vm.assertEq(keccak256(abi.encode(network.group(GROUP))), keccak256(abi.encode(before)), "all else is as it was");
        vm.assertEq(network.group(1).least, 0, "other groups");
    }

    function test_AnyLowerLeastIsTakenAndNoOther(uint256 least) public {
        least %= 2 * LEAST;
        args = abi.encode(GROUP, LEAST, least);
        if (least >= LEAST) return _refuseAll(args, _notLower(LEAST));
        _pass(KIND, args, _assents(KIND, args, GROUP, 1, 3));
        vm.assertEq(network.group(GROUP).least, least, "as it was voted");
    }

    /// @dev What was refused a moment ago is taken, what was revealed before is as good as it was.
    function test_ItIsLoweredAtOnceAndNoClaimIsTheWorseForIt() public {
        _commit(GROUP, ROUND, ANN, "a");
        _commit(GROUP, ROUND, BOB, "b");
        vm.warp(_revealStart(ROUND));
        _reveal(GROUP, ANN, "a", BASE, BASE - LEAST);
        _refuseLoss(BOB, "b", BASE - LEAST + 1, BASE - LEAST);
        _pass(KIND, args, _assents(KIND, args, GROUP, 1, 3));
        // The part that the base asks for stays.
        _refuseLoss(BOB, "b", BASE - (BASE >> 10) + 1, BASE - (BASE >> 10));
        _reveal(GROUP, BOB, "b", BASE, BASE - (BASE >> 10));
        vm.warp(_judgeStart(ROUND));
        bytes32 claim = _claim("a", BASE, BASE - LEAST);
        network.judge(GROUP, ROUND, claim, _verdicts(GROUP, ROUND, claim, 1, VALIDATORS));
        vm.assertEq(network.round(GROUP, ROUND).winner, ANN, "the first true one wins");
    }

    /// @dev Its rounds are empty, and what they did not issue is not owed later.
    function test_AGroupThatCannotGetBetterIsPaidNothing() public {
        uint256 supply = neuron.totalSupply();
        uint256 burned;
        for (uint256 round = ROUND; round < ROUND + 3; ++round) {
            vm.warp(_start(round));
            _commit(GROUP, round, ANN, bytes32(round));
            vm.warp(_revealStart(round));
            _refuseLoss(ANN, bytes32(round), BASE - (BASE >> 10), BASE - LEAST);
            vm.warp(_judgeStart(round));
            IRounds.Verdict[] memory verdicts = _verdicts(GROUP, round, 0, 1, VALIDATORS);
            vm.expectRevert(IRounds.NothingRevealed.selector);
            network.judge(GROUP, round, 0, verdicts);
            vm.warp(_start(round + 1));
            _settle(GROUP, round, ANN);
            uint256 deposit = network.round(GROUP, round).deposit;
            burned += deposit - deposit * 15 / 16;
            vm.assertLe(network.leastDeposit(GROUP), deposit, "an empty round is not void");
        }
        vm.assertEq(neuron.totalSupply(), supply - burned, "nothing is issued, and a sixteenth of each deposit burned");
        bytes32 claim = _enter(GROUP, ROUND + 4, ANN, "a");
        vm.warp(_judgeStart(ROUND + 4));
        network.judge(GROUP, ROUND + 4, claim, _verdicts(GROUP, ROUND + 4, claim, 1, VALIDATORS));
        vm.warp(_start(ROUND + 5) + MATURITY);
        uint256 reward = network.round(GROUP, ROUND + 4).reward;
        vm.assertGt(reward, 0, "who gets better again is paid");
        vm.assertLe(reward, network.round(GROUP, ROUND).reward, "for that round alone");
        vm.assertEq(_collect(GROUP, ROUND + 4, ANN), reward, "and no more");
    }

    function _reachReveal() private {
        _commit(GROUP, ROUND, ANN, "a");
        vm.warp(_revealStart(ROUND));
    }

    function _refuseLoss(uint32 base, uint32 loss, uint32 most) private {
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotBetter.selector, most));
        _reveal(GROUP, ANN, "a", base, loss);
    }

    function _refuseLoss(address who, bytes32 file, uint32 loss, uint32 most) private {
        vm.expectRevert(abi.encodeWithSelector(IRounds.NotBetter.selector, most));
        _reveal(GROUP, who, file, BASE, loss);
    }

    function _refuseAll(bytes memory wanted, bytes memory reason) private {
        _refuse(KIND, wanted, _assents(KIND, wanted, GROUP, 1, 3), reason);
    }

    function _notLower(uint256 present) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IMeasures.NotLower.selector, present);
    }
}
