// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IMeasures} from "governance/INetwork.sol";
import {Groups} from "governance/Groups.sol";
import {Rules} from "governance/Rules.sol";
import {Typed} from "governance/Typed.sol";

/// @title Measures: acts of the majority of stake, each of a fixed kind.
abstract contract Measures is Groups, IMeasures {
    mapping(uint256 nonce => bool) public nonceUsed;

    function enact(Kind kind, bytes calldata args, uint256 nonce, uint256 expiry, Assent[] calldata assents) external {
        if (kind != Kind.Admit) revert UnknownMeasure();
        if (block.timestamp >= expiry) revert Expired();
        if (nonceUsed[nonce]) revert NonceUsed();
        nonceUsed[nonce] = true;
        bytes32 measure = Typed.measure(uint8(kind), args, nonce, expiry);
        _requireMajorityOfAll(_assenting(measure, assents));
        _admit(abi.decode(args, (uint256)));
        emit Enacted(kind, args, nonce);
    }

    /// @dev Live stake behind the valid assents, in wei; a bad one is skipped, a repeated one cannot be written.
    function _assenting(bytes32 measure, Assent[] calldata assents) private view returns (uint256 sum) {
        bytes32 hash = Typed.assent(measure);
        for (uint256 i; i < assents.length; ++i) {
            Assent calldata assent = assents[i];
            if (i != 0 && !_follows(assent, assents[i - 1])) revert NotAscending();
            sum += _signedStake(assent.group, assent.position, false, hash, assent.r, assent.vs);
        }
    }

    function _follows(Assent calldata assent, Assent calldata previous) private pure returns (bool) {
        if (assent.group != previous.group) return assent.group > previous.group;
        return assent.position > previous.position;
    }

    function _requireMajorityOfAll(uint256 sum) private view {
        if (!Rules.majorityOfAll(sum, allBonded(), IERC20(neuron).totalSupply())) revert NoMajority();
    }

    function _admit(uint256 group) private {
        Group storage stored = _group(group);
        if (stored.admitted) revert AlreadyAdmitted();
        stored.admitted = true;
        _countAdmitted(group);
        emit Admitted(group);
    }
}
