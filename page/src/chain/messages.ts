// What is signed: EIP-712 messages of the network, permits of the token, and assents.

import { encodeAbiParameters, sha256, type TypedDataDomain } from "viem";
import { type Address, type Hex, type MeasureKind, MEASURES, NOTHING } from "../fold/state";
import { messages } from "./generated";

export type MessageName = keyof typeof messages;

export interface Signable {
  domain: TypedDataDomain;
  types: Record<string, readonly { name: string; type: string }[]>;
  primaryType: string;
  message: Record<string, unknown>;
}

export interface Place {
  chainId: number;
  network: Address;
}

function message(place: Place, primaryType: MessageName, words: Record<string, unknown>): Signable {
  const domain = { name: "Neuron Network", version: "1", chainId: place.chainId, verifyingContract: place.network };
  return { domain, types: { [primaryType]: messages[primaryType] }, primaryType, message: words };
}

/** A vote for a delta; 0 stands for keeping the set. */
export const choiceOf = (place: Place, group: number, period: number, delta: number, patch: Hex, seq: bigint): Signable =>
  message(place, "Choice", { group: BigInt(group), period: BigInt(period), delta: BigInt(delta), patch: delta === 0 ? NOTHING : patch, seq });

/** A signer to be says that this owner may let it sign. */
export const consentOf = (place: Place, group: number, owner: Address): Signable => message(place, "Consent", { group: BigInt(group), owner });

const PERMIT = [
  { name: "owner", type: "address" },
  { name: "spender", type: "address" },
  { name: "value", type: "uint256" },
  { name: "nonce", type: "uint256" },
  { name: "deadline", type: "uint256" },
] as const;

/** ERC-2612: the network may take so much of the owner's NRN. */
export const permitOf = (place: Place, neuron: Address, owner: Address, value: bigint, nonce: bigint, deadline: bigint): Signable => ({
  domain: { name: "Neuron", version: "1", chainId: place.chainId, verifyingContract: neuron },
  types: { Permit: PERMIT },
  primaryType: "Permit",
  message: { owner, spender: place.network, value, nonce, deadline },
});

const NAMES: Record<MeasureKind, MessageName> = {
  period: "Period",
  rollback: "Rollback",
  admit: "Admit",
  revoke: "Revoke",
  strike: "Strike",
  slash: "Slash",
  least: "Least",
};

/** A measure: its kind, the words that name what is expected, and what tells repetitions apart. */
export interface Motion {
  kind: MeasureKind;
  words: Record<string, bigint | boolean | Hex>;
  nonce: bigint;
  expiry: number;
}

const fieldsOf = (kind: MeasureKind) => messages[NAMES[kind]].filter(({ name }) => name !== "nonce" && name !== "expiry");

export const assentOf = (place: Place, motion: Motion): Signable =>
  message(place, NAMES[motion.kind], { ...motion.words, nonce: motion.nonce, expiry: BigInt(motion.expiry) });

export const argsOf = ({ kind, words }: Motion): Hex => encodeAbiParameters(fieldsOf(kind), fieldsOf(kind).map(({ name }) => words[name]) as never);

export const kindNumber = (kind: MeasureKind): number => MEASURES.indexOf(kind);

/** Names and values of a measure's words, as they stand in its arguments. */
export function wordsOf(kind: MeasureKind, args: Hex): [string, Hex | bigint][] {
  return fieldsOf(kind).map(({ name, type }, at) => {
    const word = args.slice(2 + 64 * at, 66 + 64 * at);
    if (type === "bytes32") return [name, `0x${word}`];
    if (type === "address") return [name, `0x${word.slice(24)}`];
    return [name, BigInt(`0x${word || "0"}`)];
  });
}

/** The motion behind a measure that others have signed. */
export function motionOf(measure: { kind: MeasureKind; args: Hex; nonce: bigint; expiry: number }): Motion {
  const booleans = new Set(
    fieldsOf(measure.kind)
      .filter(({ type }) => type === "bool")
      .map(({ name }) => name as string),
  );
  const words = wordsOf(measure.kind, measure.args).map(([name, value]) => [name, booleans.has(name) ? value === 1n : value] as const);
  return { kind: measure.kind, words: Object.fromEntries(words), nonce: measure.nonce, expiry: measure.expiry };
}

/** Files up to this length are one block, whose sha256 is the digest that goes on chain. */
export const BLOCK_BYTES = 262_144;

export function digestOf(file: Uint8Array): Hex {
  if (file.length > BLOCK_BYTES) throw new RangeError("longer than one block");
  return sha256(file);
}
