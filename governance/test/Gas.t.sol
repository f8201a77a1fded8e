// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStake} from "token/IStake.sol";
import {IGroups, IMeasures, IRounds} from "governance/INetwork.sol";
import {Measured} from "governance-test/Measured.sol";

/// @dev What owners and signers of positions pay. The key 9 is new to group 1, the key 1 is its position 1.
contract GasStakeTest is Measured {
    uint256 private constant NEW = 9;
    uint256 private constant AMOUNT = 1_000_000 ether;
    address private owner;

    function setUp() public override {
        super.setUp();
        owner = vm.addr(NEW);
        _fund(owner, 10 * AMOUNT);
    }

    function test_GasOfBonds() public {
        bytes memory consent = _consentOf(10, 1, owner);
        vm.startPrank(owner);
        network.bond(1, owner, AMOUNT, "");
        _snap("bond, a new position");
        network.wake(1, 4);
        _snap("wake");
        vm.warp(_start(FIRST + 24));
        network.bond(1, owner, AMOUNT, "");
        _snap("bond, more");
        network.rotate(1, 4, vm.addr(10), consent);
        _snap("rotate");
        network.rest(1, 4);
        _snap("rest");
        network.unbond(1, 4, AMOUNT);
        _snap("unbond");
        vm.warp(network.position(1, 4).exitAt);
        network.withdraw(1, 4, owner);
        _snap("withdraw");
    }

    function test_GasOfABondWithPermit() public {
        vm.prank(owner);
        neuron.approve(address(network), 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(NEW, _permit());
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IStake.allow, (AMOUNT, type(uint256).max, v, r, s));
        calls[1] = abi.encodeCall(IStake.bond, (1, owner, AMOUNT, ""));
        vm.prank(owner);
        network.multicall(calls);
        _snap("allow and bond, a new position");
    }

    function test_GasOfAnotherOwner() public {
        vm.prank(vm.addr(1));
        network.offer(1, 1, owner);
        _snap("offer");
        vm.prank(owner);
        network.accept(1, 1);
        _snap("accept");
    }

    function test_GasOfPay() public {
        _win(1, FIRST, ANN, "a");
        vm.prank(vm.addr(1));
        network.compound(1, 1);
        _snap("compound");
        _win(1, FIRST + 1, ANN, "b");
        vm.prank(vm.addr(2));
        network.rest(1, 2);
        _snap("rest, with pay");
    }

    function test_GasOfMoving() public {
        IGroups.Birth memory birth = _birth(TRAIN, REVEAL, 900);
        network.create(birth);
        _snap("create");
        birth.dataset = new bytes32[](0);
        network.fork(1, birth);
        _snap("fork");
        vm.prank(vm.addr(1));
        network.move(1, 1, 4, vm.addr(1), "");
        _snap("move, to a new position");
    }

    function _permit() private view returns (bytes32) {
        bytes32 kind = keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash =
            keccak256(abi.encode(kind, owner, address(network), AMOUNT, neuron.nonces(owner), type(uint256).max));
        return keccak256(abi.encodePacked(hex"1901", neuron.DOMAIN_SEPARATOR(), hash));
    }
}

/// @dev What trainers, relayers and reporters pay. Round `FIRST` is group 1's first.
contract GasRoundTest is Measured {
    function test_GasOfARound() public {
        _commit(1, FIRST, ANN, "a");
        _snap("commit, the first ever");
        _commit(1, FIRST, BOB, "b");
        _snap("commit, a further one");
        _commit(1, FIRST, CEM, "c");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _snap("reveal");
        _reveal(1, BOB, "b", BASE, BETTER);
        _snap("reveal, a further one");
        vm.warp(_judgeStart(FIRST));
        _judgeAll(1, FIRST, _claim("a", BASE, LOSS), 3);
        _snap("judge, 3 verdicts, first ever");
        vm.warp(_start(FIRST + 1));
        _settle(1, FIRST, ANN);
        _snap("settle, the winner");
        _settle(1, FIRST, CEM);
        _snap("settle, an unopened seal");
        _commit(1, FIRST + 1, ANN, "d");
        _snap("commit, the first of a round");
        vm.warp(_revealStart(FIRST + 1));
        _reveal(1, ANN, "d", BASE, LOSS);
        vm.warp(_judgeStart(FIRST + 1));
        _judgeAll(1, FIRST + 1, _claim("d", BASE, LOSS), 3);
        _snap("judge, 3 verdicts");
        vm.warp(_start(FIRST + 1) + MATURITY);
        _settle(1, FIRST, BOB);
        _snap("settle, a false claim");
        _collect(1, FIRST, ANN);
        _snap("collect");
    }

    function test_GasOfALostRound() public {
        _enter(1, FIRST, ANN, "a");
        vm.warp(_judgeStart(FIRST));
        IRounds.Verdict[] memory verdicts = _verdicts(1, FIRST, 0, 1, 3);
        vm.prank(RELAYER);
        network.judge(1, FIRST, 0, verdicts);
        _snap("judge, 3 verdicts against all, first ever");
        vm.warp(_start(FIRST + 1) + MATURITY);
        _settle(1, FIRST, ANN);
        _snap("settle, a claim of a lost round");
    }

    function test_GasOfAVoidRound() public {
        _commit(1, FIRST, ANN, "a");
        _commit(1, FIRST, BOB, "b");
        vm.warp(_revealStart(FIRST));
        _reveal(1, ANN, "a", BASE, LOSS);
        _concede(1, BOB, "b", ANN);
        _snap("concede");
        vm.warp(_start(FIRST + 1));
        _settle(1, FIRST, BOB);
        _snap("settle, a conceded seal");
        IRounds.Attendance[] memory attendances = _attendances(1, FIRST, 0, 1, 3);
        vm.prank(RELAYER);
        network.attend(1, FIRST, attendances);
        _snap("attend, 3 verdicts, first ever");
    }

    function test_GasOfDuties() public {
        for (uint256 i; i < 10; ++i) {
            bytes32 claim = _enter(1, FIRST + i, ANN, keccak256(abi.encode(i)));
            vm.warp(_start(FIRST + i + 1));
            network.attend(1, FIRST + i, _attendances(1, FIRST + i, claim, 1, 2));
        }
        network.doze(1, 3);
        _snap("doze");
        IRounds.Attendance memory one = _attendance(1, FIRST, 1, "one");
        IRounds.Attendance memory two = _attendance(1, FIRST, 1, "two");
        vm.prank(RELAYER);
        network.slashDouble(1, FIRST, one, two);
        _snap("slashDouble");
    }
}

/// @dev What authors and members pay.
contract GasPeriodTest is Measured {
    function test_GasOfAPeriod() public {
        _proposeBy(1, ANN, "d");
        _snap("propose, the first ever");
        _castOne(1, 1, 1, 1, 1);
        _snap("cast, 1 choice");
        _castOne(1, 2, 1, 1, 1);
        _castOne(1, 2, 1, 0, 2);
        _snap("cast, 1 choice that replaces another");
        vm.warp(network.group(1).periodEnd);
        vm.prank(RELAYER);
        network.turn(1);
        _snap("turn, 1 proposal");
        vm.warp(network.group(1).periodEnd);
        vm.prank(RELAYER);
        network.turn(1);
        _snap("turn, no proposal");
        network.refund(1, _one(1));
        _snap("refund, a delta that stands");
        _proposeBy(1, ANN, "e");
        _snap("propose");
    }

    function test_GasOfAFullList() public {
        uint256 least = network.leastBond(1);
        bytes32 head = network.group(1).head;
        for (uint256 i; i < 16; ++i) {
            _proposeBy(1, ANN, bytes32(i));
        }
        vm.prank(BOB);
        network.propose(1, head, "more", least + 1);
        _snap("propose, in place of one of 16");
        network.refund(1, _one(1));
        _snap("refund, a bond alone");
        vm.warp(network.group(1).periodEnd);
        vm.prank(RELAYER);
        network.turn(1);
        _snap("turn, 16 proposals");
    }

    function test_GasOfMeasures() public {
        _enact(IMeasures.Kind.Period, abi.encode(1, PERIOD, 8 days));
        _snap("enact Period, 3 assents");
        _enact(IMeasures.Kind.Admit, _named(2));
        _snap("enact Admit, 3 assents");
        _enact(IMeasures.Kind.Revoke, _named(2));
        _snap("enact Revoke, 3 assents");
        _win(1, FIRST, ANN, "a");
        _enact(IMeasures.Kind.Strike, abi.encode(1, FIRST, _claim("a", BASE, LOSS), 1));
        _snap("enact Strike, 3 assents");
        _enactBy(IMeasures.Kind.Admit, _named(2), 1, 1);
        _snap("enact, 1 assent of many");
    }

    function test_GasOfASlash() public {
        bytes memory args = abi.encode(1, 1, vm.addr(1), 1000);
        uint256 expiry = _expiry();
        _bring(IMeasures.Kind.Slash, args, 7, expiry, 1, 3);
        _snap("enact Slash, 3 assents, shown");
        vm.warp(block.timestamp + 2 * EPOCH);
        _bring(IMeasures.Kind.Slash, args, 7, expiry, 1, 3);
        _snap("enact Slash, 3 assents");
    }

    function test_GasOfARollback() public {
        _proposeBy(1, ANN, "d");
        for (uint256 key = 1; key <= VALIDATORS; ++key) {
            _castOne(1, key, 1, 1, 1);
        }
        vm.warp(network.group(1).periodEnd);
        network.turn(1);
        _enact(IMeasures.Kind.Rollback, abi.encode(1, 1, bytes32("d")));
        _snap("enact Rollback, 3 assents");
    }
}
