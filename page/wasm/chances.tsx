// Probabilities as bars, the likeliest first where there are many.

/** A class with its probability. */
export interface Chance {
  name: string;
  share: number;
  /** It is the sum of all that are not shown. */
  isRest?: boolean;
}

/** Most bars at once; the rest is one sum. */
const SHOWN = 12;

/** What is shown of a row of log-probabilities: all of a few classes in their order, else the likeliest and what is left. */
export const chancesOf = (row: Float32Array, name: (place: number) => string): Chance[] => {
  const all = [...row].map((value, place) => ({ name: name(place), share: Math.exp(value) }));
  if (all.length <= SHOWN) return all;
  const sorted = all.sort((one, other) => other.share - one.share);
  const rest = sorted.slice(SHOWN).reduce((sum, { share }) => sum + share, 0);
  return [...sorted.slice(0, SHOWN), { name: `${sorted.length - SHOWN} others`, share: rest, isRest: true }];
};

const percent = (share: number) => (share > 0 && share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`);

export function Chances({ of, label }: { of: Chance[]; label: string }) {
  const best = of.reduce((most, { share, isRest }) => (isRest ? most : Math.max(most, share)), 0);
  return (
    <ul class="chances" aria-label={label}>
      {of.map(({ name, share, isRest }) => (
        <li key={name} class={share === best && !isRest ? "chance chance-best" : "chance"}>
          <span class="chance-name">{name}</span>
          <svg class="chance-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect class="chance-whole" width="100" height="10" rx="1" />
            <rect class="chance-part" width={100 * share} height="10" rx="1" />
          </svg>
          <span class="chance-share">{percent(share)}</span>
        </li>
      ))}
    </ul>
  );
}
