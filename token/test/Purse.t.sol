// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPurse} from "token/IPurse.sol";
import {World} from "token-test/World.sol";

/// @dev The test is the network. A transaction of its own would have no base fee.
/// forge-config: default.isolate = false
contract PurseTest is World {
    uint256 private constant FEE = 20 gwei;
    address private constant CALLER = address(0xCA11);

    function setUp() public {
        _deployToken(address(this));
        vm.fee(FEE);
        vm.txGasPrice(1000 gwei);
        vm.deal(address(purse), 65_536 ether);
    }

    function test_RevertIf_SomebodyElseThanTheNetworkAsks() public {
        vm.expectRevert(IPurse.NotNetwork.selector);
        vm.prank(CALLER);
        purse.payBack(CALLER, 1);
    }

    function test_NobodyCanTakeCoinsOut() public {
        string[5] memory calls = ["withdraw()", "owner()", "transfer(address,uint256)", "sweep(address)", "close()"];
        for (uint256 i; i < calls.length; ++i) {
            (bool done,) = address(purse).call(abi.encodeWithSignature(calls[i], address(this), 1 ether));
            vm.assertEq(done, false, calls[i]);
        }
        vm.assertEq(address(purse).balance, 65_536 ether, "held");
    }

    function test_CoinsAreTakenIn() public {
        vm.deal(address(this), 3 ether);
        vm.expectEmit();
        emit IPurse.Received(address(this), 3 ether);
        (bool done,) = address(purse).call{value: 3 ether}("");
        vm.assertEq(done, true, "taken in");
        vm.assertEq(address(purse).balance, 65_539 ether, "held");
    }

    function test_ItPaysBaseFeeAndTip() public {
        uint256 due = (FEE + TIP) * 250_000;
        vm.expectEmit();
        emit IPurse.PaidBack(CALLER, 250_000, due);
        vm.assertEq(purse.payBack(CALLER, 250_000), due, "amount");
        vm.assertEq(CALLER.balance, due, "received");
        vm.assertEq(address(purse).balance, 65_536 ether - due, "left");
    }

    function test_ItPaysTheTipWhereThereIsNoBaseFee() public {
        vm.fee(0);
        vm.assertEq(purse.payBack(CALLER, 250_000), TIP * 250_000, "amount");
    }

    function test_ItPaysNoMoreThanTheTransactionDoes() public {
        vm.txGasPrice(FEE + TIP / 4);
        vm.assertEq(purse.payBack(CALLER, 250_000), (FEE + TIP / 4) * 250_000, "a smaller tip");
        vm.txGasPrice(FEE + TIP);
        vm.assertEq(purse.payBack(CALLER, 250_000), (FEE + TIP) * 250_000, "the whole tip");
        vm.txGasPrice(FEE + TIP + 1);
        vm.assertEq(purse.payBack(CALLER, 250_000), (FEE + TIP) * 250_000, "and no more");
    }

    function test_WhereGasCostsLittleItPaysLittle() public {
        vm.fee(0.005 gwei);
        vm.txGasPrice(0.006 gwei);
        vm.assertEq(purse.payBack(CALLER, 250_000), 0.006 gwei * 250_000, "amount");
    }

    function test_WhoPaysNothingGetsNothing() public {
        vm.fee(0);
        vm.txGasPrice(0);
        vm.assertEq(purse.payBack(CALLER, 250_000), 0, "amount");
    }

    function test_ItNeverPaysMoreThanASmallPartOfItself() public {
        uint256 gas = 1 ether / (FEE + TIP);
        vm.assertEq(purse.payBack(CALLER, gas), (FEE + TIP) * gas, "a 65536th, all but a rounding");
        uint256 held = address(purse).balance;
        vm.assertEq(purse.payBack(CALLER, gas * 2), held / 65_536, "and no more");
        vm.assertEq(purse.payBack(CALLER, type(uint128).max), (held - held / 65_536) / 65_536, "whatever is asked");
    }

    function test_AnEmptyPursePaysNothing() public {
        vm.deal(address(purse), 65_535);
        vm.assertEq(purse.payBack(CALLER, 250_000), 0, "amount");
        vm.assertEq(address(purse).balance, 65_535, "left");
    }

    function test_AReceiverThatRefusesGetsNothingAndBreaksNothing() public {
        address receiver = address(new Refuser());
        vm.assertEq(purse.payBack(receiver, 250_000), 0, "amount");
        vm.assertEq(address(purse).balance, 65_536 ether, "left");
    }

    function test_AReceiverThatBurnsGasGetsNothingAndLittleToBurn() public {
        address receiver = address(new Burner());
        uint256 before = gasleft();
        vm.assertEq(purse.payBack(receiver, 250_000), 0, "amount");
        vm.assertLt(before - gasleft(), 120_000, "gas");
        vm.assertEq(address(purse).balance, 65_536 ether, "left");
    }

    function test_AWalletThatIsAContractIsPaid() public {
        Wallet wallet = new Wallet();
        uint256 amount = purse.payBack(address(wallet), 250_000);
        vm.assertEq(wallet.received(), amount, "received");
        vm.assertLt(0, amount, "something");
    }

    function test_AReceiverThatAsksAgainGetsNothing() public {
        address receiver = address(new Greedy(purse));
        vm.assertEq(purse.payBack(receiver, 250_000), 0, "amount");
    }
}

contract Refuser {
    receive() external payable {
        revert();
    }
}

contract Burner {
    receive() external payable {
        while (true) {}
    }
}

contract Wallet {
    uint256 public received;

    receive() external payable {
        received += msg.value;
    }
}

contract Greedy {
    IPurse private immutable purse;

    constructor(IPurse purse_) {
        purse = purse_;
    }

    receive() external payable {
        purse.payBack(address(this), 1);
    }
}
