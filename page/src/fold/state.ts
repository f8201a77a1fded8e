// What the page knows of a network: a fold of its logs, and nothing else.

export type Hex = `0x${string}`;
export type Address = Hex;

export const ZERO: Address = "0x0000000000000000000000000000000000000000";
export const NOTHING: Hex = "0x0000000000000000000000000000000000000000000000000000000000000000";

/** Where the contracts of a network are. */
export interface Contracts {
  network: Address;
  neuron: Address;
  emission: Address;
  sale: Address;
  purse: Address;
}

/** When something happened, and in which transaction. */
export interface Moment {
  block: number;
  time: number;
  transaction: Hex;
}

/** What a network was deployed with; seconds and wei. */
export interface Terms {
  epoch: number;
  exit: number;
  maturity: number;
  genesis: number;
  minDeposit: bigint;
}

export interface Times {
  train: number;
  reveal: number;
  judge: number;
}

export type Outcome = "open" | "won" | "lost" | "struck";
export type ClaimState = "sealed" | "revealed" | "conceded";

export interface Claim {
  trainer: Address;
  number: number;
  state: ClaimState;
  name: Hex;
  file: Hex;
  base: number;
  loss: number;
  lossRoot: Hex;
  concession: number;
  settled: boolean;
  at: Moment;
}

export interface Verdict {
  position: number;
  claim: Hex;
  at: Moment;
}

export interface Round {
  number: number;
  checkpoint: Hex;
  head: Hex;
  reward: bigint;
  deposit: bigint;
  awake: bigint;
  opened: Moment;
  claims: Claim[];
  verdicts: Verdict[];
  attended: number[];
  outcome: Outcome;
  winner: Address;
  decided: Hex;
  file: Hex;
  judged: bigint;
  paid: bigint;
  counted: boolean;
  collected: boolean;
  /** Stake behind each claim before a decision, and what it would earn. */
  weights: Map<Hex, { stake: bigint; amount: bigint }>;
}

export interface Key {
  position: number;
  from: number;
  until: number;
  judges: boolean;
}

export interface Stand {
  signer: Address;
  stake: bigint;
  awake: boolean;
}

export interface Exit {
  amount: bigint;
  at: number;
}

/** A position: what counts from the epoch `turnsAt` on, and in `before` what counted until then. */
export interface Seat {
  number: number;
  owner: Address;
  offered: Address;
  now: Stand;
  before: Stand;
  turnsAt: number;
  sleepsUntil: number;
  exiting: Exit;
  exitingLater: Exit;
  /** What it earned by verdicts, and what of it became stake. */
  earned: bigint;
  compounded: bigint;
  slashed: bigint;
}

export type DeltaState = "open" | "applied" | "dropped" | "taken" | "refunded";

export interface Ballot {
  position: number;
  delta: number;
  weight: bigint;
  seq: bigint;
  byOwner: boolean;
}

export interface Delta {
  number: number;
  digest: Hex;
  parent: Hex;
  author: Address;
  bond: bigint;
  atRisk: bigint;
  period: number;
  votes: bigint;
  reward: bigint;
  standsAt: number;
  state: DeltaState;
  stood: boolean;
  at: Moment;
}

export interface Birth extends Times {
  manifest: Hex;
  checkpoint: Hex;
  dataset: readonly Hex[];
  period: number;
  improve: number;
}

/** Sums over positions in `epoch`, and from the next one on. */
export interface Sums {
  epoch: number;
  bonded: bigint;
  bondedNext: bigint;
  awake: bigint;
  awakeNext: bigint;
}

export interface Group {
  number: number;
  creator: Address;
  parent: number;
  name: Hex;
  birth: Birth;
  created: Moment;
  checkpoint: Hex;
  head: Hex;
  /** The head of its birth. */
  bornAt: Hex;
  least: number;
  admitted: boolean;
  period: number;
  periodNext: number;
  periodNumber: number;
  periodEnd: number;
  extended: number;
  applied: number;
  sums: Sums;
  seats: Map<number, Seat>;
  keys: Map<Address, Key>;
  rounds: Map<number, Round>;
  deltas: Map<number, Delta>;
  open: number[];
  keep: Map<number, bigint>;
  ballots: Map<number, Map<number, Ballot>>;
}

export type MeasureKind = "period" | "rollback" | "admit" | "revoke" | "strike" | "slash" | "least";
export const MEASURES: readonly MeasureKind[] = ["period", "rollback", "admit", "revoke", "strike", "slash", "least"];

export interface Measure {
  name: Hex;
  kind: MeasureKind;
  args: Hex;
  nonce: bigint;
  expiry: number;
  weight: bigint;
  needed: bigint;
  epoch: number;
  ripeAt: number;
  enacted: boolean;
  at: Moment;
  voters: { group: number; position: number }[];
}

export interface Bounty {
  number: number;
  group: number;
  sponsor: Address;
  count: number;
  target: number;
  amount: bigint;
  bond: bigint;
  first: number;
  last: number;
  unsealed: boolean;
  resolved: boolean;
  settled: boolean;
  at: Moment;
}

/** What an account got or paid, and why. `what` picks the sentence. */
export interface Receipt {
  account: Address;
  group: number;
  about: { round: number } | { delta: number } | { bounty: number } | { position: number } | null;
  what: ReceiptKind;
  /** Came to the account, left it, or is only told. */
  got: bigint;
  gave: bigint;
  lost: bigint;
  at: Moment;
}

export type ReceiptKind =
  | "bought"
  | "claimed"
  | "saleRefunded"
  | "committed"
  | "settled"
  | "won"
  | "struck"
  | "reported"
  | "judged"
  | "proposed"
  | "charged"
  | "refunded"
  | "taken"
  | "bonded"
  | "withdrawn"
  | "compounded"
  | "slashed"
  | "funded"
  | "prized"
  | "found"
  | "returned";

/** A point of the schedule's plot. */
export interface IssuePoint {
  time: number;
  issued: bigint;
  allowed: bigint;
}

export interface Emission {
  start: number;
  accrued: number;
  allowance: bigint;
  issued: bigint;
  asked: bigint;
  points: IssuePoint[];
}

export interface Sale {
  price: bigint;
  deadline: number;
  minimum: bigint;
  sold: bigint;
  closed: boolean;
  bought: Map<Address, bigint>;
}

export interface State {
  contracts: Contracts;
  last: Moment;
  logs: number;
  terms: Terms;
  supply: bigint;
  emission: Emission;
  sale: Sale;
  groups: Map<number, Group>;
  measures: Map<Hex, Measure>;
  bounties: Map<number, Bounty>;
  receipts: Receipt[];
  /** Stake in whole: `awake` of admitted groups only. */
  all: Sums;
}

export const START: Moment = { block: 0, time: 0, transaction: NOTHING };

export const sums = (): Sums => ({ epoch: 0, bonded: 0n, bondedNext: 0n, awake: 0n, awakeNext: 0n });

/** Before the first log. */
export function empty(contracts: Contracts): State {
  return {
    contracts,
    last: START,
    logs: 0,
    terms: { epoch: 1, exit: 0, maturity: 0, genesis: 0, minDeposit: 0n },
    supply: 0n,
    emission: { start: 0, accrued: 0, allowance: 0n, issued: 0n, asked: 0n, points: [] },
    sale: { price: 0n, deadline: 0, minimum: 0n, sold: 0n, closed: false, bought: new Map() },
    groups: new Map(),
    measures: new Map(),
    bounties: new Map(),
    receipts: [],
    all: sums(),
  };
}
