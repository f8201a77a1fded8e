// Amounts that a person types.

import { parseUnits } from "viem";

/** Wei of what was typed; nothing where it is no amount above zero. */
export function amountOf(text: string, decimals = 18): bigint | null {
  const plain = text.trim().replace(/[\s  ]/g, "");
  if (!/^\d{1,20}(\.\d{1,18})?$/.test(plain)) return null;
  const amount = parseUnits(plain, decimals);
  return amount > 0n ? amount : null;
}
