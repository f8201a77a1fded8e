// Examples as what they are: a row whose features make a square as a picture, everything else as text.

import { useLayoutEffect, useRef } from "preact/hooks";
import { split } from "../set/summary";

/** Points of a side at least and at most: smaller rows are tables, larger ones do not fit. */
const SIDES = [5, 96] as const;
/** Letters of a row that are shown among others. */
const LETTERS = 160;

export interface Picture {
  side: number;
  /** 0 for the least feature to 255 for the largest. */
  greys: number[];
  label: string;
}

/** A row as a picture, if it is one. */
export function pictureOf(row: string): Picture | null {
  const { features, label } = split(row);
  const values = features.split(",");
  const side = Math.sqrt(values.length);
  if (!Number.isInteger(side) || side < SIDES[0] || side > SIDES[1] || !values.every((value) => /^-?\d+$/.test(value))) return null;
  const numbers = values.map(Number);
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return { side, label, greys: numbers.map((value) => Math.floor(((value - least) * 255) / Math.max(1, most - least))) };
}

function Canvas({ side, greys, label }: Picture) {
  const place = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const drawn = place.current?.getContext("2d");
    if (!drawn) return;
    const image = drawn.createImageData(side, side);
    greys.forEach((grey, at) => image.data.set([grey, grey, grey, 255], 4 * at));
    drawn.putImageData(image, 0, 0);
  }, [side, greys]);
  return (
    <canvas ref={place} class="picture" width={side} height={side} role="img" aria-label={`picture of ${side} by ${side} points, label ${label}`} />
  );
}

/** One example of a set. */
export function Example({ row, isRows }: { row: string; isRows: boolean }) {
  const picture = isRows ? pictureOf(row) : null;
  if (!picture) return <code class="example">{row.length > LETTERS ? `${row.slice(0, LETTERS)}…` : row}</code>;
  return (
    <span class="pictured" title={row}>
      <Canvas {...picture} />
      <strong>{picture.label}</strong>
    </span>
  );
}
