// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Schedule} from "token/Schedule.sol";
import {Rules} from "governance/Rules.sol";
import {Test} from "token-test/Test.sol";

/// @dev What holds for the arithmetic whatever the numbers are.
contract RulesFuzzTest is Test {
    /// @dev The largest sale and all that can be issued after it.
    uint256 private constant MOST = Schedule.SALE_MAX * 249 / 100;

    function test_TheShareOfAGroupIsNeverMoreThanTheWhole(uint96 supply, uint96 awake, uint96 others, uint32 length)
        public
        pure
    {
        uint256 total = Rules.total(uint256(awake) + others, supply);
        uint256 reward = Rules.reward(supply, length, awake, total, 0);
        vm.assertLe(reward, uint256(supply) * length / (3600 * 100_000), "R");
        uint256 author = Rules.authorReward(supply, length, awake, total, 0);
        vm.assertLe(author, uint256(supply) * length / (604_800 * 1_000_000), "A");
    }

    function test_TwoGroupsTogetherGetNoMoreThanOneOfBothStakes(uint96 supply, uint96 first, uint96 second)
        public
        pure
    {
        vm.assume(supply != 0);
        uint256 total = Rules.total(uint256(first) + second, supply);
        vm.assume(total != 0);
        uint256 sum = Rules.reward(supply, 3600, first, total, 0) + Rules.reward(supply, 3600, second, total, 0);
        uint256 whole = Rules.reward(supply, 3600, uint256(first) + second, total, 0);
        vm.assertLe(sum, whole, "rounded down");
        vm.assertLe(whole - sum, 1, "by a wei at most");
    }

    function test_ShortRoundsTogetherGetNoMoreThanALongOne(uint96 supply, uint96 awake, uint16 parts, uint16 length)
        public
        pure
    {
        uint256 total = Rules.total(awake, supply);
        vm.assume(total != 0 && parts != 0);
        uint256 short = Rules.reward(supply, length, awake, total, 0);
        uint256 long = Rules.reward(supply, uint256(length) * parts, awake, total, 0);
        vm.assertLe(short * parts, long, "no more");
        vm.assertLe(long - short * parts, parts, "and a wei a round less at most");
    }

    function test_EachEraHalvesRoundedDown(uint96 supply, uint96 awake, uint8 era) public pure {
        vm.assume(supply != 0);
        uint256 total = Rules.total(awake, supply);
        vm.assume(total != 0);
        uint256 now_ = Rules.reward(supply, 3600, awake, total, era);
        uint256 next = Rules.reward(supply, 3600, awake, total, uint256(era) + 1);
        vm.assertEq(next, uint256(era) + 1 >= Schedule.ERAS ? 0 : now_ / 2, "half");
    }

    function test_WhatIsStoredOfARoundOfUpToAYearHasRoom(uint256 supply, uint256 awake, uint256 length) public pure {
        supply = _bound(supply, 1, MOST);
        awake = _bound(awake, 0, supply);
        uint256 reward = Rules.reward(supply, _bound(length, 1, 365 days), awake, Rules.total(awake, supply), 0);
        vm.assertLe(reward, type(uint96).max, "R");
        vm.assertLe(Rules.deposit(reward, type(uint80).max, 8), type(uint96).max, "the deposit after eight void rounds");
        vm.assertLe(Rules.bond(Rules.authorReward(supply, 365 days, awake, supply, 0), 0), type(uint96).max, "a bond");
    }

    function test_WhatAVerdictEarnsInARoundOfUpToSixtyDaysFitsItsPartOfAWord(uint256 supply, uint256 length)
        public
        pure
    {
        supply = _bound(supply, 1, MOST);
        uint256 reward = Rules.reward(supply, _bound(length, 1, 60 days), supply, supply, 0);
        vm.assertLt(Rules.validatorsReward(reward) / 1 gwei, 2 ** 55, "V");
    }

    function test_ADepositIsNeverBelowItsParts(uint96 reward, uint80 least, uint256 voids) public pure {
        uint256 deposit = Rules.deposit(reward, least, voids);
        vm.assertLe(least, deposit, "the least");
        vm.assertLe(Rules.validatorsReward(reward), deposit, "V can be paid out of one");
        uint256 plain = Rules.deposit(reward, least, 0);
        vm.assertEq(deposit, plain * 2 ** (voids < 8 ? voids : 8), "doubled eight times at most");
        uint256 back = Rules.mostOf(deposit);
        vm.assertLe(back, deposit, "no more comes back");
        vm.assertLe(deposit, (deposit - back) * 16, "a sixteenth is lost, rounded up");
    }

    function test_ABondIsAtLeastFourRewardsAndTheLeast(uint88 author, uint80 least) public pure {
        uint256 bond = Rules.bond(author, least);
        vm.assertLe(4 * uint256(author), bond, "four rewards");
        vm.assertLe(least, bond, "the least");
        vm.assertEq(bond == 4 * uint256(author) || bond == least, true, "and no more than the larger");
    }

    function test_TwoQuorumsShareMoreThanAThird(uint96 first, uint96 second, uint96 awake) public pure {
        uint256 one = _bound(first, 0, awake);
        uint256 other = _bound(second, 0, awake);
        if (!Rules.quorum(one, awake) || !Rules.quorum(other, awake)) return;
        vm.assertGt((one + other - awake) * 3, awake, "in common");
    }

    function test_APartAndTheRestAreNeverBothAMajority(uint96 part, uint96 stake) public pure {
        uint256 own = _bound(part, 0, stake);
        vm.assertEq(Rules.majority(own, stake) && Rules.majority(stake - own, stake), false, "both");
        vm.assertEq(Rules.quorum(own, stake) && Rules.quorum(stake - own, stake), false, "both");
        if (Rules.quorum(own, stake)) vm.assertEq(Rules.majority(own, stake), true, "a quorum is a majority");
    }

    function test_ANetworkMajorityIsAMajorityAndATenth(uint96 assents, uint96 bonded, uint96 supply) public pure {
        bool carried = assents > Rules.neededOfAll(bonded, supply);
        vm.assertEq(carried, uint256(assents) * 2 > bonded && assents >= supply / 10 && assents != 0, "both");
    }

    function test_ARollbackNeedsHalfOfTheAwakeAndAllThatWasVoted(uint96 assents, uint96 awake, uint96 votes)
        public
        pure
    {
        bool carried = assents > Rules.neededToRollBack(awake, votes);
        vm.assertEq(carried, uint256(assents) * 2 > awake && assents >= votes && assents != 0, "both");
    }

    function test_AnAuthorNeverGetsMoreThanAQuarterOfTheBond(uint96 author, uint96 bond) public pure {
        uint256 reward = Rules.fromBond(author, bond);
        vm.assertLe(reward, author, "no more than A");
        vm.assertLe(4 * reward, bond, "a quarter");
        vm.assertEq(reward == author || reward == bond / 4, true, "and no less than the smaller");
    }

    function test_EachFurtherConcessionCostsASixteenthMoreUpToAll(uint96 deposit, uint16 order) public pure {
        vm.assume(order != 0);
        uint256 back = Rules.concededOf(deposit, order);
        vm.assertEq(back, order < 16 ? uint256(deposit) * (16 - order) / 16 : 0, "back");
        vm.assertLe(Rules.concededOf(deposit, uint256(order) + 1), back, "never more for who is later");
        vm.assertLe(back, Rules.mostOf(deposit), "never more than for a claim that was not read");
    }

    function test_SleepDoublesSevenTimesAndIsForgotten(uint24 epoch, uint24 until, uint8 dozed) public pure {
        uint256 before = dozed % 8;
        uint256 next = Rules.nextDozed(epoch, until, before);
        bool forgotten = until == 0 || epoch >= uint256(until) + 32;
        vm.assertEq(next, forgotten ? 0 : before == 7 ? 7 : before + 1, "doubled once more");
        vm.assertEq(Rules.sleepsUntil(epoch, next), uint256(epoch) + 1 + 2 ** next, "whole epochs asleep");
    }

    function test_WhatImprovesIsBetterByBothLeastImprovements(uint32 base, uint8 improve, uint32 least) public pure {
        (uint256 most, bool possible) = Rules.mostLoss(base, improve, least);
        vm.assertEq(possible, base != 0 && least <= base, "not if more is asked for than there is");
        if (!possible) return;
        uint256 better = uint256(base) - most;
        vm.assertLt(most, base, "less than the base");
        vm.assertLe(uint256(base) >> improve, better, "by the part that is asked for");
        vm.assertLe(least, better, "and by the micronats");
        bool one = better == 1 || better == uint256(base) >> improve || better == least;
        vm.assertEq(one, true, "and by no more than that");
    }

    function test_ALowerLeastRefusesNothingThatAHigherOneTook(uint32 base, uint8 improve, uint32 least, uint32 lower)
        public
        pure
    {
        if (lower > least) (least, lower) = (lower, least);
        (uint256 most, bool possible) = Rules.mostLoss(base, improve, least);
        (uint256 then_, bool still) = Rules.mostLoss(base, improve, lower);
        vm.assertEq(possible && !still, false, "still possible");
        vm.assertLe(most, then_, "with as high a loss");
    }

    function test_RankingIsATotalOrder(uint32[3] memory bases, uint32[3] memory losses, uint24[3] memory numbers)
        public
        pure
    {
        vm.assume(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2]);
        vm.assertEq(_ahead(bases, losses, numbers, 0, 0), false, "not ahead of itself");
        bool first = _ahead(bases, losses, numbers, 0, 1);
        bool second = _ahead(bases, losses, numbers, 1, 2);
        vm.assertEq(first != _ahead(bases, losses, numbers, 1, 0), true, "one of two is ahead");
        bool both = _ahead(bases, losses, numbers, 0, 2);
        if (first && second) vm.assertEq(both, true, "ahead of who is behind");
        if (!first && !second) vm.assertEq(both, false, "behind who is behind");
    }

    function test_OfOneBaseALowerStepIsAheadWhateverTheCommit(uint32 base, uint32 loss, uint24 one, uint24 other)
        public
        pure
    {
        uint256 step = base >> 13 == 0 ? 1 : base >> 13;
        bool ahead = Rules.ahead(base, loss, one, base, loss + step, other);
        vm.assertEq(ahead, true, "a whole step lower");
        vm.assertEq(Rules.ahead(base, loss + step, other, base, loss, one), false, "not the other way");
    }

    function test_WhatIsElectedHasTheMostVotesAndAllThatIsAsked(uint96[5] memory votes, uint96 keep, uint96 stake)
        public
        pure
    {
        Rules.Candidate[] memory candidates = _candidates(votes);
        uint256 number = Rules.elect(candidates, keep, stake, "head");
        if (number == 0) {
            for (uint256 i; i < 5; ++i) {
                bool wins = votes[i] > keep && uint256(votes[i]) * 10 >= stake && _isMost(votes, i) && i != 2;
                vm.assertEq(wins, false, "none that should have been");
            }
            return;
        }
        vm.assertGt(votes[number - 1], keep, "more than keep");
        vm.assertLe(stake, uint256(votes[number - 1]) * 10, "a tenth");
        vm.assertEq(_isMost(votes, number - 1), true, "the most");
        vm.assertEq(number != 3, true, "not the one with another parent");
    }

    function test_TheOrderOfCandidatesElectsNobodyElse(uint96[5] memory votes, uint96 keep, uint96 stake) public pure {
        Rules.Candidate[] memory candidates = _candidates(votes);
        uint256 number = Rules.elect(candidates, keep, stake, "head");
        for (uint256 i; i < 2; ++i) {
            (candidates[i], candidates[4 - i]) = (candidates[4 - i], candidates[i]);
        }
        vm.assertEq(Rules.elect(candidates, keep, stake, "head"), number, "the other way round");
    }

    function test_TheLastQuarterIsWhereItWasWhateverExtendsThePeriod(uint32 period, uint40 end, uint32 extended)
        public
        pure
    {
        vm.assume(end >= period);
        uint256 put = Rules.lastQuarter(period, uint256(end) + extended, extended);
        vm.assertEq(put, uint256(end) - period / 4, "a quarter before the first end");
    }

    function test_APeriodIsExtendedByHalfOfItAtMost(uint32 period, uint40 end, uint256 seed) public pure {
        (uint256 periodEnd, uint256 extended) = (uint256(end) + period, 0);
        for (uint256 i; i < 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 time = _bound(seed, periodEnd - period / 4, periodEnd);
            uint256 more = Rules.extension(time, period, periodEnd, extended);
            bool whole = extended + more < period / 2;
            if (whole) vm.assertLe(time + period / 8, periodEnd + more, "an eighth to answer");
            (periodEnd, extended) = (periodEnd + more, extended + more);
            vm.assertLe(extended, period / 2, "half of it, all together");
        }
    }

    function test_VoidsGrowByOneOrStayOrEndAndAreHalvedByEpochs(uint32 voids, bool decided, bool revealed, uint8 epochs)
        public
        pure
    {
        uint256 next = Rules.nextVoids(voids, decided, revealed, epochs);
        uint256 grown = revealed ? uint256(voids) + 1 : voids;
        vm.assertEq(next, decided ? 0 : (grown < 8 ? grown : 8) >> epochs, "ended, or grown, and halved");
    }

    function test_AfterFourEpochsNoVoidRoundIsRemembered(uint32 voids, bool revealed) public pure {
        vm.assertEq(Rules.nextVoids(voids, false, revealed, 4), 0, "none");
    }

    /// @dev The third was proposed on another head.
    function _candidates(uint96[5] memory votes) private pure returns (Rules.Candidate[] memory candidates) {
        candidates = new Rules.Candidate[](5);
        for (uint256 i; i < 5; ++i) {
            // Few different numbers, so that some are equal.
            votes[i] = votes[i] % 2 == 0 ? votes[i] : 1000;
            candidates[i] = Rules.Candidate(i + 1, votes[i], i == 2 ? bytes32("other") : bytes32("head"));
        }
    }

    /// @dev Whether none has more votes, and none of a lower number as many.
    function _isMost(uint96[5] memory votes, uint256 place) private pure returns (bool) {
        for (uint256 i; i < 5; ++i) {
            if (votes[i] > votes[place] || (votes[i] == votes[place] && i < place)) return false;
        }
        return true;
    }

    function _ahead(
        uint32[3] memory bases,
        uint32[3] memory losses,
        uint24[3] memory numbers,
        uint256 one,
        uint256 other
    ) private pure returns (bool) {
        return Rules.ahead(bases[one], losses[one], numbers[one], bases[other], losses[other], numbers[other]);
    }
}
