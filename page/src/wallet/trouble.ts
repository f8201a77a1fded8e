// What goes wrong between page, wallet and contract, as sentences.

import { BaseError, ContractFunctionRevertedError, decodeErrorResult, type Abi, InsufficientFundsError } from "viem";
import { networkAbi, neuronAbi, saleAbi } from "../chain/generated";
import { refusal } from "../chain/refusals";
import { RpcTrouble } from "../chain/rpc";
import type { Hex } from "../fold/state";

interface Coded {
  code?: unknown;
  message?: unknown;
  data?: unknown;
  cause?: unknown;
}

/** Codes of EIP-1193 and of wallets. */
const CODES: Record<number, string> = {
  4001: "You refused it in your wallet: nothing was sent.",
  4100: "Your wallet does not let this page use that account: connect it again.",
  4200: "Your wallet cannot do that: use another one.",
  4900: "Your wallet is not connected to any chain: look at its settings.",
  4901: "Your wallet is not connected to this chain: switch it, and try again.",
  [-32002]: "Your wallet still waits for an answer to an earlier question: open it.",
};

function* causes(error: unknown): Generator<Coded> {
  for (let depth = 0; depth < 12 && typeof error === "object" && error !== null; depth += 1) {
    yield error as Coded;
    error = (error as Coded).cause;
  }
}

/** The bytes of a refusal, wherever a node or wallet put them. */
function bytesIn(error: unknown): Hex | null {
  for (const { data } of causes(error)) {
    const candidates = [data, (data as Coded | undefined)?.data];
    const found = candidates.find((one) => typeof one === "string" && /^0x[0-9a-f]{8,}$/i.test(one));
    if (found) return found as Hex;
  }
  return null;
}

function ofBytes(data: Hex): string | null {
  for (const abi of [networkAbi, neuronAbi, saleAbi] as const) {
    try {
      const { errorName, args } = decodeErrorResult({ abi: abi as Abi, data });
      return refusal(errorName, args as readonly unknown[] | undefined);
    } catch {
      // None of this contract's.
    }
  }
  return null;
}

const plain = (message: string): string => {
  const first = message.split("\n")[0]?.slice(0, 240) ?? "";
  return /[.!?]$/.test(first) ? first : `${first}.`;
};

/** One sentence for whatever was thrown. */
export function sentenceOf(error: unknown): string {
  for (const { code } of causes(error)) {
    const known = typeof code === "number" ? CODES[code] : undefined;
    if (known) return known;
  }
  if (error instanceof BaseError) {
    const reverted = error.walk((one) => one instanceof ContractFunctionRevertedError);
    if (reverted instanceof ContractFunctionRevertedError && reverted.data && reverted.data.errorName !== "Error") {
      return refusal(reverted.data.errorName, reverted.data.args as readonly unknown[] | undefined);
    }
  }
  const bytes = bytesIn(error);
  const refused = bytes && ofBytes(bytes);
  if (refused) return refused;
  if (error instanceof BaseError) {
    if (error.walk((one) => one instanceof InsufficientFundsError))
      return "The account has too little of the chain's coin for the gas: send it some.";
    if (/fetch|network|http request failed|timed out|took too long/i.test(`${error.name} ${error.shortMessage}`)) {
      return "The chain's node cannot be reached: nothing was sent. Try again, or choose another node in Settings.";
    }
    return plain(error.shortMessage);
  }
  if (error instanceof RpcTrouble) return error.message;
  const message = (error as Coded | null)?.message;
  return typeof message === "string" && message ? plain(message) : "Something went wrong, and nobody said what. Try again.";
}
