// Refusals of the contracts, as sentences that say what to do next.

import { brief, dated, nrn } from "../parts/words";

type Values = readonly unknown[];
type Sentence = string | ((...values: never[]) => string);

const number = (value: unknown) => Number(value as bigint);
const phases = ["TRAIN", "REVEAL", "JUDGE"];
const statuses = [
  "made no commit in this round",
  "has a seal that is not opened",
  "has revealed already",
  "has conceded already",
  "has its deposit back already",
];

const STAKE: Record<string, Sentence> = {
  NoSuchPosition: (group: bigint, position: bigint) => `Group ${group} has no position ${position}.`,
  NotOwner: (owner: string) => `Only the owner, ${brief(owner)}, can do that: connect that account.`,
  NotOwnerOrSigner: (owner: string, signer: string) =>
    `Only the owner ${brief(owner)} or the signer ${brief(signer)} can do that: connect one of them.`,
  NotOffered: (to: string) => `The position is offered to ${/^0x0+$/.test(to) ? "nobody" : brief(to)}, not to this account.`,
  NoConsent: (signer: string) => `The signer ${brief(signer)} has not consented: let it sign a consent for this owner and group, and paste that.`,
  SignerUsed: (position: bigint) => `That key signs, or once signed, for position ${position}: take a new key.`,
  SignerCannotJudge: (signer: string) => `${brief(signer)} is a contract, which can vote but not judge: rotate to a key.`,
  ZeroAmount: "The amount is zero: give more.",
  NotWholeGwei: (amount: bigint) => `Stake is counted in billionths of NRN, and ${nrn(amount, 18)} is finer than that: give nine decimals at most.`,
  StakeTooSmall: (own: bigint, least: bigint) => `To be awake the position needs ${nrn(least)} NRN and has ${nrn(own)}: bond more.`,
  AlreadyAwake: "The position is awake already.",
  NotAwake: "The position is asleep already.",
  AsleepUntil: (epoch: bigint) => `It was put to sleep for absence and may wake in epoch ${epoch}: come back then.`,
  NotEnoughStake: (own: bigint) => `The position has ${nrn(own)} NRN that can leave: take that or less.`,
  NothingToCompound: "Nothing was earned since the last time.",
  NothingToWithdraw: "Nothing is on its way out: unbond first.",
  ExitNotOver: (at: bigint) => `What was unbonded can be withdrawn from ${dated(number(at))} on: come back then.`,
  MovedElsewhere: (until: bigint) => `Stake that moved still answers for this position: move again from ${dated(number(until))} on.`,
};

const GROUPS: Record<string, Sentence> = {
  NoSuchGroup: (group: bigint) => `There is no group ${group}.`,
  BadTimes: "No time may be zero, an epoch must hold whole rounds, a round must fit the maturity, and two periods an exit: change the times.",
  BadTerms: "The terms are out of range: change them.",
  BadImprove: (most: bigint) => `The improvement must be from 1 to ${most}.`,
  NoDataset: "A group needs a patch to begin with: name one.",
  DatasetInherited: "A fork has its parent's training set: leave the list empty.",
  DatasetTooLong: (most: bigint) => `Begin with ${most} patches at most and add the rest as deltas.`,
  NotAChild: (parent: bigint) => `Stake moves to forks of its own group only, and that one was forked from group ${parent}.`,
  NotAbsent: "The position was present lately: nobody can put it to sleep.",
  SameClaim: "Both verdicts are for the same claim: show two different ones.",
  NotSigned: "One of them was not signed by the key of this position.",
  OutOfTime: "That round is too old, was forgiven, or has not begun.",
};

const ROUNDS: Record<string, Sentence> = {
  WrongPhase: (phase: number, until: bigint) =>
    `It is ${phases[phase] ?? "another phase"} until ${dated(number(until))}: try again in the phase for it.`,
  WrongRound: (running: bigint) => `Round ${running} runs now: act in that one.`,
  DepositTooHigh: (due: bigint) => `A commit costs ${nrn(due)} NRN in this round, more than was offered.`,
  AlreadyCommitted: (commit: bigint) => `This account made commit ${commit} of the round already.`,
  NotSealed: (status: number) => `This account ${statuses[status] ?? "has no seal to open"}.`,
  WrongSeal: "File and salt are not those of the commit.",
  NotBetter: (most: bigint) => `With this base the loss may be at most ${most} micronats.`,
  FileWonBefore: "This file has won before.",
  NoRival: "No claim of that account stands revealed.",
  NothingRevealed: "Nobody revealed a claim in this round.",
  NoSuchClaim: "Nobody revealed that claim in this round.",
  OtherClaimDecided: (claim: string) => `The round is decided for ${brief(claim)}: nothing else counts.`,
  NothingCounted:
    "Nothing of it counts: it was counted before, a later or weightier word stands, or the account has no stake that counts in this epoch.",
  RoundNotOver: (at: bigint) => `The round ends at ${dated(number(at))}: come back then.`,
  NotMature: (at: bigint) => `The round matures at ${dated(number(at))}, since a measure may strike it until then: come back then.`,
  NotWinner: (winner: string) => `Only the winner, ${/^0x0+$/.test(winner) ? "who is nobody," : brief(winner)}, can collect this round.`,
  AlreadyCollected: "This round was collected already.",
  NothingToSettle: "There is no deposit to settle: it came back before, or waits until the round is mature.",
  NothingToAttend: "Nobody revealed in that round.",
};

const DATASET: Record<string, Sentence> = {
  LastQuarter: (since: bigint) => `Proposals closed at ${dated(number(since))}, with the last quarter of the period: propose after its turn.`,
  WrongParent: (head: string) => `The training set has changed to ${brief(head)}: make the patch anew for that one.`,
  BondTooSmall: (least: bigint) => `A proposal takes a bond of at least ${nrn(least)} NRN: offer that.`,
  ProposalsFull: (lowest: bigint) => `Sixteen deltas are open: offer more than ${nrn(lowest)} NRN, or wait for the next period.`,
  PeriodRunning: (until: bigint) => `The period ends at ${dated(number(until))}: come back then.`,
  NothingToRefund: "There is nothing to pay back: the delta is open, on trial, taken back, or was paid before.",
};

const MEASURES: Record<string, Sentence> = {
  Expired: "The measure has expired: sign a new one.",
  ExpiryTooFar: (latest: bigint) => `An assent waits eight epochs at most: choose an expiry before ${dated(number(latest))}.`,
  AlreadyEnacted: "This measure took effect already.",
  BadArguments: "The measure's numbers are out of range: change them.",
  Unexpected: (found: string) => `The measure was meant for something else than what is there now (${brief(found)}): look again and sign a new one.`,
  AlreadyAdmitted: "The group draws on the issue already.",
  NotAdmitted: "The group does not draw on the issue.",
  NotOnTrial: "Only the delta that the last turn applied can be taken back, until the next turn.",
  NotLower: (present: bigint) => `The least improvement is ${present} micronats and can only be lowered.`,
  NothingToStrike: "Only a decided round that is not collected can be struck, until it is mature.",
  SlashedInThisEpoch: "A measure slashed this position in this epoch: enact this one in the next.",
};

const BOUNTIES: Record<string, Sentence> = {
  NoSuchBounty: (bounty: bigint) => `There is no bounty ${bounty}.`,
  BadHiddenSet: "A hidden set has 30 to 1,048,576 examples, a root, and a target.",
  RootServedBefore: (bounty: bigint) => `This hidden set served in bounty ${bounty}: seal another.`,
  BadTerm: (least: bigint) => `The term must last at least ${least} seconds.`,
  BountyTooSmall: (least: bigint) => `A bounty is at least ${nrn(least)} NRN.`,
  BondBelow: (least: bigint) => `The bond must be at least ${nrn(least)} NRN.`,
  NotSponsor: (sponsor: string) => `Only the sponsor, ${brief(sponsor)}, can unseal.`,
  AlreadyUnsealed: "The hidden set is unsealed already.",
  NotUnsealable: (from: bigint, until: bigint) => `A hidden set is unsealed from ${dated(number(from))} until ${dated(number(until))}.`,
  WrongWindow: (epoch: bigint) => `That window is epoch ${epoch}.`,
  AlreadyResolved: (result: string) => `The bounty is decided: ${brief(result)}.`,
  NotResolved: "Nothing is decided about this bounty.",
  OtherResult: (result: string) => `Something else was decided: ${brief(result)}.`,
  NotYet: (at: bigint) => `That is possible from ${dated(number(at))} on.`,
  NothingToPay: "Nothing is left to pay, or not yet.",
  SameResult: "Both findings are for the same result.",
};

const COINS: Record<string, Sentence> = {
  SaleOver: (since: bigint) => `The sale ended at ${dated(number(since))}.`,
  SaleRunning: (until: bigint) => `The sale runs until ${dated(number(until))}: come back then.`,
  AlreadyClosed: "The sale was closed already.",
  NotClosed: "The sale is not closed yet: close it first, or wait until somebody does.",
  BelowMinimum: (missing: bigint) => `The sale missed its minimum by ${nrn(missing)} NRN: everybody can take the coins back.`,
  MinimumReached: (refundsFrom: bigint) =>
    `The sale reached its minimum: close it. If nobody can, coins come back from ${dated(number(refundsFrom))} on.`,
  InsufficientBalance: (balance: bigint, needed: bigint) => `The contract holds ${nrn(balance)} and needs ${nrn(needed)} of the coin of the chain.`,
  NothingBought: "This account has nothing to buy, claim or take back here.",
  SoldOut: (left: bigint) => `Only ${nrn(left)} NRN are left.`,
  ERC20InsufficientBalance: (_: string, balance: bigint, needed: bigint) => `The account has ${nrn(balance)} NRN and needs ${nrn(needed)}.`,
  ERC20InsufficientAllowance: (_: string, allowance: bigint, needed: bigint) =>
    `The network may take ${nrn(allowance)} NRN and needs ${nrn(needed)}: sign the permit again.`,
  ERC20InvalidReceiver: (receiver: string) => `${brief(receiver)} cannot receive NRN.`,
  ERC20InvalidSender: (sender: string) => `${brief(sender)} cannot send NRN.`,
  ERC20InvalidApprover: (approver: string) => `${brief(approver)} cannot allow anything.`,
  ERC20InvalidSpender: (spender: string) => `${brief(spender)} cannot be allowed anything.`,
  ERC2612ExpiredSignature: (deadline: bigint) => `The permit expired at ${dated(number(deadline))}: sign a new one.`,
  ERC2612InvalidSigner: (signer: string, owner: string) => `The permit is signed by ${brief(signer)} and not by ${brief(owner)}.`,
  InvalidAccountNonce: (account: string, nonce: bigint) =>
    `${brief(account)} has used this permit; the next one has the number ${nonce}: sign again.`,
};

const OTHERS: Record<string, Sentence> = {
  NotEmission: "Only the schedule can do that.",
  NotNetwork: "Only the network can do that.",
  NotSale: "Only the sale can do that.",
  AlreadyOpen: "The schedule began already.",
  SupplyTooLarge: "More was sold than a network can hold.",
};

const ALL: Record<string, Sentence> = { ...STAKE, ...GROUPS, ...ROUNDS, ...DATASET, ...MEASURES, ...BOUNTIES, ...COINS, ...OTHERS };

/** What a refusal means; an unknown one is told by its name. */
export function refusal(name: string, values: Values = []): string {
  const sentence = Object.hasOwn(ALL, name) ? ALL[name] : undefined;
  if (sentence === undefined) return `The contract refused with “${name}”.`;
  return typeof sentence === "string" ? sentence : (sentence as (...all: unknown[]) => string)(...values);
}

export const knows = (name: string): boolean => Object.hasOwn(ALL, name);
