// Amounts, times and names as a person reads them.

import { formatUnits } from "viem";

const SECOND = 1000;

/** NRN with so many decimals at most. */
export function nrn(wei: bigint, decimals = 6): string {
  const [whole = "0", fraction = ""] = formatUnits(wei < 0n ? -wei : wei, 18).split(".");
  const kept = fraction.slice(0, decimals).replace(/0+$/, "");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, " ");
  const lost = kept === "" && whole === "0" && wei !== 0n;
  if (lost) return `${wei < 0n ? "−" : ""}<0.${"0".repeat(decimals - 1)}1`;
  return `${wei < 0n ? "−" : ""}${grouped}${kept ? `.${kept}` : ""}`;
}

/** Micronats as nats. */
export const nats = (micronats: number): string => (micronats / 1e6).toFixed(4);

/** An address or digest, shortened in its middle. */
export const brief = (hex: string): string => (hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex);

export const percent = (part: bigint, whole: bigint): string => (whole === 0n ? "–" : `${(Number((part * 10_000n) / whole) / 100).toFixed(1)} %`);

const two = (number: number) => String(number).padStart(2, "0");

/** Day and minute, local. */
export function dated(seconds: number): string {
  const date = new Date(seconds * SECOND);
  if (Number.isNaN(date.getTime())) return "an unknown time";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const UNITS: readonly [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** A length of time in its two largest units. */
export function lasting(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const parts: string[] = [];
  for (const [length, unit] of UNITS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0 && parts.length < 2) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.join(" ") || "0 s";
}

/** How far an instant is, before or after. */
export function until(at: number, now: number): string {
  if (at === now) return "now";
  return at > now ? `in ${lasting(at - now)}` : `${lasting(now - at)} ago`;
}
