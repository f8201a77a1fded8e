// Small pieces of text: addresses, digests, amounts, times.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useHere } from "./context";
import { brief, dated, nrn, until } from "./words";

/** A digest, shortened; a click copies the whole. */
export function Digest({ of, label = "digest" }: { of: string; label?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    const done = () => {
      setCopied(true);
      setTimeout(() => setCopied(false), 1_200);
    };
    navigator.clipboard?.writeText(of).then(done, () => setCopied(false));
  };
  return (
    <button type="button" class="digest" title={of} aria-label={`${copied ? "copied" : brief(of)}: copy ${label} ${of}`} onClick={copy}>
      {copied ? "copied" : brief(of)}
    </button>
  );
}

/** An account, with a way to what it did. */
export function Account({ of }: { of: string }) {
  const { links } = useHere();
  if (/^0x0+$/.test(of)) return <span class="quiet">nobody</span>;
  return (
    <a class="account" href={links.person(of)} title={of}>
      {brief(of)}
    </a>
  );
}

export function Nrn({ of, decimals = 6 }: { of: bigint; decimals?: number }) {
  return (
    <span class="amount" title={`${nrn(of, 18)} NRN`}>
      {nrn(of, decimals)} <span class="unit">NRN</span>
    </span>
  );
}

export function Time({ at }: { at: number }) {
  return <time dateTime={new Date(at * 1000).toISOString()}>{dated(at)}</time>;
}

export function Until({ at, now }: { at: number; now: number }) {
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={dated(at)}>
      {until(at, now)}
    </time>
  );
}

export function Tag({ kind, children }: { kind: "good" | "bad" | "busy" | "plain"; children: ComponentChildren }) {
  return <span class={`tag tag-${kind}`}>{children}</span>;
}

/** A number with its name. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Nothing({ children }: { children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}

/** Part of a whole as a bar, with the number beside it. */
export function Bar({ part, whole, mark, label }: { part: bigint; whole: bigint; mark?: number; label: string }) {
  const share = whole === 0n ? 0 : Math.min(1, Number((part * 10_000n) / whole) / 10_000);
  return (
    <span class="bar" role="img" aria-label={label}>
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="bar-whole" width="100" height="8" rx="0" />
        <rect class="bar-part" width={share * 100} height="8" />
        {mark !== undefined && <rect class="bar-mark" x={mark * 100 - 0.5} width="1" height="8" />}
      </svg>
    </span>
  );
}
