// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IEmission} from "token/IEmission.sol";
import {INeuron} from "token/INeuron.sol";
import {Stake} from "token/Stake.sol";
import {IGroups} from "governance/INetwork.sol";
import {Rules} from "governance/Rules.sol";

/// @title Groups: what a creator fixes for good, and what rounds and periods change.
abstract contract Groups is Stake, IGroups {
    using SafeCast for uint256;

    /// @dev Digests that a training set may be born with.
    uint256 private constant DATASET_MAX = 64;
    uint256 private constant IMPROVE_MAX = 20;

    uint256 public groups;
    mapping(uint256 group => Group) private _groups;

    function create(Birth calldata birth) external returns (uint256 group) {
        _checkTimes(birth);
        if (birth.improve == 0 || birth.improve > IMPROVE_MAX) revert BadImprove();
        if (birth.dataset.length == 0) revert NoDataset();
        if (birth.dataset.length > DATASET_MAX) revert DatasetTooLong();
        group = ++groups;
        Group storage born = _groups[group];
        born.manifest = birth.manifest;
        born.checkpoint = birth.checkpoint;
        born.head = _headOf(birth.dataset);
        (born.train, born.reveal, born.judge) = (birth.train, birth.reveal, birth.judge);
        born.period = birth.period;
        born.improve = birth.improve;
        born.periodNumber = 1;
        born.periodEnd = (block.timestamp + birth.period).toUint40();
        emit Created(group, msg.sender, 0, birth, born.head);
    }

    function group(uint256 number) external view returns (Group memory) {
        return _group(number);
    }

    function _group(uint256 number) internal view returns (Group storage stored) {
        stored = _groups[number];
        if (stored.train == 0) revert NoSuchGroup();
    }

    function _requireGroup(uint256 number) internal view override {
        _group(number);
    }

    function _admitted(uint256 number) internal view override returns (bool) {
        return _groups[number].admitted;
    }

    /// @dev What the share rule needs: NRN's supply, the group's awake stake, the divisor, the era.
    function _issueNow(uint256 number)
        internal
        view
        returns (uint256 supply, uint256 awake, uint256 total, uint256 era)
    {
        supply = IERC20(neuron).totalSupply();
        awake = stake(number).awake;
        total = Rules.total(admittedAwake(), supply);
        era = IEmission(emission).era();
    }

    /// @dev Issues up to `amount` wei to `to`; asks for nothing where nothing is due.
    function _issue(address to, uint256 amount) internal returns (uint256) {
        return amount == 0 ? 0 : IEmission(emission).issue(to, amount);
    }

    /// @dev Pays `back` of the `amount` wei that was deposited to its owner and burns `burned`.
    function _release(address owner, uint256 back, uint256 burned) internal {
        if (back != 0) _give(owner, back);
        if (burned != 0) INeuron(neuron).burn(burned);
    }

    function _headOf(bytes32[] calldata dataset) private pure returns (bytes32 head) {
        for (uint256 i; i < dataset.length; ++i) {
            head = Rules.next(head, dataset[i]);
        }
    }

    function _checkTimes(Birth calldata birth) private view {
        uint256 length = uint256(birth.train) + birth.reveal + birth.judge;
        if (birth.train == 0 || birth.reveal == 0 || birth.judge == 0 || birth.period == 0) revert BadTimes();
        if (epochLength % length != 0 || length > maturity) revert BadTimes();
        if (uint256(birth.period) * 2 > exitTime) revert BadTimes();
    }
}
