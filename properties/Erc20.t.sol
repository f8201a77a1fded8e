// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Expect, Properties, Property} from "generated/Properties.sol";
import {Token} from "properties/Token.sol";
import {Test} from "token-test/Test.sol";

/// @title Does to all tokens alike what the three users may do, in any order.
contract Users is Test {
    Token[] private tokens;
    address[] private users;

    constructor(Token[] memory tokens_) {
        tokens = tokens_;
        users = [tokens[0].OWNER(), tokens[0].USER(), tokens[0].ATTACKER()];
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        for (uint256 i; i < tokens.length; ++i) {
            uint256 part = _bound(amount, 0, tokens[i].balanceOf(user(from)));
            vm.prank(user(from));
            vm.assertEq(tokens[i].transfer(user(to), part), true, "transfer");
        }
    }

    function approve(uint256 from, uint256 to, uint256 amount) external {
        for (uint256 i; i < tokens.length; ++i) {
            vm.prank(user(from));
            vm.assertEq(tokens[i].approve(user(to), amount), true, "approve");
        }
    }

    function transferFrom(uint256 spender, uint256 from, uint256 to, uint256 amount) external {
        for (uint256 i; i < tokens.length; ++i) {
            uint256 most = tokens[i].balanceOf(user(from));
            uint256 allowed = tokens[i].allowance(user(from), user(spender));
            uint256 part = _bound(amount, 0, most < allowed ? most : allowed);
            vm.prank(user(spender));
            vm.assertEq(tokens[i].transferFrom(user(from), user(to), part), true, "transferFrom");
        }
    }

    function burn(uint256 from, uint256 amount) external {
        for (uint256 i; i < tokens.length; ++i) {
            // Little at a time: the properties say most about users who own something.
            uint256 part = _bound(amount, 0, tokens[i].balanceOf(user(from)) / 8);
            vm.prank(user(from));
            tokens[i].burn(part);
        }
    }

    function user(uint256 index) public view returns (address) {
        return users[index % users.length];
    }
}

/// @dev Every property of Trail of Bits' generator, asked of every user in every state that is reached.
contract Erc20PropertiesTest is Test {
    Property[][] private properties;
    Token[] private tokens;
    Users private users;

    /// @dev What a property answered, carried by a revert: asking must not change the token.
    error Answered(bool success, bool answer);

    function setUp() public {
        (address[] memory found, Property[][] memory generated) = Properties.all();
        for (uint256 i; i < found.length; ++i) {
            tokens.push(Token(found[i]));
            properties.push();
            for (uint256 j; j < generated[i].length; ++j) {
                properties[i].push(generated[i][j]);
            }
        }
        users = new Users(tokens);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(users);
    }

    function test_AllPropertiesHoldAtFirst() public {
        _checkAll(true);
    }

    function invariant_AllPropertiesHoldInEveryState() public {
        _checkAll(false);
    }

    function test_ThereAreAsManyPropertiesAsWereThere() public view {
        uint256 count;
        for (uint256 i; i < properties.length; ++i) {
            count += properties[i].length;
        }
        vm.assertEq(count, 24, "properties");
    }

    function ask(uint256 scenario, uint256 property, uint256 user) external {
        address asker = users.user(user);
        vm.prank(asker);
        (bool success, bytes memory answer) =
            address(tokens[scenario]).call(abi.encodePacked(properties[scenario][property].selector));
        revert Answered(success, success && abi.decode(answer, (bool)));
    }

    function _checkAll(bool initially) private {
        for (uint256 i; i < properties.length; ++i) {
            for (uint256 j; j < properties[i].length; ++j) {
                if (properties[i][j].initial && !initially) continue;
                for (uint256 user; user < (properties[i][j].byAll ? 3 : 1); ++user) {
                    _check(i, j, user);
                }
            }
        }
    }

    function _check(uint256 scenario, uint256 property, uint256 user) private {
        Property storage asked = properties[scenario][property];
        (bool success, bool answer) = _answer(scenario, property, user);
        bool holds = asked.expect == Expect.True
            ? success && answer
            : asked.expect == Expect.Revert ? !success : asked.expect == Expect.False ? success && !answer : !answer;
        vm.assertEq(holds, true, asked.name);
    }

    function _answer(uint256 scenario, uint256 property, uint256 user) private returns (bool success, bool answer) {
        try this.ask(scenario, property, user) {
            revert("it always reverts");
        } catch (bytes memory reason) {
            require(bytes4(reason) == Answered.selector && reason.length == 68, "the property was not asked");
            assembly ("memory-safe") {
                success := mload(add(reason, 36))
                answer := mload(add(reason, 68))
            }
        }
    }
}

/// @dev What the generator does not ask, and the set of crytic/properties does.
contract Erc20FurtherTest is Test {
    Token private token = new Token();

    function test_TransfersOfNothingSucceed() public {
        vm.assertEq(token.transfer(token.USER(), 0), true, "transfer");
        vm.assertEq(token.transferFrom(token.USER(), token.OWNER(), 0), true, "transferFrom");
        vm.assertEq(token.balanceOf(token.USER()), 1 ether, "balance");
    }

    function test_RevertIf_MoreIsSpentThanAllowed(uint256 allowed, uint256 spent) public {
        address user = token.USER();
        allowed = _bound(allowed, 0, 1 ether - 1);
        spent = _bound(spent, allowed + 1, 1 ether);
        vm.prank(user);
        token.approve(address(this), allowed);
        vm.expectRevert();
        token.transferFrom(user, address(this), spent);
    }

    function test_RevertIf_MoreIsSpentThanOwned(uint256 more) public {
        address user = token.USER();
        vm.prank(user);
        token.approve(address(this), type(uint256).max);
        vm.expectRevert();
        token.transferFrom(user, address(this), _bound(more, 1 ether + 1, type(uint256).max));
    }

    function test_RevertIf_MoreIsBurntThanOwned(uint256 more) public {
        address user = token.USER();
        vm.prank(user);
        vm.expectRevert();
        token.burn(_bound(more, 1 ether + 1, type(uint256).max));
    }

    function test_AnAllowanceIsSpentByAsMuchAsWasTransferred(uint256 allowed, uint256 spent) public {
        address user = token.USER();
        allowed = _bound(allowed, 0, type(uint256).max - 1);
        spent = _bound(spent, 0, allowed < 1 ether ? allowed : 1 ether);
        vm.prank(user);
        token.approve(address(this), allowed);
        token.transferFrom(user, address(this), spent);
        vm.assertEq(token.allowance(user, address(this)), allowed - spent, "allowance");
        vm.assertEq(token.balanceOf(user), 1 ether - spent, "from");
        vm.assertEq(token.balanceOf(address(this)), spent, "to");
    }

    function test_BurningTakesFromBalanceAndSupplyAlike(uint256 amount) public {
        uint256 supply = token.totalSupply();
        amount = _bound(amount, 0, 1 ether);
        vm.prank(token.USER());
        token.burn(amount);
        vm.assertEq(token.totalSupply(), supply - amount, "supply");
        vm.assertEq(token.balanceOf(token.USER()), 1 ether - amount, "balance");
    }

    function test_TransfersAndApprovalsAreTold() public {
        address user = token.USER();
        vm.expectEmit();
        emit IERC20.Transfer(user, address(this), 5);
        vm.prank(user);
        token.transfer(address(this), 5);
        vm.expectEmit();
        emit IERC20.Approval(address(this), user, 7);
        token.approve(user, 7);
    }
}
