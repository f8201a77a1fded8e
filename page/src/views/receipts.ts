// Receipts in words.

import type { Receipt, ReceiptKind } from "../fold/state";
import { nrn } from "../parts/words";

const WORDS: Record<ReceiptKind, (receipt: Receipt) => string> = {
  bought: ({ got, gave }) => `bought ${nrn(got)} NRN in the sale for ${nrn(gave, 9)} of the chain's coin`,
  claimed: () => "took what it had bought in the sale",
  saleRefunded: ({ got }) => `took ${nrn(got, 9)} of the chain's coin back from the sale`,
  committed: () => "sealed a checkpoint and put its deposit down",
  settled: ({ got, lost }) => (got === 0n ? "its deposit is lost" : lost === 0n ? "its deposit came back" : "most of its deposit came back"),
  won: () => "won the round and collected it",
  struck: () => "its win was struck by a majority of all stake",
  reported: () => "showed that somebody had signed twice",
  judged: () => "its verdict was counted and earned its part",
  proposed: () => "proposed a delta and put its bond down",
  charged: () => "the delta was wanted by few: part of its bond is burned",
  refunded: () => "the bond of its delta came back, with the reward if it stood",
  taken: () => "its delta was taken back: the bond is burned",
  bonded: () => "bonded stake",
  withdrawn: () => "withdrew what had left",
  compounded: () => "its pay became stake",
  slashed: () => "its position was slashed",
  funded: () => "funded a bounty",
  prized: ({ lost }) => (lost > 0n ? "its part of a bounty was burned" : "was paid of a bounty for a better round"),
  found: () => "was paid of a bounty for measuring",
  returned: () => "got back what was left of its bounty",
};

export const wordsOfReceipt = (receipt: Receipt): string => WORDS[receipt.what](receipt);

export function aboutOf({ about, group }: Receipt): string {
  if (about === null) return "the sale";
  if ("round" in about) return `round ${about.round} of group ${group}`;
  if ("delta" in about) return `delta ${about.delta} of group ${group}`;
  if ("bounty" in about) return `bounty ${about.bounty}`;
  return `position ${about.position} of group ${group}`;
}
