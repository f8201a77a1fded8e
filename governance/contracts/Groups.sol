// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IGroups} from "governance/INetwork.sol";
import {Pay} from "governance/Pay.sol";
import {Rules} from "governance/Rules.sol";

/// @title Groups: what a creator fixes, and forks.
abstract contract Groups is Pay, IGroups {
    using SafeCast for uint256;

    /// @dev Digests that a training set may be born with.
    uint256 private constant DATASET_MAX = 64;
    uint256 private constant IMPROVE_MAX = 20;

    function create(Birth calldata birth) external returns (uint256 group) {
        if (birth.dataset.length == 0) revert NoDataset();
        if (birth.dataset.length > DATASET_MAX) revert DatasetTooLong(DATASET_MAX);
        return _bear(0, _headOf(birth.dataset), birth);
    }

    function fork(uint256 parent, Birth calldata birth) external returns (uint256 group) {
        bytes32 head = _group(parent).head;
        if (birth.dataset.length != 0) revert DatasetInherited();
        return _bear(parent, head, birth);
    }

    function move(uint256 group, uint256 position, uint256 child, address signer, bytes calldata consent)
        external
        returns (uint256 childPosition)
    {
        uint256 parent = _group(child).parent;
        if (parent != group) revert NotAChild(parent);
        uint256 amount;
        (childPosition, amount) = _move(group, position, child, signer, consent);
        emit Moved(group, position, child, childPosition, amount * UNIT);
    }

    function group(uint256 number) external view returns (Group memory) {
        return _group(number);
    }

    function groups() external view returns (uint256) {
        return _groupCount;
    }

    function _bear(uint256 parent, bytes32 head, Birth calldata birth) private returns (uint256 number) {
        _checkTimes(birth);
        if (birth.improve == 0 || birth.improve > IMPROVE_MAX) revert BadImprove(IMPROVE_MAX);
        number = ++_groupCount;
        Group storage born = _groups[number];
        born.manifest = birth.manifest;
        born.checkpoint = birth.checkpoint;
        born.head = head;
        born.name = keccak256(abi.encode(number, msg.sender, parent, head, birth));
        (born.train, born.reveal, born.judge) = (birth.train, birth.reveal, birth.judge);
        (born.period, born.periodNext) = (birth.period, birth.period);
        (born.improve, born.least, born.periodNumber) = (birth.improve, birth.least, 1);
        born.periodEnd = (block.timestamp + birth.period).toUint40();
        born.parent = parent.toUint32();
        emit Created(number, msg.sender, parent, born.name, head, born.periodEnd, birth);
    }

    function _headOf(bytes32[] calldata dataset) private pure returns (bytes32 head) {
        for (uint256 i; i < dataset.length; ++i) {
            head = Rules.next(head, dataset[i]);
        }
    }

    function _checkTimes(Birth calldata birth) private view {
        uint256 length = uint256(birth.train) + birth.reveal + birth.judge;
        if (birth.train == 0 || birth.reveal == 0 || birth.judge == 0 || birth.period == 0) revert BadTimes();
        if (_epochLength % length != 0 || length > _maturity) revert BadTimes();
        if (uint256(birth.period) * 2 > _exitTime) revert BadTimes();
    }
}
