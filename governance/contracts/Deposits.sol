// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Shares} from "token/Shares.sol";
import {IRounds} from "governance/INetwork.sol";
import {Pay} from "governance/Pay.sol";
import {Rules} from "governance/Rules.sol";

/// @title Deposits: what comes back of them after a round, and coinbases.
abstract contract Deposits is Pay, IRounds {
    function settle(uint256 group, uint256 number, address[] calldata trainers) external {
        uint256 over = _startOf(group, number + 1);
        if (block.timestamp < over) revert RoundNotOver(over);
        uint256 settled;
        for (uint256 i; i < trainers.length; ++i) {
            if (_settleOne(group, number, trainers[i], over + _maturity)) ++settled;
        }
        if (settled == 0) revert NothingToSettle();
    }

    function collect(uint256 group, uint256[] calldata rounds, address to) external returns (uint256 issued) {
        for (uint256 i; i < rounds.length; ++i) {
            issued += _collect(group, rounds[i], to);
        }
    }

    /// @dev Whether the deposit of `trainer` was paid back or burned.
    function _settleOne(uint256 group, uint256 number, address trainer, uint256 mature) private returns (bool) {
        Claim storage claim = _claims[group][number][trainer];
        Status status = claim.status;
        if (status == Status.None || status == Status.Settled) return false;
        Round storage past = _rounds[group][number];
        bool hangs = status == Status.Revealed && _hangs(group, number, past, claim);
        if (hangs && block.timestamp < mature) return false;
        uint256 charged = _charge(past, claim);
        uint256 back = hangs ? 0 : Math.min(_back(past, claim), past.deposit - charged);
        bool waits = trainer == past.winner && past.outcome == Outcome.Won;
        uint256 burned = waits ? 0 : past.deposit - back - charged;
        claim.status = Status.Settled;
        emit Settled(group, number, trainer, back, burned, charged);
        _release(trainer, back, burned);
        return true;
    }

    /// @dev Whether a strike would change what comes back of a revealed claim's deposit: it was to be read before the one
    /// that won, or names another base, and so is false.
    function _hangs(uint256 group, uint256 number, Round storage past, Claim storage claim)
        private
        view
        returns (bool)
    {
        if (past.outcome == Outcome.Lost) return true;
        if (past.outcome != Outcome.Won) return false;
        Claim storage winning = _claims[group][number][past.winner];
        return claim.base != winning.base || _ahead(claim, winning);
    }

    /// @dev Wei of the deposit that come back whether the round is struck or not; of the winner's the rest comes with R.
    function _back(Round storage past, Claim storage claim) private view returns (uint256) {
        if (claim.status == Status.Conceded) return Rules.concededOf(past.deposit, claim.concession);
        bool unopened = claim.status == Status.Sealed && past.reveals != 0;
        return unopened ? 0 : Rules.mostOf(past.deposit);
    }

    /// @dev Wei of the deposit that went to validators: each claim of a lost round bears its part.
    function _charge(Round storage past, Claim storage claim) private returns (uint256) {
        // Of a lost round that was struck, what could not be issued instead.
        bool lost = past.winner == address(0) && past.outcome != Outcome.None;
        if (!lost || claim.status != Status.Revealed) return 0;
        uint256 charged = past.charged++;
        return Shares.due(past.paid, charged, charged + 1, past.reveals);
    }

    function _collect(uint256 group, uint256 number, address to) private returns (uint256 issued) {
        Round storage past = _rounds[group][number];
        if (msg.sender != past.winner || past.outcome != Outcome.Won) revert NotWinner(past.winner);
        uint256 mature = _matureAt(group, number);
        if (block.timestamp < mature) revert NotMature(mature);
        if (past.collected) revert AlreadyCollected();
        past.collected = true;
        Claim storage claim = _claims[group][number][msg.sender];
        bool settled = claim.status == Status.Settled;
        claim.status = Status.Settled;
        uint256 rest = past.deposit - (settled ? Rules.mostOf(past.deposit) : 0);
        issued = _issue(to, past.reward);
        emit Collected(group, number, msg.sender, to, past.reward, issued, rest);
        _give(to, rest);
    }

    /// @dev Whether `claim` was to be read before `other`.
    function _ahead(Claim storage claim, Claim storage other) private view returns (bool) {
        return Rules.ahead(claim.base, claim.loss, claim.number, other.base, other.loss, other.number);
    }
}
